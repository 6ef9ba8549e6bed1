"""A real Chromium, and people who sit before it."""

from __future__ import annotations

import io
import json
import os
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from labyard.settings.schema import Settings
from tests.browser.looks import look
from tests.tools.hostile import CORPUS, SCRIPTS, fitting
from tests.tools.person import Person
from tests.tools.provider import SECRET, Provider
from tests.tools.seclusion import secluded
from tests.tools.yard import PASSWORD, Yard

IMAGE = os.environ.get("LABYARD_LABS__IMAGE", Settings().labs.image)
SAFE_LABELS = [(n, text) for n, text in enumerate(SCRIPTS) if "$" not in text]
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
REPORT = {
    "rooms": [
        {
            "path": SCRIPTS[3],
            "state": "full",
            "free": 0,
            "size": 1,
            "largest": [[text, 2**20] for text in SCRIPTS[:3]],
        }
    ],
    "skew": 0,
}
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """Start the system's Chromium where it sees no lab's network come or go, and looks for nothing else."""
    with secluded(CHROMIUM, tmp_path_factory.mktemp("chromium")) as script:
        yield {**browser_type_launch_args, "executable_path": script, "args": list(QUIET)}


class Seat:
    """One person before a browser. ``problems`` collects what the console complains about."""

    def __init__(self, yard: Yard, context: BrowserContext, name: str) -> None:
        self.yard, self.context, self.name = yard, context, name
        self.page: Page = context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._complaint)

    def _complaint(self, message: ConsoleMessage) -> None:
        # That a page itself is a 404 or a 502 is no complaint: it may be meant to be one.
        itself = message.location.get("url") == self.page.url and "with a status of" in message.text
        if message.type == "error" and not itself:
            self.problems.append(f"{message.text} ({message.location})")

    def open(self, path: str = "") -> Page:
        """Open a page below the base URL."""
        self.page.goto(self.yard.url + path)
        return self.page

    def home(self) -> Page:
        """Open the home page."""
        return self.open("services/labyard/")

    def sign_in(self) -> Page:
        """Sign in through the form, and land at home."""
        page = self.open("hub/login")
        page.fill("#username_input", self.name)
        page.fill("#password_input", PASSWORD)
        page.click("#login_submit")
        page.wait_for_url("**/services/labyard/**")
        return page


@pytest.fixture(scope="session")
def accounts() -> set[str]:
    """Who has an account already."""
    return set()


@pytest.fixture
def seat(yard: Yard, browser: Browser, accounts: set[str]) -> Iterator[Callable[..., Seat]]:
    """Give somebody with an approved account a browser of their own, signed in."""
    contexts = []

    def take(name: str, **options: Any) -> Seat:
        if name not in accounts:
            yard.member(name)
            accounts.add(name)
        context = browser.new_context(viewport={"width": 1280, "height": 860}, **options)
        contexts.append(context)
        sitting = Seat(yard, context, name)
        sitting.sign_in()
        return sitting

    yield take
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def known() -> set[tuple[str, str]]:
    """Who has an account at which yard already."""
    return set()


@pytest.fixture(scope="session")
def sso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """The provider of ``named``. It starts with the first test that needs it."""
    provider = Provider(tmp_path_factory.mktemp("sso"), [])
    (provider.directory / "client-secret").write_text(SECRET)
    yield provider
    provider.stop()


@pytest.fixture(scope="session")
def named(make_shared_yard: Callable[..., Yard], sso: Provider) -> Yard:
    """An installation below /jupyterhub whose labs have host names of their own, and two ways to sign in."""
    casdoor = {
        "key": "casdoor",
        "preset": "casdoor",
        "issuer": sso.issuer,
        "client_id": "labyard",
        "client_secret_file": str(sso.directory / "client-secret"),
        "new_accounts": "approve",
        "sign_out": True,
    }
    place = make_shared_yard(
        named="hub.localhost",
        base_url="/jupyterhub",
        edge={"proxy": "haproxy"},
        auth={"oidc": [casdoor]},
    )
    sso.callbacks.append(f"{place.url}hub/oauth_callback")
    place.up()
    return place


