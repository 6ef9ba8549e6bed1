"""What the hub's routes are recorded as: JupyterHub's own, and those of accounts and policies.

A route that changes something and is not here makes a test fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jupyterhub import orm
from jupyterhub.apihandlers import auth, groups, proxy, services, shares, users
from jupyterhub.apihandlers import hub as hub_api
from jupyterhub.handlers import base, pages
from jupyterhub.user import User

from labyard.audit import actions as act
from labyard.audit.actions import Action
from labyard.audit.entry import HUB, Kind, Party, user
from labyard.audit.requests import Act, Rule, Rules, each, named, sent
from labyard.auth import api, policies, recording
from labyard.auth import pages as own_pages
from labyard.auth.ways import api as ways_api
from labyard.auth.ways import arrival

# Seconds: a token that the service makes to ask a lab something in its owner's name lives as long.
_BRIEF = 30


def actor(handler: Any) -> Party | None:
    """Return who sent a request to the hub; None for nobody."""
    found = getattr(handler, "_jupyterhub_user", None)
    if isinstance(found, orm.Service):
        return Party(Kind.SERVICE, found.name)
    return user(found.name) if isinstance(found, User) else None


def group(name: str) -> Party:
    """Return a group."""
    return Party(Kind.GROUP, name)


def _named(action: Action, *fields: str) -> Rule:
    """Return the rule of a route whose first name is a person's; ``fields`` of the body are told."""

    def rule(handler: Any) -> Iterator[Act]:
        yield action, user(handler.path_args[0]), _of(sent(handler), fields)

    return rule


def _grouped(action: Action, *fields: str) -> Rule:
    def rule(handler: Any) -> Iterator[Act]:
        yield action, group(handler.path_args[0]), _of(sent(handler), fields)

    return rule


