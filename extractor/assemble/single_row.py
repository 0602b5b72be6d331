"""A block that prints one row without a label: all its slots stand in a line under its header."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median

from extractor.assemble.anchors import SURE, ColumnAnchor, Placed, RowAnchor, find_columns
from extractor.assemble.filling import Found, fill_row, move
from extractor.assemble.lanes import (
    Lane,
    complete_lanes,
    make_lanes,
    move_lane,
    relative_scale,
    settle_lanes,
)
from extractor.assemble.ruled_cells import headed, print_in, ruled_rows
from extractor.labels import best_label, keys, similarity
from extractor.schema import Block, Label, Layout
from extractor.types import Box, Role, Sheet

_ROW_REACH = 0.7
_CONTINUED = 0.9
_LINE_STEP = 1.6
_WHOLE = 0.9
_MIN_COLUMNS = 1 / 2
_MIN_COLUMNS_OF_WHOLE = 1 / 3
_MIN_WORDS = 1 / 2


def assemble_single_row(
    free: Sequence[Placed], sheets: Sequence[Sheet], layout: Layout, block: Block
) -> Found:
    """A block that prints one row without a label, under its header: all its slots in a line.

    Some print the groups of its columns as tables of their own: what the best header leaves open
    is taken from the next.
    """
    parts = [
        part
        for s, sheet in enumerate(sheets)
        for ruled in [ruled_rows(sheet.cells, len(block.columns))]
        for top in _starts([p for p in free if p.sheet == s], block)
        for part in _under_header(free, sheets, s, layout, block, top, ruled)
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
    free: Sequence[Placed],
    sheets: Sequence[Sheet],
    s: int,
    layout: Layout,
    block: Block,
    top: float,
    ruled: Sequence[Sequence[Box]],
) -> Iterator[Found]:
    """What may be the row of values under a header that begins at `top`, the surest first: rows of
    ruled cells, the row with most values, and that below the last word of the header, where a poor
    scan has left strokes that look like values within it."""
    below = [p for p in free if p.sheet == s and p.box.center_y > top]
    end = min(
        (
            p.box.y0
            for p in below
            if p.fragment.role in (Role.PROSE, Role.HEADING) and not _is_word_of(p, block)
        ),
        default=float("inf"),
    )
    below = [p for p in below if p.box.center_y < end]
    words = [p for p in below if p.fragment.role is Role.LABEL or _is_word_of(p, block)]
    words = _with_whole_names(words, block)
    carried = _foot(free, sheets, s) if top == float("-inf") else []
    for cells in ruled:
        header = [p for p in words if p.box.center_y < min(cell.y0 for cell in cells)]
        if header and all(top < cell.center_y < end for cell in cells):
            yield _in_cells(below, [*carried, *header], sheets, s, layout, block, cells)
    foot = max((p.box.y1 for p in below if _is_word_of(p, block)), default=top)
    rows = [_fullest_row(below, block)]
    if any(p.box.center_y <= foot for p in rows[0]):
        rows.append(_row_below([p for p in below if p.box.center_y > foot], block))
    for values in rows:
        stop = min((p.box.y0 for p in values), default=end)
        header = [p for p in words if p.box.center_y < stop]
        if values is not rows[0] and not values:
            header = [p for p in header if p.box.center_y <= foot]
        if header:
            yield _in_lanes(values, [*carried, *header], free, sheets, s, layout, block, stop)


def _is_word_of(p: Placed, block: Block) -> bool:
    """Whether it is a word, or a piece of a word, that the header of a block prints."""
    word = keys(p.fragment.text)[0]
    printed = (keys(column.label.text)[0] for column in block.columns)
    return p.fragment.role is not Role.VALUE and bool(word) and any(word in key for key in printed)


def _in_lanes(
    values: Sequence[Placed],
    header: Sequence[Placed],
    free: Sequence[Placed],
    sheets: Sequence[Sheet],
    s: int,
    layout: Layout,
    block: Block,
    stop: float,
) -> Found:
    """The values below the words of a header."""
    found = Found()
    whole = len(values) == len(block.columns)
    block, all_named = _named_groups(header, block)
    anchors = _agree_with_groups(find_columns(header, block), header, block)
    least = _MIN_COLUMNS_OF_WHOLE if whole else _MIN_COLUMNS
    if len(anchors) < least * len(block.columns):
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
            scale = relative_scale(sheets[s], sheets[t])
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
    anchor = RowAnchor(0, block.rows[0], (), {t: place}, 1.0)
    fill_row(found, layout, anchor, t, sheets[t], values, lanes)
    return found


# --- ruled cells -------------------------------------------------------------------------------


def _in_cells(
    below: Sequence[Placed],
    header: Sequence[Placed],
    sheets: Sequence[Sheet],
    s: int,
    layout: Layout,
    block: Block,
    cells: Sequence[Box],
) -> Found:
    """The values in a row that has exactly as many ruled cells as the block has columns, or as the
    groups have that the header names: the k-th cell is the k-th column.

    A column is as sure as the words above its cell are its header, and weak without them. Nothing
    where too few headers are seen, or print stands across two cells.
    """
    found = Found()
    if len(cells) != len(block.columns):
        block, all_named = _named_groups(header, block)
        if not all_named or len(cells) != len(block.columns):
            return found
    anchors = _agree_with_groups(headed(cells, header, block), header, block)
    seen = [anchor for anchor in anchors if anchor.text]
    contents = [print_in(below, cell) for cell in cells]
    pieces = [id(p.fragment) for content in contents for p in content]
    if len(seen) < _MIN_COLUMNS_OF_WHOLE * len(cells) or len(set(pieces)) < len(pieces):
        return found
    found.score = sum(anchor.strength for anchor in seen)
    for anchor, cell, content in zip(anchors, cells, contents, strict=True):
        lane = Lane(anchor.column, cell.center_x, cell.x0, cell.x1, anchor.text, anchor.strength)
        row = RowAnchor(0, block.rows[0], (), {s: replace(cell, x0=0.0, x1=0.0)}, 1.0)
        fill_row(found, layout, row, s, sheets[s], content, [lane])
    return found


# --- words of the header -----------------------------------------------------------------------


def _foot(free: Sequence[Placed], sheets: Sequence[Sheet], s: int) -> list[Placed]:
    """The words at the end of the sheet before `s`, placed above it."""
    before = [p for p in free if p.sheet == s - 1]
    if not before:
        return []
    other = (Role.VALUE, Role.PROSE, Role.HEADING)
    end = max((p.box.y1 for p in before if p.fragment.role in other), default=float("-inf"))
    foot = max(p.box.y1 for p in before)
    scale = relative_scale(sheets[s - 1], sheets[s])
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


def _with_whole_names(header: Sequence[Placed], block: Block) -> list[Placed]:
    """The header with the names of groups that are broken over two lines as one piece each."""
    groups = [Label(c.group, (c.group,)) for c in block.columns if c.group]
    whole = list(header)
    for above, below in itertools.permutations(header, 2):
        a, b = above.box, below.box
        height, width = min(a.height, b.height), min(a.width, b.width)
        is_below = 0.5 * height < b.center_y - a.center_y < _LINE_STEP * height
        if not is_below or a.overlap_x(b) < 0.5 * width:
            continue
        text = above.fragment.text + below.fragment.text
        found = best_label(text, groups)
        if found is not None and found[1] >= _WHOLE:
            whole = [p for p in whole if p is not above and p is not below]
            whole.append(
                replace(above, fragment=replace(above.fragment, text=text, box=a.union(b)))
            )
    return whole


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


# --- values ------------------------------------------------------------------------------------


def _row_below(pieces: Sequence[Placed], block: Block) -> list[Placed]:
    """The fullest row below a header; words count as much as values there if they fill most of its
    columns, as where "不适用" is printed in every cell."""
    values = _fullest_row(pieces, block)
    words = _fullest_row(pieces, block, (Role.VALUE, Role.LABEL))
    return words if len(words) > max(len(values), _MIN_WORDS * len(block.columns)) else values


def _fullest_row(
    pieces: Sequence[Placed], block: Block, counted: Sequence[Role] = (Role.VALUE,)
) -> list[Placed]:
    """The print row with most values (or of whatever is counted), the upper of equals, with the
    words beside it.

    Words may stand in place of numbers; pieces of header labels that a poor scan put on the same
    height are none.
    """
    values = sorted((p for p in pieces if p.fragment.role in counted), key=lambda p: p.box.center_y)
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
