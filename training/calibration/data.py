"""`python -m training calibration-data`: the readings that the calibrator is fitted on.

Documents of the calibration split, of every kind that the suites have, are made from their seeds
and read by the product as it is. What was read is kept undecided beside its truth, of the documents
nothing: signals follow from it whenever they are asked for, so that decoding and signals can change
without anything being read again. What is finished is not made again; after a change of the readers
remove the readings, and keep the folder `ocr` in it, unless it was the OCR that changed.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor import figure_signals, ingest, signals
from extractor.calibrator import KINDS, SIGNALS
from extractor.characters import canonical
from extractor.engines import Engines, installed_models
from extractor.errors import CorruptInput, ExtractorError
from extractor.figure_flags import is_held_back
from extractor.flag import SOFT, kinds_of
from extractor.pipeline import decided, extract
from extractor.readings import from_bytes, to_bytes
from extractor.schema import load_schema
from extractor.settings import Settings
from extractor.types import Cell, CellStatus, Extraction, Figure
from training.ocr_memory import Remembering
from training.progress import progress_bar
from training.synthesis.corpus import LAYOUT_CONDITIONS, Mix, Plan, make_document, plan_corpus
from training.synthesis.paper import GROUPS
from training.synthesis.splits import Split

FOLDER = Path("build/calibration")
SEED = 61
ENDING = ".reading"
_STANDARD = {
    "text_layer": 0.3,
    **{name: 0.2 / len(LAYOUT_CONDITIONS) for name in LAYOUT_CONDITIONS},
    **{name: 0.5 / len(GROUPS["standard"]) for name in GROUPS["standard"]},
}
_WORDS = 4
_VARIABLE = re.compile(r"[“《\"].*?[”》\"]|[一二三四五六七八九十百千万亿零两余多近约]|[^一-鿿]")
Truth = Mapping[str, Any]
_HARSH = (*GROUPS["harsh"], "garbled", "mixed", "picture")
MIX = Mix({**_STANDARD, **{name: 1.0 / len(_HARSH) for name in _HARSH}}, statements=6)
"""Half of what `standard` has, half of what `harsh` has; a few more sentences with key figures."""


@dataclass(frozen=True, slots=True)
class Items:
    """N readings: `signals` (N, F), whether each is right (N,), whether something flags it whatever
    its probability (N,), and whether the rules alone accept it (N,).

    `group` (N,) tells which go wrong together: cells of one document, figures in sentences of one
    wording, whatever documents they stand in.
    """

    signals: NDArray[np.float32]
    right: NDArray[np.bool_]
    held_back: NDArray[np.bool_]
    accepted: NDArray[np.bool_]
    group: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.right)


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read in one document: the cells of its tables, and the key figures of its text.

    `alternatives` (K, 2) are those of the K that cells which are wrong have: the place of its kind
    in `calibrator.KINDS`, and whether it is right. `made_with` tells the models and settings.
    """

    name: str
    condition: str
    cells: Items
    figures: Items
    alternatives: NDArray[np.int8]
    made_with: str = ""


def made_with(settings: Settings) -> str:
    """What readings depend on besides the code: models and settings, as JSON."""
    content = {"models": installed_models(), "settings": settings.of_reading()}
    return json.dumps(content, sort_keys=True)


def readings_of(name: str, condition: str, extraction: Extraction, truth: Truth) -> Readings:
    """Compare what was read with the truth of a document."""
    read = [cell for table in extraction.tables for cell in table.cells if cell.signals]
    figures = extraction.figures
    return Readings(
        name,
        condition,
        _items(
            [cell.signals for cell in read],
            [_is_right(cell, truth) for cell in read],
            [not SOFT.issuperset(cell.flags) for cell in read],
            [cell.status is CellStatus.ACCEPTED for cell in read],
            [name] * len(read),
            len(signals.NAMES),
        ),
        _items(
            [figure.signals for figure in figures],
            _are_stated(figures, truth),
            [is_held_back(figure) for figure in figures],
            [figure.status is CellStatus.ACCEPTED for figure in figures],
            [wording(figure) for figure in figures],
            len(figure_signals.NAMES),
        ),
        np.array(
            [one for cell in read if not _is_right(cell, truth) for one in _others(cell, truth)],
            np.int8,
        ).reshape(-1, 2),
    )


def _others(cell: Cell, truth: Truth) -> list[tuple[int, bool]]:
    wanted = truth["slots"].get(cell.slot)
    number = None if wanted is None else Decimal(str(wanted))
    state = truth["cells"].get(cell.slot, {}).get("state", "number")
    return [
        (KINDS.index(kind), (other.value, other.state) == (number, state))
        for kind, other in zip(kinds_of(cell.alternatives), cell.alternatives, strict=True)
    ]


