"""What people keep about themselves: SSH keys, and how they want things to look."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "labyard_ssh_keys",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("kind", sa.Unicode(64), nullable=False),
        sa.Column("blob", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Unicode(64), nullable=False),
        sa.Column("label", sa.Unicode(60), nullable=False),
        sa.Column("added", sa.DateTime, nullable=False),
        sa.Column("last_used", sa.DateTime),
        sa.PrimaryKeyConstraint("id", name="pk_labyard_ssh_keys"),
        sa.UniqueConstraint("fingerprint", name="uq_labyard_ssh_keys_fingerprint"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_labyard_ssh_keys_user_id", "labyard_ssh_keys", ["user_id"])
    op.create_table(
        "labyard_display",
        sa.Column("user_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("name", sa.Unicode(60), nullable=False),
        sa.Column("theme", sa.Unicode(16), nullable=False),
        sa.Column("figures", sa.Unicode(16), nullable=False),
        sa.Column("changed", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_labyard_display"),
    )
