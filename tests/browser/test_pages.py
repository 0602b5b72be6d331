"""All pages: nobody sees one without a key, and everybody can use them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from eval.drill.real import Office
from tests.browser.conftest import Reports, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGES = (
    *("", "next", "findings", "dataset", "dataset?content=figures", "dataset?content=findings"),
    *("overview", "organizations", "organizations/{body}", "documents/{id}"),
    *("documents/{id}/trail", "admin", "help", "no/such/page", "documents/no-such-document"),
)
STEADY = 0.1
"""Layout shift up to which a page counts as steady (web.dev/cls)."""


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_a_page_without_a_key(browser: Browser, service: Office, path: str) -> None:
    context = browser.new_context()
    address = f"{service.address}/review/{path.format(id='x', body='x')}"
    answer = context.request.get(address, max_redirects=0)
    assert answer.status == 303
    assert answer.headers["location"].startswith("/review/sign-in?next=")
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_everybody_can_use_a_page(
    visit: Visit, reports: Reports, serious: Callable[[Page], list[str]], path: str
) -> None:
    page = visit(path.format(id=reports.first, body=reports.organization))
    page.locator("h1").first.wait_for()
    assert serious(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    # A plot takes the new width a moment after the window has.
    page.wait_for_function("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("path", ["", "documents/{id}", "dataset", "overview"])
def test_nothing_jumps_while_a_page_loads(visit: Visit, reports: Reports, path: str) -> None:
    page = visit(path.format(id=reports.first))
    page.locator("h1").first.wait_for()
    page.wait_for_load_state("networkidle")
    moved = page.evaluate(
        """() => new Promise(done => {
            let moved = 0;
            new PerformanceObserver(list => {
                for (const one of list.getEntries()) if (!one.hadRecentInput) moved += one.value;
            }).observe({ type: "layout-shift", buffered: true });
            setTimeout(() => done(moved), 300);
        })"""
    )
    assert moved < STEADY


def test_the_door_is_open_to_everybody_and_leads_back(
    browser: Browser, service: Office, serious: Callable[[Page], list[str]]
) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(f"{service.address}/review/findings?year=2021")
    assert page.locator(".ended").count() == 0  # nobody was signed in
    page.get_by_label("访问密钥").fill("ex_nobody_nothing")
    page.keyboard.press("Enter")
    page.get_by_text("密钥无效").wait_for()
    assert serious(page) == []
    page.get_by_label("访问密钥").fill(service.key)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="勾稽问题", level=1).wait_for()
    assert page.url == f"{service.address}/review/findings?year=2021"
    page.get_by_role("button", name="退出").press("Enter")
    page.get_by_label("访问密钥").wait_for()
    page.goto(f"{service.address}/review/")
    page.get_by_label("访问密钥").wait_for()
    context.close()


def test_what_is_not_there_is_said_to_be(visit: Visit) -> None:
    page = visit("no/such/page")
    page.get_by_text("没有这个页面").wait_for()
    answer = page.request.get(page.url)
    assert answer.status == 404


def test_a_link_of_another_site_leads_on_where_a_session_lives(
    visit: Visit, service: Office
) -> None:
    page = visit("help")
    page.route(
        "https://mail.example/",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f'<a href="{service.address}/review/findings?year=2021">link</a>',
        ),
    )
    page.goto("https://mail.example/")
    with page.expect_request(re.compile("/review/sign-in")):  # the cookie does not go with the link
        page.get_by_role("link").click()
    page.get_by_role("heading", name="勾稽问题", level=1).wait_for()
    assert page.url == f"{service.address}/review/findings?year=2021"


def test_signing_out_ends_the_session_that_another_page_has_begun(
    visit: Visit, service: Office
) -> None:
    page = visit("help")
    again = page.request.post(f"{service.address}/api/v1/session", data={"key": service.key})
    assert again.ok
    page.get_by_role("button", name="退出").click()
    page.get_by_label("访问密钥").wait_for()
    assert page.request.get(f"{service.address}/api/v1/session").status == 401


def test_a_failure_to_sign_out_is_said(visit: Visit, service: Office) -> None:
    page = visit("help")
    address = f"{service.address}/api/v1/session"
    page.route(address, lambda route: route.abort())
    page.get_by_role("button", name="退出").click()
    page.get_by_role("status").filter(has_text="未能退出").wait_for()
    page.unroute(address)
    page.get_by_role("button", name="退出").click()
    page.get_by_label("访问密钥").wait_for()


def test_language_and_theme_stay_as_they_were_chosen(visit: Visit, service: Office) -> None:
    page = visit("help")
    theme = page.locator("html")
    for shown, kept in (("自动明暗", "light"), ("浅色", "dark")):
        page.get_by_role("button", name=shown).click()
        assert theme.get_attribute("data-theme") == kept
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Dark").wait_for()
    assert (theme.get_attribute("lang"), theme.get_attribute("data-theme")) == ("en", "dark")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Key").wait_for()
    assert (theme.get_attribute("lang"), theme.get_attribute("data-theme")) == ("en", "dark")
    page.get_by_role("button", name="Dark").click()
    assert theme.get_attribute("data-theme") is None
