"""JupyterHub's own REST of users and groups, held to the rules of ``auth.actions``.

Its own handlers ask for less: a scope over somebody, or an administrator with whatever token.
"""

from __future__ import annotations

from typing import Any

from jupyterhub.apihandlers.groups import GroupAPIHandler, GroupUsersAPIHandler
from jupyterhub.apihandlers.users import UserAPIHandler, UserListAPIHandler
from jupyterhub.scopes import needs_scope
from jupyterhub.utils import maybe_future
from tornado import web

from labyard.auth import actions
from labyard.auth.answers import Rest


class _Upstream(Rest):
    most_bytes = 2**20  # many names at once

    def sent(self) -> dict[str, Any]:
        """Return the JSON object sent; an empty one for anything else, which JupyterHub refuses."""
        body = self.get_json_body()
        return body if isinstance(body, dict) else {}

    def demand_for_admins(self) -> None:
        """Ask for full rights where administrators are to be made."""
        if self.sent().get("admin"):
            actions.demand_full_rights(self)


class UserListApi(_Upstream, UserListAPIHandler):
    """All users."""

    @needs_scope("admin:users")
    async def post(self) -> None:
        """Add some, as administrators only with an administrator's full rights."""
        self.demand_for_admins()
        await super().post()


class UserApi(_Upstream, UserAPIHandler):
    """One user."""

    @needs_scope("admin:users")
    async def post(self, user_name: str) -> None:
        """Add one, as an administrator only with an administrator's full rights."""
        self.demand_for_admins()
        await super().post(user_name)

    @needs_scope("admin:users")
    async def patch(self, user_name: str) -> None:
        """Rename them, give or take an administrator's rights, keep what is sent as ``auth_state``."""
        user = self.find_user(user_name)
        if user is None:
            raise web.HTTPError(404)
        sent = self.get_json_body()
        self._check_user_model(sent)
        if unknown := sorted(sent.keys() - {"name", "admin", "auth_state"}):
            raise web.HTTPError(400, f"{', '.join(unknown)} cannot be changed here.")
        new, admin = sent.get("name", user_name), sent.get("admin", user.admin)
        await actions.change(
            self,
            user_name,
            new=None if new == user_name else new,
            admin=None if admin == user.admin else admin,
        )
        if "auth_state" in sent:
            await user.save_auth_state(sent["auth_state"])
        self.finish({**self.user_model(user), "auth_state": await user.get_auth_state()})

    @needs_scope("delete:users")
    async def delete(self, user_name: str) -> None:
        """Remove the account and the user; answer 204."""
        await actions.remove(self, user_name)
        self.set_status(204)


class _Members(_Upstream):
    async def demand_for_members(self) -> None:
        """Ask for rights over those who are to be put in a group."""
        names = self.sent().get("users")
        if isinstance(names, list):
            wanted = [self.authenticator.normalize_username(n) for n in names if type(n) is str]
            await actions.demand_may_gather(self, wanted)


class GroupApi(_Members, GroupAPIHandler):
    """One group."""

    @needs_scope("admin:groups")
    async def post(self, group_name: str) -> None:
        """Make it, with members that the caller may put there."""
        await self.demand_for_members()
        await super().post(group_name)


class GroupUsersApi(_Members, GroupUsersAPIHandler):
    """A group's members."""

    @needs_scope("groups")
    async def post(self, group_name: str) -> None:
        """Put people in that the caller may put there."""
        await self.demand_for_members()
        await maybe_future(super().post(group_name))


handlers: list[tuple[str, type]] = [
    ("/api/users", UserListApi),
    ("/api/users/([^/]+)", UserApi),
    ("/api/groups/([^/]+)", GroupApi),
    ("/api/groups/([^/]+)/users", GroupUsersApi),
]
