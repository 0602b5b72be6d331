"""Rows of text inputs that go on in the lines below: the values of one row over several lines.

A line without a label may be the rest of the row above, or a row that lost its label. It is the
rest where nearly all rows of a table are broken at the same places and are whole together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from extractor.types import Fragment, Role

_FEWEST_COLUMNS, _FEWEST_ROWS = 3, 5
_MOST = 0.8


@dataclass(frozen=True, slots=True)
class _Row:
    """A line that has a label and values, and the lines of nothing but values below it, each as
    indices of cells."""

    lines: tuple[tuple[int, ...], ...]
    counts: tuple[int, ...]
    """Values by line."""


def unwrapped(cells: Sequence[Fragment], n_columns: int) -> list[Fragment]:
    """The cells with the lines of a row in one row, where rows are broken; otherwise as they are.

    Args:
        cells: of the document, in order; only those outside of tables are lines.
        n_columns: of the block whose rows are looked for.
    """
    rows = list(_rows(cells)) if n_columns >= _FEWEST_COLUMNS else []
    (counts, n), *_ = Counter(row.counts for row in rows).most_common(1) or [((), 0)]
    is_broken = len(counts) > 1 and sum(counts) == n_columns
    result = list(cells)
    if not is_broken or n < max(_FEWEST_ROWS, _MOST * len(rows)):
        return result
    for row in rows:
        if row.counts == counts:
            number = cells[row.lines[0][0]].row
            for i in (i for line in row.lines[1:] for i in line):
                result[i] = replace(result[i], row=number)
    return result


def _rows(cells: Sequence[Fragment]) -> Iterator[_Row]:
    lines = [
        tuple(line)
        for place, line in groupby(range(len(cells)), key=lambda i: _line(cells[i]))
        if place is not None
    ]
    roles = [[cells[i].role for i in line] for line in lines]
    for k, (line, of_line) in enumerate(zip(lines, roles, strict=True)):
        if of_line[0] is not Role.LABEL or Role.VALUE not in of_line:
            continue
        stop = k + 1
        while stop < len(lines) and all(role is Role.VALUE for role in roles[stop]):
            stop += 1
        counts = (sum(role is Role.VALUE for role in of_line), *map(len, lines[k + 1 : stop]))
        yield _Row((line, *lines[k + 1 : stop]), counts)


def _line(f: Fragment) -> int | None:
    """The line of text that a fragment stands in, None in a table."""
    return f.evidence.line if f.box is None and f.cell is None else None
