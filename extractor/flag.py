"""Readings to reported cells: what is accepted, what a person must look at, and why.

Until probabilities are calibrated, `probability` stays None (not assessed) and a cell is accepted
only if nothing at all speaks against it. Flag codes are stable; `docs/flags.md` explains each.
"""

from __future__ import annotations

from collections.abc import Sequence

from extractor.schema import Layout, Schema, Slot
from extractor.settings import Settings
from extractor.types import Cell, CellStatus, Decoded, Evidence, Reading, State, Table

FLAGS = {
    "missing": "the cell was not found in the document",
    "illegible": "something is printed that cannot be read",
    "low_score": "the reader is not sure of the characters",
    "weak_row": "it is not certain to which row the value belongs",
    "weak_column": "it is not certain to which column the value belongs",
    "relation_broken": "a sum that this cell is part of does not hold",
    "repaired": "the sums hold with another reading of the print, which was taken",
    "readers_disagree": "a second look read something else",
    "unusual_words": "words were read where a number is expected",
    "unverified_blank": "nothing was found in the cell, but it is not certain that it is empty",
}


def flag(decoded: Sequence[Decoded], schema: Schema, settings: Settings) -> tuple[Table, ...]:
    """Turn decoded tables into reported ones; every slot of the layout is present in the result."""
    return tuple(
        _table(one, schema.layout(one.reading.table, one.reading.layout), settings)
        for one in decoded
    )


def _table(decoded: Decoded, layout: Layout, settings: Settings) -> Table:
    cells = tuple(_cell(slot, decoded, settings) for slot in layout.slots)
    return Table(decoded.reading.table, decoded.reading.is_present, cells)


def _cell(slot: Slot, decoded: Decoded, settings: Settings) -> Cell:
    candidate = decoded.chosen.get(slot.id)
    alternatives = decoded.alternatives.get(slot.id, ())
    if candidate is None:
        evidence = decoded.reading.regions.get(slot.id, Evidence())
        return Cell(
            slot.id,
            Reading("", State.MISSING),
            CellStatus.FLAGGED,
            ("missing",),
            evidence,
            alternatives=alternatives,
        )
    doubts = list(candidate.reading.flags)
    if candidate.reading.state is State.ILLEGIBLE:
        doubts.append("illegible")
    elif candidate.reading.state is State.BLANK and candidate.score < settings.min_score:
        doubts.append("unverified_blank")
    elif candidate.score < settings.min_score:
        doubts.append("low_score")
    if candidate.row_anchor < settings.min_anchor:
        doubts.append("weak_row")
    if candidate.column_anchor < settings.min_anchor:
        doubts.append("weak_column")
    if slot.id in decoded.doubted:
        doubts.append("relation_broken")
    looks = decoded.reading.candidates.get(slot.id, ())
    if any(look.origin != "nbest" for look in looks if look is not candidate):
        doubts.append("readers_disagree")
    return Cell(
        slot.id,
        candidate.reading,
        CellStatus.FLAGGED if doubts else CellStatus.ACCEPTED,
        tuple(dict.fromkeys(doubts)),
        candidate.evidence,
        alternatives=alternatives,
    )
