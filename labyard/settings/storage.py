"""What groups may be granted besides everybody's volumes, and how a grant of it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from labyard.settings.kinds import Address, HostPath, Target, Written
from labyard.settings.section import Section, option


class Source(StrEnum):
    """Where a granted directory comes from."""

    VOLUME = "volume"
    HOST = "host"
    CIFS = "cifs"
    NFS = "nfs"


@dataclass(frozen=True, slots=True)
class Extra:
    """One directory that members of a group get in their labs, at ``target``.

    ``source`` is a volume's name, a path of the host, ``//server/share`` or ``nfs://server/path``.
    """

    source: str
    target: str
    read_only: bool = False

    @property
    def kind(self) -> Source:
        """Return where it comes from."""
        if self.source.startswith("//"):
            return Source.CIFS
        if self.source.startswith("nfs://"):
            return Source.NFS
        return Source.HOST if self.source.startswith("/") else Source.VOLUME

    @property
    def server(self) -> str:
        """Return the file server of a share, else nothing."""
        shared = self.kind in (Source.CIFS, Source.NFS)
        return self.source.removeprefix("nfs:")[2:].partition("/")[0] if shared else ""

    @property
    def path(self) -> str:
        """Return the path on the file server of a share, with a slash before it."""
        return "/" + self.source.removeprefix("nfs:")[2:].partition("/")[2]

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.source}:{self.target}{':ro' if self.read_only else ''}"


_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"
_STEPS = r"(?:/[\w.@$+~-]+)+"
_WRITTEN = re.compile(
    rf"(?P<source>{_NAME}|{_STEPS}|//{_NAME}{_STEPS}|nfs://{_NAME}{_STEPS})"
    r":(?P<target>/[^:,]*)(?::(?P<mode>ro|rw))?",
    re.ASCII,
)
_WORDS = (
    "SOURCE:TARGET, or SOURCE:TARGET:ro for reading only, where SOURCE is a volume's name, "
    "/a/path, //server/share or nfs://server/path"
)
_TARGETS: TypeAdapter[PurePosixPath] = TypeAdapter(Target)
_HOMES = (PurePosixPath("/home"), PurePosixPath("/home/lab"))


def extra(text: str) -> Extra:
    """Return what is written. Raises ``ValueError("must be …")``."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None or ".." in PurePosixPath(found["source"]).parts:
        raise ValueError(f"must be {_WORDS}")
    try:
        target = _TARGETS.validate_python(found["target"].rstrip("/") or "/")
    except ValidationError as error:
        reason = str(error.errors()[0]["ctx"]["error"])
        raise ValueError(f"must have a TARGET that would do: it {reason}") from None
    if target in _HOMES:
        raise ValueError("must have a TARGET that is not a home")
    return Extra(found["source"], str(target), found["mode"] == "ro")


def _canonical(text: str) -> str:
    return str(extra(text))


ExtraVolume = Annotated[str, AfterValidator(_canonical), Written(_WORDS)]


def _option_value(value: str) -> str:
    if not value.isprintable() or "," in value:
        raise ValueError(f"must be {_OPTION_WORDS}")
    return value


_OPTION_WORDS = "one line of text without a comma"
OptionValue = Annotated[str, AfterValidator(_option_value), Written(_OPTION_WORDS)]


class FileServer(Section):
    """One file server, whose shares groups may be granted."""

    address: Address = option(..., "Its name or address, as grants have it.")
    username: OptionValue = option("", "Who CIFS shares are mounted as; empty is a guest.")
    password: OptionValue = option(
        "",
        "The password. The engine keeps it: whoever may ask the engine can read it.",
        secret=True,
    )
    domain: OptionValue = option("", "The domain of that account.")
    version: OptionValue = option("", "Version of the protocol, such as 3.0; empty finds out.")


class Storage(Section):
    """What groups may be granted besides volumes of this installation."""

    roots: list[HostPath] = option(
        list,
        "Directories of this machine below which directories may be granted; none allows none.",
    )
    volumes: list[Annotated[str, Field(pattern=rf"^{_NAME}$"), Written("the name of a volume")]] = (
        option(list, "Volumes of the engine that may be granted by their own names.")
    )
    servers: list[FileServer] = option(
        list, "File servers whose shares may be granted; none allows none."
    )
