"""Values to slots by the names right before them: lists and sentences that state a table.

The rows are found as everywhere, by aligning their labels in the form's order. Within a row a value
belongs to the column that is named right before it ("自然人12件"); one right behind the label of a
row belongs to its only slot, or else is its total. A name may also hold row and column in one
("制发规章"). Nothing is known of values that nothing names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from extractor.assemble.anchors import SURE, block_rows, is_furniture
from extractor.assemble.geometric import Assembled
from extractor.assemble.meant import meant_rows
from extractor.labels import align, similarities
from extractor.schema import Label, Layout, RelationKind
from extractor.types import Candidate, Fragment, Role, Sheet
from extractor.values import read_cell

_COLUMN = 0.9
_APART = 0.05
_GUESS = 0.6


@dataclass(frozen=True, slots=True)
class _Name:
    """A row, a column or a slot that a piece of text names, and how surely."""

    id: str
    text: str
    strength: float


def assemble_by_name(sheet: Sheet, layout: Layout) -> Assembled:
    """Assemble a table that has one block from a flow of labels and values.

    Args:
        sheet: text cut into labels and values (see `opened`).
        layout: all rows and columns in one block (see `arrangements`).
    """
    cells = [f for f in sheet.fragments if f.text]
    texts = [f.text for f in cells]
    slots = {slot.id: slot for slot in layout.slots}
    columns = _columns(cells, layout)
    slot_names = _slot_names(cells, layout)
    furniture = is_furniture(texts, layout.blocks)
    usable = [
        i
        for i, f in enumerate(cells)
        if f.role is not Role.VALUE and not furniture[i] and i not in columns
    ]
    rows = block_rows(layout)
    alignment = align(
        [texts[i] for i in usable],
        [row.label for _, row in rows if row.label is not None],
        breaks=list(range(len(usable))),
        may_be_cut=True,
        meant=meant_rows([cells[i] for i in usable], layout.table, [row for _, row in rows]),
    )
    starts = {
        usable[match.start]: _Name(
            rows[match.label][1].id, texts[usable[match.start]], match.similarity
        )
        for match in alignment.matches
    }
    totals = _totals(layout)
    candidates: dict[str, Candidate] = {}
    row: _Name | None = None
    for i, f in enumerate(cells[:-1]):
        if f.role is Role.HEADING:
            row = None
        row = starts.get(i, row)
        if not _is_pair(cells, i, columns):
            continue
        named = [(name.id, name, name) for name in (slot_names.get(i),) if name]
        if row and i in columns:
            named.append((f"{layout.table}.{row.id}.{columns[i].id}", row, columns[i]))
        elif row and i in starts and row.id in totals:
            named.append((totals[row.id], row, _Name("", "", _GUESS)))
        for slot, of_row, of_column in named:
            if slot in slots and slot not in candidates:
                value = cells[i + 1]
                words = of_column.text + of_row.text
                candidates[slot] = Candidate(
                    slot,
                    read_cell(value.text, kind=slots[slot].kind, header_unit=words),
                    value.score,
                    of_row.strength,
                    of_column.strength,
                    value.evidence,
                    "name",
                )
                break
    return Assembled(layout, candidates, {}, alignment.score if candidates else 0.0)


def _is_pair(cells: Sequence[Fragment], i: int, columns: Mapping[int, _Name]) -> bool:
    """Whether piece `i` names the value behind it, and is not the last name of a header, nor the
    value the first of a row."""
    name, value = cells[i], cells[i + 1]
    if name.role is Role.VALUE or value.role is not Role.VALUE:
        return False
    if i + 2 < len(cells) and cells[i + 2].role is Role.VALUE:
        return False
    if i - 1 not in columns:
        return True
    # The value of the name before is blank: their line shows which of the two this one is of.
    return name.evidence == value.evidence != cells[i - 1].evidence


def _columns(cells: Sequence[Fragment], layout: Layout) -> dict[int, _Name]:
    """The pieces that name a column, and no row as well."""
    (block,) = layout.blocks
    texts = [f.text for f in cells]
    columns = similarities(texts, [column.label for column in block.columns])
    rows = similarities(texts, [row.label for row in block.rows if row.label])
    return {
        i: _Name(block.columns[j].id, texts[i], float(columns[i, j]))
        for i, j in enumerate(columns.argmax(axis=1).tolist())
        if cells[i].role is not Role.VALUE
        and columns[i, j] >= _COLUMN
        and columns[i, j] >= rows[i].max(initial=0.0)
    }


def _slot_names(cells: Sequence[Fragment], layout: Layout) -> dict[int, _Name]:
    """The pieces that name a slot by its row and its column in one, in whatever order."""
    (block,) = layout.blocks
    texts = [f.text for f in cells]
    slots = {slot.id for slot in layout.slots}
    ids, labels = [], []
    for row in block.rows:
        for column in block.columns:
            slot = layout.slot_id(row, column)
            if row.label is None or slot not in slots:
                continue
            names = [
                name
                for r in row.label.variants
                for c in column.label.variants
                for name in (r + c, c + r)
            ]
            ids.append(slot)
            labels.append(Label(names[0], tuple(names)))
    table = similarities(texts, labels)
    alone = similarities(
        texts, [*(r.label for r in block.rows if r.label), *(c.label for c in block.columns)]
    ).max(axis=1, initial=0.0)
    result = {}
    for i, f in enumerate(cells):
        order = table[i].argsort()
        best = float(table[i, order[-1]])
        second = float(table[i, order[-2]]) if len(order) > 1 else 0.0
        is_one = best >= SURE and best - second >= _APART and best > alone[i]
        if is_one and f.role is not Role.VALUE:
            result[i] = _Name(ids[order[-1]], f.text, best if best >= _COLUMN else _GUESS)
    return result


def _totals(layout: Layout) -> dict[str, str]:
    """By row the slot of a number that stands behind its label alone: its only one, or its total."""
    result = {}
    for row in layout.blocks[0].rows:
        own = [slot.id for slot in layout.slots if slot.id.split(".")[1] == row.id]
        sums = [
            relation.total[0]
            for relation in layout.relations
            if relation.kind is RelationKind.ROW and relation.total[0] in own
        ]
        if len(own) == 1 or sums:
            result[row.id] = own[0] if len(own) == 1 else sums[0]
    return result
