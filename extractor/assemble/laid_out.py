"""Plain text whose columns are set with blanks, as a plane on which positions mean something.

Tools that turn pages into text keep its columns by blanks. Where cells are empty, only that tells
to which column a number belongs. Text that is not set so is left alone: its places mean nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from extractor.types import Box, Fragment, Role, Sheet, SheetKind

_FEWEST_HOLES = 3
_ALIGNED = 0.9
_GAP = 2


def laid_out(sheets: Sequence[Sheet]) -> list[Sheet]:
    """The flows whose columns are set with blanks, as grids measured in characters and lines."""
    return [
        Sheet(
            SheetKind.GRID,
            tuple(replace(f, box=_box(f)) for f in sheet.fragments if f.extent is not None),
            width=max((f.extent[1] for f in sheet.fragments if f.extent), default=0),
            height=max((f.evidence.line or 0 for f in sheet.fragments), default=0) + 1,
        )
        for sheet in sheets
        if sheet.kind is SheetKind.FLOW and _is_laid_out(sheet)
    ]


def _box(f: Fragment) -> Box | None:
    line = f.evidence.line
    if f.extent is None or line is None:
        return None
    return Box(f.extent[0], line, f.extent[1], line + 1)


def _is_laid_out(sheet: Sheet) -> bool:
    """Whether the values of its lines stand apart, and begin, or end, or have their middle, right
    below those of other lines, with holes between them where cells are empty."""
    lines = [
        [f.extent for f in line if f.extent is not None and f.role is Role.VALUE]
        for _, line in groupby(sheet.fragments, key=lambda f: f.evidence.line)
    ]
    lines = [line for line in lines if line]
    gaps = [b[0] - a[1] for line in lines for a, b in pairwise(line)]
    if not gaps or min(gaps) < _GAP:
        return False
    starts = [[start for start, _ in line] for line in lines]
    stops = [[stop for _, stop in line] for line in lines]
    middles = [[(start + stop) // 2 for start, stop in line] for line in lines]
    return any(map(_has_columns, (starts, stops, middles)))


def _has_columns(lines: Sequence[Sequence[int]]) -> bool:
    """Whether the places of values are those of a few columns, some of which are empty in some
    lines: otherwise the order of the values tells as much."""
    counts = Counter(edge for line in lines for edge in line)
    columns: list[int] = []
    for edge, _ in counts.most_common():
        if all(abs(edge - other) > _GAP for other in columns):
            columns.append(edge)
    columns = sorted(columns[: max(map(len, lines))])
    places = [
        [next((i for i, x in enumerate(columns) if abs(edge - x) <= 1), -1) for edge in line]
        for line in lines
    ]
    n_near = sum(place >= 0 for line in places for place in line)
    n_holes = sum(line[-1] >= len(line) for line in places)
    return n_near >= _ALIGNED * counts.total() and n_holes >= _FEWEST_HOLES
