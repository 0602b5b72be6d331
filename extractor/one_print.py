"""Which cells were read from one print, as far as the places of what was read tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from extractor.types import Candidate

SHARED = "shared_print"
"""The flag of such cells."""
_SAME_PLACE = 0.001
"""As a share of the page."""
_WITHIN = 0.9
"""Of the width and of the height of print, what lies in the place of another cell's."""
_HALF_WITHIN = 0.5
"""Of its area."""


def sharing(read: Iterable[Candidate]) -> dict[str, tuple[str, ...]]:
    """The cells that were read from the print of other ones, alone or as part of what was looked at
    for those.

    Args:
        read: what was read, one candidate a cell.

    Returns:
        By slot, the slots of the others. Empty where every cell has a print of its own; blank cells
        and those that were read from no place on a page share none.
    """
    pages: dict[int | None, list[Candidate]] = {}
    for one in read:
        if one.evidence.box is not None and one.reading.printed.strip():
            pages.setdefault(one.evidence.page, []).append(one)
    return {
        here[i].slot: tuple(here[j].slot for j in np.flatnonzero(row))
        for here in pages.values()
        for i, row in enumerate(_shared(here))
        if row.any()
    }


def _shared(read: Sequence[Candidate]) -> npt.NDArray[np.bool_]:
    """Which of N readings of one page, all with a place, are of one print: (N, N), the same both
    ways. One lies in the other's place, or half of it does and both say the same: places on bent
    and skewed pages are not exact."""
    places = [one.evidence.box for one in read]
    boxes = np.array([(box.x0, box.y0, box.x1, box.y1) for box in places if box is not None])
    printed = np.array([one.reading.printed for one in read])
    inner, outer = boxes[:, np.newaxis], boxes[np.newaxis]
    common = np.minimum(inner[..., 2:], outer[..., 2:]) - np.maximum(inner[..., :2], outer[..., :2])
    sides = np.maximum(inner[..., 2:] - inner[..., :2], _SAME_PLACE)
    is_within = ((common + _SAME_PLACE) / sides >= _WITHIN).all(axis=-1)
    is_half_within = (np.maximum(common, 0.0) / sides).prod(axis=-1) >= _HALF_WITHIN
    shared = is_within | (is_half_within & (printed[:, np.newaxis] == printed[np.newaxis]))
    np.fill_diagonal(shared, val=False)
    either: npt.NDArray[np.bool_] = shared | shared.T
    return either
