"""Dashes and slashes by their shape: a recogniser, which enlarges every crop to the same height,
takes them for digits.

A form's cell that says "nothing" often holds one straight stroke. No digit is one flat stroke, and
none is one slanted stroke of even width, so that the pixels settle what characters cannot.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.strips import darkness
from extractor.types import Image

DASH, SLASH = "—", "/"
FLAT = (1.7, 25.0)
"""Width of a dash relative to its height; longer ones are ruled lines."""
SOLID = 0.55
"""Share of a dash's bounds that is ink; digits that touch each other have holes and bays."""
MIN_DASH_PX = 5
BORDER = 0.2
SPECKS = 0.25
"""Share of the stroke's ink that other pieces of ink may have together."""
SLOPE = (0.2, 1.2)
"""How far a slash leans to the right, in shares of its height; a 1 stands upright."""
SLENDER = 2.5
STRAIGHT, EVEN = 0.45, 1.8
"""How far rows of a slash may lie beside its axis, and how wide they may be, in usual widths."""


def lone_stroke(region: Image) -> str:
    """Return `DASH` or `SLASH` if that is all print of a region, "" otherwise.

    Args:
        region: shape (H, W, 3), black print on paper, with some paper on all sides of the print.
            Lines that run along its borders or through it do not count.
    """
    dark = darkness(region).astype(np.uint8)
    height, width = dark.shape
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    pieces = []
    for i in range(1, count):
        x, y, w, h, area = stats[i].tolist()
        is_rule = w >= 0.9 * width or h >= 0.9 * height
        if not is_rule and not _is_at_border(x, y, w, h, width, height):
            pieces.append((area, i, x, y, w, h))
    if not pieces:
        return ""
    least = SPECKS * max(piece[0] for piece in pieces)
    strokes = [piece for piece in pieces if piece[0] >= least]
    if sum(piece[0] for piece in pieces) - sum(piece[0] for piece in strokes) > least:
        return ""
    x, y = min(piece[2] for piece in strokes), min(piece[3] for piece in strokes)
    w = max(piece[2] + piece[4] for piece in strokes) - x
    h = max(piece[3] + piece[5] for piece in strokes) - y
    if x <= 1 or y <= 1 or x + w >= width - 1 or y + h >= height - 1:
        return ""
    # A bad copy may break a dash, but most of it is flat pieces; digits are higher than wide.
    flat = sum(p[4] for p in strokes if p[4] >= FLAT[0] * p[5] and p[0] >= SOLID * p[4] * p[5])
    if w >= MIN_DASH_PX and FLAT[0] * h <= w <= FLAT[1] * h and flat >= w / 2:
        return DASH
    is_one = len(strokes) == 1 and _is_slash(labels[y : y + h, x : x + w] == strokes[0][1])
    return SLASH if is_one else ""


def _is_at_border(x: int, y: int, w: int, h: int, width: int, height: int) -> bool:
    """Whether a piece of ink touches a side of its region and stays near it, as lines do."""
    near_x, near_y = BORDER * width, BORDER * height
    return (
        (x == 0 and w <= near_x)
        or (y == 0 and h <= near_y)
        or (x + w == width and w <= near_x)
        or (y + h == height and h <= near_y)
    )


def _is_slash(stroke: NDArray[np.bool_]) -> bool:
    """Whether one piece of ink is straight, slender, of even width and leans to the right."""
    height = stroke.shape[0]
    widths = stroke.sum(axis=1).astype(np.float64)
    usual = float(np.median(widths))
    if height < 8 or height < SLENDER * usual:
        return False
    rows = np.arange(height)
    inner = slice(height // 8, height - height // 8)
    axis = (stroke * np.arange(stroke.shape[1])).sum(axis=1) / np.maximum(widths, 1.0)
    lean, start = np.polyfit(rows[inner], axis[inner], 1)
    beside = np.abs(axis[inner] - (start + lean * rows[inner])).max()
    return bool(
        SLOPE[0] <= -lean <= SLOPE[1]
        and beside <= max(1.0, STRAIGHT * usual)
        and widths.max() <= max(usual + 2.0, EVEN * usual)
    )
