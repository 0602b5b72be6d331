"""Files of the service: one folder a document, named by the SHA-256 of its bytes.

Below `home`:

    incoming/                 uploads while they arrive; emptied at start
    files/database-id         which database they belong to (`identity.py`)
    files/ab/abcd…/           one folder a document:
        source                the bytes as they were uploaded
        result.json .csv .xlsx    what the worker made of them; result-N.… after N decisions
        reading.json.gz       what was read, to be decided again
        page-0001.jpg …       upright pages that somebody looked at
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import StoreError
from extractor.service.remote import Remote
from extractor.service.tasks import SOURCE, write_whole

FILES = "files"
OWNER = "database-id"
"""Name of the file that says to which database the others belong: its id, and what it was called
by whoever wrote that."""

_ROOM_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Owner:
    """A database; `name` is for people, and "" where it is not known."""

    id: str
    name: str = ""


class Files:
    """Thread-safe, save for what is said about one and the same document."""

    def __init__(self, home: Path, url: str = "") -> None:
        """Make the folders; with an address, what is there counts, and they are its copy.

        Raises:
            StoreError: they cannot be made, or the address cannot be used.
        """
        self._remote = Remote(url) if url else None
        self._files = home / FILES
        self._incoming = home / "incoming"
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._files.mkdir(exist_ok=True)
            self._incoming.mkdir(exist_ok=True)
        except OSError as error:
            raise StoreError(f"the folder {home} cannot be used: {error.strerror}") from error

    @property
    def place(self) -> str:
        """Where the files are that count."""
        return self.here if self._remote is None else self._remote.place

    @property
    def here(self) -> str:
        """The folder, be they in it or copies."""
        return str(self._files.absolute())

    @property
    def are_elsewhere(self) -> bool:
        """Whether what is in the folder are copies."""
        return self._remote is not None

    def owner(self) -> Owner | None:
        """The database that they belong to; None where they were never told.

        Raises:
            StoreError: they cannot be read.
        """
        return self._owner_here() if self._remote is None else _owner(self._remote.read(OWNER))

    def other_here(self, database_id: str) -> Owner | None:
        """Another database, whose own files are in the folder here; None if there is none such.

        Raises:
            StoreError: they cannot be read.
        """
        owner = self._owner_here()
        return None if owner is None or owner.id == database_id else owner

    def claim(self, owner: Owner) -> None:
        """Let them belong to a database, unless somebody was faster: see `owner` then.

        Raises:
            StoreError: they cannot be written.
        """
        data = f"{owner.id}\n{owner.name}\n".encode()
        if self._remote is not None:
            self._remote.create(OWNER, data)
            return
        path = self._files / OWNER
        draft = path.with_name(f"{OWNER}.{uuid.uuid4().hex[:8]}.part")
        try:
            write_whole(draft, data)
            try:
                os.link(draft, path)  # which, other than a move, replaces nothing
            except FileExistsError:
                pass
            except OSError:  # a file system without links, on which two could be as fast
                if not path.exists():
                    draft.replace(path)
            draft.unlink(missing_ok=True)
            _sync_folder(self._files)
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}") from error

    def _owner_here(self) -> Owner | None:
        path = self._files / OWNER
        try:
            return _owner(path.read_bytes() if path.exists() else None)
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror}") from error

    @contextlib.contextmanager
    def receive(self) -> Iterator[Path]:
        """Give a folder for files that are arriving; it is removed at the end of the block."""
        folder = self._incoming / uuid.uuid4().hex
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def check(self) -> None:
        """See whether there is room for what comes next.

        Raises:
            StoreError: there is none, or nothing can be written at all.
        """
        try:
            with tempfile.TemporaryFile(dir=self._incoming) as file:
                file.write(bytes(_ROOM_BYTES))
        except OSError as error:
            raise StoreError(f"nothing can be written to the disk: {error.strerror}") from error

    def folder(self, sha256: str) -> Path:
        return self._files / sha256[:2] / sha256

    def fetched(self, sha256: str) -> Path:
        """The folder of a document with all of its files in it.

        Raises:
            StoreError: they cannot be fetched.
        """
        folder = self.folder(sha256)
        if self._remote is not None:
            self._remote.get(folder)
        return folder

    def publish(self, sha256: str) -> None:
        """Let every machine have what was written to the folder of a document.

        Raises:
            StoreError: that is not possible.
        """
        if self._remote is not None:
            self._remote.put(self.folder(sha256))

    def forget(self, sha256: str, name: str) -> None:
        """Remove a file of a document; nothing happens if there is none."""
        (self.folder(sha256) / name).unlink(missing_ok=True)
        if self._remote is not None:
            self._remote.remove(self.folder(sha256), name)

    def take(self, path: Path, sha256: str) -> int:
        """Move a file that has arrived to its folder, so that it survives a power failure; returns
        its size in bytes."""
        folder = self.folder(sha256)
        size = path.stat().st_size
        folder.mkdir(parents=True, exist_ok=True)
        path.replace(folder / SOURCE)
        for one in (folder, folder.parent, self._files):  # else the folder itself may be gone
            _sync_folder(one)
        self.publish(sha256)
        return size

    def drop_copy(self, sha256: str) -> None:
        """Remove the folder of a document where it is a copy of what is at an address."""
        if self._remote is not None:
            shutil.rmtree(self.folder(sha256), ignore_errors=True)

    def remove(self, sha256: str) -> None:
        shutil.rmtree(self.folder(sha256), ignore_errors=True)
        if self._remote is not None:
            self._remote.remove(self.folder(sha256))

    def strays(self, known: Collection[str]) -> set[str]:
        """The SHA-256 of documents that have a folder and are not known."""
        found = {folder.name for folder in self._files.glob("*/*")}
        if self._remote is not None:
            found |= self._remote.folders()
        return found - set(known)

    def sweep(self, known: Collection[str]) -> None:
        """Remove what is half arrived or half decided, and every folder here that is not of a known
        document. For the start of the service. What is at an address is left to `Store.tidy`, which
        looks twice: a service with another folder may just be taking a file."""
        shutil.rmtree(self._incoming, ignore_errors=True)
        self._incoming.mkdir()
        for draft in self._files.glob("*/*/*result-*.part"):
            draft.unlink(missing_ok=True)
        for folder in self._files.glob("*/*"):
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)


def _owner(data: bytes | None) -> Owner | None:
    """What a file of that name says; None where there is none, or nothing is in it."""
    lines = (data or b"").decode(errors="replace").split("\n")
    return Owner(lines[0].strip(), "".join(lines[1:2]).strip()) if lines[0].strip() else None


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
