"""Cells that may hold what belongs elsewhere: by their print, and by the sums that do not hold. An
error of the report's own leaves its cells known, numbers that stand in wrong places do not.

Sums tell the two apart. One number that is wrong breaks the sums that cross in its cell. Numbers
that are permuted along a row break the sums of columns, in such a way that each broken column
wants a number that another one has; and the same the other way round.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from extractor.decode.explain import holds
from extractor.decode.options import PERSON, implied_by, number
from extractor.one_print import SHARED, sharing
from extractor.schema import Relation
from extractor.types import Candidate, Finding, Reading, State, TableReading, Verdict

_AGREED = 0.99
"""The less sure one of two readers that agree."""


def shared_print(reading: TableReading) -> TableReading:
    """The table with a doubt on every reading whose print was taken for another cell, too, alone or
    as part of what was looked at for that one: one of the two cells was not read, and both are
    where they are by the same lines."""
    found = dict(reading.candidates)
    for slot in sharing(candidates[0] for candidates in found.values() if candidates):
        first, *others = found[slot]
        if first.origin != PERSON:
            flags = tuple(sorted({*first.reading.flags, SHARED}))
            first = replace(first, reading=replace(first.reading, flags=flags))
            found[slot] = (first, *others)
    return replace(reading, candidates=found)


def in_question(
    findings: Sequence[Finding], relations: Sequence[Relation], chosen: Mapping[str, Candidate]
) -> frozenset[str]:
    """The slots of broken sums that may hold what belongs elsewhere, or that were misread.

    Args:
        findings: of one table.
        relations: of the form, in this table.
        chosen: what was read, by slot.

    Returns:
        None of them where the report itself is to blame for every broken sum and either one number
        in one cell would keep all of them, or one sum alone is broken and no number that is moved
        along a row or a column would keep it; the cells that may have been moved where numbers in
        another order along one line keep all sums; else all cells of the findings. Only characters
        of a file, and numbers on which two readers agree, are known so well.
    """
    every = frozenset(slot for finding in findings for slot in finding.cells)
    if not every:
        return every
    known = {relation.id: relation for relation in relations}
    if any(f.verdict is not Verdict.REPORTED or f.relation not in known for f in findings):
        return every
    if not all(slot in chosen and _is_known(chosen[slot]) for slot in every):
        return every
    broken = [known[finding.relation] for finding in findings]
    if len(broken) == 1:
        return every if _is_moved(broken[0], relations, chosen) else frozenset()
    if _is_one_number(broken, relations, chosen):
        return frozenset()
    moved = {slot for cells in _permuted(broken, relations, chosen) for slot in cells}
    return frozenset(moved) or every


def _is_known(candidate: Candidate) -> bool:
    return candidate.score >= 1.0 or candidate.agreement >= _AGREED


def _is_one_number(
    broken: Sequence[Relation], relations: Sequence[Relation], chosen: Mapping[str, Candidate]
) -> bool:
    """Whether one number in one cell keeps all broken sums, and every other that it is part of. All
    of these must have been judged: one that was not may have been the one to break."""
    values = {slot: number(candidate) for slot, candidate in chosen.items()}
    for slot in set.intersection(*(set(relation.slots) for relation in broken)):
        wanted = {implied_by(relation, slot, values) for relation in broken}
        value = wanted.pop()
        if wanted or value is None:
            continue
        if any(holds(one, chosen) is None for one in relations if slot in one.slots):
            continue
        reading = Reading(str(value), State.NUMBER, value)
        if _are_kept(relations, [slot], {**chosen, slot: replace(chosen[slot], reading=reading)}):
            return True
    return False


def _permuted(
    broken: Sequence[Relation], relations: Sequence[Relation], chosen: Mapping[str, Candidate]
) -> Iterator[list[str]]:
    """Cells of one row, or of one column, whose numbers in another order would keep all sums."""
    values = {slot: number(candidate) for slot, candidate in chosen.items()}
    for line in _lines(chosen):
        wanted: dict[str, Decimal] = {}
        for relation in broken:
            crossing = [slot for slot in dict.fromkeys(relation.slots) if slot in line]
            if len(crossing) > 1:
                continue  # the line's own sum; it is looked at when all is in its place
            value = implied_by(relation, crossing[0], values) if crossing else None
            if value is None or wanted.setdefault(crossing[0], value) != value:
                break
        else:
            here = sorted(values[slot] or Decimal(0) for slot in wanted)
            if len(wanted) > 1 and sorted(wanted.values()) == here:
                placed = dict(chosen)
                for slot, value in wanted.items():
                    at = next(s for s in wanted if (values[s] or Decimal(0)) == value)
                    placed[slot] = chosen[at]
                if _are_kept(relations, wanted, placed):
                    yield list(wanted)


def _is_moved(
    relation: Relation, relations: Sequence[Relation], chosen: Mapping[str, Candidate]
) -> bool:
    """Whether a number of a broken sum may stand in a wrong place: two cells of a row or column
    exchanged, or all cells of the sum moved by one, would keep it and break nothing else. What
    crosses it must have been judged: a sum that is not says nothing of what was moved there."""
    inside = set(relation.slots)
    touching = [one for one in relations if not inside.isdisjoint(one.slots)]
    if any(holds(one, chosen) is None for one in touching):
        return True
    slots = [slot for slot in chosen if slot in inside]
    if len(touching) == 1 and _may_have_lost_its_end([chosen[slot] for slot in slots]):
        return True
    empty = replace(chosen[slots[0]], reading=Reading("0", State.NUMBER, Decimal(0)))
    there = {slot: chosen[slot] for slot in slots}
    orders = [
        [there[slots[-1]], *(there[slot] for slot in slots[:-1])],
        [*(there[slot] for slot in slots[1:]), there[slots[0]]],
        [empty, *(there[slot] for slot in slots[:-1])],
        [*(there[slot] for slot in slots[1:]), empty],
    ]
    moves = [dict(zip(slots, order, strict=True)) for order in orders]
    moves += [
        {slot: chosen[other], other: chosen[slot]}
        for line in _lines(chosen)
        for slot in line & inside
        for other in line
        if other != slot and number(chosen[other]) != number(chosen[slot])
    ]
    return any(_are_kept(relations, list(move), {**chosen, **move}) for move in moves)


def _may_have_lost_its_end(row: Sequence[Candidate]) -> bool:
    """Whether a row with its total last, which no other sum crosses, may stand one cell to the
    right without its total, or one to the left without its first number: any would fit there."""
    first, *middle, last_part, total = (number(candidate) or Decimal(0) for candidate in row)
    return first == 0 or (total == 0 and last_part >= first + sum(middle))


def _are_kept(
    relations: Sequence[Relation],
    moved: Collection[str],
    placed: Mapping[str, Candidate],
) -> bool:
    touched = [relation for relation in relations if not set(moved).isdisjoint(relation.slots)]
    return all(holds(relation, placed) is not False for relation in touched)


def _lines(slots: Mapping[str, Candidate]) -> list[set[str]]:
    """The slots of every row and of every column."""
    rows: dict[str, set[str]] = {}
    columns: dict[str, set[str]] = {}
    for slot in slots:
        _, row, column = slot.split(".")
        rows.setdefault(row, set()).add(slot)
        columns.setdefault(column, set()).add(slot)
    return [*rows.values(), *columns.values()]
