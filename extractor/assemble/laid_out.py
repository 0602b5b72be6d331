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

_FEWEST_LINES = 5
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
    below those of other lines."""
    lines = [
        [f.extent for f in line if f.extent is not None and f.role is Role.VALUE]
        for _, line in groupby(sheet.fragments, key=lambda f: f.evidence.line)
    ]
    lines = [line for line in lines if line]
    gaps = [b[0] - a[1] for line in lines for a, b in pairwise(line)]
    if sum(len(line) > 1 for line in lines) < _FEWEST_LINES or min(gaps) < _GAP:
        return False
    n = max(map(len, lines))
    for edges in (
        [start for line in lines for start, _ in line],
        [stop for line in lines for _, stop in line],
        [(start + stop) // 2 for line in lines for start, stop in line],
    ):
        common = {edge for edge, _ in Counter(edges).most_common(n)}
        near = sum(any(abs(edge - other) <= 1 for other in common) for edge in edges)
        if near >= _ALIGNED * len(edges):
            return True
    return False
