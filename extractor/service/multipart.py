"""A multipart request in, its files out; everything passes over the disk, whatever its size.

The body is read here and not by the framework, which would read all of it before it looks at the
key, and knows no limit on files.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote

import anyio
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool

from extractor.errors import InputTooLarge, StoreError
from extractor.ingest import Refused
from extractor.ingest.zips import is_unsafe
from extractor.service.problems import (
    NOT_MULTIPART,
    UPLOAD_EMPTY,
    UPLOAD_MALFORMED,
    UPLOAD_TOO_SLOW,
    ProblemError,
)
from extractor.settings import Settings

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MAX_NAME_BYTES = 200
"""File systems allow 255; some room is left for endings."""

MAX_FOLDER_BYTES = 600
"""Of the folders that a file was chosen in, the inner ones are kept as far as they fit."""

IDLE_SECONDS = 30.0
MIN_BYTES_PER_SECOND = 1024
"""An upload may be silent, and behind this pace, for so long in all."""

_ESCAPED = re.compile("%(?:22|0A|0D)", re.IGNORECASE)
"""What browsers and libraries put for a quotation mark and line ends in a name, and for nothing
else: other percent signs are the name's own."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Received:
    """A file of an upload, on disk; `folder` is where it was in what a person chose to upload, ""
    where that was a file. It is part of what the file is called, never of where it is put."""

    path: Path
    sha256: str
    folder: str = ""

    def named(self, name: str) -> str:
        """The name of the file, or of one in it, with its folder, as of what is in an archive."""
        return named(self.folder, name)


