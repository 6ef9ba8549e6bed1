"""Starts as their page follows them: how one stands, and why it failed."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tests.tools.person import Person, eventually

Story = dict[str, Any]


def story(person: Person, server: str = "") -> Story:
    """Return how a server's start stands."""
    where = f"servers/{quote(server)}" if server else "server"
    answer = person.api("GET", f"labyard/users/{quote(person.name)}/{where}/start")
    assert answer.status_code == 200, answer.text
    found: Story = answer.json()
    return found


def failure(person: Person, server: str = "", **options: Any) -> dict[str, Any]:
    """Start a server that cannot start; return how that is told."""
    person.start(server, **options)
    eventually(lambda: story(person, server)["state"] != "starting", 60, "the start is over")
    told = story(person, server)
    assert told["state"] == "failed", told
    outcome: dict[str, Any] = told["outcome"]
    return outcome


def cancel(person: Person, server: str = "") -> Story:
    """End a start."""
    where = f"servers/{quote(server)}" if server else "server"
    answer = person.api("DELETE", f"labyard/users/{quote(person.name)}/{where}/start")
    assert answer.status_code == 200, answer.text
    found: Story = answer.json()
    return found
