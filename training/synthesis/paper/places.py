"""Where a page is blank, so that marks stand beside the print as people put them."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.random import Generator

from training.synthesis.paper.geometry import Image
from training.synthesis.paper.ink import Mark
from training.synthesis.paper.texture import Shape

_CELL_PX = 8
_DARK = 12
"""Mean darkness of a cell, in grey levels, from which on something is printed in it."""


def blank_place(
    page: Image, shape: Shape, taken: Iterable[Mark], noise: Generator
) -> tuple[int, int] | None:
    """A random place for a mask of a shape: x and y of its upper left corner.

    Where no place is wholly blank, the blankest; None where the page is smaller than the mask.
    """
    height, width = page.shape[:2]
    if shape[0] >= height or shape[1] >= width:
        return None
    columns, rows = max(1, width // _CELL_PX), max(1, height // _CELL_PX)
    gray = page if page.ndim == 2 else page.min(axis=2)
    means = cv2.resize(gray, (columns, rows), interpolation=cv2.INTER_AREA)
    is_printed = (means < 255 - _DARK).astype(np.float32)
    for mark in taken:
        low = np.array([mark.y, mark.x]) // _CELL_PX
        high = -(-(np.array([mark.y, mark.x]) + mark.mask.shape) // _CELL_PX)
        is_printed[max(0, low[0]) : max(0, high[0]), max(0, low[1]) : max(0, high[1])] = 1
    tall, wide = min(rows, shape[0] // _CELL_PX + 2), min(columns, shape[1] // _CELL_PX + 2)
    sums = cv2.integral(is_printed)
    printed = sums[tall:, wide:] - sums[:-tall, wide:] - sums[tall:, :-wide] + sums[:-tall, :-wide]
    places = np.argwhere(printed <= printed.min() + 0.01 * tall * wide)
    row, column = places[noise.integers(len(places))]
    return int(column) * _CELL_PX, int(row) * _CELL_PX
