"""Queued documents in, extracted documents out: worker processes and the threads that watch them.

The database is the queue, so nothing that was uploaded can be lost. `Jobs` is all that the rest of
the service knows about how documents come to be extracted. `WorkerPool` is its first form: for each
worker a thread that claims a document, hands it to a process and waits. A process that crashes or
takes too long costs the one document that it was working on, and is replaced.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
import time
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Protocol

from extractor.service.metrics import Metrics
from extractor.service.problems import TIMED_OUT, WORKER_CRASHED, problem_of
from extractor.service.store import Store
from extractor.service.tables import Document
from extractor.service.tasks import Done, Progress, Ready, Refused, Task, Unready
from extractor.service.worker import Prepare, prepare_extraction, run_worker
from extractor.settings import Settings

log = logging.getLogger(__name__)

START_SECONDS = 120.0
"""A worker that has not loaded its models by then is replaced."""
RETRY_SECONDS = 10.0
"""Pause before a worker is started anew that could not load its models."""
GRACE = 1.25
"""The pipeline itself stops reading pages after `max_seconds` and reports what it has. A process
that has not answered after this multiple of it hangs, and is killed."""

_IDLE_SECONDS = 1.0
_PROGRESS_SECONDS = 0.25


class Jobs(Protocol):
    """Extracts what is queued in the store, one document a job."""

    def start(self) -> None:
        """Begin, with what an earlier process left unfinished."""
        ...

    def notify(self) -> None:
        """Say that something was queued. Returns at once."""
        ...

    def cancel(self, document_id: str) -> None:
        """End the work on a document that was removed; when this returns, nobody works on it."""
        ...

    def why_not_ready(self) -> str | None:
        """Return None if documents can be extracted now."""
        ...

    def stop(self) -> None:
        """End. What is being extracted is queued again."""
        ...


class WorkerPool:
    """`Jobs` on processes of this machine."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        metrics: Metrics,
        *,
        prepare: Prepare = prepare_extraction,
    ) -> None:
        """`prepare` runs in the worker process; it must be importable there."""
        self._store = store
        self._stack = contextlib.ExitStack()
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._workers = [
            _Worker(store, settings, metrics, prepare, self._wake, self._stopping, f"worker-{i}")
            for i in range(settings.workers)
        ]

    def start(self) -> None:
        """As `Jobs.start`.

        Raises:
            StoreError: another process extracts from the same store.
        """
        self._stack.enter_context(self._store.exclusive())
        self._store.sweep()
        if count := self._store.queue.requeue():
            log.warning("%d unfinished documents are queued again", count)
        for worker in self._workers:
            worker.start()

    def notify(self) -> None:
        self._wake.set()

    def cancel(self, document_id: str) -> None:
        for worker in self._workers:
            worker.cancel(document_id)

    def why_not_ready(self) -> str | None:
        reasons = [worker.why_not_ready for worker in self._workers]
        return None if None in reasons else reasons[0]

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.join()
        self._stack.close()


