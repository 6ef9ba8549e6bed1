"""Groups: who is in, and what they grant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import yaml
from pydantic import TypeAdapter, ValidationError

from labyard.core.errors import LabyardError, Refused
from labyard.policies import form
from labyard.policies.written import checked, document
from labyard.settings.document import parse
from labyard.settings.groups import GroupName, GroupSettings
from labyard.web import rights
from labyard.web.handlers.admin.base import AdminHandler
from labyard.web.handlers.base import signed_in
from labyard.web.paging import PER_PAGE, Listed
from labyard.web.view.groups import view_group

_NAME: TypeAdapter[str] = TypeAdapter(GroupName)
_MANAGE, _POLICY, _DELETE = "groups", "admin:groups", "delete:groups"


class GroupsPage(AdminHandler):
    """A page about groups."""

    key = "groups"

    def to(self, group: str) -> None:
        """Show a group next, by GET."""
        self.redirect(f"{self.service}admin/groups/{quote(group)}", status=303)

    def may(self, scope: str, group: str = "") -> bool:
        """Return whether the caller holds a scope for a group, or for all without one."""
        caller = self.caller or {}
        return rights.may_group(caller, scope, group) if group else rights.may(caller, scope)


class GroupsHandler(GroupsPage):
    """The list."""

    @signed_in
    async def get(self) -> None:
        """Show the part that the address asks for."""
        await self._show()

    @signed_in
    async def post(self) -> None:
        """Make a group."""
        name = self.get_body_argument("name", "")
        try:
            _check_name(name)
            await self.parts.accounts.make_group(self.token, name)
        except LabyardError as error:
            return await self._show(error)
        self.say("done", f"{name} was made.")
        return self.to(name)

    async def _show(self, error: LabyardError | None = None) -> None:
        told, number = await self.part(self._page)
        rows = [view_group(each) for each in told["groups"]]
        self.draw(
            error=error,
            listed=Listed(rows, number, told["total"]),
            may_make=self.may(_POLICY),
            typed=self.get_body_argument("name", ""),
        )

    async def _page(self, number: int) -> Mapping[str, Any]:
        offset, limit = str((number - 1) * PER_PAGE), str(PER_PAGE)
        return await self.parts.accounts.groups(
            self.token, search=self.asked.search, offset=offset, limit=limit
        )


class GroupHandler(GroupsPage):
    """One group: its members and its policy."""

    @signed_in
    async def get(self, group: str) -> None:
        """Show it."""
        await self._show(group)

    @signed_in
    async def post(self, group: str) -> None:
        """Do one thing to the group."""
        try:
            await self._do(self.get_body_argument("action", ""), group)
        except LabyardError as error:
            await self._show(group, error)

    async def _do(self, action: str, group: str) -> None:
        accounts, token = self.parts.accounts, self.token
        match action:
            case "add":
                names = self.get_body_argument("users", "").replace(",", " ").split()
                if not names:
                    raise Refused(
                        "No name was typed.", remedy="Type usernames, with spaces between."
                    )
                await accounts.put_in(token, group, names)
                self.say("done", f"{_many(names)} in {group}. It counts from the next start.")
            case "remove":
                name = self.get_body_argument("user", "")
                await accounts.take_out(token, group, [name])
                self.say(
                    "done", f"{name} is not in {group} any more. It counts from the next start."
                )
            case "policy":
                return await self._set_policy(group)
            case "no-policy":
                await accounts.remove_policy(token, group)
                self.say("done", f"{group} grants nothing any more. It counts from the next start.")
            case "delete":
                if self.get_body_argument("confirm", "") != group:
                    raise Refused("That is not the name of this group.", remedy=f"Type {group}.")
                await accounts.delete_group(token, group)
                self.say(
                    "done",
                    f"The group {group} was deleted. Its policy stays, for one of that name.",
                )
                return self.redirect(f"{self.service}admin/groups", status=303)
            case _:
                raise Refused("There is no such action.", remedy="Press one of the buttons.")
        return self.to(group)

    async def _set_policy(self, group: str) -> None:
        typed = {name: self.get_body_argument(name, "", strip=False) for name in form.names()}
        policy = form.read(typed)
        if wrong := form.wrong(group, policy, self.parts.settings.labs.profiles):
            told = wrong.get("") or "Some of it cannot be."
            error = Refused(told, remedy="Nothing was changed. What is wrong is told at its field.")
            return await self._show(group, error, typed=typed, wrong=wrong)
        try:
            await self.parts.accounts.put_policies(self.token, [{**policy, "name": group}])
        except LabyardError as error:
            return await self._show(group, error, typed=typed)
        self.say("done", f"What {group} grants was saved. It counts from the next start.")
        return self.to(group)

    async def _show(
        self,
        group: str,
        error: LabyardError | None = None,
        typed: Mapping[str, str] | None = None,
        wrong: Mapping[str, str] | None = None,
    ) -> None:
        asked = self.asked
        told = await self.parts.accounts.group(
            self.token,
            group,
            search=asked.search,
            offset=str((asked.number - 1) * PER_PAGE),
            limit=str(PER_PAGE),
        )
        viewed = view_group(told)
        given = set(told["users_given"])
        members = [(name, name in given) for name in told["users"]]
        said = form.as_typed(told["policy"] or {}) if typed is None else typed
        self.draw(
            "service/admin/group.html",
            error,
            group=viewed,
            listed=Listed(members, asked.number, told["total"]),
            fields=form.fields(said, wrong),
            may_manage=self.may(_MANAGE, group),
            may_set=self.may(_POLICY) and not viewed.locked,
            may_delete=self.may(_DELETE, group) and not viewed.built_in and viewed.exists,
            users=self.get_body_argument("users", ""),
        )


class PoliciesHandler(GroupsPage):
    """All policies as a file."""

    async def prepare(self) -> None:
        """Refuse to send them where nobody clicked."""
        if self.request.method == "GET":
            self.refuse_fetched()
        await super().prepare()

    @signed_in
    async def get(self) -> None:
        """Send them, as the settings file has them."""
        told = await self.parts.accounts.policies(self.token)
        groups = [GroupSettings.model_validate(_said(each)) for each in told]
        self.set_header("Content-Type", "application/yaml; charset=utf-8")
        self.set_header("Content-Disposition", 'attachment; filename="policies.yaml"')
        self.finish(yaml.safe_dump(document(groups), sort_keys=False, allow_unicode=True))

    @signed_in
    async def post(self) -> None:
        """Set those of a file: all of them, or none; those that are as they were are passed over."""
        try:
            wanted = self._sent()
            told = await self.parts.accounts.policies(self.token)
            there = {each["name"]: GroupSettings.model_validate(_said(each)) for each in told}
            changed = [each for each in wanted if there.get(each.name) != each]
            if changed:
                groups = document(changed)["groups"]
                await self.parts.accounts.put_policies(self.token, groups)
            self.say("done", f"{len(changed)} set, {len(wanted) - len(changed)} as before.")
        except LabyardError as error:
            self.complain(error)
        self.redirect(f"{self.service}admin/groups", status=303)

    def _sent(self) -> Sequence[GroupSettings]:
        files = self.request.files.get("file")
        if not files:
            raise Refused("There is no file.", remedy="Choose one that was exported.")
        name = str(files[0]["filename"])[:80]
        parsed = parse(files[0]["body"], name)
        if parsed.problems:
            raise Refused("\n".join(parsed.problems), remedy="Nothing was changed.")
        if not isinstance(parsed.value, dict) or set(parsed.value) != {"groups"}:
            raise Refused(
                f"{name} must have `groups` and nothing else at its top.",
                remedy="Export gives such a file.",
            )
        return checked(parsed.value["groups"], self.parts.settings.labs.profiles, parsed.places)


def _check_name(name: str) -> None:
    try:
        _NAME.validate_python(name)
    except ValidationError:
        raise Refused(
            f"{name[:60]!r} cannot be the name of a group.",
            remedy="Use letters, digits and . _ : / @ - beginning with a letter or digit.",
        ) from None


def _said(told: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in told.items() if name in GroupSettings.model_fields}


def _many(names: Sequence[str]) -> str:
    return f"{names[0]} is" if len(names) == 1 else f"{len(names)} people are"


ROUTES = (
    (r"admin/groups", GroupsHandler),
    (r"admin/groups/(.+)", GroupHandler),
    (r"admin/policies\.yaml", PoliciesHandler),
)
