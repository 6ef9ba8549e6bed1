"""The declaration as files for people: reference, example, JSON schema and ``.env.example``. Pure."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml
from pydantic import BaseModel

from labyard.settings.compat import UNSUPPORTED
from labyard.settings.declared import Option, groups, options
from labyard.settings.schema import Settings

MADE = (
    "Made from labyard/settings/schema.py by `labyard config docs`; a test fails when it is stale."
)


def files() -> Mapping[str, str]:
    """Return every file that is made from the declaration, by path in the source tree."""
    made: Mapping[str, Callable[[], str]] = {
        "docs/reference/settings.md": reference,
        "docs/reference/labyard.example.yaml": example,
        "docs/reference/settings.schema.json": json_schema,
        ".env.example": dotenv,
    }
    return {path: make() for path, make in made.items()}


def reference() -> str:
    """Return the reference page in Markdown."""
    return (
        f"# Settings\n\n<!-- {MADE} -->\n\n{_INTRODUCTION}"
        + "".join(_reference_section(path, inside) for path, inside in _sections().items())
        + _unsupported()
    )


def example() -> str:
    """Return a settings file with every setting at its default, explained."""
    lines = [f"# {MADE}", "# Every setting with its default. Keep what you change.", ""]
    headed: set[str] = set()
    for option in _settable():
        *above, key = option.path.split(".")
        for depth in range(1, len(above) + 1):
            path = ".".join(above[:depth])
            if path not in headed:
                headed.add(path)
                help = next(group.help for group in groups() if group.path == path)
                indent = "  " * (depth - 1)
                lines += ["", f"{indent}# {help}", f"{indent}{above[depth - 1]}:"]
        indent = "  " * len(above)
        lines += [f"{indent}# {line}" for line in (option.help, f"Allowed: {option.allowed}.")]
        lines += [indent + line for line in _yaml({key: _plain(option.default)})]
    return _single_blank_lines(lines)


def json_schema() -> str:
    """Return the JSON schema that editors check and complete a settings file with."""
    schema = Settings.model_json_schema()
    schema |= {"$schema": "https://json-schema.org/draft/2020-12/schema", "$comment": MADE}
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def dotenv() -> str:
    """Return a file of environment variables, every one commented out at its default."""
    lines = [
        f"# {MADE}",
        "# The environment lies on top of labyard.yaml and conf.d/. An empty variable is not set.",
        "# Lists and mappings are YAML. Names in brackets set the same: migrating sites bring them.",
    ]
    for option in _settable():
        regular, *migrating = option.variables
        also = f" [{', '.join(migrating)}]" if migrating else ""
        lines += ["", f"# {option.help}{also}", f"# {regular}={_shell(option)}"]
    return "\n".join(lines) + "\n"


def _settable() -> Iterator[Option]:
    return (option for option in options() if option.variables)


def _sections() -> Mapping[str, list[Option]]:
    sections: dict[str, list[Option]] = defaultdict(list)
    for option in options():
        sections[option.path.rpartition(".")[0]].append(option)
    return sections


_INTRODUCTION = """\
Settings are read from `labyard.yaml`, then from `conf.d/*.yaml` beside it in the order of their names,
then from the environment; later ones lie on top: mappings merge, lists and other values replace.
The site's own `jupyterhub_config.d/*.py` comes last and wins for everything.
[How to configure](../howto/configure.md) walks through it.

Every setting has an environment variable, `LABYARD_` and its path in capitals with `__` for each dot;
other names in the column are those that migrating sites bring. An empty variable is not set. Sizes are
`512M`, `4G` (K is 1024) or a number of bytes; durations are `30s`, `5m`, `8h`, `14d` or a number of
seconds.
"""

_HEAD = """
| setting | what it is | allowed | default | environment |
|---|---|---|---|---|
"""


def _reference_section(path: str, inside: list[Option]) -> str:
    help = next((group.help for group in groups() if group.path == path), "")
    title = {"": "The installation", "volumes[]": "Each item of `volumes`"}.get(path, f"`{path}`")
    return f"\n## {title}\n" + (f"\n{help}\n" if help else "") + _HEAD + _rows(inside)


def _rows(inside: list[Option]) -> str:
    return "".join(
        f"| `{option.path}` | {_cell(option.help)} | {_cell(_allowed(option))} "
        f"| {_default(option)} | {_names(option.variables)} |\n"
        for option in inside
    )


def _allowed(option: Option) -> str:
    words = option.allowed + (f" ({option.unit})" if option.unit == "cores" else "")
    return f"{words}; never shown" if option.secret else words


def _default(option: Option) -> str:
    if option.required:
        return "required"
    if option.path == "volumes":
        return ", ".join(f"`{volume.name}`" for volume in option.default)
    return f"`{_flow(option.default)}`"


def _names(names: tuple[str, ...]) -> str:
    return "<br>".join(f"`{name}`" for name in names)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _unsupported() -> str:
    return (
        "\n## Names that do nothing yet\n\n"
        "Labyard knows these names of other systems and warns when one of them asks for something.\n\n"
        "| environment | why |\n|---|---|\n"
    ) + "".join(f"| `{name}` | {known.reason} |\n" for name, known in sorted(UNSUPPORTED.items()))


def _plain(value: Any) -> Any:
    """Return a declared default as YAML has it."""
    if isinstance(value, BaseModel):
        return {
            key: _plain(inner)
            for key, inner in value.model_dump(mode="json", exclude_defaults=True).items()
        }
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _yaml(value: object) -> list[str]:
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1000)
    return text.rstrip("\n").split("\n")


def _flow(value: object) -> str:
    text = yaml.safe_dump(_plain(value), default_flow_style=True, sort_keys=False, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...").strip()


def _shell(option: Option) -> str:
    """Return the default as an ``.env`` file has it: on one line, quoted when it must be."""
    many = isinstance(option.default, (list, dict))
    text = json.dumps(_plain(option.default)) if many else _flow(option.default).strip("'")
    return str(text) if re.fullmatch(r"[\w./:-]*", str(text)) else f"'{text}'"


def _single_blank_lines(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"
