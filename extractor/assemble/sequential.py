"""Values to slots by order, where positions mean nothing: flat text and tables without spans.

The form prints its labels in a known order, so the labels of a document are aligned with it as a
whole; the values of a row are what follows its label up to the next label. They belong to the
columns only if there are as many cells as columns, empty ones included: anything else is kept with
a weak anchor, which flags it.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

from extractor.assemble.anchors import SURE, block_rows, is_furniture, with_moved
from extractor.assemble.counted import headless_row, sections_of, unlabelled_rows
from extractor.assemble.geometric import Assembled
from extractor.assemble.headers import (
    Header,
    breaks_within,
    end_of_labels,
    find_header,
    own_header,
    pieces_of,
    spelled_out,
)
from extractor.assemble.meant import meant_rows
from extractor.assemble.wrapped import unwrapped
from extractor.labels import align, similarities
from extractor.schema import Block, Column, Label, Layout, Row
from extractor.types import Candidate, Fragment, Reading, Role, Sheet, SheetKind, State
from extractor.values import read_cell

_WITHOUT_HEADER = 0.5
_SHORT = 0.3
_HEADER_REACH = 40
_FEWEST_LISTED = 3
_COUNTED = _MOVED = 0.54
"""More than a guess that meaning may replace, and too little for it to confirm."""
_ROWS_PER_SHEET = 100_000


def assemble_by_order(sheets: Sequence[Sheet], layout: Layout, known: Sequence[Label]) -> Assembled:
    """Assemble one layout of one table from the flows and grids of a text input.

    Args:
        sheets: in document order, roles set; pages are ignored.
        layout: the printed shape to look for.
        known: all labels of the form; the values of a row end before the next of them.
    """
    words = spelled_out(layout)
    cells = [
        replace(piece, row=None if f.row is None else _ROWS_PER_SHEET * s + f.row)
        for s, sheet in enumerate(sheets)
        for f in sheet.fragments
        if sheet.kind is not SheetKind.PAGE and f.role is not Role.FURNITURE
        for piece in pieces_of(f, words)
    ]
    for block in layout.blocks:
        cells = unwrapped(cells, len(block.columns))
    texts = [f.text for f in cells]
    boundaries = _boundaries(cells, known)
    candidates: dict[str, Candidate] = {}
    rows = block_rows(layout)
    labels = [row.label for _, row in rows if row.label is not None]
    if not labels:
        return _single_row(cells, layout, layout.blocks[0], boundaries)
    furniture = is_furniture(texts, layout.blocks)
    usable = [
        i
        for i, f in enumerate(cells)
        if f.role in (Role.LABEL, Role.PROSE, Role.HEADING)
        and not furniture[i]
        and any(character.isalpha() for character in f.text)
    ]
    alignment = align(
        [texts[i] for i in usable],
        labels,
        breaks=breaks_within(cells, usable),
        may_be_cut=True,
        meant=meant_rows([cells[i] for i in usable], layout.table, [row for _, row in rows]),
    )
    score = alignment.score
    in_order, moved = with_moved([texts[i] for i in usable], labels, alignment.matches)
    matches = sorted([*in_order, *moved], key=lambda match: match.start)
    starts = {usable[match.start]: match for match in matches}
    headers: dict[int, Header] = {}
    previous_end = 0
    found_at: dict[int, int] = {}
    indices = {id(f): i for i, f in enumerate(cells)}
    for match in matches:
        index, row = rows[match.label]
        block = layout.blocks[index]
        first, last = usable[match.start], usable[match.stop - 1]
        if index not in headers:
            headers[index] = find_header(
                cells[max(previous_end, first - _HEADER_REACH) : first], block
            )
            score += headers[index].strength * len(headers[index].words)
        pieces = usable[match.start : match.stop]
        header = replace(headers[index], label="".join(texts[i] for i in pieces))
        values = _values_of_pieces(cells, pieces, boundaries, starts)
        end = end_of_labels(cells, last + 1)
        # Labels that follow each other are a list, and a header behind them is that of all.
        n_listed = sum(i in starts for i in range(_start_of_labels(cells, first), end))
        is_sure = match.similarity >= SURE and n_listed < _FEWEST_LISTED
        own = own_header(cells, last + 1, block) if is_sure else None
        if not values and own is not None:
            header = replace(own, label=header.label)
            last = end - 1
            values = _values_after(cells, last, boundaries, starts, is_header=True)
        previous_end = last + 1 + len(values)
        candidates |= _row(layout, row, block, values, header, match.similarity)
        if values and match not in moved:
            found_at[indices[id(values[0])]] = match.label
    sections = sections_of(cells, _ROWS_PER_SHEET)
    for index, block in enumerate(layout.blocks):
        first = next(i for i, (of, _) in enumerate(rows) if of == index)
        known_rows = {at: row - first for at, row in found_at.items() if rows[row][0] == index}
        for n, values in unlabelled_rows(
            cells, sections, known_rows, len(block.rows), len(block.columns)
        ):
            start = indices[id(values[0])]
            if index not in headers:
                headers[index] = find_header(cells[max(0, start - _HEADER_REACH) : start], block)
            header = headers[index]
            candidates |= _row(layout, block.rows[n], block, values, header, _COUNTED)
            score += _COUNTED
    return Assembled(layout, candidates, {}, score)


def _start_of_labels(cells: Sequence[Fragment], stop: int) -> int:
    start = stop
    while start > 0 and cells[start - 1].role is Role.LABEL:
        start -= 1
    return start


def _boundaries(cells: Sequence[Fragment], known: Sequence[Label]) -> list[bool]:
    """For each cell whether the values before it end there: labels, headings and prose do."""
    texts = sorted({f.text for f in cells if f.role is Role.LABEL})
    likeness = dict(zip(texts, similarities(texts, known).max(axis=1, initial=0.0), strict=True))
    return [
        f.role in (Role.HEADING, Role.PROSE) or (f.role is Role.LABEL and likeness[f.text] >= SURE)
        for f in cells
    ]


def _values_of_pieces(
    cells: Sequence[Fragment],
    pieces: Sequence[int],
    boundaries: Sequence[bool],
    starts: Container[int],
) -> list[Fragment]:
    """The values of a row whose label may be wrapped over several rows of the file: then each cell
    is what stands in its column in any of them. Two pieces in one cell are left as they are, which
    makes the row too long to be sure of."""
    rows = {cells[i].row: i for i in pieces}
    if len(rows) == 1 or None in rows:
        return _values_after(cells, pieces[-1], boundaries, starts)
    parts = [_values_after(cells, i, boundaries, starts) for i in rows.values()]
    if len({len(part) for part in parts if part}) != 1:
        return [f for part in parts for f in part]
    joined = []
    for column in zip(*(part for part in parts if part), strict=True):
        filled = [f for f in column if f.text]
        joined += filled or [column[0]]
    return joined


def _values_after(
    cells: Sequence[Fragment],
    label: int,
    boundaries: Sequence[bool],
    starts: Container[int],
    *,
    is_header: bool = False,
) -> list[Fragment]:
    """The cells that follow a row's label (or the last word of its own header): to the end of its
    printed row where rows are explicit, else to the next label."""
    row = cells[label].row
    if row is not None and _stands_above(cells, label, is_header=is_header):
        row = cells[label + 1].row
    values = []
    for i in range(label + 1, len(cells)):
        f = cells[i]
        if row is not None and f.row != row:
            break
        if i in starts or (boundaries[i] and not _continues_label(cells, label, i)):
            break
        values.append(f)
    # What follows a label directly without being a value is the rest of the label.
    while values and row is not None and values[0].text == cells[label].text:
        values.pop(0)
    return values


def _stands_above(cells: Sequence[Fragment], label: int, *, is_header: bool) -> bool:
    """Whether a label is alone in its row, or a header's last word, and a row of values is next."""
    row = cells[label].row
    is_alone = is_header or label == 0 or cells[label - 1].row != row
    return is_alone and label + 1 < len(cells) and cells[label + 1].role is Role.VALUE


