"""Rows and files that belong together: a database has an id, and the storage of its files bears it.

Without that, a service or a worker with another folder or storage would take over documents whose
bytes it does not have, and a service with another database would remove files that it has no rows
of. Whoever opens both sees whether they belong together.
"""

from __future__ import annotations

from sqlalchemy import exists, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from extractor.errors import StoreError
from extractor.service.files import OWNER, Files
from extractor.service.tables import Document, Identity


def bind(session: sessionmaker[Session], files: Files, database: str) -> None:
    """See that files are those of a database; make them so where neither was bound before.

    Args:
        session: of the database.
        files: which the settings of this process name.
        database: what it is called in messages.

    Raises:
        StoreError: one of them belongs to another one, or does not answer; or there are files and
            no rows, which a service would remove.
    """
    # Written to, and so locked: of two that start for the first time, one is the first.
    query = update(Identity).values(id=Identity.id).returning(Identity)
    try:
        with session.begin() as opened:
            ours = opened.scalars(query).one()
            theirs = files.owner()
            if theirs is None and not ours.is_bound:
                is_empty = opened.scalar(select(exists().where(Document.id.is_not(None)))) is False
                if is_empty and files.strays(()):
                    raise StoreError(_lost(ours, files.place, database))
                files.set_owner(ours.id)
            elif theirs != ours.id:
                raise StoreError(_why(ours, theirs, files.place, database))
            ours.is_bound = True
    except SQLAlchemyError as error:
        raise StoreError(f"the database {database} does not answer: {error}") from error


def _lost(ours: Identity, place: str, database: str) -> str:
    return (
        f"there are files of documents in {place}, and no document in the database {database}. Set "
        "EXTRACTOR_DATABASE_URL and EXTRACTOR_HOME to what belongs together; or, if these files "
        f"are of no use any more, write {ours.id} into {place}/{OWNER}, which has them removed"
    )


def _why(ours: Identity, theirs: str | None, place: str, database: str) -> str:
    if theirs is None:
        return (
            f"the files of the database {database} are not in {place}: it was used with another "
            "folder or storage before. Set EXTRACTOR_HOME or EXTRACTOR_FILES_URL to that one, as "
            "all services and workers on this database must; or, if all of its files were brought "
            f"here, write {ours.id} into {place}/{OWNER}"
        )
    return (
        f"the files in {place} belong to another database than {database}. Set "
        "EXTRACTOR_DATABASE_URL, EXTRACTOR_HOME and EXTRACTOR_FILES_URL to what belongs together; "
        "or, if this database was restored from a backup of theirs that is older than "
        f"{place}/{OWNER}, write {ours.id} into that file"
    )
