"""The other side of `processes.py`: a process that loads the models once and does what it is told.

It opens documents itself and returns small values; pixels never travel between processes. It ends
when the service goes away, because its end of the pipe then breaks.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

from extractor.errors import ExtractorError, StoreError
from extractor.service import logs
from extractor.service.confinement import confine
from extractor.service.logs import about
from extractor.service.problems import INTERNAL_ERROR
from extractor.service.tasks import (
    Answer,
    Carry,
    Compare,
    Done,
    Finish,
    HasHelped,
    Open,
    Opened,
    Order,
    Outcome,
    PageRead,
    Progress,
    ReadAhead,
    ReadPage,
    Ready,
    Refused,
    Task,
    Unready,
)
from extractor.settings import Settings

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5

Report = Callable[[str, int, int], None]


class Work(Protocol):
    """Extracts documents. A document may come back to another process in between: what was done is
    kept in its folder."""

    def open(self, task: Task) -> int:
        """Count the pages that can be read one by one; 0 for none."""
        ...

    def read(self, task: Task, page: int, seconds: float) -> None:
        """Read a page and keep it, if that can begin within so many seconds."""
        ...

    def read_ahead(self, task: Task, seconds: float) -> bool:
        """Read and keep a page that nobody else reads, if that can begin within so many seconds;
        False where none is left.

        Raises:
            OSError: the folder is gone, because the document is done or was removed.
        """
        ...

    def finish(self, task: Task, report: Report) -> Outcome:
        """Make and write all results."""
        ...

    def compare(self, task: Task, previous: Path) -> Outcome:
        """Decide what `finish` has made again, with last year's result, and write all results."""
        ...

    def carry(
        self, task: Task, decisions: Mapping[str, Mapping[str, Any]], version: int
    ) -> Outcome:
        """Decide what `finish` has made with decisions about what was there before, and write it as
        the result of a version."""
        ...


Prepare = Callable[[Settings], Work]
"""Loads what is heavy, once a process."""


def run_worker(connection: Connection, settings: Settings, prepare: Prepare) -> None:
    """Serve orders that come through the pipe until it closes. The main function of the process."""
    os.setsid()  # with its children it can be stopped as one group, and Ctrl-C goes to the service
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logs.configure(settings.log_format)
    try:
        confine(settings)
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
        work = prepare(settings)
    except Exception as error:  # whatever it is, the service must be told
        log.exception("the worker cannot start")
        connection.send(Unready(f"{type(error).__name__}: {error}"))
        return
    try:
        connection.send(Ready())
        while True:
            connection.send(_answer(connection.recv(), work, connection))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _end_with(parent: int) -> None:
    """End with the service, however that ended; what is half done, somebody else does."""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)


def _answer(order: Order, work: Work, connection: Connection) -> Answer:
    """Do what is ordered; the barrier that keeps the process alive whatever is in the document."""

    def report(stage: str, page: int, pages: int) -> None:
        connection.send(Progress(stage, page, pages))

    try:
        match order:
            case Open(task):
                return Opened(work.open(task))
            case ReadPage(task, page, seconds):
                work.read(task, page, seconds)
                return PageRead(page)
            case ReadAhead(task, seconds):
                with suppress(OSError, StoreError):
                    return HasHelped(work.read_ahead(task, seconds))
                return HasHelped(False)
            case Finish(task):
                return Done(work.finish(task, report))
            case Compare(task, previous):
                return Done(work.compare(task, previous))
            case Carry(task, decisions, version):
                return Done(work.carry(task, decisions, version))
    except ExtractorError as error:
        return Refused(error.code, str(error))
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        log.exception("it cannot be extracted", extra=about(order.task.document_id))
        detail = f"unexpected {type(error).__name__} while {order.task.name} was extracted"
        return Refused(INTERNAL_ERROR.code, detail)


def prepare_extraction(settings: Settings) -> Work:
    """Load the engines.

    Raises:
        ModelError: the models are missing or not the pinned ones.
    """
    # Imported here: the service itself must not load the models' libraries.
    from extractor.service.extracting import Extracting

    return Extracting(settings)
