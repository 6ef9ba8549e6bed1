"""Sending notices to the labs of a test's installation, as its service does."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from labyard.core.models import Lab
from labyard.notices.models import Notice, Outcome
from labyard.notices.sender import Sender
from labyard.wiring import Installation
from tests.tools.yard import Yard

T = TypeVar("T")


def lab_of(yard: Yard, user: str, server: str = "") -> Lab:
    """Return a lab as the engine tells of it now."""

    async def look() -> Lab:
        site = Installation.here(yard.file)
        engine = site.engine()
        try:
            found = await engine.lab(site.names.lab(user, server))
        finally:
            await engine.close()
        assert found is not None
        return found

    return _run(look())


def send(yard: Yard, lab: Lab, notice: Notice, *, id: str = "") -> Outcome:
    """Send a notice and return what became of it."""
    sender = Sender(Installation.here(yard.file).notice_keys)
    return _run(sender.send(lab, notice, id=id)).outcome


def _run(doing: Coroutine[Any, Any, T]) -> T:
    """Run in a thread of its own: a browser's test has a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, doing).result()
