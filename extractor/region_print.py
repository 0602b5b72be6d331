"""One region of an upright page: whether it holds print, and which of its pixels that is, rather
than ruled lines, specks, seals or rings of a pen."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.colour import colourfulness
from extractor.strips import darkness
from extractor.types import Box, Image

RULE_LENGTH = 0.6
FULL_HEIGHT = 0.95
"""A vertical rule runs through the whole region; the stem of a 1 ends inside of it."""
DIGIT_HEIGHT = 0.35
DIGIT_INK = 0.01
MIN_SPECK_PX = 4
HOLLOW = 0.45
RING_DIGIT = 0.3
SEAL_COLOUR = 60
MIN_SEAL = 0.01


def ink(image: Image, box: Box) -> float:
    """Return the share of a region that is covered by print, in [0, 1].

    Ruled lines, which run through most of the region's width or height or along its border, and
    specks of fewer than `MIN_SPECK_PX` pixels do not count. A red seal does: nothing proves that a
    cell below it is empty. 0.0 for a region outside of the image.
    """
    region = region_of(image, box)
    if region is None:
        return 0.0
    mask = print_mask(without_seal(region))
    share = max(float(mask.mean()), _seal_share(region))
    # In a wide cell a thin digit is next to nothing; its height is not.
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    tallest = max((int(height) for height in stats[1:, cv2.CC_STAT_HEIGHT]), default=0)
    return max(share, DIGIT_INK) if tallest >= DIGIT_HEIGHT * region.shape[0] else share


def cut(image: Image, box: Box) -> Image:
    """Return a region as it is; without pixels where it lies outside of the image."""
    region = region_of(image, box)
    return image[:0, :0] if region is None else region


def region_of(image: Image, box: Box) -> Image | None:
    height, width = image.shape[:2]
    x0, x1 = max(0, round(box.x0)), min(width, round(box.x1))
    y0, y1 = max(0, round(box.y0)), min(height, round(box.y1))
    return image[y0:y1, x0:x1] if x1 - x0 >= 3 and y1 - y0 >= 3 else None


def print_mask(region: Image) -> NDArray[np.bool_]:
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


def without_seal(region: Image) -> Image:
    """Return the region as if coloured ink were paper, if there is any; black stays."""
    if not _seal_share(region):
        return region
    return np.repeat(region.max(axis=2)[..., np.newaxis], 3, axis=2)


def _seal_share(region: Image) -> float:
    """Return the share of the region that is coloured, 0.0 if that is next to nothing."""
    share = float((colourfulness(region) > SEAL_COLOUR).mean())
    return share if share >= MIN_SEAL else 0.0


def without_rings(image: Image) -> Image:
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
