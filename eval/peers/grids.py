"""Tables as grids of texts, which every peer gives in the end, and pieces of text laid on a grid.

The grid is made as anyone would who has boxes and nothing else: numbers that stand below each other
make a column, numbers that stand beside each other make a row, and every other text goes to the
row and the column that is nearest.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

Grid = tuple[tuple[str, ...], ...]
"""Rows of cell texts, all of the same length, "" for an empty place. A cell that spans several
places may stand in the first of them or in all."""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text in its box, in pixels of an upright page."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def x(self) -> float:
        return (self.x0 + self.x1) / 2

    @property
    def y(self) -> float:
        return (self.y0 + self.y1) / 2

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0


_VALUE = re.compile(r"(?:增|减)?(?:加|少)?[-+]*\d[\d,.]*(?:亿元|万元|元|件|项|个|条)?|[-/—_]|无")
_PAGE_NUMBER = re.compile(r"[-—_]+\d{1,3}[-—_]+")

_SAME_LINE = 0.5
"""In heights of print: pieces whose middles are nearer than this stand on one line."""
_WRAPPED = 1.3
"""In heights of print: a line of a label nearer than this to a row of numbers belongs to it."""


def squeeze(text: str) -> str:
    """The text without white space, full-width characters made plain."""
    return unicodedata.normalize("NFKC", "".join(text.split()))


def is_value(text: str) -> bool:
    """Whether a text looks like what stands in a cell for values, and is not blank."""
    return _VALUE.fullmatch(squeeze(text)) is not None


def rectangular(rows: Iterable[Sequence[str | None]]) -> Grid:
    """Rows of any length as a grid: None becomes "", short rows are filled up at the right."""
    texts = [tuple(text or "" for text in row) for row in rows]
    width = max((len(row) for row in texts), default=0)
    return tuple(row + ("",) * (width - len(row)) for row in texts)


def assemble(texts: Sequence[Text]) -> Grid:
    """Lay the texts of one table on a grid.

    Returns:
        One row for each row of numbers, and for each line of print that is not near one. Labels
        stand at the left, right-aligned against the first column of numbers. () without texts.
    """
    pieces = [piece for text in texts if not _is_page_number(text) for piece in _split(text)]
    if not pieces:
        return ()
    height = median(min(piece.height, piece.width) for piece in pieces)
    lines = _lines(pieces, _SAME_LINE * height)
    columns = _columns(lines)
    if not columns:
        return rectangular([[piece.text for piece in line] for line in lines])
    edge = columns[0][0]
    rows = _attach(lines, edge, _WRAPPED * height)
    labels = [_cells([piece for piece in row if piece.x < edge]) for row in rows]
    n_labels = max(map(len, labels))
    grid = []
    for row, label in zip(rows, labels, strict=True):
        values = [""] * len(columns)
        for piece in sorted((p for p in row if p.x >= edge), key=lambda p: (p.y, p.x)):
            values[_nearest(columns, piece.x)] += piece.text
        grid.append((*[""] * (n_labels - len(label)), *label, *values))
    return rectangular(grid)


def _is_page_number(text: Text) -> bool:
    return _PAGE_NUMBER.fullmatch(squeeze(text.text)) is not None


def _split(text: Text) -> list[Text]:
    """Numbers that were read as one text, apart; the text itself where it is anything else."""
    parts = text.text.split()
    if len(parts) < 2 or not all(map(is_value, parts)):
        return [text]
    step = text.width / len(parts)
    return [
        replace(text, text=part, x0=text.x0 + i * step, x1=text.x0 + (i + 1) * step)
        for i, part in enumerate(parts)
    ]


def _lines(pieces: Sequence[Text], tolerance: float) -> list[list[Text]]:
    """Pieces by the line that they stand on, from top to bottom."""
    lines: list[list[Text]] = []
    for piece in sorted(pieces, key=lambda p: p.y):
        if lines and piece.y - sum(p.y for p in lines[-1]) / len(lines[-1]) <= tolerance:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [sorted(line, key=lambda p: p.x) for line in lines]


def _columns(lines: Sequence[Sequence[Text]]) -> list[tuple[float, float]]:
    """Where columns lie: below each other's numbers, and below headers that have no number."""
    numbers = [piece for line in lines for piece in line if is_value(piece.text)]
    if not numbers:
        return []
    columns: list[tuple[float, float]] = []
    for piece in sorted(numbers, key=lambda p: p.x0):
        if columns and piece.x0 <= columns[-1][1]:
            columns[-1] = (columns[-1][0], max(columns[-1][1], piece.x1))
        else:
            columns.append((piece.x0, piece.x1))
    left, top = columns[0][0], min(piece.y for piece in numbers)
    headers = [p for line in lines for p in line if p.y < top and p.x0 > left]
    for piece in sorted(headers, key=lambda p: p.width):
        if all(piece.x1 < x0 or x1 < piece.x0 for x0, x1 in columns):
            columns.append((piece.x0, piece.x1))
    return sorted(columns)


def _attach(lines: Sequence[list[Text]], edge: float, reach: float) -> list[list[Text]]:
    """Put the lines of wrapped labels into the rows of numbers that they surround."""
    has_values = [any(p.x >= edge and is_value(p.text) for p in line) for line in lines]
    rows: list[list[Text]] = [list(line) for line in lines]
    for i, line in enumerate(lines):
        if has_values[i] or any(piece.x >= edge for piece in line):
            continue
        for piece in line:
            near = [
                (abs(_level(lines[k]) - piece.y), k)
                for k in (i - 2, i - 1, i + 1, i + 2)
                if 0 <= k < len(lines) and has_values[k]
            ]
            if near and min(near)[0] <= reach:
                rows[i].remove(piece)
                rows[min(near)[1]].append(piece)
    return [row for row in rows if row]


def _level(line: Sequence[Text]) -> float:
    return median(piece.y for piece in line if is_value(piece.text))


def _cells(pieces: Sequence[Text]) -> list[str]:
    """Label texts from left to right; those above each other are lines of one label."""
    cells: list[list[Text]] = []
    for piece in sorted(pieces, key=lambda p: p.x0):
        if cells and piece.x0 < max(p.x1 for p in cells[-1]):
            cells[-1].append(piece)
        else:
            cells.append([piece])
    return ["".join(p.text for p in sorted(cell, key=lambda p: p.y)) for cell in cells]


def _nearest(columns: Sequence[tuple[float, float]], x: float) -> int:
    return min(range(len(columns)), key=lambda i: abs(sum(columns[i]) / 2 - x))
