"""How many answers a person gives until nothing is in doubt, by the order of the questions.

    python -m eval questions [--cases N] [--seed N]

Every case is a table three as a reader of scans gives it, with up to four cells that are misread
and some right ones that the reader is not sure of. A person answers truly, one cell at a time, and
the rest is decoded again after every answer: once in the order of `extractor.questions`, once in
that of the form, once by the reader's score alone.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

from eval import misreadings
from extractor.pipeline import Decision, decide
from extractor.questions import questions
from extractor.schema import load_schema
from extractor.settings import Settings
from extractor.types import (
    Answers,
    Candidate,
    CellStatus,
    Reading,
    ReportReading,
    State,
    TableReading,
)

Order = Callable[[Decision, TableReading], str]
"""The slot to ask about next; something is flagged."""


@dataclass(frozen=True, slots=True)
class Case:
    """A table with several doubts, and what is printed in it."""

    table: TableReading
    truth: Mapping[str, Decimal]


def cases(n: int, seed: int) -> Iterator[Case]:
    """n cases."""
    rng = Random(seed)
    for plain in misreadings.cases(n, seed):
        found = dict(plain.table.candidates)
        slots = sorted(plain.truth)
        for slot in rng.sample(slots, rng.randrange(4)):
            wrong = misreadings.misread(str(plain.truth[slot]), "other_digit")
            reading = replace(found[slot][0].reading, value=Decimal(rng.choice(wrong)))
            found[slot] = (_unsure(replace(found[slot][0], reading=reading), rng),)
        for slot in rng.sample(slots, rng.randrange(8)):
            if len(found[slot]) == 1:
                found[slot] = (_unsure(found[slot][0], rng),)
        yield Case(replace(plain.table, candidates=found), plain.truth)


def _unsure(candidate: Candidate, rng: Random) -> Candidate:
    return replace(candidate, score=rng.uniform(0.5, 0.95))


def _flagged(decision: Decision) -> list[str]:
    return [
        cell.slot
        for table in decision.tables
        for cell in table.cells
        if cell.status is CellStatus.FLAGGED
    ]


def _ours(decision: Decision, _: TableReading) -> str:
    return questions(decision.tables, decision.findings)[0].slot


def _form(decision: Decision, _: TableReading) -> str:
    return _flagged(decision)[0]


def _score(decision: Decision, table: TableReading) -> str:
    return min(_flagged(decision), key=lambda slot: table.candidates[slot][0].score)


ORDERS: Mapping[str, Order] = {"what settles most": _ours, "the form": _form, "score": _score}


def answers(case: Case, order: Order) -> tuple[int, int, int]:
    """How many answers are given until nothing is flagged, and until no more of it is right than
    then; and how many cells are wrong in the end, which nobody was asked about."""
    schema, settings = load_schema(), Settings()
    given: dict[str, Reading] = {}
    counts: list[int] = []
    while True:
        decision = decide(
            ReportReading((case.table,)), schema, settings, answers=Answers(cells=given)
        )
        values = {c.slot: c.reading.value for table in decision.tables for c in table.cells}
        counts.append(sum(values[slot] != value for slot, value in case.truth.items()))
        if not _flagged(decision):
            return len(given), counts.index(counts[-1]), counts[-1]
        slot = order(decision, case.table)
        value = case.truth[slot]
        given[slot] = Reading(str(value), State.NUMBER, value)


def main(argv: list[str]) -> int:
    """Print the means by order: 0."""
    parser = argparse.ArgumentParser(prog="python -m eval questions", description=__doc__)
    parser.add_argument("--cases", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=2651, metavar="N")
    arguments = parser.parse_args(argv)
    every = list(cases(arguments.cases, arguments.seed))
    columns = f"{'answers until nothing is flagged':>34} {'until right':>12} {'never asked':>12}"
    print(f"{'order':18} {columns}")
    for name, order in ORDERS.items():
        found = [answers(case, order) for case in every]
        flagged, right = (statistics.mean(one[i] for one in found) for i in (0, 1))
        silent = sum(one[2] for one in found)
        print(f"{name:18} {flagged:34.2f} {right:12.2f} {silent:12}")
    return 0
