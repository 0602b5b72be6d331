"""One table of the form as a sheet that looks like the printed form.

Everything comes from the layout: captions, stubs, groups, labels and their order. The blocks of a
table share one grid: as many columns for labels as the deepest row needs, then as many for values
as the widest block has; the last column of a narrower block takes the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from extractor.export import style
from extractor.export.csv import plain
from extractor.export.words import CELL_STATUS, SOURCE, STATE, VERDICT, flag_words
from extractor.schema import Block, Column, Layout, Schema
from extractor.types import Alternative, Cell, CellStatus, Finding, State, Table, Verdict

_GROUP_WIDTH = 8.0
_LABEL_WIDTH = 34.0
_WIDE_TABLE_VALUE_WIDTH = 8.5
_VALUE_WIDTH = 11.0
_TABLE_WIDTH = 96.0
_COMMENT_AUTHOR = "extractor"
_FILL_BY_STATUS = {
    CellStatus.FLAGGED: style.FLAGGED_FILL,
    CellStatus.REVIEWED: style.REVIEWED_FILL,
}


_PLACE_FLAGS = {"weak_row", "weak_column", "shared_print"}


@dataclass(frozen=True, slots=True)
class _Grid:
    """The columns of a sheet, counted from 1: `n_labels` for labels, then those for values."""

    n_labels: int
    n_values: int
    widths: tuple[float, ...]

    @property
    def last(self) -> int:
        return self.n_labels + self.n_values

    def value_span(self, i: int, n: int) -> tuple[int, int]:
        """First and last column of value `i` of `n`."""
        first = self.n_labels + i + 1
        return first, self.last if i == n - 1 else first

    def width(self, first: int, last: int) -> float:
        return sum(self.widths[first - 1 : last])


def draw_table(
    sheet: Worksheet,
    title: str,
    table: Table,
    schema: Schema,
    edition: str | None,
    findings: Sequence[Finding] = (),
) -> None:
    """Fill a new sheet with one table. Cells of sums that the report itself breaks are marked, too:
    they are what the document says, and yet nothing to copy without a look."""
    layout = layout_of(table, schema, edition)
    grid = _grid(layout)
    for i, width in enumerate(grid.widths, start=1):
        sheet.column_dimensions[get_column_letter(i)].width = width
    cells = {cell.slot: cell for cell in table.cells}
    broken: dict[str, list[str]] = {}
    for finding in findings:
        if finding.verdict is Verdict.REPORTED:
            for slot in finding.cells:
                broken.setdefault(slot, []).append(_told(finding))
    _put(sheet, 1, 1, 1, grid.last, title, style.CENTER)
    sheet.cell(1, 1).font = style.TITLE
    sheet.row_dimensions[1].height = 30
    at = 2
    if not table.is_present:
        _put(sheet, at, 1, at, grid.last, "文件中未找到本表", style.CENTER)
        sheet.cell(at, 1).font = style.WARNING
        at += 1
    top = at
    first_values = at
    for block in layout.blocks:
        at = _draw_header(sheet, at, block, grid)
        if block is layout.blocks[0]:
            first_values = at
        at = _draw_rows(sheet, at, block, layout, grid, cells, broken)
    _put_borders(sheet, top, at - 1, grid.last)
    is_one_block = len(layout.blocks) == 1
    frozen_row = first_values if is_one_block else top
    sheet.freeze_panes = f"{get_column_letter(grid.n_labels + 1)}{frozen_row}"
    sheet.print_title_rows = f"1:{frozen_row - 1}"
    style.print_on_a4(sheet, landscape=grid.n_labels == 0)
    sheet.sheet_view.showGridLines = False


def layout_of(table: Table, schema: Schema, edition: str | None) -> Layout:
    """The layout that has exactly the slots of a table."""
    slots = {cell.slot for cell in table.cells}
    for layout in schema.tables[table.id]:
        if slots == {slot.id for slot in layout.slots}:
            return layout
    return schema.default_layout(table.id, edition)


def _grid(layout: Layout) -> _Grid:
    labelled = [block for block in layout.blocks if any(row.label for row in block.rows)]
    depth = max((len(path) for block in labelled for path in block.row_paths), default=0)
    n_labels = depth + 1 if labelled else 0
    n_values = max(len(block.columns) for block in layout.blocks)
    label_widths = [_GROUP_WIDTH] * depth + [_LABEL_WIDTH] * bool(labelled)
    least = _VALUE_WIDTH if n_labels else _WIDE_TABLE_VALUE_WIDTH
    value_width = max(least, (_TABLE_WIDTH - sum(label_widths)) / n_values)
    return _Grid(n_labels, n_values, (*label_widths, *[round(value_width, 1)] * n_values))


# --- headers -----------------------------------------------------------------------------------


def _draw_header(sheet: Worksheet, at: int, block: Block, grid: _Grid) -> int:
    """Caption, stub, spanning headers and column labels; returns the row after them."""
    if block.caption:
        _put(sheet, at, 1, at, grid.last, block.caption, style.CENTER, is_header=True)
        _set_height(sheet, at, 1)
        at += 1
    paths = [
        (*path, _column_label(column))
        for path, column in zip(block.column_paths, block.columns, strict=True)
    ]
    depth = max(map(len, paths))
    if grid.n_labels:
        stub = block.stub or ""
        _put(sheet, at, 1, at + depth - 1, grid.n_labels, stub, style.CENTER, is_header=True)
    n = len(paths)
    for level in range(depth):
        lines = 1
        keys = [_header_key(path, level, i) for i, path in enumerate(paths)]
        for prefix, members in groupby(enumerate(keys), key=itemgetter(1)):
            indices = [i for i, _ in members]
            path = paths[indices[0]]
            if len(path) <= level:
                continue  # covered by the label above
            first, _ = grid.value_span(indices[0], n)
            _, last = grid.value_span(indices[-1], n)
            is_label = len(path) == level + 1
            bottom = at + depth - 1 if is_label else at + level
            _put(
                sheet, at + level, first, bottom, last, prefix[level], style.CENTER, is_header=True
            )
            if bottom == at + level:
                lines = max(lines, style.n_lines(prefix[level], grid.width(first, last)))
        _set_height(sheet, at + level, lines)
    _stretch(sheet, at, at + depth - 1, block.stub or "", grid.width(1, grid.n_labels))
    return at + depth


def _header_key(path: tuple[str, ...], level: int, i: int) -> tuple[str, ...]:
    """Columns with the same key share one header at this level; a column's own label is its own."""
    is_group = level < len(path) - 1
    return path[: level + 1] if is_group else (*path, f"#{i}")


