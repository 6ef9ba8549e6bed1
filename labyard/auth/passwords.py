"""Passwords: what may be one, and hashing without holding anyone up."""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from argon2.low_level import Type

from labyard.core.errors import LabyardError

LONGEST = 256

_T = TypeVar("_T")

# Argon2id. One lane: two hashes at a time keep two cores busy already, and cost 2 x 46 MiB.
_TIME, _MEMORY, _LANES = 3, 46 * 1024, 1
_THREADS = 2
# The kernel lets the event loop go first when cores are scarce.
_NICENESS = 10
# More than this many waiting would only time out in their browsers.
_MOST_WAITING = 100


class Overloaded(LabyardError):
    """More people sign in at this moment than passwords can be checked."""

    code = "overloaded"
    status = 503


@cache
def common() -> frozenset[str]:
    """Return the passwords that are tried first by everyone."""
    return frozenset(Path(__file__).with_name("common.txt").read_text().split())


def objection(password: str, *, name: str, shortest: int) -> str:
    """Return why ``password`` cannot be used, as one sentence; empty when it can."""
    if len(password) < shortest:
        return f"A password has at least {shortest} characters."
    if len(password) > LONGEST:
        return f"A password has at most {LONGEST} characters."
    folded = password.casefold()
    if folded == name.casefold():
        return "A password cannot be the username."
    if folded in common() or len(set(password)) == 1:
        return "This password is among the first that anyone would try."
    return ""


class Passwords:
    """Hashes and checks passwords in a few threads of low priority.

    Every check costs the same, also one against an account that does not exist or has no password.
    """

    def __init__(self) -> None:
        self._hasher = PasswordHasher(
            time_cost=_TIME, memory_cost=_MEMORY, parallelism=_LANES, type=Type.ID
        )
        self._threads = ThreadPoolExecutor(
            _THREADS, thread_name_prefix="passwords", initializer=_step_back
        )
        self._nobody = self._hasher.hash(secrets.token_hex())
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """Return the encoded hash to store.

        Raises
        ------
        Overloaded
            When too many are waiting already.
        """
        return await self._run(lambda: self._hasher.hash(_bytes(password)))

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Return whether ``password`` fits ``encoded``; never, if there is none.

        Raises
        ------
        Overloaded
            When too many are waiting already.
        """
        against = encoded or self._nobody
        return await self._run(lambda: self._fits(against, password)) and encoded is not None

    def outdated(self, encoded: str) -> bool:
        """Return whether ``encoded`` was made with costs that are no longer ours."""
        return self._hasher.check_needs_rehash(encoded)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _fits(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, _bytes(password))
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], _T]) -> _T:
        if self._waiting >= _MOST_WAITING:
            raise Overloaded(
                "Too many people are signing in at this moment.", remedy="Try again in a minute."
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def _step_back() -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _bytes(password: str) -> bytes:
    """Encode alike what different keyboards make of the same characters."""
    return unicodedata.normalize("NFKC", password[: LONGEST + 1]).encode("utf-8", "replace")
