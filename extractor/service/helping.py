"""Processes that nobody needs read pages of one document ahead of the one that has it."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from extractor.service.processes import (
    LostError,
    Processes,
    Stopping,
    TooSlowError,
    WorkerProcess,
)
from extractor.service.tasks import HasHelped, ReadAhead, Task

_WORTH_HELP = 2
"""Pages that must be left, for each process that reads them, for one more to help."""


class Help:
    """The processes that help with one document. `call` and `end` are used by one thread, `kill` by
    any."""

    def __init__(self, processes: Processes, task: Task) -> None:
        self._processes = processes
        self._task = task
        self._has_ended = threading.Event()
        self._lock = threading.Lock()  # guards the one below
        self._helpers: dict[threading.Thread, WorkerProcess] = {}

    def call(self, pages_left: int, seconds: float) -> None:
        """Have spare processes begin to help, as many as are worth it.

        Args:
            pages_left: that nobody has begun, as far as whoever has the document knows.
            seconds: within which pages may begin.
        """
        while not self._has_ended.is_set():
            with self._lock:
                n_helpers = len(self._helpers)
            process = None
            if pages_left >= _WORTH_HELP * (1 + n_helpers):
                process = self._processes.spare()
            if process is None:
                return
            thread = threading.Thread(target=self._help, args=(process, seconds), daemon=True)
            with self._lock:
                self._helpers[thread] = process
            try:
                thread.start()
            except RuntimeError:  # the system has no thread left to give
                self._leave(thread, process)
                return

    def kill(self) -> None:
        """End all that helps, as when the document is gone."""
        self._has_ended.set()
        with self._lock:
            for process in self._helpers.values():
                process.kill()

    def end(self) -> None:
        """Wait until no process helps any more: at most for the pages that they are reading."""
        self._has_ended.set()
        with self._lock:
            threads = list(self._helpers)
        for thread in threads:
            thread.join()

    def _help(self, process: WorkerProcess, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        try:
            while not self._has_ended.is_set() and not self._processes.are_wanted:
                order = ReadAhead(self._task, deadline - time.monotonic())
                answer = process.ask(order, deadline, lambda *_: None)
                if not isinstance(answer, HasHelped) or not answer.has_read:
                    self._has_ended.set()  # nothing is left
        except (LostError, TooSlowError):
            self._has_ended.set()  # whoever has the document meets what is wrong with it
        except Stopping:
            pass
        finally:
            self._leave(threading.current_thread(), process)

    def _leave(self, thread: threading.Thread, process: WorkerProcess) -> None:
        with self._lock:
            del self._helpers[thread]
        with suppress(RuntimeError):
            self._processes.give_back(process)
