"""One document as a workflow of DBOS: open, every page, finish, compare, note.

Each step is on disk when it is done, and is not repeated after a crash; one that was being done and
not noted is done again. Infrastructure that fails is waited for and never a document's failure.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TypeVar

from dbos import DBOS
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from extractor.errors import StoreError
from extractor.service.database import UNAVAILABLE, reason_of
from extractor.service.decisions import Decisions, decisions_of
from extractor.service.helping import Help
from extractor.service.logs import about
from extractor.service.problems import (
    CANCELLED,
    INTERNAL_ERROR,
    TIMED_OUT,
    WORKER_CRASHED,
    problem_of,
)
from extractor.service.processes import LostError, Processes, Stopping, TooSlowError, WorkerProcess
from extractor.service.store import Store
from extractor.service.tables import Document
from extractor.service.tasks import (
    Answer,
    Carry,
    Compare,
    Done,
    Finish,
    Open,
    Opened,
    Order,
    ReadPage,
    Refused,
    Task,
    result_name,
)
from extractor.settings import Settings

log = logging.getLogger(__name__)

GRACE = 1.25
"""The reader itself stops after `max_seconds` and reports what it has. A process that has not
answered after this multiple of it hangs, and is ended."""
CRASHES = 2
"""A document that ended its process so often has failed."""

_PROGRESS_SECONDS = 0.25
LEAVE_SECONDS = 10.0
"""For which whoever ends something waits for it."""
_LONGEST_PAUSE_SECONDS = 5.0
_Result = TypeVar("_Result")


class DocumentWork:
    """Thread-safe; one a process."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        processes: Processes,
        stopping: threading.Event,
        *,
        is_service: bool,
        ending: Callable[[int], None],
    ) -> None:
        """
        Args:
            store: has the documents.
            settings: of this process.
            processes: that open documents.
            stopping: set when this process ends.
            is_service: False leaves files of documents that were removed to the service.
            ending: told, whenever that changes, how many documents soon need no process any more.
        """
        self._store = store
        self._settings = settings
        self._processes = processes
        self._stopping = stopping
        self._is_service = is_service
        self._tell_ending = ending
        self._state = threading.Condition()  # guards the four below
        # By document and run; None once it needs no process any more.
        self._active: dict[tuple[str, int], WorkerProcess | None] = {}
        self._ending: set[tuple[str, int]] = set()
        self._helping: dict[tuple[str, int], Help] = {}
        self._cancelled: set[tuple[str, int]] = set()

    def cancel(self, document_id: str) -> None:
        """End the work on a document, and wait a while until nobody here works on it."""
        with self._state:
            runs = [run for run in self._active if run[0] == document_id]
            self._cancelled.update(runs)
            for run in runs:
                if (process := self._active[run]) is not None:
                    process.kill()
                if run in self._helping:
                    self._helping[run].kill()
            self._state.wait_for(lambda: not set(runs) & set(self._active), LEAVE_SECONDS)

    def wait(self, seconds: float) -> None:
        """Wait until nothing is worked on, but not longer."""
        with self._state:
            self._state.wait_for(lambda: not self._active, seconds)

    def extract(self, document_id: str, run: int) -> None:
        """The workflow. What is no step is done again whenever it is begun again."""
        with contextlib.ExitStack() as held:
            process = held.enter_context(self._processes.lent())
            process.ensure()  # what it takes to load the models is no time of the document's
            document = self._patiently(lambda: self._store.queue.begin(document_id, run))
            if document is None:
                return
            log.info("extracting, attempt %d", document.attempts, extra=about(document_id))
            with self._state:
                self._active[document_id, run] = process
            try:
                answer = self._extract(document, process)
                with self._state:
                    self._active[document_id, run] = None
                held.close()  # whoever waits for a process has it while this is noted
                _step("note", partial(self._patiently, partial(self._note, document, answer)))
            except Stopping:
                with contextlib.suppress(DBAPIError, PoolTimeout):
                    self._store.queue.release(document)
                raise
            except UNAVAILABLE as error:  # a step could not be noted as done
                log.warning("it is begun again: %s", error, extra=about(document_id))
                self._patiently(lambda: self._store.queue.release(document, anew=True))
                raise  # another run of it is submitted at once, and finds the pages on disk
            except Exception as error:
                if self._stopping.is_set():  # as a step that could not be noted any more
                    raise Stopping from error
                log.exception("it cannot be extracted", extra=about(document_id))
                detail = f"unexpected {type(error).__name__} while {document.name} was extracted"
                self._patiently(lambda: self._store.queue.fail(document, INTERNAL_ERROR, detail))
                raise
            finally:
                self._set_ending(document, False)
                with self._state:
                    self._active.pop((document_id, run), None)
                    self._cancelled.discard((document_id, run))
                    self._state.notify_all()

    def _set_ending(self, document: Document, is_ending: bool) -> None:
        run = (document.id, document.run)
        with self._state:
            (self._ending.add if is_ending else self._ending.discard)(run)
            self._tell_ending(len(self._ending))

    def _extract(self, document: Document, process: WorkerProcess) -> Answer:
        """What comes of it, with all results written."""
        folder = self._patiently(lambda: self._store.folder(document))
        generation = document.generation + document.has_result
        task = Task(document.id, document.name, folder, generation)
        limit = self._settings.max_seconds
        spent = 0.0

        def ask(order: Order, pages: int = 0) -> Answer:
            nonlocal spent  # by processes; what we wait for others is not the document's time
            answer, seconds = self._ask(order, document, process, limit * GRACE - spent, pages)
            spent += seconds
            return answer

        answer = _step("open", partial(ask, Open(task)))
        pages = answer.pages if isinstance(answer, Opened) else 0
        help = Help(self._processes, task)
        with self._state:
            self._helping[document.id, document.run] = help
        try:
            for page in range(1, pages + 1):
                if isinstance(answer, Refused):
                    break
                help.call(pages - page, limit - spent)
                order = ReadPage(task, page, limit - spent)
                answer = _step(f"page {page}", partial(ask, order, pages))
            if isinstance(answer, Refused):
                help.kill()
        finally:
            help.end()
            with self._state:
                del self._helping[document.id, document.run]
        self._set_ending(document, True)
        if not isinstance(answer, Refused):
            answer = _step("finish", partial(ask, Finish(task)))
        if isinstance(answer, Done):
            facts = answer.outcome
            lookup = partial(self._last_year, facts.organization, facts.year)
            before = _step("last year", partial(self._patiently, lookup))
            if before is not None:
                compared = _step("compare", partial(self._compared, before, task, ask))
                # A result of last year that cannot be read is no fault of this document.
                answer = compared if isinstance(compared, Done) else answer
        if isinstance(answer, Done) and document.has_result:
            decided = _step("decisions", partial(self._patiently, partial(self._decided, document)))
            answer = _step("carry", partial(ask, Carry(task, decided, document.version + 1)))
        return answer

    def _ask(
        self,
        order: Order,
        document: Document,
        process: WorkerProcess,
        seconds: float,
        pages: int,
    ) -> tuple[Answer, float]:
        """Have a step done within so many seconds; again by another process if the first one ended.
        The answer, and what it took."""
        noted_at = 0.0
        is_wanted = True

        def note(stage: str, page: int, pages: int) -> None:
            nonlocal is_wanted
            try:
                is_wanted = self._store.queue.set_progress(document, stage, page, pages)
            except (DBAPIError, PoolTimeout) as error:  # of no consequence
                log.warning("its progress cannot be noted: %s", error, extra=about(document.id))

        def report(stage: str, page: int, pages: int) -> None:
            nonlocal noted_at
            if time.monotonic() - noted_at >= _PROGRESS_SECONDS:
                noted_at = time.monotonic()
                note(stage, page, pages)

        def is_cancelled() -> bool:
            with self._state:
                return (document.id, document.run) in self._cancelled or not is_wanted

        def begun() -> None:
            match order:
                case ReadPage(_, page, _):
                    note("ocr", page, pages)
                case _:
                    note(type(order).__name__.lower(), 0, 0)

        spent = 0.0
        for _ in range(CRASHES):
            if is_cancelled() or not process.ensure(lambda: not is_cancelled()):
                return Refused(CANCELLED.code, ""), spent
            start = time.monotonic()
            try:
                answer = process.ask(order, start + seconds - spent, report, begun)
            except LostError:
                spent += time.monotonic() - start
                name = type(order).__name__
                log.error("its process ended in %s", name, extra=about(document.id))
                continue
            except TooSlowError:
                limit = self._settings.max_seconds * GRACE
                detail = (
                    f"{document.name} was stopped after {limit:.0f} s; split it or raise "
                    "EXTRACTOR_MAX_SECONDS"
                )
                return Refused(TIMED_OUT.code, detail), seconds
            spent += time.monotonic() - start
            self._patiently(lambda: self._store.publish(document))  # before it counts as done
            if document.attempts > 1:
                self._patiently(lambda: self._store.queue.progressed(document))
            return answer, spent
        if is_cancelled():
            return Refused(CANCELLED.code, ""), spent
        detail = (
            f"the process that extracted {document.name} ended unexpectedly, often for want of "
            "memory; the other documents are not affected"
        )
        return Refused(WORKER_CRASHED.code, detail), spent

    def _note(self, document: Document, answer: Answer) -> None:
        match answer:
            case Done(outcome):
                told = f"{outcome.status}, {outcome.flagged} values flagged"
                log.info(
                    "%s, %.1f s", told, sum(outcome.seconds.values()), extra=about(document.id)
                )
                result = json.loads(self._result(document).read_bytes(), parse_float=Decimal)
                self._store.queue.finish(document, outcome, result)
            case Refused(code, detail) if code != CANCELLED.code:
                log.info("failed, %s: %s", code, detail, extra=about(document.id))
                self._store.queue.fail(document, problem_of(code), detail)
        if not self._is_service:
            with self._state:
                others = [one for one in self._active if one[0] == document.id]
                if others == [(document.id, document.run)]:
                    self._store.files.drop_copy(document.sha256)
        elif self._store.find(document.id) is None:
            self._store.remove_files(document)  # what was written since it was removed

    def _last_year(self, organization: str | None, year: int | None) -> str | None:
        """The id of the report of the same body for the year before."""
        before = self._store.last_year(organization, year)
        return None if before is None else before.id

    def _compared(
        self, document_id: str, task: Task, ask: Callable[[Order], Answer]
    ) -> Answer | None:
        """What follows in the light of another report, with all decisions about that one; None if
        it is gone."""
        before = self._patiently(lambda: self._store.find(document_id))
        if before is None or before.id == task.document_id:
            return None
        folder = self._patiently(lambda: self._store.folder(before))
        path = folder / result_name("json", before.version, before.generation)
        if not path.is_file():
            return None
        try:
            return ask(Compare(task, path))
        finally:
            if not self._is_service:
                self._store.files.drop_copy(before.sha256)

    def _decided(self, document: Document) -> Decisions:
        """What people have decided about the extraction that there is; nobody can while another one
        is made."""
        folder = self._store.folder(document)
        return decisions_of(self._store.reviews(document.id), folder, document.generation)

    def _result(self, document: Document) -> Path:
        """The file of the result that was just made, with decisions in it where there are any."""
        folder = self._store.folder(document)
        if not document.has_result:
            return folder / result_name("json")
        generation = document.generation + 1
        path = folder / result_name("json", document.version + 1, generation)
        return path if path.is_file() else folder / result_name("json", 0, generation)

    def _patiently(self, function: Callable[[], _Result]) -> _Result:
        """Do something that the database or the storage may hinder for a while, until they do not.

        Raises:
            Stopping: the service ends.
        """
        pause = 0.5
        while True:
            try:
                return function()
            except (*UNAVAILABLE, StoreError) as error:
                log.warning("tried again in %.1f s: %s", pause, reason_of(error))
            if self._stopping.wait(pause):
                raise Stopping
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _step(name: str, function: Callable[[], _Result]) -> _Result:
    """Do something, or have what came of it before."""
    return DBOS.run_step({"name": name}, function)
