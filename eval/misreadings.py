"""Single misreadings planted into tables that add up: what the decoder makes of them.

    python -m eval misreadings [--cases N] [--seed N]

Every case is a table three as a reader of scans gives it, in which one digit of one cell is taken
for another, lost or doubled. In half of the cases the reader would have read the true number next.
Right is what is repaired, or flagged with the true number first among its alternatives.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from extractor.decode import decode
from extractor.flag import flag
from extractor.schema import load_schema
from extractor.settings import Settings
from extractor.types import (
    Candidate,
    Cell,
    CellStatus,
    Evidence,
    Reading,
    State,
    TableReading,
)
from training.synthesis.values import request_values

_TAKEN_FOR = dict(
    zip(
        "0123456789",
        ("689", "74", "71", "85", "19", "638", "805", "12", "3069", "804"),
        strict=True,
    )
)
CHANGES = ("other_digit", "first_lost", "last_lost", "doubled")
OUTCOMES = ("repaired", "first", "flagged", "silent")


@dataclass(frozen=True, slots=True)
class Case:
    """A table with one misread cell."""

    table: TableReading
    slot: str
    change: str
    is_offered: bool
    truth: Mapping[str, Decimal]


def cases(n: int, seed: int) -> Iterator[Case]:
    """n cases, the changes in turn, every second one with the true number as second reading."""
    rng = Random(seed)
    done = 0
    while done < n:
        single = rng.random() < 0.5
        printed = request_values(
            rng, scale=rng.choice((3, 20, 100, 600, 3000)), single_other=single
        )
        truth = {slot: one.value or Decimal(0) for slot, one in printed.items()}
        change, is_offered = CHANGES[done % len(CHANGES)], done % 8 < 4
        slots = [slot for slot, value in truth.items() if len(misread(str(value), change))]
        if not slots:
            continue
        slot = rng.choice(sorted(slots))
        wrong = Decimal(rng.choice(misread(str(truth[slot]), change)))
        found: dict[str, tuple[Candidate, ...]] = {
            s: (_candidate(s, value, rng),) for s, value in truth.items()
        }
        score = rng.uniform(0.5, 0.999)
        looks = [_candidate(slot, wrong, rng, score)]
        if is_offered:
            likelihood = (1 - score) * rng.uniform(0.1, 1)
            looks.append(_candidate(slot, truth[slot], rng, likelihood))
        layout = "single" if single else "detailed"
        table = TableReading("requests", layout, True, {**found, slot: tuple(looks)})
        yield Case(table, slot, change, is_offered, truth)
        done += 1


def misread(text: str, change: str) -> list[str]:
    """The ways in which a number can go wrong, without leading zeros."""
    if change == "other_digit":
        found = [text[:i] + d + text[i + 1 :] for i, c in enumerate(text) for d in _TAKEN_FOR[c]]
    elif change == "doubled":
        found = [text[:i] + c + text[i:] for i, c in enumerate(text)]
    else:
        found = [text[1:] if change == "first_lost" else text[:-1]]
    return [one for one in found if one and (one == "0" or one[0] != "0")]


def _candidate(slot: str, value: Decimal, rng: Random, score: float | None = None) -> Candidate:
    reading = Reading(str(value), State.NUMBER, value)
    own = rng.choice((0.999, 0.999, 0.995, 0.97)) if score is None else score
    origin = "nbest" if score is not None and score < 0.5 else "cell"
    return Candidate(slot, reading, own, 1.0, 1.0, Evidence(page=1), origin)


def outcome(case: Case, cells: Mapping[str, Cell]) -> str:
    """What became of the misread cell, one of OUTCOMES."""
    cell = cells[case.slot]
    if cell.reading.value == case.truth[case.slot]:
        return "repaired"
    if cell.status is not CellStatus.FLAGGED:
        return "silent"
    first = cell.alternatives[0].value if cell.alternatives else None
    return "first" if first == case.truth[case.slot] else "flagged"


def main(argv: Sequence[str]) -> int:
    """Print what became of the cases: 0."""
    parser = argparse.ArgumentParser(prog="python -m eval misreadings", description=__doc__)
    parser.add_argument("--cases", type=int, default=2000, metavar="N")
    parser.add_argument("--seed", type=int, default=2631, metavar="N")
    arguments = parser.parse_args(argv)
    schema, settings = load_schema(), Settings()
    found: Counter[tuple[str, bool, str]] = Counter()
    cells = changed = flagged = 0
    seconds = []
    for case in cases(arguments.cases, arguments.seed):
        start = time.process_time()
        (table,) = flag(decode([case.table], schema), schema, settings)
        seconds.append(time.process_time() - start)
        by_slot = {cell.slot: cell for cell in table.cells}
        found[case.change, case.is_offered, outcome(case, by_slot)] += 1
        others = [by_slot[slot] for slot in case.truth if slot != case.slot]
        cells += len(others)
        changed += sum(cell.reading.value != case.truth[cell.slot] for cell in others)
        flagged += sum(cell.status is CellStatus.FLAGGED for cell in others)
    print(_table(found))
    print(
        f"other cells: {cells}, changed {changed} ({100 * changed / cells:.4f} %), "
        f"flagged {100 * flagged / cells:.2f} %"
    )
    print(f"seconds of a table, median: {statistics.median(seconds):.3f}")
    return 0


def _table(found: Mapping[tuple[str, bool, str], int]) -> str:
    lines = [f"{'change':12} {'offered':7} {'cases':>6} " + " ".join(f"{o:>9}" for o in OUTCOMES)]
    total: Counter[str] = Counter()
    for change in CHANGES:
        for is_offered in (True, False):
            counts = [found[change, is_offered, one] for one in OUTCOMES]
            total.update(dict(zip(OUTCOMES, counts, strict=True)))
            name = "yes" if is_offered else "no"
            shown = " ".join(f"{n:9}" for n in counts)
            lines.append(f"{change:12} {name:7} {sum(counts):6} {shown}")
    n = max(1, sum(total.values()))
    right = total["repaired"] + total["first"]
    shown = " ".join(f"{total[one]:9}" for one in OUTCOMES)
    lines.append(f"{'all':20} {n:6} {shown}")
    lines.append(f"repaired, or flagged with the true number first: {100 * right / n:.2f} %")
    return "\n".join(lines)
