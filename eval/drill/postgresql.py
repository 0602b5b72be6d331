"""A PostgreSQL server of a drill's own, which can be stopped and started again."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Postgresql:
    """Listens on a socket in its folder."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def make(self, name: str) -> str:
        """The address of a new database."""
        self._server.psql(f"create database {name};")
        return str(self._server.get_uri().replace("/postgres?", f"/{name}?"))

    def stop(self) -> None:
        """As a machine that is gone would: what is connected is cut off."""
        from pgserver import pg_ctl  # type: ignore[attr-defined]

        server = self._server
        pg_ctl(["-m", "immediate", "stop"], pgdata=server.pgdata, user=server.system_user)

    def start(self) -> None:
        """Return when it answers, with the databases that it had."""
        self._server.ensure_postgres_running()


@contextmanager
def postgresql(folder: Path) -> Iterator[Postgresql]:
    """A server with its data in a folder, stopped at last."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about where it keeps its locks
        from pgserver import get_server  # type: ignore[attr-defined]
    server = get_server(folder)
    try:
        yield Postgresql(server)
    finally:
        server.cleanup()
