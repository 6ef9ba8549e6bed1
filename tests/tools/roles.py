"""Who may do what, at every address of ours: the statuses that the roles are answered with.

People are in groups and have servers of their own; ``x`` in an address is the ``owner``, who is in the
group ``x`` that the ``manager`` manages. ``other`` is a user like the owner. Nobody has a session who is
``pending``. Services hold one scope each; those that a row does not name are answered 403, ``*`` is all of
them. A new route wants a new row: the test prints it as it is answered, to be looked at and put here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.tools.routes import Route

PEOPLE = ("anonymous", "pending", "other", "owner", "manager", "admin")
SCOPES = (
    "admin:users",
    "read:users",
    "list:users",
    "admin:groups",
    "read:groups",
    "list:groups",
    "servers",
    "delete:servers",
    "read:servers",
    "access:servers",
    "tokens",
    "read:tokens",
    "read:hub",
    "custom:labyard:audit",
)
MANAGER = (
    "admin:users!group=x",
    "list:users!group=x",
    "servers!group=x",
    "groups!group=x",
    "read:groups!group=x",
    "list:groups!group=x",
)
# What would remove the owner is tried on somebody who is not there.
_REMOVES = {
    "DELETE /hub/api/labyard/accounts/x": "/hub/api/labyard/accounts/nobody",
    "DELETE /hub/api/users/x": "/hub/api/users/nobody",
    "DELETE /hub/api/groups/x": "/hub/api/groups/nobody",
    "DELETE /services/labyard/api/users/x": "/services/labyard/api/users/nobody",
}


def spelled(route: Route) -> str:
    """Return the path to ask at."""
    return _REMOVES.get(str(route), route.path)


def concerning(role: str, routes: Iterable[Route]) -> list[Route]:
    """Return the routes that a role is tried at: all of them by people, those of REST by services."""
    return [route for route in routes if role in PEOPLE or "/api/" in route.path]


def line(name: str, row: Mapping[str, int]) -> str:
    """Return a row as it stands in the table."""
    method, path = name.split()
    people = " ".join(str(row[role]) for role in PEOPLE)
    alike = {row[scope] for scope in SCOPES if scope in row}
    services = " ".join(
        f"{scope}={row[scope]}" for scope in SCOPES if row.get(scope, _REFUSED) != _REFUSED
    )
    if len(alike) == 1 and alike != {_REFUSED}:
        services = f"*={alike.pop()}"
    return f"{method:6} {path} {people} {services}".rstrip()


_REFUSED = 403
_ROWS = """
GET    /hub/accounts 301 301 301 301 301 301
GET    /hub/api/groups/x 403 403 403 403 200 200 admin:groups=200 read:groups=200 list:groups=200
POST   /hub/api/groups/x 403 403 403 403 403 400 admin:groups=400
DELETE /hub/api/groups/x 403 403 403 403 403 404 admin:groups=404
POST   /hub/api/groups/x/users 403 403 403 403 400 400 admin:groups=400
DELETE /hub/api/groups/x/users 403 403 403 403 400 400 admin:groups=400
GET    /hub/api/labyard/accounts 403 403 403 403 200 200 admin:users=200
POST   /hub/api/labyard/accounts 403 403 403 403 403 400 admin:users=400
GET    /hub/api/labyard/accounts/x 403 403 403 403 200 200 admin:users=200
DELETE /hub/api/labyard/accounts/x 403 403 403 403 404 404 admin:users=404
POST   /hub/api/labyard/accounts/x/admin 403 403 403 403 400 400 admin:users=400
POST   /hub/api/labyard/accounts/x/approve 403 403 403 403 400 400 admin:users=400
POST   /hub/api/labyard/accounts/x/deny 403 403 403 403 400 400 admin:users=400
GET    /hub/api/labyard/accounts/x/identities 403 403 403 403 403 200 admin:users=200
POST   /hub/api/labyard/accounts/x/identities 403 403 403 403 403 400 admin:users=400
POST   /hub/api/labyard/accounts/x/identities/unlink 403 403 403 403 403 400 admin:users=400
POST   /hub/api/labyard/accounts/x/password 403 403 403 403 400 400 admin:users=400
POST   /hub/api/labyard/accounts/x/rename 403 403 403 403 400 400 admin:users=400
POST   /hub/api/labyard/accounts/x/restore 403 403 403 403 400 400 admin:users=400
POST   /hub/api/labyard/accounts/x/withdraw 403 403 403 403 400 400 admin:users=400
GET    /hub/api/labyard/groups 403 403 403 403 200 200 admin:groups=200 list:groups=200
GET    /hub/api/labyard/groups/x 403 403 403 403 200 200 admin:groups=200 read:groups=200
POST   /hub/api/labyard/invitations 403 403 403 403 403 400 admin:users=400
GET    /hub/api/labyard/limits/x 403 403 404 200 200 200 servers=200
GET    /hub/api/labyard/people/x 403 403 404 200 200 200
    admin:users=200 read:users=200 list:users=200 servers=200 read:servers=200