@pytest.fixture(scope="session")
def hostile_image(engine_client: docker.DockerClient) -> Iterator[str]:
    """An image whose labels, last words and entry point try to be more than text."""
    tag = f"labyard/lab:hostile-{os.getpid()}"
    last_words = f"import sys; sys.exit({chr(10).join(CORPUS)!r})"
    recipe = "\n".join(
        [
            f"FROM {IMAGE}",
            *(f"LABEL org.opencontainers.image.t{n}={json.dumps(text)}" for n, text in SAFE_LABELS),
            f"ENTRYPOINT {json.dumps(['python3', '-c', last_words])}",
        ]
    )
    engine_client.images.build(fileobj=io.BytesIO(recipe.encode()), tag=tag, rm=True)
    nothing = f"FROM {IMAGE}\nENTRYPOINT {json.dumps([SCRIPTS[0] + SCRIPTS[3]])}"
    engine_client.images.build(fileobj=io.BytesIO(nothing.encode()), tag=f"{tag}-nothing", rm=True)
    # It reports what nobody could call a room.
    lie = b64encode(f"\n\ndef content():\n    return {json.dumps(REPORT).encode()!r}\n".encode())
    module = "/opt/lab/lib/python*/site-packages/labyard_lab/report.py"
    liar = f"FROM {IMAGE}\nUSER root\nRUN echo {lie.decode()} | base64 -d >> $(echo {module})\nUSER 1000:1000"
    engine_client.images.build(fileobj=io.BytesIO(liar.encode()), tag=f"{tag}-liar", rm=True)
    yield tag
    for name in (tag, f"{tag}-nothing", f"{tag}-liar"):
        engine_client.images.remove(name, force=True)


@pytest.fixture(scope="session")
def below(make_shared_yard: Callable[..., Yard], hostile_image: str) -> Yard:
    """An installation below /a/b in which everything a site words tries to be more than text."""
    words = [" ".join(fitting(90)[n : n + 2]) for n in range(0, 8, 2)]
    volumes = [
        {"name": f"v{n}", "target": f"/mnt/v{n}", "description": text[:200]}
        for n, text in enumerate(words)
    ]
    profiles = [
        {"name": f"p{n}", "title": text, "description": " ".join(SCRIPTS[n : n + 3])[:300]}
        for n, text in enumerate(fitting(60)[:12])
    ]
    place = make_shared_yard(
        base_url="/a/b",
        site={
            "name": SCRIPTS[0],
            "announcement": " ".join(SCRIPTS)[:500],
            "help": " ".join(reversed(SCRIPTS))[:500],
        },
        volumes=volumes,
        labs={
            "profiles": profiles,
            "images": [hostile_image, f"{hostile_image}-nothing", f"{hostile_image}-liar"],
        },
    )
    place.up()
    return place


@pytest.fixture
def sit(
    browser: Browser, known: set[tuple[str, str]], request: pytest.FixtureRequest
) -> Iterator[Callable[[Yard, str], Seat]]:
    """Give somebody with an account at a yard of its own a browser, signed in."""
    contexts = []

    def take(place: Yard, name: str) -> Seat:
        if (place.installation, name) not in known:
            known.add((place.installation, name))
            if name != "admin":
                place.member(name)
            elif place is request.getfixturevalue("yard"):
                request.getfixturevalue("admin")
            else:
                place.bootstrap()
        context = browser.new_context(viewport={"width": 1280, "height": 860})
        contexts.append(context)
        sitting = Seat(place, context, name)
        sitting.sign_in()
        return sitting

    yield take
    for context in contexts:
        context.close()


@pytest.fixture
def stranger(yard: Yard, browser: Browser) -> Iterator[Seat]:
    """Somebody before a browser of their own who is not signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    yield Seat(yard, context, "stranger")
    context.close()


@pytest.fixture
def admin_seat(admin: Person, accounts: set[str], seat: Callable[..., Seat]) -> Seat:
    """The first administrator before a browser, signed in."""
    accounts.add(admin.name)
    return seat(admin.name)


@pytest.fixture
def looks(artefacts: Path) -> Callable[[Seat, str, str], Page]:
    """Open a page and hold it to what every page must hold; ``name`` is that of its pictures."""

    def opened(seat: Seat, path: str, name: str) -> Page:
        page = seat.open(path)
        look(page, artefacts, name)
        assert seat.problems == [], f"{name}: the console complains"
        return page

    return opened
