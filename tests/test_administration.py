"""What administrators and the pages ask of the service, without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import DataError, OperationalError

from extractor.errors import StoreError
from extractor.schema import load_schema
from extractor.service.administration import acceptance_of, bytes_in, storage_of
from extractor.service.problems import FORBIDDEN, ProblemError, problem_from
from extractor.service.store import Store
from extractor.service.tables import Document, DocumentState
from extractor.service.webhook_store import Event
from extractor.settings import Settings


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path) as store:
        yield store


def add(store: Store, name: str, size: int = 3) -> Document:
    with store.files.receive() as folder:
        path = folder / name
        path.write_bytes(b"x" * size)
        return store.add(name, f"{name:0<64}", path, key_id="someone")[0]


def fail(store: Store, document: Document) -> None:
    assert store.queue.cancel(document.id, key_id="someone")


# --- documents and the queue --------------------------------------------------------------------


def test_documents_are_counted_as_they_are_listed(store: Store) -> None:
    first, _, _ = (add(store, name) for name in "abc")
    fail(store, first)
    assert store.count() == 3
    assert store.count(state=DocumentState.QUEUED) == 2
    assert store.count(status="failed") == 1
    assert store.count(year=2024) == store.count(organization="局") == 0


def test_the_longest_wait_is_of_the_one_that_was_queued_first(store: Store) -> None:
    assert store.waiting_since() is None
    before = datetime.now(UTC) - timedelta(seconds=1)
    first, second = add(store, "a"), add(store, "b")
    since = store.waiting_since()
    assert since is not None
    assert before < since
    fail(store, first)
    later = store.waiting_since()
    assert later is not None
    assert since < later
    assert store.retry(first.id, key_id="someone")
    assert store.waiting_since() == later  # it waits anew
    fail(store, second)
    again = store.waiting_since()
    assert again is not None
    assert later < again


def test_processes_are_counted(store: Store) -> None:
    assert store.executors.count() == (0, 0)
    store.executors.beat(is_ready=False, made_with={})
    assert store.executors.count() == (1, 0)
    store.executors.beat(is_ready=True, made_with={})
    assert store.executors.count() == (1, 1)
    store.executors.leave()
    assert store.executors.count() == (0, 0)


# --- storage -------------------------------------------------------------------------------------


def test_storage(store: Store) -> None:
    assert store.uploaded_bytes() == 0
    add(store, "a", 100), add(store, "b", 1000)
    found = storage_of(store, Settings(home=store.home))
    assert (found.documents, found.uploaded) == (2, 1100)
    assert found.used > 1100
    assert found.free > 0
    assert not found.is_postgresql
    assert not found.is_remote


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a").write_bytes(b"x" * 10)
    alone = bytes_in(tmp_path)
    (tmp_path / "inner" / "up").symlink_to(tmp_path)
    assert bytes_in(tmp_path) >= alone >= 10
    assert bytes_in(tmp_path / "gone") == 0


# --- the trail and webhooks ---------------------------------------------------------------------


def test_the_trail_is_told_in_pages_the_newest_first(store: Store) -> None:
    documents = [add(store, name) for name in "abc"]
    store.remove(documents[0].id, key_id="someone")
    newest = store.trail(limit=2)
    assert [(entry.action, entry.name) for entry in newest] == [("removed", "a"), ("uploaded", "c")]
    older = store.trail(before=newest[-1].number, limit=10)
    assert [entry.name for entry in older] == ["b", "a"]
    assert store.trail(before=older[-1].number, limit=10) == []


def test_the_last_message_of_each_webhook(store: Store) -> None:
    first, second = (store.webhooks.add(f"http://127.0.0.1:9/{i}", by="x") for i in range(2))
    assert store.webhooks.last_deliveries() == {}
    document = add(store, "a")
    fail(store, document)
    store.remove(document.id, key_id="someone")
    found = store.webhooks.last_deliveries()
    assert {id: delivery.event for id, delivery in found.items()} == {
        first.id: Event.REMOVED,
        second.id: Event.REMOVED,
    }


# --- what is accepted unseen --------------------------------------------------------------------


def test_what_is_known_about_accepted_values() -> None:
    found = acceptance_of(Settings(), load_schema())
    assert found is not None
    assert 0 < found.confidence < 1
    for bound in found.bounds.values():
        assert bound.risk is not None
        assert 0 < bound.risk <= bound.target
        assert bound.wrong < bound.accepted < bound.items


def test_a_target_that_nothing_can_prove() -> None:
    found = acceptance_of(Settings(max_risk=1e-9), load_schema())
    assert found is not None
    assert found.bounds["cells"].risk is None
    assert found.bounds["cells"].accepted == 0


@pytest.mark.parametrize("settings", [Settings(calibration=False), Settings(min_score=0.5)])
def test_where_nothing_is_assessed(settings: Settings) -> None:
    assert acceptance_of(settings, load_schema()) is None


# --- errors as problems -------------------------------------------------------------------------


def test_errors_that_users_meet_are_problems_and_mistakes_are_none() -> None:
    problem = ProblemError(FORBIDDEN, "not you")
    assert problem_from(problem) is problem
    cause = ValueError("x")
    for error, code in (
        (OperationalError("select", {}, cause), "database_unavailable"),
        (DataError("select", {}, cause), "invalid_request"),
        (StoreError("the disk is full"), "store_failed"),
    ):
        found = problem_from(error)
        assert found is not None
        assert found.type.code == code
    assert problem_from(cause) is None
