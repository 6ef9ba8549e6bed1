"""What the pages of administration share: who sees them, their frame, and how long lists are asked for.

A page is added in three places:

1. a line in :data:`labyard.web.administration.PAGES`: key, title, icon, and the scope that shows it;
2. ``handlers/admin/<key>.py``: a subclass of :class:`AdminHandler` with ``key``, and its ``ROUTES``,
   which ``handlers/admin/__init__.py`` joins;
3. ``templates/service/admin/<key>.html``, which extends ``service/admin_frame.html`` and fills the
   block ``section``; ``service/admin/parts.html`` has the search field, the links between pages and
   buttons of forms that come back to the same part of a list.

A handler's ``get`` is ``@signed_in``, reads ``self.asked`` and ends in ``self.draw(...)``. A ``post``
asks :meth:`over` whether the caller may do this to that person, acts with ``self.token`` (the caller's
own rights, as everywhere), leaves words with ``self.say`` and ends in ``self.back()``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from labyard.core.errors import Forbidden, LabyardError
from labyard.core.models import Owner
from labyard.web import rights
from labyard.web.administration import AdminPage, visible
from labyard.web.handlers.home import OwnHandler
from labyard.web.paging import Asked, asked, pages

_RENEWED = "labyard-renewed"
_ONCE = 60  # seconds within which a sign-in is renewed once


class Administration(OwnHandler):
    """Something of administration. The caller's scopes decide what there is of it."""

    @property
    def seen(self) -> tuple[AdminPage, ...]:
        """Return the pages that the caller sees."""
        caller = self.caller or {}
        return visible(caller.get("scopes") or (), str(caller.get("name", "")))

    def refuse(self) -> None:
        """Refuse the caller; but have the hub say anew what an administrator may, once.

        A sign-in says what somebody might do when they came. Whoever became an administrator since
        then would have to sign out first.

        Raises
        ------
        Forbidden
            When that was done, or would not help.
        """
        stale = (self.caller or {}).get("admin") and self.request.method in {"GET", "HEAD"}
        if stale and not self.get_cookie(_RENEWED) and "HX-Request" not in self.request.headers:
            self.set_cookie(_RENEWED, "1", max_age=_ONCE, path=self.service, httponly=True)
            self.redirect(self.get_login_url())
            return
        raise Forbidden("This page is for administrators.", remedy="Ask one of them.")


class AdminHandler(Administration):
    """One page of administration, or a form on it. Whoever does not see the page is refused here."""

    key: ClassVar[str]
    filters: ClassVar[tuple[str, ...]] = ()

    async def prepare(self) -> None:
        """Find out who asks, and refuse whoever does not see this page."""
        await super().prepare()
        if self.caller is not None and self.key not in {page.key for page in self.seen}:
            self.refuse()

    @property
    def asked(self) -> Asked:
        """Return which part of the page's list the address asks for, in forms too."""
        return asked(self.request.query_arguments, *self.filters)

    async def part(
        self, page: Callable[[int], Awaitable[Mapping[str, Any]]]
    ) -> tuple[Mapping[str, Any], int]:
        """Return what ``page`` tells of the asked part of a list, with a ``total``, and its number.

        That is the last one where there are fewer.
        """
        number = self.asked.number
        told = await page(number)
        last = pages(told["total"])
        return (told, number) if number <= last else (await page(last), last)

    async def over(self, scope: str, user: str) -> Owner:
        """Return a user if the caller holds ``scope`` for it: by name, by a group, or for everybody."""
        caller = self.caller or {}
        if not rights.may(caller, scope, user):
            owner = await self.parts.people.owner(user) if self._by_groups(scope) else None
            groups = self.parts.people.groups(owner) if owner else ()
            if not any(rights.may_group(caller, scope, group) for group in groups):
                rights.demand(caller, scope, user)
        return await self.parts.people.owner(user)

    def _by_groups(self, scope: str) -> bool:
        held = (self.caller or {}).get("scopes") or ()
        return any(each.startswith(f"{scope}!group=") for each in held)

    def draw(self, template: str = "", error: LabyardError | None = None, **more: Any) -> None:
        """Finish with the page; ``error`` stands above it and gives the status."""
        page = next(page for page in self.seen if page.key == self.key)
        polled = "HX-Request" in self.request.headers
        self.show(
            template or f"service/admin/{self.key}.html",
            error.status if error else 200,
            page_here="administration",
            page_title=page.title,
            here=page,
            pages=self.seen,
            asked=self.asked,
            error=error,
            said=None if error or polled else self.heard(),
            **more,
        )

    def back(self) -> None:
        """Show the same part of the list anew, by GET."""
        self.redirect(f"{self.service}admin/{self.key}{self.asked.query}", status=303)
