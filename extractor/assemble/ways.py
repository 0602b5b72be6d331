"""The ways to assemble a table, and which of them to believe.

By place, by order, and, where both explain too little, as a table that is laid out anew, set with
blanks, or told in sentences. The best anchored way is kept; another may fill what it leaves open.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from extractor.assemble.arrangements import turned, united
from extractor.assemble.by_meaning import fill_by_meaning
from extractor.assemble.geometric import Assembled, assemble_by_place
from extractor.assemble.laid_out import laid_out
from extractor.assemble.named import assemble_by_name
from extractor.assemble.opened import opened
from extractor.assemble.sequential import assemble_by_order
from extractor.schema import Label, Layout
from extractor.types import Sheet, SheetKind, State

_DISPUTED = 0.5
_RAGGED = 0.5
_RIVAL = 0.8
_GUESS, _WORTH, _LAID_OUT = 0.6, 0.5, 0.7
_TIED, _MOST_ROWS, _MIN_TOLD = 0.25, 0.6, 0.25
_MOST_PIECES = 3000
"""Of text cut into labels and values: beyond, no table is looked for in it. A report has a few
hundred; comparing each with every name of a table takes time and memory."""
_VALUES = (State.NUMBER, State.DASH)
_REGULAR = 0.8
"""Of the cells of a table, those that must be tied to their slots to need no other arrangement."""


def assemble_layout(sheets: Sequence[Sheet], layout: Layout, known: Sequence[Label]) -> Assembled:
    """Assemble one layout of one table, by whatever ways its document asks for.

    Args:
        sheets: in document order, with roles.
        layout: the printed shape to look for.
        known: every label of the form.

    Returns:
        Candidates by slot; none where the table is not in the document.
    """
    best = _best_way(sheets, layout, known)
    if _anchored(best) < _REGULAR * len(layout.slots):
        others = filter(_is_told, _other_ways(sheets, layout, known))
        ways = sorted([best, *others], key=_explained, reverse=True)
        best = functools.reduce(_completed, ways)
    return fill_by_meaning(replace(best, layout=layout), sheets)


def _other_ways(
    sheets: Sequence[Sheet], layout: Layout, known: Sequence[Label]
) -> Iterator[Assembled]:
    """A table that is laid out anew: in one block, turned, cut so that its rows are repeated, set
    with blanks, or written out in sentences."""
    one = united(layout)
    yield _best_way(sheets, one, known)
    yield _best_way(sheets, turned(one), known)
    grids = [sheet for sheet in sheets if sheet.kind is SheetKind.GRID]
    for grid in grids:
        if len(grids) > 1 and grid.height >= _MOST_ROWS * len(one.blocks[0].rows):
            yield _best_way([grid], layout, known)
    if plane := laid_out(sheets):
        yield _capped(assemble_by_place(plane, layout, known))
    text = opened(sheets)
    if 0 < len(text.fragments) <= _MOST_PIECES:
        for written in (one, turned(one)):
            yield assemble_by_name(text, written)
        for written in (layout, one, turned(one)):
            yield _best_way([text], written, known)


def _best_way(sheets: Sequence[Sheet], layout: Layout, known: Sequence[Label]) -> Assembled:
    """A layout by place and by order, as far as the sheets allow: the better anchored of both,
    weakened where the other differs. Crossings that are no slots are left out."""
    kinds = {sheet.kind for sheet in sheets}
    ways = []
    if kinds & {SheetKind.PAGE, SheetKind.GRID}:
        by_place = assemble_by_place(sheets, layout, known)
        ways.append(_weakened(by_place) if any(map(_is_ragged, sheets)) else by_place)
    if kinds & {SheetKind.FLOW, SheetKind.GRID}:
        ways.append(assemble_by_order(sheets, layout, known))
    if not ways:
        return Assembled(layout, {}, {}, 0.0)
    slots = {slot.id for slot in layout.slots}
    ways = [
        replace(way, candidates={s: c for s, c in way.candidates.items() if s in slots})
        for way in ways
    ]
    best = max(ways, key=_anchored)
    for other in ways:
        if other is not best:
            best = _compare(best, other)
    return replace(best, score=max(way.score for way in ways))


def _is_told(found: Assembled) -> bool:
    """Whether a table is there: most of its rows, and not only a few of their numbers, as the
    sentences of any report state."""
    n_rows = len({_row(slot.id) for slot in found.layout.slots})
    tied = [s for s, c in found.candidates.items() if c.row_anchor * c.column_anchor >= _TIED]
    rows = {_row(slot) for slot in tied}
    return len(rows) >= _MOST_ROWS * n_rows and len(tied) >= _MIN_TOLD * len(found.layout.slots)


def _completed(best: Assembled, other: Assembled) -> Assembled:
    """What the best way leaves open, as another one has it: guesses, of print that is not used."""
    used = {id(c.meaning) for c in best.candidates.values() if c.meaning is not None}
    added = {
        slot: replace(
            c, row_anchor=min(c.row_anchor, _GUESS), column_anchor=min(c.column_anchor, _GUESS)
        )
        for slot, c in other.candidates.items()
        if slot not in best.candidates
        and id(c.meaning) not in used
        and c.row_anchor * c.column_anchor >= _WORTH
    }
    return replace(best, candidates={**added, **best.candidates})


def _compare(best: Assembled, other: Assembled) -> Assembled:
    """Weaken what two ways of assembling read differently, where both fit the document as a whole.

    On a table that lost its merged cells a few values always stand below some header by chance.
    """
    if _anchored(other) < _RIVAL * _anchored(best):
        return best
    torn, torn_there = _torn(best), _torn(other)
    candidates = {}
    for slot, candidate in best.candidates.items():
        rival = other.candidates.get(slot)
        disputed = (
            rival is not None
            and rival.reading.value != candidate.reading.value
            and rival.row_anchor * rival.column_anchor >= 0.8
        )
        if disputed and rival is not None and _row(slot) in torn and _row(slot) not in torn_there:
            candidate = rival
        candidates[slot] = replace(
            candidate,
            column_anchor=candidate.column_anchor * (_DISPUTED if disputed else 1.0),
        )
    return replace(best, candidates=candidates)


def _is_ragged(sheet: Sheet) -> bool:
    """Whether a grid lost its merged cells: then its positions say nothing of its columns."""
    if sheet.kind is not SheetKind.GRID or sheet.has_spans:
        return False
    lengths = Counter(f.row for f in sheet.fragments)
    return len(set(lengths.values())) > 1


def _weakened(found: Assembled) -> Assembled:
    candidates = {
        slot: replace(candidate, column_anchor=_RAGGED * candidate.column_anchor)
        for slot, candidate in found.candidates.items()
    }
    return replace(found, candidates=candidates)


def _capped(found: Assembled) -> Assembled:
    """Columns that nothing but blanks tells apart are never beyond doubt."""
    candidates = {
        slot: replace(candidate, column_anchor=min(candidate.column_anchor, _LAID_OUT))
        for slot, candidate in found.candidates.items()
    }
    return replace(found, candidates=candidates)


def _anchored(found: Assembled) -> float:
    """How much of a table is tied to its slots."""
    return sum(c.row_anchor * c.column_anchor for c in found.candidates.values())


def _explained(found: Assembled) -> float:
    """How much of what is printed for a value is tied to slots: words, and cells without any print,
    are what a table that is read the wrong way round has most of."""
    printed = {s: c for s, c in found.candidates.items() if c.reading.state in _VALUES}
    return _anchored(replace(found, candidates=printed))


def _torn(found: Assembled) -> set[str]:
    """Rows of which some cells were found and others not: those that stand in the wrong place."""
    read = {s for s, c in found.candidates.items() if c.reading.state is not State.ILLEGIBLE}
    rows = {_row(slot) for slot in read}
    return {_row(slot.id) for slot in found.layout.slots if slot.id not in read} & rows


def _row(slot: str) -> str:
    return slot.rpartition(".")[0]
