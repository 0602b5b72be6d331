"""What to ask a person first: flagged cells and figures in the order of what an answer settles.

An answer settles the doubt about its own cell, and the broken sums for which that cell is to blame:
with the right number there, a sum holds and the other cells that it flagged are free. Blame for a
sum is shared among its flagged cells by how doubtful each is.

Where whole rows were not found, or a whole table, one look at the document answers for all of their
cells, so they are one question. Where the tables say something else than a figure of the text that
is not in doubt itself, it is the finding that is asked about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from extractor.schema import text_relation
from extractor.types import (
    FINDINGS,
    REPORT,
    SUM_FLAGS,
    Cell,
    CellStatus,
    Figure,
    Finding,
    Question,
    ReportFacts,
    State,
    Table,
    Verdict,
)

_FLAGGED, _SUM_ALONE = 0.3, 0.05
"""The chance that a cell is wrong where none was fitted: one that is flagged for itself, and one
that only belongs to a sum that does not hold."""
_LEAST = 1e-6


def questions(
    tables: Sequence[Table],
    findings: Sequence[Finding],
    figures: Sequence[Figure] = (),
    facts: ReportFacts | None = None,
) -> tuple[Question, ...]:
    """All flagged cells and figures, the one whose answer settles most first; of equal ones in the
    order of the form, figures last. Sums that the report itself breaks settle nothing. Cells of
    rows that were not found are asked about together (see `gaps`). What text and tables say
    differently is asked about as the finding, until somebody has confirmed that or the figure.

    Args:
        tables: as they are reported.
        findings: of tables and text.
        figures: as they are reported.
        facts: which report it is; where organisation or year is unknown, that is asked last. None:
            it is not asked.

    Returns:
        Empty where nothing is in doubt.
    """
    cells = {cell.slot: cell for table in tables for cell in table.cells}
    flagged = {slot: cell for slot, cell in cells.items() if cell.status is CellStatus.FLAGGED}
    gain = {slot: _doubt(cell) for slot, cell in flagged.items()}
    frees: dict[str, list[str]] = {slot: [] for slot in flagged}
    broken = [f for f in findings if f.verdict is not Verdict.REPORTED]
    sums = {slot: [f for f in broken if slot in f.cells] for slot in flagged}
    for finding in broken:
        members = [slot for slot in dict.fromkeys(finding.cells) if slot in flagged]
        whole = sum(_doubt(flagged[slot]) for slot in members)
        for slot in members:
            freed = [
                other
                for other in members
                if other != slot
                and SUM_FLAGS.issuperset(flagged[other].flags)
                and all(slot in f.cells for f in sums[other])
            ]
            gain[slot] += _doubt(flagged[slot]) / whole * (1 + len(freed))
            frees[slot] += [one for one in freed if one not in frees[slot]]
    together = {slot: gap for table in tables for gap in gaps(table) for slot in gap}
    asked = [
        _question(together.get(slot, (slot,)), gain, frees)
        for slot in flagged
        if together.get(slot, (slot,))[0] == slot
    ]
    asked += [
        Question(figure.name, _figure_doubt(figure))
        for figure in figures
        if figure.status is CellStatus.FLAGGED
    ]
    asked += [
        Question(f"{FINDINGS}.{finding.relation}", _figure_doubt(figure))
        for finding, figure in contradictions(findings, figures)
    ]
    if facts is not None and None in (facts.organization, facts.year):
        asked.append(Question(REPORT, 0.0))
    return tuple(sorted(asked, key=lambda question: -question.settles))


def contradictions(
    findings: Sequence[Finding], figures: Sequence[Figure]
) -> Iterator[tuple[Finding, Figure]]:
    """Findings that the tables say something else than a figure of the text, each with that figure;
    those that a person has confirmed are left out, and those of figures that a person has seen or
    is asked about."""
    accepted = {
        text_relation(figure.key, figure.scope): figure
        for figure in figures
        if figure.status is CellStatus.ACCEPTED
    }
    for finding in findings:
        if finding.relation in accepted and not finding.is_confirmed:
            yield finding, accepted[finding.relation]


def gaps(table: Table) -> Iterator[tuple[str, ...]]:
    """Cells of a table that are missing together, by their slots: for each run of rows in which
    nothing was found, those that are still in doubt, if they are more than one."""
    rows = [list(row) for _, row in groupby(table.cells, lambda cell: cell.slot.rpartition(".")[0])]
    for is_gone, run in groupby(rows, _is_gone):
        doubtful = [cell.slot for row in run for cell in row if cell.status is CellStatus.FLAGGED]
        if is_gone and len(doubtful) > 1:
            yield tuple(doubtful)


def _is_gone(row: Sequence[Cell]) -> bool:
    return all(cell.reading.state is State.MISSING for cell in row)


def _question(
    slots: Sequence[str], gain: Mapping[str, float], frees: Mapping[str, Sequence[str]]
) -> Question:
    """One about a cell, or about several together."""
    freed = dict.fromkeys(one for slot in slots for one in frees[slot] if one not in slots)
    cells = tuple(slots) if len(slots) > 1 else ()
    return Question(slots[0], sum(gain[slot] for slot in slots), tuple(freed), cells)


def _figure_doubt(figure: Figure) -> float:
    if set(figure.flags) == {"audit"}:
        return _LEAST
    return _FLAGGED if figure.probability is None else max(_LEAST, 1 - figure.probability)


def _doubt(cell: Cell) -> float:
    """The chance that a flagged cell is wrong."""
    if cell.probability is not None:
        return max(_LEAST, 1 - cell.probability)
    if set(cell.flags) <= {"audit"}:
        return _LEAST
    return _SUM_ALONE if SUM_FLAGS.issuperset(cell.flags) else _FLAGGED
