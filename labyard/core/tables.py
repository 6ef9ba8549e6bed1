"""Labyard's own tables, beside JupyterHub's in the same database.

Their names begin with ``labyard_``. A change here needs a step in ``migrations/versions``.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Unicode,
    UniqueConstraint,
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
    Column("days", Integer, nullable=False),  # as chosen for the start
    Column("most_days", Integer),  # what policy allowed then, from any moment; none: no limit
    Column("told", Integer),  # seconds: the last notice was the one for that long before
)

# Public keys for SSH. One belongs to one person: its fingerprint says who signs in.
ssh_keys = Table(
    "labyard_ssh_keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, nullable=False, index=True),
    Column("kind", Unicode(64), nullable=False),  # ssh.keys.KINDS
    Column("blob", Text, nullable=False),  # base64, as in a .pub file
    Column("fingerprint", Unicode(64), nullable=False, unique=True),  # SHA256:…
    Column("label", Unicode(60), nullable=False),
    Column("added", DateTime, nullable=False),
    Column("last_used", DateTime),
    sqlite_autoincrement=True,  # the id of a deleted key never means another one
)

# How somebody wants to be called and the pages to look. No row: as usual.
display = Table(
    "labyard_display",
    metadata,
    Column("user_id", Integer, primary_key=True, autoincrement=False),
    Column("name", Unicode(60), nullable=False),
    Column("theme", Unicode(16), nullable=False),  # display.choices.Theme
    Column("figures", Unicode(16), nullable=False),  # display.choices.Figures
    Column("changed", DateTime, nullable=False),
)

# What groups grant, where the settings do not say it. A group without a row grants nothing.
policies = Table(
    "labyard_policies",
    metadata,
    Column("group", Unicode(255), primary_key=True),
    Column("policy", Text, nullable=False),  # settings.groups.GroupPolicy as JSON
    Column("changed", DateTime, nullable=False),
    Column("changed_by", Unicode(255), nullable=False),
)

# Who did what. Triggers of the database refuse to change a row, and to remove one that is not older than
# the bound below.
audit = Table(
    "labyard_audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("actor_kind", Unicode(16), nullable=False),  # audit.entry.Kind
    Column("actor", Unicode(255), nullable=False),
    Column("address", Unicode(64), nullable=False),
    Column("action", Unicode(32), nullable=False),  # audit.actions.ACTIONS
    Column("target_kind", Unicode(16), nullable=False),
    Column("target", Unicode(255), nullable=False),
    Column("outcome", Unicode(16), nullable=False),  # audit.entry.Outcome
    Column("details", Text, nullable=False),  # JSON
    Index("ix_labyard_audit_at", "at", "id"),
    Index("ix_labyard_audit_actor", "actor", "at", "id"),
    Index("ix_labyard_audit_target", "target", "at", "id"),
    Index("ix_labyard_audit_action", "action", "at", "id"),
    Index("ix_labyard_audit_outcome", "outcome", "at", "id"),
    Index("ix_labyard_audit_action_outcome", "action", "outcome", "at", "id"),
    sqlite_autoincrement=True,
)

# Up to where the audit may be let go: a row is here only while that is being done.
audit_bound = Table(
    "labyard_audit_bound",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("before", DateTime, nullable=False),
)

# Who comes in by a way that is not a password: the way's key, who vouches, and whom it means.
identities = Table(
    "labyard_identities",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("way", Unicode(32), nullable=False),
    Column("issuer", Unicode(255), nullable=False),
    Column("subject", Unicode(255), nullable=False),
    Column("account", Unicode(64), nullable=False, index=True),  # its name, through every rename
    Column("name", Unicode(255), nullable=False),  # as the issuer last said
    Column("email", Unicode(255), nullable=False),
    Column("made_admin", Boolean, nullable=False),  # an administrator because the issuer says so
    Column("kept", Text, nullable=False),  # what the way wants back to ask again, encrypted
    Column("linked", DateTime, nullable=False),
    Column("told", DateTime),  # when the issuer last said anything
    UniqueConstraint("way", "issuer", "subject"),
    sqlite_autoincrement=True,
)

# Groups that somebody is in because a way said so. What is not here was given by hand.
memberships = Table(
    "labyard_memberships",
    metadata,
    Column("identity", Integer, primary_key=True, autoincrement=False),
    Column("group", Unicode(255), primary_key=True),
)

# Failed sign-ins that still count, see auth.throttle. A digest tells nothing of the address or name.
buckets = Table(
    "labyard_buckets",
    metadata,
    Column("digest", Unicode(64), primary_key=True),
    Column("level", Float, nullable=False),  # attempts
    Column("at", Float, nullable=False, index=True),  # seconds of the boot's uptime
    Column("boot", Unicode(36), nullable=False),  # which boot of the machine that was
)
