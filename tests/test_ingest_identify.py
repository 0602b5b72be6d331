"""What a file is follows from its content; what cannot be read is refused with a reason."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path

import docx
import PIL.Image
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from extractor import ingest
from extractor.errors import (
    CorruptInput,
    EncryptedInput,
    InputError,
    InputTooLarge,
    UnsupportedInput,
)
from extractor.ingest.encoding import decode
from extractor.settings import Settings
from extractor.types import Kind, Paragraph

SETTINGS = Settings()
REPORT = "一、总体情况\n2020年，本机关收到政府信息公开申请35件，均已答复。\n"
TRADITIONAL = "一、總體情況\n2020年，本機關收到政府信息公開申請35件，均已答復，無結轉。\n"


def image_bytes(image_format: str) -> bytes:
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (40, 30), "white").save(buffer, image_format)
    return buffer.getvalue()


def docx_bytes(text: str = "一、总体情况") -> bytes:
    document = docx.Document()
    document.add_paragraph(text)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def zip_bytes(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def ole_bytes(stream: str, content: bytes) -> bytes:
    """An OLE compound file as far as it is looked at: header, one directory entry, one stream."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    header[30:32] = struct.pack("<H", 9)
    name = stream.encode("utf-16-le") + b"\0\0"
    entry = bytearray(128)
    entry[: len(name)] = name
    entry[64:66] = struct.pack("<H", len(name))
    entry[116:124] = struct.pack("<II", 1, max(4096, len(content)))
    return bytes(header) + bytes(entry).ljust(512, b"\0") + content.ljust(4096, b"\0")


WORD_STREAM = b"\xec\xa5\xc1\x00" + b"\0" * 8
LOCKED_WORD_STREAM = b"\xec\xa5\xc1\x00" + b"\0" * 6 + b"\x00\x01"


@pytest.mark.parametrize(
    ("image_format", "media_type"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("TIFF", "image/tiff"),
        ("WEBP", "image/webp"),
        ("BMP", "image/bmp"),
        ("GIF", "image/gif"),
    ],
)
def test_an_image_is_an_image_whatever_it_is_called(image_format: str, media_type: str) -> None:
    source = ingest.identify("report.pdf", image_bytes(image_format), SETTINGS)
    assert (source.kind, source.media_type) == (Kind.IMAGE, media_type)
    assert source.name == "report.pdf"


def test_pdf_may_have_something_before_its_header() -> None:
    data = b"\r\n\r\n%PDF-1.4\n" + b"x" * 100
    assert ingest.identify("a.png", data, SETTINGS).kind is Kind.PDF


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (REPORT, Kind.TEXT),
        ("规章\n|\n0\n|\n0\n", Kind.TEXT),
        ("规章\t0\t0\n行政许可\t1\t2\n", Kind.TEXT),
        ("甲 | 1 | 2\n乙 | 3 | 4\n-----\n", Kind.TEXT),
        ("", Kind.TEXT),
        ("# 一、总体情况\n\n正文\n", Kind.MARKDOWN),
        ("表\n\n| 甲 | 乙 |\n|---|:-:|\n| 1 | 2 |\n", Kind.MARKDOWN),
        ("**一、总体情况**\n", Kind.MARKDOWN),
        ("一、总体情况\n\n<table><tr><td>1</td></tr></table>\n", Kind.MARKDOWN),
        ("<!DOCTYPE html><html><body>一</body></html>", Kind.HTML),
        ("\n<!-- saved --><div><p>一、总体情况</p></div>", Kind.HTML),
        ("<div><p>一、总体情况</p></div>", Kind.HTML),
        ("<table><tr><td>1</td></tr></table>", Kind.HTML),
        ('<?xml version="1.0"?><html xmlns="x"><body>一</body></html>', Kind.HTML),
        ("一<p>二</p><p>三</p><table><tr><td>1</td></tr></table>", Kind.HTML),
    ],
)
def test_text_html_and_markdown_are_told_by_their_content(text: str, kind: Kind) -> None:
    data = text.encode() or b" \n"
    assert ingest.identify("report.doc", data, SETTINGS).kind is kind


