"""The inbox in a browser: upload, follow, filter, and what is done with documents."""

from __future__ import annotations

import re
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from eval.drill.real import SCAN, Office
from extractor.review.document_list import PAGE
from extractor.service.auth import Keys
from extractor.service.models import DocumentModel
from extractor.service.store import Store
from extractor.service.tables import Document, DocumentState, Role
from tests.browser.conftest import Reports, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Route

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect

CHOOSER = "input[type=file][multiple]"
UPLOADS = re.compile(r"/api/v1/documents$")
Report = Callable[[], Path]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """What is certainly no report."""
    path = tmp_path / "setup.exe"
    path.write_bytes(b"MZ\x90\x00" + bytes(200))
    return path


def row(page: Page, name: str) -> Locator:
    return page.locator(".documents tbody tr").filter(has_text=name)


def outcome(page: Page, name: str) -> Locator:
    return page.locator(".upload .results li").filter(has_text=name)


def test_a_chosen_file_is_followed_until_it_is_done(
    visit: Visit, service: Office, report: Report, program: Path
) -> None:
    page = visit("")
    path = report()
    page.set_input_files(CHOOSER, [path, program])
    expect(outcome(page, path.name)).to_contain_text("已接收")
    expect(outcome(page, program.name)).to_contain_text("不支持这种格式")
    expect(row(page, path.name)).to_contain_text("用时")
    cells = row(page, path.name).locator("td")
    assert cells.nth(1).inner_text().isdecimal()
    link = row(page, path.name).get_by_role("link", name=f"CSV {path.name}")
    answer = page.request.get(service.address + str(link.get_attribute("href")))
    assert answer.ok
    assert "attachment" in answer.headers["content-disposition"]
    review = row(page, path.name).get_by_role("link", name=f"复核 {path.name}")
    assert re.search(r"/review/documents/[0-9a-f-]{36}$", str(review.get_attribute("href")))

    page.set_input_files(CHOOSER, [path])
    expect(outcome(page, path.name)).to_contain_text("内容相同")


def test_folders_and_archives_are_dropped_anywhere_on_the_page(
    visit: Visit, report: Report, tmp_path: Path
) -> None:
    page = visit("")
    folder = tmp_path / "年报"
    (folder / "乙").mkdir(parents=True)
    inner = report().rename(folder / "乙" / "乙局.txt")
    (folder / ".DS_Store").write_bytes(b"x")
    packed = report()
    archive = tmp_path / "更多.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.write(packed, "丙局.txt")
        opened.writestr("code.py", "print(1)")
    drop(page, folder, archive)
    expect(outcome(page, f"年报/乙/{inner.name}")).to_contain_text("已接收")
    expect(row(page, f"年报/乙/{inner.name}")).to_be_visible()
    expect(outcome(page, "更多.zip/丙局.txt")).to_contain_text("已接收")
    expect(outcome(page, "更多.zip/code.py")).to_contain_text("数据或程序代码")
    expect(page.locator(".upload .results li")).to_have_count(3)


def test_a_chosen_folder_is_part_of_the_names(visit: Visit, report: Report, tmp_path: Path) -> None:
    page = visit("")
    folder = tmp_path / "二〇二四"
    folder.mkdir()
    inner = report().rename(folder / "丁局.txt")
    page.set_input_files("input[webkitdirectory]", folder)
    expect(row(page, f"二〇二四/{inner.name}")).to_be_visible()


def drop(page: Page, *paths: Path) -> None:
    """Drop files on the heading, as the desktop does."""
    devices = page.context.new_cdp_session(page)
    box = page.locator("h1").bounding_box()
    assert box is not None
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        place = {"type": kind, "x": box["x"] + 5, "y": box["y"] + 5}
        devices.send("Input.dispatchDragEvent", {**place, "data": data})


def test_a_scan_is_followed_page_by_page_and_given_up(visit: Visit, tmp_path: Path) -> None:
    page = visit("")
    scan = tmp_path / "扫描.pdf"
    scan.write_bytes(SCAN.read_bytes() + b"\n% not seen before")
    page.set_input_files(CHOOSER, [scan])
    expect(row(page, scan.name)).to_contain_text(re.compile(r"文字识别（第 1/\d 页）"))
    expect(row(page, scan.name).locator("progress")).to_be_visible()
    expect(page.locator(".queue")).to_contain_text("正在处理 1 份")
    cancel = row(page, scan.name).get_by_role("button", name="取消")
    cancel.focus()
    cancel.press("Enter")
    expect(row(page, scan.name)).to_contain_text("已取消")
    expect(row(page, scan.name).get_by_role("button", name="重试")).to_be_focused()


