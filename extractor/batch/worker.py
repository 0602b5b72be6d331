"""A process of a batch: documents in, outcomes out, one at a time, until its pipe closes.

The package starts it and says what to do. Between documents of its own it may read pages of another
process's document.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

from extractor.errors import ExtractorError
from extractor.ingest import Found
from extractor.settings import Settings
from extractor.types import PriorReport

log = logging.getLogger(__name__)

OUT_OF_MEMORY = "out_of_memory"
INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True)
class Done:
    """A document that was extracted. `flagged` counts cells and key figures, `flagged_figures` the
    latter; `contents` has the bytes of each format; `reasons` says what failed in it; `sha256` is
    of the document's bytes."""

    name: str
    status: str
    pages: int
    cells: int
    flagged: int
    findings: int
    reasons: tuple[str, ...]
    contents: Mapping[str, bytes] = field(repr=False)
    seconds: float = 0.0
    flagged_figures: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """A document without a result. `code` is stable, `reason` is for the user."""

    name: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a worker is; `page` counts from 1, 0 where the stage has no pages."""

    name: str
    stage: str
    page: int
    pages: int


Outcome = Done | Failed
Report = Callable[[str, int, int], None]


class Work(Protocol):
    """What a process does, with all that is heavy loaded."""

    def extract(self, document: Found, folder: Path | None, report: Report) -> Done:
        """Extract a document; others may read pages of it into `folder`, if there is one."""
        ...

    def read_ahead(self, document: Found, folder: Path, report: Report) -> None:
        """Read pages of a document that another process has into a folder, until all are read."""
        ...


Prepare = Callable[[Settings, Sequence[str]], Work]
"""Loads what is heavy, once a process, for the formats that are wanted."""


@dataclass(frozen=True, slots=True)
class Extract:
    """To a process: extract a document. Answered with progress and an outcome."""

    document: Found
    folder: Path | None


@dataclass(frozen=True, slots=True)
class ReadAhead:
    """To a process: help with a document that another one has. Answered with progress, so that it
    ends with its parent, and `Idle`."""

    document: Found
    folder: Path


@dataclass(frozen=True, slots=True)
class Ready:
    """From a process: it has loaded what is heavy."""


@dataclass(frozen=True, slots=True)
class Idle:
    """From a process: nothing is left to help with."""


def serve(
    pipe: Connection, settings: Settings, formats: tuple[str, ...], prepare: Prepare, verbose: bool
) -> None:
    """The main function of a process."""
    os.setsid()  # a group of its own, so that Ctrl-C goes to the parent, which decides
    logging.basicConfig(level=logging.WARNING if verbose else logging.CRITICAL)
    with suppress(EOFError, OSError):
        work: Work | None = None
        while True:
            order: Extract | ReadAhead = pipe.recv()
            if work is None:
                try:
                    work = prepare(settings, formats)
                except ExtractorError as error:
                    name = order.document.name
                    is_own = isinstance(order, Extract)
                    pipe.send(Failed(name, error.code, str(error)) if is_own else Idle())
                    continue
                pipe.send(Ready())
            report = partial(_report, pipe, order.document.name)
            if isinstance(order, Extract):
                pipe.send(_outcome(order, work, report))
            else:
                try:
                    work.read_ahead(order.document, order.folder, report)
                except Exception as error:  # whoever has the document meets it, or is done with it
                    log.info("no help with %s: %s", order.document.name, error)
                pipe.send(Idle())


def _report(pipe: Connection, name: str, stage: str, page: int, pages: int) -> None:
    pipe.send(Progress(name, stage, page, pages))


def _outcome(order: Extract, work: Work, report: Report) -> Outcome:
    """One document; the barrier that keeps the process alive whatever is in it."""
    name = order.document.name
    try:
        return work.extract(order.document, order.folder, report)
    except ExtractorError as error:
        return Failed(name, error.code, str(error))
    except MemoryError:
        return Failed(name, OUT_OF_MEMORY, "not enough memory; split the document")
    except Exception as error:  # a defect of ours, which must not end the batch
        log.exception("document %s", name)
        return Failed(name, INTERNAL_ERROR, f"unexpected {type(error).__name__}: {error}")


def prepare_extraction(
    settings: Settings, formats: Sequence[str], previous: Sequence[PriorReport] = ()
) -> Work:
    """The pipeline with its engines; the OCR is loaded by the first document that needs it.

    `previous` may hold last year's reports of the same bodies.
    """
    # Imported here: the parent needs none of the libraries behind it.
    from extractor.batch.extracting import Extracting

    return Extracting(settings, formats, previous)
