"""Labyard's own tables, beside JupyterHub's in the same database.

Their names begin with ``labyard_``. A change here needs a step in ``migrations/versions``.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Integer,
    MetaData,
    Table,
    Text,
    Unicode,
    false,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

# Who may sign in with a password of this house. Times are UTC without a zone, as in the hub's tables.
accounts = Table(
    "labyard_accounts",
    metadata,
    Column("name", Unicode(64), primary_key=True),
    Column("state", Unicode(16), nullable=False, index=True),  # auth.accounts.State
    Column("admin", Boolean, nullable=False, server_default=false()),
    Column("password", Text),  # argon2's encoded hash; none until the person has set one
    Column("code", Unicode(64)),  # SHA-256 of a one-time code that sets the password
    Column("code_expires", DateTime),  # none: never
    Column("created", DateTime, nullable=False),
    Column("decided", DateTime),  # when an administrator last approved, withdrew or restored it
    Column("decided_by", Unicode(255)),
)

# API tokens that labs hold for their own work. They outlive a sign-out everywhere, others do not.
lab_tokens = Table(
    "labyard_lab_tokens",
    metadata,
    Column("hashed", Unicode(255), primary_key=True),  # as in the hub's api_tokens
    Column("user_id", Integer, nullable=False, index=True),
    Column("server", Unicode(255), nullable=False),
)

# When servers end by themselves. A server that has no row here lives until somebody stops it.
expiries = Table(
    "labyard_expiries",
    metadata,
    Column("user_id", Integer, primary_key=True, autoincrement=False),
    Column("server", Unicode(255), primary_key=True),  # empty for the default one
    Column("expires", DateTime, nullable=False, index=True),
    Column("since", DateTime, nullable=False),  # when this date was set, by a start or an extension
    Column("days", Integer, nullable=False),  # as chosen for the start that set it first
    Column(
        "most_days", Integer
    ),  # what that start's policy allowed from any moment; none: no limit
    Column("told", Integer),  # seconds: the last notice was the one for that long before
)