def _column_label(column: Column) -> str:
    label = column.label.text
    if column.unit and column.unit not in label:
        return f"{label}（{column.unit}）"
    return label


# --- rows --------------------------------------------------------------------------------------


def _draw_rows(
    sheet: Worksheet,
    at: int,
    block: Block,
    layout: Layout,
    grid: _Grid,
    cells: Mapping[str, Cell],
    broken: Mapping[str, Sequence[str]],
) -> int:
    """Row groups, row labels and values; returns the row after them."""
    n = len(block.columns)
    for i, row in enumerate(block.rows):
        path = block.row_paths[i]
        lines = 1
        if row.label is not None:
            first = len(path) + 1
            _put(sheet, at + i, first, at + i, grid.n_labels, row.label.text, style.LEFT)
            lines = style.n_lines(row.label.text, grid.width(first, grid.n_labels))
        for j, column in enumerate(block.columns):
            left, right = grid.value_span(j, n)
            anchor = _merge(sheet, at + i, left, at + i, right)
            cell = cells.get(layout.slot_id(row, column))
            if cell is not None:
                _put_value(anchor, cell, broken.get(cell.slot, ()))
                shown = str(anchor.value if anchor.value is not None else "")
                lines = max(lines, style.n_lines(shown, grid.width(left, right)))
        _set_height(sheet, at + i, lines)
    for level in range(max(map(len, block.row_paths), default=0)):
        prefixes = [path[: level + 1] for path in block.row_paths]
        for group, members in groupby(enumerate(prefixes), key=itemgetter(1)):
            indices = [i for i, _ in members]
            if len(group) <= level:
                continue
            top, bottom = at + indices[0], at + indices[-1]
            _put(sheet, top, level + 1, bottom, level + 1, group[level], style.CENTER)
            _stretch(sheet, top, bottom, group[level], grid.widths[level])
    return at + len(block.rows)


def _put_value(anchor: SheetCell, cell: Cell, broken: Sequence[str]) -> None:
    """The value as a number, what is no number as printed, and doubts as colour and comment."""
    reading = cell.reading
    anchor.font = style.PLAIN
    anchor.alignment = style.CENTER
    if reading.value is not None:
        anchor.value = reading.value
        _, _, decimals = plain(reading.value).partition(".")
        number = f"0.{'0' * len(decimals)}" if decimals else "0"
        # The column's header names the form's unit; a value that may be in another says so itself.
        anchor.number_format = number + ('"（单位不明）"' if "unit_unknown" in cell.flags else "")
    elif reading.printed and reading.state is not State.BLANK:
        style.put_text(anchor, reading.printed)
    fill = _fill(cell, bool(broken))
    if fill is not None:
        anchor.fill = fill
    note = note_text(cell, broken)
    if note:
        comment = Comment(note, _COMMENT_AUTHOR)
        comment.width = 320
        comment.height = 22 + 17 * style.n_lines(note, 44)
        anchor.comment = comment


