"""The processes that work on a database, and which of them are gone."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Float, delete, func, literal_column, select, update
from sqlalchemy.orm import Session, sessionmaker

from extractor.service.tables import Executor

GONE_SECONDS = 30.0
"""A process that has not been seen for so long is gone."""


class Executors:
    """Thread-safe. Time is that of the database, so that clocks of machines may differ, or jump."""

    def __init__(self, session: sessionmaker[Session], dialect: str) -> None:
        self._session = session
        self._host, self._pid = socket.gethostname(), os.getpid()
        self.id = f"{self._host}:{self._pid}:{uuid.uuid4().hex[:12]}"
        self._now: ColumnElement[float] = (
            literal_column("(julianday('now') - 2440587.5) * 86400.0", Float)
            if dialect == "sqlite"
            else func.extract("epoch", func.clock_timestamp()).cast(Float)
        )

    def beat(self, *, is_ready: bool) -> None:
        """Say that this process is there, and whether it can extract."""
        query = (
            update(Executor)
            .where(Executor.id == self.id)
            .values(seen_at=self._now, is_ready=is_ready)
        )
        with self._session.begin() as session:
            if session.execute(query.returning(Executor.id)).first() is None:
                seen = session.scalar(select(self._now)) or 0.0
                session.add(Executor(id=self.id, seen_at=seen, is_ready=is_ready))

    def leave(self) -> None:
        """Have others go on at once with what this process had begun."""
        query = update(Executor).where(Executor.id == self.id).values(seen_at=0.0, is_ready=False)
        with self._session.begin() as session:
            session.execute(query)

    def gone(self) -> Sequence[str]:
        """Those that do not work any more."""
        with self._session() as session:
            now = session.scalar(select(self._now)) or 0.0
            others = session.scalars(select(Executor).where(Executor.id != self.id)).all()
        return [one.id for one in others if now - one.seen_at > GONE_SECONDS or self._died(one.id)]

    def forget(self, executor: str) -> None:
        with self._session.begin() as session:
            session.execute(delete(Executor).where(Executor.id == executor))

    def any_ready(self) -> bool:
        """Whether some process can extract now."""
        with self._session() as session:
            now = session.scalar(select(self._now)) or 0.0
            query = select(func.count()).select_from(Executor)
            recent = Executor.seen_at > now - GONE_SECONDS
            return bool(session.scalar(query.where(Executor.is_ready, recent)))

    def _died(self, executor: str) -> bool:
        """Whether a process of this machine has ended; its number may be ours by now."""
        host, pid, _ = executor.rsplit(":", 2)
        if host != self._host:
            return False
        if int(pid) == self._pid:
            return True
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass
        return False
