"""The processes that work on a database, and which of them are gone."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, sessionmaker

from extractor.service.tables import Executor

GONE_SECONDS = 30.0
"""A process that has not stirred for so long is gone."""
_SILENT_SECONDS = 10.0


class Executors:
    """Thread-safe, save for `gone`, which one thread asks again and again.

    A process that lives counts up in its row. Others look whether it does, each by a clock of its
    own that never jumps, and never across a time in which the database did not answer: nobody could
    have counted then.
    """

    def __init__(self, session: sessionmaker[Session]) -> None:
        self._session = session
        self._machine, self._pid = _machine(), os.getpid()
        self.id = f"{self._machine}:{self._pid}:{uuid.uuid4().hex[:12]}"
        self._looked_at = 0.0
        self._seen: dict[str, tuple[int, float]] = {}

    def beat(self, *, is_ready: bool, made_with: Mapping[str, Any]) -> None:
        """Say that this process is there, whether it can extract, and with what."""
        query = (
            update(Executor)
            .where(Executor.id == self.id)
            .values(beats=Executor.beats + 1, is_ready=is_ready)
        )
        with self._session.begin() as session:
            if session.execute(query.returning(Executor.id)).first() is None:
                session.add(
                    Executor(
                        id=self.id,
                        beats=1,
                        is_ready=is_ready,
                        has_left=False,
                        made_with=dict(made_with),
                    )
                )

    def leave(self) -> None:
        """Have others go on at once with what this process had begun."""
        query = update(Executor).where(Executor.id == self.id)
        with self._session.begin() as session:
            session.execute(query.values(has_left=True, is_ready=False))

    def gone(self) -> Sequence[str]:
        """Those that do not work any more, as far as can be told by now."""
        with self._session() as session:
            others = session.scalars(select(Executor).where(Executor.id != self.id)).all()
        now = time.monotonic()
        if now - self._looked_at > _SILENT_SECONDS:
            self._seen.clear()
        self._looked_at = now
        found = []
        for other in others:
            beats, since = self._seen.get(other.id, (-1, now))
            if beats != other.beats:
                since = now
            self._seen[other.id] = (other.beats, since)
            if other.has_left or now - since > GONE_SECONDS or self._died(other.id):
                found.append(other.id)
        return found

    def forget(self, executor: str) -> None:
        with self._session.begin() as session:
            session.execute(delete(Executor).where(Executor.id == executor))
        self._seen.pop(executor, None)

    def count(self) -> tuple[int, int]:
        """How many processes there are, and how many of them said last that they can extract. One
        that has just died is counted until somebody notices."""
        query = select(func.count(), func.count().filter(Executor.is_ready))
        with self._session() as session:
            found, ready = session.execute(query.where(Executor.has_left.is_(False))).one()
            return found, ready

    def any_ready(self) -> bool:
        """Whether some process said last that it can extract."""
        query = select(func.count()).select_from(Executor).where(Executor.is_ready)
        with self._session() as session:
            return bool(session.scalar(query))

    def differing(self) -> Sequence[str]:
        """The names of what the processes that work here do not all extract with alike, sorted;
        a process that has just died counts until somebody notices."""
        query = select(Executor.made_with).where(Executor.has_left.is_(False))
        with self._session() as session:
            all_of = [one for one in session.scalars(query) if one is not None]
        names = {name for one in all_of for name in one}
        return sorted(n for n in names if any(o.get(n) != all_of[0].get(n) for o in all_of))

    def _died(self, executor: str) -> bool:
        """Whether a process of this machine has ended; its number may be ours by now."""
        machine, pid, _ = executor.rsplit(":", 2)
        if machine != self._machine:
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


def _machine() -> str:
    """What has process numbers of its own: a machine since it was started, or a container."""
    parts = [socket.gethostname()]
    for path in (Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")):
        try:
            parts.append(str(path.readlink()) if path.is_symlink() else path.read_text().strip())
        except OSError:
            continue
    return "/".join(parts).replace(":", "")
