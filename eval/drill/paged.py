"""Work on documents that say themselves how many pages they have and how long each takes, and a
process that does it on a database: what can be killed.

    python -m eval.drill.paged HOME [DATABASE_URL [FILES_URL]]

A document is a text such as `3 pages of 0.2 s`. Every page that is read is a line of `HOME/log`.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from extractor.service.jobs import DurableJobs
from extractor.service.store import open_store
from extractor.service.tasks import SOURCE, Outcome, Task, result_name, write_whole
from extractor.service.worker import Report, Work
from extractor.settings import Settings


def document(pages: int, seconds: float, name: str) -> bytes:
    return f"{pages} pages of {seconds} s, {name}".encode()


class Paged:
    def __init__(self, settings: Settings) -> None:
        self._log = settings.home / "log"

    def open(self, task: Task) -> int:
        self._note(task, "open")
        return int(self._told(task)[0])

    def read(self, task: Task, page: int, seconds: float) -> None:
        time.sleep(float(self._told(task)[1]))
        self._note(task, str(page))

    def read_ahead(self, task: Task, seconds: float) -> bool:
        return False

    def finish(self, task: Task, report: Report) -> Outcome:
        self._note(task, "finish")
        write_whole(task.folder / result_name("json"), b'{"tables": {}}')
        return Outcome(
            media_type="text/plain",
            status="accepted",
            organization=None,
            year=None,
            edition=None,
            rotations=(),
            cells=0,
            flagged=0,
            findings=0,
            seconds={},
        )

    def compare(self, task: Task, previous: Path) -> Outcome:
        raise AssertionError("these documents are of no year")

    def carry(
        self, task: Task, decisions: Mapping[str, Mapping[str, Any]], version: int
    ) -> Outcome:
        raise AssertionError("nothing is decided")

    def _told(self, task: Task) -> tuple[str, str]:
        found = re.match(r"(\d+) pages of ([\d.]+) s", (task.folder / SOURCE).read_text())
        assert found is not None
        return found[1], found[2]

    def _note(self, task: Task, what: str) -> None:
        line = f"{task.name} {what}\n".encode()
        handle = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(handle, line)
        os.close(handle)


def prepare_paged(settings: Settings) -> Work:
    return Paged(settings)


def main(home: str, database_url: str = "", files_url: str = "") -> None:
    """Work until the process is ended."""
    settings = Settings(home=Path(home), database_url=database_url, files_url=files_url)
    with open_store(settings) as store:
        jobs = DurableJobs(store, settings, prepare=prepare_paged, is_service=False)
        jobs.start()
        threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
