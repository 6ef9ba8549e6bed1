"""Text that tries to be more than text, wherever the platform shows what somebody else wrote."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import Seat
from tests.tools.hostile import ALIVE, CORPUS, SCRIPTS, fitting
from tests.tools.person import Person, eventually
from tests.tools.yard import PASSWORD, Yard

SLOW = 90_000.0  # milliseconds


class Watched:
    """A browser in which nothing may come alive."""

    def __init__(self, seat: Seat) -> None:
        self.seat, self.page = seat, seat.page
        self.alive: list[str] = []
        self.page.on("dialog", lambda dialog: (self.alive.append(dialog.message), dialog.dismiss()))
        self.page.on("request", self._asked)

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).hostname == "evil.invalid":
            self.alive.append(request.url)

    def open(self, path: str) -> Page:
        """Open a page of the platform and see that it is as dead as its words."""
        self.seat.open(path)
        self.inert(path)
        return self.page

    def inert(self, where: str) -> None:
        """See that nothing of what the page shows came alive."""
        assert self.page.evaluate(ALIVE) + self.alive == [], where
        assert self.seat.problems == [], where


@pytest.fixture
def mallory(below: Yard, sit: Callable[[Yard, str], Seat]) -> Watched:
    return Watched(sit(below, "mallory"))


@pytest.fixture
def person(below: Yard) -> Person:
    """The same person by program, who is quicker at typing."""
    person = below.person("mallory")
    person.sign_in(PASSWORD)
    return person


@pytest.fixture
def admin(below: Yard, sit: Callable[[Yard, str], Seat]) -> Watched:
    return Watched(sit(below, "admin"))


def shows(page: Page, text: str) -> None:
    """See that the page shows a text to the letter; space is the browser's."""
    shown = page.evaluate("document.documentElement.textContent.replace(/\\s+/g, ' ')")
    assert " ".join(text.split()) in shown, text


REFLECTING = (
    "hub/login?next={}",
    "hub/invitation?name={}",
    "hub/{}",
    "hub/spawn/mallory?opt-image={}",
    "hub/spawn/mallory/{}",
    "hub/user/mallory/{}",
    "services/labyard/{}",
    "services/labyard/volumes/download?volume={}",
    "services/labyard/new?server={}&opt-image={}&opt-environment={}",
    "services/labyard/change?server={}",
    "services/labyard/info?server={}",
    "services/labyard/tools/port?port={}",
    "services/labyard/account/{}",
    "{}",
)


@pytest.mark.timeout(300)
def test_what_an_address_says_stays_text(mallory: Watched) -> None:
    for path in REFLECTING:
        for text in (" ".join(SCRIPTS), SCRIPTS[3], SCRIPTS[5]):
            mallory.seat.open(path.replace("{}", quote(text, safe="")))
            mallory.inert(f"{path} {text}")


@pytest.mark.timeout(300)
def test_what_a_stranger_types_stays_text(
    below: Yard, sit: Callable[..., Seat], admin: Watched
) -> None:
    stranger = Watched(Seat(below, admin.seat.context.browser.new_context(), "x"))  # type: ignore[union-attr]
    for path, field in (("hub/login", "#username_input"), ("hub/signup", "#username_input")):
        for text in SCRIPTS[:8]:
            page = stranger.open(path)
            page.fill(field, text)
            for password in page.locator("input[type=password]").all():
                password.fill(PASSWORD)
            page.locator("form").evaluate("form => { form.noValidate = true; }")
            page.keyboard.press("Enter")
            expect(page.get_by_role("alert")).to_be_visible()
            stranger.inert(f"{path} {text}")
    stranger.seat.context.close()
    admin.open("services/labyard/admin/users")


@pytest.mark.timeout(300)
def test_what_a_site_words_stays_text(mallory: Watched, below: Yard) -> None:
    page = mallory.open("services/labyard/")
    for volume in below.settings["volumes"]:
        shows(page, volume["description"])
    shows(page, below.settings["site"]["announcement"])
    page = mallory.open("services/labyard/new")
    for profile in below.settings["labs"]["profiles"]:
        shows(page, profile["title"])
        shows(page, profile["description"])
    for path in ("services/labyard/volumes", "services/labyard/volume/v0", "hub/spawn/mallory"):
        mallory.open(path)


