"""The kinds of values that people choose for a server, and sites preset in profiles.

As in ``kinds.py``, every kind says what is allowed, and checks raise ``ValueError("must …")``. Text is
read as a form has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, Strict, WithJsonSchema

from labyard.core.units import show_bytes
from labyard.settings.kinds import Bytes, Cores, Written

# Less than JupyterLab and one kernel need: a start that can only fail.
LEAST_MEMORY = 128 * 2**20
LEAST_SHM = 2**20
MOST_DAYS = 3650
MOST_VARIABLES = 64
_LONGEST_NAME = 128
_LONGEST_VALUE = 4096
_LONGEST_ENVIRONMENT = 16 * 2**10
MOST_GPUS = 1024

# What the lab's own programs, its sign-in, its web tools and its GPUs depend on.
RESERVED_NAMES = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "BASH_ENV", "ENV"),
        *("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONDONTWRITEBYTECODE"),
        *("CPU_LIMIT", "CPU_GUARANTEE", "MEM_LIMIT", "MEM_GUARANTEE"),
    )
)
RESERVED_PREFIXES = (
    "JUPYTERHUB_",
    "JPY_",
    "JUPYTER_",
    "LABYARD_",
    "LD_",
    "NVIDIA_",
    "ENABLE_SERVICE_",
)


def _with_point(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\s*\d+,\d+\s*", value):
        raise ValueError(f"must have a decimal point: write {value.strip().replace(',', '.')}")
    return value


def _at_least(least: int) -> AfterValidator:
    def check(value: int) -> int:
        if value < least:
            raise ValueError(f"must be at least {show_bytes(least)}{_unit_hint(value)}")
        return value

    return AfterValidator(check)


def _unit_hint(value: int) -> str:
    """Return what somebody meant who left the unit out."""
    return f"; without a unit it is bytes, so write {value}G" if value < 1024 else ""


_SIZE = "a size such as 512M or 4G"
LabCores = Annotated[Cores, BeforeValidator(_with_point)]
LabMemory = Annotated[
    Bytes,
    _at_least(LEAST_MEMORY),
    Written(f"{_SIZE}, at least {show_bytes(LEAST_MEMORY)}", "bytes"),
]
SharedMemory = Annotated[
    Bytes, _at_least(LEAST_SHM), Written(f"{_SIZE}, at least {show_bytes(LEAST_SHM)}", "bytes")
]


def _whole(value: object) -> object:
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text, re.ASCII) else value


def _some_days(value: object) -> object:
    value = _whole(value)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_DAYS:
        return value
    raise ValueError(f"must be {_DAYS}; left out, a server does not expire")


_DAYS = f"a whole number from 1 to {MOST_DAYS}"
Days = Annotated[
    int, Strict(), BeforeValidator(_some_days), Field(ge=1, le=MOST_DAYS), Written(_DAYS, "days")
]

_YES = frozenset({"yes", "true", "on", "1"})
_NO = frozenset({"no", "false", "off", "0"})


def _yes_or_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word not in _YES | _NO:
        raise ValueError("must be yes or no")
    return word in _YES


YesOrNo = Annotated[
    bool,
    PlainValidator(_yes_or_no),
    Written("yes or no, true or false"),
    WithJsonSchema({"type": "boolean"}),
]


def _gpus(value: object) -> int | str | tuple[str, ...]:
    value = _whole(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_GPUS:
        return value
    if isinstance(value, str):
        if value.strip().lower() == "all":
            return "all"
        value = value.split(",")
    if isinstance(value, (list, tuple)) and value:
        ids = tuple(_device(each.strip() if isinstance(each, str) else "") for each in value)
        if len(set(ids)) == len(ids):
            return ids
    raise ValueError(f"must be {_GPUS}")


_GPUS = "how many, all, or the ids of different ones with commas between"
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/=-]{0,127}")


def _device(value: str) -> str:
    # A number would be an index, which says another card after a reboot.
    if not _DEVICE.fullmatch(value) or value.isdigit() or value.lower() == "all":
        raise ValueError(f"must be {_DEVICE_WORDS}")
    return value


_DEVICE_WORDS = "a GPU's UUID such as GPU-8f4a, or a CDI name such as nvidia.com/gpu=0"
Device = Annotated[str, AfterValidator(_device), Written(_DEVICE_WORDS)]
Gpus = Annotated[
    int | str | tuple[str, ...],
    BeforeValidator(_gpus),
    Written(_GPUS),
    WithJsonSchema(
        {"type": ["integer", "string", "array"], "minimum": 0, "items": {"type": "string"}}
    ),
]


def _environment(value: object) -> dict[str, str]:
    pairs = dict(_lines(value)) if isinstance(value, str) else value
    if not isinstance(pairs, Mapping):
        raise ValueError("must be NAME=VALUE lines, or an object of names and texts")
    if len(pairs) > MOST_VARIABLES:
        raise ValueError(f"must be at most {MOST_VARIABLES} variables; these are {len(pairs)}")
    checked = {str(name): _variable(name, text) for name, text in pairs.items()}
    if sum(len(name) + len(text) for name, text in checked.items()) > _LONGEST_ENVIRONMENT:
        raise ValueError(f"must be at most {show_bytes(_LONGEST_ENVIRONMENT)} in all")
    return checked


def _lines(text: str) -> Iterable[tuple[str, str]]:
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, equals, value = line.partition("=")
        name = name.strip()
        if not equals:
            raise ValueError(f"must have NAME=VALUE in each line; line {number} has no '='")
        if name in seen:
            raise ValueError(f"must name each variable once; {name[:40]!a} is there twice")
        seen.add(name)
        yield name, value.strip()


def _variable(name: Any, value: Any) -> str:
    shown = ascii(name if len(str(name)) <= 40 else str(name)[:40] + "…")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(f"must have names of letters, digits and _; {shown} is none")
    if len(name) > _LONGEST_NAME:
        raise ValueError(
            f"must have names of at most {_LONGEST_NAME} characters; {shown} is longer"
        )
    if name.upper() in RESERVED_NAMES or name.upper().startswith(RESERVED_PREFIXES):
        raise ValueError(f"must leave {shown} alone: the lab itself depends on it")
    if not isinstance(value, str):
        raise ValueError(f"must have texts as values; that of {name} is none")
    if len(value) > _LONGEST_VALUE:
        raise ValueError(
            f"must have values of at most {_LONGEST_VALUE} characters; {name} has more"
        )
    if set(value) & set("\0\n\r"):
        raise ValueError(f"must have one line a value; {name} has more")
    return value


Environment = Annotated[
    dict[str, str],
    PlainValidator(_environment),
    Written(f"NAME=VALUE lines, at most {MOST_VARIABLES}"),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}}),
]
