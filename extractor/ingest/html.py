"""HTML in, the paragraphs and tables that a reader of the page sees, in order.

Menus stay in as paragraphs: they are no evidence of anything. Tables that only arrange the page
are opened up. Read with a stack instead of recursion, since captured pages nest without limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

from lxml import etree

from extractor.ingest.grid import (
    MAX_COLUMN_SPAN,
    RowCell,
    closes_up,
    is_layout,
    place_cells,
)
from extractor.types import Block, Paragraph

_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_-]+)""", re.IGNORECASE)
_CHARSET_BYTES = 4096
# fmt: off
_INVISIBLE = frozenset({
    "head", "script", "style", "noscript", "template", "select", "iframe", "object", "svg", "math",
    "s", "del", "strike",
})
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "hr", "html", "legend", "li", "main", "nav", "ol", "p", "pre",
    "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})
# fmt: on
_HIDING_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CELLS = ("td", "th")
_SPACES = re.compile(r"[ \t\r\n\f\v]+")
_WRAPPING_TAG = re.compile(r"</?(?:div|section|article|center|form|ul|ol|li|p)\b[^<>]*>", re.I)
_INLINE_TAG = re.compile(r"</?(?:span|font|b|i|u|a|em|strong|small|big|sub|sup)\b[^<>]*>", re.I)
_NUMBER = re.compile(r"\s*(\d{1,6})")
_CELL_STYLE = re.compile(r"display\s*:\s*(?:table-cell|inline-block|inline-table)", re.I)
_OPENING = tuple("[［(（〔【")


def declared_encoding(data: bytes) -> str | None:
    """The encoding that a page names itself, as it spells it."""
    match = _CHARSET.search(data[:_CHARSET_BYTES])
    return match[1].decode("ascii") if match else None


def read_html(characters: str) -> tuple[Block, ...]:
    """Read a page or a part of one.

    Every line of a block element is a paragraph; a `p` that holds only non-breaking spaces is an
    empty line. Rows and columns that spans claim beyond the table are cut off.
    """
    root = _parse(characters)
    if root is None:
        # Tags that nobody closed nest without end; without them the text is all there.
        root = _parse(_INLINE_TAG.sub("", _WRAPPING_TAG.sub("<br>", characters)))
    return () if root is None else tuple(_blocks(root))


def _parse(characters: str) -> etree._Element | None:
    """The tree of a page; None where there is none, or the page nests too deeply to be read."""
    # The parser refuses text that declares an encoding, so it gets bytes in one that we name.
    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True
    )
    data = characters.replace("\0", "").encode("utf-8", errors="replace")
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:  # nothing at all in it
        return None
    is_cut = any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log)
    return None if is_cut else root


# --- flow --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Flow:
    """The lines of text that were seen since the last table; `None` marks a line's end."""

    runs: list[tuple[str, int] | None] = field(default_factory=list)

    def write(self, text: str | None, line: int, *, is_verbatim: bool = False) -> None:
        if not text:
            return
        if is_verbatim:
            for i, part in enumerate(text.replace("\r\n", "\n").split("\n")):
                if i:
                    self.runs.append(None)
                self.runs.append((part, line + i))
            return
        blank = len(text) - len(text.lstrip(" \t\r\n\f\v"))
        self.runs.append((text, line + text[:blank].count("\n")))

    def opens_note(self, note: str) -> bool:
        """Whether what is raised behind a number is the mark of a note, and no bracket parts it."""
        before = self.runs[-1] if self.runs else None
        note = note.strip()
        return bool(before and before[0].rstrip()[-1:].isdigit() and note) and not note.startswith(
            _OPENING
        )

    def end_line(self) -> None:
        if self.runs and self.runs[-1] is not None:
            self.runs.append(None)

    def lines(self) -> Iterator[tuple[str, int]]:
        """The lines, white space collapsed, and where in the source each begins."""
        pending: list[tuple[str, int]] = []
        for run in (*self.runs, None):
            if run is not None:
                pending.append(run)
                continue
            if pending:
                text = collapse("".join(part for part, _ in pending))
                if text:
                    yield text, next(line for part, line in pending if part.strip(" \t\r\n\f\v"))
            pending = []

    def paragraphs(self) -> Iterator[Paragraph]:
        for text, line in self.lines():
            yield Paragraph(text.replace("\xa0", " ").strip(), line)


def collapse(text: str) -> str:
    """Collapse white space as a browser does, and drop line breaks of the source inside Chinese."""
    text = text.strip(" \t\r\n\f\v")

    def blank(match: re.Match[str]) -> str:
        before, after = text[match.start() - 1], text[match.end()]
        return "" if "\n" in match[0] and closes_up(before, after) else " "

    return _SPACES.sub(blank, text)


