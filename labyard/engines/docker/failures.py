"""What an engine's failures mean to a person. Pure: from status and text to an error."""

from __future__ import annotations

import re

from labyard.core import causes
from labyard.core.causes import Cause
from labyard.core.errors import Busy, EngineError, EngineUnreachable, LabyardError, NotFound


class NoImage(EngineError):
    """The image is not here, or nowhere."""

    code = "no-image"
    status = 404


class NameTaken(EngineError):
    """Something else on the engine has this name."""

    code = "name-taken"
    status = 409

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy, cause=causes.NAME_TAKEN)


class SubnetTaken(EngineError):
    """The subnet overlaps another network or a route of the host."""

    code = "subnet-taken"


# aiodocker's own status for a connection that failed, and for an error inside a stream.
NO_CONNECTION = 900
_IN_STREAM = 0
_PASSWORD = re.compile(r"(\b(?:pass|password2?)=)[^,]*", re.IGNORECASE)

# What an engine says, and the cause. Docker and Podman word the same thing differently; the first
# that fits counts.
_CAUSES: tuple[tuple[str, Cause], ...] = (
    (r"no space left on device|disk quota exceeded", causes.DISK_FULL),
    (
        r"could not select device driver|nvidia-container-cli|nvidia-smi|libnvidia|unresolvable cdi"
        r"|cdi device|unknown runtime.* nvidia|nvidia.*(not found|no such device)",
        causes.NO_GPU,
    ),
    (
        r"exec format error|no matching manifest for|does not match the (detected host|specified)"
        r" platform|no image found .* for architecture|image operating system",
        causes.WRONG_ARCHITECTURE,
    ),
    (
        r"no such image|image not known|manifest (for .*)?(unknown|not found)|pull access denied"
        r"|repository .*not (exist|found)|name unknown|short-name .* did not resolve",
        causes.NO_IMAGE,
    ),
    (r"oom-killed|oom killed", causes.OUT_OF_MEMORY),
    (r"cannot allocate memory|out of memory", causes.HOST_MEMORY),
    (r"range of cpus|cpus? available|requested cpus", causes.LIMIT_ABOVE_HOST),
    (
        r"minimum memory|memory limit|memory\+swap|cpu.* (invalid|exceed)|shmsize"
        r"|pids limit|invalid (cpu|memory)|memory\.limit_in_bytes|memory\.max",
        causes.LIMIT_IMPOSSIBLE,
    ),
    (
        r"bind source path does not exist|no such file or directory.*bind|invalid mount"
        r"|duplicate mount point|failed to mount local volume",
        causes.MOUNT_IMPOSSIBLE,
    ),
    (
        r"could not find an available.*address pool|no available .*(subnet|address|pool)"
        r"|no free (subnet|address|ip)",
        causes.NO_ADDRESS,
    ),
    (
        r"toomanyrequests|too many requests|unauthorized|authentication required|no basic auth"
        r"|requested access to the resource is denied|denied:",
        causes.REGISTRY_REFUSED,
    ),
    (
        r"no such host|dial tcp|tls handshake|x509|i/o timeout|connection refused|pinging container"
        r" registry|server gave http response|name resolution|deadline exceeded|: eof$"
        r"|client\.timeout",
        causes.REGISTRY_UNREACHABLE,
    ),
)

# What is no reason why a lab fails, but a refusal with a way out: (text, kind, meaning, remedy).
_REFUSALS: tuple[tuple[str, type[LabyardError], str, str], ...] = (
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
        r"volume is in use|volume is being used|being used by the following",
        Busy,
        "The volume is in use",
        "Stop the labs that use it, then try again.",
    ),
    (
        r"container-init binary not found|no such.*docker-init",
        EngineError,
        "The engine has no init program",
        "Install catatonit (Podman) or docker-init, then try again.",
    ),
)
_NAME_TAKEN = (
    r"name .* already in use|name is already in use|already used: network already exists"
    r"|network with name .* already exists"
)
_NO_PROGRAM = r"executable file not found|exec: \"[^\"]*\": stat [^:]*: no such file or directory"
_RUNTIME = r"oci runtime|runc( create)? failed|unable to start container"


def unreachable(url: str, why: str) -> EngineUnreachable:
    """Return the error for an engine that does not answer."""
    return EngineUnreachable(
        f"It should answer at {url}: {why}.",
        remedy="Try again in a while. Your administrator sees that it runs and that this account may "
        "use its socket; labs are left alone.",
        cause=causes.ENGINE_UNREACHABLE,
    )


def without_passwords(message: str) -> str:
    """Return what an engine says without the passwords of shares in it: they hold no comma."""
    return _PASSWORD.sub(r"\1[secret]", message)


def explain(status: int, text: str, *, doing: str, url: str) -> LabyardError:
    """Return the error for an answer with HTTP ``status`` and the engine's own ``text``.

    A failure that is not recognised counts as an engine that is ill (unreachable) when the engine
    blames itself (5xx), and as a refusal otherwise.
    """
    if status == NO_CONNECTION:
        return unreachable(url, "no connection")
    words = " ".join(text.split())[:300].rstrip(".")
    told = f"{doing} failed ({words})."
    return (
        _refusal(words, told)
        or _known(words, told)
        or _unknown(status, words, doing=doing, told=told, url=url)
    )


def _refusal(words: str, told: str) -> LabyardError | None:
    for pattern, kind, meaning, remedy in _REFUSALS:
        if _says(pattern, words):
            return kind(f"{meaning}; {told}", remedy=remedy)
    return NameTaken(_sentence(told)) if _says(_NAME_TAKEN, words) else None


def _known(words: str, told: str) -> LabyardError | None:
    found = next((cause for pattern, cause in _CAUSES if _says(pattern, words)), None)
    if found is None and _says(_NO_PROGRAM, words):
        found = causes.NO_SINGLEUSER
    if found is None and _says(_RUNTIME, words):
        found = causes.PROGRAM_FAILED
    if found is None:
        return None
    kind = NoImage if found is causes.NO_IMAGE else EngineError
    return kind(_sentence(told), cause=found)


def _unknown(status: int, words: str, *, doing: str, told: str, url: str) -> LabyardError:
    if status == 404:
        return NotFound(f"There is no such thing on the engine; {told}")
    if status >= 500:
        return unreachable(url, f"{doing} failed with status {status} ({words})")
    if status == _IN_STREAM:
        return EngineError(_sentence(told), remedy="Try again.", cause=causes.ENGINE_REFUSED)
    return EngineError(f"It was {doing} ({words}).", cause=causes.ENGINE_REFUSED)


def _says(pattern: str, words: str) -> bool:
    return re.search(pattern, words, re.IGNORECASE) is not None


def _sentence(told: str) -> str:
    return told[:1].upper() + told[1:]
