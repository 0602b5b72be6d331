"""What people have noted where they confirmed findings, as it stands in the trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_NOTED = """
update findings set comment = (
    select comment from reviews
    where reviews.document_id = findings.document_id
        and reviews.slot = 'findings.' || findings.relation
        and reviews.action = 'confirmed'
    order by number desc limit 1
) where is_confirmed
"""


def upgrade() -> None:
    with op.batch_alter_table("findings") as batch:
        batch.add_column(sa.Column("comment", sa.String(), nullable=True))
    op.execute(_NOTED)


def downgrade() -> None:
    with op.batch_alter_table("findings") as batch:
        batch.drop_column("comment")
