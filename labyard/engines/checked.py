"""Words from outside that an engine puts into paths and requests: checked before they get there."""

from __future__ import annotations

import re

from labyard.core.errors import Refused

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_IMAGE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_:@-]|[./](?=[A-Za-z0-9]))*")


def name(text: str) -> str:
    """Return ``text`` if it can be the name of a lab or a volume. Raises ``Refused``."""
    if not _NAME.fullmatch(text) or ".." in text:
        raise Refused(
            f"{text!r} is no name of a lab or volume.",
            remedy="Names are letters, digits and . _ -, the first one a letter or digit.",
        )
    return text


def image(text: str) -> str:
    """Return ``text`` if it can be a reference to an image. Raises ``Refused``."""
    if not _IMAGE.fullmatch(text):
        raise Refused(
            f"{text!r} is no name of an image.",
            remedy="Names are letters, digits and . _ - : @ /, the first one a letter or digit.",
        )
    return text
