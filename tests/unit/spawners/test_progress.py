"""Whoever watches a start sees each step, early or late."""

import asyncio

from labyard.spawners.progress import Progress


async def collect(progress: Progress) -> list[tuple[str, int]]:
    return [(event["step"], event["progress"]) async for event in progress.watch()]


async def test_an_early_watcher_sees_every_step_as_it_comes() -> None:
    progress = Progress()
    watching = asyncio.create_task(collect(progress))
    await asyncio.sleep(0)
    for step, done in [("preparing", 0), ("pulling", 0), ("pulling", 50), ("creating", 0)]:
        progress.tell(step, step, done, 100)
        for _ in range(3):
            await asyncio.sleep(0)
    progress.end()
    assert await watching == [("preparing", 0), ("pulling", 5), ("pulling", 28), ("creating", 50)]


async def test_a_late_watcher_sees_the_last_word_on_each_step() -> None:
    progress = Progress()
    for done in range(100):
        progress.tell("pulling", "", done, 100)
    progress.tell("waiting", "")
    progress.end()
    assert await collect(progress) == [("pulling", 50), ("waiting", 70)]


async def test_steps_told_while_a_watcher_is_slow_are_not_lost() -> None:
    progress = Progress()
    progress.tell("preparing", "")
    seen = []
    async for event in progress.watch():
        seen.append(event["step"])
        if event["step"] == "preparing":
            progress.tell("creating", "")
            progress.tell("starting", "")
            progress.tell("waiting", "")
            progress.end()
    assert seen == ["preparing", "creating", "starting", "waiting"]