def _items(
    given: Sequence[Sequence[float]],
    right: Sequence[bool],
    held_back: Sequence[bool],
    accepted: Sequence[bool],
    groups: Sequence[str],
    width: int,
) -> Items:
    return Items(
        np.array(given, np.float32).reshape(-1, width),
        np.array(right, np.bool_),
        np.array(held_back, np.bool_),
        np.array(accepted, np.bool_),
        np.array([zlib.crc32(group.encode()) for group in groups], np.int64),
    )


def wording(figure: Figure) -> str:
    """The key of a figure with the words right before it, without names, numbers and signs: about
    what figures of one pattern share, whatever stands around their clause."""
    before, _, _ = canonical(figure.sentence).partition(canonical(figure.printed))
    return f"{figure.key} {_VARIABLE.sub('', before)[-_WORDS:]}"


def _is_right(cell: Cell, truth: Truth) -> bool:
    if cell.slot not in truth["slots"]:
        return False
    wanted, value = truth["slots"][cell.slot], cell.reading.value
    is_value = value is None if wanted is None else value == Decimal(str(wanted))
    stated = truth["cells"].get(cell.slot, {}).get("state", cell.reading.state)
    return is_value and stated == cell.reading.state


def _are_stated(figures: Sequence[Figure], truth: Truth) -> list[bool]:
    """Whether the text states each of them: as often as it does, key and value are right."""
    left = Counter(
        (one["key"], None if one["value"] is None else Decimal(str(one["value"])))
        for one in truth.get("figures", ())
    )
    found = []
    for figure in figures:
        what = (figure.key, figure.value)
        found.append(left[what] > 0)
        left[what] -= 1
    return found


def make_file(plan: Plan, *, folder: Path) -> str:
    """Read one document if that is not done; what is said of one that cannot be read."""
    path = folder / f"{plan.name}{ENDING}"
    if path.is_file():
        return ""
    document = make_document(plan, MIX)
    engines, settings, memory = _engines(folder / "ocr")
    try:
        source = ingest.identify(document.name, document.data, settings)
        with memory.document(plan.name):
            extraction = extract(source, engines, settings)
    except ExtractorError as error:
        return f"{plan.name} is left out: {error}"
    about = {
        "name": plan.name,
        "condition": plan.condition,
        "made_with": made_with(settings),
        "truth": document.truth,
    }
    save(path, extraction, about)
    return ""


_LOADED: dict[Path, tuple[Engines, Settings, Remembering]] = {}


def _engines(folder: Path) -> tuple[Engines, Settings, Remembering]:
    """Those of this process; nothing is assessed, so that what is kept are the signals alone."""
    if folder not in _LOADED:
        cv2.setNumThreads(1)
        settings = Settings(threads=1, calibration=False)
        engines = Engines(settings)
        memory = Remembering(engines.ocr, settings, folder)
        engines.__dict__["ocr"] = memory  # where `cached_property` keeps it
        _LOADED[folder] = (engines, settings, memory)
    return _LOADED[folder]


def save(path: Path, extraction: Extraction, about: Mapping[str, Any]) -> None:
    """Write what was read, and beside it, first, what is known about it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(about, ensure_ascii=False)
    for whole, data in ((_about(path), text.encode()), (path, to_bytes(extraction))):
        part = whole.with_name(f".{whole.name}.part")
        part.write_bytes(data)
        part.replace(whole)


def load(path: Path) -> Readings:
    """Decide what is kept in a file.

    Raises:
        ValueError: it was written by another version, or is damaged.
    """
    try:
        kept = from_bytes(path.read_bytes())
    except CorruptInput as error:
        raise ValueError(f"{path}: {error}; remove {path.parent} and make it again") from error
    about = json.loads(_about(path).read_text(encoding="utf-8"))
    decision = decided(kept, load_schema(), Settings(calibration=False, audit_rate=0))
    found = readings_of(about["name"], about["condition"], decision, about["truth"])
    return replace(found, made_with=about["made_with"])


def load_all(folder: Path, workers: int = 1) -> list[Readings]:
    """All of a folder, by name; see `load`."""
    paths = sorted(folder.glob(f"[!.]*{ENDING}"))
    if workers == 1:
        return [load(path) for path in paths]
    with get_context("spawn").Pool(workers) as pool:
        return pool.map(load, paths, chunksize=8)


def _about(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(ENDING) + ".truth.json")


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
    every = load_all(options.folder, options.workers)
    for kind in SIGNALS:
        items = [getattr(one, kind) for one in every]
        n, wrong = sum(map(len, items)), sum(int((~one.right).sum()) for one in items)
        silent = sum(int((~one.right & one.accepted).sum()) for one in items)
        sys.stdout.write(
            f"{len(every)} documents, {n} {kind}, {wrong} wrong, {silent} of them accepted by the "
            "rules alone\n"
        )
    return 0
