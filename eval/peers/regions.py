"""Where on a page its tables lie: a page and its texts in, rectangles from top to bottom out.

Ruled tables are where long lines cross. What stands between two headings of the report's sections
and inside no ruled table is offered too, so that tables without rules are not lost.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import cv2
import numpy as np

from eval.peers.grids import Text, is_value, squeeze
from eval.peers.paddle import PageTexts
from extractor.types import Image

Region = tuple[float, float, float, float]
"""x0 y0 x1 y1 in pixels of the page."""

_HEADING = re.compile(
    r"[一二三四五六七八]?[、.,]?(主动公开政府信息|收到和处理政府信息|(政府信息公开)?行政复议、?行政诉讼"
    r"|存在的主要问题|其他需要报告|总体情况)"
)
_LINE = 40
"""A rule is at least this part of the page's width long."""
_EDGE = 2
_MIN_VALUES = 4
_ONLY = 0.8
"""Share of texts in a region; a table with its labels has a smaller share of numbers."""


def find_regions(page: PageTexts) -> list[Region]:
    """Rectangles that hold one table each, as far as rules and headings tell."""
    ruled = [_with_labels(region, page.texts) for region in ruled_tables(page.image)]
    ruled = [region for region in ruled if not any(_holds(region, other) for other in ruled)]
    left = [text for text in page.texts if not any(contains(region, text) for region in ruled)]
    open_ones = [_hull(texts) for texts in between_headings(left) if _may_be_table(texts)]
    return sorted([*ruled, *open_ones], key=lambda region: region[1])


def contains(region: Region, text: Text) -> bool:
    """Whether the middle of a text lies in a region."""
    x0, y0, x1, y1 = region
    return x0 <= text.x <= x1 and y0 <= text.y <= y1


def ruled_tables(image: Image) -> list[Region]:
    """Bounding boxes of lines that hang together; what touches the image's edge is the paper's."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    height, width = grey.shape
    dark = cv2.adaptiveThreshold(
        grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 25, 15
    )
    flat = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((1, width // _LINE), np.uint8))
    upright = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((width // _LINE, 1), np.uint8))
    lines = cv2.dilate(cv2.bitwise_or(flat, upright), np.ones((5, 5), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(lines)
    found = []
    for x, y, w, h, _ in stats[1:].tolist():
        is_edge = x <= _EDGE or y <= _EDGE or x + w >= width - _EDGE or y + h >= height - _EDGE
        if w > 0.3 * width and h > 0.02 * height and not is_edge:
            found.append((float(x), float(y), float(x + w), float(y + h)))
    return found


def between_headings(texts: Sequence[Text]) -> list[list[Text]]:
    """Texts cut at the section headings, from top to bottom, without the headings."""
    pieces: list[list[Text]] = [[]]
    for text in sorted(texts, key=lambda t: t.y):
        if _HEADING.match(squeeze(text.text)):
            pieces.append([])
        else:
            pieces[-1].append(text)
    return [piece for piece in pieces if piece]


def _holds(outer: Region, inner: Region) -> bool:
    """Whether a region lies inside of another, which is then the edge of the paper, no table."""
    if outer == inner:
        return False
    return all(outer[i] <= inner[i] for i in (0, 1)) and all(outer[i] >= inner[i] for i in (2, 3))


def _with_labels(region: Region, texts: Sequence[Text]) -> Region:
    """The region; as wide as all print beside it where it holds numbers only, as rules fade."""
    inside = [text for text in texts if contains(region, text)]
    if sum(is_value(text.text) for text in inside) < _ONLY * len(inside):
        return region
    _, y0, _, y1 = region
    beside = [text for text in texts if y0 <= text.y <= y1]
    return (min(t.x0 for t in beside), y0, max(t.x1 for t in beside), y1) if beside else region


def _may_be_table(texts: Sequence[Text]) -> bool:
    return sum(is_value(text.text) for text in texts) >= _MIN_VALUES


def _hull(texts: Sequence[Text]) -> Region:
    return (
        min(text.x0 for text in texts),
        min(text.y0 for text in texts),
        max(text.x1 for text in texts),
        max(text.y1 for text in texts),
    )
