"""Running what is asynchronous from a test that is not, a browser's too."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def apart(doing: Coroutine[Any, Any, T]) -> T:
    """Run in a thread of its own: a browser's test has a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, doing).result()
