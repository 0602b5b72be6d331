"""What happened, counted in the transactions in which it happened, whichever process it was in."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Session, sessionmaker

from extractor.service.tables import Count
from extractor.service.tasks import Outcome

RESULTS, VALUES, SECONDS = "results", "values", "seconds"
Counts = Mapping[tuple[str, str], float]
"""By name and label."""


def count_finished(session: Session, outcome: Outcome) -> None:
    _add(session, RESULTS, outcome.status, 1)
    _add(session, VALUES, "accepted", outcome.accepted)
    _add(session, VALUES, "flagged", outcome.flagged)
    for stage, seconds in sorted(outcome.seconds.items()):
        _add(session, SECONDS, stage, seconds)


def count_failed(session: Session, code: str) -> None:
    """Count a document that has no extraction, by the code of its problem."""
    _add(session, RESULTS, code, 1)


def counted(session: sessionmaker[Session]) -> Counts:
    """All of it."""
    with session() as opened:
        return {(row.name, row.label): row.value for row in opened.scalars(select(Count))}


def _add(session: Session, name: str, label: str, value: float) -> None:
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = insert_sqlite if is_sqlite else insert_postgresql
    row = insert(Count).values(name=name, label=label, value=value)
    added = {"value": Count.value + row.excluded.value}
    session.execute(row.on_conflict_do_update(index_elements=["name", "label"], set_=added))
