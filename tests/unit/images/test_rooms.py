"""How a lab sees whether it can live in its home, beside it, and what it says of that."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Mount = Callable[[str], Path]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Give a file system of 4 MB, mounted with the options asked for."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount")
    mounted: list[Path] = []

    def make(options: str = "rw") -> Path:
        path = tmp_path / f"mount{len(mounted)}"
        path.mkdir()
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size=4m,{options}", "tmpfs", str(path)], check=True
        )
        mounted.append(path)
        return path

    yield make
    for path in mounted:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def fill(path: Path) -> None:
    with (path / "big").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)


@pytest.mark.parametrize("take", [2**20, 0])
def test_a_full_directory_is_seen_and_nothing_is_left_behind(mount: Mount, take: int) -> None:
    from labyard_lab import rooms

    path = mount("rw")
    assert rooms.look(path, take=take).state == "ok"
    fill(path)
    found = rooms.look(path, take=take)
    assert (found.state, found.size, rooms.closed(found)) == ("full", 4 * 2**20, True)
    assert [entry.name for entry in path.iterdir()] == ["big"]


def test_a_read_only_directory_is_seen(mount: Mount) -> None:
    from labyard_lab import rooms

    path = mount("ro")
    assert [rooms.look(path, take=take).state for take in (0, 4096)] == ["read-only"] * 2


def test_a_quota_is_seen_where_something_was_written(
    mount: Mount, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labyard_lab import rooms

    path, looks, left, taken = mount("rw"), rooms.Looks(), [2**20], []

    def take(_: Path, wanted: int) -> str:
        taken.append(wanted)
        return "ok" if wanted <= left[0] else "full"

    monkeypatch.setattr(rooms, "_tried", take)
    assert (looks.look(path).state, taken) == ("ok", [2**20])
    left[0] = 0
    assert looks.look(path).state == "ok"  # nothing was written: nothing is taken
    assert looks.look(path, sure=True).state == "full"
    left[0] = 2**16
    assert looks.look(path).state == "full"  # what was full needs room again
    left[0] = 2**20
    assert looks.look(path).state == "ok"
    del taken[:]
    left[0] = 0
    (path / "more").write_bytes(b"x" * 2**17)
    assert (looks.look(path).state, taken) == ("full", [2**16])


def test_a_file_system_without_nameless_files_is_tried_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labyard_lab import rooms

    monkeypatch.setattr(os, "O_TMPFILE", os.O_DIRECTORY)  # answered with EISDIR
    assert rooms.look(tmp_path, take=2**20).state in ("ok", "low")
    assert list(tmp_path.iterdir()) == []


def test_volumes_below_the_home_are_found_read_only_ones_are_not(tmp_path: Path) -> None:
    from labyard_lab import rooms

    names = ("workspace", "with space", "reading")
    for name in names:
        (tmp_path / name).mkdir()
    line = "36 35 98:0 / {} {} shared:1 - ext4 /dev/x rw"
    mounts = [
        line.format(tmp_path, "rw,nosuid"),
        line.format(tmp_path / "workspace", "rw"),
        line.format(f"{tmp_path}/with\\040space", "rw"),
        line.format(tmp_path / "reading", "ro,nosuid"),
        line.format("/elsewhere", "rw"),
    ]
    found = rooms.volumes(tmp_path, "\n".join(mounts))
    assert found == [tmp_path, tmp_path / "workspace", tmp_path / "with space"]


def test_what_is_largest_is_named_and_nothing_of_other_disks(mount: Mount, tmp_path: Path) -> None:
    from labyard_lab import rooms

    path = mount("rw")
    (path / "models/deep").mkdir(parents=True)
    (path / "models/deep/a").write_bytes(b"x" * 300_000)
    (path / "b").write_bytes(b"x" * 100_000)
    (path / "small").write_text("x")
    (path / "link").symlink_to("models")
    names = [Path(name).name for name, _ in rooms.largest(path)]
    assert names == ["models", "b"]
    assert rooms.largest(path, patience=0) == []
    inner = path / "inner"
    inner.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(inner)], check=True)
    try:
        (inner / "c").write_bytes(b"x" * 900_000)
        assert [Path(name).name for name, _ in rooms.largest(path)] == ["models", "b"]
    finally:
        subprocess.run(["umount", str(inner)], check=True)


def test_a_lab_beside_its_home_brings_its_settings_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labyard_lab import overlay

    home, scratch = tmp_path / "home", tmp_path / "scratch"
    settings = home / ".jupyter/lab/user-settings/theme.json"
    settings.parent.mkdir(parents=True)
    settings.write_text("{}")
    startup = home / ".ipython/profile_default/startup"
    startup.mkdir(parents=True)
    (startup / "a.py").write_text("x = 1")
    (startup / "b.py").write_bytes(b"#" * 2**21)  # more than comes along
    scratch.mkdir()
    for name in ("CONFIG_DIR", "CONFIG_PATH", "DATA_DIR", "PATH"):
        monkeypatch.setenv(f"JUPYTER_{name}", "before")
    monkeypatch.setenv("IPYTHONDIR", "before")
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setenv("XDG_CACHE_HOME", "before")
    overlay.lay(home, scratch)
    config, ipython = Path(os.environ["JUPYTER_CONFIG_DIR"]), Path(os.environ["IPYTHONDIR"])
    assert config.is_relative_to(scratch)
    assert (config / "lab/user-settings/theme.json").read_text() == "{}"
    names = [entry.name for entry in (ipython / "profile_default/startup").iterdir()]
    assert names == ["a.py"]
    assert os.environ["JUPYTER_CONFIG_PATH"] == f"{home}/.jupyter:before"
    assert os.environ["JUPYTER_PATH"] == f"{home}/.local/share/jupyter:before"
    assert Path(os.environ["JUPYTER_DATA_DIR"]).is_relative_to(scratch)


def test_what_a_lab_says_is_what_the_platform_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labyard_lab import report
    from labyard_lab.rooms import Room

    from labyard.incidents.report import read

    monkeypatch.setenv("LABYARD_SECRETS", "x")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    home = Path("/home/lab")
    report.rooms([Room(home, "full", 1, 2), Room(home / "w", "ok")], [("/home/lab/a", 7)])
    report.say(skew=-90)
    content = report.file().read_bytes()
    told = read(content)
    assert [(r.path, r.state, r.largest) for r in told.rooms] == [
        ("/home/lab", "full", [("/home/lab/a", 7)])
    ]
    assert told.skew == -90
    report.rooms([Room(home, "full")], disk=True)
    assert read(report.file().read_bytes()).rooms[0].state == "disk"
    report.rooms([Room(home, "ok")])
    assert read(report.file().read_bytes()).rooms == []
    assert len(report.file().read_bytes()) == len(content)  # a full disk takes it still
    long = [(f"/home/lab/{'x' * 300}{n}", 7) for n in range(400)]
    report.rooms([Room(home, "full")], long)
    (told_still,) = read(report.file().read_bytes()).rooms
    assert (told_still.state, told_still.largest) == ("full", []), "that it is full matters more"


def test_a_name_that_is_no_text_does_not_silence_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labyard_lab import report, rooms

    from labyard.incidents.report import read

    monkeypatch.setenv("LABYARD_SECRETS", "x")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    home = tmp_path / "home"
    home.mkdir()
    Path(os.fsdecode(os.fsencode(home) + b"/latin-\xe9")).write_bytes(b"x" * 100_000)
    report.rooms([rooms.Room(home, "full")], rooms.largest(home))
    (told,) = read(report.file().read_bytes()).rooms
    assert [path for path, _ in told.largest] == [f"{home}/latin-\N{REPLACEMENT CHARACTER}"]


def test_the_words_fit_into_a_notice() -> None:
    pytest.importorskip("tornado")
    from labyard_lab import watch
    from labyard_lab.rooms import Room

    home = Path("/home/lab")
    largest = [(f"/home/lab/{letter * 80}", 9) for letter in "abc"]
    for room in (Room(home, "low"), Room(home / "work", "full"), Room(home, "read-only")):
        kind, words = watch.words(room, home, largest)
        assert kind in ("warning", "error")
        assert len(words) <= 140
    assert "Your home is nearly full" in watch.words(Room(home, "low"), home, [])[1]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another account")
def test_a_home_that_its_owner_closed_is_opened_with_volumes_below_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from labyard_lab import home, report, rooms

    with tempfile.TemporaryDirectory() as directory:
        place, mounts = Path(directory) / "home", Path(directory) / "mounts"
        (place / "workspace").mkdir(parents=True)
        mounts.write_text(f"1 2 0:1 / {place}/workspace rw - ext4 /dev/x rw\n")
        for path in (place.parent, place, place / "workspace"):
            os.chown(path, 4321, 4321)
        place.chmod(0)
        monkeypatch.setattr(home, "MOUNTS", mounts)
        monkeypatch.setattr(report, "file", lambda: place / "report")

        def as_its_owner() -> None:
            os.setgroups([])
            os.setgid(4321)
            os.setuid(4321)
            assert rooms.volumes(place, mounts.read_text()) == [place]
            home.move_in(place)

        process = multiprocessing.get_context("fork").Process(target=as_its_owner)
        process.start()
        process.join()
        assert process.exitcode == 0
        assert place.stat().st_mode & 0o777 == 0o700
