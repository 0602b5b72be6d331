"""One extraction as a workbook: summary, the tables as the form prints them, findings, figures."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.styles import PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from extractor import __version__
from extractor.export import style
from extractor.export.csv import plain
from extractor.export.form import draw_table
from extractor.export.telling import told
from extractor.export.words import (
    CELL_STATUS,
    EXACTNESS,
    FLAG,
    SCOPE,
    STATUS,
    VERDICT,
    failure_words,
)
from extractor.schema import Schema
from extractor.types import CellStatus, Extraction, State

_SHEET_TITLE = re.compile(r"[\[\]:*?/\\]")
_MAX_SHEET_TITLE = 31
_EPOCH = (1980, 1, 1, 0, 0, 0)
_TIMES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")

_LEGEND = (
    ("需人工复核", style.FLAGGED_FILL),
    ("文件中未找到", style.MISSING_FILL),
    ("报告自身不平衡，数字照录", style.REPORTED_FILL),
    ("已人工复核", style.REVIEWED_FILL),
)

Value = str | int | Decimal | None


def to_workbook(extraction: Extraction, schema: Schema) -> bytes:
    """The workbook as the bytes of an .xlsx file; the same extraction gives the same bytes."""
    book = Workbook()
    book.remove(book.worksheets[0])
    titles = {heading.id: heading.label.text for heading in schema.headings}
    _draw_summary(book.create_sheet("概要"), extraction, schema, titles)
    for table in extraction.tables:
        title = titles.get(table.id, table.id)
        sheet = book.create_sheet(_SHEET_TITLE.sub(" ", title)[:_MAX_SHEET_TITLE])
        edition, findings = extraction.facts.edition, extraction.findings
        draw_table(sheet, title, table, schema, edition, findings)
    _draw_findings(book.create_sheet("勾稽问题"), extraction, schema)
    _draw_figures(book.create_sheet("关键数据"), extraction, schema)
    file = io.BytesIO()
    book.save(file)
    return _without_times(file.getvalue())


def _draw_summary(
    sheet: Worksheet, extraction: Extraction, schema: Schema, titles: dict[str, str]
) -> None:
    facts = extraction.facts
    cells = [cell for table in extraction.tables for cell in table.cells]
    flagged = sum(cell.status is CellStatus.FLAGGED for cell in cells)
    flagged_figures = sum(f.status is CellStatus.FLAGGED for f in extraction.figures)
    absent = [titles.get(t.id, t.id) for t in extraction.tables if not t.is_present]
    rows: list[tuple[str, Value]] = [
        ("文件", extraction.name),
        ("公开机关", facts.organization or "（未识别）"),
        ("报告年度", facts.year if facts.year is not None else "（未识别）"),
        ("表式版本", f"{facts.edition} 年版" if facts.edition else "（未识别）"),
        ("提取状态", STATUS[extraction.status]),
        ("页数", extraction.pages if extraction.pages else "（无页面的文本文件）"),
        ("单元格数", len(cells)),
        ("其中：需复核", flagged),
        ("其中：未找到", sum(cell.reading.state is State.MISSING for cell in cells)),
        ("未找到的表", "；".join(absent) or "无"),
        ("勾稽问题", len(extraction.findings)),
        ("关键数据", len(extraction.figures)),
        ("其中：需复核", flagged_figures),
        ("SHA-256", extraction.sha256),
        ("程序版本", __version__),
    ]
    for failure in extraction.failures:
        name = "处理失败，已核定" if failure.is_settled else "处理失败"
        rows.append((name, failure_words(failure, titles)))
    sheet.column_dimensions["A"].width = 16
    sheet.column_dimensions["B"].width = 78
    sheet.merge_cells("A1:B1")
    title = sheet["A1"]
    style.put_text(title, "政府信息公开工作年度报告 数据提取概要")
    title.font, title.alignment = style.TITLE, style.CENTER
    sheet.row_dimensions[1].height = 30
    for i, (name, value) in enumerate(rows, start=2):
        _write_row(sheet, i, (name, value))
        sheet.cell(i, 1).font = style.BOLD
        sheet.cell(i, 1).fill = style.HEADER_FILL
        if name == "处理失败":
            sheet.cell(i, 2).font = style.WARNING
    at = len(rows) + 3
    for text, fill in _LEGEND:
        sheet.cell(at, 1).fill = fill
        sheet.cell(at, 1).border = style.GRID
        style.put_text(_cell(sheet, at, 2), text)
        sheet.cell(at, 2).font = style.PLAIN
        at += 1
    style.print_on_a4(sheet, landscape=False)
    sheet.sheet_view.showGridLines = False


def _draw_findings(sheet: Worksheet, extraction: Extraction, schema: Schema) -> None:
    labels = schema.labels
    rows = [
        (
            VERDICT[finding.verdict],
            finding.expected,
            finding.found,
            "\n".join(labels.get(slot, slot) for slot in finding.cells),
            told(finding, schema),
            finding.relation,
            "已核实" if finding.is_confirmed else None,
            finding.comment,
        )
        for finding in extraction.findings
    ]
    header = ("判断", "对照值", "所载值", "涉及单元格", "说明", "勾稽关系编号", "核实", "附注")
    _draw_list(sheet, header, (16, 12, 12, 48, 60, 26, 8, 30), rows)


def _draw_figures(sheet: Worksheet, extraction: Extraction, schema: Schema) -> None:
    labels = {key.key: key.label for key in schema.figures}
    rows = [
        (
            labels.get(figure.key, figure.key),
            figure.value,
            figure.unit,
            EXACTNESS[figure.exactness],
            SCOPE.get(figure.scope or "", figure.scope),
            figure.printed,
            figure.sentence,
            CELL_STATUS[figure.status],
            "；".join(FLAG.get(code, code) for code in figure.flags),
            figure.evidence.page or figure.evidence.line,
        )
        for figure in extraction.figures
    ]
    header = (
        "指标",
        "数值",
        "单位",
        "精度",
        "口径",
        "原文数字",
        "原文句子",
        "状态",
        "存疑原因",
        "页/行",
    )
    flagged = [figure.status is CellStatus.FLAGGED for figure in extraction.figures]
    fills = [style.FLAGGED_FILL if is_flagged else None for is_flagged in flagged]
    _draw_list(sheet, header, (22, 12, 8, 9, 14, 14, 70, 10, 24, 8), rows, fills)


def _draw_list(
    sheet: Worksheet,
    header: Sequence[str],
    widths: Sequence[float],
    rows: Sequence[Sequence[Value]],
    fills: Iterable[PatternFill | None] = (),
) -> None:
    """A list with a header that stays in view, and "无" where it is empty."""
    for i, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(i)].width = width
    _write_row(sheet, 1, header)
    for cell in sheet[1]:
        cell.font, cell.fill, cell.alignment = style.BOLD, style.HEADER_FILL, style.CENTER
    for i, row in enumerate(rows or [("无",)], start=2):
        _write_row(sheet, i, row)
        lines = max(
            style.n_lines("" if value is None else str(value), width)
            for value, width in zip(row, widths, strict=False)
        )
        sheet.row_dimensions[i].height = min(400.0, max(21.0, lines * style.LINE_HEIGHT + 5))
    for i, fill in enumerate(fills, start=2):
        if fill is not None:
            for cell in sheet[i]:
                cell.fill = fill
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    style.print_on_a4(sheet, landscape=True)


def _write_row(sheet: Worksheet, row: int, values: Sequence[Value]) -> None:
    for i, value in enumerate(values, start=1):
        cell = _cell(sheet, row, i)
        if isinstance(value, str):
            style.put_text(cell, value)
        elif value is not None:
            cell.value = value
            _, _, decimals = plain(Decimal(value)).partition(".")
            cell.number_format = f"0.{'0' * len(decimals)}" if decimals else "0"
        cell.font, cell.border, cell.alignment = style.PLAIN, style.GRID, style.LEFT


def _cell(sheet: Worksheet, row: int, column: int) -> SheetCell:
    cell = sheet.cell(row, column)
    if not isinstance(cell, SheetCell):
        raise ValueError(f"row {row}, column {column} is inside of a merged cell")
    return cell


def _without_times(data: bytes) -> bytes:
    """The same archive with all times taken out, so that equal contents are equal bytes."""
    result = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = _TIMES.sub(rb"\g<1>1980-01-01T00:00:00Z", content)
            member = zipfile.ZipInfo(name, _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(member, content)
    return result.getvalue()
