"""Candidates and relations to one reading a slot, and a finding for every relation that is broken.

In this first form the best anchored candidate of a slot is its reading, and the relations only
judge: nothing that was read is ever changed because of a sum. A value that sums imply is offered as
an alternative with its source said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from extractor.schema import Layout, Relation, Schema
from extractor.types import (
    Alternative,
    Candidate,
    Decoded,
    Finding,
    State,
    TableReading,
    Verdict,
)

_CERTAIN_ANCHOR = 0.9
_NOTHING = (State.BLANK, State.DASH)


def decode(readings: Sequence[TableReading], schema: Schema) -> tuple[Decoded, ...]:
    """Choose a reading for every slot and check the relations of every table that is present."""
    return tuple(_decode(reading, schema) for reading in readings)


def _decode(reading: TableReading, schema: Schema) -> Decoded:
    layout = schema.layout(reading.table, reading.layout)
    chosen = {slot: candidates[0] for slot, candidates in reading.candidates.items() if candidates}
    values = {slot: _number(candidate) for slot, candidate in chosen.items()}
    broken = [r for r in layout.relations if _sums(r, values, chosen) not in (None, True)]
    implied = _implied(layout, values, chosen)
    alternatives = {}
    for slot, candidates in reading.candidates.items():
        others = tuple(
            Alternative(c.reading.value, c.reading.state, c.reading.printed, None, "reader")
            for c in candidates[1:]
        )
        if others:
            alternatives[slot] = others
    for slot, value in implied.items():
        alternatives[slot] = (
            *alternatives.get(slot, ()),
            Alternative(value, State.NUMBER, None, None, "relation"),
        )
    return Decoded(
        reading,
        chosen,
        alternatives,
        tuple(_finding(relation, layout, values, chosen) for relation in broken),
    )


def _number(candidate: Candidate) -> Decimal | None:
    """What a cell adds to a sum: nothing printed adds nothing, words and noise are unknown."""
    if candidate.reading.state is State.NUMBER:
        return candidate.reading.value
    return Decimal(0) if candidate.reading.state in _NOTHING else None


def _sums(
    relation: Relation,
    values: Mapping[str, Decimal | None],
    chosen: Mapping[str, Candidate],
) -> tuple[Decimal, Decimal] | bool | None:
    """Both sides of a broken relation, True if it holds, None if it cannot be judged: where a cell
    is unknown, or where the document states no total."""
    parts = [values.get(slot) for slot in relation.parts]
    total = [values.get(slot) for slot in relation.total]
    if any(value is None for value in (*parts, *total)):
        return None
    if all(chosen[slot].reading.state in _NOTHING for slot in relation.total):
        return None
    expected = sum((value for value in parts if value is not None), Decimal(0))
    found = sum((value for value in total if value is not None), Decimal(0))
    return True if expected == found else (expected, found)


def _finding(
    relation: Relation,
    layout: Layout,
    values: Mapping[str, Decimal | None],
    chosen: Mapping[str, Candidate],
) -> Finding:
    sums = _sums(relation, values, chosen)
    if not isinstance(sums, tuple):
        raise ValueError(f"{relation.id} is not broken")
    expected, found = sums
    certain = all(_is_certain(chosen[slot]) for slot in relation.slots)
    parts = _terms(relation.parts, layout, values)
    totals = _terms(relation.total, layout, values)
    message = f"{parts} = {expected} ≠ {found} = {totals}"
    return Finding(
        relation=relation.id,
        verdict=Verdict.REPORTED if certain else Verdict.UNDECIDED,
        message=message,
        cells=relation.slots,
        expected=expected,
        found=found,
    )


def _terms(slots: Sequence[str], layout: Layout, values: Mapping[str, Decimal | None]) -> str:
    """One side of a relation in the form's own words; parts of zero are left out."""
    names = {slot.id: slot.label for slot in layout.slots}
    terms = [f"{names[slot]} {values[slot]}" for slot in slots if values[slot]]
    return " + ".join(terms) or (f"{names[slots[0]]} 0" if len(slots) == 1 else "0")


def _is_certain(candidate: Candidate) -> bool:
    """Whether the characters stand in the file itself and row and column are beyond doubt. A cell
    on a page in which nothing was found is not: what stood there may have been lost; nor is a value
    that only its meaning put there."""
    return (
        candidate.origin not in ("empty", "meaning")
        and candidate.score >= 1.0
        and min(candidate.row_anchor, candidate.column_anchor) >= _CERTAIN_ANCHOR
        and not candidate.reading.flags
    )


def _implied(
    layout: Layout,
    values: Mapping[str, Decimal | None],
    chosen: Mapping[str, Candidate],
) -> dict[str, Decimal]:
    """Values that the relations imply for cells that are unknown, or that break everything around
    them: at least two relations must agree on the value and none may contradict it."""
    around: dict[str, list[Relation]] = {}
    for relation in layout.relations:
        for slot in relation.slots:
            around.setdefault(slot, []).append(relation)
    result = {}
    for slot, relations in around.items():
        solutions = [_solve(relation, slot, values) for relation in relations]
        known = {solution for solution in solutions if solution is not None}
        if len(known) != 1 or sum(s is not None for s in solutions) < 2:
            continue
        value = known.pop()
        if value >= 0 and value != values.get(slot):
            result[slot] = value
    return {slot: v for slot, v in result.items() if _is_open(slot, chosen, around, values)}


def _solve(relation: Relation, slot: str, values: Mapping[str, Decimal | None]) -> Decimal | None:
    """The value of one slot that makes a relation hold, None if another slot is unknown."""
    rest = Decimal(0)
    sign = Decimal(1)
    for other, side in _sides(relation):
        if other == slot:
            sign = side
            continue
        value = values.get(other)
        if value is None:
            return None
        rest += side * value
    return -rest * sign


def _sides(relation: Relation) -> Iterator[tuple[str, Decimal]]:
    for slot in relation.parts:
        yield slot, Decimal(1)
    for slot in relation.total:
        yield slot, Decimal(-1)


def _is_open(
    slot: str,
    chosen: Mapping[str, Candidate],
    around: Mapping[str, Sequence[Relation]],
    values: Mapping[str, Decimal | None],
) -> bool:
    """Whether a slot is unknown, or every relation that can be judged around it is broken."""
    if slot not in chosen or values.get(slot) is None:
        return True
    judged = [_sums(relation, values, chosen) for relation in around[slot]]
    return all(sums is not True for sums in judged)
