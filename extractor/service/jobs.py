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
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID

from extractor.service.metrics import Metrics
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
        metrics: Metrics,
        *,
        prepare: Prepare = prepare_extraction,
        is_service: bool = True,
    ) -> None:
        """`prepare` runs in the worker processes; it must be importable there. `is_service` False:
        this process only works, and leaves the storage in order to the service."""
        self._store = store
        self._settings = settings
        self._metrics = metrics
        self._is_service = is_service
        self._processes = Processes(settings, prepare)
        self._stack = contextlib.ExitStack()
        self._stopping = threading.Event()
        self._monitor = threading.Thread(target=self._watch, name="jobs", daemon=True)
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
        executors = self._store.executors
        config: DBOSConfig = {
            "name": "extractor",
            "system_database_url": self._store.jobs_url,
            "application_version": STEPS,
            "executor_id": executors.id,
            "log_level": "WARNING",
            "enable_otlp": False,
            "use_listen_notify": False,
            "max_executor_threads": max(4, 2 * self._settings.workers + 2),
        }
        DBOS(config=config)
        DBOS.listen_queues([QUEUE] if self._settings.workers else [])
        executors.beat(is_ready=False)
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=max(1, self._settings.workers),
            polling_interval_sec=_POLL_SECONDS,
            on_conflict="always_update" if self._settings.workers else "never_update",
        )
        self._processes.start()
        self._take_over()
        self._resubmit(self._store.queue.unfinished())
        self.notify()
        self._monitor.start()

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
            self._state.wait_for(lambda: document_id not in self._active)

    def why_not_ready(self) -> str | None:
        if self._settings.workers:
            return self._processes.why_not_ready
        return None if self._store.executors.any_ready() else "no worker has its models"

    def stop(self) -> None:
        self._stopping.set()
        self._processes.stop()
        with self._state:
            self._state.wait_for(lambda: not self._active, _LEAVE_SECONDS)
        if self._monitor.is_alive():
            self._monitor.join()
        if _Current.jobs is self:
            DBOS.destroy()
            _Current.jobs = None
            self._store.executors.leave()
        self._processes.close()
        self._stack.close()

    # --- a document ---

    def extract(self, document_id: str) -> None:
        """The workflow. What is no step is done again whenever it is begun again."""
        with self._processes.lent() as process:
            document = self._store.queue.begin(document_id)
            if document is None:  # removed, given up, or finished and not noted
                return
            with self._state:
                self._active[document_id] = process
            try:
                self._extract(document, process)
            except Stopping:
                self._store.queue.release(document_id)
                raise
            except Exception as error:
                log.exception("document %s", document_id)
                detail = f"unexpected {type(error).__name__} while {document.name} was extracted"
                self._fail(document, Refused(INTERNAL_ERROR.code, detail))
                raise
            finally:
                with self._state:
                    self._active.pop(document_id, None)
                    self._cancelled.discard(document_id)
                    self._state.notify_all()

    def _extract(self, document: Document, process: WorkerProcess) -> None:
        task = Task(document.id, document.name, self._store.folder(document))
        limit = self._settings.max_seconds
        started = time.monotonic()

        def ask(order: Order) -> Answer:
            return self._ask(order, document, process, started + limit * GRACE)

        answer = _step("open", partial(ask, Open(task)))
        pages = answer.pages if isinstance(answer, Opened) else 0
        for page in range(1, pages + 1):
            if isinstance(answer, Refused):
                break
            if not self._store.queue.set_progress(document.id, "ocr", page, pages):
                answer = Refused(CANCELLED.code, "")
                break
            order = ReadPage(task, page, started + limit - time.monotonic())
            answer = _step(f"page {page}", partial(ask, order))
        if not isinstance(answer, Refused):
            answer = _step("finish", partial(ask, Finish(task)))
        if isinstance(answer, Done):
            facts = answer.outcome
            previous = _step(
                "last year", partial(self._store.last_year, facts.organization, facts.year)
            )
            if previous is not None:
                compared = _step("compare", partial(ask, Compare(task, previous)))
                # A result of last year that cannot be read is no fault of this document.
                answer = compared if isinstance(compared, Done) else answer
        _step("note", partial(self._note, document, answer))

    def _ask(
        self, order: Order, document: Document, process: WorkerProcess, deadline: float
    ) -> Answer:
        """Have a step done; again by another process if the first one ended."""
        noted_at = 0.0

        def report(stage: str, page: int, pages: int) -> None:
            nonlocal noted_at
            if time.monotonic() - noted_at >= _PROGRESS_SECONDS:
                self._store.queue.set_progress(document.id, stage, page, pages)
                noted_at = time.monotonic()

        for _ in range(CRASHES):
            process.ensure()
            try:
                answer = process.ask(order, deadline, report)
                self._store.publish(document)  # before it counts as done
                return answer
            except LostError:
                with self._state:
                    if document.id in self._cancelled:
                        return Refused(CANCELLED.code, "")
                log.error("document %s: its process ended in %s", document.id, order)
            except TooSlowError:
                limit = self._settings.max_seconds * GRACE
                detail = (
                    f"{document.name} was stopped after {limit:.0f} s; split it or raise "
                    "EXTRACTOR_MAX_SECONDS"
                )
                return Refused(TIMED_OUT.code, detail)
        detail = (
            f"the process that extracted {document.name} ended unexpectedly, often for want of "
            "memory; the other documents are not affected"
        )
        return Refused(WORKER_CRASHED.code, detail)

    def _note(self, document: Document, answer: Answer) -> None:
        if isinstance(answer, Done):
            if self._store.queue.finish(document.id, answer.outcome):
                self._metrics.count(answer.outcome)
        elif isinstance(answer, Refused) and answer.code != CANCELLED.code:
            self._fail(document, answer)
        if self._store.find(document.id) is None:
            self._store.remove_files(document)  # what was written since it was removed

    def _fail(self, document: Document, answer: Refused) -> None:
        if self._store.queue.fail(document.id, problem_of(answer.code), answer.detail):
            self._metrics.count_failure(answer.code)

    # --- the queue ---

    def _submit(self, document: Document) -> None:
        """Give a document to DBOS; nothing happens if it has it already."""
        job = job_of(document)
        with SetWorkflowID(job), SetEnqueueOptions(priority=document.priority):
            DBOS.enqueue_workflow(QUEUE, extract_document, document.id)
        self._store.queue.submitted(document.id, job)

    def _resubmit(self, documents: list[Document]) -> None:
        """Submit what nobody works on any more: DBOS has forgotten it, or thinks it is done."""
        for document in documents:
            status = DBOS.get_workflow_status(job_of(document))
            if status is not None and status.status in _FINAL:
                again = self._store.queue.run_again(document.id)
                if again is not None:
                    self._submit(again)
            elif status is None:
                self._submit(document)

    def _take_over(self) -> None:
        """Go on with what processes had begun that are gone."""
        for executor in self._store.executors.gone():
            DBOS._recover_pending_workflows([executor])
            self._store.executors.forget(executor)

    def _watch(self) -> None:
        while not self._stopping.wait(_BEAT_SECONDS):
            try:
                is_ready = self._settings.workers > 0 and self._processes.why_not_ready is None
                self._store.executors.beat(is_ready=is_ready)
                self._take_over()
                self._resubmit(self._store.queue.unfinished(is_running=True))
                self.notify()
            except Exception:  # such as a database that does not answer
                log.exception("the queue is looked after again in %s s", _BEAT_SECONDS)


class _Current:
    """The one of this process: DBOS finds workflows by the names of functions."""

    jobs: DurableJobs | None = None


@DBOS.workflow(name="extract_document", max_recovery_attempts=None)
def extract_document(document_id: str) -> None:
    jobs = _Current.jobs
    if jobs is None:
        raise Stopping
    jobs.extract(document_id)


def job_of(document: Document) -> str:
    """The id of the workflow of a document: another one after each retry."""
    return f"{document.id}.{document.run}"


def _step(name: str, function: Callable[[], _Result]) -> _Result:
    """Do something, or have what came of it before."""
    return DBOS.run_step({"name": name}, function)
