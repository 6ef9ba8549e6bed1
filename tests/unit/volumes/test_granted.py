"""What groups grant besides everybody's volumes, and what they can not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from labyard.core.errors import Refused
from labyard.core.models import MountKind
from labyard.core.names import Names
from labyard.settings.storage import Extra, Storage, extra
from labyard.volumes.granted import Granted, granted, host_directory

NAMES = Names("yard")


@pytest.mark.parametrize(
    ("text", "kind", "source", "target", "read_only"),
    [
        ("data:/mnt/data", "volume", "data", "/mnt/data", False),
        ("data:/mnt/data/:ro", "volume", "data", "/mnt/data", True),
        (" old-data:/mnt/data:rw", "volume", "old-data", "/mnt/data", False),
        ("/srv/course 1:/mnt/c", "", "", "", False),
        ("/srv/course:/home/lab/course", "host", "/srv/course", "/home/lab/course", False),
        ("//nas/projects/a:/mnt/p", "cifs", "//nas/projects/a", "/mnt/p", False),
        ("nfs://10.0.0.5/export:/mnt/n:ro", "nfs", "nfs://10.0.0.5/export", "/mnt/n", True),
        ("data", "", "", "", False),
        ("data:mnt", "", "", "", False),
        ("data:/mnt/a:/mnt/b", "", "", "", False),
        ("data:/etc", "", "", "", False),
        ("data:/var/run/x", "", "", "", False),
        ("data:/proc/x", "", "", "", False),
        ("data:/home", "", "", "", False),
        ("data:/home/lab/", "", "", "", False),
        ("data:/mnt/../etc", "", "", "", False),
        ("/srv/../etc:/mnt/x", "", "", "", False),
        ("//nas/a,uid=0:/mnt/x", "", "", "", False),
        ("/:/mnt/x", "", "", "", False),
        ("nfs://nas:/mnt/x", "", "", "", False),
    ],
)
def test_how_a_grant_is_written(
    text: str, kind: str, source: str, target: str, read_only: bool
) -> None:
    if not kind:
        with pytest.raises(ValueError, match="must "):
            extra(text)
        return
    read = extra(text)
    assert (read.kind, read) == (kind, Extra(source, target, read_only))
    assert extra(str(read)) == read


def mounts(*texts: str, here: bool = True, **storage: Any) -> Granted:
    return granted(
        [extra(text) for text in texts],
        Storage.model_validate(storage),
        NAMES,
        taken=["/home/lab", "/home", "/mnt/shared/deep"],
        private=[],
        here=here,
    )


def test_a_volume_is_the_installations_unless_the_settings_name_it() -> None:
    one, two = mounts("data:/mnt/a", "old_x:/mnt/b:ro", volumes=["old_x"]).mounts
    assert (one.source, one.target, one.read_only, one.shared) == (
        "yard_data",
        "/mnt/a",
        False,
        True,
    )
    assert (two.source, two.read_only) == ("old_x", True)
    for theirs in ("yard-anna_home", "Data", "a" * 21):
        with pytest.raises(Refused, match=r"storage\.volumes"):
            mounts(f"{theirs}:/mnt/a")


def test_what_everybody_has_is_not_covered() -> None:
    with pytest.raises(Refused, match="cover /mnt/shared/deep"):
        mounts("data:/mnt/shared")
    assert mounts("data:/mnt/shared/deep/inside").mounts


def test_shares_are_those_of_servers_in_the_settings() -> None:
    nas = {"address": "nas", "username": "labs", "password": "s3cret", "version": "3.0"}
    got = mounts("//nas/projects:/mnt/p", "nfs://nas/export:/mnt/n", servers=[nas])
    cifs, nfs = (got.options[mount.source] for mount in got.mounts)
    assert (cifs["type"], cifs["device"]) == ("cifs", "//nas/projects")
    assert {"addr=nas", "username=labs", "password=s3cret", "uid=1000"} <= {*cifs["o"].split(",")}
    assert (nfs["type"], nfs["device"]) == ("nfs", ":/export")
    assert "s3cret" not in nfs["o"] + repr(got) + str(got.mounts)
    changed = mounts("//nas/projects:/mnt/p", servers=[{**nas, "password": "other"}])
    assert changed.mounts[0].source != got.mounts[0].source, "an engine keeps a volume's options"
    with pytest.raises(Refused, match=r"storage\.servers"):
        mounts("//evil/projects:/mnt/p", servers=[nas])
    with pytest.raises(ValueError, match="comma"):
        mounts(servers=[{**nas, "password": "a,uid=0"}])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "srv"
    (root / "course/deep").mkdir(parents=True)
    return root


def test_a_directory_of_the_host_lies_below_a_root(root: Path) -> None:
    (mount,) = mounts(f"{root}/course:/mnt/c:ro", roots=[str(root)]).mounts
    assert (mount.kind, mount.source, mount.read_only) == (
        MountKind.BIND,
        str(root / "course"),
        True,
    )
    for path, why in ((f"{root}-other", "below"), (f"{root}/none", "no such"), ("/etc", "below")):
        with pytest.raises(Refused, match=why):
            mounts(f"{path}:/mnt/c", roots=[str(root)])
    with pytest.raises(Refused, match="another machine"):
        mounts(f"{root}/course:/mnt/c", roots=[str(root)], here=False)
    with pytest.raises(Refused, match="below"):
        mounts(f"{root}/course:/mnt/c")


def test_links_are_followed_before_anybody_is_believed(root: Path, tmp_path: Path) -> None:
    (root / "out").symlink_to("/etc")
    (root / "up").symlink_to("..")
    (root / "in").symlink_to(root / "course")
    for link in ("out", "up"):
        with pytest.raises(Refused, match="below"):
            mounts(f"{root}/{link}:/mnt/c", roots=[str(root)])
    assert mounts(f"{root}/in:/mnt/c", roots=[str(root)]).mounts[0].source == str(root / "course")
    also = tmp_path / "also"
    also.symlink_to(root)
    assert mounts(f"{also}/course:/mnt/c", roots=[str(also)]).mounts


@pytest.mark.parametrize(
    "path", ["/run", "/proc/1", "/dev", "/etc/ssl", "/var", "/var/run", "/var/lib"]
)
def test_what_is_the_systems_is_never_granted_whatever_the_roots(path: str) -> None:
    with pytest.raises(Refused, match="reach"):
        host_directory(Extra(path, "/mnt/x"), [Path("/")], [])


def test_the_hubs_own_state_is_never_granted(root: Path) -> None:
    for private in (root / "course", root / "course/deep"):
        with pytest.raises(Refused, match="reach"):
            host_directory(Extra(f"{root}/course", "/mnt/x"), [root], [private])


def test_a_place_that_others_may_swap_is_not_believed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "course").chmod(0o777)
    with pytest.raises(Refused, match="others than root"):
        mounts(f"{root}/course/deep:/mnt/c", roots=[str(root)])
    assert mounts(f"{root}/course:/mnt/c", roots=[str(root)]).mounts, "its own rights are its own"
    if os.geteuid() == 0:
        (root / "course").chmod(0o755)
        os.chown(root / "course", 1000, 1000)
        for hub in (0, 1000):  # labs work as 1000, so a hub that does as well is no better
            monkeypatch.setattr(os, "geteuid", lambda hub=hub: hub)
            with pytest.raises(Refused, match="others than root"):
                mounts(f"{root}/course/deep:/mnt/c", roots=[str(root)])
