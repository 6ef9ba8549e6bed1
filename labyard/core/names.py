"""Every name and label that Labyard gives to things on an engine. Injective and versioned.

A username is escaped byte by byte: ``[a-z0-9]`` stay, any other byte of its UTF-8 form becomes ``-``
and two hex digits (``anna-maria`` is ``anna-2dmaria``). So ``-`` is always followed by two hex digits
and ``--`` can never come out of a username: it separates user and server.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

SCHEMA_VERSION = "1"

_PREFIX = "org.labyard."
INSTALLATION = _PREFIX + "installation"
SCHEMA = _PREFIX + "schema"
KIND = _PREFIX + "kind"  # lab, volume, network, scratch
USER_ID = _PREFIX + "user-id"
USER = _PREFIX + "user"  # as it was when the object was made; compare ids, not names
SERVER = _PREFIX + "server"
VOLUME = _PREFIX + "volume"  # the volume's key in the settings
ADDRESS = _PREFIX + "address"  # host:port a lab listens at, fixed for its life
NOTICES = _PREFIX + "notices"  # salt of the key that notices to this lab are sealed with
ERRAND = _PREFIX + "errand"  # a container that does something with volumes, and which of a process
GPUS = _PREFIX + "gpus"  # ids of the GPUs a lab holds, with commas between
CPU = _PREFIX + "cpu"  # cores a lab may use; not there without a limit
MEMORY = _PREFIX + "memory"  # bytes a lab may use; not there without a limit
ATTEMPT = _PREFIX + "attempt"  # which call made a lab, so that one given up can be found again

_SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789")
_ESCAPES = tuple(chr(b) if b in _SAFE else f"-{b:02x}" for b in range(256))
# A DNS label ends at 63 characters; what an engine keeps as a directory, a volume, ends at 255 bytes.
_LABEL = 63
_VOLUME_USER = 200
_DIGEST = 24


class Kind(StrEnum):
    """What an object is, in its ``kind`` label."""

    LAB = "lab"
    VOLUME = "volume"
    NETWORK = "network"
    SCRATCH = "scratch"  # a volume that goes with its lab


class Scheme(StrEnum):
    """How objects are called."""

    LABYARD = "labyard"
    STELLARS = "stellars"


def escape(name: str) -> str:
    """Return ``name`` in ``[a-z0-9-]``; two different names never give the same result."""
    return "".join(map(_ESCAPES.__getitem__, name.encode(errors="surrogatepass")))


def limits_told(labels: Mapping[str, str]) -> tuple[float | None, int | None] | None:
    """Return cores and bytes that a lab's labels tell, None for no limit; None where they tell none.

    Labs from before these labels were given tell none.
    """
    if not {CPU, MEMORY} & labels.keys():
        return None
    cpu, memory = labels.get(CPU), labels.get(MEMORY)
    return (float(cpu) if cpu else None, int(memory) if memory else None)


def _fit(escaped: str, longest: int) -> str:
    """Shorten an escaped user, or user and server, if need be, so that no two meet.

    ``-h`` after anything but ``-`` marks what was shortened: it cannot come out of :func:`escape`,
    where two hex digits follow a ``-``, and a server's name comes after ``--``. What stands before is
    the caller's to keep whole, else a user called ``h`` and a digest could meet a shortened one.
    """
    if len(escaped) <= longest:
        return escaped
    digest = hashlib.sha256(escaped.encode()).hexdigest()[:_DIGEST]
    return f"{escaped[: longest - _DIGEST - 2].rstrip('-')}-h{digest}"


def _behind(prefix: str, escaped: str) -> str:
    return prefix + _fit(escaped, _LABEL - len(prefix))


def _pair(user: str, server: str) -> str:
    return escape(user) + (f"--{escape(server)}" if server else "")


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one installation's objects."""

    installation: str
    scheme: Scheme = Scheme.LABYARD

    @property
    def _stem(self) -> str:
        return "jupyterlab" if self.scheme is Scheme.STELLARS else self.installation

    @property
    def volume_prefix(self) -> str:
        """Return what unlabelled volumes that may be adopted start with, or an empty string."""
        return "jupyterlab-" if self.scheme is Scheme.STELLARS else ""

    def lab(self, user: str, server: str = "") -> str:
        """Return the container's name."""
        return _behind(f"{self._stem}-", _pair(user, server))

    def hostname(self, user: str, server: str = "") -> str:
        """Return what the lab calls itself: one DNS label that ends in a letter or digit."""
        return _behind("lab-", _pair(user, server))

    def volume(self, user: str, key: str) -> str:
        """Return the name of a user's own volume; ``key`` is ``[a-z0-9]+`` as the settings demand."""
        return f"{self._stem}-{_fit(escape(user), _VOLUME_USER)}_{key}"

    def later_volume(self, user: str, user_id: int, key: str) -> str:
        """Return the name to use when :meth:`volume` belongs to an earlier user of that name."""
        return f"{self._stem}-{_fit(escape(user), _VOLUME_USER)}--u{user_id}_{key}"

    def shared_volume(self, key: str) -> str:
        """Return the name of a volume that all users share."""
        stem = "jupyterhub" if self.scheme is Scheme.STELLARS else self.installation
        return f"{stem}_{key}"

    def network(self, user: str) -> str:
        """Return the name of the network that a user's labs share."""
        return _behind(f"{self.installation}-net-", escape(user))

    def _labels(self, kind: Kind) -> dict[str, str]:
        return {INSTALLATION: self.installation, SCHEMA: SCHEMA_VERSION, KIND: kind}

    def lab_labels(self, user_id: int, user: str, server: str) -> Mapping[str, str]:
        """Return the labels of a lab."""
        return {**self._labels(Kind.LAB), USER_ID: str(user_id), USER: user, SERVER: server}

    def volume_labels(self, user_id: int, user: str, key: str) -> Mapping[str, str]:
        """Return the labels of a user's own volume."""
        return {**self._labels(Kind.VOLUME), USER_ID: str(user_id), USER: user, VOLUME: key}

    def shared_volume_labels(self, key: str) -> Mapping[str, str]:
        """Return the labels of a volume that all users share."""
        return {**self._labels(Kind.VOLUME), VOLUME: key}

    def scratch_labels(self) -> Mapping[str, str]:
        """Return the labels of what goes with its lab."""
        return self._labels(Kind.SCRATCH)

    def network_labels(self, user_id: int, user: str) -> Mapping[str, str]:
        """Return the labels of a user's network."""
        return {**self._labels(Kind.NETWORK), USER_ID: str(user_id), USER: user}
