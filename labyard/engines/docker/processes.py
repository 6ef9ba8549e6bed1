"""When a process of this host ends, from the kernel itself: sooner than any engine tells."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

CallOff = Callable[[], None]


def when_ended(pid: int, then: Callable[[], object]) -> CallOff:
    """Call ``then`` once in the running loop when process ``pid`` has ended.

    Returns what calls that off. A process that is gone, or a kernel that cannot tell, calls nobody.
    """
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return lambda: None
    loop = asyncio.get_running_loop()
    open_ = [descriptor]

    def off() -> None:
        while open_:
            loop.remove_reader(open_[-1])
            os.close(open_.pop())

    def ended() -> None:
        off()
        then()

    loop.add_reader(descriptor, ended)
    return off
