"""Queued documents in, extracted documents out, whatever ends in between.

A document is a workflow of DBOS: its steps (open, every page, finish, note) are on disk as they are
done and are not repeated after a crash. `Jobs` is all that the rest of the service knows about how
documents come to be extracted. Any number of processes may work on one database; each document is
worked on by one of them, and when that is gone another goes on with it.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar

from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from extractor.errors import StoreError
from extractor.service.problems import (
    CANCELLED,
    INTERNAL_ERROR,
    TIMED_OUT,
    WORKER_CRASHED,
    problem_of,
)
from extractor.service.processes import (
    LostError,
    Processes,
    Stopping,
    TooSlowError,
    WorkerProcess,
)
from extractor.service.store import Store
from extractor.service.tables import Document
from extractor.service.tasks import (
    Answer,
    Compare,
    Done,
    Finish,
    Open,
    Opened,
    Order,
    ReadPage,
    Refused,
    Task,
)
from extractor.service.worker import Prepare, prepare_extraction
from extractor.settings import Settings

log = logging.getLogger(__name__)

QUEUE = "documents"
STEPS = "1"
"""Version of the steps: another one goes on with no workflow of this one."""
GRACE = 1.25
"""The reader itself stops after `max_seconds` and reports what it has. A process that has not
answered after this multiple of it hangs, and is ended."""
CRASHES = 2
"""A document that ended its process so often has failed."""

_POLL_SECONDS = 0.1
_PROGRESS_SECONDS = 0.25
_BEAT_SECONDS = 5.0
_LONG_SECONDS = 60.0
_LEAVE_SECONDS = 10.0
_FINAL = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
_Result = TypeVar("_Result")


class Jobs(Protocol):
    """Extracts what is queued in the store, one document a job."""

    def start(self) -> None:
        """Begin, with what an earlier process left unfinished."""
        ...

    def notify(self) -> None:
        """Say that something was queued."""
        ...

    def cancel(self, document_id: str) -> None:
        """End the work on a document that was removed or given up; when this returns, nobody here
        works on it."""
        ...

    def why_not_ready(self) -> str | None:
        """Return None if documents can be extracted now."""
        ...

    def stop(self) -> None:
        """End. What is being extracted goes on later from the last page that was read."""
        ...


class DurableJobs:
    """`Jobs` on DBOS; one a process, because DBOS is."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        prepare: Prepare = prepare_extraction,
        is_service: bool = True,
    ) -> None:
        """`prepare` runs in the worker processes; it must be importable there. `is_service` False:
        this process only works, and leaves the storage in order to the service."""
        self._store = store
        self._settings = settings
        self._is_service = is_service
        self._processes = Processes(settings, prepare)
        self._stack = contextlib.ExitStack()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(task, seconds), daemon=True)
            for task, seconds in (
                (self._beat, _BEAT_SECONDS),
                (self._look_after, _BEAT_SECONDS),
                (self._look_after_all, _LONG_SECONDS),
            )
        ]
        self._state = threading.Condition()  # guards the two below
        self._active: dict[str, WorkerProcess] = {}
        self._cancelled: set[str] = set()

    def start(self) -> None:
        """As `Jobs.start`.

        Raises:
            StoreError: another service works on the same folder.
        """
        if self._is_service:
            self._stack.enter_context(self._store.exclusive())
            self._store.sweep()
        _Current.jobs = self
        workers = self._settings.workers
        config: DBOSConfig = {
            "name": "extractor",
            "system_database_url": self._store.jobs_url,
            "application_version": STEPS,
            "executor_id": self._store.executors.id,
            "log_level": "WARNING",
            "enable_otlp": False,
            "use_listen_notify": False,
            "max_executor_threads": max(4, 2 * workers + 2),
        }
        DBOS(config=config)
        DBOS.listen_queues([QUEUE] if workers else [])
        self._beat()
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=max(1, workers),
            polling_interval_sec=_POLL_SECONDS,
            on_conflict="always_update" if workers else "never_update",
        )
        self._processes.start()
        self._look_after()
        self._look_after_all()
        for thread in self._threads:
            thread.start()

    def notify(self) -> None:
        while waiting := self._store.queue.waiting():
            for document in waiting:
                self._submit(document)

    def cancel(self, document_id: str) -> None:
        with self._state:
            process = self._active.get(document_id)
            if process is None:
                return
            self._cancelled.add(document_id)
            process.kill()
            self._state.wait_for(lambda: document_id not in self._active, _LEAVE_SECONDS)

    def why_not_ready(self) -> str | None:
        if self._settings.workers:
            return self._processes.why_not_ready
        return None if self._store.executors.any_ready() else "no worker has its models"

    def stop(self) -> None:
        self._stopping.set()
        self._processes.stop()
        with self._state:
            self._state.wait_for(lambda: not self._active, _LEAVE_SECONDS)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(_LEAVE_SECONDS)
        if _Current.jobs is self:
            DBOS.destroy()
            _Current.jobs = None
            with contextlib.suppress(DBAPIError):  # others notice it a little later
                self._store.executors.leave()
        self._processes.close()
        self._stack.close()

    # --- a document ---

    def extract(self, document_id: str, run: int) -> None:
        """The workflow. What is no step is done again whenever it is begun again."""
        with self._processes.lent() as process:
            process.ensure()  # what it takes to load the models is no time of the document's
            document = self._patiently(lambda: self._store.queue.begin(document_id, run))
            if document is None:
                return
            with self._state:
                self._active[document_id] = process
            try:
                self._extract(document, process)
            except Stopping:
                with contextlib.suppress(DBAPIError):
                    self._store.queue.release(document)
                raise
            except Exception as error:
                log.exception("document %s", document_id)
                detail = f"unexpected {type(error).__name__} while {document.name} was extracted"
                self._patiently(lambda: self._store.queue.fail(document, INTERNAL_ERROR, detail))
                raise
            finally:
                with self._state:
                    self._active.pop(document_id, None)
                    self._cancelled.discard(document_id)
                    self._state.notify_all()

    def _extract(self, document: Document, process: WorkerProcess) -> None:
        folder = self._patiently(lambda: self._store.folder(document))
        task = Task(document.id, document.name, folder)
        limit = self._settings.max_seconds
        started = time.monotonic()

        def ask(order: Order, pages: int = 0) -> Answer:
            return self._ask(order, document, process, started + limit * GRACE, pages)

        answer = _step("open", partial(ask, Open(task)))
        pages = answer.pages if isinstance(answer, Opened) else 0
        for page in range(1, pages + 1):
            if isinstance(answer, Refused):
                break
            order = ReadPage(task, page, started + limit - time.monotonic())
            answer = _step(f"page {page}", partial(ask, order, pages))
        if not isinstance(answer, Refused):
            answer = _step("finish", partial(ask, Finish(task)))
        if isinstance(answer, Done):
            facts = answer.outcome
            lookup = partial(self._store.last_year, facts.organization, facts.year)
            previous = _step("last year", partial(self._patiently, lookup))
            if previous is not None:
                compared = _step("compare", partial(ask, Compare(task, previous)))
                # A result of last year that cannot be read is no fault of this document.
                answer = compared if isinstance(compared, Done) else answer
        _step("note", partial(self._patiently, partial(self._note, document, answer)))

    def _ask(
        self,
        order: Order,
        document: Document,
        process: WorkerProcess,
        deadline: float,
        pages: int,
    ) -> Answer:
        """Have a step done; again by another process if the first one ended."""
        noted_at = 0.0
        is_wanted = True

        def note(stage: str, page: int, pages: int) -> None:
            nonlocal is_wanted
            try:
                is_wanted = self._store.queue.set_progress(document, stage, page, pages)
            except DBAPIError as error:  # of no consequence
                log.warning("document %s: its progress cannot be noted: %s", document.id, error)

        def report(stage: str, page: int, pages: int) -> None:
            nonlocal noted_at
            if time.monotonic() - noted_at >= _PROGRESS_SECONDS:
                noted_at = time.monotonic()
                note(stage, page, pages)

        def is_cancelled() -> bool:
            with self._state:
                return document.id in self._cancelled or not is_wanted

        match order:
            case ReadPage(_, page, _):
                note("ocr", page, pages)
            case _:
                note(type(order).__name__.lower(), 0, 0)
        for _ in range(CRASHES):
            if is_cancelled() or not process.ensure(lambda: not is_cancelled()):
                return Refused(CANCELLED.code, "")
            try:
                answer = process.ask(order, deadline, report)
            except LostError:
                log.error("document %s: its process ended in %s", document.id, order)
                continue
            except TooSlowError:
                limit = self._settings.max_seconds * GRACE
                detail = (
                    f"{document.name} was stopped after {limit:.0f} s; split it or raise "
                    "EXTRACTOR_MAX_SECONDS"
                )
                return Refused(TIMED_OUT.code, detail)
            self._patiently(lambda: self._store.publish(document))  # before it counts as done
            return answer
        if is_cancelled():
            return Refused(CANCELLED.code, "")
        detail = (
            f"the process that extracted {document.name} ended unexpectedly, often for want of "
            "memory; the other documents are not affected"
        )
        return Refused(WORKER_CRASHED.code, detail)

    def _note(self, document: Document, answer: Answer) -> None:
        match answer:
            case Done(outcome):
                self._store.queue.finish(document, outcome)
            case Refused(code, detail) if code != CANCELLED.code:
                self._store.queue.fail(document, problem_of(code), detail)
        if not self._is_service:
            self._store.files.drop_copy(document.sha256)
        elif self._store.find(document.id) is None:
            self._store.remove_files(document)  # what was written since it was removed

    def _patiently(self, function: Callable[[], _Result]) -> _Result:
        """Do something that the database or the storage may hinder for a while, until they do not.

        Raises:
            Stopping: the service ends.
        """
        pause = 0.5
        while True:
            try:
                return function()
            except (OperationalError, InterfaceError, PoolTimeout, StoreError) as error:
                log.warning("tried again in %.0f s: %s", pause, error)
            if self._stopping.wait(pause):
                raise Stopping
            pause = min(2 * pause, _BEAT_SECONDS)

    # --- the queue ---

    def _submit(self, document: Document) -> None:
        """Give a document to DBOS; nothing happens if it has it already."""
        job = job_of(document)
        with SetWorkflowID(job), SetEnqueueOptions(priority=document.priority):
            DBOS.enqueue_workflow(QUEUE, extract_document, document.id, document.run)
        self._store.queue.submitted(document, job)

    def _resubmit(self, documents: Sequence[Document]) -> None:
        """Submit what nobody works on any more: DBOS has forgotten it, thinks it is done, or keeps
        it for a program of other steps."""
        for document in documents:
            status = DBOS.get_workflow_status(job_of(document))
            if status is None:
                self._submit(document)
            elif status.status in _FINAL or status.app_version not in (STEPS, None):
                again = self._store.queue.run_again(document)
                if again is not None:
                    self._submit(again)

    # --- what is done again and again ---

    def _repeat(self, task: Callable[[], None], seconds: float) -> None:
        while not self._stopping.wait(seconds):
            try:
                task()
            except Exception:  # such as a database that does not answer
                log.exception("%s: tried again in %s s", task.__name__, seconds)

    def _beat(self) -> None:
        is_ready = self._settings.workers > 0 and self._processes.why_not_ready is None
        self._store.executors.beat(is_ready=is_ready)

    def _look_after(self) -> None:
        """Go on with what processes had begun that are gone, and submit what waits."""
        for executor in self._store.executors.gone():
            DBOS._recover_pending_workflows([executor])
            self._store.executors.forget(executor)
        self._resubmit(self._store.queue.unfinished(is_running=True))
        self.notify()

    def _look_after_all(self) -> None:
        self._resubmit(self._store.queue.unfinished())


class _Current:
    """The one of this process: DBOS finds workflows by the names of functions."""

    jobs: DurableJobs | None = None


@DBOS.workflow(name="extract_document", max_recovery_attempts=None)
def extract_document(document_id: str, run: int) -> None:
    jobs = _Current.jobs
    if jobs is None:
        raise Stopping
    jobs.extract(document_id, run)


def job_of(document: Document) -> str:
    """The id of the workflow of a document: another one after each retry."""
    return f"{document.id}.{document.run}"


def _step(name: str, function: Callable[[], _Result]) -> _Result:
    """Do something, or have what came of it before."""
    return DBOS.run_step({"name": name}, function)
