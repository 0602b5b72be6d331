"""Light on a page: photographs are brighter on one side, and have the shadow of a hand on them.

Readers are sure of black print on white paper, and less sure of the same print on grey. Paper is
the brightest thing around any print, so that the light at a place can be seen in the brightest
pixels about it; a page divided by that is as if it had been lit evenly (known as background
normalisation, as in D. Bloomberg's Leptonica).
"""

from __future__ import annotations

import cv2
import numpy as np

from extractor.types import Image

MIN_UNEVENNESS = 0.05
"""Light that varies less over the page than this share leaves print as certain as it is."""
THUMBNAIL_PX = 200
"""Length of the shorter side at which light is measured: print is a pixel or two high there."""
REACH = 1 / 12
"""Size of what has paper about it, as a share of the shorter side: wider dark areas are shadow."""
MAX_GAIN = 4.0
"""Darker than a quarter of white is no paper, and would only show its noise."""


def even_light(image: Image) -> Image:
    """Divide a page by the light on its paper.

    Args:
        image: shape (H, W, 3).

    Returns:
        The page on white paper, of the same shape; itself where its light is even enough. Colour
        that the light has is taken out with it.
    """
    light = _light(image)
    brightness = light.max(axis=2)
    low, high = np.percentile(brightness, (5, 95))
    if high == 0 or 1 - low / high < MIN_UNEVENNESS:
        return image
    height, width = image.shape[:2]
    full = cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR)
    full = np.maximum(full, np.uint8(255 / MAX_GAIN))
    return np.asarray(cv2.divide(image, full, scale=255), dtype=np.uint8)


def _light(image: Image) -> Image:
    """How bright paper is about every place of a thumbnail, by channel."""
    scale = min(1.0, THUMBNAIL_PX / min(image.shape[:2]))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    reach = max(3, round(REACH * min(small.shape[:2])) | 1)
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    return np.asarray(cv2.GaussianBlur(paper, (0, 0), reach / 4), dtype=np.uint8)
