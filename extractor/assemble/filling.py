"""Rows and lanes to candidates: what stands where they cross, and the place of the cell itself."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace

from extractor.assemble.anchors import Placed, RowAnchor
from extractor.assemble.lanes import Lane, assign_values, ruled_row
from extractor.schema import Layout
from extractor.types import (
    Box,
    Candidate,
    Evidence,
    Fragment,
    Reading,
    Role,
    Sheet,
    SheetKind,
    State,
)
from extractor.values import read_cell

_UNPROVEN_BLANK = 0.5
_VALUE_REACH = 0.6
_EDGE = 0.1


@dataclass(slots=True)
class Found:
    """Candidates and the places of cells, by slot, and how well the headers were found."""

    candidates: dict[str, Candidate] = field(default_factory=dict)
    regions: dict[str, Evidence] = field(default_factory=dict)
    score: float = 0.0


def move(p: Placed, scale: float, dy: float) -> Placed:
    box = p.box
    moved = Box(box.x0 * scale, box.y0 * scale + dy, box.x1 * scale, box.y1 * scale + dy)
    return Placed(p.sheet, replace(p.fragment, box=moved))


def fill_row(
    found: Found,
    layout: Layout,
    row: RowAnchor,
    s: int,
    sheet: Sheet,
    values: Sequence[Placed],
    lanes: Sequence[Lane],
) -> list[Placed]:
    """Candidates for one printed row on one sheet; a slot filled on an earlier sheet stays.

    Returns:
        The pieces of print that were given to a slot.
    """
    label = row.boxes[s]
    ruled = ruled_row(sheet.cells, label, lanes, layout.blocks[row.block])
    if ruled is not None:
        lanes, cells = ruled
        values = [
            Placed(s, f)
            for f in sheet.fragments
            if f.box and f.text and any(_lies_in(f.box, cell, sheet.kind) for cell in cells)
        ]
    else:
        cells = [Box(lane.left, label.y0, lane.right, label.y1) for lane in lanes]
    assigned = assign_values(_join_words(values), lanes)
    for lane, p, fit in assigned:
        slot = layout.slot_id(row.row, lane.column)
        before = found.candidates.get(slot)
        if before is not None and before.reading.state is not State.BLANK:
            continue
        found.candidates[slot] = _candidate(slot, p.fragment, lane, row, fit * lane.strength)
        found.regions[slot] = p.fragment.evidence
    spread = [p.box for _, p, _ in assigned if sum(_covers(p.box, lane) for lane in lanes) > 1]
    for lane, cell in zip(lanes, cells, strict=True):
        # Numbers stand in the middle of their cells; the rest of a high one may hold a seal, and
        # its edges are ruled lines, which are no print.
        reach = _VALUE_REACH * label.height
        edge = _EDGE * label.height if ruled is not None else 0.0
        cell = Box(
            cell.x0 + edge,
            max(cell.y0 + edge, cell.center_y - reach),
            cell.x1 - edge,
            min(cell.y1 - edge, cell.center_y + reach),
        )
        slot = layout.slot_id(row.row, lane.column)
        # A number that is printed across several cells leaves none of them empty.
        if slot in found.candidates or any(_covers(box, lane) for box in spread):
            continue
        blank = _blank(slot, cell, sheet, row.strength, lane.strength)
        if blank is not None:
            found.candidates[slot] = blank
            found.regions[slot] = blank.evidence
    return [p for _, p, _ in assigned]


def _join_words(values: Sequence[Placed]) -> list[Placed]:
    """The print of a row, with words that are broken over lines in a narrow cell in one piece."""
    joined: list[Placed] = []
    for p in sorted(values, key=lambda p: p.box.y0):
        for i, above in enumerate(joined):
            if _is_continued(above, p):
                first, second = above.fragment, p.fragment
                evidence = first.evidence
                if evidence.box and second.evidence.box:
                    evidence = replace(evidence, box=evidence.box.union(second.evidence.box))
                fragment = replace(
                    first,
                    text=first.text + second.text,
                    score=min(first.score, second.score),
                    box=above.box.union(p.box),
                    evidence=evidence,
                    spellings=(),
                )
                joined[i] = Placed(above.sheet, fragment)
                break
        else:
            joined.append(p)
    return joined


def _is_continued(above: Placed, below: Placed) -> bool:
    a, b = above.box, below.box
    return (
        all(p.fragment.text.isalpha() for p in (above, below))
        and a.overlap_x(b) > 0.5 * min(a.width, b.width)
        and a.center_y < b.y0
        and b.y0 - a.y1 < 0.5 * b.height
    )


def doubt_blanks(found: Found, slots: Container[str]) -> None:
    """Take back that cells are empty: numbers stand in their table that belong to no cell."""
    for slot, candidate in found.candidates.items():
        if slot in slots and candidate.reading.state is State.BLANK:
            found.candidates[slot] = replace(candidate, score=_UNPROVEN_BLANK)


def _covers(box: Box, lane: Lane) -> bool:
    return box.x0 < lane.center < box.x1


def _blank(
    slot: str, cell: Box, sheet: Sheet, row_anchor: float, column_anchor: float
) -> Candidate | None:
    """An empty cell, unless something stands in it that was not taken for its value.

    In a grid the cell itself must be there. None where it is not.
    """
    inside = [f for f in sheet.fragments if f.box and _lies_in(f.box, cell, sheet.kind)]
    if sheet.kind is SheetKind.GRID and not inside:
        return None
    text = " ".join(f.text for f in inside if f.text)
    return Candidate(
        slot=slot,
        reading=Reading(text, State.ILLEGIBLE if text else State.BLANK),
        score=1.0,
        row_anchor=row_anchor,
        column_anchor=column_anchor,
        evidence=_cell_evidence(cell, sheet),
        origin="cell" if sheet.kind is SheetKind.GRID else "empty",
    )


def _lies_in(box: Box, cell: Box, kind: SheetKind) -> bool:
    if kind is SheetKind.GRID:
        return box.x0 <= cell.center_x < box.x1 and box.y0 <= cell.center_y < box.y1
    return cell.x0 <= box.center_x <= cell.x1 and cell.y0 <= box.center_y <= cell.y1


def _candidate(
    slot: str,
    fragment: Fragment,
    lane: Lane,
    row: RowAnchor,
    column_anchor: float,
) -> Candidate:
    words = lane.header + row.text or None
    reading = read_cell(fragment.text, kind=lane.column.kind, header_unit=words)
    is_wordy = reading.state is State.NOT_APPLICABLE and fragment.role is not Role.VALUE
    if is_wordy and fragment.score < 1.0:
        # Words that a reader made out of pixels are as likely a number that it could not read.
        reading = replace(reading, flags=(*reading.flags, "unusual_words"))
    return Candidate(
        slot,
        reading,
        fragment.score,
        row.strength,
        column_anchor,
        fragment.evidence,
        "place",
        fragment.spellings,
        fragment.meaning,
    )


def _cell_evidence(cell: Box, sheet: Sheet) -> Evidence:
    if sheet.kind is SheetKind.PAGE:
        return Evidence(
            page=sheet.page,
            box=Box(
                max(0.0, (cell.x0 + sheet.left) / sheet.page_width),
                max(0.0, cell.y0 / sheet.height),
                min(1.0, (cell.x1 + sheet.left) / sheet.page_width),
                min(1.0, cell.y1 / sheet.height),
            ),
        )
    row, column = cell.center_y, cell.center_x
    for fragment in sheet.fragments:
        box = fragment.box
        if box and box.x0 <= column < box.x1 and box.y0 <= row < box.y1:
            return fragment.evidence
    return Evidence()
