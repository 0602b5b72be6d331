"""A DOCX in, its paragraphs and tables out.

Read from the XML itself, since merged cells, tracked changes, text boxes and content controls must
come out as they are printed: deletions are gone, insertions are there, a merged cell is one cell.
Elements are told by their local names, so that the strict variant of the format reads the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from lxml import etree

from extractor.errors import CorruptInput
from extractor.ingest.grid import RowCell, are_spans_known, cells_by_row, is_layout, join_lines
from extractor.ingest.zips import main_part, open_zip, read_member
from extractor.types import Block, Grid, GridCell, Paragraph

MAX_PART_BYTES = 64 * 2**20
"""Largest main part that is read; that of a report has some hundred kilobytes."""

MAX_COLUMNS = 1_000
_GONE = frozenset({"del", "moveFrom", "cellDel", "instrText", "delText", "rt"})
_TEXT_BY_TAG = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_TRUE = frozenset({"1", "true", "on"})
_DIGITS = re.compile(r"\d{1,6}")
_RAISED, _LOWERED = "\ue001", "\ue002"
_MARK = re.compile(f"[{_RAISED}{_LOWERED}]")
_NOTE = re.compile(rf"(?<=\d){_RAISED}([^{_RAISED}{_LOWERED}\[(（［〔【]{{1,4}}){_LOWERED}")


def read_docx(name: str, data: bytes) -> tuple[Block, ...]:
    """Read the body, without headers, footers and notes.

    A line break within a paragraph gives two paragraphs with the same `line`.

    Raises:
        CorruptInput: the archive or its XML is damaged.
        EncryptedInput: the archive is protected by a password.
    """
    with open_zip(name, data) as archive:
        part = main_part(archive.namelist())
        if part is None:
            raise CorruptInput(f"{name}: the DOCX has no text in it. Save it again in Word or WPS.")
        xml = read_member(archive, archive.getinfo(part), name=name, max_bytes=MAX_PART_BYTES)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise CorruptInput(
            f"{name}: the text of the DOCX is damaged ({error}). Save it again in Word or WPS."
        ) from error
    if b"<!DOCTYPE" in xml:
        raise CorruptInput(f"{name}: the DOCX declares XML entities, which no Word document does.")
    return tuple(_Reader().blocks(root))


def _tag(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _is_gone(tag: str) -> bool:
    """Whether nothing below is printed: deletions, field codes, properties."""
    return tag in _GONE or tag.endswith("Pr")


def _children(element: etree._Element, tag: str) -> Iterator[etree._Element]:
    return (child for child in element if _tag(child) == tag)


def _find(element: etree._Element, *path: str) -> etree._Element | None:
    found: etree._Element | None = element
    for tag in path:
        found = next(_children(found, tag), None) if found is not None else None
    return found


def _value(element: etree._Element) -> str | None:
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == "val":
            return str(value)
    return None


def _number(element: etree._Element | None, default: int) -> int:
    match = _DIGITS.match(_value(element) or "") if element is not None else None
    return min(int(match[0]), MAX_COLUMNS) if match else default


def _is_on(element: etree._Element | None) -> bool:
    return element is not None and (_value(element) or "true").lower() in _TRUE


@dataclass(slots=True)
class _Cell:
    """A cell of a row as it is written. `merge` is "restart", "continue" or "" (not merged)."""

    text: str
    line: int
    column: int
    span: int
    merge: str
    row_span: int = 1


@dataclass(slots=True)
class _Rows:
    """A table as it is written, and what tells whether it is one."""

    rows: list[list[_Cell]] = field(default_factory=list)
    nested_chars: int = 0

    @property
    def is_layout(self) -> bool:
        cells = [cell for row in self.rows for cell in row if cell.merge != "continue"]
        chars = [len(cell.text) for cell in cells]
        share = self.nested_chars / max(1, sum(chars))
        return is_layout(len(cells), max(chars, default=0), share)


class _Reader:
    """Walks the body once and numbers paragraphs and cells as it goes."""

    def __init__(self) -> None:
        self._line = 0

    def blocks(self, element: etree._Element) -> Iterator[Block]:
        """All blocks below an element, in order, whatever wraps them."""
        for child in element:
            tag = _tag(child)
            if tag == "p":
                yield from self._paragraph(child)
            elif tag == "tbl":
                yield from self._table(child)
            elif tag == "AlternateContent":
                yield from self.blocks(_chosen(child))
            elif tag and not _is_gone(tag):
                yield from self.blocks(child)

    def _paragraph(self, element: etree._Element) -> Iterator[Block]:
        self._line += 1
        boxes: list[etree._Element] = []
        text = _text(element, boxes)
        if text or not boxes:
            for line in text.split("\n"):
                yield Paragraph(line.rstrip(), self._line)
        for box in boxes:
            yield from self.blocks(box)

    def _table(self, element: etree._Element) -> Iterator[Block]:
        line = self._line
        table = self._read_rows(element)
        if table.is_layout:
            self._line = line
            for row in _rows(element):
                for cell in _content(row, "tc"):
                    yield from self.blocks(cell)
            return
        table.rows = [part for row in table.rows for part in _apart(row)]
        _merge_down(table.rows)
        cells = tuple(
            GridCell(
                join_lines(cell.text.split("\n")),
                i,
                cell.column,
                cell.row_span,
                cell.span,
                cell.line,
            )
            for i, row in enumerate(table.rows)
            for cell in row
            if cell.merge != "continue"
        )
        if cells:
            listed = [
                [RowCell(cell.text, cell.line, cell.row_span, cell.span) for cell in row]
                for row in table.rows
            ]
            yield Grid(cells, has_spans=are_spans_known(listed))

    def _read_rows(self, element: etree._Element) -> _Rows:
        table = _Rows()
        for row in _rows(element):
            column = _number(_find(row, "trPr", "gridBefore"), 0)
            cells: list[_Cell] = []
            for cell in _content(row, "tc"):
                self._line += 1
                span = max(1, _number(_find(cell, "tcPr", "gridSpan"), 1))
                if _merge_of(cell, "hMerge") == "continue" and cells:
                    cells[-1].span += span
                else:
                    text, nested_chars = _cell_text(cell)
                    table.nested_chars += nested_chars
                    merge = _merge_of(cell, "vMerge")
                    cells.append(_Cell(text, self._line, column, span, merge))
                column += span
            table.rows.append(cells)
        return table


def _merge_of(cell: etree._Element, tag: str) -> str:
    merge = _find(cell, "tcPr", tag)
    return "" if merge is None else _value(merge) or "continue"


def _apart(row: Sequence[_Cell]) -> list[list[_Cell]]:
    """The rows that were squeezed into one; what is not cut is merged over all of them."""
    texts = cells_by_row([cell.text for cell in row])
    parts: list[list[_Cell]] = []
    for i in range(len(texts[0]) if texts else 1):
        part = []
        for cell, lines in zip(row, texts, strict=True):
            is_cut = any(lines[1:]) or len(lines) == 1
            merge = cell.merge if is_cut else "continue" if i else cell.merge or "restart"
            part.append(replace(cell, text=lines[i], merge=merge))
        parts.append(part)
    return parts


def _merge_down(rows: list[list[_Cell]]) -> None:
    """Give every merged cell its rows. Where its parts differ in width, the narrowest holds; a part
    with nothing above it is a cell of its own."""
    open_by_column: dict[int, _Cell] = {}
    for row in rows:
        still_open: dict[int, _Cell] = {}
        for cell in row:
            top = open_by_column.get(cell.column)
            if cell.merge == "continue" and top is not None:
                top.row_span += 1
                top.span = min(top.span, cell.span)
                still_open[cell.column] = top
            elif cell.merge:
                cell.merge = "restart"
                still_open[cell.column] = cell
        open_by_column = still_open


def _content(element: etree._Element, tag: str) -> Iterator[etree._Element]:
    """Children with a tag, also those inside of content controls and tracked insertions."""
    for child in element:
        found = _tag(child)
        if found == tag:
            yield child
        elif found in ("sdt", "sdtContent", "customXml", "ins", "moveTo"):
            yield from _content(child, tag)


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    return (row for row in _content(table, "tr") if _find(row, "trPr", "del") is None)


def _cell_text(cell: etree._Element) -> tuple[str, int]:
    """The lines of a cell, those of tables in it included, and how much of it those hold."""
    lines: list[str] = []
    nested_chars = 0
    for paragraph, is_nested in _cell_paragraphs(cell, is_nested=False):
        boxes: list[etree._Element] = []
        text = _text(paragraph, boxes)
        for box in boxes:
            text += "\n" + _cell_text(box)[0]
        lines.extend(text.replace("\t", " ").split("\n"))
        nested_chars += len(text.strip()) if is_nested else 0
    return "\n".join(line.strip() for line in lines).strip("\n"), nested_chars


def _cell_paragraphs(
    element: etree._Element, *, is_nested: bool
) -> Iterator[tuple[etree._Element, bool]]:
    for child in element:
        tag = _tag(child)
        if tag == "p":
            yield child, is_nested
        elif tag == "AlternateContent":
            yield from _cell_paragraphs(_chosen(child), is_nested=is_nested)
        elif tag and not _is_gone(tag):
            yield from _cell_paragraphs(child, is_nested=is_nested or tag == "tbl")


def _text(paragraph: etree._Element, boxes: list[etree._Element]) -> str:
    """The printed text of a paragraph; text boxes that are anchored in it go to `boxes`. The mark
    of a note that is raised behind a number is put in brackets."""
    text = "".join(_texts(paragraph, boxes)).replace(_LOWERED + _RAISED, "")
    return _MARK.sub("", _NOTE.sub(r"[\1]", text))


def _texts(element: etree._Element, boxes: list[etree._Element]) -> Iterator[str]:
    """The pieces of the text of a paragraph, raised ones between marks."""
    for child in element:
        tag = _tag(child)
        if tag == "t":
            yield (child.text or "").replace("\n", " ")
        elif tag == "br":
            yield "\n"
        elif tag in _TEXT_BY_TAG:
            yield _TEXT_BY_TAG[tag]
        elif tag == "txbxContent":
            boxes.append(child)
        elif tag == "AlternateContent":
            yield from _texts(_chosen(child), boxes)
        elif tag == "r" and _is_on(_find(child, "rPr", "vanish")):
            continue
        elif tag == "r" and _is_raised(child):
            yield _RAISED
            yield from _texts(child, boxes)
            yield _LOWERED
        elif tag and not _is_gone(tag):
            yield from _texts(child, boxes)


def _is_raised(run: etree._Element) -> bool:
    align = _find(run, "rPr", "vertAlign")
    return align is not None and _value(align) == "superscript"


def _chosen(alternatives: etree._Element) -> etree._Element:
    """The variant that is printed of those that an application may choose from."""
    for tag in ("Choice", "Fallback"):
        found = _find(alternatives, tag)
        if found is not None:
            return found
    return alternatives
