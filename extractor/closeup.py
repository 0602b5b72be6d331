"""One region of an upright page seen from near: whether it holds print, and what that says."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.colour import colourfulness
from extractor.ocr import OcrEngine
from extractor.strips import darkness, without_blanks_between_digits
from extractor.strokes import DASH, lone_stroke
from extractor.types import Box, Image, Line

RULE_LENGTH = 0.6
FULL_HEIGHT = 0.95
"""A vertical rule runs through the whole region; the stem of a 1 ends inside of it."""
DIGIT_HEIGHT = 0.35
DIGIT_INK = 0.01
MIN_SPECK_PX = 4
SIDE_PX = 2
READ_MARGIN = 0.35
STROKE_SCORE = 0.97
HOLLOW = 0.45
RING_DIGIT = 0.3
SIDE_REACH, LINE_REACH = 1.5, 1.4
"""How far from a reading its cell may hold more print, in heights of its box, where no ruled lines
bound the cell: beside it, and above and below."""
STRAY_HEIGHT, STRAY_WIDTH = (0.6, 1.7), 2.5
"""Size of print relative to the print that was read; specks are smaller, rules and seals larger."""
STRAY_MARGIN = 0.25
INK_HEIGHT = 0.55
"""Height of digits relative to the box of their line."""
CELL_BORDER, CELL_SIDES = 0.3, 0.12
NEARER = 0.1
"""How much nearer the next line of a cell is than the next row, in heights of a line's box."""
MAX_GROWTH = 6
LINE_GAP, LINE_HEIGHT = 1.5, 0.6
"""Two lines of one cell: the gap between them relative to the lower one, and that one relative to
the higher one. The strokes of 二 stand further apart."""
SEAL_COLOUR = 60
MIN_SEAL = 0.01


def ink(image: Image, box: Box) -> float:
    """Return the share of a region that is covered by print, in [0, 1].

    Ruled lines, which run through most of the region's width or height or along its border, and
    specks of fewer than `MIN_SPECK_PX` pixels do not count. A red seal does: nothing proves that a
    cell below it is empty. 0.0 for a region outside of the image.
    """
    region = _cut(image, box)
    if region is None:
        return 0.0
    mask = _print_mask(_without_seal(region))
    share = max(float(mask.mean()), _seal_share(region))
    # In a wide cell a thin digit is next to nothing; its height is not.
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    tallest = max((int(height) for height in stats[1:, cv2.CC_STAT_HEIGHT]), default=0)
    return max(share, DIGIT_INK) if tallest >= DIGIT_HEIGHT * region.shape[0] else share


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
    part = _cut(image, region)
    if part is None:
        return []
    height, width = part.shape[:2]
    left, top = max(0, round(region.x0)), max(0, round(region.y0))
    mask = _print_mask(_without_seal(part)).astype(np.uint8)
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


def read_crop(image: Image, box: Box, engine: OcrEngine, scale: float = 2.0) -> Line | None:
    """Read one region, enlarged, without looking for print in it first.

    The region is narrowed to its ink, since a number that is small in its crop reads badly. Lines
    of a cell in which print is wrapped are read each by itself and joined from top to bottom.

    Returns:
        The line in pixels of `image`, or None where there is no ink or nothing is read.
    """
    if (mark := stroke(image, box)) == DASH:
        return Line(mark, box, STROKE_SCORE)
    region = _cut(image, box)
    if region is None:
        return None
    region = _without_rings(_without_seal(region))
    mask = _print_mask(region)
    tight = [place for rows in _lines(mask) if (place := _narrowed(mask, rows)) is not None]
    parts = [part for place in tight if (part := _cut(region, place)) is not None]
    if not parts:
        return None
    large = [
        cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC) for part in parts
    ]
    crops = [np.asarray(one, dtype=np.uint8) for one in large]
    strips = [
        without_blanks_between_digits(strip, crop)
        for strip, crop in zip(engine.recognize(crops), crops, strict=True)
        if strip.text
    ]
    if not strips:
        return None
    left, top = max(0, round(box.x0)), max(0, round(box.y0))
    whole = tight[0]
    for place in tight[1:]:
        whole = whole.union(place)
    whole = Box(whole.x0 + left, whole.y0 + top, whole.x1 + left, whole.y1 + top)
    if len(strips) > 1:
        text = "".join(strip.text for strip in strips)
        return Line(text, whole, min(strip.score for strip in strips))
    (strip,) = strips
    centers = [whole.x0 + center * whole.width for center in strip.centers]
    inner = ((a + b) / 2 for a, b in itertools.pairwise(centers))
    edges = (whole.x0, *inner, whole.x1) if centers else ()
    return Line(strip.text, whole, strip.score, edges, strip.choices)


