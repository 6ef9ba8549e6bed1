"""What administrators do with accounts, for the page and the REST alike.

``handler`` is the hub's handler of the request: it knows who asks, the hub's users and the proxy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from jupyterhub import orm
from jupyterhub.scopes import has_scope
from jupyterhub.user import User
from jupyterhub.utils import maybe_future

from labyard.auth import codes, hub_users, invitations, sessions, usernames
from labyard.auth.accounts import Account, Accounts, State, WrongState, wrong_state
from labyard.core.errors import Forbidden, NotFound, Refused


async def add(handler: Any, name: str, *, admin: bool = False) -> tuple[Account, str]:
    """Make an approved account; return it and the one-time code for its first password.

    Raises
    ------
    Refused, Forbidden, WrongState
    """
    name = usernames.normalize(name)
    if objection := handler.authenticator.door.name_objection(name):
        raise Refused(objection, remedy="Choose another name.")
    if admin:
        demand_full_rights(handler)
    existing = await asyncio.to_thread(_accounts(handler).find, name)
    if existing is not None:
        raise WrongState(
            f"There is an account named {name} already; it is {existing.state}.",
            remedy="Approve it, restore it, or give it a new code.",
        )
    await asyncio.to_thread(_accounts(handler).ensure, name, admin=admin)
    await _hub_user(handler, name, admin=admin)
    return await new_code(handler, name)


async def add_many(
    handler: Any, lines: Sequence[str], groups: Sequence[str] = ()
) -> list[tuple[Account, str]]:
    """Make an approved account for each name in ``lines``, all of them or none; put them in ``groups``.

    Returns each account with the one-time code for its first password.

    Raises
    ------
    Refused, BadLines, Forbidden, NotFound, WrongState
    """
    wanted = [_group(handler, group).name for group in dict.fromkeys(groups)]
    names = await asyncio.to_thread(
        invitations.names,
        lines,
        handler.authenticator.door.name_objection,
        _accounts(handler).taken,
    )
    made = {name: codes.new() for name in names}
    await asyncio.to_thread(_accounts(handler).invite, made)
    for name in names:
        await _hub_user(handler, name)
        _join(handler, name, wanted)
        await asyncio.sleep(0)  # others are served meanwhile
    handler.db.commit()
    handler.log.info(
        "%s added %d people: %s", handler.current_user.name, len(names), ", ".join(names)
    )
    added = [(await asyncio.to_thread(_accounts(handler).find, name), made[name]) for name in names]
    return [(account, code) for account, code in added if account is not None]


def _join(handler: Any, name: str, groups: Sequence[str]) -> None:
    """Put somebody in groups, as far as they and the groups were not removed meanwhile."""
    user = handler.find_user(name)
    for group in groups:
        found = orm.Group.find(handler.db, name=group)
        if user is not None and found is not None:
            found.users.append(user.orm_user)


def _group(handler: Any, name: str) -> orm.Group:
    """Return a group that the caller may put people in."""
    if not has_scope(f"groups!group={name}", handler.parsed_scopes):
        raise Forbidden(
            f"You may not put people in the group {name}.", remedy="Ask an administrator."
        )
    group: orm.Group | None = orm.Group.find(handler.db, name=name)
    if group is None:
        raise NotFound(f"There is no group named {name}.", remedy="Make it first.")
    return group


async def approve(handler: Any, name: str) -> Account:
    """Let in who asked for an account.

    Raises
    ------
    NotFound, WrongState
    """
    account = await _decide(handler, name, State.APPROVED, wanted=State.PENDING)
    await _hub_user(handler, name)
    return account


async def deny(handler: Any, name: str) -> None:
    """Remove a request for an account.

    Raises
    ------
    NotFound, WrongState
    """
    if not await asyncio.to_thread(_accounts(handler).remove, name, state=State.PENDING):
        account = await _get(handler, name)
        raise wrong_state(account, State.PENDING)
    _log(handler, "denied", name)


async def withdraw(handler: Any, name: str) -> Account:
    """Shut somebody out: sessions end, tokens are void, labs stop.

    Raises
    ------
    NotFound, WrongState, Forbidden, Refused
    """
    await _demand_dispensable(handler, await _get(handler, name))
    account = await _decide(handler, name, State.WITHDRAWN, wanted=State.APPROVED)
    user = handler.find_user(name)
    if user is not None:
        hub_users.set_admin(user, False)
        await sessions.shut_out(handler, user)
    return account


async def restore(handler: Any, name: str) -> Account:
    """Let somebody in again, with the old password and without an administrator's rights.

    Raises
    ------
    NotFound, WrongState
    """
    return await _decide(handler, name, State.APPROVED, wanted=State.WITHDRAWN)


async def new_code(handler: Any, name: str) -> tuple[Account, str]:
    """Void somebody's password and sessions; return the account and the one-time code for a new one.

    Raises
    ------
    NotFound, WrongState, Forbidden
    """
    account = await _get(handler, name)
    await demand_rights_over(handler, account)
    if not account.approved:
        raise wrong_state(account, State.APPROVED)
    code = codes.new()
    await asyncio.to_thread(_accounts(handler).set_code, name, code)
    user = handler.find_user(name)
    if user is not None:
        await sessions.sign_out_everywhere(handler, user)
    _log(handler, "gave a one-time code to", name)
    return await _get(handler, name), code


async def set_admin(handler: Any, name: str, admin: bool) -> Account:
    """Give or take the administrator's rights.

    Raises
    ------
    NotFound, WrongState, Forbidden, Refused
    """
    demand_full_rights(handler)
    account = await _get(handler, name)
    if not admin:
        await _demand_dispensable(handler, account)
    elif not account.approved:
        raise wrong_state(account, State.APPROVED)
    await asyncio.to_thread(_accounts(handler).set_admin, name, admin)
    await _hub_user(handler, name, admin=admin)
    _log(handler, "made an administrator:" if admin else "made no administrator:", name)
    return await _get(handler, name)


async def rename(handler: Any, name: str, new: str) -> Account:
    """Call somebody something else. Volumes, groups, keys and the password stay theirs.

    Raises
    ------
    NotFound, Refused, Forbidden, WrongState
    """
    user, new = await _demand_free_name(handler, name, new)
    user.name = new
    handler.db.commit()
    hub_users.mend_address(user)
    _log(handler, f"renamed {name} to", new)
    return await _get(handler, new)


async def _demand_free_name(handler: Any, name: str, new: str) -> tuple[User, str]:
    """Return the user and the normalised new name, where a rename may be done now."""
    account = await _get(handler, name)
    await demand_rights_over(handler, account)
    new = usernames.normalize(new)
    if objection := handler.authenticator.door.name_objection(new):
        raise Refused(objection, remedy="Choose another name.")
    if await asyncio.to_thread(_accounts(handler).taken, [new]):
        raise WrongState(f"There is an account named {new} already.", remedy="Choose another name.")
    user = handler.find_user(name)
    if user is None:
        raise wrong_state(account, State.APPROVED)
    if any(spawner.active or spawner.pending for spawner in user.spawners.values()):
        raise WrongState(
            f"A server of {name} runs at an address with that name.",
            remedy="Stop it first; a rename takes effect at the next start.",
        )
    return user, new


async def change(handler: Any, name: str, *, new: str | None, admin: bool | None) -> None:
    """Rename somebody, and give or take the administrator's rights: what is not None, both or neither.

    Raises
    ------
    NotFound, Refused, Forbidden, WrongState
    """
    await demand_rights_over(handler, await _get(handler, name))
    if new is not None:
        await _demand_free_name(handler, name, new)
    if admin is not None:
        await set_admin(handler, name, admin)
    if new is not None:
        await rename(handler, name, new)


async def remove(handler: Any, name: str) -> None:
    """Remove an account, and the hub's user with it. Volumes stay; a later account is a new one.

    Raises
    ------
    NotFound, Forbidden, Refused
    """
    await _demand_dispensable(handler, await _get(handler, name))
    user = handler.find_user(name)
    if user is not None:
        await sessions.shut_out(handler, user)
        if any(spawner.active or spawner.pending for spawner in user.spawners.values()):
            raise WrongState(
                f"A server of {name} is still starting or stopping.", remedy="Try again shortly."
            )
        await maybe_future(handler.authenticator.delete_user(user))
        await user.delete_spawners()
        handler.users.delete(user)
    await asyncio.to_thread(_accounts(handler).remove, name)
    _log(handler, "removed", name)


def _accounts(handler: Any) -> Accounts:
    accounts: Accounts = handler.authenticator.accounts
    return accounts


async def _get(handler: Any, name: str) -> Account:
    return await asyncio.to_thread(_accounts(handler).get, name)


async def _decide(handler: Any, name: str, state: State, *, wanted: State) -> Account:
    by = handler.current_user.name
    account = await asyncio.to_thread(_accounts(handler).decide, name, state, by=by, wanted=wanted)
    _log(handler, state, name)
    return account


async def _hub_user(handler: Any, name: str, *, admin: bool | None = None) -> None:
    """Make sure the hub knows the user, and agrees on the administrator's flag."""
    user = handler.user_from_username(name)
    await maybe_future(handler.authenticator.add_user(user))
    if admin is not None:
        hub_users.set_admin(user, admin)


