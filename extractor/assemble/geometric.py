"""Values to slots by place: where the row of a label crosses the column of a header.

Works on planes on which positions mean something: pages, and grids whose merged cells are known.
Rows are anchored by their labels, columns by the header above them; on a sheet that continues a
table the columns of the sheet before are carried over. A crossing without print is a blank cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from extractor.assemble.anchors import (
    SURE,
    ColumnAnchor,
    Placed,
    RowAnchor,
    find_columns,
    find_rows,
)
from extractor.labels import best_label
from extractor.schema import Block, Column, Label, Layout, Row
from extractor.types import (
    Box,
    Candidate,
    Evidence,
    Fragment,
    Reading,
    Role,
    Sheet,
    SheetKind,
    State,
)
from extractor.values import read_cell

_ROW_REACH = 0.7
_CONTINUED = 0.9
_INTERPOLATED = 0.5
_UNPROVEN = 0.5
_MAX_SETTLE = 0.25


@dataclass(frozen=True, slots=True)
class Assembled:
    """What one way of assembling found for one layout: candidates by slot, the places of their
    cells, how many rows and columns were seen, and a score to compare layouts by."""

    layout: Layout
    candidates: dict[str, Candidate]
    regions: dict[str, Evidence]
    score: float
    span: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class _Lane:
    """The horizontal extent in which the values of one column are looked for."""

    column: Column
    center: float
    left: float
    right: float
    header: str
    strength: float


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
    taken = {id(placed[i].fragment) for row in rows for i in row.fragments}
    free = [p for p in placed if id(p.fragment) not in taken and p.fragment.text]
    candidates: dict[str, Candidate] = {}
    regions: dict[str, Evidence] = {}
    for index, block in enumerate(layout.blocks):
        if block.rows[0].label is None:
            found = _single_row(free, sheets, layout, block)
        else:
            anchors = [row for row in rows if row.block == index]
            found = _block(free, sheets, layout, block, anchors, rows, known)
        candidates |= found.candidates
        regions |= found.regions
        score += found.score
    used = [i for row in rows for i in row.fragments]
    span = (min(used), max(used)) if used else None
    return Assembled(layout, candidates, regions, score, span)


@dataclass(slots=True)
class _Found:
    candidates: dict[str, Candidate]
    regions: dict[str, Evidence]
    score: float = 0.0


def _block(
    free: Sequence[Placed],
    sheets: Sequence[Sheet],
    layout: Layout,
    block: Block,
    anchors: Sequence[RowAnchor],
    all_rows: Sequence[RowAnchor],
    known: Sequence[Label],
) -> _Found:
    """One block with labelled rows, over all sheets that its rows stand on."""
    found = _Found({}, {})
    lanes: list[_Lane] = []
    home = 0
    for s in sorted({sheet for row in anchors for sheet in row.boxes}):
        here = [row for row in anchors if s in row.boxes]
        boxes = [row.boxes[s] for row in here]
        own = _header(free, sheets, block, boxes, all_rows, s)
        is_carried = bool(lanes) and len(own) < len(lanes)
        if is_carried:
            before = [row for row in anchors if home in row.boxes]
            here_lanes = _carry(lanes, sheets, home, s, before, here)
        else:
            here_lanes, home = _lanes(own, boxes, sheets[s]), s
            found.score += sum(anchor.strength for anchor in own)
        on_sheet = [p for p in free if p.sheet == s]
        rows = _rows_of_values(on_sheet, here, all_rows, s, here_lanes, known)
        if is_carried:
            here_lanes = _settle(here_lanes, rows)
        else:
            here_lanes = lanes = _complete(here_lanes, block, rows, sheets[s])
        for row in here:
            _fill_row(found, layout, row, s, sheets[s], rows[id(row)], here_lanes)
    return found


def _header(
    free: Sequence[Placed],
    sheets: Sequence[Sheet],
    block: Block,
    rows: Sequence[Box],
    all_rows: Sequence[RowAnchor],
    s: int,
) -> list[ColumnAnchor]:
    """The columns of the header above the first row of a block on sheet `s`.

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
    foot = max((p.box.y1 for p in before), default=0.0)
    rows_before = [row.boxes[s - 1] for row in all_rows if s - 1 in row.boxes]
    scale = sheets[s].width / max(sheets[s - 1].width, 1e-9)
    below = [Box(box.x0 / scale, foot, box.x1 / scale, foot) for box in rows]
    carried = [
        _moved(p, scale, -foot * scale) for p in _pieces_above(before, below, rows_before)
    ]
    both = find_columns([*carried, *pieces], block)
    return both if len(both) > len(anchors) else anchors


