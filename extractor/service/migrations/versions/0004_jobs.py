"""Workflows of documents, their priority, the processes that work on them, and counts."""

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
        batch.add_column(sa.Column("generation", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("reviews") as batch:
        batch.add_column(sa.Column("generation", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "executors",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("beats", sa.Integer(), nullable=False),
        sa.Column("is_ready", sa.Boolean(), nullable=False),
        sa.Column("has_left", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "counts",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("label", sa.String(64), primary_key=True),
        sa.Column("value", sa.Float(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("counts")
    op.drop_table("executors")
    with op.batch_alter_table("reviews") as batch:
        batch.drop_column("generation")
    with op.batch_alter_table("documents") as batch:
        for name in ("generation", "job", "run", "priority"):
            batch.drop_column(name)
