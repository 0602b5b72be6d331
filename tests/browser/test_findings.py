"""The page of findings: what it lists, and what its address says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlparse

import pytest

from eval.drill.real import Office
from tests.browser.conftest import Reports, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect


def rows(page: Page) -> Locator:
    return page.locator("table.list tbody tr")


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlparse(page.url).query)


def findings(service: Office, **query: Any) -> list[Any]:
    with service.http() as http:
        found: list[Any] = http.get("/findings", params={"limit": 200, **query}).json()["findings"]
        return found


def test_every_finding_is_told_with_its_numbers_and_the_way_to_it(
    visit: Visit, service: Office, reports: Reports
) -> None:
    page = visit(f"findings?organization={reports.organization}&verdict=reported")
    known = findings(service, organization=reports.organization, verdict="reported")
    assert known
    expect(rows(page)).to_have_count(len(known))
    for i, finding in enumerate(known):
        row = rows(page).nth(i)
        gap = f"相差 {abs(finding['expected'] - finding['found'])}"
        for text in ("报告自身不平衡", gap, reports.organization, "甲.html"):
            expect(row).to_contain_text(text)
        numbers = row.locator("td.number").all_inner_texts()
        assert numbers == [str(finding["expected"]), str(finding["found"])]
        link = row.get_by_role("link", name="查看").get_attribute("href")
        assert link == (
            f"/review/documents/{finding['document_id']}?at=findings.{finding['relation']}"
        )
    body = rows(page).first.get_by_role("link", name=reports.organization)
    body.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(reports.organization)


def test_filters_stand_in_the_address_and_stay(
    visit: Visit, service: Office, reports: Reports
) -> None:
    page = visit("findings")
    page.get_by_label("关系类型").select_option(label="收办平衡")
    page.get_by_label("机关名称").fill("马蹄湾市")
    page.get_by_label("报告年度").select_option("2021")
    page.get_by_role("button", name="筛选").click()
    expect(rows(page)).to_have_count(1)
    assert asked(page) == {"kind": ["balance"], "organization": ["马蹄湾市"], "year": ["2021"]}
    expect(page.get_by_label("关系类型")).to_have_value("balance")
    expect(page.get_by_label("机关名称")).to_have_value("马蹄湾市")
    cards = page.get_by_role("navigation", name="按判断")
    expect(cards.get_by_role("link", name="全部")).to_have_text("1全部")
    cards.get_by_role("link", name="无法判定").click()
    expect(page.locator(".empty")).to_contain_text("没有符合条件的问题")
    assert asked(page)["verdict"] == ["undecided"]
    assert asked(page)["kind"] == ["balance"]
    page.get_by_role("link", name="清除").click()
    expect(page.get_by_label("关系类型")).to_have_value("")
    assert asked(page) == {}


def test_relations_with_the_last_year_and_the_text_are_kinds(
    visit: Visit, service: Office, reports: Reports
) -> None:
    for kind, words, part in (
        ("years", "与上年衔接", "across_years"),
        ("text", "正文与表格", "text."),
    ):
        page = visit(f"findings?organization={reports.organization}&kind={kind}")
        known = [
            one
            for one in findings(service, organization=reports.organization)
            if part in one["relation"]
        ]
        assert known
        expect(rows(page)).to_have_count(len(known))
        expect(rows(page).first).to_contain_text(words)


def test_nonsense_in_the_address_asks_for_nothing(visit: Visit, reports: Reports) -> None:
    page = visit("findings?verdict=maybe&kind=odd&year=zweitausend&page=x")
    expect(page.get_by_role("link", name="全部")).to_have_attribute("aria-current", "true")
    expect(rows(page).first).to_be_visible()
    page = visit("findings?organization=%00")
    expect(page.get_by_text("地址有误")).to_be_visible()
    page = visit("findings?page=999999")
    expect(page.locator(".empty")).to_be_visible()
    expect(page.get_by_role("link", name="上一页")).to_be_visible()


def test_it_can_be_used_without_seeing_it_or_a_mouse(
    visit: Visit, reports: Reports, serious: Callable[[Page], list[str]]
) -> None:
    page = visit("findings")
    expect(rows(page).first).to_be_visible()
    assert serious(page) == []
    page.get_by_label("机关名称").focus()
    page.keyboard.type("马蹄")
    page.keyboard.press("Enter")
    expect(page.get_by_label("机关名称")).to_have_value("马蹄")
    assert asked(page) == {"organization": ["马蹄"]}


def test_it_fits_a_telephone_and_speaks_english(visit: Visit, reports: Reports) -> None:
    page = visit("findings", english=True, viewport={"width": 390, "height": 800})
    expect(page.get_by_role("heading", level=1)).to_have_text("Findings")
    expect(page.get_by_role("columnheader", name="What does not add up")).to_have_count(1)
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
