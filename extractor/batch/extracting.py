"""The pipeline as a process of a batch runs it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from extractor import ingest
from extractor.batch.worker import Done, Report
from extractor.engines import Engines
from extractor.export import FORMATS
from extractor.ingest import Found
from extractor.page_folder import PageFolder, read_ahead, read_together
from extractor.pipeline import extract
from extractor.schema import load_schema
from extractor.settings import Settings
from extractor.types import CellStatus, PriorReport


class Extracting:
    """`Work` that extracts."""

    def __init__(
        self, settings: Settings, formats: Sequence[str], previous: Sequence[PriorReport]
    ) -> None:
        self._settings = settings
        self._formats = formats
        self._previous = previous
        self._engines = Engines(settings)  # loads each when it is first asked for
        self._schema = load_schema()

    def extract(self, document: Found, folder: Path | None, report: Report) -> Done:
        start = time.perf_counter()
        settings, engines = self._settings, self._engines
        source = ingest.identify(document.name, document.load(), settings)
        pages = None
        if folder is not None and source.kind.is_paged:
            pages = read_together(source, engines, settings, report, PageFolder(folder))
        extraction = extract(
            source,
            engines,
            settings,
            schema=self._schema,
            previous=self._previous,
            progress=report,
            pages=pages,
        )
        report("export", 0, 0)
        cells = [cell for table in extraction.tables for cell in table.cells]
        statuses = [item.status for item in cells] + [item.status for item in extraction.figures]
        return Done(
            name=document.name,
            status=extraction.status.value,
            pages=extraction.pages,
            cells=len(cells),
            flagged=statuses.count(CellStatus.FLAGGED),
            findings=len(extraction.findings),
            reasons=tuple(failure.reason for failure in extraction.failures),
            contents={name: FORMATS[name](extraction, self._schema) for name in self._formats},
            seconds=time.perf_counter() - start,
            flagged_figures=statuses[len(cells) :].count(CellStatus.FLAGGED),
            sha256=extraction.sha256,
        )

    def read_ahead(self, document: Found, folder: Path, report: Report) -> None:
        settings = self._settings
        source = ingest.identify(document.name, document.load(), settings)
        kept = PageFolder(folder)
        read_ahead(source, self._engines, settings, kept, report, seconds=settings.max_seconds)
