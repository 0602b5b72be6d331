"""The pages of one document, read by several processes that share a folder.

Whoever has the document reads from its first page on, whoever would be idle from its last one back,
until they meet. A page is read under a lock of its own, which the system gives back when a process
ends, however it ends: so no page is read twice, and none is waited for that nobody reads.
"""

from __future__ import annotations

import fcntl
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from extractor.engines import Engines
from extractor.errors import CorruptInput
from extractor.page_readings import PageReading, from_bytes, read_opened, to_bytes
from extractor.pages import open_pages
from extractor.run import Progress
from extractor.settings import Settings
from extractor.types import Source


class PageFolder:
    """Readings of pages in a folder; `prefix` begins all names, so that others may lie there."""

    def __init__(self, folder: Path, prefix: str = "read-") -> None:
        self._folder = folder
        self._prefix = prefix

    def path(self, number: int) -> Path:
        return self._folder / f"{self._prefix}{number:04}.json.gz"

    def find(self, number: int) -> PageReading | None:
        """What was kept of a page; None if nothing was, or nothing that can be read."""
        try:
            return from_bytes(self.path(number).read_bytes())
        except (FileNotFoundError, CorruptInput):
            return None

    def keep(self, reading: PageReading) -> None:
        """Write a reading, whole or not at all.

        Raises:
            OSError: it cannot be written, for instance because the folder is gone.
        """
        path = self.path(reading.number)
        draft = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.part")
        draft.write_bytes(to_bytes(reading))
        draft.replace(path)

    @contextmanager
    def locked(self, number: int, *, wait: bool) -> Iterator[bool]:
        """Whether nobody else reads the page and nobody else will within the block; with `wait`
        that is waited for."""
        with (self._folder / f"{self._prefix}{number:04}.lock").open("wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            yield True


def read_together(
    source: Source, engines: Engines, settings: Settings, progress: Progress, kept: PageFolder
) -> tuple[PageReading, ...]:
    """Every page of a document, those that others have read into the folder among them.

    Raises:
        InputError: the document cannot be opened.
        ModelError: the models cannot be loaded.
        OSError: the folder cannot be used.
    """
    deadline = time.monotonic() + settings.max_seconds
    found: dict[int, PageReading] = {}
    with open_pages(source, settings) as pages:
        for wait in (False, True):  # what others have begun comes last
            for number in range(1, pages.count + 1):
                if number in found:
                    continue
                with kept.locked(number, wait=wait) as is_ours:
                    if not is_ours:
                        continue
                    reading = kept.find(number)
                    if reading is None:
                        reading = read_opened(pages, number, engines, settings, progress, deadline)
                        if reading.is_scanned:  # others are read as soon as they are found here
                            kept.keep(reading)
                    found[number] = reading
    return tuple(found[number] for number in sorted(found))


def read_ahead(
    source: Source,
    engines: Engines,
    settings: Settings,
    kept: PageFolder,
    progress: Progress,
    *,
    seconds: float,
    most: int | None = None,
) -> int:
    """Read pages for whoever has the document, from the last one back: those that nobody reads.

    Args:
        seconds: within which a page may begin.
        most: so many pages and no more; None for all.

    Returns:
        How many were read.

    Raises:
        InputError: the document cannot be opened.
        ModelError: the models cannot be loaded.
        OSError: the folder is gone, which ends this when the document is done.
    """
    deadline = time.monotonic() + seconds
    done = 0
    with open_pages(source, settings) as pages:
        for number in range(pages.count, 0, -1):
            if done == most or time.monotonic() > deadline:
                break
            with kept.locked(number, wait=False) as is_ours:
                if not is_ours or kept.path(number).exists():
                    continue
                kept.keep(read_opened(pages, number, engines, settings, progress, deadline))
                done += 1
    return done
