"""Grids in, slots of the form out: the same rules for every peer, and generous ones.

A row is found by its label wherever that stands left of the values, alone or joined with what
stands left of it, misread or cut; a column by its header wherever that stands above. What has no
label of its own is taken by its place between what has. Only the labels of the printed form are
used, no value and no sum. The edition is the one whose column headers table 二 is more like.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from rapidfuzz import fuzz

from eval.peers.grids import Grid, is_value, squeeze
from training.synthesis.form import (
    DISPUTE_COLUMNS,
    DISPUTE_ROWS,
    EDITIONS,
    REQUEST_COLUMNS,
    Kind,
    Table,
    disclosure_table,
    requests_table,
)
from training.synthesis.values import read_text

ALIKE = 70.0
"""Per cent of likeness from which a text is taken for a label."""
MOSTLY = 0.8
"""Share of a table's rows from which the others are found by their place."""

_NUMBERING = re.compile(r"^\(?[\d一二三四五六七八九十]{1,2}[)、.,]+")
_BRACKETS = re.compile(r"\([^)]*\)?")
_MOST = 0.9
_PART = 0.9
_SHORT = 4
_N_COLUMNS = len(REQUEST_COLUMNS)
_DISPUTE_NAMES = ("行政复议", "未经复议直接起诉", "复议后起诉")
_HEADER_ROWS = 8

Texts = dict[str, str]
"""The text of the cell that was found for a slot."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a peer says of a slot that it found; `is_doubtful`: nobody would take it unseen."""

    value: Decimal | None
    is_doubtful: bool


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows of table 二 under one header, (id, label) each."""

    rows: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str], ...]


def map_slots(grids: Sequence[Grid]) -> dict[str, Answer]:
    """Find the slots of the form in the tables of one document, which come in reading order.

    Returns:
        An answer for every slot whose row and column were found and whose cell can be read: a
        number, or None for a cell without one. {} where there is nothing of the form.
    """
    edition = max(reversed(EDITIONS), key=lambda edition: _fit(grids, edition))
    disclosure = _merge(map_disclosure(grid, edition) for grid in grids)
    requests = max((map_requests(grids, single_other=single) for single in (False, True)), key=len)
    disputes = _merge(map_disputes(grid) for grid in grids)
    answers = {}
    for slot, text in (disclosure | requests | disputes).items():
        try:
            value = read_text(text)
        except ValueError:
            continue
        answers[slot] = Answer(value, is_doubtful=value is None)
    return answers


def best_answers(ways: Iterable[Sequence[Grid]]) -> dict[str, Answer]:
    """The answers of the way that finds most slots; the first of equals."""
    return max((map_slots(grids) for grids in ways), key=len, default={})


def _merge(found: Iterable[Texts]) -> Texts:
    """All slots; for one that was found twice, the table counts in which more was found."""
    merged: Texts = {}
    for texts in sorted(found, key=len, reverse=True):
        merged = texts | merged
    return merged


def _fit(grids: Sequence[Grid], edition: str) -> float:
    """How like the cells are to the headers of an edition's table 二, per cent on average."""
    cells = {text for grid in grids for row in grid for text in row if _is_label(text)}
    names = [name for block in _blocks(edition) for _, name in block.columns]
    best = [max((likeness(name, cell) for cell in cells), default=0.0) for name in names]
    return sum(best) / len(best)


# --- likeness ----------------------------------------------------------------------------------


def likeness(label: str, text: str) -> float:
    """Per cent, 100 for the same but for spaces, punctuation, numbering and what brackets explain.

    A part of a label (or a label with more around it) counts a little less than a whole one.
    """
    whole = _likeness(_bare(label), _bare(text))
    return max(whole, _likeness(_bare(label, is_short=True), _bare(text, is_short=True)))


@lru_cache(maxsize=100_000)
def _likeness(label: str, text: str) -> float:
    whole = fuzz.ratio(label, text)
    if min(len(label), len(text)) < _SHORT:
        return whole
    return max(whole, _PART * fuzz.partial_ratio(label, text))


@lru_cache(maxsize=100_000)
def _bare(text: str, *, is_short: bool = False) -> str:
    """Letters and digits without the number at the beginning; short: without brackets, too."""
    plain = _NUMBERING.sub("", squeeze(text))
    if is_short:
        plain = _BRACKETS.sub("", plain)
    return "".join(c for c in plain if c.isalnum())


def _pair(
    labels: Sequence[str], texts: Sequence[Iterable[str]], favoured: Collection[int] = ()
) -> dict[int, int]:
    """Index of a text by index of the label that it is like, one to one, the most alike first.

    Each text comes in several readings, of which the best counts. Of equals, the favoured texts
    come first, then the first.
    """
    scores = [
        (max((likeness(label, text) for text in readings), default=0.0), j in favoured, -i, -j)
        for i, label in enumerate(labels)
        for j, readings in enumerate(texts)
    ]
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for score, _, i, j in sorted(scores, reverse=True):
        if score < ALIKE:
            break
        if -i not in pairs and -j not in taken:
            pairs[-i] = -j
            taken.add(-j)
    return pairs


