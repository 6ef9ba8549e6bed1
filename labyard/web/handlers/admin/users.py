"""Everybody: who waits, who is in, who is out; and adding many at once."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from labyard.core.errors import LabyardError, Refused
from labyard.web.handlers.admin.base import AdminHandler
from labyard.web.handlers.base import signed_in
from labyard.web.hub import BadLines
from labyard.web.paging import PER_PAGE, Listed
from labyard.web.view.people import kinds, somebody
from labyard.web.view.words import utc_now

_DONE = {"approve": "approved", "deny": "declined"}
_STATES = ("pending", "approved", "withdrawn", "admin")


class PeopleHandler(AdminHandler):
    """A page about people."""

    key = "users"
    filters = ("state", "group")

    def invitation(self, name: str = "") -> str:
        """Return the whole address at which a code is entered: the site's, else the one asked for here."""
        settings, request = self.parts.settings, self.request
        origin = settings.public_url or f"{request.protocol}://{request.host}{settings.base_url}"
        return f"{origin.rstrip('/')}/hub/invitation" + (f"?name={quote(name)}" if name else "")


class UsersHandler(PeopleHandler):
    """The list."""

    @signed_in
    async def get(self) -> None:
        """Show the part that the address asks for."""
        await self._show()

    @signed_in
    async def post(self) -> None:
        """Approve or decline those who were chosen, each by itself."""
        action, names = self.get_body_argument("action", ""), self.get_body_arguments("name")
        if action not in _DONE or not names:
            error = Refused(
                "Nobody was chosen.", remedy="Tick those whom you mean, then press again."
            )
            return await self._show(error)
        done, failed = 0, list[LabyardError]()
        for name in dict.fromkeys(names):
            try:
                await self.parts.accounts.act(self.token, name, action)
                done += 1
            except LabyardError as error:
                failed.append(error)
        told = f"{done} {_DONE[action]}."
        if failed:
            failed[0].remedy = f"{told} {failed[0].remedy}"
            self.complain(failed[0])
        else:
            self.say("done", f"{names[0]} was {_DONE[action]}." if done == 1 else told)
        return self.back()

    async def _show(self, error: LabyardError | None = None) -> None:
        told, number = await self.part(self._page)
        people = [somebody(each, utc_now()) for each in told["accounts"]]
        self.draw(
            error=error,
            listed=Listed(people, number, told["total"]),
            kinds=kinds(told["counts"]),
            waiting=any(each.key == "pending" for each in people),
        )

    async def _page(self, number: int) -> Mapping[str, Any]:
        asked = self.asked
        state, group = asked.filters["state"], asked.filters["group"]
        return await self.parts.accounts.page(
            self.token,
            search=asked.search,
            state=state if state in _STATES else "",
            group=group,
            offset=str((number - 1) * PER_PAGE),
            limit=str(PER_PAGE),
        )


class AddHandler(PeopleHandler):
    """Adding people, one or many, each with a one-time code that is shown once."""

    @signed_in
    async def get(self) -> None:
        """Show the form."""
        self._show()

    @signed_in
    async def post(self) -> None:
        """Add everybody, or nobody, and show the codes this once."""
        lines = self.get_body_argument("names", "", strip=False).splitlines()
        groups = [each.strip() for each in self.get_body_argument("groups", "").split(",")]
        try:
            made = await self.parts.accounts.add_many(self.token, lines, [g for g in groups if g])
        except BadLines as error:
            self._show(error, bad={each["line"]: each["message"] for each in error.lines})
        except LabyardError as error:
            self._show(error)
        else:
            self._show(made=self._codes(made["accounts"]))

    def _show(self, error: LabyardError | None = None, **more: Any) -> None:
        made = more.get("made")
        self.draw(
            "service/admin/users_add.html",
            error,
            names=self.get_body_argument("names", "", strip=False),
            groups=self.get_body_argument("groups", ""),
            csv=_packed(made) if made else "",
            invitation=self.invitation(),
            **more,
        )

    def _codes(self, accounts: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, str]]:
        return [
            {
                "name": each["name"],
                "code": each["code"],
                "expires": each["code_expires"],
                "address": self.invitation(each["name"]),
            }
            for each in accounts
        ]


def _packed(made: Sequence[Mapping[str, str]]) -> str:
    """Return the codes as a CSV file in base64: the page carries the file, nothing keeps it."""
    file = io.StringIO()
    writer = csv.DictWriter(file, ("name", "code", "expires", "address"))
    writer.writeheader()
    writer.writerows(made)
    return base64.b64encode(file.getvalue().encode()).decode()


ROUTES = (
    (r"admin/users", UsersHandler),
    (r"admin/add-users", AddHandler),
)
