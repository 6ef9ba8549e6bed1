"""What the service's routes are recorded as. What the hub does for them, the hub records.

A route that changes something and is not here makes a test fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from labyard.audit import actions as act
from labyard.audit.actions import Action
from labyard.audit.entry import Kind, Party, server, user
from labyard.audit.requests import Act, Rule, Rules, each, named, sent
from labyard.web import bulk
from labyard.web.handlers import (
    account,
    api,
    expiry,
    home,
    incidents,
    keys,
    leaving,
    options,
    tokens,
    tools,
    uploads,
    volumes,
)
from labyard.web.handlers.admin import groups, making, many, person, servers
from labyard.web.handlers.admin import users as admin_users


def actor(handler: Any) -> Party | None:
    """Return who sent a request to the service; None for nobody."""
    caller = getattr(handler, "_hub_auth_user_cache", None)
    if not caller:
        return None
    return Party(Kind.USER if caller.get("kind") == "user" else Kind.SERVICE, str(caller["name"]))


def volume(owner: str, key: str) -> Party:
    """Return a volume as ``owner/name``."""
    return Party(Kind.VOLUME, f"{owner}/{key}")


def _own(handler: Any) -> str:
    """Return whose page a form is on: their own."""
    found = actor(handler)
    return found.name if found else ""


def _field(handler: Any, name: str) -> str:
    return str(handler.get_body_argument(name, ""))


_SERVER = {
    "start": act.SERVER_START,
    "stop": act.SERVER_STOP,
    "restart": act.SERVER_RESTART,
    "delete": act.SERVER_DELETE,
    "cancel": act.SERVER_CANCEL,
}


def _server_form(handler: Any) -> Iterator[Act]:
    action = _SERVER[handler.path_args[0]]
    yield from _by_the_hub(handler, action, server(_own(handler), _field(handler, "server")))


def _server_api(handler: Any) -> Iterator[Act]:
    owner, name, action = handler.path_args
    yield from _by_the_hub(handler, _SERVER[action], server(owner, name or ""))


def _server_removed(handler: Any) -> Iterator[Act]:
    owner, name = handler.path_args
    yield from _by_the_hub(handler, act.SERVER_DELETE, server(owner, name or ""))


def _started(handler: Any) -> Iterator[Act]:
    target = server(_own(handler), _field(handler, "server"))
    yield from _by_the_hub(handler, act.SERVER_START, target)


def _server_of_somebody(handler: Any) -> Iterator[Act]:
    target = server(_field(handler, "user"), _field(handler, "server"))
    action = handler.path_args[0] if handler.path_args else "start"
    if action == "days":
        yield act.SERVER_EXTEND, target, {}
    else:
        yield from _by_the_hub(handler, _SERVER[action], target)


def _many_stopped(handler: Any) -> Iterator[Act]:
    """Tell what was refused as a whole; each stop, the hub does."""
    if not handler.behalf.asked and handler.refused:
        forms = handler.get_body_arguments("server")
        chosen = forms or named(sent(handler).get("servers"))
        yield from each(handler, act.SERVER_STOP, lambda text: server(*bulk.named(text)), chosen)


def _by_the_hub(handler: Any, action: Action, target: Party) -> Iterator[Act]:
    """Tell what the hub does not: a restart, and what was refused before the hub was asked."""
    if action is act.SERVER_RESTART or (handler.refused and not handler.behalf.asked):
        yield action, target, {}


def _extended(handler: Any) -> Iterator[Act]:
    owner, name = (*handler.path_args, None)[:2] if handler.path_args else (_own(handler), None)
    yield act.SERVER_EXTEND, server(owner, name or _field(handler, "server")), {}


def _reset_form(handler: Any) -> Iterator[Act]:
    yield act.VOLUME_RESET, volume(_own(handler), _field(handler, "volume")), {}


def _reset(handler: Any) -> Iterator[Act]:
    keys, owner = named(sent(handler).get("volumes")), handler.path_args[0]
    yield from each(handler, act.VOLUME_RESET, partial(volume, owner), keys)


def _uploaded(handler: Any) -> Iterator[Act]:
    if handler.wanted is None:
        return  # refused before it was known for what
    owner, wanted = handler.wanted
    files = {"files": handler.files} if handler.files is not None else {}
    yield act.VOLUME_UPLOAD, volume(owner.name, wanted.key), {"folder": wanted.folder, **files}


def _downloaded(handler: Any) -> Iterator[Act]:
    owner, key = handler.path_args or (_own(handler), handler.get_query_argument("volume", ""))
    folder = handler.get_query_argument("folder", "")
    yield act.VOLUME_DOWNLOAD, volume(owner, key), {"folder": folder} if folder else {}


def _key_added(handler: Any) -> Iterator[Act]:
    owner = handler.path_args[0] if handler.path_args else _own(handler)
    yield act.KEY_ADD, user(owner), handler.key_told


def _key_removed(handler: Any) -> Iterator[Act]:
    owner = handler.path_args[0] if handler.path_args else _own(handler)
    yield act.KEY_REMOVE, user(owner), handler.key_told


def _refused_here(action: Action) -> Rule:
    """Return the rule of a form that the hub does, on one's own account: only refusals are told."""

    def rule(handler: Any) -> Iterator[Act]:
        if not handler.behalf.asked and handler.refused:
            yield action, user(_own(handler)), {}

    return rule


