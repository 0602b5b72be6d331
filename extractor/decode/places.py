"""Cells that may hold what belongs elsewhere: by their print, and by the sums that do not hold. An
error of the report's own leaves its cells known, numbers that stand in wrong places do not.

Sums tell the two apart. One number that is wrong breaks the sums that cross in its cell. Numbers
that are permuted along a row break the sums of columns, in such a way that each broken column
wants a number that another one has; and the same the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from extractor.decode.explain import holds
from extractor.decode.options import PERSON, implied_by, number
from extractor.schema import Relation
from extractor.types import Candidate, Finding, TableReading, Verdict

SHARED = "shared_print"
_SAME_PLACE = 0.001
"""As a share of the page."""


def shared_print(reading: TableReading) -> TableReading:
    """The table with a doubt on every reading whose print was taken for another cell, too: one of
    the two cells was not read, and both are where they are by the same lines."""
    taken: dict[tuple[int | None, ...], list[str]] = {}
    for slot, candidates in reading.candidates.items():
        first = candidates[0] if candidates else None
        box = None if first is None else first.evidence.box
        if first is None or box is None or not first.reading.printed.strip():
            continue
        corners = (round(corner / _SAME_PLACE) for corner in (box.x0, box.y0, box.x1, box.y1))
        taken.setdefault((first.evidence.page, *corners), []).append(slot)
    found = dict(reading.candidates)
    for slots in taken.values():
        for slot in slots if len(slots) > 1 else ():
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
        None of them where the report itself is to blame for every broken sum and one cell is
        wrong, or one sum alone and no exchange within it would repair it; the cells that may have
        been moved where a permutation along one line repairs all; else all cells of the findings.
    """
    every = frozenset(slot for finding in findings for slot in finding.cells)
    known = {relation.id: relation for relation in relations}
    if any(f.verdict is not Verdict.REPORTED or f.relation not in known for f in findings):
        return every
    broken = [known[finding.relation] for finding in findings]
    if len(broken) > 1 and set.intersection(*(set(relation.slots) for relation in broken)):
        return frozenset()
    if len(broken) == 1:
        return every if _is_exchanged(broken[0], relations, chosen) else frozenset()
    moved = {slot for cells in _permuted(broken, relations, chosen) for slot in cells}
    return frozenset(moved) or every


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


def _is_exchanged(
    relation: Relation, relations: Sequence[Relation], chosen: Mapping[str, Candidate]
) -> bool:
    """Whether two numbers of a sum, or all of them by one place, could have been moved within it so
    that it holds again and nothing else breaks."""
    slots = [slot for slot in chosen if slot in relation.slots]
    orders = [[*slots[1:], slots[0]], [slots[-1], *slots[:-1]]]
    for total in relation.total:
        for part in relation.parts:
            other = {total: part, part: total}
            orders.append([other.get(slot, slot) for slot in slots])
    for order in orders:
        placed = {**chosen, **{to: chosen[at] for to, at in zip(slots, order, strict=True)}}
        if _are_kept(relations, slots, placed):
            return True
    return False


def _are_kept(
    relations: Sequence[Relation],
    moved: Sequence[str] | Mapping[str, Decimal],
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