def demand_full_rights(handler: Any) -> None:
    """Ask for more than the scope to manage users, which a person may hold who is no administrator.

    A person has to be an administrator, and to act with all of these rights, not with a token for less.
    Services are set up by the site itself.

    Raises
    ------
    Forbidden
    """
    caller = handler.current_user
    if isinstance(caller, User) and not (caller.admin and handler.has_scope("admin-ui")):
        raise Forbidden(
            "Only administrators can do this to an administrator's account, or to one that is root here.",
            remedy="Ask an administrator.",
        )


async def demand_rights_over(handler: Any, account: Account) -> None:
    """Ask for full rights where the account is an administrator's, or its groups give power over the host.

    Raises
    ------
    Forbidden
    """
    if await _powerful(handler, account):
        demand_full_rights(handler)


async def demand_may_gather(handler: Any, names: Sequence[str]) -> None:
    """Ask for rights over all groups where somebody powerful is to be put in one.

    Who manages one group's people may reset their passwords: they get no hold on anybody by adding them.

    Raises
    ------
    Forbidden
    """
    if has_scope("groups", handler.parsed_scopes):
        return
    for name in names:
        account = await asyncio.to_thread(_accounts(handler).find, name)
        if account is not None and await _powerful(handler, account):
            raise Forbidden(
                f"{name} is an administrator, or root on the host by a group: only who manages all"
                " groups can put them in one.",
                remedy="Ask an administrator.",
            )


async def _powerful(handler: Any, account: Account) -> bool:
    """Return whether somebody is an administrator, or has the engine's socket by a group."""
    user = handler.find_user(account.name)
    groups = frozenset(group.name for group in user.groups) if user is not None else frozenset()
    privileged = handler.authenticator.ways.privileged
    return account.admin or bool(await asyncio.to_thread(privileged, groups))


async def _demand_dispensable(handler: Any, account: Account) -> None:
    """Keep administrators from locking themselves, and so everybody, out."""
    await demand_rights_over(handler, account)
    if account.name == handler.current_user.name:
        raise Refused("This is your own account.", remedy="Let another administrator do it.")
    if await asyncio.to_thread(_accounts(handler).usable_admins) == [account.name]:
        raise Refused(
            f"{account.name} is the last administrator.", remedy="Make somebody else one first."
        )


def _log(handler: Any, what: str, name: str) -> None:
    handler.log.info("%s %s %s", handler.current_user.name, what, name)
