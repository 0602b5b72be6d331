"""Rows and files that belong together: a database has an id, and the storage of its files bears it.

Without that, a service or a worker with another folder or storage would take over documents whose
bytes it does not have, and a service with another database would remove files that it has no rows
of. Whoever opens both sees whether they belong together, and so does who removes files later on.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import exists, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from extractor.errors import StoreError
from extractor.service.files import OWNER, Files, Owner
from extractor.service.tables import Document, Identity


def expect(files: Files, database: Path) -> None:
    """See that the SQLite database is there whose files these are, before one is made: a new one
    would be another one, which is refused, and would stay behind as an empty one.

    Args:
        files: which the settings of this process name.
        database: the file.

    Raises:
        StoreError: there is none, and the files belong to one.
    """
    counting = files.owner()
    theirs = counting or files.other_here("")
    # In this order: of two that start for the first time, one is the first.
    if theirs is not None and not database.exists():
        place = files.here if counting is None else files.place
        raise StoreError(
            f"the files in {place} belong to another database than {database}, which is not there: "
            f"to {_told(theirs)}. Set EXTRACTOR_DATABASE_URL, EXTRACTOR_HOME and "
            "EXTRACTOR_FILES_URL to what belongs together; each database needs a folder, or an "
            "address, of its own. If the database was lost, restore it from a backup"
        )


def bind(session: sessionmaker[Session], files: Files, database: str) -> Owner:
    """See that files are those of a database; make them so where neither was bound before.

    Args:
        session: of the database.
        files: which the settings of this process name.
        database: what it is called in messages.

    Returns:
        To whom they belong: this database.

    Raises:
        StoreError: one of them belongs to another one, or does not answer; or there are files and
            no rows, which a service would remove.
    """
    # Written to, and so locked: of two that start for the first time, one is the first.
    query = update(Identity).values(id=Identity.id).returning(Identity)
    try:
        with session.begin() as opened:
            row = opened.scalars(query).one()
            ours = Owner(row.id, database)
            if other := files.other_here(ours.id):
                raise StoreError(_not_a_copy(ours, other, files))
            if not row.is_bound and files.owner() is None:
                is_empty = opened.scalar(select(exists().where(Document.id.is_not(None)))) is False
                if is_empty and files.strays(()):
                    raise StoreError(_lost(ours, files))
                files.claim(ours)
            # Also after a claim: of two databases that make theirs at once, one is the first.
            confirm(ours, files)
            row.is_bound = True
    except SQLAlchemyError as error:
        raise StoreError(f"the database {database} does not answer: {error}") from error
    return ours


def confirm_here(session: sessionmaker[Session], files: Files, database: str) -> None:
    """See that no other database has its files in the folder of one; for whoever needs no files.

    Raises:
        StoreError: another one has, or the database does not answer.
    """
    try:
        with session() as opened:
            ours = Owner(opened.scalars(select(Identity.id)).one(), database)
    except SQLAlchemyError as error:
        raise StoreError(f"the database {database} does not answer: {error}") from error
    if other := files.other_here(ours.id):
        raise StoreError(_not_a_copy(ours, other, files))


def confirm(ours: Owner, files: Files) -> None:
    """See that files are, or still are, those of our database.

    Raises:
        StoreError: they belong to another one or to nobody, or do not answer.
    """
    theirs = files.owner()
    if theirs is None or theirs.id != ours.id:
        raise StoreError(_why(ours, theirs, files.place))


def _lost(ours: Owner, files: Files) -> str:
    return (
        f"there are files of documents in {files.place}, and no document in the database "
        f"{ours.name}. Set EXTRACTOR_DATABASE_URL and EXTRACTOR_HOME to what belongs together; or, "
        f"if these files are of no use any more, write {ours.id} into {files.place}/{OWNER}, which "
        "has them removed"
    )


def _why(ours: Owner, theirs: Owner | None, place: str) -> str:
    if theirs is None:
        return (
            f"the files of the database {ours.name} are not in {place}: it was used with another "
            "folder or storage before. Set EXTRACTOR_HOME or EXTRACTOR_FILES_URL to that one, as "
            "all services and workers on this database must; or, if all of its files were brought "
            f"here, write {ours.id} into {place}/{OWNER}"
        )
    return (
        f"the files in {place} belong to another database than {ours.name}: to {_told(theirs)}. "
        "Set EXTRACTOR_DATABASE_URL, EXTRACTOR_HOME and EXTRACTOR_FILES_URL to what belongs "
        "together; each database needs a folder, or an address, of its own. Or, if this database "
        f"was restored from a backup of theirs that is older than {place}/{OWNER}, write {ours.id} "
        "into that file"
    )


def _not_a_copy(ours: Owner, other: Owner, files: Files) -> str:
    if not files.are_elsewhere:
        return _why(ours, other, files.place)
    return (
        f"the folder {files.here} holds the files of another database than {ours.name}, of "
        f"{_told(other)}, and would be used for copies of what is in {files.place}. Set "
        "EXTRACTOR_HOME to a folder of its own"
    )


def _told(owner: Owner) -> str:
    return f"{owner.name} (its id is {owner.id})" if owner.name else f"one whose id is {owner.id}"
