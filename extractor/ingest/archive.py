"""What a user points at in, the documents to read out: files, folders, ZIP archives.

A file that the user names is always taken; of what lies in a folder or archive, only what looks
like a report by its content. Nothing is read before it is needed, so a batch of any size is listed
in little memory; and one bad file is one refusal, never the end of the batch.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from extractor.errors import CorruptInput, InputError, InputTooLarge
from extractor.ingest import office, sniff, zips
from extractor.settings import Settings

MAX_ARCHIVE_DEPTH = 2
"""An archive may lie in an archive, but not deeper."""

# fmt: off
_CODE_SUFFIXES = frozenset({
    ".bat", ".c", ".cfg", ".cpp", ".cs", ".css", ".csv", ".go", ".h", ".ini", ".ipynb", ".java",
    ".js", ".json", ".jsonl", ".log", ".php", ".po", ".py", ".rs", ".scss", ".sh", ".sql", ".tex",
    ".toml", ".ts", ".tsv", ".vue", ".xml", ".yaml", ".yml",
})
_DOCUMENT_SUFFIXES = frozenset({
    ".7z", ".bmp", ".doc", ".docx", ".jpeg", ".jpg", ".ofd", ".pdf", ".png", ".rar", ".rtf",
    ".tif", ".tiff", ".webp", ".wps", ".zip",
})
"""What claims to be a document or to hold some is never passed over, but refused with a reason."""
# fmt: on
_TEXT_SUFFIXES = frozenset({".htm", ".html", ".md", ".txt"})
_UNSAFE = "unsafe name"


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read. `name` is unique within its batch.

    `origin` is the file on disk or in memory, `members` the way from there through archives: the
    index of a member in each. Small, and may be sent to another process, where `origin` is a path.
    """

    name: str
    origin: Path | bytes = field(repr=False)
    settings: Settings = field(repr=False)
    members: tuple[int, ...] = ()

    def load(self) -> bytes:
        """Read the bytes, now.

        Raises:
            InputError: they cannot be read: gone, damaged, protected or too large.
        """
        data = self.origin
        name = self.name
        for i in self.members:
            with zips.open_zip(name, data) as archive:
                infos = archive.infolist()
                if i >= len(infos):
                    raise CorruptInput(f"{name}: the archive was changed meanwhile.")
                info = infos[i]
                zips.check_packing(name, info, self.settings)
                zips.check_size(name, info, self.settings)
                data = zips.read_member(
                    archive, info, name=name, max_bytes=self.settings.max_file_bytes
                )
        return data if isinstance(data, bytes) else _read_file(name, data, self.settings)

    def sha256(self) -> str | None:
        """Of the bytes, in hex, also of a file that is too large; None if they cannot be read."""
        try:
            if isinstance(self.origin, Path) and not self.members:
                with self.origin.open("rb") as file:
                    return hashlib.file_digest(file, "sha256").hexdigest()
            return hashlib.sha256(self.load()).hexdigest()
        except (InputError, OSError):
            return None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file in a folder or archive that is no document."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that should be read and cannot be."""

    name: str
    error: InputError


Entry = Found | Skipped | Refused


def expand(paths: Iterable[Path], settings: Settings) -> Iterator[Entry]:
    """List the documents in files, folders and ZIP archives, in the order given.

    Folders are searched with all folders in them, sorted by name; hidden files are passed over.
    Names are those of named files, paths from a named folder, and "archive.zip/inner/a.pdf".
    A file that is reached twice is listed once.
    """
    batch = _Batch(settings)
    for path in paths:
        if path.is_dir():
            yield from batch.folder(path)
        else:
            yield from batch.file(path, path.name, is_named=True)


def expand_upload(name: str, data: bytes, settings: Settings) -> Iterator[Entry]:
    """As `expand`, for one file in memory: its members if it is an archive, else itself."""
    yield from _Batch(settings).bytes_or_path(
        _base_name(name), data, head=data[: sniff.HEAD_BYTES], is_named=True
    )


