"""What every section of the settings is made of: how a setting is declared, and how two disagree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


def option(
    default: Any, help: str, *, env: str | tuple[str, ...] = (), secret: bool = False, **bounds: Any
) -> Any:
    """Declare one setting.

    ``default`` is written as a person would, or a function that makes it. ``env`` names the
    environment variables that set it besides the regular one (``LABYARD_<PATH>``): the names that
    migrating sites bring. ``secret`` values are never shown.
    """
    extra: Any = {"env": [env] if isinstance(env, str) else list(env), "secret": secret}
    make = {"default_factory": default} if callable(default) else {"default": default}
    return Field(**make, description=help, json_schema_extra=extra, repr=not secret, **bounds)


Clash = tuple[tuple[str, ...], str]


class Disagreement(ValueError):
    """Settings that are good one by one and not together.

    Each item of ``clashes`` is the paths of the settings it is about, and a sentence without a full
    stop.
    """

    def __init__(self, clashes: Sequence[Clash]) -> None:
        super().__init__("; ".join(sentence for _, sentence in clashes))
        self.clashes = tuple(clashes)


class Section(BaseModel):
    """A group of settings. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)
