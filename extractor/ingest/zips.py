"""ZIP archives, which nothing they say of themselves is believed of.

Used for archives of documents and for DOCX. What a header declares is checked against the limits
first, so that a bomb is refused before it goes off, and bytes are counted again while unpacking,
since headers may lie. Nothing is ever unpacked to disk.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from extractor.errors import (
    CorruptInput,
    EncryptedInput,
    InputError,
    InputTooLarge,
    UnsupportedInput,
)
from extractor.settings import Settings

SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_END = b"PK\x05\x06"
_END_BYTES = 22
_MAX_COMMENT_BYTES = 65_535
_DIRECTORY_BYTES_PER_FILE = 1_024
IS_ENCRYPTED = 0x1
_IS_UTF8 = 0x800
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_CHUNK_BYTES = 1 << 16
_MAIN_PART = re.compile(r"word/document\d*\.xml", re.IGNORECASE)
_PACKAGE_MARKS = frozenset(
    {"[Content_Types].xml", "mimetype", "OFD.xml", "META-INF/MANIFEST.MF", "AndroidManifest.xml"}
)
_DRIVE = re.compile(r"[A-Za-z]:")


def open_zip(name: str, data: bytes | Path) -> zipfile.ZipFile:
    """Open an archive in memory or on disk.

    Raises:
        CorruptInput: its directory is missing or damaged.
        InputError: the file cannot be opened.
    """
    try:
        return zipfile.ZipFile(io.BytesIO(data) if isinstance(data, bytes) else data)
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}.") from error
    except (zipfile.BadZipFile, ValueError, EOFError, struct.error, OverflowError) as error:
        raise CorruptInput(
            f"{name}: the file is cut off or damaged ({error}). Get it again from its origin."
        ) from error


def check_directory(name: str, data: bytes | Path, settings: Settings) -> None:
    """Refuse an archive with too many entries before all of them are read into memory.

    Raises:
        InputTooLarge: it has more than `settings.max_archive_files`.
        InputError: the file cannot be opened.
    """
    if isinstance(data, bytes):
        tail = data[-_END_BYTES - _MAX_COMMENT_BYTES :]
    else:
        try:
            with data.open("rb") as file:
                file.seek(max(0, file.seek(0, io.SEEK_END) - _END_BYTES - _MAX_COMMENT_BYTES))
                tail = file.read()
        except OSError as error:
            raise InputError(f"{name}: cannot be read: {error.strerror}.") from error
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + _END_BYTES:
        return  # damaged: opening it tells
    count, directory_bytes = struct.unpack("<HI", tail[at + 10 : at + 16])
    limit = settings.max_archive_files
    if limit < count or _DIRECTORY_BYTES_PER_FILE * (limit + 1) < directory_bytes:
        raise InputTooLarge(
            f"{name}: the archive lists more than {limit} files. Split it into smaller ones."
        )


def member_name(info: zipfile.ZipInfo) -> str:
    """The name of a member in Unicode with "/" between its parts, control characters replaced.

    Names without the UTF-8 flag, which `zipfile` takes for code page 437, are UTF-8 where they are
    valid UTF-8, else GB18030.
    """
    name = info.filename
    if not info.flag_bits & _IS_UTF8:
        raw = name.encode("cp437", errors="replace")
        for encoding in ("utf-8", "gb18030"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return "".join(c if c.isprintable() else "_" for c in name.replace("\\", "/"))


def is_unsafe(name: str) -> bool:
    """Whether a member's name points out of its archive."""
    return name.startswith("/") or bool(_DRIVE.match(name)) or ".." in name.split("/")


def main_part(names: Iterable[str]) -> str | None:
    """The part of a DOCX that holds its text, None where the names are not those of a DOCX."""
    return min(filter(_MAIN_PART.fullmatch, names), key=len, default=None)


def is_package(names: Iterable[str]) -> bool:
    """Whether an archive is one document or program (XLSX, ODT, OFD, JAR), not a box of files."""
    return not _PACKAGE_MARKS.isdisjoint(names)


def check_packing(name: str, info: zipfile.ZipInfo, settings: Settings) -> None:
    """Refuse a member that cannot be unpacked, or is a bomb by its own account.

    Raises:
        EncryptedInput: it is protected by a password.
        UnsupportedInput: it is packed by a method other than the usual one.
        InputTooLarge: it is packed too well to be a document.
    """
    if info.flag_bits & IS_ENCRYPTED:
        raise EncryptedInput(f"{name}: protected by a password. Unpack it and give the files.")
    if info.compress_type not in _METHODS:
        raise UnsupportedInput(
            f"{name}: packed by a method that is not read here. Pack it again as an ordinary ZIP."
        )
    if settings.max_archive_ratio * max(1, info.compress_size) < info.file_size:
        raise InputTooLarge(
            f"{name}: unpacks to more than {settings.max_archive_ratio:g} times its packed size, "
            "as a decompression bomb does. If it is harmless, unpack it and give the files."
        )


def check_size(name: str, info: zipfile.ZipInfo, settings: Settings) -> None:
    """Refuse a member that is larger than any file may be, with InputTooLarge."""
    if info.file_size > settings.max_file_bytes:
        raise InputTooLarge(
            f"{name}: unpacks to {info.file_size} bytes, more than {settings.max_file_bytes}. "
            "Split the document or reduce its images."
        )


def read_member(
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    *,
    name: str,
    max_bytes: int,
    head_only: bool = False,
) -> bytes:
    """Unpack one member in memory.

    Args:
        archive: an open archive.
        info: the member.
        name: how messages call it.
        max_bytes: unpacking stops beyond this.
        head_only: return the first `max_bytes` bytes at most, without checking the rest.

    Raises:
        CorruptInput: the data is cut off or damaged (its checksum differs).
        EncryptedInput: it is protected by a password.
        InputTooLarge: it is larger than `max_bytes`.
    """
    if info.flag_bits & IS_ENCRYPTED:
        raise EncryptedInput(f"{name}: protected by a password. Unpack it and give the files.")
    parts = []
    n_bytes = 0
    try:
        with archive.open(info) as file:
            while n_bytes <= max_bytes and (part := file.read(_CHUNK_BYTES)):
                parts.append(part)
                n_bytes += len(part)
                if head_only and max_bytes <= n_bytes:
                    break
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,
        ValueError,
    ) as error:
        raise CorruptInput(
            f"{name}: damaged inside of the archive ({error}). Get the archive again."
        ) from error
    if head_only:
        return b"".join(parts)[:max_bytes]
    if max_bytes < n_bytes:
        raise InputTooLarge(f"{name}: unpacks to more than {max_bytes} bytes.")
    return b"".join(parts)
