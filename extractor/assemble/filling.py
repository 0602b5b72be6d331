"""Rows and lanes to candidates: what stands where they cross, and the place of the cell itself."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace

from extractor.assemble.anchors import Placed, RowAnchor
from extractor.assemble.lanes import Lane, assign_values
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
    assigned = assign_values(values, lanes)
    for lane, p, fit in assigned:
        slot = layout.slot_id(row.row, lane.column)
        before = found.candidates.get(slot)
        if before is not None and before.reading.state is not State.BLANK:
            continue
        found.candidates[slot] = _candidate(
            slot, p.fragment, lane, row.strength, fit * lane.strength, "place"
        )
        found.regions[slot] = p.fragment.evidence
    for lane in lanes:
        slot = layout.slot_id(row.row, lane.column)
        if slot in found.candidates:
            continue
        evidence = _cell_evidence(Box(lane.left, label.y0, lane.right, label.y1), sheet)
        found.regions[slot] = evidence
        found.candidates[slot] = Candidate(
            slot=slot,
            reading=Reading("", State.BLANK),
            score=1.0,
            row_anchor=row.strength,
            column_anchor=lane.strength,
            evidence=evidence,
            origin="empty",
        )
    return [p for _, p, _ in assigned]


def doubt_blanks(found: Found, slots: Container[str]) -> None:
    """Take back that cells are empty: numbers stand in their table that belong to no cell."""
    for slot, candidate in found.candidates.items():
        if slot in slots and candidate.origin == "empty":
            found.candidates[slot] = replace(candidate, score=_UNPROVEN_BLANK)


def _candidate(
    slot: str,
    fragment: Fragment,
    lane: Lane,
    row_anchor: float,
    column_anchor: float,
    origin: str,
) -> Candidate:
    reading = read_cell(fragment.text, kind=lane.column.kind, header_unit=lane.header or None)
    is_wordy = reading.state is State.NOT_APPLICABLE and fragment.role is not Role.VALUE
    if is_wordy and fragment.score < 1.0:
        # Words that a reader made out of pixels are as likely a number that it could not read.
        reading = replace(reading, flags=(*reading.flags, "unusual_words"))
    return Candidate(
        slot, reading, fragment.score, row_anchor, column_anchor, fragment.evidence, origin
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
