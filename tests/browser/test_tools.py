"""The page of a lab's web tools: every state of it, and the way to a port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container
from playwright.sync_api import Page, expect

from labyard.core.names import Names
from tests.browser.conftest import Seat
from tests.browser.looks import look
from tests.tools.person import Person, eventually
from tests.tools.yard import Yard

SERVE = ["python3", "-m", "http.server", "8123", "--bind", "127.0.0.1", "--directory", "/etc/skel"]


@pytest.fixture(scope="module")
def runner(yard: Yard) -> Iterator[Person]:
    """Somebody whose lab runs."""
    person = yard.member("toolmaker")
    person.run()
    yield person
    person.halt()


@pytest.fixture(scope="module")
def lab(yard: Yard, runner: Person, engine_client: docker.DockerClient) -> Container:
    """That lab, in which a program of theirs listens on a port."""
    lab = engine_client.containers.get(Names(yard.installation).lab(runner.name))
    lab.exec_run(SERVE, detach=True)
    return lab


@pytest.mark.timeout(300)
def test_tools_are_reached_from_home_and_a_port_by_its_number(
    runner: Person,
    lab: Container,
    accounts: set[str],
    seat: Callable[..., Seat],
    artefacts: Path,
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


@pytest.mark.timeout(300)
def test_a_terminal_is_one_click_away_from_home(
    runner: Person,
    lab: Container,
    accounts: set[str],
    seat: Callable[..., Seat],
    artefacts: Path,
) -> None:
    accounts.add(runner.name)
    page = seat(runner.name).page
    page.click("#open-terminal")
    page.wait_for_url(f"**/user/{runner.name}/lab/workspaces/terminal-*")
    screen = page.locator(".jp-Terminal")
    expect(screen).to_be_visible(timeout=60_000)
    screen.click()
    page.keyboard.type("touch ~/typed-here\n")
    typed = ["test", "-e", "/home/lab/typed-here"]
    eventually(lambda: lab.exec_run(typed).exit_code == 0, 30, "the shell runs what was typed")
    page.screenshot(path=artefacts / "terminal-1280-light.png")


def test_a_server_that_does_not_run_has_no_tools(
    seat: Callable[..., Seat], artefacts: Path
) -> None:
    sitting = seat("anna")
    page = sitting.open("services/labyard/tools")
    expect(page.locator("main")).to_contain_text("Not running")
    look(page, artefacts, "tools-stopped")
    assert sitting.problems == []
