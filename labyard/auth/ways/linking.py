"""What administrators do with the identities of accounts. ``handler`` is as for ``auth.actions``."""

from __future__ import annotations

import asyncio
from typing import Any

from labyard.auth.actions import demand_rights_over
from labyard.auth.ways.way import Bound
from labyard.core.errors import NotFound


async def link(handler: Any, name: str, way: str, issuer: str, subject: str) -> Bound:
    """Let somebody come in as an account that exists, by a way that is switched on.

    Raises
    ------
    NotFound, Linked, Forbidden
    """
    authenticator = handler.authenticator
    await demand_rights_over(handler, await asyncio.to_thread(authenticator.accounts.get, name))
    if authenticator.ways.get(way) is None:
        known = ", ".join(each.key for each in authenticator.ways) or "none"
        raise NotFound(f"There is no way to sign in named {way[:32]}; there is {known}.")
    identities = authenticator.admission.identities
    bound: Bound = await asyncio.to_thread(identities.link, name, way, issuer, subject)
    handler.log.info("%s linked %s to %s of %s", handler.current_user.name, name, subject, way)
    return bound


async def unlink(handler: Any, name: str, way: str, issuer: str, subject: str) -> None:
    """Let somebody come in no more by one identity; what it gave the account goes with it.

    Raises
    ------
    NotFound, Forbidden
    """
    authenticator = handler.authenticator
    await demand_rights_over(handler, await asyncio.to_thread(authenticator.accounts.get, name))
    identities = authenticator.admission.identities
    user = handler.find_user(name)
    for bound in await asyncio.to_thread(identities.of, name):
        if bound.key == (way, issuer, subject) and user is not None:
            await authenticator.asking.withdraw(user, bound)
    await asyncio.to_thread(identities.unlink, name, way, issuer, subject)
    handler.log.info("%s unlinked %s from %s of %s", handler.current_user.name, name, subject, way)
