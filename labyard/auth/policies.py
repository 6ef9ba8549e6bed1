"""REST for what groups grant, below ``/hub/api/labyard/policies``. Who is in a group is upstream's.

Who calls needs the scope ``admin:groups`` over everybody.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from jupyterhub.scopes import has_scope, needs_scope
from tornado import web

from labyard.auth.answers import Rest
from labyard.core.errors import Forbidden, NotFound
from labyard.core.rest import operation
from labyard.policies.book import Book, Entry
from labyard.policies.written import checked, plain, told
from labyard.settings.groups import GroupSettings
from labyard.settings.profiles import Profile

POLICY = {
    "*": GroupSettings,
    "locked": bool,
    "changed": str | None,
    "changed_by": str,
}
_ANSWER = {"groups": [POLICY]}


class _Policies(Rest):
    most_bytes = 2**20  # many groups at once; the hub itself takes no more

    def initialize(self, book: Book, profiles: Sequence[Profile]) -> None:
        """Take the policies, and the profiles that they may name."""
        self.book, self.profiles = book, profiles
        # By group, for the audit: what its policy was before, and is after.
        self.changed: dict[str, dict[str, Any]] = {}

    def checked(self, groups: Any) -> list[GroupSettings]:
        """Return what was sent, checked."""
        return checked(groups, self.profiles, {("groups",): "the request"})

    async def put_down(self, groups: Sequence[GroupSettings]) -> Sequence[Entry]:
        """Set policies, all or none.

        Raises
        ------
        Forbidden
            When one grants the engine's socket, and the caller may manage groups alone.
        """
        root = [group.name for group in groups if group.docker == "socket"]
        if root and not has_scope("admin:users", self.parsed_scopes):
            raise Forbidden(
                f"The policy of {root[0]} would grant the engine's socket, which is root on the host.",
                remedy="Ask somebody who may manage users, too.",
            )
        by = self.current_user.name
        self.log.info("%s sets the policies of %s", by, ", ".join(group.name for group in groups))
        before = await self.before([group.name for group in groups])
        entries = await asyncio.to_thread(self.book.put, groups, by)
        for entry in entries:
            name = entry.policy.name
            self.changed[name] = {"before": before.get(name), "after": told(entry.policy)}
        return entries

    async def before(self, groups: Sequence[str]) -> Mapping[str, Any]:
        """Return what the policies of some groups are now, as the audit has them."""
        found = await asyncio.to_thread(self.book.of, groups)
        return {name: told(policy) for name, policy in found.items()}

    def tell(self, entries: Sequence[Entry]) -> None:
        """Answer ``{"groups": [...]}``."""
        self.finish(json.dumps({"groups": [as_json(entry) for entry in entries]}))


class PolicyList(_Policies):
    """The policies of all groups."""

    @needs_scope("admin:groups")
    @operation("admin:groups", answer=_ANSWER)
    async def get(self) -> None:
        """Answer ``{"groups": [...]}``, by name: each as the settings have it, and who changed it."""
        self.tell(await asyncio.to_thread(self.book.all))

    @needs_scope("admin:groups")
    @operation("admin:groups", body={"groups": list[GroupSettings]}, answer=_ANSWER)
    async def post(self) -> None:
        """Set those of ``{"groups": [{"name": ...}, ...]}``, all or none; answer them."""
        sent = self.body(groups=list)
        self.tell(await self.put_down(self.checked(sent.get("groups", []))))


class PolicyOne(_Policies):
    """The policy of one group."""

    @needs_scope("read:groups")
    @operation("read:groups", answer=_ANSWER)
    async def get(self, group_name: str) -> None:
        """Answer ``{"groups": [...]}``: that one; 404 where the group has none."""
        found = await asyncio.to_thread(self.book.entries, [group_name])
        if not found:
            raise NotFound(f"The group {group_name} has no policy.", remedy="Set one with PUT.")
        self.tell(list(found.values()))

    @needs_scope("admin:groups")
    @operation("admin:groups", body=GroupSettings, answer=_ANSWER)
    async def put(self, group: str) -> None:
        """Set it to the body, an object as in the settings; answer it."""
        sent = self.get_json_body()
        if not isinstance(sent, dict) or sent.get("name", group) != group:
            raise web.HTTPError(400, "The body has to be the policy of that group.")
        self.tell(await self.put_down(self.checked([{**sent, "name": group}])))

    @needs_scope("admin:groups")
    @operation("admin:groups")
    async def delete(self, group: str) -> None:
        """Take it away; answer 204."""
        before = await self.before([group])
        await asyncio.to_thread(self.book.remove, group)
        self.changed[group] = {"before": before.get(group)}
        self.log.info("%s takes the policy of %s away", self.current_user.name, group)
        self.set_status(204)


def as_json(entry: Entry) -> Mapping[str, Any]:
    """Return a policy as the settings have it, and where it comes from."""
    changed = entry.changed.isoformat() if entry.changed else None
    return {
        **plain(entry.policy),
        "locked": entry.locked,
        "changed": changed,
        "changed_by": entry.changed_by,
    }


def handlers(book: Book, profiles: Sequence[Profile]) -> list[tuple[Any, ...]]:
    """Return the patterns below the hub's prefix, with what answers them."""
    root, given = "/api/labyard/policies", {"book": book, "profiles": profiles}
    return [(root, PolicyList, given), (rf"{root}/([^/]+)", PolicyOne, given)]
