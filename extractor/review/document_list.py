"""The list of documents, which follows what becomes of them; only what changes is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from nicegui import html, ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from extractor.review.asking import SessionEnded, ask, attempt, open_anew
from extractor.review.components import Confirm, Moment
from extractor.review.document_rows import CANCEL, EXTRACT_AGAIN, REMOVE, RETRY, row_of
from extractor.review.frame import empty, table, tell
from extractor.review.listing import words_of
from extractor.review.problem_words import problem_words
from extractor.review.visitor import Visitor
from extractor.service.auth import Principal
from extractor.service.models import StatusFilter
from extractor.service.problems import ProblemError
from extractor.service.routes import commands
from extractor.service.routes.wiring import Service, unknown
from extractor.service.sessions import Signed
from extractor.service.tables import Document, DocumentState

PAGE = 50
LOOK_SECONDS = 1.0
"""So often a list looks while something is being extracted."""
SELDOM = 5
"""Otherwise only every so many times: somebody else may have uploaded something."""

Command = Callable[[Document, Service, Principal], Document]
_COMMANDS: Mapping[str, Command] = {
    RETRY.name: commands.retry,
    CANCEL.name: commands.cancel,
    EXTRACT_AGAIN.name: commands.extract_again,
}
_ASKED = {
    REMOVE.name: (
        "移除“{name}”？文件、页面、提取结果和复核决定都将删除，不能恢复。",
        "Remove {name}? The file, its values and all decisions go for good.",
    ),
    EXTRACT_AGAIN.name: (
        "重新提取“{name}”？将按现在的程序、模型和设置重新识别；完成之前保留原结果，但不能复核。"
        "复核决定会沿用：表格数据和机关、年度照旧；正文数据和勾稽问题，内容仍相同的沿用，"
        "不同的须重新核对。原结果留作旧版，变化记入痕迹。",
        "Extract {name} again? It is read anew with today's program, models and settings. Until "
        "that is done the result stays, and cannot be reviewed. Decisions are kept: those about "
        "cells and whose report it is as they are, those about figures and findings where these "
        "are still the same. The old result can be had as an older one, and the trail tells what "
        "has changed.",
    ),
}
"""What is asked before it is done."""
_ROLES = {action.name: action.role for action in (RETRY, CANCEL, EXTRACT_AGAIN, REMOVE)}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which documents are listed; None asks for any."""

    status: StatusFilter | None = None
    organization: str | None = None
    year: int | None = None

    @classmethod
    def of(cls, status: str, organization: str, year: str) -> Filter:
        """As it stands in an address; what makes no sense there asks for nothing."""
        is_year = year.strip().isascii() and year.strip().isdecimal() and len(year.strip()) < 5
        return cls(
            StatusFilter(status) if status in list(StatusFilter) else None,
            words_of(organization),
            int(year) if is_year else None,
        )

    def __bool__(self) -> bool:
        return self != Filter()

    @property
    def query(self) -> dict[str, Any]:
        """As the catalog takes it."""
        is_state = self.status in (StatusFilter.QUEUED, StatusFilter.RUNNING)
        return {
            "state": DocumentState(self.status) if self.status and is_state else None,
            "status": self.status.value if self.status and not is_state else None,
            "organization": self.organization,
            "year": self.year,
        }


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is at a moment: documents by state, and of those of a filter how many there are,
    and the newest."""

    by_state: Mapping[DocumentState, int]
    matching: int
    documents: Sequence[Document]

    @property
    def is_busy(self) -> bool:
        return bool(self.by_state[DocumentState.QUEUED] or self.by_state[DocumentState.RUNNING])


class DocumentRow(Element, component="static/document_row.js"):
    """A document in a list. `act` is called with the name of what is to be done."""

    def __init__(
        self, row: dict[str, Any], created_at: datetime, act: Callable[[str], Awaitable[None]]
    ) -> None:
        super().__init__()
        self._row = row
        self.props["row"] = row
        with self:
            Moment(created_at)

        async def acted(event: GenericEventArguments) -> None:
            await act(str(event.args))

        self.on("act", acted)

    def show(self, row: dict[str, Any]) -> None:
        """Show the document as it is now."""
        if row != self._row:
            self._row = row
            self.props["row"] = row


class DocumentList:
    """The documents of a filter, the newest first, with a line about the queue above."""

    def __init__(self, visitor: Visitor, wanted: Filter) -> None:
        """Build it, empty; `refresh` fills it, and does so again as long as the page is there.
        `must_stay` says whether the page cannot be left."""
        say = visitor.say
        self._visitor = visitor
        self._wanted = wanted
        self._limit = PAGE
        self._rows: dict[str, DocumentRow] = {}
        self._is_busy = True
        self._pauses = 0
        self._refreshing = asyncio.Lock()
        self.must_stay: Callable[[], bool] = lambda: False
        self._queue = ui.label().classes("queue").props("role=status")
        with html.div().classes("documents") as self._table:
            self._body = table(say("文件列表", "Documents"), _columns(visitor), "")
            with html.div().classes("actions"):
                self._count = ui.label().classes("quiet")
                self._more = html.button(say("显示更多", "Show more"), type="button")
                self._more.on("click", self._show_more)
        with html.div() as self._nothing:
            empty(
                say("还没有文件", "There are no documents yet"),
                say(
                    "把年度报告拖到页面上，或点“选择文件”；处理完成后在这里查看和复核。",
                    "Drop reports onto this page, or choose some; they are listed here.",
                ),
            )
        with html.div() as self._no_match:
            empty(say("没有符合条件的文件", "No document matches"))
            html.a(say("清除筛选条件", "Clear the filter"), href=visitor.page("")).classes("button")
        self._confirm = {
            REMOVE.name: Confirm(
                say("移除", "Remove"),
                say("不，保留", "No, keep it"),
                partial(self._do, REMOVE.name),
            ),
            EXTRACT_AGAIN.name: Confirm(
                say("重新提取", "Extract again"),
                say("不，保留现有结果", "No, leave it as it is"),
                partial(self._do, EXTRACT_AGAIN.name),
                is_dangerous=False,
            ),
        }
        for part in (self._table, self._nothing, self._no_match):
            part.set_visibility(False)
        self._timer = ui.timer(LOOK_SECONDS, self._tick, immediate=False)

    async def _tick(self) -> None:
        self._pauses += 1
        if self._is_busy or self._pauses >= SELDOM:
            await self.refresh()

    async def refresh(self) -> None:
        """Show what there is now."""
        async with self._refreshing:
            self._pauses = 0
            try:
                seen = await ask(self._visitor, self._look)
            except SessionEnded:
                self._end()
            except ProblemError as error:
                words = problem_words(error.type.code, self._visitor.say)
                self._queue.set_text(words)
            else:
                self._show(seen)

    def _look(self, signed: Signed) -> Seen:
        store, query = self._visitor.service.store, self._wanted.query
        documents = store.list(**query, limit=self._limit)
        return Seen(store.count_by_state(), store.count(**query), documents)

    def _end(self) -> None:
        if not self.must_stay():
            open_anew()
            return
        self._timer.deactivate()
        words = ("登录已结束，列表不再更新。", "The session has ended; the list stands still.")
        self._queue.set_text(self._visitor.say(*words))

    def _show(self, seen: Seen) -> None:
        say = self._visitor.say
        self._is_busy = seen.is_busy
        self._queue.set_text(queue_words(seen.by_state, self._visitor))
        has_any = bool(seen.documents)
        self._table.set_visibility(has_any)
        self._nothing.set_visibility(not has_any and not self._wanted)
        self._no_match.set_visibility(not has_any and bool(self._wanted))
        n, of = len(seen.documents), seen.matching
        self._count.set_text(say(f"显示 {n} 份，共 {of} 份", f"{n} of {of} documents"))
        self._more.set_visibility(n < of)
        present = {document.id for document in seen.documents}
        for gone in set(self._rows) - present:
            self._rows.pop(gone).delete()
        for i, document in enumerate(seen.documents):
            row = row_of(document, self._visitor)
            if known := self._rows.get(document.id):
                known.show(row)
                continue
            act = partial(self._act, document.id, document.name)
            with self._body:
                made = DocumentRow(row, document.created_at, act)
            if i < len(self._rows):
                made.move(self._body, i)
            self._rows[document.id] = made

    async def _show_more(self) -> None:
        self._limit += PAGE
        await self.refresh()

    # --- what is done with a document ---

    async def _act(self, document_id: str, name: str, action: str) -> None:
        if action in self._confirm:
            text = self._visitor.say(*_ASKED[action])
            self._confirm[action].ask(text.format(name=name), document_id)
        elif action in _COMMANDS:
            await self._do(action, document_id)

    async def _do(self, action: str, document_id: str) -> None:
        service = self._visitor.service

        def done(signed: Signed) -> bool:
            caller = signed.principal
            caller.require(_ROLES[action])
            if action == REMOVE.name:
                commands.remove(document_id, service, caller)
                return True
            document = service.store.find(document_id)
            if document is None:
                raise unknown(document_id)
            _COMMANDS[action](document, service, caller)
            return True

        if await attempt(self._visitor, done) and action == REMOVE.name:
            tell(self._visitor.say("已移除。", "It was removed."))
        await self.refresh()


def queue_words(by_state: Mapping[DocumentState, int], visitor: Visitor) -> str:
    """How many documents wait and how many are being extracted."""
    waiting, running = by_state[DocumentState.QUEUED], by_state[DocumentState.RUNNING]
    if not waiting and not running:
        return visitor.say("队列为空，全部处理完毕。", "Nothing waits; all is done.")
    return visitor.say(
        f"排队 {waiting} 份，正在处理 {running} 份。", f"{waiting} wait, {running} in progress."
    )


def _columns(visitor: Visitor) -> Sequence[tuple[str, str]]:
    say = visitor.say
    return (
        (say("文件", "Document"), "file-column"),
        (say("公开机关", "Organisation"), "organization-column"),
        (say("年度", "Year"), "year-column"),
        (say("状态", "State"), "state-column"),
        (say("待核问题", "Questions"), "to-answer-column"),
        (say("勾稽问题", "Findings"), "findings-column"),
        (say("上传时间", "Uploaded"), "when-column"),
        (say("操作", "Actions"), "what-column"),
    )
