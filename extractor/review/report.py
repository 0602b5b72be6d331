"""The page of a report, and the way to the report to look at next."""

from __future__ import annotations

from anyio.to_thread import run_sync
from fastapi import Response
from fastapi.responses import RedirectResponse
from nicegui import html, ui

from extractor.review.frame import empty, frame, heading, missing
from extractor.review.loaded import load
from extractor.review.problem_words import problem_words
from extractor.review.site import Site
from extractor.review.visitor import Visitor
from extractor.review.workplace import WATCH_SECONDS, Workplace
from extractor.service.database import UNAVAILABLE
from extractor.service.tables import Document, DocumentState, Role


def define(site: Site) -> None:
    """Define the page of a report, and the way to the one to look at next."""

    @site.page("/next", role=Role.REVIEWER)
    async def next_one(visitor: Visitor, after: str = "") -> Response | None:
        store = visitor.service.store
        found = await run_sync(store.next_question, [after] if after else [])
        if found is not None:
            return RedirectResponse(visitor.page("documents", found.id), status_code=303)
        say = visitor.say
        with frame(visitor, say("复核", "Review"), "next"):
            heading(say("复核", "Review"))
            empty(
                say("没有待核对的数据。", "Nothing is in doubt."),
                say(
                    "新上传的报告提取完成后，存疑之处会出现在这里。",
                    "What new reports leave in doubt will be here.",
                ),
            )
        return None

    @site.page("/documents/{document_id}")
    async def review(visitor: Visitor, document_id: str, at: str = "") -> Response | None:
        found = await run_sync(load, visitor, document_id)
        say = visitor.say
        if found is None:
            missing(
                visitor, say("没有这份文件，可能已被删除。", "There is no such document any more.")
            )
            return None
        if found.result is None:
            _not_reviewable(visitor, found.document)
            return None
        await Workplace(visitor, found, at).build()
        return None


def _not_reviewable(visitor: Visitor, document: Document) -> None:
    say = visitor.say
    with frame(visitor, document.name):
        heading(document.name)
        if document.state == DocumentState.FAILED:
            empty(
                say("提取失败，没有可复核的结果。", "It could not be extracted."),
                problem_words(document.problem_code or "", say),
            )
        else:
            empty(
                say("正在提取，完成后即可复核。", "It is being extracted."),
                say("此页会自动刷新。", "This page comes back by itself."),
            )
            ui.timer(WATCH_SECONDS, lambda: _come_back(visitor, document.id))
        html.a(say("返回收件箱", "Back to the inbox"), href=visitor.page("")).classes("button")


async def _come_back(visitor: Visitor, document_id: str) -> None:
    """Have the page asked for again once something else is to be seen there; until then whoever
    has gone to a link with the keyboard stays there."""
    try:
        now = await run_sync(visitor.service.store.find, document_id)
    except UNAVAILABLE:
        return  # the next look may find it
    if now is None or now.has_result or DocumentState(now.state).is_final:
        ui.navigate.reload()
