"""The pages of administration, and who sees which of them. Pure; hub and service both ask.

A page that is not here is not linked to; that it refuses whoever may not see it, its handler sees to
(:class:`labyard.web.handlers.admin.base.AdminHandler`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jupyterhub.scopes import Scope, parse_scopes


@dataclass(frozen=True, slots=True)
class AdminPage:
    """One page: at ``admin/<key>``, for whoever holds ``scope`` over others than themselves.

    With ``whole`` it takes the scope over everybody; without it the page shows what the scope is about.
    """

    key: str
    title: str
    icon: str
    scope: str
    whole: bool = False


# In the order of the navigation.
PAGES: tuple[AdminPage, ...] = (
    AdminPage("users", "Users", "people", "admin:users"),
    AdminPage("groups", "Groups and policy", "shield-lock", "list:groups"),
    AdminPage("servers", "Servers", "box", "read:servers"),
    AdminPage("activity", "Activity", "graph-up", "read:servers", whole=True),
    AdminPage("audit", "Audit", "clipboard-data", "admin:users", whole=True),
    AdminPage("settings", "Settings", "sliders", "read:hub", whole=True),
)


def visible(scopes: Iterable[str] | Mapping[str, Any], name: str) -> tuple[AdminPage, ...]:
    """Return the pages that the user called ``name`` sees with these scopes, plain or parsed."""
    parsed = scopes if isinstance(scopes, Mapping) else parse_scopes(frozenset(scopes))
    return tuple(page for page in PAGES if _holds(parsed.get(page.scope), page, name))


def _holds(over: Any, page: AdminPage, name: str) -> bool:
    """Return whether a scope's filter, None where it is not held, reaches as far as a page needs."""
    if over is None or over is Scope.ALL:
        return over is Scope.ALL
    others = bool(set(over.get("user", ())) - {name}) or bool(over.get("group"))
    return others and not page.whole