class _Worker(threading.Thread):
    """Watches one process, which works on one document at a time."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        metrics: Metrics,
        prepare: Prepare,
        wake: threading.Event,
        stopping: threading.Event,
        name: str,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.why_not_ready: str | None = "the worker is starting"
        self._store = store
        self._settings = settings
        self._metrics = metrics
        self._prepare = prepare
        self._wake = wake
        self._stopping = stopping
        self._process: SpawnProcess | None = None
        self._state = threading.Condition()  # guards the two below
        self._current: str | None = None
        self._is_cancelled = False

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._run_process()
            except Exception:  # such as a disk that is full: the documents stay, and we go on
                log.exception("%s failed and goes on", self.name)
                self._stopping.wait(RETRY_SECONDS)

    def cancel(self, document_id: str) -> None:
        with self._state:
            if self._current != document_id:
                return
            self._is_cancelled = True
            self.kill()
            self._state.wait_for(lambda: self._current != document_id)

    def kill(self) -> None:
        process = self._process
        with contextlib.suppress(ValueError):  # closed in the meantime
            if process is None or process.pid is None:
                return
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # with what it may have started itself
            process.kill()

    def _run_process(self) -> None:
        """Start a process, give it documents until it or the service ends, and clean up."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=run_worker,
            args=(theirs, self._settings, self._prepare),
            name=self.name,
            daemon=True,
        )
        with contextlib.closing(ours):
            with contextlib.closing(theirs):
                process.start()
            self._process = process
            try:
                if not self._stopping.is_set() and self._await_ready(ours):
                    self._serve(process, ours)
            finally:
                self.kill()
                process.join()
                self._process = None
                process.close()

    def _await_ready(self, connection: Connection) -> bool:
        self.why_not_ready = "the worker is starting"
        reason = "it ended, or took too long, while it was loading its models"
        with contextlib.suppress(EOFError, OSError):
            if connection.poll(START_SECONDS):
                message = connection.recv()
                if isinstance(message, Ready):
                    self.why_not_ready = None
                    return True
                if isinstance(message, Unready):
                    reason = message.reason
        if not self._stopping.is_set():
            self.why_not_ready = f"the worker cannot start: {reason}"
            log.error("%s", self.why_not_ready)
            self._stopping.wait(RETRY_SECONDS)
        return False

    def _serve(self, process: SpawnProcess, connection: Connection) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            if not process.is_alive():
                return
            document = self._store.queue.claim()
            if document is None:
                self._wake.wait(_IDLE_SECONDS)
            elif not self._extract(document, connection):
                return

    def _extract(self, document: Document, connection: Connection) -> bool:
        """Have one document extracted, and return whether the process can take another one."""
        with self._state:
            self._current, self._is_cancelled = document.id, False
        try:
            connection.send(Task(document.id, document.name, self._store.folder(document)))
            return self._await_answer(document, connection)
        except (EOFError, OSError):
            self._on_lost(document)
            return False
        finally:
            with self._state:
                process = self._process
                if self._is_cancelled and process is not None:
                    process.join()  # it writes to a folder that is about to be removed
                self._current = None
                self._state.notify_all()

    def _await_answer(self, document: Document, connection: Connection) -> bool:
        """Note progress until the document is done or refused; False if it took too long.

        Raises:
            EOFError, OSError: the process ended.
        """
        limit = self._settings.max_seconds * GRACE
        deadline = time.monotonic() + limit
        noted_at = 0.0
        while connection.poll(max(0.0, deadline - time.monotonic())):
            match connection.recv():
                case Progress(stage, page, pages):
                    if time.monotonic() - noted_at >= _PROGRESS_SECONDS:
                        self._store.queue.set_progress(document.id, stage, page, pages)
                        noted_at = time.monotonic()
                case Done(outcome):
                    self._store.queue.finish(document.id, outcome)
                    self._metrics.count(outcome)
                    return True
                case Refused(code, detail):
                    self._store.queue.fail(document.id, problem_of(code), detail)
                    self._metrics.count_failure(code)
                    return True
                case unexpected:
                    raise TypeError(f"a worker sent {unexpected!r}")
        self.kill()
        detail = (
            f"{document.name} was stopped after {limit:.0f} s; split it or raise "
            "EXTRACTOR_MAX_SECONDS"
        )
        self._store.queue.fail(document.id, TIMED_OUT, detail)
        self._metrics.count_failure(TIMED_OUT.code)
        return False

    def _on_lost(self, document: Document) -> None:
        """The process ended while it worked: because we stop, or by itself."""
        if self._stopping.is_set():
            self._store.queue.release(document.id)
            return
        if self._is_cancelled:
            return
        detail = (
            f"the process that extracted {document.name} ended unexpectedly, often for want of "
            "memory; the other documents are not affected"
        )
        log.error("document %s: %s", document.id, detail)
        self._store.queue.fail(document.id, WORKER_CRASHED, detail)
        self._metrics.count_failure(WORKER_CRASHED.code)
