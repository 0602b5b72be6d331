"""Printed rows and columns of a table, found by their labels and kept with their places."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from extractor.assemble.meant import meant_columns, meant_rows
from extractor.labels import Alignment, Match, align, keys, similarities
from extractor.schema import Block, Column, Label, Layout, Row
from extractor.types import Box, Fragment, Role

_NUMBER = re.compile(r"[(（]?[一二三四五六七八九十\d]{1,2}[)）、.．]\w?")
_LINE_GAP = 0.7
_CLEAR = 0.9
_SAME = 0.99

SURE = 0.75
"""From this similarity on a piece of text is taken for a label without more evidence."""


@dataclass(frozen=True, slots=True)
class RowAnchor:
    """One printed row: which row of which block, and the fragments of its label.

    `boxes` maps the index of a sheet to the place of the label on it; a label cut by a page break
    has two. `fragments` are indices into the sequence that was aligned. `strength` is in [0, 1].
    `text` is the label as printed, "" where it was not found.
    """

    block: int
    row: Row
    fragments: tuple[int, ...]
    boxes: dict[int, Box]
    strength: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class ColumnAnchor:
    """One printed column: the extent of its header, its printed words and how sure it is."""

    column: Column
    box: Box
    text: str
    strength: float


def block_rows(layout: Layout) -> list[tuple[int, Row]]:
    """All labelled rows of a layout in printed order, each with the index of its block."""
    return [
        (i, row)
        for i, block in enumerate(layout.blocks)
        for row in block.rows
        if row.label is not None
    ]


def is_furniture(texts: Sequence[str], blocks: Iterable[Block]) -> list[bool]:
    """For each text, whether it is a caption, a stub or a group label rather than a row or column.

    A text that is at least as similar to a row or column is none, unless it begins with the number
    and words of a group: （六）其他, the first line of （六）其他处理, is not 3.其他.
    """
    blocks = list(blocks)
    around = [label for block in blocks for label in (*block.furniture, *block.extra_rows)]
    inside = [
        label
        for block in blocks
        for label in (
            *(row.label for row in block.rows if row.label),
            *(column.label for column in block.columns),
        )
    ]
    if not around or not texts:
        return [False] * len(texts)
    as_furniture = similarities(texts, around).max(axis=1)
    as_label = similarities(texts, inside).max(axis=1, initial=0.0)
    groups = [keys(label.text)[0] for label in around]
    named = {keys(label.text)[0] for label in inside}
    return [
        bool(f >= SURE and f > s) or _begins(text, groups, named)
        for text, f, s in zip(texts, as_furniture, as_label, strict=True)
    ]


def _begins(text: str, groups: Sequence[str], named: Container[str]) -> bool:
    """Whether a text has a number and is the beginning of what is printed for a group with it."""
    full, core = keys(text)
    return full != core and full not in named and any(group.startswith(full) for group in groups)


@dataclass(frozen=True, slots=True)
class Placed:
    """A fragment with the index of its sheet."""

    sheet: int
    fragment: Fragment

    @property
    def box(self) -> Box:
        if self.fragment.box is None:
            raise ValueError("a fragment without a place has no box")
        return self.fragment.box


def find_rows(placed: Sequence[Placed], layout: Layout) -> tuple[list[RowAnchor], float]:
    """Find the printed rows of a layout among fragments that are in reading order.

    Labels are aligned twice: pieces of group labels stand between the lines of broken row labels,
    and the first pass shows where the row labels begin, so that what lies left of them can be left
    out of the second.

    Returns:
        Anchors in printed order, and the score of the alignment (0 where nothing was found).
    """
    rows = block_rows(layout)
    labels = [row.label for _, row in rows if row.label is not None]
    if not labels:
        return [], 0.0
    texts = [p.fragment.text for p in placed]
    furniture = is_furniture(texts, layout.blocks)
    usable = [
        i
        for i, p in enumerate(placed)
        if p.fragment.role in (Role.LABEL, Role.PROSE)
        and not furniture[i]
        and sum(character.isalpha() for character in texts[i]) > 1
    ]
    of_rows = [row for _, row in rows]

    def aligned(chosen: Sequence[int]) -> Alignment:
        meant = meant_rows([placed[i].fragment for i in chosen], layout.table, of_rows)
        return align([texts[i] for i in chosen], labels, meant=meant)

    first = aligned(usable)
    left = _left_edges(placed, usable, first.matches, rows)
    matched = {i for match in first.matches for i in usable[match.start : match.stop]}
    kept = [
        i
        for i in usable
        if i in matched or placed[i].box.x1 > left.get(placed[i].sheet, float("-inf"))
    ]
    second = aligned(kept) if len(kept) < len(usable) else first
    if second.score < first.score:
        kept, second = usable, first
    found, moved = with_moved([texts[i] for i in kept], labels, second.matches)
    anchors = []
    for match in sorted([*found, *moved], key=lambda match: match.label):
        block, row = rows[match.label]
        indices = tuple(kept[match.start : match.stop])
        boxes: dict[int, Box] = {}
        for i in (*indices, *_number_above(placed, indices[0])):
            place = placed[i]
            before = boxes.get(place.sheet)
            boxes[place.sheet] = before.union(place.box) if before else place.box
        text = "".join(texts[i] for i in indices)
        anchors.append(RowAnchor(block, row, indices, boxes, match.similarity, text))
    return anchors, second.score


def _number_above(placed: Sequence[Placed], first: int) -> list[int]:
    """The number of a label, where it stands on the line above, with one character of the label or
    none: the row is as high as both lines.

    Without it the middle of the label would be a line below the values of its row.
    """
    label = placed[first]
    return [
        i
        for i, p in enumerate(placed)
        if p.sheet == label.sheet
        and p.fragment.role is not Role.VALUE
        and _NUMBER.fullmatch(p.fragment.text)
        and abs(p.box.x0 - label.box.x0) <= p.box.height
        and abs(label.box.y0 - p.box.y1) <= _LINE_GAP * p.box.height
        and p.box.center_y < label.box.y0
    ]


def _left_edges(
    placed: Sequence[Placed],
    usable: Sequence[int],
    matches: Sequence[Match],
    rows: Sequence[tuple[int, Row]],
) -> dict[int, float]:
    """For each sheet the x where the labels of grouped rows begin (their median)."""
    edges: dict[int, list[float]] = {}
    for match in matches:
        label = rows[match.label][1].label
        group = rows[match.label][1].group
        if group is None or label is None or match.stop - match.start > 1:
            continue
        place = placed[usable[match.start]]
        # A piece that holds the group's label as well begins left of the row's own label.
        if len(place.fragment.text) <= len(label.text) + 2:
            edges.setdefault(place.sheet, []).append(place.box.x0)
    return {sheet: sorted(xs)[len(xs) // 2] for sheet, xs in edges.items() if len(xs) >= 3}


def with_moved(
    texts: Sequence[str], labels: Sequence[Label], matches: Sequence[Match]
) -> tuple[list[Match], list[Match]]:
    """The matches of an alignment that hold, and those of labels that stand in another place than
    on the form: left out by the alignment, or found in something that only looks like them.

    Only labels that are printed once, exactly: out of its order a label has nothing else for it.
    """
    kept = {match.label: match for match in matches}
    used = {i for match in matches for i in range(match.start, match.stop)}
    unsure = {
        match.label
        for match in matches
        if match.stop - match.start == 1 and match.similarity < _SAME
    }
    if not texts or (len(kept) == len(labels) and not unsure):
        return list(matches), []
    is_same = similarities(texts, labels) >= _SAME
    moved = []
    for label in range(len(labels)):
        places = is_same[:, label].nonzero()[0]
        if (label not in kept or label in unsure) and len(places) == 1:
            (i,) = places.tolist()
            if i not in used and is_same[i].sum() == 1:
                moved.append(Match(label, i, i + 1, 1.0))
                kept.pop(label, None)
    return list(kept.values()), moved


def find_columns(
    header: Sequence[Placed], block: Block, *, max_merge: int = 3
) -> list[ColumnAnchor]:
    """Find the printed columns of a block among the fragments of its header (one sheet).

    Pieces that stand one above the other are one header; headers side by side are joined where
    that makes a label. Spanning headers and stubs must be left out by the caller or are furniture.
    """
    texts = [p.fragment.text for p in header]
    furniture = is_furniture(texts, [block])
    stacks = _stack([p for p, skip in zip(header, furniture, strict=True) if not skip])
    labels: list[Label] = [column.label for column in block.columns]
    joined = []
    for stack in stacks:
        words: list[str] = []
        for p in stack:
            # A spanned cell that was written out repeats its words in every row.
            if not words or words[-1] != p.fragment.text:
                words.append(p.fragment.text)
        joined.append("".join(words))
    meant = meant_columns(
        [[p.fragment for p in stack] for stack in stacks], block.table, block.columns
    )
    matches = align(joined, labels, max_merge=max_merge, meant=meant).matches
    moved = moved_columns(joined, labels)
    anchors = []
    for match in moved if len(moved) > len(matches) else matches:
        pieces = [p for stack in stacks[match.start : match.stop] for p in stack]
        box = pieces[0].box
        for p in pieces[1:]:
            box = box.union(p.box)
        anchors.append(
            ColumnAnchor(
                block.columns[match.label],
                box,
                "".join(joined[match.start : match.stop]),
                match.similarity,
            )
        )
    return anchors


def moved_columns(texts: Sequence[str], labels: Sequence[Label]) -> list[Match]:
    """The columns of a header that prints them in another order than the form, from left to right.

    Empty unless every column is named once, and each clearly: in a header that is lost in part,
    the order is what tells its columns.
    """
    table = similarities(texts, labels)
    if len(set(labels)) < len(labels) or len(texts) < len(labels):
        return []
    owners = table.argmax(axis=0)
    is_clear = table.max(axis=0) >= _CLEAR
    if not is_clear.all() or len(set(owners.tolist())) < len(labels):
        return []
    found = [Match(j, int(i), int(i) + 1, float(table[i, j])) for j, i in enumerate(owners)]
    return sorted(found, key=lambda match: match.start)


def _stack(placed: Sequence[Placed]) -> list[list[Placed]]:
    """Group fragments that stand one above the other; groups left to right, each top to bottom."""
    stacks: list[list[Placed]] = []
    for p in sorted(placed, key=lambda p: p.box.center_x):
        for stack in stacks:
            if all(
                p.box.overlap_x(other.box) >= 0.5 * min(p.box.width, other.box.width)
                and p.box.overlap_y(other.box) < 0.5 * min(p.box.height, other.box.height)
                for other in stack
            ):
                stack.append(p)
                break
        else:
            stacks.append([p])
    for stack in stacks:
        stack.sort(key=lambda p: (p.box.center_y, p.box.x0))
    stacks.sort(key=lambda stack: sum(p.box.center_x for p in stack) / len(stack))
    return stacks
