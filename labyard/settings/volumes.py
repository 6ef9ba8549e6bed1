"""What of a lab outlives it, and what people may send into it."""

from __future__ import annotations

from pathlib import PurePosixPath

from labyard.settings.kinds import Bytes, Flag, Key, Line, Target, Whole
from labyard.settings.section import Section, option


class VolumeSettings(Section):
    """One directory of a lab that outlives it."""

    name: Key = option(..., "Key of the volume.")
    target: Target = option(..., "Where it appears in the lab.")
    description: Line = option("", "What people keep in it, in a few words.", max_length=200)
    shared: Flag = option(False, "One volume for everybody instead of one for each person.")
    read_only: Flag = option(False, "Whether labs may only read it.")


def default_volumes() -> list[VolumeSettings]:
    """Return the volumes of a site that names none of its own."""
    return [
        VolumeSettings(
            name="home", target=PurePosixPath("/home"), description="settings, environments"
        ),
        VolumeSettings(
            name="workspace",
            target=PurePosixPath("/home/lab/workspace"),
            description="notebooks, code",
        ),
        VolumeSettings(
            name="cache",
            target=PurePosixPath("/home/lab/.cache"),
            description="downloads, can be rebuilt",
        ),
        VolumeSettings(
            name="shared",
            target=PurePosixPath("/mnt/shared"),
            description="files for everybody",
            shared=True,
        ),
    ]


class Uploads(Section):
    """Files that people send into their volumes."""

    max_size: Bytes = option("4G", "Largest upload, as it is sent.")
    max_unpacked: Bytes = option("16G", "Most that an upload may hold when it is unpacked.")
    max_files: Whole = option(
        200_000, "Most files and folders that an upload may hold.", ge=1, le=10_000_000
    )
    at_once: Whole = option(
        8,
        "Most uploads under way at once, of all people together; one person has one.",
        ge=1,
        le=256,
    )