GET    /hub/api/labyard/policies 403 403 403 403 403 200 admin:groups=200
POST   /hub/api/labyard/policies 403 403 403 403 403 400 admin:groups=400
GET    /hub/api/labyard/policies/x 403 403 403 403 404 404 admin:groups=404 read:groups=404
PUT    /hub/api/labyard/policies/x 403 403 403 403 403 400 admin:groups=400
DELETE /hub/api/labyard/policies/x 403 403 403 403 403 404 admin:groups=404
GET    /hub/api/labyard/policy/x 403 403 404 200 200 200 servers=200
GET    /hub/api/labyard/servers 403 403 200 200 200 200 servers=200 read:servers=200
POST   /hub/api/labyard/users/x/server/held 403 403 404 200 200 200 servers=200
GET    /hub/api/labyard/users/x/server/start 403 403 404 200 200 200 servers=200 read:servers=200
DELETE /hub/api/labyard/users/x/server/start 403 403 404 200 200 200 servers=200 delete:servers=200
POST   /hub/api/labyard/users/x/servers/x/held 403 403 404 404 404 200 servers=404
GET    /hub/api/labyard/users/x/servers/x/start 403 403 404 404 404 404 servers=404 read:servers=404
DELETE /hub/api/labyard/users/x/servers/x/start 403 403 404 404 404 200 servers=404 delete:servers=404
GET    /hub/api/users 403 403 403 403 200 200 admin:users=200 list:users=200
POST   /hub/api/users 403 403 403 403 403 400 admin:users=400
GET    /hub/api/users/x 403 403 404 200 200 200
    admin:users=200 read:users=200 list:users=200 servers=200 read:servers=200
