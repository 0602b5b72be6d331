"""What was read of documents, kept undecided, so that a suite can be decided again in seconds.

`python -m eval ablation` keeps it; `python -m eval SUITE --kept DIR` decides it. Reading takes
nearly all of the time, and neither the decoder nor the calibrator has a part in it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from eval.cases import Case, Problem
from extractor.calibrator import Calibrator
from extractor.engines import Engines, installed_models
from extractor.errors import ExtractorError
from extractor.export.json import to_dict
from extractor.pipeline import decided
from extractor.readings import from_bytes, to_bytes
from extractor.schema import Schema, load_schema
from extractor.settings import Settings
from extractor.types import Extraction

FOLDER = "readings"
_MADE_WITH = "made-with.json"
Decided = Mapping[str, Any] | str


def prepare(folder: Path, settings: Settings, commit: str) -> None:
    """Make a folder for what is read by the product as it is.

    Raises:
        ValueError: it has what other readers have read.
    """
    about = {**_made_with(settings), "commit": commit}
    path = folder / _MADE_WITH
    if path.is_file() and json.loads(path.read_text(encoding="utf-8")) != about:
        raise ValueError(f"{folder} has what another version has read; remove it")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def read_by(folder: Path, settings: Settings) -> str:
    """The commit that a folder was read with.

    Raises:
        ValueError: there is no such folder, or it was read with other models or settings.
    """
    path = folder / _MADE_WITH
    if not path.is_file():
        raise ValueError(f"{path} is not there; python -m eval ablation keeps what it reads")
    about = json.loads(path.read_text(encoding="utf-8"))
    commit: str = about.pop("commit")
    if about != _made_with(settings):
        raise ValueError(f"{folder} was read with other models or settings; read it again")
    return commit


def _made_with(settings: Settings) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        json.dumps({"models": installed_models(), "settings": settings.of_reading()})
    )
    return found


def path_of(folder: Path, name: str) -> Path:
    return folder / f"{name}.reading"


def keep(folder: Path, name: str, extraction: Extraction) -> None:
    """Write what was read of one document, whole or not at all."""
    part = folder / f".{name}.part"
    part.write_bytes(to_bytes(extraction))
    part.replace(path_of(folder, name))


def decide_all(
    cases: Sequence[Case], folder: Path, settings: Settings, *, workers: int
) -> tuple[dict[str, Mapping[str, Any]], list[Problem]]:
    """Results by case name, and what could not be decided, with reasons."""
    decide = partial(_decide, folder=folder, settings=settings)
    names = [case.name for case in cases if case.document is not None]
    if workers == 1:
        found = list(map(decide, names))
    else:
        with get_context("spawn").Pool(workers) as pool:
            found = pool.map(decide, names)
    results = {
        name: one for name, one in zip(names, found, strict=True) if not isinstance(one, str)
    }
    problems = [
        Problem(name, one) for name, one in zip(names, found, strict=True) if isinstance(one, str)
    ]
    return results, problems


_LOADED: dict[str, tuple[Schema, Calibrator | None]] = {}
"""By settings: parts that are left out may have no calibrator."""


def _decide(name: str, *, folder: Path, settings: Settings) -> Decided:
    """The result of one document, or why there is none."""
    key = settings.model_dump_json()
    if key not in _LOADED:
        schema = load_schema()
        calibrator = (
            Engines(settings).calibrator_for(schema, settings) if settings.calibration else None
        )
        _LOADED[key] = (schema, calibrator)
    schema, calibrator = _LOADED[key]
    path = path_of(folder, name)
    if not path.is_file():
        return "nothing is kept of it"
    try:
        read = from_bytes(path.read_bytes())
        start = time.perf_counter()
        found = decided(read, schema, settings, calibrator)
        seconds = {**read.seconds, "decode": time.perf_counter() - start}
        return to_dict(replace(found, seconds=seconds))
    except ExtractorError as error:
        return f"{error.code}: {error}"
