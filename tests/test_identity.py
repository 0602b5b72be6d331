"""A database and its files find each other, and nobody takes the ones without the others."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from typer.testing import CliRunner

from extractor.cli import app
from extractor.errors import StoreError
from extractor.service import database
from extractor.service.backup import back_up
from extractor.service.files import OWNER, Files, Owner
from extractor.service.identity import bind
from extractor.service.remote import Remote
from extractor.service.store import Store

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def add(store: Store, name: str) -> Path:
    """A document; its folder."""
    with store.files.receive() as folder:
        path = folder / "file"
        path.write_text(name)
        document, _ = store.add(name, name * 64, path, key_id="")
    return store.folder(document)


@on_postgresql
def test_another_folder_is_refused_and_says_what_to_do(database_url: str, tmp_path: Path) -> None:
    for _ in range(2):
        with Store(tmp_path / "home", database_url):
            pass
    with pytest.raises(StoreError, match="Set EXTRACTOR_HOME or EXTRACTOR_FILES_URL"):
        Store(tmp_path / "other", database_url)
    environment = {
        **os.environ,
        "EXTRACTOR_HOME": str(tmp_path / "other"),
        "EXTRACTOR_DATABASE_URL": database_url,
    }
    run = [str(Path(sys.executable).with_name("extractor")), "worker"]
    found = subprocess.run(run, env=environment, capture_output=True, text=True)
    assert found.returncode != 0
    assert "are not in" in found.stderr
    assert "Traceback" not in found.stderr
    # It is as the message says: files that were brought along can be told to be those.
    (tmp_path / "other" / "files" / OWNER).write_text(
        (tmp_path / "home" / "files" / OWNER).read_text()
    )
    with Store(tmp_path / "other", database_url):
        pass


@on_postgresql
def test_of_two_that_start_at_once_with_two_folders_one_does(
    database_url: str, tmp_path: Path
) -> None:
    with Store(tmp_path / "0", database_url) as store, store._session.begin() as session:
        session.execute(text("update identity set is_bound = false"))
    shutil.rmtree(tmp_path / "0")

    def starts(number: int) -> bool:
        try:
            with Store(tmp_path / f"{number}", database_url):
                return True
        except StoreError:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(starts, range(4))) == 1


@on_postgresql
def test_with_an_address_the_storage_counts_and_not_the_folder(
    database_url: str, tmp_path: Path
) -> None:
    there = f"file://{tmp_path}/storage"
    with Store(tmp_path / "a", database_url, there), Store(tmp_path / "b", database_url, there):
        pass
    assert not list(tmp_path.glob(f"?/files/{OWNER}"))
    for url in ("", f"file://{tmp_path}/storage2"):
        with pytest.raises(StoreError, match="are not in"):
            Store(tmp_path / "a", database_url, url)


def test_files_of_another_database_are_left_alone(database_url: str, tmp_path: Path) -> None:
    there = f"file://{tmp_path}/storage"
    with Store(tmp_path / "a", files_url=there) as store:
        folder = add(store, "a")
    with pytest.raises(StoreError, match="belong to another database"):
        Store(tmp_path / "b", database_url, there)
    assert list((tmp_path / "storage").glob(f"*/{folder.name}/source"))


@pytest.fixture(params=["file", "memory"])
def files_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty storage."""
    if request.param == "file":
        yield f"file://{tmp_path}/storage"
        return
    url = f"memory://{tmp_path}/storage"
    yield url
    fsspec.filesystem("memory").rm(url.removeprefix("memory://"), recursive=True)


def test_of_two_services_with_one_address_the_second_is_told_of_the_first(
    files_url: str, tmp_path: Path
) -> None:
    with Store(tmp_path / "a", files_url=files_url) as store:
        folder = add(store, "a")
        with pytest.raises(StoreError) as refused:
            Store(tmp_path / "b", files_url=files_url)
        for told in (store.files.place, str(tmp_path / "a"), str(tmp_path / "b"), "of its own"):
            assert told in str(refused.value)
        store.files.drop_copy(folder.name)
        assert (store.files.fetched(folder.name) / "source").read_text() == "a"


def test_of_two_databases_that_take_a_folder_at_once_one_has_it(tmp_path: Path) -> None:
    stores = [Store(tmp_path / f"{number}", needs_files=False) for number in range(4)]
    files = Files(tmp_path / "shared")

    def is_taken(store: Store) -> bool:
        try:
            bind(store._database.session, files, store._database.name)
        except StoreError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(is_taken, stores))
    for store in stores:
        store.close()
    owner = files.owner()
    assert owner is not None
    assert [str(one.home) for one, is_its in zip(stores, taken, strict=True) if is_its] == [
        owner.name
    ]


