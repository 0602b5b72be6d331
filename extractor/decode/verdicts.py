"""Who is to blame for a broken relation: we misread it, or the report does not add up.

Both kinds of explanation are priced as a whole: the cheapest one in which every cell of the
relation is as the report states it, and the cheapest one in which the report keeps the relation and
something was misread. Only a clear difference is a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from extractor.decode.options import PERSON, Option, Source
from extractor.decode.solver import Grid
from extractor.schema import LAST, Layout, Relation
from extractor.types import Candidate, Finding, Verdict

CLEAR = 3.0
"""Nats between two explanations: one is twenty times as likely."""
_CERTAIN_SCORE = 0.9
_CERTAIN_ANCHOR = 0.9


def verdict(
    relation: Relation,
    grid: Grid,
    options: Mapping[str, Sequence[Option]],
    read: Mapping[str, Candidate],
) -> Verdict:
    """Judge a relation that does not hold for what was read first.

    The report is blamed only if row, column and characters of every cell are beyond doubt, and
    never for what another report states.

    Raises:
        TooHard: the work is used up.
    """
    inside = set(relation.slots)

    def as_printed(slot: str, place: int) -> bool:
        return slot not in inside or place == 0 or _source(slot, place) is Source.REPORTED

    def as_meant(slot: str, place: int) -> bool:
        return slot not in inside or _source(slot, place) is not Source.REPORTED

    def _source(slot: str, place: int) -> Source:
        return options[slot][place].source

    reported = grid.solve(as_printed)
    misread = grid.solve(as_meant, frozenset({relation.id}))
    if reported is None:
        return Verdict.UNDECIDED
    if misread is None or misread.cost - reported.cost > CLEAR:
        are_certain = all(
            _is_certain(read[slot]) and not slot.startswith(LAST) for slot in relation.slots
        )
        return Verdict.REPORTED if are_certain else Verdict.UNDECIDED
    return Verdict.MISREAD if reported.cost - misread.cost > CLEAR else Verdict.UNDECIDED


def _is_certain(candidate: Candidate) -> bool:
    """What only its meaning put into a slot never is; what a person has seen always is."""
    return candidate.origin == PERSON or (
        candidate.origin != "meaning"
        and candidate.score >= _CERTAIN_SCORE
        and min(candidate.row_anchor, candidate.column_anchor) >= _CERTAIN_ANCHOR
        and not candidate.reading.flags
    )


def finding(
    relation: Relation,
    layout: Layout,
    values: Mapping[str, Decimal | None],
    judged: Verdict | None,
) -> Finding:
    """The finding of a broken relation, with both numbers as they were read first and in the form's
    own words; without a verdict it is undecided.

    Raises:
        ValueError: a cell is unknown.
    """
    known = {slot: value for slot in relation.slots if (value := values.get(slot)) is not None}
    if len(known) < len(set(relation.slots)):
        raise ValueError(f"{relation.id} cannot be judged")
    expected = sum((known[slot] for slot in relation.parts), Decimal(0))
    found = sum((known[slot] for slot in relation.total), Decimal(0))
    parts = _terms(relation.parts, layout, known)
    totals = _terms(relation.total, layout, known)
    return Finding(
        relation=relation.id,
        verdict=judged or Verdict.UNDECIDED,
        message=f"{parts} = {expected} ≠ {found} = {totals}",
        cells=tuple(slot for slot in relation.slots if not slot.startswith(LAST)),
        expected=expected,
        found=found,
    )


def _terms(slots: Sequence[str], layout: Layout, values: Mapping[str, Decimal]) -> str:
    """One side of a relation in the form's own words; parts of zero are left out."""
    names = {slot.id: slot.label for slot in layout.slots}
    names |= {LAST + slot: f"上年报告：{label}" for slot, label in names.items()}
    terms = [f"{names[slot]} {values[slot]}" for slot in slots if values[slot]]
    return " + ".join(terms) or (f"{names[slots[0]]} 0" if len(slots) == 1 else "0")