def _moved(p: Placed, scale: float, dy: float) -> Placed:
    box = p.box
    moved = Box(box.x0 * scale, box.y0 * scale + dy, box.x1 * scale, box.y1 * scale + dy)
    return Placed(p.sheet, replace(p.fragment, box=moved))


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


def _lanes(anchors: Sequence[ColumnAnchor], rows: Sequence[Box], sheet: Sheet) -> list[_Lane]:
    """Where the values of each column may stand: up to half way to its neighbours."""
    if not anchors:
        return []
    centers = [anchor.box.center_x for anchor in anchors]
    pitch = (
        median(b - a for a, b in zip(centers, centers[1:], strict=False))
        if len(centers) > 1
        else sheet.width
    )
    label_right = max((box.x1 for box in rows if box.x1 <= centers[0]), default=0.0)
    lanes = []
    for i, anchor in enumerate(anchors):
        left = (
            (centers[i - 1] + centers[i]) / 2
            if i
            else max(label_right, centers[0] - 0.75 * pitch)
        )
        right = (
            (centers[i] + centers[i + 1]) / 2
            if i + 1 < len(centers)
            else centers[i] + 0.75 * pitch
        )
        lanes.append(
            _Lane(
                anchor.column,
                centers[i],
                min(left, anchor.box.x0),
                max(right, anchor.box.x1),
                anchor.text,
                anchor.strength,
            )
        )
    return lanes


def _carry(
    lanes: Sequence[_Lane],
    sheets: Sequence[Sheet],
    home: int,
    s: int,
    before: Sequence[RowAnchor],
    here: Sequence[RowAnchor],
) -> list[_Lane]:
    """The columns of the sheet `home` on sheet `s`, moved as the labels of its rows are moved.

    Rows of the same group begin at the same indent. Pages of scans are shifted against each other,
    and the two pages of a booklet have other margins.
    """
    scale = sheets[s].width / max(sheets[home].width, 1e-9)
    indents: list[dict[str | None, list[float]]] = [{}, {}]
    for side, rows, sheet in ((0, before, home), (1, here, s)):
        for row in rows:
            indents[side].setdefault(row.row.group, []).append(row.boxes[sheet].x0)
    shared = set(indents[0]) & set(indents[1])
    if shared:
        offset = median(
            median(indents[1][group]) - median(indents[0][group]) * scale for group in shared
        )
    else:
        edges = [min(x for xs in side.values() for x in xs) for side in indents]
        offset = edges[1] - edges[0] * scale
    return [_moved_lane(lane, scale, offset, _CONTINUED) for lane in lanes]


def _moved_lane(lane: _Lane, scale: float, offset: float, factor: float) -> _Lane:
    return replace(
        lane,
        center=lane.center * scale + offset,
        left=lane.left * scale + offset,
        right=lane.right * scale + offset,
        strength=lane.strength * factor,
    )


def _settle(lanes: Sequence[_Lane], rows: dict[int, list[Placed]]) -> list[_Lane]:
    """Fit carried columns to the values that stand on the sheet itself.

    Rows with a value in every column say exactly where the columns are. Where there are none, the
    values must all stand near the middle of a column; if they do not, nothing on this sheet proves
    which column is which, and the columns become weak.
    """
    centers = [[p.box.center_x for p in values] for values in rows.values()]
    full = [sorted(xs) for xs in centers if len(xs) == len(lanes)]
    if full:
        offset = median(
            x - lane.center for xs in full for x, lane in zip(xs, lanes, strict=True)
        )
        return [_moved_lane(lane, 1.0, offset, 1.0) for lane in lanes]
    width = median(lane.right - lane.left for lane in lanes)
    misses = [
        min((x - lane.center for lane in lanes), key=abs) for xs in centers for x in xs
    ]
    if not misses:
        return list(lanes)
    offset = median(misses)
    is_near = abs(offset) <= _MAX_SETTLE * width and all(
        abs(miss - offset) <= _MAX_SETTLE * width for miss in misses
    )
    return [_moved_lane(lane, 1.0, offset, 1.0 if is_near else _UNPROVEN) for lane in lanes]


