"""Rows of many reports as files: CSV, a workbook with its data dictionary, and Parquet.

The columns of CSV and Parquet have names for programs, which stay the same; those of the workbook
are in words, and its dictionary tells both.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from extractor.export.csv import guarded, plain

Row = tuple[Any, ...]

MAX_SHEET_ROWS = 1_048_576
"""Of a worksheet, its header included."""
_ROWS_AT_ONCE = 20_000


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    COUNT = "whole number"
    NUMBER = "exact number"
    SHARE = "number from 0 to 1"
    TIME = "time (UTC)"
    TRUTH = "true or false"


KINDS = {
    Kind.TEXT: "文本",
    Kind.COUNT: "整数",
    Kind.NUMBER: "数值（精确）",
    Kind.SHARE: "0 到 1 的数",
    Kind.TIME: "时间（UTC）",
    Kind.TRUTH: "是或否",
}
"""In Chinese."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `meaning` is its entry in the data dictionary: in English, and after a dot in a
    few Chinese words. `codes` are what may stand in it, where that is not for people, in
    Chinese."""

    name: str
    kind: Kind
    meaning: str
    codes: Mapping[Any, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What it is called in Chinese."""
        return self.meaning.rpartition(" · ")[2]

    @property
    def english(self) -> str:
        """Its meaning without that."""
        return self.meaning.rpartition(" · ")[0]


class TooManyRows(Exception):
    """More rows than a worksheet can hold."""


def to_csv(columns: Sequence[Column], reports: Iterable[Sequence[Row]]) -> Iterator[bytes]:
    """The table with its header and a byte order mark, report after report; text that a spreadsheet
    would run as a formula has an apostrophe before it."""
    yield _lines([[column.name for column in columns]]).encode("utf-8-sig")
    for rows in reports:
        yield _lines(
            [_text(column, value) for column, value in zip(columns, row, strict=True)]
            for row in rows
        ).encode("utf-8", "replace")


def _lines(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _text(column: Column, value: Any) -> str:
    if value is None:
        return ""
    match column.kind:
        case Kind.TEXT:
            return guarded(str(value))
        case Kind.NUMBER:
            return plain(Decimal(value))
        case Kind.TIME:
            return _time(value)
        case Kind.TRUTH:
            return str(value).lower()
        case _:
            return str(value)


def _time(value: datetime) -> str:
    return value.isoformat(timespec="seconds").replace("+00:00", "Z")


def write_workbook(columns: Sequence[Column], reports: Iterable[Sequence[Row]], path: Path) -> None:
    """A sheet with the rows, and one with what its columns mean, are called in other files, and
    have as codes.

    Raises:
        TooManyRows: a worksheet cannot hold them.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    from extractor.export.style import put_text

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("数据")
    sheet.freeze_panes = "A2"

    def value_of(column: Column, value: Any) -> Any:
        if value is None:
            return None
        if column.kind is Kind.TEXT:
            cell = WriteOnlyCell(sheet)
            put_text(cell, value)
            return cell
        return value.replace(tzinfo=None) if isinstance(value, datetime) else value

    def titles(texts: Sequence[str]) -> list[Any]:
        cells = [WriteOnlyCell(sheet, text) for text in texts]
        for cell in cells:
            cell.font = Font(bold=True)
        return cells

    sheet.append(titles([column.title for column in columns]))
    written = 1
    try:
        for rows in reports:
            written += len(rows)
            if written > MAX_SHEET_ROWS:
                raise TooManyRows
            for row in rows:
                sheet.append([value_of(c, value) for c, value in zip(columns, row, strict=True)])
    except BaseException:
        sheet.close()
        sheet._writer.cleanup()  # its rows are in a file of its own, which only saving removes
        raise
    dictionary = workbook.create_sheet("数据字典")
    for letter, width in zip("ABCDE", (14, 18, 14, 60, 60), strict=True):
        dictionary.column_dimensions[letter].width = width
    dictionary.append(titles(["列", "导出列名", "类型", "代码", "Meaning"]))
    for column in columns:
        codes = "；".join(f"{code} {words}" for code, words in column.codes.items())
        dictionary.append(
            [column.title, column.name, KINDS[column.kind], codes or None, column.english]
        )
    workbook.save(path)


def write_parquet(columns: Sequence[Column], reports: Iterable[Sequence[Row]], path: Path) -> None:
    """Typed columns; what each means is in the metadata of its field."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    types = {
        Kind.TEXT: pa.string(),
        Kind.COUNT: pa.int64(),
        Kind.NUMBER: pa.decimal128(38, 18),  # values have at most 18 digits
        Kind.SHARE: pa.float64(),
        Kind.TIME: pa.timestamp("s", "UTC"),
        Kind.TRUTH: pa.bool_(),
    }
    schema = pa.schema(
        [
            pa.field(column.name, types[column.kind], metadata={"meaning": column.meaning})
            for column in columns
        ]
    )

    def typed(column: Column, value: Any) -> Any:
        if value is None:
            return None
        match column.kind:
            case Kind.NUMBER:
                return Decimal(value)
            case Kind.SHARE:
                return float(value)
            case _:
                return value

    def write(writer: Any, waiting: Sequence[Row]) -> None:
        arrays = [
            pa.array([typed(column, row[i]) for row in waiting], types[column.kind])
            for i, column in enumerate(columns)
        ]
        writer.write_table(pa.Table.from_arrays(arrays, schema=schema))

    with ParquetWriter(path, schema, compression="zstd") as writer:
        waiting: list[Row] = []
        for rows in reports:
            waiting += rows
            if len(waiting) >= _ROWS_AT_ONCE:
                write(writer, waiting)
                waiting = []
        write(writer, waiting)
