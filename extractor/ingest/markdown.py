"""Markdown in, paragraphs and tables out, without the marks of Markdown.

Read line by line and not with a CommonMark parser: those cut rows to the length of the header row,
and converters to Markdown write rows of any length. HTML tables inside are read as HTML.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator, Sequence

from extractor.ingest.grid import join_lines, plain_grid
from extractor.ingest.html import read_html
from extractor.ingest.text import (
    PIPES,
    is_rule,
    is_separator,
    join_wrapped,
    number_cells,
    split_lines,
    split_row,
)
from extractor.types import Block, Grid, GridCell, Paragraph

_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_TABLE_TAG = re.compile(r"<(/?)table\b", re.IGNORECASE)
_HEADING = re.compile(r"\s{0,3}#{1,6}(?:\s+(.*?))?(?:\s+#+)?\s*")
_HORIZONTAL_RULE = re.compile(r"\s{0,3}(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,}|={3,})")
_LIST_MARK = re.compile(r"^\s*[-*+]\s+(?:\[[ xX]\]\s+)?(?=\S)")
_QUOTE_MARK = re.compile(r"^\s{0,3}(?:>\s?)+")
_BREAK = re.compile(r"<br\s*/?>|</?(?:p|div|li)(?:\s[^<>]*)?>", re.IGNORECASE)
_NOTE = re.compile(r"(?<=\d)\s*<sup>\s*([^<>\[(（［〔【]{1,4})</sup>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?-->", re.DOTALL)
_BLOCK_ENDS = re.compile(r"(?:\s*</?(?:p|div|li)(?:\s[^<>]*)?>\s*)+", re.IGNORECASE)
_LINE_END = "\ue000"
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_IMAGE = re.compile(r"!\[[^\]]*\]\([^()]*(?:\([^()]*\)[^()]*)*\)")
_LINK = re.compile(r"\[([^\[\]]*)\]\([^()]*(?:\([^()]*\)[^()]*)*\)")
_MARKS = (
    re.compile(r"\*\*\*(?=\S)(.+?)(?<=\S)\*\*\*"),
    re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*"),
    re.compile(r"(?<!\*)\*(?=[^\s*])([^*]+?)(?<=[^\s*])\*(?!\*)"),
    re.compile(r"(?<![0-9A-Za-z_])__(?=\S)(.+?)(?<=\S)__(?![0-9A-Za-z_])"),
    re.compile(r"(?<![0-9A-Za-z_])_(?=[^\s_])([^_]+?)(?<=[^\s_])_(?![0-9A-Za-z_])"),
    re.compile(r"~~(?=\S)(.+?)(?<=\S)~~"),
    re.compile(r"`+([^`]+)`+"),
)
_HIDDEN_BASE = 0xF0000


def read_markdown(characters: str) -> tuple[Block, ...]:
    """Read Markdown. Empty lines only separate and are dropped; every other line is a paragraph,
    every fragment of a table a grid."""
    return number_cells(list(_blocks(split_lines(characters))))


def plain(marked: str) -> str:
    """Take the marks of Markdown, inline HTML and escapes out of one line or cell."""
    # Escaped characters are hidden from the patterns that follow, as private ones.
    text = _ESCAPE.sub(lambda match: chr(_HIDDEN_BASE + ord(match[1])), marked)
    text = _LINK.sub(r"\1", _IMAGE.sub("", text))
    text = join_lines(_BREAK.split(text)) if _BREAK.search(text) else text
    text = _TAG.sub("", _NOTE.sub(r"[\1]", text))
    for mark in _MARKS:
        text = mark.sub(r"\1", text)
    text = entities.unescape(text).replace("\xa0", " ")
    return "".join(
        chr(ord(c) - _HIDDEN_BASE) if _HIDDEN_BASE <= ord(c) < _HIDDEN_BASE + 128 else c
        for c in text
    ).strip()


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    i = 0
    while i < len(lines):
        line = lines[i]
        if _TABLE_TAG.search(line):
            stop = _html_end(lines, i)
            yield from _html_blocks(lines[i:stop], i)
        elif (stop := _pipes_end(lines, i)) > i:
            yield from _grids(lines, i, stop)
        else:
            stop = i + 1
            text = _line_text(line)
            if text:
                yield Paragraph(text, i + 1)
        i = stop


def _line_text(line: str) -> str:
    if is_separator(line):
        return line.strip()
    if _FENCE.match(line) or _HORIZONTAL_RULE.fullmatch(line):
        return ""
    text = _QUOTE_MARK.sub("", line)
    heading = _HEADING.fullmatch(text)
    text = heading[1] or "" if heading else _LIST_MARK.sub("", text)
    return plain(text)


# --- HTML tables -------------------------------------------------------------------------------


def _html_end(lines: Sequence[str], start: int) -> int:
    """The line after the one that closes the table; the next empty line where none does."""
    depth = 0
    for i in range(start, len(lines)):
        for tag in _TABLE_TAG.finditer(lines[i]):
            depth += -1 if tag[1] else 1
        if depth <= 0:
            return i + 1
    for i in range(start, len(lines)):
        if not lines[i].strip():
            return i
    return len(lines)


def _html_blocks(lines: Sequence[str], offset: int) -> Iterator[Block]:
    for block in read_html("\n".join(lines)):
        if isinstance(block, Paragraph):
            text = plain(block.text)
            if text:
                yield Paragraph(text, block.line + offset)
        else:
            cells = (
                GridCell(
                    plain(cell.text),
                    cell.row,
                    cell.column,
                    cell.row_span,
                    cell.column_span,
                    cell.line + offset,
                )
                for cell in block.cells
            )
            yield Grid(tuple(cells), block.has_spans)


# --- pipe tables -------------------------------------------------------------------------------


def _pipes_end(lines: Sequence[str], start: int) -> int:
    """The end of the run of table lines that begins here; `start` where it is no table."""
    stop = start
    n_rows = n_bounded = 0
    while stop < len(lines):
        line = lines[stop].strip()
        if not is_rule(line):
            if line in PIPES or not any(pipe in line for pipe in PIPES):
                break
            n_rows += not is_separator(line)
        n_bounded += line[0] in PIPES or is_rule(line)
        stop += 1
    return stop if n_rows and (n_bounded or n_rows >= 2) else start


def _grids(lines: Sequence[str], start: int, stop: int) -> Iterator[Grid]:
    """One grid, or more where a second header row and its rule begin another table."""
    rules = {i for i in range(start, stop) if is_rule(lines[i])}
    if not rules and start + 1 < stop and _is_thin_rule(lines[start + 1]):
        rules = {start + 1}
    headers = {i - 1 for i in rules if start < i - 1 and i - 1 not in rules}
    n_rows = stop - start - len(rules)
    if n_rows <= 2 * len(headers):  # a rule under every row separates nothing
        headers = set()
    rows: list[tuple[int, tuple[str, ...]]] = []
    boxes: list[int] = []
    for i in range(start, stop):
        if i in headers:
            yield plain_grid(join_wrapped(rows, boxes))
            rows, boxes = [], []
        if i not in rules:
            rows.append((i + 1, tuple(map(_cell_text, split_row(lines[i])))))
            boxes.append(sum(rule < i for rule in rules))
    yield plain_grid(join_wrapped(rows, boxes))


def _cell_text(marked: str) -> str:
    """The text of a cell, its lines parted by line breaks. Marks may run over several lines."""
    text = plain(_BREAK.sub(_LINE_END, _BLOCK_ENDS.sub("<br>", marked)))
    return "\n".join(line.strip() for line in text.strip(_LINE_END).split(_LINE_END))


def _is_thin_rule(line: str) -> bool:
    """Whether a row of single dashes, which elsewhere are values, is the rule under a header."""
    return all(cell == "-" for cell in split_row(line))
