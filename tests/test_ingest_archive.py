"""Finding documents in files, folders and archives: every outcome, and no bomb goes off."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from pathlib import Path

import pytest

from extractor import ingest
from extractor.errors import (
    CorruptInput,
    EncryptedInput,
    InputError,
    InputTooLarge,
    UnsupportedInput,
)
from extractor.settings import Settings
from tests.test_ingest_identify import docx_bytes, image_bytes, with_password_flag, zip_bytes

SETTINGS = Settings()
TEXT = "二、主动公开政府信息情况\n规章\n0\n".encode()
PDF = b"%PDF-1.4\n" + b"x" * 100


def listed(path: Path, settings: Settings = SETTINGS) -> list[ingest.Entry]:
    return list(ingest.expand([path], settings))


def uploaded(data: bytes, settings: Settings = SETTINGS) -> list[ingest.Entry]:
    return list(ingest.expand_upload("a.zip", data, settings))


def only_error(entries: list[ingest.Entry]) -> InputError:
    (entry,) = entries
    assert isinstance(entry, ingest.Refused)
    return entry.error


def found(entries: list[ingest.Entry]) -> dict[str, bytes]:
    return {entry.name: entry.load() for entry in entries if isinstance(entry, ingest.Found)}


def skipped(entries: list[ingest.Entry]) -> dict[str, str]:
    return {entry.name: entry.reason for entry in entries if isinstance(entry, ingest.Skipped)}


# --- files and folders -------------------------------------------------------------------------


def test_folder_is_searched_in_order_and_hidden_files_are_passed_over(tmp_path: Path) -> None:
    for name in ("b/二.txt", "b/一.pdf", "a.docx", ".git/c.txt", "b/.d.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(PDF if name.endswith("pdf") else TEXT)
    assert list(found(listed(tmp_path))) == ["a.docx", "b/一.pdf", "b/二.txt"]


def test_what_is_no_document_is_skipped_in_a_folder(tmp_path: Path) -> None:
    files = {
        "run.py": "# 政府信息公开\nprint('政府信息公开申请')\n".encode(),
        "film.mp4": b"\0\0\0\x20ftypisom" + b"\0" * 100,
        "Thumbs.db": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000,
        "~$report.docx": b"\x05user" + b" \0" * 70,
        "notes.txt": b"nothing but English in here",
        "facts.json": '{"机关": "政府信息公开"}'.encode(),
        "table.xlsx": zip_bytes({"[Content_Types].xml": b"", "xl/workbook.xml": b""}),
        "empty": b"",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    entries = listed(tmp_path)
    assert set(skipped(entries)) == set(files)
    assert all(skipped(entries).values())


def test_what_claims_to_be_a_document_is_not_skipped(tmp_path: Path) -> None:
    (tmp_path / "empty.pdf").write_bytes(b"")
    (tmp_path / "junk.docx").write_bytes(bytes(range(256)))
    (tmp_path / "packed.rar").write_bytes(b"Rar!\x1a\x07\x01\x00")
    (tmp_path / "empty.txt").write_bytes(b"")
    assert set(found(listed(tmp_path))) == {"empty.pdf", "junk.docx", "packed.rar", "empty.txt"}


def test_named_file_is_never_skipped(tmp_path: Path) -> None:
    path = tmp_path / "run.py"
    path.write_bytes(b"print()")
    assert found(listed(path)) == {"run.py": b"print()"}


def test_docx_in_a_folder_is_a_document_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(docx_bytes())
    assert list(found(listed(tmp_path))) == ["a.zip"]


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    assert "No such file" in str(only_error(listed(tmp_path / "none.pdf")))


def test_file_that_vanishes_is_an_error_when_it_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT)
    (entry,) = listed(path)
    path.unlink()
    assert isinstance(entry, ingest.Found)
    with pytest.raises(InputError, match="cannot be read"):
        entry.load()


def test_large_file_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT)
    (entry,) = listed(path, Settings(max_file_bytes=10))
    assert isinstance(entry, ingest.Found)
    with pytest.raises(InputTooLarge, match="more than 10 bytes"):
        entry.load()


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "a.txt").write_bytes(TEXT)
    (inner / "up").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to("self")
    entries = listed(tmp_path)
    assert list(found(entries)) == ["inner/a.txt"]
    assert [entry.name for entry in entries if isinstance(entry, ingest.Refused)] == ["self"]


def test_pipe_in_a_folder_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    assert skipped(listed(tmp_path)) == {"pipe.txt": "no ordinary file"}


def test_same_file_is_read_once_and_names_stay_unique(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_bytes(TEXT + folder.encode())
    paths = [tmp_path / "x", tmp_path / "x" / "a.txt", tmp_path / "y" / "a.txt"]
    entries = list(ingest.expand(paths, SETTINGS))
    assert [type(entry).__name__ for entry in entries] == ["Found", "Skipped", "Found"]
    assert len({entry.name for entry in entries}) == 3
    assert found(entries)["a (3).txt"] == TEXT + b"y"


# --- archives ----------------------------------------------------------------------------------


def test_archive_is_listed_and_its_members_are_loaded_late(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    inner = zip_bytes({"三/c.txt": TEXT + b"3"})
    path.write_bytes(
        zip_bytes(
            {
                "b.docx": docx_bytes(),
                "a/1.png": image_bytes("PNG"),
                "__MACOSX/x.txt": TEXT,
                "run.py": b"x = 1",
                "more.zip": inner,
            }
        )
    )
    entries = listed(path)
    names = ["all.zip/a/1.png", "all.zip/b.docx", "all.zip/more.zip/三/c.txt"]
    assert list(found(entries)) == names
    assert skipped(entries) == {"all.zip/run.py": "data or source code"}
    last = next(entry for entry in entries if entry.name == names[-1])
    assert isinstance(last, ingest.Found)
    carried = pickle.dumps(last)
    assert len(carried) < 4000
    assert pickle.loads(carried).load() == TEXT + b"3"


def test_upload_is_an_archive_or_one_file() -> None:
    assert found(uploaded(zip_bytes({"a.txt": TEXT}))) == {"a.zip/a.txt": TEXT}
    entries = list(ingest.expand_upload("..\\dir/../a.py", b"print()", SETTINGS))
    assert found(entries) == {"a.py": b"print()"}


def test_names_in_gbk_are_read() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("XXXX.txt", TEXT)
    data = buffer.getvalue().replace(b"XXXX", "报告".encode("gbk"))
    assert list(found(uploaded(data))) == ["a.zip/报告.txt"]


@pytest.mark.parametrize(
    "name", ["../evil.txt", "a/../../evil.txt", "/etc/evil.txt", "C:/evil.txt"]
)
def test_names_that_point_out_of_the_archive_are_refused(name: str) -> None:
    entries = uploaded(zip_bytes({name: TEXT, "good.txt": TEXT}))
    assert list(found(entries)) == ["a.zip/good.txt"]
    (refused,) = (entry for entry in entries if isinstance(entry, ingest.Refused))
    assert isinstance(refused.error, CorruptInput)
    assert "out of the archive" in str(refused.error)
    assert ".." not in refused.name


def test_members_of_the_same_name_are_all_read() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a.txt", TEXT + b"1")
        archive.writestr("a.txt", TEXT + b"2")
    entries = uploaded(buffer.getvalue())
    assert found(entries) == {"a.zip/a.txt": TEXT + b"1", "a.zip/a (2).txt": TEXT + b"2"}


def test_bomb_is_refused_by_its_ratio() -> None:
    error = only_error(uploaded(zip_bytes({"a.txt": b"\0" * 10_000_000})))
    assert isinstance(error, InputTooLarge)
    assert "decompression bomb" in str(error)


def test_archive_of_too_many_bytes_or_files_is_refused() -> None:
    data = zip_bytes({f"{i}.txt": TEXT for i in range(9)})
    assert isinstance(only_error(uploaded(data, Settings(max_archive_bytes=200))), InputTooLarge)
    assert isinstance(only_error(uploaded(data, Settings(max_archive_files=8))), InputTooLarge)
    assert len(found(uploaded(data, Settings(max_archive_files=9)))) == 9


def test_limits_hold_for_archives_in_archives_together() -> None:
    inner = zip_bytes({f"{i}.txt": TEXT for i in range(4)})
    data = zip_bytes({"x.zip": inner, "y.zip": inner})
    entries = uploaded(data, Settings(max_archive_files=7))
    assert len(found(entries)) == 4
    assert [entry.name for entry in entries if isinstance(entry, ingest.Refused)] == ["a.zip/y.zip"]


def test_header_that_understates_its_size_gains_nothing() -> None:
    data = bytearray(zip_bytes({"a.txt": TEXT * 100}))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 50)  # says 50 bytes
    assert isinstance(only_error(uploaded(bytes(data))), CorruptInput)


def test_member_over_the_limit_is_refused_but_no_film_is() -> None:
    film = b"\0\0\0\x20ftypisom" + os.urandom(5000)
    text = TEXT + os.urandom(3000).hex().encode()
    data = zip_bytes({"a.mp4": film, "b.pdf": PDF + text})
    entries = uploaded(data, Settings(max_file_bytes=1000))
    assert list(skipped(entries)) == ["a.zip/a.mp4"]
    (refused,) = (entry for entry in entries if isinstance(entry, ingest.Refused))
    assert isinstance(refused.error, InputTooLarge)


def test_encrypted_member_is_refused() -> None:
    error = only_error(uploaded(with_password_flag(zip_bytes({"a.txt": TEXT}))))
    assert isinstance(error, EncryptedInput)


def test_member_of_an_unusual_method_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.txt", TEXT)
    assert isinstance(only_error(uploaded(buffer.getvalue())), UnsupportedInput)


def test_third_archive_in_a_row_is_refused() -> None:
    data = zip_bytes({"x.zip": zip_bytes({"y.zip": zip_bytes({"a.txt": TEXT})})})
    error = only_error(uploaded(data))
    assert isinstance(error, InputTooLarge)
    assert "a.zip/x.zip/y.zip" in str(error)


def test_wrong_checksum_is_an_error() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:  # stored
        archive.writestr("a.txt", TEXT)
    data = buffer.getvalue().replace(TEXT, TEXT[:-2] + b"9\n")
    assert isinstance(only_error(uploaded(data)), CorruptInput)


def test_truncated_archive_is_an_error() -> None:
    data = zip_bytes({"a.txt": TEXT})
    assert isinstance(only_error(uploaded(data[: len(data) // 2])), CorruptInput)
