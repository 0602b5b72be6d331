"""The sheets of a document as the network sees them: one token a character, with box and boundary.

Nothing here needs torch, and nothing here knows labels: training and serving encode alike. What a
character is follows `extractor.characters`, so that full-width, traditional and compatibility forms
are the same token. A character of a page has the box that its fragment gives it by usual widths; a
character of a grid has the box of its cell; a flow of lines has no boxes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from extractor.characters import canonical_with_offsets
from extractor.types import Fragment, Sheet, SheetKind

PAD, UNKNOWN, FIRST, LAST, MASK, BLANK = range(6)
SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[BLANK]")
"""The first entries of a table of characters. BLANK stands for a cell that is printed empty.
Their numbers are no code points of print, so that both can stand in one array."""
SCALE = 1000
"""Boxes are whole numbers in 0 .. SCALE of their sheet."""
NO_BOX = -1
INSIDE, FRAGMENT, SHEET = range(3)
"""What begins at a character: nothing, a fragment, a sheet."""

_CODES = 1 << 16
"""Code points from here on (rare characters, emoji) are all the last one, which is none."""
WINDOW = 510
"""Characters in a window at most; with FIRST and LAST that is what the base has positions for."""
OVERLAP = 128
TALL = 1.5
"""A fragment this many times as tall as wide holds its characters one below the other."""

Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Encoded:
    """The T characters of a document, in the order in which the product reads them.

    `codes` (T,): code points of canonical characters, or BLANK; `boxes` (T, 4): x0 y0 x1 y1,
    `NO_BOX` where there is none; `starts` (T,): INSIDE, FRAGMENT or SHEET; `fragments` (T,): the
    number of the fragment, counted over all sheets; `offsets` (T,): the
    character of its text that the token comes from.
    """

    codes: Ints
    boxes: Ints
    starts: Ints
    fragments: Ints
    offsets: Ints

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True, slots=True)
class Window:
    """Characters `start .. stop` are seen together, those of `first .. last` are answered."""

    start: int
    stop: int
    first: int
    last: int


def numbering(table: Sequence[str]) -> Ints:
    """The id of every code point up to `_CODES` in a table: `ids = numbering[codes]`.

    Raises:
        ValueError: the table does not begin with SPECIALS, or names something twice.
    """
    if tuple(table[: len(SPECIALS)]) != SPECIALS or len(set(table)) != len(table):
        raise ValueError("this is no table of characters")
    ids = np.full(_CODES, UNKNOWN, np.int32)
    ids[: len(SPECIALS)] = range(len(SPECIALS))
    for i, character in enumerate(table[len(SPECIALS) :], start=len(SPECIALS)):
        ids[ord(character)] = i
    return ids


def encode(sheets: Sequence[Sheet]) -> Encoded:
    """Encode a document.

    A fragment without text is one BLANK. Returns T = 0 for a document without fragments.
    """
    columns: tuple[list[int], ...] = ([], [], [], [])
    boxes: list[tuple[int, int, int, int]] = []
    number = 0
    for sheet in sheets:
        start = SHEET
        for fragment in sheet.fragments:
            text, offsets = characters(fragment)
            found = [min(ord(character), _CODES - 1) for character in text] or [BLANK]
            columns[0].extend(found)
            columns[1].extend([start, *[INSIDE] * (len(found) - 1)])
            columns[2].extend([number] * len(found))
            columns[3].extend(offsets or [0])
            boxes.extend(_boxes(fragment, sheet, offsets))
            start = FRAGMENT
            number += 1
    arrays = [np.array(column, np.int32) for column in columns]
    placed = np.array(boxes, np.int32).reshape(-1, 4)
    return Encoded(arrays[0], placed, arrays[1], arrays[2], arrays[3])


def characters(fragment: Fragment) -> tuple[str, tuple[int, ...]]:
    """The characters of a fragment as tokens, and where each stands in its text."""
    return canonical_with_offsets(fragment.text)


def _boxes(
    fragment: Fragment, sheet: Sheet, offsets: Sequence[int]
) -> Iterator[tuple[int, int, int, int]]:
    """The box of every character, at least one."""
    box, n = fragment.box, max(1, len(offsets))
    if box is None or sheet.width <= 0 or sheet.height <= 0:
        yield from [(NO_BOX,) * 4] * n
        return
    x0, x1 = box.x0 / sheet.width, box.x1 / sheet.width
    y0, y1 = box.y0 / sheet.height, box.y1 / sheet.height
    if sheet.kind is not SheetKind.PAGE or n == 1:
        yield from [_scaled(x0, y0, x1, y1)] * n
        return
    widths = np.array([_width(character) for character in fragment.text])
    ends = np.concatenate([[0.0], np.cumsum(widths)]) / widths.sum()
    is_tall = box.height > TALL * box.width
    for offset in offsets:
        low, high = (float(end) for end in ends[offset : offset + 2])
        if is_tall:
            yield _scaled(x0, y0 + low * (y1 - y0), x1, y0 + high * (y1 - y0))
        else:
            yield _scaled(x0 + low * (x1 - x0), y0, x0 + high * (x1 - x0), y1)


def _scaled(x0: float, y0: float, x1: float, y1: float) -> tuple[int, int, int, int]:
    left, top, right, bottom = (min(SCALE, max(0, round(SCALE * end))) for end in (x0, y0, x1, y1))
    return left, top, right, bottom


def _width(character: str) -> float:
    return 1.0 if unicodedata.east_asian_width(character) in "WF" else 0.5


def windows(n: int, size: int = WINDOW, overlap: int = OVERLAP) -> list[Window]:
    """Cut n characters into windows of at most `size` that overlap by at least `overlap`.

    Every character is answered by exactly one window: the one in which it is farther from the
    border. No characters give no windows.

    Raises:
        ValueError: the overlap is not smaller than the window.
    """
    if not 0 <= overlap < size:
        raise ValueError(f"windows of {size} characters cannot overlap by {overlap}")
    if n <= size:
        return [Window(0, n, 0, n)] if n else []
    count = -(-(n - overlap) // (size - overlap))
    starts = [round(i * (n - size) / (count - 1)) for i in range(count)]
    cuts = [(before + size + after) // 2 for before, after in pairwise(starts)]
    edges = [0, *cuts, n]
    return [
        Window(start, start + size, first, last)
        for start, (first, last) in zip(starts, pairwise(edges), strict=True)
    ]
