"""Accounts with a password of this house, and the tokens that labs hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "labyard_accounts",
        sa.Column("name", sa.Unicode(64), nullable=False),
        sa.Column("state", sa.Unicode(16), nullable=False),
        sa.Column("admin", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("password", sa.Text),
        sa.Column("code", sa.Unicode(64)),
        sa.Column("code_expires", sa.DateTime),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("decided", sa.DateTime),
        sa.Column("decided_by", sa.Unicode(255)),
        sa.PrimaryKeyConstraint("name", name="pk_labyard_accounts"),
    )
    op.create_index("ix_labyard_accounts_state", "labyard_accounts", ["state"])
    op.create_table(
        "labyard_lab_tokens",
        sa.Column("hashed", sa.Unicode(255), nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("server", sa.Unicode(255), nullable=False),
        sa.PrimaryKeyConstraint("hashed", name="pk_labyard_lab_tokens"),
    )
    op.create_index("ix_labyard_lab_tokens_user_id", "labyard_lab_tokens", ["user_id"])
