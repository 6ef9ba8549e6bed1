"""The service's own end."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from labyard.web.app import until_orphaned

_CHILD = """
import asyncio, os, sys
from labyard.web.app import until_orphaned
print("up", flush=True)
asyncio.run(until_orphaned(os.getppid))
open(sys.argv[1], "w").close()
"""
_PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]], stdout=subprocess.PIPE)
child.stdout.readline()
print("ready", flush=True)
child.wait()
"""


async def test_it_waits_while_its_parent_lives() -> None:
    parents = iter([1, 1, 1, 2])
    looks = []

    async def wait(seconds: float) -> None:
        looks.append(seconds)

    await until_orphaned(lambda: next(parents), wait)
    assert len(looks) == 2


def test_it_ends_when_its_hub_is_killed(tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, _CHILD, str(ended)], stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    parent.stdout.readline()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    for _ in range(200):
        if ended.exists():
            break
        time.sleep(0.05)
    assert ended.exists()
