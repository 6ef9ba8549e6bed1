"""The new server page: profiles, fields, what you get, links; by mouse, by keyboard, without JavaScript."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import docker
import pytest
from playwright.sync_api import Page, expect

from labyard.core.names import Names
from labyard.settings.schema import Settings
from tests.browser.conftest import Seat
from tests.browser.looks import look
from tests.tools.yard import Yard

IMAGE = os.environ.get("LABYARD_LABS__IMAGE", Settings().labs.image)
SLOW = 90_000.0  # milliseconds
NEW = "services/labyard/new"
PROFILES = [
    {
        "name": "small",
        "title": "Small",
        "description": "For reading and writing.",
        "default": {"cpu": 0.5, "memory": "512M"},
    },
    {
        "name": "fixed",
        "title": "Course",
        "description": "The same for everybody who takes part.",
        "lock": {"cpu": 1, "memory": "1G", "environment": {"COURSE": "42"}},
        "offer": ["days"],
    },
    {"name": "gpu", "title": "One GPU", "default": {"cpu": 1, "gpus": 1}},
]


@pytest.fixture(scope="module")
def yard(make_yard: Callable[..., Yard]) -> Yard:
    """An installation with profiles and GPUs, which nobody here really has."""
    place = make_yard(
        labs={
            "profiles": PROFILES,
            "images": ["other:1"],
            "gpus": 2,
            "max_days": 30,
            "named_servers": 9,
        },
        gpu={"devices": [f"GPU-{n}" for n in range(4)]},
    )
    place.up()
    return place


@pytest.fixture(scope="module")
def accounts() -> set[str]:
    """Who has an account at this yard."""
    return set()


@pytest.fixture
def anna(seat: Callable[..., Seat]) -> Seat:
    return seat("anna")


def fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.fill(f"#{name}", value)


@pytest.mark.timeout(300)
def test_what_is_picked_and_typed_is_what_the_container_gets(
    anna: Seat, yard: Yard, engine_client: docker.DockerClient, artefacts: Path
) -> None:
    page = anna.open(NEW)
    expect(page.get_by_role("radio", name="Small")).to_be_checked()
    expect(page.locator("#summary")).to_contain_text("0.5 cores · 512 MB")
    expect(page.locator("#summary")).to_contain_text("4 of 4 GPUs free")
    look(page, artefacts, "new-server-profiles")

    fill(page, **{"server-name": "train-long", "memory": "640M", "days": "3"})
    page.fill("#environment", "GREETING=hello=you\nOTHER=2")
    expect(page.locator("#summary")).to_contain_text("640 MB")
    expect(page.locator("#summary")).to_contain_text("Lives 3 days")
    page.click("#begin")
    page.wait_for_url("**/user/anna/train-long/**", timeout=SLOW)

    lab = engine_client.containers.get(Names(yard.installation).lab("anna", "train-long"))
    assert lab.attrs["HostConfig"]["Memory"] == 640 * 2**20
    assert lab.attrs["HostConfig"]["NanoCpus"] == 500_000_000
    assert "GREETING=hello=you" in lab.attrs["Config"]["Env"]
    assert anna.problems == []


def test_a_profile_fills_in_and_fixes_fields(anna: Seat, artefacts: Path) -> None:
    page = anna.open(NEW)
    page.fill("#cpu", "0.3")
    page.get_by_text("Course", exact=True).click()
    expect(page.locator("#cpu")).to_be_disabled()
    expect(page.locator("#cpu")).to_have_value("1")
    expect(page.locator("#shm")).to_be_disabled()
    expect(page.locator("#days")).to_be_enabled()
    expect(page.locator("#summary")).to_contain_text("1 core · 1 GB")
    expect(page.locator("#summary")).to_contain_text("COURSE")
    look(page, artefacts, "new-server-fixed")
    page.get_by_text("One GPU", exact=True).click()
    expect(page.locator("#cpu")).to_have_value("0.3")
    expect(page.locator("#summary")).to_contain_text("free now")
    assert anna.problems == []


def test_each_wrong_field_says_so_beside_it(anna: Seat, artefacts: Path) -> None:
    page = anna.open(NEW)
    fill(page, **{"server-name": "wrong-ones", "cpu": "1,5", "memory": "99999G", "days": "0"})
    expect(page.locator("#summary")).to_contain_text("Please check")
    page.click("#begin")
    for name, said in {"cpu": "write 1.5", "memory": "Choose less", "days": "from 1"}.items():
        field = page.locator(f"#{name}")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(page.locator(f"#{name}-wrong")).to_contain_text(said)
        assert f"{name}-wrong" in (field.get_attribute("aria-describedby") or "")
    expect(page.locator("#cpu")).to_be_focused()
    expect(page.locator("#cpu")).to_have_value("1,5")
    expect(page.locator("#server-name")).to_have_value("wrong-ones")
    look(page, artefacts, "new-server-wrong")
    anna.home()
    expect(page.locator("body")).not_to_contain_text("wrong-ones")


def test_a_name_that_cannot_be_is_told_with_the_rule(anna: Seat) -> None:
    page = anna.open(NEW)
    page.fill("#server-name", "Train Long")
    page.click("#begin")
    expect(page.locator("#server-name-wrong")).to_contain_text("train-long")
    expect(page.locator("#server-name")).to_be_focused()


def test_a_link_carries_the_choices_and_starts_nothing(
    anna: Seat, seat: Callable[..., Seat]
) -> None:
    page = anna.open(NEW)
    fill(page, **{"server-name": "shared-with-you", "cpu": "0.7"})
    page.get_by_text("One GPU", exact=True).click()
    expect(page.locator("#link")).to_contain_text("opt-profile=gpu&opt-cpu=0.7")
    link = page.locator("#link").inner_text()

    colleague = seat("berta")
    there = colleague.page
    there.goto(link)
    expect(there.get_by_role("note")).to_contain_text("come from a link")
    expect(there.locator("#cpu")).to_have_value("0.7")
    expect(there.locator("#server-name")).to_have_value("shared-with-you")
    expect(there.get_by_role("radio", name="One GPU")).to_be_checked()
    colleague.home()
    expect(there.locator("body")).not_to_contain_text("shared-with-you")


def test_a_link_with_scripts_and_nonsense_is_inert(anna: Seat) -> None:
    evil = '"><script>document.title="gone"</script>'
    query = urlencode({"server": evil, "opt-cpu": evil, "opt-profile": evil, "opt-root": "1"})
    page = anna.open(f"{NEW}?{query}")
    expect(page.locator("#cpu")).to_have_value(evil)
    expect(page).not_to_have_title("gone")
    assert anna.problems == []


@pytest.mark.timeout(300)
def test_by_keyboard_alone(anna: Seat) -> None:
    page = anna.open(NEW)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "small":
            break
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Course")).to_be_checked()
    expect(page.locator("#cpu")).to_be_disabled()
    page.keyboard.press("Tab")
    expect(page.locator("#server-name")).to_be_focused()
    page.keyboard.type("typed-only")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "begin":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/user/anna/typed-only/**", timeout=SLOW)


@pytest.mark.timeout(300)
def test_without_javascript(seat: Callable[..., Seat]) -> None:
    clara = seat("clara", java_script_enabled=False)
    page = clara.open(NEW)
    fill(page, **{"server-name": "plain", "cpu": "0.4"})
    page.check("input[value=fixed]", force=True)
    page.click("#begin")
    expect(page.locator("#cpu-wrong")).to_contain_text("'Course' sets it to 1")
    page.fill("#cpu", "")
    page.click("#begin")
    expect(page).to_have_url(f"{clara.yard.url}hub/spawn-pending/clara/plain")


def test_the_hubs_own_page_has_the_same_form(anna: Seat, artefacts: Path) -> None:
    page = anna.open("hub/spawn/anna/at-the-hub")
    page.get_by_text("Course", exact=True).click()
    expect(page.locator("#cpu")).to_be_disabled()
    page.get_by_text("Small", exact=True).click()
    page.fill("#cpu", "99")
    page.get_by_role("button", name="Start at-the-hub").click()
    expect(page.locator("#cpu-wrong")).to_contain_text("more than")
    expect(page.locator("#cpu")).to_have_value("99")
    look(page, artefacts, "hub-spawn-wrong")
    # What was typed there is not what a later link shows.
    page = anna.open("hub/spawn/anna/at-the-hub?opt-cpu=0.2")
    expect(page.locator("#cpu")).to_have_value("0.2")
    page = anna.open("hub/spawn/anna/at-the-hub")
    expect(page.locator("#cpu")).to_have_value("")


@pytest.mark.timeout(300)
def test_info_change_and_start_with_what_was_chosen(
    anna: Seat, yard: Yard, engine_client: docker.DockerClient, artefacts: Path
) -> None:
    def memory() -> int:
        lab = engine_client.containers.get(Names(yard.installation).lab("anna", "kept"))
        return int(lab.attrs["HostConfig"]["Memory"])

    page = anna.open(NEW)
    fill(page, **{"server-name": "kept", "memory": "300M"})
    page.click("#begin")
    page.wait_for_url("**/user/anna/kept/**", timeout=SLOW)
    anna.home()
    expect(page.locator("#servers tr", has_text="kept")).to_contain_text("300 MB", timeout=SLOW)
    page.click("#info-kept")
    expect(page.locator("main")).to_contain_text("300 MB")
    expect(page.locator("main")).to_contain_text("stop it first")
    look(page, artefacts, "info-running")

    anna.home()
    page.click("#stop-kept")
    expect(page.locator("#start-kept")).to_be_visible(timeout=SLOW)
    page.click("#start-kept")
    page.wait_for_url("**/user/anna/kept/**", timeout=SLOW)
    assert memory() == 300 * 2**20
    anna.home()
    page.click("#stop-kept")
    page.locator("#change-kept").click(timeout=SLOW)
    expect(page.locator("#memory")).to_have_value("300M")
    look(page, artefacts, "change")
    page.fill("#memory", "310M")
    page.click("#begin")
    page.wait_for_url("**/user/anna/kept/**", timeout=SLOW)
    assert memory() == 310 * 2**20
    assert anna.problems == []


@pytest.mark.timeout(300)
def test_no_gpu_here_is_told_plainly(anna: Seat) -> None:
    page = anna.open(NEW)
    page.fill("#server-name", "wants-gpu")
    page.get_by_text("One GPU", exact=True).click()
    page.click("#begin")
    expect(page.locator("main")).to_contain_text("There is no GPU for the lab", timeout=SLOW)


@pytest.fixture(autouse=True)
def _nothing_left(yard: Yard) -> Iterator[None]:
    yield
    for name in ("anna/train-long", "anna/typed-only", "anna/kept", "clara/plain"):
        yard.labyard("servers", "stop", name, check=False)
