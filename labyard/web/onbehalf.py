"""On whose behalf the hub is asked: the address of whoever sent the request that is being answered."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from labyard.edge.headers import VOUCHED


@dataclass(slots=True)
class OnBehalf:
    """One request to the service. ``asked`` is whether the hub was told to change something for it."""

    address: str
    asked: bool = False


# Every request is answered in a context of its own; background work has none.
current: ContextVar[OnBehalf | None] = ContextVar("on_behalf", default=None)


def headers(method: str, vouch: str) -> dict[str, str]:
    """Return the headers that tell the hub, which believes whoever knows ``vouch``: the edge, and this."""
    behalf = current.get()
    if behalf is None:
        return {}
    behalf.asked |= method != "GET"
    return {"X-Forwarded-For": behalf.address, **({VOUCHED: vouch} if vouch else {})}
