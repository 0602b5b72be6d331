"""In front of the pages: storage that is away, limits, and connections of others."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest

from eval.drill.real import TEXT, Office
from extractor.review.workplace import WATCH_SECONDS
from extractor.service.database import DATABASE
from tests.browser.conftest import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CALLS = 30
"""A minute, of each key of this service."""
SOCKET = "/review/_nicegui_ws/socket.io/"
REFUSED = "Implicit handshake failed"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A service that extracts nothing."""
    home = tmp_path_factory.mktemp("gate") / "home"
    made = Office(home, workers=0, calls_per_minute=CALLS)
    made.service.start()
    try:
        made.wait("/healthz")
        yield made
    finally:
        made.service.stop()


@contextmanager
def signed_in(office: Office, role: str = "uploader") -> Iterator[httpx2.Client]:
    """A browser in which a new key has signed in."""
    with office.http() as owner:
        key = owner.post("/keys", json={"name": "某人", "role": role}).json()["key"]
    with httpx2.Client(base_url=office.address, timeout=30.0) as http:
        assert http.post("/api/v1/session", json={"key": key}).status_code == 201
        yield http


@contextmanager
def without_sessions(office: Office) -> Iterator[None]:
    """As if the database were away for whoever looks up a session."""

    def rename(old: str, new: str) -> None:
        with closing(sqlite3.connect(office.home / DATABASE)) as database:
            database.execute(f"alter table {old} rename to {new}")

    rename("sessions", "elsewhere")
    try:
        yield
    finally:
        rename("elsewhere", "sessions")


def page_of(http: httpx2.Client) -> str:
    """The id of a page that was built for a browser."""
    found = re.search(r"['\"]client_id['\"]: *['\"]([0-9a-f-]{36})", http.get("/review/help").text)
    assert found is not None
    return found[1]


class Connection:
    """A connection for a page, by polling; `answer` is what came of beginning it."""

    def __init__(self, http: httpx2.Client, page: str) -> None:
        self._http = http
        self._query = {"EIO": "4", "transport": "polling", "client_id": page, "tab_id": page}
        self._query |= {"document_id": page, "implicit_handshake": "true", "next_message_id": "0"}
        self._query["sid"] = json.loads(self._get()[1:])["sid"]
        self._post("40")
        self.answer = self._get()

    def send(self, number: int, *message: object) -> None:
        """Returns when the service is done with it."""
        self._post(f"42{number}{json.dumps(message)}")
        while f"43{number}[" not in self._get():
            pass

    def _get(self) -> str:
        answer = self._http.get(SOCKET, params=self._query)
        assert answer.status_code == 200, answer.text
        return str(answer.text)

    def _post(self, packet: str) -> None:
        answer = self._http.post(SOCKET, params=self._query, content=packet)
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "数据库没有应答"), ("en", "nothing is lost")]
)
def test_a_page_says_that_the_database_is_away(office: Office, language: str, words: str) -> None:
    with signed_in(office) as http:
        http.cookies.set("extractor_language", language)
        with without_sessions(office):
            answer = http.get("/review/findings")
        assert answer.status_code == 503
        assert words in answer.text
        assert "sessions" not in answer.text
        assert "unsafe-inline" not in answer.headers["content-security-policy"]
        assert http.get("/review/findings").status_code == 200


def test_pages_count_as_calls_of_a_key(office: Office) -> None:
    with signed_in(office) as http:  # one call
        statuses = [http.get("/review/help").status_code for _ in range(CALLS - 1)]
        assert set(statuses) == {200}
        answer = http.get("/review/help")
        assert answer.status_code == 429
        assert "访问过于频繁" in answer.text
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert http.get("/review/sign-in").status_code == 200


def test_a_page_is_connected_to_by_its_own_key_alone(office: Office) -> None:
    with signed_in(office) as http, signed_in(office) as other:
        page = page_of(http)
        stranger = httpx2.Client(base_url=office.address, timeout=30.0)
        for somebody in (stranger, other):
            answer = Connection(somebody, page).answer
            assert answer.startswith("44")
            assert REFUSED in answer
        assert REFUSED in Connection(http, "no-such-page").answer
        with without_sessions(office):
            assert REFUSED in Connection(http, page).answer
        assert Connection(http, page).answer.startswith("40")
        csrf = http.get("/api/v1/session").json()["csrf_token"]
        token = http.cookies["extractor_session"]
        ended = http.delete("/api/v1/session", headers={"X-CSRF-Token": csrf})
        assert ended.status_code == 204
        http.cookies.set("extractor_session", token)  # whoever has copied it
        assert REFUSED in Connection(http, page).answer
        stranger.close()


def test_a_connection_is_heard_about_its_own_page_alone(office: Office) -> None:
    with signed_in(office) as http, signed_in(office) as other:
        page, theirs = page_of(http), page_of(other)
        assert Connection(http, page).answer.startswith("40")
        connection = Connection(other, theirs)
        for number, (about, text) in enumerate(((page, "about-another"), (theirs, "about-own"))):
            message = {"client_id": about, "level": "warning", "message": text}
            connection.send(number, "log", message)
        log = office.log.read_text(encoding="utf-8")
        assert "about-own" in log
        assert "about-another" not in log


def test_who_waits_for_a_report_stays_where_they_are_until_there_is_something_else(
    office: Office, browser: Browser
) -> None:
    with office.http() as http:
        answer = http.post("/documents", files=[("files", ("年报.txt", TEXT.read_bytes()))])
        document_id = answer.json()["documents"][0]["id"]
        visit = Visit(browser, office, [], [])
        page = visit(f"documents/{document_id}")
        page.get_by_text("正在提取").wait_for()
        link = page.get_by_role("link", name="返回收件箱")
        link.focus()
        page.wait_for_timeout(2500 * WATCH_SECONDS)  # in which it looks twice
        assert link.evaluate("link => link === document.activeElement")
        assert http.post(f"/documents/{document_id}/cancel").status_code < 300
        page.get_by_text("提取失败").wait_for()
        page.context.close()
        assert visit.errors == []
