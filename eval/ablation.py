"""What a part of the product brings: documents with it and without it, side by side.

    python -m eval ablation FOLDER|SUITE --without token_classifier [--without …] -o DIR

Every document is extracted by the whole product, and by the product without each of the parts (the
names of settings that are true or false), one after the other in one process. What the OCR network
said of an image is remembered while the document is read, so that an ablation of what comes after
takes little more time than one run. Results are kept by part, as `python -m eval` keeps them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2

from eval import suites
from eval.cases import Case, load_cases
from eval.comparison import Comparison, compare
from eval.run import sample
from eval.summary import summarise
from extractor.engines import Engines
from extractor.export.json import to_dict
from extractor.ingest import identify
from extractor.ocr import OcrEngine
from extractor.orientation import Quads
from extractor.pipeline import extract
from extractor.settings import Settings
from extractor.strips import Strip
from extractor.types import Image, Verdict

WHOLE = "whole"


class Remembering:
    """An OCR engine that is asked once about every image, until it is told to forget."""

    def __init__(self, engine: OcrEngine) -> None:
        self._engine = engine
        self._found: dict[bytes, Quads] = {}
        self._read: dict[bytes, Strip] = {}

    @property
    def models(self) -> Mapping[str, str]:
        return self._engine.models

    def detect(self, image: Image, ratio: float) -> Quads:
        key = _digest(image, str(ratio))
        if key not in self._found:
            self._found[key] = self._engine.detect(image, ratio)
        return self._found[key]

    def recognize(self, crops: Sequence[Image]) -> list[Strip]:
        keys = [_digest(crop) for crop in crops]
        new = {key: crop for key, crop in zip(keys, crops, strict=True) if key not in self._read}
        if new:
            strips = self._engine.recognize(list(new.values()))
            self._read.update(zip(new, strips, strict=True))
        return [self._read[key] for key in keys]

    def forget(self) -> None:
        self._found.clear()
        self._read.clear()


def _digest(image: Image, more: str = "") -> bytes:
    found = hashlib.blake2b(f"{image.shape} {more}".encode(), digest_size=16)
    found.update(image.tobytes())
    return found.digest()


_LOADED: list[tuple[Engines, Remembering]] = []


def _engines() -> tuple[Engines, Remembering]:
    """Those of this process."""
    if not _LOADED:
        cv2.setNumThreads(1)
        engines = Engines(Settings(threads=1))
        memory = Remembering(engines.ocr)
        engines.__dict__["ocr"] = memory  # where `cached_property` keeps it
        _LOADED.append((engines, memory))
    return _LOADED[0]


def _extract(case: Case, *, parts: Sequence[str]) -> tuple[str, dict[str, dict[str, Any] | None]]:
    """The name of a case, and its result by part that was left out; None where it was refused."""
    engines, memory = _engines()
    results: dict[str, dict[str, Any] | None] = {}
    for part in (WHOLE, *parts):
        chosen = {name: name != part for name in parts}
        settings = Settings(threads=1).model_copy(update=chosen)
        try:
            results[part] = _result(case, engines, settings)
        except Exception as error:  # one document never ends a run of hours
            sys.stderr.write(f"{case.name}, {part}: {type(error).__name__}: {error}\n")
            results[part] = None
    memory.forget()
    return case.name, results


def _result(case: Case, engines: Engines, settings: Settings) -> dict[str, Any]:
    if case.document is None:
        raise FileNotFoundError("it has no document")
    source = identify(case.document.name, case.document.read_bytes(), settings)
    return to_dict(extract(source, engines, settings))


def main(argv: Sequence[str]) -> int:
    """Print a table: 0; 2 for wrong usage."""
    switches = [name for name, field in Settings.model_fields.items() if field.annotation is bool]
    parser = argparse.ArgumentParser(prog="python -m eval ablation", description=__doc__)
    parser.add_argument("documents", metavar="FOLDER|SUITE")
    parser.add_argument("--without", action="append", choices=switches, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--limit", type=int, metavar="N", help="an even sample of N documents")
    options = parser.parse_args(argv)
    folder, names = Path(options.documents), None
    if options.documents in suites.SUITES:
        made = suites.materialise(options.documents, workers=options.workers)
        folder, names = made.folder, made.names
    if not folder.is_dir():
        parser.error(f"{options.documents} is neither a folder nor a suite")
    cases, _ = load_cases(folder)
    cases = tuple(c for c in cases if c.document is not None and (not names or c.name in names))
    cases = sample(cases, options.limit)
    by_name = {case.name: case for case in cases}
    found: dict[str, list[Comparison]] = {part: [] for part in (WHOLE, *options.without)}
    for i, (name, results) in enumerate(_each(cases, options.without, options.workers), start=1):
        for part, result in results.items():
            if result is not None:
                path = options.output / part / f"{name}.json"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
            found[part].append(compare(by_name[name], result))
        sys.stderr.write(f"\r{i} of {len(cases)} documents")
    sys.stderr.write("\n")
    print(table(found))
    return 0


def _each(
    cases: Sequence[Case], parts: Sequence[str], workers: int
) -> Iterator[tuple[str, dict[str, dict[str, Any] | None]]]:
    read = partial(_extract, parts=tuple(parts))
    if workers == 1:
        yield from map(read, cases)
        return
    with get_context("spawn").Pool(workers) as pool:
        yield from pool.imap_unordered(read, cases)


def table(found: Mapping[str, Sequence[Comparison]]) -> str:
    """One line for the whole product and for each part that was left out, then one each for what
    became of the reports' own errors."""
    lines = ["without            documents   cells  whole documents  flagged   silent  figures F1"]
    errors = ["errors of the reports, without:"]
    for part, comparisons in found.items():
        summary = summarise(comparisons)
        planted, false = summary["planted"], summary["false_findings"]
        errors.append(
            f"{'-' if part == WHOLE else part:18} {planted['visible']} visible, found"
            + _put(planted["found"], "7.1%", 7)
            + ", reported"
            + _put(planted["reported"], "7.1%", 7)
            + f", silently repaired {planted['repaired']}; findings about sums that hold: "
            + ", ".join(f"{false[verdict]} {verdict}" for verdict in Verdict)
        )
        silent = summary["silent"] and summary["silent"]["share"]
        lines.append(
            f"{'-' if part == WHOLE else part:18} {len(comparisons):9} "
            + _put(summary["cell_exact"], "7.3%", 7)
            + _put(summary["document_exact"], "17.1%", 17)
            + _put(summary["flagged"], "9.2%", 9)
            + _put(silent, "9.4%", 9)
            + _put(summary["figures"]["f1"], "12.3f", 12)
        )
    return "\n".join([*lines, *errors])


def _put(value: float | None, form: str, width: int) -> str:
    return "-".rjust(width) if value is None else format(value, form)
