"""A real service with its pages, and a browser that is signed in to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from eval.drill.real import FIXTURES, TEXT, Office, office
from extractor.service.models import DocumentModel

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response

DONE = FIXTURES / "blanks-2021__md_tables.md"
DOCUMENTS = Path(__file__).parent / "documents"
_numbers = count(1)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@dataclass(frozen=True)
class Visit:
    """Opens pages of the service, each in a browser of its own, signed in with a key."""

    browser: Browser
    service: Office
    opened: list[Page]
    errors: list[str]

    def __call__(
        self, path: str, *, key: str | None = None, english: bool = False, **options: Any
    ) -> Page:
        """`options` are those of a browser context, such as `color_scheme` or `viewport`."""
        given = {"viewport": {"width": 1280, "height": 900}, "locale": "zh-CN", **options}
        context = self.browser.new_context(**given)
        address = self.service.address
        language = "en" if english else "zh"
        context.add_cookies([{"name": "extractor_language", "value": language, "url": address}])
        sign_in = f"{address}/api/v1/session"
        answer = context.request.post(sign_in, data={"key": key or self.service.key})
        assert answer.ok, answer.text()
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("response", lambda response: self._note(response))
        page.goto(f"{address}/review/{path}")
        page.wait_for_function("window.did_handshake")
        self.opened.append(page)
        return page

    def _note(self, response: Response) -> None:
        """What a page asks for and the service does not understand is a defect of the page."""
        if response.status == 422 and response.request.method == "GET":
            self.errors.append(f"{response.url}: 422")


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("pages") / "home", token_classifier=False) as found:
        yield found


@pytest.fixture(scope="package")  # its event loop is in the way of tests that have their own
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no chromium is installed")
    playwright.expect.set_options(timeout=30_000)
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@dataclass(frozen=True)
class Reports:
    """Two reports of one body, whose second one does not go on from the first, and errors of the
    first one's own; the ids of the documents."""

    organization: str
    first: str
    second: str


@pytest.fixture(scope="package")
def reports(service: Office) -> Reports:
    organization, other = "马蹄湾市投资促进局", "枫沟市林业局"
    first = (FIXTURES / "wrong-sums-2021__html_clean.html").read_text("utf-8")
    second = (FIXTURES / "plain-2021__html_clean.html").read_text("utf-8")
    second = second.replace(other, organization)  # 2022, the year after
    ids = [upload(service, name, text) for name, text in (("甲.html", first), ("乙.html", second))]
    return Reports(organization, *ids)


def upload(service: Office, name: str, text: str) -> str:
    """Have a document extracted; returns its id."""
    with service.http() as http, service.client() as client:
        answer = http.post("/documents", files=[("files", (name, text.encode()))])
        document_id: str = answer.json()["documents"][0]["id"]
        assert client.wait(document_id).state == "done"
        return document_id


@pytest.fixture
def visit(browser: Browser, service: Office) -> Iterator[Visit]:
    """Opens pages; what breaks in a page's scripts breaks the test."""
    visits = Visit(browser, service, [], [])
    yield visits
    for page in visits.opened:
        page.context.close()
    assert visits.errors == []


@pytest.fixture
def report(tmp_path: Path) -> Callable[[], Path]:
    """Makes reports that nobody has uploaded before; a second or so to extract."""

    def made() -> Path:
        number = next(_numbers)
        path = tmp_path / f"年报{number}.txt"
        path.write_text(f"{TEXT.read_text(encoding='utf-8')}\n（第{number}份）", encoding="utf-8")
        return path

    return made


@pytest.fixture(scope="package")
def done(service: Office) -> DocumentModel:
    """A finished report, the only one of its organisation, for tests that change nothing."""
    with service.client() as client:
        (one,) = client.upload([DONE]).documents
        return client.wait(one.id)


@pytest.fixture
def serious(visit: Visit) -> Callable[[Page], list[str]]:
    """Names what axe finds that keeps people out of a page, in both themes."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def found(page: Page) -> list[str]:
        told = []
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            told += [
                f"{theme}, {one['id']}: {one['nodes'][0]['html'][:200]}"
                for one in axe.run(page).response["violations"]
                if one["impact"] in ("serious", "critical")
            ]
        return told

    return found
