"""`python -m training calibration-data`: the readings that the calibrator is fitted on.

Documents of the calibration split, of every kind that the suites have, are made from their seeds
and extracted by the product as it is. Of every cell that was read its signals are kept, and whether
it is right; of the documents nothing. What is finished is not made again; remove the folder after a
change of any stage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor import ingest
from extractor.engines import Engines
from extractor.errors import ExtractorError
from extractor.flag import SOFT
from extractor.pipeline import extract
from extractor.settings import Settings
from extractor.signals import NAMES
from extractor.types import Cell, CellStatus
from training.synthesis.corpus import LAYOUT_CONDITIONS, Mix, Plan, make_document, plan_corpus
from training.synthesis.paper import GROUPS
from training.synthesis.splits import Split
from training.token_classifier.data import progress_bar

FOLDER = Path("build/calibration")
SEED = 61
_STANDARD = {
    "text_layer": 0.3,
    **{name: 0.2 / len(LAYOUT_CONDITIONS) for name in LAYOUT_CONDITIONS},
    **{name: 0.5 / len(GROUPS["standard"]) for name in GROUPS["standard"]},
}
_HARSH = (*GROUPS["harsh"], "garbled", "mixed", "picture")
MIX = Mix({**_STANDARD, **{name: 1.0 / len(_HARSH) for name in _HARSH}})
"""Half of what `standard` has, half of what `harsh` has."""


@dataclass(frozen=True, slots=True)
class Readings:
    """The M read cells of one document: `signals` (M, F), whether value and state are right (M,),
    whether something flags them whatever their probability (M,), and whether the rules alone
    accept them (M,)."""

    name: str
    condition: str
    signals: NDArray[np.float32]
    right: NDArray[np.bool_]
    held_back: NDArray[np.bool_]
    accepted: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.right)


def readings_of(
    name: str, condition: str, cells: Sequence[Cell], truth: dict[str, Any]
) -> Readings:
    """Compare what was read with the truth of a document."""
    read = [cell for cell in cells if cell.signals]
    return Readings(
        name,
        condition,
        np.array([cell.signals for cell in read], np.float32).reshape(-1, len(NAMES)),
        np.array([_is_right(cell, truth) for cell in read], np.bool_),
        np.array([not SOFT.issuperset(cell.flags) for cell in read], np.bool_),
        np.array([cell.status is CellStatus.ACCEPTED for cell in read], np.bool_),
    )


def _is_right(cell: Cell, truth: dict[str, Any]) -> bool:
    if cell.slot not in truth["slots"]:
        return False
    wanted, value = truth["slots"][cell.slot], cell.reading.value
    is_value = value is None if wanted is None else value == Decimal(str(wanted))
    stated = truth["cells"].get(cell.slot, {}).get("state", cell.reading.state)
    return is_value and stated == cell.reading.state


def make_file(plan: Plan, *, folder: Path) -> str:
    """Make the file of one document if it is not there; what is said of one that cannot be read."""
    path = folder / f"{plan.name}.npz"
    if path.is_file():
        return ""
    document = make_document(plan, MIX)
    engines, settings = _engines()
    try:
        source = ingest.identify(document.name, document.data, settings)
        extraction = extract(source, engines, settings)
    except ExtractorError as error:
        return f"{plan.name} is left out: {error}"
    cells = [cell for table in extraction.tables for cell in table.cells]
    save(path, readings_of(plan.name, plan.condition, cells, document.truth))
    return ""


_LOADED: list[tuple[Engines, Settings]] = []


def _engines() -> tuple[Engines, Settings]:
    """Those of this process; nothing is assessed, so that what is kept are the signals alone."""
    if not _LOADED:
        cv2.setNumThreads(1)
        settings = Settings(threads=1, calibration=False)
        _LOADED.append((Engines(settings), settings))
    return _LOADED[0]


def save(path: Path, readings: Readings) -> None:
    """Write a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part.npz")
    np.savez_compressed(
        part,
        about=np.array([readings.name, readings.condition]),
        signals=readings.signals,
        right=readings.right,
        held_back=readings.held_back,
        accepted=readings.accepted,
        names=np.array(NAMES),
    )
    part.replace(path)


def load(path: Path) -> Readings:
    """Read a file.

    Raises:
        ValueError: it was made with other signals.
    """
    with np.load(path) as data:
        if tuple(data["names"].tolist()) != NAMES:
            raise ValueError(f"{path} has other signals; remove {path.parent} and make it again")
        name, condition = data["about"].tolist()
        arrays = {key: data[key] for key in ("signals", "right", "held_back", "accepted")}
    return Readings(name, condition, **arrays)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the files and say how much is right: 0."""
    parser = argparse.ArgumentParser(
        prog="python -m training calibration-data", description=__doc__
    )
    parser.add_argument("-n", type=int, default=600, metavar="N", help="documents")
    parser.add_argument("--folder", type=Path, default=FOLDER, metavar="DIR")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    options = parser.parse_args(arguments)
    plans = plan_corpus(MIX, Split.CALIBRATION, options.n, SEED)
    make = partial(make_file, folder=options.folder)
    with progress_bar() as bar, get_context("spawn").Pool(options.workers) as pool:
        task = bar.add_task("documents", total=len(plans), said="")
        for said in pool.imap(make, plans):
            bar.update(task, advance=1)
            if said:
                bar.console.print(said)
    every = [load(path) for path in sorted(options.folder.glob("[!.]*.npz"))]
    cells = sum(map(len, every))
    wrong = sum(int((~one.right).sum()) for one in every)
    silent = sum(int((~one.right & one.accepted).sum()) for one in every)
    sys.stdout.write(
        f"{len(every)} documents, {cells} readings, {wrong} wrong, {silent} of them accepted by "
        "the rules alone\n"
    )
    return 0
