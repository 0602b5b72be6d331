"""Plain text in, paragraphs and tables out.

Reports arrive as text in shapes that may follow each other in one file: one cell a line, perhaps
with lines that hold only "|" between the cells; rows copied from a spreadsheet, with tabs; rows
drawn with "|"; rows of comma-separated values (`separated`). The first stays paragraphs, numbered
by the cell that they lie in; the others become grids.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, zip_longest

from extractor.ingest.grid import join_lines, plain_grid
from extractor.ingest.separated import separated_table, without_formula
from extractor.types import Block, Grid, Paragraph

PIPES = "|｜│┃"
_SEPARATOR = re.compile(rf"[{PIPES}\s]*[{PIPES}][{PIPES}\s]*")
_DELIMITER = re.compile(r":?-{2,}:?|:-+:?|-+:|-{2,}(?:\+-{2,})+")
_BORDER = re.compile(r"[\s+\-=─━═┌┬┐├┼┤└┴┘╔╦╗╠╬╣╚╩╝┏┳┓┣╋┫┗┻┛]*")
_BORDER_LINE = re.compile(r"[-=─━═]{2}")
_BORDER_JOINT = re.compile(r"[^\s\-=─━═]")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_QUOTE_MARK = re.compile(r"^(?:> ?)+")
_ENTITY = re.compile(r"&(?:#\d{2,6}|#x[0-9a-f]{2,5}|[a-z]{2,8});", re.IGNORECASE)
_FEWEST_SEPARATORS = 2
_MIN_BOXES = 3
_LONGEST_CELL_LINES = 40
_LONGEST_QUOTED_LINES = 8


@dataclass(frozen=True, slots=True)
class Row:
    """A line that is cut into cells. `line` counts from 1."""

    line: int
    cells: tuple[str, ...]

    @property
    def n_filled(self) -> int:
        return sum(bool(cell) for cell in self.cells)

    @property
    def is_indented(self) -> bool:
        """Whether this is a line of prose that a tab indents."""
        return len(self.cells) == 2 and not self.cells[0] and bool(self.cells[1])


def read_text(characters: str) -> tuple[Block, ...]:
    """Read plain text: a paragraph a line, empty ones too, and a grid a run of rows."""
    lines = [_ENTITY.sub(_character, line) for line in split_lines(characters)]
    return number_cells(list(_blocks(_unquoted(lines))))


def _unquoted(lines: Sequence[str]) -> Sequence[str]:
    """The lines without the mark of a quoted mail, where most of them have it."""
    n_filled = sum(bool(line.strip()) for line in lines)
    if sum(line.startswith(">") for line in lines) <= 0.5 * n_filled:
        return lines
    return [_QUOTE_MARK.sub("", line) for line in lines]


def _character(entity: re.Match[str]) -> str:
    """The character that an entity of HTML stands for, as text keeps it that was cut out of a page.
    What would end a line is a blank."""
    return _NEWLINE.sub(" ", entities.unescape(entity[0])).replace("\xa0", " ")


def split_lines(characters: str) -> list[str]:
    """Cut at line ends of all systems, and only there (form feeds are no line ends)."""
    lines = _NEWLINE.split(characters)
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def is_rule(line: str) -> bool:
    """Whether a line only draws a border of a table: |---|:--:|, +----+ or ├──┼──┤.

    Single dashes are values, and a line of nothing but dashes is no part of a table.
    """
    if any(pipe in line for pipe in "|｜"):
        cells = [cell for cell in split_row(line) if cell]
        return bool(cells) and all(map(_DELIMITER.fullmatch, cells))
    return bool(
        _BORDER.fullmatch(line) and _BORDER_LINE.search(line) and _BORDER_JOINT.search(line)
    )


def is_separator(line: str) -> bool:
    """Whether a line holds nothing but "|"."""
    return bool(_SEPARATOR.fullmatch(line))


def split_row(line: str) -> tuple[str, ...]:
    """Cut a row at "|". One that begins the row bounds it, as does then one that ends it; these
    make no cell. `\\|` does not cut."""
    inner = line.strip()
    if inner[:1] and inner[0] in PIPES:
        inner = inner[1:]
        if inner[-1:] and inner[-1] in PIPES and not inner.endswith("\\|"):
            inner = inner[:-1]
    return tuple(cell.strip() for cell in re.split(rf"(?<!\\)[{PIPES}]", inner))


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    start = 0
    while start < len(lines):
        stop, grid = _pipe_table(lines, start)
        if stop == start:
            stop, grid = _tab_table(lines, start)
        if stop == start:
            stop, grid = separated_table(lines, start)
        stop = max(stop, start + 1)
        if grid is None:
            for i in range(start, stop):
                yield Paragraph(lines[i].rstrip(), i + 1)
        else:
            yield grid
        start = stop


# --- rows drawn with "|" -----------------------------------------------------------------------


def _pipe_table(lines: Sequence[str], start: int) -> tuple[int, Grid | None]:
    """The table that begins at a line, and where it ends; None and the end of what is no table."""
    rows: list[tuple[int, tuple[str, ...]]] = []
    boxes: list[int] = []
    n_rules = 0
    is_drawn = False
    stop = start
    while stop < len(lines):
        line = lines[stop].strip()
        if is_rule(line):
            is_drawn = True
            n_rules += 1
        elif _is_pipe_row(line) or (rows and _is_blank_row(line)):
            rows.append((stop + 1, split_row(line)))
            boxes.append(n_rules)
            is_drawn = is_drawn or (line[0] in PIPES and line[-1] in PIPES)
        else:
            break
        stop += 1
    while rows and is_separator(lines[stop - 1]):
        rows.pop()
        stop -= 1
    columns = max((len(cells) for _, cells in rows), default=0)
    if not columns or (not is_drawn and len(rows) < (2 if columns > 2 else 3)):
        return stop, None
    return stop, plain_grid(join_wrapped(rows, boxes))


def join_wrapped(
    rows: Sequence[tuple[int, tuple[str, ...]]], boxes: Sequence[int]
) -> list[tuple[int, tuple[str, ...]]]:
    """Join the lines of cells that are wrapped in a table with a rule under every row.

    `boxes` has for each line the number of rules above it (there may be more numbers than lines).
    Two rules only set the header apart; then every line is a row.
    """
    if len(set(boxes[: len(rows)])) < _MIN_BOXES:
        return list(rows)
    joined: list[tuple[int, tuple[str, ...]]] = []
    for _, members in groupby(zip(rows, boxes, strict=False), key=lambda member: member[1]):
        lines = [row for row, _ in members]
        columns = zip_longest(*(cells for _, cells in lines), fillvalue="")
        joined.append((lines[0][0], tuple(join_lines(column) for column in columns)))
    return joined


def _is_pipe_row(line: str) -> bool:
    cells = split_row(line) if any(pipe in line for pipe in PIPES) else ()
    return sum(bool(cell) for cell in cells) >= (1 if len(cells) > 2 else 2)


def _is_blank_row(line: str) -> bool:
    return is_separator(line) and len(split_row(line)) >= 2


# --- rows copied from a spreadsheet ------------------------------------------------------------


def _tab_table(lines: Sequence[str], start: int) -> tuple[int, Grid | None]:
    """As `_pipe_table`. One line with a tab is prose, unless it has three cells or more."""
    rows: list[Row] = []
    stop = start
    while stop < len(lines) and "\t" in lines[stop]:
        row, stop = _tab_row(lines, stop)
        if not rows and row.is_indented:
            return start, None
        rows.append(row)
    while rows and rows[-1].is_indented:
        stop = rows.pop().line - 1
    most = max((row.n_filled for row in rows), default=0)
    if most < 2 or (len(rows) < 2 and most < 3):
        return stop, None
    return stop, plain_grid((row.line, row.cells) for row in rows)


def _tab_row(lines: Sequence[str], start: int) -> tuple[Row, int]:
    """One row and where the next begins. A cell with line breaks is in quotes, over lines."""
    text = lines[start]
    stop = start + 1
    while _is_quote_open(text) and stop < min(len(lines), start + _LONGEST_QUOTED_LINES):
        text += "\n" + lines[stop]
        stop += 1
    if _is_quote_open(text):
        text, stop = lines[start], start + 1
    return Row(start + 1, tuple(map(_tab_cell, text.split("\t")))), stop


def _is_quote_open(text: str) -> bool:
    return any(
        cell.lstrip(" ").startswith('"') and cell.count('"') % 2 for cell in text.split("\t")
    )


def _tab_cell(cell: str) -> str:
    text = cell.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('""', '"')
    return without_formula(join_lines(text.split("\n")))


# --- one cell a line ---------------------------------------------------------------------------


def number_cells(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Number the cells that lines of "|" bound, and drop these lines.

    All paragraphs of one piece get its number, and a piece without text gives one empty paragraph:
    a cell that is printed empty. Empty lines inside of other pieces mean nothing and are dropped.
    Where a piece is not bounded on both sides, or is far too long for a cell, only its lines next
    to a separator can be cells. Fewer than two separators bound nothing.
    """
    at = [
        i
        for i, block in enumerate(blocks)
        if isinstance(block, Paragraph) and is_separator(block.text)
    ]
    if len(at) < _FEWEST_SEPARATORS:
        return tuple(blocks)
    numbered = list(_number_outer(blocks[: at[0]], None, 0))
    cell = 1
    for i, k in pairwise(at):
        piece = blocks[i + 1 : k]
        if sum(_has_text(block) for block in piece) <= _LONGEST_CELL_LINES:
            numbered.extend(_number_piece(piece, cell, blocks[k]))
            cell += 1
        else:
            numbered.extend(_number_outer(piece, cell, cell + 1))
            cell += 2
    numbered.extend(_number_outer(blocks[at[-1] + 1 :], cell, None))
    return tuple(numbered)


def _has_text(block: Block) -> bool:
    return isinstance(block, Grid) or bool(block.text.strip())


def _number_piece(piece: Sequence[Block], cell: int, closing: Block) -> Iterator[Block]:
    if not any(map(_has_text, piece)):
        place = piece[0] if piece else closing
        if isinstance(place, Paragraph):
            yield Paragraph("", place.line, cell)
        return
    for block in piece:
        if isinstance(block, Grid):
            yield block
        elif block.text.strip():
            yield Paragraph(block.text, block.line, cell)


def _number_outer(piece: Sequence[Block], first: int | None, last: int | None) -> Iterator[Block]:
    """Number only the first and the last line with text; None leaves that one as it is."""
    filled = [i for i, block in enumerate(piece) if _has_text(block)]
    number_by_index = {}
    if filled and last is not None:
        number_by_index[filled[-1]] = last
    if filled and first is not None:
        number_by_index[filled[0]] = first
    for i, block in enumerate(piece):
        if isinstance(block, Paragraph):
            yield Paragraph(block.text, block.line, number_by_index.get(i))
        else:
            yield block
