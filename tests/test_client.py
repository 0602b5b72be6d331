"""The Python client against a running service."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from extractor import client as module
from extractor.client import ApiError, Client
from extractor.service.jobs import DurableJobs
from extractor.settings import Settings
from tests.test_reviews import WRONG, prepare_table
from tests.test_service import EXE, running

# The test client of Starlette does not know timeouts.
pytestmark = pytest.mark.filterwarnings("ignore:You should not use the 'timeout'")


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    with running(settings, partial(DurableJobs, prepare=prepare_table)) as http:
        yield http


@pytest.fixture
def service(http: TestClient) -> Client:
    key = http.headers["Authorization"].removeprefix("Bearer ")
    return Client("http://testserver/", key, http=http)


def file(folder: Path, name: str, data: bytes | None = None) -> Path:
    path = folder / name
    path.write_bytes(data or f"关于{name}的年度报告".encode())
    return path


def test_a_report_is_uploaded_reviewed_and_exported(service: Client, tmp_path: Path) -> None:
    (document,) = service.upload([file(tmp_path, "2024年报.txt")]).documents
    done = service.wait(document.id, pause_seconds=0.05)
    assert (done.state, done.status, done.year) == ("done", "needs_review", 2024)
    before, version = service.extraction(document.id)
    question = service.next_question()
    assert question is not None
    assert (question.document.id, question.slot) == (document.id, WRONG)
    (finding,) = service.findings(relation="disputes.", year=2024)
    assert (finding.document_id, finding.message) == (document.id, before.findings[0].message)
    after, newer = service.decide(
        document.id, question.slot, value=Decimal(2), comment="1 and 7", version=version
    )
    assert (before.status, after.status, after.findings) == ("needs_review", "accepted", [])
    assert list(service.findings(relation="disputes.", year=2024)) == []
    with pytest.raises(ApiError, match="version_outdated") as outdated:
        service.decide(document.id, WRONG, state="blank", version=version)
    assert (outdated.value.reason, outdated.value.status) == ("version_outdated", 412)
    service.decide(document.id, "report", organization="西湾市民政局", version=newer)
    assert [one.comment for one in service.reviews(document.id)] == ["1 and 7", None]
    assert service.next_question() is None
    service.export(document.id, tmp_path / "report.xlsx")
    assert (tmp_path / "report.xlsx").read_bytes()[:2] == b"PK"
    service.dataset(tmp_path / "cells.csv", year=2024, table="disputes")
    assert WRONG in (tmp_path / "cells.csv").read_text(encoding="utf-8-sig")
    service.remove(document.id)
    with pytest.raises(ApiError, match="document_unknown"):
        service.document(document.id)


def test_a_finding_is_confirmed(service: Client, tmp_path: Path) -> None:
    (document,) = service.upload([file(tmp_path, "own error.txt")]).documents
    service.wait(document.id, pause_seconds=0.05)
    result, _ = service.extraction(document.id)
    (finding,) = result.findings
    question = service.next_question()
    assert question is not None
    assert question.slot == result.questions[0].slot
    assert (question.cell is not None, question.findings) == (True, [finding])
    with pytest.raises(ApiError, match="not_confirmable"):
        service.decide(document.id, f"findings.{finding.relation}", confirmed=True)
    _, version = service.decide(document.id, WRONG, confirmed=True)
    after, _ = service.decide(
        document.id,
        f"findings.{finding.relation}",
        confirmed=True,
        comment="printed so",
        version=version,
    )
    assert (after.status, after.findings[0].confirmed) == ("accepted", True)
    (listed,) = service.findings(verdict="reported")
    assert (listed.document_id, listed.confirmed) == (document.id, True)
    assert service.reviews(document.id)[-1].comment == "printed so"
    service.remove(document.id)


def test_all_pages_of_a_list_are_read(service: Client, tmp_path: Path) -> None:
    paths = [file(tmp_path, f"{i}.txt") for i in range(5)]
    ids = {one.id for one in service.upload(paths).documents}
    again = service.upload([str(path) for path in paths])  # the same bytes: no second documents
    assert {one.id for one in again.documents} == ids
    assert not any(one.is_new for one in again.documents)
    for one in ids:
        service.wait(one, pause_seconds=0.05)
    assert {one.id for one in service.documents(year=2024)} == ids
    assert list(service.documents(year=1999)) == []


def test_refusals_say_why(service: Client, tmp_path: Path) -> None:
    with pytest.raises(ApiError, match="unsupported_input") as refused:
        service.upload([file(tmp_path, "a.exe", EXE)])
    assert refused.value.status == 415
    with pytest.raises(ApiError, match="document_unknown"):
        service.export("no such id", tmp_path / "a.csv", "csv")
    assert list(tmp_path.glob("*.csv")) == list(tmp_path.glob(".*.part")) == []
    with pytest.raises(FileNotFoundError):
        service.upload([tmp_path / "nothing.pdf"])
    with pytest.raises(ApiError, match="unauthorized"):
        Client("http://testserver", "ex_wrong", http=service._http).documents().__next__()


def test_the_version_of_a_document_is_that_of_its_extraction(
    service: Client, tmp_path: Path
) -> None:
    (document,) = service.upload([file(tmp_path, "version.txt")]).documents
    version = service.wait(document.id, pause_seconds=0.05).version
    _, newer = service.decide(document.id, WRONG, value=2, version=version)
    assert newer == f'"{version + 1}"'
    with pytest.raises(ApiError, match="version_outdated"):
        service.decide(document.id, WRONG, value=3, version=version)
    service.decide_alike(document.id, [WRONG], "blank", version=version + 1)
    service.remove(document.id)


def test_what_cannot_be_meant_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="http://"):
        Client("127.0.0.1:8701", "k")

    def answer(request: httpx2.Request) -> httpx2.Response:
        assert str(request.url).startswith("http://x/api/v1/d")
        return httpx2.Response(200, content=request.url.query)

    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    for address in ("http://x", "http://x/", "http://x/api/v1", "http://x/api/v1/"):
        service = Client(address, "k", http=http)
        service.export("1", tmp_path / "a.csv")
        assert (tmp_path / "a.csv").read_text() == "format=csv"
    with pytest.raises(ValueError, match="no file"):
        service.upload([])
    for write in (partial(service.export, "1"), service.dataset):
        with pytest.raises(ValueError, match=r"x\.pdf ends with none of"):
            write(tmp_path / "x.pdf")
        write(tmp_path / "x.pdf", "xlsx")
    service.dataset(tmp_path / "a.Parquet", year=2024)
    assert (tmp_path / "a.Parquet").read_text() == "format=parquet&year=2024"


def test_a_service_that_is_busy_or_away_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.001)
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.method)
        if len(asked) == 1:
            raise httpx2.ConnectError("refused")
        if len(asked) == 2:
            return httpx2.Response(503, headers={"Retry-After": "0"}, json={"code": "not_ready"})
        return httpx2.Response(200, json={"documents": [], "refused": [], "skipped": []})

    service = Client("http://x", "k", http=httpx2.Client(transport=httpx2.MockTransport(answer)))
    assert service.upload([file(tmp_path, "a.txt")]).documents == []
    assert asked == ["POST"] * 3

    def moved(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(307, headers={"Location": "https://elsewhere/"})

    elsewhere = Client("http://x", "k", http=httpx2.Client(transport=httpx2.MockTransport(moved)))
    for call in (
        lambda: elsewhere.export("1", tmp_path / "a.xlsx"),
        lambda: elsewhere.remove("1"),
        lambda: elsewhere.document("1"),
    ):
        with pytest.raises(ApiError, match="307"):
            call()
    assert not (tmp_path / "a.xlsx").exists()

    def never(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.method)
        raise httpx2.ConnectError("refused")

    away = Client("http://x", "k", http=httpx2.Client(transport=httpx2.MockTransport(never)))
    asked.clear()
    with pytest.raises(ApiError, match="is it running"):
        away.document("1")
    assert len(asked) == module.ATTEMPTS
    asked.clear()
    with pytest.raises(ApiError, match="does not answer"):
        away.decide("1", WRONG, value=1)  # a decision is not sent twice
    assert len(asked) == 1
    with pytest.raises(ApiError, match="does not answer"):
        away.dataset(tmp_path / "cells.csv")
