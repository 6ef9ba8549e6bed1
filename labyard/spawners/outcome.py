"""How a start that failed is told: the same words on every page, in REST and in the log."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from jupyterhub.spawner import SpawnException
from markupsafe import Markup

from labyard.core import causes
from labyard.core.errors import LabyardError
from labyard.core.units import show_bytes
from labyard.options.declaration import FIELDS
from labyard.options.link import query
from labyard.options.refused import OptionsRefused


class NotAllowed(OptionsRefused):
    """Options that were chosen may not be had (any more). ``chosen`` are they, not checked."""

    def __init__(self, error: OptionsRefused, chosen: Mapping[str, Any]) -> None:
        super().__init__(error.fields)
        self.chosen = dict(chosen)


_TITLE = "The server did not start"
_QUIET = frozenset({causes.CANCELLED.code, causes.INTERRUPTED.code})


class Cancelled(LabyardError):
    """Somebody cancelled the start."""

    code = "cancelled"
    status = 409

    def __init__(self) -> None:
        super().__init__("Nothing of it runs.", cause=causes.CANCELLED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a page shows of a failed start.

    ``title`` says what happened, ``why`` with which values, ``remedy`` what to do; ``said`` is what the
    lab wrote last, not to be trusted. ``status`` is HTTP's. ``again`` is the
    cause's, ``mends`` the option whose change mends it, and ``quiet`` says that nothing is broken.
    Of options that were refused, ``fields`` says by name why, and ``query`` leads to the form with them.
    ``more`` is the memory in bytes that the same start may be given next, 0 where that helps nothing.
    """

    code: str
    title: str
    why: str
    remedy: str
    status: int = 500
    said: str = ""
    again: bool = True
    mends: str = ""
    quiet: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    more: int = 0

    @property
    def more_words(self) -> str:
        """Return ``more`` for people."""
        return show_bytes(self.more)

    def as_json(self) -> dict[str, Any]:
        """Return it for REST."""
        return asdict(self)

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> Outcome:
        """Return what :meth:`as_json` gave, also by another version of this program."""
        return cls(**{known.name: kept[known.name] for known in fields(cls) if known.name in kept})

    @classmethod
    def of_state(cls, state: Mapping[str, Any] | None) -> Outcome | None:
        """Return how the last start failed, as a spawner's ``state`` keeps it; None when it did not."""
        failed = (state or {}).get("failed")
        return cls.of_json(failed) if failed else None

    def brief(self) -> dict[str, Any]:
        """Return what a page says of it that has a link to the rest."""
        return {"code": self.code, "title": self.title, "more": self.more}


def told(error: LabyardError, more: int = 0) -> Outcome:
    """Return how ``error`` is told; ``more`` is the outcome's."""
    if isinstance(error, NotAllowed):
        return _not_allowed(error)
    cause = error.cause
    return Outcome(
        code=error.code,
        title=cause.title if cause else _TITLE,
        why=error.why,
        remedy=error.remedy,
        status=error.status,
        said=error.said,
        again=cause.again if cause else True,
        mends=cause.field if cause else "",
        quiet=error.code in _QUIET,
        more=more,
    )


def _not_allowed(error: NotAllowed) -> Outcome:
    cause = causes.NOT_ALLOWED
    return Outcome(
        code=cause.code,
        title=cause.title,
        why=error.message,
        remedy=cause.remedy,
        status=error.status,
        again=cause.again,
        mends=next((field for field in error.fields if field in FIELDS), ""),
        fields=error.fields,
        query=query(error.chosen),
    )


def given_up() -> Outcome:
    """Return how a start is told that was cut short because it took too long."""
    return Outcome(
        "too-slow",
        _TITLE,
        "It was not ready within the time that a start may take, so it was given up.",
        "Try again; if it goes on, tell your administrator (labs.start_timeout).",
        504,
    )


def unforeseen() -> Outcome:
    """Return how a failure is told that is a bug: what it was is in the hub's log alone."""
    return Outcome(
        "internal",
        _TITLE,
        "Something went wrong that this page cannot explain.",
        "Try again; if it goes on, tell your administrator: the hub's log has more.",
    )


def explained(error: LabyardError, more: int = 0) -> SpawnException:
    """Return the exception that JupyterHub shows to people, with the cause and the remedy.

    ``more`` is the outcome's.
    """
    html = str(Markup("<strong>{}</strong> <span>{}</span>").format(error.message, error.remedy))
    spawn = SpawnException(
        str(error), reason=error.code, status_code=error.status, message_html=html
    )
    # Where pages and progress events look for words that people may see.
    spawn.jupyterhub_message, spawn.jupyterhub_html_message = str(error), html
    spawn.outcome = told(error, more)
    return spawn


def of_exception(error: BaseException) -> Outcome:
    """Return how the exception of a start is told, whoever raised it."""
    found: Outcome | None = getattr(error, "outcome", None)
    if found is not None:
        return found
    if isinstance(error, TimeoutError | CancelledError):
        return given_up()
    message = getattr(error, "jupyterhub_message", None) or getattr(error, "log_message", None)
    status = int(getattr(error, "status_code", 500))
    if message and 400 <= status < 500:
        return Outcome("refused", _TITLE, str(message), "Ask your administrator.", status)
    return unforeseen()
