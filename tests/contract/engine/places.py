"""The engines the contract runs on, and how each is looked at from outside of Labyard."""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import aiodocker
import aiohttp

from labyard.core.models import Hardening, Lab, Mount, NetworkPlan, Owner, ServerPlan, ServerRef
from labyard.core.names import INSTALLATION, Names
from labyard.engines.base import Engine
from labyard.engines.docker.attempt import PAUSES
from labyard.engines.docker.engine import DockerEngine
from labyard.engines.local.engine import LocalEngine
from labyard.images.base import MADE
from labyard.images.build import TAG
from tests.tools import leftovers
from tests.tools.places import is_free


def _image() -> str:
    """Return the small base if `labyard image build` had to make it, else the lab image on its own base."""
    there = subprocess.run(["docker", "image", "inspect", MADE], capture_output=True, check=False)
    return MADE if there.returncode == 0 else TAG


IMAGE = os.environ.get("LABYARD_TEST_IMAGE") or _image()
DOCKER = os.environ.get("LABYARD_TEST_DOCKER", "unix:///var/run/docker.sock")
PROGRAM = (Path(__file__).parent / "lab_program.py").read_text()
# Which of pytest-xdist's processes this is: each has addresses and a Podman of its own.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
SECRET = "a-token-that-nobody-may-see"

_user_ids = itertools.count(1)


@dataclass
class Place:
    """One engine, one installation of the test's own on it."""

    kind: str
    names: Names
    block: IPv4Network
    url: str = ""
    root: Path = Path("/nonexistent")
    opened: list[Engine] = field(default_factory=list)

    def engine(
        self,
        *,
        url: str = "",
        timeout: float = 60.0,
        names: Names | None = None,
        pauses: Sequence[float] = PAUSES,
    ) -> Engine:
        """Return an engine of this installation (or of ``names``), closed after the test."""
        engine: Engine
        if self.kind == "local":
            who = names or self.names
            engine = LocalEngine(
                who.installation, self.root / who.installation, Path(sys.executable).parent
            )
        else:
            engine = DockerEngine(
                url or self.url,
                names or self.names,
                timeout=timeout,
                pauses=pauses,
                errands_image=IMAGE,
            )
        self.opened.append(engine)
        return engine

    def plan(self, user: str = "alice", server: str = "", **changes: Any) -> ServerPlan:
        """Return the plan of a small lab with one volume, ``home``."""
        names, user_id = self.names, changes.pop("user_id", sum(user.encode()))
        home = names.volume(user, "home")
        prefix = changes.pop("prefix", 28)
        plan = ServerPlan(
            ref=ServerRef(Owner(user_id, user), server),
            name=names.lab(user, server),
            hostname=names.hostname(user, server),
            image=IMAGE,
            command=("python3", "-c", PROGRAM, "8888"),
            port=8888,
            user="1000:1000",
            working_dir="/tmp",
            environment={"HOME": "/data", "PLAIN": "seen"},
            secrets={"JUPYTERHUB_API_TOKEN": SECRET},
            cpu=1.0,
            memory=256 * 2**20,
            mounts=(Mount("home", home, "/data"),),
            network=NetworkPlan(
                names.network(user), self.block, prefix, names.network_labels(user_id, user)
            ),
            labels=names.lab_labels(user_id, user, server),
            volume_labels={home: names.volume_labels(user_id, user, "home")},
            hardening=Hardening(),
        )
        return replace(plan, **changes)

    def another_installation(self) -> Place:
        """Return a second installation on the same engine."""
        return replace(self, names=Names(_installation()), opened=self.opened)

    def client(self) -> aiodocker.Docker:
        """Return a client that knows nothing of Labyard."""
        return aiodocker.Docker(self.url)

    async def objects(self, names: Names | None = None) -> dict[str, list[str]]:
        """Return the names of everything on the engine that carries the installation's label."""
        label = {"label": [f"{INSTALLATION}={(names or self.names).installation}"]}
        async with self.client() as d:
            rows = await d.containers.list(all=True, filters=json.dumps(label))
            volumes = (await d.volumes.list(filters=label))["Volumes"] or []
            networks = await d.networks.list(filters=label)
        return {
            "containers": sorted(r["Names"][0].lstrip("/") for r in rows),
            "volumes": sorted(v["Name"] for v in volumes),
            "networks": sorted(n["Name"] for n in networks),
        }

    async def inspect(self, name: str) -> dict[str, Any]:
        """Return what the engine says of a container."""
        async with self.client() as d:
            return (await d.containers.get(name))._container

    async def sweep(self) -> None:
        """Remove everything of this installation."""
        if self.kind == "local":
            engine = self.engine()
            for lab in await engine.labs():
                await engine.remove(lab.name)
            shutil.rmtree(self.root)
            return
        for _ in range(3):  # an engine may still be busy with what a broken test asked for
            try:
                await self._sweep_once()
                return
            except aiodocker.DockerError:
                await asyncio.sleep(2)
        await self._sweep_once()

    async def leave(self) -> None:
        """Close the test's engines, then remove everything of this installation."""
        await self.close()
        await self.sweep()
        await self.close()
        leftovers.forget(self.names.installation)

    async def close(self) -> None:
        """Close every engine that was opened."""
        for engine in self.opened:
            await engine.close()
        self.opened.clear()

    async def _sweep_once(self) -> None:
        found = await self.objects()
        async with self.client() as d:
            for kind, params in (("containers", {"force": True, "v": True}), ("networks", None)):
                for name in found[kind]:
                    async with d._query(f"{kind}/{name}", "DELETE", params=params):
                        pass
            for name in (await self.objects())["volumes"]:
                async with d._query(f"volumes/{name}", "DELETE"):
                    pass


