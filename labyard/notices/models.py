"""What a notice is, and what became of it in each lab."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from labyard.core.errors import Refused

LONGEST = 140  # characters of a message
_LONGEST_LABEL = 40
_MOST_ACTIONS = 3
_LATEST = 24 * 3600 * 1000  # milliseconds


class Kind(StrEnum):
    """How a notice looks: JupyterLab's own six."""

    DEFAULT = "default"
    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"
    IN_PROGRESS = "in-progress"


class Look(StrEnum):
    """How a button of a notice looks."""

    DEFAULT = "default"
    ACCENT = "accent"
    WARN = "warn"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Action:
    """A button of a notice. Each one closes it."""

    label: str
    caption: str = ""
    look: Look = Look.DEFAULT

    def __post_init__(self) -> None:
        if not 0 < len(self.label) <= _LONGEST_LABEL or len(self.caption) > LONGEST:
            raise Refused(
                f"actions: {ascii(self.label)[:60]} cannot be a button.",
                remedy=f"Give it a label of 1 to {_LONGEST_LABEL} characters, "
                f"and a caption of at most {LONGEST}.",
            )


@dataclass(frozen=True, slots=True)
class Notice:
    """A few words to whoever works in a lab. They are shown as text, never as HTML.

    ``auto_close`` is milliseconds until it leaves the screen, False for never, or 0 for the list of
    notices only.

    Raises
    ------
    Refused
        When a field is not what JupyterLab can show.
    """

    message: str
    kind: Kind = Kind.INFO
    auto_close: int | Literal[False] = 10_000
    actions: tuple[Action, ...] = ()

    def __post_init__(self) -> None:
        if not self.message.strip() or len(self.message) > LONGEST:
            raise Refused(
                f"message: there are {len(self.message)} characters.",
                remedy=f"Write 1 to {LONGEST}.",
            )
        if self.auto_close is not False and not (
            type(self.auto_close) is int and 0 <= self.auto_close <= _LATEST
        ):
            raise Refused(
                f"autoClose: {ascii(self.auto_close)[:60]} is no time to close after.",
                remedy=f"Give milliseconds up to {_LATEST}, false for never, "
                "or 0 for the list of notices only.",
            )
        if len(self.actions) > _MOST_ACTIONS:
            raise Refused(
                f"actions: there are {len(self.actions)}.", remedy=f"Give at most {_MOST_ACTIONS}."
            )

    def as_json(self) -> Mapping[str, Any]:
        """Return the fields as JupyterLab's notices extension takes them."""
        return {
            "message": self.message,
            "type": self.kind.value,
            "autoClose": self.auto_close,
            "actions": [
                {"label": a.label, "caption": a.caption, "displayType": a.look.value}
                for a in self.actions
            ],
        }


class Outcome(StrEnum):
    """What became of a notice in one lab."""

    SHOWN = "shown"  # handed to JupyterLab, which keeps it until somebody looks
    STOPPED = "stopped"
    UNABLE = "unable"  # the lab's image or the person's own configuration knows no notices
    REFUSED = "refused"
    UNREACHABLE = "unreachable"

    @property
    def words(self) -> str:
        """Return a sentence for people."""
        return {
            Outcome.SHOWN: "Shown.",
            Outcome.STOPPED: "The lab does not run.",
            Outcome.UNABLE: "This lab cannot show notices: its image lacks the extension for it.",
            Outcome.REFUSED: "The lab refused it: restarting the server renews what it checks.",
            Outcome.UNREACHABLE: "The lab did not answer.",
        }[self]
