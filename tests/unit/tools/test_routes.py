"""Routes are found by themselves; a new one is in the matrix the moment it exists."""

from __future__ import annotations

from tests.tools.routes import SERVICE, hub_routes, samples, service_routes


def test_a_pattern_is_spelled_out() -> None:
    assert samples(r"/a/([^/]+)/(start|stop)") == ["/a/x/start", "/a/x/stop"]
    assert samples(r"/u/(?P<name>[^/]+)(?P<path>/.*)?$") == ["/u/x"]
    assert samples(r"/k/([0-9]+)/([a-f]{2})/(\d+)") == ["/k/0/aa/0"]
    assert samples(r"/s/(?:server|servers/([^/]+))") == ["/s/server", "/s/servers/x"]


def test_what_is_known_to_be_there_is_found() -> None:
    hub = {str(route) for route in hub_routes()}
    assert {"POST /hub/login", "POST /hub/spawn", "DELETE /hub/api/users/x/server"} <= hub
    assert "POST /hub/api/labyard/accounts/x/approve" in hub
    assert {"POST /hub/start-again/x", "POST /hub/cancel-start/x"} <= hub
    assert "DELETE /hub/api/labyard/users/x/server/start" in hub
    service = {str(route) for route in service_routes()}
    assert {f"POST {SERVICE}server/start", f"POST {SERVICE}volumes/reset"} <= service
    assert not [route for route in service if route.startswith("GET")]
