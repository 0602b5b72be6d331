"""The log of the service, and the file with its settings."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from extractor.service.logs import about, configure
from extractor.settings import FILE, FILE_VARIABLE, Settings


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def logged(capsys: pytest.CaptureFixture[str], format: Literal["text", "json"], fails: bool) -> str:
    configure(format)
    log = logging.getLogger("somewhere")
    if fails:
        try:
            raise ValueError("多少")
        except ValueError:
            log.exception("it failed", extra=about("abc"))
    else:
        log.info("%d pages\nread", 3, extra=about("abc"))
    return capsys.readouterr().err


def test_a_line_is_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    [line] = logged(capsys, "json", fails=False).splitlines()
    found = json.loads(line)
    assert found.pop("time").endswith("+00:00")
    assert found == {
        "level": "info",
        "logger": "somewhere",
        "message": "3 pages\nread",
        "document": "abc",
    }


def test_a_trace_is_in_the_object(capsys: pytest.CaptureFixture[str]) -> None:
    [line] = logged(capsys, "json", fails=True).splitlines()
    assert "ValueError: 多少" in json.loads(line)["trace"]


def test_what_the_workflows_repeat_is_said_once_and_in_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("text")
    workflows = logging.getLogger("dbos")
    for n in range(50):
        workflows.warning("Exception polling schedules: Traceback %d\n  File …", n)
        workflows.warning("Exception encountered in another thread")
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith("Traceback 0")
    assert second.endswith("in another thread")


def test_connections_of_pages_are_nobodys_business(capsys: pytest.CaptureFixture[str]) -> None:
    configure("text")
    server = logging.getLogger("uvicorn.error")
    server.info('%s - "WebSocket %s" [accepted]', "1.2.3.4", "/socket.io/?client_id=secret")
    server.info("connection open")
    server.info("Started server process [%d]", 1)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("Started server process [1]")


def test_a_line_for_people_names_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert logged(capsys, "text", fails=False).endswith("read [document abc]\n")


def test_settings_may_be_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings().workers == 1
    Path(FILE).write_text("workers = 3\nmax_pages = 7\n")
    assert (Settings().workers, Settings().max_pages) == (3, 7)
    monkeypatch.setenv("EXTRACTOR_WORKERS", "4")
    assert (Settings().workers, Settings().max_pages) == (4, 7)
    assert Settings(workers=5).workers == 5
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "other.toml"))
    with pytest.raises(FileNotFoundError):
        Settings()
