"""Who did what: a table that only grows, and the bound up to which it may be let go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_INDEXES = {
    "at": ["at", "id"],
    "actor": ["actor", "at", "id"],
    "target": ["target", "at", "id"],
    "action": ["action", "at", "id"],
    "outcome": ["outcome", "at", "id"],
    "action_outcome": ["action", "outcome", "at", "id"],
}

# SQLite's INSERT OR REPLACE removes a row without asking a trigger on removals, so inserts are asked too.
_SQLITE = (
    """CREATE TRIGGER labyard_audit_update BEFORE UPDATE ON labyard_audit
       BEGIN SELECT RAISE(ABORT, 'labyard_audit only grows'); END""",
    """CREATE TRIGGER labyard_audit_replace BEFORE INSERT ON labyard_audit
       WHEN EXISTS (SELECT 1 FROM labyard_audit WHERE id = NEW.id)
       BEGIN SELECT RAISE(ABORT, 'labyard_audit only grows'); END""",
    """CREATE TRIGGER labyard_audit_delete BEFORE DELETE ON labyard_audit
       WHEN NOT EXISTS (SELECT 1 FROM labyard_audit_bound WHERE OLD.at < "before")
       BEGIN SELECT RAISE(ABORT, 'labyard_audit only grows'); END""",
)
_POSTGRESQL = (
    """CREATE FUNCTION labyard_audit_grows() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF TG_OP = 'DELETE' THEN
           IF EXISTS (SELECT 1 FROM labyard_audit_bound WHERE OLD.at < "before") THEN
             RETURN OLD;
           END IF;
         END IF;
         RAISE EXCEPTION 'labyard_audit only grows';
       END $$""",
    """CREATE TRIGGER labyard_audit_rows BEFORE UPDATE OR DELETE ON labyard_audit
       FOR EACH ROW EXECUTE FUNCTION labyard_audit_grows()""",
    """CREATE TRIGGER labyard_audit_whole BEFORE TRUNCATE ON labyard_audit
       FOR EACH STATEMENT EXECUTE FUNCTION labyard_audit_grows()""",
)


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "labyard_audit",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("actor_kind", sa.Unicode(16), nullable=False),
        sa.Column("actor", sa.Unicode(255), nullable=False),
        sa.Column("address", sa.Unicode(64), nullable=False),
        sa.Column("action", sa.Unicode(32), nullable=False),
        sa.Column("target_kind", sa.Unicode(16), nullable=False),
        sa.Column("target", sa.Unicode(255), nullable=False),
        sa.Column("outcome", sa.Unicode(16), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_labyard_audit"),
        sqlite_autoincrement=True,
    )
    for name, columns in _INDEXES.items():
        op.create_index(f"ix_labyard_audit_{name}", "labyard_audit", columns)
    op.create_table(
        "labyard_audit_bound",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("before", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_labyard_audit_bound"),
    )
    postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in _POSTGRESQL if postgresql else _SQLITE:
        op.execute(statement)
