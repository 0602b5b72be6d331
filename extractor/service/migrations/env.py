"""Applies migrations through the connection that `database.migrate` hands over."""

from __future__ import annotations

from alembic import context

from extractor.service import value_tables  # noqa: F401
from extractor.service.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
