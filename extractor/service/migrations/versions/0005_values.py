"""What the reports say: pages, cells, figures, findings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pages",
        sa.Column("document_id", sa.String(36), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("rotation_deg", sa.Float(), nullable=False),
    )
    op.create_table(
        "cells",
        sa.Column("document_id", sa.String(36), primary_key=True),
        sa.Column("slot", sa.String(), primary_key=True),
        sa.Column("value", sa.String()),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("probability", sa.Float()),
        sa.Column("page", sa.Integer()),
        sa.Index("ix_cells_slot", "slot"),
    )
    op.create_table(
        "figures",
        sa.Column("document_id", sa.String(36), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(), nullable=False, index=True),
        sa.Column("value", sa.String()),
        sa.Column("unit", sa.String()),
        sa.Column("exactness", sa.String(16), nullable=False),
        sa.Column("scope", sa.String()),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("probability", sa.Float()),
        sa.Column("page", sa.Integer()),
    )
    op.create_table(
        "findings",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("document_id", sa.String(36), nullable=False, index=True),
        sa.Column("relation", sa.String(), nullable=False, index=True),
        sa.Column("verdict", sa.String(16), nullable=False, index=True),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("expected", sa.String()),
        sa.Column("found", sa.String()),
    )


def downgrade() -> None:
    for name in ("findings", "figures", "cells", "pages"):
        op.drop_table(name)
