"""What holds for both proxies where labs have host names of their own."""

from __future__ import annotations

import os
import signal

import pytest

from tests.contract.proxy.conftest import until

HUB = "hub.example.org"


async def furnished(named, backends) -> None:
    """The hub wherever nobody else is, one lab each for two people."""
    await named.proxy.add_route("/", (await backends("hub")).target, {"hub": True})
    for user in ("a", "b"):
        target = (await backends(user)).target
        await named.proxy.add_route(f"{user}.{HUB}/user/{user}/", target, {"user": user})


async def reached(named, host: str, path: str) -> str | None:
    """Return who answers for ``path`` at ``host``."""
    return await named.reaches(path, headers={"Host": host})


async def test_a_lab_answers_at_its_own_name_only(named, backends) -> None:
    await furnished(named, backends)
    assert await reached(named, f"a.{HUB}", "/user/a/lab") == "a"
    assert await reached(named, f"a.{HUB}:{named.port}", "/user/a/lab") == "a"
    if named.kind == "haproxy":  # browsers say names in lower case; the other one insists
        assert await reached(named, "A.Hub.example.ORG", "/user/a/lab") == "a"
    assert await reached(named, f"b.{HUB}", "/user/b/lab") == "b"
    for host in (HUB, f"b.{HUB}", f"x.{HUB}", f"a.{HUB}.evil.org", "evil.org", "127.0.0.1"):
        assert await reached(named, host, "/user/a/lab") == "hub", host


async def test_a_host_that_is_none_reaches_no_lab(named, backends) -> None:
    await furnished(named, backends)
    for host in (f"a.{HUB}/user/b", "a", "", f"a.{HUB}%2fuser", f"x a.{HUB}", f"a.{HUB}|b"):
        request = f"GET /user/a/lab HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        assert b'"name": "b"' not in await named.raw(request), host
        if named.kind == "haproxy":
            assert b'"name": "a"' not in await named.raw(request), host


async def test_routes_by_host_come_back_as_given_and_go(named, backends) -> None:
    await furnished(named, backends)
    spec = f"a.{HUB}/user/a/"
    route = (await named.proxy.get_all_routes())[spec]
    assert (route["routespec"], route["data"]["user"]) == (spec, "a")
    await named.proxy.delete_route(spec)
    assert spec not in await named.proxy.get_all_routes()
    assert await reached(named, f"a.{HUB}", "/user/a/lab") == "hub"
    assert await reached(named, f"b.{HUB}", "/user/b/lab") == "b"


async def test_a_route_without_a_host_is_refused_but_for_the_hubs(named, backends) -> None:
    a = await backends("a")
    with pytest.raises(ValueError, match="without host"):
        await named.proxy.add_route("/user/a/", a.target, {"user": "a"})


async def test_a_route_with_a_host_is_refused_where_labs_have_none(edge, backends) -> None:
    a = await backends("a")
    with pytest.raises(ValueError, match="host-based"):
        await edge.proxy.add_route(f"a.{HUB}/user/a/", a.target, {"user": "a"})


async def test_a_killed_proxy_is_back_with_its_hosts(named, backends) -> None:
    await furnished(named, backends)
    os.kill(named.process.pid(), signal.SIGKILL)
    await named.eventually("/", "hub")

    async def back() -> bool:
        return await reached(named, f"a.{HUB}", "/user/a/lab") == "a"

    await until(back)


@pytest.mark.parametrize(
    "front", [{"by_host": True, "external_url": f"https://{HUB}"}], indirect=True
)
async def test_tls_that_ended_before_us_counts_for_labs_names_too(front, backends) -> None:
    await front.proxy.add_route("/", (await backends("hub")).target, {"hub": True})
    for host, proto in ((HUB, "https"), (f"a.{HUB}", "https"), (f"a{HUB}", "http")):
        _, heard = await front.get("/", headers={"Host": host})
        assert ["x-forwarded-proto", proto] in heard["headers"], host