def _left(handler: Any) -> Iterator[Act]:
    """Tell the volumes that went with an account; the account itself, the hub does."""
    owner = handler.path_args[0]
    if handler.behalf.asked:
        for key in handler.gone:
            yield act.VOLUME_RESET, volume(owner, key), {}
    elif handler.refused:
        yield act.ACCOUNT_REMOVE, user(owner), {}


def _person(handler: Any) -> Iterator[Act]:
    if _field(handler, "action") == "delete":
        yield from _left(handler)


_BY_HUB = "The hub does it and records it, refusals too; what cannot be a name or a value goes no further."
_LOOK = "How pages look to somebody is nobody else's business."
_MEASURE = "It changes nothing but what is known."

RULES: Rules = {
    (home.ServerFormHandler, "POST"): _server_form,
    (api.ActionHandler, "POST"): _server_api,
    (api.RemovalHandler, "DELETE"): _server_removed,
    (options.NewHandler, "POST"): _started,
    (options.ChangeHandler, "POST"): _started,
    (options.SummaryHandler, "POST"): "It says in words what was chosen, and does nothing.",
    (servers.ServerActionHandler, "POST"): _server_of_somebody,
    (making.MakeHandler, "POST"): _server_of_somebody,
    (making.MakeSummaryHandler, "POST"): "It says in words what was chosen, and does nothing.",
    (many.StopManyHandler, "POST"): _many_stopped,
    (many.StopManyRest, "POST"): _many_stopped,
    (expiry.ExtendFormHandler, "POST"): _extended,
    (expiry.ExtendHandler, "POST"): _extended,
    (volumes.ResetFormHandler, "POST"): _reset_form,
    (volumes.ResetHandler, "POST"): _reset,
    (volumes.MeasureFormHandler, "POST"): _MEASURE,
    (volumes.MeasureHandler, "POST"): _MEASURE,
    (volumes.DownloadHandler, "GET"): _downloaded,
    (volumes.ArchiveHandler, "GET"): _downloaded,
    (uploads.UploadFormHandler, "POST"): _uploaded,
    (uploads.UploadHandler, "POST"): _uploaded,
    (keys.KeysFormHandler, "POST"): _key_added,
    (keys.DeleteKeyFormHandler, "POST"): _key_removed,
    (keys.KeysHandler, "POST"): _key_added,
    (keys.KeyHandler, "DELETE"): _key_removed,
    (tokens.TokensFormHandler, "POST"): _refused_here(act.TOKEN_ADD),
    (tokens.RevokeFormHandler, "POST"): _refused_here(act.TOKEN_REMOVE),
    (leaving.LeavingHandler, "DELETE"): _left,
    (admin_users.UsersHandler, "POST"): _BY_HUB,
    (admin_users.AddHandler, "POST"): _BY_HUB,
    (person.PersonHandler, "POST"): _person,
    (groups.GroupsHandler, "POST"): _BY_HUB,
    (groups.GroupHandler, "POST"): _BY_HUB,
    (groups.PoliciesHandler, "POST"): _BY_HUB,
    (account.ProfileHandler, "POST"): _LOOK,
    (incidents.DismissHandler, "POST"): _LOOK,
    (tools.TerminalHandler, "POST"): "It opens a terminal in one's own lab.",
}
