"""The service as its clients see it, with real worker processes but (mostly) stubs for the reader.

The `prepare_…` functions run in those processes: what a stub does follows from the file's name.
"""

from __future__ import annotations

import io
import json
import logging
import multiprocessing
import os
import re
import signal
import stat
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from PIL import Image
from sqlalchemy import select, update
from starlette.testclient import TestClient

from extractor.app import create_app, serve
from extractor.errors import StoreError
from extractor.service import database
from extractor.service import processes as processes_module
from extractor.service.auth import Keys
from extractor.service.extraction_models import ExtractionModel
from extractor.service.images import JPEG_QUALITY
from extractor.service.jobs import DurableJobs
from extractor.service.multipart import MAX_FOLDER_BYTES, folder_name, safe_name
from extractor.service.problems import PROBLEMS
from extractor.service.queue import MAX_ATTEMPTS
from extractor.service.store import Store
from extractor.service.tables import Base, Document, DocumentState, Review, Role
from extractor.service.tasks import FORMATS, SOURCE, Outcome, Task, result_name
from extractor.service.value_tables import FindingRow
from extractor.service.worker import Report, Work
from extractor.settings import Settings
from tests import bad_documents

DOCUMENTS = Path(__file__).parent.parent / "eval" / "fixtures"
API = "/api/v1/documents"
SLOT = "requests.new_received.natural_person"
EXE = b"MZ\x90\x00" + bytes(200)


# --- stubs that run in the worker process --------------------------------------------------------


class Whole:
    """`Work` on documents without pages, done by a function."""

    def __init__(self, finish: Callable[[Task, Report], Outcome]) -> None:
        self.finish = finish

    def open(self, task: Task) -> int:
        return 0

    def read(self, task: Task, page: int, seconds: float) -> None:
        raise AssertionError("there are no pages")

    def compare(self, task: Task, previous: Path) -> Outcome:
        raise AssertionError("nothing is compared")

    def carry(
        self, task: Task, decisions: Mapping[str, Mapping[str, Any]], version: int
    ) -> Outcome:
        raise AssertionError("nothing is decided")


def prepare_stub(settings: Settings) -> Work:
    """A reader of nothing: it waits, crashes or answers as the name of the document says."""

    def work(task: Task, report: Report) -> Outcome:
        report("ocr", 1, 3)
        if "waits" in task.name:
            (settings.home / "waiting").touch()
            while not (settings.home / "go").exists():
                time.sleep(0.02)
        if "crashes" in task.name:
            os.kill(os.getpid(), signal.SIGKILL)
        if "raises" in task.name:
            raise RuntimeError("the secret of the stub")
        box = [0.5, 0.25, 0.6, 0.3]
        cells = {
            SLOT.partition(".")[2]: {"evidence": {"page": 1, "box": box}},
            "granted.total": {"evidence": {"page": None, "box": None}},
        }
        result = {"document": {"name": task.name}, "tables": {"requests": {"cells": cells}}}
        for name in FORMATS:
            (task.folder / result_name(name)).write_text(json.dumps(result))
        is_image = (task.folder / SOURCE).read_bytes().startswith(b"\x89PNG")
        return Outcome(
            media_type="image/png" if is_image else "text/plain",
            status="needs_review",
            organization="东湾市民政局",
            year=2024,
            edition="2021",
            rotations=(90.0,) if is_image else (),
            cells=2,
            flagged=1,
            findings=0,
            seconds={"ocr": 1.5},
            accepted=1,
        )

    return Whole(work)


def prepare_nothing(settings: Settings) -> Work:
    raise RuntimeError("no weights here")


