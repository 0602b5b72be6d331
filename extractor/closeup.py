"""One region of an upright page seen from near: what its print says."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.ocr import OcrEngine
from extractor.region_print import (
    DIGIT_HEIGHT,
    print_mask,
    region_of,
    without_rings,
    without_seal,
)
from extractor.strips import without_blanks_between_digits
from extractor.strokes import DASH, lone_stroke
from extractor.types import Box, Image, Line

SIDE_PX = 2
READ_MARGIN = 0.35
STROKE_SCORE = 0.97
CELL_SIDES = 0.12
LINE_GAP, LINE_HEIGHT = 1.5, 0.6
"""Two lines of one cell: the gap between them relative to the lower one, and that one relative to
the higher one. The strokes of 二 stand further apart."""


def read_crop(image: Image, box: Box, engine: OcrEngine, scale: float = 2.0) -> Line | None:
    """Read one region, enlarged, without looking for print in it first.

    The region is narrowed to its ink, since a number that is small in its crop reads badly. Lines
    of a cell in which print is wrapped are read each by itself and joined from top to bottom.

    Returns:
        The line in pixels of `image`, or None where there is no ink or nothing is read.
    """
    if (mark := stroke(image, box)) == DASH:
        return Line(mark, box, STROKE_SCORE)
    region = region_of(image, box)
    if region is None:
        return None
    region = without_rings(without_seal(region))
    mask = print_mask(region)
    tight = [place for rows in _lines(mask) if (place := _narrowed(mask, rows)) is not None]
    parts = [part for place in tight if (part := region_of(region, place)) is not None]
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
    for region in (region_of(image, around), region_of(image, inside)):
        if region is not None and (mark := lone_stroke(without_seal(region))):
            return mark
    return ""


def is_cut(image: Image, box: Box) -> bool:
    """Whether print as high as a digit stands across the left or right side of a region, so that
    what is read inside may be the rest of a number. False outside of the image."""
    margin = 0.5 * box.height
    around = Box(box.x0 - margin, box.y0, box.x1 + margin, box.y1)
    region = region_of(image, around)
    if region is None:
        return False
    left = max(0, round(around.x0))
    sides = (round(box.x0) - left, round(box.x1) - left)
    mask = print_mask(without_seal(region)).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    for x, _, w, h, _ in stats[1:count].tolist():
        is_high = h >= DIGIT_HEIGHT * region.shape[0]
        if is_high and any(x - SIDE_PX <= side <= x + w + SIDE_PX for side in sides):
            return True
    return False