POST   /hub/api/users/x 403 403 403 403 409 409 admin:users=409
PATCH  /hub/api/users/x 403 403 403 403 400 400 admin:users=400
DELETE /hub/api/users/x 403 403 403 403 404 404 admin:users=404
GET    /hub/api/users/x/server 403 403 404 200 200 200 servers=200 read:servers=200
POST   /hub/api/users/x/server 403 403 404 400 400 400 servers=400
PUT    /hub/api/users/x/server 403 403 404 409 409 409 servers=409
PATCH  /hub/api/users/x/server 403 403 404 400 400 400 servers=400
DELETE /hub/api/users/x/server 403 403 404 204 204 204 servers=204 delete:servers=204
GET    /hub/api/users/x/servers/x 403 403 404 404 404 404 servers=404 read:servers=404
POST   /hub/api/users/x/servers/x 403 403 404 400 400 400 servers=400
PUT    /hub/api/users/x/servers/x 403 403 404 409 409 409 servers=409
PATCH  /hub/api/users/x/servers/x 403 403 404 400 400 400 servers=400
DELETE /hub/api/users/x/servers/x 403 403 404 204 204 204 servers=204 delete:servers=404
GET    /hub/bootstrap 302 302 302 302 302 302
POST   /hub/bootstrap 302 302 302 302 302 302
GET    /hub/cancel-start/x 302 302 302 302 302 302
POST   /hub/cancel-start/x 403 403 404 303 303 303
GET    /hub/invitation 200 200 200 200 200 200
POST   /hub/invitation 400 400 400 400 400 400
GET    /hub/login 200 200 302 302 302 302
POST   /hub/login 400 400 400 400 400 400
GET    /hub/logout 200 200 200 200 200 200
GET    /hub/password 302 302 200 200 200 200
POST   /hub/password 403 403 400 400 400 400
GET    /hub/signup 200 200 200 200 200 200
POST   /hub/signup 400 400 400 400 400 400
GET    /hub/start-again/x 302 302 404 302 302 302
POST   /hub/start-again/x 403 403 404 303 303 303
GET    /hub/start-story/x 302 302 404 200 200 200
GET    /services/labyard/ 302 302 200 200 200 200
GET    /services/labyard/account 302 302 303 303 303 303
GET    /services/labyard/account/allowed 302 302 200 200 200 200
GET    /services/labyard/account/keys 302 302 200 200 200 200
POST   /services/labyard/account/keys 401 401 400 400 400 400
POST   /services/labyard/account/keys/delete 401 401 303 303 303 303
GET    /services/labyard/account/profile 302 302 200 200 200 200
POST   /services/labyard/account/profile 401 401 400 400 400 400
GET    /services/labyard/account/tokens 302 302 200 200 200 200
POST   /services/labyard/account/tokens 401 401 400 400 400 400
POST   /services/labyard/account/tokens/revoke 401 401 303 303 303 303
GET    /services/labyard/admin 302 302 403 403 303 303
GET    /services/labyard/admin/activity 302 302 403 403 403 200
POST   /services/labyard/admin/activity/stop 401 401 403 403 403 303
GET    /services/labyard/admin/audit 302 302 403 403 403 200
GET    /services/labyard/admin/audit.jsonl 302 302 403 403 403 200
GET    /services/labyard/admin/add-users 302 302 403 403 200 200
POST   /services/labyard/admin/add-users 401 401 403 403 403 400
GET    /services/labyard/admin/groups 302 302 403 403 200 200
POST   /services/labyard/admin/groups 401 401 403 403 400 400
GET    /services/labyard/admin/groups/x 302 302 403 403 200 200
POST   /services/labyard/admin/groups/x 401 401 403 403 400 400
GET    /services/labyard/admin/policies.yaml 302 302 403 403 403 200
POST   /services/labyard/admin/policies.yaml 401 401 403 403 303 303
GET    /services/labyard/admin/servers 302 302 403 403 200 200
POST   /services/labyard/admin/servers/cancel 401 401 403 403 303 303
POST   /services/labyard/admin/servers/days 401 401 403 403 303 303
POST   /services/labyard/admin/servers/delete 401 401 403 403 303 303
GET    /services/labyard/admin/servers/log 302 302 403 403 404 404
GET    /services/labyard/admin/servers/new 302 302 403 403 200 200
POST   /services/labyard/admin/servers/new 401 401 403 403 404 404
POST   /services/labyard/admin/servers/new/summary 401 401 403 403 404 404
POST   /services/labyard/admin/servers/restart 401 401 403 403 303 303
POST   /services/labyard/admin/servers/start 401 401 403 403 303 303
POST   /services/labyard/admin/servers/stop 401 401 403 403 303 303
GET    /services/labyard/admin/servers/stop-many 302 302 403 403 200 200
POST   /services/labyard/admin/servers/stop-many 401 401 403 403 303 303
GET    /services/labyard/admin/settings 302 302 403 403 403 200
GET    /services/labyard/admin/users 302 302 403 403 200 200
POST   /services/labyard/admin/users 401 401 403 403 400 400
GET    /services/labyard/admin/users/x 302 302 403 403 200 200
POST   /services/labyard/admin/users/x 401 401 403 403 400 400
GET    /services/labyard/admin/users/x/why 302 302 403 403 200 200
GET    /services/labyard/api/activity 401 401 403 403 403 200 servers=200 read:servers=200
GET    /services/labyard/api/audit 401 401 403 403 403 200 admin:users=200 custom:labyard:audit=200
GET    /services/labyard/api/openapi.json 200 200 200 200 200 200 *=200
GET    /services/labyard/api/servers 401 401 200 200 200 200 admin:users=200 list:users=200
GET    /services/labyard/api/servers/x 401 401 403 200 403 200 servers=200 read:servers=200
GET    /services/labyard/api/servers/x/x 401 401 403 404 403 404 servers=404 read:servers=404
GET    /services/labyard/api/settings 401 401 403 403 403 200 read:hub=200
POST   /services/labyard/api/stop 401 401 400 400 400 400 *=400
DELETE /services/labyard/api/users/x 401 401 403 403 404 404 admin:users=404
GET    /services/labyard/api/users/x/keys 401 401 403 200 403 403 tokens=200 read:tokens=200
POST   /services/labyard/api/users/x/keys 401 401 403 400 403 403 tokens=400
DELETE /services/labyard/api/users/x/keys/0 401 401 403 404 403 403 tokens=404
GET    /services/labyard/api/users/x/limits 401 401 403 200 403 200 servers=200
DELETE /services/labyard/api/users/x/server 401 401 403 204 403 204 servers=204
POST   /services/labyard/api/users/x/server/cancel 401 401 403 409 403 409 servers=409
POST   /services/labyard/api/users/x/server/extend 401 401 403 400 403 400 servers=400
GET    /services/labyard/api/users/x/server/logs 401 401 403 409 403 409 servers=409
POST   /services/labyard/api/users/x/server/restart 401 401 403 409 403 409 servers=409
POST   /services/labyard/api/users/x/server/start 401 401 403 400 403 400 servers=400
POST   /services/labyard/api/users/x/server/stop 401 401 403 200 403 200 servers=200
DELETE /services/labyard/api/users/x/servers/x 401 401 403 204 403 204 servers=204
POST   /services/labyard/api/users/x/servers/x/cancel 401 401 403 409 403 409 servers=409
POST   /services/labyard/api/users/x/servers/x/extend 401 401 403 400 403 400 servers=400
GET    /services/labyard/api/users/x/servers/x/logs 401 401 403 409 403 409 servers=409
POST   /services/labyard/api/users/x/servers/x/restart 401 401 403 409 403 409 servers=409
POST   /services/labyard/api/users/x/servers/x/start 401 401 403 400 403 400 servers=400
POST   /services/labyard/api/users/x/servers/x/stop 401 401 403 200 403 200 servers=200
GET    /services/labyard/api/users/x/volumes 401 401 403 200 403 200 servers=200 read:servers=200
POST   /services/labyard/api/users/x/volumes/measure 401 401 403 200 403 200 servers=200
POST   /services/labyard/api/users/x/volumes/reset 401 401 403 400 403 400 servers=400
GET    /services/labyard/api/users/x/volumes/x/archive 401 401 403 404 403 404 access:servers=404
POST   /services/labyard/api/users/x/volumes/x/upload 401 401 403 404 403 404
GET    /services/labyard/change 302 302 200 200 200 200
POST   /services/labyard/change 401 401 404 404 404 404
GET    /services/labyard/figures 401 401 200 200 200 200
POST   /services/labyard/incidents/dismiss 401 401 303 303 303 303
GET    /services/labyard/info 302 302 200 200 200 200
GET    /services/labyard/new 302 302 200 200 200 200
POST   /services/labyard/new 401 401 400 400 400 400
POST   /services/labyard/new/summary 401 401 200 200 200 200
GET    /services/labyard/oauth_callback 400 400 400 400 400 400
POST   /services/labyard/server/cancel 401 401 303 303 303 303
POST   /services/labyard/server/delete 401 401 303 303 303 303
POST   /services/labyard/server/extend 401 401 303 303 303 303
POST   /services/labyard/server/restart 401 401 303 303 303 303
POST   /services/labyard/server/start 401 401 303 303 303 303
POST   /services/labyard/server/stop 401 401 303 303 303 303
GET    /services/labyard/site.css 200 200 200 200 200 200
GET    /services/labyard/static/ 404 404 404 404 404 404
GET    /services/labyard/tools 302 302 200 200 200 200
GET    /services/labyard/tools/port 302 302 409 409 409 409
GET    /services/labyard/tools/servers/x 302 302 404 404 404 404
GET    /services/labyard/tools/terminal 302 302 200 200 200 200
POST   /services/labyard/tools/terminal 401 401 404 404 404 404
GET    /services/labyard/volume/x 302 302 404 404 404 404
GET    /services/labyard/volumes 302 302 200 200 200 200
GET    /services/labyard/volumes/download 302 302 303 303 303 303
POST   /services/labyard/volumes/measure 401 401 303 303 303 303
POST   /services/labyard/volumes/reset 401 401 404 404 404 404
POST   /services/labyard/volumes/upload 400 400 400 400 400 400
"""


def _read(text: str) -> Mapping[str, Mapping[str, int]]:
    table = {}
    for row in text.replace("\n    ", " ").strip().splitlines():
        method, path, *rest = row.split()
        statuses = dict(zip(PEOPLE, map(int, rest), strict=False))
        if "/api/" in path:
            named = dict(each.rsplit("=", 1) for each in rest[len(PEOPLE) :])
            rest_of_them = named.get("*", _REFUSED)
            statuses |= {scope: int(named.get(scope, rest_of_them)) for scope in SCOPES}
        table[f"{method} {path}"] = statuses
    return table


TABLE = _read(_ROWS)
