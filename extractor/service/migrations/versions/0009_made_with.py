"""What the processes that work on a database extract with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("executors") as batch:
        batch.add_column(sa.Column("made_with", sa.JSON()))


def downgrade() -> None:
    with op.batch_alter_table("executors") as batch:
        batch.drop_column("made_with")
