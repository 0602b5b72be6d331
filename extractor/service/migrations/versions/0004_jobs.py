"""Workflows of documents, their priority, and the processes that work on them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("documents") as batch:
        batch.add_column(sa.Column("priority", sa.Integer(), nullable=False, server_default="1"))
        batch.add_column(sa.Column("run", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("job", sa.String()))
    op.create_table(
        "executors",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("seen_at", sa.Float(), nullable=False),
        sa.Column("is_ready", sa.Boolean(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("executors")
    with op.batch_alter_table("documents") as batch:
        for name in ("job", "run", "priority"):
            batch.drop_column(name)
