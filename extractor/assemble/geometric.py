"""Values to slots by place: where the row of a label crosses the column of a header.

Works on planes on which positions mean something: pages, and grids whose merged cells are known.
Rows are anchored by their labels, columns by the header above them; on a sheet that continues a
table the columns of the sheet before are carried over. A crossing without print is a blank cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from extractor.assemble.anchors import (
    SURE,
    ColumnAnchor,
    Placed,
    RowAnchor,
    find_columns,
    find_rows,
)
from extractor.assemble.filling import Found, doubt_blanks, fill_row, move
from extractor.assemble.gaps import fill_gaps
from extractor.assemble.lanes import (
    Lane,
    carry_lanes,
    complete_lanes,
    make_lanes,
    relative_scale,
    ruled_row,
    settle_lanes,
)
from extractor.assemble.single_row import assemble_single_row
from extractor.labels import best_label
from extractor.schema import Block, Label, Layout
from extractor.types import (
    Box,
    Candidate,
    Evidence,
    Role,
    Sheet,
    SheetKind,
)

_ROW_REACH = 0.7


@dataclass(frozen=True, slots=True)
class Assembled:
    """What one way of assembling found for one layout: candidates by slot, the places of their
    cells, how many rows and columns were seen, and a score to compare layouts by."""

    layout: Layout
    candidates: dict[str, Candidate]
    regions: dict[str, Evidence]
    score: float


def assemble_by_place(sheets: Sequence[Sheet], layout: Layout, known: Sequence[Label]) -> Assembled:
    """Assemble one layout of one table from all pages and grids of a document.

    Args:
        sheets: in document order, roles set; flows are ignored.
        layout: the printed shape to look for.
        known: all labels of the form; print that looks like one of them is no value.
    """
    placed = [
        Placed(i, fragment)
        for i, sheet in enumerate(sheets)
        for fragment in sheet.fragments
        if sheet.kind is not SheetKind.FLOW and fragment.role is not Role.FURNITURE
    ]
    rows, score = find_rows(placed, layout)
    if all(map(_is_of_lines, sheets)):
        rows = fill_gaps(rows, placed, layout)
    taken = {id(placed[i].fragment) for row in rows for i in row.fragments}
    free = [p for p in placed if id(p.fragment) not in taken and p.fragment.text]
    candidates: dict[str, Candidate] = {}
    regions: dict[str, Evidence] = {}
    for index, block in enumerate(layout.blocks):
        if block.rows[0].label is None:
            found = assemble_single_row(free, sheets, layout, block)
        else:
            anchors = [row for row in rows if row.block == index]
            found = _block(free, sheets, layout, block, anchors, rows, known)
        candidates |= found.candidates
        regions |= found.regions
        score += found.score
    return Assembled(layout, candidates, regions, score)


def _is_of_lines(sheet: Sheet) -> bool:
    """Whether its rows are lines of print, over several of which a label may run."""
    return sheet.kind is not SheetKind.GRID or any(f.extent for f in sheet.fragments)


def _block(
    free: Sequence[Placed],
    sheets: Sequence[Sheet],
    layout: Layout,
    block: Block,
    anchors: Sequence[RowAnchor],
    all_rows: Sequence[RowAnchor],
    known: Sequence[Label],
) -> Found:
    """One block with labelled rows, over all sheets that its rows stand on."""
    found = Found()
    lanes: list[Lane] = []
    home = 0
    for s in sorted({sheet for row in anchors for sheet in row.boxes}):
        here = [row for row in anchors if s in row.boxes]
        boxes = [row.boxes[s] for row in here]
        own = _header(free, sheets, block, boxes, all_rows, s)
        is_carried = bool(lanes) and len(own) < len(lanes)
        if is_carried:
            before = [row for row in anchors if home in row.boxes]
            here_lanes = carry_lanes(lanes, sheets, home, s, before, here)
        else:
            here_lanes, home = make_lanes(own, boxes, sheets[s]), s
            found.score += sum(anchor.strength for anchor in own)
        on_sheet = [p for p in free if p.sheet == s]
        rows = _rows_of_values(on_sheet, here, all_rows, s, here_lanes, known)
        if is_carried:
            here_lanes = settle_lanes(here_lanes, rows)
        else:
            here_lanes = lanes = complete_lanes(here_lanes, block, rows, sheets[s])
        used: list[Placed] = []
        above = [row for row in anchors if s - 1 in row.boxes]
        if is_carried and above:
            last = max(above, key=lambda row: row.boxes[s - 1].center_y)
            values = _cut_row(on_sheet, boxes, here_lanes)
            if values and not any(row is last for row in here):
                place = Box(0, min(p.box.y0 for p in values), 0, max(p.box.y1 for p in values))
                cut = RowAnchor(last.block, last.row, (), {s: place}, last.strength)
                used += fill_row(found, layout, cut, s, sheets[s], values, here_lanes)
        ruled = [
            (row.boxes[s].center_y, of_row[0])
            for row in here
            if (of_row := ruled_row(sheets[s].cells, row.boxes[s], here_lanes, block))
        ]
        for row in here:
            # Where lines were seen in the next row, they say more than a header far above.
            y = row.boxes[s].center_y
            nearest = min(ruled, key=lambda other: abs(other[0] - y), default=(y, here_lanes))[1]
            used += fill_row(found, layout, row, s, sheets[s], rows[id(row)], nearest)
        if _has_strays(on_sheet, used, boxes, here_lanes, block):
            slots = {layout.slot_id(row.row, lane.column) for row in here for lane in here_lanes}
            doubt_blanks(found, slots)
    return found


def _cut_row(
    on_sheet: Sequence[Placed], rows: Sequence[Box], lanes: Sequence[Lane]
) -> list[Placed]:
    """Values at the top of a sheet above its first label: they belong to the last row of the sheet
    before, if the page break cut it."""
    top = min(box.y0 for box in rows)
    above = [
        p
        for p in on_sheet
        if p.fragment.role is Role.VALUE
        and p.box.y1 <= top
        and lanes
        and lanes[0].left <= p.box.center_x <= lanes[-1].right
    ]
    if not above:
        return []
    level = max(p.box.center_y for p in above)
    return [p for p in above if abs(p.box.center_y - level) <= _ROW_REACH * p.box.height]


def _has_strays(
    on_sheet: Sequence[Placed],
    used: Sequence[Placed],
    rows: Sequence[Box],
    lanes: Sequence[Lane],
    block: Block,
) -> bool:
    """Whether numbers stand among the rows and columns of a block without belonging to a cell.

    Those of rows that are known to be extra do not count.
    """
    if not lanes:
        return False
    taken = {id(p.fragment) for p in used}
    top, bottom = min(box.y0 for box in rows), max(box.y1 for box in rows)
    extra = [
        p.box
        for p in on_sheet
        if (found := best_label(p.fragment.text, block.extra_rows)) and found[1] >= SURE
    ]
    return any(
        p.fragment.role is Role.VALUE
        and id(p.fragment) not in taken
        and top <= p.box.center_y <= bottom
        and p.box.center_x >= lanes[0].left
        and not any(box.overlap_y(p.box) > 0 for box in extra)
        for p in on_sheet
    )


def _header(
    free: Sequence[Placed],
    sheets: Sequence[Sheet],
    block: Block,
    rows: Sequence[Box],
    all_rows: Sequence[RowAnchor],
    s: int,
) -> list[ColumnAnchor]:
    """The columns of the header above the first row of a block on sheet `s`.

    Numbers above the rows belong to another table and end the header, unless it is complete only
    without regard to them: print that shows through and page numbers stand anywhere.
    """
    anchors = _columns_above(free, sheets, block, rows, all_rows, s)
    if len(anchors) == len(block.columns):
        return anchors
    words = [p for p in free if p.fragment.role is not Role.VALUE]
    past_numbers = _columns_above(words, sheets, block, rows, all_rows, s)
    return past_numbers if len(past_numbers) == len(block.columns) else anchors


def _columns_above(
    free: Sequence[Placed],
    sheets: Sequence[Sheet],
    block: Block,
    rows: Sequence[Box],
    all_rows: Sequence[RowAnchor],
    s: int,
) -> list[ColumnAnchor]:
    """The columns whose names stand right above the rows of a block.

    A header that is not there, or not complete, may have begun at the foot of the sheet before.
    """
    here = [p for p in free if p.sheet == s]
    on_sheet = [row.boxes[s] for row in all_rows if s in row.boxes]
    pieces = _pieces_above(here, rows, on_sheet)
    anchors = find_columns(pieces, block)
    is_first = not any(box.center_y < min(row.y0 for row in rows) for box in on_sheet)
    if len(anchors) == len(block.columns) or not is_first or s == 0:
        return anchors
    before = [p for p in free if p.sheet == s - 1]
    rows_before = [row.boxes[s - 1] for row in all_rows if s - 1 in row.boxes]
    foot = max((box.y1 for box in (*(p.box for p in before), *rows_before)), default=0.0)
    scale = relative_scale(sheets[s - 1], sheets[s])
    below = [Box(box.x0 / scale, foot, box.x1 / scale, foot) for box in rows]
    carried = [move(p, scale, -foot * scale) for p in _pieces_above(before, below, rows_before)]
    both = find_columns([*carried, *pieces], block)
    return both if len(both) > len(anchors) else anchors


def _pieces_above(
    on_sheet: Sequence[Placed], rows: Sequence[Box], all_rows: Sequence[Box]
) -> list[Placed]:
    """The words between the rows of a block and whatever ends above them, right of the labels."""
    bottom = min(box.y0 for box in rows)
    left = median(box.x0 for box in rows)
    ends = [box.y1 for box in all_rows if box.center_y < bottom]
    ends += [
        p.box.y1
        for p in on_sheet
        if p.fragment.role in (Role.HEADING, Role.PROSE, Role.VALUE)
        and p.box.center_y < bottom
        and p.box.y1 <= bottom + 0.5 * p.box.height
    ]
    top = max(ends, default=float("-inf"))
    return [
        p
        for p in on_sheet
        if p.fragment.role is Role.LABEL and top <= p.box.center_y < bottom and p.box.x0 > left
    ]


def _rows_of_values(
    on_sheet: Sequence[Placed],
    here: Sequence[RowAnchor],
    all_rows: Sequence[RowAnchor],
    s: int,
    lanes: Sequence[Lane],
    known: Sequence[Label],
) -> dict[int, list[Placed]]:
    """The print beside each row's label, by the identity of the row's anchor."""
    neighbours = [row for row in all_rows if s in row.boxes]
    result: dict[int, list[Placed]] = {id(row): [] for row in here}
    if not neighbours:
        return result
    for p in on_sheet:
        nearest = min(neighbours, key=lambda row: abs(row.boxes[s].center_y - p.box.center_y))
        if id(nearest) not in result:
            continue
        label = nearest.boxes[s]
        reach = max(0.5 * label.height + 0.2 * p.box.height, _ROW_REACH * p.box.height)
        if abs(label.center_y - p.box.center_y) > reach or p.box.center_x <= label.x1:
            continue
        if p.fragment.role is not Role.VALUE:
            inside = lanes and lanes[0].left <= p.box.center_x <= lanes[-1].right
            known_label = best_label(p.fragment.text, known)
            if not inside or (known_label is not None and known_label[1] >= SURE):
                continue
        result[id(nearest)].append(p)
    return result
