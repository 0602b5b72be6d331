"""Values to slots by the names right before them: lists and sentences that state a table.

The rows are found as everywhere, by aligning their labels in the form's order. Within a row a value
belongs to the column that is named right before it ("自然人12件"); one right behind the label of a
row belongs to its only slot, or else is its total. A name may also hold row and column in one
("制发规章"). Nothing is known of values that nothing names, nor of those behind a label whose place
in the order belongs to another.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from extractor.assemble.anchors import SURE, block_rows, is_furniture, with_moved
from extractor.assemble.geometric import Assembled
from extractor.assemble.meant import meant_rows
from extractor.labels import Match, align, keys, similarities
from extractor.schema import Column, Label, Layout, RelationKind, Row
from extractor.types import Candidate, Fragment, Role, Sheet
from extractor.values import read_cell

_COLUMN = 0.9
_SHORTENED = 0.8
_APART = 0.05
_GUESS = 0.6
_MARK_CHARS = 3
_LAST_WORD = re.compile(r"(?P<label>.+?)\W*[-_/:：(（—](?P<word>[^\W\d_]+)[)）]?", re.DOTALL)

Named = TypeVar("Named", Row, Column, tuple[Row, Column])


@dataclass(frozen=True, slots=True)
class _Name(Generic[Named]):
    """A row, a column or both that a piece of text names, and how surely."""

    of: Named
    text: str
    strength: float


def assemble_by_name(sheet: Sheet, layout: Layout) -> Assembled:
    """Assemble a table that has one block from a flow of labels and values.

    Args:
        sheet: text cut into labels and values (see `opened`).
        layout: all rows and columns in one block (see `arrangements`).
    """
    cells = [piece for f in sheet.fragments if f.text for piece in _parts(f, layout)]
    columns = _columns(cells, layout)
    both = _rows_with_columns(cells, layout)
    rows, score = _rows(cells, layout, columns)
    named = {*columns, *both, *rows}
    totals = _totals(layout)
    slots = {slot.id: slot for slot in layout.slots}
    candidates: dict[str, Candidate] = {}
    row: _Name[Row] | None = None
    for i, f in enumerate(cells[:-1]):
        if f.role is Role.HEADING:
            row = None
        row = rows.get(i, row)
        if i in both and rows.get(i) is None:
            row = _Name(both[i].of[0], f.text, both[i].strength)
        if not _is_pair(cells, i, columns) or _is_first(cells, i + 1, named):
            continue
        if i in both:
            slot, of_column = layout.slot_id(*both[i].of), both[i].strength
        elif row and i in columns:
            slot, of_column = layout.slot_id(row.of, columns[i].of), columns[i].strength
        elif row and i in rows:
            slot, of_column = totals.get(row.of.id, ""), _GUESS
        else:
            continue
        if row and slot in slots and slot not in candidates:
            value = cells[i + 1]
            reading = read_cell(value.text, kind=slots[slot].kind, header_unit=f.text + row.text)
            candidates[slot] = Candidate(
                slot, reading, value.score, row.strength, of_column, value.evidence, "name"
            )
    score += sum({name.of.id: name.strength for name in columns.values()}.values())
    return Assembled(layout, candidates, {}, score if candidates else 0.0)


def _parts(f: Fragment, layout: Layout) -> Iterator[Fragment]:
    """The label of a row and the name of a column that stands behind it, set off by a mark: two
    pieces; every other piece as it is."""
    found = _LAST_WORD.fullmatch(f.text) if f.role is not Role.VALUE else None
    (block,) = layout.blocks
    names = {keys(variant)[0] for column in block.columns for variant in column.label.variants}
    labels = [row.label for row in block.rows if row.label is not None]
    if (
        found is None
        or keys(found["word"])[0] not in names
        or similarities([found["label"]], labels).max(initial=0.0) < SURE
    ):
        yield f
        return
    yield replace(f, text=found["label"], role=Role.LABEL)
    yield replace(f, text=found["word"], role=Role.LABEL)


def _is_pair(cells: Sequence[Fragment], i: int, columns: Mapping[int, object]) -> bool:
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


def _is_first(cells: Sequence[Fragment], i: int, named: Container[int]) -> bool:
    """Whether a value is the first of a row that is written with marks or units between its values,
    which nothing names one by one."""
    after = cells[i + 1 : i + 3]
    return (
        len(after) == 2
        and after[0].role is not Role.VALUE
        and after[1].role is Role.VALUE
        and i + 1 not in named
        and len(after[0].text) <= _MARK_CHARS
        and cells[i].evidence == after[0].evidence == after[1].evidence
    )


def _rows(
    cells: Sequence[Fragment], layout: Layout, columns: Mapping[int, object]
) -> tuple[dict[int, _Name[Row] | None], float]:
    """The pieces that name a row, and the score of their alignment. None for one that looks like
    the label of a row whose place it does not stand in: which row begins there is not known."""
    texts = [f.text for f in cells]
    furniture = is_furniture(texts, layout.blocks)
    usable = [
        i
        for i, f in enumerate(cells)
        if f.role is not Role.VALUE and not furniture[i] and i not in columns
    ]
    rows = [row for _, row in block_rows(layout)]
    labels = [row.label for row in rows if row.label is not None]
    words = [texts[i] for i in usable]
    alignment = align(
        words,
        labels,
        breaks=list(range(len(usable))),
        may_be_cut=True,
        meant=meant_rows([cells[i] for i in usable], layout.table, rows),
    )
    in_order, moved = with_moved(words, labels, alignment.matches)
    matches = [*in_order, *moved]
    at = {match.start: match for match in matches}
    found: dict[int, _Name[Row] | None] = {}
    alike = similarities(words, labels).max(axis=1, initial=0.0)
    for k, match in _with_repeated(words, at).items():
        found[usable[k]] = _Name(rows[match.label], words[k], match.similarity)
    for k, i in enumerate(usable):
        if i not in found and alike[k] >= SURE:
            found[i] = None
    return found, alignment.score


def _with_repeated(words: Sequence[str], at: Mapping[int, Match]) -> dict[int, Match]:
    """The matches, by the piece that they begin with, and the same words again next to them: a
    list that names its row before each value repeats it."""
    result = dict(at)
    for order in (range(len(words)), range(len(words) - 1, -1, -1)):
        last: int | None = None
        for k in order:
            if k not in result and last is not None and words[k] == words[last]:
                result[k] = result[last]
            last = k if k in result else last
    return result


def _columns(cells: Sequence[Fragment], layout: Layout) -> dict[int, _Name[Column]]:
    """The pieces that name a column, and no row as well. A shortened name is what stands in the
    label of one column only."""
    (block,) = layout.blocks
    texts = [f.text for f in cells]
    table = similarities(texts, [column.label for column in block.columns])
    rows = similarities(texts, [row.label for row in block.rows if row.label]).max(axis=1)
    result = {}
    for i, f in enumerate(cells):
        word = keys(f.text)[0]
        if f.role is Role.VALUE or len(word) < 2:
            continue
        j = int(table[i].argmax())
        strength = float(table[i, j])
        within = [
            k
            for k, column in enumerate(block.columns)
            if any(word in keys(variant)[0] for variant in column.label.variants)
        ]
        if strength < _COLUMN and len(within) == 1:
            (j,), strength = within, _SHORTENED
        if strength >= max(_SHORTENED, rows[i]):
            result[i] = _Name(block.columns[j], f.text, strength)
    return result


def _rows_with_columns(
    cells: Sequence[Fragment], layout: Layout
) -> dict[int, _Name[tuple[Row, Column]]]:
    """The pieces that name a row and a column in one, in whatever order."""
    (block,) = layout.blocks
    texts = [f.text for f in cells]
    slots = {slot.id for slot in layout.slots}
    crossings = [
        (row, column)
        for row in block.rows
        for column in block.columns
        if row.label is not None and layout.slot_id(row, column) in slots
    ]
    labels = [_joined(row.label, column.label) for row, column in crossings if row.label]
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
            strength = best if best >= _COLUMN else _GUESS
            result[i] = _Name(crossings[order[-1]], f.text, strength)
    return result


def _joined(a: Label, b: Label) -> Label:
    pairs = [(x, y) for x in a.variants for y in b.variants]
    return Label(a.text + b.text, tuple(name for x, y in pairs for name in (x + y, y + x)))


def _totals(layout: Layout) -> dict[str, str]:
    """By row the slot of a number that stands alone behind its label: its only one, or a total."""
    slots = {slot.id for slot in layout.slots}
    totals = {r.total[0] for r in layout.relations if r.kind is RelationKind.ROW}
    (block,) = layout.blocks
    result = {}
    for row in block.rows:
        own = [s for column in block.columns if (s := layout.slot_id(row, column)) in slots]
        found = own if len(own) == 1 else [slot for slot in own if slot in totals]
        if len(found) == 1:
            result[row.id] = found[0]
    return result
