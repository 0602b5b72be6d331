"""All reports as one table: every format says the same, and as the results are now."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from extractor.export import dataset as files
from extractor.service.dataset import COLUMNS, Content
from extractor.service.jobs import DurableJobs
from extractor.service.routes import dataset as dataset_routes
from extractor.service.tasks import reading_name, result_name
from extractor.settings import Settings
from tests.test_reviews import WRONG, finished, prepare_table, put
from tests.test_service import API, code_of, running, store_of

DATASET = "/api/v1/dataset"
FORMULA = "=1+1 报告.txt"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    with running(settings, partial(DurableJobs, prepare=prepare_table)) as client:
        decided = finished(client, "a.txt")
        put(client, decided, WRONG, {"value": 2})
        finished(client, FORMULA)
        yield client


def as_csv(client: TestClient, **query: Any) -> list[dict[str, str]]:
    answer = client.get(DATASET, params=query)
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_one_row_a_slot_with_decisions_and_provenance(client: TestClient) -> None:
    rows = as_csv(client)
    assert len(rows) == 30
    assert list(rows[0]) == [column.name for column in COLUMNS[Content.CELLS]]
    first = next(row for row in rows if row["slot"] == WRONG)
    assert (first["document"], first["value"], first["status"]) == ("a.txt", "2", "reviewed")
    assert (first["organization"], first["year"], first["edition"]) == (
        "东湾市民政局",
        "2024",
        "2021",
    )
    assert (first["version"], first["state"], first["line"]) == ("1", "number", "1")
    assert first["extracted_at"].endswith("Z")
    assert first["label"]
    other = next(row for row in rows if row["slot"] == WRONG and row["version"] == "0")
    assert (other["value"], other["status"]) == ("7", "flagged")
    assert other["document"] == f"'{FORMULA}", "a spreadsheet would run it"


def test_every_format_says_the_same(client: TestClient) -> None:
    rows = as_csv(client)
    book = openpyxl.load_workbook(
        io.BytesIO(client.get(DATASET, params={"format": "xlsx"}).content)
    )
    titles, *sheet = book["数据"].iter_rows(values_only=True)
    columns = COLUMNS[Content.CELLS]
    assert list(titles) == [column.title for column in columns]
    header = [column.name for column in columns]
    assert header == list(rows[0])
    answer = client.get(DATASET, params={"format": "parquet"})
    assert answer.headers["content-disposition"] == 'attachment; filename="cells.parquet"'
    table = pq.read_table(io.BytesIO(answer.content))
    assert table.column_names == header
    assert table.schema.field("value").metadata[b"meaning"].startswith(b"what the document says")
    place = {name: i for i, name in enumerate(header)}
    for row, cells, typed in zip(rows, sheet, table.to_pylist(), strict=True):
        assert Decimal(row["value"]) == cells[place["value"]] == typed["value"]
        for name in ("document_id", "slot", "status", "printed", "label"):
            assert row[name] == cells[place[name]] == typed[name]
        assert typed["document"] == cells[place["document"]] == row["document"].removeprefix("'")
    meanings = list(book["数据字典"].iter_rows(min_row=2, values_only=True))
    assert [(title, name) for title, name, *_ in meanings] == list(zip(titles, header, strict=True))
    assert all(kind and meaning for *_, kind, _, meaning in meanings)
    codes = {name: codes for _, name, _, codes, _ in meanings if codes}
    assert "blank 空白" in codes["state"]
    assert set(codes) == {"document_status", "state", "status", "flags"}


def test_every_format_can_be_made_of_names_from_anywhere(tmp_path: Path) -> None:
    """Of what was kept before such characters were refused."""
    column = files.Column("name", files.Kind.TEXT, "a name · 名称")
    texts = ["=1", "a\x00b", "\ufffe=1", "\uffff"]
    reports = [[(text,) for text in texts]]
    files.write_workbook([column], reports, tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["数据"]
    cells = [cell for (cell,) in sheet.iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == ["=1", "a\ufffdb", "\ufffd=1", "\ufffd"]
    assert {cell.data_type for cell in cells} == {"s"}
    files.write_parquet([column], reports, tmp_path / "a.parquet")
    assert pq.read_table(tmp_path / "a.parquet").column("name").to_pylist() == texts
    assert b"".join(files.to_csv([column], reports)).count(b"\r\n") == 5


@pytest.mark.parametrize("columns", COLUMNS.values(), ids=COLUMNS)
def test_columns_are_named_once_in_words_too(columns: Sequence[files.Column]) -> None:
    titles = [column.title for column in columns]
    assert len(set(titles)) == len(titles)
    assert all(not title.isascii() for title in titles)
    assert all(column.english for column in columns)


def test_rows_can_be_chosen(client: TestClient) -> None:
    assert len(as_csv(client, table="disputes")) == 30
    assert as_csv(client, table="requests") == []
    assert {row["status"] for row in as_csv(client, cell_status="flagged")} == {"flagged"}
    assert len(as_csv(client, status="accepted")) == 15
    assert len(as_csv(client, organization="民政")) == 30
    assert as_csv(client, year=2019) == []
    findings = as_csv(client, content="findings")
    assert [row["relation"] for row in findings] == ["disputes.reconsideration.row_sum"]
    assert (findings[0]["expected"], findings[0]["found"]) == ("8", "3")
    assert findings[0]["confirmed"] == "false"
    assert as_csv(client, content="figures") == []
    for query in (
        {"table": "taxes"},
        {"format": "pdf"},
        {"cell_status": "maybe"},
        {"year": 10**30},
    ):
        assert code_of(client.get(DATASET, params=query)) == "invalid_request"


def test_confirmed_findings_are_said_in_every_format(client: TestClient) -> None:
    document_id = finished(client, "confirmed.txt")
    (finding,) = client.get(f"{API}/{document_id}/extraction").json()["findings"]
    put(client, document_id, WRONG, {"confirmed": True})
    url = f"{API}/{document_id}/findings/{finding['relation']}"
    assert client.put(url, json={"confirmed": True}).status_code == 200
    rows = as_csv(client, content="findings")
    assert [row["confirmed"] for row in rows] == ["false", "true"]
    assert [row["verdict"] for row in rows][1] == "reported"
    asked = {"content": "findings", "format": "xlsx"}
    book = openpyxl.load_workbook(io.BytesIO(client.get(DATASET, params=asked).content))
    header, *sheet = book["数据"].iter_rows(values_only=True)
    assert [row[header.index("已核实")] for row in sheet] == [False, True]
    asked["format"] = "parquet"
    table = pq.read_table(io.BytesIO(client.get(DATASET, params=asked).content))
    assert table.column("confirmed").to_pylist() == [False, True]
    assert client.delete(f"{API}/{document_id}").status_code == 204


@pytest.mark.parametrize(
    ("content", "filters"),
    [
        ("figures", {"table": "disputes"}),
        ("findings", {"cell_status": "flagged"}),
        ("findings", {"table": "disputes", "cell_status": "flagged"}),
        ("cells", {"organisation": "没有"}),
    ],
)
def test_a_filter_that_would_choose_nothing_is_refused(
    client: TestClient, content: str, filters: dict[str, str]
) -> None:
    answer = client.get(DATASET, params={"content": content, **filters})
    assert (answer.status_code, code_of(answer)) == (422, "invalid_request")
    assert [one["location"] for one in answer.json()["errors"]] == [
        f"query.{name}" for name in filters
    ]


@pytest.mark.parametrize("format", ["xlsx", "parquet"])
def test_nothing_is_a_file_too(client: TestClient, format: str) -> None:
    answer = client.get(DATASET, params={"format": format, "year": 1999})
    assert answer.status_code == 200
    if format == "parquet":
        assert pq.read_table(io.BytesIO(answer.content)).num_rows == 0


def test_more_than_a_worksheet_holds_is_said(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_SHEET_ROWS", 20)
    answer = client.get(DATASET, params={"format": "xlsx"})
    assert code_of(answer) == "dataset_too_large"
    assert not openpyxl.worksheet._writer.ALL_TEMP_FILES, "its rows are left in a file"
    assert "parquet" in answer.json()["detail"]


def test_what_was_removed_is_not_in_it(client: TestClient) -> None:
    document_id = finished(client, "gone.txt")
    assert len(as_csv(client)) == 45
    assert client.delete(f"{API}/{document_id}").status_code == 204
    assert len(as_csv(client)) == 30


def test_the_documentation_has_the_data_dictionary() -> None:
    text = (Path(__file__).parents[1] / "docs" / "api.md").read_text("utf-8")
    for columns in COLUMNS.values():
        for column in columns:
            assert f"| `{column.name}` | {column.kind} | {column.meaning} |" in text


def test_few_whole_files_are_made_at_the_same_time(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset_routes, "WAIT_SECONDS", 0.05)
    for _ in range(dataset_routes.MAX_BUILDS):
        dataset_routes._building.acquire()
    try:
        answer = client.get("/api/v1/dataset", params={"format": "xlsx"})
        assert (code_of(answer), answer.status_code) == ("busy", 503)
        assert client.get("/api/v1/dataset").status_code == 200
    finally:
        for _ in range(dataset_routes.MAX_BUILDS):
            dataset_routes._building.release()
    assert client.get("/api/v1/dataset", params={"format": "xlsx"}).status_code == 200


@pytest.mark.parametrize("text", ["民" * 201, "民\0政"], ids=["long", "nul"])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        (DATASET, "organization"),
        (API, "organization"),
        ("/api/v1/findings", "organization"),
        ("/api/v1/findings", "relation"),
    ],
)
def test_no_filter_is_longer_than_a_name(
    client: TestClient, path: str, name: str, text: str
) -> None:
    answer = client.get(path, params={name: text})
    assert (answer.status_code, code_of(answer)) == (422, "invalid_request")
    assert client.get(path, params={name: text.replace("\0", "")[:200]}).status_code == 200


def test_what_goes_wrong_at_the_first_report_is_a_problem(client: TestClient) -> None:
    """And not the end of a file that has begun well."""
    first, *_ = store_of(client).finished()
    path = store_of(client).folder(first) / result_name("json", first.version)
    hidden = path.rename(path.with_name("hidden"))
    reading = path.with_name(reading_name())
    hidden_reading = reading.rename(reading.with_name("hidden-reading"))
    try:
        answer = client.get(DATASET)
        assert (answer.status_code, code_of(answer)) == (409, "not_reviewable")
    finally:
        hidden.rename(path)
        hidden_reading.rename(reading)
    assert len(as_csv(client)) == 30
