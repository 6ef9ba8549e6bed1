"""The starting page as a person meets it: steps that move, a way out, and failures explained in place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from labyard.core.names import INSTALLATION, KIND, USER
from tests.browser.conftest import Seat
from tests.browser.looks import look
from tests.tools.bad_images import BadImages
from tests.tools.person import Person, eventually
from tests.tools.registry import SlowLine, layer, registry
from tests.tools.starts import story
from tests.tools.yard import PASSWORD, Yard

SLOW = 60_000.0  # milliseconds
MEGABYTE = 2**20


@pytest.fixture(scope="module")
def images(engine_client: docker.DockerClient) -> Iterator[BadImages]:
    made = BadImages(engine_client)
    try:
        made.build("ends", "silent", "slow", "greedy")
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def far_image(
    engine_client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """An image of 16 MB that comes over a slow line and cannot run a lab."""
    api = engine_client.api
    with registry(tmp_path_factory.mktemp("registry")) as address:
        api.import_image_from_data(layer(16 * MEGABYTE), repository=f"{address}/far", tag="1")
        api.push(f"{address}/far", tag="1")
        api.remove_image(f"{address}/far:1")
        line = SlowLine(address, rate=4 * MEGABYTE)
        yield f"{line.address}/far:1"
        line.close()


@pytest.fixture(scope="module")
def place(make_yard: Callable[..., Yard], images: BadImages, far_image: str) -> Yard:
    yard = make_yard(
        labs={"images": [*images.names.values(), far_image], "memory": "1G", "start_timeout": "90s"}
    )
    yard.up()
    yard.bootstrap()
    return yard


@pytest.fixture
def start(
    place: Yard, sit: Callable[..., Seat], images: BadImages
) -> Callable[..., tuple[Seat, Person]]:
    """Have a new person start an image from home, and sit before its starting page."""

    def started(name: str, image: str, **options: str) -> tuple[Seat, Person]:
        seat, person = sit(place, name), place.person(name)
        person.sign_in(PASSWORD)
        chosen = {"image": images.names.get(image, image), **options}
        kept = person.api("PATCH", f"users/{name}/server", json={"user_options": chosen})
        assert kept.status_code == 200, kept.text
        seat.home().click("#start")
        seat.page.wait_for_url("**/hub/spawn-pending/**")
        return seat, person

    return started


def labs(client: docker.DockerClient, place: Yard, user: str) -> list[str]:
    """Return the containers of somebody's labs."""
    wanted = [f"{INSTALLATION}={place.installation}", f"{KIND}=lab", f"{USER}={user}"]
    return [
        c.name
        for c in client.containers.list(all=True, ignore_removed=True, filters={"label": wanted})
    ]


def stay(page: Page) -> None:
    """Mark the page, so that :func:`stayed` notices a reload."""
    page.evaluate("window.here = true")


def stayed(page: Page) -> bool:
    return bool(page.evaluate("window.here === true"))


@pytest.mark.timeout(240)
def test_a_pull_moves_and_its_failure_is_explained_in_place(
    start: Callable[..., tuple[Seat, Person]], far_image: str, artefacts: Path
) -> None:
    seat, _ = start("pia", far_image)
    page = seat.page
    pulling = page.locator("[data-step=pulling]")
    expect(pulling.locator(".detail")).to_have_text(
        re.compile(r"\d+ of 16 MB \(\d+ %\)"), timeout=SLOW
    )
    first = page.locator("#progress-bar").evaluate("bar => parseFloat(bar.style.width)")
    expect(page.locator("#fetching")).to_be_visible()
    expect(page.locator("[data-step=preparing] .word")).to_have_text("done")
    expect(page.locator("[data-step=waiting] .word")).to_have_text("to do")
    page.click("#log summary")
    expect(page.locator("#progress-log")).to_contain_text("Fetching the image")
    look(page, artefacts, "starting")
    stay(page)
    page.wait_for_function(
        "first => parseFloat(document.getElementById('progress-bar')?.style.width) > first",
        arg=first,
    )

    failed = page.locator("#failed")
    expect(failed).to_be_visible(timeout=SLOW)
    expect(failed).to_have_attribute("data-code", "no-singleuser")
    expect(failed).to_be_focused()
    assert stayed(page), "the failure came without a reload"
    look(page, artefacts, "failed")
    words = failed.inner_text()
    assert seat.problems == []

    page.reload()
    assert page.locator("#failed").inner_text() == words, "one card, the same words"
    page.click("#change")
    expect(page.locator("#image")).to_have_value(far_image)
    expect(page.locator("#image")).to_be_focused()


