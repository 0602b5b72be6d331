"""Numbers over all reports: sums by year, shares of what is in doubt, organisations over the years.

Where a body's report for a year is there twice, what it states counts once, as in the newest one.
Values are exact text in the database; sums of them are floating point, which is exact for counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, case, cast, func, select
from sqlalchemy.orm import Session, sessionmaker

from extractor.service.catalog import HAS_RESULT
from extractor.service.tables import Document
from extractor.service.value_tables import CellRow, FindingRow
from extractor.types import CellStatus, State, Verdict

Query = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Doubt:
    """How many cells the reports of a year have, and how many of them nobody is sure of; `year` is
    None for reports that do not say theirs."""

    year: int | None
    reports: int
    cells: int
    flagged: int


@dataclass(frozen=True, slots=True)
class Sums:
    """What the reports of a year state, by slot, added up over those whose value is a number.

    `numbers` are the values that were added, `flagged` those of them that nobody has looked at yet,
    `reports` the reports that have one.
    """

    year: int
    reports: int
    numbers: int
    flagged: int
    by_slot: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Broken:
    """How many findings there are about a body's reports, and how many of each verdict."""

    organization: str
    by_verdict: Mapping[Verdict, int]

    @property
    def total(self) -> int:
        return sum(self.by_verdict.values())


@dataclass(frozen=True, slots=True)
class Body:
    """An organisation with the years that there are reports of it for, and what these hold."""

    organization: str
    years: Sequence[int]
    reports: int
    to_answer: int
    findings: int


class Aggregates:
    """Thread-safe."""

    def __init__(self, session: sessionmaker[Session]) -> None:
        self._session = session

    def doubts(self) -> Sequence[Doubt]:
        """By year, in order; reports without a year come last."""
        query = (
            select(
                Document.year,
                func.count(Document.id.distinct()),
                func.count(),
                _number(CellRow.status == CellStatus.FLAGGED),
            )
            .select_from(Document)
            .join(CellRow, CellRow.document_id == Document.id)
            .where(HAS_RESULT)
            .group_by(Document.year)
        )
        with self._session() as session:
            found = [Doubt(*row) for row in session.execute(query)]
        return sorted(found, key=lambda doubt: (doubt.year is None, doubt.year))

    def sums(self, slots: Collection[str]) -> Sequence[Sums]:
        """What reports state in some slots, by year, in order."""
        newest = _newest().subquery()
        joined: Query = (
            select(Document.year)
            .join(newest, newest.c.number == Document.number)
            .join(CellRow, CellRow.document_id == Document.id)
            .where(CellRow.slot.in_(slots), CellRow.state == State.NUMBER)
            .order_by(Document.year)
        )
        by_year = joined.group_by(Document.year).add_columns(
            func.count(Document.id.distinct()),
            func.count(),
            _number(CellRow.status == CellStatus.FLAGGED),
        )
        by_slot = joined.group_by(Document.year, CellRow.slot).add_columns(
            CellRow.slot, func.sum(cast(CellRow.value, Float))
        )
        added: dict[int, dict[str, float]] = {}
        with self._session() as session:
            for year, slot, value in session.execute(by_slot):
                added.setdefault(year, {})[slot] = value
            return [
                Sums(year, reports, numbers, flagged, added[year])
                for year, reports, numbers, flagged in session.execute(by_year)
                if year in added  # its first report may have come between the two queries
            ]

    def verdicts(self) -> Mapping[str, int]:
        """How many findings there are by verdict."""
        query = select(FindingRow.verdict, func.count()).group_by(FindingRow.verdict)
        with self._session() as session:
            return {row[0]: row[1] for row in session.execute(query)}

    def most_broken(self, limit: int) -> Sequence[Broken]:
        """The bodies about whose reports there are most findings."""
        query: Query = (
            select(
                Document.organization,
                *(_number(FindingRow.verdict == verdict) for verdict in Verdict),
            )
            .join(FindingRow, FindingRow.document_id == Document.id)
            .where(Document.organization.is_not(None))
            .group_by(Document.organization)
            .order_by(func.count().desc(), Document.organization)
            .limit(limit)
        )
        with self._session() as session:
            return [
                Broken(name, dict(zip(Verdict, counts, strict=True)))
                for name, *counts in session.execute(query)
            ]

    def organizations(
        self, *, part: str | None = None, page: int = 1, size: int
    ) -> tuple[Sequence[Body], int]:
        """A page of the bodies that there are reports of, by name, and how many there are; `part`
        is a part of the name."""
        is_meant: list[ColumnElement[bool]] = [HAS_RESULT, Document.organization.is_not(None)]
        if part is not None:
            is_meant.append(Document.organization.contains(part, autoescape=True))
        query: Query = (
            select(
                Document.organization,
                func.count(),
                func.coalesce(func.sum(Document.to_answer), 0),
                func.coalesce(func.sum(Document.findings), 0),
            )
            .where(*is_meant)
            .group_by(Document.organization)
            .order_by(Document.organization)
        )
        counted = select(func.count(Document.organization.distinct())).where(*is_meant)
        with self._session() as session:
            total = session.scalar(counted) or 0
            found = session.execute(query.limit(size).offset((page - 1) * size)).all()
            years = _years(session, [row[0] for row in found])
        return [Body(name, years.get(name, ()), *rest) for name, *rest in found], total

    def reports_of(self, organization: str) -> Sequence[Document]:
        """All reports of a body with a result: by year, the latest first, and of each the newest
        first."""
        query = (
            select(Document)
            .where(HAS_RESULT, Document.organization == organization)
            .order_by(Document.year.desc(), Document.number.desc())
        )
        with self._session() as session:
            return session.scalars(query).all()

    def cells_of(self, document_ids: Collection[str]) -> Mapping[str, Mapping[str, CellRow]]:
        """The cells of documents, by document and slot."""
        query = select(CellRow).where(CellRow.document_id.in_(document_ids))
        found: dict[str, dict[str, CellRow]] = {one: {} for one in document_ids}
        with self._session() as session:
            for cell in session.scalars(query):
                found[cell.document_id][cell.slot] = cell
        return found


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """How many rows of a group are so."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _newest() -> Query:
    """The numbers of the documents that count: the newest of every body and year; those that do not
    say whose they are count each."""
    return (
        select(func.max(Document.number).label("number"))
        .where(HAS_RESULT, Document.year.is_not(None))
        .group_by(Document.year, func.coalesce(Document.organization, Document.id))
    )


def _years(session: Session, organizations: Collection[str]) -> Mapping[str, Sequence[int]]:
    query: Query = (
        select(Document.organization, Document.year)
        .where(HAS_RESULT, Document.organization.in_(organizations), Document.year.is_not(None))
        .distinct()
        .order_by(Document.organization, Document.year.desc())
    )
    found: dict[str, list[int]] = {}
    for name, year in session.execute(query):
        found.setdefault(name, []).append(year)
    return found
