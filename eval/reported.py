"""Errors of the reports' own, planted into tables that were read without fault: their verdicts.

    python -m eval reported [--cases N] [--seed N]

Every case is a report whose tables three and four do not add up in one way (see
`training.synthesis.planted`), as a reader of characters gives them, or as two readers of scans that
agree do. `tempted`: the first of them also thinks of the number that would add up, which it does of
one number in 500. Each relation that the error breaks has a finding with a verdict; no cell is to
be changed unseen.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from extractor.pipeline import decide
from extractor.schema import load_schema
from extractor.settings import Settings
from extractor.types import (
    Candidate,
    CellStatus,
    Evidence,
    Reading,
    ReportReading,
    State,
    TableReading,
)
from training.synthesis.planted import KINDS, PlantedError, plant
from training.synthesis.values import dispute_values, request_values

READERS = ("characters", "scan", "tempted")
READINGS = ("changed, flagged", "changed, accepted", "wrong print accepted")
"""What becomes of cells whose print is wrong."""
OUTCOMES = ("reported", "undecided", "misread", "not found", *READINGS)


@dataclass(frozen=True, slots=True)
class Case:
    """Two tables with an error of the report's own: every relation that it breaks."""

    tables: tuple[TableReading, ...]
    errors: tuple[PlantedError, ...]
    reader: str


def cases(n: int, seed: int) -> Iterator[Case]:
    """n cases, the readers in turn."""
    rng = Random(seed)
    # A mismatch is seen across years only, and some errors are seen by no sum.
    kinds = [name for name, kind in KINDS.items() if kind.must_break and "mismatch" not in name]
    done = 0
    while done < n:
        single = rng.random() < 0.5
        values = {
            **request_values(rng, scale=rng.choice((20, 100, 600, 3000)), single_other=single),
            **dispute_values(rng, scale=rng.choice((5, 20, 60))),
        }
        kind = rng.choice(kinds)
        printed, errors = plant(values, kind, rng, previous={}, single_other=single)
        if not errors or errors[0].relation is None:
            continue  # these values cannot go wrong like that
        reader = READERS[done % len(READERS)]
        stated = {slot: one.value for slot, one in printed.items()}
        layouts = {"requests": "single" if single else "detailed", "disputes": "standard"}
        tempting: Mapping[str, Decimal | None] = {}
        if reader == "tempted":
            tempting = dict(zip(errors[0].cells, errors[0].consistent, strict=True))
        tables = tuple(
            _table(name, layout, stated, tempting, reader, rng) for name, layout in layouts.items()
        )
        yield Case(tables, errors, reader)
        done += 1


def _table(
    name: str,
    layout: str,
    stated: Mapping[str, Decimal | None],
    tempting: Mapping[str, Decimal | None],
    reader: str,
    rng: Random,
) -> TableReading:
    found: dict[str, tuple[Candidate, ...]] = {}
    for slot, value in stated.items():
        if slot.startswith(f"{name}."):
            score, agreement = 1.0, 0.0
            if reader != "characters":
                score = rng.choice((0.99999, 0.9999, 0.9995, 0.999))
                agreement = rng.choice((0.9995, 0.999, 0.998, 0.99)) if value is not None else 0.0
            found[slot] = (_candidate(slot, value, score, "cell", agreement),)
            if tempting.get(slot) is not None:
                other = (1 - score) * rng.uniform(0.1, 1)
                found[slot] += (_candidate(slot, tempting[slot], other, "nbest"),)
    return TableReading(name, layout, True, found)


def _candidate(
    slot: str, value: Decimal | None, score: float, origin: str, agreement: float = 0.0
) -> Candidate:
    state = State.BLANK if value is None else State.NUMBER
    reading = Reading("" if value is None else str(value), state, value)
    here = Evidence(page=1)
    return Candidate(slot, reading, score, 1.0, 1.0, here, origin, agreement=agreement)


def outcomes(case: Case) -> Counter[str]:
    """How often each of OUTCOMES: verdicts by relation, then cells."""
    decision = decide(ReportReading(case.tables), load_schema(), Settings())
    verdicts = {finding.relation: str(finding.verdict) for finding in decision.findings}
    count = Counter(verdicts.get(error.relation or "", "not found") for error in case.errors)
    read = {s: c[0].reading.value for table in case.tables for s, c in table.candidates.items()}
    for cell in (cell for table in decision.tables for cell in table.cells):
        is_accepted = cell.status is not CellStatus.FLAGGED
        if cell.slot in read and cell.reading.value != read[cell.slot]:
            count["changed, accepted" if is_accepted else "changed, flagged"] += 1
        elif cell.slot in case.errors[0].cells and is_accepted:
            count["wrong print accepted"] += 1
    return count


def main(argv: list[str]) -> int:
    """Print what became of the errors: 0."""
    parser = argparse.ArgumentParser(prog="python -m eval reported", description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, metavar="N")
    parser.add_argument("--seed", type=int, default=2661, metavar="N")
    arguments = parser.parse_args(argv)
    found: dict[tuple[str, str], Counter[str]] = {}
    for case in cases(arguments.cases, arguments.seed):
        count = outcomes(case)
        for name in (case.errors[0].kind, "all"):
            found.setdefault((case.reader, name), Counter()).update(count)
    width = max(map(len, OUTCOMES))
    print(f"{'reader':10} {'kind':26} " + " ".join(f"{name:>{width}}" for name in OUTCOMES))
    for (reader, kind), count in sorted(found.items()):
        shown = " ".join(f"{count[name]:{width}}" for name in OUTCOMES)
        print(f"{reader:10} {kind:26} {shown}")
    return 0
