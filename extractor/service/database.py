"""The database of the service, brought to the form of `tables.py`: SQLite in a folder, or
PostgreSQL, where processes on other machines work, too."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Dialect, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import sessionmaker

from extractor.errors import StoreError

log = logging.getLogger(__name__)

DATABASE = "extractor.db"
_BUSY_SECONDS = 15
_PAUSE_SECONDS = 1.0
_LIMITS = {
    "connect_timeout": "5",
    "tcp_user_timeout": "15000",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}
"""For a PostgreSQL server that is gone without a word, where its address does not say otherwise:
the system alone would wait for a quarter of an hour."""
UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeout)
"""What is raised where the database is locked, full or away."""


def reason_of(error: Exception) -> str:
    """What an exception says, in a line; of one of a database, what its driver says."""
    return " ".join(str(getattr(error, "orig", error)).split())


class Database:
    """Open while it is used; `session` makes sessions whose rows stay as they are. `url` is for
    others that use it, empty for SQLite; `name`, without what is secret, for messages."""

    def __init__(self, home: Path, url: str = "") -> None:
        """Open the database at a PostgreSQL address, or else that in a folder, making or migrating
        it as needed.

        Raises:
            StoreError: it cannot be used.
        """
        given = _address(url) if url else None
        self.name = str(home) if given is None else given.render_as_string()
        self.url = "" if given is None else _within_time(given)
        self._engine = _postgresql(self.url) if self.url else _sqlite(home)
        self.session = sessionmaker(self._engine, expire_on_commit=False)
        try:
            migrate(self._engine)
        except SQLAlchemyError as error:
            self.close()
            reason = reason_of(error)
            raise StoreError(f"the database {self.name} cannot be used: {reason}") from error

    def close(self) -> None:
        self._engine.dispose()

    def check(self) -> None:
        """Ask the database something.

        Raises:
            StoreError: it does not answer.
        """
        try:
            with self._engine.connect() as connection:
                connection.execute(text("select 1"))
        except SQLAlchemyError as error:
            raise StoreError("the database does not answer") from error


def wait_to_connect(engine: Engine, pause: Callable[[float], None]) -> None:
    """Let whoever wants a connection of an engine wait until the database answers.

    For an engine that others made, whose users would try again themselves, but ever less often: a
    minute after the database is back they would still not have noticed.

    Args:
        engine: connections that it has already are left as they are.
        pause: waits so many seconds; what it raises ends the wait.
    """

    def connect(dialect: Dialect, _record: object, args: Any, kwargs: Any) -> DBAPIConnection:
        is_told = False
        while True:
            try:
                found = dialect.connect(*args, **kwargs)
            except dialect.loaded_dbapi.OperationalError as error:
                if not is_told:
                    log.warning("the database is waited for: %s", reason_of(error))
                is_told = True
            else:
                if is_told:
                    log.info("the database answers again")
                return found
            pause(_PAUSE_SECONDS)

    event.listen(engine, "do_connect", connect)


def migrate(engine: Engine) -> None:
    """Bring a database, also an empty one, to the form of `tables.py`."""
    config = Config()
    location = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", location.replace("%", "%%"))
    with engine.begin() as connection:
        # One process at a time: another one waits here and then finds nothing to do.
        connection.execute(
            text(
                "select pg_advisory_xact_lock(7391)"
                if _is_postgresql(engine)
                else "begin immediate"
            )
        )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _sqlite(home: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{home / DATABASE}",
        connect_args={"timeout": _BUSY_SECONDS},
        pool_size=10,
        max_overflow=40,
    )
    event.listen(engine, "connect", _configure_sqlite)
    return engine


def _address(url: str) -> URL:
    """
    Raises:
        StoreError: it is none of PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise StoreError(f"EXTRACTOR_DATABASE_URL is no address of a database: {error}") from error
    if parsed.get_backend_name() != "postgresql":
        raise StoreError("EXTRACTOR_DATABASE_URL must begin with postgresql://")
    return parsed


def _within_time(given: URL) -> str:
    """An address, password and all, whose server is not waited for longer than `_LIMITS` allow."""
    limited = given.set(query={**_LIMITS, **given.query})
    return limited.render_as_string(hide_password=False)


def _postgresql(url: str) -> Engine:
    # Connections that the server has closed meanwhile are replaced before they are used.
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=10,
        max_overflow=40,
        pool_pre_ping=True,
    )


def _is_postgresql(engine: Engine) -> bool:
    return engine.dialect.name == "postgresql"


def _configure_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()
