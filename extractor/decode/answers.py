"""A person's answers among what was read: what was settled stands, the rest is decided anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from extractor.decode.options import PERSON
from extractor.types import (
    Candidate,
    CellStatus,
    Evidence,
    Figure,
    FigureAnswer,
    Reading,
    TableReading,
)


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


def answered_figures(
    figures: Sequence[Figure], answers: Mapping[int, FigureAnswer]
) -> tuple[Figure, ...]:
    """Figures with their numbers and with what a person said of them; those that are none are left
    out.

    Raises:
        KeyError: an answer is about a figure that was not read.
    """
    strange = sorted(set(answers) - set(range(len(figures))))
    if strange:
        raise KeyError(f"no figure {strange[0]} was read")
    found = []
    for number, figure in enumerate(figures):
        answer = answers.get(number)
        if answer is None:
            found.append(replace(figure, number=number))
        elif answer.is_stated:
            found.append(
                replace(
                    figure,
                    number=number,
                    value=answer.value,
                    unit=answer.unit,
                    status=CellStatus.REVIEWED,
                )
            )
    return tuple(found)
