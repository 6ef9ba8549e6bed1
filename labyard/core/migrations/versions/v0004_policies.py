"""What groups grant, as administrators set it on a page or by REST."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "labyard_policies",
        sa.Column("group", sa.Unicode(255), nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("changed", sa.DateTime, nullable=False),
        sa.Column("changed_by", sa.Unicode(255), nullable=False),
        sa.PrimaryKeyConstraint("group", name="pk_labyard_policies"),
    )
