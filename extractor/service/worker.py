"""The other side of `jobs.py`: a process that loads the models once and extracts documents.

It opens the document itself and returns small values; pixels never travel between processes. It
ends when the service goes away, because its end of the pipe then breaks.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection

from extractor.errors import ExtractorError
from extractor.service.problems import INTERNAL_ERROR
from extractor.service.tasks import (
    READING,
    SOURCE,
    Done,
    Message,
    Outcome,
    Progress,
    Ready,
    Refused,
    Task,
    Unready,
    result_name,
    write_whole,
)
from extractor.settings import Settings

log = logging.getLogger(__name__)

Report = Callable[[str, int, int], None]
Work = Callable[[Task, Report], Outcome]
Prepare = Callable[[Settings], Work]
"""Loads what is heavy, once a process, and returns what extracts one document."""


def run_worker(connection: Connection, settings: Settings, prepare: Prepare) -> None:
    """Serve tasks that come through the pipe until it closes. The main function of the process."""
    os.setsid()  # with its children it can be stopped as one group, and Ctrl-C goes to the service
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    try:
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


def _answer(task: Task, work: Work, connection: Connection) -> Message:
    """Extract one document; the barrier that keeps the worker alive whatever is in it."""

    def report(stage: str, page: int, pages: int) -> None:
        connection.send(Progress(stage, page, pages))

    try:
        return Done(work(task, report))
    except ExtractorError as error:
        return Refused(error.code, str(error))
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        log.exception("document %s", task.document_id)
        detail = f"unexpected {type(error).__name__} while {task.name} was extracted"
        return Refused(INTERNAL_ERROR.code, detail)


def prepare_extraction(settings: Settings) -> Work:
    """Load the engines.

    Raises:
        ModelError: the models are missing or not the pinned ones.
    """
    # Imported here: the service itself must not load the models' libraries.
    from extractor import ingest
    from extractor.engines import Engines
    from extractor.export import FORMATS
    from extractor.pipeline import extract
    from extractor.readings import to_bytes
    from extractor.schema import load_schema
    from extractor.service.outcomes import outcome_of

    engines = Engines(settings)
    _ = engines.ocr  # loaded when first asked for; a service that is ready has asked
    schema = load_schema()

    def work(task: Task, report: Report) -> Outcome:
        data = (task.folder / SOURCE).read_bytes()
        source = ingest.identify(task.name, data, settings)
        extraction = extract(source, engines, settings, schema=schema, progress=report)
        report("export", 0, 0)
        for name, write in FORMATS.items():
            write_whole(task.folder / result_name(name), write(extraction, schema))
        write_whole(task.folder / READING, to_bytes(extraction))
        return outcome_of(extraction)

    return work
