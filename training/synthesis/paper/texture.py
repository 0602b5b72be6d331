"""Random fields: what paper, toner, light and sensors vary by.

None is white: every field has a size of feature, as things in the world do.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Field = NDArray[np.float32]
"""One value for each pixel, shape (height, width)."""
Shape = tuple[int, int]
"""Height and width in pixels."""

_SIGMA_PER_FEATURE = 0.4
_SIGMA_NODES = 1.2
"""Nodes lie this close: denser ones would not show, sparser ones would."""
_REACH = 4
"""Nodes to each side that the kernel looks at."""


def clouds(shape: Shape, feature_px: float | tuple[float, float], noise: Generator) -> Field:
    """A smooth field, normal in distribution, with mean 0 and deviation 1.

    Args:
        feature_px: the width of what can be seen in it, or width and height where these differ;
            1 is all but white.
    """
    wide, tall = feature_px if isinstance(feature_px, tuple) else (feature_px, feature_px)
    across, kernel_x = _axis(shape[1], wide)
    down, kernel_y = _axis(shape[0], tall)
    white = noise.standard_normal((down + 2 * _REACH, across + 2 * _REACH), np.float32)
    nodes = cv2.sepFilter2D(white, cv2.CV_32F, kernel_x, kernel_y)
    nodes = nodes[_REACH : _REACH + down, _REACH : _REACH + across]
    return np.asarray(cv2.resize(nodes, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def wave(length: int, feature_px: float, noise: Generator) -> NDArray[np.float32]:
    """A smooth line of values, shape (length,), with mean 0 and deviation 1."""
    return np.asarray(clouds((1, length), (feature_px, 1), noise)[0], np.float32)


def specks(shape: Shape, count: float, size_px: float, noise: Generator) -> Field:
    """Dirt in clusters: specks of about `size_px`, few of them large; 1 in their midst, 0 beside.

    Args:
        count: of specks, on average.
    """
    height, width = shape
    mask = np.zeros(shape, np.uint8)
    total = 0
    wanted = noise.poisson(count)
    while total < wanted:
        size = 1 + int(noise.geometric(0.35))
        middle = noise.uniform(0, 1, 2) * (width, height)
        spread = noise.lognormal(0, 1) * 8 * size_px
        for x, y in middle + noise.standard_normal((size, 2)) * spread:
            radius = size_px / 2 * noise.lognormal(0, 0.5)
            axes = (radius, radius * noise.uniform(0.5, 1))
            cv2.ellipse(
                mask,
                (round(float(x) * 16), round(float(y) * 16)),
                (round(axes[0] * 16), round(axes[1] * 16)),
                float(noise.uniform(0, 180)),
                0,
                360,
                (int(noise.integers(90, 256)),),
                -1,
                cv2.LINE_AA,
                4,
            )
        total += size
    return mask.astype(np.float32) / np.float32(255)


def toned(image: NDArray[np.uint8], share: Field) -> NDArray[np.uint8]:
    """Multiply an image, grey or RGB, by a field in 0 to 1."""
    factor = share if image.ndim == 2 else share[..., np.newaxis]
    return (image * factor + 0.5).astype(np.uint8)


def _axis(length: int, feature_px: float) -> tuple[int, NDArray[np.float64]]:
    """Number of nodes, and the kernel that smooths them without making them weaker."""
    sigma = max(feature_px, 1e-3) * _SIGMA_PER_FEATURE
    spacing = max(1.0, sigma / _SIGMA_NODES)
    offsets = np.arange(-_REACH, _REACH + 1)
    kernel = np.exp(-0.5 * (offsets / (sigma / spacing)) ** 2)
    return max(1, math.ceil(length / spacing)), kernel / math.sqrt((kernel**2).sum())
