"""The volumes page, as a person meets it: what is in them, out, in, and gone."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Download, Page, expect

from tests.browser.conftest import Seat
from tests.browser.looks import look
from tests.tools.kernel import Kernel
from tests.tools.yard import PASSWORD

SLOW = 90_000.0  # milliseconds
PAGE = "services/labyard/volumes"
MEGABYTE = 2**20
# What a lab is full of: odd names, folders without anything, links, programs, dates.
WRITES = r"""
import os
from pathlib import Path

top = Path.home() / "workspace" / "odd"
(top / "empty" / "deeper").mkdir(parents=True)
for name in ("sp ace", "ü\U0001f600", "'\"$(x)`", "line\nbreak", "-rf", "a" * 200, ".hidden"):
    (top / name).write_text(name)
(top / os.fsdecode(b"\xff\xfe")).write_bytes(b"not utf-8")
(top / "noise").write_bytes(os.urandom(3 * 2**20))
(top / "run.sh").write_text("#!/bin/sh\n")
(top / "run.sh").chmod(0o755)
(top / "to-noise").symlink_to("noise")
(top / "dangling").symlink_to("nowhere")
os.link(top / "noise", top / "same-noise")
os.utime(top / "run.sh", (10**9, 10**9))
"""


@pytest.fixture
def vera(seat: Callable[..., Seat]) -> Seat:
    return seat("vera")


@pytest.fixture
def made(vera: Seat) -> None:
    """See that there are volumes, whichever test is the first: a start makes them."""
    if vera.open(PAGE).locator("button#download-cache").count():
        start(vera.page, "vera")
        stop(vera)


def start(page: Page, name: str) -> None:
    page.goto(page.url.split("services")[0] + "services/labyard/")
    page.click("#start")
    page.wait_for_url(f"**/user/{name}/**", timeout=SLOW)


def stop(seat: Seat) -> None:
    seat.home()
    seat.page.click("#stop")
    expect(seat.page.locator(".ly-said")).to_contain_text("stopped", timeout=SLOW)


def run_in_lab(seat: Seat, code: str) -> None:
    """Run code in the lab's kernel, as its owner."""
    person = seat.yard.person(seat.name)
    person.sign_in(PASSWORD)
    kernel = Kernel(person)
    kernel.run(code)
    kernel.close()


def tree(top: Path) -> dict[bytes, tuple[object, ...]]:
    """Return all that counts of what lies below ``top``."""
    found: dict[bytes, tuple[object, ...]] = {}
    for path in top.rglob("*"):
        name = str(path.relative_to(top)).encode(errors="surrogateescape")
        about = path.lstat()
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()))
        elif path.is_dir():
            found[name] = ("folder",)
        else:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found[name] = ("file", digest, about.st_mode & 0o777, int(about.st_mtime))
    return found


def landed(download: Download, to: Path) -> Path:
    """Unpack what the browser saved, as a person would."""
    saved = to / download.suggested_filename
    download.save_as(saved)
    with tarfile.open(saved) as tar:
        tar.extractall(to / "out", filter="tar")
    return to / "out"


@pytest.mark.timeout(400)
def test_what_is_in_a_lab_comes_out_goes_in_again_and_is_gone_after_a_reset(
    vera: Seat, artefacts: Path, tmp_path: Path
) -> None:
    page = vera.open(PAGE)
    expect(page.locator("#volume-workspace")).to_contain_text("not there yet")
    expect(page.locator("#upload-workspace")).to_be_disabled()
    expect(page.locator("#why-workspace")).to_contain_text("the first start makes it")

    start(page, "vera")
    run_in_lab(vera, WRITES)

    # While it runs: reading is safe, anything else waits, and the page says why beside it.
    page = vera.open(PAGE)
    row = page.locator("#volume-workspace")
    expect(row).to_contain_text("your server")
    expect(page.locator("#upload-workspace")).to_be_disabled()
    expect(page.locator("#reset-workspace")).to_be_disabled()
    expect(page.locator("#why-workspace")).to_contain_text(
        "Upload, Reset: in use, stop your server"
    )
    expect(row.locator(".num").first).to_contain_text("B", timeout=SLOW)
    look(page, artefacts, "volumes-running")
    with page.expect_download() as saving:
        page.click("#download-workspace")
    before = tree(landed(saving.value, tmp_path / "running"))
    names = {name.decode(errors="surrogateescape") for name in before}
    assert {"workspace/odd/empty/deeper", "workspace/odd/line\nbreak"} <= names
    assert b"workspace/odd/\xff\xfe" in before
    assert before[b"workspace/odd/run.sh"][2:] == (0o755, 10**9)
    assert before[b"workspace/odd/to-noise"] == ("link", "noise")
    assert before[b"workspace/odd/same-noise"] == before[b"workspace/odd/noise"]

    stop(vera)
    page = vera.open(PAGE)
    page.click("#measure")
    look(page, artefacts, "volumes-stopped")
    reset(page)
    start(page, "vera")
    stop(vera)
    sent = next((tmp_path / "running").glob("*.tar.gz"))
    after = tree(there_again(vera, sent, artefacts, tmp_path / "again"))
    assert after == {
        name.removeprefix(b"workspace/"): what
        for name, what in before.items()
        if name.startswith(b"workspace/odd")
    }
    assert vera.problems == []


def reset(page: Page) -> None:
    """Reset the workspace by its typed name."""
    page.click("#reset-workspace")
    button = page.get_by_role("button", name="Reset Workspace")
    expect(button).to_be_disabled()
    page.fill("#confirm", "cache")
    expect(button).to_be_disabled()
    page.fill("#confirm", "workspace")
    button.click()
    expect(page.locator(".ly-said")).to_contain_text("Workspace was reset", timeout=SLOW)
    expect(page.locator("#volume-workspace")).to_contain_text("not there yet", timeout=SLOW)


