"""Files of documents where every machine reaches them: S3 and whatever else fsspec knows.

What is there is what counts; the folder of a machine is its copy. A file of a name never changes
once its document is finished, so that a copy that is there is a good one.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path

import fsspec

from extractor.errors import StoreError
from extractor.service.tasks import SOURCE

_PAGES = "read-"
"""The beginning of pages that are kept until the results are there."""
_FOR_GOOD = (SOURCE, _PAGES)
"""Names, or their beginnings, of files that are written once."""
_LOCAL = ("page-",)
"""Of files that every machine makes for itself when somebody asks."""


class Remote:
    """Thread-safe, save for what is said about one and the same document."""

    def __init__(self, url: str) -> None:
        """
        Raises:
            StoreError: fsspec knows no such storage, or what it needs for it is not installed.
        """
        try:
            self._system, self._root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise StoreError(
                f"EXTRACTOR_FILES_URL names no storage that can be used: {error} (for s3:// "
                "install s3fs)"
            ) from error

    @property
    def place(self) -> str:
        """The address, without what is secret in it."""
        return str(self._system.unstrip_protocol(self._root))

    def read(self, name: str) -> bytes | None:
        """A file that lies beside the documents; None where there is none.

        Raises:
            StoreError: the storage does not answer.
        """
        with self._said(), contextlib.suppress(FileNotFoundError):
            return bytes(self._system.cat_file(f"{self._root}/{name}"))
        return None

    def create(self, name: str, data: bytes) -> None:
        """Write a file that lies beside the documents, unless there is one.

        Raises:
            StoreError: that is not possible.
        """
        path = f"{self._root}/{name}"
        with self._said():
            self._system.makedirs(self._root, exist_ok=True)
            try:
                self._system.pipe_file(path, data, mode="create")
            except Exception:  # there is one, or this kind of storage cannot make sure of it
                self._system.invalidate_cache()
                if not self._system.exists(path):
                    self._system.pipe_file(path, data)

    def put(self, folder: Path) -> None:
        """Copy the files of a document's folder there.

        Raises:
            StoreError: that is not possible.
        """
        with self._said():
            there = self._names(folder)
            for path in sorted(folder.iterdir()):
                is_known = path.name in there and path.name.startswith(_FOR_GOOD)
                if (
                    path.name.startswith(_LOCAL)
                    or path.name.endswith((".part", ".lock"))
                    or is_known
                ):
                    continue
                self._system.makedirs(self._of(folder), exist_ok=True)
                self._system.put_file(str(path), f"{self._of(folder)}/{path.name}")
            for name in there:
                if name.startswith(_PAGES) and not (folder / name).is_file():
                    self._system.rm(f"{self._of(folder)}/{name}")

    def get(self, folder: Path) -> None:
        """Copy what is there and not in the folder; nothing happens if nothing is there.

        Raises:
            StoreError: that is not possible.
        """
        with self._said():
            for name, size in self._names(folder).items():
                path = folder / name
                if path.is_file() and path.stat().st_size == size:
                    continue
                folder.mkdir(parents=True, exist_ok=True)
                part = path.with_name(f"{name}.{uuid.uuid4().hex[:8]}.part")
                with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                    self._system.get_file(f"{self._of(folder)}/{name}", str(part))
                    part.replace(path)

    def remove(self, folder: Path, name: str = "") -> None:
        """Remove one file of a document, or all of them."""
        place = f"{self._of(folder)}/{name}".rstrip("/")
        with self._said(), contextlib.suppress(FileNotFoundError):
            self._system.rm(place, recursive=not name)

    def folders(self) -> set[str]:
        """The names of all documents' folders.

        Raises:
            StoreError: the storage does not answer.
        """
        with self._said():
            self._system.invalidate_cache()
            found = self._system.glob(f"{self._root}/*/*")
        return {str(path).rstrip("/").rsplit("/", 1)[-1] for path in found}

    def _names(self, folder: Path) -> dict[str, int]:
        """Name to size of the files of a document."""
        self._system.invalidate_cache()
        try:
            found = self._system.ls(self._of(folder), detail=True)
        except FileNotFoundError:
            return {}
        return {str(one["name"]).rsplit("/", 1)[-1]: int(one["size"]) for one in found}

    def _of(self, folder: Path) -> str:
        return f"{self._root}/{folder.name[:2]}/{folder.name}"

    @contextlib.contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # every kind of storage has errors of its own
            raise StoreError(f"the storage of files does not answer: {error}") from error
