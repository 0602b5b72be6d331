"""Administration and help in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from eval.drill.real import Office
from extractor.client import ApiError, Client
from extractor.export.words import FLAG
from extractor.service.auth import Keys
from extractor.service.store import Store
from extractor.service.tables import Role
from tests.browser.conftest import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect


@pytest.fixture
def store(service: Office) -> Iterator[Store]:
    with Store(service.home) as found:
        yield found


def key_row(page: Page, name: str) -> Locator:
    return page.locator(".keys tbody tr").filter(has_text=name)


def test_a_key_is_shown_once_and_works_until_it_is_revoked(visit: Visit, service: Office) -> None:
    page = visit("admin")
    page.get_by_label("使用者或用途").fill("赵六，档案室")
    page.get_by_label("权限", exact=True).select_option("uploader")
    page.get_by_role("button", name="新建密钥").click()
    shown = page.get_by_label("新密钥")
    expect(shown).to_be_focused()
    expect(page.locator(".made")).to_contain_text("只显示这一次")
    key = shown.input_value()
    page.get_by_role("button", name="复制").click()
    expect(page.get_by_role("button", name="已复制")).to_be_visible()
    with Client(service.address, key) as client:
        assert list(client.documents(status="queued")) == []
    page.get_by_role("button", name="我已保存").click()
    expect(shown).to_be_hidden()
    assert key not in page.content()

    expect(key_row(page, "赵六")).to_contain_text("上传员")
    page.get_by_role("button", name="停用此密钥 赵六，档案室").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("立即失去访问权限")
    dialog.get_by_role("button", name="停用").click()
    expect(key_row(page, "赵六")).to_contain_text("已停用")
    with Client(service.address, key) as client, pytest.raises(ApiError):
        list(client.documents(status="queued"))
    page.reload()
    trail = page.locator("table").last
    expect(trail.locator("tbody tr").first).to_contain_text("停用密钥")
    expect(trail.locator("tbody tr").first).to_contain_text("赵六，档案室（上传员）")


def test_the_last_administrator_stays_and_others_do_not(visit: Visit, store: Store) -> None:
    page = visit("admin")
    expect(page.locator(".keys")).to_contain_text("最后一个管理员，不能停用")
    deputy = Keys(store).create("副手", Role.ADMIN)
    theirs = visit("admin", key=deputy)
    expect(key_row(theirs, "副手")).to_contain_text("当前登录")
    theirs.get_by_role("button", name="停用此密钥 副手").click()
    dialog = theirs.get_by_role("dialog")
    expect(dialog).to_contain_text("这是您自己的密钥")
    dialog.get_by_role("button", name="停用").click()
    expect(theirs).to_have_url(re.compile("/review/sign-in"))  # the click has been carried out
    page.reload()
    expect(key_row(page, "副手")).to_contain_text("已停用")
    expect(page.locator(".keys")).to_contain_text("最后一个管理员，不能停用")


def test_what_is_told_of_the_service(visit: Visit, service: Office, store: Store) -> None:
    added = store.webhooks.add("http://127.0.0.1:9/reports", by="test")
    page = visit("admin")
    cards = page.locator(".card")
    expect(cards.filter(has_text="数据库")).to_contain_text("SQLite")
    expect(cards.filter(has_text="其中可提取")).to_contain_text("1")
    expect(cards.filter(has_text="数据文件夹")).to_contain_text("iB")
    settings = page.get_by_role("region", name="设置")
    expect(settings).to_contain_text("EXTRACTOR_MAX_RISK")
    expect(settings).to_contain_text("0.05 %")
    expect(page.locator("#content")).to_contain_text("没有可用的校准")  # another way of reading
    expect(page.get_by_role("region", name="通知地址")).to_contain_text(
        "http://127.0.0.1:9/reports"
    )
    store.webhooks.remove(added.id, by="test")


def test_others_are_told_that_they_may_not(visit: Visit, store: Store) -> None:
    page = visit("admin", key=Keys(store).create("王五", Role.REVIEWER))
    expect(page.get_by_role("heading", level=1)).to_have_text("无权查看此页")


def test_help_explains_every_flag_and_key(visit: Visit) -> None:
    page = visit("help")
    text = page.locator("#content").inner_text()
    assert [code for code in FLAG if code not in text] == []
    assert page.locator("kbd").count() > 15


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["admin", "help"])
def test_everybody_can_use_it(
    visit: Visit, serious: Callable[[Page], list[str]], path: str, theme: str
) -> None:
    page = visit(path, color_scheme=theme, english=theme == "dark")
    assert serious(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
