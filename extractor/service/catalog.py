"""What can be asked of the documents, their findings and decisions. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, sessionmaker

from extractor.service.counts import Counts, counted
from extractor.service.tables import AuditEntry, Document, DocumentState, Review
from extractor.service.value_tables import FindingRow

Row = TypeVar("Row")

_PAGE = 200
_QUEUING = ("uploaded", "retried", "extracted_again")
HAS_RESULT = Document.media_type.is_not(None) & (Document.state != DocumentState.FAILED)


class Catalog:
    """Thread-safe. Rows are returned detached: they never change and never load anything."""

    def __init__(self, session: sessionmaker[Session]) -> None:
        self._session = session

    def find(self, document_id: str) -> Document | None:
        with self._session() as session:
            return session.scalar(select(Document).where(Document.id == document_id))

    def by_sha256(self, sha256: str) -> Document | None:
        with self._session() as session:
            return session.scalar(select(Document).where(Document.sha256 == sha256))

    def list(
        self,
        *,
        state: DocumentState | None = None,
        status: str | None = None,
        organization: str | None = None,
        year: int | None = None,
        before: int | None = None,
        limit: int,
    ) -> Sequence[Document]:
        """List documents, the newest first; `organization` is a part of its name.

        `before` is the `number` of the last document of the page before.
        """
        query = select(Document).order_by(Document.number.desc()).limit(limit)
        query = _of(query, status, organization, year, state)
        if before is not None:
            query = query.where(Document.number < before)
        with self._session() as session:
            return session.scalars(query).all()

    def count(
        self,
        *,
        state: DocumentState | None = None,
        status: str | None = None,
        organization: str | None = None,
        year: int | None = None,
    ) -> int:
        """How many documents `list` has in all."""
        query = _of(select(func.count(Document.number)), status, organization, year, state)
        with self._session() as session:
            return session.scalar(query) or 0

    def finished(
        self,
        *,
        status: str | None = None,
        organization: str | None = None,
        year: int | None = None,
    ) -> Iterator[Document]:
        """Every document with a result, in the order of arrival; some at a time, so that what is
        removed or finished meanwhile does no harm."""
        query = select(Document).where(HAS_RESULT)
        query = _of(query, status, organization, year)
        query = query.order_by(Document.number).limit(_PAGE)
        last = 0
        while True:
            with self._session() as session:
                found = session.scalars(query.where(Document.number > last)).all()
            yield from found
            if len(found) < _PAGE:
                return
            last = found[-1].number

    def last_year(self, organization: str | None, year: int | None) -> Document | None:
        """The report of a body for the year before; None where there is none with a result, or more
        than one."""
        if organization is None or year is None:
            return None
        query = (
            select(Document)
            .where(Document.organization == organization, Document.year == year - 1)
            .where(HAS_RESULT)
            .limit(2)
        )
        with self._session() as session:
            found = session.scalars(query).all()
        return found[0] if len(found) == 1 else None

    def count_by_state(self) -> Mapping[DocumentState, int]:
        query = select(Document.state, func.count()).group_by(Document.state)
        with self._session() as session:
            counts = dict(session.execute(query).all())
        return {state: counts.get(state, 0) for state in DocumentState}

    def waiting_since(self) -> datetime | None:
        """Since when the one waits that was queued first, for the first time or again; None where
        nothing waits."""
        queued_at = (
            select(func.max(AuditEntry.at).label("at"))
            .join(Document, Document.id == AuditEntry.document_id)
            .where(Document.state == DocumentState.QUEUED, AuditEntry.action.in_(_QUEUING))
            .group_by(AuditEntry.document_id)
            .subquery()
        )
        with self._session() as session:
            since: datetime | None = session.scalar(select(func.min(queued_at.c.at)))
        return since

    def uploaded_bytes(self) -> int:
        """The size of all files that were uploaded and not removed."""
        with self._session() as session:
            return session.scalar(select(func.sum(Document.size))) or 0

    def counts(self) -> Counts:
        """What has been counted since the database was made."""
        return counted(self._session)

    def finished_before(self, moment: datetime) -> Sequence[str]:
        """The ids of documents that were done, or failed, before a moment."""
        query = select(Document.id).where(is_finished_before(moment))
        with self._session() as session:
            return session.scalars(query).all()

    def audit(self, document_id: str) -> Sequence[AuditEntry]:
        """What was done to a document, in order; also to one that was removed."""
        query = (
            select(AuditEntry)
            .where(AuditEntry.document_id == document_id)
            .order_by(AuditEntry.number)
        )
        with self._session() as session:
            return session.scalars(query).all()

    def trail(self, *, before: int | None = None, limit: int) -> Sequence[AuditEntry]:
        """What was done to anything, the newest first; `before` is the `number` of the last entry
        of the page before."""
        query = select(AuditEntry).order_by(AuditEntry.number.desc()).limit(limit)
        if before is not None:
            query = query.where(AuditEntry.number < before)
        with self._session() as session:
            return session.scalars(query).all()

    def findings(
        self,
        *,
        verdict: str | None = None,
        relation: str | None = None,
        organization: str | None = None,
        year: int | None = None,
        before: int | None = None,
        limit: int,
    ) -> Sequence[tuple[FindingRow, Document]]:
        """List findings with their documents, the newest first; `relation` is the beginning of its
        id, `before` the id of the last finding of the page before."""
        query = select(FindingRow, Document).join(Document, Document.id == FindingRow.document_id)
        if verdict is not None:
            query = query.where(FindingRow.verdict == verdict)
        if relation is not None:
            query = query.where(FindingRow.relation.startswith(relation, autoescape=True))
        if organization is not None:
            query = query.where(Document.organization.contains(organization, autoescape=True))
        if year is not None:
            query = query.where(Document.year == year)
        if before is not None:
            query = query.where(FindingRow.id < before)
        query = query.order_by(FindingRow.id.desc()).limit(limit)
        with self._session() as session:
            return [(row[0], row[1]) for row in session.execute(query)]

    def reviews(self, document_id: str) -> Sequence[Review]:
        """The decisions about a document, in order."""
        query = select(Review).where(Review.document_id == document_id).order_by(Review.number)
        with self._session() as session:
            return session.scalars(query).all()

    def next_question(self, passed_over: Sequence[str]) -> Document | None:
        """The document with the question whose answer settles most, of all but some; None where
        nothing is in doubt."""
        query = (
            select(Document)
            .where(Document.question.is_not(None), Document.id.not_in(passed_over))
            .where(Document.state == DocumentState.DONE)
            .order_by(Document.settles.desc(), Document.number)
            .limit(1)
        )
        with self._session() as session:
            return session.scalar(query)


def _of(
    query: Select[Row],
    status: str | None,
    organization: str | None,
    year: int | None,
    state: DocumentState | None = None,
) -> Select[Row]:
    """Only documents with a status, of a year, with a part of a name, and in a state; None asks for
    any."""
    if status is not None:
        query = query.where(Document.status == status)
    if organization is not None:
        query = query.where(Document.organization.contains(organization, autoescape=True))
    if year is not None:
        query = query.where(Document.year == year)
    if state is not None:
        query = query.where(Document.state == state)
    return query


def is_finished_before(moment: datetime) -> ColumnElement[bool]:
    is_final = Document.state.in_((DocumentState.DONE, DocumentState.FAILED))
    return is_final & (Document.finished_at < moment)
