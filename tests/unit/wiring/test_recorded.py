"""Every route that changes something is recorded, or it is said why not."""

from __future__ import annotations

import pytest

from labyard.audit.requests import Rules, rule_of
from labyard.web import recorded
from labyard.wiring.processes import hub_rules
from tests.tools.routes import Route, hub_routes, service_routes


@pytest.mark.parametrize("route", hub_routes(), ids=str)
def test_the_hubs_routes(route: Route) -> None:
    _told(route, hub_rules())


@pytest.mark.parametrize("route", service_routes(), ids=str)
def test_the_services_routes(route: Route) -> None:
    _told(route, recorded.RULES)


def _told(route: Route, rules: Rules) -> None:
    found = rule_of(rules, route.handler, route.method)
    assert found is not None, (
        f"{route} changes something and leaves nothing in the audit: say in RULES of `recorded.py` what"
        " is recorded of it, or why nothing is."
    )
    if isinstance(found, str):
        assert found.endswith(".")
