"""What may be in the tree: files that are read in one go, and no place that only one machine knows."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LONGEST = 400
# Written in pieces, or this file would be the first to be found.
REGISTRIES = [
    ".".join(host) for host in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))
]
MACHINE = re.compile(
    r"(?<![\w.~-])/(?:wo" + r"rk/(?:main|shared|\.)|tmp/set" + r"up|opt/whe" + r"els)"
)
ADDRESSES = re.compile(r"--(?:extra-)?index-url \S+:|--find-links|\"resolved\":")


def tracked() -> list[Path]:
    """Return every file that git knows or would add, generated and vendored ones too."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    """Return those of them that are text."""
    found = []
    for path in tracked():
        try:
            found.append((path.relative_to(ROOT), path.read_text()))
        except UnicodeDecodeError:
            continue
    return found


def test_no_source_file_is_longer_than_one_reading():
    long = {
        str(path): lines
        for path, text in texts()
        if path.suffix in {".py", ".sh", ".js", ".css", ".html"}
        and "vendor" not in path.parts
        and (lines := text.count("\n")) > LONGEST
        and not path.name.endswith(".min.js")
    }
    assert not long


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_registry_is_named(host):
    assert not [str(path) for path, text in texts() if host in text]


def test_no_path_of_one_machine_is_named():
    assert not [str(path) for path, text in texts() if MACHINE.search(text)]


def test_locks_hold_no_addresses():
    locks = list((ROOT / "requirements").glob("*.txt"))
    assert locks
    for lock in locks:
        assert "://" not in lock.read_text()
        assert not ADDRESSES.search(lock.read_text())
