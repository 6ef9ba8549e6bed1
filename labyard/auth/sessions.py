"""Signing somebody out everywhere: cookies, tokens, and the connections to running labs."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from jupyterhub import orm
from jupyterhub.utils import maybe_future, new_token
from sqlalchemy import delete, insert, select

from labyard.core.errors import LabyardError
from labyard.core.tables import lab_tokens

# Seconds after which a lab asks the hub again whether a session it knows is still good: its own three,
# and the time to ask. A browser that comes back sooner is let in once more, so connections are cut twice.
_LAB_FORGETS = 3.5
_LOOK_AGAIN = 0.5


def remember_lab_token(user: Any, spawner: Any) -> None:
    """Note the token a lab is about to start with: the lab needs it as long as it runs.

    It is told from a person's own tokens by what is noted here, never by its description, which
    anybody can write.
    """
    token = orm.APIToken.find(user.db, spawner.api_token)
    if token is None:
        return
    alive = select(orm.APIToken.hashed)
    user.db.execute(delete(lab_tokens).where(lab_tokens.c.hashed.not_in(alive)))
    user.db.execute(
        insert(lab_tokens).values(hashed=token.hashed, user_id=user.id, server=spawner.name)
    )
    user.db.commit()


def forget_lab_tokens(user: Any, spawner: Any) -> None:
    """Delete the tokens of a lab that has stopped, also those from before a restart of the hub."""
    ours = (lab_tokens.c.user_id == user.id) & (lab_tokens.c.server == spawner.name)
    held = select(lab_tokens.c.hashed).where(ours)
    for token in user.db.query(orm.APIToken).filter(orm.APIToken.hashed.in_(held)):
        user.db.delete(token)
    user.db.execute(delete(lab_tokens).where(ours))
    user.db.commit()


def revoke(user: Any) -> None:
    """Make every cookie, token and code of ``user`` worthless, but the tokens of running labs."""
    held = select(lab_tokens.c.hashed).where(lab_tokens.c.user_id == user.id)
    user.cookie_id = new_token()
    for token in user.db.query(orm.APIToken).filter(
        orm.APIToken.user_id == user.id, orm.APIToken.hashed.not_in(held)
    ):
        user.db.delete(token)
    for code in user.db.query(orm.OAuthCode).filter_by(user_id=user.id):
        user.db.delete(code)
    user.db.commit()


async def sign_out_everywhere(handler: Any, user: Any) -> None:
    """End every session of ``user``. Labs keep running; who uses them has to sign in again.

    The browser that asks for it is signed out too, unless ``handler`` gives it a new cookie.
    """
    revoke(user)
    await _cut_twice(handler.proxy, user)


async def shut_out(handler: Any, user: Any) -> None:
    """End every session of ``user`` and stop the labs: the account is withdrawn or goes away.

    A lab that is being started or stopped at this moment is stopped as soon as that is over.
    """
    revoke(user)
    await _cut_twice(handler.proxy, user)
    servers = list(user.spawners.values())
    for spawner in servers:
        if spawner.pending:
            _in_background(_stop_once_settled(handler, user, spawner))
    running = [s.name for s in servers if s.active and not s.pending]
    await asyncio.gather(*(handler.stop_single_user(user, name) for name in running))


async def _stop_once_settled(handler: Any, user: Any, spawner: Any) -> None:
    while spawner.pending:  # noqa: ASYNC110 - the hub has no event for it
        await asyncio.sleep(_LOOK_AGAIN)
    if spawner.active:
        await handler.stop_single_user(user, spawner.name)


async def _cut_twice(proxy: Any, user: Any) -> None:
    if hasattr(proxy, "cut"):
        await _cut(proxy, user)
        _in_background(_cut(proxy, user, after=_LAB_FORGETS))


async def _cut(proxy: Any, user: Any, *, after: float = 0.0) -> None:
    """Close the connections through the proxy to the labs that ``user`` has by then.

    A lab that has ended meanwhile may have left its address to somebody else's.
    """
    await asyncio.sleep(after)
    hosts = [s.server.host for s in user.spawners.values() if s.server is not None]
    for host in hosts:
        try:
            await maybe_future(proxy.cut(host))
        except LabyardError as error:
            proxy.log.warning("%s", error)
        except Exception:
            proxy.log.exception("Could not cut the connections to %s", host)


_background: set[asyncio.Task[None]] = set()


def _in_background(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(work)
    _background.add(task)
    task.add_done_callback(_background.discard)
