"""The pipeline as a worker process runs it: page by page, each kept in the document's folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from extractor import __version__, ingest, readings
from extractor.calibrator import Calibrator
from extractor.engines import Engines
from extractor.errors import CorruptInput
from extractor.export import FORMATS
from extractor.page_folder import PageFolder, read_ahead
from extractor.page_readings import PageReading, read_page
from extractor.pages import inspect
from extractor.pipeline import decided, extract
from extractor.previous import last_year, read_previous
from extractor.schema import load_schema
from extractor.service.answers import carried, told
from extractor.service.outcomes import outcome_of
from extractor.service.tasks import (
    Outcome,
    Task,
    reading_name,
    result_name,
    source_bytes,
    write_whole,
)
from extractor.service.worker import Report
from extractor.settings import Settings
from extractor.types import Extraction, Source


class Extracting:
    """`Work` that extracts."""

    def __init__(self, settings: Settings) -> None:
        """Load the engines.

        Raises:
            ModelError: the models are missing or not the pinned ones.
        """
        self._settings = settings
        self._engines = Engines(settings)
        _ = self._engines.ocr  # loaded when first asked for; a service that is ready has asked
        self._schema = load_schema()
        made_with = [__version__, dict(self._engines.models), settings.of_reading()]
        text = json.dumps(made_with, sort_keys=True)
        # What other models or settings have read is not gone on with.
        self._stamp = hashlib.sha256(text.encode()).hexdigest()[:12]

    def open(self, task: Task) -> int:
        source = self._source(task)
        count = inspect(source, self._settings) if source.kind.is_paged else 0
        if task.generation:  # of an attempt that was given up
            for path in task.folder.glob(f"g{task.generation}-*"):
                path.unlink(missing_ok=True)
        for page in range(1, count + 1):
            kept = self._pages(task).find(page)
            if kept is not None and kept.failures:  # for want of time or memory, perhaps
                self._pages(task).path(page).unlink(missing_ok=True)
        return count

    def read(self, task: Task, page: int, seconds: float) -> None:
        if self._pages(task).find(page) is None:
            self._read(task, self._source(task), page, seconds)

    def read_ahead(self, task: Task, seconds: float) -> bool:
        source, pages = self._source(task), self._pages(task)
        n_read = read_ahead(
            source, self._engines, self._settings, pages, lambda *_: None, seconds=seconds, most=1
        )
        return n_read > 0

    def finish(self, task: Task, report: Report) -> Outcome:
        source, settings = self._source(task), self._settings
        pages: list[PageReading] | None = None
        if source.kind.is_paged:
            count = inspect(source, settings)
            kept = self._pages(task)
            pages = [
                kept.find(n) or self._read(task, source, n, settings.max_seconds)
                for n in range(1, count + 1)
            ]
        extraction = extract(
            source, self._engines, settings, schema=self._schema, progress=report, pages=pages
        )
        report("export", 0, 0)
        self._write(task, extraction)
        own = (f"g{task.generation}-",) if task.generation else ("result.", "reading.")
        for path in task.folder.iterdir():
            is_draft = path.name.endswith(".part") and path.name.startswith(own)
            if is_draft or path.name.startswith("read-"):  # drafts of others are being written
                path.unlink(missing_ok=True)
        return outcome_of(extraction)

    def compare(self, task: Task, previous: Path) -> Outcome:
        read = self._read_before(task, task.generation)
        known = last_year(read.facts, read_previous(previous))
        read = replace(read, reading=replace(read.reading, last_year=known))
        extraction = decided(read, self._schema, self._settings, self._calibrator())
        self._write(task, extraction)
        return outcome_of(extraction)

    def carry(
        self, task: Task, decisions: Mapping[str, Mapping[str, Any]], version: int
    ) -> Outcome:
        read = self._read_before(task, task.generation)
        try:
            before = self._read_before(task, task.generation - 1).reading
        except (CorruptInput, FileNotFoundError):  # of another version: see `carried`
            before = None
        answers = told(carried(decisions, before, read.reading))
        extraction = decided(read, self._schema, self._settings, self._calibrator(), answers)
        path = task.folder / result_name("json", version, task.generation)
        write_whole(path, FORMATS["json"](extraction, self._schema))
        return outcome_of(extraction)

    def _calibrator(self) -> Calibrator | None:
        is_wanted = self._settings.calibration
        return self._engines.calibrator_for(self._schema, self._settings) if is_wanted else None

    def _read_before(self, task: Task, generation: int) -> Extraction:
        return readings.from_bytes((task.folder / reading_name(generation)).read_bytes())

    def _write(self, task: Task, extraction: Extraction) -> None:
        for name, write in FORMATS.items():
            path = task.folder / result_name(name, generation=task.generation)
            write_whole(path, write(extraction, self._schema))
        path = task.folder / reading_name(task.generation)
        write_whole(path, readings.to_bytes(extraction))

    def _source(self, task: Task) -> Source:
        return ingest.identify(task.name, source_bytes(task.folder, task.name), self._settings)

    def _pages(self, task: Task) -> PageFolder:
        return PageFolder(task.folder, f"read-{self._stamp}-")

    def _read(self, task: Task, source: Source, page: int, seconds: float) -> PageReading:
        kept = self._pages(task)
        with kept.locked(page, wait=True):
            reading = kept.find(page)  # by now, perhaps
            if reading is None:
                reading = read_page(source, page, self._engines, self._settings, seconds)
                kept.keep(reading)
        return reading
