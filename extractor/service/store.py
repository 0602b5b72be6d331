"""What the service keeps: rows of documents, of the queue and of decisions, and their files.

Below `settings.home` lie the database, `admin-key.txt` (the first key, for whoever may read this
folder) and the folders of `files`. A file is on disk before its row, and the row is committed
before an upload is answered, so nothing that was accepted can be lost. What has no row is removed
at the next start.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import threading
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from extractor.errors import StoreError
from extractor.service.aggregates import Aggregates
from extractor.service.catalog import Catalog, is_finished_before
from extractor.service.database import DATABASE, Database
from extractor.service.executors import Executors
from extractor.service.files import Files, Owner
from extractor.service.filling import fill
from extractor.service.identity import bind, confirm, confirm_here, expect
from extractor.service.key_store import KeyStore
from extractor.service.listings import Listings
from extractor.service.queue import Queue
from extractor.service.session_store import SessionStore
from extractor.service.tables import AuditEntry, Document, DocumentState, Review
from extractor.service.tasks import Outcome
from extractor.service.value_tables import Result, forget_values, keep_values
from extractor.service.webhook_store import Event, WebhookStore, announce
from extractor.settings import Settings

log = logging.getLogger(__name__)

LOCK = "service.lock"
JOBS = "jobs.db"
"""What DBOS keeps where there is no PostgreSQL. No copy of it is needed: work is begun anew."""


class Store(Catalog):
    """Thread-safe; what can be asked, and what can be changed."""

    def __init__(
        self,
        home: Path,
        database_url: str = "",
        files_url: str = "",
        *,
        needs_files: bool = True,
    ) -> None:
        """Open the storage in a folder, making or migrating it as needed; rows are in the folder,
        too, or in the PostgreSQL database of an address. Without `needs_files` it does not matter
        whether files are here.

        Raises:
            StoreError: the folder or the database cannot be used, or they do not belong together.
        """
        self.home = home
        self.files = Files(home, files_url)
        self._files_lock = threading.Lock()
        self._strays: set[str] = set()
        if needs_files and not database_url:
            expect(self.files, home / DATABASE)
        self._database = Database(home, database_url)
        self._owner: Owner | None = None
        try:
            if needs_files:
                self._owner = bind(self._database.session, self.files, self._database.name)
            elif not database_url:
                confirm_here(self._database.session, self.files, self._database.name)
        except StoreError:
            self.close()
            raise
        self.jobs_url = self._database.url or f"sqlite:///{home / JOBS}"
        super().__init__(self._database.session)
        self.listings = Listings(self._session)
        self.aggregates = Aggregates(self._session)
        self.keys = KeyStore(self._session)
        self.sessions = SessionStore(self._session)
        self.queue = Queue(self._session)
        self.executors = Executors(self._session)
        self.webhooks = WebhookStore(self._session)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check(self) -> None:
        """Ask the database something, and write something to the disk.

        Raises:
            StoreError: it does not answer, or the disk is full; without names, for everybody.
        """
        self._database.check()
        self.files.check()

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the right to extract what is queued here; it ends with the process at the latest.

        Raises:
            StoreError: another process holds it.
        """
        with (self.home / LOCK).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise StoreError(
                    f"another service works on {self.home}; stop it, or choose another folder with "
                    "EXTRACTOR_HOME"
                ) from error
            yield

    # --- documents ---

    def add(
        self, name: str, sha256: str, path: Path, *, key_id: str, priority: int = 1
    ) -> tuple[Document, bool]:
        """Take over a file and queue it.

        Args:
            name: what the user calls it.
            sha256: of its bytes.
            path: the file, in the folder of `files.receive`; it is moved.
            key_id: whose upload it is.
            priority: lower ones are extracted first.

        Returns:
            The document, and whether it is new: the same bytes are the same document.
        """
        with self._files_lock:
            if known := self.by_sha256(sha256):
                return known, False
            size = self.files.take(path, sha256)
            document = Document(
                id=str(uuid.uuid4()),
                sha256=sha256,
                name=name,
                size=size,
                state=DocumentState.QUEUED,
                attempts=0,
                priority=priority,
                page=0,
                pages=0,
                created_at=_now(),
            )
            try:
                with self._session.begin() as session:
                    session.add(document)
                    session.add(AuditEntry.about("uploaded", document, key_id))
            except IntegrityError:  # another process was faster
                known = self.by_sha256(sha256)
                if known is None:
                    raise
                return known, False
            return document, True

    def remove(
        self, document_id: str, *, key_id: str, finished_before: datetime | None = None
    ) -> Document | None:
        """Forget a document's row and values; what stays is an entry in the audit trail. With
        `finished_before` only if it is finished, and was so before that moment.

        Whoever calls then ends work on it, and calls `remove_files`.
        """
        query = delete(Document).where(Document.id == document_id)
        if finished_before is not None:
            query = query.where(is_finished_before(finished_before))
        with self._session.begin() as session:
            document = session.scalar(query.returning(Document))
            if document is not None:
                session.expunge(document)
                session.execute(delete(Review).where(Review.document_id == document_id))
                forget_values(session, document_id)
                session.add(AuditEntry.about("removed", document, key_id))
                announce(session, Event.REMOVED, document.id)
        return document

    def extract_again(self, document_id: str, *, key_id: str) -> Document | None:
        """Queue a document that has a result, which it keeps until there is another one; None where
        there is no such document, or it is queued already."""
        return self._queue_again(document_id, DocumentState.DONE, "extracted_again", key_id)

    def retry(self, document_id: str, *, key_id: str) -> Document | None:
        """Queue a document again whose extraction failed, with as many attempts as a new one; None
        where there is no such document that failed."""
        return self._queue_again(
            document_id,
            DocumentState.FAILED,
            "retried",
            key_id,
            status=None,
            started_at=None,
            finished_at=None,
        )

    def _queue_again(
        self, document_id: str, state: DocumentState, action: str, key_id: str, **values: None
    ) -> Document | None:
        """Give a document in a state another run, with as many attempts as a new one."""
        query = (
            update(Document)
            .where(Document.id == document_id, Document.state == state)
            .values(
                state=DocumentState.QUEUED,
                attempts=0,
                run=Document.run + 1,
                job=None,
                problem_code=None,
                problem_detail=None,
                **values,
            )
            .returning(Document)
        )
        with self._session.begin() as session:
            document = session.scalar(query)
            if document is not None:
                session.expunge(document)
                session.add(AuditEntry.about(action, document, key_id))
        return document

    # --- reviews ---

    def review(
        self, document: Document, reviews: Sequence[Review], outcome: Outcome, result: Result
    ) -> Document | None:
        """Keep decisions that were taken at once, and what follows from them, all or nothing.

        Args:
            document: as it was looked at.
            reviews: by the same key, one or more; the version counts each.
            outcome: what follows.
            result: the whole of it.

        Returns:
            The document as it is then; None if it is not at the version of `document` any more.
        """
        query = (
            update(Document)
            .where(Document.id == document.id, Document.version == document.version)
            .where(Document.state == DocumentState.DONE)
            .values(version=Document.version + len(reviews), **_decided(outcome))
            .returning(Document)
        )
        with self._session.begin() as session:
            changed = session.scalar(query)
            if changed is not None:
                now = _now()
                for review in reviews:
                    review.at = now
                session.add_all(reviews)
                keep_values(session, document.id, result)
                session.add(AuditEntry.about("reviewed", changed, reviews[0].key_id))
                announce(session, Event.REVIEWED, changed.id)
        return changed

    def renew(self, document: Document, outcome: Outcome, result: Result) -> None:
        """Keep what the result of a document says once it was decided again for the same version
        of it; nothing happens if the document is not at that version any more."""
        query = (
            update(Document)
            .where(Document.id == document.id, Document.version == document.version)
            .where(Document.generation == document.generation)
            .values(**_decided(outcome))
            .returning(Document.id)
        )
        with self._session.begin() as session:
            if session.scalar(query) is not None:
                keep_values(session, document.id, result)

    def fill_values(self) -> int:
        """Take what results say into tables that did not keep it when they were written; returns
        of how many. Call at start only, holding `exclusive`."""
        return fill(self._session, self.folder)

    # --- files ---

    def folder(self, document: Document) -> Path:
        """The folder of a document with all of its files in it.

        Raises:
            StoreError: they cannot be fetched.
        """
        return self.files.fetched(document.sha256)

    def publish(self, document: Document) -> None:
        """Let every machine have what was written to the folder of a document."""
        self.files.publish(document.sha256)

    def remove_files(self, document: Document) -> None:
        """Remove all files of a removed document, unless the same bytes were uploaded again."""
        with self._files_lock:
            if self.by_sha256(document.sha256) is None:
                self.files.remove(document.sha256)

    def tidy(self) -> None:
        """Remove files of documents that were removed, and written by somebody who did not know:
        those that were found the last time, too.

        Raises:
            StoreError: the files are not ours any more.
        """
        if self._owner is not None:
            confirm(self._owner, self.files)
        with self._session() as session:
            known = set(session.scalars(select(Document.sha256)))
        found = self.files.strays(known)
        for sha256 in found & self._strays:
            with self._files_lock:
                if self.by_sha256(sha256) is None:
                    self.files.remove(sha256)
        self._strays = found

    def sweep(self) -> None:
        """Remove files that belong to no row. Call at start only, holding `exclusive`."""
        with self._session() as session:
            self.files.sweep(set(session.scalars(select(Document.sha256))))


def open_store(settings: Settings, *, needs_files: bool = True) -> Store:
    """Open the storage that the settings name; `needs_files` as of `Store`.

    Raises:
        StoreError: it cannot be used.
    """
    return Store(settings.home, settings.database_url, settings.files_url, needs_files=needs_files)


def _decided(outcome: Outcome) -> dict[str, Any]:
    """The columns of a document that follow from decisions."""
    return {
        "status": outcome.status,
        "organization": outcome.organization,
        "year": outcome.year,
        "flagged": outcome.flagged,
        "to_answer": outcome.to_answer,
        "findings": outcome.findings,
        "question": outcome.question,
        "settles": outcome.settles,
    }


def _now() -> datetime:
    return datetime.now(UTC)
