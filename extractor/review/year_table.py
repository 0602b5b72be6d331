"""What a body's reports of several years state, in; the same side by side, out: with what changed
from year to year, and where a report does not go on from the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from extractor.review.slot_words import slots_in_order, total_slots, year_relations
from extractor.schema import LAST, Layout, Relation
from extractor.service.value_tables import CellRow
from extractor.types import State

Cells = Mapping[str, CellRow]
"""Of one report, by slot."""

_NOTHING = (State.BLANK, State.DASH)


@dataclass(frozen=True, slots=True)
class YearPlace:
    """A cell in one year; `cell` is None where there is no such report, or its form has no such
    cell. `change` is that of its number since the year before, None where one of the two is none.
    `gap` is what is printed less what follows from the year before, None where that fits or cannot
    be told."""

    year: int
    cell: CellRow | None
    change: Decimal | None
    gap: Decimal | None


@dataclass(frozen=True, slots=True)
class YearRow:
    slot: str
    places: Sequence[YearPlace]


def year_table(
    layouts: Sequence[Layout], reports: Mapping[int, Cells], *, only_totals: bool
) -> Sequence[YearRow]:
    """One table of the form over the years, in order.

    Args:
        layouts: all of the table.
        reports: the cells of one report a year.
        only_totals: leave out what a total of the table sums up.
    """
    years = sorted(reports)
    wanted = total_slots(layouts) if only_totals else None
    gaps = {year: _gaps(layouts, reports.get(year - 1), reports[year]) for year in years}
    rows = []
    for slot in slots_in_order(layouts):
        if wanted is not None and slot not in wanted:
            continue
        if all(slot not in reports[year] for year in years):
            continue
        places = []
        for year in years:
            cell, last = reports[year].get(slot), reports.get(year - 1, {}).get(slot)
            places.append(YearPlace(year, cell, _change(last, cell), gaps[year].get(slot)))
        rows.append(YearRow(slot, places))
    return rows


def _change(last: CellRow | None, now: CellRow | None) -> Decimal | None:
    if last is None or now is None or last.value is None or now.value is None:
        return None
    return Decimal(now.value) - Decimal(last.value)


def _gaps(layouts: Sequence[Layout], last: Cells | None, now: Cells) -> dict[str, Decimal]:
    """What the relations of a report with the one of the year before miss, by their totals."""
    found: dict[str, Decimal] = {}
    for relation in year_relations(layouts) if last is not None else ():
        gap = _gap(relation, last or {}, now)
        if gap:
            found |= dict.fromkeys(relation.total, gap)
    return found


def _gap(relation: Relation, last: Cells, now: Cells) -> Decimal | None:
    """What the totals are more than the parts; None if that cannot be told: a cell is unknown, or
    no total is printed."""

    def value(slot: str) -> Decimal | None:
        is_last = slot.startswith(LAST)
        cell = last.get(slot.removeprefix(LAST)) if is_last else now.get(slot)
        if cell is not None and cell.value is not None:
            return Decimal(cell.value)
        return Decimal(0) if cell is not None and State(cell.state) in _NOTHING else None

    values = {slot: value(slot) for slot in relation.slots}
    known = {slot: found for slot, found in values.items() if found is not None}
    if len(known) < len(values) or all(now[slot].value is None for slot in relation.total):
        return None
    parts = sum((known[slot] for slot in relation.parts), Decimal(0))
    return sum((known[slot] for slot in relation.total), Decimal(0)) - parts
