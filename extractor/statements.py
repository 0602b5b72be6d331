"""What the text says beside what the tables say: one finding for every figure that they contradict.

A report may count otherwise in its text: withdrawn applications, this office or the whole
district. So a difference is something to look at, and never proves an error: its verdict is
`undecided`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from extractor.schema import Schema, text_relation
from extractor.types import CellStatus, Exactness, Figure, Finding, Reading, State, Table, Verdict

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
    readings = _readings(tables)
    labels = schema.labels
    said = Counter((figure.key, figure.scope) for figure in figures)
    return tuple(
        found
        for figure in figures
        if said[figure.key, figure.scope] == 1 and figure.status is not CellStatus.FLAGGED
        for found in _contradictions(figure, readings, schema, labels)
    )


def agreements(
    figures: Sequence[Figure], tables: Sequence[Table], schema: Schema
) -> list[bool | None]:
    """Whether the tables state the same as each figure; None where they say nothing of it, or it is
    not exact."""
    readings = _readings(tables)
    compared = (compare(figure, readings, schema) for figure in figures)
    return [None if found is None else found.is_same for found in compared]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the tables say of a figure: the sum of these cells, as far as the table has them."""

    cells: tuple[str, ...]
    total: Decimal
    is_same: bool


def compare(figure: Figure, readings: Mapping[str, Reading], schema: Schema) -> Comparison | None:
    """Compare a figure with the sum of the schema that says the same, else with the first one that
    can be told; None where the tables say nothing of it, or it is not exact.

    Args:
        figure: of the text.
        readings: what the cells of the tables say, by slot.
        schema: the form.
    """
    if figure.value is None or figure.exactness is not Exactness.EXACT:
        return None
    sums = [
        Comparison(members, total, total == figure.value)
        for statement in schema.statements
        if statement.figure == figure.key and figure.scope in statement.scopes
        for slots in statement.sums
        if (members := tuple(slot for slot in slots if slot in readings))
        and (total := _total([readings[slot] for slot in members])) is not None
    ]
    return next((one for one in sums if one.is_same), next(iter(sums), None))


def _readings(tables: Sequence[Table]) -> Mapping[str, Reading]:
    return {cell.slot: cell.reading for table in tables for cell in table.cells}


def _contradictions(
    figure: Figure, readings: Mapping[str, Reading], schema: Schema, labels: Mapping[str, str]
) -> Iterator[Finding]:
    found = compare(figure, readings, schema)
    if found is None or found.is_same:
        return
    slots = found.cells
    terms = " + ".join(labels[slot] for slot in slots if readings[slot].value or len(slots) == 1)
    sentence = figure.sentence
    if len(sentence) > _LONGEST:
        sentence = f"{sentence[:_LONGEST]}…"
    yield Finding(
        relation=text_relation(figure.key, figure.scope),
        verdict=Verdict.UNDECIDED,
        message=f"正文“{sentence}” {figure.printed} ≠ {found.total} = {terms or '0'}",
        cells=slots,
        expected=figure.value,
        found=found.total,
    )


def _total(readings: Sequence[Reading]) -> Decimal | None:
    """What cells add up to; None if one is unknown, or none has a number."""
    values = []
    for reading in readings:
        if reading.value is not None:
            values.append(reading.value)
        elif reading.state not in _NOTHING:
            return None
    return sum(values, Decimal(0)) if values else None
