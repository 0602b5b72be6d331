"""The likeliest explanation of a table that does not add up, and what may be made of it.

What is taken from it is less than what it says. A second reading replaces the first only where two
broken sums cross in its cell; the other cells of a sum are beyond doubt only where every rival
explanation is a thousand times less likely, since a cell that is cleared is seen by nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from math import inf

from extractor.decode.options import (
    NOTHING,
    Option,
    Source,
    implied_by,
    number,
    options,
    price,
)
from extractor.decode.solver import Grid, TooHard
from extractor.decode.verdicts import CLEAR, verdict
from extractor.schema import LAST, Relation
from extractor.types import Candidate, Verdict

_EARNED = 2.0
"""Nats by which an explanation must be better than every one that leaves a cell as it was read."""
_CLEARED = 7.6
"""The same for the other cells of its sums not to be doubted: one in two thousand."""
_CROSSING = 2
_MOST_BROKEN = 12
"""Of a table with more broken relations nothing is explained: it was not understood."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Second readings that are taken; the values that would add up, by slot; where something is
    wrong; ids of relations whose other cells are not in doubt; verdicts by relation. All are empty
    where nothing can be explained."""

    taken: Mapping[str, Candidate] = field(default_factory=dict)
    values: Mapping[str, Decimal] = field(default_factory=dict)
    located: frozenset[str] = frozenset()
    cleared: frozenset[str] = frozenset()
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)


def holds(relation: Relation, chosen: Mapping[str, Candidate]) -> bool | None:
    """Whether a relation holds; None if it cannot be judged: a cell is unknown or not there, or the
    document states no total."""
    if any(slot not in chosen for slot in relation.slots):
        return None
    values = {slot: number(chosen[slot]) for slot in relation.slots}
    if any(value is None for value in values.values()):
        return None
    if all(chosen[slot].reading.state in NOTHING for slot in relation.total):
        return None
    parts, total = (
        sum((values[slot] or Decimal(0) for slot in side), Decimal(0))
        for side in (relation.parts, relation.total)
    )
    return parts == total


def explain(
    candidates: Mapping[str, Sequence[Candidate]],
    relations: Sequence[Relation],
    broken: Sequence[Relation],
) -> Explanation:
    """Explain the broken relations of a table, at least one.

    Args:
        candidates: of every slot, the one that the readers prefer first.
        relations: all of the table.
        broken: those that do not hold for what was read first.
    """
    if len(broken) > _MOST_BROKEN:
        return Explanation()
    first = {slot: c[0] for slot, c in candidates.items() if c}
    given = _options(candidates, relations, broken, first)
    try:
        # What letting go of all sums costs is enough for any explanation.
        grid = Grid(given, relations, sum(map(price, broken)) + CLEAR)
        return _explained(grid, given, broken, first)
    except TooHard:
        return Explanation()


def _explained(
    grid: Grid,
    given: Mapping[str, Sequence[Option]],
    broken: Sequence[Relation],
    first: Mapping[str, Candidate],
) -> Explanation:
    best = grid.solve()
    verdicts = {relation.id: verdict(relation, grid, given, first) for relation in broken}
    if best is None or best.broken - {relation.id for relation in broken}:
        return Explanation(verdicts=verdicts)
    crossing = Counter(slot for relation in broken for slot in relation.slots)
    margins: dict[str, float] = {}
    for slot, place in best.picks.items():
        if place:
            rival = grid.solve(partial(_stays, slot))
            margins[slot] = inf if rival is None else rival.cost - best.cost
    located = {slot for slot, margin in margins.items() if margin >= _EARNED}
    sure = {s for s, m in margins.items() if m >= _CLEARED and crossing[s] >= _CROSSING}
    options_of = {slot: given[slot][best.picks[slot]] for slot in located}
    return Explanation(
        taken={
            slot: option.candidate
            for slot, option in options_of.items()
            if option.candidate is not None and crossing[slot] >= _CROSSING
        },
        values={s: value for s in located if (value := best.values[s]) is not None},
        located=frozenset(located),
        cleared=frozenset(
            relation.id
            for relation in broken
            if relation.id not in best.broken
            and (changed := margins.keys() & set(relation.slots))
            and changed <= sure
        ),
        verdicts=verdicts,
    )


def _stays(slot: str, other: str, place: int) -> bool:
    return other != slot or place == 0


def _options(
    candidates: Mapping[str, Sequence[Candidate]],
    relations: Sequence[Relation],
    broken: Sequence[Relation],
    first: Mapping[str, Candidate],
) -> dict[str, tuple[Option, ...]]:
    """The options of every slot that a relation is about.

    A slot that no broken relation is about stays as it was read. One whose relations mostly hold
    may be another reading, and no more: any other value would break what holds. Other readings that
    no broken relation asks for are left out.
    """
    values = {slot: number(candidate) for slot, candidate in first.items()}
    implied: dict[str, list[Decimal]] = {}
    for relation in broken:
        for slot in relation.slots:
            value = implied_by(relation, slot, values)
            if value is not None:
                implied.setdefault(slot, []).append(value)
    judged = Counter(
        slot
        for relation in relations
        if holds(relation, first) is not None
        for slot in relation.slots
    )
    disputed = Counter(slot for relation in broken for slot in relation.slots)
    found = {}
    for slot in sorted({slot for relation in relations for slot in relation.slots}):
        given = options(candidates.get(slot, ()), implied.get(slot, ()))
        if not disputed[slot] or slot.startswith(LAST):
            given = given[:1]
        elif disputed[slot] < min(_CROSSING, judged[slot]):
            given = tuple(option for option in given if option.source is Source.READ)
        found[slot] = given
    return found
