"""People and their servers, as the hub tells of them now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from labyard.core.causes import CANCELLED
from labyard.core.errors import NotFound
from labyard.core.models import Owner


@dataclass(frozen=True, slots=True)
class Failed:
    """How a start failed, in brief; ``more`` is the memory in bytes that may mend it, or 0."""

    code: str
    title: str
    more: int = 0


@dataclass(frozen=True, slots=True)
class Server:
    """One server as the hub sees it now. ``pending`` is ``spawn``, ``stop`` or empty.

    ``failed`` is told of a stopped one whose last start failed, unless it was cancelled; ``withdrawn``
    is what a running one has that its owner may not have any more, in words.
    """

    name: str
    ready: bool = False
    pending: str = ""
    started: datetime | None = None
    last_activity: datetime | None = None
    url: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    failed: Failed | None = None
    withdrawn: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """Return ``starting``, ``running``, ``stopping`` or ``stopped``."""
        if self.pending:
            return "stopping" if self.pending == "stop" else "starting"
        return "running" if self.ready else "stopped"

    @property
    def stopped(self) -> bool:
        """Return whether nothing runs and nothing is under way."""
        return not self.ready and not self.pending


@dataclass(frozen=True, slots=True)
class Person:
    """A user and the servers that the caller may see, by name; the default one is ``""``."""

    name: str
    admin: bool
    servers: Mapping[str, Server]

    def server(self, name: str) -> Server:
        """Return a server; the default one exists even before its first start.

        Raises
        ------
        NotFound
            When there is no such named server.
        """
        if name in self.servers:
            return self.servers[name]
        if name:
            raise NotFound(
                f"{self.name} has no server called {name!r}.", remedy="See the list of servers."
            )
        return Server("")


@dataclass(frozen=True, slots=True)
class Owned:
    """A server and whose it is."""

    owner: Owner
    server: Server


@dataclass(frozen=True, slots=True)
class ServersPage:
    """A page of everybody's servers; ``counts`` says by state what was found in all."""

    servers: Sequence[Owned]
    total: int
    counts: Mapping[str, int]


def parse_servers(model: Mapping[str, Any]) -> ServersPage:
    """Return the page in the hub's answer."""
    servers = [
        Owned(Owner(each["user_id"], each["user"]), _server(each)) for each in model["servers"]
    ]
    return ServersPage(servers, model["total"], model["counts"])


def parse_person(model: Mapping[str, Any]) -> Person:
    """Return the person in a hub's user model."""
    servers = {name: _server(value) for name, value in (model.get("servers") or {}).items()}
    return Person(model["name"], bool(model.get("admin")), servers)


def _server(model: Mapping[str, Any]) -> Server:
    return Server(
        name=model["name"],
        ready=bool(model["ready"]),
        pending=model["pending"] or "",
        started=_time(model["started"]),
        last_activity=_time(model["last_activity"]),
        url=model["url"],
        options=model["user_options"] or {},
        failed=_failed(model.get("failed")),
        withdrawn=tuple(model.get("withdrawn") or ()),
    )


def _failed(told: Mapping[str, Any] | None) -> Failed | None:
    if told is None or told["code"] == CANCELLED.code:
        return None
    return Failed(told["code"], told["title"], told["more"])


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
