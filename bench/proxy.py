"""HAProxy as JupyterHub's proxy beside configurable-http-proxy, with 1,000 routes in both.

Both lead to the same backends, take turns under the same load (``wrk``, random labs) and each figure is the
median of its rounds.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
import socket
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from jupyterhub.httpclient import JupyterHubHTTPClient
from tornado.web import Application, StaticFileHandler

from bench.results import Row, row
from labyard.core.paths import Paths
from labyard.edge import config, configurable, haproxy, install, process
from labyard.edge.chp import CHPProxy
from labyard.edge.proxy import HAProxyProxy

ROUTES = 1000
ROUNDS = 3
SECONDS = 5
ADDS = 200
FILE = b"x" * 2_500_000
HERE = "127.0.0.1"
BUILD = Path(__file__).parents[1] / ".build"

# A backend that costs next to nothing, so that the proxy is what is measured.
_BACKEND = """
global
    nbthread 1
defaults
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 3s
frontend backend
    bind {host}:{port}
    http-request return status 200 content-type text/plain string "ok!"
"""
# Requests are made beforehand: the load must cost less than what it loads.
_RANDOM_LAB = """
local requests = {{}}
init = function(arguments)
  for n = 0, {last} do
    requests[n] = wrk.format("GET", "/user/u" .. n .. "/api/status")
  end
end
request = function()
  return requests[math.random(0, {last})]
end
"""


async def run() -> list[Row]:
    """Measure and return the rows."""
    if not shutil.which("wrk"):
        raise RuntimeError("wrk is missing: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="labyard-bench-") as place:
        async with (
            _small(Path(place)) as small,
            _large(Path(place)) as large,
            _proxies(Path(place)) as both,
        ):
            for proxy, _ in both:
                await _fill(proxy, small, large)
            script = Path(place) / "random.lua"
            script.write_text(_RANDOM_LAB.format(last=ROUTES - 1))
            return [
                await _requests([url for _, url in both], script),
                await _files(both[0][1], f"http://{HERE}:{large}"),
                await _adding([proxy for proxy, _ in both], small),
            ]


async def _requests(urls: Sequence[str], script: Path) -> Row:
    load = ["-t1", "-c32", "-s", str(script)]
    rates = await _in_turn([[*load, url] for url in urls])
    return row(
        f"requests a second through the proxy, {ROUTES} routes",
        *rates,
        target=8.0,
        better="higher",
        n=ROUNDS,
    )


async def _files(ours: str, direct: str) -> Row:
    rates = await _in_turn([["-t1", "-c4", f"{base}/user/file/large"] for base in (ours, direct)])
    megabytes = [rate * len(FILE) / 1e6 for rate in rates]
    return row(
        "2.5 MB files, MB a second, through the proxy beside direct",
        *megabytes,
        target=0.85,
        better="higher",
        n=ROUNDS,
    )


async def _adding(proxies: Sequence[Any], port: int) -> Row:
    """Return the median milliseconds to add one route more."""
    took: list[list[float]] = [[] for _ in proxies]
    for n in range(ADDS):
        for times, proxy in zip(took, proxies, strict=True):
            begin = time.perf_counter()
            await proxy.add_route(f"/user/new{n}/", f"http://{HERE}:{port}", {"user": f"new{n}"})
            times.append((time.perf_counter() - begin) * 1000)
    return row(
        f"milliseconds to add a route to {ROUTES}",
        *map(statistics.median, took),
        target=3.0,
        of="ours",
        n=ADDS,
    )


async def _in_turn(loads: Sequence[Sequence[str]]) -> list[float]:
    """Return each load's median requests a second."""
    rates: list[list[float]] = [[] for _ in loads]
    for _ in range(ROUNDS):
        for kept, load in zip(rates, loads, strict=True):
            kept.append(await _wrk(load))
    return [statistics.median(kept) for kept in rates]


async def _wrk(arguments: Sequence[str]) -> float:
    command = ["wrk", f"-d{SECONDS}s", "--timeout", "10s", *arguments]
    wrk = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said = (await wrk.communicate())[0].decode()
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if rate is None or re.search(r"Non-2xx|Socket errors: connect [1-9]", said):
        raise RuntimeError(f"The load was not carried: {said}")
    return float(rate[1])


async def _fill(proxy: Any, small: int, large: int) -> None:
    await proxy.add_route("/", f"http://{HERE}:{small}", {"hub": True})
    await proxy.add_route("/user/file/", f"http://{HERE}:{large}", {"user": "file"})
    adds = (
        proxy.add_route(f"/user/u{n}/", f"http://{HERE}:{small}", {"user": f"u{n}"})
        for n in range(ROUTES)
    )
    await asyncio.gather(*adds)


@asynccontextmanager
async def _proxies(place: Path) -> AsyncIterator[list[tuple[Any, str]]]:
    """Run both; give JupyterHub's class and the URL of each, ours first."""
    paths = [_paths(place / kind) for kind in process.KINDS]
    ports = [_free_port(), _free_port()]
    door = config.Door(
        HERE,
        ports[0],
        account=haproxy.account(),
        threads=haproxy.threads(),
        connections=haproxy.connections(),
    )
    proxies = []
    try:
        haproxy.HAProxy(paths[0]).start(door)
        settings = configurable.Settings(install.ensure_chp(BUILD), HERE, ports[1])
        configurable.ConfigurableHTTPProxy(paths[1]).start(settings)
        for klass, own in zip((HAProxyProxy, CHPProxy), paths, strict=True):
            proxies.append(klass(data_dir=str(own.data)))
            await proxies[-1].start()
        yield [(proxy, f"http://{HERE}:{port}") for proxy, port in zip(proxies, ports, strict=True)]
    finally:
        for proxy in proxies:
            await proxy.stop()
        for own in paths:
            process.stop(own)
        if JupyterHubHTTPClient.initialized():
            await JupyterHubHTTPClient.instance().close()
            JupyterHubHTTPClient.clear_instance()


def _paths(place: Path) -> Paths:
    paths = Paths(place)
    paths.make()
    paths.secret("proxy.token").write_text(secrets.token_hex(16))
    return paths


@asynccontextmanager
async def _small(place: Path) -> AsyncIterator[int]:
    """Run the backend of small answers; give its port."""
    port = _free_port()
    file = place / "backend.cfg"
    file.write_text(_BACKEND.format(host=HERE, port=port))
    backend = await asyncio.create_subprocess_exec("haproxy", "-db", "-q", "-f", str(file))
    try:
        yield port
    finally:
        backend.terminate()
        await backend.wait()


@asynccontextmanager
async def _large(place: Path) -> AsyncIterator[int]:
    """Run the backend of large answers, tornado as in a lab; give its port."""
    files = place / "files"
    files.mkdir()
    (files / "large").write_bytes(FILE)
    server = Application([("/user/file/(.*)", StaticFileHandler, {"path": str(files)})])
    port = _free_port()
    listening = server.listen(port, HERE)
    try:
        yield port
    finally:
        listening.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HERE, 0))
        return int(probe.getsockname()[1])
