"""Stopping many servers: side by side, but one person's one after another."""

from __future__ import annotations

import asyncio
from typing import Any

from labyard.core.errors import Busy, NotFound
from labyard.core.models import Owner
from labyard.web.bulk import Done, named, stop_all


class Stopping:
    """Stands for what stops: notes who is stopped beside whom."""

    def __init__(self) -> None:
        self.now: list[str] = []
        self.most = 0

    async def stop(self, token: str, owner: Owner, server: str) -> None:
        if owner.name in self.now:
            raise Busy("Another action is under way.")
        self.now.append(owner.name)
        self.most = max(self.most, len(self.now))
        await asyncio.sleep(0)
        self.now.remove(owner.name)


async def over(user: str) -> Owner:
    if user == "nobody":
        raise NotFound("There is no user called 'nobody'.")
    return Owner(1, user)


def test_one_that_cannot_be_stopped_keeps_no_other_from_it() -> None:
    stopping: Any = Stopping()
    wanted = [("anna", ""), ("anna", "train"), ("nobody", ""), ("bob", ""), ("bob", "")]
    done = asyncio.run(stop_all(stopping, "token", wanted, over))
    assert [(each.called, each.error is None) for each in done] == [
        ("anna", True),
        ("anna/train", True),
        ("nobody", False),
        ("bob", True),
    ]
    assert done[2].as_json()["error"] == "not-found"


def test_only_a_few_are_stopped_at_a_time() -> None:
    stopping: Any = Stopping()
    done = asyncio.run(stop_all(stopping, "t", [(f"user{n}", "") for n in range(40)], over))
    assert all(each.error is None for each in done)
    assert 1 < stopping.most <= 8


def test_servers_are_named_as_on_the_command_line() -> None:
    assert (named("anna"), named("anna/train")) == (("anna", ""), ("anna", "train"))
    assert Done("anna", "train").as_json() == {"user": "anna", "server": "train", "ok": True}
