"""Print of a cell that stands beside what was read of it, or where nothing was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import cv2
import numpy as np

from extractor.region_print import print_mask, region_of, without_seal
from extractor.types import Box, Image

SIDE_REACH, LINE_REACH = 1.5, 1.4
"""How far from a reading its cell may hold more print, in heights of its box, where no ruled lines
bound the cell: beside it, and above and below."""
STRAY_HEIGHT, STRAY_WIDTH = (0.6, 1.7), 2.5
"""Size of print relative to the print that was read; specks are smaller, rules and seals larger."""
STRAY_MARGIN = 0.25
INK_HEIGHT = 0.55
"""Height of digits relative to the box of their line."""
CELL_BORDER = 0.3
NEARER = 0.1
"""How much nearer the next line of a cell is than the next row, in heights of a line's box."""
MAX_GROWTH = 6


def whole_print(
    image: Image, box: Box, others: Sequence[Box], cell: Box | None, *, has_lines: bool = False
) -> Box | None:
    """Return where all print of a cell stands if some of it lies outside of what was read of it.

    Args:
        image: an upright page.
        box: what was read.
        others: what was read of other cells, and is no part of this one.
        cell: the ruled cell around `box`, None where there is none.
        has_lines: whether to look above and below too where there is no ruled cell.

    Returns:
        A box around `box` and the print beside it, None where no more print stands in the cell.
    """
    others = [other for other in others if other.overlap_x(box) * other.overlap_y(box) == 0]
    if cell is not None:
        # Remains of the lines at its sides are no print.
        side = min(CELL_BORDER * box.height, cell.width / 4)
        cell = Box(cell.x0 + side, cell.y0, cell.x1 - side, cell.y1)
        if any(_holds_center(cell, other) for other in others):
            cell = None  # a line between two cells was missed
    grown = box
    if cell is not None:
        for stray in _strays(image, grown, cell, others):
            grown = grown.union(stray)
    # Faint print is found where its own surroundings say what is ink, piece by piece.
    for _ in range(MAX_GROWTH):
        side = (0.6 if has_lines and cell is None else SIDE_REACH) * box.height
        reach = LINE_REACH * box.height if has_lines and cell is None else 0.0
        region = Box(grown.x0 - side, box.y0 - reach, grown.x1 + side, box.y1 + reach)
        if cell is not None:
            region = replace(region, x0=max(region.x0, cell.x0), x1=min(region.x1, cell.x1))
        strays = _strays(image, grown, region, others)
        if cell is None and has_lines:
            strays = _of_nearer_line(grown, strays)
        for stray in strays:
            grown = grown.union(stray)
        if not strays or (has_lines and cell is None):
            break
    return None if grown is box else grown


def has_stray_print(image: Image, box: Box, others: Sequence[Box], cell: Box | None) -> bool:
    """Return whether print of no other cell stands right above or below a cell that seems empty.

    Args:
        image: an upright page.
        box: where the cell should be.
        others: all that was read on the page; their height tells that of print.
        cell: the ruled cell around `box`, None where there is none.
    """
    if not others:
        return False
    height = median(other.height for other in others)
    region = cell
    if region is None or any(_holds_center(region, other) for other in others):
        reach = LINE_REACH * height
        region = Box(box.x0, box.y0 - reach, box.x1, box.y1 + reach)
    outside = [other for other in others if other.overlap_x(region) * other.overlap_y(region) > 0]
    return bool(_strays(image, box, region, outside, INK_HEIGHT * height))


def _of_nearer_line(box: Box, strays: Sequence[Box]) -> list[Box]:
    """Return the print of the line above or below, whichever is nearer: the other one belongs to
    the next row. None of it where that cannot be told."""
    above = [box.y0 - stray.y1 for stray in strays if stray.center_y < box.y0]
    below = [stray.y0 - box.y1 for stray in strays if stray.center_y > box.y1]
    unseen = LINE_REACH * box.height
    up, down = min(above, default=unseen), min(below, default=unseen)
    if abs(up - down) < NEARER * box.height:
        return []
    return [s for s in strays if (s.center_y < box.center_y) == (up < down)]


def _strays(
    image: Image, box: Box, region: Box, others: Sequence[Box], size: float = 0.0
) -> list[Box]:
    """Return the print in a region that lies outside of a box and is as large as what is in it, or
    as `size`."""
    part = region_of(image, region)
    if part is None:
        return []
    height, width = part.shape[:2]
    left, top = max(0, round(region.x0)), max(0, round(region.y0))
    mask = print_mask(without_seal(part)).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    inner: list[Box] = []
    outer: list[Box] = []
    for x, y, w, h, _ in stats[1:].tolist():
        piece = Box(left + x, top + y, left + x + w, top + y + h)
        if _holds_center(box, piece):
            inner.append(piece)
        elif x > 0 and y > 0 and x + w < width and y + h < height:
            outer.append(piece)
    # Faint digits fall into pieces, so that they are not taken for smaller than their line says.
    size = size or max(INK_HEIGHT * box.height, *(piece.height for piece in inner), 0.0)
    margin = STRAY_MARGIN * size
    return [
        Box(piece.x0 - margin, piece.y0 - margin, piece.x1 + margin, piece.y1 + margin)
        for piece in outer
        if STRAY_HEIGHT[0] * size <= piece.height <= STRAY_HEIGHT[1] * size
        and piece.width <= STRAY_WIDTH * size
        and not any(_holds_center(other, piece) for other in others)
    ]


def _holds_center(box: Box, other: Box) -> bool:
    return box.x0 <= other.center_x <= box.x1 and box.y0 <= other.center_y <= box.y1
