"""The choices of one server, declared once.

The form, the REST body, the ``opt-`` query, the command line and the reference page are made from
:class:`Options`; what is typed is read by its kinds (``settings.chosen``), and :mod:`.parse` holds it
against the limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from labyard.settings.chosen import (
    Days,
    Environment,
    Gpus,
    LabCores,
    LabMemory,
    SharedMemory,
    YesOrNo,
)
from labyard.settings.kinds import Written

Control = Literal["cards", "image", "text", "lines", "yes-no"]


@dataclass(frozen=True, slots=True)
class Shown:
    """How a field is drawn: which control, an example, and how many of 12 columns it takes."""

    control: Control
    example: str
    columns: int = 4


def _choice(title: str, help: str, control: Control, example: str, columns: int = 4) -> Any:
    return Field(
        None,
        title=title,
        description=help,
        json_schema_extra={"shown": [control, example, columns]},
    )


class Options(BaseModel):
    """The choices of one server. What is not chosen (None) is what profile and limits give."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    profile: Annotated[str, Written("the name of a profile")] | None = _choice(
        "Profile", "A preset of the other fields.", "cards", "small"
    )
    image: Annotated[str, Written("the name of an image that is offered")] | None = _choice(
        "Image", "What is installed in the lab.", "image", "labyard/lab:latest", 6
    )
    cpu: LabCores | None = _choice("CPU cores", "Fractions are fine.", "text", "0.5")
    memory: LabMemory | None = _choice("Memory", "Swap included.", "text", "2G")
    shm: SharedMemory | None = _choice(
        "Shared memory", "For data loaders with workers.", "text", "256M"
    )
    gpus: Gpus | None = _choice("GPUs", "How many, all, or ids.", "text", "1")
    days: Days | None = _choice(
        "Days to live", "Then the server is removed; volumes are kept.", "text", "7"
    )
    mount: YesOrNo | None = _choice(
        "Volumes", "Without them, what the lab writes goes with it.", "yes-no", "yes"
    )
    environment: Environment | None = _choice(
        "Environment",
        "NAME=VALUE, one a line. Not for secrets: administrators see it.",
        "lines",
        "TF_CPP_MIN_LOG_LEVEL=3",
        12,
    )


FIELDS: tuple[str, ...] = tuple(Options.model_fields)
LABELS: Mapping[str, str] = {name: str(f.title) for name, f in Options.model_fields.items()}


def shown(field: str) -> Shown:
    """Return how ``field`` is drawn."""
    extra: Any = Options.model_fields[field].json_schema_extra
    return Shown(*extra["shown"])


def help_for(field: str) -> str:
    """Return the sentence below ``field``."""
    return str(Options.model_fields[field].description)


def allowed(field: str) -> str:
    """Return what may be written for ``field``, in words."""
    (kind, *_) = get_args(Options.model_fields[field].annotation)
    # The last one is the narrowest: kinds are made from wider ones.
    return [each.words for each in kind.__metadata__ if isinstance(each, Written)][-1]


def kept(stored: Mapping[str, Any]) -> Options:
    """Return choices that the hub kept; what is not understood any more counts as not chosen."""
    try:
        return Options.model_validate(stored)
    except ValidationError as error:
        wrong = {each["loc"][0] for each in error.errors()}
        return Options.model_validate({k: v for k, v in stored.items() if k not in wrong})


def plain(options: Options) -> dict[str, Any]:
    """Return what was chosen as JSON has it: REST takes it, the hub keeps it."""
    return options.model_dump(mode="json", exclude_none=True)