def test_a_file_system_without_links_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refused)
    with Store(tmp_path / "a") as store:
        owner = store.files.owner()
        assert owner is not None
        assert owner.name == str(tmp_path / "a")
        store.files.claim(Owner("another"))
        assert store.files.owner() == owner
        assert not list((tmp_path / "a").glob("files/*.part"))


def test_files_that_another_database_has_taken_meanwhile_are_not_tidied_up(
    files_url: str, tmp_path: Path
) -> None:
    with Store(tmp_path / "a", files_url=files_url) as store:
        stray = tmp_path / ("b" * 64)
        stray.mkdir()
        (stray / "source").write_text("of the other one")
        remote = Remote(files_url)
        remote.put(stray)
        store.tidy()
        system, root = fsspec.core.url_to_fs(files_url)
        system.pipe_file(f"{root}/{OWNER}", b"another\n")
        with pytest.raises(StoreError, match="whose id is another"):
            store.tidy()
        assert remote.folders() == {stray.name}


def test_a_folder_with_files_of_its_own_is_not_used_for_copies(
    database_url: str, tmp_path: Path
) -> None:
    with Store(tmp_path / "home") as store:
        folder = add(store, "a")
    there = f"file://{tmp_path}/storage"
    with Store(tmp_path / "other", database_url, there):
        pass
    if not database_url:
        shutil.copy(tmp_path / "other" / database.DATABASE, tmp_path / "home")
    with pytest.raises(StoreError, match="Set EXTRACTOR_HOME to a folder of its own"):
        Store(tmp_path / "home", database_url, there)
    assert (folder / "source").is_file()


def test_what_was_made_without_an_id_is_taken_over(database_url: str, tmp_path: Path) -> None:
    with Store(tmp_path, database_url) as store:
        folder = add(store, "a")
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with Store(tmp_path, database_url) as store, store._database._engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0007")
    (tmp_path / "files" / OWNER).unlink()
    with Store(tmp_path, database_url) as store:
        assert store.files.owner() is not None
        store.sweep()
        assert (folder / "source").is_file()


def test_files_without_rows_are_not_taken_by_an_empty_database(
    database_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "files" / "aa" / ("a" * 64)
    folder.mkdir(parents=True)
    (folder / "source").write_text("of a database that was lost")
    with pytest.raises(StoreError, match="no document in the database") as refused:
        Store(tmp_path, database_url)
    assert (folder / "source").is_file()
    told = str(refused.value).partition(" write ")[2].partition(" into ")[0]
    (tmp_path / "files" / OWNER).write_text(told)
    with Store(tmp_path, database_url) as store:
        store.sweep()
    assert not folder.exists()


@on_postgresql
def test_keys_need_no_files(database_url: str, tmp_path: Path) -> None:
    with Store(tmp_path / "office", database_url, needs_files=False) as store:
        assert not store.keys.list()
    there = f"file://{tmp_path}/storage"
    with Store(tmp_path / "service", database_url, there):
        pass
    with Store(tmp_path / "office", database_url, needs_files=False):
        pass


def test_a_start_that_was_cut_off_is_gone_on_with(database_url: str, tmp_path: Path) -> None:
    with Store(tmp_path, database_url) as store, store._session.begin() as session:
        session.execute(text("update identity set is_bound = false"))
    with Store(tmp_path, database_url):  # the file was written, and the row was not
        pass


@on_postgresql
def test_a_start_without_the_address_leaves_no_database_behind(
    database_url: str, tmp_path: Path
) -> None:
    home, target = tmp_path / "home", tmp_path / "backup"
    with Store(home, database_url) as store:
        add(store, "a")
    with pytest.raises(StoreError, match="belong to another database") as refused:
        Store(home)
    assert "postgresql://" in str(refused.value)
    assert not (home / database.DATABASE).exists()
    # As earlier versions left one.
    with Store(tmp_path / "new"):
        pass
    shutil.copy(tmp_path / "new" / database.DATABASE, home)
    with pytest.raises(StoreError, match="not the database of the files beside it") as refused:
        back_up(home, target)
    assert "pg_dump" in str(refused.value)
    assert not target.exists()
    with pytest.raises(StoreError, match="belong to another database"):
        Store(home, needs_files=False)
    given = {"EXTRACTOR_HOME": str(home), "EXTRACTOR_DATABASE_URL": database_url}
    run = CliRunner().invoke(app, ["backup", str(target)], env=given)
    assert run.exit_code == 2
    assert "pg_dump" in run.output
    assert not target.exists()


@on_postgresql
def test_a_copy_of_both_is_as_good(database_url: str, tmp_path: Path) -> None:
    with Store(tmp_path / "home", database_url) as store:
        add(store, "a")
    shutil.copytree(tmp_path / "home", tmp_path / "copy")
    with Store(tmp_path / "copy", database_url) as store:
        store.sweep()
        assert len(list((tmp_path / "copy" / "files").glob("*/*/source"))) == 1
