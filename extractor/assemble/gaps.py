"""Rows whose label cannot be read, found by their place between the rows that were.

The form prints its rows in a known order. Where exactly as many lines of values stand between two
rows as the form has rows between them, those are the missing ones. No label says so, so such a row
stays weak, and whatever stands in it is flagged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from extractor.assemble.anchors import SURE, Placed, RowAnchor
from extractor.labels import best_label
from extractor.schema import Block, Layout, Row
from extractor.types import Box, Role

_INFERRED = 0.5
_ROW_REACH = 0.7
_ROW_GAP = 3.0
_FEWEST_LOWERED, _MOST = 5, 0.8


@dataclass(frozen=True, slots=True)
class _Level:
    """Values on one line that belong to no row that was found."""

    sheet: int
    box: Box

    def is_level(self, box: Box) -> bool:
        return self.box.overlap_y(box) > 0.3 * min(self.box.height, box.height)


def fill_gaps(
    anchors: Sequence[RowAnchor], placed: Sequence[Placed], layout: Layout
) -> list[RowAnchor]:
    """The rows that were found, and those before, between and after them that were not.

    Before the first and after the last row of a block only one row is added, right next to it.
    Nothing is added to a block of which no row was found.

    Args:
        anchors: in printed order; may be empty.
        placed: the sequence that the anchors' fragments are indices into, pages only.
        layout: the form that the anchors were found in.

    Returns:
        All rows, in printed order.
    """
    taken = {i for anchor in anchors for i in anchor.fragments}
    free = [(i, p) for i, p in enumerate(placed) if i not in taken]
    lines = _levels([p for _, p in free if p.fragment.role is Role.VALUE])
    words = [(i, p) for i, p in free if p.fragment.role is not Role.VALUE and p.fragment.text]
    anchors = _lowered(anchors, lines)
    anchors = [_stretch(anchor, anchors, lines, [p for _, p in words]) for anchor in anchors]
    levels = _unclaimed(lines, anchors)
    filled: list[RowAnchor] = []
    for index, block in enumerate(layout.blocks):
        own = [anchor for anchor in anchors if anchor.block == index]
        right = max((box.x1 for anchor in own for box in anchor.boxes.values()), default=0.0)
        filled += own
        for above, rows, below in _gaps(own, block):
            between = [
                (level, pieces)
                for level in _next_to(levels, above, below)
                if not _is_extra(pieces := _label(level, words, right), block)
            ]
            near = [anchor for anchor in (above, below) if anchor]
            if len(between) != len(rows):
                continue
            if len(near) == 1 and _is_parted(between[0][0], near[0], [p for _, p in words]):
                continue
            filled += [
                _anchor(index, row, level, pieces, near)
                for row, (level, pieces) in zip(rows, between, strict=True)
            ]
    order = {(i, row): n for i, b in enumerate(layout.blocks) for n, row in enumerate(b.rows)}
    return sorted(filled, key=lambda anchor: (anchor.block, order[anchor.block, anchor.row]))


def _gaps(
    own: Sequence[RowAnchor], block: Block
) -> Iterator[tuple[RowAnchor | None, Sequence[Row], RowAnchor | None]]:
    """Rows of a block that were not found, with the rows around them that were."""
    if not own:
        return
    places = [block.rows.index(anchor.row) for anchor in own]
    if places[0] == 1:
        yield None, block.rows[:1], own[0]
    for (above, i), (below, j) in pairwise(zip(own, places, strict=True)):
        if j - i > 1:
            yield above, block.rows[i + 1 : j], below
    if places[-1] == len(block.rows) - 2:
        yield own[-1], block.rows[-1:], None


def _levels(values: Sequence[Placed]) -> list[_Level]:
    """Lines of values, top to bottom."""
    levels: list[_Level] = []
    for p in sorted(values, key=lambda p: (p.sheet, p.box.center_y)):
        last = levels[-1] if levels else None
        if last is not None and last.sheet == p.sheet and last.is_level(p.box):
            levels[-1] = _Level(p.sheet, last.box.union(p.box))
        else:
            levels.append(_Level(p.sheet, p.box))
    return levels


def _claims(anchor: RowAnchor, level: _Level) -> bool:
    label = anchor.boxes.get(level.sheet)
    if label is None:
        return False
    reach = max(0.5 * label.height + 0.2 * level.box.height, _ROW_REACH * level.box.height)
    return abs(label.center_y - level.box.center_y) <= reach


def _unclaimed(levels: Sequence[_Level], anchors: Sequence[RowAnchor]) -> list[_Level]:
    return [level for level in levels if not any(_claims(anchor, level) for anchor in anchors)]


def _lowered(anchors: Sequence[RowAnchor], levels: Sequence[_Level]) -> Sequence[RowAnchor]:
    """The rows where their values are, if the labels stand on lines of their own above them."""
    lowered: list[RowAnchor] = []
    for anchor in anchors:
        sheet = max(anchor.boxes)
        label = anchor.boxes[sheet]
        end = min(
            (
                box.y0
                for other in anchors
                if (box := other.boxes.get(sheet)) and box.y0 > label.center_y
            ),
            default=float("inf"),
        )
        own = [level for level in levels if level.sheet == sheet and level.is_level(label)]
        below = [
            level
            for level in levels
            if level.sheet == sheet
            and label.center_y < level.box.y0
            and level.box.center_y < end
            and level.box.y0 - label.y1 <= level.box.height
        ]
        if not own and len(below) == 1:
            box = below[0].box
            place = Box(label.x0, box.y0, max(label.x0, min(label.x1, box.x0 - box.height)), box.y1)
            lowered.append(replace(anchor, boxes={**anchor.boxes, sheet: place}))
    # Below the last label nothing would stand if the labels stood below their values.
    last = max(anchors, key=_foot, default=None)
    is_last = any(last is not None and anchor.row == last.row for anchor in lowered)
    if not is_last or len(lowered) < max(_FEWEST_LOWERED, _MOST * len(anchors)):
        return anchors
    by_row = {(anchor.block, anchor.row): anchor for anchor in lowered}
    return [by_row.get((anchor.block, anchor.row), anchor) for anchor in anchors]


def _foot(anchor: RowAnchor) -> tuple[int, float]:
    sheet = max(anchor.boxes)
    return sheet, anchor.boxes[sheet].y1


def _stretch(
    anchor: RowAnchor,
    anchors: Sequence[RowAnchor],
    levels: Sequence[_Level],
    words: Sequence[Placed],
) -> RowAnchor:
    """A row without values whose label was read only in part goes on where the lines below it do,
    down to values that belong to no other row."""
    sheet = max(anchor.boxes)
    label = box = anchor.boxes[sheet]
    if any(_claims(anchor, level) for level in levels):
        return anchor
    for p in sorted(words, key=lambda p: p.box.y0):
        is_aligned = p.sheet == sheet and abs(p.box.x0 - label.x0) <= p.box.height
        if is_aligned and abs(p.box.y0 - box.y1) <= 0.5 * p.box.height:
            box = box.union(p.box)
    for level in _unclaimed(levels, anchors):
        if level.sheet == sheet and label.center_y < level.box.center_y < box.y1:
            place = Box(label.x0, level.box.y0, label.x1, level.box.y1)
            strength = min(anchor.strength, _INFERRED)
            return replace(anchor, boxes={**anchor.boxes, sheet: place}, strength=strength)
    return anchor


def _next_to(
    levels: Sequence[_Level], above: RowAnchor | None, below: RowAnchor | None
) -> list[_Level]:
    """The lines of values that follow the row above or stand before the row below, without a wide
    gap: what stands far from both is a page number or a mark."""
    found: list[_Level] = []
    if above is not None:
        sheet = max(above.boxes)
        edge = above.boxes[sheet].center_y
        end = below.boxes[sheet].center_y if below and sheet in below.boxes else float("inf")
        for level in levels:
            if level.sheet != sheet or not edge < level.box.center_y < end:
                continue
            if level.box.y0 - edge > _ROW_GAP * level.box.height:
                break
            found.append(level)
            edge = level.box.y1
    if below is not None:
        sheet = min(below.boxes)
        edge = below.boxes[sheet].center_y
        start = above.boxes[sheet].center_y if above and sheet in above.boxes else float("-inf")
        for level in reversed(levels):
            if level.sheet != sheet or not start < level.box.center_y < edge:
                continue
            if edge - level.box.y1 > _ROW_GAP * level.box.height:
                break
            found.append(level)
            edge = level.box.y0
    return [level for level in levels if level in found]


def _is_parted(level: _Level, near: RowAnchor, words: Sequence[Placed]) -> bool:
    """Whether words stand between a line of values and a row: a header, or another table."""
    label = near.boxes[level.sheet]
    top, bottom = sorted((label, level.box), key=lambda box: box.center_y)
    return any(
        p.sheet == level.sheet and p.box.y0 >= top.center_y and p.box.y1 <= bottom.center_y
        for p in words
    )


def _label(
    level: _Level, words: Sequence[tuple[int, Placed]], right: float
) -> list[tuple[int, Placed]]:
    """The print left of a line of values, which may be its label."""
    return [
        (i, p)
        for i, p in words
        if p.sheet == level.sheet
        and level.is_level(p.box)
        and p.box.x0 < right
        and p.box.x1 <= level.box.x0 + level.box.height
    ]


def _is_extra(pieces: Sequence[tuple[int, Placed]], block: Block) -> bool:
    found = best_label("".join(p.fragment.text for _, p in pieces), block.extra_rows)
    return found is not None and found[1] >= SURE


def _anchor(
    block: int,
    row: Row,
    level: _Level,
    pieces: Sequence[tuple[int, Placed]],
    near: Sequence[RowAnchor],
) -> RowAnchor:
    left = next(anchor.boxes[level.sheet] for anchor in near if level.sheet in anchor.boxes).x0
    right = max([left + level.box.height, *(p.box.x1 for _, p in pieces)])
    box = Box(left, level.box.y0, min(right, level.box.x0), level.box.y1)
    return RowAnchor(block, row, tuple(i for i, _ in pieces), {level.sheet: box}, _INFERRED)
