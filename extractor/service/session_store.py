"""Rows of sessions; `sessions` makes and checks them."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from extractor.service.tables import AuditEntry, Key, SessionRow


class SessionStore:
    """Thread-safe. Who signed in and out is in the audit trail."""

    def __init__(self, session: sessionmaker[Session]) -> None:
        self._session = session

    def add(self, token_hash: str, key_id: str, expires_at: datetime) -> None:
        """Keep a new session, and forget those that have expired."""
        now = datetime.now(UTC)
        row = SessionRow(
            token_hash=token_hash, key_id=key_id, created_at=now, expires_at=expires_at
        )
        with self._session.begin() as session:
            session.execute(delete(SessionRow).where(SessionRow.expires_at <= now))
            session.add(row)
            session.add(AuditEntry(at=now, key_id=key_id, action="signed_in"))

    def find(self, token_hash: str) -> tuple[SessionRow, Key] | None:
        """Return a session that has not expired, with its key, if that may still be used."""
        query = (
            select(SessionRow, Key)
            .join(Key, Key.id == SessionRow.key_id)
            .where(SessionRow.token_hash == token_hash, SessionRow.expires_at > datetime.now(UTC))
            .where(Key.disabled_at.is_(None))
        )
        with self._session() as session:
            found = session.execute(query).one_or_none()
        return None if found is None else (found[0], found[1])

    def has_revoked_key(self, token_hash: str) -> bool:
        """Whether there is such a session whose key was revoked."""
        query = (
            select(Key.id)
            .join(SessionRow, Key.id == SessionRow.key_id)
            .where(SessionRow.token_hash == token_hash, Key.disabled_at.is_not(None))
        )
        with self._session() as session:
            return session.scalar(query) is not None

    def remove(self, token_hash: str) -> None:
        """Forget a session, if there is one."""
        query = (
            delete(SessionRow)
            .where(SessionRow.token_hash == token_hash)
            .returning(SessionRow.key_id)
        )
        with self._session.begin() as session:
            key_id = session.scalar(query)
            if key_id is not None:
                entry = AuditEntry(at=datetime.now(UTC), key_id=key_id, action="signed_out")
                session.add(entry)
