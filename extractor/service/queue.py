"""The queue of documents to extract: rows of the database, so that it survives whatever ends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from extractor.service.problems import WORKER_CRASHED, ProblemType
from extractor.service.tables import Document, DocumentState
from extractor.service.tasks import Outcome
from extractor.service.webhook_store import Event, announce

MAX_ATTEMPTS = 3
"""A document during whose extraction the service itself ended so often is not tried again."""


class Queue:
    """Thread-safe."""

    def __init__(self, session: sessionmaker[Session]) -> None:
        self._session = session

    def claim(self) -> Document | None:
        """Take the oldest queued document for extraction; no two callers get the same one."""
        oldest = (
            select(Document.number)
            .where(Document.state == DocumentState.QUEUED)
            .order_by(Document.number)
            .limit(1)
            .scalar_subquery()
        )
        query = (
            update(Document)
            .where(Document.number == oldest, Document.state == DocumentState.QUEUED)
            .values(
                state=DocumentState.RUNNING,
                attempts=Document.attempts + 1,
                started_at=_now(),
                stage=None,
                page=0,
                pages=0,
            )
            .returning(Document)
        )
        with self._session.begin() as session:
            return session.scalar(query)

    def release(self, document_id: str) -> None:
        """Put a document back that was claimed and through no fault of its own not extracted."""
        self._update(
            document_id,
            state=DocumentState.QUEUED,
            attempts=Document.attempts - 1,
            started_at=None,
            stage=None,
        )

    def requeue(self) -> int:
        """Queue what an earlier process left unfinished, and return how many. Call at start only,
        holding `Store.exclusive`."""
        running = Document.state == DocumentState.RUNNING
        with self._session.begin() as session:
            given_up = session.scalars(
                update(Document)
                .where(running, Document.attempts >= MAX_ATTEMPTS)
                .values(
                    state=DocumentState.FAILED,
                    status="failed",
                    finished_at=_now(),
                    problem_code=WORKER_CRASHED.code,
                    problem_detail=f"the service ended {MAX_ATTEMPTS} times while it was extracted",
                )
                .returning(Document.id)
            ).all()
            for document_id in given_up:
                announce(session, Event.FAILED, document_id)
            left = session.scalars(
                update(Document)
                .where(running)
                .values(state=DocumentState.QUEUED, started_at=None, stage=None, page=0, pages=0)
                .returning(Document.number)
            )
            return len(left.all())

    def set_progress(self, document_id: str, stage: str, page: int, pages: int) -> None:
        self._update(document_id, stage=stage, page=page, pages=pages)

    def finish(self, document_id: str, outcome: Outcome) -> None:
        self._update(
            document_id,
            Event.DONE,
            state=DocumentState.DONE,
            finished_at=_now(),
            stage=None,
            page=0,
            pages=len(outcome.rotations),
            media_type=outcome.media_type,
            status=outcome.status,
            organization=outcome.organization,
            year=outcome.year,
            edition=outcome.edition,
            cells=outcome.cells,
            flagged=outcome.flagged,
            findings=outcome.findings,
            rotations=list(outcome.rotations),
            question=outcome.question,
            settles=outcome.settles,
        )

    def fail(self, document_id: str, problem: ProblemType, detail: str) -> None:
        self._update(
            document_id,
            Event.FAILED,
            state=DocumentState.FAILED,
            status="failed",
            finished_at=_now(),
            problem_code=problem.code,
            problem_detail=detail,
        )

    def _update(self, document_id: str, event: Event | None = None, **values: Any) -> None:
        """Change a document that is being extracted, and tell whoever wants to know; nothing
        happens if it was removed."""
        query = (
            update(Document)
            .where(Document.id == document_id, Document.state == DocumentState.RUNNING)
            .values(**values)
            .returning(Document.id)
        )
        with self._session.begin() as session:
            if session.scalar(query) is not None and event is not None:
                announce(session, event, document_id)


def _now() -> datetime:
    return datetime.now(UTC)
