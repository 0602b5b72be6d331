"""`python -m training token-data`: the documents that the token classifier learns from.

Every document is made from its seed, read by the product's own stages, and kept as one small file
with the labels of its characters (`documents.py`); what the OCR said is kept beside it. What is
finished is not made again; `--again` brings the labels onto documents anew, after the product's
fragments have changed, and still reads no page twice.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2

from extractor.engines import Engines
from extractor.errors import ExtractorError
from extractor.settings import Settings
from training.progress import progress_bar
from training.synthesis.corpus import LAYOUT_CONDITIONS, Mix, Plan, make_document, plan_corpus
from training.synthesis.labels import LabelError
from training.synthesis.paper import CONDITIONS
from training.synthesis.splits import Split
from training.token_classifier.base import FOLDER
from training.token_classifier.documents import files, load, save
from training.token_classifier.labelling import labelled
from training.token_classifier.reading import read_document

SEEDS = {Split.TRAIN: 51, Split.VALIDATION: 52, Split.CALIBRATION: 53, Split.TEST: 54}
"""Of the plans. What trains and exports reads the first two only; the last is for `token-test`."""
MIX = Mix(
    {
        "text_layer": 0.28,
        **{name: 0.36 / len(CONDITIONS) for name in CONDITIONS},
        **{name: 0.30 / len(LAYOUT_CONDITIONS) for name in LAYOUT_CONDITIONS},
        "picture": 0.03,
        "mixed": 0.02,
        "garbled": 0.01,
    },
    planted=0.2,
    deviant=0.8,
    long=0.25,
    statements=8,
)
"""Every kind of document, with more sentences that state key figures than reports have."""
TEXT = replace(
    MIX,
    conditions={
        "text_layer": 0.4,
        **{name: 0.6 / len(LAYOUT_CONDITIONS) for name in LAYOUT_CONDITIONS},
    },
    statements=48,
)
"""Documents without pixels: they take a tenth of the time, and most of them is sentences."""
ANNOTATED = replace(TEXT, always=("annotated",), statements=8)
"""More of what few reports have: remarks in brackets behind values."""
TEXT_SEED, ANNOTATED_SEED = 151, 152
OCR = FOLDER / "ocr"


def make_file(plan: Plan, *, folder: Path, mix: Mix, again: bool = False) -> str:
    """Make the file of one document if it is not there; what is said of one that cannot be made."""
    path = folder / plan.split.value / f"{plan.name}.npz"
    skipped = path.with_suffix(".skipped")
    if not again and (path.is_file() or skipped.is_file()):
        return ""
    try:
        document = make_document(plan, mix)
        read = read_document(document.name, document.data, *_engines(), folder / OCR.name)
    except (LabelError, ExtractorError, ValueError) as error:
        path.parent.mkdir(parents=True, exist_ok=True)
        skipped.write_text(f"{error}\n", encoding="utf-8")
        return f"{plan.name} is left out: {error}"
    layout = str(document.truth["layout"])
    save(path, labelled(plan.name, plan.condition, layout, read, document.runs))
    return ""


_LOADED: list[tuple[Engines, Settings]] = []


def _engines() -> tuple[Engines, Settings]:
    """Those of this process."""
    if not _LOADED:
        cv2.setNumThreads(1)
        settings = Settings(threads=1)
        _LOADED.append((Engines(settings), settings))
    return _LOADED[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the documents of all splits and say how well they were read: 0."""
    parser = argparse.ArgumentParser(prog="python -m training token-data", description=__doc__)
    for split, count in zip(SEEDS, (1000, 80, 150, 100), strict=True):
        parser.add_argument(f"--{split.value}", type=int, default=count, metavar="N")
    parser.add_argument("--text", type=int, default=1000, metavar="N", help="more for training")
    parser.add_argument(
        "--annotated", type=int, default=200, metavar="N", help="more with remarks in cells"
    )
    parser.add_argument(
        "--skip", type=int, default=0, metavar="N", help="leave out the first of each for training"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, metavar="DIR")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--again", action="store_true", help="label all documents anew")
    options = parser.parse_args(arguments)
    counts = {split: getattr(options, split.value) for split in SEEDS}
    batches = [(MIX, split, counts[split], seed) for split, seed in SEEDS.items()]
    batches.append((TEXT, Split.TRAIN, options.text, TEXT_SEED))
    batches.append((ANNOTATED, Split.TRAIN, options.annotated, ANNOTATED_SEED))
    batches.sort(key=lambda batch: (batch[1] is Split.TRAIN, batch[0] is MIX, batch[2]))
    for mix, split, count, seed in batches:  # the slowest last: the others are there to try with
        make = partial(make_file, folder=options.folder, mix=mix, again=options.again)
        skipped = options.skip if split is Split.TRAIN else 0
        plans = plan_corpus(mix, split, skipped + count, seed)[skipped:]
        with progress_bar() as bar:
            task = bar.add_task(f"{split.value} documents", total=len(plans), said="")
            for said in _each(make, plans, options.workers):
                bar.update(task, advance=1)
                if said:
                    bar.console.print(said)
        sys.stdout.write(_summary(split, options.folder))
    return 0


def _each(make: partial[str], plans: Sequence[Plan], workers: int) -> Iterator[str]:
    if workers == 1:
        yield from map(make, plans)
        return
    with get_context("spawn").Pool(workers) as pool:
        yield from pool.imap(make, plans)


def _summary(split: Split, folder: Path) -> str:
    """How many documents and characters there are, and how much is read as it is printed."""
    shares: dict[str, list[float]] = defaultdict(list)
    characters = 0
    for path in files(split, folder):
        document = load(path)
        shares[document.condition].append(document.share)
        characters += len(document)
    lines = [f"{split.value}: {sum(map(len, shares.values()))} documents, {characters} characters"]
    for condition, found in sorted(shares.items()):
        worst, mean = min(found), sum(found) / len(found)
        lines.append(f"  {condition:22} {len(found):4} read {mean:.4f}, worst {worst:.4f}")
    return "\n".join(lines) + "\n"
