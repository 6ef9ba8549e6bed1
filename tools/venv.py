#!/usr/bin/env python3
"""Makes .venv hold what requirements/<set>.txt locks: ``venv.py hub|dev``. Standard library only.

Does nothing when the lock has not changed since. ``VENV`` names another place for it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = Path(os.environ.get("VENV", ROOT / ".venv"))
LOCKS = {"hub": ("hub", "build"), "dev": ("dev", "build")}


def main(wanted: str) -> None:
    """Bring the environment up to the set called ``wanted``."""
    if sys.version_info < (3, 11):
        sys.exit(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}.")
    VENV.parent.mkdir(parents=True, exist_ok=True)
    with VENV.with_name(VENV.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second `make` waits and then finds nothing to do
        if not any(stamp(name).is_file() for name in {wanted, "dev"}):
            create()
            install(wanted)
            stamp(wanted).touch()


def stamp(name: str) -> Path:
    """Return the file that says: this set, as locked now, is installed by this Python."""
    digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    files = [f"requirements/{lock}.txt" for lock in LOCKS[name]]
    for file in [*files, "pyproject.toml"]:
        digest.update((ROOT / file).read_bytes())
    return VENV / f".{name}-{digest.hexdigest()[:16]}"


def create() -> None:
    """Make the environment itself, Debian's python3-venv included when it may."""
    if works():
        return
    if not has_ensurepip():
        need_package("python3-venv")
    print("· Python environment", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)


def works() -> bool:
    """Return whether there is an environment whose Python still runs and has pip."""
    python = VENV / "bin/python"
    return python.exists() and quiet(str(python), "-m", "pip", "--version")


def has_ensurepip() -> bool:
    """Return whether this Python can make environments; Debian ships it without."""
    return quiet(sys.executable, "-c", "import ensurepip")


def quiet(*command: str) -> bool:
    """Run a command and return whether it succeeded."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def need_package(name: str) -> None:
    """Install one Debian package, or say what to do."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(f"{name} is missing. Run as root: apt-get install {name}")
    print(f"· Debian package {name}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", name]):
        subprocess.run(["apt-get", *command], env=environment, check=True)


def install(wanted: str) -> None:
    """Install the locked requirements, each checked against its hash, and Labyard itself."""
    pip = [str(VENV / "bin/python"), "-m", "pip", "install", "--disable-pip-version-check"]
    total = 0
    requirements: list[str] = []
    for lock in LOCKS[wanted]:
        file = ROOT / f"requirements/{lock}.txt"
        total += len(re.findall(r"^[\w.-]+==", file.read_text(), re.MULTILINE))
        requirements += ["-r", str(file)]
    run_with_bar([*pip, "--require-hashes", *requirements], "Python packages", total)
    run_with_bar([*pip, "--no-build-isolation", "--no-deps", "-e", str(ROOT)], "Labyard", 1)


def run_with_bar(command: list[str], title: str, total: int) -> None:
    """Run pip and show how many of ``total`` packages it has; its own words only on failure."""
    said: list[str] = []
    seen = 0
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            said.append(line)
            if match := re.match(
                r"(?:Collecting|Obtaining|Requirement already satisfied:) (\S+)", line
            ):
                seen = min(seen + 1, total)
                draw(title, seen, total, match[1].partition("==")[0])
            elif line.startswith("Installing collected"):
                draw(title, total, total, "installing")
    if pip.returncode:
        sys.exit("".join(["\n", *said[-25:], f"\n✘ {title} could not be installed.\n"]))
    draw(title, total, total, "")
    print(flush=True) if sys.stdout.isatty() else print(f"✔ {title}", flush=True)


def draw(title: str, done: int, total: int, detail: str) -> None:
    """Draw a bar on a terminal; elsewhere say nothing."""
    if sys.stdout.isatty():
        filled = "━" * (24 * done // total)
        detail = detail[:30]
        print(f"\r\x1b[K· {title:<22} {filled:<24} {done}/{total} {detail}", end="", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in LOCKS:
        sys.exit("usage: venv.py hub|dev")
    main(sys.argv[1])
