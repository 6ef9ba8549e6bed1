"""What addresses carry and logs must not keep: tokens and codes in a query.

Tornado logs the whole address of a request that failed, JupyterHub only its own lines without secrets.
"""

from __future__ import annotations

import logging
import re

_SECRET = re.compile(
    r"([?&][^=&\s]*(?:token|auth|key|code|state|xsrf|secret|password)[^=&\s]*=)[^&\s'\"]+",
    re.IGNORECASE,
)
_PLAIN = logging.Formatter()
_LOGS = ("tornado.general", "tornado.application")


def scrubbed(text: str) -> str:
    """Return ``text`` without the values of what may be a secret in the addresses in it."""
    return _SECRET.sub(r"\1[secret]", text)


class Unlogged(logging.Filter):
    """Takes secrets out of what is logged: the message, and the traceback below it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, without secrets."""
        try:
            said = record.getMessage()
        except (TypeError, ValueError):
            return True  # words and arguments that do not fit: the handler tells of it
        if (told := scrubbed(said)) != said:
            record.msg, record.args = told, ()
        if record.exc_info and not record.exc_text:
            trace = _PLAIN.formatException(record.exc_info)
            if (told := scrubbed(trace)) != trace:
                record.exc_text = told  # which every formatter takes instead of its own
        return True


def install() -> None:
    """Have tornado's logs of this process keep no secrets."""
    for name in _LOGS:
        logging.getLogger(name).addFilter(Unlogged())
