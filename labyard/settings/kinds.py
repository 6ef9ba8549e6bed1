"""The kinds of values that settings have: how each is written, checked and measured.

Every kind carries a :class:`Written`, which says what is allowed in the words that errors and the
reference page use. Checks raise ``ValueError("must be …")``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_address, ip_network
from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, Strict, WithJsonSchema

from labyard.core import colours
from labyard.core.units import parse_bytes, parse_seconds


@dataclass(frozen=True, slots=True)
class Written:
    """What may be written for a setting: ``must be {words}``. ``unit`` is of the value as read."""

    words: str
    unit: str = ""


def _number(value: object) -> object:
    """Return the number that text holds, as a form has it; anything else as it is."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


TEN_YEARS = 10 * 365 * 86400

Flag = Annotated[bool, Strict(), Written("true or false")]
Whole = Annotated[int, Strict()]
Port = Annotated[int, Strict(), Field(ge=1, le=65535)]
# Engines turn less than this into no limit at all.
Cores = Annotated[
    float,
    Strict(),
    BeforeValidator(_number),
    AfterValidator(_finite),
    Field(ge=0.01, le=4096),
    Written("a number from 0.01 to 4096", "cores"),
]
_BYTES = r"^[0-9.]+ ?[kKmMgGtT]?(i?[bB])?$"
_SIZE = "a size such as 512M, 4G or a number of bytes"
Bytes = Annotated[
    int,
    BeforeValidator(parse_bytes),
    Field(gt=0, lt=2**63),
    Written(f"{_SIZE}, above 0", "bytes"),
    WithJsonSchema({"type": ["integer", "string"], "pattern": _BYTES, "minimum": 1}),
]
BytesOrZero = Annotated[
    int,
    BeforeValidator(parse_bytes),
    Field(ge=0, lt=2**63),
    Written(f"{_SIZE}, 0 or above", "bytes"),
    WithJsonSchema({"type": ["integer", "string"], "pattern": _BYTES, "minimum": 0}),
]
Seconds = Annotated[
    float,
    BeforeValidator(parse_seconds),
    Field(gt=0, le=TEN_YEARS),
    Written(
        "a duration such as 30s, 5m, 8h or a number of seconds, above 0 and at most 3650d",
        "seconds",
    ),
    WithJsonSchema(
        {"type": ["number", "string"], "pattern": r"^[0-9.]+ ?[sSmMhHdD]?$", "exclusiveMinimum": 0}
    ),
]

Key = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9]{0,19}$"),
    Written("1 to 20 lower-case letters and digits that begin with a letter"),
]


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be one line of printable text")
    return value


Line = Annotated[str, AfterValidator(_one_line), Written("one line of text")]


def _colour(value: str) -> str:
    return colours.parse(value) if value else value


Colour = Annotated[str, AfterValidator(_colour), Written("a colour such as #0b6bcb, or empty")]

HostPath = Annotated[str, AfterValidator(_one_line), Written("a path on this machine")]

IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,254}")
Image = Annotated[
    str,
    Field(pattern=rf"^{IMAGE.pattern}$", max_length=255),
    Written("the name of an image such as labyard/lab:latest"),
]


def _private(value: IPv4Network) -> IPv4Network:
    if not any(value.subnet_of(block) for block in _PRIVATE):
        raise ValueError(f"must be {_PRIVATE_WORDS}")
    return value


_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_PRIVATE_WORDS = f"a block such as 10.177.0.0/16 within {', '.join(map(str, _PRIVATE))}"
PrivateBlock = Annotated[IPv4Network, AfterValidator(_private), Written(_PRIVATE_WORDS)]


def _lab_path(value: PurePosixPath) -> PurePosixPath:
    text = str(value)
    if not value.is_absolute() or ".." in value.parts or not text.isprintable():
        raise ValueError(f"must be {_PATH_WORDS}")
    if ":" in text or "," in text:  # they separate the fields of an engine's mounts
        raise ValueError("must be a path without ':' and ','")
    return PurePosixPath("/" + text.lstrip("/"))


_PATH_WORDS = "an absolute path without '..'"
LabPath = Annotated[PurePosixPath, AfterValidator(_lab_path), Written(_PATH_WORDS)]

# What a volume must not hide; below the kernel's places and those of secrets none belongs either.
_SYSTEM = frozenset(
    f"/{name}"
    for name in ("", "bin", "etc", "lib", "lib64", "opt", "root", "sbin", "tmp", "usr", "var")
)
_KERNEL = tuple(map(PurePosixPath, ["/boot", "/dev", "/proc", "/run", "/sys", "/var/run"]))


