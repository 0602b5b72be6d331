"""Pages of one document that several processes read."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from extractor.engines import Engines
from extractor.page_folder import PageFolder, read_ahead, read_together
from extractor.page_readings import PageReading, read_pages
from extractor.service.extracting import Extracting
from extractor.service.tasks import SOURCE, Task
from extractor.settings import Settings
from extractor.types import Source
from tests.conftest import labelled_documents


def tell_nobody(stage: str, page: int, pages: int) -> None:
    pass


@pytest.fixture
def source(settings: Settings) -> Source:
    """Two scanned pages."""
    [document] = [
        one
        for one in labelled_documents()
        if one.path.name == "straight-2021__paper_flatbed_150.pdf"
    ]
    return document.source(settings)


def timeless(readings: tuple[PageReading, ...]) -> list[PageReading]:
    return [replace(reading, seconds={}) for reading in readings]


def test_pages_that_others_have_read_are_taken(
    source: Source, engines: Engines, settings: Settings, tmp_path: Path
) -> None:
    kept = PageFolder(tmp_path)
    assert read_ahead(source, engines, settings, kept, tell_nobody, seconds=60.0, most=1) == 1
    assert kept.find(2) is not None
    assert kept.find(1) is None
    asked: list[int] = []
    read = read_together(source, engines, settings, lambda _, page, __: asked.append(page), kept)
    assert set(asked) == {1}
    alone = read_pages(source, engines, settings, tell_nobody)
    assert timeless(read) == timeless(alone)
    assert read_ahead(source, engines, settings, kept, tell_nobody, seconds=60.0) == 0


def test_a_page_that_another_reads_is_waited_for_and_not_read_again(
    source: Source, engines: Engines, settings: Settings, tmp_path: Path
) -> None:
    kept = PageFolder(tmp_path)
    theirs = PageReading(2, (), 0.0, True, None, (), {"ocr": 99.0})
    begun = threading.Event()
    first_is_read = threading.Event()

    def other() -> None:
        with kept.locked(2, wait=False) as is_ours:
            assert is_ours
            begun.set()
            first_is_read.wait()
            kept.keep(theirs)

    thread = threading.Thread(target=other, daemon=True)
    thread.start()
    begun.wait()

    def report(stage: str, page: int, pages: int) -> None:
        if stage == "ocr":  # of page 1; page 2 is passed over, and waited for at last
            first_is_read.set()

    _, second = read_together(source, engines, settings, report, kept)
    thread.join()
    assert second == theirs


def test_a_page_that_nobody_reads_any_more_is_read(
    source: Source, engines: Engines, settings: Settings, tmp_path: Path
) -> None:
    kept = PageFolder(tmp_path)
    with pytest.raises(ZeroDivisionError), kept.locked(2, wait=False):
        raise ZeroDivisionError
    kept.path(2).write_bytes(b"half")
    _, second = read_together(source, engines, settings, tell_nobody, kept)
    assert second.sheets


def test_help_ends_when_the_document_is_done(
    source: Source, engines: Engines, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    kept = PageFolder(folder)
    assert read_ahead(source, engines, settings, kept, tell_nobody, seconds=-1.0) == 0

    def done(stage: str, page: int, pages: int) -> None:
        shutil.rmtree(folder, ignore_errors=True)  # while the last page is read

    with pytest.raises(FileNotFoundError):
        read_ahead(source, engines, settings, kept, done, seconds=60.0)


def test_a_page_of_the_service_is_read_once(
    source: Source, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / SOURCE).write_bytes(source.data)
    task = Task("a", source.name, tmp_path)
    work = Extracting(settings)
    assert work.open(task) == 2
    assert work.read_ahead(task, 60.0)
    [second] = tmp_path.glob("read-*-0002.json.gz")
    kept = PageFolder(tmp_path, second.name.removesuffix("0002.json.gz"))
    with kept.locked(1, wait=False):
        thread = threading.Thread(target=work.read, args=(task, 1, 60.0), daemon=True)
        thread.start()
        theirs = PageReading(1, (), 0.0, True, None, (), {"ocr": 99.0})
        kept.keep(theirs)
    thread.join()
    assert kept.find(1) == theirs
    assert not work.read_ahead(task, 60.0)
    before = second.stat().st_mtime_ns
    work.read(task, 2, 60.0)
    assert second.stat().st_mtime_ns == before
