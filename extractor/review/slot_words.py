"""The form's own words for its slots and tables, and for what stands in them, for pages that show
values outside of the form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from extractor.export.csv import plain
from extractor.export.printed_form import column_label
from extractor.review.words import Say, state_words
from extractor.schema import Layout, Relation, RelationKind, Schema
from extractor.types import State


@dataclass(frozen=True, slots=True)
class SlotWords:
    """Where a slot stands: each with the group around it, where there is one."""

    table: str
    row: str
    column: str

    @property
    def both(self) -> str:
        return f"{self.row} × {self.column}"


def slot_words(schema: Schema) -> Mapping[str, SlotWords]:
    """By slot, in the order of the form; slots of all layouts, as the first one that has it calls
    it."""
    found: dict[str, SlotWords] = {}
    for layouts in schema.tables.values():
        named = {slot: words for layout in layouts[::-1] for slot, words in _words(layout).items()}
        found |= {slot: named[slot] for slot in slots_in_order(layouts)}
    return found


def slots_in_order(layouts: Sequence[Layout]) -> Sequence[str]:
    """The slots of several layouts of a table as one list: each after the one that it follows in
    its own layout."""
    order: list[str] = []
    for layout in layouts:
        at = 0
        for slot in layout.slots:
            if slot.id in order:
                at = order.index(slot.id) + 1
            else:
                order.insert(at, slot.id)
                at += 1
    return order


def _words(layout: Layout) -> dict[str, SlotWords]:
    found = {}
    for block in layout.blocks:
        for row in block.rows:
            for column, path in zip(block.columns, block.column_paths, strict=True):
                if row.label is None:  # the row is printed as a group of columns
                    words = SlotWords(layout.table, _joined(path), column_label(column))
                else:
                    words = SlotWords(
                        layout.table,
                        _joined((row.group, row.label.text)),
                        _joined((column.group, column_label(column))),
                    )
                found[layout.slot_id(row, column)] = words
    return found


def _joined(parts: Sequence[str | None]) -> str:
    return " · ".join(part for part in parts if part)


def table_titles(schema: Schema) -> Mapping[str, str]:
    """What the form calls each of its tables, in its order."""
    titles = {heading.id: heading.label.text for heading in schema.headings}
    return {table: titles.get(table, table) for table in schema.tables}


def total_slots(layouts: Sequence[Layout]) -> frozenset[str]:
    """The totals of rows in some layouts of a table; all slots where no row of it has one."""
    relations = [one for layout in layouts for one in layout.relations]
    totals = {slot for one in relations if one.kind is RelationKind.ROW for slot in one.total}
    return frozenset(totals or (slot.id for layout in layouts for slot in layout.slots))


def year_relations(layouts: Sequence[Layout]) -> Sequence[Relation]:
    """The relations with last year's report in some layouts of a table, each once."""
    return list({one.id: one for layout in layouts for one in layout.years}.values())


def value_text(value: str | Decimal | None, state: str, say: Say) -> str:
    """A number as its digits, anything else as what it is."""
    if value is not None:
        return plain(Decimal(value))
    return state_words(State(state), say)


def number_text(value: str | int | float | Decimal | None) -> str:
    """A number as its digits; a dash where there is none."""
    return "—" if value is None else plain(Decimal(str(value)))


def signed_text(value: Decimal) -> str:
    """A change, with its sign."""
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    return f"{sign}{plain(abs(value))}"
