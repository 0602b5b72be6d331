"""Whether a document is a report, what it lacks, and the status of its result as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from extractor.assemble import Assembly
from extractor.errors import NotAReport
from extractor.types import (
    SEVERAL_REPORTS,
    TABLE_MISSING,
    TABLE_REPEATED,
    CellStatus,
    Failure,
    Figure,
    ReportFacts,
    Role,
    Source,
    State,
    Status,
    Table,
)

_MIN_HEADINGS = 3
_MIN_CELLS = 6


def check_is_report(assembly: Assembly, source: Source, *, failed: bool) -> None:
    """Refuse a document that has nothing of the form, unless a failed page may hide it.

    Raises:
        NotAReport: it is no report of this form.
    """
    cells = sum(len(table.candidates) for table in assembly.tables)
    headings = {f.text for s in assembly.sheets for f in s.fragments if f.role is Role.HEADING}
    if cells < _MIN_CELLS and len(headings) < _MIN_HEADINGS and not failed:
        raise NotAReport(
            f"{source.name} is no annual report of this form: none of its tables and fewer than "
            f"{_MIN_HEADINGS} of its headings were found; check that this is the right file"
        )


def missing_parts(assembly: Assembly) -> Iterator[Failure]:
    """What a complete report has and this document has not, and what it has too much."""
    for reading in assembly.tables:
        if not reading.is_present:
            reason = f"the table {reading.table!r} was not found in the document"
            yield Failure("assemble", None, reason, TABLE_MISSING, reading.table)
    for table in assembly.repeated:
        reason = (
            f"the table {table!r} is printed more than once, and only one of them was read; split "
            "the file if both are wanted"
        )
        yield Failure("assemble", None, reason, TABLE_REPEATED, table)
    if assembly.extra_reports:
        reason = (
            f"the file holds {assembly.extra_reports + 1} reports and only the first was read; "
            "split it into one file a report"
        )
        yield Failure("assemble", None, reason, SEVERAL_REPORTS)


def settled(failures: Sequence[Failure], tables: Sequence[Table]) -> tuple[Failure, ...]:
    """Failures with those settled that a table was not found of which a person has decided about
    every cell: most often that the document does not have it."""
    done = {
        table.id
        for table in tables
        if all(cell.status is CellStatus.REVIEWED for cell in table.cells)
    }
    return tuple(
        replace(one, is_settled=True) if one.code == TABLE_MISSING and one.table in done else one
        for one in failures
    )


def status_of(
    facts: ReportFacts,
    tables: Sequence[Table],
    figures: Sequence[Figure],
    failures: Sequence[Failure],
) -> Status:
    """A report without organisation or year needs a look too: it cannot be filed. Failures that are
    settled do not count."""
    cells = [cell for table in tables for cell in table.cells]
    if not all(one.is_settled for one in failures):
        found = any(cell.reading.state is not State.MISSING for cell in cells)
        return Status.PARTIAL if found or figures else Status.FAILED
    statuses = [cell.status for cell in cells] + [figure.status for figure in figures]
    doubtful = CellStatus.FLAGGED in statuses or None in (facts.organization, facts.year)
    return Status.NEEDS_REVIEW if doubtful else Status.ACCEPTED
