"""A copy of all that the service keeps, made while it runs.

The copy is a folder of the same form: to restore, stop the service and have `EXTRACTOR_HOME` name
the copy, or a copy of it. What was copied before stays good until the new copy is whole.
"""

from __future__ import annotations

import contextlib
import fcntl
import re
import shutil
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import StoreError
from extractor.service.auth import ADMIN_KEY_FILE
from extractor.service.database import DATABASE
from extractor.service.files import FILES, Files
from extractor.service.store import LOCK
from extractor.service.tasks import SOURCE

MARKER = "backup-of-extractor"
"""Is in every folder that backups were made into; no other folder with anything in it is taken."""
_DECIDED = re.compile(r"(?:g\d+-)?result-(\d+)\.")
_ATTEMPTS = 3
Rows = Mapping[str, tuple[str, int]]
"""Id to sha256 and version of documents."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a copy holds, and how many files had to be copied for it."""

    documents: int
    copied: int


def back_up(home: Path, target: Path) -> Backup:
    """Copy what is new since the last backup into the same folder, and remove what is gone.

    Raises:
        StoreError: there is no service's data, or only its files; the folder has something else in
            it, is in use, or has what the service does not have; or the copy cannot be made whole.
    """
    if not (home / DATABASE).is_file():
        raise StoreError(f"{home} has no data of a service; name its folder with EXTRACTOR_HOME")
    _confirm_whole(home)
    ours, theirs = home.resolve(), target.resolve()
    if ours.is_relative_to(theirs) or theirs.is_relative_to(ours):
        raise StoreError(f"{target} and {home} lie within each other; choose another folder")
    try:
        with _taken(target):
            _confirm_older(home, target)
            for _ in range(_ATTEMPTS):
                found = _copy(home, target)
                if found is not None:
                    return found
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"{target} cannot be made a backup of {home}: {error}") from error
    raise StoreError(f"documents of {home} have no file; look at its log, and at the disk")


@contextlib.contextmanager
def _taken(target: Path) -> Iterator[None]:
    """Hold a folder for a backup: nobody else makes one there, and no service works there."""
    target.mkdir(parents=True, exist_ok=True)
    if not (target / MARKER).is_file() and any(target.iterdir()):
        raise StoreError(f"{target} has something else in it; choose an empty folder")
    target.chmod(0o700)  # reports are confidential, and so are the secrets of webhooks
    with (target / MARKER).open("w") as marker, (target / LOCK).open("w") as lock:
        try:
            for file in (marker, lock):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreError(f"{target} is in use: another backup, or a service") from error
        yield


def _confirm_whole(home: Path) -> None:
    """See that the database is that of the files beside it: not what a start without the address of
    a PostgreSQL database has left there."""
    try:
        if not _one(home / DATABASE, "select 1 from sqlite_master where name = 'identity'"):
            return  # not before the service was updated
        found = _one(home / DATABASE, "select id from identity")
    except sqlite3.Error as error:
        raise StoreError(f"{home / DATABASE} cannot be read: {error}") from error
    if found and (other := Files(home).other_here(str(found[0]))):
        raise StoreError(
            f"{home / DATABASE} is not the database of the files beside it: they belong to "
            f"{other.name or other.id}. What is in PostgreSQL is backed up with pg_dump "
            "(docs/service.md)"
        )


def _confirm_older(home: Path, target: Path) -> None:
    """See that all that was done in the target was done in the service, too.

    A copy that was restored and worked on has entries of its own in the audit trail, which is only
    ever added to; so has another service, and a copy that is newer than a service that was restored
    itself. To bring these up to date would be to lose what was done there.
    """
    if not (target / DATABASE).is_file():
        return
    last = "select number, at, action, key_id from audit order by number desc limit 1"
    there = _one(target / DATABASE, last)
    if there is None:
        return
    same = "select number, at, action, key_id from audit where number = ?"
    if _one(home / DATABASE, same, there[0]) != there:
        raise StoreError(
            f"{target} has what {home} does not have: its last entry in the audit trail is "
            f"{there[2]!r} at {there[1]} UTC. A service has worked on it since it was copied, or "
            "it is the copy of another one, or a newer one. Choose an empty folder"
        )


