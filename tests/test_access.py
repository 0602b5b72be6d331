"""Nothing answers anybody who may not: every route and every page, as docs/access.md has it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from sqlalchemy import update
from starlette.routing import Mount
from starlette.testclient import TestClient

from extractor.app import create_app
from extractor.service.key_store import KeyStore
from extractor.service.routes.wiring import Service
from extractor.service.sessions import COOKIE, CSRF_HEADER, SAFE_METHODS
from extractor.service.tables import Role, SessionRow
from extractor.settings import Settings
from tests.test_service import NoJobs, code_of, running

PAGE = Path(__file__).parents[1] / "docs" / "access.md"
EVERYBODY = "everybody"
ROLES = {
    "any key": frozenset(Role),
    "uploader": frozenset({Role.UPLOADER, Role.ADMIN}),
    "reviewer": frozenset({Role.REVIEWER, Role.ADMIN}),
    "admin": frozenset({Role.ADMIN}),
}
PARTS = {
    "relation": "a.b.c",
    "id": "unknown",
    "n": "1",
    "number": "0",
    "slot": "requests.granted.total",
    "path": "x",
}

Route = tuple[str, str]
"""Method, and path with its parameters in braces."""


def documented() -> dict[Route, str]:
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Z]+) \| `(\S+)` \| ([a-z ]+) \|$", text, re.MULTILINE)
    found = {(method, path): who for method, path, who in rows}
    assert len(found) == len(rows), "a route stands there twice"
    return found


def routes(app: FastAPI) -> set[Route]:
    """All that the application answers; of a mounted folder, any one path in it."""
    found: set[Route] = set()
    for route in iter_route_contexts(app.routes):
        path = str(route.path)
        if isinstance(route.original_route, Mount):
            found.add(("GET", f"{path}/{{path}}"))
            continue
        assert route.methods, f"{path} is no route that this test can call"
        found |= {(method, path) for method in route.methods - {"HEAD"}}
    return found


ROUTES = sorted(routes(create_app(Settings(), make_jobs=NoJobs)), key=lambda one: one[::-1])
GUARDED = [one for one in ROUTES if documented().get(one) != EVERYBODY]
each_route = pytest.mark.parametrize("route", ROUTES, ids=" ".join)
each_guarded_route = pytest.mark.parametrize("route", GUARDED, ids=" ".join)


@dataclass(frozen=True)
class Office:
    """A running service, and headers of whoever may ask."""

    client: TestClient
    keys: Mapping[Role, str]
    strangers: Mapping[str, Mapping[str, str]]

    @property
    def service(self) -> Service:
        service: Service = self.client.app.state.service  # type: ignore[attr-defined]
        return service

    def call(self, route: Route, headers: Mapping[str, str]) -> Any:
        method, path = route
        return self.client.request(method, path.format(**PARTS), headers=dict(headers))

    def key(self, role: Role) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[role]}"}

    def session(self, role: Role) -> dict[str, str]:
        """A new one: a route may end it."""
        return signed_in(self.service, self.keys[role])


def signed_in(service: Service, key: str) -> dict[str, str]:
    """The headers of a page that changes something."""
    token, signed = service.sessions.begin(service.keys.check(key))
    return {"Cookie": f"{COOKIE}={token}", CSRF_HEADER: signed.csrf_token}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    settings = Settings(
        home=tmp_path_factory.mktemp("office"), calls_per_minute=0, wrong_keys_per_minute=0
    )
    with running(settings) as client:
        del client.headers["Authorization"]
        service: Service = client.app.state.service  # type: ignore[attr-defined]
        keys = service.keys
        made = {role: keys.create(f"the {role}", role) for role in Role}
        expired = signed_in(service, made[Role.ADMIN])
        with service.store._session.begin() as session:
            session.execute(update(SessionRow).values(expires_at=datetime.now(UTC)))
        ended = signed_in(service, made[Role.ADMIN])
        service.sessions.end(ended["Cookie"].partition("=")[2])
        revoked, key = keys.create_row("former", Role.ADMIN)
        of_revoked = signed_in(service, key)
        rows: KeyStore = service.store.keys
        assert rows.revoke(revoked.id)
        admin_id = made[Role.ADMIN].split("_")[1]
        strangers: dict[str, Mapping[str, str]] = {
            "no key": {},
            "no key of this form": {"Authorization": "Bearer nonsense"},
            "no bearer": {"Authorization": f"Basic {made[Role.ADMIN]}"},
            "a wrong secret": {"Authorization": f"Bearer ex_{admin_id}_wrong"},
            "an unknown key": {"Authorization": "Bearer ex_000000000000_wrong"},
            "a revoked key": {"Authorization": f"Bearer {key}"},
            "the session of a revoked key": of_revoked,
            "an expired session": expired,
            "an ended session": ended,
            "a made-up session": {"Cookie": f"{COOKIE}=x", CSRF_HEADER: "x"},
            "a CSRF token alone": {CSRF_HEADER: ended[CSRF_HEADER]},
            "a wrong key in a good session": {
                **signed_in(service, made[Role.ADMIN]),
                "Authorization": "Bearer ex_000000000000_wrong",
            },
        }
        yield Office(client, made, strangers)


def test_every_route_is_documented_with_who_may() -> None:
    assert set(documented()) == set(ROUTES)
    assert set(documented().values()) == {EVERYBODY, *ROLES}


@each_route
def test_strangers_get_nothing_but_what_is_open(office: Office, route: Route) -> None:
    is_open = documented()[route] == EVERYBODY
    for who, headers in office.strangers.items():
        response = office.call(route, headers)
        if is_open:
            assert response.status_code not in (401, 403), who
        else:
            assert response.status_code == 401, who
            assert code_of(response) == "unauthorized"
            assert response.headers["www-authenticate"] == "Bearer"
            assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    "route", [one for one in ROUTES if one[1].startswith("/api/v1/")], ids=" ".join
)
def test_a_parameter_that_a_call_does_not_have_is_refused(office: Office, route: Route) -> None:
    method, path = route
    if path.removeprefix("/api/v1") in ("/healthz", "/readyz", "/metrics"):
        pytest.skip("probes may add what they like")
    path = f"{path}?organisation=x&no_such=y"
    answer = office.call((method, path), office.key(Role.ADMIN))
    assert (answer.status_code, code_of(answer)) == (422, "invalid_request")
    locations = [one["location"] for one in answer.json()["errors"]]
    assert locations[:2] == ["query.organisation", "query.no_such"]
    if documented()[route] != EVERYBODY:
        assert office.call((method, path), {}).status_code == 401


@each_guarded_route
def test_every_role_may_what_is_documented(office: Office, route: Route) -> None:
    for ask in (office.key, office.session):
        responses = {role: office.call(route, ask(role)) for role in Role}
        refused = {role for role, one in responses.items() if one.status_code in (401, 403)}
        assert set(Role) - refused == ROLES[documented()[route]]
        assert {code_of(responses[role]) for role in refused} <= {"forbidden"}
        assert all(one.status_code < 500 for one in responses.values())


@each_guarded_route
def test_a_session_changes_nothing_without_its_csrf_token(office: Office, route: Route) -> None:
    others = office.session(Role.ADMIN)[CSRF_HEADER]
    for role in Role:
        cookie = {"Cookie": office.session(role)["Cookie"]}
        for sent in ({}, {CSRF_HEADER: "wrong"}, {CSRF_HEADER: others}):
            response = office.call(route, cookie | sent)
            if route[0] in SAFE_METHODS:
                is_allowed = role in ROLES[documented()[route]]
                assert (response.status_code != 403) == is_allowed
            else:
                assert code_of(response) == "csrf_failed"


def test_the_openapi_document_says_what_is_needed(office: Office) -> None:
    paths = office.client.get("/openapi.json").json()["paths"]
    needed = {
        (method.upper(), path): call.get("security", [])
        for path, calls in paths.items()
        for method, call in calls.items()
    }
    assert len(needed) > 20
    key: dict[str, list[str]] = {"HTTPBearer": []}
    for route, ways in needed.items():
        if documented()[route] == EVERYBODY:
            assert ways == []
        elif route[0] in SAFE_METHODS:
            assert ways == [key, {"Session": []}]
        else:
            assert ways == [key, {"Session": [], "CSRF": []}]


# --- the pages ------------------------------------------------------------------------------------

OPEN_PAGES = {
    *("/review/sign-in", "/review/favicon.ico", "/review/static/{path}"),
    "/review/_nicegui/{path}",
}


def documented_pages() -> dict[str, str]:
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(/review/\S*)` \| ([a-z ]+) \| ", text, re.MULTILINE)
    assert len(dict(rows)) == len(rows), "a page stands there twice"
    return dict(rows)


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What `pages_probe` has found: there is one NiceGUI in a process, so it has one of its own."""
    home = tmp_path_factory.mktemp("pages")
    command = [sys.executable, "-m", "tests.pages_probe", str(home)]
    done = subprocess.run(command, cwd=PAGE.parents[1], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_page_is_documented_with_who_may_see_it(visits: Any) -> None:
    assert set(documented_pages()) == {one["path"] for one in visits["pages"]}
    assert {path for path, who in documented_pages().items() if who == EVERYBODY} == OPEN_PAGES


def test_pages_show_themselves_to_who_is_documented(visits: Any) -> None:
    for page in visits["pages"]:
        who = documented_pages()[page["path"]]
        nobody, statuses = page["nobody"], page["statuses"]
        if who == EVERYBODY:
            assert nobody[0] != 303, page
        else:
            assert nobody == [303, f"/review/sign-in?next={page['asked']}"], page
            refused = {Role(role) for role, status in statuses.items() if status == 403}
            assert set(Role) - refused == ROLES[who], page
        assert all(status < 500 for status in statuses.values()), page


def test_what_nobody_will_connect_to_is_not_kept(visits: Any) -> None:
    assert visits["kept"] == {"strangers": 0, "redirect": 0, "page": 1}


def test_a_page_does_not_wait_for_ever_for_the_database(visits: Any) -> None:
    assert visits["slow"] == 503


def test_everything_below_the_pages_has_a_policy_also_errors(visits: Any) -> None:
    assert visits["without_policy"] == []
    assert visits["errors"] == {
        "POST /review/": 405,
        "GET /review/_nicegui/no/such/part": 404,
        "GET /review/static/none.js": 404,
        "GET /review/favicon.ico": 200,
    }
