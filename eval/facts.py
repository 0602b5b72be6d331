"""`python -m eval facts`: lays out known slot values in every layout, with the truth beside each.

A facts file holds what a real report states, without the report. Laid out as web pages, Word files,
flattened text, PDFs and scans it becomes many documents whose contents are known. Slots that are
given as text ("增98", "184719元") are printed as that text; null is printed blank. Only given slots
are in the truth; what surrounds them is filled in plausibly.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from training.synthesis.catalogue import LAYOUTS
from training.synthesis.deviations import DEVIATIONS, deviate
from training.synthesis.form import TABLE_IDS
from training.synthesis.report import Report, compose
from training.synthesis.splits import Split
from training.synthesis.truth import truth
from training.synthesis.values import complete, printed

# What an unknown layout of the same facts may be combined with; none of these changes a value.
_COMBINABLE = tuple(name for name, deviation in DEVIATIONS.items() if not deviation.changes_values)


@dataclass(frozen=True, slots=True)
class Facts:
    """One facts file. `slots` has what is printed, as the file gives it."""

    name: str
    organization: str
    year: int
    edition: str
    slots: dict[str, int | float | str | None]


def read_facts(path: Path) -> Facts:
    """Read one file.

    Raises:
        ValueError: the file lacks a field or is no JSON.
    """
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Facts(path.stem, raw["organization"], raw["year"], raw["edition"], raw["slots"])
    except KeyError as error:
        raise ValueError(f"{path} lacks the field {error}") from error


def compose_facts(facts: Facts, rng: Random) -> Report:
    """A whole report around the facts.

    A table none of whose slots is given is filled with zeros or left out with its section, as `rng`
    says. Other tables are completed so that they balance where the given values allow it.
    """
    given = {slot: printed(raw) for slot, raw in facts.slots.items()}
    single_other = facts.edition == "2019" or any(
        slot.startswith("requests.other.") for slot in given
    )
    tables = tuple(
        table
        for table in TABLE_IDS
        if any(slot.startswith(f"{table}.") for slot in given) or rng.random() < 0.5
    )
    values = complete(given, single_other=single_other, tables=tables, edition=facts.edition)
    return compose(
        facts.organization,
        facts.year,
        facts.edition,
        values,
        rng,
        single_other=single_other,
        tables=tables,
    )


def lay_out(facts: Facts, layout: str, folder: Path, *, seed: int, n_deviations: int) -> Path:
    """Write one document and its truth; the same arguments give the same files."""
    rng = Random(f"{seed} {facts.name} {layout}")
    report = compose_facts(facts, rng)
    possible = [name for name in _COMBINABLE if facts.edition in DEVIATIONS[name].editions]
    names = tuple(rng.sample(possible, k=min(n_deviations, len(possible))))
    report = deviate(report, names, rng)
    name = f"{facts.name}__{layout}"
    made = LAYOUTS[layout](report, rng, Split.TEST)
    path = folder / f"{name}{made.suffix}"
    path.write_bytes(made.data)
    answer = truth(report, given=frozenset(facts.slots))
    answer |= {"layout": layout, "deviations": list(names)}
    text = json.dumps(answer, ensure_ascii=False, indent=1) + "\n"
    (folder / f"{name}.truth.json").write_text(text, encoding="utf-8")
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0, or 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m eval facts", description=__doc__)
    parser.add_argument("facts", type=Path, help="folder of facts files (*.json), or one of them")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--layouts", default="*", help="patterns, with commas between: html_*,paper_fax"
    )
    parser.add_argument(
        "--deviations", type=int, default=0, metavar="N", help="deviations in each document"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(arguments)
    paths = sorted(options.facts.glob("*.json")) if options.facts.is_dir() else [options.facts]
    patterns = options.layouts.split(",")
    layouts = [name for name in LAYOUTS if any(fnmatch(name, pattern) for pattern in patterns)]
    if not paths or not layouts:
        parser.error("no facts files in that place" if not paths else "no such layout")
    options.output.mkdir(parents=True, exist_ok=True)
    jobs = [(read_facts(path), layout) for path in paths for layout in layouts]
    write = partial(
        lay_out, folder=options.output, seed=options.seed, n_deviations=options.deviations
    )
    if options.workers > 1:
        with ProcessPoolExecutor(options.workers) as pool:
            written = list(pool.map(write, *zip(*jobs, strict=True)))
    else:
        written = [write(facts, layout) for facts, layout in jobs]
    sys.stdout.write(f"{len(written)} documents in {options.output}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
