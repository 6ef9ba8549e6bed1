"""The starting page before any script runs."""

from __future__ import annotations

import asyncio

from labyard.spawners.progress import KINDS, Pace, Progress, Step
from labyard.spawners.rows import rows, start_page

STEPS = [
    Step("preparing", "Preparing", 0.0, 0.2),
    Step("pulling", "Fetching the image i", 0.4, 11.5, 2**20, 4 * 2**20),
    Step("creating", "Creating the lab", 12.6, 13.0, detail="slow", log="<b>words</b>"),
]


def test_each_kind_of_step_has_a_row_and_what_not_each_start_has_waits_to_be_told() -> None:
    drawn = rows([])
    assert [row.kind for row in drawn] == list(KINDS)
    assert [row.kind.name for row in drawn if not row.shown] == ["queued", "pulling"]


def test_a_step_that_is_over_says_how_long_it_took() -> None:
    drawn = {row.kind.name: row for row in rows(STEPS)}
    assert (drawn["preparing"].state, drawn["preparing"].took) == ("done", "0.4 s")
    assert (drawn["pulling"].state, drawn["pulling"].took) == ("done", "12 s")
    assert (drawn["creating"].state, drawn["creating"].detail) == ("now", "slow")
    assert drawn["waiting"].state == "todo"


def test_a_pull_shows_its_bytes() -> None:
    drawn = {row.kind.name: row for row in rows(STEPS[:2])}
    assert drawn["pulling"].detail == "1 MB of 4 MB"


def test_the_page_has_the_log_the_labs_words_and_the_bar() -> None:
    page = start_page(STEPS, 13.4, 3.2)
    assert page.words.splitlines() == [
        "0.0 s  Preparing",
        "0.4 s  Fetching the image i",
        "13 s  Creating the lab",
    ]
    assert (page.said, page.bar, page.elapsed, page.usual) == (
        "<b>words</b>",
        50,
        13,
        "Usually 4 s.",
    )


async def test_a_slow_step_says_so_and_a_quick_one_does_not() -> None:
    progress = Progress()
    progress.tell("preparing", "Preparing")
    with progress.if_slow(0.01, "It takes long."):
        await asyncio.sleep(0.05)
    assert progress.steps[-1].detail == "It takes long."
    progress.tell("creating", "Creating")
    with progress.if_slow(0.05, "It takes long."):
        pass
    await asyncio.sleep(0.1)
    assert progress.steps[-1].detail == ""


async def test_a_step_keeps_when_it_began() -> None:
    progress = Progress()
    progress.tell("pulling", "Fetching")
    began = progress.steps[-1].since
    await asyncio.sleep(0.01)
    progress.tell("pulling", "Fetching", 5, 10)
    progress.add("slow")
    assert progress.steps[-1].since == began
    assert progress.steps[-1].elapsed > began


async def test_starts_that_fetched_an_image_are_not_usual() -> None:
    pace, quick, fetched = Pace(), Progress(), Progress()
    quick.tell("preparing", "")
    fetched.tell("pulling", "")
    for progress in (quick, quick, fetched):
        pace.note(progress)
    assert pace.usual is None
    pace.note(quick)
    assert pace.usual is not None
