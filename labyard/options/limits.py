"""What the choices may not pass, and what is given where nothing is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from labyard.options.declaration import FIELDS, Options
from labyard.settings.profiles import Preset, Profile


def _unchecked(value: Any) -> Any:
    """Take the site's own values as they are: they need not be within what people may choose."""
    return Options.model_construct(**value) if isinstance(value, dict) else value


class Limits(BaseModel):
    """What one person may choose for one server.

    ``cpu`` is in cores, ``memory`` and ``shm`` in bytes, None for no limit of the site's; ``host_cpu``
    and ``host_memory`` are what the machine has, None while nobody knows. ``usual`` is what is given
    without a choice. ``lacks`` says of each field that the engine cannot do, why. ``devices`` are the
    GPUs that labs may have and ``gpus`` how many of them one may. The first of ``profiles`` is what a
    start without a choice gets.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    images: tuple[str, ...]
    custom_images: bool = False
    cpu: float | None = None
    memory: int | None = None
    shm: int | None = None
    days: int | None = None
    gpus: int = 0
    devices: tuple[str, ...] = ()
    host_cpu: float | None = None
    host_memory: int | None = None
    usual: Annotated[Options, BeforeValidator(_unchecked)] = Options()
    profiles: tuple[Profile, ...] = ()
    lacks: Mapping[str, str] = {}

    def giving(self, **usual: Any) -> Limits:
        """Return these limits where other values are given without a choice."""
        return self.model_copy(update={"usual": self.usual.model_copy(update=usual)})

    def profile(self, name: str | None) -> Profile | None:
        """Return the profile called ``name``, the first one without a name; None if there is none."""
        if name is None:
            return self.profiles[0] if self.profiles else None
        return next((each for each in self.profiles if each.name == name), None)

    def missing(self, field: str) -> str:
        """Return why nobody can choose ``field`` here, in a sentence; empty where people can."""
        if field in self.lacks:
            return self.lacks[field]
        if field == "gpus" and not (self.devices and self.most_gpus):
            return "No GPUs are handed out here."
        if field == "profile" and not self.profiles:
            return "There are no profiles here."
        return ""

    @property
    def offered(self) -> tuple[str, ...]:
        """Return the fields that people can choose here, some of them depending on the profile."""
        return tuple(field for field in FIELDS if not self.missing(field))

    @property
    def most_gpus(self) -> int:
        """Return the most GPUs that a lab may have under any profile."""
        return max([self.gpus, *(_gpus_of(each) for each in self.profiles)])

    def under(self, profile: Profile | None) -> Limits:
        """Return the limits where ``profile`` was picked: its own values are allowed in any case."""
        if profile is None:
            return self
        own = {**_values(profile.default), **_values(profile.lock)}
        wider: dict[str, Any] = {}
        for field in ("cpu", "memory", "shm", "days"):
            limit = getattr(self, field)
            if field in own and limit is not None:
                wider[field] = max(limit, own[field])
        if "image" in own:
            wider["images"] = tuple(dict.fromkeys([*self.images, own["image"]]))
        wider["gpus"] = max(self.gpus, _gpus_of(profile))
        return self.model_copy(update=wider)


def _values(preset: Preset) -> dict[str, Any]:
    return preset.model_dump(exclude_none=True)


def _gpus_of(profile: Profile) -> int:
    """Return how many GPUs a profile gives; "all" is as many as there may be."""
    gpus = profile.lock.gpus if profile.lock.gpus is not None else profile.default.gpus
    if gpus == "all":
        return 1024
    return len(gpus) if isinstance(gpus, tuple) else int(gpus or 0)
