"""A newer Docker than Debian 12's, on a host of its own: trixie's, unpacked beside the system's.

Nothing is installed. Engine and containers live in a network namespace of their own, because a daemon
that starts deletes the iptables chains of one that runs. The caller is moved there as well, and so are
the threads and processes that it starts from then on.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.tools.networks import own_network

BUILD = Path(__file__).resolve().parents[2] / ".build/docker-newer"
RELEASE = "trixie"
PACKAGES = ("docker.io", "containerd")
# A device made up for CDI: it gives a container nothing but a variable.
CDI_DEVICE, CDI_VARIABLE = "labyard.test/gpu=zero", "CDI_GPU"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


@contextmanager
def newer_docker() -> Iterator[str]:
    """Run the engine; yield the address of its socket. Needs root and an apt with Debian's mirror."""
    system = unpacked()
    with ExitStack() as stack:
        run = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newer-docker")))
        stack.enter_context(own_network())
        socket = run / "docker.sock"
        stack.enter_context(_daemon(system, run, socket))
        yield f"unix://{socket}"


def unpacked() -> Path:
    """Return where the packages' files are; fetches them from the mirror of the system's own apt."""
    system = BUILD / "system"
    if (system / "usr/sbin/dockerd").exists():
        return system
    if BUILD.exists():
        shutil.rmtree(BUILD)
    for directory in ("lists/partial", "cache/archives/partial", "debs"):
        (BUILD / directory).mkdir(parents=True)
    (BUILD / "sources.list").write_text(_source())
    apt = [
        "apt-get",
        "-qq",
        *("-o", f"Dir::Etc::SourceList={BUILD}/sources.list", "-o", "Dir::Etc::SourceParts=-"),
        *("-o", f"Dir::State::Lists={BUILD}/lists", "-o", f"Dir::Cache={BUILD}/cache"),
        *("-o", f"APT::Default-Release={RELEASE}", "-o", "APT::Sandbox::User=root"),
    ]
    subprocess.run([*apt, "update"], check=True)
    subprocess.run([*apt, "download", *PACKAGES], check=True, cwd=BUILD / "debs")
    part = BUILD / "part"
    for package in (BUILD / "debs").glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(part)], check=True)
    for used in ("lists", "cache", "debs"):
        shutil.rmtree(BUILD / used)
    return part.rename(system)


def _source() -> str:
    """Return apt's line for the newer release at the mirror that this machine uses for Debian."""
    targets = subprocess.run(
        [
            *("apt-get", "indextargets", "Created-By: Packages", "Label: Debian"),
            *("--format", "$(REPO_URI) $(COMPONENT)"),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    for line in targets.stdout.splitlines():
        mirror, component = line.split()
        if component == "main":
            return f"deb [signed-by={KEYS}] {mirror} {RELEASE} main\n"
    raise RuntimeError("apt knows no mirror of Debian: run apt-get update first")


@contextmanager
def _daemon(system: Path, run: Path, socket: Path) -> Iterator[None]:
    log = run / "log"
    _make_up_a_device(run)
    daemon = subprocess.Popen(
        [
            *("setpriv", "--pdeathsig", "TERM", str(system / "usr/sbin/dockerd")),
            *("--config-file", str(run / "daemon.json")),
            *("--host", f"unix://{socket}", "--pidfile", str(run / "pid")),
            *("--data-root", str(run / "data"), "--exec-root", str(run / "exec")),
            *("--userland-proxy-path", str(system / "usr/sbin/docker-proxy")),
            *("--init-path", "/usr/bin/docker-init"),
        ],
        env={**os.environ, "PATH": f"{system}/usr/bin:{os.environ['PATH']}:/usr/sbin:/sbin"},
        stdin=subprocess.DEVNULL,
        stdout=log.open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        _wait_for(socket, daemon, log)
        yield
    finally:
        daemon.terminate()
        daemon.wait(60)


def _make_up_a_device(run: Path) -> None:
    kind, _, name = CDI_DEVICE.partition("=")
    device = {"name": name, "containerEdits": {"env": [f"{CDI_VARIABLE}={name}"]}}
    (run / "cdi").mkdir()
    (run / "cdi/gpu.json").write_text(
        json.dumps({"cdiVersion": "0.6.0", "kind": kind, "devices": [device]})
    )
    told = {"features": {"cdi": True}, "cdi-spec-dirs": [str(run / "cdi")]}
    (run / "daemon.json").write_text(json.dumps(told))


def _wait_for(socket: Path, daemon: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if socket.exists():
            return
        if daemon.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"the newer Docker did not come up: {log.read_text()[-2000:]}")