class NoJobs:
    """Extracts nothing: documents stay queued."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.notified = 0

    def start(self) -> None:
        pass

    def notify(self) -> None:
        self.notified += 1

    def cancel(self, document_id: str) -> None:
        pass

    def why_not_ready(self) -> str | None:
        return None

    def stop(self) -> None:
        pass


# --- helpers -------------------------------------------------------------------------------------

make_stub_pool = partial(DurableJobs, prepare=prepare_stub)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@contextmanager
def running(settings: Settings, make_jobs: Any = NoJobs) -> Iterator[TestClient]:
    """A running service, and a client with the first key."""
    app = create_app(settings, make_jobs=make_jobs)
    with TestClient(app, raise_server_exceptions=False) as client:
        key = (settings.home / "admin-key.txt").read_text().strip()
        client.headers["Authorization"] = f"Bearer {key}"
        yield client


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """A service that extracts nothing."""
    with running(settings) as client:
        yield client


def store_of(client: TestClient) -> Store:
    store: Store = client.app.state.service.store  # type: ignore[attr-defined]
    return store


def upload(client: TestClient, *files: tuple[str, bytes]) -> Any:
    return client.post(API, files=[("files", file) for file in files])


def upload_one(client: TestClient, name: str, data: bytes | None = None) -> str:
    response = upload(client, (name, data or f"关于{name}的年度报告".encode()))
    assert response.status_code == 202, response.text
    document_id: str = response.json()["documents"][0]["id"]
    return document_id


def events(client: TestClient, document_id: str) -> list[tuple[str, dict[str, Any]]]:
    """Follow a document until it is finished."""
    response = client.get(f"{API}/{document_id}/events")
    assert response.headers["content-type"].startswith("text/event-stream")
    found = []
    for block in response.text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[0] != ":")
        if fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        threading.Event().wait(0.02)


def code_of(response: Any) -> str:
    """The code of a problem document, which must be a whole one."""
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["detail"]
    assert problem["type"] == f"urn:extractor:problem:{problem['code']}"
    assert problem["request_id"] == response.headers["x-request-id"]
    assert "Traceback" not in response.text
    code: str = problem["code"]
    return code


def zipped(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def png(width: int = 300, height: int = 200) -> bytes:
    """White, black in the top left corner."""
    image = Image.new("RGB", (width, height), "white")
    image.paste("black", (0, 0, 30, 30))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


# --- uploads -------------------------------------------------------------------------------------


def test_upload_is_stored_and_queued_before_it_is_answered(
    client: TestClient, settings: Settings
) -> None:
    data = "一份报告".encode()
    response = upload(client, ("2024年报.txt", data))
    assert response.status_code == 202
    (document,) = response.json()["documents"]
    assert document["name"] == "2024年报.txt"
    assert document["state"] == "queued"
    assert document["is_new"]
    state = client.get(f"{API}/{document['id']}").json()
    assert state["state"] == "queued"
    assert state["size"] == len(data)
    (path,) = settings.home.glob("files/*/*/source")
    assert path.read_bytes() == data
    assert path.parent.name == document["sha256"]
    assert not list(settings.home.glob("incoming/*"))
    assert client.app.state.service.jobs.notified == 1  # type: ignore[attr-defined]


def test_same_bytes_are_the_same_document(client: TestClient) -> None:
    first = upload(client, ("a.txt", "年报".encode())).json()["documents"][0]
    again = upload(client, ("b.txt", "年报".encode()), ("c.txt", "年报".encode())).json()
    assert [item["id"] for item in again["documents"]] == [first["id"]] * 2
    assert not any(item["is_new"] for item in again["documents"])
    assert len(client.get(API).json()["documents"]) == 1


def test_same_bytes_at_the_same_time_are_one_document(client: TestClient) -> None:
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda: answers.append(upload_one(client, "a.txt")))
        for _ in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 50
    assert len(set(answers)) == 1


def test_archive_gives_a_document_for_each_report_in_it(client: TestClient) -> None:
    archive = zipped(
        ("甲/年报.txt", "甲单位年报".encode()),
        ("乙/年报.txt", "乙单位年报".encode()),
        ("乙/空.pdf", b""),
        ("code.py", b"print(1)"),
    )
    answer = upload(client, ("reports.zip", archive), ("single.txt", "年报".encode())).json()
    names = [item["name"] for item in answer["documents"]]
    assert sorted(names) == ["reports.zip/乙/年报.txt", "reports.zip/甲/年报.txt", "single.txt"]
    assert [(item["name"], item["code"]) for item in answer["refused"]] == [
        ("reports.zip/乙/空.pdf", "corrupt_input")
    ]
    assert [item["name"] for item in answer["skipped"]] == ["reports.zip/code.py"]


def test_members_that_point_out_of_an_archive_are_refused(
    client: TestClient, settings: Settings
) -> None:
    before = set(settings.home.parent.iterdir())
    response = upload(client, ("x.zip", bad_documents.zip_with_escaping_names()))
    refused = response.json()["refused"]
    assert refused
    assert {item["code"] for item in refused} == {"corrupt_input"}
    assert set(settings.home.parent.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "data", "status", "code"),
    [
        ("empty.pdf", b"", 422, "corrupt_input"),
        ("setup.exe", EXE, 415, "unsupported_input"),
        ("report.pdf", EXE, 415, "unsupported_input"),
        ("broken.zip", b"PK\x03\x04" + bytes(50), 422, "corrupt_input"),
    ],
)
def test_a_file_that_cannot_be_a_report_is_refused(
    client: TestClient, name: str, data: bytes, status: int, code: str
) -> None:
    response = upload(client, (name, data))
    assert response.status_code == status
    assert code_of(response) == code
    assert client.get(API).json()["documents"] == []


def test_a_refusal_says_what_to_do_as_the_command_does(client: TestClient) -> None:
    detail = upload(client, ("rand.bin", bytes(range(256)) * 8)).json()["detail"]
    assert detail.startswith("rand.bin: is a binary file of an unknown kind. Give the report")


def test_what_failed_says_so_when_it_is_uploaded_again(settings: Settings) -> None:
    with running(settings) as client:
        data = "年度报告".encode()
        document_id = upload_one(client, "a.txt", data)
        cancelled = client.post(f"{API}/{document_id}/cancel").json()
        assert "retry it" in cancelled["problem"]["detail"]
        (again,) = upload(client, ("a.txt", data)).json()["documents"]
        assert (again["id"], again["is_new"], again["state"]) == (document_id, False, "failed")
        assert again["problem"] == cancelled["problem"]
        assert client.post(f"{API}/{document_id}/retry").status_code == 202
        (once_more,) = upload(client, ("a.txt", data)).json()["documents"]
        assert (once_more["state"], once_more["problem"]) == ("queued", None)


def test_an_extraction_anew_that_was_cancelled_can_be_asked_for_again(settings: Settings) -> None:
    with running(settings) as client:
        document_id = upload_one(client, "a.txt")
        with store_of(client)._session.begin() as session:
            done = {"state": DocumentState.DONE, "media_type": "text/plain"}
            session.execute(update(Document).values(**done))
        assert client.post(f"{API}/{document_id}/extract").status_code == 202
        problem = client.post(f"{API}/{document_id}/cancel").json()["problem"]
        assert problem["code"] == "cancelled"
        assert "extract it again" in problem["detail"]
        assert "retry" not in problem["detail"]  # which would be refused
        assert client.post(f"{API}/{document_id}/extract").status_code == 202


def test_names_are_as_before_they_were_put_into_a_header(client: TestClient) -> None:
    # The client library writes these as %22, %0D and %0A, as browsers do.
    document_id = upload_one(client, '2024 "终稿"\r\n 100%.txt')
    assert client.get(f"{API}/{document_id}").json()["name"] == '2024 "终稿" 100%.txt'


def test_several_refused_files_answer_with_a_list(client: TestClient) -> None:
    response = upload(client, ("a.exe", EXE), ("b.pdf", b""))
    assert response.status_code == 422
    assert code_of(response) == "nothing_accepted"
    codes = [item["code"] for item in response.json()["refused"]]
    assert codes == ["unsupported_input", "corrupt_input"]


def test_limits_on_files_and_uploads(settings: Settings) -> None:
    small = settings.model_copy(update={"max_file_bytes": 1000, "max_upload_bytes": 5000})
    with running(small) as client:
        response = upload(client, ("big.txt", "大".encode() * 400))
        assert response.status_code == 413
        assert code_of(response) == "input_too_large"
        assert [one["name"] for one in response.json()["refused"]] == ["big.txt"]
        # The sound files beside it are taken, wherever they stand.
        files = [("a.txt", "甲".encode()), ("x/big.txt", b"b" * 4000), ("b.txt", "乙".encode())]
        answer = upload(client, *files).json()
        assert [one["name"] for one in answer["documents"]] == ["a.txt", "b.txt"]
        (refused,) = answer["refused"]
        assert (refused["name"], refused["code"]) == ("x/big.txt", "input_too_large")
        for one in answer["documents"]:
            assert client.delete(f"{API}/{one['id']}").status_code == 204
        many = [(f"{i}.txt", f"第{i}份".encode() * 100) for i in range(9)]
        assert code_of(upload(client, *many)) == "input_too_large"
        assert client.get(API).json()["documents"] == []
    assert not list(small.home.glob("incoming/*"))


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("application/pdf", b"%PDF-1.7", 415, "not_multipart"),
        ("multipart/form-data", b"", 415, "not_multipart"),
        ("multipart/form-data; boundary=x", b"--y\r\n", 400, "upload_malformed"),
        ("multipart/form-data; boundary=x", b"--x--\r\n", 422, "upload_empty"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nhalf of',
            400,
            "upload_malformed",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\ntext\r\n--x--\r\n',
            422,
            "upload_empty",
        ),
    ],
)
def test_damaged_uploads(
    client: TestClient, content_type: str, body: bytes, status: int, code: str
) -> None:
    response = client.post(API, content=body, headers={"content-type": content_type})
    assert response.status_code == status
    assert code_of(response) == code


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\年报.pdf", "年报.pdf"),
        ("a\x00b\n\u202e\ufffe.pdf", "ab.pdf"),
        ("..", "document"),
        ("报" * 100 + ".pdf", "报" * 65 + ".pdf"),
    ],
)
def test_names_are_made_safe(given: str, safe: str) -> None:
    assert safe_name(given) == safe


@pytest.mark.parametrize(
    ("given", "folder"),
    [
        ("年报.pdf", ""),
        ("2024/甲局/年报.pdf", "2024/甲局"),
        ("2024\\甲局\\年报.pdf", "2024/甲局"),
        ("./2024// 甲局 /年报.pdf", "2024/甲局"),
        ("20\u202e24/年报.pdf", "2024"),
        *((name, "") for name in ("../../etc/passwd", "/etc/passwd", "a/../../b.pdf", "a/\0../b")),
        *((name, "") for name in ("C:\\Users\\x\\年报.pdf", "\\\\office\\share\\年报.pdf")),
        (f"{'报' * 300}/甲局/年报.pdf", "甲局"),
        (f"{'报' * 300}/年报.pdf", ""),
    ],
)
def test_folders_are_kept_where_they_lead_nowhere_else(given: str, folder: str) -> None:
    assert folder_name(given) == folder
    assert len(folder.encode()) <= MAX_FOLDER_BYTES


def test_a_name_has_its_quotation_mark_and_no_line_end(client: TestClient) -> None:
    (one,) = upload(client, ('甲"乙"\r\n丙 50%25.txt', "年度报告".encode())).json()["documents"]
    assert one["name"] == '甲"乙"丙 50%25.txt'


def test_documents_are_named_with_their_folders(client: TestClient) -> None:
    text = "关于{}的年度报告".format
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("乙局/年报.txt", text("乙"))
    response = upload(
        client,
        ("2024/甲局/年报.txt", text("甲").encode()),
        ("2024/更多.zip", archive.getvalue()),
        ("2024/空.pdf", b""),
        ("../../丙局/年报.txt", text("丙").encode()),
    ).json()
    names = [one["name"] for one in response["documents"]]
    assert names == ["2024/甲局/年报.txt", "2024/更多.zip/乙局/年报.txt", "年报.txt"]
    assert [one["name"] for one in response["refused"]] == ["2024/空.pdf"]
    assert {path.name for path in store_of(client).home.rglob("*年报*")} == set()


# --- who may do what -----------------------------------------------------------------------------


def test_first_key_is_for_its_owner_only(client: TestClient, settings: Settings) -> None:
    path = settings.home / "admin-key.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = path.read_text().strip().encode()
    assert secret not in (settings.home / "extractor.db").read_bytes()


def test_first_key_is_made_once(settings: Settings) -> None:
    with running(settings):
        key = (settings.home / "admin-key.txt").read_text()
    with running(settings) as client:
        assert (settings.home / "admin-key.txt").read_text() == key
        assert client.get(API).status_code == 200


@pytest.mark.parametrize("form", ["{id}", "ex_{id}_", "ex_{id}_wrong", "ex_000000000000_{secret}"])
def test_wrong_keys(client: TestClient, form: str) -> None:
    _, key_id, secret = client.headers["Authorization"].removeprefix("Bearer ").split("_", 2)
    assert client.get(API).status_code == 200  # and now the right key is remembered
    wrong = form.format(id=key_id, secret=secret)
    response = client.get(API, headers={"Authorization": f"Bearer {wrong}"})
    assert code_of(response) == "unauthorized"


def test_too_many_calls_of_a_key_are_refused_for_a_while(settings: Settings) -> None:
    with running(settings.model_copy(update={"calls_per_minute": 3})) as client:
        for _ in range(3):
            assert client.get(API).status_code == 200
        refused = client.get(API)
        assert code_of(refused) == "too_many_requests"
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert client.get("/healthz").status_code == 200
        other = Keys(store_of(client)).create("someone", Role.UPLOADER)
        assert client.get(API, headers={"Authorization": f"Bearer {other}"}).status_code == 200


@pytest.mark.parametrize("wrong", ["nonsense", "ex_000000000000_guess"])
def test_keys_cannot_be_guessed_for_long(settings: Settings, wrong: str) -> None:
    guess = {"Authorization": f"Bearer {wrong}"}
    with running(settings.model_copy(update={"wrong_keys_per_minute": 2})) as client:
        codes = [code_of(client.get(API, headers=guess)) for _ in range(4)]
        assert codes == ["unauthorized"] * 2 + ["too_many_requests"] * 2
        # Right keys of the same address are answered, also one that was never used before.
        assert client.get(API).status_code == 200
        other = Keys(store_of(client)).create("someone", Role.UPLOADER)
        assert client.get(API, headers={"Authorization": f"Bearer {other}"}).status_code == 200
    with running(settings.model_copy(update={"wrong_keys_per_minute": 0})) as client:
        codes = [code_of(client.get(API, headers=guess)) for _ in range(40)]
        assert set(codes) == {"unauthorized"}


def test_secrets_of_one_key_are_looked_into_so_often(settings: Settings) -> None:
    with running(settings.model_copy(update={"wrong_keys_per_minute": 2})) as client:
        keys = Keys(store_of(client))
        used, unused = (keys.create(name, Role.UPLOADER) for name in ("used", "unused"))
        bearers = [{"Authorization": f"Bearer {key}"} for key in (used, unused)]
        assert client.get(API, headers=bearers[0]).status_code == 200
        for key in (used, unused):
            guess = {"Authorization": f"Bearer {key[:16]}_guess"}
            codes = {code_of(client.get(API, headers=guess)) for _ in range(3)}
            assert "too_many_requests" in codes
        # A key that has been right since the start is known without being looked into.
        assert client.get(API, headers=bearers[0]).status_code == 200
        assert code_of(client.get(API, headers=bearers[1])) == "too_many_requests"
        assert client.get(API).status_code == 200


# --- lists and problems --------------------------------------------------------------------------


def test_list_in_pages(client: TestClient) -> None:
    ids = [upload_one(client, f"{i}.txt") for i in range(5)]
    listed: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(API, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        listed += [item["id"] for item in page["documents"]]
        cursor = page["next_cursor"]
    assert listed == ids[::-1]
    assert code_of(client.get(API, params={"cursor": "x"})) == "invalid_request"


def test_problems_of_the_framework_are_problem_documents(client: TestClient) -> None:
    assert code_of(client.get("/nowhere")) == "not_found"
    assert code_of(client.put(API)) == "method_not_allowed"
    response = client.get(API, params={"status": "splendid"})
    assert code_of(response) == "invalid_request"
    assert response.json()["errors"][0]["location"] == "query.status"
    assert code_of(client.get(f"{API}/unknown")) == "document_unknown"
    assert code_of(client.get(f"{API}/unknown/events")) == "document_unknown"


def test_an_unexpected_error_tells_nothing_but_its_request(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    store_of(client).count_by_state = lambda: 1 / 0  # type: ignore[assignment,method-assign]
    response = client.get("/metrics", headers={"X-Request-ID": "of-mine"})
    assert response.status_code == 500
    assert code_of(response) == "internal_error"
    assert response.json()["request_id"] == "of-mine"
    assert "division" not in response.text
    assert [getattr(record, "request", None) for record in caplog.records] == ["of-mine"]


def test_every_code_is_documented() -> None:
    text = (Path(__file__).parents[1] / "docs" / "api.md").read_text()
    assert [code for code in PROBLEMS if f"`{code}`" not in text] == []


def test_headers_and_pages_without_a_key(client: TestClient) -> None:
    del client.headers["Authorization"]
    to_pages = client.get("/", follow_redirects=False)
    assert (to_pages.status_code, to_pages.headers["location"]) == (307, "/review/")
    for path in ("/docs", "/openapi.json", "/swagger/swagger-ui.css"):
        response = client.get(path)
        assert response.status_code == 200, path
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"
    html = client.get("/docs").text
    assert "http://" not in html
    assert "https://" not in html
    assert "<script>" not in html
    assert "style=" not in html


def test_database_has_the_form_of_the_tables(database_url: str, tmp_path: Path) -> None:
    with Store(tmp_path, database_url) as store, store._database._engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []


def test_notes_of_findings_are_taken_from_the_trail(database_url: str, tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    finding = {"document_id": "1", "verdict": "reported", "message": "", "is_confirmed": True}
    review = {"document_id": "1", "slot": "findings.a", "key_id": "k", "before": {}}
    with Store(tmp_path, database_url) as store:
        with store._session.begin() as session:
            session.add(FindingRow(relation="a", **finding))
            session.add(FindingRow(relation="b", **finding))
            for minute, comment in enumerate(("first", "last")):
                at = datetime(2026, 1, 1, 0, minute, tzinfo=UTC)
                session.add(Review(action="confirmed", comment=comment, at=at, **review))
        with store._database._engine.begin() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, "0011")
    with Store(tmp_path, database_url) as store, store._session() as session:
        rows = session.scalars(select(FindingRow).order_by(FindingRow.relation)).all()
        assert [row.comment for row in rows] == ["last", None]


# --- extraction ----------------------------------------------------------------------------------


def test_a_document_from_upload_to_result(settings: Settings) -> None:
    with running(settings, make_stub_pool) as client:
        document_id = upload_one(client, "waits.txt")
        wait_for((settings.home / "waiting").exists)
        state = client.get(f"{API}/{document_id}").json()
        assert state["state"] == "running"
        assert state["progress"] == {"stage": "ocr", "page": 1, "pages": 3}
        assert code_of(client.get(f"{API}/{document_id}/extraction")) == "not_finished"
        assert client.get(f"{API}/{document_id}/export").status_code == 409
        (settings.home / "go").touch()
        stream = events(client, document_id)
        assert [name for name, _ in stream] in (["progress", "done"], ["done"])
        done = stream[-1][1]
        assert done == client.get(f"{API}/{document_id}").json()
        assert (done["status"], done["year"], done["flagged"]) == ("needs_review", 2024, 1)
        assert events(client, document_id) == stream[-1:]

        assert client.get(f"{API}/{document_id}/extraction").json()["document"] == {
            "name": "waits.txt"
        }
        for format in FORMATS:
            response = client.get(f"{API}/{document_id}/export", params={"format": format})
            assert response.status_code == 200
            assert f'filename="waits.{format}"' in response.headers["content-disposition"]
        bad = client.get(f"{API}/{document_id}/export", params={"format": "pdf"})
        assert code_of(bad) == "invalid_request"
        assert code_of(client.get(f"{API}/{document_id}/pages/1")) == "no_page_image"
        assert code_of(client.get(f"{API}/{document_id}/cells/{SLOT}/image")) == "no_page_image"

        found = {"status": "needs_review", "organization": "民政", "year": 2024}
        assert len(client.get(API, params=found).json()["documents"]) == 1
        for other in ({"status": "queued"}, {"organization": "%"}, {"year": 2023}):
            assert client.get(API, params=found | other).json()["documents"] == []
        numbers = client.get("/metrics").text
        assert 'extractor_documents{state="done"} 1.0' in numbers
        assert 'extractor_stage_seconds_total{stage="ocr"} 1.5' in numbers


def test_pages_and_cells_are_shown_upright(settings: Settings) -> None:
    with running(settings, make_stub_pool) as client:
        document_id = upload_one(client, "scan.png", png(300, 200))
        events(client, document_id)
        for _ in range(2):  # drawn, and kept
            response = client.get(f"{API}/{document_id}/pages/1")
            assert response.headers["content-type"] == "image/jpeg"
            page = Image.open(io.BytesIO(response.content))
            assert page.size == (200, 300)
            corner, opposite = page.getpixel((10, 290)), page.getpixel((190, 10))
            assert max(corner) < 100 - JPEG_QUALITY + 20 < min(opposite)  # type: ignore[type-var,arg-type]
        cell = Image.open(io.BytesIO(client.get(f"{API}/{document_id}/cells/{SLOT}/image").content))
        assert cell.format == "PNG"
        assert 20 < cell.width < 60
        assert 15 < cell.height < 45
        assert code_of(client.get(f"{API}/{document_id}/pages/2")) == "page_unknown"
        assert code_of(client.get(f"{API}/{document_id}/pages/0")) == "page_unknown"
        missing = client.get(f"{API}/{document_id}/cells/requests.granted.total/image")
        assert code_of(missing) == "no_cell_image"
        assert code_of(client.get(f"{API}/{document_id}/cells/a.b/image")) == "slot_unknown"


def test_a_crash_costs_one_document(settings: Settings) -> None:
    with running(settings, make_stub_pool) as client:
        crashing = upload_one(client, "crashes.txt")
        raising = upload_one(client, "raises.txt")
        sound = upload_one(client, "sound.txt")
        name, failed = events(client, crashing)[-1]
        assert name == "failed"
        assert failed["problem"]["code"] == "worker_crashed"
        assert failed["status"] == "failed"
        for part in (
            "extraction",
            "export",
            "pages/1",
            f"cells/{SLOT}/image",
        ):  # no fault of theirs
            answer = client.get(f"{API}/{crashing}/{part}")
            assert (code_of(answer), answer.status_code) == ("worker_crashed", 409)
            assert answer.json()["status"] == 409
        _, failed = events(client, raising)[-1]
        assert failed["problem"]["code"] == "internal_error"
        assert "secret" not in json.dumps(failed)
        assert events(client, sound)[-1][0] == "done"
        assert client.get("/readyz").status_code == 200
        listed = client.get(API, params={"status": "failed"}).json()["documents"]
        assert [item["id"] for item in listed] == [raising, crashing]


def test_a_worker_that_is_killed_while_it_works_is_replaced(settings: Settings) -> None:
    with running(settings, make_stub_pool) as client:
        document_id = upload_one(client, "waits.txt")
        wait_for((settings.home / "waiting").exists)
        (settings.home / "go").touch()
        for process in multiprocessing.active_children():
            process.kill()
        assert events(client, document_id)[-1][0] == "done"  # by another one
        assert events(client, upload_one(client, "sound.txt"))[-1][0] == "done"


def test_a_document_that_takes_too_long_is_stopped(settings: Settings) -> None:
    quick = settings.model_copy(update={"max_seconds": 2.0})
    with running(quick, make_stub_pool) as client:
        document_id = upload_one(client, "waits.txt")
        assert events(client, document_id)[-1][1]["problem"]["code"] == "timed_out"
        assert events(client, upload_one(client, "sound.txt"))[-1][0] == "done"


def test_what_failed_can_be_tried_again(settings: Settings) -> None:
    quick = settings.model_copy(update={"max_seconds": 2.0})
    with running(quick, make_stub_pool) as client:
        document_id = upload_one(client, "waits.txt")
        assert events(client, document_id)[-1][0] == "failed"
        (settings.home / "go").touch()  # whatever it was that it waited for
        queued = client.post(f"{API}/{document_id}/retry")
        assert (queued.status_code, queued.json()["state"]) == (202, "queued")
        assert queued.json()["problem"] is None
        assert events(client, document_id)[-1][0] == "done"
        assert code_of(client.post(f"{API}/{document_id}/retry")) == "not_failed"
        assert code_of(client.post(f"{API}/nothing/retry")) == "document_unknown"
        actions = [entry.action for entry in store_of(client).audit(document_id)]
        assert actions == ["uploaded", "retried"]
        numbers = client.get("/metrics").text
        assert 'extractor_finished_total{result="timed_out"} 1.0' in numbers
        assert 'extractor_values_total{status="flagged"} 1.0' in numbers


def test_what_was_left_unfinished_is_extracted_after_a_restart(settings: Settings) -> None:
    with running(settings, make_stub_pool) as client:
        running_id = upload_one(client, "waits.txt")
        queued_id = upload_one(client, "sound.txt")
        wait_for((settings.home / "waiting").exists)
    with Store(settings.home) as store:
        document = store.find(running_id)
        assert document is not None
        assert (document.state, document.attempts) == (DocumentState.QUEUED, 0)
        store.queue.begin(running_id, 0)  # and now the service is killed
    (settings.home / "go").touch()
    with running(settings, make_stub_pool) as client:
        assert events(client, running_id)[-1][0] == "done"
        assert events(client, queued_id)[-1][0] == "done"


def test_a_document_that_ends_the_service_is_given_up(settings: Settings) -> None:
    with running(settings) as client:
        document_id = upload_one(client, "a.txt")
    with Store(settings.home) as store:
        for _ in range(MAX_ATTEMPTS):
            assert store.queue.begin(document_id, 0) is not None
        assert store.queue.begin(document_id, 0) is None
        document = store.find(document_id)
        assert document is not None
        assert document.problem_code == "worker_crashed"


def test_two_services_on_one_folder_are_one_too_many(settings: Settings) -> None:
    with (
        running(settings, make_stub_pool),
        pytest.raises(StoreError, match="another service"),
        running(settings, make_stub_pool),
    ):
        pass
    handlers = logging.getLogger().handlers[:]
    with running(settings, make_stub_pool), pytest.raises(StoreError, match="another service"):
        serve(settings)
    logging.getLogger().handlers[:] = handlers  # as before it was asked to log


def test_ready_only_when_a_worker_has_its_models(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes_module, "RETRY_SECONDS", 0.1)
    with running(settings, partial(DurableJobs, prepare=prepare_nothing)) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        assert code_of(client.get("/readyz")) == "not_ready"
        wait_for(lambda: "no weights" in client.get("/api/v1/readyz").text)
        document_id = upload_one(client, "a.txt")
        assert client.get(f"{API}/{document_id}").json()["state"] == "queued"


# --- removal -------------------------------------------------------------------------------------


def test_removal_leaves_only_the_audit_trail(settings: Settings) -> None:
    with running(settings, make_stub_pool) as client:
        document_id = upload_one(client, "scan.png", png())
        events(client, document_id)
        client.get(f"{API}/{document_id}/pages/1")
        assert client.delete(f"{API}/{document_id}").status_code == 204
        assert code_of(client.get(f"{API}/{document_id}")) == "document_unknown"
        assert code_of(client.delete(f"{API}/{document_id}")) == "document_unknown"
        assert not list(settings.home.glob("files/*/*"))
        trail = store_of(client).audit(document_id)
        assert [(entry.action, entry.name) for entry in trail] == [
            ("uploaded", "scan.png"),
            ("removed", "scan.png"),
        ]
        again = upload(client, ("scan.png", png())).json()["documents"][0]
        assert again["is_new"]
        assert again["id"] != document_id
        assert events(client, again["id"])[-1][0] == "done"


def test_removal_ends_the_work(settings: Settings) -> None:
    with running(settings, make_stub_pool) as client:
        document_id = upload_one(client, "waits.txt")
        wait_for((settings.home / "waiting").exists)
        assert client.delete(f"{API}/{document_id}").status_code == 204
        assert not list(settings.home.glob("files/*/*"))
        assert events(client, upload_one(client, "sound.txt"))[-1][0] == "done"


def test_files_without_a_row_are_swept_at_start(settings: Settings) -> None:
    with running(settings) as client:
        upload_one(client, "a.txt")
    stray = settings.home / "files" / "ab" / ("ab" + "0" * 62)
    stray.mkdir(parents=True)
    (stray / SOURCE).touch()
    with running(settings, make_stub_pool):
        assert not stray.exists()
        assert len(list(settings.home.glob("files/*/*/source"))) == 1


# --- the real reader -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service with the real reader."""
    with running(Settings(home=tmp_path_factory.mktemp("real")), DurableJobs) as client:
        yield client


