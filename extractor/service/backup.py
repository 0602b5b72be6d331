"""A copy of all that the service keeps, made while it runs.

The copy is a folder of the same form: to restore, stop the service and have `EXTRACTOR_HOME` name
the copy, or a copy of it.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import StoreError
from extractor.service.auth import ADMIN_KEY_FILE
from extractor.service.database import DATABASE
from extractor.service.files import FILES
from extractor.service.tasks import SOURCE


@dataclass(frozen=True, slots=True)
class Backup:
    """What a copy holds, and how many files had to be copied for it."""

    documents: int
    copied: int


def back_up(home: Path, target: Path) -> Backup:
    """Copy what is new since the last backup into the same folder, and remove what is gone.

    Raises:
        StoreError: there is no service's data, or the copy cannot be made whole.
    """
    if not (home / DATABASE).is_file():
        raise StoreError(f"{home} has no data of a service; name its folder with EXTRACTOR_HOME")
    if target.resolve().is_relative_to(home.resolve()) or home.resolve().is_relative_to(
        target.resolve()
    ):
        raise StoreError(f"{target} and {home} lie within each other; choose another folder")
    try:
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        known = _copy_database(home, target)
        # Files after the rows: they are at least what the rows tell of, and later results are made
        # again from the earlier ones. What is missing was removed in between.
        copied = _mirror(home / FILES, target / FILES)
        missing = [sha for sha in known if not _folder(target, sha, SOURCE).is_file()]
        lost = set(missing) & set(_documents(home / DATABASE))
        if not lost:
            _forget(target / DATABASE, missing)
            if (home / ADMIN_KEY_FILE).is_file():
                shutil.copy2(home / ADMIN_KEY_FILE, target / ADMIN_KEY_FILE)
            return Backup(len(known) - len(missing), copied)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"{target} cannot be made a backup of {home}: {error}") from error
    raise StoreError(f"{len(lost)} documents of {home} have no file, {min(lost)} for one")


def _copy_database(home: Path, target: Path) -> list[str]:
    """Copy the database as it is at one moment; the hashes of its documents."""
    part = target / f".{DATABASE}.part"
    part.unlink(missing_ok=True)
    with (
        contextlib.closing(sqlite3.connect(home / DATABASE)) as ours,
        contextlib.closing(sqlite3.connect(part)) as copy,
    ):
        ours.backup(copy)
        copy.execute("pragma journal_mode=delete")  # one file, which can be put in its place
    for left in ("-wal", "-shm"):  # of whoever looked into the last copy
        (target / f"{DATABASE}{left}").unlink(missing_ok=True)
    part.replace(target / DATABASE)
    return _documents(target / DATABASE)


def _documents(database: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return [sha for (sha,) in connection.execute("select sha256 from documents")]


def _forget(database: Path, removed: Sequence[str]) -> None:
    """Remove the rows of documents."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        for sha in removed:
            connection.execute(
                "delete from reviews where document_id in "
                "(select id from documents where sha256 = ?)",
                (sha,),
            )
            connection.execute("delete from documents where sha256 = ?", (sha,))


def _mirror(source: Path, target: Path) -> int:
    """Make one folder like another; the number of files that were copied."""
    target.mkdir(exist_ok=True)
    copied = 0
    wanted = set()
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        wanted.add(place)
        if path.is_dir():
            place.mkdir(exist_ok=True)
        elif not _is_same(path, place):
            part = place.with_name(f".{place.name}.part")
            with contextlib.suppress(FileNotFoundError):  # removed while we looked
                shutil.copy2(path, part)
                part.replace(place)
                copied += 1
    for place in sorted(target.rglob("*"), reverse=True):
        if place not in wanted:
            place.rmdir() if place.is_dir() else place.unlink()
    return copied


def _is_same(path: Path, other: Path) -> bool:
    """Whether two files need not be compared: sources never change, results get new names."""
    try:
        ours, theirs = path.stat(), other.stat()
    except FileNotFoundError:
        return False
    return (ours.st_size, ours.st_mtime_ns) == (theirs.st_size, theirs.st_mtime_ns)


def _folder(target: Path, sha256: str, name: str) -> Path:
    return target / FILES / sha256[:2] / sha256 / name
