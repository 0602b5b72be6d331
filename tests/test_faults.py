"""Full disks, locked databases, clients that dawdle: said plainly, and nothing is lost."""

from __future__ import annotations

import resource
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fsspec
import psutil
import pytest
from fsspec import AbstractFileSystem
from sqlalchemy import create_engine, text, update

from eval.drill.real import Office, office
from extractor.errors import StoreError
from extractor.service import database as database_module
from extractor.service.database import DATABASE, Database, wait_to_connect
from extractor.service.files import FILES
from extractor.service.problems import ProblemError
from extractor.service.rates import Rates
from extractor.service.remote import Remote
from extractor.service.retention import Retention
from extractor.service.reviews import Reviews
from extractor.service.store import Store
from extractor.service.tables import Delivery, Document, DocumentState
from extractor.service.webhook_store import Event, announce
from extractor.settings import Settings
from tests.test_service import API, NoJobs, code_of, running, upload, upload_one


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@contextmanager
def small_disk(n_bytes: int) -> Iterator[None]:
    """No file of this process can grow beyond so many bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_refuses_the_upload_and_keeps_what_was_there(settings: Settings) -> None:
    with running(settings) as client:
        kept = upload_one(client, "kept.txt", b"kept")
        with small_disk(1 << 20):
            refused = upload(client, ("large.txt", b"large" * (1 << 20)))
            assert (code_of(refused), refused.status_code) == ("store_failed", 500)
        assert client.get(f"{API}/{kept}").status_code == 200
        assert len(list((settings.home / FILES).glob("*/*/source"))) == 1
        assert not list((settings.home / "incoming").iterdir())
        upload_one(client, "large.txt", b"large" * (1 << 20))


def test_a_service_without_room_or_database_is_not_ready(settings: Settings) -> None:
    with running(settings) as client:
        assert client.get("/readyz").status_code == 200
        with small_disk(1 << 10):
            answer = client.get("/readyz")
        assert (code_of(answer), answer.status_code) == ("not_ready", 503)
        assert "disk" in answer.json()["detail"]
        assert str(settings.home) not in answer.text  # everybody may ask
        assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_service_whose_database_is_gone_is_not_ready(
    settings: Settings, database_url: str, postgresql: Any
) -> None:
    with running(settings.model_copy(update={"database_url": database_url})) as client:
        name = database_url.partition("?")[0].rpartition("/")[2]
        assert client.get("/readyz").status_code == 200
        postgresql.psql(f"drop database {name} with (force);")
        answer = client.get("/readyz")
        assert (code_of(answer), answer.status_code) == ("not_ready", 503)


def test_a_locked_database_is_said_and_waited_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_BUSY_SECONDS", 0.2)
    with running(settings) as client:
        kept = upload_one(client, "kept.txt", b"kept")
        with closing(sqlite3.connect(settings.home / DATABASE, isolation_level=None)) as other:
            other.execute("begin immediate")
            answer = upload(client, ("other.txt", b"other"))
            assert (code_of(answer), answer.status_code) == ("database_unavailable", 503)
            assert answer.headers["Retry-After"]
            assert client.get(f"{API}/{kept}").status_code == 200  # readers are not held up
            other.execute("rollback")
        assert upload_one(client, "other.txt", b"other") != kept
        assert len(client.get(API).json()["documents"]) == 2


def test_who_waits_for_the_database_has_it_as_soon_as_it_is_there(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/away/{DATABASE}")
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            (tmp_path / "away").mkdir()

    wait_to_connect(engine, pause)
    with engine.connect() as connection:
        assert connection.execute(text("select 1")).scalar() == 1
    assert len(pauses) == 3
    engine.dispose()


def test_who_waits_for_the_database_may_give_up(tmp_path: Path) -> None:
    def pause(seconds: float) -> None:
        raise ConnectionError("this process ends")

    engine = create_engine(f"sqlite:///{tmp_path}/away/{DATABASE}")
    wait_to_connect(engine, pause)
    with pytest.raises(ConnectionError):
        engine.connect()


def test_a_document_whose_job_has_ended_is_begun_anew(settings: Settings) -> None:
    with Store(settings.home) as store, store.files.receive() as folder:
        (folder / "a").write_text("a")
        added, _ = store.add("a", "a" * 64, folder / "a", key_id="")
        store.queue.submitted(added, "job")
        begun = store.queue.begin(added.id, added.run)
        assert begun is not None
        assert list(store.queue.waiting()) == []
        store.queue.release(begun, anew=True)
        (waits,) = store.queue.waiting()
        assert (waits.run, waits.attempts) == (added.run + 1, 0)
        assert store.queue.begin(added.id, added.run) is None


@pytest.mark.parametrize("url", ["nonsense", "mysql://a@b/c", "postgresql://a@b:c/d"])
def test_what_is_no_address_of_postgresql_is_said_to_be_none(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="EXTRACTOR_DATABASE_URL"):
        Database(tmp_path, url)


def test_a_database_that_says_nothing_is_not_waited_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://office:secret@127.0.0.1:{silent.getsockname()[1]}/office"
        with pytest.raises(StoreError, match="cannot be used") as refused:
            Database(tmp_path, url)
        told = str(refused.value)
        assert "secret" not in told
        assert (told.isprintable(), "sqlalche.me" in told) == (True, False)


def test_a_clock_that_is_set_back_shuts_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = Rates(Settings(calls_per_minute=3, wrong_keys_per_minute=3))
    guesses = rates.guesses("10.0.0.1")
    for _ in range(3):
        rates.count_call("key")
        guesses.count("key")
    with pytest.raises(ProblemError):
        rates.count_call("key")
    with pytest.raises(ProblemError):
        guesses.allow("key")
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() - 3600)
    rates.count_call("key")
    guesses.allow("key")


def test_messages_do_not_wait_for_a_clock_that_was_set_back(settings: Settings) -> None:
    with Store(settings.home) as store:
        store.webhooks.add("http://127.0.0.1:9/", by="")
        with store._session.begin() as session:
            announce(session, Event.DONE, "document")
            session.execute(update(Delivery).values(due_at=datetime.now(UTC) + timedelta(hours=12)))
        assert store.webhooks.due() is None
        with store._session.begin() as session:
            session.execute(update(Delivery).values(due_at=datetime.now(UTC) + timedelta(days=90)))
        assert store.webhooks.due() is not None


def test_a_clock_that_jumps_removes_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(settings.home) as store, store.files.receive() as folder:
        (folder / "a").write_text("a")
        added, _ = store.add("a", "a" * 64, folder / "a", key_id="")
        with store._session.begin() as session:
            long_ago = datetime.now(UTC) - timedelta(days=90)
            session.execute(
                update(Document).values(state=DocumentState.FAILED, finished_at=long_ago)
            )
        jobs = NoJobs(store, settings)
        retention = Retention(store, Reviews(store, settings), jobs, 30)
        clock = time.time
        monkeypatch.setattr(time, "time", lambda: clock() + 90 * 86400)
        assert retention.remove_old() == 0
        assert store.find(added.id) is not None
        monkeypatch.undo()
        assert Retention(store, Reviews(store, settings), jobs, 30).remove_old() == 1


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office") / "home", threads=1) as found:
        yield found


def raw(found: Office, length: int) -> socket.socket:
    """A connection on which an upload of so many bytes was announced."""
    host, port = found.address.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=60)
    head = (
        f"POST {API} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {found.key}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {length}\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
    )
    connection.sendall(head.encode())
    return connection


def test_who_sends_a_byte_a_second_holds_up_nobody_and_is_sent_away(real: Office) -> None:
    start = time.monotonic()
    with raw(real, 10**6) as slow, real.http() as http:
        answered = b""
        slow.settimeout(1.0)
        while not answered and time.monotonic() - start < 50:
            slow.sendall(b".")
            assert http.get("/documents").status_code == 200
            try:
                answered = slow.recv(4096)
            except TimeoutError:
                continue
    assert b"408" in answered.split(b"\r\n")[0]
    assert b"upload_too_slow" in answered


def test_two_gigabytes_are_refused_before_they_come(real: Office) -> None:
    with raw(real, 3 * 2**30) as large:
        answered = large.recv(4096)
    assert b"413" in answered.split(b"\r\n")[0]


def test_headers_without_end_are_refused(real: Office) -> None:
    host, port = real.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as endless:
        endless.sendall(
            b"GET /health HTTP/1.1\r\nHost: a\r\n" + b"X-Long: %s\r\n" % (b"x" * 70_000)
        )
        assert b" 400 " in endless.recv(4096).split(b"\r\n")[0]
    with real.http() as http:
        assert http.get("/documents").status_code == 200


def test_documents_are_opened_where_nobody_can_be_reached(real: Office) -> None:
    ours = Path("/proc/self/ns/net").readlink()
    readers = [
        process
        for process in psutil.Process().children(recursive=True)
        if any("spawn_main" in part for part in process.cmdline())
    ]
    assert readers
    for process in readers:
        is_alone = Path(f"/proc/{process.pid}/ns/net").readlink() != ours
        assert is_alone or "does not allow" in real.log.read_text()
        soft, _ = resource.prlimit(process.pid, resource.RLIMIT_DATA)
        assert soft == Settings().max_memory_bytes


def test_who_hangs_up_leaves_nothing(real: Office) -> None:
    for _ in range(20):
        with raw(real, 10**6) as gone:
            gone.sendall(b"x" * 1000)
    with real.http() as http:
        assert http.get("/documents").json()["documents"] == []
    for _ in range(100):
        if not list((real.home / "incoming").iterdir()):
            break
        time.sleep(0.1)
    assert not list((real.home / "incoming").iterdir())
    assert real.service.is_alive


class _Away(AbstractFileSystem):
    """A storage whose client has errors of its own, as that of S3 does."""

    protocol = "away"

    def _fail(self, *_: object, **__: object) -> None:
        raise RuntimeError("could not connect to the endpoint")

    ls = glob = put_file = get_file = rm = makedirs = _fail


def test_a_storage_that_does_not_answer_is_said_to(tmp_path: Path) -> None:
    fsspec.register_implementation("away", _Away, clobber=True)
    remote = Remote("away://office")
    folder = tmp_path / ("0" * 64)
    folder.mkdir()
    calls: list[Callable[[], object]] = [
        lambda: remote.put(folder),
        lambda: remote.get(folder),
        lambda: remote.remove(folder),
        remote.folders,
    ]
    for call in calls:
        with pytest.raises(StoreError, match="does not answer: could not connect"):
            call()
