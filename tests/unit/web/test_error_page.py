"""What goes wrong is said in plain words, in the site's style."""

from __future__ import annotations

import html
import re

import pytest

from labyard.settings.schema import Settings
from labyard.web.page import Frame

ME = {"name": "anna", "kind": "user"}


def render(status: int, message: str = "", caller: dict[str, str] | None = ME) -> str:
    settings = Settings.model_validate({"site": {"name": "Genome Lab"}})
    page, _ = Frame(settings).render(
        "error.html", caller=caller, xsrf="", status_code=status, message=message, remedy=""
    )
    return page


def main(page: str) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page[page.index("<main") :]).split()))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 424, 429, 500, 502, 503])
def test_each_says_what_it_is_and_leads_on(status: int) -> None:
    page = render(status)
    title = re.search(r"<title>(.*?)</title>", page)
    heading = re.search(r"<h1[^>]*>.*?<span>([^<]+)</span></span></h1>", page, re.DOTALL)
    assert title is not None
    assert heading is not None
    assert title[1] == f"{heading[1]} · Genome Lab"
    assert 'href="/services/labyard/">Go home' in page
    assert main(page).count(".") >= 1


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            "Action is not authorized with current scopes; requires any of [admin:users]",
            "Your account has no right to this page or action.",
        ),
        ("XSRF cookie does not match POST argument", "The page was open for too long"),
        ("No access to resources or resources not found", "or it is somebody else's."),
        ("'_xsrf' argument missing from POST", "The page was open for too long"),
    ],
)
def test_the_hubs_own_words_become_plain_ones(message: str, said: str) -> None:
    text = main(render(403, message))
    assert said in text
    assert not re.search("scope|xsrf|cookie|argument|resources", text, re.IGNORECASE)


def test_what_a_person_may_know_is_kept_and_inert() -> None:
    page = render(404, "There is no server <script>alert(1)</script>.")
    assert "There is no server" in page
    assert "<script>alert" not in page


def test_who_is_not_signed_in_is_led_there() -> None:
    assert 'href="/hub/login">Sign in</a>' in render(403, caller=None)
    assert 'href="/hub/login">Sign in</a>' not in render(403)
