"""How the workbook looks: fonts, borders, colours, and text that a cell can hold."""

from __future__ import annotations

import unicodedata

from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

from extractor.characters import storable

_SONG = "宋体"
_MAX_TEXT = 32_000

TITLE = Font(name=_SONG, size=16, bold=True)
BOLD = Font(name=_SONG, size=10.5, bold=True)
PLAIN = Font(name=_SONG, size=10.5)
WARNING = Font(name=_SONG, size=10.5, bold=True, color="FFC00000")

HEADER_FILL = PatternFill("solid", fgColor="FFF2F2F2")
FLAGGED_FILL = PatternFill("solid", fgColor="FFFFE699")
MISSING_FILL = PatternFill("solid", fgColor="FFF8CBAD")
REPORTED_FILL = PatternFill("solid", fgColor="FFDDEBF7")
REVIEWED_FILL = PatternFill("solid", fgColor="FFE2EFDA")

CENTER = Alignment(horizontal="center", vertical="center", wrap_text=True)
LEFT = Alignment(horizontal="left", vertical="center", wrap_text=True)

_THIN = Side(style="thin", color="FF000000")
GRID = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)

LINE_HEIGHT = 15.0
"""Points that one line of print takes."""


def clean(text: str) -> str:
    """Text that a workbook can hold: all text of documents and people goes through here."""
    return storable(text)[:_MAX_TEXT]


def put_text(cell: Cell, text: str) -> None:
    """Text as text, whatever it begins with: never a formula, never an error value."""
    cell.value = clean(text)
    cell.data_type = "s"


def width(text: str) -> int:
    """The width of a line in half-width characters."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WFA" else 1 for sign in text)


def n_lines(text: str, column_width: float) -> int:
    """The lines that a text takes in a cell of this width, at least 1."""
    room = max(2.0, column_width - 1.5)
    return sum(max(1, -int(-width(line) // room)) for line in text.split("\n")) or 1


def print_on_a4(sheet: Worksheet, *, landscape: bool) -> None:
    """One page wide, centred, with page numbers."""
    setup = sheet.page_setup
    setup.paperSize = 9  # A4
    setup.orientation = "landscape" if landscape else "portrait"
    setup.fitToWidth = 1
    setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_options.horizontalCentered = True
    margins = sheet.page_margins
    margins.left = margins.right = 0.5
    margins.top, margins.bottom, margins.footer = 0.6, 0.8, 0.35
    sheet.oddFooter.center.text = "第 &P 页，共 &N 页"
