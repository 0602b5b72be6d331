"""Backups of a running service, restored; and documents that are kept no longer than they may."""

from __future__ import annotations

import shutil
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text, update
from typer.testing import CliRunner

from extractor.cli import app
from extractor.errors import StoreError
from extractor.service.backup import back_up
from extractor.service.jobs import DurableJobs
from extractor.service.retention import BY, Retention
from extractor.service.reviews import Reviews
from extractor.service.store import Store
from extractor.service.tables import Document
from extractor.settings import Settings
from tests.test_reviews import WRONG, finished, prepare_table, put
from tests.test_service import (
    API,
    NoJobs,
    code_of,
    make_stub_pool,
    running,
    store_of,
    upload_one,
)
from tests.test_sessions import SESSION

make_pool = partial(DurableJobs, prepare=prepare_table)


def test_a_backup_of_a_running_service_is_the_service(tmp_path: Path) -> None:
    home, copy = tmp_path / "home", tmp_path / "backup"
    with running(Settings(home=home), make_pool) as client:
        gone, kept = finished(client, "gone.txt"), finished(client, "kept.txt")
        first = back_up(home, copy)
        assert first.documents == 2
        assert first.copied >= 8
        put(client, kept, WRONG, {"value": 2, "comment": "1 and 7"})
        client.delete(f"{API}/{gone}")
        second = back_up(home, copy)
        assert (second.documents, second.copied < first.copied) == (1, True)
        # Results of decisions that came while it was copied, and others that were cleared away.
        folder = next((copy / "files").glob("*/*"))
        (folder / "result-9.csv").write_text("stale")
        (folder / "result-1.json").unlink(missing_ok=True)
        assert back_up(home, copy).documents == 1
        assert not (folder / "result-9.csv").exists()
        (folder / "result-1.json").unlink()
        result = client.get(f"{API}/{kept}/extraction").json()
        trail = client.get(f"{API}/{kept}/reviews").json()
        key = client.headers["Authorization"]
    with running(Settings(home=copy), make_pool) as restored:
        restored.headers["Authorization"] = key
        assert restored.get(f"{API}/{kept}/reviews").json() == trail
        assert put(restored, kept, WRONG, {"confirmed": True}).status_code == 200
        assert put(restored, kept, WRONG, {"value": 2, "comment": "1 and 7"}).status_code == 200
        assert restored.get(f"{API}/{kept}/extraction").json() == result
        assert restored.get(f"{API}/{gone}").status_code == 404
        assert put(restored, kept, WRONG, {"withdrawn": True}).status_code == 200
    assert not list(copy.rglob("*.part"))


def test_a_backup_is_whole_while_documents_come_and_go(tmp_path: Path) -> None:
    home, copy = tmp_path / "home", tmp_path / "backup"
    with running(Settings(home=home)) as client:
        done = threading.Event()

        def work() -> None:
            ids: list[str] = []
            try:
                for i in range(60):
                    ids.append(upload_one(client, f"{i}.txt"))
                    if i % 3 == 2:
                        client.delete(f"{API}/{ids.pop(0)}")
            finally:
                done.set()

        worker = threading.Thread(target=work)
        worker.start()
        try:
            while not done.is_set():
                back_up(home, copy)
        finally:
            worker.join()
        back_up(home, copy)
    with Store(copy) as store:
        store.sweep()
        found = store.list(limit=100)
        assert len(found) == 40
        assert all((store.folder(one) / "source").is_file() for one in found)


def test_nobody_is_signed_in_after_a_restore(tmp_path: Path) -> None:
    home, copy = tmp_path / "home", tmp_path / "backup"
    with running(Settings(home=home)) as client:
        key = client.headers.pop("Authorization").removeprefix("Bearer ")
        assert client.post(SESSION, json={"key": key}).status_code == 201
        back_up(home, copy)
        assert client.get(API).status_code == 200  # here it goes on
        cookies = dict(client.cookies)
    with running(Settings(home=copy)) as restored:
        assert restored.get(API).status_code == 200
        del restored.headers["Authorization"]
        restored.cookies.update(cookies)
        assert code_of(restored.get(API)) == "unauthorized"