def _installation() -> str:
    return "tengine" + secrets.token_hex(4)


async def place(kind: str, url: str, root: Path) -> Place:
    """Return a new installation on the engine ``kind``, which has the labs' image."""
    second = {"docker": 180, "podman": 181, "docker-newer": 182, "local": 183}[kind]
    first = 4 * (WORKER % 4)
    blocks = [f"10.{second}.{16 * n}.0/20" for n in range(first, first + 4)]
    free = [block for block in blocks if is_free(block)]
    if not free:
        raise RuntimeError(
            f"each of {', '.join(blocks)} has a network or a firewall rule: remove them"
        )
    block = secrets.choice(free)
    if kind == "local":  # its labs have accounts of their own, which pytest's directory shuts out
        root = Path(tempfile.mkdtemp(prefix="tengine"))
        root.chmod(0o711)
    elif kind != "docker":
        await carry_image(DOCKER, url)
    names = Names(_installation())
    if kind == "docker":
        leftovers.note(names.installation, block)
    return Place(kind, names, IPv4Network(block), url, root)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


async def ask(lab: Lab, do: str, **what: Any) -> Any:
    """Have a lab do something; returns what came of it. Waits until it listens."""
    url = f"http://{lab.host}:{lab.port}/"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as session:
        for _ in range(300):
            try:
                async with session.post(url, json={"do": do, **what}) as response:
                    answer = await response.json(content_type=None)
                    break
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.1)
        else:
            raise AssertionError(f"{url} never listened")
    if "error" in answer:
        raise LabSaid(answer["error"])
    return answer["ok"]


class LabSaid(Exception):
    """What went wrong inside a lab."""


async def running(engine: Engine, plan: ServerPlan) -> Lab:
    """Create and start a lab."""
    await engine.create(plan)
    return await engine.start(plan.name)


async def eventually(true: Callable[[], Any], *, seconds: float = 40.0) -> None:
    """Wait until ``true()`` (a coroutine) is true."""
    for _ in range(int(seconds / 0.25)):
        if await true():
            return
        await asyncio.sleep(0.25)
    raise AssertionError("it never came true")


_CONTAINERS_CONF = """
[containers]
init_path = "/usr/bin/docker-init"
[engine]
init_path = "/usr/bin/docker-init"
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


@contextmanager
def podman(run: Path, store: Path | None = None) -> Iterator[str]:
    """Serve Podman's compatible socket from ``store``, or one of the tests' own; yield its address."""
    if shutil.which("podman") is None:
        raise RuntimeError("podman is not installed; apt-get install podman netavark")
    with nullcontext(store) if store else _store() as root, _serving(root, run) as socket:
        yield f"unix://{socket}"


@contextmanager
def _store() -> Iterator[Path]:
    """Hold the first store that nobody uses: it keeps its images, and two services would get stuck."""
    for number in range(100):
        root = Path(f"/var/tmp/labyard-test-podman-{number}")
        root.mkdir(exist_ok=True)
        with (root / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield root
            return
    raise RuntimeError("a hundred test runs hold a Podman store each")


@contextmanager
def _serving(root: Path, run: Path) -> Iterator[Path]:
    (root / "containers.conf").write_text(_CONTAINERS_CONF)
    environment = {
        **os.environ,
        "CONTAINERS_CONF": str(root / "containers.conf"),
        # Asked for its version, Podman has dpkg read all its lists to tell which package has conmon.
        "DPKG_ADMINDIR": str(root / "no-packages"),
    }
    podman = [
        "podman",
        *("--root", str(root / "root"), "--runroot", str(root / "run")),
        *("--tmpdir", str(root / "tmp"), "--network-config-dir", str(root / "networks")),
    ]
    # Nobody else has the store: what is in it, but for images, was left by a run that was killed.
    for left in ("rm -fa -t 0", "network prune -f", "volume prune -f"):
        done = subprocess.run(
            [*podman, *left.split()], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"podman {left}, in {root}: {done.stderr or done.stdout}")
    socket = run / "podman.sock"
    service = subprocess.Popen(
        [*podman, "system", "service", "--time", "0", f"unix://{socket}"],
        env=environment,
        cwd=run,  # its monitor of a lab that runs out of memory leaves an empty file where it stands
        stdout=subprocess.DEVNULL,
        stderr=(run / "podman.log").open("wb"),
        start_new_session=True,
    )
    try:
        _wait_for(socket, service, run / "podman.log")
        yield socket
    finally:
        service.terminate()
        service.wait(20)


def _wait_for(socket: Path, service: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        if socket.exists():
            return
        if service.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"podman did not come up: {log.read_text()}")


async def carry_image(source: str, target: str, image: str = IMAGE) -> None:
    """Copy an image from one engine to another unless it is there."""
    async with aiodocker.Docker(target) as there, aiodocker.Docker(source) as here:
        try:
            await there.images.inspect(image)
        except aiodocker.DockerError:
            async with here.images.export_image(image) as archive:
                async for _ in there.images.import_image(archive, stream=True):
                    pass
