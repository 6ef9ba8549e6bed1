"""The page of a lab's web tools: every state of it, and the way to a port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from playwright.sync_api import Page, expect

from labyard.core.names import Names
from tests.browser.conftest import Seat
from tests.browser.looks import look
from tests.tools.person import Person
from tests.tools.yard import Yard

SERVE = ["python3", "-m", "http.server", "8123", "--bind", "127.0.0.1", "--directory", "/etc/skel"]


@pytest.fixture(scope="module")
def runner(yard: Yard, engine_client: docker.DockerClient) -> Iterator[Person]:
    """Somebody in whose lab a program of theirs listens on a port."""
    person = yard.member("toolmaker")
    person.run()
    lab = engine_client.containers.get(Names(yard.installation).lab(person.name))
    lab.exec_run(SERVE, detach=True)
    yield person
    person.halt()


@pytest.mark.timeout(300)
def test_tools_are_reached_from_home_and_a_port_by_its_number(
    runner: Person, accounts: set[str], seat: Callable[..., Seat], artefacts: Path
) -> None:
    accounts.add(runner.name)
    sitting = seat(runner.name)
    page: Page = sitting.page
    page.click("#all-tools")
    expect(page.locator("h1")).to_have_text("Tools in your server")
    expect(page.locator("#tools")).to_contain_text("JupyterLab")
    look(page, artefacts, "tools")

    page.fill("#port", "8123")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/user/{runner.name}/proxy/8123/")
    expect(page.locator("h1")).to_contain_text("Directory listing")

    page = sitting.open("services/labyard/tools")
    page.evaluate("document.getElementById('port').removeAttribute('pattern')")
    page.fill("#port", "99999")
    page.click("#open-port")
    expect(page.locator("#port-wrong")).to_contain_text("'99999' is not a port.")
    expect(page.locator("#port")).to_be_focused()
    look(page, artefacts, "tools-wrong")
    assert sitting.problems == []


def test_a_server_that_does_not_run_has_no_tools(
    seat: Callable[..., Seat], artefacts: Path
) -> None:
    sitting = seat("anna")
    page = sitting.open("services/labyard/tools")
    expect(page.locator("main")).to_contain_text("Not running")
    look(page, artefacts, "tools-stopped")
    assert sitting.problems == []
