"""The bytes of one file in, what they are out; or why they cannot be read.

Names say nothing: web pages are saved as .doc, scans as .pdf. A signature decides where there is
one. Text has none: what decodes without control characters is text, and tags or marks in it tell
HTML and Markdown.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from extractor.errors import (
    CorruptInput,
    EncryptedInput,
    InputTooLarge,
    UnsupportedInput,
)
from extractor.ingest import encoding, office, zips
from extractor.ingest.text import is_rule
from extractor.settings import Settings
from extractor.types import Kind, Source

HEAD_BYTES = 1 << 18
"""So much of a file is looked at to tell text from other things."""

MAX_TEXT_BYTES = 32 * 2**20
"""Largest text input; a report of the longest kind has some hundred kilobytes."""

ZIP = "application/zip"
OLE = "application/x-ole-storage"
RTF = "application/rtf"
WORD_XML = "application/vnd.ms-word+xml"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_WORD = "application/msword"
_MEDIA_TYPE_BY_KIND = {
    Kind.HTML: "text/html",
    Kind.MARKDOWN: "text/markdown",
    Kind.TEXT: "text/plain",
}
_SMALLEST_BYTES = {Kind.PDF: 64, Kind.IMAGE: 26}
_PDF_MARK_WITHIN = 1024

_IMAGES = (
    (re.compile(rb"\x89PNG"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"II[*+]\0|MM\0[*+]"), "image/tiff"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"BM.{4}\0{4}.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\0{3}", re.DOTALL), "image/bmp"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
)
_READABLE = "PDF, an image (PNG, JPEG, TIFF, WebP, BMP), DOCX, HTML, Markdown or text"
_ARCHIVE = "a packed archive of another kind than ZIP"
_PHOTO = "an image of a kind that is not read here"
_WEB_ARCHIVE = "a web archive (MHTML)"
_ADVICE_BY_NOUN = {
    _ARCHIVE: "Unpack it, or pack it as ZIP.",
    _PHOTO: "Save it as JPEG or PNG.",
    _WEB_ARCHIVE: "Save the page as HTML or PDF.",
}
_FOREIGN = (
    (re.compile(rb"MZ[\s\S]*\0|\x7fELF|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba\xbe"), "a program"),
    (re.compile(rb"Rar!|7z\xbc\xaf|\x1f\x8b|BZh\d1AY|\xfd7zXZ|.{257}ustar", re.DOTALL), _ARCHIVE),
    (re.compile(rb".{4}ftyp(?:hei|hev|mif1|msf1|avi)", re.DOTALL), _PHOTO),
    (re.compile(rb"\0\0\0.ftyp|RIFF|\x1aE\xdf\xa3|FLV\x01|OggS|ID3|fLaC|\xff[\xfb\xf3]", re.DOTALL),
     "a video or sound"),
    (re.compile(rb"\xff\x4f\xff\x51|\0\0\0\x0cjP|8BPS|AT&TFORM"), _PHOTO),
    (re.compile(rb"SQLite format 3"), "a database"),
    (re.compile(rb"%!PS"), "PostScript"),
)  # fmt: skip
_PACKAGES = (
    ("xl/workbook.xml", "a spreadsheet (XLSX)"),
    ("xl/workbook.bin", "a spreadsheet (XLSB)"),
    ("ppt/presentation.xml", "a presentation (PPTX)"),
    ("OFD.xml", "an OFD document; export it as PDF"),
    ("META-INF/MANIFEST.MF", "a program (JAR)"),
    ("mimetype", "an OpenDocument file or an e-book; export it as DOCX or PDF"),
    ("[Content_Types].xml", "an Office file without a text document in it"),
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_TAG = re.compile(r"<[^<>]*>|&[a-z]+;")
_LETTER = re.compile(r"[A-Za-z\u00c0-\u024f\u0370-\u04ff]")
_HAN_REFERENCE = re.compile(r"&#(?:x[4-9][0-9a-f]{3}|[2-4]\d{4});", re.IGNORECASE)
_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body|meta)\b", re.IGNORECASE)
_BLOCK_TAG = re.compile(r"<(?:table|tr|td|p|div|span|h[1-6]|ul|ol|li|br|font)\b[^<>]*>", re.I)
_FLOW_TAG = re.compile(r"<(?:p|div)\b", re.IGNORECASE)
_TABLE_TAG = re.compile(r"^\s*<table\b", re.IGNORECASE | re.MULTILINE)
_MARKDOWN = re.compile(
    r"^ {0,3}#{1,6}[ \t]+\S|\*\*(?=\S)[^*\n]+(?<=\S)\*\*|\[[^\[\]\n]{0,300}\]\((?:https?:|/|#|\.)",
    re.MULTILINE,
)
_MHTML = re.compile(r"\A\s*(?:[\w-]+:.*\n)*(?:mime-version:|content-type:\s*multipart/)", re.I)


@dataclass(frozen=True, slots=True)
class Look:
    """What the beginning of a file shows.

    `kind` is None where more must be known (`media_type` is then ZIP, OLE, RTF or WORD_XML), or
    where it cannot be read (`refusal` then says what it is: "a program"). `characters` is the
    beginning of a text.
    """

    kind: Kind | None
    media_type: str
    refusal: str | None = None
    characters: str = ""


def identify(name: str, data: bytes, settings: Settings) -> Source:
    """Tell what a file is by its content, and refuse what cannot be read.

    Only headers are looked at: a PDF or an image may still prove to be damaged, encrypted or too
    large when its pages are counted. An old Word, WPS or RTF file is converted to DOCX, which takes
    seconds; `sha256` and `media_type` are those of the file as it arrived.

    Raises:
        UnsupportedInput: not a format that is read here, or LibreOffice would be needed for it.
        EncryptedInput: protected by a password.
        CorruptInput: empty, cut off or damaged.
        InputTooLarge: over a limit of `settings`.
    """
    if not data:
        raise CorruptInput(f"{name}: the file is empty (0 bytes). Get it again from its origin.")
    if settings.max_file_bytes < len(data):
        raise InputTooLarge(
            f"{name}: {len(data)} bytes, more than the {settings.max_file_bytes} that are read. "
            "Split the document or reduce its images."
        )
    sha256 = hashlib.sha256(data).hexdigest()
    look = look_at(data[:HEAD_BYTES], is_cut=len(data) > HEAD_BYTES)
    kind, media_type = look.kind, look.media_type
    if look.refusal is not None:
        raise refused(name, look.refusal)
    if media_type == ZIP:
        _check_docx(name, data, settings)
        kind, media_type = Kind.DOCX, DOCX
    elif media_type in (OLE, RTF, WORD_XML):
        if media_type == OLE:
            office.check_ole(name, data)
        suffix = ".rtf" if media_type == RTF else ".doc"
        data = office.to_docx(name, data, suffix=suffix, settings=settings)
        _check_docx(name, data, settings)
        kind, media_type = Kind.DOCX, RTF if media_type == RTF else _WORD
    elif kind in _MEDIA_TYPE_BY_KIND and len(data) > MAX_TEXT_BYTES:
        raise InputTooLarge(
            f"{name}: a text of {len(data)} bytes, more than the {MAX_TEXT_BYTES} that are read. "
            "Give one report a file."
        )
    if kind is None:
        raise UnsupportedInput(f"{name}: not a file that is read here. Give {_READABLE}.")
    if len(data) < _SMALLEST_BYTES.get(kind, 0):
        raise CorruptInput(
            f"{name}: the file ends after {len(data)} bytes. Get it again from its origin."
        )
    return Source(name=name, data=data, kind=kind, media_type=media_type, sha256=sha256)


def refused(name: str, noun: str) -> UnsupportedInput:
    """What is said of a file that is something else, such as "a program", with what to do."""
    advice = _ADVICE_BY_NOUN.get(noun, f"Give the report itself as {_READABLE}.")
    return UnsupportedInput(f"{name}: is {noun}. {advice}")


def look_at(head: bytes, *, is_cut: bool) -> Look:
    """Tell what a file is from its beginning; `is_cut` where there is more of it."""
    if head.startswith(zips.SIGNATURES):
        return Look(None, ZIP)
    if head.startswith(office.OLE_SIGNATURE):
        return Look(None, OLE)
    if head.lstrip()[:5] == b"{\\rtf":
        return Look(None, RTF)
    for pattern, media_type in _IMAGES:
        if pattern.match(head):
            return Look(Kind.IMAGE, media_type)
    if b"%PDF" in head[:_PDF_MARK_WITHIN] and not head.lstrip().startswith(b"<"):
        return Look(Kind.PDF, "application/pdf")
    for pattern, noun in _FOREIGN:
        if pattern.match(head):
            return _refused(noun)
    characters = encoding.decode(head, is_cut=is_cut)
    if characters is None:
        return _refused("a binary file of an unknown kind")
    return _look_at_text(characters, is_cut=is_cut)


def is_likely_report(look: Look) -> bool:
    """Whether a file that nobody named, found in a folder or archive, is worth reading: not source
    code, data or a text in another language."""
    if look.refusal is not None:
        return False
    if look.kind not in _MEDIA_TYPE_BY_KIND:
        return True
    n_han = len(_HAN.findall(look.characters))
    if look.kind is Kind.HTML:
        return n_han > 0 or bool(_HAN_REFERENCE.search(look.characters))
    plain = _TAG.sub("", look.characters)
    return n_han > 0 and len(_LETTER.findall(plain)) <= 2 * n_han


def _refused(noun: str) -> Look:
    return Look(None, "application/octet-stream", refusal=noun)


def _look_at_text(characters: str, *, is_cut: bool) -> Look:
    start = characters.lstrip()
    if not start:
        return Look(Kind.TEXT, "text/plain", characters=characters)
    if _MHTML.match(start[:2000]):
        return _refused(_WEB_ARCHIVE)
    is_page = bool(_PAGE.search(start))
    if 'progid="Word.Document"' in start[:2000]:
        return Look(None, WORD_XML)
    if start.startswith("<?xml") and not is_page:
        return _refused("XML data")
    if start[0] in "[{" and not is_cut and _is_json(start):
        return _refused("JSON data")
    is_markdown = bool(_MARKDOWN.search(start)) or any(
        is_rule(line) and "|" in line for line in start.splitlines()
    )
    if is_page and (start.startswith("<") or not is_markdown):
        kind = Kind.HTML
    elif is_markdown:
        kind = Kind.MARKDOWN
    elif start.startswith("<") and _BLOCK_TAG.search(start):
        kind = Kind.HTML
    elif _TABLE_TAG.search(start) and not _FLOW_TAG.search(start):
        kind = Kind.MARKDOWN
    else:
        kind = Kind.HTML if len(_BLOCK_TAG.findall(start)) >= 3 else Kind.TEXT
    return Look(kind, _MEDIA_TYPE_BY_KIND[kind], characters=characters)


def _is_json(characters: str) -> bool:
    try:
        json.loads(characters)
    except (ValueError, RecursionError):
        return False
    return True


def _check_docx(name: str, data: bytes, settings: Settings) -> None:
    """See to it that a ZIP is a DOCX, and one that is safe to unpack."""
    zips.check_directory(name, data, settings)
    with zips.open_zip(name, data) as archive:
        members = archive.infolist()
    names = {info.filename for info in members}
    part = zips.main_part(names)
    if part is None:
        raise UnsupportedInput(f"{name}: {_package_advice(names)}")
    n_bytes = 0
    for info in members:
        if info.filename == part and info.flag_bits & zips.IS_ENCRYPTED:
            raise EncryptedInput(f"{name}: protected by a password. Remove it and save it again.")
        zips.check_packing(f"{name}/{info.filename}", info, settings)
        n_bytes += info.file_size
    if settings.max_archive_bytes < n_bytes:
        raise InputTooLarge(
            f"{name}: unpacks to {n_bytes} bytes, more than {settings.max_archive_bytes}."
        )


def _package_advice(names: set[str]) -> str:
    for mark, noun in _PACKAGES:
        if mark in names:
            return f"is {noun}. Give the report itself as {_READABLE}."
    return "is an archive of files. Unpack it, or give it where archives are taken."
