"""Word inputs: the form filled in, with true merges, as the official template has them."""

from __future__ import annotations

import io
import zipfile
from itertools import pairwise
from random import Random
from xml.sax.saxutils import escape

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from training.synthesis.form import Entry, Kind, Placed, Table, place
from training.synthesis.report import Closing, Heading, Report, Title
from training.synthesis.skins import SKINS
from training.synthesis.splits import Split

_EPOCH = (2024, 1, 1, 0, 0, 0)
_TABLE_WIDTH_TWIPS = 9000


def docx_form(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """The official template filled in: one table a section, labels in the template's words."""
    return _document(
        report, rng, split, is_vertical=False, has_headings=True, has_block_tables=False
    )


def docx_onetable(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """Each section one table; the label of the results set vertically, one character a line."""
    return _document(
        report, rng, split, is_vertical=True, has_headings=True, has_block_tables=False
    )


def docx_blocks(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """Every block of table 二 a table of its own."""
    return _document(
        report, rng, split, is_vertical=False, has_headings=True, has_block_tables=True
    )


def docx_noheading(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """Tables without the headings of their sections."""
    return _document(
        report, rng, split, is_vertical=True, has_headings=False, has_block_tables=False
    )


def _document(
    report: Report,
    rng: Random,
    split: Split,
    *,
    is_vertical: bool = False,
    has_headings: bool = True,
    has_block_tables: bool = False,
) -> bytes:
    document = docx.Document()
    # A second copy of the styles that the library's template carries for an old version of Word.
    for name, relation in list(document.part.rels.items()):
        if relation.reltype.endswith("/stylesWithEffects"):
            document.part.rels.pop(name)
    for part in report.body():
        if isinstance(part, Table):
            for piece in _blocks(part) if has_block_tables else (part,):
                # Word joins tables that touch; the empty paragraph also closes the document body.
                paragraph = document.add_paragraph()
                paragraph._p.addprevious(parse_xml(_table_xml(piece, is_vertical=is_vertical)))
        elif isinstance(part, Title):
            for line in part.lines:
                document.add_paragraph(line, style="Title")
        elif isinstance(part, Closing):
            for line in part.lines:
                document.add_paragraph(line).alignment = WD_ALIGN_PARAGRAPH.RIGHT
        elif not isinstance(part, Heading) or has_headings:
            paragraph = document.add_paragraph()
            for run in _runs(part.text, rng, splits=SKINS[split].splits_runs):
                paragraph.add_run(run)
    buffer = io.BytesIO()
    document.save(buffer)
    return _without_times(buffer.getvalue())


def _runs(text: str, rng: Random, *, splits: bool) -> tuple[str, ...]:
    """The text in pieces, as a word processor stores what was edited more than once."""
    if not splits or len(text) < 4:
        return (text,)
    cuts = sorted(rng.sample(range(1, len(text)), k=min(3, len(text) - 1)))
    return tuple(text[i:j] for i, j in pairwise((0, *cuts, len(text))))


def _blocks(table: Table) -> tuple[Table, ...]:
    """Table 二 cut before each caption; other tables whole."""
    starts = [i for i, row in enumerate(table.rows) if row[0].kind is Kind.CAPTION]
    bounds = sorted({0, *starts, len(table.rows)})
    return tuple(
        Table(table.id, table.columns, table.rows[start:end]) for start, end in pairwise(bounds)
    )


def _table_xml(table: Table, *, is_vertical: bool) -> str:
    """WordprocessingML of one table; cells that continue a vertical merge are written out empty."""
    width = _TABLE_WIDTH_TWIPS // table.columns
    at = {}
    for cell in place(table):
        for row in range(cell.row, cell.row + cell.entry.row_span):
            at[row, cell.column] = cell
    rows = []
    for i in range(len(table.rows)):
        cells = "".join(
            _cell_xml(at[i, column], i, width, is_vertical=is_vertical)
            for column in range(table.columns)
            if (i, column) in at
        )
        rows.append(f"<w:tr>{cells}</w:tr>")
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    grid = f'<w:gridCol w:w="{width}"/>' * table.columns
    return (
        f"<w:tbl {nsdecls('w')}><w:tblPr><w:tblW w:w='0' w:type='auto'/>"
        f"<w:tblBorders>{borders}</w:tblBorders></w:tblPr><w:tblGrid>{grid}</w:tblGrid>"
        f"{''.join(rows)}</w:tbl>"
    )


def _cell_xml(cell: Placed, row: int, width: int, *, is_vertical: bool) -> str:
    entry = cell.entry
    begins = row == cell.row
    properties = f'<w:tcW w:w="{width * entry.column_span}" w:type="dxa"/>'
    if entry.column_span > 1:
        properties += f'<w:gridSpan w:val="{entry.column_span}"/>'
    if entry.row_span > 1:
        properties += '<w:vMerge w:val="restart"/>' if begins else "<w:vMerge/>"
    if is_vertical and entry.text == "三、本年度办理结果":
        properties += '<w:textDirection w:val="tbRlV"/>'
    properties += '<w:vAlign w:val="center"/>'
    paragraphs = _paragraphs(entry, is_vertical=is_vertical) if begins else ("",)
    content = "".join(
        '<w:p><w:pPr><w:jc w:val="center"/></w:pPr>'
        + (f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>' if text else "")
        + "</w:p>"
        for text in paragraphs
    )
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content}</w:tc>"


def _paragraphs(entry: Entry, *, is_vertical: bool) -> tuple[str, ...]:
    if is_vertical and entry.text == "三、本年度办理结果":
        return ("三、", *entry.text[2:])
    return tuple(entry.text.split("\n"))


def _without_times(data: bytes) -> bytes:
    """The same package with fixed times, so that the same report gives the same bytes."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            member = zipfile.ZipInfo(name, _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(member, source.read(name))
    return buffer.getvalue()