def test_docx_is_told_from_other_zips() -> None:
    source = ingest.identify("a.zip", docx_bytes(), SETTINGS)
    assert source.kind is Kind.DOCX
    assert source.media_type.endswith("wordprocessingml.document")
    with pytest.raises(UnsupportedInput, match=r"a\.docx.*spreadsheet"):
        ingest.identify("a.docx", zip_bytes({"xl/workbook.xml": b"<x/>"}), SETTINGS)
    with pytest.raises(UnsupportedInput, match="archive of files"):
        ingest.identify("a.docx", zip_bytes({"a.txt": b"x"}), SETTINGS)


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (b"", CorruptInput, "empty"),
        (b"\x89PNG\r\n", CorruptInput, "ends after 6 bytes"),
        (b"%PDF-1.7\n", CorruptInput, "ends after 9 bytes"),
        (docx_bytes()[:2000], CorruptInput, "cut off or damaged"),
        (b"MZ\x90\x00\x03\x00\x00\x00", UnsupportedInput, "a program"),
        (b"\x7fELF\x02\x01\x01\x00", UnsupportedInput, "a program"),
        (b"Rar!\x1a\x07\x01\x00", UnsupportedInput, "ZIP"),
        (b"\x00\x00\x00\x20ftypheic\x00\x00", UnsupportedInput, "JPEG or PNG"),
        (b"\x00\x00\x00\x20ftypisom\x00\x00", UnsupportedInput, "video"),
        (bytes(range(256)) * 40, UnsupportedInput, "unknown kind"),
        (b'{"slots": {"a": 1}}', UnsupportedInput, "JSON"),
        (b'<?xml version="1.0"?><svg/>', UnsupportedInput, "XML"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related\n", UnsupportedInput, "MHTML"),
        (ole_bytes("EncryptedPackage", b""), EncryptedInput, "password"),
        (ole_bytes("WordDocument", LOCKED_WORD_STREAM), EncryptedInput, "password"),
        (ole_bytes("Workbook", b""), UnsupportedInput, "spreadsheet"),
        (ole_bytes("x", b""), UnsupportedInput, "without a text document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, CorruptInput, "cut off"),
        (ole_bytes("WordDocument", WORD_STREAM)[:512], CorruptInput, "cut off"),
    ],
)
def test_what_cannot_be_read_is_refused(data: bytes, error: type[InputError], reason: str) -> None:
    with pytest.raises(error, match=reason) as caught:
        ingest.identify("报告.pdf", data, SETTINGS)
    assert str(caught.value).startswith("报告.pdf: ")


def test_large_files_are_refused() -> None:
    with pytest.raises(InputTooLarge, match="101 bytes"):
        ingest.identify("a.txt", b"x" * 101, Settings(max_file_bytes=100))


def test_docx_that_unpacks_to_too_much_is_refused() -> None:
    bomb = zip_bytes({"word/document.xml": b"<x/>", "word/media/a.bmp": b"\0" * 1_000_000})
    with pytest.raises(InputTooLarge, match="times its packed size"):
        ingest.identify("a.docx", bomb, SETTINGS)
    with pytest.raises(InputTooLarge, match="more than 1000"):
        ingest.identify("a.docx", docx_bytes(), Settings(max_archive_bytes=1000))


def test_docx_with_a_password_of_the_archive_is_refused() -> None:
    data = zip_bytes({"word/document.xml": b"<x/>"})
    with pytest.raises(EncryptedInput, match="password"):
        ingest.identify("a.docx", with_password_flag(data), SETTINGS)