def _continues_label(cells: Sequence[Fragment], label: int, i: int) -> bool:
    """Whether a cell repeats the label before it, as spans that were written out do."""
    return cells[i].text == cells[label].text


def _row(
    layout: Layout,
    row: Row,
    block: Block,
    values: list[Fragment],
    header: Header,
    row_anchor: float,
) -> dict[str, Candidate]:
    """Candidates for one row; the columns are anchored only if the row is complete."""
    n = len(block.columns)
    cells, strength = _fit(_until_words(values, n), n)
    if header.strength < SURE - 0.25:
        strength *= _WITHOUT_HEADER if header.columns == block.columns else _MOVED
    columns = _columns_for(cells, header.columns)
    if columns is None:
        return {}
    result = {}
    for column, f in zip(columns, cells, strict=True):
        slot = layout.slot_id(row, column)
        reading = (
            read_cell(f.text, kind=column.kind, header_unit=_unit_words(header, column))
            if f.text
            else Reading("", State.BLANK)
        )
        result[slot] = Candidate(
            slot,
            reading,
            f.score,
            row_anchor,
            strength,
            f.evidence,
            "order",
            meaning=f.meaning if f.text else None,
        )
    return result


def _unit_words(header: Header, column: Column) -> str | None:
    return header.words.get(column.id, "") + header.label or None


