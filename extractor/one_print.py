"""Whether two cells were read from one print, as far as the places of what was read tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from extractor.types import Candidate

SHARED = "shared_print"
"""The flag of both."""
_SAME_PLACE = 0.001
"""As a share of the page."""
_WITHIN = 0.9
"""Of the width and of the height of print, what lies in the place of another cell's."""
_HALF_WITHIN = 0.5
"""Of its area."""


def is_shared(candidate: Candidate, other: Candidate) -> bool:
    """Whether two cells were read from one print; not where one was read from no place."""
    a, b = candidate.evidence, other.evidence
    if a.box is None or b.box is None or a.page != b.page:
        return False
    return bool(shared_places([candidate, other])[0, 1])


def shared_places(read: Sequence[Candidate]) -> npt.NDArray[np.bool_]:
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
