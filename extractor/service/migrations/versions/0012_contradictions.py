"""Figures that the tables contradict are questions, too: all are counted again at the next start
(`extractor.service.filling`)."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("update documents set to_answer = null")


def downgrade() -> None:
    pass
