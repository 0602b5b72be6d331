"""Two pages side by side on one landscape sheet, as a booklet that was opened and scanned."""

from __future__ import annotations

from collections.abc import Sequence

from extractor.types import Box, Fragment, Page
from extractor.values import looks_like_page_number, looks_like_value

_NEAR_MIDDLE = (0.42, 0.58)
_GUTTER = 0.02
_MARGIN = 0.07
_LONG_CHARS = 9


def find_gutter(fragments: Sequence[Fragment], page: Page) -> float | None:
    """Where a landscape page falls into two pages side by side, as x in the unit of the page; None
    if it is one page, as it is without fragments.

    No print crosses a strip in the middle, but for page numbers and stamps in the upper and lower
    margins; there are sentences or long labels on both sides, and numbers right of it have labels
    of their own.
    """
    if page.width < 1.2 * page.height:
        return None
    boxes = [
        f.box
        for f in fragments
        if f.box
        and not looks_like_page_number(f.text)
        and _MARGIN < f.box.center_y / page.height < 1 - _MARGIN
    ]
    near = [share * page.width for share in _NEAR_MIDDLE]
    free_from, gap_from, gap_to = 0.0, 0.0, 0.0
    for box in sorted(boxes, key=lambda box: box.x0):
        start, stop = max(free_from, near[0]), min(box.x0, near[1])
        if stop - start > gap_to - gap_from:
            gap_from, gap_to = start, stop
        free_from = max(free_from, box.x1)
    if gap_to - gap_from < _GUTTER * page.width:
        return None
    gutter = (gap_from + gap_to) / 2
    long = [f.box.center_x for f in fragments if f.box and len(f.text) >= _LONG_CHARS]
    left = sum(x < gutter for x in long)
    if left < 2 or len(long) - left < 2 or _has_rows_across(fragments, gutter):
        return None
    return gutter


def _has_rows_across(fragments: Sequence[Fragment], gutter: float) -> bool:
    """Whether most rows of numbers right of a gutter have their words left of it: one wide table.

    The right page of a booklet has labels of its own beside its numbers. One row without any may be
    a table that has only a header, beside print of the left page that happens to be as high.
    """
    values = [
        f.box
        for f in fragments
        if f.box and looks_like_value(f.text) and not looks_like_page_number(f.text)
    ]
    words = [f.box for f in fragments if f.box and _is_worded(f.text)]
    right = [box for box in values if box.x0 >= gutter]
    own = across = 0
    for box in right:
        if any(_is_before(other, box) for other in right):
            continue
        labels = [word for word in words if _is_before(word, box)]
        is_own = any(word.x0 >= gutter for word in labels)
        own += is_own
        across += bool(labels) and not is_own
    return across > 1 and across > own


def _is_worded(text: str) -> bool:
    return sum(character.isalpha() for character in text) > 1 and not looks_like_value(text)


def _is_before(a: Box, b: Box) -> bool:
    """Whether `a` stands left of `b` on the same line."""
    return a.x1 <= b.x0 and a.overlap_y(b) > 0.5 * min(a.height, b.height)
