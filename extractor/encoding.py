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
from itertools import accumulate, pairwise
from math import nan
from typing import NamedTuple

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
_WHOLE = (nan, nan)
"""A character whose place in its fragment is not known has that of the fragment."""


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
    places: list[_Place] = []
    parts: list[tuple[float, float]] = []
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
            places.append(_place(fragment, sheet))
            is_cut = sheet.kind is SheetKind.PAGE and len(found) > 1
            parts += _parts(fragment, offsets) if is_cut else [_WHOLE] * len(found)
            start = FRAGMENT
            number += 1
    arrays = [np.array(column, np.int32) for column in columns]
    return Encoded(arrays[0], _boxes(places, arrays[2], parts), arrays[1], arrays[2], arrays[3])


def characters(fragment: Fragment) -> tuple[str, tuple[int, ...]]:
    """The characters of a fragment as tokens, and where each stands in its text."""
    return canonical_with_offsets(fragment.text)


class _Place(NamedTuple):
    """Where a fragment lies, as shares of its sheet (nan: nowhere), and whether it runs down."""

    x0: float
    y0: float
    x1: float
    y1: float
    is_tall: bool


def _place(fragment: Fragment, sheet: Sheet) -> _Place:
    box, width, height = fragment.box, sheet.width, sheet.height
    if box is None or width <= 0 or height <= 0:
        return _Place(nan, nan, nan, nan, is_tall=False)
    is_tall = box.height > TALL * box.width
    return _Place(box.x0 / width, box.y0 / height, box.x1 / width, box.y1 / height, is_tall)


def _parts(fragment: Fragment, offsets: Sequence[int]) -> Iterator[tuple[float, float]]:
    """From where to where every character reaches, as shares of its fragment."""
    ends = [0.0, *accumulate(map(_width, fragment.text))]
    for offset in offsets:
        yield ends[offset] / ends[-1], ends[offset + 1] / ends[-1]


def _boxes(places: Sequence[_Place], fragments: Ints, parts: Sequence[tuple[float, float]]) -> Ints:
    """The box of every character, shape (T, 4)."""
    x0, y0, x1, y1, is_tall = np.array(places, np.float64).reshape(-1, 5)[fragments].T
    low, high = np.array(parts, np.float64).reshape(-1, 2).T
    across, down = ~np.isnan(low) & (is_tall == 0), ~np.isnan(low) & (is_tall == 1)
    ends = np.stack(
        [
            np.where(across, x0 + low * (x1 - x0), x0),
            np.where(down, y0 + low * (y1 - y0), y0),
            np.where(across, x0 + high * (x1 - x0), x1),
            np.where(down, y0 + high * (y1 - y0), y1),
        ],
        axis=1,
    )
    scaled = np.clip(np.rint(SCALE * ends), 0, SCALE)
    return np.where(np.isnan(scaled), NO_BOX, scaled).astype(np.int32)


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
