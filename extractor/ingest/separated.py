"""Rows of comma-separated values in plain text, as spreadsheets save them.

Nothing but the rows themselves says that a comma parts cells: prose, lists and large numbers have
commas too. Lines are rows only where words and values stand in cells of their own, and none has a
number at the end of words, as sentences and thousands separators leave them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from extractor.ingest.grid import plain_grid
from extractor.types import Grid
from extractor.values import looks_like_value

_SEPARATORS = ",;"
_FEWEST_ROWS = 2
_LONGEST_CELL = 100
_LONGEST_QUOTED_LINES = 8
_LARGE_NUMBER = re.compile(r"\W*\d{1,3}(,\d{3})+(\.\d+)?\W*")
_FORMULA = re.compile(r"=\s*\"([^\"]*)\"|'(?=[\d.+-])(.*)")
"""A number that a spreadsheet was told to keep as text: ="12", '12."""
_NUMBER_BEHIND_WORDS = re.compile(r".*[^\W\d_]\W*\d[\d.]*\s*\w?")


def separated_table(lines: Sequence[str], start: int) -> tuple[int, Grid | None]:
    """The table of comma- or semicolon-separated rows that begins at a line, and where it ends;
    `(start, None)` if none does."""
    for separator in _SEPARATORS:
        rows: list[tuple[int, list[str]]] = []
        stop = start
        while stop < len(lines):
            cells, after = _row(lines, stop, separator)
            if not cells:
                break
            rows.append((stop + 1, cells))
            stop = after
        if len(rows) >= _FEWEST_ROWS and _has_values([cells for _, cells in rows]):
            return stop, plain_grid(rows)
    return start, None


def _row(lines: Sequence[str], start: int, separator: str) -> tuple[list[str], int]:
    """The cells of one row and where the next begins; no cells where the line is no row. A cell
    with line breaks is in quotes, over lines."""
    text = lines[start]
    stop = start + 1
    while text.count('"') % 2 and stop < min(len(lines), start + _LONGEST_QUOTED_LINES):
        text += "\n" + lines[stop]
        stop += 1
    if (
        separator not in text
        or "\t" in text
        or text.count('"') % 2
        or _LARGE_NUMBER.fullmatch(text)
    ):
        return [], start
    (*_, cells) = csv.reader([text], delimiter=separator)
    cells = [without_formula(cell.strip()) for cell in cells]
    words = [cell for cell in cells if cell and not looks_like_value(cell)]
    has_values = any(map(looks_like_value, cells))
    if any(len(cell) > _LONGEST_CELL for cell in words) or (
        has_values and any(map(_NUMBER_BEHIND_WORDS.fullmatch, words))
    ):
        return [], start
    return cells, stop


def without_formula(cell: str) -> str:
    """What a cell shows, where it is written as the formula or the mark that makes it a text."""
    found = _FORMULA.fullmatch(cell)
    return cell if found is None else (found[1] or found[2] or "").strip()


def _has_values(rows: Sequence[Sequence[str]]) -> bool:
    """Whether values stand behind words in a row, or in a row as long as one of words above it."""
    for i, cells in enumerate(rows):
        filled = [looks_like_value(cell) for cell in cells if cell]
        if len(filled) > 1 and not filled[0] and filled[-1] and filled == sorted(filled):
            return True
        longest = max(map(len, rows[:i]), default=0)
        if len(filled) > 2 and all(filled) and len(cells) == longest:
            return True
    return False
