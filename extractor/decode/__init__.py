"""Candidates and relations to one reading a slot, with a verdict on every relation that is broken.

A table is one code word: its sums tell which cells can be wrong and what would be right there.
Where everything adds up, it is as it was read. Where it does not, all explanations compete by their
probability (`options`): a reader's second reading, a misreading that no reader thought of, an error
of the report itself, a sum that the report does not keep. `solver` finds the likeliest for the
table as a whole.

What the document says is never computed: another reading of the print may be taken instead of the
first, and is flagged; a value that only a sum implies is an alternative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from extractor.decode.explain import Explanation, explain, holds
from extractor.decode.options import LAST_YEAR, implied_by, number
from extractor.decode.places import in_question, shared_print
from extractor.decode.verdicts import finding
from extractor.schema import LAST, Layout, Relation, Schema
from extractor.types import (
    Alternative,
    Candidate,
    Decoded,
    Evidence,
    Reading,
    State,
    TableReading,
)

_REPAIRED = "repaired"


def decode(
    readings: Sequence[TableReading],
    schema: Schema,
    last_year: Mapping[str, Decimal] | None = None,
    *,
    is_joint: bool = True,
) -> tuple[Decoded, ...]:
    """Choose a reading for every slot and judge the relations of every table that is present.

    Args:
        readings: candidates by slot, the one that the readers prefer first.
        schema: the form.
        last_year: what last year's report of the same body states, by slot. A relation with it is
            evidence like any other, and cheaper to let go.
        is_joint: whether broken relations are explained; else they only put their cells in doubt.
    """
    return tuple(
        _decode(one, schema.layout(one.table, one.layout), last_year or {}, is_joint)
        for one in readings
    )


def _decode(
    reading: TableReading, layout: Layout, last_year: Mapping[str, Decimal], is_joint: bool
) -> Decoded:
    reading = shared_print(reading)
    candidates = dict(reading.candidates)
    for slot, value in last_year.items():
        stated = Reading(str(value), State.NUMBER, value)
        there = Candidate(LAST + slot, stated, 1.0, 1.0, 1.0, Evidence(), LAST_YEAR)
        candidates[there.slot] = (there,)
    relations = (
        *layout.relations,
        *(r for r in layout.years if all(s in candidates for s in r.slots if s.startswith(LAST))),
    )
    first = {slot: c[0] for slot, c in candidates.items() if c}
    values = {slot: number(candidate) for slot, candidate in first.items()}
    broken = [r for r in relations if holds(r, first) is False]
    told = explain(candidates, relations, broken) if broken and is_joint else Explanation()
    chosen = {
        slot: _repaired(told.taken[slot]) if slot in told.taken else candidate
        for slot, candidate in first.items()
        if slot in reading.candidates
    }
    implied = _implied_for_unknown(relations, values) | dict(told.values)
    doubted = {slot for r in broken if r.id not in told.cleared for slot in r.slots}
    state = {r.id: holds(r, chosen) for r in layout.relations}
    findings = tuple(finding(r, layout, values, told.verdicts.get(r.id)) for r in broken)
    return Decoded(
        reading,
        chosen,
        _alternatives(reading, chosen, implied),
        findings,
        frozenset((doubted | told.located) & set(reading.candidates)),
        in_question(findings, layout.relations, chosen),
        frozenset(name for name, is_kept in state.items() if is_kept),
        frozenset(name for name, is_kept in state.items() if is_kept is False),
    )


def _repaired(candidate: Candidate) -> Candidate:
    flags = tuple(sorted({*candidate.reading.flags, _REPAIRED}))
    return replace(candidate, reading=replace(candidate.reading, flags=flags))


def _implied_for_unknown(
    relations: Sequence[Relation], values: Mapping[str, Decimal | None]
) -> dict[str, Decimal]:
    """Values of unknown cells on which at least two relations agree and none disagrees."""
    found: dict[str, list[Decimal]] = {}
    for relation in relations:
        for slot in relation.slots:
            if values.get(slot) is None:
                value = implied_by(relation, slot, values)
                if value is not None:
                    found.setdefault(slot, []).append(value)
    return {
        slot: said[0]
        for slot, said in found.items()
        if len(said) > 1 and len(set(said)) == 1 and said[0] >= 0
    }


def _alternatives(
    reading: TableReading,
    chosen: Mapping[str, Candidate],
    implied: Mapping[str, Decimal],
) -> dict[str, tuple[Alternative, ...]]:
    """What else each slot could be, first what the sums imply: a person settles a broken sum by it,
    or by the report's own error."""
    found: dict[str, tuple[Alternative, ...]] = {}
    for slot in {**reading.candidates, **implied}:
        taken = chosen[slot].reading if slot in chosen else None
        others = [
            Alternative(c.reading.value, c.reading.state, c.reading.printed, None, "reader")
            for c in reading.candidates.get(slot, ())
            if taken is None or (c.reading.state, c.reading.value) != (taken.state, taken.value)
        ]
        value = implied.get(slot)
        if value is not None and (taken is None or taken.value != value):
            others = [replace(other, is_implied=other.value == value) for other in others]
            if not any(other.is_implied for other in others):
                others.append(Alternative(value, State.NUMBER, None, None, "relation", True))
            others.sort(key=lambda other: not other.is_implied)
        if others:
            found[slot] = tuple(others)
    return found
