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
from collections.abc import Callable, Sequence
from typing import Protocol

from dbos import DBOS, DBOSConfig, Queue, SetEnqueueOptions, SetWorkflowID
from sqlalchemy.exc import DBAPIError

from extractor.errors import StoreError
from extractor.service.database import UNAVAILABLE, reason_of, wait_to_connect
from extractor.service.made_with import made_with
from extractor.service.processes import Processes, Stopping
from extractor.service.store import Store
from extractor.service.tables import Document
from extractor.service.worker import Prepare, prepare_extraction
from extractor.service.workflow import LEAVE_SECONDS, DocumentWork
from extractor.settings import Settings

log = logging.getLogger(__name__)

QUEUE = "documents"
STEPS = "1"
"""Version of the steps: another one goes on with no workflow of this one."""

_POLL_SECONDS = 0.1
_BEAT_SECONDS = 5.0
_LONG_SECONDS = 60.0
_FINAL = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})


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
        self._made_with = made_with(settings)
        self._differing: Sequence[str] = ()
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
        self._work = DocumentWork(
            store,
            settings,
            self._processes,
            self._stopping,
            is_service=is_service,
            ending=self._make_room,
        )
        self._queue: Queue | None = None

    def start(self) -> None:
        """As `Jobs.start`.

        Raises:
            StoreError: another service works on the same folder, or this process does, or the
                database does not answer.
        """
        if self._is_service:
            self._stack.enter_context(self._store.exclusive())
            self._put_in_order()
        if _Current.jobs is not None:
            self._stack.close()
            raise StoreError("this process extracts already, and can do so for one storage only")
        _Current.jobs = self
        try:
            self._launch()
        except UNAVAILABLE as error:
            self.stop()
            raise StoreError(f"the database does not answer: {error}") from error
        except BaseException:
            self.stop()
            raise

    def _put_in_order(self) -> None:
        try:
            self._store.sweep()
            if filled := self._store.fill_values():
                log.info("%d documents were taken into the tables of values", filled)
        except UNAVAILABLE as error:
            self._stack.close()
            why = reason_of(error)
            raise StoreError(f"the database does not answer: {why}") from error

    def _launch(self) -> None:
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
        instance = DBOS(config=config)
        registry = instance._registry
        DBOS.listen_queues([])
        # A queue that is registered in the database has one number of workers for all processes;
        # those in memory, which DBOS has for its own purposes, are of this process.
        registry.internal_queue_map.pop(QUEUE, None)
        if workers:
            self._queue = registry._register_internal_queue(
                QUEUE, worker_concurrency=workers, polling_interval_sec=_POLL_SECONDS
            )
        self._beat()
        DBOS.launch()
        wait_to_connect(instance._sys_db.engine, self._pause)
        self._processes.start()
        self._look_after()
        self._look_after_all()
        for thread in self._threads:
            thread.start()

    def extract(self, document_id: str, run: int) -> None:
        """The workflow of a document."""
        self._work.extract(document_id, run)

    def notify(self) -> None:
        while waiting := self._store.queue.waiting():
            for document in waiting:
                self._submit(document)

    def cancel(self, document_id: str) -> None:
        self._work.cancel(document_id)

    def why_not_ready(self) -> str | None:
        if self._settings.workers:
            return self._processes.why_not_ready
        return None if self._store.executors.any_ready() else "no worker has its models"

    def stop(self) -> None:
        self._stopping.set()
        self._processes.stop()
        self._work.wait(LEAVE_SECONDS)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(LEAVE_SECONDS)
        if _Current.jobs is self:
            DBOS.destroy()
            _Current.jobs = None
            with contextlib.suppress(DBAPIError):  # others notice it a little later
                self._store.executors.leave()
        self._processes.close()
        self._stack.close()

    # --- the queue ---

    def _make_room(self, n_ending: int) -> None:
        """Have DBOS hand over the next documents while the last steps of others are done: it looks
        only now and then, and processes would be idle meanwhile."""
        if self._queue is not None:
            workers = self._settings.workers
            self._queue._worker_concurrency = workers + min(n_ending, workers)

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
            except UNAVAILABLE as error:
                why = reason_of(error)
                log.warning("%s: tried again in %s s: %s", task.__name__, seconds, why)
            except Exception:
                log.exception("%s: tried again in %s s", task.__name__, seconds)

    def _pause(self, seconds: float) -> None:
        """Wait, in a thread of DBOS.

        Raises:
            ConnectionError: this process ends; DBOS does not try again after that.
        """
        if self._stopping.wait(seconds):
            raise ConnectionError("the database does not answer, and this process ends")

    def _beat(self) -> None:
        is_ready = self._settings.workers > 0 and self._processes.why_not_ready is None
        self._store.executors.beat(is_ready=is_ready, made_with=self._made_with)

    def _look_after(self) -> None:
        """Go on with what processes had begun that are gone, and submit what waits."""
        for executor in self._store.executors.gone():
            DBOS._recover_pending_workflows([executor])
            self._store.executors.forget(executor)
        self._resubmit(self._store.queue.unfinished(is_running=True))
        self.notify()

    def _look_after_all(self) -> None:
        self._resubmit(self._store.queue.unfinished())
        differing = self._store.executors.differing()
        if differing and differing != self._differing:
            log.warning(
                "processes on this database extract with other %s than others do, so that results "
                "depend on which of them takes a document; give all the same settings and version",
                ", ".join(differing),
            )
        self._differing = differing


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
