"""Sessions of browsers: signed in with a key, ended in every way, and of no use to other sites."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastapi.security import HTTPAuthorizationCredentials
from sqlalchemy import select, update
from starlette.testclient import TestClient
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from extractor.service.auth import Principal
from extractor.service.routes import documents, wiring
from extractor.service.routes.bounded import MAX_BODY_BYTES
from extractor.service.sessions import COOKIE, CSRF_HEADER, Ended, Sessions
from extractor.service.tables import AuditEntry, Role, SessionRow
from extractor.settings import Settings
from tests.test_service import API, code_of, running, store_of, upload_one

SESSION = "/api/v1/session"
KEYS = "/api/v1/keys"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """A browser; nobody is signed in."""
    with running(Settings(home=tmp_path)) as client:
        del client.headers["Authorization"]
        yield client


@pytest.fixture
def client_of_either(database_url: str, tmp_path: Path) -> Iterator[TestClient]:
    """The same, on SQLite and on PostgreSQL."""
    with running(Settings(home=tmp_path, database_url=database_url)) as client:
        del client.headers["Authorization"]
        yield client


def key_of(client: TestClient) -> str:
    home: Path = store_of(client).home
    return (home / "admin-key.txt").read_text().strip()


def sign_in(client: TestClient, key: str | None = None, **headers: str) -> Any:
    """Sign in; the answer, and the cookie is kept."""
    response = client.post(SESSION, json={"key": key or key_of(client)}, headers=headers)
    assert response.status_code == 201, response.text
    return response


def rows(client: TestClient) -> list[SessionRow]:
    with store_of(client)._session() as session:
        return list(session.scalars(select(SessionRow)))


def sessions_of(client: TestClient) -> Sessions:
    sessions: Sessions = client.app.state.service.sessions  # type: ignore[attr-defined]
    return sessions


def trail(client: TestClient) -> list[tuple[str, str | None]]:
    with store_of(client)._session() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.number))
        return [(e.action, e.key_id) for e in entries if e.action.startswith("signed")]


def test_signed_in_and_out(client_of_either: TestClient) -> None:
    client = client_of_either
    assert code_of(client.get(API)) == "unauthorized"
    response = sign_in(client)
    facts = response.json()
    assert (facts["role"], facts["name"]) == ("admin", "first administrator")
    left = datetime.fromisoformat(facts["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=11) < left <= timedelta(hours=12)
    token = client.cookies[COOKIE]
    assert [row.token_hash for row in rows(client)] == [hashlib.sha256(token.encode()).hexdigest()]
    assert token not in response.text
    assert client.get(SESSION).json() == facts
    assert client.get(API).status_code == 200
    assert code_of(client.delete(SESSION)) == "csrf_failed"
    signed_out = client.delete(SESSION, headers={CSRF_HEADER: facts["csrf_token"]})
    assert signed_out.status_code == 204
    assert client.cookies == {}
    assert rows(client) == []
    client.cookies[COOKIE] = token  # whoever has copied it
    for method in ("get", "delete"):
        assert code_of(getattr(client, method)(SESSION)) == "unauthorized"
    by = key_of(client).split("_")[1]
    assert trail(client) == [("signed_in", by), ("signed_out", by)]


def test_a_session_ends_with_its_key(client_of_either: TestClient) -> None:
    client = client_of_either
    owner = {"Authorization": f"Bearer {key_of(client)}"}
    made = client.post(KEYS, json={"name": "李四", "role": "reviewer"}, headers=owner).json()
    sign_in(client, made["key"])
    assert client.get(API).status_code == 200
    assert code_of(client.get(KEYS)) == "forbidden"
    assert client.delete(f"{KEYS}/{made['id']}", headers=owner).status_code == 204
    assert code_of(client.get(API)) == "unauthorized"
    sessions = Sessions(store_of(client), hours=1)
    assert sessions.why_ended(client.cookies[COOKIE]) is Ended.REVOKED
    assert sessions.why_ended("nobody's") is Ended.OVER
    assert sessions.why_ended(None) is None


def test_a_session_ends_in_time(client_of_either: TestClient) -> None:
    client = client_of_either
    sign_in(client)
    with store_of(client)._session.begin() as session:
        session.execute(update(SessionRow).values(expires_at=datetime.now(UTC)))
    assert code_of(client.get(API)) == "unauthorized"
    (old,) = rows(client)
    sign_in(client)
    assert old.token_hash not in {row.token_hash for row in rows(client)}
    assert client.get(API).status_code == 200


def test_what_changes_something_needs_the_token_of_this_session(client: TestClient) -> None:
    others = sign_in(client).json()["csrf_token"]
    client.cookies.clear()
    own = sign_in(client).json()["csrf_token"]
    body = {"name": "x", "role": "uploader"}
    for wrong in (None, "", "é".encode(), others, own[:-1], own.upper()):
        headers = {} if wrong is None else {CSRF_HEADER: wrong}
        response = client.post(KEYS, json=body, headers=headers)  # type: ignore[arg-type]
        assert code_of(response) == "csrf_failed"
    assert len(client.get(KEYS).json()["keys"]) == 1
    assert client.post(KEYS, json=body, headers={CSRF_HEADER: own}).status_code == 201


def test_a_key_goes_before_a_session(client: TestClient) -> None:
    owner = {"Authorization": f"Bearer {key_of(client)}"}
    key = client.post(KEYS, json={"name": "x", "role": "uploader"}, headers=owner).json()["key"]
    sign_in(client, key)
    facts = client.get(SESSION, headers=owner).json()
    assert facts == {
        "role": "admin",
        "name": "first administrator",
        "csrf_token": None,
        "expires_at": None,
    }
    assert client.post(KEYS, json={}, headers=owner).status_code == 422  # and not 403
    assert code_of(client.get(API, headers={"Authorization": "Bearer ex_1_2"})) == "unauthorized"
    # Whatever a proxy asks for besides is no key.
    assert client.get(API, headers={"Authorization": "Basic eDp5"}).status_code == 200


def test_a_browser_has_one_session(client: TestClient) -> None:
    sign_in(client)
    first = client.cookies[COOKIE]
    sign_in(client)
    assert len(rows(client)) == 1
    assert sessions_of(client).find(first) is None


def test_the_cookie_is_for_browsers_and_this_service_alone(client: TestClient) -> None:
    plain = sign_in(client).headers["set-cookie"]
    name, *rest = plain.split("; ")
    assert name.startswith(f"{COOKIE}=")
    assert {part.lower() for part in rest} == {"httponly", "path=/", "samesite=strict"}
    secure = TestClient(client.app, "https://testserver")
    assert "secure" in sign_in(secure, key_of(client)).headers["set-cookie"].lower().split("; ")
    # As `extractor serve` does with EXTRACTOR_TRUSTED_PROXIES, and for nobody else.
    for trusted, is_secure in (("testclient", True), ("192.0.2.1", False)):
        behind = TestClient(ProxyHeadersMiddleware(client.app, trusted))  # type: ignore[arg-type]
        answer = behind.post(
            SESSION, json={"key": key_of(client)}, headers={"X-Forwarded-Proto": "https"}
        )
        assert ("; secure" in answer.headers["set-cookie"].lower()) == is_secure


@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ({}, True),
        ({"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "https://testserver"}, True),  # a proxy takes TLS away
        ({"Origin": "https://reports.example:8443", "Host": "reports.example:8443"}, True),
        ({"Origin": "https://reports.example:8443", "Host": "reports.example"}, False),
        ({"Origin": "http://[::1]:8000", "Host": "[::1]:8000"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "https://testserver.evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "http://["}, False),
        ({"Origin": "http://testserver:port"}, False),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
    ],
)
def test_nobody_is_signed_in_by_another_site(
    client: TestClient, headers: dict[str, str], is_own: bool
) -> None:
    answer = client.post(SESSION, json={"key": key_of(client)}, headers=headers)
    if is_own:
        assert answer.status_code == 201
    else:
        assert code_of(answer) == "csrf_failed"
        assert "set-cookie" not in answer.headers
        assert rows(client) == []


def test_keys_cannot_be_guessed_by_signing_in(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, wrong_keys_per_minute=2, calls_per_minute=6)
    with running(settings) as client:
        del client.headers["Authorization"]
        sign_in(client)
        codes = [code_of(client.post(SESSION, json={"key": "ex_0_guess"})) for _ in range(3)]
        assert codes == ["unauthorized", "unauthorized", "too_many_requests"]
        # Whoever is signed in goes on, and counts as the key does.
        assert [client.get(API).status_code for _ in range(6)] == [200] * 5 + [429]
        refused = client.post(SESSION, json={"key": key_of(client)})
        assert (code_of(refused), "calls" in refused.text) == ("too_many_requests", True)
        assert len(rows(client)) == 1
    with running(settings) as client:
        del client.headers["Authorization"]
        client.cookies[COOKIE] = "ended"
        codes = [code_of(client.get(API)) for _ in range(4)]
        assert set(codes) == {"unauthorized"}  # a page that was left open is no guess


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "invalid_request"),
        (b"{}", "invalid_request"),
        (b'{"key": 1}', "invalid_request"),
        (b'{"key": "%s"}' % (b"x" * 201), "invalid_request"),
        (b'{"key": ""}', "unauthorized"),
        (b'{"key": "nonsense"}', "unauthorized"),
        (b'{"key": "ex_\\u0000_x"}', "unauthorized"),
        (b'{"key": "ex_1_\\ud800"}', "unauthorized"),
        ('{"key": "ex_1_密"}'.encode(), "unauthorized"),
    ],
)
def test_what_is_no_key_signs_nobody_in(client: TestClient, body: bytes, code: str) -> None:
    assert code_of(client.post(SESSION, content=body, headers=JSON)) == code
    assert rows(client) == []


def test_long_bodies_are_refused_before_they_fill_the_memory(client: TestClient) -> None:
    body = b'{"key": "%s"}' % (b"x" * MAX_BODY_BYTES)
    half = len(body) // 2
    for content in (body, iter([body[:half], body[half:]])):  # with its length, and without
        response = client.post(SESSION, content=content, headers=JSON)
        assert (response.status_code, code_of(response)) == (413, "request_failed")


def test_sessions_as_pages_use_them(client: TestClient) -> None:
    sessions = sessions_of(client)
    principal = Principal(key_of(client).split("_")[1], Role.ADMIN, "first administrator")
    token, signed = sessions.begin(principal)
    assert signed.principal == principal
    assert signed.name == "first administrator"
    assert sessions.find(token) == signed
    assert signed.csrf_token not in (token, "")
    for nobody in (None, "", "ended", signed.csrf_token):
        assert sessions.find(nobody) is None
        sessions.end(nobody)
    sessions.end(token)
    assert sessions.find(token) is None


@pytest.mark.parametrize("is_session", [True, False], ids=["session", "key"])
def test_an_event_stream_ends_with_what_it_was_asked_with(
    client: TestClient, is_session: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "LOOKS_A_KEY", 1)
    service: wiring.Service = client.app.state.service  # type: ignore[attr-defined]
    service.keys.create("somebody else", Role.ADMIN)  # the last one's key stays
    key = key_of(client)
    client.headers["Authorization"] = f"Bearer {key}"
    document = service.store.find(upload_one(client, "queued.txt"))
    assert document is not None
    principal = service.keys.check(key)
    token, _ = service.sessions.begin(principal)
    sent = None if is_session else HTTPAuthorizationCredentials(scheme="Bearer", credentials=key)
    counts = wiring.standing(service, principal, sent, token if is_session else None)

    async def followed() -> list[str | None]:
        with anyio.fail_after(60):
            stream = documents.document_events(document, service, counts)
            seen = [(await anext(stream)).event]
            if is_session:
                service.sessions.end(token)
            else:
                service.keys.revoke(principal.key_id, by=principal.key_id)
            return seen + [one.event async for one in stream]

    assert anyio.run(followed) == ["progress"]
