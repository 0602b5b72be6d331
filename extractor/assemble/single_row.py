"""A block that prints one row without a label: all its slots stand in a line under its header."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from extractor.assemble.anchors import SURE, ColumnAnchor, Placed, RowAnchor, find_columns
from extractor.assemble.filling import Found, fill_row, move
from extractor.assemble.lanes import complete_lanes, make_lanes, move_lane, settle_lanes
from extractor.labels import best_label, keys, similarity
from extractor.schema import Block, Label, Layout, Row
from extractor.types import Box, Role, Sheet

_ROW_REACH = 0.7
_CONTINUED = 0.9


def assemble_single_row(
    free: Sequence[Placed], sheets: Sequence[Sheet], layout: Layout, block: Block
) -> Found:
    """A block that prints one row without a label, under its header: all its slots in a line.

    Some print the groups of its columns as tables of their own: what the best header leaves open
    is taken from the next.
    """
    row = block.rows[0]
    parts = [
        _under_header([p for p in free if p.sheet == s], free, sheets, s, layout, block, row, top)
        for s in range(len(sheets))
        for top in _starts([p for p in free if p.sheet == s], block)
    ]
    best = Found()
    for part in sorted(parts, key=lambda part: part.score, reverse=True):
        if not set(part.candidates) & set(best.candidates):
            best.candidates |= part.candidates
            best.regions |= part.regions
            best.score += part.score
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
    block, all_named = _named_groups(header, block)
    anchors = _agree_with_groups(find_columns(header, block), header, block)
    if 2 * len(anchors) < len(block.columns):
        return found
    if not all_named:
        anchors = [replace(anchor, strength=0.5 * anchor.strength) for anchor in anchors]
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


def _named_groups(header: Sequence[Placed], block: Block) -> tuple[Block, bool]:
    """The block with only those groups of columns that the header names, and whether that is sure.

    Groups repeat the same words below their names, so that only the names tell them apart. A header
    that has more columns than its named groups has lost a name: then nothing is sure.
    """
    groups = list(dict.fromkeys(c.group for c in block.columns if c.group))
    texts = [p.fragment.text for p in header]
    named = [
        group
        for group in groups
        if any(
            similarity(text, Label(group, (group,))) >= SURE
            and max(similarity(text, Label(g, (g,))) for g in groups)
            == similarity(text, Label(group, (group,)))
            for text in texts
        )
    ]
    if not named or len(named) == len(groups):
        return block, bool(named) or not groups
    part = replace(block, columns=tuple(c for c in block.columns if c.group in named))
    if len(find_columns(header, block)) > len(part.columns):
        return block, False
    return part, True


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
    values = sorted(
        (p for p in pieces if p.fragment.role is Role.VALUE), key=lambda p: p.box.center_y
    )
    heights = [p.box.center_y for p in values]
    level, reach, most = 0.0, -1.0, 0
    for p in values:
        here = _ROW_REACH * max(p.box.height, 1e-9)
        count = bisect_right(heights, p.box.center_y + here) - bisect_left(
            heights, p.box.center_y - here
        )
        if count > most:
            level, reach, most = p.box.center_y, here, count
    best = [p for p in pieces if abs(p.box.center_y - level) <= reach]
    headers = "".join(keys(column.label.text)[0] for column in block.columns)
    return [
        p
        for p in best
        if p.fragment.role is Role.VALUE
        or (p.fragment.role is Role.LABEL and keys(p.fragment.text)[0] not in headers)
    ]
