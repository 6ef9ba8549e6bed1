"""When servers end by themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "labyard_expiries",
        sa.Column("user_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("server", sa.Unicode(255), nullable=False),
        sa.Column("expires", sa.DateTime, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("most_days", sa.Integer),
        sa.Column("told", sa.Integer),
        sa.PrimaryKeyConstraint("user_id", "server", name="pk_labyard_expiries"),
    )
    op.create_index("ix_labyard_expiries_expires", "labyard_expiries", ["expires"])
