"""Cells between ruled lines, without a row label: rows of them, their headers and their print."""

from __future__ import annotations

from collections.abc import Sequence

from extractor.assemble.anchors import ColumnAnchor, Placed, is_furniture
from extractor.assemble.lanes import is_next
from extractor.labels import MIN_SIMILARITY, similarity
from extractor.schema import Block
from extractor.types import Box

_UNSEEN = 0.5
_PART = 0.3


def ruled_rows(cells: Sequence[Box], most: int) -> list[list[Box]]:
    """Rows of at most `most` cells that stand side by side with none left or right of them, from
    top to bottom. Empty where no lines were seen."""
    right = [[o for o in cells if o is not cell and is_next(cell, o)] for cell in cells]
    after = {id(cell): others for cell, others in zip(cells, right, strict=True)}
    continued = {id(other) for others in right for other in others}
    rows = []
    for first in sorted(cells, key=lambda cell: cell.center_y):
        row = [first]
        while len(row) <= most and len(after[id(row[-1])]) == 1:
            row += after[id(row[-1])]
        if id(first) not in continued and len(row) <= most and not after[id(row[-1])]:
            rows.append(row)
    return rows


def headed(cells: Sequence[Box], header: Sequence[Placed], block: Block) -> list[ColumnAnchor]:
    """The columns of a block over as many cells, each with the words that stand above its cell:
    as sure as these are its header, weak and without words where they are not."""
    furniture = is_furniture([p.fragment.text for p in header], [block])
    words = [p for p, skip in zip(header, furniture, strict=True) if not skip]
    words.sort(key=lambda p: p.box.center_y)
    anchors = []
    for column, cell in zip(block.columns, cells, strict=True):
        above = "".join(p.fragment.text for p in words if cell.x0 <= p.box.center_x < cell.x1)
        likeness = similarity(above, column.label)
        if likeness < MIN_SIMILARITY:
            above, likeness = "", _UNSEEN
        anchors.append(ColumnAnchor(column, cell, above, likeness))
    return anchors


def print_in(pieces: Sequence[Placed], cell: Box) -> list[Placed]:
    """The pieces of print that stand in a cell, if only with a part that is too large for the
    margin of a box: print across a line stands in both of its cells."""
    return [
        p
        for p in pieces
        if cell.y0 <= p.box.center_y <= cell.y1
        and cell.overlap_x(p.box) > _PART * min(p.box.width, cell.width)
    ]
