"""`python -m training synthesise`: labelled documents of one split into a folder."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from training.synthesis.corpus import LAYOUT_CONDITIONS, Mix, plan_corpus
from training.synthesis.fonts import FontError
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
    """Run the command: 0; 1 no fonts; 2 wrong usage; 130 interrupted."""
    known = ", ".join((*LAYOUT_CONDITIONS, "text_layer", "garbled", "mixed", "picture"))
    parser = argparse.ArgumentParser(
        prog="python -m training synthesise",
        description="Make labelled documents of one split from a seed; see docs/corpus.md.",
        epilog=f"conditions: {known}; paper: {', '.join(CONDITIONS)}",
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="made if it is not there"
    )
    parser.add_argument(
        "--split", choices=[split.value for split in Split], default=Split.TRAIN.value
    )
    parser.add_argument(
        "-n", "--documents", type=_count, default=100, metavar="N", help="how many (default 100)"
    )
    parser.add_argument("--seed", type=int, default=1, help="another seed, other documents")
    parser.add_argument(
        "--conditions", help="with commas between (default: all, half of them text_layer)"
    )
    parser.add_argument("--labels", action="store_true", help="also label every character")
    parser.add_argument("--workers", type=_count, default=1, help="processes (default 1)")
    options = parser.parse_args(arguments)
    split = Split(options.split)
    mix = MIX
    if options.conditions:
        mix = Mix(dict.fromkeys(options.conditions.split(","), 1.0))
    try:
        plans = plan_corpus(mix, split, options.documents, options.seed)
        _check(options.output, split)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    start = time.perf_counter()
    try:
        written = write_corpus(
            plans, mix, options.output, workers=options.workers, labels=options.labels
        )
    except KeyboardInterrupt:
        sys.stderr.write(
            "interrupted; what is finished is kept, and the same command goes on from there\n"
        )
        return 130
    except FontError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    seconds = time.perf_counter() - start
    pages = sum(item.pages for item in written)
    sys.stdout.write(
        f"{len(written)} documents, {pages} pages in {options.output}, "
        f"{seconds:.0f} s, {pages / seconds:.1f} pages/s\n"
    )
    return 0


def _check(folder: Path, split: Split) -> None:
    """Refuse a place that is no folder, or holds documents of another split.

    Raises:
        OSError: there is a file of that name.
        ValueError: documents of another split are there.
    """
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file; name a folder for the documents")
    for path in folder.glob("*.truth.json"):
        other = json.loads(path.read_text(encoding="utf-8")).get("split")
        if other != split.value:
            raise ValueError(
                f"{folder} holds documents of the split {other!r}; splits share nothing, so take "
                "another folder"
            )
        return


def _count(text: str) -> int:
    """A whole number from 1 on, for the command line."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)
