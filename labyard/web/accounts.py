"""The hub's REST of accounts, groups and policies, called with the rights of whoever clicked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from labyard.web.hub import Hub

Model = Mapping[str, Any]

_OURS = "labyard"


@dataclass(frozen=True, slots=True)
class Accounts:
    """Every call takes the token of the person it is made for, and raises ``LabyardError``.

    What is returned is the hub's JSON, as ``docs/reference/rest.md`` tells it.
    """

    hub: Hub

    async def page(self, token: str, **wanted: str) -> Model:
        """Return a page of accounts: ``search``, ``state``, ``group``, ``offset``, ``limit``."""
        return await self._get(token, "accounts", query=wanted)

    async def one(self, token: str, name: str) -> Model:
        """Return one account."""
        return await self._get(token, "accounts", name)

    async def add_many(self, token: str, lines: Sequence[str], groups: Sequence[str]) -> Model:
        """Return a new account and its code for each line, or raise for all of them."""
        body = {"names": list(lines), "groups": list(groups)}
        return await self._post(token, "invitations", body=body)

    async def act(
        self, token: str, name: str, action: str, body: Model = MappingProxyType({})
    ) -> Model:
        """Do one of the actions to an account; return the account."""
        return await self._post(token, "accounts", name, action, body=dict(body))

    async def remove(self, token: str, name: str) -> None:
        """Remove an account and the hub's user."""
        await self.hub.call("DELETE", token, _OURS, "accounts", name)

    async def groups(self, token: str, **wanted: str) -> Model:
        """Return a page of groups."""
        return await self._get(token, "groups", query=wanted)

    async def group(self, token: str, name: str, **wanted: str) -> Model:
        """Return one group and a page of its members."""
        return await self._get(token, "groups", name, query=wanted)

    async def make_group(self, token: str, name: str) -> None:
        """Make a group without members."""
        await self.hub.call("POST", token, "groups", name)

    async def delete_group(self, token: str, name: str) -> None:
        """Delete a group; its policy stays."""
        await self.hub.call("DELETE", token, "groups", name)

    async def put_in(self, token: str, group: str, users: Sequence[str]) -> None:
        """Put people in a group."""
        await self.hub.call("POST", token, "groups", group, "users", body={"users": list(users)})

    async def take_out(self, token: str, group: str, users: Sequence[str]) -> None:
        """Take people out of a group."""
        await self.hub.call("DELETE", token, "groups", group, "users", body={"users": list(users)})

    async def policies(self, token: str) -> Sequence[Model]:
        """Return every policy."""
        found: Sequence[Model] = (await self._get(token, "policies"))["groups"]
        return found

    async def put_policies(self, token: str, groups: Sequence[Model]) -> None:
        """Set some policies, all or none."""
        await self._post(token, "policies", body={"groups": list(groups)})

    async def remove_policy(self, token: str, group: str) -> None:
        """Take a group's policy away."""
        await self.hub.call("DELETE", token, _OURS, "policies", group)

    async def why(self, token: str, user: str) -> Sequence[Model]:
        """Return what somebody may have, and why."""
        found: Sequence[Model] = (await self._get(token, "policy", user))["grants"]
        return found

    async def _get(self, token: str, *path: str, query: Mapping[str, str] | None = None) -> Model:
        told: Model = await self.hub.call("GET", token, _OURS, *path, query=query)
        return told

    async def _post(self, token: str, *path: str, body: Model) -> Model:
        told: Model | None = await self.hub.call("POST", token, _OURS, *path, body=body)
        return told or {}
