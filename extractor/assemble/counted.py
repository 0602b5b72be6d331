"""Rows of text inputs whose labels or header are lost, found by counting: as many as the form has.

Where exactly as many rows of values stand between two rows that are known, or in a table of which
no row is known, as the form has, those are the missing ones, in its order. Nothing else says so:
such rows are weak, and flagged. (`gaps` does the same for pages.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from extractor.labels import keys
from extractor.schema import Block
from extractor.types import Fragment, Role

_FEWEST_ROWS, _FEWEST_COLUMNS = 3, 2


@dataclass(frozen=True, slots=True)
class _Run:
    """Values that follow each other from cell `start` on; `section` numbers the part of the
    document between headings, running text and the ends of tables."""

    start: int
    section: int
    cells: tuple[Fragment, ...]


def unlabelled_rows(
    cells: Sequence[Fragment],
    sections: Sequence[int],
    known: Mapping[int, int],
    n_rows: int,
    n_columns: int,
) -> Iterator[tuple[int, list[Fragment]]]:
    """Rows of one block that no label names, each with its cells.

    Args:
        cells: of the document, in order.
        sections: for each cell the number of the part of the document that it stands in.
        known: by the index of its first value, which row of the block was found there.
        n_rows, n_columns: of the block.
    """
    if n_rows < _FEWEST_ROWS or n_columns < _FEWEST_COLUMNS:
        return
    runs = [
        run
        for found in _runs(cells, sections)
        for run in ([found] if found.start in known else _reshaped(found, n_columns))
        if run.start in known or len(run.cells) == n_columns
    ]
    at = [(i, known[run.start]) for i, run in enumerate(runs) if run.start in known]
    if not at:
        for _, group in groupby(runs, key=lambda run: run.section):
            members = list(group)
            if len(members) == n_rows:
                yield from ((row, list(run.cells)) for row, run in enumerate(members))
                return
        return
    first, last = runs[at[0][0]].section, runs[at[-1][0]].section
    before = next(i for i, run in enumerate(runs) if run.section == first) - 1
    after = max(i for i, run in enumerate(runs) if run.section == last) + 1
    for (i, row), (j, below) in pairwise([(before, -1), *at, (after, n_rows)]):
        if j - i == below - row:
            for k in range(1, j - i):
                yield row + k, list(runs[i + k].cells)


def headless_row(cells: Sequence[Fragment], block: Block) -> list[Fragment]:
    """The one row of a block without row labels whose header is lost: the only values under a
    heading that has words of that header, as many as the block has columns, and no words beside
    them. Empty unless there is one such row."""
    words = {keys(label.text)[0] for label in block.furniture}
    headings = [i for i, f in enumerate(cells) if f.role is Role.HEADING]
    rows: list[_Run] = []
    for i, stop in pairwise([*headings, len(cells)]):
        heading = keys(cells[i].text)[0]
        under = cells[i + 1 : stop]
        if any(f.role is Role.LABEL for f in under) or not any(w and w in heading for w in words):
            continue
        runs = list(_runs(under, [0] * len(under)))
        if len(runs) == 1:
            rows += _reshaped(runs[0], len(block.columns))
    if len(rows) == 1 and len(rows[0].cells) == len(block.columns):
        return list(rows[0].cells)
    return []


def sections_of(cells: Sequence[Fragment], rows_per_sheet: int) -> list[int]:
    """The number of the part of the document that each cell stands in."""
    sections = []
    section = 0
    sheet: int | None = None
    for f in cells:
        here = None if f.row is None or f.box is None else f.row // rows_per_sheet
        section += f.role in (Role.HEADING, Role.PROSE) or here != sheet
        sheet = here
        sections.append(section)
    return sections


def _runs(cells: Sequence[Fragment], sections: Sequence[int]) -> Iterator[_Run]:
    def place(i: int) -> tuple[bool, int | None, int]:
        return cells[i].role in (Role.VALUE, Role.BLANK), cells[i].row, sections[i]

    for (is_value, _, section), group in groupby(range(len(cells)), key=place):
        members = list(group)
        if is_value and any(cells[i].text for i in members):
            yield _Run(members[0], section, tuple(cells[i] for i in members))


def _reshaped(run: _Run, n_columns: int) -> Iterator[_Run]:
    """One row, without empty cells before it where a label would stand; several rows where nothing
    parts them."""
    n = len(run.cells)
    if run.cells[0].row is None and n > n_columns and n % n_columns == 0:
        for k in range(0, n, n_columns):
            yield _Run(run.start + k, run.section, run.cells[k : k + n_columns])
        return
    surplus = n - n_columns
    if surplus > 0 and not any(f.text for f in run.cells[:surplus]):
        yield _Run(run.start + surplus, run.section, run.cells[surplus:])
    else:
        yield run
