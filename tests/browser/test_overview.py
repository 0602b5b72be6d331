"""Plots over all reports, and organisations over the years."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from eval.drill.real import Office
from tests.browser.conftest import Reports, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect

RECEIVED, CLOSED = "本年新收政府信息公开申请（件）", "办理结果构成"
DOUBTS, BROKEN = "存疑单元格的比例", "勾稽问题最多的机关"


def plot(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True).first


def numbers(page: Page, title: str) -> dict[str, list[str]]:
    """The table of a plot, by what its rows are about."""
    section = plot(page, title)
    section.get_by_text("同样的数字").click()
    rows = section.locator("tbody tr").all()
    texts = [row.locator("th, td").all_inner_texts() for row in rows]
    return {first: rest for first, *rest in texts}


def test_plots_say_what_the_reports_say(visit: Visit, service: Office, reports: Reports) -> None:
    with service.http() as http:
        cells = http.get("/dataset", params={"table": "requests"}).text.splitlines()
        findings = http.get("/findings", params={"limit": 200}).json()["findings"]
    names = cells[0].lstrip("\ufeff").split(",")
    year, slot, value = (names.index(name) for name in ("year", "slot", "value"))
    found = [line.split(",") for line in cells[1:]]
    received = sum(
        int(one[value])
        for one in found
        if one[year] == "2022" and one[slot] == "requests.new_received.total"
    )
    page = visit("overview")
    told = numbers(page, RECEIVED)
    assert int(told["2022"][0].replace(",", "")) == received
    shares = numbers(page, CLOSED)["2021"][:6]
    assert sum(float(text.rstrip("%")) for text in shares) == pytest.approx(100, abs=0.5)
    assert set(numbers(page, DOUBTS)) >= {"2021", "2022"}
    mine = [one for one in findings if one["organization"] == reports.organization]
    assert numbers(page, BROKEN)[reports.organization][-1] == str(len(mine))
    reported = sum(one["verdict"] == "reported" for one in findings)
    expect(page.get_by_role("link", name="处报告自身差错")).to_contain_text(str(reported))


def test_plots_are_drawn_in_the_colours_of_the_theme(visit: Visit, reports: Reports) -> None:
    colours = []
    page = visit("overview")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        chart = plot(page, RECEIVED).locator(".nicegui-echart")
        expect(chart).to_have_attribute(
            "aria-label", re.compile(f"{re.escape(RECEIVED)}: 2021, 2022")
        )
        bar = chart.locator("svg path[fill='var(--series-1)']").first
        expect(bar).to_be_attached()
        colours.append(bar.evaluate("bar => getComputedStyle(bar).fill"))
    assert len(set(colours)) == 2


def test_plots_are_for_everybody(
    visit: Visit, reports: Reports, serious: Callable[[Page], list[str]]
) -> None:
    page = visit("overview", viewport={"width": 390, "height": 800})
    numbers(page, CLOSED)
    expect(page.locator("svg").first).to_be_visible()
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_body_over_the_years(visit: Visit, reports: Reports) -> None:
    page = visit("organizations?name=马蹄湾")
    page.get_by_role("link", name=reports.organization).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(reports.organization)
    table = page.get_by_role("region", name="三、收到和处理政府信息公开申请情况")
    expect(table.locator("thead th")).to_have_text(["行", "列", "2021", "2022"])
    expect(table.locator("tbody tr")).to_have_count(25)
    over = table.locator("tbody tr").filter(has_text="二、上年结转")
    expect(over.locator(".broken")).to_contain_text("与上年报告不衔接，差 −1")
    link = over.locator(".broken a").get_attribute("href")
    assert link == f"/review/documents/{reports.second}?at=requests.carried_over.total"
    granted = table.locator("tbody tr").filter(has_text="（一）予以公开")
    expect(granted.locator("td").last).to_contain_text("+5")
    page.get_by_role("link", name="全部数据").click()
    expect(table.locator("tbody tr")).to_have_count(25 * 7)
    listed = page.get_by_role("region", name="报告", exact=True).locator("tbody tr")
    expect(listed).to_have_count(2)
    expect(listed.first).to_contain_text("乙.html")
    trail = listed.first.get_by_role("link", name="查看").get_attribute("href")
    assert trail == f"/review/documents/{reports.second}/trail"


def test_a_body_is_for_everybody(
    visit: Visit, reports: Reports, serious: Callable[[Page], list[str]]
) -> None:
    phone = {"width": 390, "height": 800}
    page = visit(f"organizations/{reports.organization}", viewport=phone)
    expect(page.locator(".broken").first).to_be_attached()
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_bodies_that_there_are_not_are_said_not_to_be(visit: Visit, reports: Reports) -> None:
    page = visit("organizations/没有这个机关")
    expect(page.get_by_text("没有“没有这个机关”的报告")).to_be_visible()
    page = visit("organizations?name=没有")
    expect(page.get_by_text("没有这样的机关")).to_be_visible()
