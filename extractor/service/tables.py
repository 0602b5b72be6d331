"""The tables of the database. Migrations (`migrations/`) bring a database to this form."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Float, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class DocumentState(StrEnum):
    """How far a document is. What its extraction is worth is its `status`."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        return self in (DocumentState.DONE, DocumentState.FAILED)


class Role(StrEnum):
    """What a key may do: uploaders upload, reviewers review, admins do all; each may read."""

    UPLOADER = "uploader"
    REVIEWER = "reviewer"
    ADMIN = "admin"


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Databases without time zones keep it in UTC."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if isinstance(value, datetime) else None


class Base(DeclarativeBase):
    pass


class Document(Base):
    """One uploaded file, by its content: the same bytes are the same document.

    `number` gives the order of arrival. `stage`, `page` and `pages` are its progress. `status` is
    that of the extraction, "failed" also where there is none. `rotations` is None until done.
    `priority`: lower ones are extracted first. `run` counts how often it was retried, and `job` is
    the workflow that extracts it, None until there is one.
    `generation` counts how often it was extracted again, with what it had staying until then.
    `version` counts review decisions and generations; `question` is the slot to ask about first,
    None where nothing is in doubt, and `settles` what an answer settles.
    """

    __tablename__ = "documents"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(36), unique=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str]
    size: Mapped[int]
    media_type: Mapped[str | None]
    state: Mapped[str] = mapped_column(String(16), index=True)
    attempts: Mapped[int]
    priority: Mapped[int] = mapped_column(default=1, server_default="1")
    run: Mapped[int] = mapped_column(default=0, server_default="0")
    job: Mapped[str | None]
    stage: Mapped[str | None]
    page: Mapped[int]
    pages: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[str | None] = mapped_column(String(16), index=True)
    organization: Mapped[str | None] = mapped_column(index=True)
    year: Mapped[int | None] = mapped_column(index=True)
    edition: Mapped[str | None]
    cells: Mapped[int | None]
    flagged: Mapped[int | None]
    to_answer: Mapped[int | None]
    findings: Mapped[int | None]
    rotations: Mapped[list[float] | None] = mapped_column(JSON(none_as_null=True))
    problem_code: Mapped[str | None]
    problem_detail: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=0, server_default="0")
    generation: Mapped[int] = mapped_column(default=0, server_default="0")
    question: Mapped[str | None]
    settles: Mapped[float] = mapped_column(Float, default=0.0, server_default="0", index=True)

    @property
    def has_result(self) -> bool:
        """Also while it is extracted again."""
        return self.media_type is not None


class Executor(Base):
    """A process that works on this database, and counts up while it does. `made_with` is what its
    results depend on besides the document (`made_with.py`), None of a version that did not tell."""

    __tablename__ = "executors"

    id: Mapped[str] = mapped_column(primary_key=True)
    beats: Mapped[int]
    is_ready: Mapped[bool]
    has_left: Mapped[bool]
    made_with: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class Identity(Base):
    """The one row that tells this database from others. `is_bound`: its files bear the id, too."""

    __tablename__ = "identity"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    is_bound: Mapped[bool]


class Count(Base):
    """How much of something there has been since the database was made."""

    __tablename__ = "counts"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    label: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[float] = mapped_column(Float)


class Review(Base):
    """One decision of a person about a cell. The last one counts; all go with their document.

    `before` is the cell as it was shown, with status, flags and probability; `after` what it says
    by the decision, None where an earlier decision was withdrawn. `generation` is that of the
    extraction which it is about.
    """

    __tablename__ = "reviews"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    document_id: Mapped[str] = mapped_column(String(36), index=True)
    slot: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    key_id: Mapped[str] = mapped_column(String(16))
    action: Mapped[str] = mapped_column(String(16))
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    comment: Mapped[str | None]
    generation: Mapped[int] = mapped_column(default=0, server_default="0")


class Key(Base):
    """A key to the service. Its secret is stored as an Argon2 hash only; `id` is no secret."""

    __tablename__ = "keys"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str]
    role: Mapped[str] = mapped_column(String(16))
    secret_hash: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SessionRow(Base):
    """A browser that was signed in with a key. Of its token only the SHA-256 is stored, in hex."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    key_id: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AuditEntry(Base):
    """Who did what. Only ever added to; it outlives the document that it is about."""

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    key_id: Mapped[str | None] = mapped_column(String(16))
    action: Mapped[str] = mapped_column(String(32))
    document_id: Mapped[str | None] = mapped_column(String(36), index=True)
    sha256: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[str | None]

    @classmethod
    def about(cls, action: str, document: Document, key_id: str) -> AuditEntry:
        """What was done to a document just now."""
        return cls(
            at=datetime.now(UTC),
            key_id=key_id,
            action=action,
            document_id=document.id,
            sha256=document.sha256,
            name=document.name,
        )


class Webhook(Base):
    """An address that is told what became of documents. `secret` signs what is sent there, so it
    is kept as it is."""

    __tablename__ = "webhooks"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    url: Mapped[str]
    secret: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Delivery(Base):
    """One event for one webhook. `id` is never given twice, also after a restored backup. `due_at`
    is when to try next; None once it was delivered, or given up, which `error` tells."""

    __tablename__ = "deliveries"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(32))
    webhook_id: Mapped[str] = mapped_column(String(16), index=True)
    document_id: Mapped[str] = mapped_column(String(36))
    event: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int]
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None]
