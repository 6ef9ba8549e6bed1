"""The one kind of error that a person may see.

Anything else that is raised is a bug: it is logged with an id and shown as that id only.
"""

from __future__ import annotations

from typing import Any

from labyard.core.causes import Cause


class LabyardError(Exception):
    """Something went wrong that a person can understand and act upon.

    Parameters
    ----------
    message:
        One sentence: what happened, naming the place and the value. Under a ``cause``, whose title
        says what happened, it says why.
    remedy:
        One sentence: what to do about it; a cause has one of its own.
    cause:
        Which of the known causes this is. It gives the code, and a page its headline.
    said:
        The last lines of the program that failed, as it wrote them: not to be trusted.
    """

    code = "error"
    status = 500
    cause: Cause | None = None
    wait = 0  # seconds after which it may go well by itself; 0 where waiting does not help

    def __init__(
        self, message: str, *, remedy: str = "", cause: Cause | None = None, said: str = ""
    ) -> None:
        super().__init__(message)
        if cause is not None:
            self.cause, self.code = cause, cause.code
        self.why = message
        self.said = said
        self.message = f"{self.cause.title}. {message}".strip() if self.cause else message
        self.remedy = remedy or (self.cause.remedy if self.cause else "")

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    def as_json(self) -> dict[str, Any]:
        """Return the body every REST answer carries for this error."""
        return {
            "error": self.code,
            "message": self.message,
            "remedy": self.remedy,
            "status": self.status,
        }


class SettingsError(LabyardError):
    """The settings cannot be used; nothing was started."""

    code = "settings"
    status = 500


class Refused(LabyardError):
    """What was asked for is not allowed or not valid (a policy or an option)."""

    code = "refused"
    status = 400


class Forbidden(LabyardError):
    """Who asks may not do this."""

    code = "forbidden"
    status = 403


class NotFound(LabyardError):
    """The named thing does not exist."""

    code = "not-found"
    status = 404


class Busy(LabyardError):
    """Something else is under way for the same user."""

    code = "busy"
    status = 409


class Crowded(LabyardError):
    """Others are doing as much of this as the platform does at once."""

    code = "crowded"
    status = 503
    wait = 30


class EngineError(LabyardError):
    """The engine refused or failed to do what it was asked."""

    code = "engine"
    status = 502


class EngineUnreachable(EngineError):
    """The engine does not answer: what runs is *unknown*, never *gone*."""

    code = "engine-unreachable"
    status = 503
