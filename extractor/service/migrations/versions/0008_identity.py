"""An id of the database, which the storage of its files bears, too."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = op.create_table(
        "identity",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("is_bound", sa.Boolean(), nullable=False),
    )
    op.bulk_insert(table, [{"id": uuid.uuid4().hex, "is_bound": False}])


def downgrade() -> None:
    op.drop_table("identity")
