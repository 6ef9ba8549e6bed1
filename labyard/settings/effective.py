"""What the site's own ``jupyterhub_config.d/*.py`` made of the labs' settings. Pure.

The hub's process runs those files, the service does not: so the hub hands over what came out.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from labyard.core.units import parse_bytes
from labyard.settings.schema import Settings


class Effective(BaseModel):
    """Values of ``labs`` that other processes show, as the hub has them."""

    image: str
    images: list[str]
    cpu: float | None
    max_cpu: float | None
    memory: int | None
    max_memory: int | None


def effective(settings: Settings, config: Any) -> Effective:
    """Return what holds after every file has had its word; ``config`` is JupyterHub's.

    A value that is not a plain one, such as a function of the site's, leaves the settings' own.
    """
    labs = settings.labs
    kept = labs.model_dump(include=set(Effective.model_fields))
    for field, name, read in (
        ("image", "image", _text),
        ("images", "images", _texts),
        ("cpu", "cpu_limit", _number),
        ("max_cpu", "max_cpu", _number),
        ("memory", "mem_limit", _bytes),
        ("max_memory", "max_memory", _bytes),
    ):
        for section in ("Spawner", "LabSpawner"):
            if name in config[section]:
                kept[field] = read(config[section][name], kept[field])
    return Effective(**kept)


def with_effective(settings: Settings, kept: Effective) -> Settings:
    """Return the settings with what holds in the hub."""
    return settings.model_copy(update={"labs": settings.labs.model_copy(update=dict(kept))})


def _text(value: Any, usual: Any) -> Any:
    return value if isinstance(value, str) else usual


def _texts(value: Any, usual: Any) -> Any:
    good = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return list(value) if good else usual


def _number(value: Any, usual: Any) -> Any:
    plain = value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
    return value if plain else usual


def _bytes(value: Any, usual: Any) -> Any:
    try:
        return None if value is None else parse_bytes(value)
    except ValueError:
        return usual
