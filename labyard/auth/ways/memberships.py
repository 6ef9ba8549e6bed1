"""Groups that ways give, kept apart from those that administrators give by hand.

A group somebody is in before a way names it is theirs by hand, and no way takes it away.
"""

from __future__ import annotations

from collections.abc import Collection, Set
from dataclasses import dataclass
from typing import Any

from jupyterhub import orm
from sqlalchemy import delete, insert, select

from labyard.core.tables import identities, memberships


@dataclass(frozen=True, slots=True)
class Change:
    """What follows for one person from what one identity's issuer says."""

    given: frozenset[str]
    """The groups that are this identity's gift from now on."""
    join: frozenset[str]
    leave: frozenset[str]


def settle(now: Set[str], before: Set[str], elsewhere: Set[str], said: Set[str]) -> Change:
    """Return what changes for somebody who is in the groups ``now``.

    ``before`` is what this identity gave, ``elsewhere`` what the person's other identities give, and
    ``said`` what the issuer says by now.
    """
    by_hand = now - before - elsewhere
    given = frozenset(said - by_hand)
    return Change(given, given - now, frozenset((before & now) - given - elsewhere))


def give(user: Any, identity: int, said: Collection[str]) -> Change:
    """Put a user of the hub into the groups an identity's issuer names, and out of those it gave before.

    Groups the hub does not have yet are made. Runs in the hub's own session, and commits.
    """
    db = user.db
    theirs = select(identities.c.id).where(identities.c.account == user.name)
    rows = db.execute(select(memberships).where(memberships.c.identity.in_(theirs))).all()
    change = settle(
        now={group.name for group in user.orm_user.groups},
        before={row.group for row in rows if row.identity == identity},
        elsewhere={row.group for row in rows if row.identity != identity},
        said=set(said),
    )
    user.orm_user.groups = [
        *(group for group in user.orm_user.groups if group.name not in change.leave),
        *(_group(db, name) for name in sorted(change.join)),
    ]
    db.execute(delete(memberships).where(memberships.c.identity == identity))
    if change.given:
        rows = [{"identity": identity, "group": name} for name in sorted(change.given)]
        db.execute(insert(memberships), rows)
    db.commit()
    return change


def given(user: Any, identity: int) -> frozenset[str]:
    """Return the groups that an identity gives a user."""
    query = select(memberships.c.group).where(memberships.c.identity == identity)
    return frozenset(user.db.scalars(query))


def _group(db: Any, name: str) -> orm.Group:
    found = orm.Group.find(db, name)
    if found is None:
        found = orm.Group(name=name)
        db.add(found)
    return found