def test_a_backup_before_an_update(tmp_path: Path) -> None:
    """The command may be newer than the database, which the service brings to its form."""
    home = tmp_path / "home"
    with running(Settings(home=home)) as client:
        with store_of(client)._database._engine.begin() as connection:
            connection.execute(text("drop table sessions"))
        back_up(home, tmp_path / "backup")


def test_what_cannot_be_backed_up_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no data of a service"):
        back_up(tmp_path / "nothing", tmp_path / "copy")
    with running(Settings(home=tmp_path / "home")):
        pass
    with pytest.raises(StoreError, match="within each other"):
        back_up(tmp_path / "home", tmp_path / "home" / "copy")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letters.txt").write_text("keep me")
    with pytest.raises(StoreError, match="something else in it"):
        back_up(tmp_path / "home", tmp_path / "other")
    assert (tmp_path / "other" / "letters.txt").read_text() == "keep me"
    with running(Settings(home=tmp_path / "copied")):
        pass
    back_up(tmp_path / "home", tmp_path / "used")
    with (
        Store(tmp_path / "used") as store,
        store.exclusive(),
        pytest.raises(StoreError, match="in use"),
    ):
        back_up(tmp_path / "home", tmp_path / "used")
    assert ((tmp_path / "used").stat().st_mode & 0o777) == 0o700
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made a backup"):
        back_up(tmp_path / "home", tmp_path / "file")
    environment = {"EXTRACTOR_HOME": str(tmp_path / "home")}
    run = CliRunner().invoke(app, ["backup", str(tmp_path / "copy")], env=environment)
    assert run.exit_code == 0
    assert "0 documents" in run.output
    run = CliRunner().invoke(app, ["backup", str(tmp_path / "file")], env=environment)
    assert run.exit_code == StoreError.exit_code


def test_a_copy_that_was_worked_on_is_no_backup_any_more(tmp_path: Path) -> None:
    home, copy, restored = tmp_path / "home", tmp_path / "copy", tmp_path / "restored"
    with running(Settings(home=home)) as client:
        upload_one(client, "a.txt")
        back_up(home, copy)
        shutil.copytree(copy, restored)
        assert back_up(home, restored).documents == 1  # nobody has worked there yet
        key = client.headers["Authorization"]
    with running(Settings(home=restored)) as client:
        client.headers["Authorization"] = key
        upload_one(client, "b.txt")
    with pytest.raises(StoreError, match=r"'uploaded' at .* Choose an empty folder"):
        back_up(home, restored)
    assert back_up(restored, copy).documents == 2  # it goes on from there
    with pytest.raises(StoreError, match="has what"):
        back_up(home, copy)
    with Store(copy) as store:
        assert {document.name for document in store.list(limit=9)} == {"a.txt", "b.txt"}
    with running(Settings(home=tmp_path / "other")):
        pass
    back_up(tmp_path / "other", tmp_path / "other-copy")
    with pytest.raises(StoreError, match="copy of another one"):
        back_up(home, tmp_path / "other-copy")


def test_documents_are_kept_as_long_as_the_settings_say(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", keep_days=30)
    with running(settings, make_stub_pool) as client:
        old, new = finished(client, "old.txt"), finished(client, "new.txt")
        store = store_of(client)
        with store._session.begin() as session:
            long_ago = datetime.now(UTC) - timedelta(days=31)
            session.execute(update(Document).where(Document.id == old).values(finished_at=long_ago))
        jobs = NoJobs(store, settings)
        retention = Retention(store, Reviews(store, settings), jobs, 30)
        before = datetime.now(UTC) - timedelta(days=30)
        assert store.remove(new, key_id=BY, finished_before=before) is None  # or tried again since
        assert retention.remove_old() == 1
        assert Retention(store, Reviews(store, settings), jobs, 0).remove_old() == 0
        assert client.get(f"{API}/{old}").status_code == 404
        assert client.get(f"{API}/{new}").status_code == 200
        entry = store.audit(old)[-1]
        assert (entry.action, entry.key_id) == ("removed", BY)
