"""Rows and files of the service: the only SQL, and the only place that knows where files lie.

Below `settings.home`:

    extractor.db              SQLite in WAL mode
    admin-key.txt             the first key, for whoever may read this folder
    incoming/                 uploads while they arrive; emptied at start
    files/ab/abcd…/           one folder a document, named by the SHA-256 of its bytes:
        source                the bytes as they were uploaded
        result.json .csv .xlsx    what the worker made of them; result-N.… after N decisions
        reading.json.gz       what was read, to be decided again
        page-0001.jpg …       upright pages that somebody looked at

A file is on disk before its row, and the row is committed before an upload is answered, so nothing
that was accepted can be lost. What has no row is removed at the next start.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, delete, event, func, select, text, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import sessionmaker

from extractor.errors import StoreError
from extractor.service.problems import WORKER_CRASHED, ProblemType
from extractor.service.tables import AuditEntry, Document, DocumentState, Key, Review, Role
from extractor.service.tasks import Outcome
from extractor.settings import Settings

MAX_ATTEMPTS = 3
"""A document during whose extraction the service itself ended so often is not tried again."""

_BUSY_SECONDS = 15
_PAGE = 200


class Store:
    """Thread-safe. Rows are returned detached: they never change and never load anything."""

    def __init__(self, home: Path) -> None:
        """Open the storage in a folder, making or migrating it as needed.

        Raises:
            StoreError: the folder or the database cannot be used.
        """
        self.home = home
        self._files = home / "files"
        self._incoming = home / "incoming"
        self._files_lock = threading.Lock()
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._files.mkdir(exist_ok=True)
            self._incoming.mkdir(exist_ok=True)
        except OSError as error:
            raise StoreError(f"the folder {home} cannot be used: {error.strerror}") from error
        self._engine = create_engine(
            f"sqlite:///{home / 'extractor.db'}",
            connect_args={"timeout": _BUSY_SECONDS},
            pool_size=10,
            max_overflow=40,
        )
        event.listen(self._engine, "connect", _configure_sqlite)
        self._session = sessionmaker(self._engine, expire_on_commit=False)
        try:
            migrate(self._engine)
        except SQLAlchemyError as error:
            self.close()
            raise StoreError(f"the database in {home} cannot be used: {error}") from error

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check(self) -> None:
        """Ask the database something.

        Raises:
            StoreError: it does not answer.
        """
        try:
            with self._engine.connect() as connection:
                connection.execute(text("select 1"))
        except SQLAlchemyError as error:
            raise StoreError(f"the database in {self.home} does not answer") from error

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the right to extract what is queued here; it ends with the process at the latest.

        Raises:
            StoreError: another process holds it.
        """
        with (self.home / "service.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise StoreError(
                    f"another service works on {self.home}; stop it, or choose another folder with "
                    "EXTRACTOR_HOME"
                ) from error
            yield

    # --- documents ---

    def add(self, name: str, sha256: str, path: Path, *, key_id: str) -> tuple[Document, bool]:
        """Take over a file and queue it.

        Args:
            name: what the user calls it.
            sha256: of its bytes.
            path: the file, in the folder of `receive`; it is moved.
            key_id: whose upload it is.

        Returns:
            The document, and whether it is new: the same bytes are the same document.
        """
        with self._files_lock:
            if known := self._by_sha256(sha256):
                return known, False
            folder = self._folder(sha256)
            size = path.stat().st_size
            folder.mkdir(parents=True, exist_ok=True)
            path.replace(folder / "source")
            _sync_folder(folder)
            document = Document(
                id=str(uuid.uuid4()),
                sha256=sha256,
                name=name,
                size=size,
                state=DocumentState.QUEUED,
                attempts=0,
                page=0,
                pages=0,
                created_at=_now(),
            )
            try:
                with self._session.begin() as session:
                    session.add(document)
                    session.add(_audit("uploaded", document, key_id))
            except IntegrityError:  # another process was faster
                known = self._by_sha256(sha256)
                if known is None:
                    raise
                return known, False
            return document, True

    def find(self, document_id: str) -> Document | None:
        with self._session() as session:
            return session.scalar(select(Document).where(Document.id == document_id))

    def _by_sha256(self, sha256: str) -> Document | None:
        with self._session() as session:
            return session.scalar(select(Document).where(Document.sha256 == sha256))

    def list(
        self,
        *,
        state: DocumentState | None = None,
        status: str | None = None,
        organization: str | None = None,
        year: int | None = None,
        before: int | None = None,
        limit: int,
    ) -> Sequence[Document]:
        """List documents, the newest first; `organization` is a part of its name.

        `before` is the `number` of the last document of the page before.
        """
        query = select(Document).order_by(Document.number.desc()).limit(limit)
        if state is not None:
            query = query.where(Document.state == state)
        if status is not None:
            query = query.where(Document.status == status)
        if organization is not None:
            query = query.where(Document.organization.contains(organization, autoescape=True))
        if year is not None:
            query = query.where(Document.year == year)
        if before is not None:
            query = query.where(Document.number < before)
        with self._session() as session:
            return session.scalars(query).all()

    def finished(
        self,
        *,
        status: str | None = None,
        organization: str | None = None,
        year: int | None = None,
    ) -> Iterator[Document]:
        """Every document with a result, in the order of arrival; some at a time, so that what is
        removed or finished meanwhile does no harm."""
        query = select(Document).where(Document.state == DocumentState.DONE)
        if status is not None:
            query = query.where(Document.status == status)
        if organization is not None:
            query = query.where(Document.organization.contains(organization, autoescape=True))
        if year is not None:
            query = query.where(Document.year == year)
        query = query.order_by(Document.number).limit(_PAGE)
        last = 0
        while True:
            with self._session() as session:
                found = session.scalars(query.where(Document.number > last)).all()
            yield from found
            if len(found) < _PAGE:
                return
            last = found[-1].number

    def count_by_state(self) -> Mapping[DocumentState, int]:
        query = select(Document.state, func.count()).group_by(Document.state)
        with self._session() as session:
            counts = dict(session.execute(query).all())
        return {state: counts.get(state, 0) for state in DocumentState}

    def remove(self, document_id: str, *, key_id: str) -> Document | None:
        """Forget a document's row and values; what stays is an entry in the audit trail.

        Whoever calls then ends work on it, and calls `remove_files`.
        """
        with self._session.begin() as session:
            document = session.scalar(
                delete(Document).where(Document.id == document_id).returning(Document)
            )
            if document is not None:
                session.expunge(document)
                session.execute(delete(Review).where(Review.document_id == document_id))
                session.add(_audit("removed", document, key_id))
        return document

    def audit(self, document_id: str) -> Sequence[AuditEntry]:
        """What was done to a document, in order; also to one that was removed."""
        query = (
            select(AuditEntry)
            .where(AuditEntry.document_id == document_id)
            .order_by(AuditEntry.number)
        )
        with self._session() as session:
            return session.scalars(query).all()

    # --- the queue ---

    def claim(self) -> Document | None:
        """Take the oldest queued document for extraction; no two callers get the same one."""
        oldest = (
            select(Document.number)
            .where(Document.state == DocumentState.QUEUED)
            .order_by(Document.number)
            .limit(1)
            .scalar_subquery()
        )
        query = (
            update(Document)
            .where(Document.number == oldest, Document.state == DocumentState.QUEUED)
            .values(
                state=DocumentState.RUNNING,
                attempts=Document.attempts + 1,
                started_at=_now(),
                stage=None,
                page=0,
                pages=0,
            )
            .returning(Document)
        )
        with self._session.begin() as session:
            return session.scalar(query)

    def release(self, document_id: str) -> None:
        """Put a document back that was claimed and through no fault of its own not extracted."""
        self._update(
            document_id,
            state=DocumentState.QUEUED,
            attempts=Document.attempts - 1,
            started_at=None,
            stage=None,
        )

    def requeue(self) -> int:
        """Queue what an earlier process left unfinished, and return how many. Call at start only,
        holding `exclusive`."""
        running = Document.state == DocumentState.RUNNING
        with self._session.begin() as session:
            session.execute(
                update(Document)
                .where(running, Document.attempts >= MAX_ATTEMPTS)
                .values(
                    state=DocumentState.FAILED,
                    status="failed",
                    finished_at=_now(),
                    problem_code=WORKER_CRASHED.code,
                    problem_detail=f"the service ended {MAX_ATTEMPTS} times while it was extracted",
                )
            )
            left = session.scalars(
                update(Document)
                .where(running)
                .values(state=DocumentState.QUEUED, started_at=None, stage=None, page=0, pages=0)
                .returning(Document.number)
            )
            return len(left.all())

    def set_progress(self, document_id: str, stage: str, page: int, pages: int) -> None:
        self._update(document_id, stage=stage, page=page, pages=pages)

    def finish(self, document_id: str, outcome: Outcome) -> None:
        self._update(
            document_id,
            state=DocumentState.DONE,
            finished_at=_now(),
            stage=None,
            page=0,
            pages=len(outcome.rotations),
            media_type=outcome.media_type,
            status=outcome.status,
            organization=outcome.organization,
            year=outcome.year,
            edition=outcome.edition,
            cells=outcome.cells,
            flagged=outcome.flagged,
            findings=outcome.findings,
            rotations=list(outcome.rotations),
            question=outcome.question,
            settles=outcome.settles,
        )

    def fail(self, document_id: str, problem: ProblemType, detail: str) -> None:
        self._update(
            document_id,
            state=DocumentState.FAILED,
            status="failed",
            finished_at=_now(),
            problem_code=problem.code,
            problem_detail=detail,
        )

    def _update(self, document_id: str, **values: Any) -> None:
        """Change a document that is being extracted; nothing happens if it was removed."""
        query = (
            update(Document)
            .where(Document.id == document_id, Document.state == DocumentState.RUNNING)
            .values(**values)
        )
        with self._session.begin() as session:
            session.execute(query)

    # --- reviews ---

    def review(self, document: Document, review: Review, outcome: Outcome) -> Document | None:
        """Keep a decision and what follows from it, both or neither.

        Returns:
            The document as it is then; None if it is not at the version of `document` any more.
        """
        query = (
            update(Document)
            .where(Document.id == document.id, Document.version == document.version)
            .where(Document.state == DocumentState.DONE)
            .values(
                version=Document.version + 1,
                status=outcome.status,
                flagged=outcome.flagged,
                findings=outcome.findings,
                question=outcome.question,
                settles=outcome.settles,
            )
            .returning(Document)
        )
        with self._session.begin() as session:
            changed = session.scalar(query)
            if changed is not None:
                review.at = _now()
                session.add(review)
                session.add(_audit("reviewed", changed, review.key_id))
        return changed

    def reviews(self, document_id: str) -> Sequence[Review]:
        """The decisions about a document, in order."""
        query = select(Review).where(Review.document_id == document_id).order_by(Review.number)
        with self._session() as session:
            return session.scalars(query).all()

    def next_question(self, passed_over: Sequence[str]) -> Document | None:
        """The document with the cell whose answer settles most, of all but some; None where nothing
        is in doubt."""
        query = (
            select(Document)
            .where(Document.question.is_not(None), Document.id.not_in(passed_over))
            .order_by(Document.settles.desc(), Document.number)
            .limit(1)
        )
        with self._session() as session:
            return session.scalar(query)

    # --- files ---

    @contextlib.contextmanager
    def receive(self) -> Iterator[Path]:
        """Give a folder for files that are arriving; it is removed at the end of the block."""
        folder = self._incoming / uuid.uuid4().hex
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def folder(self, document: Document) -> Path:
        return self._folder(document.sha256)

    def _folder(self, sha256: str) -> Path:
        return self._files / sha256[:2] / sha256

    def remove_files(self, document: Document) -> None:
        """Remove all files of a removed document, unless the same bytes were uploaded again."""
        with self._files_lock:
            if self._by_sha256(document.sha256) is None:
                shutil.rmtree(self.folder(document), ignore_errors=True)

    def sweep(self) -> None:
        """Remove files that belong to no row. Call at start only, holding `exclusive`."""
        shutil.rmtree(self._incoming, ignore_errors=True)
        self._incoming.mkdir()
        with self._session() as session:
            known = set(session.scalars(select(Document.sha256)))
        for folder in self._files.glob("*/*"):
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)

    # --- keys ---

    def has_keys(self) -> bool:
        with self._session() as session:
            return session.scalar(select(Key.id).limit(1)) is not None

    def find_key(self, key_id: str) -> Key | None:
        """Return a key that may be used."""
        with self._session() as session:
            return session.scalar(select(Key).where(Key.id == key_id, Key.disabled_at.is_(None)))

    def add_key(self, key_id: str, name: str, role: Role, secret_hash: str) -> None:
        key = Key(id=key_id, name=name, role=role, secret_hash=secret_hash, created_at=_now())
        with self._session.begin() as session:
            session.add(key)


def open_store(settings: Settings) -> Store:
    """Open the storage that the settings name.

    Raises:
        StoreError: it cannot be used.
    """
    return Store(settings.home)


def migrate(engine: Engine) -> None:
    """Bring a database, also an empty one, to the form of `tables.py`."""
    config = Config()
    location = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", location.replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _configure_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def _audit(action: str, document: Document, key_id: str) -> AuditEntry:
    return AuditEntry(
        at=_now(),
        key_id=key_id,
        action=action,
        document_id=document.id,
        sha256=document.sha256,
        name=document.name,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _sync_folder(folder: Path) -> None:
    """See to it that a file that was moved into a folder survives a power failure."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
