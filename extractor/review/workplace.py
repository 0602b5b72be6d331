"""The review of one report: its page beside its tables, and one doubt after the other.

This module asks the service and shows; what comes next and what an answer means is decided in
`desk`, `actions` and the service.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from nicegui import html, ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from extractor.review import desk as desks
from extractor.review.actions import NotADecision, decision
from extractor.review.asking import SessionEnded, ask, sign_in_again
from extractor.review.components import FormTable, PageView, QuestionCard
from extractor.review.desk import queue
from extractor.review.frame import frame, tell
from extractor.review.loaded import Loaded, last_decision, lines_of, load, page_addresses
from extractor.review.problem_words import problem_words
from extractor.review.question_view import finding_text, question_of
from extractor.review.report_parts import draw_figures, draw_findings, draw_head
from extractor.review.report_view import cells_view, forms_view, marks_view
from extractor.review.review_words import card_words, page_words
from extractor.review.visitor import Visitor
from extractor.service.answers import Body
from extractor.service.decisions import undoable
from extractor.service.problems import INTERNAL_ERROR, VERSION_OUTDATED, ProblemError
from extractor.service.review_models import FigureBody
from extractor.service.sessions import Signed
from extractor.service.tables import Document, Review, Role
from extractor.types import FIGURES

log = logging.getLogger(__name__)

WATCH_SECONDS = 2.0
"""So often it is looked whether somebody else has changed the document."""
TRIES = 5
"""Of a decision, where others decide about other cells at the same time."""
# A click beside the cells scrolls nothing and answers nothing; keys stay with the question.
_KEEP_FOCUS = "(event) => { if (!event.target.closest('button, a')) event.preventDefault(); }"


class Workplace:
    """One open page of a report, for one visitor."""

    def __init__(self, visitor: Visitor, loaded: Loaded, at: str) -> None:
        assert loaded.result is not None
        self._visitor = visitor
        self._say = visitor.say
        self._schema = visitor.service.reviews.schema
        self._loaded = loaded
        document = loaded.document
        self._desk = desks.opened(loaded.result, document.version, document.generation, at)
        self._may = visitor.may(Role.REVIEWER)
        self._lock = asyncio.Lock()
        is_lost = bool(at) and at != self._desk.current
        lost = self._say("没有找到所指之处", "What the address names is not there")
        self._welcome = lost if is_lost else ""
        self._shown: dict[int, Any] = {}

    async def build(self) -> None:
        """Show everything."""
        document, say = self._loaded.document, self._say
        pages = page_addresses(self._visitor, document)
        lines = (
            [] if pages else await ask(self._visitor, lambda _: lines_of(self._visitor, document))
        )
        with frame(self._visitor, f"{document.name} · {say('复核', 'Review')}", "next"):
            self._head = html.div().classes("report-head")
            if not self._may:
                html.p(
                    say("您的密钥只能查看，不能复核。", "Your key may look, and not review.")
                ).classes("hint")
            with html.div().classes("desk"):
                self._page = PageView(
                    pages=pages,
                    lines=lines,
                    words=page_words(say),
                    first=marks_view(self._desk, self._schema, self._say),
                )
                with html.div().classes("right"):
                    self._card = QuestionCard(
                        words=card_words(self._visitor, document.id),
                        may=self._may,
                        pages=pages,
                        first=self._question() | {"news": self._welcome},
                        on_act=self._on_act,
                        on_move=self._on_move,
                        on_undo=self._on_undo,
                        on_zoom=lambda event: self._page.magnify(str(event.args)),
                        on_choose=self._on_choose,
                        on_again=self._watch,
                    )
                    with html.div(tabindex="0", role="region").classes("tables") as tables:
                        self._findings = html.section().classes("report-findings")
                        self._table = FormTable(
                            forms=forms_view(self._desk.result, self._schema, self._say),
                            words={"absent": say("文件中未找到本表", "This table was not found")},
                            first=cells_view(self._desk, self._schema, self._say),
                            on_choose=self._on_choose,
                        )
                        self._figures = html.section().classes("report-figures")
                    tables.on("mousedown", js_handler=_KEEP_FOCUS)
                    tables.props["aria-label"] = say("表格与数据", "Tables and figures")
        self._draw()
        ui.timer(WATCH_SECONDS, self._watch)

    # --- what was done, one thing after the other ---

    async def _on_act(self, event: GenericEventArguments) -> None:
        """An answer about what the visitor saw; one about something else is not taken."""
        async with self._turn():
            action, desk = event.args, self._desk
            subject = action.get("subject")
            if (subject, action.get("version")) != (desk.current, desk.version):
                self._refresh()
                return
            try:
                body = decision(action, subject, desk.result, self._schema.kinds)
            except NotADecision as problem:
                self._card.refuse(self._say(*problem.texts))
                return
            await self._decide(subject, body)

    async def _on_undo(self, event: GenericEventArguments) -> None:
        """Only ever what the visitor saw as the last: nothing that came since."""
        async with self._turn():
            last = self._undoable()
            if event.args.get("version") != self._desk.version or last is None:
                self._refresh()
                return

            def undo(signed: Signed) -> Document:
                signed.principal.require(Role.REVIEWER)
                key_id, version = signed.principal.key_id, self._desk.version
                service, document = self._visitor.service, self._loaded.document
                return service.reviews.undo(document, key_id=key_id, version=version)

            try:
                await ask(self._visitor, undo)
            except ProblemError as problem:
                if problem.type is VERSION_OUTDATED and await self._take_over():
                    self._refresh()
                self._card.refuse(problem_words(problem.type.code, self._say))
                return
            if await self._go_on():
                self._desk = desks.chosen(self._desk, last.slot)
                self._refresh(self._say("已撤销", "Undone"))

    async def _on_move(self, event: GenericEventArguments) -> None:
        async with self._turn():
            self._desk = desks.moved(self._desk, 1 if event.args == 1 else -1)
            self._refresh()

    async def _on_choose(self, event: GenericEventArguments) -> None:
        await self._look_at(str(event.args))

    async def _look_at(self, subject: str) -> None:
        async with self._turn():
            self._desk = desks.chosen(self._desk, subject)
            self._refresh()

    async def _on_withdraw(self, subject: str) -> None:
        """Of a figure that is said not to be there, and so can be looked at no more."""
        async with self._turn():
            await self._decide(subject, FigureBody(withdrawn=True))

    async def _watch(self, _: object = None) -> None:
        """Follow what others do with the document, as long as the visitor may see it."""
        if self._lock.locked():
            return
        async with self._turn():
            try:
                store, document_id = self._visitor.service.store, self._loaded.document.id
                now = await ask(self._visitor, lambda _: store.find(document_id))
                if now is None:
                    self._gone()
                elif now.version != self._desk.version:
                    await self._follow()
            except ProblemError:
                return  # it is said when something is to be saved

    async def _follow(self) -> None:
        """Show what somebody else has done, and say so where it is what is looked at."""
        before = self._desk
        if not await self._take_over():
            return
        self._refresh(self._say("他人已更新此报告", "Somebody else has changed this report"))
        current = self._desk.current
        if current is not None and not desks.is_same(before.result, self._desk.result, current):
            self._card.refuse(
                self._say(
                    "他人刚刚更改了此处，请按现在的内容再核对。",
                    "Somebody else has just changed this; look again.",
                )
            )

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """One thing at a time; whatever goes wrong is told."""
        async with self._lock:
            try:
                yield
            except SessionEnded:
                sign_in_again()
            except ProblemError as problem:  # such as a database that is away
                self._card.refuse(problem_words(problem.type.code, self._say))
            except Exception:  # the visitor learns that it happened, the log what it was
                log.exception("the review of %s", self._loaded.document.id)
                self._card.refuse(problem_words(INTERNAL_ERROR.code, self._say))

    # --- what follows ---

    async def _decide(self, subject: str, body: Body) -> None:
        """Have the service take a decision, and show what follows.

        Where somebody else was faster, and what they changed is something else, it is taken on top
        of that; else it is said, and nothing is changed.
        """
        shown = self._desk

        def decide(signed: Signed) -> Document:
            signed.principal.require(Role.REVIEWER)
            key_id, version = signed.principal.key_id, self._desk.version
            service, document = self._visitor.service, self._loaded.document
            return service.reviews.decide(document, subject, body, key_id=key_id, version=version)

        for _ in range(TRIES):
            try:
                await ask(self._visitor, decide)
                break
            except ProblemError as problem:
                if problem.type is not VERSION_OUTDATED:
                    self._card.refuse(problem_words(problem.type.code, self._say))
                    return
            if not await self._take_over():
                return
            if not desks.is_same(shown.result, self._desk.result, subject):
                self._refresh()
                self._card.refuse(
                    self._say(
                        "另一位复核人刚刚更改了此处，您的答案没有保存；请按现在的内容再核对。",
                        "Somebody else has just changed this; your answer was not saved. Look "
                        "again.",
                    )
                )
                return
        else:
            self._refresh()
            self._card.refuse(problem_words(VERSION_OUTDATED.code, self._say))
            return
        if await self._go_on():
            self._refresh(self._news())
            if broken := desks.contradictions(shown.result, self._desk.result, subject):
                told = finding_text(broken[0], self._schema, self._say)
                self._card.refuse(
                    self._say(
                        f"已保存，但与合计不符：{told}。如属误输，请按 U 撤销。",
                        f"Saved, but now a sum does not hold: {told}. If it was a slip, press U.",
                    )
                )

    async def _go_on(self) -> bool:
        """Put what follows from a decision on the desk; False where it cannot be shown."""
        try:
            loaded = await ask(self._visitor, lambda _: load(self._visitor, self._document_id))
        except ProblemError:
            self._card.refuse(
                self._say(
                    "已保存，但暂时读不到最新结果；请稍候刷新此页。",
                    "It is saved, and what follows cannot be read at the moment; reload the page.",
                )
            )
            return False
        if not self._is_shown(loaded):
            return False
        self._desk = desks.answered(self._desk, *self._now())
        return True

    async def _take_over(self) -> bool:
        """Put the document on the desk as it is by now; False where that is not possible."""
        loaded = await ask(self._visitor, lambda _: load(self._visitor, self._document_id))
        if not self._is_shown(loaded):
            return False
        self._desk = desks.renewed(self._desk, *self._now())
        return True

    def _is_shown(self, loaded: Loaded | None) -> bool:
        """Take a document that was loaded; False where it is gone, or was extracted again: then
        pages and places are other ones, and the page is opened anew."""
        if loaded is None or loaded.result is None:
            self._gone()
            return False
        self._loaded = loaded
        if loaded.document.generation != self._desk.generation:
            sign_in_again()
            return False
        return True

    def _now(self) -> tuple[desks.Json, int]:
        assert self._loaded.result is not None
        return self._loaded.result, self._loaded.document.version

    @property
    def _document_id(self) -> str:
        return self._loaded.document.id

    def _gone(self) -> None:
        text = self._say(
            "此文件已被删除，不能再复核。",
            "This document has been removed and cannot be reviewed any more.",
        )
        tell(text, is_bad=True)
        self._card.refuse(text)

    def _undoable(self) -> Review | None:
        """The decision that would be undone."""
        return undoable(self._loaded.own_trail, self._visitor.signed.principal.key_id)

    # --- what is shown ---

    def _refresh(self, news: str = "") -> None:
        self._card.show(self._question() | {"news": news})
        self._table.show(cells_view(self._desk, self._schema, self._say))
        self._page.show(marks_view(self._desk, self._schema, self._say))
        self._draw()

    def _news(self) -> str:
        cleared = len(self._desk.cleared)
        if not cleared:
            return self._say("已保存", "Saved")
        return self._say(
            f"已保存，另有 {cleared} 处存疑随之消除",
            f"Saved; {cleared} more doubts are settled by it",
        )

    def _question(self) -> dict[str, Any]:
        desk, say = self._desk, self._say
        subject = desk.current
        line = queue(desk.result)
        at = line.index(subject) + 1 if subject in line else 0
        place = say(f"待核 {len(line)} 处", f"{len(line)} open")
        if at:
            place = say(f"第 {at} 处，共 {len(line)} 处待核", f"{at} of {len(line)} open")
        question = None if subject is None else question_of(desk.result, subject, self._schema, say)
        return {
            "subject": subject,
            "version": desk.version,
            "question": question or {"reasons": [], "alternatives": []},
            "place": place,
            "open": len(line),
            "canUndo": self._undoable() is not None,
            "last": last_decision(self._loaded, subject, say),
            "news": "",
        }

    def _draw(self) -> None:
        """The parts around the tables, those that have changed."""
        result, say, current = self._desk.result, self._say, self._desk.current
        document, is_figure = self._loaded.document, (current or "").startswith(FIGURES)
        absent = self._loaded.absent if self._may else []
        self._draw_part(
            self._head,
            (result["report"], queue(result)),
            lambda: draw_head(self._visitor, document, result, self._look_at, may=self._may),
        )
        self._draw_part(
            self._findings,
            (result["findings"],),
            lambda: draw_findings(result, self._schema, say, self._look_at),
        )
        self._draw_part(
            self._figures,
            (result["figures"], current if is_figure else None, len(absent)),
            lambda: draw_figures(
                result, current, absent, self._schema, say, self._look_at, self._on_withdraw
            ),
        )

    def _draw_part(self, part: Element, shows: Any, draw: Callable[[], None]) -> None:
        if self._shown.get(part.id) != shows:
            self._shown[part.id] = shows
            part.clear()
            with part:
                draw()
