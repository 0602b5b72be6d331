"""What text and tables say differently is asked about until somebody has seen it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from extractor.service.jobs import DurableJobs
from extractor.service.open_questions import queue
from extractor.service.tables import Document
from extractor.service.tasks import result_name
from extractor.settings import Settings
from tests.test_reviews import (
    finished,
    folder_of,
    prepare_table,
    put_figure,
    put_finding,
    undo,
)
from tests.test_service import API, running, store_of

CASES = "text.reconsideration_cases"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Where figures that the tables contradict are not doubtful for that."""
    settings = Settings(home=tmp_path_factory.mktemp("uncalibrated"), calibration=False)
    with running(settings, partial(DurableJobs, prepare=prepare_table)) as client:
        yield client


def asked_about(client: TestClient, document_id: str) -> Any:
    others = [one["id"] for one in client.get(API).json()["documents"] if one["id"] != document_id]
    return client.get("/api/v1/review/next", params={"exclude": others}).json()["question"]


def test_a_figure_that_the_tables_contradict_is_asked_about(client: TestClient) -> None:
    document_id = finished(client, "contradicted.txt")
    result = client.get(f"{API}/{document_id}/extraction").json()
    (finding,), (figure,) = result["findings"], result["figures"]
    assert (result["status"], figure["status"], figure["finding"]) == (
        "accepted",
        "accepted",
        CASES,
    )
    assert (finding["relation"], finding["expected"], finding["found"]) == (CASES, 5, 3)
    assert queue(result) == (f"findings.{CASES}",)
    question = asked_about(client, document_id)
    assert (question["slot"], question["cell"]) == (f"findings.{CASES}", None)
    assert (question["figure"], question["findings"]) == (figure, [finding])
    document = store_of(client).find(document_id)
    assert document is not None
    assert (document.to_answer, document.flagged) == (1, 0)

    said = {"confirmed": True, "comment": "another scope"}
    confirmed = put_finding(client, document_id, said, CASES).json()
    assert (queue(confirmed), confirmed["figures"][0]["finding"]) == ((), CASES)
    assert asked_about(client, document_id) is None
    assert undo(client, document_id).json() == result
    seen = put_figure(client, document_id, 0, {"confirmed": True}).json()
    assert (queue(seen), len(seen["findings"])) == ((), 1)
    # A number that the tables state, too, is no contradiction any more.
    right = put_figure(client, document_id, 0, {"value": 3}).json()
    assert (queue(right), right["findings"], right["figures"][0]["finding"]) == ((), [], None)


def test_contradictions_of_results_that_were_there_are_asked_about(
    client: TestClient,
) -> None:
    document_id = finished(client, "contradicted before.txt")
    path = folder_of(client, document_id) / result_name("json")
    result = json.loads(path.read_bytes())
    asked, result["questions"] = result["questions"], []
    del result["figures"][0]["finding"]
    path.write_text(json.dumps(result), "utf-8")
    store = store_of(client)
    with store._session.begin() as session:
        was = update(Document).where(Document.id == document_id)
        session.execute(was.values(to_answer=None, question=None))
    assert store.fill_values() == 1
    document = store.find(document_id)
    assert document is not None
    assert (document.to_answer, document.question) == (1, f"findings.{CASES}")
    assert client.get(f"{API}/{document_id}/extraction").json()["questions"] == asked
