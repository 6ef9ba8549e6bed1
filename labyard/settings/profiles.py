"""Profiles: presets of what a person may choose for a server."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from labyard.settings.chosen import (
    Days,
    Environment,
    Gpus,
    LabCores,
    LabMemory,
    SharedMemory,
    YesOrNo,
)
from labyard.settings.kinds import Image, Line, Written
from labyard.settings.section import Disagreement, Section, option

PresetField = Literal["image", "cpu", "memory", "shm", "environment", "days", "mount", "gpus"]

ProfileName = Annotated[
    str,
    Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$"),
    Written("1 to 40 lower-case letters, digits and dashes that begin with a letter or digit"),
]


class Preset(Section):
    """Values of some of the fields, null for the others."""

    image: Image | None = option(None, "Image of the lab.")
    cpu: LabCores | None = option(None, "Cores.")
    memory: LabMemory | None = option(None, "Memory.")
    shm: SharedMemory | None = option(None, "Size of /dev/shm.")
    environment: Environment | None = option(None, "Environment variables. Not for secrets.")
    days: Days | None = option(None, "Days to live.")
    mount: YesOrNo | None = option(None, "Whether volumes are mounted.")
    gpus: Gpus | None = option(None, "GPUs: how many, all, or ids.")


class Profile(Section):
    """A preset that people pick by name. Its values may go beyond those of ``labs``."""

    name: ProfileName = option(..., "Key of the profile, unique.")
    title: Line = option(..., "What people read on its card.", max_length=60)
    description: Line = option("", "What it is for, in a sentence.", max_length=300)
    lock: Preset = option(Preset, "Values that nobody may change.")
    default: Preset = option(Preset, "Values that are filled in and may be changed.")
    offer: list[PresetField] | None = option(
        None, "Fields that may be chosen besides those with a default; null for all."
    )

    @model_validator(mode="after")
    def _locked_or_not(self) -> Profile:
        locked = set(self.lock.model_dump(exclude_none=True))
        free = set(self.default.model_dump(exclude_none=True)) | set(self.offer or ())
        if both := sorted(locked & free):
            clash = (
                f"labs.profiles: the profile {self.name} locks {', '.join(both)} and offers it too; "
                "leave it out of one"
            )
            raise Disagreement([(("labs.profiles",), clash)])
        return self