@pytest.mark.timeout(240)
def test_start_again_is_the_same_start_and_change_or_more_memory_another(
    start: Callable[..., tuple[Seat, Person]], artefacts: Path
) -> None:
    seat, person = start("rob", "greedy", memory="128M")
    page = seat.page
    expect(page.locator("#failed")).to_contain_text("out of memory", timeout=SLOW)
    expect(page.locator("#change")).to_have_text("Change the memory")
    page.click("#start")
    page.wait_for_url("**/hub/spawn-pending/**")
    expect(page.locator("#failed")).to_contain_text("It may use 128 MB", timeout=SLOW)
    look(page, artefacts, "failed-for-memory")
    page.get_by_role("button", name="Start with 256 MB").click()
    page.wait_for_url("**/hub/spawn-pending/**")
    expect(page.locator("#failed")).to_contain_text("It may use 256 MB", timeout=SLOW)

    told = seat.home().locator("[data-code=failed-start]")
    expect(told).to_contain_text("My server did not start")
    expect(told.get_by_role("button", name="with 512 MB")).to_be_visible()
    expect(page.locator("[data-code=lab-out-of-memory]"), "it is told once").to_have_count(0)
    look(page, artefacts, "home-failed-start")
    told.get_by_role("link", name="See why").click()
    page.click("#change")
    expect(page.locator("#memory")).to_be_focused()
    expect(page.locator("#memory")).to_have_value("256M")
    seat.home()
    expect(told, "a look at the form is no start").to_have_count(1)
    told.get_by_role("link", name="See why").click()
    expect(page.locator("#failed")).to_contain_text("It may use 256 MB")
    seat.home()
    told.get_by_role("button", name="Dismiss").click()
    expect(told).to_have_count(0)
    page.click("#options")
    page.fill("#memory", "600M")
    page.get_by_role("button", name=re.compile("^Start")).click()
    page.wait_for_url("**/hub/spawn-pending/**")
    eventually(lambda: story(person)["state"] == "starting", 30, "it starts")
    page.goto(f"{seat.yard.url}hub/spawn-pending/rob")
    page.click("#cancel")
    page.wait_for_url("**/services/labyard/**", timeout=SLOW)
    expect(told, "who cancelled knows").to_have_count(0)


@pytest.mark.timeout(240)
def test_cancel_goes_home_with_a_word_and_leaves_nothing(
    start: Callable[..., tuple[Seat, Person]],
    place: Yard,
    engine_client: docker.DockerClient,
    artefacts: Path,
) -> None:
    seat, _ = start("kim", "silent")
    page = seat.page
    expect(page.locator("[data-step=waiting] .word")).to_have_text("under way", timeout=SLOW)
    page.click("#cancel")
    page.wait_for_url("**/services/labyard/**", timeout=SLOW)
    expect(page.locator(".ly-said")).to_contain_text("The start was cancelled.")
    expect(page.locator("#server")).to_contain_text("Stopped")
    assert labs(engine_client, place, seat.name) == []

    seat.open("hub/spawn-pending/kim")
    expect(page.locator("#failed")).to_have_attribute("data-code", "cancelled")
    look(page, artefacts, "cancelled")

    page.click("#start")
    page.wait_for_url("**/hub/spawn-pending/**")
    seat.home()
    page.locator("#server").get_by_role("button", name="Cancel").click()
    expect(page.locator(".ly-said")).to_contain_text("The start was cancelled.", timeout=SLOW)
    assert labs(engine_client, place, seat.name) == []
    assert seat.problems == []


