"""Jobs on both databases: what was acknowledged is done, once, whoever is killed."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import accumulate
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from eval.drill.paged import Paged, document, prepare_paged
from eval.drill.postgresql import postgresql as server_of_its_own
from extractor.page_folder import PageFolder
from extractor.page_readings import PageReading
from extractor.service.jobs import DurableJobs
from extractor.service.store import Store
from extractor.service.tables import Document, DocumentState
from extractor.service.tasks import Task
from extractor.service.value_tables import forget_values
from extractor.service.worker import Work
from extractor.settings import Settings
from tests.test_reviews import finished, prepare_table
from tests.test_service import API, code_of, events, running, store_of, upload, upload_one, wait_for

ROOT = Path(__file__).parents[1]


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Of a service with an empty database."""
    return Settings(home=tmp_path / "home", database_url=database_url)


@contextmanager
def worker(settings: Settings, **others: object) -> Iterator[subprocess.Popen[bytes]]:
    """A process as `extractor worker`, with other settings than the default; ended at last."""
    command = [
        *(sys.executable, "-m", "eval.drill.paged"),
        *(str(settings.home), settings.database_url, settings.files_url),
    ]
    environment = {f"EXTRACTOR_{name.upper()}": str(value) for name, value in others.items()}
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, start_new_session=True
    )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """At once, and without a word to anybody."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.wait()


def queue(store: Store, name: str, pages: int, seconds: float, *, priority: int = 1) -> Document:
    data = document(pages, seconds, name)
    with store.files.receive() as folder:
        path = folder / "file"
        path.write_bytes(data)
        sha256 = hashlib.sha256(data).hexdigest()
        return store.add(name, sha256, path, key_id="", priority=priority)[0]


def lines(settings: Settings) -> list[str]:
    path = settings.home / "log"
    return path.read_text().splitlines() if path.exists() else []


def is_done(store: Store, document_id: str) -> bool:
    found = store.find(document_id)
    assert found is not None
    return found.state == DocumentState.DONE


def test_pages_are_read_one_by_one(settings: Settings) -> None:
    with running(settings, partial(DurableJobs, prepare=prepare_paged)) as client:
        document_id = upload_one(client, "a.txt", document(3, 0.01, "a"))
        assert events(client, document_id)[-1][0] == "done"
    assert lines(settings) == ["a.txt open", "a.txt 1", "a.txt 2", "a.txt 3", "a.txt finish"]


def test_what_was_read_is_not_read_again_after_a_kill(settings: Settings) -> None:
    with Store(settings.home, settings.database_url) as store:
        found = queue(store, "a", 6, 0.3)
        with worker(settings) as first:
            wait_for(lambda: "a 2" in lines(settings))
            kill(first)
        before = store.find(found.id)
        assert before is not None
        assert before.state == DocumentState.RUNNING
        with worker(settings):
            wait_for(lambda: is_done(store, found.id))
        counts = Counter(lines(settings))
        assert counts["a open"] == counts["a 1"] == counts["a finish"] == 1
        # The page that was being noted may come twice; what came before it never does.
        assert sum(counts.values()) <= 9


def test_another_worker_goes_on_with_what_a_killed_one_had_begun(settings: Settings) -> None:
    with Store(settings.home, settings.database_url) as store:
        found = [queue(store, str(i), 2, 0.2) for i in range(6)]
        with worker(settings) as first, worker(settings):
            wait_for(lambda: len(lines(settings)) > 4)
            kill(first)
            wait_for(lambda: all(is_done(store, one.id) for one in found))
        counts = Counter(lines(settings))
        finished = [counts[f"{i} finish"] for i in range(6)]
        # What was being done and not noted when it was killed is done again, and nothing else.
        assert min(finished) == 1
        assert sum(counts.values()) <= 6 * 4 + 1


def test_work_goes_on_after_the_database_was_away(tmp_path: Path) -> None:
    with server_of_its_own(tmp_path / "postgresql") as server:
        settings = Settings(home=tmp_path / "home", database_url=server.make("office"))
        with Store(settings.home, settings.database_url) as store:
            found = [queue(store, str(i), 3, 0.3) for i in range(2)]
            with worker(settings) as process:
                wait_for(lambda: "0 1" in lines(settings))
                server.stop()
                server.start()
                wait_for(lambda: all(is_done(store, one.id) for one in found), seconds=60.0)
                server.stop()
                process.terminate()
                assert process.wait(30) in (0, -signal.SIGTERM)
            server.start()
        counts = Counter(lines(settings))
        assert counts["0 finish"] == counts["1 finish"] == 1


def test_every_process_has_its_own_number_of_workers(settings: Settings) -> None:
    with Store(settings.home, settings.database_url) as store:
        with worker(settings, workers=3), worker(settings, workers=1):
            wait_for(lambda: store.executors.count() == (2, 2))
            found = [queue(store, str(i), 1, 1.0) for i in range(8)]
            wait_for(lambda: all(is_done(store, one.id) for one in found))
        steps = [{"open": 1, "finish": -1}.get(line.split()[1], 0) for line in lines(settings)]
        assert max(accumulate(steps)) == 4


def test_processes_that_extract_with_something_else_are_named(settings: Settings) -> None:
    with running(settings, partial(DurableJobs, prepare=prepare_paged)) as client:
        wait_for(lambda: client.get("/readyz").status_code == 200)
        assert client.get("/readyz").json() == {"status": "ok", "differing": []}
        with worker(settings, dpi=300, workers=2):
            wait_for(lambda: client.get("/readyz").json()["differing"] == ["dpi"])
        wait_for(lambda: client.get("/readyz").json()["differing"] == [])


def test_who_waits_for_it_comes_first(settings: Settings) -> None:
    with Store(settings.home, settings.database_url) as store:
        found = [queue(store, f"batch{i}", 1, 0.05, priority=10) for i in range(3)]
        found.append(queue(store, "person", 1, 0.05, priority=1))
        with worker(settings):
            wait_for(lambda: all(is_done(store, one.id) for one in found))
    opened = [line.split()[0] for line in lines(settings) if line.endswith("open")]
    assert opened == ["person", "batch0", "batch1", "batch2"]


class Shared(Paged):
    """Pages may be read by several processes, each of which says who it is."""

    def read(self, task: Task, page: int, seconds: float) -> None:
        pages = PageFolder(task.folder)
        with pages.locked(page, wait=True):
            if pages.find(page) is None:
                self._read(task, pages, page)

    def read_ahead(self, task: Task, seconds: float) -> bool:
        pages = PageFolder(task.folder)
        for page in range(int(self._told(task)[0]), 0, -1):
            with pages.locked(page, wait=False) as is_ours:
                if is_ours and pages.find(page) is None:
                    self._read(task, pages, page)
                    return True
        return False

    def _read(self, task: Task, pages: PageFolder, page: int) -> None:
        super().read(task, page, 0.0)
        pages.keep(PageReading(page, (), 0.0, True, None, (), {}))
        self._note(task, f"by {os.getpid()}")


def prepare_shared(settings: Settings) -> Work:
    return Shared(settings)


def all_are_ready(client: TestClient) -> bool:
    """Whether every process of a service can be given work, not only the first."""
    jobs: DurableJobs = client.app.state.service.jobs  # type: ignore[attr-defined]
    return all(process.why_not_ready is None for process in jobs._processes._all)


def test_who_would_be_idle_helps_until_somebody_else_waits(settings: Settings) -> None:
    two = settings.model_copy(update={"workers": 2})
    with running(two, partial(DurableJobs, prepare=prepare_shared)) as client:
        wait_for(lambda: all_are_ready(client))
        long = upload_one(client, "long.txt", document(30, 0.1, "long"))
        wait_for(lambda: len({line for line in lines(two) if " by " in line}) == 2)
        short = upload_one(client, "short.txt", document(1, 0.1, "short"))
        assert events(client, short)[-1][0] == "done"
        assert "long.txt finish" not in lines(two)
        assert events(client, long)[-1][0] == "done"
    counts = Counter(lines(two))
    assert [counts[f"long.txt {page}"] for page in range(1, 31)] == [1] * 30
    assert counts["long.txt finish"] == counts["short.txt finish"] == 1


def test_who_helps_with_a_removed_document_stops_at_once(settings: Settings) -> None:
    two = settings.model_copy(update={"workers": 2})
    with running(two, partial(DurableJobs, prepare=prepare_shared)) as client:
        wait_for(lambda: all_are_ready(client))
        long = upload_one(client, "long.txt", document(30, 60.0, "long"))
        wait_for(lambda: len(list(two.home.glob("files/*/*/read-*.lock"))) == 2)
        assert client.delete(f"{API}/{long}").status_code == 204
        other = upload_one(client, "other.txt", document(60, 0.2, "other"))
        assert events(client, other)[-1][0] == "done"
    # Its pages would have taken both processes a minute each.
    assert len({line for line in lines(two) if line.startswith("other.txt by ")}) == 2
    assert not [line for line in lines(two) if line.startswith("long.txt by ")]


def test_archives_wait_for_single_files(settings: Settings) -> None:
    with running(settings) as client:
        upload_one(client, "one.txt", b"one")
        upload(client, *((f"{i}.txt", str(i).encode()) for i in range(9)))
        client.post(f"{API}?priority=batch", files=[("files", ("two.txt", b"two"))])
        assert code_of(client.post(f"{API}?priority=now")) == "invalid_request"
    with Store(settings.home, settings.database_url) as store:
        ranks = {one.name: one.priority for one in store.list(limit=50)}
    assert ranks["one.txt"] < ranks["0.txt"] == ranks["two.txt"]


def test_cancelled_work_ends_and_can_be_retried(settings: Settings) -> None:
    with running(settings, partial(DurableJobs, prepare=prepare_paged)) as client:
        long = upload_one(client, "long.txt", document(400, 0.05, "long"))
        waits = upload_one(client, "waits.txt", document(1, 0.01, "waits"))
        wait_for(lambda: "long.txt 1" in lines(settings))
        for document_id in (long, waits):
            answer = client.post(f"{API}/{document_id}/cancel")
            assert (answer.status_code, answer.json()["state"]) == (202, "failed")
            assert answer.json()["problem"]["code"] == "cancelled"
        assert code_of(client.post(f"{API}/{long}/cancel")) == "finished"
        assert client.post(f"{API}/{waits}/retry").status_code == 202
        assert events(client, waits)[-1][0] == "done"
        assert len(lines(settings)) < 100


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_machines_may_share_files_by_an_address(settings: Settings, tmp_path: Path) -> None:
    there = tmp_path / "storage"
    shared = settings.model_copy(update={"files_url": f"file://{there}"})
    ours = shared.model_copy(update={"workers": 0})
    theirs = shared.model_copy(update={"home": tmp_path / "theirs"})
    with running(ours, partial(DurableJobs, prepare=prepare_paged)) as client:
        document_id = upload_one(client, "a.txt", document(3, 0.01, "a"))
        assert code_of(client.get("/readyz")) == "not_ready"
        with worker(theirs):
            assert events(client, document_id)[-1][0] == "done"
            wait_for(lambda: client.get("/readyz").status_code == 200)
        assert lines(theirs)[-1] == "a.txt finish"
        assert lines(ours) == []
        assert client.get(f"{API}/{document_id}/extraction").json()["tables"] == {}
        names = sorted(path.name for path in there.glob("*/*/*"))
        assert names == ["result.json", "source"]
        assert client.delete(f"{API}/{document_id}").status_code == 204
        assert not list(there.glob("*/*/*"))
        assert not list(ours.home.glob("files/*/*"))


def test_who_opens_documents_reaches_nobody() -> None:
    code = (
        "import socket; from extractor.service.confinement import leave_network\n"
        "assert leave_network()\n"
        "try: socket.create_connection(('127.0.0.1', 9), 1)\n"
        "except OSError as error: print(error.errno)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    if "AssertionError" in found.stderr:
        pytest.skip("this system does not allow it, which the service says in its log")
    assert found.stdout.strip() == "101"  # unreachable, where it would be refused otherwise


def test_values_of_older_documents_are_taken_into_the_tables(settings: Settings) -> None:
    make_jobs = partial(DurableJobs, prepare=prepare_table)
    with running(settings, make_jobs) as client:
        document_id = finished(client, "early.txt")
        with store_of(client)._session.begin() as session:
            forget_values(session, document_id)
        assert client.get("/api/v1/findings").json()["findings"] == []
    with running(settings, make_jobs) as client:
        (finding,) = client.get("/api/v1/findings").json()["findings"]
        assert finding["document_id"] == document_id


DAMAGED = {
    "empty": b"",
    "cut": b'{"tables": {"requests": {"cells"',
    "bytes": b"\xff\xfe{}",
    "list": b"[]",
    "null": b"null",
    "nothing": b"{}",
    "tables": b'{"questions": [], "findings": [], "tables": []}',
    "cells": b'{"questions": [], "findings": [], "tables": {"a": {"cells": {"b": null}}}}',
    "question": b'{"questions":[{}], "findings": [], "tables": {}}',
    "finding": b'{"questions":[], "findings": [{"verdict": "reported"}], "tables": {}}',
    "figure": b'{"questions":[], "findings": [], "tables": {}, "figures": [{"key": "a"}]}',
    "type": b'{"questions":[], "findings": [], "tables": {"a": {"cells": {"b": {"state": {}}}}}}',
    "page": b'{"questions":[], "findings": [], "tables": {"a": {"cells": {"b": {"evidence": '
    b'{"page": 99999999999999999999}}}}}}',
    "deep": b'{"questions":' + b"[" * 100_000,
}


def test_damaged_results_hold_up_neither_the_start_nor_the_others(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    make_jobs = partial(DurableJobs, prepare=prepare_table)
    with running(settings, make_jobs) as client:
        ids = {name: finished(client, f"{name}.txt") for name in (*DAMAGED, "gone", "sound")}
        store = store_of(client)
        for name, document_id in ids.items():
            found = store.find(document_id)
            assert found is not None
            with store._session.begin() as session:
                forget_values(session, document_id)
            path = store.folder(found) / "result.json"
            if name in DAMAGED:
                path.write_bytes(DAMAGED[name])
            elif name == "gone":
                path.unlink()
    caplog.clear()
    with running(settings, make_jobs) as client:
        (finding,) = client.get("/api/v1/findings").json()["findings"]
        assert finding["document_id"] == ids["sound"]
        documents = client.get(f"{API}?limit=50").json()["documents"]
        assert {one["id"]: one["state"] for one in documents} == dict.fromkeys(ids.values(), "done")
    told = {
        vars(record)["document"]: record.getMessage()
        for record in caplog.records
        if record.name == "extractor.service.filling"
    }
    assert told.keys() == set(ids.values()) - {ids["sound"]}
    assert "it has no tables" in told[ids["nothing"]]