def _of(body: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    return {name: named(body[name]) for name in fields if name in body}


# -- accounts -------------------------------------------------------------------------------------------

_ACCOUNT = {
    "approve": act.ACCOUNT_APPROVE,
    "deny": act.ACCOUNT_DECLINE,
    "withdraw": act.ACCOUNT_WITHDRAW,
    "restore": act.ACCOUNT_RESTORE,
    "password": act.CODE_MAKE,
}


def _account_added(handler: Any) -> Iterator[Act]:
    body = sent(handler)
    yield act.ACCOUNT_ADD, user(str(body.get("name"))), {"admin": body.get("admin") is True}


def _invited(handler: Any) -> Iterator[Act]:
    body = sent(handler)
    into = {"groups": named(body["groups"])} if body.get("groups") else {}
    lines = (line.partition("#")[0].strip().lower() for line in named(body.get("names")))
    yield from each(handler, act.ACCOUNT_ADD, user, [name for name in lines if name], into)


def _account(handler: Any) -> Iterator[Act]:
    name, action = handler.path_args
    body = sent(handler)
    if action == "rename":
        yield act.ACCOUNT_RENAME, user(name), {"to": str(body.get("name"))}
    elif action == "admin":
        yield _admin(body.get("admin") is not False), user(name), {}
    else:
        yield _ACCOUNT[action], user(name), {}


def _identity(action: Action) -> Rule:
    def rule(handler: Any) -> Iterator[Act]:
        body = sent(handler)
        known = {part: body[part] for part in ("way", "issuer", "subject") if part in body}
        yield action, user(handler.path_args[0]), {k: str(v) for k, v in known.items()}

    return rule


def _admin(given: bool) -> Action:
    return act.ADMIN_GIVE if given else act.ADMIN_TAKE


def _typed(action: Action) -> Rule:
    def rule(handler: Any) -> Iterator[Act]:
        yield action, user(handler.get_body_argument("username", "").lower()), {}

    return rule


def _first_admin(handler: Any) -> Iterator[Act]:
    yield act.PASSWORD_SET, user(handler.authenticator.first_admin), {}


def _own_password(handler: Any) -> Iterator[Act]:
    yield act.PASSWORD_CHANGE, actor(handler) or user(""), {}


# -- JupyterHub's users, tokens and shares --------------------------------------------------------------


def _users_added(handler: Any) -> Iterator[Act]:
    body = sent(handler)
    wanted = {"admin": body.get("admin") is True}
    yield from each(handler, act.ACCOUNT_ADD, user, named(body.get("usernames")), wanted)


def _user_added(handler: Any) -> Iterator[Act]:
    wanted = sent(handler).get("admin") is True
    yield act.ACCOUNT_ADD, user(handler.path_args[0]), {"admin": wanted}


def _user_changed(handler: Any) -> Iterator[Act]:
    name, body = handler.path_args[0], sent(handler)
    if "admin" in body:
        yield _admin(body["admin"] is True), user(name), {}
    if isinstance(body.get("name"), str) and body["name"] != name:
        yield act.ACCOUNT_RENAME, user(name), {"to": body["name"]}


def _token_made(handler: Any) -> Iterator[Act]:
    body = sent(handler)
    scopes, life = named(body.get("scopes")), body.get("expires_in")
    brief = isinstance(life, int) and 0 < life <= _BRIEF
    if brief and scopes and all(scope.startswith("access:servers!server=") for scope in scopes):
        return  # the service asks a lab something: several times a minute
    details = {"scopes": scopes, "life": life if isinstance(life, int) else None}
    note = body.get("note")
    yield (
        act.TOKEN_ADD,
        user(handler.path_args[0]),
        {**details, "note": note if isinstance(note, str) else ""},
    )


def _token_removed(handler: Any) -> Iterator[Act]:
    name, token = handler.path_args
    yield act.TOKEN_REMOVE, user(name), {"id": token}


def _old_token(handler: Any) -> Iterator[Act]:
    yield act.TOKEN_ADD, actor(handler) or user(""), {}


def _shared(action: Action) -> Rule:
    def rule(handler: Any) -> Iterator[Act]:
        owner, name = (*handler.path_args, "")[:2]
        body = sent(handler)
        whom = [body[kind] for kind in ("user", "group") if isinstance(body.get(kind), str)]
        target = Party(Kind.SERVER, f"{owner}/{name or ''}")
        yield action, target, {"with": whom, "scopes": named(body.get("scopes"))}

    return rule


def _share_left(handler: Any) -> Iterator[Act]:
    whom, owner, name = (*handler.path_args, "")[:3]
    yield act.SHARE_REMOVE, Party(Kind.SERVER, f"{owner}/{name or ''}"), {"with": [whom]}


def _share_accepted(handler: Any) -> Iterator[Act]:
    yield act.SHARE_ADD, actor(handler) or user(""), {}


def _groups_added(handler: Any) -> Iterator[Act]:
    yield from each(handler, act.GROUP_ADD, group, named(sent(handler).get("groups")))


def _properties(handler: Any) -> Iterator[Act]:
    yield act.GROUP_CHANGE, group(handler.path_args[0]), {"names": sorted(sent(handler))}


def _service(action: Action) -> Rule:
    def rule(handler: Any) -> Iterator[Act]:
        yield action, Party(Kind.SERVICE, handler.path_args[0]), {}

    return rule


def _hub(action: Action) -> Rule:
    def rule(_handler: Any) -> Iterator[Act]:
        yield action, HUB, {}

    return rule


# -- policies -------------------------------------------------------------------------------------------


def _policies_set(handler: Any) -> Iterator[Act]:
    """Tell each policy with what it was before; of a request that was refused, only the names."""
    for name, details in handler.changed.items():
        yield act.POLICY_SET, group(name), details
    if not handler.changed:
        yield from each(handler, act.POLICY_SET, group, list(_asked_for(handler)))


def _asked_for(handler: Any) -> Iterator[str]:
    if handler.path_args:
        yield handler.path_args[0]
        return
    groups = sent(handler).get("groups")
    for policy in groups if isinstance(groups, list) else ():
        if isinstance(policy, dict) and isinstance(policy.get("name"), str):
            yield policy["name"]


def _policy_removed(handler: Any) -> Iterator[Act]:
    name = handler.path_args[0]
    yield act.POLICY_REMOVE, group(name), handler.changed.get(name, {})


def _arrived(handler: Any) -> Iterator[Act]:
    """Tell a sign-in by another way that came to nothing; one that went well is told as it happens."""
    if handler.get_status() >= 400:
        identity = handler.arriving
        way = recording.way(identity.way, identity.issuer) if identity else {}
        yield act.SIGN_IN, user(identity.name if identity else ""), way


_SIGN_IN = "The authenticator records each sign-in, whichever way it came."
_NOTHING = "Nothing changes."

RULES: Rules = {
    (own_pages.LoginHandler, "POST"): _SIGN_IN,
    (arrival.Arrival, "*"): _arrived,
    (own_pages.SignUpHandler, "POST"): _typed(act.SIGN_UP),
    (own_pages.BootstrapHandler, "POST"): _first_admin,
    (own_pages.InvitationHandler, "POST"): _typed(act.PASSWORD_SET),
    (own_pages.PasswordHandler, "POST"): _own_password,
    (api.AccountList, "POST"): _account_added,
    (api.Invitations, "POST"): _invited,
    (ways_api.IdentityList, "POST"): _identity(act.IDENTITY_LINK),
    (ways_api.IdentityGone, "POST"): _identity(act.IDENTITY_UNLINK),
    (api.AccountOne, "DELETE"): _named(act.ACCOUNT_REMOVE),
    (api.AccountAction, "POST"): _account,
    (policies.PolicyList, "POST"): _policies_set,
    (policies.PolicyOne, "PUT"): _policies_set,
    (policies.PolicyOne, "DELETE"): _policy_removed,
    (users.UserListAPIHandler, "POST"): _users_added,
    (users.UserAPIHandler, "POST"): _user_added,
    (users.UserAPIHandler, "DELETE"): _named(act.ACCOUNT_REMOVE),
    (users.UserAPIHandler, "PATCH"): _user_changed,
    (users.UserTokenListAPIHandler, "POST"): _token_made,
    (users.UserTokenAPIHandler, "DELETE"): _token_removed,
    (users.UserAdminAccessAPIHandler, "POST"): _NOTHING,
    (users.ActivityAPIHandler, "POST"): "Labs tell when they were used, every few minutes.",
    (groups.GroupListAPIHandler, "POST"): _groups_added,
    (groups.GroupAPIHandler, "POST"): _grouped(act.GROUP_ADD, "users"),
    (groups.GroupAPIHandler, "DELETE"): _grouped(act.GROUP_REMOVE),
    (groups.GroupUsersAPIHandler, "POST"): _grouped(act.GROUP_JOIN, "users"),
    (groups.GroupUsersAPIHandler, "DELETE"): _grouped(act.GROUP_LEAVE, "users"),
    (groups.GroupPropertiesAPIHandler, "PUT"): _properties,
    (services.ServiceAPIHandler, "POST"): _service(act.SERVICE_ADD),
    (services.ServiceAPIHandler, "DELETE"): _service(act.SERVICE_REMOVE),
    (shares.UserShareAPIHandler, "DELETE"): _share_left,
    (shares.GroupShareAPIHandler, "DELETE"): _share_left,
    (shares.ServerShareAPIHandler, "POST"): _shared(act.SHARE_ADD),
    (shares.ServerShareAPIHandler, "PATCH"): _shared(act.SHARE_REMOVE),
    (shares.ServerShareAPIHandler, "DELETE"): _shared(act.SHARE_REMOVE),
    (shares.ServerShareCodeAPIHandler, "POST"): _shared(act.SHARE_ADD),
    (shares.ServerShareCodeAPIHandler, "DELETE"): _shared(act.SHARE_REMOVE),
    (pages.AcceptShareHandler, "POST"): _share_accepted,
    (auth.TokenAPIHandler, "POST"): _old_token,
    (auth.OAuthAuthorizeHandler, "POST"): "Who is signed in goes on to a lab or a service.",
    (auth.OAuthTokenHandler, "POST"): "The second half of the same.",
    (hub_api.ShutdownAPIHandler, "POST"): _hub(act.HUB_STOP),
    (proxy.ProxyAPIHandler, "POST"): _hub(act.PROXY_CHANGE),
    (proxy.ProxyAPIHandler, "PATCH"): _hub(act.PROXY_CHANGE),
    (base.UserUrlHandler, "*"): _NOTHING,
    (base.CSPReportHandler, "POST"): "Browsers tell what a page tried; the log has it.",
}
