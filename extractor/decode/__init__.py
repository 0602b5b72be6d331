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

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial

from extractor.decode.options import (
    LAST_YEAR,
    NOTHING,
    Option,
    Source,
    implied_by,
    number,
    options,
    price,
)
from extractor.decode.solver import Grid
from extractor.decode.verdicts import CLEAR, finding, verdict
from extractor.schema import LAST, Layout, Relation, Schema
from extractor.types import (
    Alternative,
    Candidate,
    Decoded,
    Evidence,
    Reading,
    State,
    TableReading,
    Verdict,
)

_EARNED = 2.0
"""Nats by which an explanation must be better than every one that leaves a cell as it was read."""
_REPAIRED = "repaired"
_MOST_BROKEN = 12
"""Of a table with more broken relations nothing is explained: it was not understood."""


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
    broken = [r for r in relations if is_broken(r, values, first)]
    implied = _implied_for_unknown(relations, values)
    if not broken:
        chosen = _of(reading, first)
        return Decoded(reading, chosen, _alternatives(reading, chosen, implied), ())
    given = _options(candidates, relations, broken, values)
    # What letting go of all sums costs is enough for any explanation.
    grid = Grid(given, relations, sum(map(price, broken)) + CLEAR)
    is_clear = is_joint and len(broken) <= _MOST_BROKEN
    changed = _explained(grid, given) if is_clear else {}
    read = {slot: c for slot, option in changed.items() if (c := option.candidate) is not None}
    chosen = _of(reading, first | {slot: _repaired(c) for slot, c in read.items()})
    implied |= {
        slot: option.value
        for slot, option in changed.items()
        if option.candidate is None and option.value is not None
    }
    doubted: set[str] = set()
    for relation in broken:
        located = changed.keys() & set(relation.slots)
        doubted |= located or set(relation.slots)
    return Decoded(
        reading,
        chosen,
        _alternatives(reading, chosen, implied),
        tuple(
            finding(
                relation,
                layout,
                values,
                verdict(relation, grid, given, first) if is_clear else Verdict.UNDECIDED,
            )
            for relation in broken
        ),
        frozenset(doubted & set(reading.candidates)),
    )


def _of(reading: TableReading, chosen: Mapping[str, Candidate]) -> dict[str, Candidate]:
    """Those of the table itself."""
    return {slot: candidate for slot, candidate in chosen.items() if slot in reading.candidates}


def is_broken(
    relation: Relation,
    values: Mapping[str, Decimal | None],
    chosen: Mapping[str, Candidate],
) -> bool:
    """Whether a relation can be judged and does not hold: all its cells are known, and the document
    states a total."""
    known = [values.get(slot) for slot in relation.slots]
    if any(value is None for value in known):
        return False
    if all(chosen[slot].reading.state in NOTHING for slot in relation.total):
        return False
    return sum((values[s] or Decimal(0) for s in relation.parts), Decimal(0)) != sum(
        (values[s] or Decimal(0) for s in relation.total), Decimal(0)
    )


def _options(
    candidates: Mapping[str, Sequence[Candidate]],
    relations: Sequence[Relation],
    broken: Sequence[Relation],
    values: Mapping[str, Decimal | None],
) -> dict[str, tuple[Option, ...]]:
    """The options of every slot that a relation is about.

    A slot that no broken relation is about stays as it was read. One whose relations mostly hold
    may be another reading, and no more: any other value would break what holds.
    """
    implied: dict[str, list[Decimal]] = {}
    for relation in broken:
        for slot in relation.slots:
            value = implied_by(relation, slot, values)
            if value is not None:
                implied.setdefault(slot, []).append(value)
    judged = Counter(
        slot
        for relation in relations
        if all(values.get(slot) is not None for slot in relation.slots)
        for slot in relation.slots
    )
    disputed = Counter(slot for relation in broken for slot in relation.slots)
    found = {}
    for slot in sorted({slot for relation in relations for slot in relation.slots}):
        given = options(candidates.get(slot, ()), implied.get(slot, ()))
        if not disputed[slot]:
            given = given[:1]
        elif disputed[slot] < min(2, judged[slot]):
            given = tuple(option for option in given if option.source is Source.READ)
        found[slot] = given
    return found


def _explained(grid: Grid, given: Mapping[str, Sequence[Option]]) -> dict[str, Option]:
    """The cells that are other than they were read first in the likeliest explanation, each with
    its value; only where every explanation without this is clearly less likely."""
    best = grid.solve()
    if best is None:
        return {}
    found = {}
    for slot, place in best.picks.items():
        option = given[slot][place]
        if place == 0 or option.is_unknown:
            continue
        other = grid.solve(partial(_stays, slot))
        if other is None or other.cost - best.cost >= _EARNED:
            found[slot] = replace(option, value=best.values[slot])
    return found


def _stays(slot: str, other: str, place: int) -> bool:
    return other != slot or place == 0


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
    """What else each slot could be. What the sums imply stands first: a person settles a broken sum
    by it, or by the report's own error."""
    found: dict[str, tuple[Alternative, ...]] = {}
    for slot, value in implied.items():
        found[slot] = (Alternative(value, State.NUMBER, None, None, "relation"),)
    for slot, candidates in reading.candidates.items():
        taken = chosen[slot].reading if slot in chosen else None
        others = tuple(
            Alternative(c.reading.value, c.reading.state, c.reading.printed, None, "reader")
            for c in candidates
            if taken is None or (c.reading.state, c.reading.value) != (taken.state, taken.value)
        )
        if others:
            found[slot] = (*found.get(slot, ()), *others)
    return found