def _until_words(values: list[Fragment], n: int) -> list[Fragment]:
    """Cut what follows a complete row at the first words: they are a caption or a note."""
    seen = 0
    for i, f in enumerate(values):
        if f.role is Role.VALUE:
            seen += 1
        elif f.text and seen >= n:
            return values[:i]
    return values


def _fit(values: list[Fragment], n: int) -> tuple[list[Fragment], float]:
    """The cells of a row that has `n` columns, and how sure it is that they are these.

    Cells that are certainly printed count first; empty lines that may be cells are used only if
    they make the row complete; surplus empty cells at the end of a row are dropped.
    """
    certain = [f for f in values if f.text or f.cell is not None or f.row is not None]
    if len(certain) == n:
        return certain, 1.0
    if len(certain) > n and not any(f.text for f in certain[n:]):
        return certain[:n], 1.0 if certain[n - 1].text else 0.9
    if len(values) == n:
        return values, 0.9
    if len(values) > n and not any(f.text for f in values[n:]) and values[n - 1].text:
        return values[:n], 0.9
    filled = [f for f in values if f.text]
    if len(filled) > n:
        return filled[:n], _SHORT
    return filled, _SHORT


def _columns_for(cells: Sequence[Fragment], columns: Sequence[Column]) -> list[Column] | None:
    """The columns of a row from which empty cells were dropped: the first ones, and the last for
    its last value. A guess, kept only to be shown to a person; None for a row without cells."""
    if not cells:
        return None
    if len(cells) == len(columns):
        return list(columns)
    return [*columns[: len(cells) - 1], columns[-1]]


def _single_row(
    cells: Sequence[Fragment], layout: Layout, block: Block, boundaries: Sequence[bool]
) -> Assembled:
    """A block that prints one unlabelled row: the values after the header with its columns."""
    best = Assembled(layout, {}, {}, 0.0)
    furniture = similarities([f.text for f in cells], block.furniture).max(axis=1, initial=0.0)
    columns = [column.label for column in block.columns]
    starts = [i for i, f in enumerate(cells) if f.role is Role.LABEL and furniture[i] >= SURE]
    for start in starts:
        if start and start - 1 in starts:
            continue
        stop = start
        while stop < len(cells) and cells[stop].role in (Role.LABEL, Role.BLANK):
            stop += 1
        names = [f for f in cells[start:stop] if f.role is Role.LABEL]
        strength = _count_columns(names, columns)
        # Empty cells at the end of the header belong to the row of values.
        first = stop
        while first > start and cells[first - 1].role is Role.BLANK:
            first -= 1
        row = cells[stop].row if stop < len(cells) else None
        if row is not None:
            first = max(first, next(i for i, f in enumerate(cells) if f.row == row))
        values = []
        for i in range(first, len(cells)):
            if boundaries[i] or (row is not None and cells[i].row != row):
                break
            values.append(cells[i])
        found = _row(layout, block.rows[0], block, values, Header({}, strength, block.columns), 1.0)
        score = strength * len(columns)
        if strength >= 0.5 and score > best.score:
            best = Assembled(layout, found, {}, score)
    if not best.candidates and (values := headless_row(cells, block)):
        header = Header({}, 0.0, block.columns)
        found = _row(layout, block.rows[0], block, values, header, _COUNTED)
        return Assembled(layout, found, {}, _COUNTED)
    return best


def _count_columns(names: Sequence[Fragment], columns: Sequence[Label]) -> float:
    """The share of the columns that a header names, in whatever order it was flattened.

    Repeated labels must be repeated as often as the form repeats them.
    """
    texts = [f.text for f in names]
    distinct = list(dict.fromkeys(columns))
    hits = dict.fromkeys(distinct, 0)
    i = 0
    while i < len(texts):
        for n in (4, 3, 2, 1):
            if i + n > len(texts):
                continue
            row = similarities(["".join(texts[i : i + n])], distinct)[0]
            if row.max() >= (0.99 if n > 1 else SURE):
                hits[distinct[int(row.argmax())]] += 1
                i += n
                break
        else:
            i += 1
    return sum(min(hits[label], columns.count(label)) for label in distinct) / len(columns)
