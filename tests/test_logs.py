"""The log of the service."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import Literal

import pytest

from extractor.service.logs import about, configure
from extractor.settings import Settings
from tests.test_service import NoJobs, running


class Unready(NoJobs):
    def why_not_ready(self) -> str | None:
        return "there are no models"


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


@pytest.mark.parametrize("format", ["text", "json"])
def test_what_others_sent_makes_no_line_of_its_own(
    capsys: pytest.CaptureFixture[str], format: Literal["text", "json"]
) -> None:
    forged = "a\n2026-01-01 00:00:00,000 ERROR forged\x1b[31m\x9b31m\u2028\u202e\r多少"
    configure(format)
    log = logging.getLogger("somewhere")
    log.info("GET %s: 404", forged, extra=about(forged))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isprintable()
    assert "多少" in line
    if format == "json":
        assert json.loads(line)["message"] == f"GET {forged}: 404"
    try:
        raise ValueError(forged)
    except ValueError:
        log.exception("it failed")
    first, *others = capsys.readouterr().err.splitlines()
    assert first.isprintable()
    assert all(one.startswith("    ") and one.isprintable() for one in others)


def test_an_address_makes_no_line_and_probes_none_at_all(tmp_path: Path) -> None:
    with running(Settings(home=tmp_path), Unready) as client:
        said = io.StringIO()
        configure("text")
        with redirect_stderr(said):
            assert client.get("/api/v1/documents/%0a2026-01-01%20ERROR%20x%1b%5b31m").is_error
            for path in ("/readyz", "/api/v1/readyz"):
                assert client.get(path).status_code == 503
    (line,) = [one for one in said.getvalue().splitlines() if "httpx" not in one]
    assert "2026-01-01 ERROR x\\u001b[31m: 404" in line
