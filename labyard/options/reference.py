"""The reference page of the options, made from their declaration. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from labyard.options.declaration import FIELDS, LABELS, allowed, help_for, shown
from labyard.settings.chosen import MOST_VARIABLES, RESERVED_NAMES, RESERVED_PREFIXES

_INTRODUCTION = """\
# Options of a server

<!-- Made from labyard/options/declaration.py by `labyard config docs`; a test fails when it is stale. -->

What somebody may choose for a server. The form on *New server*, the hub's own spawn page, REST, links and
the command line take the same fields and refuse the same values, each by name, with what is allowed.
Everything else is refused: there is no way to ask for another mount, command or user.

| field | in the form | what it is | write | example |
|---|---|---|---|---|
"""

_WAYS = """
| way | how | example |
|---|---|---|
| form | *New server* and *Change* at home; `hub/spawn/{user}/{server}` for somebody else | |
| REST | `POST users/{user}/servers/{name}/start`, the fields in `options` ([REST](rest.md)) | \
`{"options": {"cpu": 0.5, "environment": {"A": "1"}}}` |
| link | `services/labyard/new?opt-FIELD=…`: fills in the form, starts nothing | `?opt-cpu=0.5` |
| command line | `labyard servers start USER/SERVER --FIELD …` | `--cpu 0.5 -e A=1` |

A field that is left out has what its profile gives, else what is usual here (`labs` in the
[settings](settings.md)). A start without options uses those of last time. What was chosen is kept with
the server and shown under *Info*.

## How much

- `cpu`, `memory`: at most `labs.max_cpu` and `labs.max_memory`, which are `labs.cpu` and `labs.memory` unless
  the site says otherwise, in settings, its own file or a group override; never more than the machine has.
- `shm`: at most `labs.max_shm`. `days`: at most `labs.max_days`, which is also what an empty field gives.
- `gpus`: at most `labs.gpus`, of those in `gpu.devices`. A lab holds its GPUs until it stops; when too few
  are free, a start is refused and says how many are.
- `image`: `labs.image`, one of `labs.images`, or any with `labs.custom_images`.
- A profile's own values are allowed in any case: see [profiles](../howto/profiles.md).

Local labs (`engine.kind: local`) have no image, limits or GPUs, and Podman's socket takes no GPU requests:
there these fields are not offered, and refused with that reason.

"""


def reference() -> str:
    """Return the page in Markdown."""
    rows = "".join(_row(field) for field in FIELDS)
    return f"{_INTRODUCTION}{rows}{_WAYS}{_environment()}"


def _row(field: str) -> str:
    written = allowed(field).replace("|", "\\|")
    return f"| `{field}` | {LABELS[field]} | {help_for(field)} | {written} | `{shown(field).example}` |\n"


def _environment() -> str:
    names = ", ".join(f"`{name}`" for name in sorted(RESERVED_NAMES))
    prefixes = ", ".join(f"`{prefix}`" for prefix in RESERVED_PREFIXES)
    return f"""\
## Environment

One `NAME=VALUE` a line, split at the first `=`; at most {MOST_VARIABLES} variables, 4,096 characters a value,
16 KB in all. They are **not for secrets**: whoever may inspect the container reads them, and so does
whoever gets the link. They win over `labs.environment`.

The lab itself depends on some names, which are refused: {names}, and those that begin with {prefixes}.
"""


def files() -> Mapping[str, str]:
    """Return the files that are made from the declaration, by path in the source tree."""
    return {"docs/reference/options.md": reference()}
