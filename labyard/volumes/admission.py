"""Which entries may be unpacked into a person's volume, and as what. Pure.

What is admitted is written anew from its parts: nothing of the header that came goes through.
"""

from __future__ import annotations

import itertools
import posixpath
import stat
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from tarfile import TarInfo

from labyard.core.errors import Refused
from labyard.core.units import show_bytes
from labyard.engines.errand import SCRATCH
from labyard.volumes.tars import shown

_PATH, _NAME = 4000, 255  # bytes
_FILE, _FOLDER, _LINK = "file", "folder", "link"
_ODD = {
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.GNUTYPE_SPARSE: "stored with holes",
}


class BadEntry(Refused):
    """One entry of what came may not be unpacked; its name and the reason are in the message."""

    code = "bad-entry"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one upload may hold: bytes when unpacked, and entries."""

    bytes: int
    entries: int


class Admission:
    """Looks at the entries of one upload, one after the other.

    ``user`` is whose they become (uid, gid). ``strip`` leaves out the top folder of each name, and
    ``drop_links`` such links as lead out of what came, instead of refusing all for them.
    """

    def __init__(
        self,
        limits: Limits,
        user: tuple[int, int],
        *,
        strip: bool = False,
        drop_links: bool = False,
    ) -> None:
        self.limits = limits
        self._user = user
        self._strip = strip
        self._drop_links = drop_links
        self._seen: dict[str, str] = {}
        self._bytes = 0
        self._entries = 0

    @property
    def files(self) -> int:
        """Return how many files and links were admitted."""
        return sum(kind != _FOLDER for kind in self._seen.values())

    def admit(self, entry: TarInfo) -> Sequence[TarInfo]:
        """Return the entry as it may be unpacked, last; before it, folders that did not come themselves.

        Returns nothing for one that is left out.

        Raises
        ------
        BadEntry
            When nothing of the upload may be unpacked because of it.
        """
        self._count(entry)
        name = self._name(entry, entry.name)
        if not name:
            if not entry.isdir():
                raise _bad(entry, "has no folder to leave out", "Untick 'without its top folder'.")
            return ()  # the top itself
        kind = self._kind(entry)
        above = self._above(entry, name, kind)
        clean = TarInfo(name)
        clean.uid, clean.gid = self._user
        clean.type, clean.mode, clean.mtime = entry.type, _mode(entry), int(_moment(entry))
        if kind == _LINK:
            clean.linkname = entry.linkname
            if not _stays(name, entry.linkname):
                if self._drop_links:
                    return ()
                raise _bad(
                    entry,
                    f"is a link that leads out of the archive, to {shown(entry.linkname)}",
                    "Pack it without that link, or tick 'leave out links that lead elsewhere'.",
                )
        elif entry.islnk():
            clean.linkname = self._name(entry, entry.linkname)
            if self._seen.get(clean.linkname) != _FILE:
                raise _bad(entry, "is a link to a file that did not come before it")
        elif kind == _FILE:
            clean.type, clean.size = tarfile.REGTYPE, entry.size
        self._seen.update(dict.fromkeys(above, _FOLDER))
        self._seen[name] = kind
        return *map(self._folder, above), clean

    def _folder(self, name: str) -> TarInfo:
        """Return a folder: an engine would make one that is missing, for root."""
        folder = TarInfo(name)
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        folder.uid, folder.gid = self._user
        return folder

    def _count(self, entry: TarInfo) -> None:
        self._entries += 1
        self._bytes += entry.size if entry.isreg() else 0
        if self._entries > self.limits.entries:
            raise Refused(
                f"The upload holds more than {self.limits.entries} files and folders.",
                remedy="Send it in parts; a site sets uploads.max_files.",
            )
        if self._bytes > self.limits.bytes:
            raise Refused(
                f"Unpacked, the upload holds more than {show_bytes(self.limits.bytes)}.",
                remedy="Send it in parts; a site sets uploads.max_unpacked.",
            )

    def _name(self, entry: TarInfo, name: str) -> str:
        """Return a name without what says nothing; an empty one for the top."""
        if name.startswith("/"):
            raise _bad(entry, "has an absolute path")
        if "\0" in name or (not name and not entry.isdir()):
            raise _bad(entry, "has no possible name")
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise _bad(entry, "leads out of the archive")
        if self._strip:
            parts = parts[1:]
        clean = "/".join(parts)
        if (
            any(len(p.encode(errors="surrogateescape")) > _NAME for p in parts)
            or len(clean) > _PATH
        ):
            raise _bad(entry, "has too long a name", "Shorten it.")
        if parts and parts[0].startswith(SCRATCH):
            raise _bad(entry, f"begins with {SCRATCH}, which uploads themselves use", "Rename it.")
        return clean

    @staticmethod
    def _kind(entry: TarInfo) -> str:
        if entry.isdir():
            return _FOLDER
        if entry.issym():
            return _LINK
        if entry.type in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE, tarfile.LNKTYPE):
            if entry.mode & (stat.S_ISUID | stat.S_ISGID):
                raise _bad(entry, "runs with somebody else's rights (setuid)", "chmod ug-s it.")
            return _FILE
        raise _bad(entry, f"is {_ODD.get(entry.type, 'of a kind that is not known')}")

    def _above(self, entry: TarInfo, name: str, kind: str) -> Sequence[str]:
        """Return folders above that have not come, outermost first.

        Refuses what comes twice, and what lies in something that is no folder.
        """
        before = self._seen.get(name)
        if before is not None and not before == kind == _FOLDER:
            raise _bad(entry, "comes twice")
        missing, above = [], posixpath.dirname(name)
        while above and above not in self._seen:
            missing.append(above)
            above = posixpath.dirname(above)
        if above and self._seen[above] != _FOLDER:
            raise _bad(entry, f"lies in {shown(above)}, which is no folder")
        return missing[::-1]


def _stays(name: str, target: str) -> bool:
    """Return whether a symbolic link called ``name`` leads to within what came.

    It may go up at its beginning only, over folders that came: after that the way can be through
    another link, from which ``..`` leads elsewhere than its letters say.
    """
    if not target or target.startswith("/") or "\0" in target or len(target) > _PATH:
        return False
    down = itertools.dropwhile(lambda part: part in ("", ".", ".."), target.split("/"))
    if ".." in down:
        return False
    reached = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    return reached != ".." and not reached.startswith("../")


def _mode(entry: TarInfo) -> int:
    """Return the rights: everybody's as they came, the owner's enough to work with it."""
    least = 0o700 if entry.isdir() else 0o600
    return 0o777 if entry.issym() else (entry.mode & 0o777) | least


def _moment(entry: TarInfo) -> float:
    """Return when it was changed; 0 for a time that cannot be."""
    return entry.mtime if 0 <= entry.mtime < 2**33 else 0


def _bad(entry: TarInfo, why: str, remedy: str = "Pack the archive without it.") -> BadEntry:
    return BadEntry(f"{shown(entry.name) or 'An entry'} {why}.", remedy=remedy)