def named(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


async def receive(
    stream: AsyncIterator[bytes],
    *,
    content_type: str,
    content_length: str | None,
    folder: Path,
    settings: Settings,
) -> list[Received | Refused]:
    """Write the files of a multipart request into a folder while they arrive; one that is too large
    is refused, and the others are taken.

    Raises:
        ProblemError: the request is no multipart upload, is damaged, or holds no file.
        InputTooLarge: it has too many bytes or files; nothing more of it is then read.
        StoreError: the disk is full.
    """
    media_type, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if media_type != b"multipart/form-data" or not boundary:
        raise ProblemError(NOT_MULTIPART, "send the files as 'curl -F files=@report.pdf' does")
    if content_length is not None and content_length.isdecimal():
        _check_size(int(content_length), settings)
    form = _Form(boundary, folder, settings)
    n_bytes = 0
    try:
        async for chunk in _timely(stream):
            n_bytes += len(chunk)
            _check_size(n_bytes, settings)
            await run_in_threadpool(form.feed, chunk)
        return await run_in_threadpool(form.finish)
    except FormParserError as error:
        raise ProblemError(UPLOAD_MALFORMED, f"the multipart body is damaged: {error}") from error
    except OSError as error:
        raise StoreError(f"the upload cannot be stored: {error.strerror}") from error
    finally:
        form.close()


async def _timely(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same, as long as it comes at some pace: a client that sends a byte now and then would
    hold a connection, and a file, for days."""
    start, n_bytes = time.monotonic(), 0
    while True:
        try:
            with anyio.fail_after(IDLE_SECONDS):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            detail = f"nothing came for {IDLE_SECONDS:.0f} s; send it again"
            raise ProblemError(UPLOAD_TOO_SLOW, detail) from None
        n_bytes += len(chunk)
        allowed = IDLE_SECONDS + n_bytes / MIN_BYTES_PER_SECOND
        if time.monotonic() - start > allowed:
            detail = f"less than {MIN_BYTES_PER_SECOND} bytes a second came; send it again"
            raise ProblemError(UPLOAD_TOO_SLOW, detail)
        yield chunk


def _check_size(n_bytes: int, settings: Settings) -> None:
    if settings.max_upload_bytes < n_bytes:
        raise InputTooLarge(
            f"the upload has more than the {settings.max_upload_bytes} bytes that are taken at "
            "once; send its files in several uploads; one that is larger alone must become smaller"
        )


class _Form:
    """Parses multipart/form-data piece by piece. Fields that are no files are passed over."""

    def __init__(self, boundary: bytes, folder: Path, settings: Settings) -> None:
        self._folder = folder
        self._settings = settings
        self._received: list[Received | Refused] = []
        self._is_complete = False
        self._header_name = b""
        self._header_value = b""
        self._disposition = b""
        self._file: IO[bytes] | None = None
        self._path = folder
        self._inside = ""
        self._size = 0
        self._hash = hashlib.sha256()
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._on_part_begin,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_header_begin": self._on_header_begin,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_end": self._on_end,
        }
        self._parser = MultipartParser(boundary, callbacks)

    def feed(self, chunk: bytes) -> None:
        self._parser.write(chunk)

    def finish(self) -> list[Received | Refused]:
        self._parser.finalize()
        if not self._is_complete:
            raise ProblemError(UPLOAD_MALFORMED, "the upload ended before its last file did")
        if not self._received:
            raise ProblemError(UPLOAD_EMPTY, "send at least one file, as 'files=@report.pdf'")
        return self._received

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _on_part_begin(self) -> None:
        self._disposition = b""

    def _on_header_begin(self) -> None:
        self._header_name = self._header_value = b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"filename", b"")
        if not name:  # another field, or a file field in which nothing was chosen
            return
        if self._settings.max_archive_files <= len(self._received):
            raise InputTooLarge(
                f"the upload has more than {self._settings.max_archive_files} files; send them in "
                "several uploads"
            )
        folder = self._folder / str(len(self._received))
        folder.mkdir()
        given = _ESCAPED.sub(lambda match: unquote(match[0]), _decode(name))
        self._path = folder / safe_name(given)
        self._inside = folder_name(given)
        self._file = self._path.open("xb")
        self._size = 0
        self._hash = hashlib.sha256()

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is None:
            return
        self._size += end - start
        if self._settings.max_file_bytes < self._size:
            self._refuse()
            return
        piece = memoryview(data)[start:end]
        self._hash.update(piece)
        self._file.write(piece)

    def _refuse(self) -> None:
        """Take nothing of the file that is arriving, and pass over what else of it comes."""
        self.close()
        self._path.unlink()
        name = named(self._inside, self._path.name)
        self._received.append(
            Refused(
                name,
                InputTooLarge(
                    f"{name}: more than the {self._settings.max_file_bytes} bytes that are read; "
                    "split the document or reduce its images"
                ),
            )
        )

    def _on_part_end(self) -> None:
        if self._file is None:
            return
        sync(self._file)
        self.close()
        self._received.append(Received(self._path, self._hash.hexdigest(), self._inside))

    def _on_end(self) -> None:
        self._is_complete = True


def safe_name(name: str) -> str:
    """The last part of a name that a client sent, as a name that any file system takes."""
    name = clean_name(name).replace("\\", "/").rsplit("/", 1)[-1].strip(" .")
    stem, dot, ending = name.rpartition(".")
    ending = dot + ending if stem and len(ending) <= 8 else ""
    stem = name.removesuffix(ending)
    room = MAX_NAME_BYTES - len(ending.encode())
    stem = stem.encode()[:room].decode(errors="ignore")
    return stem + ending or "document"


def folder_name(name: str) -> str:
    """The folders before the last part of a name that a client sent, as those of a file in an
    archive; "" where there are none, or where they point elsewhere than into what was chosen."""
    name = clean_name(name).replace("\\", "/")
    if is_unsafe(name):
        return ""
    folders = [part.strip() for part in name.split("/")[:-1]]
    folders = [part for part in folders if part not in ("", ".")]
    while len("/".join(folders).encode()) > MAX_FOLDER_BYTES:
        folders.pop(0)
    return "/".join(folders)


def clean_name(name: str) -> str:
    """Without control characters and those that turn the direction of writing."""
    return _CONTROL.sub("", unicodedata.normalize("NFC", name))


def _decode(name: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return name.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name.decode("latin-1")


def sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
