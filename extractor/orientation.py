"""Which way is up: turns of images, of the quadrilaterals found in them, and of their parts.

Pure geometry, used by `pages`, `ocr` and whoever shows a page again later. All angles are degrees
counter-clockwise that are applied to an image to make it upright, which is what
`Page.rotation_deg` holds.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.types import Box, Image

Quads = NDArray[np.float32]
"""Shape (N, 4, 2): x and y of top left, top right, bottom right, bottom left, in image pixels."""

ELONGATED = 2.5
"""A quadrilateral this many times as long as wide is a line of print; single digits are not."""
LONG = 4.0
"""One whose own slope can be measured."""
MIN_LONG_QUADS = 3
MAX_SKEW_DEG = 15.0


def upright(image: Image, rotation_deg: float) -> Image:
    """Turn an image counter-clockwise; the canvas grows so that nothing is lost, filled white.

    Quarter turns are exact. 0 gives the image itself.
    """
    quarters = round(rotation_deg / 90)
    skew = rotation_deg - 90 * quarters
    if quarters % 4:
        image = np.ascontiguousarray(np.rot90(image, quarters))
    if abs(skew) < 0.01:
        return image
    height, width = image.shape[:2]
    matrix, size = skew_transform(width, height, skew)
    turned = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))
    return np.asarray(turned, dtype=np.uint8)


def skew_transform(
    width: int, height: int, skew_deg: float
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], tuple[int, int]]:
    """Return the 2 x 3 matrix and the (width, height) of the canvas of a turn by a small angle."""
    cos = abs(float(np.cos(np.radians(skew_deg))))
    sin = abs(float(np.sin(np.radians(skew_deg))))
    size = (round(width * cos + height * sin), round(width * sin + height * cos))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), skew_deg, 1.0)
    matrix[0, 2] += (size[0] - width) / 2
    matrix[1, 2] += (size[1] - height) / 2
    return np.asarray(matrix, dtype=np.float64), size


def turned_quads(quads: Quads, width: int, height: int, skew_deg: float) -> Quads:
    """Move quadrilaterals as `upright` moves the pixels of a (width, height) image."""
    matrix, _ = skew_transform(width, height, skew_deg)
    moved = quads @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(moved, dtype=np.float32)


def sizes(quads: Quads) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return widths and heights, each of shape (N,)."""
    widths = np.linalg.norm(quads[:, 1] - quads[:, 0], axis=1)
    heights = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
    return np.maximum(widths, 1), np.maximum(heights, 1)


def is_sideways(quads: Quads) -> bool:
    """Whether the lines of print run up or down the image, weighed by their length."""
    widths, heights = sizes(quads)
    wide = widths[widths > ELONGATED * heights].sum()
    tall = heights[heights > ELONGATED * widths].sum()
    return bool(tall > wide)


def skew(quads: Quads, image: Image) -> float:
    """Return the small turn that makes the lines of print horizontal, 0 where nothing shows it.

    The median slope of the long lines, weighed by length; with too few of those, that of the
    ruled lines.
    """
    widths, heights = sizes(quads)
    is_long = widths > LONG * heights
    if is_long.sum() < MIN_LONG_QUADS:
        return _rule_skew(image)
    chosen = quads[is_long]
    along = (chosen[:, 1] - chosen[:, 0]) + (chosen[:, 2] - chosen[:, 3])  # (n, 2)
    angles = np.degrees(np.arctan2(along[:, 1], along[:, 0]))
    return _weighted_median(angles, widths[is_long])


def _rule_skew(image: Image) -> float:
    height, width = image.shape[:2]
    scale = min(1.0, 1200 / max(height, width))
    small = cv2.resize(
        cv2.cvtColor(image, cv2.COLOR_RGB2GRAY),
        None,
        fx=scale,
        fy=scale,
        interpolation=cv2.INTER_AREA,
    )
    dark = cv2.Canny(small, 60, 180)
    found = cv2.HoughLinesP(
        dark, 1, np.pi / 1440, 100, minLineLength=small.shape[1] // 5, maxLineGap=4
    )
    if found is None:
        return 0.0
    ends = np.asarray(found, dtype=np.float64).reshape(-1, 4)
    dx, dy = ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]
    angles = np.degrees(np.arctan2(dy, dx))
    is_flat = np.abs(angles) < MAX_SKEW_DEG
    if is_flat.sum() < MIN_LONG_QUADS:
        return 0.0
    return _weighted_median(angles[is_flat], np.hypot(dx, dy)[is_flat])


def _weighted_median(values: NDArray[Any], weights: NDArray[Any]) -> float:
    order = np.argsort(values)
    cumulated = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(cumulated, cumulated[-1] / 2)])


def crop(image: Image, quad: NDArray[np.float32]) -> Image:
    """Cut out one quadrilateral, of shape (4, 2), and straighten it."""
    widths, heights = sizes(quad[np.newaxis])
    width, height = max(1, round(float(widths[0]))), max(1, round(float(heights[0])))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), corners)
    straight = cv2.warpPerspective(
        image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(straight, dtype=np.uint8)


def bounds(quad: NDArray[np.float32]) -> Box:
    """Return the upright rectangle around a quadrilateral of shape (4, 2)."""
    x0, y0 = quad.min(axis=0)
    x1, y1 = quad.max(axis=0)
    return Box(float(x0), float(y0), float(x1), float(y1))
