"""Planned documents into a folder: in parallel, resumable, every file whole or not there."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from training.synthesis.corpus import Mix, Plan, make_document
from training.synthesis.fonts import FILES, FONT_FOLDER
from training.synthesis.fonts import missing_files as missing
from training.synthesis.narrative.notation import fillers, patterns
from training.synthesis.splits import Split
from training.synthesis.truth import labels_to_bytes, to_json

_LIBRARIES = ("numpy", "opencv-contrib-python", "pillow", "pikepdf", "pypdfium2", "typst")


@dataclass(frozen=True, slots=True)
class Written:
    """One finished document: its name, its sha256, its pages (0 without pages)."""

    name: str
    sha256: str
    pages: int


def write_corpus(
    plans: Sequence[Plan], mix: Mix, folder: Path, *, workers: int = 1, labels: bool = False
) -> list[Written]:
    """Write the documents of a plan, with their truth, into a folder.

    What the same generator has made already is kept: the truth of a document is written last, so
    that a document with its truth is complete. Documents that the plan does not name are left
    alone.

    Args:
        plans: from `plan_corpus`; may be empty.
        mix: the one that the plan was made with.
        folder: made if it is not there.
        workers: processes; 1 works in this one.
        labels: also write `NAME.labels.json.gz`, the labels of every character.

    Returns:
        What is in the folder now, in the order of the plan.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob(".*.part"):
        stale.unlink()
    write = partial(_write, mix=mix, folder=folder, labels=labels)
    start = time.perf_counter()
    written = []
    with _progress() as progress:
        task = progress.add_task("documents", total=len(plans), pages="")
        pages = 0
        for item in _each(write, plans, workers):
            written.append(item)
            pages += item.pages
            rate = pages / (time.perf_counter() - start)
            progress.update(task, advance=1, pages=f"{rate:.1f} pages/s")
    return written


def _each(
    write: Callable[[Plan], Written], plans: Sequence[Plan], workers: int
) -> Iterator[Written]:
    if workers == 1:
        yield from map(write, plans)
        return
    # A fresh interpreter: the PDF library and OpenCV do not survive a fork in every state.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            yield from pool.map(write, plans)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _write(plan: Plan, *, mix: Mix, folder: Path, labels: bool) -> Written:
    answer_path = folder / f"{plan.name}.truth.json"
    label_path = folder / f"{plan.name}.labels.json.gz"
    if answer_path.is_file() and (label_path.is_file() or not labels):
        with suppress(ValueError, KeyError, OSError):
            return _finished(json.loads(answer_path.read_text(encoding="utf-8")), folder, mix, plan)
    document = make_document(plan, mix)
    answer = document.truth | {"generator": generator_version(mix, plan.split)}
    _put(folder / document.name, document.data)
    if labels:
        _put(label_path, labels_to_bytes(document.runs))
    else:
        label_path.unlink(missing_ok=True)  # those of another version
    _put(answer_path, to_json(answer))
    return _finished(answer, folder, mix, plan)


def _finished(answer: dict[str, object], folder: Path, mix: Mix, plan: Plan) -> Written:
    """What a truth states of its document.

    Raises:
        ValueError: the document beside it is another one, or another generator made it.
    """
    name, sha256 = str(answer["document"]), str(answer["sha256"])
    if answer["generator"] != generator_version(mix, plan.split):
        raise ValueError(f"{name} was made by another version of the generator")
    if hashlib.sha256((folder / name).read_bytes()).hexdigest() != sha256:
        raise ValueError(f"{name} is not the document that its truth was made with")
    return Written(name, sha256, int(str(answer["pages"])))


def generator_version(mix: Mix, split: Split) -> str:
    """Stands for everything that documents of a split are made by: this package with the sentences
    of the split, the mix, fonts, libraries."""
    return hashlib.sha256(f"{_made_by(split)} {mix}".encode()).hexdigest()[:12]


@cache
def _made_by(split: Split) -> str:
    fonts = sorted((FONT_FOLDER / name).stat().st_size for name in FILES if name not in missing())
    libraries = [f"{name} {version(name)}" for name in _LIBRARIES]
    digest = hashlib.sha256(f"{fonts} {libraries}".encode())
    folder = Path(__file__).parent
    said = (patterns(split), *fillers(split).values())
    digest.update(repr([(p.topic, p.text) for group in said for p in group]).encode())
    for path in sorted((*folder.rglob("*.py"), *folder.rglob("*.yaml"))):
        if path.parent.name == "patterns" or path.name == "fillers.yaml":
            continue  # they hold the sentences of all splits
        digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _put(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pages]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=False,
    )
