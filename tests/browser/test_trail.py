"""The trail of a document: who decided what, why, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from eval.drill.real import FIXTURES, Office
from tests.browser.conftest import Visit, upload

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect

SLOT = "requests.granted.total"
WHERE = "三、本年度办理结果 · （一）予以公开 × 总计"


def rows(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True).locator("tbody tr")


@pytest.fixture(scope="module")
def decided(service: Office) -> str:
    """A report with decisions about a cell, a figure and the report, extracted twice."""
    text = (FIXTURES / "plain-2021__html_clean.html").read_text("utf-8")
    document_id = upload(service, "丙.html", text.replace("枫沟市林业局", "枫沟市统计局"))
    with service.http() as http, service.client() as client:
        path = f"/documents/{document_id}"
        for body in (
            {"value": 19, "comment": "原件为 19"},
            {"withdrawn": True},
            {"state": "blank"},
        ):
            assert http.put(f"{path}/cells/{SLOT}", json=body).status_code == 200
        figure = http.get(f"{path}/extraction").json()["figures"][0]
        answer = http.put(f"{path}/figures/{figure['id']}", json={"confirmed": True})
        assert answer.status_code == 200
        assert http.put(f"{path}/report", json={"year": 2023}).status_code == 200
        assert http.post(f"{path}/extract").status_code == 202
        assert client.wait(document_id).generation == 1
    return document_id


def test_every_decision_is_told(visit: Visit, decided: str) -> None:
    page = visit(f"documents/{decided}/trail")
    told = rows(page, "复核决定")
    expect(told).to_have_count(5)
    for i, texts in enumerate(
        (
            (WHERE, "更正数值", "18", "已通过", "19", "原件为 19", "first administrator"),
            (WHERE, "撤回决定", "19", "已复核", "恢复为识别结果"),
            (WHERE, "更正内容", "18", "空白"),
            ("确认无误",),
            ("机关与年度", "枫沟市统计局，2022", "枫沟市统计局，2023"),
        )
    ):
        for text in texts:
            expect(told.nth(i)).to_contain_text(text)
    link = told.first.get_by_role("link", name=WHERE).get_attribute("href")
    assert link == f"/review/documents/{decided}?at={SLOT}"
    back = page.get_by_role("link", name="返回复核").get_attribute("href")
    assert back == f"/review/documents/{decided}"


def test_it_can_be_about_one_cell(visit: Visit, decided: str) -> None:
    page = visit(f"documents/{decided}/trail?slot=report")
    expect(rows(page, "复核决定")).to_have_count(1)
    page.get_by_label("单元格").select_option(label=WHERE)
    page.get_by_role("button", name="筛选").click()
    expect(rows(page, "复核决定")).to_have_count(3)
    assert page.url.endswith(f"?slot={SLOT}")
    page = visit(f"documents/{decided}/trail?slot=requests.granted.other")
    expect(page.get_by_text("没有关于这一单元格的决定")).to_be_visible()
    expect(rows(page, "文件操作")).to_have_count(2)


def test_extractions_are_told_with_what_they_changed(visit: Visit, decided: str) -> None:
    page = visit(f"documents/{decided}/trail")
    expect(rows(page, "文件操作")).to_have_count(2)
    expect(rows(page, "文件操作").last).to_contain_text("重新提取")
    told = rows(page, "各次提取")
    expect(told).to_have_count(2)
    assert told.last.locator("td.number").all_inner_texts() == ["0", "0"]
    columns = page.get_by_role("region", name="各次提取", exact=True).locator("thead th")
    assert columns.all_inner_texts()[1:3] == ["提取时", "复核后"]


def test_what_was_removed_keeps_its_trail(visit: Visit, service: Office) -> None:
    text = (FIXTURES / "plain-2019__html_clean.html").read_text("utf-8")
    document_id = upload(service, "丁.html", text.replace("鹤冈县", "鹤冈市"))
    with service.http() as http:
        path = f"/documents/{document_id}"
        answer = http.put(f"{path}/cells/{SLOT}", json={"state": "blank"})
        assert answer.status_code == 200
        assert http.delete(path).status_code == 204
    page = visit(f"documents/{document_id}/trail")
    expect(page.get_by_text("丁.html")).to_be_visible()
    expect(page.get_by_text("已删除")).to_be_visible()
    events = rows(page, "文件操作").locator("th").all_inner_texts()
    assert events == ["上传文件", "作出复核决定", "移除文件"]
    expect(page.get_by_role("link", name="返回复核")).to_have_count(0)


def test_a_document_that_never_was_is_said_not_to_be(visit: Visit) -> None:
    page = visit("documents/00000000-0000-0000-0000-000000000000/trail")
    expect(page.get_by_text("没有这份文件")).to_be_visible()


def test_it_can_be_used_without_seeing_it(
    visit: Visit, decided: str, serious: Callable[[Page], list[str]]
) -> None:
    phone = {"width": 390, "height": 800}
    page = visit(f"documents/{decided}/trail", english=True, viewport=phone)
    expect(rows(page, "Decisions")).to_have_count(5)
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
