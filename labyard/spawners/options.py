"""What a person may choose for a new server: one declaration gives form, parsing and checks.

The form, the REST body and the ``opt-`` query parameters all come through :func:`parse`. A key that is
not declared here is refused by name, so nothing else of a container can be asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from markupsafe import Markup
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from labyard.core.errors import Refused
from labyard.core.units import show_bytes
from labyard.settings.kinds import Bytes, Cores

# Less than JupyterLab and one kernel need: a start that can only fail.
_LEAST_MEMORY = 128 * 2**20

# Fields of the form that are not choices.
_OF_THE_FORM = frozenset({"_xsrf"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What the choices may not pass: ``cpu`` in cores and ``memory`` in bytes, None for no limit."""

    images: tuple[str, ...]
    cpu: float | None
    memory: int | None


def _enough(memory: int) -> int:
    if memory < _LEAST_MEMORY:
        raise ValueError(f"should be at least {show_bytes(_LEAST_MEMORY)}")
    return memory


class Options(BaseModel):
    """The choices of one server. What is not chosen (None) is what the limits give."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    image: str | None = Field(None, title="Image", description="What is installed in the lab.")
    cpu: Cores | None = Field(None, title="CPU cores", description="Fractions are fine: 0.5")
    memory: Annotated[Bytes, AfterValidator(_enough)] | None = Field(
        None, title="Memory", description="For example 2G or 512M"
    )


def parse(raw: Mapping[str, Any], limits: Limits) -> Options:
    """Return checked options.

    ``raw`` comes from REST (typed values) or from a form or query (lists of strings, where an empty
    string is no choice).

    Raises
    ------
    Refused
        Naming every field that cannot be accepted, its value and what is allowed.
    """
    given = {key: _single(value) for key, value in raw.items() if key not in _OF_THE_FORM}
    try:
        options = Options.model_validate({k: v for k, v in given.items() if v not in ("", None)})
    except ValidationError as error:
        raise Refused(" ".join(_sentence(e, given) for e in error.errors())) from None
    _within(options, limits)
    return options


def _single(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value.strip() if isinstance(value, str) else value


def _sentence(error: Any, given: Mapping[str, Any]) -> str:
    if not error["loc"]:  # a key that is no Unicode text
        return f"There is no such option; there are {', '.join(Options.model_fields)}."
    field = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        return (
            f"{_name(field)}: there is no such option; there are {', '.join(Options.model_fields)}."
        )
    return f"{field}: {_short(given[field])} {_reason(error['msg'])}."


def _reason(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should be", "should be")


def _name(field: str) -> str:
    return field if field.isidentifier() and len(field) <= 60 else _short(field)


def _short(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _within(options: Options, limits: Limits) -> None:
    if options.image is not None and options.image not in limits.images:
        raise Refused(
            f"image: {_short(options.image)} is not offered here.",
            remedy=f"Choose one of: {', '.join(limits.images)}.",
        )
    if options.cpu is not None and limits.cpu is not None and options.cpu > limits.cpu:
        raise Refused(f"cpu: {options.cpu:g} is more than the {limits.cpu:g} cores you may use.")
    if options.memory is not None and limits.memory is not None and options.memory > limits.memory:
        raise Refused(
            f"memory: {show_bytes(options.memory)} is more than the "
            f"{show_bytes(limits.memory)} you may use."
        )


def form(limits: Limits, chosen: Mapping[str, Any]) -> str:
    """Return the form's fields as HTML; ``chosen`` are earlier or suggested choices, not trusted."""
    fields = [_choice(limits.images, chosen)] if len(limits.images) > 1 else []
    fields += [
        _text("cpu", "" if limits.cpu is None else f"up to {limits.cpu:g}", chosen),
        _text(
            "memory", "" if limits.memory is None else f"up to {show_bytes(limits.memory)}", chosen
        ),
    ]
    return str(Markup("\n").join(fields))


def _choice(images: Sequence[str], chosen: Mapping[str, Any]) -> Markup:
    field = Options.model_fields["image"]
    current = _single(chosen.get("image"))
    options = Markup("").join(
        Markup("<option{}>{}</option>").format(Markup(" selected") if i == current else "", i)
        for i in images
    )
    return Markup(
        '<div class="mb-3"><label class="form-label" for="image">{}</label>'
        '<select class="form-select" id="image" name="image" aria-describedby="image-help">{}</select>'
        '<div class="form-text" id="image-help">{}</div></div>'
    ).format(field.title, options, field.description)


def _text(name: str, placeholder: str, chosen: Mapping[str, Any]) -> Markup:
    field = Options.model_fields[name]
    value = _single(chosen.get(name))
    return Markup(
        '<div class="mb-3"><label class="form-label" for="{name}">{title}</label>'
        '<input class="form-control" id="{name}" name="{name}" value="{value}" autocomplete="off"'
        ' placeholder="{placeholder}" aria-describedby="{name}-help">'
        '<div class="form-text" id="{name}-help">{help}</div></div>'
    ).format(
        name=name,
        title=field.title,
        help=field.description,
        placeholder=placeholder,
        value="" if value is None else str(value),
    )
