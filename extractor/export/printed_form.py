"""A layout of the form in, what the form prints and where out: one grid for sheets and for pages.

Everything comes from the layout: captions, stubs, groups, labels and their order. The blocks of a
table share one grid: as many columns for labels as the deepest row needs, then as many for values
as the widest block has; the last column of a narrower block takes the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from operator import itemgetter

from extractor.schema import Block, Column, Layout


class Part(StrEnum):
    """What a place of the form is for. Groups are labels that span several of the others."""

    CAPTION = "caption"
    STUB = "stub"
    COLUMN_GROUP = "column_group"
    COLUMN = "column"
    ROW_GROUP = "row_group"
    ROW = "row"
    VALUE = "value"

    @property
    def is_header(self) -> bool:
        return self in (Part.CAPTION, Part.STUB, Part.COLUMN_GROUP, Part.COLUMN)


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle of the grid, counted from 1, both ends included. `text` is what the form prints
    there, "" for a value, whose `slot` is given."""

    top: int
    left: int
    bottom: int
    right: int
    part: Part
    text: str = ""
    slot: str | None = None


@dataclass(frozen=True, slots=True)
class PrintedForm:
    """The places of a table in the order of rows, then of columns, without a gap.

    `n_labels` columns are for labels, then come `n_values` for values; `depth` of the labels are
    for groups. `first_values` is the first row with values.
    """

    places: tuple[Place, ...]
    n_labels: int
    n_values: int
    depth: int
    n_rows: int
    first_values: int

    @property
    def last(self) -> int:
        """The last column."""
        return self.n_labels + self.n_values

    def value_span(self, i: int, n: int) -> tuple[int, int]:
        """First and last column of value `i` of `n`."""
        return _value_span(self.n_labels, self.n_values, i, n)


def printed_form(layout: Layout) -> PrintedForm:
    """Lay a table out as the form prints it."""
    labelled = [block for block in layout.blocks if any(row.label for row in block.rows)]
    depth = max((len(path) for block in labelled for path in block.row_paths), default=0)
    n_labels = depth + 1 if labelled else 0
    n_values = max(len(block.columns) for block in layout.blocks)
    places: list[Place] = []
    at, first_values = 1, 0
    for block in layout.blocks:
        header = list(_header(at, block, n_labels, n_values))
        at = max((place.bottom for place in header), default=at - 1) + 1
        first_values = first_values or at
        places += header
        places += _rows(at, block, layout, n_labels, n_values)
        at += len(block.rows)
    places.sort(key=lambda place: (place.top, place.left))
    return PrintedForm(tuple(places), n_labels, n_values, depth, at - 1, first_values)


def _value_span(n_labels: int, n_values: int, i: int, n: int) -> tuple[int, int]:
    first = n_labels + i + 1
    return first, n_labels + n_values if i == n - 1 else first


def _header(at: int, block: Block, n_labels: int, n_values: int) -> Iterator[Place]:
    """Caption, stub, spanning headers and column labels of a block that begins at a row."""
    if block.caption:
        yield Place(at, 1, at, n_labels + n_values, Part.CAPTION, block.caption)
        at += 1
    paths = [
        (*path, column_label(column))
        for path, column in zip(block.column_paths, block.columns, strict=True)
    ]
    depth = max(map(len, paths))
    if n_labels:
        yield Place(at, 1, at + depth - 1, n_labels, Part.STUB, block.stub or "")
    n = len(paths)
    for level in range(depth):
        keys = [_header_key(path, level, i) for i, path in enumerate(paths)]
        for prefix, indices in _runs(keys):
            path = paths[indices[0]]
            if len(path) <= level:
                continue  # covered by the label above
            first, _ = _value_span(n_labels, n_values, indices[0], n)
            _, last = _value_span(n_labels, n_values, indices[-1], n)
            is_label = len(path) == level + 1
            bottom = at + depth - 1 if is_label else at + level
            part = Part.COLUMN if is_label else Part.COLUMN_GROUP
            yield Place(at + level, first, bottom, last, part, prefix[level])


def _header_key(path: tuple[str, ...], level: int, i: int) -> tuple[str, ...]:
    """Columns with the same key share one header at this level; a column's own label is its own."""
    is_group = level < len(path) - 1
    return path[: level + 1] if is_group else (*path, f"#{i}")


def _rows(at: int, block: Block, layout: Layout, n_labels: int, n_values: int) -> Iterator[Place]:
    """Row groups, row labels and values of a block whose rows begin at a row."""
    n = len(block.columns)
    for i, row in enumerate(block.rows):
        if row.label is not None:
            first = len(block.row_paths[i]) + 1
            yield Place(at + i, first, at + i, n_labels, Part.ROW, row.label.text)
        for j, column in enumerate(block.columns):
            left, right = _value_span(n_labels, n_values, j, n)
            slot = layout.slot_id(row, column)
            yield Place(at + i, left, at + i, right, Part.VALUE, slot=slot)
    for level in range(max(map(len, block.row_paths), default=0)):
        for group, indices in _runs([path[: level + 1] for path in block.row_paths]):
            if len(group) > level:
                top, bottom = at + indices[0], at + indices[-1]
                yield Place(top, level + 1, bottom, level + 1, Part.ROW_GROUP, group[level])


def _runs(keys: Sequence[tuple[str, ...]]) -> Iterator[tuple[tuple[str, ...], list[int]]]:
    for key, members in groupby(enumerate(keys), key=itemgetter(1)):
        yield key, [i for i, _ in members]


def column_label(column: Column) -> str:
    """What a column is called, with its unit."""
    label = column.label.text
    if column.unit and column.unit not in label:
        return f"{label}（{column.unit}）"
    return label
