"""A block that prints one row without a label: all its slots stand in a line under its header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from extractor.assemble.anchors import SURE, ColumnAnchor, Placed, RowAnchor, find_columns
from extractor.assemble.filling import Found, fill_row, move
from extractor.assemble.lanes import complete_lanes, make_lanes, move_lane, settle_lanes
from extractor.labels import best_label, keys
from extractor.schema import Block, Layout, Row
from extractor.types import Box, Role, Sheet

_ROW_REACH = 0.7
_CONTINUED = 0.9


def assemble_single_row(
    free: Sequence[Placed], sheets: Sequence[Sheet], layout: Layout, block: Block
) -> Found:
    """A block that prints one row without a label, under its header: all its slots in a line."""
    best = Found()
    row = block.rows[0]
    for s in range(len(sheets)):
        on_sheet = [p for p in free if p.sheet == s]
        found = Found()
        for top in _starts(on_sheet, block):
            found = max(
                found,
                _under_header(on_sheet, free, sheets, s, layout, block, row, top),
                key=lambda f: f.score,
            )
        if found.score > best.score:
            best = found
    return best


def _starts(on_sheet: Sequence[Placed], block: Block) -> list[float]:
    """Heights at which a header of this block may begin: at each of its group labels, or at the top
    of the sheet if it began on the one before."""
    tops = {float("-inf")}
    for p in on_sheet:
        if p.fragment.role is Role.LABEL:
            found = best_label(p.fragment.text, block.furniture)
            if found is not None and found[1] >= SURE:
                tops.add(round(p.box.y0, 3))
    return sorted(tops)


def _under_header(
    on_sheet: Sequence[Placed],
    free: Sequence[Placed],
    sheets: Sequence[Sheet],
    s: int,
    layout: Layout,
    block: Block,
    row: Row,
    top: float,
) -> Found:
    found = Found()
    below = [p for p in on_sheet if p.box.center_y > top]
    end = min(
        (p.box.y0 for p in below if p.fragment.role in (Role.PROSE, Role.HEADING)),
        default=float("inf"),
    )
    values = _fullest_row([p for p in below if p.box.center_y < end], block)
    stop = min((p.box.y0 for p in values), default=end)
    header = [p for p in below if p.fragment.role is Role.LABEL and p.box.center_y < stop]
    if top == float("-inf"):
        header = [*_foot(free, sheets, s), *header] if header else []
    anchors = _agree_with_groups(find_columns(header, block), header, block)
    if 2 * len(anchors) < len(block.columns):
        return found
    lanes = make_lanes(anchors, [], sheets[s])
    found.score = sum(anchor.strength for anchor in anchors)
    t = s
    if not values and stop == float("inf") and s + 1 < len(sheets):
        t = s + 1
        values = _fullest_row([p for p in free if p.sheet == t], block)
        if values:
            scale = sheets[t].width / max(sheets[s].width, 1e-9)
            lanes = settle_lanes(
                [move_lane(lane, scale, 0.0, _CONTINUED) for lane in lanes], {0: list(values)}
            )
    bottom = max(0.0, *(p.box.y1 for p in header))
    height = median(p.box.height for p in header)
    place = (
        Box(0, min(p.box.y0 for p in values), 0, max(p.box.y1 for p in values))
        if values
        else Box(0, bottom, 0, bottom + height)
    )
    lanes = complete_lanes(lanes, block, {0: list(values)}, sheets[t])
    anchor = RowAnchor(0, row, (), {t: place}, 1.0)
    fill_row(found, layout, anchor, t, sheets[t], values, lanes)
    return found


def _foot(free: Sequence[Placed], sheets: Sequence[Sheet], s: int) -> list[Placed]:
    """The words at the end of the sheet before `s`, placed above it."""
    before = [p for p in free if p.sheet == s - 1]
    if not before:
        return []
    other = (Role.VALUE, Role.PROSE, Role.HEADING)
    end = max((p.box.y1 for p in before if p.fragment.role in other), default=float("-inf"))
    foot = max(p.box.y1 for p in before)
    scale = sheets[s].width / max(sheets[s - 1].width, 1e-9)
    return [
        move(p, scale, -foot * scale)
        for p in before
        if p.fragment.role is Role.LABEL and p.box.y0 >= end
    ]


def _agree_with_groups(
    anchors: list[ColumnAnchor], header: Sequence[Placed], block: Block
) -> list[ColumnAnchor]:
    """Weaken columns whose group's spanning header stands elsewhere.

    Groups repeat the same words, so that a column lost in one of them could shift into another.
    """
    result = []
    for anchor in anchors:
        group = anchor.column.group
        mates = [a.box for a in anchors if a.column.group == group]
        labels = [
            p.box
            for p in header
            if group and best_label(p.fragment.text, block.furniture) and p.fragment.text == group
        ]
        apart = labels and not any(
            min(m.x0 for m in mates) <= box.center_x <= max(m.x1 for m in mates) for box in labels
        )
        result.append(replace(anchor, strength=anchor.strength * 0.5) if apart else anchor)
    return result


def _fullest_row(pieces: Sequence[Placed], block: Block) -> list[Placed]:
    """The print row with most values, the upper of equals, with the words beside them.

    Words may stand in place of numbers; pieces of header labels that a poor scan put on the same
    height are none.
    """
    best: list[Placed] = []
    most = 0
    for first in sorted(pieces, key=lambda p: p.box.center_y):
        if first.fragment.role is not Role.VALUE:
            continue
        level, reach = first.box.center_y, _ROW_REACH * max(first.box.height, 1e-9)
        row = [p for p in pieces if abs(p.box.center_y - level) <= reach]
        count = sum(p.fragment.role is Role.VALUE for p in row)
        if count > most:
            best, most = row, count
    headers = "".join(keys(column.label.text)[0] for column in block.columns)
    return [
        p
        for p in best
        if p.fragment.role is Role.VALUE
        or (p.fragment.role is Role.LABEL and keys(p.fragment.text)[0] not in headers)
    ]
