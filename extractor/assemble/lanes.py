"""Columns as lanes: where the values of each column may stand, and which value is whose.

Lanes come from headers. On a sheet that continues a table they are carried over, moved as the
labels of its rows are moved, and must then agree with the values that stand there.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from extractor.assemble.anchors import ColumnAnchor, Placed, RowAnchor
from extractor.schema import Block, Column
from extractor.types import Box, Role, Sheet

_CONTINUED = 0.9
_INTERPOLATED = 0.5
_UNPROVEN = 0.5
_MAX_SETTLE = 0.25
_STRAYED = 0.5
_ZERO = re.compile(r"\s*[0０]\s*")
_TILT = 0.3
_SAME_HEIGHT = 0.2
_SAME_SHAPE = 0.1


@dataclass(frozen=True, slots=True)
class Lane:
    """The horizontal extent in which the values of one column are looked for."""

    column: Column
    center: float
    left: float
    right: float
    header: str
    strength: float
    reach: float = 0.0
    """How far right of `right` a value may begin: the last column may be much wider than others."""


def make_lanes(anchors: Sequence[ColumnAnchor], rows: Sequence[Box], sheet: Sheet) -> list[Lane]:
    """Where the values of each column may stand: up to half way to its neighbours."""
    if not anchors:
        return []
    centers = [anchor.box.center_x for anchor in anchors]
    pitch = (
        median(b - a for a, b in itertools.pairwise(centers)) if len(centers) > 1 else sheet.width
    )
    label_right = max((box.x1 for box in rows if box.x1 <= centers[0]), default=0.0)
    lanes = []
    for i, anchor in enumerate(anchors):
        left = (
            (centers[i - 1] + centers[i]) / 2 if i else max(label_right, centers[0] - 0.75 * pitch)
        )
        right = (
            (centers[i] + centers[i + 1]) / 2 if i + 1 < len(centers) else centers[i] + 0.75 * pitch
        )
        lanes.append(
            Lane(
                anchor.column,
                centers[i],
                min(left, anchor.box.x0),
                max(right, anchor.box.x1),
                anchor.text,
                anchor.strength,
                reach=0.0 if i + 1 < len(centers) else sheet.width,
            )
        )
    return lanes


def carry_lanes(
    lanes: Sequence[Lane],
    sheets: Sequence[Sheet],
    home: int,
    s: int,
    before: Sequence[RowAnchor],
    here: Sequence[RowAnchor],
) -> list[Lane]:
    """The columns of the sheet `home` on sheet `s`, moved as the labels of its rows are moved.

    Rows of the same group begin at the same indent. Pages of scans are shifted against each other,
    and the two pages of a booklet have other margins.
    """
    scale = relative_scale(sheets[home], sheets[s])
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
    return [move_lane(lane, scale, offset, _CONTINUED) for lane in lanes]


def relative_scale(home: Sheet, other: Sheet) -> float:
    """How much larger print is on `other` than on `home`, as far as the size of the paper tells.

    Pages of one shape are compared as a whole, whether or not one of them was cut into two sheets:
    the last page of a booklet may be half empty, and stays whole.
    """
    shapes = [sheet.page_width / max(sheet.height, 1e-9) for sheet in (home, other)]
    if shapes[0] and abs(shapes[1] / shapes[0] - 1) <= _SAME_SHAPE:
        return other.page_width / home.page_width
    return other.width / max(home.width, 1e-9)


def ruled_row(
    cells: Sequence[Box], label: Box, lanes: Sequence[Lane], block: Block
) -> tuple[list[Lane], list[Box]] | None:
    """The columns of one row, and its cells, as ruled lines bound them.

    To the right of the cell of the row's label stand exactly as many cells as the block has
    columns, in their order; otherwise None. The k-th cell is the k-th column, also where a bent
    or distorted page has moved it from below its header. A column whose header was not found is
    as weak as one that was interpolated.
    """
    if not _is_in_order(lanes, block):
        return None
    x, y = label.x1 - 0.5 * label.height, label.center_y
    row: list[Box] = []
    for cell in cells:
        if cell.x0 <= x < cell.x1 and cell.y0 <= y < cell.y1:
            row.append(cell)
    if len(row) != 1:
        return None
    while len(row) <= len(block.columns) + 1:
        last = row[-1]
        right = [cell for cell in cells if is_next(last, cell)]
        if len(right) != 1:
            break
        row.append(right[0])
    if len(row) != len(block.columns) + 1:
        return None
    known = {lane.column.id: lane for lane in lanes}
    ruled = []
    for column, cell in zip(block.columns, row[1:], strict=True):
        lane = known.get(column.id)
        header, strength = (lane.header, lane.strength) if lane else ("", _INTERPOLATED)
        ruled.append(Lane(column, cell.center_x, cell.x0, cell.x1, header, strength))
    return ruled, row[1:]


def _is_in_order(lanes: Sequence[Lane], block: Block) -> bool:
    order = [column.id for column in block.columns]
    places = [order.index(lane.column.id) for lane in lanes]
    return places == sorted(places)


def is_next(cell: Box, other: Box) -> bool:
    """Whether a cell stands right of another one in the same row of a page that may be tilted."""
    least = min(cell.height, other.height)
    return (
        abs(other.x0 - cell.x1) <= _TILT * least
        and abs(other.center_y - cell.center_y) <= _TILT * least
        and abs(other.height - cell.height) <= _SAME_HEIGHT * least
    )


def move_lane(lane: Lane, scale: float, offset: float, factor: float) -> Lane:
    return replace(
        lane,
        center=lane.center * scale + offset,
        left=lane.left * scale + offset,
        right=lane.right * scale + offset,
        strength=lane.strength * factor,
    )


def settle_lanes(lanes: Sequence[Lane], rows: Mapping[int, Sequence[Placed]]) -> list[Lane]:
    """Fit carried columns to the values that stand on the sheet itself.

    Rows with a value in every column say exactly where the columns are. Where there are none, the
    values must all stand near the middle of a column; if they do not, nothing on this sheet proves
    which column is which, and the columns become weak.
    """
    centers = [[p.box.center_x for p in values] for values in rows.values()]
    full = [sorted(xs) for xs in centers if len(xs) == len(lanes)]
    if full:
        found = [median(xs) for xs in zip(*full, strict=True)]
        span = lanes[-1].center - lanes[0].center
        scale = (found[-1] - found[0]) / span if span > 0 else 1.0
        if abs(scale - 1) > _MAX_SETTLE:  # Other columns than these: the paper told the size.
            scale = 1.0
        offset = median(x - scale * lane.center for x, lane in zip(found, lanes, strict=True))
        return [move_lane(lane, scale, offset, 1.0) for lane in lanes]
    width = median(lane.right - lane.left for lane in lanes)
    misses = [min((x - lane.center for lane in lanes), key=abs) for xs in centers for x in xs]
    if not misses:
        return list(lanes)
    offset = median(misses)
    is_near = abs(offset) <= _MAX_SETTLE * width and all(
        abs(miss - offset) <= _MAX_SETTLE * width for miss in misses
    )
    return [move_lane(lane, 1.0, offset, 1.0 if is_near else _UNPROVEN) for lane in lanes]


def complete_lanes(
    lanes: list[Lane], block: Block, rows: Mapping[int, Sequence[Placed]], sheet: Sheet
) -> list[Lane]:
    """Add columns whose header was not found where full rows show where they must be.

    Such a column keeps a low strength: its place is an interpolation, so its values are flagged.
    """
    if len(lanes) == len(block.columns) or not _is_in_order(lanes, block):
        return lanes
    full = [
        sorted(p.box.center_x for p in values)
        for values in rows.values()
        if len(values) == len(block.columns)
    ]
    if not full:
        return _interpolate(lanes, block)
    centers = [median(xs) for xs in zip(*full, strict=True)]
    by_column = {lane.column.id: lane for lane in lanes}
    pitch = (
        sheet.width if len(centers) < 2 else median(b - a for a, b in itertools.pairwise(centers))
    )
    completed = []
    for column, center in zip(block.columns, centers, strict=True):
        lane = by_column.get(column.id)
        if lane is not None and abs(lane.center - center) > 0.75 * pitch:
            return lanes
        completed.append(
            lane or Lane(column, center, center - pitch / 2, center + pitch / 2, "", _INTERPOLATED)
        )
    return completed


def _is_spread(p: Placed, lanes: Sequence[Lane]) -> bool:
    return sum(p.box.x0 < lane.center < p.box.x1 for lane in lanes) > 1


def _has_rival(
    lane: Lane,
    p: Placed,
    values: Sequence[Placed],
    assigned: Sequence[tuple[Lane, Placed, float]],
) -> bool:
    """Whether a number of no cell stands over or below this one, or beside it in its lane."""
    taken = {id(other.fragment) for _, other, _ in assigned}
    return any(
        other.fragment.role is Role.VALUE
        and id(other.fragment) not in taken
        and (other.box.overlap_x(p.box) > 0 or lane.left <= other.box.center_x <= lane.right)
        for other in values
    )


def _interpolate(lanes: list[Lane], block: Block) -> list[Lane]:
    """Add columns between two known ones where the space is just right for them."""
    if len(lanes) < 2:
        return lanes
    order = {column.id: i for i, column in enumerate(block.columns)}
    pitch = median(
        (b.center - a.center) / (order[b.column.id] - order[a.column.id])
        for a, b in itertools.pairwise(lanes)
    )
    completed = lanes[:1]
    for a, b in itertools.pairwise(lanes):
        i, j = order[a.column.id], order[b.column.id]
        step = (b.center - a.center) / (j - i)
        if abs(step - pitch) <= _MAX_SETTLE * pitch:
            for k in range(i + 1, j):
                center = a.center + (k - i) * step
                lane = Lane(
                    block.columns[k],
                    center,
                    center - step / 2,
                    center + step / 2,
                    "",
                    _INTERPOLATED,
                )
                completed.append(lane)
        completed.append(b)
    return completed


def assign_values(
    values: Sequence[Placed], lanes: Sequence[Lane]
) -> list[tuple[Lane, Placed, float]]:
    """Give each column at most one piece of print, in order, by the least total distance.

    Returns:
        Triples with how well the print fits its column: 1 well inside, less towards the border.
        Words that stand across several columns belong to each of them, and so does a zero, though
        not as surely. The only value of a row is that of its only column, wherever it stands, but
        far from it the fit is poor.
    """
    values = sorted(values, key=lambda p: p.box.center_x)
    lanes = list(lanes)
    if len(lanes) == len(values) == 1 and values[0].fragment.role is Role.VALUE:
        (lane,), (p,) = lanes, values
        is_inside = lane.left <= p.box.center_x <= lane.right + lane.reach
        return [(lane, p, 1.0 if is_inside else _STRAYED)]
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
        if lane.left <= p.box.x1 and p.box.x0 <= lane.right + lane.reach
    ]
    result = [
        # Another number in the same cell: it may be one number on two lines, or one that was torn.
        # So may one that is printed across several cells belong to any of them.
        (lane, p, 0.5 * fit if _has_rival(lane, p, values, result) or _is_spread(p, lanes) else fit)
        for lane, p, fit in result
    ]
    for lane, p, _ in list(result):
        is_zero = _ZERO.fullmatch(p.fragment.text) is not None
        is_number = any(ch.isdigit() for ch in p.fragment.text)
        if p.fragment.role is Role.VALUE and is_number and not is_zero:
            continue
        result += [
            (other, p, _STRAYED if is_zero else 1.0)
            for other in lanes
            if other is not lane
            and (other.header or not is_zero)
            and p.box.x0 <= other.center <= p.box.x1
            and all(other is not taken for taken, _, _ in result)
        ]
    return result
