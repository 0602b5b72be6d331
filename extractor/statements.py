"""What the text says beside what the tables say: one finding for every figure that they contradict.

A report may count otherwise in its text: withdrawn applications, this office or the whole
district. So a difference is something to look at, and never proves an error: its verdict is
`undecided`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from extractor.schema import Schema, Statement, text_relation
from extractor.types import Cell, CellStatus, Exactness, Figure, Finding, State, Table, Verdict

_NOTHING = (State.BLANK, State.DASH)
_LONGEST = 60


def check_statements(
    figures: Sequence[Figure], tables: Sequence[Table], schema: Schema
) -> tuple[Finding, ...]:
    """Compare every exact figure that the schema knows a sum for.

    Figures and cells that could not be read, figures in doubt, and those of which the text itself
    states several values, are left out. The relation of a finding is that of
    `text_relation`, and no two have the same.
    """
    cells = {cell.slot: cell for table in tables for cell in table.cells}
    labels = schema.labels
    said = Counter((figure.key, figure.scope) for figure in figures)
    return tuple(
        found
        for figure in figures
        if said[figure.key, figure.scope] == 1
        for statement in schema.statements
        if statement.figure == figure.key and figure.scope in statement.scopes
        for found in _compare(figure, statement, cells, labels)
    )


def agreements(
    figures: Sequence[Figure], tables: Sequence[Table], schema: Schema
) -> list[bool | None]:
    """Whether the tables state the same as each figure; None where they say nothing of it, or it is
    not exact."""
    cells = {cell.slot: cell for table in tables for cell in table.cells}
    return [_agreement(figure, cells, schema) for figure in figures]


def _agreement(figure: Figure, cells: Mapping[str, Cell], schema: Schema) -> bool | None:
    if figure.value is None or figure.exactness is not Exactness.EXACT:
        return None
    totals = [
        total
        for statement in schema.statements
        if statement.figure == figure.key and figure.scope in statement.scopes
        for _, total in _sums(statement, cells)
    ]
    return figure.value in totals if totals else None


def _sums(statement: Statement, cells: Mapping[str, Cell]) -> list[tuple[list[Cell], Decimal]]:
    """The sums of a statement that can be told, with their cells."""
    return [
        (members, total)
        for slots in statement.sums
        if (members := [cells[slot] for slot in slots if slot in cells])
        and (total := _total(members)) is not None
    ]


def _compare(
    figure: Figure, statement: Statement, cells: Mapping[str, Cell], labels: Mapping[str, str]
) -> Iterator[Finding]:
    is_plain = figure.exactness is Exactness.EXACT and figure.status is not CellStatus.FLAGGED
    if figure.value is None or not is_plain:
        return
    sums = _sums(statement, cells)
    if not sums or any(total == figure.value for _, total in sums):
        return
    members, total = sums[0]
    terms = " + ".join(labels[c.slot] for c in members if c.reading.value or len(members) == 1)
    sentence = figure.sentence
    if len(sentence) > _LONGEST:
        sentence = f"{sentence[:_LONGEST]}…"
    yield Finding(
        relation=text_relation(figure.key, figure.scope),
        verdict=Verdict.UNDECIDED,
        message=f"正文“{sentence}” {figure.printed} ≠ {total} = {terms or '0'}",
        cells=tuple(cell.slot for cell in members),
        expected=figure.value,
        found=total,
    )


def _total(cells: Sequence[Cell]) -> Decimal | None:
    """What cells add up to; None if one is unknown, or none has a number."""
    values = []
    for cell in cells:
        if cell.reading.value is not None:
            values.append(cell.reading.value)
        elif cell.reading.state not in _NOTHING:
            return None
    return sum(values, Decimal(0)) if values else None
