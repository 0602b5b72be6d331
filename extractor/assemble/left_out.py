"""Rows of the tables that the form does not have: in no slot, and not to vanish unsaid."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median

from extractor.assemble.anchors import SURE
from extractor.labels import best_label
from extractor.schema import Label, Schema
from extractor.types import (
    Box,
    Candidate,
    Evidence,
    Fragment,
    LeftOut,
    Role,
    Sheet,
    SheetKind,
    State,
    TableReading,
)

_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[\u3400-\u9fff]{2}")
_DIGIT = re.compile(r"\d")
_MIN_READ = 3
_WEAK = 0.3
"""The anchor of an empty row beside one without a name."""
_AROUND = 3.0
"""So many heights of a line beyond what was read of a table may belong to it."""


def left_out(rows: Sequence[LeftOut]) -> tuple[LeftOut, ...]:
    """Those of the rows without a slot to be told: what is left of a label, or a speck that was
    read as one character, is no name of a row."""
    return tuple(row for row in rows if _WORD.search(row.label))


def without_slot(
    sheets: Sequence[Sheet], tables: Sequence[TableReading], schema: Schema
) -> tuple[LeftOut, ...]:
    """Rows with a label and numbers that stand among the values of a table and belong to no slot.

    Args:
        sheets: in document order, with roles; flows have no rows and are passed over.
        tables: what was read of them.
        schema: the form.

    Returns:
        In document order; empty where all rows are rows of the form.
    """
    labels = [
        label
        for layouts in schema.tables.values()
        for layout in layouts
        for block in layout.blocks
        for label in (*(row.label for row in block.rows if row.label), *block.furniture)
    ]
    read = {
        candidate.evidence: table.table
        for table in tables
        for candidates in table.candidates.values()
        for candidate in candidates
    }
    return tuple(
        row
        for sheet in sheets
        if sheet.kind is not SheetKind.FLOW
        for row in _rows(sheet, read, labels)
    )


def with_doubts(tables: Sequence[TableReading], rows: Sequence[LeftOut]) -> list[TableReading]:
    """Tables whose empty rows are weak where they stand next to a row without a slot: its values
    may be theirs, with a label that was not known again."""
    return [
        replace(table, candidates={**table.candidates, **dict(_doubted(table, rows))})
        for table in tables
    ]


def _doubted(
    table: TableReading, rows: Sequence[LeftOut]
) -> Iterator[tuple[str, tuple[Candidate, ...]]]:
    """The cells of empty rows of a table right above or below one without a slot, made weak."""
    read: dict[str, list[Candidate]] = {}
    for slot, (first, *_) in table.candidates.items():
        read.setdefault(slot.rpartition(".")[0], []).append(first)
    for left in rows:
        if left.table != table.table or left.evidence.box is None:
            continue
        middle = left.evidence.box.center_y
        above: dict[str, float] = {}
        below: dict[str, float] = {}
        for row, cells in read.items():
            there = cells[0].evidence
            if there.box is not None and there.page == left.evidence.page:
                distance = there.box.center_y - middle
                (below if distance > 0 else above)[row] = abs(distance)
        for side in (above, below):
            cells = read[min(side, key=side.__getitem__)] if side else []
            if all(cell.reading.state is State.BLANK for cell in cells):
                for cell in cells:
                    weak = replace(cell, row_anchor=min(cell.row_anchor, _WEAK))
                    yield cell.slot, (weak, *table.candidates[cell.slot][1:])


def _rows(sheet: Sheet, read: Mapping[Evidence, str], labels: Sequence[Label]) -> Iterator[LeftOut]:
    values = [(f, f.box) for f in sheet.fragments if f.role is Role.VALUE and f.box and f.text]
    owners = [_owner(f, read) for f, _ in values]
    placed = [(box, owner) for (_, box), owner in zip(values, owners, strict=True) if owner]
    if len(placed) < _MIN_READ:
        return
    height = median(box.height for box, _ in placed)
    top = min(box.y0 for box, _ in placed) - _AROUND * height
    bottom = max(box.y1 for box, _ in placed) + _AROUND * height
    free = [
        (f, box)
        for (f, box), owner in zip(values, owners, strict=True)
        if owner is None and top < box.center_y < bottom
    ]
    for label in sheet.fragments:
        if label.role is not Role.LABEL or label.box is None or not _HAN.search(label.text):
            continue
        here = [(f, box) for f, box in free if _is_level(label.box, box)]
        if not any(_DIGIT.search(f.text) for f, _ in here):
            continue
        if any(_is_level(label.box, box) for box, _ in placed) or _is_closer(label, here, sheet):
            continue
        found = best_label(label.text, labels)
        if found is not None and found[1] >= SURE:
            continue
        center = label.box.center_y
        table = min(placed, key=lambda one: abs(one[0].center_y - center))[1]
        yield LeftOut(table, label.text, tuple(f.text for f, _ in here), label.evidence)


def _owner(fragment: Fragment, read: Mapping[Evidence, str]) -> str | None:
    """The table that a value was read for; None if it is in no slot."""
    there = fragment.evidence
    if there in read or there.box is None:
        return read.get(there)
    for evidence, table in read.items():
        if evidence.box is None or there.page != evidence.page:
            continue
        if there.box.overlap_y(evidence.box) > 0 and there.box.overlap_x(evidence.box) > 0:
            return table
    return None


def _is_level(label: Box, value: Box) -> bool:
    return label.x1 <= value.center_x and label.y0 <= value.center_y <= label.y1


def _is_closer(label: Fragment, here: Sequence[tuple[Fragment, Box]], sheet: Sheet) -> bool:
    """Whether another label stands between a label and its values: it is that one's row."""
    first = min(box.x0 for _, box in here)
    return any(
        f.role is Role.LABEL
        and f is not label
        and f.box is not None
        and label.box is not None
        and label.box.x1 <= f.box.center_x < first
        and f.box.y0 <= here[0][1].center_y <= f.box.y1
        for f in sheet.fragments
    )
