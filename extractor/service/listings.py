"""What all reports say, by pages: their cells, key figures and findings, as far as they are asked
for. Nothing is changed here.

The values are those of `value_tables`; each comes with its document.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, sessionmaker

from extractor.service.tables import Document
from extractor.service.value_tables import CellRow, FigureRow, FindingRow

Query = Select[*tuple[Any, ...]]
Row = TypeVar("Row", CellRow, FigureRow, FindingRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whose reports, and of which year; `organization` is a part of its name. None: of any."""

    organization: str | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some of `total` rows, each with its document."""

    rows: Sequence[tuple[Row, Document]]
    total: int


class Listings:
    """Thread-safe. Rows are returned detached. Pages count from 1; one beyond the last is empty."""

    def __init__(self, session: sessionmaker[Session]) -> None:
        self._session = session

    def cells(
        self,
        asked: Asked,
        *,
        order: Mapping[str, int],
        table: str | None = None,
        slot: str | None = None,
        state: str | None = None,
        status: str | None = None,
        page: int = 1,
        size: int,
    ) -> Page[CellRow]:
        """List cells, those of the newest document first, and of each in the order of the form:
        `order` has the place of every slot."""
        query: Query = _of(select(CellRow, Document), CellRow, asked)
        if table is not None:
            query = query.where(CellRow.slot.startswith(f"{table}.", autoescape=True))
        for column, wanted in (
            (CellRow.slot, slot),
            (CellRow.state, state),
            (CellRow.status, status),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        # No database knows the order of the form, so documents are counted before any is sorted.
        counts = query.with_only_columns(Document.number, func.count()).group_by(Document.number)
        with self._session() as session:
            found = session.execute(counts.order_by(Document.number.desc())).all()
            numbers, skipped = _within(found, (page - 1) * size, size)
            query = query.where(Document.number.in_(numbers))
            rows = [(row[0], row[1]) for row in session.execute(query)]
        last = len(order)
        rows.sort(key=lambda row: (-row[1].number, order.get(row[0].slot, last), row[0].slot))
        return Page(rows[skipped : skipped + size], sum(count for _, count in found))

    def figures(
        self,
        asked: Asked,
        *,
        key: str | None = None,
        status: str | None = None,
        page: int = 1,
        size: int,
    ) -> Page[FigureRow]:
        """List key figures, those of the newest document first, and of each in their order."""
        query: Query = _of(select(FigureRow, Document), FigureRow, asked)
        if key is not None:
            query = query.where(FigureRow.key == key)
        if status is not None:
            query = query.where(FigureRow.status == status)
        return self._page(query, (Document.number.desc(), FigureRow.number), page, size)

    def findings(
        self,
        asked: Asked,
        *,
        verdict: str | None = None,
        relations: Collection[str] | None = None,
        page: int = 1,
        size: int,
    ) -> Page[FindingRow]:
        """List findings, the newest first; `relations` are the ids of which one is wanted."""
        query: Query = _findings(select(FindingRow, Document), asked, relations)
        if verdict is not None:
            query = query.where(FindingRow.verdict == verdict)
        return self._page(query, (FindingRow.id.desc(),), page, size)

    def verdicts(
        self, asked: Asked, *, relations: Collection[str] | None = None
    ) -> Mapping[str, int]:
        """How many findings there are by verdict; those that there are none of are left out."""
        query: Query = _findings(select(FindingRow.verdict, func.count()), asked, relations)
        query = query.group_by(FindingRow.verdict)
        with self._session() as session:
            return {row[0]: row[1] for row in session.execute(query)}

    def years(self) -> Sequence[int]:
        """The years that there are reports of, the latest first."""
        query = select(Document.year).where(Document.year.is_not(None)).distinct()
        with self._session() as session:
            found = session.scalars(query.order_by(Document.year.desc())).all()
        return [year for year in found if year is not None]

    def _page(self, query: Query, order: Sequence[Any], page: int, size: int) -> Page[Row]:
        counted = query.with_only_columns(func.count())
        shown = query.order_by(*order).limit(size).offset((page - 1) * size)
        with self._session() as session:
            total = session.scalar(counted) or 0
            return Page([(row[0], row[1]) for row in session.execute(shown)], total)


def _of(query: Query, table: type[Row], asked: Asked) -> Query:
    """Join values with their documents, and keep those that are asked for."""
    query = query.select_from(table).join(Document, Document.id == table.document_id)
    if asked.organization is not None:
        query = query.where(Document.organization.contains(asked.organization, autoescape=True))
    if asked.year is not None:
        query = query.where(Document.year == asked.year)
    return query


def _findings(query: Query, asked: Asked, relations: Collection[str] | None) -> Query:
    query = _of(query, FindingRow, asked)
    return query if relations is None else query.where(FindingRow.relation.in_(relations))


def _within(counts: Sequence[Any], first: int, size: int) -> tuple[Sequence[int], int]:
    """The documents that have any of the rows `first` to `first + size`, of how many each has, and
    how many rows of the first of them are to be skipped."""
    numbers: list[int] = []
    at = skipped = 0
    for number, count in counts:
        if at >= first + size:
            break
        if at + count > first:
            if not numbers:
                skipped = first - at
            numbers.append(number)
        at += count
    return numbers, skipped
