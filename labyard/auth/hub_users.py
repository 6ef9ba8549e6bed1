"""Accounts follow the hub's users, in the hub's own transactions.

A renamed user keeps the account, a removed one takes it along, and the administrator's flag is the same
on both sides, whoever changed it: the admin page, REST, or a script on the hub's ORM.
"""

from __future__ import annotations

from typing import Any

from jupyterhub import orm, roles
from jupyterhub.user import User
from jupyterhub.utils import url_path_join
from sqlalchemy import Connection, delete, event, inspect, update

from labyard.auth.accounts import forget_identities
from labyard.core.tables import accounts, display, expiries, identities, lab_tokens, ssh_keys
from labyard.display import shelf
from labyard.display.choices import Display


def follow() -> None:
    """Begin to follow. Once in the life of a hub; a second call does nothing."""
    for name, listener in LISTENERS.items():
        if not event.contains(orm.User, name, listener):
            event.listen(orm.User, name, listener)


def mend_address(user: Any) -> None:
    """Give a renamed user the address of the new name.

    JupyterHub 6.1 sets ``User.base_url`` once, so that until the hub restarts a renamed user's servers
    would live, and sign in, at the old name's address, which may be somebody else's by then.
    """
    address = url_path_join(user.settings.get("base_url", "/"), "user", user.escaped_name) + "/"
    if user.base_url != address:
        user.base_url = user.prefix = address
        for name, spawner in list(user.spawners.items()):
            if not spawner.active:
                user.spawners.pop(name)


def set_admin(user: Any, admin: bool) -> None:
    """Make the hub agree on somebody's rights as an administrator."""
    user.admin = admin
    roles.assign_default_roles(user.db, entity=user.orm_user)
    user.db.commit()


def display_of(user: Any) -> Display | None:
    """Return how a user of the hub wants to see its pages; None for a service."""
    return shelf.read(user.db, user.id) if isinstance(user, User) else None


def never_reuse_ids() -> None:
    """Let SQLite give every new user a new id.

    Without AUTOINCREMENT the next user after the newest one was removed gets that one's id, and with
    it the volumes that carry it. Works on tables made from now on.
    """
    orm.User.__table__.dialect_options["sqlite"]["autoincrement"] = True


def _updated(_mapper: Any, connection: Connection, user: Any) -> None:
    """Carry a new name and a change of the administrator's flag over."""
    attributes = inspect(user).attrs
    replaced = attributes.name.history.deleted
    before = replaced[0] if replaced else user.name
    changes: dict[str, Any] = {}
    if before != user.name:
        # A request for that very name gives way: an administrator has just given it to somebody.
        _forget_account(connection, user.name)
        connection.execute(
            update(identities).where(identities.c.account == before).values(account=user.name)
        )
        changes["name"] = user.name
    if attributes.admin.history.has_changes():
        changes["admin"] = bool(user.admin)
    if changes:
        connection.execute(update(accounts).where(accounts.c.name == before).values(**changes))


def _forget_account(connection: Connection, name: str) -> None:
    connection.execute(delete(accounts).where(accounts.c.name == name))
    forget_identities(connection, name)


def _deleted(_mapper: Any, connection: Connection, user: Any) -> None:
    _forget_account(connection, user.name)
    for table in (lab_tokens, ssh_keys, display, expiries):
        connection.execute(delete(table).where(table.c.user_id == user.id))


LISTENERS = {"after_update": _updated, "after_delete": _deleted}
