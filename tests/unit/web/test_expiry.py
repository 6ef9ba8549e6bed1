"""What is left of a server's life, as home draws it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from labyard.expiry.dates import DAY, Expiry
from labyard.web.page import environment
from labyard.web.view.expiry import view_expiries
from tests.unit.web.conftest import NOW


def ending(rest: timedelta, days: int = 7) -> Expiry:
    return Expiry(NOW + rest, NOW - DAY, days)


def draw(server: str, rest: timedelta) -> str:
    template = environment().from_string(
        '{% from "service/home/expiry.html" import remaining with context %}{{ remaining(server) }}'
    )
    expiries = view_expiries({server: ending(rest)}, NOW)
    return template.render(expiries=expiries, server=server, service="/s/", xsrf="token", nonce="")


def test_a_server_that_stays_says_nothing() -> None:
    assert view_expiries({}, NOW) == {}


def test_the_date_is_there_for_people_and_programs() -> None:
    drawn = view_expiries({"train": ending(6 * DAY)}, NOW)["train"]
    assert (drawn.words, drawn.at) == ("6 days left", "2026-03-10T12:00:00+00:00")
    assert drawn.clock == "10 Mar, 12:00 UTC"
    assert (drawn.soon, drawn.extendable) == (False, True)
    assert view_expiries({"": ending(365 * DAY)}, NOW)[""].clock == "4 Mar 2027, 12:00 UTC"
    assert ">10 Mar, 12:00 UTC<" in draw("train", 6 * DAY)  # to be read, not only hovered over


@pytest.mark.parametrize(("rest", "warns"), [(2 * DAY, False), (DAY, True)])
def test_the_last_day_is_told_by_icon_and_word(rest: timedelta, warns: bool) -> None:
    page = draw("train", rest)
    assert ("ly-state warn" in page) is warns
    assert "<time datetime=" in page


def test_the_button_is_there_where_it_helps() -> None:
    assert 'action="/s/server/extend"' in draw("train", 6 * DAY)
    assert "<form" not in draw("train", 9 * DAY)
