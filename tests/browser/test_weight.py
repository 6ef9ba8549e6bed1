"""How much a browser fetches for the home page, the first time: bytes on the wire, headers included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Seat
from tests.tools.person import Person
from tests.tools.yard import Yard

MOST = 120_000


@pytest.fixture
def busy(yard: Yard, accounts: set[str], seat: Callable[..., Seat]) -> Seat:
    """Somebody whose server runs, so that the page shows all it has."""
    person: Person = yard.member("weighed")
    accounts.add("weighed")
    person.run()
    return seat("weighed")


@pytest.mark.timeout(300)
def test_home_weighs_less_than_120_kb_with_all_it_needs(busy: Seat) -> None:
    weights = weigh(busy)
    told = "\n".join(f"{size:>8} {url}" for url, size in sorted(weights.items(), key=_size))
    assert any(url.endswith("/services/labyard/") for url in weights), told
    assert len(weights) > 4, told
    assert sum(weights.values()) < MOST, told


def _size(item: tuple[str, int]) -> int:
    return -item[1]


def weigh(seat: Seat) -> dict[str, int]:
    """Return the bytes of everything that the page fetches, with nothing in the cache."""
    session = seat.context.new_cdp_session(seat.page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    urls: dict[str, str] = {}
    sizes: dict[str, int] = {}

    def asked(event: dict[str, Any]) -> None:
        urls[event["requestId"]] = event["request"]["url"]

    def came(event: dict[str, Any]) -> None:
        if event["requestId"] in urls:  # else the page before had asked
            sizes[event["requestId"]] = int(event["encodedDataLength"])

    session.on("Network.requestWillBeSent", asked)
    session.on("Network.loadingFinished", came)
    seat.page.goto(seat.yard.url + "services/labyard/")
    seat.page.locator(".ly-age").wait_for(timeout=60_000)
    return {urls[request].split("?")[0]: size for request, size in sizes.items()}


def test_files_are_compressed_and_pages_that_hold_a_token_are_not(yard: Yard) -> None:
    person = yard.person("stranger")
    for path in ("hub/static/css/style.min.css", "services/labyard/static/labyard.css"):
        assert person.get(path).headers["Content-Encoding"] == "gzip"
    page = person.get("hub/login")
    assert "_xsrf" in page.text
    assert "Content-Encoding" not in page.headers