def _one(database: Path, query: str, *values: object) -> tuple[object, ...] | None:
    """The first row that a query finds."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        found: tuple[object, ...] | None = connection.execute(query, values).fetchone()
        return found


def _copy(home: Path, target: Path) -> Backup | None:
    """One try; None where a document came back in between, so that its file is missing."""
    part = target / f".{DATABASE}.part"
    part.unlink(missing_ok=True)
    with (
        contextlib.closing(sqlite3.connect(home / DATABASE)) as live,
        contextlib.closing(sqlite3.connect(part)) as copy,
    ):
        live.backup(copy)
        copy.execute("pragma journal_mode=delete")  # one file, which can be put in its place
    # Files after the rows: they are at least what the rows tell of.
    copied = _add_files(home / FILES, target / FILES)
    rows, now = _rows(part), _rows(home / DATABASE)
    removed = {id for id in rows if id not in now}
    kept = {id: row for id, row in rows.items() if id not in removed}
    folders = {sha: target / FILES / sha[:2] / sha for sha, _ in kept.values()}
    if not all((folder / SOURCE).is_file() for folder in folders.values()):
        return None
    _forget(part, removed)
    _sign_out(part)
    for left in ("-wal", "-shm"):  # of whoever looked into the last copy
        (target / f"{DATABASE}{left}").unlink(missing_ok=True)
    part.replace(target / DATABASE)
    for sha, version in kept.values():
        _remove_later(folders[sha], version)
    _remove_others(target / FILES, folders)
    key = home / ADMIN_KEY_FILE
    (target / ADMIN_KEY_FILE).unlink(missing_ok=True)
    if key.is_file():
        shutil.copy2(key, target / ADMIN_KEY_FILE)
    return Backup(len(kept), copied)


def _rows(database: Path) -> Rows:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        found = connection.execute("select id, sha256, version from documents")
        return {id: (sha, version) for id, sha, version in found}


def _forget(database: Path, removed: Collection[str]) -> None:
    """Remove the rows of documents."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        for id in removed:
            connection.execute("delete from reviews where document_id = ?", (id,))
            for table in ("pages", "cells", "figures", "findings"):
                connection.execute(f"delete from {table} where document_id = ?", (id,))
            connection.execute("delete from documents where id = ?", (id,))


def _sign_out(database: Path) -> None:
    """Remove the sessions: one that has ended since must not come back with the copy."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        query = "select 1 from sqlite_master where name = 'sessions'"
        if connection.execute(query).fetchone():  # not before the service was updated
            connection.execute("delete from sessions")


def _add_files(source: Path, target: Path) -> int:
    """Copy the files that are not there, or others; their number."""
    copied = 0
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_dir() or _is_same(path, place):
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}.part")
        with contextlib.suppress(FileNotFoundError):  # removed while we looked
            shutil.copy2(path, part)
            part.replace(place)
            copied += 1
    return copied


def _is_same(path: Path, other: Path) -> bool:
    """Whether two files need not be compared: sources never change, results get new names."""
    try:
        ours, theirs = path.stat(), other.stat()
    except FileNotFoundError:
        return False
    return (ours.st_size, ours.st_mtime_ns) == (theirs.st_size, theirs.st_mtime_ns)


def _remove_later(folder: Path, version: int) -> None:
    """Remove results of decisions that the rows do not have."""
    for path in folder.iterdir():
        found = _DECIDED.match(path.name)
        if found and int(found[1]) > version:
            path.unlink()


def _remove_others(files: Path, kept: Mapping[str, Path]) -> None:
    """Remove the folders of all other documents."""
    for folder in files.glob("*/*"):
        if folder.name not in kept:
            shutil.rmtree(folder)
