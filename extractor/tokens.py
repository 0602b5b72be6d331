"""Lines and blocks to fragments: pieces of text that never cross the border of a printed cell.

A page's lines are cut where the characters stand too far apart to belong together; the lines of a
text input are cut where white space separates values. Empty cells become fragments without text
where the document says that they are there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from unicodedata import east_asian_width

from extractor.spellings import Choices, spellings
from extractor.spreads import find_gutter
from extractor.types import (
    Block,
    Box,
    Evidence,
    Fragment,
    Grid,
    Line,
    Page,
    Paragraph,
    Sheet,
    SheetKind,
)
from extractor.values import looks_like_page_number, looks_like_value

_WIDE_GAP_EM = 1.0
_SPACE_GAP_EM = 0.4
_SENTENCE = re.compile(r"[。；！？]|，[^（(]*，[^）)]*$")
_OPEN_BRACKET = re.compile(r"[（(][^）)]*$")
_DASHES = re.compile(r"[-—/－]+")
_COLUMN_GAP = re.compile(r"\t|\s{2,}|　+")
_MAX_CELL_CHARS = 40
_NEIGHBOURHOOD = 40
_STACK_EM = 2.2
_LINE_EM = 1.45
_WORD_GAP_EM = 3.0


def tokenize_page(
    page: Page, lines: Sequence[Line], cells: Sequence[Box] = ()
) -> tuple[Sheet, ...]:
    """Cut the lines of one upright page into fragments, in reading order (top to bottom, left to
    right).

    Returns:
        One sheet, without fragments if the page has no lines; two for a page that shows two pages
        side by side, as a booklet does.
    """
    fragments = [
        Fragment(
            text=text,
            score=line.score,
            evidence=Evidence(page=page.number, box=_fractions(box, page)),
            box=box,
            spellings=spellings(choices) if looks_like_value(text) else (),
        )
        for line in lines
        for text, box, choices in _split(line)
    ]
    fragments = _join_spaced_words(fragments)
    gutter = find_gutter(fragments, page)
    edges = [0.0, page.width] if gutter is None else [0.0, gutter, page.width]
    sheets = []
    for left, right in pairwise(edges):
        part = [
            replace(f, box=Box(f.box.x0 - left, f.box.y0, f.box.x1 - left, f.box.y1))
            for f in fragments
            if f.box and left <= f.box.center_x < right
        ]
        part.sort(key=lambda f: (f.box.center_y, f.box.x0) if f.box else (0.0, 0.0))
        sheets.append(
            Sheet(
                SheetKind.PAGE,
                tuple(part),
                width=right - left,
                height=page.height,
                page=page.number,
                left=left,
                page_width=page.width,
                cells=tuple(
                    Box(c.x0 - left, c.y0, c.x1 - left, c.y1)
                    for c in cells
                    if left <= c.center_x < right
                ),
            )
        )
    return tuple(sheets)


def _join_spaced_words(fragments: Sequence[Fragment]) -> list[Fragment]:
    """Join words that are set with wide spaces (规　章) and came out as single characters.

    Characters with others right above or below them are vertical words, or the rest of a broken
    line, and stay apart, unless one longer piece of print runs along all of them.
    """
    singles = [f for f in fragments if len(f.text) == 1 and f.text.isalpha() and f.box]
    ids = {id(f) for f in singles}
    stacked = {
        id(f): [
            other
            for other in fragments
            if other is not f
            and f.box
            and other.box
            and _is_stacked(f.box, other.box, _STACK_EM if id(other) in ids else _LINE_EM)
        ]
        for f in singles
    }
    words: list[Fragment] = []
    for f in sorted(singles, key=lambda f: f.box.x0 if f.box else 0.0):
        for i, word in enumerate(words):
            if word.box and f.box and _is_beside(word.box, f.box):
                box = word.box.union(f.box)
                around = [*stacked[id(word)], *stacked[id(f)]]
                if not all(_runs_along(other, word.box, f.box) for other in around):
                    continue
                words[i] = replace(
                    word,
                    text=word.text + f.text,
                    score=min(word.score, f.score),
                    box=box,
                    evidence=_union(word.evidence, f.evidence),
                )
                stacked[id(words[i])] = around
                break
        else:
            words.append(f)
    return [f for f in fragments if id(f) not in ids] + words


def _runs_along(other: Fragment, left: Box, right: Box) -> bool:
    box = other.box
    return box is not None and box.overlap_x(left) > 0 and box.overlap_x(right) > 0


def _is_stacked(a: Box, b: Box, reach_em: float) -> bool:
    return (
        a.overlap_x(b) > 0.5 * min(a.width, b.width)
        and 0 < abs(a.center_y - b.center_y) < reach_em * a.height
    )


def _is_beside(left: Box, right: Box) -> bool:
    return (
        left.overlap_y(right) > 0.5 * min(left.height, right.height)
        and 0 <= right.x0 - left.x1 < _WORD_GAP_EM * right.height
    )


def _union(a: Evidence, b: Evidence) -> Evidence:
    return replace(a, box=a.box.union(b.box)) if a.box and b.box else a


def tokenize_blocks(blocks: Sequence[Block]) -> tuple[Sheet, ...]:
    """Turn the blocks of a text input into sheets, in order: a flow for each run of paragraphs, a
    grid for each table, measured in columns and rows."""
    sheets: list[Sheet] = []
    for is_grid, run in groupby(blocks, key=lambda block: isinstance(block, Grid)):
        if is_grid:
            sheets.extend(_grid_sheet(block) for block in run if isinstance(block, Grid))
        else:
            paragraphs = [block for block in run if isinstance(block, Paragraph)]
            sheets.append(Sheet(SheetKind.FLOW, tuple(_flow(paragraphs))))
    return tuple(sheets)


def _fractions(box: Box, page: Page) -> Box:
    return Box(
        max(0.0, box.x0 / page.width),
        max(0.0, box.y0 / page.height),
        min(1.0, box.x1 / page.width),
        min(1.0, box.y1 / page.height),
    )


def _split(line: Line) -> Iterator[tuple[str, Box, tuple[Choices, ...]]]:
    """Cut one line at gaps wider than an em, and between values at any visible gap."""
    if len(line.edges) != len(line.text) + 1:
        if line.text.strip():
            yield line.text.strip(), line.box, ()
        return
    em = line.box.height
    start = 0
    pieces: list[tuple[int, int]] = []
    for i, character in enumerate(line.text):
        if not character.isspace():
            continue
        stop = i
        while stop < len(line.text) and line.text[stop].isspace():
            stop += 1
        gap = line.edges[stop] - line.edges[i]
        between_values = looks_like_value(line.text[start:i]) and looks_like_value(
            re.split(r"\s", line.text[stop:], maxsplit=1)[0]
        )
        if gap > _WIDE_GAP_EM * em or (between_values and gap > _SPACE_GAP_EM * em):
            pieces.append((start, i))
            start = stop
    pieces.append((start, len(line.text)))
    for first, last in pieces:
        text = line.text[first:last]
        if not text.strip():
            continue
        first += len(text) - len(text.lstrip())
        last -= len(text) - len(text.rstrip())
        yield (
            line.text[first:last],
            Box(line.edges[first], line.box.y0, line.edges[last], line.box.y1),
            line.choices[first:last],
        )


def _grid_sheet(grid: Grid) -> Sheet:
    fragments = tuple(
        Fragment(
            text=cell.text.strip(),
            score=1.0,
            evidence=Evidence(line=cell.line),
            box=Box(
                cell.column, cell.row, cell.column + cell.column_span, cell.row + cell.row_span
            ),
            row=cell.row,
        )
        for cell in sorted(grid.cells, key=lambda cell: (cell.row, cell.column))
    )
    return Sheet(
        SheetKind.GRID,
        fragments,
        width=max((cell.column + cell.column_span for cell in grid.cells), default=0),
        height=max((cell.row + cell.row_span for cell in grid.cells), default=0),
        has_spans=grid.has_spans,
    )


def _flow(paragraphs: Sequence[Paragraph]) -> Iterator[Fragment]:
    paragraphs = list(_join_characters(paragraphs))
    filled = {p.cell for p in paragraphs if p.cell is not None and p.text.strip()}
    for i, paragraph in enumerate(paragraphs):
        evidence = Evidence(line=paragraph.line)
        text = paragraph.text.strip()
        if paragraph.cell is not None:
            if text or paragraph.cell not in filled:
                yield Fragment(text, 1.0, evidence, cell=paragraph.cell)
        elif not text:
            if i and not paragraphs[i - 1].text.strip():
                continue
            for _ in range(_empty_cells(paragraphs, i)):
                yield Fragment("", 1.0, evidence)
        else:
            pieces = _split_text(paragraph.text)
            row = paragraph.line if len(pieces) > 1 else None
            for piece, extent in zip(pieces, _extents(paragraph.text, pieces), strict=True):
                yield Fragment(piece, 1.0, evidence, row=row, extent=extent)


def _extents(text: str, pieces: Sequence[str]) -> Iterator[tuple[int, int] | None]:
    """Where in a line each of its pieces begins and ends, in characters of which wide ones count
    twice; None for one that is not in it as it is."""
    end = 0
    for piece in pieces:
        start = text.find(piece, end)
        if start < 0:
            yield None
            continue
        end = start + len(piece)
        yield _width(text[:start]), _width(text[:end])


def _width(text: str) -> int:
    return sum(1 + (east_asian_width(character) in "WFA") for character in text)


def _join_characters(paragraphs: Sequence[Paragraph]) -> Iterator[Paragraph]:
    """Join labels that are printed one character, or in one cell a few characters, a line."""
    for (cell, length), run in groupby(paragraphs, key=_piece):
        pieces = list(run)
        if len(pieces) > 1 and (cell is not None or (length == 1 and len(pieces) > 2)):
            yield replace(pieces[0], text="".join(piece.text.strip() for piece in pieces))
        else:
            yield from pieces


def _piece(paragraph: Paragraph) -> tuple[int | None, int]:
    """Cell and length class of a short word; lines that are none get a class of their own."""
    text = paragraph.text.strip()
    is_word = 0 < len(text) <= 4 and not any(character.isdigit() for character in text)
    is_word = is_word and not looks_like_value(text)
    if not is_word:
        return None, -paragraph.line
    return paragraph.cell, len(text) if paragraph.cell is None else 0


def _empty_cells(paragraphs: Sequence[Paragraph], start: int) -> int:
    """How many empty cells a run of empty lines may stand for, judged by the usual distance of the
    short lines around it: where every cell is followed by one empty line, three are one cell."""
    runs: Counter[int] = Counter()
    length = 0
    run_here = 0
    seen_text = False
    low, high = max(0, start - _NEIGHBOURHOOD), min(len(paragraphs), start + _NEIGHBOURHOOD)
    for i in range(low, high):
        text = paragraphs[i].text.strip()
        if not text:
            length += 1
            if i >= start and run_here == i - start:
                run_here += 1
            continue
        if seen_text and len(text) <= _MAX_CELL_CHARS:
            runs[length] += 1
        seen_text = True
        length = 0
    usual = runs.most_common(1)[0][0] if runs else 0
    return max(0, round((run_here - usual) / (usual + 1)))


def _is_one_value(text: str) -> bool:
    """Whether blanks stand inside of one value, as in 减 9 or 22（其中修订 16 件）, not between
    several."""
    words = text.split()
    is_signed = len(words) == 2 and not any(ch.isdigit() for ch in words[0])
    is_noted = not text[:1].isspace() and "（" in words[0] + "（" * ("(" in words[0])
    return (is_signed or is_noted) and looks_like_value(text) and not _DASHES.fullmatch(words[-1])


def _split_text(text: str) -> list[str]:
    """Cut a line of text into cells: at tabs and wide gaps, at every gap before a trailing run of
    values, and between the short words of a header. Sentences stay whole."""
    text = text.strip()
    parts = text.split()
    sentence = _SENTENCE.search(_OPEN_BRACKET.sub("", text))
    if len(parts) < 2 or sentence or sum(map(len, parts)) > 4 * _MAX_CELL_CHARS:
        return [text]
    if looks_like_page_number(text) or _is_one_value(text):
        return [text]
    if all(len(part) == 1 and part.isalpha() for part in parts):
        return ["".join(parts)]
    if "\t" in text:
        return [part.strip() for part in text.split("\t")]
    values = 0
    while values < len(parts) and looks_like_value(parts[-1 - values]):
        values += 1
    if values:
        head = text
        for part in reversed(parts[len(parts) - values :]):
            head = head[: head.rstrip().rfind(part)]
        labels = [piece for piece in _COLUMN_GAP.split(head.strip()) if piece]
        return [*labels, *parts[len(parts) - values :]]
    columns = [piece for piece in _COLUMN_GAP.split(text) if piece]
    if len(columns) > 1:
        return columns
    return parts if len(parts) > 2 and max(map(len, parts)) <= 12 else [text]
