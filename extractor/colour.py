"""Coloured ink on black print: seals and pens are told from the print by their colour.

Black print is dark in every channel, coloured ink is bright in the channel of its own colour. The
brightest channel of each pixel therefore shows the page as if coloured ink were not there. Letters
of a coloured heading are ink as well, so that only what is no line of print is taken away: seals
(`without_seals`), and marks in a crop that holds black print besides (`without_marks`).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.types import Image

COLOURED = 45
"""Difference between the brightest and the darkest channel from which on ink is coloured."""
MIN_SEAL_MM = 15.0
MAX_SEAL_RATIO = 3.0
SEAL_GAP_MM = 5.0
A4_SHORT_SIDE_MM = 210.0
SEAL_SHARE = 0.0005
MARK_SHARE = 0.004
DARK = 110
MIN_DARK_SHARE = 0.01


def colourfulness(image: Image) -> NDArray[np.uint8]:
    """Return the difference between the brightest and the darkest channel, shape (H, W)."""
    return np.asarray(cv2.subtract(image.max(axis=2), image.min(axis=2)), dtype=np.uint8)


def without_seals(image: Image) -> Image | None:
    """Take seals off a page: coloured ink that spreads over more than a few lines both ways.

    Returns:
        The page without them, or None where there is none, which costs a few milliseconds.
    """
    height, width = image.shape[:2]
    scale = min(1.0, 600 / min(height, width))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    coloured = (colourfulness(np.asarray(small, dtype=np.uint8)) > COLOURED // 2).astype(np.uint8)
    if coloured.mean() < SEAL_SHARE:
        return None
    # The ring of a seal, often broken, and its characters lie apart by the size of a character.
    per_mm = min(small.shape[:2]) / A4_SHORT_SIDE_MM
    reach = max(3, round(SEAL_GAP_MM * per_mm))
    joined = cv2.morphologyEx(coloured, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    seal = np.zeros(joined.shape, dtype=np.uint8)
    for i in range(1, count):
        x, y, *sides = stats[i, :4].tolist()
        if min(sides) >= MIN_SEAL_MM * per_mm and max(sides) <= MAX_SEAL_RATIO * min(sides):
            seal[y : y + sides[1], x : x + sides[0]] = 1
    if not seal.any():
        return None
    seal = np.asarray(cv2.dilate(seal, np.ones((3, 3), np.uint8)), dtype=np.uint8)
    mask = cv2.resize(seal, (width, height), interpolation=cv2.INTER_NEAREST) > 0
    return _brightest(image, mask)


def without_marks(crop: Image) -> Image:
    """Take coloured marks off a crop that holds black print too; others stay as they are."""
    coloured = colourfulness(crop) > COLOURED
    share = float(coloured.mean())
    if share < MARK_SHARE:
        return crop
    dark = (crop.max(axis=2) < DARK) & ~coloured
    if float(dark.mean()) < MIN_DARK_SHARE:
        return crop
    return _brightest(crop, None)


def _brightest(image: Image, mask: NDArray[Any] | None) -> Image:
    gray = image.max(axis=2)
    if mask is None:
        return np.repeat(gray[..., np.newaxis], 3, axis=2)
    result = image.copy()
    result[mask] = gray[mask][:, np.newaxis]
    return result
