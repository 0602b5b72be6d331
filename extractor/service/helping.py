"""Processes that nobody needs read pages of one document ahead of the one that has it."""

from __future__ import annotations

import threading
import time

from extractor.service.processes import (
    LostError,
    Processes,
    Stopping,
    TooSlowError,
    WorkerProcess,
)
from extractor.service.tasks import HasHelped, ReadAhead, Task

_WORTH_HELP = 2
"""Pages that must be left for each process that reads them."""


class Help:
    """The processes that help with one document. Used by one thread."""

    def __init__(self, processes: Processes, task: Task) -> None:
        self._processes = processes
        self._task = task
        self._has_ended = threading.Event()
        self._threads: list[threading.Thread] = []

    def call(self, pages_left: int, seconds: float) -> None:
        """Have spare processes begin to help, as many as are worth it.

        Args:
            pages_left: that nobody has begun, as far as whoever has the document knows.
            seconds: within which pages may begin.
        """
        while not self._has_ended.is_set():
            if pages_left < _WORTH_HELP * (1 + len(self._threads)):
                return
            process = self._processes.spare()
            if process is None:
                return
            thread = threading.Thread(target=self._help, args=(process, seconds), daemon=True)
            self._threads.append(thread)
            thread.start()

    def end(self) -> None:
        """Wait until no process helps any more: at most for the pages that they are reading."""
        self._has_ended.set()
        for thread in self._threads:
            thread.join()

    def _help(self, process: WorkerProcess, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        try:
            while not self._has_ended.is_set() and not self._processes.are_wanted:
                order = ReadAhead(self._task, deadline - time.monotonic())
                answer = process.ask(order, deadline, lambda *_: None)
                if not isinstance(answer, HasHelped) or answer.pages == 0:
                    self._has_ended.set()
        except (LostError, TooSlowError, Stopping):
            self._has_ended.set()  # whoever has the document meets what is wrong with it
        finally:
            self._processes.give_back(process)
