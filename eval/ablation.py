"""What a part of the product brings: documents with it and without it, side by side.

    python -m eval ablation FOLDER|SUITE --without token_classifier [--without …] -o DIR

Every document is extracted by the whole product, and by the product without each of the parts (the
names of settings that are true or false), one after the other in one process. What the OCR networks
said of an image is remembered (`DIR/ocr`): an ablation of what comes after takes little more time
than one run, and reading all anew, with another classifier say, takes little time. What was read is
kept by part, so that `python -m eval SUITE --kept DIR/whole` decides it again; the same command
does not read again what is there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2

from eval import kept, suites
from eval.cases import Case, load_cases
from eval.comparison import Comparison, compare
from eval.run import commit, sample
from eval.summary import summarise
from extractor.engines import Engines
from extractor.ingest import identify
from extractor.pipeline import extract
from extractor.settings import Settings
from extractor.types import Verdict
from training.ocr_memory import Remembering

WHOLE, OCR = "whole", "ocr"


_LOADED: dict[Path, tuple[Engines, Remembering]] = {}


def _engines(folder: Path) -> tuple[Engines, Remembering]:
    """Those of this process."""
    if folder not in _LOADED:
        cv2.setNumThreads(1)
        settings = Settings(threads=1)
        engines = Engines(settings)
        memory = Remembering(engines.ocr, settings, folder)
        engines.__dict__["ocr"] = memory  # where `cached_property` keeps it
        _LOADED[folder] = (engines, memory)
    return _LOADED[folder]


def _read(case: Case, *, parts: Sequence[str], output: Path) -> None:
    """Keep what is read of a case by part that is left out; nothing where it is refused."""
    if case.document is None:
        return
    if all(kept.path_of(output / part, case.name).is_file() for part in (WHOLE, *parts)):
        return
    engines, memory = _engines(output / OCR)
    with memory.document(case.name):
        for part in (WHOLE, *parts):
            folder = output / part
            if kept.path_of(folder, case.name).is_file():
                continue
            settings = settings_without(part)
            try:
                source = identify(case.document.name, case.document.read_bytes(), settings)
                kept.keep(folder, case.name, extract(source, engines, settings))
            except Exception as error:  # one document never ends a run of hours
                sys.stderr.write(f"{case.name}, {part}: {type(error).__name__}: {error}\n")


def settings_without(part: str) -> Settings:
    return Settings(threads=1).model_copy(update={} if part == WHOLE else {part: False})


def main(argv: Sequence[str]) -> int:
    """Print a table: 0; 2 for wrong usage."""
    switches = [name for name, field in Settings.model_fields.items() if field.annotation is bool]
    parser = argparse.ArgumentParser(prog="python -m eval ablation", description=__doc__)
    parser.add_argument("documents", metavar="FOLDER|SUITE")
    parser.add_argument("--without", action="append", choices=switches, default=[])
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
    parts = (WHOLE, *options.without)
    try:
        for part in parts:
            kept.prepare(options.output / part, settings_without(part), commit())
    except ValueError as error:
        parser.error(str(error))
    for i, _ in enumerate(_each(cases, options), start=1):
        sys.stderr.write(f"\r{i} of {len(cases)} documents")
    sys.stderr.write("\n")
    found: dict[str, list[Comparison]] = {}
    for part in parts:
        results, _ = kept.decide_all(
            cases, options.output / part, settings_without(part), workers=1
        )
        found[part] = [compare(case, results.get(case.name)) for case in cases]
    print(table(found))
    return 0


def _each(cases: Sequence[Case], options: argparse.Namespace) -> Iterator[None]:
    read = partial(_read, parts=tuple(options.without), output=options.output)
    if options.workers == 1:
        yield from map(read, cases)
        return
    with get_context("spawn").Pool(options.workers) as pool:
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
