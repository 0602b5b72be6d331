"""Many documents in processes of their own, so that no document can harm another or the caller.

Every worker process has its own pipe and one document at a time. The parent always knows which
document a process is on: if the process dies (a crash inside a library, killed for memory) or takes
too long, exactly that document has failed and a fresh process goes on with the next. A single
worker is a process of its own, too, for the same reason. Finished files come back as bytes and are
written by the caller, so that a process that is stopped never leaves a file half written.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from extractor.errors import ExtractorError
from extractor.ingest import Found
from extractor.settings import Settings
from extractor.types import PriorReport

log = logging.getLogger(__name__)

CRASHED = "worker_crashed"
TOO_SLOW = "too_slow"
OUT_OF_MEMORY = "out_of_memory"
INTERNAL_ERROR = "internal_error"

_GRACE = 1.25
"""A document is stopped after this multiple of `Settings.max_seconds`: by then the pipeline should
have ended by itself with the pages that it had time for."""

_START_SECONDS = 120.0
_END_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Done:
    """A document that was extracted. `flagged` counts cells and key figures, `flagged_figures` the
    latter; `contents` has the bytes of each format; `reasons` says what failed in it."""

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
Work = Callable[[Found, Report], Done]
Prepare = Callable[[Settings, Sequence[str]], Work]
"""Loads what is heavy, once a process, and returns what extracts one document."""


def run_batch(
    documents: Sequence[Found],
    settings: Settings,
    *,
    formats: Sequence[str],
    workers: int,
    prepare: Prepare | None = None,
    verbose: bool = False,
) -> Generator[Outcome | Progress, None, None]:
    """Extract documents side by side.

    Args:
        documents: what to extract.
        settings: limits; sent to the workers.
        formats: keys of `export.FORMATS`.
        workers: number of processes, at least 1.
        prepare: what a process does before its first document; a function of a module. The
            pipeline if None.
        verbose: log warnings and unexpected errors to stderr.

    Yields:
        Exactly one outcome a document, as they finish, and progress in between. Closing the
        iterator stops all processes.
    """
    waiting = deque(documents)
    crew: list[_Worker] = []
    try:
        while True:
            crew = [worker for worker in crew if worker.document or not worker.pipe.closed]
            idle = [worker for worker in crew if worker.document is None]
            while waiting and (idle or len(crew) < workers):
                if not idle:
                    crew.append(_Worker(settings, formats, prepare or prepare_extraction, verbose))
                worker = idle.pop() if idle else crew[-1]
                worker.begin(waiting.popleft())
            busy = [worker for worker in crew if worker.document]
            if not busy:
                return
            timeout = min(worker.seconds_left(settings) for worker in busy)
            wait([worker.pipe for worker in busy], max(0.0, timeout))
            for worker in busy:
                yield from worker.messages(settings)
    finally:
        for worker in crew:
            worker.stop()


class _Worker:
    """The parent's view of one process."""

    def __init__(
        self, settings: Settings, formats: Sequence[str], prepare: Prepare, verbose: bool
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, remote = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=_serve, args=(remote, settings, tuple(formats), prepare, verbose), daemon=True
        )
        self.process.start()
        remote.close()
        self.document: Found | None = None
        self._begun = 0.0
        self._is_ready = False

    def begin(self, document: Found) -> None:
        self.document = document
        self._begun = time.monotonic()
        with suppress(OSError):  # a process that is gone is noticed when it is listened to
            self.pipe.send(document)

    def seconds_left(self, settings: Settings) -> float:
        """Until the document must be stopped; the time to load the engines does not count."""
        limit = settings.max_seconds * _GRACE
        if not self._is_ready:
            limit = max(limit, _START_SECONDS)
        return self._begun + limit - time.monotonic()

    def messages(self, settings: Settings) -> Iterator[Outcome | Progress]:
        """What has happened since; a process that has died or must be stopped included."""
        document = self.document
        if document is None:
            return
        try:
            while self.pipe.poll():
                message = self.pipe.recv()
                if message is None:
                    self._is_ready, self._begun = True, time.monotonic()
                    continue
                yield message
                if not isinstance(message, Progress):
                    self.document = None
                    return
        except (EOFError, OSError):
            self.document = None
            self.process.join(_END_SECONDS)
            self.stop()
            yield Failed(document.name, CRASHED, self._how_it_ended())
            return
        if self.seconds_left(settings) <= 0:
            self.document = None
            self.stop()
            reason = (
                f"stopped after {settings.max_seconds * _GRACE:.0f} s; split the document or raise "
                "EXTRACTOR_MAX_SECONDS"
            )
            yield Failed(document.name, TOO_SLOW, reason)

    def stop(self) -> None:
        """End the process with all that it has started itself, such as a converter."""
        self.pipe.close()
        with suppress(OSError):
            if self.process.pid is not None:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join(_END_SECONDS)

    def _how_it_ended(self) -> str:
        code = self.process.exitcode
        if code is not None and -code == signal.SIGKILL:
            return (
                "its process was killed, most likely because memory ran out; try fewer workers or "
                "split the document"
            )
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return f"its process ended unexpectedly ({how}); the other documents are not affected"


# --- in the process ----------------------------------------------------------------------------


def _serve(
    pipe: Connection, settings: Settings, formats: tuple[str, ...], prepare: Prepare, verbose: bool
) -> None:
    """The main function of a process: documents in, outcomes out, until the pipe closes."""
    os.setsid()  # a group of its own, so that Ctrl-C goes to the parent, which decides
    logging.basicConfig(level=logging.WARNING if verbose else logging.CRITICAL)
    with suppress(EOFError, OSError):
        work: Work | None = None
        while True:
            document: Found = pipe.recv()
            started = work is None
            try:
                work = work or prepare(settings, formats)
            except ExtractorError as error:
                pipe.send(Failed(document.name, error.code, str(error)))
                continue
            if started:
                pipe.send(None)
            pipe.send(_outcome(document, work, pipe))


def _outcome(document: Found, work: Work, pipe: Connection) -> Outcome:
    """One document; the barrier that keeps the process alive whatever is in it."""
    name = document.name

    def report(stage: str, page: int, pages: int) -> None:
        pipe.send(Progress(name, stage, page, pages))

    try:
        return work(document, report)
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
    from extractor import ingest
    from extractor.engines import Engines
    from extractor.export import FORMATS
    from extractor.pipeline import extract
    from extractor.schema import load_schema
    from extractor.types import CellStatus

    engines = Engines(settings)
    schema = load_schema()

    def work(document: Found, report: Report) -> Done:
        start = time.perf_counter()
        source = ingest.identify(document.name, document.load(), settings)
        extraction = extract(
            source, engines, settings, schema=schema, previous=previous, progress=report
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
            contents={name: FORMATS[name](extraction, schema) for name in formats},
            seconds=time.perf_counter() - start,
            flagged_figures=statuses[len(cells) :].count(CellStatus.FLAGGED),
        )

    return work