def _lines(mask: NDArray[np.bool_]) -> list[slice]:
    """Return the rows of each line of print, from top to bottom; all rows where it is only one."""
    steps = np.flatnonzero(np.diff(np.concatenate(([0], mask.any(axis=1).astype(np.int8), [0]))))
    runs = list(zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True))
    tallest = max((stop - start for start, stop in runs), default=0)
    runs = [run for run in runs if run[1] - run[0] >= LINE_HEIGHT * tallest]
    gaps = [(b[0] - a[1]) / (b[1] - b[0]) for a, b in itertools.pairwise(runs)]
    if not gaps or max(gaps) > LINE_GAP:
        return [slice(0, mask.shape[0])]
    cuts = [0, *((a[1] + b[0]) // 2 for a, b in itertools.pairwise(runs)), mask.shape[0]]
    return [slice(start, stop) for start, stop in itertools.pairwise(cuts)]


def _narrowed(mask: NDArray[np.bool_], within: slice) -> Box | None:
    """Return the bounds of the print in some rows of a region with a margin, None without any."""
    part = mask[within]
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    if len(rows) == 0:
        return None
    margin = READ_MARGIN * (rows[-1] - rows[0] + 1)
    start, stop, _ = within.indices(mask.shape[0])
    return Box(
        max(float(columns[0]) - margin, 0.0),
        max(start + float(rows[0]) - margin, float(start)),
        min(float(columns[-1]) + 1 + margin, float(mask.shape[1])),
        min(start + float(rows[-1]) + 1 + margin, float(stop)),
    )


def stroke(image: Image, box: Box) -> str:
    """Return the dash or slash that is the only print in and around a region, "" otherwise.

    Where the region is a whole cell, the ruled lines at its sides are left out.
    """
    reach = max(4.0, 0.25 * min(box.width, box.height))
    around = Box(box.x0 - reach, box.y0 - reach / 2, box.x1 + reach, box.y1 + reach / 2)
    side_x, side_y = CELL_SIDES * box.width, CELL_SIDES * box.height
    inside = Box(box.x0 + side_x, box.y0 + side_y, box.x1 - side_x, box.y1 - side_y)
    for region in (_cut(image, around), _cut(image, inside)):
        if region is not None and (mark := lone_stroke(_without_seal(region))):
            return mark
    return ""


def is_cut(image: Image, box: Box) -> bool:
    """Whether print as high as a digit stands across the left or right side of a region, so that
    what is read inside may be the rest of a number. False outside of the image."""
    margin = 0.5 * box.height
    around = Box(box.x0 - margin, box.y0, box.x1 + margin, box.y1)
    region = _cut(image, around)
    if region is None:
        return False
    left = max(0, round(around.x0))
    sides = (round(box.x0) - left, round(box.x1) - left)
    mask = _print_mask(_without_seal(region)).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    for x, _, w, h, _ in stats[1:count].tolist():
        is_high = h >= DIGIT_HEIGHT * region.shape[0]
        if is_high and any(x - SIDE_PX <= side <= x + w + SIDE_PX for side in sides):
            return True
    return False


def cut(image: Image, box: Box) -> Image:
    """Return a region as it is; without pixels where it lies outside of the image."""
    region = _cut(image, box)
    return image[:0, :0] if region is None else region


def _cut(image: Image, box: Box) -> Image | None:
    height, width = image.shape[:2]
    x0, x1 = max(0, round(box.x0)), min(width, round(box.x1))
    y0, y1 = max(0, round(box.y0)), min(height, round(box.y1))
    return image[y0:y1, x0:x1] if x1 - x0 >= 3 and y1 - y0 >= 3 else None


def _seal_share(region: Image) -> float:
    """Return the share of the region that is coloured, 0.0 if that is next to nothing."""
    share = float((colourfulness(region) > SEAL_COLOUR).mean())
    return share if share >= MIN_SEAL else 0.0


def _without_seal(region: Image) -> Image:
    """Return the region as if coloured ink were paper, if there is any; black stays."""
    if not _seal_share(region):
        return region
    return np.repeat(region.max(axis=2)[..., np.newaxis], 3, axis=2)


def _without_rings(image: Image) -> Image:
    """Return the region without pen strokes that run around its print.

    A ring is one hollow piece of ink whose bounds hold another piece that is high enough for a
    digit; no digit holds another.
    """
    dark = darkness(image).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    rings = []
    for i in range(1, count):
        x, y, w, h, area = stats[i].tolist()
        inner = (
            (stats[1:, cv2.CC_STAT_LEFT] > x)
            & (stats[1:, cv2.CC_STAT_TOP] > y)
            & (stats[1:, cv2.CC_STAT_LEFT] + stats[1:, cv2.CC_STAT_WIDTH] < x + w)
            & (stats[1:, cv2.CC_STAT_TOP] + stats[1:, cv2.CC_STAT_HEIGHT] < y + h)
            & (stats[1:, cv2.CC_STAT_HEIGHT] >= RING_DIGIT * h)
        )
        if area < HOLLOW * w * h and inner.any():
            rings.append(i)
    if not rings:
        return image
    ring = cv2.dilate(np.isin(labels, rings).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    result = image.copy()
    result[ring] = np.percentile(image, 80, axis=(0, 1)).astype(np.uint8)
    return result


def _print_mask(region: Image) -> NDArray[np.bool_]:
    """Return the pixels of print: ink without ruled lines and specks."""
    dark = darkness(region).astype(np.uint8)
    height, width = dark.shape
    across = cv2.morphologyEx(
        dark, cv2.MORPH_OPEN, np.ones((1, max(3, round(RULE_LENGTH * width))), np.uint8)
    )
    down = cv2.morphologyEx(
        dark, cv2.MORPH_OPEN, np.ones((max(3, round(FULL_HEIGHT * height)), 1), np.uint8)
    )
    rules = cv2.dilate(np.maximum(across, down), np.ones((3, 3), np.uint8))
    dark[rules > 0] = 0
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    is_print = areas >= MIN_SPECK_PX
    is_print[0] = False
    return np.asarray(is_print[labels], dtype=np.bool_)
