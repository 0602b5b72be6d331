"""Word and WPS files of the old binary kind, converted to DOCX by LibreOffice.

LibreOffice runs as a process of its own, without network use or macros, in a folder that is
removed afterwards, with a profile of its own so that runs side by side do not wait for each other.
"""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import tempfile
from pathlib import Path

from extractor.errors import CorruptInput, EncryptedInput, InputTooLarge, UnsupportedInput
from extractor.settings import Settings

OLE_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_SECONDS = 120.0
"""A conversion takes a few seconds; the first one on a machine perhaps twenty."""

_HEADER_BYTES = 512
_ENTRY_BYTES = 128
_SMALLEST_OWN_SECTORS = 4096
_FIB_IS_ENCRYPTED = 0x0100
_PROGRAMS = ("soffice", "libreoffice")
_NOUN_BY_STREAM = {
    "Workbook": "a spreadsheet",
    "Book": "a spreadsheet",
    "PowerPoint Document": "a presentation",
}


def check_ole(name: str, data: bytes) -> None:
    """See to it that an OLE compound file is a text document that can be opened.

    Raises:
        EncryptedInput: a password protects it (a DOCX with one is an OLE file, too).
        UnsupportedInput: it is something else, such as a spreadsheet.
        CorruptInput: it is cut off.
    """
    if _has_stream(data, "EncryptedPackage"):
        raise EncryptedInput(_encrypted(name))
    start = _stream_start(data, "WordDocument")
    if start is not None:
        flags = data[start + 10 : start + 12]
        if len(flags) < 2:
            raise CorruptInput(f"{name}: the document is cut off. Get it again from its origin.")
        if struct.unpack("<H", flags)[0] & _FIB_IS_ENCRYPTED:
            raise EncryptedInput(_encrypted(name))
        return
    if _is_cut_off(data):
        raise CorruptInput(f"{name}: the document is cut off. Get it again from its origin.")
    noun = next(
        (noun for stream, noun in _NOUN_BY_STREAM.items() if _has_stream(data, stream)),
        "an old office file without a text document in it",
    )
    raise UnsupportedInput(f"{name}: is {noun}. Give the report itself, as DOCX or PDF.")


def to_docx(name: str, data: bytes, *, suffix: str, settings: Settings) -> bytes:
    """Convert a document with LibreOffice.

    Args:
        name: how messages call it.
        data: the document.
        suffix: of the name that LibreOffice sees: ".doc" or ".rtf".
        settings: its limits hold for the run and for what comes out.

    Raises:
        UnsupportedInput: LibreOffice is not installed.
        CorruptInput: LibreOffice cannot read the document, or takes too long.
        InputTooLarge: what comes out is too large.
    """
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        raise UnsupportedInput(
            f"{name}: a document of an old Word, WPS or RTF format, which is read through "
            "LibreOffice, and LibreOffice is not installed. Install it (the command `soffice`), or "
            "save the document as DOCX or PDF."
        )
    with tempfile.TemporaryDirectory(prefix="extractor-office-") as folder:
        work = Path(folder)
        given = work / f"document{suffix}"
        given.write_bytes(data)
        command = [
            program,
            "--headless",
            "--norestore",
            "--nolockcheck",
            f"-env:UserInstallation={(work / 'profile').as_uri()}",
            "--convert-to",
            "docx",
            "--outdir",
            str(work / "converted"),
            str(given),
        ]
        said = _run(name, command, timeout_s=min(MAX_SECONDS, settings.max_seconds))
        made = work / "converted" / "document.docx"
        if not made.is_file():
            raise CorruptInput(
                f"{name}: LibreOffice cannot read the document ({said or 'no reason given'}). "
                "See to it that its component Writer is installed, or save it as DOCX or PDF."
            )
        if settings.max_file_bytes < made.stat().st_size:
            raise InputTooLarge(f"{name}: larger than {settings.max_file_bytes} bytes as DOCX.")
        return made.read_bytes()


def _run(name: str, command: list[str], *, timeout_s: float) -> str:
    """Run to the end or to the time limit; return the last line that was said."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        # `soffice` starts the real program as a child, which has to end with it.
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise CorruptInput(
            f"{name}: LibreOffice did not finish within {timeout_s:g} seconds. Save it as DOCX or "
            "PDF."
        ) from error
    lines = said.strip().splitlines()
    return lines[-1] if lines else ""


def _stream_start(data: bytes, stream: str) -> int | None:
    """Where in an OLE file a stream begins, None where there is no such stream, and 0 (the header)
    for one so small that it shares its sectors with others.

    Directory entries are found by the aligned name in them instead of by the allocation table, so
    that a damaged table does not hide what the file is.
    """
    written = stream.encode("utf-16-le") + b"\0\0"
    at = data.find(written)
    while at >= 0:
        if at % _ENTRY_BYTES == 0 and at + _ENTRY_BYTES <= len(data):
            (length,) = struct.unpack("<H", data[at + 64 : at + 66])
            if length == len(written):
                (shift,) = struct.unpack("<H", data[30:32])
                sector, n_bytes = struct.unpack("<II", data[at + 116 : at + 124])
                is_small = n_bytes < _SMALLEST_OWN_SECTORS
                return 0 if is_small else int((sector + 1) << min(shift, 16))
        at = data.find(written, at + 1)
    return None


def is_text_document(head: bytes) -> bool:
    """Whether the beginning of an OLE file shows a text document or a protected one."""
    return _has_stream(head, "WordDocument") or _has_stream(head, "EncryptedPackage")


def _has_stream(data: bytes, stream: str) -> bool:
    return _stream_start(data, stream) is not None


def _is_cut_off(data: bytes) -> bool:
    """Whether an OLE file ends before its directory, which most programs write last."""
    if len(data) < _HEADER_BYTES:
        return True
    (shift,) = struct.unpack("<H", data[30:32])
    (sector,) = struct.unpack("<I", data[48:52])
    return bool(len(data) <= (sector + 1) << min(shift, 16))


def _encrypted(name: str) -> str:
    return f"{name}: protected by a password. Open it, remove the password and save it again."
