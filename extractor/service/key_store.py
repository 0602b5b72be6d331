"""Rows of keys; `auth` makes and checks them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from extractor.service.tables import AuditEntry, Key, Role


class KeyStore:
    """Thread-safe. What is done to keys is in the audit trail."""

    def __init__(self, session: sessionmaker[Session]) -> None:
        self._session = session

    def has_admin(self) -> bool:
        """Whether there is an administrator's key that may be used."""
        query = select(Key.id).where(Key.role == Role.ADMIN, Key.disabled_at.is_(None)).limit(1)
        with self._session() as session:
            return session.scalar(query) is not None

    def list(self) -> Sequence[Key]:
        """All keys, the oldest first, those that were revoked among them."""
        with self._session() as session:
            return session.scalars(select(Key).order_by(Key.created_at, Key.id)).all()

    def find(self, key_id: str) -> Key | None:
        """Return a key that may be used."""
        with self._session() as session:
            return session.scalar(select(Key).where(Key.id == key_id, Key.disabled_at.is_(None)))

    def add(
        self, key_id: str, name: str, role: Role, secret_hash: str, *, by: str | None = None
    ) -> Key:
        """Keep a new key; `by` is the key of whoever made it, None where that is the machine's
        owner."""
        now = datetime.now(UTC)
        key = Key(id=key_id, name=name, role=role, secret_hash=secret_hash, created_at=now)
        with self._session.begin() as session:
            session.add(key)
            session.add(AuditEntry(at=now, key_id=by, action="key_created", name=_told(key)))
        return key

    def revoke(self, key_id: str, *, by: str | None = None) -> bool:
        """Make a key useless for good; False if there is none that could be used, or if it is the
        last administrator's."""
        now = datetime.now(UTC)
        others = (
            select(Key.id)
            .where(Key.role == Role.ADMIN, Key.disabled_at.is_(None), Key.id != key_id)
            .exists()
        )
        query = (
            update(Key)
            .where(Key.id == key_id, Key.disabled_at.is_(None))
            .where((Key.role != Role.ADMIN) | others)
            .values(disabled_at=now)
            .returning(Key)
        )
        with self._session.begin() as session:
            key = session.scalar(query)
            if key is not None:
                session.add(AuditEntry(at=now, key_id=by, action="key_revoked", name=_told(key)))
        return key is not None

    def trail(self) -> Sequence[AuditEntry]:
        """What was done to keys, in order."""
        query = (
            select(AuditEntry)
            .where(AuditEntry.action.in_(("key_created", "key_revoked")))
            .order_by(AuditEntry.number)
        )
        with self._session() as session:
            return session.scalars(query).all()


def _told(key: Key) -> str:
    return f"{key.id} {key.role} {key.name}"