def _fill(cell: Cell, is_broken: bool) -> PatternFill | None:
    if cell.status is CellStatus.FLAGGED and cell.reading.state is State.MISSING:
        return style.MISSING_FILL
    if is_broken and cell.status is CellStatus.ACCEPTED:
        return style.REPORTED_FILL
    return _FILL_BY_STATUS.get(cell.status)


def note_text(cell: Cell, broken: Sequence[str] = ()) -> str:
    """What a person should know about a cell, "" where there is nothing to say; `broken` tells of
    sums that the report itself breaks."""
    reading = cell.reading
    lines = [f"{VERDICT[Verdict.REPORTED]}：{message}" for message in broken]
    if cell.status is not CellStatus.ACCEPTED:
        flags = "；".join(map(flag_words, cell.flags))
        lines.append(f"{CELL_STATUS[cell.status]}：{flags}" if flags else CELL_STATUS[cell.status])
        printed = f"“{reading.printed}”" if reading.printed else "（无）"
        lines.append(f"原文：{printed}，{STATE[reading.state]}")
        # Where the place is in doubt, what is known of the characters would only mislead.
        if cell.probability is not None and not _PLACE_FLAGS.intersection(cell.flags):
            lines.append(f"正确概率：{_share(cell.probability)}")
        lines += [f"其他可能：{_other(alternative)}" for alternative in cell.alternatives]
        if cell.evidence.page is not None:
            lines.append(f"位置：第 {cell.evidence.page} 页")
        elif cell.evidence.line is not None:
            lines.append(f"位置：第 {cell.evidence.line} 行")
    elif reading.annotation:
        lines.append(f"原文：“{reading.printed}”")
    if reading.annotation:
        lines.append(f"附注：{reading.annotation}")
    return style.clean("\n".join(lines))


def _other(alternative: Alternative) -> str:
    shown = plain(alternative.value) or alternative.printed or STATE[alternative.state]
    details = [SOURCE.get(alternative.source, alternative.source)]
    if alternative.probability is not None:
        details.append(_share(alternative.probability))
    return f"{shown}（{'，'.join(details)}）"


def _told(finding: Finding) -> str:
    if finding.expected is None or finding.found is None:
        return finding.message
    return f"按勾稽关系应为 {plain(finding.expected)}，文中为 {plain(finding.found)}"


def _share(probability: float) -> str:
    return "高于99.9%" if probability > 0.999 else f"{probability:.1%}"


# --- cells of the sheet ------------------------------------------------------------------------


def _put(
    sheet: Worksheet,
    top: int,
    left: int,
    bottom: int,
    right: int,
    text: str,
    alignment: Alignment,
    *,
    is_header: bool = False,
) -> None:
    cell = _merge(sheet, top, left, bottom, right)
    style.put_text(cell, text)
    cell.alignment = alignment
    cell.font = style.BOLD if is_header else style.PLAIN
    if is_header:
        cell.fill = style.HEADER_FILL


def _merge(sheet: Worksheet, top: int, left: int, bottom: int, right: int) -> SheetCell:
    if (top, left) != (bottom, right):
        sheet.merge_cells(start_row=top, start_column=left, end_row=bottom, end_column=right)
    cell = sheet.cell(top, left)
    if not isinstance(cell, SheetCell):
        raise ValueError(f"row {top}, column {left} is inside of a merged cell")
    return cell


def _put_borders(sheet: Worksheet, top: int, bottom: int, last: int) -> None:
    for row in sheet.iter_rows(min_row=top, max_row=bottom, max_col=last):
        for cell in row:
            cell.border = style.GRID


def _set_height(sheet: Worksheet, row: int, lines: int) -> None:
    sheet.row_dimensions[row].height = max(21.0, lines * style.LINE_HEIGHT + 5)


def _stretch(sheet: Worksheet, top: int, bottom: int, text: str, width: float) -> None:
    """Make rows higher until a text that spans them fits."""
    if not text or bottom < top:
        return
    heights = [sheet.row_dimensions[row].height or 0.0 for row in range(top, bottom + 1)]
    lack = style.n_lines(text, width) * style.LINE_HEIGHT + 5 - sum(heights)
    for row, height in zip(range(top, bottom + 1), heights, strict=True):
        if lack > 0:
            sheet.row_dimensions[row].height = height + lack / len(heights)
