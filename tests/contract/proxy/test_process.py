"""What holds for both proxies: their process outlives the hub and comes back with its routes."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from pathlib import Path

import pytest
from aiohttp import WSMsgType

from labyard.core.paths import Paths
from labyard.edge import config, haproxy, pages, process
from labyard.edge.errors import CannotCut, EdgeError

from .conftest import until

DATA = {"user": "a", "server_name": ""}


def workers(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in children.split()]


def all_arguments() -> set[bytes]:
    """Return every argument of every process."""
    arguments: set[bytes] = set()
    for process_ in Path("/proc").glob("[0-9]*"):
        try:
            arguments.update((process_ / "cmdline").read_bytes().split(b"\0"))
        except OSError:
            continue  # it ended meanwhile
    return arguments


async def test_a_killed_proxy_is_back_with_its_routes(edge, backends) -> None:
    hub, a = await backends("hub"), await backends("a")
    await edge.proxy.add_route("/", hub.target, {"hub": True})
    await edge.proxy.add_route("/user/a/", a.target, DATA)
    before = edge.process.pid()
    os.kill(before, signal.SIGKILL)

    async def another() -> bool:
        return edge.process.pid() not in (before, None)

    await until(another)
    await edge.eventually("/user/a/", "a")
    await edge.eventually("/", "hub")
    assert {r["data"].get("user") for r in (await edge.proxy.get_all_routes()).values()} == {
        "a",
        None,
    }


async def test_a_killed_worker_is_back_with_its_routes(front, backends) -> None:
    a = await backends("a")
    await front.proxy.add_route("/user/a/", a.target, DATA)
    for worker in workers(front.process.pid()):
        os.kill(worker, signal.SIGKILL)
    await front.eventually("/user/a/", "a")


async def test_a_route_added_while_the_proxy_is_dead_brings_it_back(edge, backends) -> None:
    a = await backends("a")
    os.kill(edge.process.pid(), signal.SIGKILL)
    await edge.proxy.add_route("/user/a/", a.target, DATA)
    await edge.eventually("/user/a/", "a")


async def test_the_proxy_and_its_routes_outlive_the_hub(edge, backends) -> None:
    a = await backends("a")
    await edge.proxy.add_route("/user/a/", a.target, DATA)
    pid = edge.process.pid()
    await edge.proxy.stop()  # the hub ends
    assert await edge.reaches("/user/a/") == "a"
    edge.proxy = edge.remake()  # a new one comes
    await edge.proxy.start()
    assert edge.process.pid() == pid
    route = (await edge.proxy.get_all_routes())["/user/a/"]
    assert (route["target"], route["data"]["user"]) == (a.target, "a")


async def test_routes_are_back_when_the_proxy_was_restarted_without_a_hub(front, backends) -> None:
    a = await backends("a")
    await front.proxy.add_route("/user/a/", a.target, DATA)
    await front.proxy.stop()
    assert process.stop(front.paths)
    assert not process.running(front.paths)
    await asyncio.to_thread(front.process.revive)
    assert process.running(front.paths)
    assert await front.reaches("/user/a/") == "a"


async def test_a_route_that_no_hub_wrote_down_is_seen_and_can_be_deleted(front, backends) -> None:
    a = await backends("a")
    await front.proxy.add_route("/user/a@b/", a.target, DATA)
    await front.proxy.stop()
    front.process.map_file.write_text("")  # the hub died before it wrote
    front.proxy = front.remake()
    await front.proxy.start()
    assert (await front.proxy.get_all_routes())["/user/a@b/"]["data"] == {}
    await front.proxy.delete_route("/user/a@b/")
    assert await front.proxy.get_all_routes() == {}


async def test_a_changed_door_is_taken_over_without_losing_a_connection(front, backends) -> None:
    a = await backends("a")
    await front.proxy.add_route("/user/a/", a.target, DATA)
    ws = await front.browser.ws_connect(f"{front.url}/user/a/ws")
    door = config.Door("127.0.0.1", front.port, max_body=5, account=haproxy.account())
    pid = front.process.pid()
    assert not await asyncio.to_thread(front.process.start, door)
    assert not await asyncio.to_thread(front.process.start, door)
    assert front.process.pid() == pid
    assert await front.reaches("/user/a/") == "a"
    await ws.send_str("still here")
    assert await ws.receive_str(timeout=5) == "a:still here"
    # The worker of before the reload is reached as well.
    assert await front.proxy.cut(a.target) == 1
    assert (await ws.receive(timeout=5)).type in (WSMsgType.CLOSED, WSMsgType.CLOSE)


async def test_a_sites_new_name_is_on_the_fronts_own_pages_at_once(front) -> None:
    for name in ("Genome Lab", "Proteome Lab"):
        door = config.Door(
            "127.0.0.1", front.port, account=haproxy.account(), site=pages.Site(name)
        )
        assert not await asyncio.to_thread(front.process.start, door)

        async def named(name: str = name) -> bool:
            async with front.browser.get(f"{front.url}/nobody/here") as answer:
                return f"{name}</title>" in await answer.text()

        await until(named)


async def test_a_refused_configuration_changes_nothing(front, backends) -> None:
    a = await backends("a")
    await front.proxy.add_route("/user/a/", a.target, DATA)
    before = (front.paths.edge / haproxy.CONFIG).read_text()
    with pytest.raises(EdgeError, match="refuses its configuration"):
        await asyncio.to_thread(
            front.process.start, config.Door("no such host.invalid", front.port)
        )
    assert (front.paths.edge / haproxy.CONFIG).read_text() == before
    assert await front.reaches("/user/a/") == "a"


async def test_cut_ends_every_connection_to_one_lab_only(edge, backends) -> None:
    a, b = await backends("a"), await backends("b")
    for name, backend in (("a", a), ("b", b)):
        await edge.proxy.add_route(f"/user/{name}/", backend.target, {"user": name})
    ours = [await edge.browser.ws_connect(f"{edge.url}/user/a/{n}") for n in range(3)]
    other = await edge.browser.ws_connect(f"{edge.url}/user/b/0")
    await edge.proxy.delete_route("/user/a/")
    if edge.kind == "chp":
        with pytest.raises(CannotCut):
            await edge.proxy.cut(a.target)
    else:
        assert await edge.proxy.cut(a.target) == len(ours)
        for ws in ours:
            assert (await ws.receive(timeout=5)).type in (WSMsgType.CLOSED, WSMsgType.CLOSE)
        assert await edge.proxy.cut(a.target) == 0
    await other.send_str("hello")
    assert await other.receive_str(timeout=5) == "b:hello"


async def test_starting_twice_is_starting_once(edge) -> None:
    pid = edge.process.pid()
    assert not await asyncio.to_thread(edge.process.revive)
    assert edge.process.pid() == pid


async def test_a_taken_port_is_told(edge, tmp_path) -> None:
    second = Paths(tmp_path / "second")
    second.make()
    for name in edge.paths.edge.iterdir():
        if name.suffix in (".cfg", ".map", ".http", ".json"):
            (second.edge / name.name).write_bytes(name.read_bytes())
    second.secret("proxy.token").write_text("x")
    try:
        with pytest.raises(EdgeError, match=r"did not start: .*(?i:address already in use)"):
            await asyncio.to_thread(type(edge.process)(second).revive)
        assert not process.running(second)
    finally:
        process.stop(second)


async def test_nobody_else_sees_token_or_control_socket(edge) -> None:
    arguments = all_arguments()
    assert len(arguments) > 1
    assert edge.paths.secret("proxy.token").read_bytes() not in arguments
    for file in edge.paths.edge.iterdir():
        assert not file.stat().st_mode & 0o077, file
    if edge.kind == "chp":
        assert re.match(r"http://127\.0\.0\.1:\d+$", edge.process.api_url)
