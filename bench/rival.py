"""Vanilla JupyterHub with DockerSpawner and configurable-http-proxy."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from bench.results import ROOT
from bench.sides import HOST, LABEL, PYTHON, Side, docker, sweep, tail

VANILLA = ROOT / "bench/vanilla"
IMAGE = "labyard-bench/vanilla:latest"
# The base of our own lab image, as `labyard image build` makes it.
BASES = (os.environ.get("BENCH_BASE", ""), "labyard/base:latest", "dev/base:latest")
CHP = "configurable-http-proxy@5.3.0"

Process = subprocess.Popen[bytes]


class Rival(Side):
    """The vanilla side, on three ports from ``port``, its labs' network at ``subnet``."""

    name = "vanilla"

    def __init__(self, directory: Path, port: int, subnet: str, label: str) -> None:
        self.label = label
        self.token = secrets.token_hex(32)
        self.url = f"http://{HOST}:{port}/"
        self.directory, self._port, self._subnet = directory, port, subnet
        self._proxy_token = secrets.token_hex(32)
        self._proxy: Process | None = None
        self._hub: Process | None = None

    def up(self) -> None:
        """Build the image, start the proxy and the hub."""
        build_image()
        docker("network", "create", "--subnet", self._subnet, *self._label(), self.label)
        command = [
            *(str(proxy()), "--ip", HOST, "--port", str(self._port)),
            *("--api-ip", HOST, "--api-port", str(self._port + 1)),
            *("--default-target", self._hub_url()),
        ]
        token = {"CONFIGPROXY_AUTH_TOKEN": self._proxy_token}
        self._proxy = self._run("proxy", command, token)
        _wait_for(self._port + 1, "the proxy", self.directory / "proxy.log")
        self.start_hub()

    def start_hub(self) -> None:
        """Start the hub's process."""
        environment = {
            "CONFIGPROXY_AUTH_TOKEN": self._proxy_token,
            "RIVAL_URL": self.url,
            "RIVAL_HUB_URL": self._hub_url(),
            "RIVAL_PROXY_API": f"http://{HOST}:{self._port + 1}",
            "RIVAL_TOKEN": self.token,
            "RIVAL_IMAGE": IMAGE,
            "RIVAL_NETWORK": self.label,
            "RIVAL_LABEL": self.label,
        }
        config = str(VANILLA / "jupyterhub_config.py")
        self._hub = self._run("hub", [PYTHON, "-m", "jupyterhub", "-f", config], environment)

    def stop_hub(self) -> None:
        """Stop the hub; it leaves its labs alone."""
        _end(self._hub)

    def down(self) -> None:
        """Stop both and remove containers, volumes and the network."""
        _end(self._hub)
        _end(self._proxy)
        sweep(self.label)

    def container(self, user: str) -> str:
        """Return the name DockerSpawner gives."""
        return f"{self.label}-{user}"

    def prepare(self, user: str) -> None:
        """Make the user's volume, so that it carries the label it is swept by."""
        docker("volume", "create", *self._label(), self.container(user))

    def _hub_url(self) -> str:
        gateway = self._subnet.rpartition(".")[0] + ".1"
        return f"http://{gateway}:{self._port + 2}"

    def _label(self) -> tuple[str, str]:
        return "--label", f"{LABEL}={self.label}"

    def _run(self, name: str, command: list[str], environment: dict[str, str]) -> Process:
        with (self.directory / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.directory,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )


def build_image() -> None:
    """Build the rival's lab image, unless it is there for the same base and recipe."""
    base = next(b for b in BASES if b and docker("images", "-q", b).strip())
    secret = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE") or ""
    docker(
        *("build", "-q", "--build-arg", f"BASE={base}", "-t", IMAGE),
        *(("--secret", f"id=ca,src={secret}") if secret else ()),
        str(VANILLA),
    )


def proxy() -> Path:
    """Return configurable-http-proxy, installing it below ``.build`` when it is not there."""
    if found := shutil.which("configurable-http-proxy"):
        return Path(found)
    place = ROOT / ".build/bench"
    program = place / "node_modules/.bin/configurable-http-proxy"
    if not program.exists():
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "install", "--silent", "--prefix", str(place), CHP], check=True, timeout=300
        )
    return program


def versions() -> str:
    """Return what the rival is made of, in words."""
    names = "import jupyterhub, dockerspawner as d; print(jupyterhub.__version__, d.__version__)"
    hub, spawner = subprocess.check_output([PYTHON, "-c", names], text=True).split()
    package = proxy().resolve().parent.parent / "package.json"
    chp = json.loads(package.read_text())["version"]
    return f"JupyterHub {hub}, DockerSpawner {spawner}, configurable-http-proxy {chp}"


def _end(process: Process | None) -> None:
    if process is not None and process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int, what: str, log: Path) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"{what} does not answer: {tail(log)}")
