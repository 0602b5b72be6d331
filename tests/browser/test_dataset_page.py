"""The page of the dataset: rows by pages, filters, and the same as files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlparse

import pytest

from eval.drill.real import Office
from tests.browser.conftest import Reports, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect


def rows(page: Page) -> Locator:
    return page.locator(".listing").first.locator("tbody tr")


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlparse(page.url).query)


def as_csv(page: Page, service: Office) -> list[dict[str, str]]:
    """What the link downloads, with the visitor's own cookie."""
    link = page.get_by_role("link", name="CSV").get_attribute("href")
    answer = page.request.get(f"{service.address}{link}")
    assert answer.ok
    return list(csv.DictReader(io.StringIO(answer.body().decode("utf-8-sig"))))


def test_cells_come_by_pages_and_the_file_has_them_all(
    visit: Visit, service: Office, reports: Reports
) -> None:
    page = visit(f"dataset?organization={reports.organization}")
    expect(page.locator(".total")).to_have_text("共 400 行")
    expect(rows(page)).to_have_count(100)
    seen = [rows(page).all_inner_texts()]
    for number in (2, 3, 4):
        page.get_by_role("link", name="下一页").click()
        expect(page.get_by_text(f"第 {number} 页，共 4 页")).to_be_visible()
        assert asked(page)["organization"] == [reports.organization]
        seen.append(rows(page).all_inner_texts())
    expect(page.get_by_role("link", name="下一页")).to_have_count(0)
    assert [len(one) for one in seen] == [100] * 4
    assert len(as_csv(page, service)) == 400
    page.get_by_role("link", name="上一页").click()
    expect(page.get_by_text("第 3 页，共 4 页")).to_be_visible()


def test_a_cell_over_the_years(visit: Visit, service: Office, reports: Reports) -> None:
    page = visit("dataset")
    page.get_by_label("机关名称").fill(reports.organization)
    page.get_by_label("单元格").select_option("requests.carried_over.total")
    page.get_by_role("button", name="筛选").click()
    expect(rows(page)).to_have_count(2)
    newest = rows(page).first
    for text in (
        "2022",
        "三、收到和处理",
        "二、上年结转政府信息公开申请数量",
        "总计",
        "5",
        "需复核",
    ):
        expect(newest).to_contain_text(text)
    link = newest.get_by_role("link", name="查看").get_attribute("href")
    assert link == f"/review/documents/{reports.second}?at=requests.carried_over.total"
    expect(page.get_by_text("文件不按“单元格”筛选")).to_be_visible()
    assert len(as_csv(page, service)) == 400


def test_files_have_the_filters_that_they_can(
    visit: Visit, service: Office, reports: Reports
) -> None:
    query = f"organization={reports.organization}&year=2021&table=disputes"
    page = visit(f"dataset?{query}&cell_status=accepted")
    expect(page.get_by_text("文件不按")).to_have_count(0)
    total = int(page.locator(".total").inner_text().split()[1])
    found = as_csv(page, service)
    assert 0 < total == len(found)
    assert {row["table"] for row in found} == {"disputes"}
    assert {row["status"] for row in found} == {"accepted"}
    for name in ("Excel (XLSX)", "Parquet"):
        link = page.get_by_role("link", name=name).get_attribute("href")
        assert page.request.get(f"{service.address}{link}").ok


def test_figures_and_findings_are_there_too(
    visit: Visit, service: Office, reports: Reports
) -> None:
    page = visit(f"dataset?organization={reports.organization}&year=2021&state=blank")
    page.get_by_role("link", name="正文关键数据").click()
    expect(page.get_by_role("columnheader", name="指标")).to_be_visible()
    assert asked(page) == {
        "content": ["figures"],
        "organization": [reports.organization],
        "year": ["2021"],
    }
    with service.client() as client:
        result, _ = client.extraction(reports.first)
    expect(rows(page)).to_have_count(len(result.figures))
    assert len(as_csv(page, service)) == len(result.figures)
    page.get_by_role("navigation", name="数据种类").get_by_role("link", name="勾稽问题").click()
    expect(rows(page)).to_have_count(len(result.findings))
    page.get_by_label("判断").select_option("reported")
    page.get_by_role("button", name="筛选").click()
    told = [one for one in result.findings if one.verdict == "reported"]
    expect(rows(page)).to_have_count(len(told))
    expect(page.get_by_text("文件不按“判断”筛选")).to_be_visible()


def test_the_dictionary_says_what_columns_mean(visit: Visit, reports: Reports) -> None:
    page = visit("dataset")
    page.get_by_text("各列含义").click()
    dictionary = page.get_by_role("region", name="数据字典")
    expect(dictionary.locator("tr").filter(has_text="probability")).to_contain_text("可信度")
    row = dictionary.get_by_role("rowheader", name="可信度", exact=True)
    expect(row).to_be_visible()
    header = page.get_by_role("columnheader", name="可信度").first
    assert header.get_attribute("title") == "导出列名：probability"


def test_findings_are_told_and_not_named_by_an_id(
    visit: Visit, service: Office, reports: Reports
) -> None:
    path = f"dataset?content=findings&organization={reports.organization}"
    page = visit(path)
    expect(rows(page).first).to_contain_text("相差")
    with service.client() as client:
        relation = client.extraction(reports.first)[0].findings[0].relation
    assert relation not in rows(page).all_inner_texts()[0]
    assert relation in {row["relation"] for row in as_csv(page, service)}
    expect(rows(visit(path, english=True)).first).to_contain_text("off by")


def test_whoever_filters_stays_where_they_were(visit: Visit, reports: Reports) -> None:
    """With the keyboard: on the field, on a part of the page, on a switch; and after turning pages
    on the way to the next one, with the top of the page in view."""
    page = visit("dataset")
    page.get_by_label("机关名称").fill(reports.organization)
    page.keyboard.press("Enter")
    page.wait_for_url("**organization=**")
    expect(page.get_by_label("机关名称")).to_be_focused()
    page.get_by_role("link", name="下一页").press("Enter")
    page.wait_for_url("**page=2**")
    expect(page.get_by_role("link", name="下一页")).to_be_focused()
    assert page.evaluate("scrollY") == 0
    page.get_by_role("link", name="勾稽问题").nth(1).press("Enter")
    page.wait_for_url("**content=findings**")
    expect(page.get_by_role("link", name="勾稽问题").nth(1)).to_be_focused()
    page.get_by_role("link", name="清除").press("Enter")
    page.wait_for_url("**content=findings")
    expect(page.get_by_role("link", name="清除")).to_be_focused()
    page.get_by_role("button", name="English").press("Enter")
    expect(page.get_by_role("button", name="中文")).to_be_focused()
    page.reload()  # which was no filter
    expect(rows(page).first).to_be_visible()
    assert page.evaluate("document.activeElement === document.body")


def test_nothing_found_is_said(visit: Visit, reports: Reports) -> None:
    page = visit("dataset?organization=没有这个机关")
    expect(page.locator(".empty")).to_contain_text("没有符合条件的数据")
    expect(page.locator(".total")).to_have_text("共 0 行")


def test_it_can_be_used_without_seeing_it(
    visit: Visit, reports: Reports, serious: Callable[[Page], list[str]]
) -> None:
    page = visit("dataset", viewport={"width": 390, "height": 800})
    expect(rows(page).first).to_be_visible()
    page.get_by_text("各列含义").click()
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
