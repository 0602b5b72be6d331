"""What speaks for and against a reading, as numbers: what a calibrator makes a probability of.

Signals are of the reading, of its place, of the sums around it, and of the table as a whole. None
knows which row or column it is of: a form with other rows has the same signals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, log10
from statistics import median

from extractor.schema import Layout, Relation
from extractor.types import Candidate, Decoded, State

NAMES = (
    *("certainty", "is_characters", "runner_up", "disagreement", "agreement"),
    *("flags", "digits", "is_zero"),
    *("is_number", "is_blank", "is_dash", "is_words"),
    *("is_reread", "is_second_reader", "is_stroke", "is_unprinted", "is_by_meaning"),
    *("row_anchor", "column_anchor", "row_meaning", "column_meaning"),
    *("relations", "held", "broken", "doubted", "repaired"),
    *("height", "width"),
    *("table_certainty", "table_unsure", "table_weak", "table_broken"),
)
"""In the order of the values; each is finite, most are in [0, 1]."""

_LEAST = 1e-7
_UNSURE = 0.98
_WEAK = 0.9
_FARTHEST = 15.0
_ORIGINS = ("reread", "digits", "stroke", "empty", "meaning")
_STATES = (State.NUMBER, State.BLANK, State.DASH, State.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the cells of one table have in common; `relations` are those around every slot."""

    relations: Mapping[str, Sequence[Relation]]
    height: float
    width: float
    table: tuple[float, ...]


def surroundings(decoded: Decoded, layout: Layout) -> Surroundings:
    """Look at a table once for all of its cells; one without any cell has neutral ones. What a
    person has said of a cell says nothing about the print of the others."""
    around: dict[str, list[Relation]] = {}
    for relation in layout.relations:
        for slot in relation.slots:
            around.setdefault(slot, []).append(relation)
    chosen = [c for c in decoded.chosen.values() if c.origin != "person"]
    numbers = [c for c in chosen if c.reading.state is State.NUMBER] or chosen
    shapes = [shape for c in numbers if (shape := _shape(c)) is not None]
    n = max(1, len(chosen))
    return Surroundings(
        around,
        median(height for height, _ in shapes) if shapes else 0.0,
        median(width for _, width in shapes) if shapes else 0.0,
        (
            sum(map(_certainty, numbers)) / len(numbers) if numbers else 0.0,
            sum(c.score < _UNSURE for c in chosen) / n,
            sum(min(c.row_anchor, c.column_anchor) < _WEAK for c in chosen) / n,
            len(decoded.failing) / max(1, len(decoded.failing | decoded.held)),
        ),
    )


def signals(slot: str, decoded: Decoded, around: Surroundings) -> tuple[float, ...]:
    """The signals of the reading of one slot, in the order of NAMES.

    Raises:
        KeyError: nothing was read in it.
    """
    candidate = decoded.chosen[slot]
    reading = candidate.reading
    others = [c for c in decoded.reading.candidates.get(slot, ()) if not _same(c, candidate)]
    relations = around.relations.get(slot, ())
    held = sum(relation.id in decoded.held for relation in relations)
    failing = sum(relation.id in decoded.failing for relation in relations)
    digits = sum(character.isdigit() for character in reading.printed)
    meaning = candidate.meaning
    table, row, column = slot.split(".")
    return (
        _certainty(candidate),
        float(candidate.score >= 1.0),
        _runner_up(candidate, others),
        float(any(other.origin != "nbest" for other in others)),
        _nines(candidate.agreement),
        min(3.0, len(reading.flags)) / 3,
        min(8.0, digits) / 8,
        float(reading.value == 0),
        *(float(reading.state is state) for state in _STATES),
        *(float(candidate.origin == origin) for origin in _ORIGINS),
        candidate.row_anchor,
        candidate.column_anchor,
        meaning.rows.get(f"{table}.{row}", 0.0) if meaning else 0.5,
        meaning.columns.get(f"{table}.{column}", 0.0) if meaning else 0.5,
        min(3.0, held + failing) / 3,
        min(3.0, held) / 3,
        min(3.0, failing) / 3,
        float(slot in decoded.doubted),
        float("repaired" in reading.flags),
        *_relative(candidate, around),
        *around.table,
    )


def _certainty(candidate: Candidate) -> float:
    return _nines(candidate.score)


def _nines(score: float) -> float:
    """0 for a score of 0, 1 for one of 1."""
    return log10(max(_LEAST, 1.0 - score)) / log10(_LEAST)


def _runner_up(candidate: Candidate, others: Sequence[Candidate]) -> float:
    """How much less likely the next reading is, from 0 to 1; 1 where there is none."""
    best = max((other.score for other in others), default=0.0)
    ratio = max(candidate.score, _LEAST) / max(best, _LEAST)
    return min(1.0, max(0.0, log(ratio) / _FARTHEST)) if others else 1.0


def _same(a: Candidate, b: Candidate) -> bool:
    return (a.reading.state, a.reading.value) == (b.reading.state, b.reading.value)


def _shape(candidate: Candidate) -> tuple[float, float] | None:
    """Height of the print, and width of a character, as shares of the page."""
    box = candidate.evidence.box
    n = len(candidate.reading.printed.strip())
    if box is None or not n or box.height <= 0:
        return None
    return box.height, box.width / n


def _relative(candidate: Candidate, around: Surroundings) -> tuple[float, float]:
    """Height and width against those of the other numbers of the table; 1 where nobody knows."""
    shape = _shape(candidate)
    if shape is None or not around.height or not around.width:
        return 1.0, 1.0
    return min(4.0, shape[0] / around.height), min(4.0, shape[1] / around.width)
