"""What the hub's routes of servers are recorded as. Starts that get as far as the spawner, it records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jupyterhub import orm
from jupyterhub.apihandlers.users import UserServerAPIHandler
from jupyterhub.handlers.pages import SpawnHandler

from labyard.audit import actions as act
from labyard.audit.entry import Party, server
from labyard.audit.requests import Act, Rules, sent
from labyard.spawners import api, starts

# The service's own name: what it ends at its date it records itself, and why.
_SERVICE = "labyard"


def _target(handler: Any) -> Party:
    owner, name = (*handler.path_args, "", "")[:2]
    return server(owner or "", name or "")


def _start(handler: Any) -> Iterator[Act]:
    """Tell a start that was refused before the spawner knew of it."""
    if handler.get_status() >= 400:
        yield act.SERVER_START, _target(handler), {}


def _stop(handler: Any) -> Iterator[Act]:
    asked_by = getattr(handler, "_jupyterhub_user", None)
    if isinstance(asked_by, orm.Service) and asked_by.name == _SERVICE:
        return
    removed = sent(handler).get("remove") is True
    yield act.SERVER_DELETE if removed else act.SERVER_STOP, _target(handler), {}


def _cancel(handler: Any) -> Iterator[Act]:
    yield act.SERVER_CANCEL, _target(handler), {}


def _change(handler: Any) -> Iterator[Act]:
    yield act.SERVER_CHANGE, _target(handler), {"fields": sorted(map(str, sent(handler)))}


RULES: Rules = {
    (UserServerAPIHandler, "POST"): _start,
    (UserServerAPIHandler, "PUT"): _change,
    (UserServerAPIHandler, "PATCH"): _change,
    (UserServerAPIHandler, "DELETE"): _stop,
    (SpawnHandler, "POST"): _start,
    (api.HeldHandler, "POST"): "Asks; what a way says by now is recorded where it is heard.",
    (starts.StartApi, "DELETE"): _cancel,
    (starts.CancelPage, "POST"): _cancel,
}