def test_a_text_is_extracted(real: TestClient) -> None:
    path = DOCUMENTS / "titles-2021__flat_lines.txt"
    document_id = upload_one(real, path.name, path.read_bytes())
    name, document = events(real, document_id)[-1]
    assert name == "done", document
    result = real.get(f"{API}/{document_id}/extraction").json()
    ExtractionModel.model_validate(result)
    assert result["report"]["edition"] == document["edition"] == "2021"
    assert set(result["tables"]) == {"disclosure", "requests", "disputes"}
    workbook = real.get(f"{API}/{document_id}/export").content
    assert workbook.startswith(b"PK")
    table = real.get(f"{API}/{document_id}/export", params={"format": "csv"}).text
    assert "new_received" in table
    assert code_of(real.get(f"{API}/{document_id}/pages/1")) == "no_page_image"


def test_a_file_that_is_gone_is_said_with_what_to_do(real: TestClient) -> None:
    text = (DOCUMENTS / "titles-2021__flat_lines.txt").read_bytes() + "\n又一份文件。\n".encode()
    document_id = upload_one(real, "gone.txt", text)
    assert events(real, document_id)[-1][0] == "done"
    document = store_of(real).find(document_id)
    assert document is not None
    (store_of(real).folder(document) / "source").unlink()
    assert real.post(f"{API}/{document_id}/extract").status_code == 202
    problem = events(real, document_id)[-1][1]["problem"]
    assert problem["code"] == "store_failed"
    sha = document.sha256
    for words in ("gone.txt", f"files/{sha[:2]}/{sha}/source", "from a backup", "upload it again"):
        assert words in problem["detail"]
    assert real.get(f"{API}/{document_id}/extraction").status_code == 200  # as it was


