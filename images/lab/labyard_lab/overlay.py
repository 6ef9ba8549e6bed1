"""A home that takes no write still starts: what a lab writes for itself goes to a scratch directory.

The person's own settings, kernels and start-up files are still read from the home.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from labyard_lab import rooms

_COPIED = 2**20  # bytes of settings that come along, at most


def lay(home: Path, scratch: Path) -> None:
    """Point Jupyter and IPython to ``scratch`` for what they write; ``home`` stays the home."""
    root = Path(tempfile.mkdtemp(prefix="home-", dir=scratch))
    config, data, ipython = root / "config", root / "data", root / "ipython"
    for directory in (config, data, ipython, root / "cache"):
        directory.mkdir()
    left = _COPIED
    left = _bring(home / ".jupyter/lab/user-settings", config / "lab/user-settings", left)
    left = _bring(home / ".ipython/profile_default/startup", _startup(ipython), left)
    _bring(home / ".ipython/profile_default/ipython_config.py", _startup(ipython).parent, left)
    os.environ.update(
        JUPYTER_CONFIG_DIR=str(config),
        JUPYTER_CONFIG_PATH=_before(home / ".jupyter", "JUPYTER_CONFIG_PATH"),
        JUPYTER_DATA_DIR=str(data),
        JUPYTER_PATH=_before(home / ".local/share/jupyter", "JUPYTER_PATH"),
        IPYTHONDIR=str(ipython),
        TMPDIR=str(scratch),
    )
    if rooms.look(home / ".cache", take=rooms.NEEDED).state not in ("ok", "low"):
        os.environ["XDG_CACHE_HOME"] = str(root / "cache")
    tempfile.tempdir = None  # found anew


def _startup(ipython: Path) -> Path:
    return ipython / "profile_default/startup"


def _before(path: Path, name: str) -> str:
    return os.pathsep.join(filter(None, [str(path), os.environ.get(name)]))


def _bring(source: Path, target: Path, most: int) -> int:
    """Copy small files; return how many of ``most`` bytes are left. What cannot be read stays."""
    files = [source] if source.is_file() else sorted(source.rglob("*")) if source.is_dir() else []
    root = source.parent if source.is_file() else source
    for file in files:
        try:
            if file.is_symlink() or not file.is_file() or file.stat().st_size > most:
                continue
            copy = target / file.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
            most -= copy.stat().st_size
        except OSError:
            continue
    return most
