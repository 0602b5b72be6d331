"""Documents that are to be extracted: rows of the database, so that they survive whatever ends.

Which process works on which of them, and how far it is, DBOS keeps (`jobs.py`); what users see of
it is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from extractor.service.problems import CANCELLED, WORKER_CRASHED, ProblemType
from extractor.service.tables import AuditEntry, Document, DocumentState
from extractor.service.tasks import Outcome
from extractor.service.webhook_store import Event, announce

MAX_ATTEMPTS = 3
"""A document during whose extraction the service itself ended so often is not tried again."""
_BATCH = 500
_UNFINISHED = Document.state.in_((DocumentState.QUEUED, DocumentState.RUNNING))


class Queue:
    """Thread-safe."""

    def __init__(self, session: sessionmaker[Session]) -> None:
        self._session = session

    def waiting(self) -> Sequence[Document]:
        """Documents that have no job yet, the oldest first; some hundreds at most."""
        query = (
            select(Document)
            .where(Document.state == DocumentState.QUEUED, Document.job.is_(None))
            .order_by(Document.number)
            .limit(_BATCH)
        )
        with self._session() as session:
            return session.scalars(query).all()

    def submitted(self, document_id: str, job: str) -> None:
        """Note the job of a document."""
        query = update(Document).where(Document.id == document_id).values(job=job)
        with self._session.begin() as session:
            session.execute(query)

    def unfinished(self, *, is_running: bool = False) -> list[Document]:
        """Documents with a job that are not finished; only those that were begun."""
        query = select(Document).where(_UNFINISHED, Document.job.is_not(None))
        if is_running:
            query = query.where(Document.state == DocumentState.RUNNING)
        with self._session() as session:
            return list(session.scalars(query.order_by(Document.number)))

    def run_again(self, document_id: str) -> Document | None:
        """Let an unfinished document have another job; None if it was finished meanwhile."""
        query = (
            update(Document)
            .where(Document.id == document_id, _UNFINISHED)
            .values(run=Document.run + 1, job=None, state=DocumentState.QUEUED)
            .returning(Document)
        )
        with self._session.begin() as session:
            return session.scalar(query)

    def begin(self, document_id: str) -> Document | None:
        """Note that a document is worked on, from its start or again.

        Returns:
            None if there is nothing to do: it was removed or is finished, or is given up now,
            because the service ended so often while it was extracted.
        """
        query = (
            update(Document)
            .where(Document.id == document_id, _UNFINISHED)
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
            document = session.scalar(query)
            if document is None:
                return None
            if document.attempts <= MAX_ATTEMPTS:
                return document
        detail = f"the service ended {MAX_ATTEMPTS} times while it was extracted"
        self.fail(document_id, WORKER_CRASHED, detail)
        return None

    def release(self, document_id: str) -> None:
        """Say that a document waits that was begun and through no fault of its own not finished."""
        self._update(
            document_id,
            state=DocumentState.QUEUED,
            attempts=Document.attempts - 1,
            started_at=None,
            stage=None,
        )

    def set_progress(self, document_id: str, stage: str, page: int, pages: int) -> bool:
        """False if the document is not to be worked on any more."""
        return self._update(document_id, stage=stage, page=page, pages=pages)

    def finish(self, document_id: str, outcome: Outcome) -> bool:
        """False if it was not being extracted any more."""
        return self._update(
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

    def fail(self, document_id: str, problem: ProblemType, detail: str) -> bool:
        """False if it was not being extracted any more."""
        return self._update(document_id, Event.FAILED, **_failed(problem, detail))

    def cancel(self, document_id: str, *, key_id: str) -> Document | None:
        """Give up a document that is not finished; None if there is none such."""
        query = (
            update(Document)
            .where(Document.id == document_id, _UNFINISHED)
            .values(**_failed(CANCELLED, "somebody cancelled it; retry to extract it all the same"))
            .returning(Document)
        )
        with self._session.begin() as session:
            document = session.scalar(query)
            if document is not None:
                session.expunge(document)
                session.add(
                    AuditEntry(
                        at=_now(),
                        key_id=key_id,
                        action="cancelled",
                        document_id=document.id,
                        sha256=document.sha256,
                        name=document.name,
                    )
                )
                announce(session, Event.FAILED, document.id)
        return document

    def _update(self, document_id: str, event: Event | None = None, **values: Any) -> bool:
        """Change a document that is being extracted, and tell whoever wants to know; nothing
        happens if it was removed."""
        query = (
            update(Document)
            .where(Document.id == document_id, Document.state == DocumentState.RUNNING)
            .values(**values)
            .returning(Document.id)
        )
        with self._session.begin() as session:
            is_there = session.scalar(query) is not None
            if is_there and event is not None:
                announce(session, event, document_id)
        return is_there


def _failed(problem: ProblemType, detail: str) -> dict[str, Any]:
    return {
        "state": DocumentState.FAILED,
        "status": "failed",
        "finished_at": _now(),
        "stage": None,
        "problem_code": problem.code,
        "problem_detail": detail,
    }


def _now() -> datetime:
    return datetime.now(UTC)
