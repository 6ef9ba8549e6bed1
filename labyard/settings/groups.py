"""What the members of a group may have. What a group does not say is as everybody has it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from labyard.settings.chosen import Environment, LabCores, LabMemory, SharedMemory
from labyard.settings.kinds import Bytes, Flag, Image, Seconds, Whole, Written
from labyard.settings.profiles import ProfileName
from labyard.settings.section import Section, option
from labyard.settings.storage import ExtraVolume

# The hub's own groups take any text; these are for pages, files and the command line, too.
GroupName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,254}$"),
    Written(
        "the name of a group: letters, digits and . _ : / @ - beginning with a letter or digit"
    ),
]


class GroupPolicy(Section):
    """What one group grants its members. Of several groups the more generous word counts."""

    cpu: LabCores | None = option(None, "Most cores of a lab.")
    memory: LabMemory | None = option(None, "Most memory of a lab.")
    shm: SharedMemory | None = option(None, "Largest /dev/shm of a lab.")
    gpus: Whole | None = option(None, "Most GPUs of a lab.", ge=0, le=1024)
    days: Whole | None = option(None, "Most days a server may live.", ge=1, le=3650)
    idle_timeout: Seconds | None = option(
        None, "How long nobody may work in a lab before its server is stopped."
    )
    servers: Whole | None = option(None, "How many named servers a member may have.", ge=0, le=1000)
    images: list[Image] | None = option(
        None,
        "Images to choose from, instead of everybody's; the first is what a start gets.",
        min_length=1,
    )
    profiles: list[ProfileName] | None = option(
        None, "Which of labs.profiles there are to pick from.", min_length=1
    )
    environment: Environment | None = option(None, "Environment of the labs. Not for secrets.")
    quota: Bytes | None = option(
        None,
        "How much a member's own volumes should hold together; their page warns, nothing is refused.",
    )
    volumes: list[ExtraVolume] | None = option(
        None,
        "Directories in the labs besides everybody's volumes, such as data:/mnt/data:ro, "
        "/srv/course:/mnt/course or //nas/projects:/mnt/projects.",
        min_length=1,
    )
    docker: Literal["none", "socket"] | None = option(
        None,
        "Access to the engine from the lab. socket is the engine's own socket: whoever has it is root "
        "on the host.",
    )
    sudo: Flag | None = option(
        None,
        "Whether members may become root in their labs by sudo, without a password: the container's root, "
        "not the host's.",
    )


class GroupSettings(GroupPolicy):
    """The policy of one group, in the settings file."""

    name: GroupName = option(..., "Name of the group, as the hub has it.")
