"""`python -m training synthesise`: labelled documents of one split into a folder."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from training.synthesis.corpus import LAYOUT_CONDITIONS, Mix, plan_corpus
from training.synthesis.paper import CONDITIONS
from training.synthesis.splits import Split
from training.synthesis.writing import write_corpus

# Half pages with characters, a quarter paper of every kind, a quarter documents without pages.
MIX = Mix(
    {
        "text_layer": 0.5,
        **{name: 0.25 / len(CONDITIONS) for name in CONDITIONS},
        **{name: 0.25 / len(LAYOUT_CONDITIONS) for name in LAYOUT_CONDITIONS},
    }
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0, or 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m training synthesise", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--split", type=Split, choices=list(Split), default=Split.TRAIN)
    parser.add_argument("-n", "--documents", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--conditions", help="with commas between (default: all, half of them text layers)"
    )
    parser.add_argument("--labels", action="store_true", help="also label every character")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(arguments)
    mix = MIX
    if options.conditions:
        mix = Mix(dict.fromkeys(options.conditions.split(","), 1.0))
    try:
        plans = plan_corpus(mix, options.split, options.documents, options.seed)
    except ValueError as error:
        parser.error(str(error))
    start = time.perf_counter()
    written = write_corpus(
        plans, mix, options.output, workers=options.workers, labels=options.labels
    )
    seconds = time.perf_counter() - start
    pages = sum(item.pages for item in written)
    sys.stdout.write(
        f"{len(written)} documents, {pages} pages in {options.output}, "
        f"{seconds:.0f} s, {pages / seconds:.1f} pages/s\n"
    )
    return 0
