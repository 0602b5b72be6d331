"""The log of the service."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest

from extractor.service.logs import about, configure


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