def with_password_flag(data: bytes) -> bytes:
    """Set the flag "encrypted" of the first member, in both of its headers."""
    changed = bytearray(data)
    changed[data.index(b"PK\x03\x04") + 6] |= 1
    changed[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


# --- LibreOffice -------------------------------------------------------------------------------


def install_office(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = folder / "soffice"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_old_documents_need_libreoffice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for data in (ole_bytes("WordDocument", WORD_STREAM), rb"{\rtf1 x}"):
        with pytest.raises(UnsupportedInput, match="LibreOffice is not installed"):
            ingest.identify("a.wps", data, SETTINGS)


def test_old_documents_are_converted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = tmp_path / "made.docx"
    made.write_bytes(docx_bytes("由旧格式转换"))
    # Arguments: ... --outdir <folder> <document>
    script = f'while [ "$1" != --outdir ]; do shift; done; mkdir "$2"; cp {made} "$2/document.docx"'
    install_office(tmp_path, monkeypatch, script)
    data = ole_bytes("WordDocument", WORD_STREAM)
    source = ingest.identify("a.doc", data, SETTINGS)
    assert (source.kind, source.media_type) == (Kind.DOCX, "application/msword")
    assert Paragraph("由旧格式转换", 1) in ingest.read_blocks(source)
    assert source.sha256 != ingest.identify("a.docx", source.data, SETTINGS).sha256


def test_conversion_that_fails_or_hangs_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = ole_bytes("WordDocument", WORD_STREAM)
    install_office(tmp_path, monkeypatch, "echo source file could not be loaded")
    with pytest.raises(CorruptInput, match="could not be loaded"):
        ingest.identify("a.doc", data, SETTINGS)
    install_office(tmp_path, monkeypatch, "sleep 60 & wait")
    with pytest.raises(CorruptInput, match="did not finish"):
        ingest.identify("a.doc", data, Settings(max_seconds=0.2))


# --- characters --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "gbk", "gb18030"]
)
def test_simplified_text_is_decoded(encoding: str) -> None:
    assert decode(REPORT.encode(encoding)) == REPORT


@pytest.mark.parametrize("encoding", ["utf-8", "big5", "gbk", "utf-16-be"])
def test_traditional_text_is_decoded(encoding: str) -> None:
    assert decode(TRADITIONAL.encode(encoding)) == TRADITIONAL


def test_damaged_utf8_stays_utf8() -> None:
    data = (REPORT * 20).encode()
    text = decode(data[:300] + b"\xff" + data[300:])
    assert text is not None
    assert text.count("\ufffd") <= 4
    assert "政府信息公开申请35件" in text


def test_the_beginning_of_a_file_may_end_inside_of_a_character() -> None:
    for encoding in ("utf-8", "gb18030"):
        data = REPORT.encode(encoding)
        for length in range(len(data) - 8, len(data)):
            text = decode(data[:length], is_cut=True)
            assert text is not None
            assert REPORT.startswith(text)


def test_binary_data_is_no_text() -> None:
    assert decode(bytes(range(256))) is None
    assert decode(b"\0" * 100) is None
    assert decode("报告".encode("utf-16-le") + b"\0\0" * 9) is None


CHARACTERS = "本年度政府信息公开申请数量新收上年结转予以部分不属于国家秘密总计，。（）0123456789\n"


@given(st.text(CHARACTERS, min_size=12), st.sampled_from(["utf-8", "gb18030", "utf-16"]))
def test_text_of_reports_survives_every_encoding(text: str, encoding: str) -> None:
    assert decode(("总体情况" + text).encode(encoding)) == "总体情况" + text


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_utf8_is_read_as_it_is(text: str) -> None:
    marked = "\ufeff政府" + text
    assert decode(marked.encode()) == "政府" + text


@given(st.binary(max_size=300))
@example(rb"{\rtf")
def test_any_bytes_are_identified_or_refused(data: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "")  # without LibreOffice
        try:
            source = ingest.identify("x", data, SETTINGS)
        except InputError:
            return
    if not source.kind.is_paged:
        ingest.read_blocks(source)