@pytest.mark.timeout(240)
def test_what_a_lab_writes_is_shown_and_never_run(
    start: Callable[..., tuple[Seat, Person]],
) -> None:
    seat, _ = start("sam", "silent")
    page = seat.page
    page.click("#log summary")
    expect(page.locator("#lab-log")).to_contain_text("<script>", timeout=SLOW)
    expect(page.locator("[data-step=waiting] .detail")).to_contain_text(
        "still closed", timeout=SLOW
    )
    assert page.locator("#starting img").count() == 0
    page.click("#cancel")
    page.wait_for_url("**/services/labyard/**", timeout=SLOW)

    seat, _ = start("tim", "ends")
    page = seat.page
    expect(page.locator("#failed pre")).to_contain_text(
        "<img src=x onerror=alert(1)>", timeout=SLOW
    )
    assert page.locator("#failed img, #failed script").count() == 0
    assert page.title() != "owned"
    assert seat.problems == []


@pytest.mark.timeout(300)
def test_without_the_stream_the_page_asks_and_takes_the_stream_up_again(
    start: Callable[..., tuple[Seat, Person]],
) -> None:
    seat, _ = start("lea", "slow")
    page, cut, looked = seat.page, [], []

    def break_off(route: Route) -> None:
        cut.append(route.request.url)
        if len(cut) < 2:
            route.abort()
        else:
            route.continue_()

    def nobody_serves_it(route: Route) -> None:
        if route.request.resource_type == "document":
            return route.fallback()
        looked.append(route.request.url)
        return route.fulfill(status=502, body="")

    page.route("**/server/progress*", break_off)
    page.route("**/hub/spawn-pending/lea", nobody_serves_it)
    page.reload()
    stay(page)
    expect(page.locator("[data-step=waiting] .word")).to_have_text("under way", timeout=SLOW)
    page.click("#log summary")
    expect(page.locator("#lab-log")).to_contain_text("warming up", timeout=SLOW)
    expect(page.locator("#trouble")).to_be_visible(timeout=SLOW)
    assert stayed(page), "it is ready, but the page that leads on is not served"
    assert cut
    assert looked
    page.unroute("**/hub/spawn-pending/lea")
    page.wait_for_url("**/user/lea/**", timeout=SLOW)


@pytest.mark.timeout(300)
def test_a_hub_that_is_restarted_meanwhile_is_waited_for(
    start: Callable[..., tuple[Seat, Person]],
    place: Yard,
    images: BadImages,
    engine_client: docker.DockerClient,
    artefacts: Path,
) -> None:
    gone = place.member("ned")
    gone.start(image=images.names["silent"])
    seat, person = start("max", "silent")
    page = seat.page
    eventually(lambda: labs(engine_client, place, gone.name) != [], 30, "both are under way")
    expect(page.locator("[data-step=waiting] .word")).to_have_text("under way", timeout=SLOW)
    stay(page)
    try:
        place.down()
        expect(page.locator("#trouble")).to_be_visible(timeout=SLOW)
    finally:
        place.up()
    expect(page.locator("#failed")).to_have_attribute("data-code", "interrupted", timeout=SLOW)
    assert stayed(page)
    look(page, artefacts, "interrupted")
    eventually(lambda: labs(engine_client, place, seat.name) == [], 30, "nothing of it is left")
    eventually(
        lambda: "My server did not start" in gone.get("services/labyard/").text,
        30,
        "home tells of a start whose page nobody looked at meanwhile",
    )
    assert story(person)["outcome"]["code"] == "interrupted"
    page.click("#start")
    page.wait_for_url("**/hub/spawn-pending/**")
    eventually(lambda: story(person)["state"] == "starting", 30, "it starts again")
    page.click("#cancel")
    page.wait_for_url("**/services/labyard/**", timeout=SLOW)


@pytest.mark.timeout(240)
def test_without_javascript_the_page_shows_the_steps_and_can_cancel(
    place: Yard, browser: Browser, images: BadImages
) -> None:
    person = place.member("noa")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{place.url}hub/login")
    page.fill("#username_input", "noa")
    page.fill("#password_input", PASSWORD)
    page.click("#login_submit")
    person.start(image=images.names["silent"])
    page.goto(f"{place.url}hub/spawn-pending/noa")
    expect(page.locator("[data-step=waiting].now")).to_be_visible(timeout=SLOW)
    expect(page.locator("[data-step=creating] .took")).to_have_text(re.compile(r"\d s"))
    page.click("#cancel")
    expect(page.locator(".ly-said")).to_contain_text("The start was cancelled.", timeout=SLOW)
    context.close()
