"""Review decisions through the service: what follows from them, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from starlette.testclient import TestClient

from extractor.export import FORMATS
from extractor.pipeline import decided
from extractor.readings import to_bytes
from extractor.schema import load_schema
from extractor.service.auth import Keys
from extractor.service.jobs import WorkerPool
from extractor.service.outcomes import outcome_of
from extractor.service.tables import Role
from extractor.service.tasks import READING, Outcome, Task, result_name, write_whole
from extractor.service.worker import Report, Work
from extractor.settings import Settings
from extractor.types import (
    Candidate,
    Evidence,
    Extraction,
    Reading,
    ReportFacts,
    ReportReading,
    State,
    Status,
    TableReading,
)
from tests.test_service import API, code_of, running, store_of, upload_one

SCHEMA = load_schema()
LAYOUT = SCHEMA.layout("disputes", "standard")
WRONG = "disputes.reconsideration.corrected"


def extraction() -> Extraction:
    """Table four whose first row was misread: 1 + 7 is not 3."""
    found = {}
    rows = (1, 7, 0, 0, 3, 0, 0, 0, 0, 0, 4, 0, 0, 1, 5)
    for slot, value in zip(LAYOUT.slots, rows, strict=True):
        reading = Reading(str(value), State.NUMBER, Decimal(value))
        score = 0.6 if slot.id == WRONG else 0.999
        found[slot.id] = (Candidate(slot.id, reading, score, 1.0, 1.0, Evidence(line=1), "cell"),)
    table = TableReading("disputes", "standard", True, found)
    return Extraction(
        *("a.txt", "0" * 64, "text/plain", 0, SCHEMA.id),
        ReportFacts("2021", "东湾市民政局", 2024),
        Status.FAILED,
        *((), (), (), (), {}, {}),
        reading=ReportReading((table,)),
    )


def prepare_table(settings: Settings) -> Work:
    """A reader that always reads the same."""

    def work(task: Task, report: Report) -> Outcome:
        found = decided(replace(extraction(), name=task.name), SCHEMA, settings)
        for name, write in FORMATS.items():
            write_whole(task.folder / result_name(name), write(found, SCHEMA))
        if "old" not in task.name:
            write_whole(task.folder / READING, to_bytes(found))
        return outcome_of(found)

    return work


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    with running(settings, partial(WorkerPool, prepare=prepare_table)) as client:
        yield client


def finished(client: TestClient, name: str) -> str:
    document_id = upload_one(client, name)
    client.get(f"{API}/{document_id}/events")
    return document_id


def put(client: TestClient, document_id: str, slot: str, body: Any, **headers: str) -> Any:
    return client.put(f"{API}/{document_id}/cells/{slot}", json=body, headers=headers)


def flagged(result: Any) -> set[str]:
    return {
        f"{table}.{name}"
        for table, one in result["tables"].items()
        for name, cell in one["cells"].items()
        if cell["status"] == "flagged"
    }


def test_one_answer_settles_the_report(client: TestClient) -> None:
    document_id = finished(client, "a.txt")
    before = client.get(f"{API}/{document_id}/extraction")
    assert before.headers["etag"] == '"0"'
    assert len(flagged(before.json())) == 5
    asked = client.get("/api/v1/review/next").json()["question"]
    assert (asked["slot"], asked["document"]["status"]) == (WRONG, "needs_review")
    answer = put(client, document_id, WRONG, {"value": 2, "comment": "1 and 7"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == '"1"'
    after = answer.json()
    assert (flagged(after), after["findings"], after["status"]) == (set(), [], "accepted")
    cell = after["tables"]["disputes"]["cells"]["reconsideration.corrected"]
    assert (cell["value"], cell["status"], cell["probability"]) == (2, "reviewed", None)
    assert client.get(f"{API}/{document_id}/extraction").json() == after
    state = client.get(f"{API}/{document_id}").json()
    assert (state["status"], state["flagged"], state["version"]) == ("accepted", 0, 1)
    assert "已复核" in client.get(f"{API}/{document_id}/export?format=csv").text or "reviewed" in (
        client.get(f"{API}/{document_id}/export?format=csv").text
    )
    assert client.get(f"{API}/{document_id}/export?format=xlsx").content[:2] == b"PK"


def test_the_trail_has_every_decision_and_undo_works(client: TestClient) -> None:
    document_id = finished(client, "b.txt")
    first = client.get(f"{API}/{document_id}/extraction").json()
    for body in ({"value": 2}, {"state": "blank"}, {"withdrawn": True}):
        assert put(client, document_id, WRONG, body).status_code == 200
    last = client.get(f"{API}/{document_id}/extraction").json()
    assert last == first
    trail = client.get(f"{API}/{document_id}/reviews").json()["reviews"]
    assert [one["action"] for one in trail] == ["value", "state", "withdrawn"]
    assert [one["before"]["value"] for one in trail] == [7, 2, None]
    assert [one["after"] and one["after"]["state"] for one in trail] == ["number", "blank", None]
    actions = [entry.action for entry in store_of(client).audit(document_id)]
    assert actions == ["uploaded", "reviewed", "reviewed", "reviewed"]


def test_a_confirmed_sum_that_fails_is_the_reports_own(client: TestClient) -> None:
    document_id = finished(client, "c.txt")
    slots = [slot.id for slot in LAYOUT.slots[:5]]
    for slot in slots:
        answer = put(client, document_id, slot, {"confirmed": True})
    (finding,) = answer.json()["findings"]
    assert finding["verdict"] == "reported"
    assert flagged(answer.json()) == set()


def test_a_decision_about_an_older_version_is_refused(client: TestClient) -> None:
    document_id = finished(client, "d.txt")
    assert put(client, document_id, WRONG, {"value": 2}, **{"If-Match": '"0"'}).status_code == 200
    late = put(client, document_id, WRONG, {"value": 4}, **{"If-Match": '"0"'})
    assert (late.status_code, code_of(late)) == (412, "version_outdated")
    assert late.json()["version"] == 1
    cells = client.get(f"{API}/{document_id}/extraction").json()["tables"]["disputes"]["cells"]
    assert cells["reconsideration.corrected"]["value"] == 2
    odd = put(client, document_id, WRONG, {"value": 4}, **{"If-Match": "yesterday"})
    assert code_of(odd) == "invalid_request"


@pytest.mark.parametrize(
    ("slot", "body", "code"),
    [
        (WRONG, {"value": "12a"}, "invalid_request"),
        (WRONG, {"value": -1}, "invalid_request"),
        (WRONG, {"value": 1.5}, "invalid_request"),
        (WRONG, {"value": 10**20}, "invalid_request"),
        (WRONG, {"value": float("1e300")}, "invalid_request"),
        (WRONG, {"value": 1, "state": "blank"}, "invalid_request"),
        (WRONG, {"confirmed": False}, "invalid_request"),
        (WRONG, {"state": "number"}, "invalid_request"),
        (WRONG, {}, "invalid_request"),
        (WRONG, {"value": 1, "comment": "x" * 2001}, "invalid_request"),
        ("disputes.reconsideration.nothing", {"value": 1}, "slot_unknown"),
    ],
)
def test_decisions_that_cannot_be_taken(
    slot: str, body: Any, code: str, client: TestClient
) -> None:
    document_id = finished(client, "e.txt")
    response = put(client, document_id, slot, body)
    assert response.status_code in (404, 422)
    assert code_of(response) == code
    assert client.get(f"{API}/{document_id}/reviews").json() == {"reviews": []}


def test_odd_numbers_need_a_comment_and_may_be_missing_too(client: TestClient) -> None:
    document_id = finished(client, "h.txt")
    said = {"value": 1.5, "printed": "1.5件", "comment": "it is printed so"}
    cells = put(client, document_id, WRONG, said).json()["tables"]["disputes"]["cells"]
    cell = cells["reconsideration.corrected"]
    assert (cell["value"], cell["printed"], cell["status"]) == (1.5, "1.5件", "reviewed")
    result = put(client, document_id, WRONG, {"state": "missing"}).json()
    cell = result["tables"]["disputes"]["cells"]["reconsideration.corrected"]
    assert (cell["value"], cell["state"], cell["status"]) == (None, "missing", "reviewed")
    refused = put(client, document_id, WRONG, {"confirmed": True})
    assert code_of(refused) == "invalid_request"
    trail = client.get(f"{API}/{document_id}/reviews").json()["reviews"]
    assert trail[0]["before"] | {"probability": None} == {
        "printed": "7",
        "state": "number",
        "value": 7,
        "unit": None,
        "annotation": None,
        "status": "flagged",
        "flags": ["low_score", "relation_broken"],
        "probability": None,
    }


def test_files_of_older_versions_go_and_the_first_stays(client: TestClient) -> None:
    document_id = finished(client, "i.txt")
    for value in (1, 2, 3, 4):
        put(client, document_id, WRONG, {"value": value})
        client.get(f"{API}/{document_id}/export?format=csv")
    document = store_of(client).find(document_id)
    assert document is not None
    names = {path.name for path in store_of(client).folder(document).glob("result*")}
    assert names == {
        *("result.json", "result.csv", "result.xlsx"),
        *("result-3.json", "result-3.csv", "result-4.json", "result-4.csv"),
    }
    lost = store_of(client).folder(document) / "result-4.json"
    before = lost.read_bytes()
    lost.unlink()
    assert client.get(f"{API}/{document_id}/extraction").content == before


def test_a_question_can_be_passed_over(client: TestClient) -> None:
    seen: list[str] = []
    for name in ("j.txt", "k.txt"):
        finished(client, name)
    while True:
        found = client.get("/api/v1/review/next", params={"exclude": seen}).json()["question"]
        if found is None:
            break
        assert found["document"]["id"] not in seen
        seen.append(found["document"]["id"])
    assert len(seen) >= 2


def test_what_was_extracted_before_cannot_be_decided_again(client: TestClient) -> None:
    document_id = finished(client, "old.txt")
    response = put(client, document_id, WRONG, {"value": 2})
    assert (response.status_code, code_of(response)) == (409, "not_reviewable")


def test_only_reviewers_decide(client: TestClient) -> None:
    document_id = finished(client, "f.txt")
    keys = Keys(store_of(client))
    for role, status in ((Role.UPLOADER, 403), (Role.REVIEWER, 200)):
        headers = {"Authorization": f"Bearer {keys.create('a person', role)}"}
        url = f"{API}/{document_id}/cells/{WRONG}"
        assert client.put(url, json={"value": 2}, headers=headers).status_code == status
        assert client.get("/api/v1/review/next", headers=headers).status_code == status


def test_removal_takes_the_decisions_along(client: TestClient) -> None:
    document_id = finished(client, "g.txt")
    put(client, document_id, WRONG, {"value": 2})
    assert client.delete(f"{API}/{document_id}").status_code == 204
    assert store_of(client).reviews(document_id) == []
    assert code_of(put(client, document_id, WRONG, {"value": 2})) == "document_unknown"


def test_nothing_in_doubt_is_no_question(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(Settings(home=tmp_path_factory.mktemp("empty"))) as empty:
        assert json.loads(empty.get("/api/v1/review/next").text) == {"question": None}
