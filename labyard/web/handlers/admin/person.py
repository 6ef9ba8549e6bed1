"""One person, and all that an administrator does to their account; and what they may have, and why."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from labyard.core.errors import LabyardError, NotFound, Refused
from labyard.volumes.catalog import catalog
from labyard.web import rights
from labyard.web.handlers.account import AccountHandler
from labyard.web.handlers.admin.users import PeopleHandler
from labyard.web.handlers.base import signed_in
from labyard.web.view.people import somebody
from labyard.web.view.why import view_verdicts
from labyard.web.view.words import utc_now

_SAID = {
    "approve": "{name} was approved.",
    "withdraw": "{name} was shut out. Sessions have ended, and labs are stopping.",
    "restore": "{name} may come in again.",
    "admin": "{name} is an administrator.",
    "no-admin": "{name} is no administrator any more.",
}


class PersonHandler(PeopleHandler):
    """One person. ``gone`` are the volumes that were deleted."""

    gone: tuple[str, ...] = ()

    @signed_in
    async def get(self, name: str) -> None:
        """Show the person."""
        await self._show(name)

    @signed_in
    async def post(self, name: str) -> None:
        """Do one thing to the account."""
        try:
            await self._do(self.get_body_argument("action", ""), name)
        except LabyardError as error:
            await self._show(name, error)

    async def _do(self, action: str, name: str) -> None:
        accounts = self.parts.accounts
        match action:
            case "approve" | "withdraw" | "restore":
                await accounts.act(self.token, name, action)
            case "admin" | "no-admin":
                await accounts.act(self.token, name, "admin", {"admin": action == "admin"})
            case "deny":
                await accounts.act(self.token, name, action)
                return self._gone(f"The request of {name} was declined.")
            case "code":
                made = await accounts.act(self.token, name, "password")
                return await self._show(name, code=made["code"], invitation=self.invitation(name))
            case "rename":
                return await self._rename(name)
            case "join" | "leave":
                return await self._move(action, name)
            case "delete":
                return await self._delete(name)
            case _:
                raise Refused("There is no such action.", remedy="Press one of the buttons.")
        self.say("done", _SAID[action].format(name=name))
        return self._again(name)

    async def _rename(self, name: str) -> None:
        new = {"name": self.get_body_argument("new", "")}
        made = await self.parts.accounts.act(self.token, name, "rename", new)
        self.say("done", f"{name} is now {made['name']}.")
        self._again(made["name"])

    async def _move(self, action: str, name: str) -> None:
        group, accounts = self.get_body_argument("group", ""), self.parts.accounts
        if not group:
            raise Refused("No group was named.", remedy="Type the name of a group.")
        if action == "join":
            await accounts.put_in(self.token, group, [name])
            self.say("done", f"{name} is in {group}. It counts from the next start.")
        else:
            await accounts.take_out(self.token, group, [name])
            self.say("done", f"{name} is not in {group} any more. It counts from the next start.")
        self._again(name)

    async def _delete(self, name: str) -> None:
        if self.get_body_argument("confirm", "") != name:
            raise Refused("That is not the name of this account.", remedy=f"Type {name}.")
        if self.get_body_argument("volumes", "keep") == "delete":
            owner = await self.over(rights.ACT, name)
            self.gone = await self.parts.leaving(self.token, owner)
            self.parts.sampler.soon()
            kept = (
                f"With it went {', '.join(self.gone)}." if self.gone else "There were no volumes."
            )
        else:
            await self.parts.accounts.remove(self.token, name)
            kept = "The volumes stay; a later account of that name does not get them."
        self._gone(f"The account {name} was deleted. {kept}")

    async def _show(self, name: str, error: LabyardError | None = None, **more: str) -> None:
        told = await self.parts.accounts.one(self.token, name)
        caller = self.caller or {}
        self.draw(
            "service/admin/user.html",
            error,
            person=somebody(told, utc_now()),
            own=name == caller.get("name"),
            full=caller.get("admin", False),
            volumes=await self._volumes(name),
            typed={each: self.get_body_argument(each, "") for each in ("new", "group")},
            **more,
        )

    async def _volumes(self, name: str) -> tuple[str, ...]:
        """Return the person's own volumes that there are, as far as the service has looked."""
        parts = self.parts
        try:
            owner = await parts.people.owner(name)
        except NotFound:  # asks for an account
            return ()
        entries = catalog(
            parts.settings.volumes, parts.sampler.snapshot.volumes, owner, parts.names
        )
        return tuple(each.mount.key for each in entries if each.exists and each.resettable)

    def _again(self, name: str) -> None:
        self.redirect(f"{self.service}admin/users/{quote(name)}", status=303)

    def _gone(self, words: str) -> None:
        self.say("done", words)
        self.back()


class WhyHandler(PeopleHandler):
    """What a person may have, and whose word it is."""

    @signed_in
    async def get(self, name: str) -> None:
        """Show it."""
        told = await self.parts.accounts.why(self.token, name)
        self.draw("service/admin/why.html", name=name, verdicts=view_verdicts(told))


class OwnWhyHandler(AccountHandler):
    """The same of oneself."""

    @signed_in
    async def get(self) -> None:
        """Show it."""
        owner = await self.owner(rights.ACT)
        told: Any = await self.parts.accounts.why(self.token, owner.name)
        await self.tab("allowed", verdicts=view_verdicts(told))


ROUTES = (
    (r"admin/users/([^/]+)", PersonHandler),
    (r"admin/users/([^/]+)/why", WhyHandler),
    (r"account/allowed", OwnWhyHandler),
)