def _target(value: PurePosixPath) -> PurePosixPath:
    if str(value) in _SYSTEM or any(value.is_relative_to(place) for place in _KERNEL):
        raise ValueError("must be a directory that is not one of the system's")
    return value


Target = Annotated[LabPath, AfterValidator(_target)]


def _base_url(value: str) -> str:
    parts = value.strip("/").split("/") if value.strip("/") else []
    if not all(re.fullmatch(r"[A-Za-z0-9._~-]+", part) and part.strip(".") for part in parts):
        raise ValueError(f"must be {_BASE_WORDS}")
    return "/" + "".join(f"{part}/" for part in parts)


_BASE_WORDS = "a path such as /jupyterhub of letters, digits and . _ ~ -"
BaseUrl = Annotated[str, AfterValidator(_base_url), Written(_BASE_WORDS)]


def _address(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        labels = value.split(".")
        label = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
        if len(value) <= 253 and all(re.fullmatch(label, part) for part in labels):  # noqa: SIM102
            if not labels[-1].isdigit():
                return value
    raise ValueError(f"must be {_ADDRESS_WORDS}")


_ADDRESS_WORDS = "an IP address or a host name"
Address = Annotated[str, AfterValidator(_address), Written(_ADDRESS_WORDS)]


def _network(value: str) -> str:
    try:
        network = ip_network(value)
    except ValueError:
        raise ValueError(f"must be {_NETWORK_WORDS}") from None
    if not network.prefixlen:
        raise ValueError(f"must be {_NETWORK_WORDS}; {value} is every address there is")
    return str(network)


_NETWORK_WORDS = "an IP address or a network such as 10.1.2.0/24"
AddressOrNetwork = Annotated[str, AfterValidator(_network), Written(_NETWORK_WORDS)]


def _web_address(value: str) -> str:
    if not value:
        return value
    try:
        url = urlsplit(value)
        good = url.scheme in {"http", "https"} and url.hostname and url.port != 0
    except ValueError:
        good = False
    if not good or re.search(r"[\s?#@\\]", value) or not value.isprintable():
        raise ValueError(f"must be {_WEB_WORDS}")
    return value


_WEB_WORDS = "an address such as https://labs.example.org, or empty"
WebAddress = Annotated[str, AfterValidator(_web_address), Written(_WEB_WORDS)]


def _database(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    if not value or (separator and rest and scheme in {"sqlite", "postgresql+psycopg"}):
        return value
    if separator and rest and scheme in {"postgres", "postgresql"}:
        return f"postgresql+psycopg://{rest}"
    raise ValueError(f"must be {_DATABASE_WORDS}")


_DATABASE_WORDS = "sqlite:///path, postgresql://user@host/database, or empty"
Database = Annotated[str, AfterValidator(_database), Written(_DATABASE_WORDS)]


def _engine_address(value: str) -> str:
    if value and not re.fullmatch(r"(unix:/|tcp:/|http:/|https:/)?/[\x21-\x7e]+", value):
        raise ValueError(f"must be {_ENGINE_WORDS}")
    return value


_ENGINE_WORDS = "a path, unix:///path, tcp://host:port, or empty"
EngineAddress = Annotated[str, AfterValidator(_engine_address), Written(_ENGINE_WORDS)]


def _username(value: str) -> str:
    name = value.lower() if value.isascii() else value
    if not re.fullmatch(r"[a-z0-9][a-z0-9._@+-]{0,63}", name) or name.endswith("."):
        raise ValueError(f"must be {_USERNAME_WORDS}")
    return name


_USERNAME_WORDS = "a username: letters, digits and . _ - beginning with a letter or digit"
Username = Annotated[str, AfterValidator(_username), Written(_USERNAME_WORDS)]

# Names that the hub and the lab's entry point set, on which a lab's sign-in depends.
_RESERVED = ("JUPYTERHUB_", "JPY_", "LABYARD_")


def _variable(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError("must consist of letters, digits and _, and not begin with a digit")
    if name.upper().startswith(_RESERVED):
        raise ValueError(f"must not begin with {' or '.join(_RESERVED)}: those are the hub's own")
    return name


def _variable_value(value: str) -> str:
    if "\0" in value:
        raise ValueError("must be text without a null character")
    return value


Variables = Annotated[
    dict[
        Annotated[str, AfterValidator(_variable)],
        Annotated[str, AfterValidator(_variable_value)],
    ],
    Written("a mapping of names to text"),
]