def test_what_somebody_says_of_themselves_stays_text(
    mallory: Watched, person: Person, admin: Watched, tmp_path: Path
) -> None:
    for text in CORPUS:
        person.api("POST", "users/mallory/tokens", json={"note": text})
    for n, text in enumerate(fitting(60)[:5]):
        file = tmp_path / f"key{n}"
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", text, "-f", file], check=True
        )
        key = file.with_suffix(".pub").read_text()
        person.submit("services/labyard/account/keys", {"key": key, "label": text})
    page = mallory.open("services/labyard/account/tokens")
    shows(page, SCRIPTS[0])
    mallory.open("hub/token")
    shows(mallory.open("services/labyard/account/keys"), SCRIPTS[0])

    shown = 0
    for text in fitting(60):
        form = {"name": text, "theme": "system", "figures": "charts"}
        if person.submit("services/labyard/account/profile", form).status_code == 200:
            page = mallory.open("services/labyard/account/profile")
            shown += text in page.locator("#login_widget").inner_text()
    assert shown > 8
    for path in ("services/labyard/admin/users", "hub/admin"):
        admin.open(path)


def test_names_of_groups_stay_text(below: Yard, mallory: Watched, admin: Watched) -> None:
    person = below.person("admin")
    person.sign_in(PASSWORD)
    names = [text for text in SCRIPTS if len(text) <= 100]
    assert person.api("POST", "groups", json={"groups": names}).status_code == 201
    for name in names:
        person.api("POST", f"groups/{quote(name, safe='')}/users", json={"users": ["mallory"]})
    groups = person.api("GET", "users/mallory").json()["groups"]
    assert len(groups) > 8
    page = admin.open("hub/admin#/groups")
    expect(page.locator("body")).to_contain_text(SCRIPTS[0])
    admin.inert("groups")
    for path in ("services/labyard/", "services/labyard/new"):
        mallory.open(path)


@pytest.mark.timeout(300)
def test_last_words_of_a_lab_and_errors_of_an_engine_stay_text(
    below: Yard, mallory: Watched, person: Person, hostile_image: str
) -> None:
    for server, image in (("", hostile_image), ("nothing", f"{hostile_image}-nothing")):
        person.start(server, image=image)
        eventually(lambda s=server: not (person.model(s) or {}).get("pending"), 90, "it failed")
        page = mallory.open(f"hub/spawn-pending/mallory/{server}".rstrip("/"))
        expect(page.locator("#failed")).to_be_visible(timeout=SLOW)
        if not server:
            shows(page, SCRIPTS[2])
        mallory.inert(image)
        mallory.open("services/labyard/")


@pytest.mark.timeout(300)
def test_what_a_lab_was_given_and_what_it_reports_stays_text(
    mallory: Watched, person: Person, hostile_image: str
) -> None:
    lines = {f"EVIL{n}": text for n, text in enumerate(SCRIPTS)}
    person.run("liar", image=f"{hostile_image}-liar", environment=lines)
    for path in ("services/labyard/new", "hub/spawn/mallory", "services/labyard/"):
        mallory.open(path)
    expect(mallory.page.locator("#incidents")).to_contain_text(SCRIPTS[3], timeout=SLOW)
    mallory.inert("what a lab reports")


def test_rest_says_it_as_json(person: Person) -> None:
    nasty = quote(SCRIPTS[3], safe="")
    for path in (
        "services/labyard/api/servers",
        "services/labyard/api/servers/mallory",
        "services/labyard/api/users/mallory/volumes",
        "services/labyard/api/users/mallory/keys",
        f"services/labyard/api/users/{nasty}/volumes",
        f"services/labyard/api/{nasty}",
        "hub/api/users/mallory",
        f"hub/api/users/{nasty}",
        f"hub/api/labyard/accounts/{nasty}",
    ):
        headers = {"Authorization": f"token {person.token}", "Accept": "text/html"}
        answer = person.get(path, headers=headers)
        assert answer.headers["Content-Type"].startswith("application/json"), path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert isinstance(answer.json(), dict | list), path
