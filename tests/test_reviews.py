"""Review decisions through the service: what follows from them, and what is refused."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update
from starlette.testclient import TestClient

from extractor.engines import Engines
from extractor.errors import CorruptInput
from extractor.export import FORMATS
from extractor.figures import find_figures
from extractor.pipeline import decided
from extractor.prose import join_prose
from extractor.readings import to_bytes
from extractor.review.loaded import Loaded, can_be_withdrawn, last_decision
from extractor.schema import load_schema
from extractor.service.answers import carried
from extractor.service.auth import Keys
from extractor.service.decisions import about_extraction, undoable
from extractor.service.extracting import Extracting
from extractor.service.jobs import DurableJobs
from extractor.service.open_questions import queue
from extractor.service.outcomes import outcome_of
from extractor.service.tables import Document, Review, Role
from extractor.service.tasks import Outcome, Task, reading_name, result_name, write_whole
from extractor.service.value_tables import CellRow
from extractor.service.worker import Report, Work
from extractor.settings import Settings
from extractor.types import (
    TABLE_MISSING,
    Answers,
    Candidate,
    CellStatus,
    Evidence,
    Extraction,
    Failure,
    Figure,
    Fragment,
    Reading,
    ReportFacts,
    ReportReading,
    State,
    Status,
    TableReading,
)
from extractor.types import (
    Role as FragmentRole,
)
from tests.test_service import API, Whole, code_of, running, store_of, upload_one

SCHEMA = load_schema()
LAYOUT = SCHEMA.layout("disputes", "standard")
ABSENT = SCHEMA.default_layout("requests", "2021")
WRONG = "disputes.reconsideration.corrected"
TEXT = "全年共收到政府信息公开申请35件。主动公开政府信息12条。"


NOT_FOUND = "the table 'requests' was not found in the document"


def figures_of(text: str) -> tuple[Figure, ...]:
    """The key figures of a text, all of them doubtful."""
    fragment = Fragment(text, 1.0, Evidence(line=1), role=FragmentRole.PROSE)
    found = find_figures(join_prose([fragment]), SCHEMA.figures)
    return tuple(replace(figure, status=CellStatus.FLAGGED) for figure in found)


def extraction(*, with_figures: bool = False, is_partial: bool = False) -> Extraction:
    """Table four whose first row was misread: 1 + 7 is not 3; with two doubtful key figures, and
    without table three."""
    found = {}
    rows = (1, 7, 0, 0, 3, 0, 0, 0, 0, 0, 4, 0, 0, 1, 5)
    for slot, value in zip(LAYOUT.slots, rows, strict=True):
        reading = Reading(str(value), State.NUMBER, Decimal(value))
        score = 0.6 if slot.id == WRONG else 0.999
        found[slot.id] = (Candidate(slot.id, reading, score, 1.0, 1.0, Evidence(line=1), "cell"),)
    table = TableReading("disputes", "standard", True, found)
    tables = (TableReading("requests", ABSENT.id, False, {}), table) if is_partial else (table,)
    figures = figures_of(TEXT) if with_figures else ()
    failures = (Failure("assemble", None, NOT_FOUND, TABLE_MISSING, "requests"),)
    failures = failures if is_partial else ()
    return Extraction(
        *("a.txt", "0" * 64, "text/plain", 0, SCHEMA.id),
        ReportFacts("2021", "东湾市民政局", 2024),
        Status.FAILED,
        *((), (), (), failures, {}, {}),
        reading=ReportReading(tables, figures),
    )


def contradicted(reading: ReportReading) -> ReportReading:
    """With right sums, and a figure of the text that nothing but its table puts in doubt."""
    (table,) = reading.tables
    two = Reading("2", State.NUMBER, Decimal(2))
    found = {
        slot: tuple(replace(one, score=0.999) for one in c) for slot, c in table.candidates.items()
    }
    found[WRONG] = tuple(replace(one, reading=two) for one in found[WRONG])
    (figure,) = figures_of("全年共收到行政复议5件。")
    figures = (replace(figure, status=CellStatus.ACCEPTED),)
    return ReportReading((replace(table, candidates=found),), figures)


class Again(Whole):
    """`Whole` that carries decisions over as the real one does."""

    def __init__(self, finish: Callable[[Task, Report], Outcome], settings: Settings) -> None:
        super().__init__(finish)
        self._settings = settings

    def carry(
        self, task: Task, decisions: Mapping[str, Mapping[str, Any]], version: int
    ) -> Outcome:
        return Extracting(self._settings).carry(task, decisions, version)


def prepare_table(settings: Settings) -> Work:
    """A reader that always reads the same."""

    def work(task: Task, report: Report) -> Outcome:
        kind = {"with_figures": "figures" in task.name, "is_partial": "partial" in task.name}
        read = extraction(**kind)
        facts = replace(read.facts, year=None) if "undated" in task.name else read.facts
        engines = Engines(settings)
        calibrator = engines.calibrator_for(SCHEMA, settings) if settings.calibration else None
        read = replace(read, name=task.name, facts=facts)
        if "contradicted" in task.name:
            read = replace(read, reading=contradicted(read.reading))
        found = decided(read, SCHEMA, settings, calibrator)
        for name, write in FORMATS.items():
            path = task.folder / result_name(name, generation=task.generation)
            write_whole(path, write(found, SCHEMA))
        if "old" not in task.name:
            write_whole(task.folder / reading_name(task.generation), to_bytes(found))
        if "refused" in task.name and task.generation:
            raise CorruptInput("it cannot be read any more")
        return outcome_of(found)

    return Again(work, settings)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    with running(settings, partial(DurableJobs, prepare=prepare_table)) as client:
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
    cells = before.json()["tables"]["disputes"]["cells"]
    assert asked["cell"] == cells["reconsideration.corrected"]
    assert (asked["figure"], asked["findings"]) == (None, before.json()["findings"])
    first = before.json()["questions"][0]
    assert (first["slot"], len(first["frees"])) == (WRONG, 4)
    assert first["settles"] == pytest.approx(asked["settles"], abs=1e-6)
    answer = put(client, document_id, WRONG, {"value": 2, "comment": "1 and 7"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == '"1"'
    after = answer.json()
    assert (flagged(after), after["findings"], after["status"]) == (set(), [], "accepted")
    cell = after["tables"]["disputes"]["cells"]["reconsideration.corrected"]
    assert (cell["value"], cell["status"], cell["probability"]) == (2, "reviewed", None)
    assert (cell["printed"], cell["read"]) == (
        "2",
        "7",
    )  # what was put right is told from the print
    sheet = client.get(f"{API}/{document_id}/export?format=csv").content.decode("utf-8-sig")
    (row,) = [one for one in csv.DictReader(io.StringIO(sheet)) if one["slot"] == WRONG]
    assert (row["value"], row["printed"], row["read"]) == ("2", "2", "7")
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


def export(client: TestClient, document_id: str, format: str) -> Any:
    return client.get(f"{API}/{document_id}/export", params={"format": format})


def undo(client: TestClient, document_id: str, number: int | None = None, **headers: str) -> Any:
    asked = {} if number is None else {"number": number}
    return client.post(f"{API}/{document_id}/undo", params=asked, headers=headers)


def test_characters_that_a_person_gave_go_with_their_decision(client: TestClient) -> None:
    document_id = finished(client, "characters.txt")

    def printed(slot: str, **body: Any) -> str:
        answer = put(client, document_id, f"disputes.{slot}", body)
        assert answer.status_code == 200, answer.text
        found: str = answer.json()["tables"]["disputes"]["cells"][slot]["printed"]
        return found

    slot = WRONG.partition(".")[2]
    assert printed(slot, value=2, printed="二") == "二"
    assert printed(slot, value=2, comment="looked at again") == "2"
    assert printed(slot, value=2, printed="贰") == "贰"
    assert printed(slot, confirmed=True) == "贰"  # what is shown is right, characters and all
    assert printed(slot, withdrawn=True) == "7"
    assert printed(slot, value=7, comment="as it was read") == "7"


def test_undoing_goes_back_decision_by_decision(client: TestClient) -> None:
    document_id = finished(client, "undone.txt")
    results = [client.get(f"{API}/{document_id}/extraction").json()]
    other = "disputes.direct_lawsuit.upheld"
    for slot, body in ((WRONG, {"value": 2}), (WRONG, {"state": "blank"}), (other, {"value": 9})):
        results.append(put(client, document_id, slot, body).json())
    assert undo(client, document_id, **{"If-Match": '"2"'}).status_code == 412
    for result in reversed(results[:-1]):
        answer = undo(client, document_id)
        assert answer.status_code == 200, answer.text
        assert answer.json() == result
    assert code_of(undo(client, document_id)) == "not_decided"
    trail = client.get(f"{API}/{document_id}/reviews").json()["reviews"]
    assert [one["slot"] for one in trail if one["action"] == "undone"] == [other, WRONG, WRONG]
    assert [one["before"]["state"] for one in trail][-2:] == ["blank", "number"]


def test_only_the_decision_that_is_meant_is_undone(client: TestClient) -> None:
    document_id = finished(client, "meant.txt")
    put(client, document_id, WRONG, {"value": 2})
    kept = put(client, document_id, WRONG, {"value": 4}).json()
    trail = client.get(f"{API}/{document_id}/reviews").json()["reviews"]
    first, last = (one["number"] for one in trail)
    for other in (first, last + 1, -1):
        answer = undo(client, document_id, other)
        assert (answer.status_code, code_of(answer)) == (409, "not_decided")
        assert answer.json()["number"] == last
    assert client.get(f"{API}/{document_id}/extraction").json() == kept
    assert undo(client, document_id, last).status_code == 200
    assert code_of(undo(client, document_id, last)) == "not_decided"
    assert undo(client, document_id, first).status_code == 200


def test_undoing_a_withdrawal_brings_the_decision_back(client: TestClient) -> None:
    document_id = finished(client, "withdrawn.txt")
    decided_so = put(client, document_id, WRONG, {"value": 2}).json()
    put(client, document_id, WRONG, {"withdrawn": True})
    assert undo(client, document_id).json() == decided_so


def test_nobody_undoes_what_somebody_else_has_decided(client: TestClient) -> None:
    document_id = finished(client, "of-others.txt")
    put(client, document_id, WRONG, {"value": 2})
    other = Keys(store_of(client)).create("another reviewer", Role.REVIEWER)
    theirs = {"Authorization": f"Bearer {other}"}
    assert code_of(undo(client, document_id, **theirs)) == "not_decided"
    put(client, document_id, WRONG, {"value": 3}, **theirs)
    # Since somebody else has decided about the same, this one's decision does not count any more.
    assert code_of(undo(client, document_id)) == "not_decided"
    assert undo(client, document_id, **theirs).status_code == 200
    cell = client.get(f"{API}/{document_id}/extraction").json()["tables"]["disputes"]["cells"]
    assert cell["reconsideration.corrected"]["value"] == 2


def test_what_has_gone_can_be_undone(client: TestClient) -> None:
    document_id = finished(client, "gone.txt")
    put(client, document_id, WRONG, {"confirmed": True})
    put_finding(client, document_id, {"confirmed": True})
    other = Keys(store_of(client)).create("one more", Role.REVIEWER)
    put(client, document_id, WRONG, {"value": 2}, Authorization=f"Bearer {other}")
    answer = undo(client, document_id)  # the confirmation of a finding that is no more
    assert answer.status_code == 200, answer.text
    assert answer.json()["findings"] == []


def test_only_a_decision_can_be_withdrawn(client: TestClient) -> None:
    document_id = finished(client, "undecided.txt")
    assert code_of(put(client, document_id, WRONG, {"withdrawn": True})) == "not_decided"
    assert client.get(f"{API}/{document_id}/reviews").json()["reviews"] == []


def test_a_confirmed_sum_that_fails_is_the_reports_own(client: TestClient) -> None:
    document_id = finished(client, "c.txt")
    slots = [slot.id for slot in LAYOUT.slots[:5]]
    for slot in slots:
        answer = put(client, document_id, slot, {"confirmed": True})
    (finding,) = answer.json()["findings"]
    assert finding["verdict"] == "reported"
    assert flagged(answer.json()) == set()
    # That is asked about then, as on the page.
    others = [one["id"] for one in client.get(API).json()["documents"] if one["id"] != document_id]

    def asked() -> Any:
        return client.get("/api/v1/review/next", params={"exclude": others}).json()["question"]

    question = asked()
    assert (question["slot"], question["findings"]) == (f"findings.{SUM}", [finding])
    assert (question["cell"], question["figure"], question["settles"]) == (None, None, 0)
    with store_of(client)._session.begin() as session:  # of an earlier version
        was = update(Document).where(Document.id == document_id)
        session.execute(was.values(to_answer=None, question=None))
    assert (asked(), store_of(client).fill_values()) == (None, 1)
    assert asked() == question
    assert put_finding(client, document_id, {"confirmed": True}).status_code == 200
    assert asked() is None


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


@pytest.mark.parametrize(
    ("content", "media_type", "told"),
    [
        ('{"value": 1}', None, "a JSON object is wanted, with the header 'Content-Type: appl"),
        ('{"value": 1}', "text/plain", "a JSON object is wanted, with the header 'Content-Type: "),
        ("[]", "application/json", "body: a JSON object is wanted"),
        ('{"value"', "application/json", "body: no JSON: Expecting ':' delimiter, at character 8"),
        ('{"state": "x"}', "application/json", "body.state: Input should be 'blank', 'dash', 'n"),
    ],
)
def test_what_is_wrong_with_a_body_is_said_in_words(
    client: TestClient, content: str, media_type: str | None, told: str
) -> None:
    document_id = finished(client, "bodies.txt")
    headers = {"Content-Type": media_type} if media_type else {}
    answer = client.put(
        f"{API}/{document_id}/cells/{WRONG}", content=content.encode(), headers=headers
    )
    assert code_of(answer) == "invalid_request"
    assert told in answer.json()["detail"]
    assert "<" not in answer.json()["detail"]


@pytest.mark.parametrize("odd", ["\x00", "\x01", "\ufffe"])
@pytest.mark.parametrize(
    ("path", "field", "body"),
    [
        (f"cells/{WRONG}", "comment", {"value": 7}),
        (f"cells/{WRONG}", "printed", {"value": 7}),
        ("cells", "comment", {"slots": [WRONG], "state": "blank"}),
        ("figures/0", "unit", {"value": 7}),
        ("report", "organization", {}),
    ],
)
def test_a_text_with_what_no_workbook_holds_is_refused_by_its_name(
    path: str, field: str, body: dict[str, Any], odd: str, client: TestClient
) -> None:
    document_id = finished(client, "odd figures.txt")
    url = f"{API}/{document_id}/{path}"
    before = len(client.get(f"{API}/{document_id}/reviews").json()["reviews"])
    refused = client.put(url, json={**body, field: f"甲{odd}乙"})
    assert code_of(refused) == "invalid_request"
    (error,) = refused.json()["errors"]
    assert error["location"] == f"body.{field}"
    assert f"U+{ord(odd):04X}" in error["message"]
    assert client.put(url, json={**body, field: "甲\n乙"}).status_code == 200
    assert len(client.get(f"{API}/{document_id}/reviews").json()["reviews"]) == before + 1


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
        "finding": None,
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


# --- key figures, and which report it is ---------------------------------------------------------


def figures(result: Any) -> dict[int, tuple[Any, str]]:
    return {one["id"]: (one["value"], one["status"]) for one in result["figures"]}


def put_figure(client: TestClient, document_id: str, number: int, body: Any) -> Any:
    return client.put(f"{API}/{document_id}/figures/{number}", json=body)


def test_doubtful_figures_are_asked_for_and_settled(client: TestClient) -> None:
    document_id = finished(client, "figures-1.txt")
    before = client.get(f"{API}/{document_id}/extraction").json()
    assert figures(before) == {0: (12, "flagged"), 1: (35, "flagged")}
    put(client, document_id, WRONG, {"value": 2})
    others = [
        one["id"]
        for one in client.get(API, params={"status": "needs_review"}).json()["documents"]
        if one["id"] != document_id
    ]
    asked = client.get("/api/v1/review/next", params={"exclude": others}).json()["question"]
    assert (asked["document"]["id"], asked["slot"]) == (document_id, "figures.0")
    assert (asked["cell"], asked["figure"], asked["findings"]) == (None, before["figures"][0], [])
    told = put_figure(client, document_id, 0, {"value": 21, "comment": "digits exchanged"})
    assert told.headers["etag"] == '"2"'
    assert figures(told.json()) == {0: (21, "reviewed"), 1: (35, "flagged")}
    assert told.json()["figures"][0]["unit"] == before["figures"][0]["unit"]
    last = put_figure(client, document_id, 1, {"confirmed": True}).json()
    assert (last["status"], figures(last)[1]) == ("accepted", (35, "reviewed"))
    assert client.get(f"{API}/{document_id}").json()["flagged"] == 0


def test_a_figure_that_is_none_goes_and_comes_back(client: TestClient) -> None:
    document_id = finished(client, "figures-2.txt")
    gone = put_figure(client, document_id, 0, {"absent": True}).json()
    assert figures(gone) == {1: (35, "flagged")}
    late = put_figure(client, document_id, 0, {"confirmed": True})
    assert code_of(late) == "invalid_request"
    assert "withdraw" in late.json()["detail"]
    back = put_figure(client, document_id, 0, {"withdrawn": True}).json()
    assert figures(back) == {0: (12, "flagged"), 1: (35, "flagged")}
    trail = client.get(f"{API}/{document_id}/reviews").json()["reviews"]
    assert [(one["slot"], one["action"]) for one in trail] == [
        ("figures.0", "absent"),
        ("figures.0", "withdrawn"),
    ]
    assert (trail[0]["before"]["value"], trail[0]["before"]["status"]) == (12, "flagged")
    assert trail[0]["after"] == {"value": None, "unit": None, "is_stated": False}
    assert trail[1]["before"]["is_stated"] is False


@pytest.mark.parametrize(
    ("number", "body", "code"),
    [
        (9, {"confirmed": True}, "figure_unknown"),
        (0, {}, "invalid_request"),
        (0, {"value": "12a"}, "invalid_request"),
        (0, {"absent": True, "value": 1}, "invalid_request"),
        (-1, {"confirmed": True}, "invalid_request"),
    ],
)
def test_decisions_about_figures_that_cannot_be_taken(
    number: int, body: Any, code: str, client: TestClient
) -> None:
    document_id = finished(client, "figures-3.txt")
    assert code_of(put_figure(client, document_id, number, body)) == code
    for slot in ("figures.0", "report"):  # cells have calls of their own
        assert code_of(put(client, document_id, slot, {"confirmed": True})) == "slot_unknown"


def test_a_report_without_a_year_can_be_filed(client: TestClient) -> None:
    document_id = finished(client, "undated.txt")
    put(client, document_id, WRONG, {"value": 2})
    assert client.get(f"{API}/{document_id}").json()["status"] == "needs_review"
    url = f"{API}/{document_id}/report"
    told = client.put(url, json={"year": 2023, "comment": "on the cover"})
    assert told.status_code == 200, told.text
    report = told.json()["report"]
    assert (report["organization"], report["year"]) == ("东湾市民政局", 2023)
    state = client.get(f"{API}/{document_id}").json()
    assert (state["status"], state["year"]) == ("accepted", 2023)
    assert client.get(API, params={"year": 2023}).json()["documents"][0]["id"] == document_id
    client.put(url, json={"withdrawn": True})
    assert client.get(f"{API}/{document_id}").json()["year"] is None
    for body in ({}, {"year": 1066}, {"organization": " "}, {"year": 2020, "withdrawn": True}):
        assert code_of(client.put(url, json=body)) == "invalid_request"
    trail = client.get(f"{API}/{document_id}/reviews").json()["reviews"]
    assert [one["slot"] for one in trail] == [WRONG, "report", "report"]
    assert trail[1]["before"] == {"organization": "东湾市民政局", "year": None}


def test_a_report_that_nobody_can_file_is_asked_about(client: TestClient) -> None:
    document_id = finished(client, "undated-2.txt")
    put(client, document_id, WRONG, {"value": 2})
    others = [one["id"] for one in client.get(API).json()["documents"] if one["id"] != document_id]
    asked = client.get("/api/v1/review/next", params={"exclude": others}).json()["question"]
    assert (asked["document"]["id"], asked["slot"]) == (document_id, "report")
    assert (asked["cell"], asked["figure"], asked["findings"]) == (None, None, [])
    result = client.get(f"{API}/{document_id}/extraction").json()
    assert result["questions"] == [{"slot": "report", "settles": 0.0, "frees": [], "cells": []}]


def test_figures_that_name_a_year_are_doubtful_once_the_report_has_another() -> None:
    sentences = "全年共收到政府信息公开申请35件。2023年主动公开政府信息12条。"
    read = extraction()
    figures = tuple(replace(figure, status=CellStatus.ACCEPTED) for figure in figures_of(sentences))
    read = replace(read, reading=replace(read.reading, figures=figures))
    told = decided(read, SCHEMA, Settings(), answers=Answers(year=2023))
    assert {(f.value, f.status) for f in told.figures} == {
        (Decimal(35), CellStatus.ACCEPTED),
        (Decimal(12), CellStatus.FLAGGED),
    }
    same = decided(read, SCHEMA, Settings(), answers=Answers(year=2024))
    assert {figure.status for figure in same.figures} == {CellStatus.ACCEPTED}


def test_results_of_the_first_versions_are_reviewed_too(client: TestClient) -> None:
    """Their figures had neither numbers nor flags."""
    document_id = finished(client, "figures-first-result.txt")
    document = store_of(client).find(document_id)
    assert document is not None
    path = store_of(client).folder(document) / result_name("json")
    result = json.loads(path.read_bytes())
    for figure in result["figures"]:
        del figure["id"], figure["flags"]
    path.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    rows = client.get("/api/v1/dataset", params={"content": "figures"})
    assert rows.status_code == 200
    assert rows.text.count("figures-first-result.txt") == 2
    told = put_figure(client, document_id, 0, {"confirmed": True})
    assert told.status_code == 200, told.text
    trail = client.get(f"{API}/{document_id}/reviews").json()["reviews"]
    assert trail[0]["before"]["flags"] == []


def before_questions(client: TestClient, name: str) -> str:
    """A document whose result is as the version wrote it that did not say what to ask."""
    document_id = finished(client, name)
    path = Path(__file__).parent / "results" / "before-questions.json"
    write_whole(folder_of(client, document_id) / result_name("json"), path.read_bytes())
    return document_id


def folder_of(client: TestClient, document_id: str) -> Path:
    document = store_of(client).find(document_id)
    assert document is not None
    return store_of(client).folder(document)


def test_results_of_an_earlier_version_are_given_in_todays_form(client: TestClient) -> None:
    now = client.get(f"{API}/{finished(client, 'figures-now.txt')}/extraction").json()
    document_id = before_questions(client, "figures-before.txt")
    (folder_of(client, document_id) / result_name("csv")).write_bytes(b"old")
    with store_of(client)._session.begin() as session:
        was = update(Document).where(Document.id == document_id)
        session.execute(was.values(flagged=99, to_answer=99, question=None))
    (finding,) = of(client, document_id)
    assert finding["confirmed"] is False
    answer = client.get(f"{API}/{document_id}/extraction")
    assert answer.headers["etag"] == '"0"'
    assert answer.json()["questions"] == now["questions"] != []
    assert answer.json() == now | {"document": answer.json()["document"]}
    assert client.get(f"{API}/{document_id}/extraction").content == answer.content
    assert WRONG in client.get(f"{API}/{document_id}/export?format=csv").text
    document = store_of(client).find(document_id)
    assert document is not None
    assert (document.flagged, document.question) == (7, WRONG)
    assert document.to_answer == len(queue(answer.json()))
    assert put(client, document_id, WRONG, {"value": 2}, **{"If-Match": '"0"'}).status_code == 200


def test_what_is_to_be_answered_is_counted_of_documents_that_were_there(client: TestClient) -> None:
    document_id = finished(client, "to-answer.txt")
    store = store_of(client)
    with store._session.begin() as session:
        session.execute(update(Document).where(Document.id == document_id).values(to_answer=None))
    assert store.fill_values() == 1
    document = store.find(document_id)
    asked = queue(client.get(f"{API}/{document_id}/extraction").json())
    assert document is not None
    assert document.to_answer == len(asked) > 0
    assert store.fill_values() == 0


@pytest.mark.parametrize("left", [1000, -1, -200, 0])
def test_a_result_that_is_cut_off_is_made_anew_and_the_log_says_so(
    left: int, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    document_id = finished(client, f"cut {left}.txt")
    whole = client.get(f"{API}/{document_id}/extraction").json()
    path = folder_of(client, document_id) / result_name("json")
    path.write_bytes(path.read_bytes().rstrip()[:left])
    assert client.get(f"{API}/{document_id}/extraction").json() == whole
    (told,) = [one for one in caplog.records if "damaged on disk" in one.getMessage()]
    assert vars(told)["document"] == document_id
    assert json.loads(path.read_bytes()) == whole
    path.write_bytes(path.read_bytes()[:1000])
    (folder_of(client, document_id) / reading_name()).unlink()
    answer = client.get(f"{API}/{document_id}/extraction")
    assert code_of(answer) == "store_failed"
    assert "extract it again" in answer.json()["detail"]
    # Neither the dataset nor what to ask next ends there.
    after = finished(client, f"after {left}.txt")
    for content in ("cells", "findings"):
        told = client.get("/api/v1/dataset", params={"content": content, "format": "csv"})
        lines = list(csv.DictReader(io.StringIO(told.text.removeprefix("\ufeff"))))
        (line,) = [one for one in lines if one["document_id"] == document_id]
        assert line["document_status"] == "failed"
        assert {line[name] for name in list(line)[7:]} == {""}
    for format in ("xlsx", "parquet"):
        told = client.get("/api/v1/dataset", params={"format": format})
        assert told.status_code == 200
    others = [one["id"] for one in client.get(API).json()["documents"] if one["id"] != after]
    others.remove(document_id)
    asked = client.get("/api/v1/review/next", params={"exclude": others[:99]})
    assert asked.json()["question"]["document"]["id"] != document_id
    assert client.post(f"{API}/{document_id}/extract").status_code == 202


def test_an_old_result_without_what_was_read_says_what_it_can(client: TestClient) -> None:
    document_id = before_questions(client, "figures-before-old.txt")
    result = client.get(f"{API}/{document_id}/extraction").json()
    asked = [one["slot"] for one in result["questions"]]
    assert set(asked) == flagged(result) | {"figures.0", "figures.1"}
    assert asked == sorted(asked, key=[*(slot.id for slot in LAYOUT.slots), *asked[-2:]].index)
    assert {one["settles"] for one in result["questions"]} == {0.0}
    assert [one["confirmed"] for one in result["findings"]] == [False]


# --- findings ------------------------------------------------------------------------------------

SUM = "disputes.reconsideration.row_sum"
ROW = {slot.id for slot in LAYOUT.slots[:5]}


def put_finding(
    client: TestClient, document_id: str, body: Any, relation: str = SUM, **headers: str
) -> Any:
    url = f"{API}/{document_id}/findings/{relation}"
    return client.put(url, json=body, headers=headers)


def test_the_reports_own_error_is_confirmed_and_its_cells_are_reviewed(client: TestClient) -> None:
    document_id = finished(client, "own.txt")
    early = put_finding(client, document_id, {"confirmed": True})
    assert (early.status_code, code_of(early)) == (409, "not_confirmable")
    assert "settle its cells first" in early.json()["detail"]
    settled = put(client, document_id, WRONG, {"confirmed": True}).json()
    (finding,) = settled["findings"]
    assert (finding["verdict"], finding["confirmed"]) == ("undecided", False)
    assert flagged(settled) == ROW - {WRONG}
    said = {"confirmed": True, "comment": "printed so"}
    answer = put_finding(client, document_id, said, **{"If-Match": '"1"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"6"'), answer.text
    result = answer.json()
    told = {"verdict": "reported", "confirmed": True, "comment": "printed so"}
    assert result["findings"] == [finding | told]
    assert (flagged(result), result["status"], result["questions"]) == (set(), "accepted", [])
    cells = result["tables"]["disputes"]["cells"]
    assert {cells[slot.removeprefix("disputes.")]["status"] for slot in ROW} == {"reviewed"}
    assert (cells["reconsideration.total"]["value"], cells["reconsideration.total"]["flags"]) == (
        3,
        [],
    )
    state = client.get(f"{API}/{document_id}").json()
    assert (state["status"], state["flagged"], state["findings"]) == ("accepted", 0, 1)
    others = [one["id"] for one in client.get(API).json()["documents"] if one["id"] != document_id]
    asked = client.get("/api/v1/review/next", params={"exclude": others[:100]}).json()["question"]
    assert asked is None or asked["document"]["id"] != document_id
    (listed,) = of(client, document_id)
    assert (listed["verdict"], listed["confirmed"]) == ("reported", True)
    assert listed["comment"] == "printed so"
    rows = client.get("/api/v1/dataset", params={"content": "findings"}).text
    assert "printed so" in rows
    last = client.get(f"{API}/{document_id}/reviews").json()["reviews"][1]
    values = zip(LAYOUT.slots, (1, 7, 0, 0, 3), strict=False)
    seen = {slot.id: {"state": "number", "value": value} for slot, value in values}
    assert (last["slot"], last["action"], last["comment"]) == (
        f"findings.{SUM}",
        "confirmed",
        "printed so",
    )
    assert last["before"] == {
        "expected": 8,
        "found": 3,
        "verdict": "undecided",
        "message": finding["message"],
        "confirmed": False,
        "cells": seen,
    }
    known = {"expected": 8, "found": 3, "confirmed": True, "cells": seen, "comment": None}
    assert last["after"] == known
    assert [entry.action for entry in store_of(client).audit(document_id)][-1] == "reviewed"
    back = put_finding(client, document_id, {"withdrawn": True}).json()
    assert back == settled
    assert of(client, document_id)[0]["confirmed"] is False


def test_each_cell_that_a_confirmed_sum_reviews_has_an_entry_of_its_own(client: TestClient) -> None:
    document_id = finished(client, "own cells.txt")
    settled = put(client, document_id, WRONG, {"confirmed": True}).json()
    confirmed = put_finding(client, document_id, {"confirmed": True, "comment": "so"}).json()
    cells = [slot.id for slot in LAYOUT.slots[:5] if slot.id != WRONG]
    trail = client.get(f"{API}/{document_id}/reviews").json()["reviews"][1:]
    assert [one["slot"] for one in trail] == [f"findings.{SUM}", *cells]
    assert {(one["action"], one["comment"]) for one in trail[1:]} == {("reviewed", "so")}
    assert len({(one["at"], one["key_id"]) for one in trail}) == 1
    assert {one["after"]["finding"] for one in trail[1:]} == {f"findings.{SUM}"}
    before, after = trail[-1]["before"], trail[-1]["after"]
    assert (before["status"], before["flags"], before["value"]) == (
        "flagged",
        ["relation_broken"],
        3,
    )
    assert (after["value"], after["state"], after["printed"]) == (3, "number", "3")

    alone = put(client, document_id, cells[0], {"withdrawn": True})
    assert code_of(alone) == "not_decided"
    assert "withdraw what was said of that" in alone.json()["detail"]
    assert undo(client, document_id).json() == settled
    back = client.get(f"{API}/{document_id}/reviews").json()["reviews"][6:]
    assert [(one["slot"], one["action"]) for one in back] == [
        (slot, "undone") for slot in (f"findings.{SUM}", *cells)
    ]
    said = {"confirmed": True, "comment": "so"}
    assert put_finding(client, document_id, said).json() == confirmed
    # Whoever takes back what was said of the sum takes back what was said of its cells with it.
    put_finding(client, document_id, {"withdrawn": True})
    last = client.get(f"{API}/{document_id}/reviews").json()["reviews"][-5:]
    assert {(one["action"], one["after"]) for one in last} == {("withdrawn", None)}
    assert undo(client, document_id).json() == confirmed
    last = client.get(f"{API}/{document_id}/reviews").json()["reviews"][-1]
    assert (last["action"], last["after"]["finding"]) == ("undone", f"findings.{SUM}")
    assert again(client, document_id)["generation"] == 1
    assert client.get(f"{API}/{document_id}/extraction").json() == confirmed
    assert [one["comment"] for one in confirmed["findings"]] == ["so"]  # carried over, too


def test_a_cell_that_was_decided_since_stays_when_its_sum_is_undone(client: TestClient) -> None:
    document_id = finished(client, "own cell since.txt")
    put(client, document_id, WRONG, {"confirmed": True})
    put_finding(client, document_id, {"confirmed": True})
    total = LAYOUT.slots[4].id
    other = Keys(store_of(client)).create("other", Role.REVIEWER)
    theirs = {"Authorization": f"Bearer {other}"}
    assert put(client, document_id, total, {"confirmed": True}, **theirs).status_code == 200
    result = undo(client, document_id).json()
    assert flagged(result) == ROW - {WRONG, total}
    # Their confirmation of the same sum is another one; mine is not undone in its place.
    put_finding(client, document_id, {"confirmed": True})
    assert put_finding(client, document_id, {"confirmed": True}, **theirs).status_code == 200
    assert undo(client, document_id).status_code == 200
    assert client.get(f"{API}/{document_id}/reviews").json()["reviews"][-1]["slot"] == WRONG


def test_a_card_names_who_reviewed_a_cell_with_a_sum_as_long_as_that_holds(
    client: TestClient,
) -> None:
    document_id = finished(client, "own card.txt")
    cell = LAYOUT.slots[0].id

    def named() -> str:
        store = store_of(client)
        document = store.find(document_id)
        assert document is not None
        content = client.get(f"{API}/{document_id}/extraction").content
        result = json.loads(content, parse_float=Decimal)
        loaded = Loaded(document, result, store.reviews(document_id), {})
        assert not can_be_withdrawn(loaded, cell)
        return last_decision(loaded, cell, SCHEMA, lambda _, english: english)

    put(client, document_id, WRONG, {"confirmed": True})
    put_finding(client, document_id, {"confirmed": True, "comment": "so"})
    assert named().endswith("by confirming Part reconsideration “行政复议”: so")
    # Another number in the sum: it is asked about again, and its cells are.
    assert cell in flagged(put(client, document_id, WRONG, {"value": 4}).json())
    assert named() == ""
    put(client, document_id, WRONG, {"value": 7})
    assert named().endswith(": so")


def test_what_was_withdrawn_of_a_cell_does_not_come_back_with_its_sum(client: TestClient) -> None:
    document_id = finished(client, "own cell before.txt")
    cell = LAYOUT.slots[0].id
    for slot in (WRONG, cell):
        put(client, document_id, slot, {"confirmed": True})
    other = Keys(store_of(client)).create("other", Role.REVIEWER)
    theirs = {"Authorization": f"Bearer {other}"}
    put_finding(client, document_id, {"confirmed": True}, **theirs)
    put(client, document_id, cell, {"withdrawn": True})  # it stays reviewed, with the sum
    assert cell in flagged(undo(client, document_id, **theirs).json())
    trail = client.get(f"{API}/{document_id}/reviews").json()["reviews"]
    assert [one["action"] for one in trail if one["slot"] == cell] == ["confirmed", "withdrawn"]
    # One's own last decision is still that.
    assert cell not in flagged(undo(client, document_id).json())
    last = client.get(f"{API}/{document_id}/reviews").json()["reviews"][-1]
    assert (last["slot"], last["action"], last["after"]["value"]) == (cell, "undone", 1)


def test_cells_are_not_undone_without_their_finding() -> None:
    finding, cell = f"findings.{SUM}", LAYOUT.slots[0].id

    def review(number: int, day: int, slot: str, key: str, action: str) -> Review:
        at = datetime(2026, 1, day)
        known = {"number": number, "at": at, "key_id": key, "generation": 0}
        return Review(slot=slot, action=action, **known)

    trail = [
        review(1, 1, finding, "one", "confirmed"),
        review(2, 1, cell, "one", "reviewed"),
        review(3, 2, finding, "one", "withdrawn"),
        review(4, 2, cell, "one", "withdrawn"),
    ]
    assert [one.number for one in undoable(trail, "one")] == [3, 4]
    # The cell is in another broken sum by now, and not reviewed with this one.
    trail.append(review(5, 3, finding, "other", "confirmed"))
    assert undoable(trail, "one") == []
    assert [one.number for one in undoable(trail, "other")] == [5]


def test_a_confirmation_holds_for_the_numbers_that_were_looked_at(client: TestClient) -> None:
    document_id = finished(client, "numbers.txt")
    put(client, document_id, WRONG, {"confirmed": True})
    confirmed = put_finding(client, document_id, {"confirmed": True}).json()
    other = put(client, document_id, WRONG, {"value": 4}).json()
    assert [(one["expected"], one["confirmed"]) for one in other["findings"]] == [(5, False)]
    assert flagged(other) == ROW - {WRONG}
    gone = put(client, document_id, WRONG, {"value": 2}).json()
    assert (gone["findings"], flagged(gone)) == ([], set())
    late = put_finding(client, document_id, {"confirmed": True})
    assert (late.status_code, code_of(late)) == (404, "finding_unknown")
    assert put(client, document_id, WRONG, {"value": 7}).json() == confirmed
    before = client.get(f"{API}/{document_id}/extraction").json()
    assert again(client, document_id)["generation"] == 1
    assert client.get(f"{API}/{document_id}/extraction").json() == before
    assert put_finding(client, document_id, {"withdrawn": True}).status_code == 200
    assert code_of(put_finding(client, document_id, {"withdrawn": True})) == "not_decided"


def test_a_confirmation_is_not_about_cells_that_nobody_has_seen(client: TestClient) -> None:
    """The same relation with the same numbers, but its parts are others."""
    document_id = finished(client, "parts.txt")
    put(client, document_id, WRONG, {"confirmed": True})
    confirmed = put_finding(client, document_id, {"confirmed": True}).json()
    other = LAYOUT.slots[2].id
    put(client, document_id, WRONG, {"value": 6})
    result = put(client, document_id, other, {"value": 1}).json()
    assert [(one["expected"], one["confirmed"]) for one in result["findings"]] == [(8, False)]
    assert flagged(result) == ROW - {WRONG, other}
    put(client, document_id, other, {"withdrawn": True})
    assert put(client, document_id, WRONG, {"value": 7}).json() == confirmed


def test_a_confirmation_without_cells_counts_by_its_numbers(client: TestClient) -> None:
    """As the first versions kept them."""
    document_id = finished(client, "numbers alone.txt")
    put(client, document_id, WRONG, {"confirmed": True})
    put_finding(client, document_id, {"confirmed": True})
    with store_of(client)._session.begin() as session:
        review = session.scalars(select(Review).where(Review.document_id == document_id)).all()[1]
        review.before = {name: one for name, one in review.before.items() if name != "cells"}
        review.after = {name: one for name, one in (review.after or {}).items() if name != "cells"}
    again(client, document_id)
    result = client.get(f"{API}/{document_id}/extraction").json()
    assert [one["confirmed"] for one in result["findings"]] == [True]
    last = client.get(f"{API}/{document_id}/reviews").json()["reviews"][1]
    assert (last["before"]["cells"], last["after"]["cells"]) == (None, None)


@pytest.mark.parametrize(
    ("relation", "body", "code"),
    [
        (SUM, {}, "invalid_request"),
        (SUM, {"confirmed": False}, "invalid_request"),
        (SUM, {"confirmed": True, "withdrawn": True}, "invalid_request"),
        (SUM, {"value": 8}, "invalid_request"),
        (SUM, {"withdrawn": True}, "not_decided"),
        ("text.nothing", {"confirmed": True}, "finding_unknown"),
        (WRONG, {"confirmed": True}, "finding_unknown"),
    ],
)
def test_decisions_about_findings_that_cannot_be_taken(
    relation: str, body: Any, code: str, client: TestClient
) -> None:
    document_id = finished(client, "no finding.txt")
    assert code_of(put_finding(client, document_id, body, relation)) == code
    late = put_finding(client, document_id, {"confirmed": True}, **{"If-Match": '"7"'})
    assert code_of(late) == "version_outdated"
    assert code_of(put(client, document_id, f"findings.{SUM}", {"value": 1})) == "slot_unknown"
    key = Keys(store_of(client)).create("a person", Role.UPLOADER)
    unsigned = {"Authorization": f"Bearer {key}"}
    assert put_finding(client, document_id, {"confirmed": True}, **unsigned).status_code == 403
    assert client.get(f"{API}/{document_id}/reviews").json() == {"reviews": []}


def test_confirmations_survive_a_reading_that_is_of_another_version() -> None:
    subject = f"findings.{SUM}"
    said = {subject: {"expected": "8", "found": "3", "confirmed": True}}
    table = extraction().reading
    assert carried(said, None, table) == carried(said, table, None) == said


def of(client: TestClient, document_id: str, **asked: Any) -> list[Any]:
    found = client.get("/api/v1/findings", params=asked).json()["findings"]
    return [one for one in found if one["document_id"] == document_id]


def test_findings_of_all_reports_can_be_asked_for(client: TestClient) -> None:
    document_id, other = finished(client, "findings.txt"), finished(client, "others.txt")
    result = client.get(f"{API}/{document_id}/extraction").json()
    (finding,) = result["findings"]
    (listed,) = of(client, document_id)
    for name in ("relation", "verdict", "message", "expected", "found", "confirmed"):
        assert listed[name] == finding[name]
    assert listed["year"] == result["report"]["year"]
    assert len(of(client, other)) == 1
    assert of(client, document_id, verdict="reported", limit=200) == []
    assert of(client, document_id, relation="disputes.", limit=200) == [listed]
    assert of(client, document_id, relation="requests.") == of(client, document_id, year=1999) == []
    put(client, document_id, WRONG, {"value": 2})
    assert of(client, document_id) == []  # settled
    put(client, document_id, WRONG, {"withdrawn": True})
    assert len(of(client, document_id)) == 1


def test_findings_come_in_pages(client: TestClient) -> None:
    for name in ("p1.txt", "p2.txt", "p3.txt"):
        finished(client, name)
    whole = client.get("/api/v1/findings", params={"limit": 200}).json()
    assert whole["next_cursor"] is None
    paged, cursor = [], None
    while True:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get("/api/v1/findings", params=asked).json()
        paged += page["findings"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert paged == whole["findings"]


def test_values_are_rows_as_they_are_in_the_result(client: TestClient) -> None:
    document_id = finished(client, "rows with figures.txt")

    def rows() -> dict[str, tuple[str | None, str]]:
        query = select(CellRow).where(CellRow.document_id == document_id)
        with store_of(client)._session() as session:
            return {row.slot: (row.value, row.status) for row in session.scalars(query)}

    def cells() -> dict[str, tuple[str | None, str]]:
        result = client.get(f"{API}/{document_id}/extraction").json()
        return {
            f"{table}.{name}": (
                None if cell["value"] is None else str(cell["value"]),
                cell["status"],
            )
            for table, one in result["tables"].items()
            for name, cell in one["cells"].items()
        }

    assert rows() == cells()
    put(client, document_id, WRONG, {"value": 2})
    assert rows() == cells()
    assert rows()[WRONG] == ("2", "reviewed")
    assert client.delete(f"{API}/{document_id}").status_code == 204
    assert rows() == {}


def again(client: TestClient, document_id: str) -> Any:
    """The document once it has been extracted again."""
    queued = client.post(f"{API}/{document_id}/extract")
    assert (queued.status_code, queued.json()["state"]) == (202, "queued"), queued.text
    client.get(f"{API}/{document_id}/events")
    return client.get(f"{API}/{document_id}").json()


def test_decisions_survive_another_extraction(client: TestClient) -> None:
    document_id = finished(client, "again with figures.txt")
    figure = client.get(f"{API}/{document_id}/extraction").json()["figures"][0]["id"]
    put(client, document_id, WRONG, {"value": 2})
    body = {"absent": True}
    client.put(f"{API}/{document_id}/figures/{figure}", json=body)
    client.put(f"{API}/{document_id}/report", json={"organization": "西湾市民政局"})
    before = client.get(f"{API}/{document_id}/extraction").json()
    first = client.get(f"{API}/{document_id}").json()
    assert (first["version"], first["generation"]) == (3, 0)
    document = again(client, document_id)
    assert (document["state"], document["version"], document["generation"]) == ("done", 4, 1)
    for name in ("status", "flagged", "findings", "organization", "pages"):
        assert document[name] == first[name], name
    after = client.get(f"{API}/{document_id}/extraction")
    assert after.headers["etag"] == '"4"'
    assert after.json() == before
    assert client.get(f"{API}/{document_id}/extraction?generation=0").json() == before
    assert client.get(f"{API}/{document_id}/export?format=xlsx").content[:2] == b"PK"
    missing = client.get(f"{API}/{document_id}/extraction?generation=2")
    assert code_of(missing) == "generation_unknown"
    assert put(client, document_id, WRONG, {"withdrawn": True}).status_code == 200
    assert WRONG in flagged(client.get(f"{API}/{document_id}/extraction").json())
    assert again(client, document_id)["generation"] == 2
    last = client.get(f"{API}/{document_id}/extraction").json()
    assert WRONG in flagged(last)  # what was withdrawn does not come back
    assert last["report"]["organization"] == "西湾市民政局"
    trail = client.get(f"{API}/{document_id}/reviews").json()["reviews"]
    assert len(trail) == 4


def test_every_extraction_keeps_the_status_that_it_was_made_with(client: TestClient) -> None:
    document_id = finished(client, "statuses.txt")

    def statuses() -> list[tuple[str | None, str]]:
        document = store_of(client).find(document_id)
        assert document is not None
        reviews = client.app.state.service.reviews  # type: ignore[attr-defined]
        return [(one.status, one.last_status) for one in reviews.generations(document)]

    assert statuses() == [("needs_review", "needs_review")]
    put(client, document_id, WRONG, {"value": 2})
    assert statuses() == [("needs_review", "accepted")]
    again(client, document_id)
    assert statuses() == [("needs_review", "accepted"), ("accepted", "accepted")]
    for body in ({"withdrawn": True}, {"value": 3}, {"value": 4}):
        put(client, document_id, WRONG, body)
    assert statuses()[1] == ("accepted", "needs_review")
    again(client, document_id)
    assert statuses()[1:] == [("accepted", "needs_review"), ("needs_review", "needs_review")]


def test_without_decisions_the_new_result_is_taken_as_it_is(client: TestClient) -> None:
    document_id = finished(client, "again.txt")
    before = client.get(f"{API}/{document_id}/extraction").json()
    assert again(client, document_id)["generation"] == 1
    assert client.get(f"{API}/{document_id}/extraction").json() == before
    assert client.get(f"{API}/{document_id}/export?format=csv").status_code == 200
    assert len(of(client, document_id)) == 1


def test_a_result_outlives_an_extraction_that_fails(client: TestClient) -> None:
    document_id = finished(client, "refused.txt")
    before = client.get(f"{API}/{document_id}/extraction").json()
    document = again(client, document_id)
    assert (document["state"], document["generation"]) == ("done", 0)
    assert document["problem"]["code"] == "corrupt_input"
    assert client.get(f"{API}/{document_id}/extraction").json() == before
    assert put(client, document_id, WRONG, {"value": 2}).status_code == 200


def test_the_last_decision_is_undone_after_another_extraction_too(client: TestClient) -> None:
    document_id = finished(client, "again undone with figures.txt")
    first = client.get(f"{API}/{document_id}/extraction").json()
    one = put(client, document_id, WRONG, {"value": 2}).json()
    put_figure(client, document_id, 1, {"absent": True})
    other = Keys(store_of(client)).create("other", Role.REVIEWER)
    theirs = {"Authorization": f"Bearer {other}"}
    assert again(client, document_id)["generation"] == 1
    assert code_of(client.post(f"{API}/{document_id}/undo", headers=theirs)) == "not_decided"
    assert undo(client, document_id).json() == one
    assert again(client, document_id)["generation"] == 2
    assert undo(client, document_id).json() == first
    assert code_of(undo(client, document_id)) == "not_decided"
    trail = client.get(f"{API}/{document_id}/reviews").json()["reviews"]
    assert [(review["slot"], review["action"]) for review in trail][2:] == [
        ("figures.1", "undone"),
        (WRONG, "undone"),
    ]


def test_a_decision_that_was_not_carried_over_is_not_undone_but_named(client: TestClient) -> None:
    document_id = finished(client, "again lost with figures.txt")
    put(client, document_id, WRONG, {"value": 2})
    put_figure(client, document_id, 0, {"absent": True})
    (folder_of(client, document_id) / reading_name()).write_bytes(b"of another version")
    assert again(client, document_id)["generation"] == 1
    now = client.get(f"{API}/{document_id}/extraction").json()
    answer = undo(client, document_id)
    assert code_of(answer) == "not_decided"
    assert "was not carried over" in answer.json()["detail"]
    assert client.get(f"{API}/{document_id}/extraction").json() == now
    put(client, document_id, "disputes.direct_lawsuit.upheld", {"value": 9})
    assert undo(client, document_id).json() == now


def test_decisions_go_on_under_the_names_of_today(tmp_path: Path) -> None:
    """A figure that is the second one in the next extraction, and not there in the last."""
    one, other = (
        figures_of("全年共收到政府信息公开申请35件。"),
        figures_of("主动公开政府信息12条。"),
    )
    for generation, figures in enumerate((one, other + one, other)):
        read = extraction()
        read = replace(read, reading=replace(read.reading, figures=figures))
        write_whole(tmp_path / reading_name(generation), to_bytes(read))

    def review(number: int, slot: str, action: str, generation: int) -> Review:
        at = datetime(2026, 1, number)
        known = {"number": number, "at": at, "key_id": "k", "generation": generation}
        return Review(slot=slot, action=action, **known)

    trail = [review(1, WRONG, "value", 0), review(2, "figures.0", "absent", 0)]
    undone = [*trail, review(3, "figures.1", "undone", 1)]
    for generation, names in (
        (0, [(WRONG, 0), ("figures.0", 0)]),
        (1, [(WRONG, 1), ("figures.1", 1)]),
        (2, [(WRONG, 2), ("figures.1", 1)]),
    ):
        told = about_extraction(trail, tmp_path, generation)
        assert [(one.slot, one.generation) for one in told] == names
        assert [one.number for one in undoable(told, "k")] == [2]
        if generation:
            told = about_extraction(undone, tmp_path, generation)
            assert [one.number for one in undoable(told, "k")] == [1]
    assert [one.slot for one in trail] == [WRONG, "figures.0"]


def test_what_was_read_before_need_not_be_readable(client: TestClient) -> None:
    document_id = finished(client, "damaged with figures.txt")
    result = client.get(f"{API}/{document_id}/extraction").json()
    figure = result["figures"][0]["id"]
    put(client, document_id, WRONG, {"value": 2})
    client.put(f"{API}/{document_id}/figures/{figure}", json={"absent": True})
    document = store_of(client).find(document_id)
    assert document is not None
    (store_of(client).folder(document) / reading_name()).write_bytes(b"of another version")
    assert again(client, document_id)["generation"] == 1
    after = client.get(f"{API}/{document_id}/extraction").json()
    cell = after["tables"]["disputes"]["cells"]["reconsideration.corrected"]
    assert (cell["value"], cell["status"]) == (2, "reviewed")
    assert figure in [one["id"] for one in after["figures"]]  # what was said of it is not known
    assert put(client, document_id, WRONG, {"value": 3}).status_code == 200


def test_of_equal_figures_no_decision_is_carried_to_the_wrong_one() -> None:
    twice = "全年共收到政府信息公开申请35件。"
    one, two = figures_of(twice), figures_of(twice) + figures_of(twice)
    decisions = {"figures.0": {"value": "5"}, "figures.1": {"value": None}, "a.b.c": {}}

    def of_figures(*found: Figure) -> ReportReading:
        return ReportReading((), found)

    assert carried(decisions, of_figures(*two), of_figures(*one)) == {}
    assert carried(decisions, of_figures(*one), of_figures(*two)) == {}
    assert carried(decisions, of_figures(*one), of_figures(*one)) == {"figures.0": {"value": "5"}}
    assert carried(decisions, None, of_figures(*one)) == {}
    assert carried(decisions, of_figures(*one), None) == {"a.b.c": {}}


# --- a table that is not there -------------------------------------------------------------------


def put_cells(client: TestClient, document_id: str, body: Any, **headers: str) -> Any:
    return client.put(f"{API}/{document_id}/cells", json=body, headers=headers)


def test_a_table_that_is_not_there_is_one_question_and_one_answer(client: TestClient) -> None:
    document_id = finished(client, "partial.txt")
    slots = [slot.id for slot in ABSENT.slots]
    others = [one["id"] for one in client.get(API).json()["documents"] if one["id"] != document_id]
    before = client.get(f"{API}/{document_id}/extraction").json()
    asked = client.get("/api/v1/review/next", params={"exclude": others}).json()["question"]
    assert (asked["slot"], asked["cells"]) == (slots[0], slots)
    assert asked["cell"]["state"] == "missing"
    assert [one["cells"] for one in before["questions"] if one["cells"]] == [slots]
    assert queue(before)[0] == f"gaps.{slots[0]}"
    document = store_of(client).find(document_id)
    assert document is not None
    assert document.to_answer == len(queue(before)) == len(before["questions"])

    said = {"slots": slots, "state": "missing", "comment": "it ends with table two"}
    answer = put_cells(client, document_id, said, **{"If-Match": '"0"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, f'"{len(slots)}"'), answer.text
    result = answer.json()
    cells = result["tables"]["requests"]["cells"].values()
    assert {(cell["state"], cell["status"]) for cell in cells} == {("missing", "reviewed")}
    assert len(result["questions"]) == len(before["questions"]) - 1
    document = store_of(client).find(document_id)
    assert document is not None
    assert document.to_answer == len(queue(result))
    trail = client.get(f"{API}/{document_id}/reviews").json()["reviews"]
    assert [one["slot"] for one in trail] == slots
    assert {(one["action"], one["comment"]) for one in trail} == {("state", said["comment"])}
    assert len({one["at"] for one in trail}) == 1

    assert put(client, document_id, WRONG, {"value": 2}).status_code == 200
    assert undo(client, document_id).status_code == 200
    assert code_of(undo(client, document_id, trail[0]["number"] - 1)) == "not_decided"
    undone = undo(client, document_id, trail[0]["number"])
    assert undone.json() == before
    trail = client.get(f"{API}/{document_id}/reviews").json()["reviews"]
    assert [one["slot"] for one in trail if one["action"] == "undone"] == [WRONG, *slots]
    assert code_of(undo(client, document_id)) == "not_decided"


def test_a_report_whose_missing_table_was_confirmed_is_not_partial(client: TestClient) -> None:
    document_id = finished(client, "partial-4.txt")
    put(client, document_id, WRONG, {"value": 2})
    slots = [slot.id for slot in ABSENT.slots]
    before = client.get(f"{API}/{document_id}/extraction").json()
    (failure,) = before["failures"]
    assert (before["status"], failure["settled"]) == ("partial", False)
    assert (failure["code"], failure["table"]) == ("table_missing", "requests")
    put_cells(client, document_id, {"slots": slots[1:], "state": "missing"})
    assert client.get(f"{API}/{document_id}").json()["status"] == "partial"  # one is open yet
    after = put(client, document_id, slots[0], {"state": "missing"}).json()
    assert after["status"] == client.get(f"{API}/{document_id}").json()["status"] == "accepted"
    assert after["failures"] == [failure | {"settled": True}]
    assert not after["tables"]["requests"]["present"]
    book = load_workbook(io.BytesIO(export(client, document_id, "xlsx").content))
    rows = {row[0].value: row[1].value for row in book["概要"].iter_rows(min_row=2)}
    title = "三、收到和处理政府信息公开申请情况"
    assert rows["处理失败，已核定"] == f"文件中未找到“{title}”"
    assert again(client, document_id)["status"] == "accepted"
    assert undo(client, document_id).json()["status"] == "partial"


def test_what_somebody_else_has_decided_since_stays_when_a_table_is_undone(
    client: TestClient,
) -> None:
    document_id = finished(client, "partial-2.txt")
    slots = [slot.id for slot in ABSENT.slots]
    other = Keys(store_of(client)).create("other", Role.REVIEWER)
    theirs = {"Authorization": f"Bearer {other}"}
    put_cells(client, document_id, {"slots": slots, "state": "missing"})
    put(client, document_id, slots[0], {"value": 3}, **theirs)
    result = undo(client, document_id).json()
    (first, *rest) = result["tables"]["requests"]["cells"].values()
    assert (first["value"], first["status"]) == (3, "reviewed")
    assert {(cell["state"], cell["status"]) for cell in rest} == {("missing", "flagged")}
    kept = store_of(client).folder(store_of(client).find(document_id) or Document())
    versions = {f"result-{n}.json" for n in (len(slots) + 1, 2 * len(slots))}
    assert {path.name for path in kept.glob("result-*.json")} == versions


def test_several_cells_are_decided_all_or_none(client: TestClient) -> None:
    document_id = finished(client, "partial-3.txt")
    slots = [slot.id for slot in ABSENT.slots[:2]]
    for wrong, code in (
        ({"slots": [*slots, "requests.no.such"], "state": "missing"}, "slot_unknown"),
        ({"slots": ["report"], "state": "missing"}, "slot_unknown"),
        ({"slots": slots, "withdrawn": True}, "not_decided"),
        ({"slots": [slots[0], slots[0]], "state": "missing"}, "invalid_request"),
        ({"slots": [], "state": "missing"}, "invalid_request"),
        ({"slots": slots, "state": "number"}, "invalid_request"),
        ({"slots": slots}, "invalid_request"),
    ):
        assert code_of(put_cells(client, document_id, wrong)) == code
    assert client.get(f"{API}/{document_id}/reviews").json()["reviews"] == []
    put_cells(client, document_id, {"slots": slots, "state": "illegible"})
    answer = put_cells(client, document_id, {"slots": slots, "withdrawn": True})
    assert answer.headers["etag"] == '"4"'
    assert flagged(answer.json()) >= set(slots)
