"""What an engine's failures mean to a person. Pure: from status and text to an error."""

from __future__ import annotations

import re

from labyard.core.errors import Busy, EngineError, EngineUnreachable, LabyardError, NotFound


class NoImage(EngineError):
    """The image is not here, or nowhere."""

    code = "no-image"
    status = 404


class NameTaken(EngineError):
    """Something else on the engine has this name."""

    code = "name-taken"
    status = 409


class SubnetTaken(EngineError):
    """The subnet overlaps another network or a route of the host."""

    code = "subnet-taken"


# aiodocker's own status for a connection that failed, and for an error inside a stream.
NO_CONNECTION = 900
_IN_STREAM = 0

# (what the engine says, the error, what it means, what to do).
# Docker and Podman word the same thing differently.
_KNOWN: tuple[tuple[str, type[LabyardError], str, str], ...] = (
    (
        r"no space left on device|disk quota exceeded",
        EngineError,
        "The engine's disk is full",
        "Free space on the host: remove unused images and volumes, then try again.",
    ),
    (
        r"pool overlaps|subnet .* is already used|overlaps with .*(network|route)",
        SubnetTaken,
        "The subnet is taken",
        "Choose another network.block in the settings, or remove networks that are not used.",
    ),
    (
        r"address already in use|ip address .* already|is in use.*allocat|port is already allocated",
        EngineError,
        "An address or port is taken",
        "Stop what uses it, then try again.",
    ),
    (
        r"no such image|image not known|manifest (for .*)?(unknown|not found)|pull access denied"
        r"|repository .*not (exist|found)|short-name .* did not resolve",
        NoImage,
        "There is no such image",
        "Check the image's name, or build it with 'labyard image build'.",
    ),
    (
        r"volume is in use|volume is being used|being used by the following",
        Busy,
        "The volume is in use",
        "Stop the labs that use it, then try again.",
    ),
    (
        r"name .* already in use|name is already in use|already used: network already exists"
        r"|network with name .* already exists",
        NameTaken,
        "The name is taken",
        "Remove the object of that name, or give this installation another name.",
    ),
    (
        r"minimum memory|memory limit|memory\+swap|range of cpus|cpu.* (invalid|exceed)|shmsize"
        r"|pids limit|invalid (cpu|memory)",
        EngineError,
        "A limit is not possible on this host",
        "Ask for less, or correct the limits in the settings.",
    ),
    (
        r"bind source path does not exist|no such file or directory.*bind|invalid mount"
        r"|duplicate mount point",
        EngineError,
        "A mount is not possible",
        "Check the volumes in the settings: the host path must exist.",
    ),
    (
        r"container-init binary not found|no such.*docker-init",
        EngineError,
        "The engine has no init program",
        "Install catatonit (Podman) or docker-init, then try again.",
    ),
    (
        r"oci runtime|runc( create)? failed|executable file not found|unable to start container",
        EngineError,
        "The lab's program could not be started",
        "Check the image and the command; the engine's words tell more.",
    ),
    (
        r"no such host|dial tcp|tls handshake|x509|i/o timeout|connection refused.*registry"
        r"|toomanyrequests|unauthorized|server gave http response",
        EngineError,
        "The image registry could not be used",
        "Check the host's network and its access to the registry.",
    ),
)


def unreachable(url: str, why: str) -> EngineUnreachable:
    """Return the error for an engine that does not answer."""
    return EngineUnreachable(
        f"The container engine at {url} does not answer: {why}.",
        remedy="Check that it runs and that this account may use its socket; labs are left alone.",
    )


def explain(status: int, text: str, *, doing: str, url: str) -> LabyardError:
    """Return the error for an answer with HTTP ``status`` and the engine's own ``text``.

    A failure that is not recognised counts as an engine that is ill (unreachable) when the engine
    blames itself (5xx), and as a refusal otherwise.
    """
    if status == NO_CONNECTION:
        return unreachable(url, "no connection")
    words = " ".join(text.split())[:300].rstrip(".")
    for pattern, kind, meaning, remedy in _KNOWN:
        if re.search(pattern, words, re.IGNORECASE):
            return kind(f"{meaning}; {doing} failed ({words}).", remedy=remedy)
    if status == 404:
        return NotFound(f"There is no such thing on the engine; {doing} failed ({words}).")
    if status >= 500:
        return unreachable(url, f"{doing} failed with status {status} ({words})")
    if status == _IN_STREAM:
        return EngineError(f"{doing} failed ({words}).", remedy="Try again.")
    return EngineError(
        f"The engine refused {doing} ({words}).", remedy="The engine's log may tell more."
    )
