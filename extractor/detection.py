"""Where there is print on a page; small print is looked for again, enlarged, in bands of the page.

The memory of the detector grows with the pixels that it is shown. Bands of the page with no line of
print across their borders, shown one after the other, find the same with a fraction of the memory.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from extractor.orientation import Quads, sizes
from extractor.types import Image

Detect = Callable[[Image, float], Quads]
"""Finds lines of print in an image, in its own pixels, after scaling it by a ratio."""

SMALL_PRINT_PX = 11.0
GOOD_PRINT_PX = 16.0
"""Where the median height of the boxes, as the detector sees them, is below the first, it is shown
the page again, enlarged to the second, at most twofold. At 13 px it still finds everything."""
MAX_ENLARGED = 2.0
BAND_LINES = 3.0
"""A band is shown with this many line heights around it and around the print that was seen in it,
so that what lies on its border is whole in one of two bands."""
MAX_SHIFT = 0.2
"""How far the border between two bands may move from its place, as a share of their height, to
cross less print."""


def find_print(image: Image, detect: Detect, side_px: int) -> Quads:
    """Find the lines of print of a page.

    Args:
        image: the page, shape (H, W, 3).
        detect: the detector.
        side_px: the longer side of a page as it is usually shown; a shorter one is not enlarged.

    Returns:
        Corners of the lines, shape (n, 4, 2), in pixels of the image; n = 0 for a blank page.
    """
    usual = min(1.0, side_px / max(image.shape[:2]))
    quads = detect(image, usual)
    if len(quads) == 0:
        return quads
    widths, heights = sizes(quads)
    print_px = float(np.median(np.minimum(widths, heights)))
    if print_px * usual >= SMALL_PRINT_PX:
        return quads
    ratio = usual * min(MAX_ENLARGED, GOOD_PRINT_PX / (print_px * usual))
    n_bands = round((ratio / usual) ** 2)
    enlarged = np.concatenate(
        [
            _in_band(image, detect, ratio, band, quads, BAND_LINES * print_px)
            for band in _bands(image.shape[0], quads, n_bands)
        ]
    )
    return enlarged if len(enlarged) >= len(quads) else quads


def _in_band(
    image: Image, detect: Detect, ratio: float, band: tuple[int, int], seen: Quads, margin: float
) -> Quads:
    """Find the print whose middle lies in a band of rows. What was seen there before, and is too
    tall to be shown whole, stays as it was seen."""
    start, stop = band
    seen = seen[_is_within(seen, start, stop)]
    reach = (stop - start) / 2
    top = seen[:, :, 1].min(initial=start) - margin
    bottom = seen[:, :, 1].max(initial=stop) + margin
    first = max(0, round(max(top, start - reach)))
    last = min(image.shape[0], round(min(bottom, stop + reach)))
    found = detect(image[first:last], ratio) + np.array([0, first], dtype=np.float32)
    is_cut = _is_cut(found, first, last, image.shape[0])
    kept = found[_is_within(found, start, stop) & ~is_cut]
    return np.concatenate([kept, seen[_is_cut(seen, first, last, image.shape[0])]])


def _is_within(quads: Quads, start: int, stop: int) -> NDArray[np.bool_]:
    middles = quads[:, :, 1].mean(axis=1)
    return np.asarray((middles >= start) & (middles < stop))


def _is_cut(quads: Quads, first: int, last: int, height: int) -> NDArray[np.bool_]:
    """Whether print reaches the first or the last of the rows that are shown; at the page's own
    edges it may."""
    top, bottom = quads[:, :, 1].min(axis=1), quads[:, :, 1].max(axis=1)
    return np.asarray(((top <= first + 1) & (first > 0)) | ((bottom >= last - 1) & (last < height)))


def _bands(height: int, quads: Quads, n_bands: int) -> list[tuple[int, int]]:
    """Cut the rows of a page into bands of about one height that cross as little print as they can.

    Returns:
        Half-open ranges that cover all rows, in order.
    """
    tops, bottoms = quads[:, :, 1].min(axis=1), quads[:, :, 1].max(axis=1)
    even = height / n_bands
    cuts = [0]
    for i in range(1, n_bands):
        middle = even * i
        places = np.arange(round(middle - MAX_SHIFT * even), round(middle + MAX_SHIFT * even) + 1)
        crossed = ((tops < places[:, None]) & (bottoms > places[:, None])).sum(axis=1)
        # Of places that cross equally little, the one next to an even cut.
        best = np.lexsort((np.abs(places - middle), crossed))[0]
        cuts.append(int(places[best]))
    return list(zip(cuts, [*cuts[1:], height], strict=True))
