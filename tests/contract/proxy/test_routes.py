"""What holds for both proxies: where a request goes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from jupyterhub.utils import url_escape_path

from labyard.edge.errors import BadRoute

HUB = {"hub": True}


def lab(name: str, server: str = "") -> dict[str, str]:
    return {"user": name, "server_name": server}


async def test_the_longest_prefix_wins(edge, backends) -> None:
    hub, a, ab, named = [await backends(name) for name in ("hub", "a", "ab", "a/gpu")]
    await edge.proxy.add_route("/", hub.target, HUB)
    await edge.proxy.add_route("/user/a/", a.target, lab("a"))
    await edge.proxy.add_route("/user/ab/", ab.target, lab("ab"))
    await edge.proxy.add_route("/user/a/gpu/", named.target, lab("a", "gpu"))
    assert await edge.reaches("/") == "hub"
    assert await edge.reaches("/user/") == "hub"
    assert await edge.reaches("/user/a/") == "a"
    assert await edge.reaches("/user/a/lab/tree/x.ipynb") == "a"
    assert await edge.reaches("/user/ab/lab") == "ab"
    assert await edge.reaches("/user/abc/lab") == "hub"
    assert await edge.reaches("/user/a/gpu/lab") == "a/gpu"
    assert await edge.reaches("/user/a/gpux/lab") == "a"


async def test_a_query_is_no_part_of_the_path(edge, backends) -> None:
    hub, a = await backends("hub"), await backends("a")
    await edge.proxy.add_route("/", hub.target, HUB)
    await edge.proxy.add_route("/user/a/", a.target, lab("a"))
    assert await edge.reaches("/hub/login?next=/user/a/") == "hub"
    status, heard = await edge.get("/user/a/x?next=%2Fuser%2Fb%2F&q=1")
    assert (status, heard["path"]) == (200, "/user/a/x?next=%2Fuser%2Fb%2F&q=1")


SPELLINGS = {
    "anna@example.org": ["/user/anna@example.org/x", "/user/anna%40example.org/x"],
    "zoë": ["/user/zo%C3%AB/x", "/user/zo%c3%ab/x"],
    "学生": ["/user/%E5%AD%A6%E7%94%9F/x"],
    "a+b": ["/user/a+b/x", "/user/a%2Bb/x", "/user/a%2bb/x"],
    "a.b-c_d~e": ["/user/a.b-c_d~e/x", "/user/a%2Eb-c_d%7Ee/x"],
}


async def test_every_spelling_of_a_name_reaches_its_lab(edge, backends) -> None:
    hub, own = await backends("hub"), await backends("own")
    await edge.proxy.add_route("/", hub.target, HUB)
    for user, spelled in SPELLINGS.items():
        spec = f"/user/{url_escape_path(user)}/"  # as JupyterHub makes it
        await edge.proxy.add_route(spec, own.target, lab(user))
        for path in spelled:
            assert await edge.reaches(path) == "own", path
        assert (await edge.proxy.get_all_routes())[spec]["data"]["user"] == user
        await edge.proxy.delete_route(spec)
        for path in spelled:
            assert await edge.reaches(path) == "hub", path


# A browser sends the first ones as they are, as a path below A's; the others it resolves before it asks,
# so what it holds to be A's is never among them, and only programs send them.
ENCODED_JUMPS = [
    "/user/a/..%2fb/x",
    "/user/a/..%2f..%2fuser%2fb/x",
    "/user/a%2f..%2f..%2fuser/b/x",
    "/user/a/%252e%252e%252fb/x",
    "/user/a/..%5cb/x",
    "//user/b/x",
    "/user//b/x",
]
PLAIN_JUMPS = [
    "/user/a/../b/x",
    "/user/a/%2e%2e/b/x",
    "/user/a/..\\b/x",
    "/user/a/%00/../../b/x",
    "/user/a/%zz/../b/x",
]


async def test_no_spelling_jumps_to_another_lab(edge, backends) -> None:
    hub, a, b = [await backends(name) for name in ("hub", "a", "b")]
    await edge.proxy.add_route("/", hub.target, HUB)
    await edge.proxy.add_route("/user/a/", a.target, lab("a"))
    await edge.proxy.add_route("/user/b/", b.target, lab("b"))
    for path in [*ENCODED_JUMPS, *(PLAIN_JUMPS if edge.kind == "haproxy" else [])]:
        answer = await edge.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b'"name": "b"' not in answer, path
    assert await edge.reaches("/user/b/x") == "b"


async def test_data_and_target_come_back_as_they_were_given(edge) -> None:
    data = {"user": "zoë", "server_name": "gpu", "more": [1, {"x": "a b|c\n# d"}]}
    await edge.proxy.add_route("/user/zo%C3%AB/gpu/", "http://127.0.0.1:9", data)
    route = (await edge.proxy.get_all_routes())["/user/zo%C3%AB/gpu/"]
    kept = {key: value for key, value in route["data"].items() if key != "last_activity"}
    assert (route["target"], kept) == ("http://127.0.0.1:9", data)
    assert route["routespec"] == "/user/zo%C3%AB/gpu/"
    assert await edge.proxy.get_route("/user/zo%C3%AB/gpu") == route


async def test_an_added_route_replaces_the_one_before(edge, backends) -> None:
    one, two = await backends("one"), await backends("two")
    await edge.proxy.add_route("/user/a/", one.target, lab("a"))
    await edge.proxy.add_route("/user/a/", two.target, lab("a"))
    assert await edge.reaches("/user/a/") == "two"
    await edge.proxy.delete_route("/user/a/")
    assert await edge.reaches("/user/a/") is None


async def test_deleting_an_unknown_route_is_fine(edge) -> None:
    await edge.proxy.delete_route("/user/nobody/")


WRONG = [
    "https://127.0.0.1:1",
    "ftp://127.0.0.1:1",
    "garbage here",
    "http://",
    "http://127.0.0.1:99999",
    "http://127.0.0.1:1/path",
    "http://no-such-host.invalid:80",
    "http://127.0.0.1 /user/b/:80",
    "",
]


async def test_a_wrong_target_is_told_and_the_old_route_stays(edge, backends) -> None:
    a = await backends("a")
    await edge.proxy.add_route("/user/a/", a.target, lab("a"))
    for target in WRONG:
        with pytest.raises(BadRoute) as refused:
            await edge.proxy.add_route("/user/a/", target, lab("a"))
        assert repr(target) in refused.value.message
        assert refused.value.remedy
    assert await edge.reaches("/user/a/") == "a"
    assert (await edge.proxy.get_all_routes())["/user/a/"]["target"] == a.target


async def test_a_host_name_as_target_is_looked_up(edge, backends) -> None:
    a = await backends("a")
    await edge.proxy.add_route("/user/a/", f"http://localhost:{a.port}", lab("a"))
    assert (await edge.proxy.get_all_routes())["/user/a/"]["target"] == f"http://localhost:{a.port}"
    await edge.proxy.add_route("/user/b/", f"http://127.0.0.1:{a.port}", lab("b"))
    assert await edge.reaches("/user/b/") == "a"


async def test_many_added_and_deleted_at_once_end_as_the_last_word_said(edge, backends) -> None:
    a = await backends("a")

    async def life(n: int) -> None:
        await edge.proxy.add_route(f"/user/u{n}/", a.target, lab(f"u{n}"))
        if n % 2:
            await edge.proxy.delete_route(f"/user/u{n}/")

    await asyncio.gather(*(life(n) for n in range(100)))
    routes = await edge.proxy.get_all_routes()
    assert sorted(routes) == sorted(f"/user/u{n}/" for n in range(0, 100, 2))


async def test_a_dead_target_is_told_as_503(edge) -> None:
    await edge.proxy.add_route("/user/a/", "http://127.0.0.1:1", lab("a"))
    status, page = await edge.get("/user/a/")
    assert status == 503
    assert "<title>One moment, please · Labyard</title>" in page
    assert "comes back by itself" in page


async def test_a_target_that_hangs_up_is_looked_for_again(edge) -> None:
    target = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    address = f"http://127.0.0.1:{target.sockets[0].getsockname()[1]}"
    await edge.proxy.add_route("/user/a/", address, lab("a"))
    status, page = await edge.get("/user/a/")
    target.close()
    assert status in {502, 503}
    assert "comes back by itself" in page


async def test_open_websockets_live_through_a_thousand_changes(edge, backends) -> None:
    a, other = await backends("a"), await backends("other")
    await edge.proxy.add_route("/user/a/", a.target, lab("a"))
    sockets: list[Any] = [
        await edge.browser.ws_connect(f"{edge.url}/user/a/api/kernels/{n}") for n in range(5)
    ]
    for hundred in range(10):
        names = [f"/user/u{hundred}-{n}/" for n in range(50)]
        await asyncio.gather(*(edge.proxy.add_route(n, other.target, lab("u")) for n in names))
        for n, ws in enumerate(sockets):
            await ws.send_str(f"{hundred}.{n}")
            assert await ws.receive_str(timeout=10) == f"a:{hundred}.{n}"
        await asyncio.gather(*(edge.proxy.delete_route(n) for n in names))
    assert a.opened == len(sockets)  # none was opened anew
    for ws in sockets:
        await ws.close()
