"""The database of the service: SQLite in a folder, brought to the form of `tables.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import sessionmaker

from extractor.errors import StoreError

DATABASE = "extractor.db"
_BUSY_SECONDS = 15


class Database:
    """Open while it is used; `session` makes sessions whose rows stay as they are."""

    def __init__(self, home: Path) -> None:
        """Open the database in a folder, making or migrating it as needed.

        Raises:
            StoreError: it cannot be used.
        """
        self._home = home
        self._engine = create_engine(
            f"sqlite:///{home / DATABASE}",
            connect_args={"timeout": _BUSY_SECONDS},
            pool_size=10,
            max_overflow=40,
        )
        event.listen(self._engine, "connect", _configure_sqlite)
        self.session = sessionmaker(self._engine, expire_on_commit=False)
        try:
            migrate(self._engine)
        except SQLAlchemyError as error:
            self.close()
            raise StoreError(f"the database in {home} cannot be used: {error}") from error

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
            raise StoreError(f"the database in {self._home} does not answer") from error


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
