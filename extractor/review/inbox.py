"""The inbox: upload, and what became of it."""

from __future__ import annotations

from nicegui import html

from extractor.review.document_list import DocumentList, Filter
from extractor.review.document_rows import STATE
from extractor.review.frame import frame, heading
from extractor.review.site import Site
from extractor.review.upload import Upload
from extractor.review.visitor import Visitor
from extractor.review.words import status_words
from extractor.service.models import StatusFilter
from extractor.service.tables import Role
from extractor.types import Status


def define(site: Site) -> None:
    """Define the page."""

    @site.page("/")
    async def inbox(
        visitor: Visitor, status: str = "", organization: str = "", year: str = ""
    ) -> None:
        say = visitor.say
        wanted = Filter.of(status, organization, year)
        with frame(visitor, say("收件箱", "Inbox"), "inbox"):
            heading(
                say("收件箱", "Inbox"),
                hint=say("上传年度报告，查看提取进度。", "Upload reports, and follow them.")
                if visitor.may(Role.UPLOADER)
                else say("查看提取进度，复核存疑之处。", "Follow reports, and review them."),
            )
            upload = html.div()  # before the list, which it tells
            _filters(visitor, wanted)
            documents = DocumentList(visitor, wanted)
            with upload:
                if visitor.may(Role.UPLOADER):
                    place = Upload(visitor, documents.refresh)
                    documents.must_stay = lambda: place.is_busy
                else:
                    _who_uploads(visitor)
            await documents.refresh()


def _who_uploads(visitor: Visitor) -> None:
    """In place of the upload, so that nobody looks for it."""
    html.p(
        visitor.say(
            "上传、重试和重新提取由上传员或管理员进行；您的密钥是复核员的，用于查看和复核。"
            "需要上传的，请管理员另发密钥。",
            "Uploaders and administrators upload, retry and extract again; your key is a "
            "reviewer's, for looking and deciding. Ask an administrator for a key to upload with.",
        )
    ).classes("hint who-uploads")


def _filters(visitor: Visitor, wanted: Filter) -> None:
    """A form that asks for the page again, so that what is looked for stands in its address."""
    say = visitor.say
    label = say("筛选", "Filter")
    form = html.form(method="get", action=visitor.page(""), role="search", **{"aria-label": label})
    with form, html.div().classes("filters"):
        with html.p():
            html.label(say("状态", "State"), **{"for": "filter-status"})
            with html.select(id="filter-status", name="status"):
                html.option(say("全部", "all"), value="")
                for status, words in _statuses(visitor):
                    option = html.option(words, value=status.value)
                    if status is wanted.status:
                        option.props["selected"] = True
        with html.p():
            html.label(say("机关名称", "Organisation"), **{"for": "filter-organization"})
            _field("organization", wanted.organization, say("名称的一部分", "part of its name"))
        with html.p():
            html.label(say("年度", "Year"), **{"for": "filter-year"})
            year = str(wanted.year) if wanted.year is not None else None
            _field("year", year, "2024").props('inputmode=numeric pattern="[0-9]{4}" size=6')
        with html.div().classes("actions"):
            html.button(say("筛选", "Filter"), type="submit")
            if wanted:
                html.a(say("清除", "Clear"), href=visitor.page(""))


def _field(name: str, value: str | None, example: str) -> html.input_:
    """A field that keeps what is typed: as an attribute (`^`), its first value is set but once."""
    field = html.input_(id=f"filter-{name}", name=name, placeholder=example, autocomplete="off")
    if value is not None:
        field.props["^value"] = value
    return field


def _statuses(visitor: Visitor) -> list[tuple[StatusFilter, str]]:
    words = {state.value: visitor.say(*pair) for state, pair in STATE.items()}
    words |= {status.value: status_words(status, visitor.say) for status in Status}
    return [(status, words[status.value]) for status in StatusFilter]