def _blocks(root: etree._Element) -> Iterator[Block]:
    flow = _Flow()
    walk = etree.iterwalk(root, events=("start", "end"))
    n_verbatim = 0
    note: etree._Element | None = None
    for event, element in walk:
        tag = _tag(element)
        line = _line(element)
        if event == "start":
            if not _is_visible(element):
                walk.skip_subtree()
                continue
            if tag == "table":
                table = _Table(element)
                if not table.is_layout:
                    flow.end_line()
                    table.write_around(flow)
                    yield from flow.paragraphs()
                    flow = _Flow()
                    if any(table.rows):
                        yield place_cells(table.rows)
                    walk.skip_subtree()
                    continue
            if tag in _BLOCKS or tag == "br":
                flow.end_line()
            n_verbatim += tag == "pre"
            if tag == "sup" and note is None and flow.opens_note(_text_of(element)):
                note = element
                flow.write("[", line)
            flow.write(element.text, line, is_verbatim=n_verbatim > 0)
        else:
            if element is note:
                note = None
                flow.write("]", line)
            if tag in _BLOCKS:
                flow.end_line()
            elif _CELL_STYLE.search(element.get("style") or ""):
                flow.write("\xa0\xa0", line)
            n_verbatim -= tag == "pre" and _is_visible(element)
            if element is not root:
                flow.write(element.tail, line, is_verbatim=n_verbatim > 0)
    yield from flow.paragraphs()


def _tag(element: etree._Element) -> str:
    return element.tag.lower() if isinstance(element.tag, str) else ""


def _text_of(element: etree._Element) -> str:
    return "".join(map(str, element.itertext()))


def _line(element: etree._Element) -> int:
    """Where in the source it begins (whose type the stubs of lxml do not know)."""
    return cast("int | None", element.sourceline) or 1


def _is_visible(element: etree._Element) -> bool:
    if _tag(element) in _INVISIBLE or not _tag(element):
        return False
    return element.get("hidden") is None and not _HIDING_STYLE.search(element.get("style") or "")


# --- tables ------------------------------------------------------------------------------------


class _Table:
    """One table with what must be known to tell whether it is a table at all."""

    def __init__(self, element: etree._Element) -> None:
        self.rows: list[list[RowCell]] = []
        self._around = _Flow()
        self._nested_chars = 0
        self._read(element)

    @property
    def is_layout(self) -> bool:
        cells = [cell for row in self.rows for cell in row]
        all_chars = sum(len(cell.text) for cell in cells)
        return is_layout(
            len(cells),
            max((len(cell.text) for cell in cells), default=0),
            self._nested_chars / all_chars if all_chars else 0.0,
        )

    def write_around(self, flow: _Flow) -> None:
        """Add what stands in the table, but in no cell: a caption."""
        flow.runs.extend(self._around.runs)
        flow.end_line()

    def _read(self, table: etree._Element) -> None:
        cell: etree._Element | None = None
        flow = self._around
        note: etree._Element | None = None
        depth = 0  # of tables inside of this one
        walk = etree.iterwalk(table, events=("start", "end"))
        for event, element in walk:
            tag = _tag(element)
            line = _line(element)
            is_visible = element is table or _is_visible(element)
            if event == "start" and not is_visible:
                walk.skip_subtree()
                continue
            if event == "start":
                depth += tag == "table" and element is not table
                if not depth and tag == "tr":
                    self.rows.append([])
                if not depth and tag in _CELLS and cell is None:
                    cell, flow = element, _Flow()
                if tag in _BLOCKS or tag == "br":
                    flow.end_line()
                if tag == "sup" and note is None and flow.opens_note(_text_of(element)):
                    note = element
                    flow.write("[", line)
                self._write(flow, element.text, line, depth)
                continue
            if element is note:
                note = None
                flow.write("]", line)
            if cell is not None and element is cell:
                if not self.rows:
                    self.rows.append([])
                self.rows[-1].append(_cell(element, flow))
                cell, flow = None, self._around
            if tag in _BLOCKS:
                flow.end_line()
            depth -= tag == "table" and element is not table and is_visible
            if element is not table:
                self._write(flow, element.tail, line, depth)

    def _write(self, flow: _Flow, text: str | None, line: int, depth: int) -> None:
        flow.write(text, line)
        self._nested_chars += len(text.strip()) if text and depth else 0


def _cell(element: etree._Element, flow: _Flow) -> RowCell:
    text = "\n".join(line.replace("\xa0", " ").strip() for line, _ in flow.lines())
    return RowCell(
        text or _filled_in(element),
        _line(element),
        row_span=_span(element.get("rowspan"), smallest=0, largest=65_534),
        column_span=_span(element.get("colspan"), smallest=1, largest=MAX_COLUMN_SPAN),
    )


def _filled_in(element: etree._Element) -> str:
    """What the controls of a form in a cell hold; "" where there are none or nothing is chosen."""
    found = [
        control.get("value") or ""
        for control in element.iter("input")
        if (control.get("type") or "text").lower() in ("text", "number", "tel")
    ]
    found += [
        _text_of(option) for option in element.iter("option") if option.get("selected") is not None
    ]
    return " ".join(text.strip() for text in found if text.strip())


def _span(written: str | None, *, smallest: int, largest: int) -> int:
    match = _NUMBER.match(written or "")
    return min(max(int(match[1]), smallest), largest) if match else 1
