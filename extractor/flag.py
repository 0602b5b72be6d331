"""Readings to reported cells: what is accepted, what a person must look at, and why.

A calibrated probability decides between accepted and flagged, save for doubts that it does not
settle: whether a value is in its right place, what words mean, a reading that only sums prefer,
readers that are unsure or differ, a sum that nobody can say who broke.
Without a calibrator `probability` is None (not assessed) and a cell is accepted only if nothing at
all speaks against it. Flag codes are stable; `docs/flags.md` explains each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from extractor.calibrator import Calibrator
from extractor.meaning import LIKELY, Meaning
from extractor.one_print import SHARED, sharing
from extractor.schema import Layout, Schema, Slot
from extractor.settings import Settings
from extractor.signals import Surroundings, signals, surroundings
from extractor.types import (
    Alternative,
    Cell,
    CellStatus,
    Decoded,
    Evidence,
    Reading,
    State,
    Table,
    Verdict,
)

FLAGS = {
    "missing": "the cell was not found in the document",
    "illegible": "something is printed that cannot be read",
    "low_score": "the reader is not sure of the characters",
    "weak_row": "it is not certain to which row the value belongs",
    "weak_column": "it is not certain to which column the value belongs",
    "shared_print": "the same print was read for another cell, too",
    "relation_broken": "a sum that this cell is part of does not hold",
    "reported_error": "a sum that this cell is part of does not hold, by the report's own error",
    "repaired": "the sums hold with another reading of the print, which was taken",
    "readers_disagree": "a second look read something else",
    "unusual_words": "words were read where a number is expected",
    "low_probability": "taken together, the signs are too weak to accept it unseen",
    "unverified_blank": "nothing was found in the cell, but it is not certain that it is empty",
    "doubtful_number": "the number of a key figure is cut, claimed twice or of another year",
    "contradicted": "the text states another number of the same elsewhere",
    "doubtful_meaning": "it is not certain what the number is about",
    "audit": "nothing speaks against it; it was drawn at random to check what is accepted",
}


PLACE_FLAGS = {"weak_row", "weak_column", SHARED}
"""Doubts about where a value belongs."""

_ONE_OF_TWO = {False: 0.5, True: 0.8}
"""How likely at most what was read for two cells is right in either, by whether it is zero: one of
the two was not read, and six of ten numbers of labelled documents (`eval/fixtures`) are zero."""

SOFT = {"reported_error"}
"""What a calibrated probability settles: that the report does not add up is its own finding, and no
doubt about a cell that was read with certainty. Save for `_suspects`."""


def flag(
    decoded: Sequence[Decoded],
    schema: Schema,
    settings: Settings,
    calibrator: Calibrator | None = None,
) -> tuple[Table, ...]:
    """Turn decoded tables into reported ones; every slot of the layout is present in the result."""
    return tuple(
        _table(one, schema.layout(one.reading.table, one.reading.layout), settings, calibrator)
        for one in decoded
    )


def _table(
    decoded: Decoded, layout: Layout, settings: Settings, calibrator: Calibrator | None
) -> Table:
    around = surroundings(decoded, layout)
    cells = [_cell(slot, decoded, around, settings) for slot in layout.slots]
    slots = {slot.id for slot in layout.slots}
    shared = sharing(decoded.chosen.values())
    cells = [replace(cell, elsewhere=_elsewhere(cell, decoded, shared, slots)) for cell in cells]
    if calibrator is not None:
        read = [i for i, cell in enumerate(cells) if cell.signals]
        threshold = calibrator.cells.threshold(settings.max_risk)
        logits = calibrator.cells.logits([cells[i].signals for i in read])
        probabilities = calibrator.cells.probability(logits)
        suspects = _suspects(decoded)
        for i, logit, p in zip(read, logits, probabilities, strict=True):
            is_likely = bool(logit >= threshold) and cells[i].slot not in suspects
            cells[i] = _assessed(cells[i], float(p), calibrator.shares, is_likely=is_likely)
    return Table(decoded.reading.table, decoded.reading.is_present, tuple(cells))


def _suspects(decoded: Decoded) -> frozenset[str]:
    """Slots read from pixels that alone are in two sums which the report seems to break itself, by
    as much: rather one number that both readers misread than one that the report has wrong, as far
    as sums can tell; so a person looks."""
    own = [
        (frozenset(one.cells), abs(one.expected - one.found))
        for one in decoded.findings
        if one.verdict is Verdict.REPORTED and one.expected is not None and one.found is not None
    ]
    shared = [a & b for (a, gap), (b, other) in combinations(own, 2) if gap == other]
    alone = (next(iter(slots)) for slots in shared if len(slots) == 1)
    chosen = decoded.chosen
    return frozenset(slot for slot in alone if slot in chosen and chosen[slot].agreement > 0)


def audited(tables: Sequence[Table], sha256: str, rate: float) -> tuple[Table, ...]:
    """Send a random share of the accepted cells to review; of the same document always the same."""
    return tuple(
        replace(
            table,
            cells=tuple(
                replace(cell, status=CellStatus.FLAGGED, flags=("audit",))
                if cell.status is CellStatus.ACCEPTED and is_drawn(sha256, cell.slot, rate)
                else cell
                for cell in table.cells
            ),
        )
        for table in tables
    )


def is_drawn(sha256: str, name: str, rate: float) -> bool:
    """Whether an item of a document is one of those that are looked at all the same."""
    number = hashlib.sha256(f"{sha256} {name}".encode()).digest()[:8]
    return int.from_bytes(number) < rate * 2**64


def _assessed(
    cell: Cell, probability: float, shares: Mapping[str, float], *, is_likely: bool
) -> Cell:
    """A cell with its probability; flagged if it is not likely enough, or for what that does not
    settle."""
    if SHARED in cell.flags:
        probability = min(probability, _ONE_OF_TWO[cell.reading.value == 0])
    is_flagged = not is_likely or not SOFT.issuperset(cell.flags)
    flags = (cell.flags or ("low_probability",)) if is_flagged else ()
    status = CellStatus.FLAGGED if is_flagged else CellStatus.ACCEPTED
    alternatives = _with_probabilities(cell.alternatives, 1 - probability, shares)
    return replace(
        cell, probability=probability, status=status, flags=flags, alternatives=alternatives
    )


def _with_probabilities(
    alternatives: Sequence[Alternative], left: float, shares: Mapping[str, float]
) -> tuple[Alternative, ...]:
    """Alternatives with their part of what the reading leaves: `shares` of those of its kind that
    were right where the reading was wrong."""
    parts = [shares[kind] for kind in kinds_of(alternatives)]
    whole = max(1.0, sum(parts))
    return tuple(
        replace(alternative, probability=left * part / whole)
        for alternative, part in zip(alternatives, parts, strict=True)
    )


def kinds_of(alternatives: Sequence[Alternative]) -> list[str]:
    """Why each could be right: a reader and the sums say so, the sums alone, or a reader alone,
    first or later; see `calibrator.KINDS`."""
    kinds = []
    has_first = False
    for alternative in alternatives:
        if alternative.is_implied:
            kinds.append("both" if alternative.source == "reader" else "implied")
        else:
            kinds.append("later" if has_first else "first")
            has_first = True
    return kinds


def _cell(slot: Slot, decoded: Decoded, around: Surroundings, settings: Settings) -> Cell:
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
    if candidate.origin == "person":
        reviewed = CellStatus.REVIEWED
        return Cell(slot.id, candidate.reading, reviewed, (), candidate.evidence)
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
        is_open = slot.id in decoded.in_question
        doubts.append("relation_broken" if is_open else "reported_error")
    # The first reading of a cell that was repaired is no second look.
    reading = candidate.reading
    looks = decoded.reading.candidates.get(slot.id, ())["repaired" in reading.flags :]
    if any(look.origin != "nbest" and not _same(look.reading, reading) for look in looks):
        doubts.append("readers_disagree")
    return Cell(
        slot.id,
        candidate.reading,
        CellStatus.FLAGGED if doubts else CellStatus.ACCEPTED,
        tuple(dict.fromkeys(doubts)),
        candidate.evidence,
        alternatives=alternatives,
        signals=signals(slot.id, decoded, around),
    )


def _elsewhere(
    cell: Cell,
    decoded: Decoded,
    shared: Mapping[str, Sequence[str]],
    slots: Collection[str],
) -> tuple[str, ...]:
    """To which other slots of its table a print may belong whose place is in doubt: those for which
    it was read, too, then those that the token classifier takes it for, the likeliest first."""
    candidate = decoded.chosen.get(cell.slot)
    if candidate is None or not PLACE_FLAGS.intersection(cell.flags):
        return ()
    table, row, column = cell.slot.split(".")
    meant = candidate.meaning or Meaning()
    found: list[str] = []
    if SHARED in cell.flags:
        found += shared.get(cell.slot, ())
    if "weak_row" in cell.flags:
        found += (f"{name}.{column}" for name in _likely(meant.rows))
    if "weak_column" in cell.flags:
        names = (name.rpartition(".")[2] for name in _likely(meant.columns))
        found += (f"{table}.{row}.{name}" for name in names)
    return tuple(dict.fromkeys(slot for slot in found if slot in slots and slot != cell.slot))


def _likely(said: Mapping[str, float]) -> list[str]:
    """Rows or columns that something may be meant for, the likeliest first."""
    return sorted((name for name, p in said.items() if p >= LIKELY), key=lambda name: -said[name])


def _same(a: Reading, b: Reading) -> bool:
    return (a.state, a.value) == (b.state, b.value)
