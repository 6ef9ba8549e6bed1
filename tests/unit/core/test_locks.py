"""A user's lock is held across processes and falls with its holder, however that one ends."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from labyard.core.errors import Busy
from labyard.core.locks import UserLocks

HOLDER = """
import asyncio, sys
from pathlib import Path
from labyard.core.locks import UserLocks

async def main():
    async with UserLocks(Path(sys.argv[1])).hold(int(sys.argv[2]), sys.argv[3]):
        print("held", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


@contextmanager
def held_elsewhere(directory: Path, user_id: int, doing: str) -> Iterator[subprocess.Popen[str]]:
    """Hold a lock in another process until it is ended."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory), str(user_id), doing],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
    finally:
        holder.kill()
        holder.communicate()


@pytest.fixture
def locks(tmp_path: Path) -> UserLocks:
    return UserLocks(tmp_path)


async def test_whoever_is_turned_away_learns_what_is_under_way(
    locks: UserLocks, tmp_path: Path
) -> None:
    with held_elsewhere(tmp_path, 7, "resetting volumes"):
        with pytest.raises(Busy) as refused:
            async with locks.hold(7, "starting"):
                pass
        assert refused.value.message == "Another action is under way: resetting volumes."
        assert refused.value.status == 409


async def test_another_users_lock_is_another(locks: UserLocks, tmp_path: Path) -> None:
    with held_elsewhere(tmp_path, 7, "resetting volumes"):
        async with locks.hold(77, "starting"):
            pass


async def test_a_lock_falls_with_a_holder_that_was_killed(locks: UserLocks, tmp_path: Path) -> None:
    with held_elsewhere(tmp_path, 7, "starting") as holder:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        async with locks.hold(7, "stopping"):
            pass


async def test_patience_outlasts_a_holder_that_ends(locks: UserLocks, tmp_path: Path) -> None:
    with held_elsewhere(tmp_path, 7, "starting") as holder:
        waiting = asyncio.ensure_future(_take(locks, patience=30))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        holder.terminate()
        await waiting


async def _take(locks: UserLocks, *, patience: float = 0.0) -> None:
    async with locks.hold(7, "stopping", patience=patience):
        pass


async def test_a_process_does_not_hold_a_lock_twice(locks: UserLocks) -> None:
    async with locks.hold(7, "a longer word than the next"):
        with pytest.raises(Busy):
            await _take(locks)
    async with locks.hold(7, "short"):
        with pytest.raises(Busy, match=r"under way: short\."):
            await _take(locks)


async def test_an_error_or_a_cancelled_action_lets_go(locks: UserLocks) -> None:
    with pytest.raises(ZeroDivisionError):
        async with locks.hold(7, "failing"):
            _ = 1 / 0
    async with locks.hold(7, "first"):
        waiting = asyncio.ensure_future(_take(locks, patience=30))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    await _take(locks)


async def test_twenty_at_once_take_turns(locks: UserLocks) -> None:
    inside, most = 0, 0

    async def act() -> None:
        nonlocal inside, most
        async with locks.hold(7, "acting", patience=60):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(act() for _ in range(20)))
    assert most == 1


async def test_a_lock_file_is_private(locks: UserLocks, tmp_path: Path) -> None:
    await _take(locks)
    assert (tmp_path / "7").stat().st_mode & 0o777 == 0o600
