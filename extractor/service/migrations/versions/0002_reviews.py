"""Review decisions, and what to ask first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("documents") as documents:
        documents.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
        documents.add_column(sa.Column("question", sa.String()))
        documents.add_column(sa.Column("settles", sa.Float(), nullable=False, server_default="0"))
        documents.create_index("ix_documents_settles", ["settles"])
    op.create_table(
        "reviews",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("document_id", sa.String(36), nullable=False, index=True),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON()),
        sa.Column("comment", sa.String()),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("reviews")
    with op.batch_alter_table("documents") as documents:
        documents.drop_index("ix_documents_settles")
        documents.drop_column("settles")
        documents.drop_column("question")
        documents.drop_column("version")