def test_a_failure_says_why_and_can_be_tried_again(visit: Visit, tmp_path: Path) -> None:
    page = visit("")
    path = tmp_path / "总结.txt"
    path.write_text("某县的工作总结，没有任何表格。", encoding="utf-8")
    page.set_input_files(CHOOSER, [path])
    failed = row(page, path.name)
    expect(failed).to_contain_text("没有找到年度报告的表格")
    failed.get_by_text("详情").click()
    expect(failed.locator("[lang=en]")).to_be_visible()
    retry = failed.get_by_role("button", name="重试")
    retry.click()
    expect(failed.locator(".tag")).to_have_text(re.compile("排队中|处理中"))
    expect(failed).to_contain_text("没有找到年度报告的表格")
    expect(retry).to_be_visible()


def test_what_is_removed_is_asked_for_first(visit: Visit, report: Report) -> None:
    page = visit("")
    path = report()
    page.set_input_files(CHOOSER, [path])
    expect(row(page, path.name)).to_be_visible()
    remove = row(page, path.name).get_by_role("button", name="移除")
    remove.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(path.name)
    expect(dialog.get_by_role("button", name="不，保留")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(remove).to_be_focused()
    remove.press("Enter")
    dialog.get_by_role("button", name="移除").click()
    expect(row(page, path.name)).to_have_count(0)
    expect(page.locator("#messages")).to_contain_text("已移除")


def test_extracting_again_says_first_what_it_does(
    visit: Visit, service: Office, report: Report
) -> None:
    page = visit("")
    path = report()
    page.set_input_files(CHOOSER, [path])
    again = row(page, path.name).get_by_role("button", name="重新提取")
    again.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("复核决定会沿用")
    expect(dialog.get_by_role("button", name="不，保留现有结果")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(again).to_be_focused()
    with service.client() as client:
        (one,) = [one for one in client.documents() if one.name == path.name]
        assert (one.state, one.generation) == ("done", 0)
        again.press("Enter")
        expect(dialog.get_by_role("button", name="不，保留现有结果")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(dialog).to_be_hidden()
        deadline = time.monotonic() + 60
        while client.wait(one.id).generation == 0:  # it has not begun yet
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_filters_stand_in_the_address(visit: Visit, done: DocumentModel) -> None:
    assert done.organization is not None
    page = visit(f"?year={done.year}")
    expect(row(page, done.name)).to_be_visible()
    page.get_by_label("机关名称").fill(done.organization[:3])
    page.get_by_label("状态").select_option(done.status)
    page.get_by_role("button", name="筛选").click()
    page.wait_for_url(re.compile(rf"status={done.status}.*year={done.year}"))
    expect(page.locator(".documents tbody tr")).to_have_count(1)
    assert page.get_by_label("机关名称").input_value() == done.organization[:3]
    page.get_by_label("年度", exact=True).fill("1999")
    page.keyboard.press("Enter")
    expect(page.locator(".empty:visible")).to_contain_text("没有符合条件的文件")
    expect(page.get_by_label("年度", exact=True)).to_be_focused()
    page.get_by_role("link", name="清除筛选条件").click()
    expect(row(page, done.name)).to_be_visible()


def test_long_lists_are_shown_in_pages(visit: Visit, service: Office) -> None:
    body, n = "分页局", PAGE + 5
    with Store(service.home) as store:
        rows = [finished(body, i) for i in range(n)]
        with store._session.begin() as session:
            session.add_all(rows)
        page = visit(f"?organization={body}")
        shown = page.locator(".documents tbody tr")
        expect(shown).to_have_count(PAGE)
        expect(page.locator(".documents")).to_contain_text(f"显示 {PAGE} 份，共 {n} 份")
        more = page.get_by_role("button", name="显示更多")
        more.click()
        expect(shown).to_have_count(n)
        expect(shown.first).to_contain_text(f"{n - 1}.txt")
        expect(shown.last).to_contain_text("0.txt")
        expect(more).to_be_hidden()
        for one in rows:
            store.remove(one.id, key_id="test")


def finished(organization: str, number: int) -> Document:
    """The row of a finished document, without its files."""
    now = datetime.now(UTC)
    return Document(
        id=f"{organization}-{number}",
        sha256=f"{organization}{number:0>61}",
        name=f"{number}.txt",
        size=1,
        state=DocumentState.DONE,
        status="accepted",
        media_type="text/plain",
        organization=organization,
        year=2001,
        attempts=1,
        page=0,
        pages=0,
        created_at=now,
        started_at=now,
        finished_at=now,
        settles=0.0,
    )


def test_what_somebody_types_stays_while_the_list_changes(
    visit: Visit, service: Office, report: Report
) -> None:
    page = visit("")
    field = page.get_by_label("机关名称")
    field.fill("民政")
    with service.client() as client:
        (one,) = client.upload([report()]).documents
        expect(row(page, one.name)).to_be_visible()
        client.remove(one.id)
    assert field.input_value() == "民政"
    expect(field).to_be_focused()


def test_nothing_is_lost_when_the_connection_or_the_session_is(
    visit: Visit, report: Report
) -> None:
    page = visit("")
    path = report()
    page.route(UPLOADS, lambda route: route.abort())
    page.set_input_files(CHOOSER, [path])
    expect(page.locator(".trouble")).to_contain_text("连接中断")
    expect(page.locator(".trouble")).to_contain_text("还有 1 个文件没有发送")
    page.unroute(UPLOADS)
    page.route(UPLOADS, lambda route: route.fulfill(status=401, json={"code": "unauthorized"}))
    again = page.get_by_role("button", name="继续发送 1 个文件")
    again.click()
    expect(page.locator(".trouble")).to_contain_text("登录已失效")
    page.unroute(UPLOADS)
    again.click()
    expect(outcome(page, path.name)).to_contain_text("已接收")


def test_a_file_that_a_proxy_does_not_let_through_holds_up_no_other(
    visit: Visit, report: Report
) -> None:
    page = visit("")
    large, small = report(), report()

    def proxied(route: Route) -> None:
        body = (route.request.post_data_buffer or b"").decode(errors="replace")
        if large.name in body:
            route.fulfill(status=413, body="<html>Request Entity Too Large</html>")
        else:
            route.continue_()

    page.route(UPLOADS, proxied)
    page.set_input_files(CHOOSER, [large, small])
    expect(outcome(page, large.name)).to_contain_text("超过单个文件上限")
    expect(outcome(page, small.name)).to_contain_text("已接收")


def test_whoever_was_signed_out_is_led_to_the_door(visit: Visit, service: Office) -> None:
    page = visit("?year=2020")
    csrf = {"X-CSRF-Token": "csrf"}
    answer = page.request.get(f"{service.address}/api/v1/session")
    if answer.ok:
        csrf = {"X-CSRF-Token": answer.json()["csrf_token"]}
    page.request.delete(f"{service.address}/api/v1/session", headers=csrf)
    page.wait_for_url(re.compile(r"/sign-in\?next=/review/%3Fyear%3D2020"))
    assert page.locator(".ended").count() == 0  # they signed out themselves, in this browser


def test_a_reviewer_uploads_and_removes_nothing(
    visit: Visit, service: Office, done: DocumentModel
) -> None:
    with Store(service.home) as store:
        key = Keys(store).create("王五", Role.REVIEWER)
    page = visit("", key=key)
    expect(row(page, done.name)).to_contain_text("复核")
    assert page.locator(CHOOSER).count() == 0
    assert row(page, done.name).get_by_role("button").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_use_it(
    visit: Visit,
    done: DocumentModel,
    serious: Callable[[Page], list[str]],
    program: Path,
    theme: str,
) -> None:
    page = visit("", english=theme == "dark", color_scheme=theme)
    expect(row(page, done.name)).to_be_visible()
    page.set_input_files(CHOOSER, [program])
    expect(outcome(page, program.name)).to_be_visible()
    assert serious(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_keyboard_reaches_everything(visit: Visit, done: DocumentModel) -> None:
    page = visit(f"?organization={done.organization}")
    expect(row(page, done.name)).to_be_visible()
    wanted = {"选择文件", "选择文件夹", "筛选"}
    wanted |= {f"{text} {done.name}" for text in ("复核", "痕迹", "XLSX", "重新提取", "移除")}
    for _ in range(60):
        page.keyboard.press("Tab")
        wanted.discard(page.evaluate("document.activeElement.textContent.trim()"))
        if not wanted:
            break
    assert wanted == set()


def test_the_count_is_of_what_the_review_asks(visit: Visit, reports: Reports) -> None:
    page = visit(f"?organization={reports.organization}&year=2021")
    count = page.locator(".documents tbody tr td.number").nth(1).inner_text()
    assert int(count) > 0
    page.get_by_role("link", name="复核", exact=False).locator("visible=true").last.click()
    expect(page.locator(".report-head .tag")).to_have_text(f"待核问题 {count} 个")


def test_a_reviewer_is_told_who_uploads(visit: Visit, service: Office) -> None:
    with service.http() as http:
        key = http.post("/keys", json={"name": "复核", "role": "reviewer"}).json()["key"]
    page = visit("", key=key)
    expect(page.get_by_text("您的密钥是复核员的")).to_be_visible()
    expect(page.locator(CHOOSER)).to_have_count(0)
