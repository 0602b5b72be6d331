"""Rows of cells in, tables with places out: merged cells, and cell text that was broken in lines.

Shared by the formats that can merge cells (HTML, DOCX) and those that cannot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from extractor.types import Grid, GridCell
from extractor.values import looks_like_value

MAX_COLUMN_SPAN = 100
MAX_COLUMNS = 200
"""Spans do not reach beyond; the widest form has 15 columns."""

_FEWEST_VALUES = 2
_NUMBERED = re.compile(r"[(（]?[0-9一二三四五六七八九十]{1,2}[)）.．、]")
_NOTHING = re.compile(r"nan|null|none|unnamed: ?\d+(?:_level_\d+)?", re.IGNORECASE)
_LAYOUT_CELLS = 3
_LAYOUT_CELL_CHARS = 200
_ARTICLE_CHARS = 400


@dataclass(frozen=True, slots=True)
class RowCell:
    """A cell as a row lists it, its lines parted by line breaks. Spans as written, so perhaps
    absurd; `row_span` 0: to the end."""

    text: str
    line: int
    row_span: int = 1
    column_span: int = 1


def place_cells(rows: Sequence[Sequence[RowCell]]) -> Grid:
    """Give every cell its place, as a browser does: in the first column that is still free.

    Unlike in a browser no two cells ever overlap: a span ends before a column that is taken by a
    cell from above, and at the last row.
    """
    rows = _apart(rows)
    cells = []
    taken_until: dict[int, int] = {}  # column -> first row in which it is free again
    for row, listed in enumerate(rows):
        column = 0
        for cell in listed:
            while row < taken_until.get(column, 0):
                column += 1
            widest = min(MAX_COLUMN_SPAN, max(1, MAX_COLUMNS - column))
            wanted = min(max(cell.column_span, 1), widest)
            stop = column + 1
            while stop < column + wanted and taken_until.get(stop, 0) <= row:
                stop += 1
            rest = len(rows) - row
            row_span = rest if cell.row_span == 0 else min(max(cell.row_span, 1), rest)
            for i in range(column, stop):
                taken_until[i] = row + row_span
            text = _text(cell.text)
            cells.append(GridCell(text, row, column, row_span, stop - column, cell.line))
            column = stop
    return Grid(tuple(cells), has_spans=are_spans_known(rows))


def are_spans_known(rows: Sequence[Sequence[RowCell]]) -> bool:
    """Whether cells of different rows that share a column can be trusted to belong together: some
    cell is merged, or no row is shorter than another."""
    if any(cell.row_span != 1 or cell.column_span > 1 for row in rows for cell in row):
        return True
    return len({len(row) for row in rows if row}) <= 1


def plain_grid(rows: Iterable[tuple[int, Sequence[str]]]) -> Grid:
    """A table of rows `(line, texts)` in a format that cannot merge cells."""
    parts = [
        (line, part) for line, texts in rows for part in zip(*cells_by_row(texts), strict=True)
    ]
    return Grid(
        tuple(
            GridCell(_text(text), row, column, 1, 1, line)
            for row, (line, texts) in enumerate(parts)
            for column, text in enumerate(texts)
        ),
        has_spans=False,
    )


def cells_by_row(texts: Sequence[str]) -> list[list[str]]:
    """For each cell of a row, what it holds in each of the rows that were squeezed into this one, a
    line in every cell a row.

    Conversions do that where they lose the lines between rows. At least two cells hold nothing but
    values then, all of them as many. What is not cut stays in the first row. A row as it should be
    gives one text for each cell.
    """
    lines = [text.split("\n") for text in texts]
    counts = [len(cell) for cell in lines if _are_values(cell)]
    n = max(counts, default=1)
    if n == 1 or len(counts) < _FEWEST_VALUES or min(counts) < n:
        return [[text] for text in texts]
    result = []
    for text, cell in zip(texts, lines, strict=True):
        labels = [""] if not text else _numbered(cell)
        parts = next((parts for parts in (cell, labels) if len(parts) == n), [text])
        result.append(parts + [""] * (n - len(parts)))
    return result


def _text(lines: str) -> str:
    """What is printed in a cell; nothing where a program wrote that nothing is in it."""
    text = join_lines(lines.split("\n"))
    return "" if _NOTHING.fullmatch(text) else text


def _are_values(lines: Sequence[str]) -> bool:
    return any(lines) and all(not line or looks_like_value(line) for line in lines)


def _numbered(lines: Sequence[str]) -> list[str]:
    """The labels of a cell, each from its number on."""
    labels: list[str] = []
    for line in lines:
        if labels and not _NUMBERED.match(line):
            labels[-1] += "\n" + line
        else:
            labels.append(line)
    return labels


def _apart(rows: Sequence[Sequence[RowCell]]) -> list[list[RowCell]]:
    """The rows of a table with those apart that were squeezed into one; spans grow with them."""
    mapped = [cells_by_row([cell.text for cell in row]) for row in rows]
    heights = [len(cells[0]) if cells else 1 for cells in mapped]
    if all(height == 1 for height in heights):
        return [list(row) for row in rows]
    apart: list[list[RowCell]] = []
    for i, (row, cells) in enumerate(zip(rows, mapped, strict=True)):
        parts: list[list[RowCell]] = [[] for _ in range(heights[i])]
        for cell, texts in zip(row, cells, strict=True):
            if len(texts) > 1 and any(texts[1:]):
                for part, text in zip(parts, texts, strict=True):
                    part.append(replace(cell, text=text, row_span=1))
            else:
                span = cell.row_span and sum(heights[i : i + cell.row_span])
                parts[0].append(replace(cell, row_span=span))
        apart += parts
    return apart


def is_layout(n_cells: int, longest_chars: int, nested_share: float) -> bool:
    """Whether a table only arranges other content: one cell, an article or a table in very few
    cells, or tables that hold most of its text.

    Args:
        n_cells: its cells, those of nested tables not counted.
        longest_chars: length of the longest cell, without nested tables.
        nested_share: share of all its text that stands in nested tables, 0 where there are none.
    """
    if n_cells <= 1 or (nested_share > 0 and n_cells <= _LAYOUT_CELLS):
        return True
    if nested_share > 0 and (nested_share >= 0.5 or longest_chars >= _ARTICLE_CHARS):
        return True
    return n_cells <= _LAYOUT_CELLS and longest_chars >= _LAYOUT_CELL_CHARS


def join_lines(lines: Iterable[str]) -> str:
    """Join the lines of one cell: Chinese closes up, everything else keeps a blank between.

    "商业", "企业" is one word; "12", "34" are two numbers, and so may "合计", "34" be.
    """
    joined = ""
    for line in lines:
        text = line.strip()
        if not text:
            continue
        if joined and not closes_up(joined[-1], text[0]):
            joined += " "
        joined += text
    return joined


def closes_up(before: str, after: str) -> bool:
    """Whether a line break between two characters means nothing."""
    if is_chinese(before) and is_chinese(after):
        return True
    return (is_chinese(before) or is_chinese(after)) and not (before + after).isalnum()


def is_chinese(character: str) -> bool:
    """Whether it is a Han character or Chinese punctuation."""
    return (
        "\u2e80" <= character <= "\ua4cf"
        or "\uf900" <= character <= "\ufaff"
        or ("\uff00" <= character <= "\uffef" and not character.isdigit())
        or character >= "\U00020000"
        or character in "“”‘’—…·〔〕"
    )
