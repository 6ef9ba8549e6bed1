"""Who comes in by which way, and the groups that ways gave."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "labyard_identities",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("way", sa.Unicode(32), nullable=False),
        sa.Column("issuer", sa.Unicode(255), nullable=False),
        sa.Column("subject", sa.Unicode(255), nullable=False),
        sa.Column("account", sa.Unicode(64), nullable=False),
        sa.Column("name", sa.Unicode(255), nullable=False),
        sa.Column("email", sa.Unicode(255), nullable=False),
        sa.Column("made_admin", sa.Boolean, nullable=False),
        sa.Column("kept", sa.Text, nullable=False),
        sa.Column("linked", sa.DateTime, nullable=False),
        sa.Column("told", sa.DateTime),
        sa.PrimaryKeyConstraint("id", name="pk_labyard_identities"),
        sa.UniqueConstraint("way", "issuer", "subject", name="uq_labyard_identities_way"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_labyard_identities_account", "labyard_identities", ["account"])
    op.create_table(
        "labyard_memberships",
        sa.Column("identity", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("group", sa.Unicode(255), nullable=False),
        sa.PrimaryKeyConstraint("identity", "group", name="pk_labyard_memberships"),
    )
