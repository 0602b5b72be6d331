"""Processes that open documents, and what may be asked of them: one thing at a time.

A process that crashes or takes too long costs the one document that it was working on, and is
replaced. It has loaded its models before it is asked for anything.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from extractor.service.tasks import Answer, Order, Progress, Ready, Unready
from extractor.service.worker import Prepare, Report, run_worker
from extractor.settings import Settings

log = logging.getLogger(__name__)

START_SECONDS = 120.0
"""A process that has not loaded its models by then is replaced."""
RETRY_SECONDS = 10.0
"""Pause before one is started anew that could not load its models."""


class LostError(Exception):
    """The process ended while it worked."""


class TooSlowError(Exception):
    """The process did not answer in time, and was ended."""


class Stopping(BaseException):
    """The service ends. No `Exception`: nobody may take it for what became of a document."""


class WorkerProcess:
    """One process. Used by one thread at a time; `kill` may come from any."""

    def __init__(
        self, name: str, settings: Settings, prepare: Prepare, stopping: threading.Event
    ) -> None:
        self.why_not_ready: str | None = "the worker is starting"
        self._name = name
        self._settings = settings
        self._prepare = prepare
        self._stopping = stopping
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None

    def ensure(self, is_wanted: Callable[[], bool] = lambda: True) -> bool:
        """Return once it has its models; try for as long as it takes, and is wanted.

        Returns:
            Whether it has them.

        Raises:
            Stopping: the service ends.
        """
        while not self._is_ready():
            if self._stopping.is_set():
                raise Stopping
            if not is_wanted():
                return False
            self.end()
            reason = self._start()
            if self._stopping.is_set():
                raise Stopping
            if reason is None:
                break
            self.why_not_ready = f"the worker cannot start: {reason}"
            log.error("%s", self.why_not_ready)
            self._stopping.wait(RETRY_SECONDS)
        return True

    def ask(
        self,
        order: Order,
        deadline: float,
        report: Report,
        begun: Callable[[], None] = lambda: None,
    ) -> Answer:
        """Have something done.

        Args:
            order: what.
            deadline: by the clock of `time.monotonic`; a process that takes longer is ended.
            report: told how far it is.
            begun: called once the process has its order, while it works.

        Raises:
            LostError: the process ended.
            TooSlowError: it was ended.
            Stopping: the service ends.
        """
        connection = self._connection
        if connection is None:
            raise LostError
        try:
            connection.send(order)
            begun()
            while connection.poll(max(0.0, deadline - time.monotonic())):
                message = connection.recv()
                if not isinstance(message, Progress):
                    return message  # type: ignore[no-any-return]
                report(message.stage, message.page, message.pages)
        except (EOFError, OSError):
            self.end()
            if self._stopping.is_set():
                raise Stopping from None
            raise LostError from None
        except BaseException:  # its answer to this order must not be taken for that to another
            self.end()
            raise
        self.end()
        raise TooSlowError

    def kill(self) -> None:
        """Let whoever waits for its answer know that it is lost."""
        process = self._process
        with contextlib.suppress(ValueError):  # closed in the meantime
            if process is None or process.pid is None:
                return
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # with what it may have started itself
            process.kill()

    def end(self) -> None:
        """End it, and return when it is gone."""
        self.kill()
        self.why_not_ready = "the worker has ended"
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if connection is not None:
            connection.close()
        if process is not None:
            process.join()
            process.close()

    def _is_ready(self) -> bool:
        process = self._process
        return process is not None and self._connection is not None and process.is_alive()

    def _start(self) -> str | None:
        """Start it; why it is not ready then, None if it is."""
        self.why_not_ready = "the worker is starting"
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=run_worker,
            args=(theirs, self._settings, self._prepare),
            name=self._name,
            daemon=True,
        )
        try:
            with contextlib.closing(theirs):
                process.start()
        except OSError as error:  # no process or no memory is left to give
            ours.close()
            return str(error)
        self._process, self._connection = process, ours
        reason = "it ended, or took too long, while it was loading its models"
        with contextlib.suppress(EOFError, OSError):
            if ours.poll(START_SECONDS):
                message = ours.recv()
                if isinstance(message, Ready):
                    self.why_not_ready = None
                    return None
                if isinstance(message, Unready):
                    reason = message.reason
        self.end()
        return reason


class Processes:
    """So many processes, lent one by one."""

    def __init__(self, settings: Settings, prepare: Prepare) -> None:
        self._stopping = threading.Event()
        self._all = [
            WorkerProcess(f"worker-{i}", settings, prepare, self._stopping)
            for i in range(settings.workers)
        ]
        self._free: queue.SimpleQueue[WorkerProcess | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0  # those that want one to work with
        self._starters: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to load their models. Returns at once; see `why_not_ready`."""
        # A process with more than one thread cannot leave the network (`confinement`), and has
        # one more as soon as numpy finds room for it.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        for process in self._all:
            self._begin(process)

    @property
    def why_not_ready(self) -> str | None:
        """None if a process has its models."""
        reasons = [process.why_not_ready for process in self._all]
        return None if not reasons or None in reasons else reasons[0]

    @contextlib.contextmanager
    def lent(self) -> Iterator[WorkerProcess]:
        """Wait for a process that is free, and have it for the block; `ensure` that it is ready.

        Raises:
            Stopping: the service ends.
        """
        self._count(1)
        process = self._free.get()
        self._count(-1)
        if process is None:
            self._free.put(None)  # for the next who waits
            raise Stopping
        try:
            yield process
        finally:
            self._free.put(process)

    @property
    def are_wanted(self) -> bool:
        """Whether somebody waits for one."""
        with self._lock:
            return self._waiting > 0

    def spare(self) -> WorkerProcess | None:
        """A process that is ready and that nobody wants; to be given back as soon as somebody does.
        None if there is none."""
        if self.are_wanted:
            return None
        try:
            process = self._free.get_nowait()
        except queue.Empty:
            return None
        if process is not None and process.why_not_ready is None:
            return process
        self._free.put(process)
        return None

    def give_back(self, process: WorkerProcess) -> None:
        """Let others have a process; one that has ended is started anew first."""
        if process.why_not_ready is None:
            self._free.put(process)
        else:
            self._begin(process)

    def stop(self) -> None:
        """End them all; whoever waits for one of them is told."""
        self._stopping.set()
        for process in self._all:
            process.kill()
        self._free.put(None)
        for starter in self._starters:
            starter.join()

    def close(self) -> None:
        """Wait until they are gone. Call when nobody has one any more."""
        for process in self._all:
            process.end()

    def _begin(self, process: WorkerProcess) -> None:
        starter = threading.Thread(target=self._prepare, args=(process,), daemon=True)
        self._starters = [one for one in self._starters if one.is_alive()] + [starter]
        starter.start()

    def _count(self, more: int) -> None:
        with self._lock:
            self._waiting += more

    def _prepare(self, process: WorkerProcess) -> None:
        try:
            process.ensure()
        except Stopping:
            return
        except Exception:  # such as a system that has no process left to give
            log.exception("%s", process)
        self._free.put(process)