def test_last_years_report_is_looked_up(real: TestClient) -> None:
    path = DOCUMENTS / "titles-2021__flat_lines.txt"
    text = path.read_text(encoding="utf-8") + "\n另一份文件。\n"
    year = int(re.findall(r"(20\d\d) 年政府信息公开", text)[0])
    before = text.replace(f"{year} 年政府", f"{year - 1} 年政府")
    found = []
    for name, content in (("before.txt", before), ("now.txt", text)):
        document_id = upload_one(real, name, content.encode())
        assert events(real, document_id)[-1][0] == "done"
        found.append(real.get(f"{API}/{document_id}/extraction").json())
    assert [one["report"]["year"] for one in found] == [year - 1, year]
    compared = [
        [
            finding["relation"]
            for finding in one["findings"]
            if "across_years" in finding["relation"]
        ]
        for one in found
    ]
    assert compared[0] == []
    assert "requests.across_years.total" in compared[1]


def test_a_pdf_is_extracted_and_shown(real: TestClient) -> None:
    path = DOCUMENTS / "plain-2021__pdf_unruled.pdf"
    document_id = upload_one(real, path.name, path.read_bytes())
    name, document = events(real, document_id)[-1]
    assert name == "done", document
    assert document["pages"] > 0
    ExtractionModel.model_validate(real.get(f"{API}/{document_id}/extraction").json())
    page = Image.open(io.BytesIO(real.get(f"{API}/{document_id}/pages/1").content))
    assert page.width > 1000
    response = real.get(f"{API}/{document_id}/cells/requests.new_received.total/image")
    assert response.status_code == 200, response.text
    cell = Image.open(io.BytesIO(response.content))
    assert cell.width < page.width
    assert len(set(cell.convert("L").tobytes())) > 1  # something is printed there


@pytest.mark.parametrize(
    ("name", "make", "code"),
    [
        ("locked.pdf", bad_documents.encrypted_pdf, "encrypted_input"),
        ("cut.pdf", lambda: b"%PDF-1.7\n" + bytes(100), "corrupt_input"),
        ("novel.txt", lambda: "从前有一座山，山上有一座庙。\n".encode() * 50, "not_a_report"),
    ],
)
def test_unusable_documents_fail_with_their_reason(
    real: TestClient, name: str, make: Callable[[], bytes], code: str
) -> None:
    document_id = upload_one(real, name, make())
    event, document = events(real, document_id)[-1]
    assert event == "failed"
    assert document["problem"]["code"] == code
    assert code_of(real.get(f"{API}/{document_id}/extraction")) == code
