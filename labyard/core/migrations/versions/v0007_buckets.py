"""Failed sign-ins that still count after a restart of the hub."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "labyard_buckets",
        sa.Column("digest", sa.Unicode(64), nullable=False),
        sa.Column("level", sa.Float, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("boot", sa.Unicode(36), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_labyard_buckets"),
    )
    op.create_index("ix_labyard_buckets_at", "labyard_buckets", ["at"])
