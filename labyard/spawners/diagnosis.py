"""Why a lab that ended, or answers strangely, did not start. Pure: from what it left to an error.

What a lab wrote is not trusted: it is only compared with patterns, and shown escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from labyard.core import causes, lastwords
from labyard.core.causes import Cause
from labyard.core.errors import EngineError
from labyard.core.lastwords import Code, Fact
from labyard.core.units import show_bytes

LINES = 20  # of a lab's log that are read and shown
_MOST_SAID = 4000  # characters, of those lines
_VERSION = "X-JupyterHub-Version"


class LabFailed(EngineError):
    """A lab did not come up."""

    code = "lab-ended"


@dataclass(frozen=True, slots=True)
class Remains:
    """What is known of a lab that ended: ``memory`` is its limit in bytes, ``log`` its last lines."""

    exit_code: int | None
    log: str = ""
    out_of_memory: bool = False
    memory: int | None = None


# What a lab's log says, and the cause. The first that fits counts. Gaps are bounded: whoever writes the
# log must not keep the hub busy with reading it.
_LOGGED: tuple[tuple[str, Cause], ...] = (
    (r"exec format error|cannot execute binary file|: \x7felf", causes.WRONG_ARCHITECTURE),
    (
        r"(exec|failed to exec|executable) .{0,300}(no such file or directory|not found)"
        r"|no module named '?(jupyterhub|labyard_lab)|cannot find .{0,300}jupyterhub-singleuser"
        r"|jupyterhub-singleuser: (command )?not found",
        causes.NO_SINGLEUSER,
    ),
    (r"failed to connect to my hub|hub .{0,300}is it running\?", causes.HUB_UNREACHABLE),
    (r"permission ?(error|denied).{0,300}'?/home", causes.NOT_WRITABLE),
    (r"no space left on device|disk quota exceeded", causes.DISK_FULL),
    (r"nvml|nvidia driver|libcuda\.so.{0,300}(not found|cannot open)", causes.NO_GPU),
)
_SAID: Mapping[Code, Cause] = {
    Code.NO_SECRETS: causes.NO_SECRETS,
    Code.NO_SINGLEUSER: causes.NO_SINGLEUSER,
    Code.NOT_WRITABLE: causes.NOT_WRITABLE,
    Code.HUB_UNREACHABLE: causes.HUB_UNREACHABLE,
    Code.TOKEN_REFUSED: causes.TOKEN_REFUSED,
    Code.VERSION_MISMATCH: causes.VERSION_MISMATCH,
    Code.NO_ROOM: causes.NO_ROOM,
}
_FACTS: Mapping[Code, str] = {
    Code.NO_SECRETS: "The file {file} is missing in the lab.",
    Code.NO_SINGLEUSER: "The image has no {module}.",
    Code.NOT_WRITABLE: "{path} belongs to user {uid}, and the lab runs as {user}.",
    Code.HUB_UNREACHABLE: "It tried {url}: {why}.",
    Code.TOKEN_REFUSED: "{url} answered {status}.",
    Code.VERSION_MISMATCH: "The hub is JupyterHub {hub}, the image has {lab}.",
    Code.NO_ROOM: "{path} takes no write.",
}


def diagnose(remains: Remains) -> LabFailed:
    """Return why a lab ended before it was ready."""
    said = last_lines(remains.log)
    if remains.out_of_memory:
        return LabFailed(_limit(remains.memory), cause=causes.OUT_OF_MEMORY, said=said)
    if (words := lastwords.parse(remains.log)) is not None:
        return LabFailed(_told(words.code, words.facts), cause=_SAID[words.code], said=said)
    if (cause := seen_in(remains.log)) is not None:
        return LabFailed(_ended(remains.exit_code), cause=cause, said=said)
    return LabFailed(_ended(remains.exit_code), cause=causes.LAB_ENDED, said=said)


def seen_in(log: str) -> Cause | None:
    """Return the cause that the end of a log speaks of, or None."""
    end = log[-_MOST_SAID:]
    return next((cause for text, cause in _LOGGED if re.search(text, end, re.IGNORECASE)), None)


def removed() -> LabFailed:
    """Return the error for a lab that is gone from the engine while it was waited for."""
    return LabFailed("Somebody removed its container.", cause=causes.LAB_ENDED)


def silent(patience: float, *, port: int, listens: bool, log: str) -> LabFailed:
    """Return the error for a lab that runs and does not answer within ``patience`` seconds."""
    what = "takes connections and answers nothing" if listens else "is closed"
    return LabFailed(
        f"Its port {port} {what}, {patience:.0f} s after it was started.",
        cause=seen_in(log) or causes.NEVER_LISTENED,
        said=last_lines(log),
    )


def stranger(headers: Mapping[str, str], hub_version: str) -> LabFailed | None:
    """Return what is wrong with a lab that answers with these headers, None when nothing is."""
    version = headers.get(_VERSION, "")
    if not version:
        why = "What answers on its port is not jupyterhub-singleuser, so nobody would be kept out."
        return LabFailed(why, cause=causes.NO_SINGLEUSER)
    if version.split(".")[0] != hub_version.split(".", maxsplit=1)[0]:
        facts = {"hub": hub_version, "lab": version[:40]}
        return LabFailed(_told(Code.VERSION_MISMATCH, facts), cause=causes.VERSION_MISMATCH)
    return None


def last_lines(log: str) -> str:
    """Return the end of a log, without the line that is meant for the hub alone."""
    lines = [line for line in log.splitlines() if lastwords.parse(line) is None]
    return "\n".join(lines[-LINES:])[-_MOST_SAID:].strip()


def _ended(exit_code: int | None) -> str:
    code = "" if exit_code is None else f" with exit code {exit_code}"
    return f"Its program ended{code}."


def _limit(memory: int | None) -> str:
    allowed = "" if memory is None else f" It may use {show_bytes(memory)}."
    return f"The kernel ended it at its memory limit.{allowed}"


class _Known(dict[str, Fact]):
    def __missing__(self, key: str) -> str:
        return "something"


def _told(code: Code, facts: Mapping[str, Fact]) -> str:
    return _FACTS[code].format_map(_Known(facts))
