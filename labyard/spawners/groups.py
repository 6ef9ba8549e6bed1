"""The group that is always there: whoever deletes it finds it again, without members."""

from __future__ import annotations

from jupyterhub import orm
from sqlalchemy import select
from sqlalchemy.orm import Session

from labyard.policies.book import PRIVILEGED


def keep_built_in(db: Session) -> None:
    """Make the built-in group where the hub has none of that name."""
    if db.scalar(select(orm.Group.id).where(orm.Group.name == PRIVILEGED)) is None:
        db.add(orm.Group(name=PRIVILEGED))
        db.commit()
