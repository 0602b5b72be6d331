"""One page of a document in, its sheets out: all that is read before pages are looked at together.

A page reading can be kept as bytes, so that a document whose extraction was interrupted goes on
with the first page that was not read.
"""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from pydantic import TypeAdapter, ValidationError

from extractor.engines import Engines
from extractor.errors import CorruptInput, InputTooLarge
from extractor.ocr import recognize_page
from extractor.pages import Pages, open_pages
from extractor.ruling import find_ruling
from extractor.run import Progress, Run
from extractor.settings import Settings
from extractor.tokens import tokenize_page
from extractor.types import Box, Failure, Line, Page, Sheet, Source, Warp


@dataclass(frozen=True, slots=True)
class PageReading:
    """One page as it was read.

    A page that failed has no sheets and says in `failures` why. `rotation_deg` is how it was
    turned, `is_scanned` whether it was read from pixels, `warp` how it was made flat.
    """

    number: int
    sheets: tuple[Sheet, ...]
    rotation_deg: float
    is_scanned: bool
    warp: Warp | None
    failures: tuple[Failure, ...]
    seconds: Mapping[str, float]


def read_pages(
    source: Source, engines: Engines, settings: Settings, progress: Progress
) -> tuple[PageReading, ...]:
    """Every page of a document with pages. One that fails does not touch the others.

    Raises:
        InputError: the document cannot be opened.
        ModelError: the models cannot be loaded.
    """
    deadline = time.monotonic() + settings.max_seconds
    with open_pages(source, settings) as pages:
        return tuple(
            read_opened(pages, number, engines, settings, progress, deadline)
            for number in range(1, pages.count + 1)
        )


def read_page(
    source: Source, number: int, engines: Engines, settings: Settings, seconds: float
) -> PageReading:
    """Page `number` alone, if that can begin within so many seconds; else it has failed.

    Raises:
        InputError: the document cannot be opened.
        ModelError: the models cannot be loaded.
    """
    deadline = time.monotonic() + seconds
    with open_pages(source, settings) as pages:
        return read_opened(pages, number, engines, settings, lambda *_: None, deadline)


def read_opened(
    pages: Pages,
    number: int,
    engines: Engines,
    settings: Settings,
    progress: Progress,
    deadline: float,
) -> PageReading:
    """A page of a document that is open, if that can begin before `deadline` (of
    `time.monotonic`); else it has failed.

    Raises:
        ModelError: the models cannot be loaded.
    """
    run = Run(progress)
    count = pages.count
    sheets: list[Sheet] = []
    rotation, warp, is_scanned = 0.0, None, False
    with run.barrier("ocr", number):
        if time.monotonic() > deadline:
            raise InputTooLarge(
                f"not read: the document took longer than {settings.max_seconds:.0f} s; "
                "split it or raise EXTRACTOR_MAX_SECONDS"
            )
        with run.stage("pages", number, count):
            page = pages.read(number)
        lines = page.lines
        cells: tuple[Box, ...] = ()
        if lines is None:
            is_scanned = True
            with run.stage("ocr", number, count):
                page, lines = recognize_page(page, engines.ocr, settings)
                if settings.ruled_lines:
                    cells = _ruled_cells(page, lines)
            warp = page.warp
        sheets += tokenize_page(page, lines, cells)
        rotation = page.rotation_deg
    failures = tuple(run.failures)
    return PageReading(number, tuple(sheets), rotation, is_scanned, warp, failures, run.seconds)


def _ruled_cells(page: Page, lines: Sequence[Line]) -> tuple[Box, ...]:
    """The cells between the ruled lines of a page that was read from pixels."""
    if page.image is None or not lines:
        return ()
    print_height = median(min(line.box.width, line.box.height) for line in lines)
    return find_ruling(page.image, print_height, [line.box for line in lines]).cells


# --- kept as bytes --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Kept:
    number: int
    sheets: tuple[Sheet, ...]
    rotation_deg: float
    is_scanned: bool
    warp: tuple[list[list[float]], list[list[float]]] | None
    failures: tuple[Failure, ...]
    seconds: dict[str, float]


_ADAPTER = TypeAdapter(_Kept)


def to_bytes(reading: PageReading) -> bytes:
    """Compressed JSON; before the pages are looked at together, so without meanings."""
    warp = reading.warp
    kept = _Kept(
        reading.number,
        reading.sheets,
        reading.rotation_deg,
        reading.is_scanned,
        None if warp is None else (warp.xs.tolist(), warp.ys.tolist()),
        reading.failures,
        dict(reading.seconds),
    )
    return gzip.compress(_ADAPTER.dump_json(kept), compresslevel=1, mtime=0)


def from_bytes(data: bytes) -> PageReading:
    """What `to_bytes` wrote.

    Raises:
        CorruptInput: it is damaged, or of another version.
    """
    try:
        kept = _ADAPTER.validate_json(gzip.decompress(data))
    except (OSError, EOFError, zlib.error, ValidationError) as error:
        raise CorruptInput(f"a kept page is damaged: {error}") from error
    warp = kept.warp
    return PageReading(
        kept.number,
        kept.sheets,
        kept.rotation_deg,
        kept.is_scanned,
        None
        if warp is None
        else Warp(np.asarray(warp[0], np.float32), np.asarray(warp[1], np.float32)),
        kept.failures,
        kept.seconds,
    )
