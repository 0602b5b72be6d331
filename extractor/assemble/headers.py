"""Headers of text inputs: the names of columns before their values, in whatever order they were
flattened."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from extractor.assemble.anchors import SURE, moved_columns
from extractor.assemble.meant import meant_columns
from extractor.labels import align, keys, similarities
from extractor.schema import Block, Column, Layout
from extractor.types import Fragment, Role


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a block as its header prints them: words by column, and how sure they are;
    `columns` in their printed order; `label` is what stands before the row in question."""

    words: dict[str, str]
    strength: float
    columns: tuple[Column, ...]
    label: str = ""


def find_header(header: Sequence[Fragment], block: Block) -> Header:
    """Which columns the header before a block names, in whatever order it was flattened."""
    names = [f for f in header if f.role is Role.LABEL]
    texts = [f.text for f in names]
    labels = [column.label for column in block.columns]
    in_order = align(
        texts,
        labels,
        max_merge=3,
        breaks=breaks_within(names, range(len(names))),
        meant=meant_columns([[f] for f in names], block.table, block.columns),
    )
    words = {
        block.columns[match.label].id: "".join(texts[match.start : match.stop])
        for match in in_order.matches
    }
    found = {block.columns[match.label].id: match.similarity for match in in_order.matches}
    places: dict[str, int] = {}
    if len(words) < len(labels):
        spans = [(i, n) for n in (1, 2, 3) for i in range(len(texts) - n + 1)]
        runs = ["".join(texts[i : i + n]) for i, n in spans]
        table = similarities(runs, labels)
        for j, column in enumerate(block.columns):
            if column.id not in found and len(runs) and table[:, j].max() >= SURE:
                # Of equals the last: it stands nearest to the rows.
                i = len(runs) - 1 - int(np.argmax(table[::-1, j]))
                words[column.id], found[column.id] = runs[i], float(table[i, j])
                places[column.id] = spans[i][0]
    places = {block.columns[match.label].id: match.start for match in in_order.matches} | places
    if _is_usual_order(places, block):
        return Header(words, sum(found.values()) / len(labels), block.columns)
    # Nothing shows that this is the order of the values, too, and not that of merged headers.
    moved = tuple(block.columns[match.label] for match in moved_columns(texts, labels))
    return Header(words, 0.0, moved or block.columns)


def own_header(cells: Sequence[Fragment], start: int, block: Block) -> Header | None:
    """The header between the label of a row and its values, where each row has one of its own."""
    names = cells[start : end_of_labels(cells, start)]
    if len(names) < len(block.columns) or len(block.columns) < 2:
        return None
    header = find_header(names, block)
    return header if header.strength >= SURE else None


def end_of_labels(cells: Sequence[Fragment], start: int) -> int:
    stop = start
    while stop < len(cells) and cells[stop].role is Role.LABEL:
        stop += 1
    return stop


def _is_usual_order(places: dict[str, int], block: Block) -> bool:
    """Whether headers stand in the order of the form, or as its two rows of headers are flattened:
    first the columns without a group, then those of the group."""
    printed = sorted(places, key=lambda column: places[column])
    alone = [column.id for column in block.columns if column.group is None]
    grouped = [column.id for column in block.columns if column.group is not None]
    return printed in (
        [column.id for column in block.columns if column.id in places],
        [column for column in (*alone, *grouped) if column in places],
    )


def spelled_out(layout: Layout) -> re.Pattern[str]:
    """Several labels of columns without anything between them. The longest come first, so that
    "其他结果" is one label and not two."""
    words = {
        keys(variant)[0]
        for block in layout.blocks
        for label in (*(column.label for column in block.columns), *block.furniture)
        for variant in label.variants
    }
    one = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True) if word)
    return re.compile(f"({one})(?=((?:{one})*)$)")


def pieces_of(f: Fragment, spelled_out: re.Pattern[str]) -> Iterator[Fragment]:
    """The labels of a header whose cells were flattened to a few characters a line, so that nothing
    shows where each of them ends; every other fragment as it is."""
    words = []
    rest = "" if f.row is not None or f.cell is not None else keys(f.text)[0]
    while rest and (found := spelled_out.match(rest)):
        words.append(found[1])
        rest = found[2]
    if rest or len(words) < 2:
        yield f
    else:
        yield from (replace(f, text=word, role=Role.LABEL) for word in words)


def breaks_within(cells: Sequence[Fragment], usable: Sequence[int]) -> list[int] | None:
    """Cell numbers to merge within, None where the document does not bound its cells."""
    if all(cells[i].cell is None for i in usable):
        return None
    # Prose far from any separator has no number; each of its lines is a cell of its own.
    return [number if (number := cells[i].cell) is not None else -1 - i for i in usable]
