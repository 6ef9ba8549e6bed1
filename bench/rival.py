"""Vanilla JupyterHub with DockerSpawner and configurable-http-proxy."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.results import ROOT
from bench.sides import HOST, LABEL, PYTHON, Side, docker, sweep, tail
from labyard.core.processes import PidFile, start_detached
from labyard.edge.install import ensure_chp
from labyard.images import access, base
from labyard.images.client import find

VANILLA = ROOT / "bench/vanilla"
IMAGE = "labyard-bench/vanilla:latest"


class Rival(Side):
    """The vanilla side, on three ports from ``port``, its labs' network at ``subnet``."""

    name = "vanilla"

    def __init__(self, directory: Path, port: int, subnet: str, label: str) -> None:
        self.label = label
        self.directory = directory
        self.token = secrets.token_hex(32)
        self.url = f"http://{HOST}:{port}/"
        self._port, self._subnet = port, subnet
        self._proxy_token = secrets.token_hex(32)
        self._hub, self._proxy = PidFile(directory / "hub.pid"), PidFile(directory / "proxy.pid")

    def up(self) -> None:
        """Build the image, start the proxy and the hub."""
        asyncio.run(build_image())
        docker("network", "create", "--subnet", self._subnet, *self._label(), self.label)
        command = [
            *ensure_chp(ROOT / ".build"),
            *("--ip", HOST, "--port", str(self._port)),
            *("--api-ip", HOST, "--api-port", str(self._port + 1)),
            *("--default-target", self._hub_url()),
        ]
        self._run(self._proxy, command, {"CONFIGPROXY_AUTH_TOKEN": self._proxy_token})
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
        self._run(self._hub, [PYTHON, "-m", "jupyterhub", "-f", config], environment)

    def stop_hub(self) -> None:
        """Stop the hub; it leaves its labs alone."""
        self._hub.stop(30)

    def down(self) -> None:
        """Stop both and remove containers, volumes and the network."""
        self._hub.stop(30)
        self._proxy.stop(30)
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

    def _run(self, file: PidFile, command: Sequence[str], environment: Mapping[str, str]) -> None:
        start_detached(
            command,
            log=file.path.with_suffix(".log"),
            pid_file=file,
            environment={**os.environ, **environment},
            directory=self.directory,
        )


async def build_image() -> None:
    """Build the rival's lab image on the base of ours; quick when it is there."""
    client = find("docker", "")
    under = await base.ensure(client, "", lambda line: None)
    with TemporaryDirectory() as private, access.secrets(Path(private)) as given:
        options = [f"--secret=id={name},src={file}" for name, file in given.items()]
        await client.run(
            "build", "-q", f"--build-arg=BASE={under}", f"--tag={IMAGE}", *options, str(VANILLA)
        )


def versions() -> str:
    """Return what the rival is made of, in words."""
    _, script = ensure_chp(ROOT / ".build")
    chp = json.loads((Path(script).parents[1] / "package.json").read_text())["version"]
    return (
        f"JupyterHub {version('jupyterhub')}, DockerSpawner {version('dockerspawner')}, "
        f"configurable-http-proxy {chp}"
    )


def _wait_for(port: int, what: str, log: Path) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"{what} does not answer: {tail(log)}")
