"""What went wrong in a running lab, as a person meets it: inside JupyterLab and at home."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from playwright.sync_api import Page, expect

from labyard.core.names import Names
from tests.browser.conftest import Seat
from tests.browser.looks import look
from tests.tools.disks import small_volume
from tests.tools.kernel import Kernel
from tests.tools.person import Person
from tests.tools.yard import PASSWORD, Yard

SLOW = 120_000.0  # milliseconds: JupyterLab asks for notices every 30 s
GREEDY = "b = [bytearray(10**6) for _ in range(2000)]"
EVIL = "<img src=x onerror=document.title='owned'>"


def person(yard: Yard, name: str) -> Person:
    someone = yard.person(name)
    someone.sign_in(PASSWORD)
    return someone


def toast(page: Page, words: str) -> None:
    expect(page.locator(".Toastify__toast", has_text=words)).to_be_visible(timeout=SLOW)


@pytest.mark.timeout(300)
def test_a_kernel_that_ran_out_of_memory(
    yard: Yard, seat: Callable[..., Seat], artefacts: Path
) -> None:
    ines = seat("ines")
    someone = person(yard, "ines")
    someone.run(memory="384M")
    page = ines.open("user/ines/lab")
    expect(page.locator("#jp-main-dock-panel")).to_be_visible(timeout=SLOW)
    home = ines.context.new_page()
    home.goto(yard.url + "services/labyard/")

    Kernel(someone).send(GREEDY)
    toast(page, "A kernel ran out of memory. All of this server together may use 384 MB.")
    card = home.locator("[data-code=kernel-out-of-memory]")
    expect(card).to_contain_text("ran out of memory", timeout=SLOW)  # unasked: the page follows
    expect(home.locator("#spoken")).to_contain_text("A kernel ran out of memory")
    look(home, artefacts, "home-out-of-memory")
    card.get_by_role("link", name="Change memory").click()
    expect(home.locator("#memory")).to_be_visible()
    home.go_back()
    card.get_by_role("button", name="Dismiss").click()
    expect(home.locator("[data-code]")).to_have_count(0)
    assert ines.problems == []
    someone.halt()


@pytest.fixture
def otto(
    yard: Yard, seat: Callable[..., Seat], engine_client: docker.DockerClient, tmp_path: Path
) -> Iterator[tuple[Seat, Callable[..., str]]]:
    """Somebody whose workspace has 16 MB."""
    sitting = seat("otto")
    names = Names(yard.installation)
    labels = names.volume_labels(yard.user_id("otto"), "otto", "workspace")
    name = names.volume("otto", "workspace")
    with small_volume(engine_client, name, labels, tmp_path / "disk") as shell:
        yield sitting, shell
        person(yard, "otto").halt()


@pytest.mark.timeout(300)
def test_a_workspace_that_is_full(
    yard: Yard, otto: tuple[Seat, Callable[..., str]], artefacts: Path
) -> None:
    seated, shell = otto
    shell(f'dd if=/dev/zero of="/v/{EVIL}" bs=4096 2>/dev/null; true')
    person(yard, "otto").run()
    page = seated.open("user/otto/lab")
    expect(page.locator("#jp-main-dock-panel")).to_be_visible(timeout=SLOW)
    toast(page, "The volume workspace is full: nothing can be saved.")
    toast(page, EVIL)
    page.screenshot(path=artefacts / "lab-full-1280-light.png")
    assert page.title() != "owned"
    home = seated.home()
    card = home.locator("[data-code=home-full]")
    expect(card).to_contain_text(EVIL, timeout=SLOW)
    look(home, artefacts, "home-full")
    assert home.title() != "owned"
