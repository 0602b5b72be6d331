"""A person's answers among the candidates: what was settled stands, the rest is decoded anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from extractor.decode.options import PERSON
from extractor.types import Candidate, Evidence, Reading, TableReading


def answered(
    readings: Sequence[TableReading], answers: Mapping[str, Reading]
) -> tuple[TableReading, ...]:
    """The tables with an answer as the only candidate of its slot, where that stands on the page.

    Args:
        readings: as they were read.
        answers: by slot; of a table that is absent, too. Empty: nothing changes.

    Raises:
        KeyError: an answer is about a slot that none of these tables has.
    """
    strange = sorted({slot.split(".")[0] for slot in answers} - {one.table for one in readings})
    if strange:
        raise KeyError(f"no table {strange[0]!r} was read")
    return tuple(_answered(one, answers) for one in readings)


def _answered(reading: TableReading, answers: Mapping[str, Reading]) -> TableReading:
    candidates = dict(reading.candidates)
    for slot, answer in answers.items():
        if slot.startswith(f"{reading.table}."):
            before = candidates.get(slot, ())
            evidence = before[0].evidence if before else reading.regions.get(slot, Evidence())
            candidates[slot] = (Candidate(slot, answer, 1.0, 1.0, 1.0, evidence, PERSON),)
    return replace(reading, candidates=candidates)
