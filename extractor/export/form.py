"""One table of the form as a sheet that looks like the printed form (see `printed_form`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from extractor.export import style
from extractor.export.csv import plain
from extractor.export.printed_form import Part, Place, PrintedForm, printed_form
from extractor.export.telling import told
from extractor.export.words import CELL_STATUS, SOURCE, STATE, VERDICT, flag_words
from extractor.schema import Layout, Schema
from extractor.types import Alternative, Cell, CellStatus, Finding, State, Table, Verdict

_GROUP_WIDTH = 8.0
_LABEL_WIDTH = 34.0
_WIDE_TABLE_VALUE_WIDTH = 8.5
_VALUE_WIDTH = 11.0
_LEAST_HEIGHT = 21.0
_TABLE_WIDTH = 96.0
_COMMENT_AUTHOR = "extractor"
_FILL_BY_STATUS = {
    CellStatus.FLAGGED: style.FLAGGED_FILL,
    CellStatus.REVIEWED: style.REVIEWED_FILL,
}
_PLACE_FLAGS = {"weak_row", "weak_column", "shared_print"}


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
    form = printed_form(layout)
    widths = _widths(form)
    for i, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(i)].width = width
    cells = {cell.slot: cell for cell in table.cells}
    broken: dict[str, list[str]] = {}
    for finding in findings:
        if finding.verdict is Verdict.REPORTED:
            for slot in finding.cells:
                broken.setdefault(slot, []).append(told(finding, schema))
    lines = [(title, style.TITLE)]
    if not table.is_present:
        lines.append(("文件中未找到本表", style.WARNING))
    above = len(lines)
    for row, (text, font) in enumerate(lines, start=1):
        _put(sheet, Place(row, 1, row, form.last, Part.CAPTION, text))
        sheet.cell(row, 1).font, sheet.cell(row, 1).fill = font, PatternFill()
    sheet.row_dimensions[1].height = 30
    places = [replace(one, top=one.top + above, bottom=one.bottom + above) for one in form.places]
    for place in places:
        if place.part is Part.VALUE:
            anchor = _merge(sheet, place)
            if (cell := cells.get(place.slot or "")) is not None:
                _put_value(anchor, cell, broken.get(cell.slot, ()))
        else:
            _put(sheet, place)
    _set_heights(sheet, places, widths)
    _put_borders(sheet, above + 1, above + form.n_rows, form.last)
    is_one_block = len(layout.blocks) == 1
    frozen_row = above + (form.first_values if is_one_block else 1)
    sheet.freeze_panes = f"{get_column_letter(form.n_labels + 1)}{frozen_row}"
    sheet.print_title_rows = f"1:{frozen_row - 1}"
    style.print_on_a4(sheet, landscape=form.n_labels == 0)
    sheet.sheet_view.showGridLines = False


def layout_of(table: Table, schema: Schema, edition: str | None) -> Layout:
    """The layout that has exactly the slots of a table."""
    slots = {cell.slot for cell in table.cells}
    for layout in schema.tables[table.id]:
        if slots == {slot.id for slot in layout.slots}:
            return layout
    return schema.default_layout(table.id, edition)


def _widths(form: PrintedForm) -> tuple[float, ...]:
    """Of the columns, in characters."""
    labels = [_GROUP_WIDTH] * form.depth + [_LABEL_WIDTH] * bool(form.n_labels)
    least = _VALUE_WIDTH if form.n_labels else _WIDE_TABLE_VALUE_WIDTH
    value = max(least, (_TABLE_WIDTH - sum(labels)) / form.n_values)
    return (*labels, *[round(value, 1)] * form.n_values)


# --- values ------------------------------------------------------------------------------------


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
        if cell.read is not None:
            lines.append(
                f"原识别为“{cell.read}”，由人更正" if cell.read else "原未识别出内容，由人补录"
            )
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


def _share(probability: float) -> str:
    return "高于99.9%" if probability > 0.999 else f"{probability:.1%}"


# --- cells of the sheet ------------------------------------------------------------------------


def _put(sheet: Worksheet, place: Place) -> None:
    """Write what the form prints at a place."""
    cell = _merge(sheet, place)
    style.put_text(cell, place.text)
    cell.alignment = style.LEFT if place.part is Part.ROW else style.CENTER
    cell.font = style.BOLD if place.part.is_header else style.PLAIN
    if place.part.is_header:
        cell.fill = style.HEADER_FILL


def _merge(sheet: Worksheet, place: Place) -> SheetCell:
    top, left = place.top, place.left
    if (top, left) != (place.bottom, place.right):
        sheet.merge_cells(
            start_row=top, start_column=left, end_row=place.bottom, end_column=place.right
        )
    cell = sheet.cell(top, left)
    if not isinstance(cell, SheetCell):
        raise ValueError(f"row {top}, column {left} is inside of a merged cell")
    return cell


def _put_borders(sheet: Worksheet, top: int, bottom: int, last: int) -> None:
    for row in sheet.iter_rows(min_row=top, max_row=bottom, max_col=last):
        for cell in row:
            cell.border = style.GRID


def _set_heights(sheet: Worksheet, places: Sequence[Place], widths: Sequence[float]) -> None:
    """Make rows as high as what stands in them; what spans several makes all of them higher."""
    heights: dict[int, float] = {}
    for place in sorted(places, key=lambda one: one.bottom - one.top):
        value = sheet.cell(place.top, place.left).value
        width = sum(widths[place.left - 1 : place.right])
        needed = style.n_lines("" if value is None else str(value), width) * style.LINE_HEIGHT + 5
        rows = range(place.top, place.bottom + 1)
        lack = needed - sum(heights.get(row, _LEAST_HEIGHT) for row in rows)
        for row in rows:
            heights[row] = heights.get(row, _LEAST_HEIGHT) + max(0.0, lack) / len(rows)
    for row, height in heights.items():
        sheet.row_dimensions[row].height = height
