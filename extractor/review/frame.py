"""What is around every page: where one is, where one can go, messages, language and theme."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from nicegui import html, ui

from extractor.review.components import SignOut
from extractor.review.plain import early, switches
from extractor.review.visitor import Visitor
from extractor.service.tables import Role

STATIC = Path(__file__).parent / "static"

ROLES = {
    Role.UPLOADER: ("上传员", "uploader"),
    Role.REVIEWER: ("复核员", "reviewer"),
    Role.ADMIN: ("管理员", "administrator"),
}


@contextmanager
def frame(visitor: Visitor, title: str, current: str = "") -> Iterator[None]:
    """The frame of a page; what is built inside of it is the page.

    Args:
        visitor: who looks.
        title: of the page, for the window and as its heading to those who listen.
        current: the name of the part of the site that it belongs to, as in `_parts`.
    """
    say = visitor.say
    ui.page_title(title)
    ui.add_head_html(early(visitor.root))
    ui.add_css((STATIC / "look.css").read_text(encoding="utf-8"))
    with html.header().classes("bar"):
        html.a(say("跳到内容", "Skip to content"), href="#content").classes("skip")
        html.a(say("年报提取", "Extractor"), href=visitor.page("")).classes("brand")
        with html.nav(**{"aria-label": say("主导航", "Main")}):
            for name, address, words in _parts(visitor):
                link = html.a(words, href=address)
                if name == current:
                    link.props["aria-current"] = "page"
        with html.div().classes("who"):
            role = say(*ROLES[visitor.signed.principal.role])
            html.span(visitor.signed.name).classes("name")
            html.span(role).classes("role")
            ui.html(switches(visitor.is_english), sanitize=False, tag="span")
            SignOut(visitor)
    with html.div(id="content", tabindex="-1").classes("page"):
        yield
    html.ul(id="messages", role="status", **{"aria-live": "polite"})


def _parts(visitor: Visitor) -> Iterator[tuple[str, str, str]]:
    """The parts of the site that a visitor may see: name, address, words."""
    say = visitor.say
    yield "inbox", visitor.page(""), say("收件箱", "Inbox")
    if visitor.may(Role.REVIEWER):
        yield "next", visitor.page("next"), say("复核", "Review")
    yield "findings", visitor.page("findings"), say("勾稽问题", "Findings")
    yield "dataset", visitor.page("dataset"), say("数据集", "Dataset")
    yield "overview", visitor.page("overview"), say("统计", "Overview")
    if visitor.may(Role.ADMIN):
        yield "admin", visitor.page("admin"), say("管理", "Admin")
    yield "help", visitor.page("help"), say("帮助", "Help")


def tell(text: str, *, is_bad: bool = False) -> None:
    """Show a message on the page of whoever caused what is going on, until it is read."""
    kind = "bad" if is_bad else "good"
    ui.run_javascript(f"window.tellMessage?.({_quoted(text)}, {_quoted(kind)})")


def heading(text: str, *, hint: str = "") -> None:
    """The first heading of a page, with a line that says what it is for."""
    html.h1(text)
    if hint:
        html.p(hint).classes("hint")


def contents(visitor: Visitor, parts: Mapping[str, str]) -> None:
    """Links to the parts of a long page, by the ids of their headings."""
    with html.nav(**{"aria-label": visitor.say("本页内容", "On this page")}).classes("parts"):
        for name, text in parts.items():
            html.a(text, href=f"#{name}")


def table(label: str, columns: Iterable[tuple[str, str]], look: str = "wide") -> html.tbody:
    """A list with columns (their heading and class), which scrolls sideways where it is too wide;
    rows go into what is returned."""
    region = html.div(tabindex="0", role="region", **{"aria-label": label}).classes("scroll")
    with region, html.table().classes(f"list {look}"):
        with html.thead(), html.tr():
            for text, name in columns:
                html.th(text, scope="col").classes(name)
        return html.tbody()


def empty(text: str, hint: str = "") -> None:
    """What a page shows where there is nothing (yet)."""
    with html.div().classes("empty"):
        html.p(text).classes("what")
        if hint:
            html.p(hint).classes("hint")


def refused(visitor: Visitor, role: Role) -> None:
    """The page for somebody whose key does not allow it."""
    say = visitor.say
    ui.context.client.status_code = 403
    with frame(visitor, say("无权查看", "Not allowed")):
        heading(say("无权查看此页", "Not allowed"))
        needed = say(*ROLES[role])
        empty(
            say(f"此页需要“{needed}”权限的密钥。", f"This page needs a key of a {needed}."),
            say("请向管理员索取，或以其他密钥登录。", "Ask an administrator for one."),
        )


def missing(visitor: Visitor, what: str) -> None:
    """The page for something that is not there, or not any more."""
    say = visitor.say
    ui.context.client.status_code = 404
    with frame(visitor, say("未找到", "Not found")):
        heading(say("未找到", "Not found"))
        empty(what)
        html.a(say("返回收件箱", "Back to the inbox"), href=visitor.page("")).classes("button")


def unavailable(visitor: Visitor) -> None:
    """The page for when the database or the files do not answer."""
    say = visitor.say
    ui.context.client.status_code = 503
    with frame(visitor, say("暂时无法读取", "Not available")):
        heading(say("暂时无法读取数据", "The data cannot be read at the moment"))
        empty(
            say("数据库或文件存储没有应答。", "The database or the files do not answer."),
            say("请稍候刷新本页；数据不会丢失。", "Reload in a moment; nothing is lost."),
        )


def broken(visitor: Visitor) -> None:
    """The page for an error that nobody has thought of; the log has more."""
    say = visitor.say
    ui.context.client.status_code = 500
    with frame(visitor, say("出错了", "Something went wrong")):
        heading(say("此页出错了", "This page went wrong"))
        empty(
            say("服务遇到意外错误，已记入日志。", "An unexpected error; it is in the log."),
            say(
                "数据没有受影响。请返回后再试，仍然如此请告知管理员。",
                "No data is affected. Go back and try again, or tell an administrator.",
            ),
        )


def _quoted(text: str) -> str:
    """A text as a JavaScript string that is safe in a script."""
    return json.dumps(text).replace("<", "\\u003c")