def _fill(pairs: dict[int, int], free: Sequence[int], n: int) -> dict[int, int]:
    """Pair labels that nothing is like with free texts, where between two pairs are as many."""
    filled = dict(pairs)
    bounds = [(-1, -1), *sorted(pairs.items()), (n, max([*free, *pairs.values()], default=0) + 1)]
    for (i, a), (j, b) in pairwise(bounds):
        between = [k for k in free if a < k < b]
        if 0 < j - i - 1 == len(between):
            filled |= zip(range(i + 1, j), between, strict=True)
    return filled


# --- reading a grid ----------------------------------------------------------------------------


def _label_readings(row: Sequence[str]) -> list[str]:
    """A label as each single cell left of the values says it, and joined up to the last of them.

    [] for a row without values that has print in its right half: a header, a caption.
    """
    first = next((j for j, text in enumerate(row) if is_value(text)), None)
    if first is None and any(map(squeeze, row[(len(row) + 1) // 2 :])):
        return []
    cells = [cell for cell in _distinct(row[:first]) if squeeze(cell)]
    joined = ["".join(cells[i:]) for i in range(len(cells) - 1)]
    return [*cells, *joined]


def _header_readings(rows: Sequence[Sequence[str]], column: int) -> list[str]:
    """A header as each single cell above says it, and joined down to the last."""
    cells = [cell for cell in _distinct(row[column] for row in rows) if squeeze(cell)]
    joined = ["".join(cells[i:]) for i in range(len(cells) - 1)]
    return [*cells, *joined]


def _distinct(cells: Iterable[str]) -> Iterator[str]:
    """Cells without those that only repeat the one before, as a span does."""
    last = None
    for cell in cells:
        if cell != last or is_value(cell):
            yield cell
        last = cell


def _is_label(text: str) -> bool:
    plain = squeeze(text)
    return bool(plain) and not is_value(plain) and any("一" <= c <= "鿿" for c in plain)


def _values(
    row: Sequence[str], start: int, columns: Mapping[int, int], n: int
) -> Mapping[int, str]:
    """The cell for each of `n` columns whose place is known, from the place `start` on.

    Where one is unknown or blank, and the row has just `n` values, they are taken in order: a
    header that spans places need not stand above its value, and a row may be shifted.
    """
    direct = {k: row[j] for k, j in columns.items() if j >= start}
    if len(direct) == n and all(map(squeeze, direct.values())):
        return direct
    values = [text for text in row[start:] if squeeze(text)]
    distinct = list(dict.fromkeys(values)) if n == 1 else values
    return dict(enumerate(distinct)) if len(distinct) == n else direct


# --- table 二 ----------------------------------------------------------------------------------


def map_disclosure(grid: Grid, edition: str) -> Texts:
    """Table 二: each block has a header of its own above its rows."""
    blocks = _blocks(edition)
    rows = [row for block in blocks for row in block.rows]
    pairs = _pair(
        [label for _, label in rows],
        [_label_readings(row) for row in grid],
        [i for i, row in enumerate(grid) if any(map(is_value, row))],
    )
    line = {rows[i][0]: j for i, j in pairs.items()}
    found: Texts = {}
    for block in blocks:
        own = {row: line[row] for row, _ in block.rows if row in line}
        if not own:
            continue
        top = min(own.values())
        above = [i for i in line.values() if i < top]
        header = grid[max(above, default=-1) + 1 : top]
        places = [_header_readings(header, j) for j in range(len(grid[0]))]
        columns = _pair([name for _, name in block.columns], places)
        for row, i in own.items():
            start = max((j for j, text in enumerate(grid[i]) if _is_label(text)), default=-1) + 1
            for k, text in _values(grid[i], start, columns, len(block.columns)).items():
                found[f"disclosure.{row}.{block.columns[k][0]}"] = text
    return found


@lru_cache
def _blocks(edition: str) -> tuple[_Block, ...]:
    blocks: list[_Block] = []
    for row in disclosure_table(edition).rows:
        if row[0].kind is Kind.HEADER:
            columns = tuple((e.column, e.text) for e in row if e.column is not None)
            blocks.append(_Block((), columns))
        elif row[0].row is not None:
            last = blocks[-1]
            blocks[-1] = _Block((*last.rows, (row[0].row, row[0].text)), last.columns)
    return tuple(blocks)


# --- table 三 ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of a grid in the sequence of all rows of a document."""

    grid: int
    row: int


def map_requests(grids: Sequence[Grid], *, single_other: bool) -> Texts:
    """Table 三, which may go on over several grids; only the first need have the headers."""
    table = requests_table(single_other=single_other)
    labels = _request_labels(table)
    lines = [_Line(g, i) for g, grid in enumerate(grids) for i in range(len(grid))]
    texts = [grids[line.grid][line.row] for line in lines]
    filled = [k for k, row in enumerate(texts) if any(map(is_value, row))]
    pairs = _pair([name for _, name in labels], [_label_readings(row) for row in texts], filled)
    if len(pairs) >= MOSTLY * len(labels):
        inside = range(min(pairs.values()), max(pairs.values()))
        free = sorted((set(filled) & set(inside)) - set(pairs.values()))
        pairs = _fill(pairs, free, len(labels))
    rows_by_grid: dict[int, dict[int, str]] = {}
    for i, k in pairs.items():
        rows_by_grid.setdefault(lines[k].grid, {})[lines[k].row] = labels[i][0]
    found: Texts = {}
    known: Mapping[int, int] = {}
    width = 0
    for g in sorted(rows_by_grid):
        grid, rows = grids[g], rows_by_grid[g]
        columns = _request_columns(grid, sorted(rows))
        if len(columns) < _N_COLUMNS and len(grid[0]) == width and len(known) > len(columns):
            columns = known
        for i, row in rows.items():
            start = _last_label(grid[i]) + 1
            for k, text in _values(grid[i], start, columns, _N_COLUMNS).items():
                found.setdefault(f"requests.{row}.{REQUEST_COLUMNS[k][0]}", text)
        known, width = columns, len(grid[0])
    return found


def _request_columns(grid: Grid, rows: Sequence[int]) -> Mapping[int, int]:
    """Place of each applicant column, by its header or, among those that have one, by its place."""
    names = [name for _, name in REQUEST_COLUMNS]
    header = grid[max(0, rows[0] - _HEADER_ROWS) : rows[0]]
    ends = sorted(_last_label(grid[i]) for i in rows)
    values = range(ends[round(_MOST * (len(ends) - 1))] + 1, len(grid[0]))
    places: list[list[str]] = [
        _header_readings(header, j) if j in values else [] for j in range(len(grid[0]))
    ]
    columns = _pair(names, places)
    if len(columns) >= MOSTLY * len(names):
        free = [j for j in values if j not in set(columns.values())]
        return _fill(columns, free, len(names))
    filled = [j for j in values if any(is_value(grid[i][j]) for i in rows)]
    for choice in (list(values), filled):
        if len(choice) == len(names):
            return dict(enumerate(choice))
    return columns


def _last_label(row: Sequence[str]) -> int:
    """Place of the last label of a row; -1 without one. Words among values are no label."""
    first_value = next((j for j, text in enumerate(row) if is_value(text)), len(row))
    return max((j for j in range(first_value) if _is_label(row[j])), default=-1)


def _request_labels(table: Table) -> list[tuple[str, str]]:
    return [(entry.row, entry.text) for entry in table.entries() if entry.row is not None]


# --- table 四 ----------------------------------------------------------------------------------


def map_disputes(grid: Grid) -> Texts:
    """Table 四: fifteen values in one row, under headers that repeat for each of its three rows."""
    if len(grid) < 2:
        return {}
    leaves = [name for _, name in DISPUTE_COLUMNS]
    best: dict[int, int] = {}
    line = 0
    for i in range(1, len(grid)):
        found = _leaves(grid[max(0, i - _HEADER_ROWS) : i], leaves)
        if len(found) > len(best) and not _leaves(grid[i : i + 1], leaves):
            best, line = found, i
    if len(best) < len(leaves):
        return {}
    slots = [f"disputes.{name}.{column}" for name in DISPUTE_ROWS for column, _ in DISPUTE_COLUMNS]
    groups = _groups(grid[max(0, line - _HEADER_ROWS) : line], best)
    columns = {groups[j] * len(leaves) + leaf: j for j, leaf in best.items()}
    texts = _values(grid[line], 0, columns, len(slots))
    return {slots[k]: text for k, text in texts.items() if k < len(slots)}


def _leaves(header: Sequence[Sequence[str]], leaves: Sequence[str]) -> dict[int, int]:
    """Which of the five columns each place of a grid is, where its header says it."""
    found = {}
    for j in range(len(header[0])):
        readings = _header_readings(header, j)
        scores = [max((likeness(name, text) for text in readings), default=0.0) for name in leaves]
        if max(scores) >= ALIKE:
            found[j] = scores.index(max(scores))
    return found


def _groups(header: Sequence[Sequence[str]], leaves: Mapping[int, int]) -> dict[int, int]:
    """Which row of the form each place belongs to: as its own header says, else by the order."""
    said: dict[int, int] = {}
    for j in leaves:
        readings = _header_readings(header, j)
        scores = [max(likeness(name, text) for text in readings) for name in _DISPUTE_NAMES]
        if max(scores) >= ALIKE:
            said[j] = scores.index(max(scores))
    if len(said) == len(leaves):
        return said
    group, before = 0, -1
    counted: dict[int, int] = {}
    for j in sorted(leaves):
        if leaves[j] <= before:
            group += 1
        counted[j], before = group, leaves[j]
    return counted