def _base_name(name: str) -> str:
    """The last part of a name that a client sent."""
    return PurePosixPath(name.replace("\\", "/")).name or "upload"


def _unreadable(name: str, error: OSError) -> InputError:
    return InputError(f"{name}: cannot be read: {error.strerror}. Check the path and its rights.")


def _read_file(name: str, path: Path, settings: Settings) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(settings.max_file_bytes + 1)
    except OSError as error:
        raise _unreadable(name, error) from error
    if settings.max_file_bytes < len(data):
        raise InputTooLarge(
            f"{name}: more than {settings.max_file_bytes} bytes. Split the document or reduce its "
            "images."
        )
    return data


@dataclass(slots=True)
class _Budget:
    """What one archive, with those inside of it, may still unpack to."""

    n_files: int
    n_bytes: int


class _Batch:
    """One call: remembers which names and files it has seen."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._names: set[str] = set()
        self._files: set[tuple[int, int]] = set()

    # --- on disk ---

    def folder(self, folder: Path) -> Iterator[Entry]:
        """All files below a folder. Links are followed, each real folder is entered once."""
        entered: set[tuple[int, int]] = set()
        failed: list[OSError] = []
        for where, folders, files in os.walk(folder, followlinks=True, onerror=failed.append):
            here = Path(where)
            status = here.stat()
            if (status.st_dev, status.st_ino) in entered:
                folders.clear()
                continue
            entered.add((status.st_dev, status.st_ino))
            folders[:] = sorted(name for name in folders if not _is_hidden(name))
            for name in sorted(name for name in files if not _is_hidden(name)):
                path = here / name
                yield from self.file(path, path.relative_to(folder).as_posix(), is_named=False)
        for error in failed:
            name = os.path.relpath(error.filename, folder)
            yield Refused(self._unique(name), _unreadable(name, error))

    def file(self, path: Path, name: str, *, is_named: bool) -> Iterator[Entry]:
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                yield Skipped(self._unique(name), "no ordinary file")
                return
            with path.open("rb") as file:
                head = file.read(sniff.HEAD_BYTES)
        except OSError as error:
            yield Refused(self._unique(name), _unreadable(name, error))
            return
        if (status.st_dev, status.st_ino) in self._files:
            yield Skipped(self._unique(name), "the same file was given before")
            return
        self._files.add((status.st_dev, status.st_ino))
        yield from self.bytes_or_path(name, path, head=head, is_named=is_named)

    def bytes_or_path(
        self, name: str, origin: Path | bytes, *, head: bytes, is_named: bool
    ) -> Iterator[Entry]:
        """One file: the members of an archive, else itself."""
        unique = self._unique(name)
        look = _look_at_file(name, origin, head, self._settings)
        if look is None:
            budget = _Budget(self._settings.max_archive_files, self._settings.max_archive_bytes)
            yield from self._archive(unique, origin, origin, (), budget)
        elif is_named or (reason := _why_skip(name, head, look)) is None:
            yield Found(unique, origin, self._settings)
        else:
            yield Skipped(unique, reason)

    # --- in archives ---

    def _archive(
        self,
        name: str,
        data: Path | bytes,
        origin: Path | bytes,
        members: tuple[int, ...],
        budget: _Budget,
    ) -> Iterator[Entry]:
        """The members of an archive that is reached from `origin` by `members`."""
        try:
            zips.check_directory(name, data, self._settings)
            archive = zips.open_zip(name, data)
        except InputError as error:
            yield Refused(name, error)
            return
        with archive:
            infos = archive.infolist()
            budget.n_files -= sum(not info.is_dir() for info in infos)
            budget.n_bytes -= sum(info.file_size for info in infos)
            if budget.n_files < 0 or budget.n_bytes < 0:
                yield Refused(name, InputTooLarge(self._over_budget(name)))
                return
            order = sorted(range(len(infos)), key=lambda i: zips.member_name(infos[i]))
            for i in order:
                yield from self._member(name, archive, infos[i], origin, (*members, i), budget)

    def _member(
        self,
        archive_name: str,
        archive: zipfile.ZipFile,
        info: zipfile.ZipInfo,
        origin: Path | bytes,
        members: tuple[int, ...],
        budget: _Budget,
    ) -> Iterator[Entry]:
        inner = zips.member_name(info)
        if inner.endswith("/") or any(map(_is_hidden, inner.split("/"))):
            return
        if zips.is_unsafe(inner):
            shown = self._unique(f"{archive_name}/{_UNSAFE}")
            message = (
                f"{archive_name}: a member is named {inner!r}, which points out of the archive. "
                "Do not unpack it; get the archive from a source that you trust."
            )
            yield Refused(shown, CorruptInput(message))
            return
        name = self._unique(f"{archive_name}/{'/'.join(filter(None, inner.split('/')))}")
        data = b""
        try:
            zips.check_packing(name, info, self._settings)
            head = zips.read_member(
                archive, info, name=name, max_bytes=sniff.HEAD_BYTES, head_only=True
            )
            if head.startswith(zips.SIGNATURES):
                zips.check_size(name, info, self._settings)
                data = zips.read_member(
                    archive, info, name=name, max_bytes=self._settings.max_file_bytes
                )
            look = _look_at_file(name, data, head, self._settings)
            reason = None if look is None else _why_skip(inner, head, look)
            if reason is None:
                zips.check_size(name, info, self._settings)
        except InputError as error:
            yield Refused(name, error)
            return
        if reason is not None:
            yield Skipped(name, reason)
        elif look is not None:
            yield Found(name, origin, self._settings, members)
        elif len(members) >= MAX_ARCHIVE_DEPTH:
            message = (
                f"{name}: an archive in an archive in an archive. Unpack it and give the files."
            )
            yield Refused(name, InputTooLarge(message))
        else:
            yield from self._archive(name, data, origin, members, budget)

    def _over_budget(self, name: str) -> str:
        return (
            f"{name}: the archive holds more than {self._settings.max_archive_files} files or "
            f"{self._settings.max_archive_bytes} bytes. Split it into smaller ones."
        )

    def _unique(self, name: str) -> str:
        """The name, numbered where it was used before: "a.pdf", "a (2).pdf"."""
        path = PurePosixPath(name)
        unique, number = name, 1
        while unique in self._names:
            number += 1
            unique = str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
        self._names.add(unique)
        return unique


def _is_hidden(name: str) -> bool:
    return (name.startswith(".") and name not in (".", "..")) or name == "__MACOSX"


def _look_at_file(
    name: str, data: Path | bytes, head: bytes, settings: Settings
) -> sniff.Look | None:
    """What a file is; None for an archive of files, also a damaged one."""
    look = sniff.look_at(head, is_cut=len(head) >= sniff.HEAD_BYTES)
    if look.media_type != sniff.ZIP:
        return look
    try:
        zips.check_directory(name, data, settings)
        with zips.open_zip(name, data) as archive:
            names = archive.namelist()
    except InputError:
        return look if _suffix(name) in (".docx", ".doc", ".wps") else None
    if zips.main_part(names) is not None:
        return look
    if zips.is_package(names):
        return sniff.Look(None, sniff.ZIP, refusal="a document or program of another kind")
    return None


def _why_skip(name: str, head: bytes, look: sniff.Look) -> str | None:
    """Why a file that nobody named is no document; None where it is one, or claims to be."""
    suffix = _suffix(name)
    if PurePosixPath(name).name.startswith("~$"):
        return "a lock file"
    if suffix in _DOCUMENT_SUFFIXES:
        return None
    if not head:
        return None if suffix in _TEXT_SUFFIXES else "empty"
    if look.refusal is not None:
        return look.refusal
    if look.characters and suffix in _CODE_SUFFIXES:
        return "data or source code"
    if look.media_type == sniff.OLE and not office.is_text_document(head):
        return "an old office file without a text document in it"
    return None if sniff.is_likely_report(look) else "a text that is not Chinese"


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
