"""Many documents in processes of their own, so that no document can harm another or the caller.

Every worker process has its own pipe and one document at a time. The parent always knows which
document a process is on: if the process dies (a crash inside a library, killed for memory) or takes
too long, exactly that document has failed and a fresh process goes on with the next. A single
worker is a process of its own, too, for the same reason. Finished files come back as bytes and are
written by the caller, so that a process that is stopped never leaves a file half written.

When no document waits any more, processes that would be idle read pages of those that are being
read (`page_folder`).
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import tempfile
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from extractor.batch.worker import (
    Done,
    Extract,
    Failed,
    Idle,
    Outcome,
    Prepare,
    Progress,
    ReadAhead,
    Ready,
    Report,
    Work,
    prepare_extraction,
    serve,
)
from extractor.ingest import Found
from extractor.settings import Settings

__all__ = [
    "Done",
    "Failed",
    "Outcome",
    "Prepare",
    "Progress",
    "Report",
    "Work",
    "prepare_extraction",
    "run_batch",
]

CRASHED = "worker_crashed"
TOO_SLOW = "too_slow"

_GRACE = 1.25
"""A document is stopped after this multiple of `Settings.max_seconds`: by then the pipeline should
have ended by itself with the pages that it had time for."""

_START_SECONDS = 120.0
_END_SECONDS = 2.0

_SLOW_STAGE = "ocr"
_WORTH_HELP, _WORTH_A_START = 2, 6
"""Pages that must be left, to be read from pixels, for each process that reads them: for one more
to help, and for one to be started for that, which takes about as long as four pages."""


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

    def hired() -> _Worker:
        crew.append(_Worker(settings, formats, prepare or prepare_extraction, verbose))
        return crew[-1]

    with tempfile.TemporaryDirectory(prefix="extractor-pages-") as home:
        try:
            while True:
                crew[:] = [worker for worker in crew if not worker.pipe.closed]
                idle = [worker for worker in crew if worker.order is None]
                while waiting and (idle or len(crew) < workers):
                    folder = Path(home, str(len(waiting))) if workers > 1 else None
                    worker = idle.pop() if idle else hired()
                    worker.begin(waiting.popleft(), folder)
                while idle or len(crew) < workers:
                    needy = _needs_help(crew, _WORTH_HELP if idle else _WORTH_A_START)
                    if needy is None:
                        break
                    needy.is_helped_by(idle.pop() if idle else hired())
                if all(worker.document is None for worker in crew):
                    return
                busy = [worker for worker in crew if worker.order]
                timeout = min(worker.seconds_left(settings) for worker in busy)
                wait([worker.pipe for worker in busy], max(0.0, timeout))
                for worker in busy:
                    yield from worker.messages(settings)
        finally:
            for worker in crew:
                worker.stop()


def _needs_help(crew: Sequence[_Worker], least: int) -> _Worker | None:
    """Who has most pages left for each process that reads them; None if nobody has enough."""
    able = [worker for worker in crew if worker.pages_left >= least]
    return max(able, key=lambda worker: worker.pages_left, default=None)


class _Worker:
    """The parent's view of one process."""

    def __init__(
        self, settings: Settings, formats: Sequence[str], prepare: Prepare, verbose: bool
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, remote = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=serve, args=(remote, settings, tuple(formats), prepare, verbose), daemon=True
        )
        self.process.start()
        remote.close()
        self.order: Extract | ReadAhead | None = None
        self._begun = 0.0
        self._is_ready = False
        self._pages_left = 0
        self._helpers: list[_Worker] = []

    @property
    def document(self) -> Found | None:
        """The document that this process has; not one that it helps with."""
        return self.order.document if isinstance(self.order, Extract) else None

    @property
    def pages_left(self) -> float:
        """Pages to be read from pixels that nobody has begun, for each process that reads them; 0
        once a helper has found none."""
        for helper in self._helpers:
            if helper.order is None or helper.order.document is not self.document:
                return 0.0
        return self._pages_left / (1 + len(self._helpers))

    def begin(self, document: Found, folder: Path | None) -> None:
        """Extract a document; others may help in the folder, which is made, and removed in the
        end."""
        if folder is not None:
            folder.mkdir()
        self._pages_left, self._helpers = 0, []
        self._send(Extract(document, folder))

    def is_helped_by(self, other: _Worker) -> None:
        order = self.order
        assert isinstance(order, Extract) and order.folder is not None  # it has pages left
        other._send(ReadAhead(order.document, order.folder))
        self._helpers.append(other)

    def _send(self, order: Extract | ReadAhead) -> None:
        self.order = order
        self._begun = time.monotonic()
        with suppress(OSError):  # a process that is gone is noticed when it is listened to
            self.pipe.send(order)

    def seconds_left(self, settings: Settings) -> float:
        """Until the document must be stopped; the time to load the engines does not count."""
        limit = settings.max_seconds * _GRACE
        if not self._is_ready:
            limit = max(limit, _START_SECONDS)
        return self._begun + limit - time.monotonic()

    def messages(self, settings: Settings) -> Iterator[Outcome | Progress]:
        """What has happened since; a process that has died or must be stopped included."""
        try:
            while self.order is not None and self.pipe.poll():
                match self.pipe.recv():
                    case Ready():
                        self._is_ready, self._begun = True, time.monotonic()
                    case Idle():
                        self.order = None
                    case Progress() if isinstance(self.order, ReadAhead):
                        pass  # whoever has the document tells how far it is
                    case Progress() as progress:
                        if progress.stage == _SLOW_STAGE:
                            self._pages_left = progress.pages - progress.page
                        yield progress
                    case outcome:
                        self._end()
                        yield outcome
        except (EOFError, OSError):
            document = self._end()
            self.process.join(_END_SECONDS)
            self.stop()
            if document is not None:
                yield Failed(document.name, CRASHED, self._how_it_ended())
            return
        if self.order is not None and self.seconds_left(settings) <= 0:
            document = self._end()
            self.stop()
            reason = (
                f"stopped after {settings.max_seconds * _GRACE:.0f} s; split the document or raise "
                "EXTRACTOR_MAX_SECONDS"
            )
            if document is not None:
                yield Failed(document.name, TOO_SLOW, reason)

    def _end(self) -> Found | None:
        """No order is left; the document that this process had, if it had one of its own."""
        order, self.order, self._pages_left = self.order, None, 0
        if not isinstance(order, Extract):
            return None
        if order.folder is not None:
            # Whoever still helps finds it gone, and stops.
            shutil.rmtree(order.folder.rename(order.folder.with_suffix(".done")))
        return order.document

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
