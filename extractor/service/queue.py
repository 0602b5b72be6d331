"""Documents that are to be extracted: rows of the database, so that they survive whatever ends.

Which process works on which of them, and how far it is, DBOS keeps (`jobs.py`); what users see of
it is here. Whoever works on a document names its run, so that one that was given up and begun anew
is not touched any more by who had begun it before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from extractor.service.counts import count_failed, count_finished
from extractor.service.problems import CANCELLED, WORKER_CRASHED, ProblemType
from extractor.service.tables import AuditEntry, Document, DocumentState
from extractor.service.tasks import Outcome
from extractor.service.value_tables import Result, keep_values
from extractor.service.webhook_store import Event, announce

MAX_ATTEMPTS = 10
"""A document during whose extraction the service itself ended so often, without any step of it done
in between, is not tried again."""
_BATCH = 500
_UNFINISHED = Document.state.in_((DocumentState.QUEUED, DocumentState.RUNNING))


class Queue:
    """Thread-safe."""

    def __init__(self, session: sessionmaker[Session]) -> None:
        self._session = session

    def waiting(self) -> Sequence[Document]:
        """Documents that have no job yet, some hundreds at most, in the order in which they are to
        be extracted: whatever is submitted first may be begun at once."""
        query = (
            select(Document)
            .where(Document.state == DocumentState.QUEUED, Document.job.is_(None))
            .order_by(Document.priority, Document.number)
            .limit(_BATCH)
        )
        with self._session() as session:
            return session.scalars(query).all()

    def submitted(self, document: Document, job: str) -> None:
        """Note the job of a document."""
        query = update(Document).where(*_same_run(document)).values(job=job)
        with self._session.begin() as session:
            session.execute(query)

    def unfinished(self, *, is_running: bool = False) -> Sequence[Document]:
        """Documents with a job that are not finished; only those that were begun."""
        query = select(Document).where(_UNFINISHED, Document.job.is_not(None))
        if is_running:
            query = query.where(Document.state == DocumentState.RUNNING)
        with self._session() as session:
            return session.scalars(query.order_by(Document.number)).all()

    def run_again(self, document: Document) -> Document | None:
        """Let an unfinished document have another job; None if somebody did so meanwhile, or it was
        finished."""
        query = (
            update(Document)
            .where(*_same_run(document), _UNFINISHED)
            .values(run=Document.run + 1, job=None, state=DocumentState.QUEUED)
            .returning(Document)
        )
        with self._session.begin() as session:
            return session.scalar(query)

    def begin(self, document_id: str, run: int) -> Document | None:
        """Note that a document is worked on, from its start or again.

        Returns:
            None if there is nothing to do: it was removed, is finished or has another run, or is
            given up now, because the service ended so often while it was extracted.
        """
        query = (
            update(Document)
            .where(Document.id == document_id, Document.run == run, _UNFINISHED)
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
        if document is None or document.attempts <= MAX_ATTEMPTS:
            return document
        detail = f"the service ended {MAX_ATTEMPTS} times in the same step of it"
        self.fail(document, WORKER_CRASHED, detail)
        return None

    def release(self, document: Document, *, anew: bool = False) -> None:
        """Say that a document waits that was begun and through no fault of its own not finished;
        with `anew` for another job, since its own has ended."""
        other = {"run": Document.run + 1, "job": None} if anew else {}
        with self._session.begin() as session:
            _change(
                session,
                document,
                state=DocumentState.QUEUED,
                attempts=Document.attempts - 1,
                started_at=None,
                stage=None,
                **other,
            )

    def progressed(self, document: Document) -> None:
        """Note that a step was done: what ends the service later has nothing to do with it."""
        with self._session.begin() as session:
            _change(session, document, attempts=1)

    def set_progress(self, document: Document, stage: str, page: int, pages: int) -> bool:
        """False if the document is not to be worked on any more."""
        with self._session.begin() as session:
            return _change(session, document, stage=stage, page=page, pages=pages)

    def finish(self, document: Document, outcome: Outcome, result: Result) -> None:
        """Note the outcome and what the result says; nothing happens if the document is not to be
        worked on any more."""
        with self._session.begin() as session:
            is_noted = _change(
                session,
                document,
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
                to_answer=outcome.to_answer,
                findings=outcome.findings,
                rotations=list(outcome.rotations),
                question=outcome.question,
                settles=outcome.settles,
                problem_code=None,
                problem_detail=None,
                generation=document.generation + document.has_result,
                version=document.version + document.has_result,
            )
            if is_noted:
                keep_values(session, document.id, result)
                count_finished(session, outcome)
                announce(session, Event.DONE, document.id)

    def fail(self, document: Document, problem: ProblemType, detail: str) -> None:
        """Note a failure; nothing happens if the document is not to be worked on any more."""
        with self._session.begin() as session:
            if _change(session, document, **_failed(document, problem, detail)):
                count_failed(session, problem.code)
                announce(session, Event.FAILED, document.id)

    def cancel(self, document_id: str, *, key_id: str) -> Document | None:
        """Give up a document that is not finished; None if there is none such."""
        with self._session.begin() as session:
            document = session.scalar(
                select(Document).where(Document.id == document_id, _UNFINISHED).with_for_update()
            )
            if document is not None:
                again = "extract it again" if document.has_result else "retry it"
                detail = f"somebody cancelled it; {again}, if it is wanted after all"
                for name, value in _failed(document, CANCELLED, detail).items():
                    setattr(document, name, value)
                session.flush()
                session.expunge(document)
                session.add(AuditEntry.about("cancelled", document, key_id))
                count_failed(session, CANCELLED.code)
                announce(session, Event.FAILED, document.id)
        return document


def _same_run(document: Document) -> tuple[Any, ...]:
    return Document.id == document.id, Document.run == document.run


def _change(session: Session, document: Document, **values: Any) -> bool:
    """Change a document that is being extracted; False if it is not, or not in this run."""
    query = (
        update(Document)
        .where(*_same_run(document), Document.state == DocumentState.RUNNING)
        .values(**values)
        .returning(Document.id)
    )
    return session.scalar(query) is not None


def _failed(document: Document, problem: ProblemType, detail: str) -> dict[str, Any]:
    """What changes by a failure. A document that has a result keeps it."""
    told = {"stage": None, "page": 0, "problem_code": problem.code, "problem_detail": detail}
    if document.has_result:
        return {**told, "state": DocumentState.DONE, "pages": len(document.rotations or ())}
    return {**told, "state": DocumentState.FAILED, "status": "failed", "finished_at": _now()}


def _now() -> datetime:
    return datetime.now(UTC)