def there_again(vera: Seat, sent: Path, artefacts: Path, to: Path) -> Path:
    """Send an archive back into the workspace, and return one of its folders as it comes out."""
    page = vera.open("services/labyard/volume/workspace")
    look(page, artefacts, "volume")
    page.set_input_files("#files", sent)
    page.check("#unpack")
    page.check("#strip")
    page.click("#send")
    page.wait_for_url(f"**/{PAGE}", timeout=SLOW)
    expect(page.locator(".ly-said")).to_contain_text("uploaded", timeout=SLOW)
    page = vera.open("services/labyard/volume/workspace")
    page.fill("#from", "odd")
    with page.expect_download() as saving:
        page.click("#get")
    return landed(saving.value, to)


@pytest.mark.usefixtures("made")
@pytest.mark.timeout(300)
def test_files_are_sent_with_progress_and_refused_in_words(
    vera: Seat, artefacts: Path, tmp_path: Path
) -> None:
    page = vera.open("services/labyard/volume/cache")
    big = tmp_path / "big.bin"
    big.write_bytes(bytes(range(256)) * 4096 * 20)
    small = tmp_path / "ü small.txt"
    small.write_text("hello")
    page.fill("#to", "from/browser")
    page.set_input_files("#files", [big, small])
    page.evaluate(
        """() => {
          window.seen = [];
          const words = document.getElementById('progress-words');
          new MutationObserver(() => window.seen.push(words.textContent))
            .observe(words, { childList: true, characterData: true, subtree: true });
          addEventListener('pagehide', () => sessionStorage.setItem('seen', window.seen.join('|')));
        }"""
    )
    page.click("#send")
    page.wait_for_url(f"**/{PAGE}", timeout=SLOW)
    expect(page.locator(".ly-said")).to_contain_text("2 files uploaded")
    seen = page.evaluate("sessionStorage.getItem('seen')")
    assert "20 MB" in seen
    assert "put in its place" in seen

    page = vera.open("services/labyard/volume/cache")
    page.fill("#to", "from/browser")
    page.set_input_files("#files", small)
    page.click("#send")
    page.wait_for_url(f"**/{PAGE}", timeout=SLOW)
    expect(page.locator(".ly-said")).to_contain_text("Already there: from/browser/ü small.txt")
    look(page, artefacts, "volumes-refused")

    page = vera.open("services/labyard/volume/cache")
    page.fill("#to", "../outside")
    page.set_input_files("#files", small)
    page.click("#send")
    page.wait_for_url(f"**/{PAGE}", timeout=SLOW)
    expect(page.locator(".ly-said")).to_contain_text("cannot be a folder")

    page = vera.open("services/labyard/volume/cache?slow")
    page.route("**/volumes/upload", lambda route: route.abort())
    page.set_input_files("#files", small)
    page.click("#send")
    expect(page.locator("#upload-problem")).to_contain_text("broke off")
    look(page, artefacts, "volume-broken-off")
    expect(page.locator("#send")).to_be_enabled()


@pytest.mark.usefixtures("made")
@pytest.mark.timeout(300)
def test_all_of_it_works_without_javascript(
    seat: Callable[..., Seat], vera: Seat, tmp_path: Path
) -> None:
    plain = seat("vera", java_script_enabled=False)
    page = plain.open("services/labyard/volume/cache")
    note = tmp_path / "plain.txt"
    note.write_text("without a script")
    page.set_input_files("#files", note)
    page.click("#send")
    expect(page.locator(".ly-said")).to_contain_text("1 file uploaded", timeout=SLOW)
    with page.expect_download() as saving:
        page.click("#download-cache")
    out = landed(saving.value, tmp_path / "saved")
    assert (out / "cache" / "plain.txt").read_text() == "without a script"
    page = plain.open("services/labyard/volume/cache")
    page.fill("#confirm", "wrong")
    page.get_by_role("button", name="Reset Cache").click()
    expect(page.locator("#wrong")).to_be_visible()
    page.fill("#confirm", "cache")
    page.get_by_role("button", name="Reset Cache").click()
    expect(page.locator(".ly-said")).to_contain_text("Cache was reset")


@pytest.mark.usefixtures("made")
def test_the_keyboard_reaches_everything(vera: Seat) -> None:
    page = vera.open("services/labyard/volume/workspace")
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    assert {"from", "get", "to", "overwrite", "unpack", "files", "send", "confirm"} <= set(reached)


def test_what_groups_grant_is_seen_beside_ones_own(
    vera: Seat, made: None, looks: Callable[[Seat, str, str], Page]
) -> None:
    policies = Path(vera.yard.directory / "vera.yaml")
    policies.write_text(
        "groups:\n- name: vera-course\n  quota: 1\n"
        "  volumes: ['course:/mnt/course:ro', '/srv/data:/mnt/data', '//nas/projects:/mnt/projects']\n"
    )
    vera.yard.labyard("policy", "import", str(policies))
    vera.yard.labyard("groups", "add", "vera-course", "vera")
    try:
        page = vera.open(PAGE)
        expect(page.locator("#granted li")).to_have_count(3)
        expect(page.locator("#granted li").first).to_contain_text("/mnt/course")
        expect(page.locator("#granted")).not_to_contain_text("/srv/data")
        expect(page.locator("#storage")).to_contain_text("More than planned", timeout=SLOW)
        looks(vera, PAGE, "volumes-over")
    finally:
        vera.yard.labyard("groups", "delete", "vera-course", "--yes")
        vera.yard.labyard("policy", "remove", "vera-course")