def _rows_of_values(
    on_sheet: Sequence[Placed],
    here: Sequence[RowAnchor],
    all_rows: Sequence[RowAnchor],
    s: int,
    lanes: Sequence[_Lane],
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
        reach = _ROW_REACH * max(label.height, p.box.height)
        if abs(label.center_y - p.box.center_y) > reach or p.box.center_x <= label.x1:
            continue
        if p.fragment.role is not Role.VALUE:
            inside = lanes and lanes[0].left <= p.box.center_x <= lanes[-1].right
            known_label = best_label(p.fragment.text, known)
            if not inside or (known_label is not None and known_label[1] >= SURE):
                continue
        result[id(nearest)].append(p)
    return result


def _complete(
    lanes: list[_Lane], block: Block, rows: dict[int, list[Placed]], sheet: Sheet
) -> list[_Lane]:
    """Add columns whose header was not found where full rows show where they must be.

    Such a column keeps a low strength: its place is an interpolation, so its values are flagged.
    """
    if len(lanes) == len(block.columns):
        return lanes
    full = [
        sorted(p.box.center_x for p in values)
        for values in rows.values()
        if len(values) == len(block.columns)
    ]
    if not full:
        return lanes
    centers = [median(xs) for xs in zip(*full, strict=True)]
    by_column = {lane.column.id: lane for lane in lanes}
    pitch = sheet.width if len(centers) < 2 else median(
        b - a for a, b in zip(centers, centers[1:], strict=False)
    )
    completed = []
    for column, center in zip(block.columns, centers, strict=True):
        lane = by_column.get(column.id)
        if lane is not None and abs(lane.center - center) > 0.75 * pitch:
            return lanes
        completed.append(
            lane
            or _Lane(column, center, center - pitch / 2, center + pitch / 2, "", _INTERPOLATED)
        )
    return completed


def _fill_row(
    found: _Found,
    layout: Layout,
    row: RowAnchor,
    s: int,
    sheet: Sheet,
    values: Sequence[Placed],
    lanes: Sequence[_Lane],
) -> None:
    """Candidates for one printed row on one sheet; a slot filled on an earlier sheet stays."""
    label = row.boxes[s]
    for lane, p, fit in _assign(values, lanes):
        slot = layout.slot_id(row.row, lane.column)
        before = found.candidates.get(slot)
        if before is not None and before.reading.state is not State.BLANK:
            continue
        found.candidates[slot] = _candidate(
            slot, p.fragment, lane, row.strength, fit * lane.strength, "place"
        )
        found.regions[slot] = p.fragment.evidence
    for lane in lanes:
        slot = layout.slot_id(row.row, lane.column)
        if slot in found.candidates:
            continue
        evidence = _cell_evidence(Box(lane.left, label.y0, lane.right, label.y1), sheet)
        found.regions[slot] = evidence
        found.candidates[slot] = Candidate(
            slot=slot,
            reading=Reading("", State.BLANK),
            score=1.0,
            row_anchor=row.strength,
            column_anchor=lane.strength,
            evidence=evidence,
            origin="empty",
        )


def _candidate(
    slot: str,
    fragment: Fragment,
    lane: _Lane,
    row_anchor: float,
    column_anchor: float,
    origin: str,
) -> Candidate:
    reading = read_cell(fragment.text, kind=lane.column.kind, header_unit=lane.header or None)
    return Candidate(
        slot, reading, fragment.score, row_anchor, column_anchor, fragment.evidence, origin
    )


def _assign(
    values: Sequence[Placed], lanes: Sequence[_Lane]
) -> list[tuple[_Lane, Placed, float]]:
    """Give each column at most one piece of print, in order, by the least total distance.

    Returns:
        Triples with how well the print fits its column: 1 well inside, less towards the border.
        Words that stand across several columns belong to each of them.
    """
    values = sorted(values, key=lambda p: p.box.center_x)
    lanes = list(lanes)
    # best[i][j]: least cost with values[:i] and lanes[:j] used; a value may stay without a column.
    worst = 1.5
    cost = [
        [abs(p.box.center_x - lane.center) / max(lane.right - lane.left, 1e-9) for lane in lanes]
        for p in values
    ]
    n, m = len(values), len(lanes)
    best = [[0.0] * (m + 1) for _ in range(n + 1)]
    for i in range(1, n + 1):
        best[i][0] = i * worst
        for j in range(1, m + 1):
            best[i][j] = min(
                best[i - 1][j] + worst,
                best[i][j - 1],
                best[i - 1][j - 1] + cost[i - 1][j - 1],
            )
    pairs = []
    i, j = n, m
    while i and j:
        if best[i][j] == best[i][j - 1]:
            j -= 1
        elif best[i][j] == best[i - 1][j] + worst:
            i -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((lanes[j], values[i], cost[i][j]))
    result = [
        (lane, p, 1.0 if far <= 0.4 else max(0.0, 1.0 - 2 * (far - 0.4)))
        for lane, p, far in pairs
        if lane.left <= p.box.x1 and p.box.x0 <= lane.right
    ]
    for lane, p, _ in list(result):
        if p.fragment.role is Role.VALUE and any(ch.isdigit() for ch in p.fragment.text):
            continue
        result += [
            (other, p, 1.0)
            for other in lanes
            if other is not lane
            and p.box.x0 <= other.center <= p.box.x1
            and all(other is not taken for taken, _, _ in result)
        ]
    return result


def _cell_evidence(cell: Box, sheet: Sheet) -> Evidence:
    if sheet.kind is SheetKind.PAGE:
        return Evidence(
            page=sheet.page,
            box=Box(
                max(0.0, (cell.x0 + sheet.left) / sheet.page_width),
                max(0.0, cell.y0 / sheet.height),
                min(1.0, (cell.x1 + sheet.left) / sheet.page_width),
                min(1.0, cell.y1 / sheet.height),
            ),
        )
    row, column = cell.center_y, cell.center_x
    for fragment in sheet.fragments:
        box = fragment.box
        if box and box.x0 <= column < box.x1 and box.y0 <= row < box.y1:
            return fragment.evidence
    return Evidence()


def _single_row(
    free: Sequence[Placed], sheets: Sequence[Sheet], layout: Layout, block: Block
) -> _Found:
    """A block that prints one row without a label, under its header: all its slots in a line."""
    best = _Found({}, {})
    row = block.rows[0]
    for s, sheet in enumerate(sheets):
        on_sheet = [p for p in free if p.sheet == s]
        found = _Found({}, {})
        for top in _starts(on_sheet, block):
            found = max(
                found,
                _under_header(on_sheet, free, sheets, s, layout, block, row, top),
                key=lambda f: f.score,
            )
        if found.score > best.score:
            best = found
        del sheet
    return best


def _starts(on_sheet: Sequence[Placed], block: Block) -> list[float]:
    """Heights at which a header of this block may begin: at each of its group labels."""
    tops = set()
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
) -> _Found:
    found = _Found({}, {})
    below = [p for p in on_sheet if p.box.center_y > top]
    stop = min(
        (
            p.box.y0
            for p in below
            if p.fragment.role in (Role.VALUE, Role.PROSE, Role.HEADING)
            and p.box.y0 > top
        ),
        default=float("inf"),
    )
    header = [p for p in below if p.fragment.role is Role.LABEL and p.box.center_y < stop]
    anchors = _agree_with_groups(find_columns(header, block), header, block)
    if 2 * len(anchors) < len(block.columns):
        return found
    lanes = _lanes(anchors, [], sheets[s])
    found.score = sum(anchor.strength for anchor in anchors)
    values = _first_row([p for p in below if p.box.center_y > stop - 1e-6], sheets[s])
    t = s
    if not values and stop == float("inf") and s + 1 < len(sheets):
        t = s + 1
        values = _first_row([p for p in free if p.sheet == t], sheets[t])
        if values:
            scale = sheets[t].width / max(sheets[s].width, 1e-9)
            lanes = _settle(
                [_moved_lane(lane, scale, 0.0, _CONTINUED) for lane in lanes], {0: list(values)}
            )
    bottom = max(p.box.y1 for p in header)
    height = median(p.box.height for p in header)
    place = (
        Box(0, min(p.box.y0 for p in values), 0, max(p.box.y1 for p in values))
        if values
        else Box(0, bottom, 0, bottom + height)
    )
    lanes = _complete(lanes, block, {0: list(values)}, sheets[t])
    anchor = RowAnchor(0, row, (), {t: place}, 1.0)
    _fill_row(found, layout, anchor, t, sheets[t], values, lanes)
    return found


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
        labels = [p.box for p in header if group and best_label(p.fragment.text, block.furniture)
                  and p.fragment.text == group]
        apart = labels and not any(
            min(m.x0 for m in mates) <= box.center_x <= max(m.x1 for m in mates) for box in labels
        )
        result.append(replace(anchor, strength=anchor.strength * 0.5) if apart else anchor)
    return result


def _first_row(below: Sequence[Placed], sheet: Sheet) -> list[Placed]:
    """The uppermost print row that has values, with everything beside them."""
    values = [p for p in below if p.fragment.role is Role.VALUE]
    if not values:
        return []
    first = min(values, key=lambda p: p.box.center_y)
    level = first.box.center_y
    reach = _ROW_REACH * max(first.box.height, 1e-9)
    # Words in place of numbers stand in the same row; sentences below do not.
    return [
        p
        for p in below
        if abs(p.box.center_y - level) <= reach and p.fragment.role in (Role.VALUE, Role.LABEL)
    ]
