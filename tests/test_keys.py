"""Keys: made, listed and revoked, by an administrator and by whoever owns the machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from extractor.cli import app
from extractor.service.auth import Keys
from extractor.service.store import Store
from extractor.service.tables import Role
from extractor.settings import Settings
from tests.test_service import API, NoJobs, code_of, running, store_of

KEYS = "/api/v1/keys"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with running(Settings(home=tmp_path), NoJobs) as client:
        yield client


def command(home: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["keys", *arguments], env={"EXTRACTOR_HOME": str(home)})
    return result.exit_code, result.output


def test_a_key_is_shown_once_and_works_until_it_is_revoked(client: TestClient) -> None:
    made = client.post(KEYS, json={"name": " 李四 ", "role": "reviewer"})
    assert made.status_code == 201, made.text
    new = made.json()
    assert (new["name"], new["role"], new["revoked_at"]) == ("李四", "reviewer", None)
    bearer = {"Authorization": f"Bearer {new['key']}"}
    assert client.get(API, headers=bearer).status_code == 200
    for method in ("get", "post"):
        assert code_of(getattr(client, method)(KEYS, headers=bearer)) == "forbidden"
    listed = client.get(KEYS)
    assert new["key"] not in listed.text
    assert "secret" not in listed.text
    assert [key["name"] for key in listed.json()["keys"]] == ["first administrator", "李四"]
    assert client.delete(f"{KEYS}/{new['id']}").status_code == 204
    assert code_of(client.get(API, headers=bearer)) == "unauthorized"
    assert client.get(KEYS).json()["keys"][1]["revoked_at"]
    assert code_of(client.delete(f"{KEYS}/{new['id']}")) == "key_unknown"


def test_the_last_administrator_stays(client: TestClient) -> None:
    (first,) = client.get(KEYS).json()["keys"]
    assert code_of(client.delete(f"{KEYS}/{first['id']}")) == "last_admin"
    second = client.post(KEYS, json={"name": "deputy", "role": "admin"}).json()
    assert client.delete(f"{KEYS}/{first['id']}").status_code == 204
    bearer = {"Authorization": f"Bearer {second['key']}"}
    assert code_of(client.delete(f"{KEYS}/{second['id']}", headers=bearer)) == "last_admin"


@pytest.mark.parametrize(
    "body",
    [
        {"name": "", "role": "admin"},
        {"name": "x", "role": "king"},
        {"name": "a\nb", "role": "admin"},
        {"name": "x" * 101, "role": "admin"},
        {"role": "admin"},
        {"name": "x", "role": "admin", "secret": "mine"},
    ],
)
def test_what_is_no_key_is_refused(client: TestClient, body: dict[str, str]) -> None:
    assert code_of(client.post(KEYS, json=body)) == "invalid_request"


def test_the_owner_of_the_machine_needs_no_key(tmp_path: Path) -> None:
    code, _ = command(tmp_path, "create", "scanner")
    assert (code, list(tmp_path.iterdir())) == (2, [])  # the wrong folder is not made into one
    with Store(tmp_path):
        pass
    code, key = command(tmp_path, "create", "scanner", "--role", "uploader")
    assert code == 0
    with Store(tmp_path) as store:
        keys = Keys(store)
        assert keys.check(key.strip()).role is Role.UPLOADER
        keys.ensure_admin()  # a key that is no administrator's does not stand for one
        key_id = key.split("_")[1]
        assert command(tmp_path, "revoke", key_id)[0] == 0  # while the storage is in use
        actions = [(e.action, e.key_id) for e in store.keys.trail()]
    assert actions == [("key_created", None), ("key_created", None), ("key_revoked", None)]
    code, listed = command(tmp_path, "list")
    assert code == 0
    assert "scanner, revoked" in listed
    assert "first administrator" in listed
    for arguments in (("revoke", key_id), ("create", "x", "--role", "king")):
        assert command(tmp_path, *arguments)[0] == 2


def test_a_change_by_an_administrator_is_in_the_trail(client: TestClient) -> None:
    made = client.post(KEYS, json={"name": "x", "role": "uploader"}).json()
    by = client.get(KEYS).json()["keys"][0]["id"]
    last = store_of(client).keys.trail()[-1]
    assert (last.action, last.key_id) == ("key_created", by)
    assert made["id"] in (last.name or "")


def test_a_worker_needs_a_folder_that_a_service_has_begun(tmp_path: Path) -> None:
    home = tmp_path / "misspelt"
    environment = {"EXTRACTOR_HOME": str(home), "EXTRACTOR_WORKERS": "0"}  # else it would wait
    result = CliRunner().invoke(app, ["worker"], env=environment)
    assert result.exit_code == 2
    assert f"{home} has no data of a service" in result.output
    assert not home.exists()
