"""The review of one report: its page beside its tables, and one doubt after the other.

This module asks the service and shows; what comes next and what an answer means is decided in
`desk`, `actions` and the service.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import html, run, ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from extractor.errors import ExtractorError
from extractor.review import desk as desks
from extractor.review.actions import NotADecision, decision
from extractor.review.components import FormTable, PageView, QuestionCard
from extractor.review.desk import queue
from extractor.review.frame import frame, tell
from extractor.review.loaded import Loaded, load
from extractor.review.problem_words import problem_words
from extractor.review.question_view import question_of
from extractor.review.report_parts import draw_figures, draw_findings, draw_head
from extractor.review.report_view import Say, cells_view, forms_view, marks_view
from extractor.review.review_words import card_words, page_words
from extractor.review.site import sign_in_address
from extractor.review.visitor import Visitor
from extractor.service.database import UNAVAILABLE
from extractor.service.decisions import undoable
from extractor.service.images import text_lines
from extractor.service.problems import (
    DATABASE_UNAVAILABLE,
    INVALID_REQUEST,
    VERSION_OUTDATED,
    ProblemError,
)
from extractor.service.tables import Document, Review, Role
from extractor.types import FIGURES

WATCH_SECONDS = 2.0
"""So often it is looked whether somebody else has changed the document."""


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
        self._is_busy = False
        self._shown: dict[int, Any] = {}

    async def build(self) -> None:
        """Show everything."""
        document, say = self._loaded.document, self._say
        pages = self._page_addresses()
        lines = [] if pages else await run.io_bound(self._lines) or []
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
                        first=self._question(),
                        on_act=self._on_act,
                        on_move=self._on_move,
                        on_undo=self._on_undo,
                        on_zoom=lambda event: self._page.magnify(str(event.args)),
                        on_choose=self._on_choose,
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
                    tables.props["aria-label"] = say("表格与数据", "Tables and figures")
        self._draw()
        ui.timer(WATCH_SECONDS, self._watch)

    # --- what was done ---

    async def _on_act(self, event: GenericEventArguments) -> None:
        """An answer about what the visitor saw; one about something else is a second press."""
        action = event.args
        subject, version = action.get("subject"), action.get("version")
        if subject != self._desk.current or version != self._desk.version or self._is_busy:
            return
        try:
            body = decision(action, subject, self._desk.result)
        except NotADecision as problem:
            self._card.refuse(self._say(*problem.texts))
            return

        def decide(at: int) -> Document:
            service, key_id = self._visitor.service, self._visitor.signed.principal.key_id
            document = self._loaded.document
            return service.reviews.decide(document, subject, body, key_id=key_id, version=at)

        await self._change(decide, subject)

    async def _on_undo(self, event: GenericEventArguments) -> None:
        if event.args.get("version") != self._desk.version or self._is_busy:
            return
        last = self._undoable()
        if last is None:
            self._card.refuse(self._say("没有可撤销的操作", "There is nothing to undo"))
            return

        def undo(at: int) -> Document:
            service, key_id = self._visitor.service, self._visitor.signed.principal.key_id
            return service.reviews.undo(self._loaded.document, key_id=key_id, version=at)

        if await self._change(undo, last.slot):
            self._desk = desks.chosen(self._desk, last.slot)
            self._refresh(self._say("已撤销", "Undone"))

    async def _change(self, change: Any, subject: str) -> bool:
        """Have the service change the document, and show what follows; whether it has.

        Where somebody else was faster, and what they changed is something else, it is done on top
        of that; else it is said, and nothing is changed.
        """
        if not self._is_signed_in():
            return False
        self._is_busy = True
        try:
            for _ in range(3):
                try:
                    await run.io_bound(change, self._desk.version)
                except ProblemError as problem:
                    if problem.type is not VERSION_OUTDATED or not await self._is_still(subject):
                        raise
                else:
                    break
            loaded = await run.io_bound(load, self._visitor, self._loaded.document.id)
        except _SomebodyElse:
            self._refresh()
            self._card.refuse(
                self._say(
                    "另一位复核人刚刚更改了此处，您的答案没有保存；请按现在的内容再核对。",
                    "Somebody else has just changed this; your answer was not saved. Look again.",
                )
            )
            return False
        except (ProblemError, ExtractorError, *UNAVAILABLE) as error:
            self._card.refuse(_told(error, self._say))
            return False
        finally:
            self._is_busy = False
        if loaded is None or loaded.result is None:
            self._gone()
            return False
        self._loaded = loaded
        self._desk = desks.answered(self._desk, loaded.result, loaded.document.version)
        self._refresh(self._news())
        return True

    async def _is_still(self, subject: str) -> bool:
        """Take over what somebody else has changed; True where that is something else."""
        before = self._desk
        if not await self._take_over():
            raise _SomebodyElse
        if not desks.is_same(before.result, self._desk.result, subject):
            raise _SomebodyElse
        return True

    async def _take_over(self) -> bool:
        """Show the document as it is by now; False where it is gone."""
        loaded = await run.io_bound(load, self._visitor, self._loaded.document.id)
        if loaded is None or loaded.result is None:
            self._gone()
            return False
        self._loaded = loaded
        document = loaded.document
        self._desk = desks.renewed(self._desk, loaded.result, document.version, document.generation)
        return True

    async def _on_move(self, event: GenericEventArguments) -> None:
        self._desk = desks.moved(self._desk, 1 if event.args == 1 else -1)
        self._refresh()

    async def _on_choose(self, event: GenericEventArguments) -> None:
        self._desk = desks.chosen(self._desk, str(event.args))
        self._refresh()

    async def _watch(self) -> None:
        """Follow what others do with the document."""
        if self._is_busy:
            return
        try:
            now = await run.io_bound(self._visitor.service.store.find, self._loaded.document.id)
        except UNAVAILABLE:
            return  # it is said when something is to be saved
        if now is None:
            self._gone()
        elif now.version != self._desk.version and await self._take_over():
            self._refresh(self._say("他人已更新此报告", "Somebody else has changed this report"))

    def _is_signed_in(self) -> bool:
        signed = self._visitor.now()
        if signed is not None:
            return True
        here = self._visitor.page("documents", self._loaded.document.id)
        ui.navigate.to(sign_in_address(self._visitor.root, here))
        return False

    def _gone(self) -> None:
        text = self._say(
            "此文件已被删除，不能再复核；此前的决定保留在审计记录中。",
            "This document has been removed and cannot be reviewed any more.",
        )
        tell(text, is_bad=True)
        self._card.refuse(text)

    def _undoable(self) -> Review | None:
        """The decision that would be undone."""
        generation = self._desk.generation
        mine = [review for review in self._loaded.trail if review.generation == generation]
        return undoable(mine, self._visitor.signed.principal.key_id)

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
            "last": self._last_decision(subject),
            "news": "",
        }

    def _last_decision(self, subject: str | None) -> str:
        about = [review for review in self._loaded.trail if review.slot == subject]
        if not about or about[-1].after is None:
            return ""
        last = about[-1]
        who = self._loaded.names.get(last.key_id, last.key_id)
        when = last.at.astimezone().strftime("%Y-%m-%d %H:%M")
        note = f"：{last.comment}" if last.comment else ""
        return self._say(f"{who} 于 {when} 核对{note}", f"{who} decided on {when}{note}")

    def _page_addresses(self) -> list[str]:
        document = self._loaded.document
        count = len(document.rotations or ())
        return [
            self._visitor.api("documents", document.id, "pages", str(page))
            + f"?generation={document.generation}"
            for page in range(1, count + 1)
        ]

    def _lines(self) -> list[dict[str, Any]]:
        service = self._visitor.service
        try:
            found = text_lines(self._loaded.document, service.store, service.settings)
        except (ExtractorError, OSError):
            return []
        return [{"line": line, "text": text} for line, text in found]

    def _draw(self) -> None:
        """The parts around the tables, those that have changed."""
        result, say, current = self._desk.result, self._say, self._desk.current
        document, is_figure = self._loaded.document, (current or "").startswith(FIGURES)
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
            (result["figures"], current if is_figure else None),
            lambda: draw_figures(result, current, self._schema, say, self._look_at),
        )

    def _draw_part(self, part: Element, shows: Any, draw: Callable[[], None]) -> None:
        if self._shown.get(part.id) != shows:
            self._shown[part.id] = shows
            part.clear()
            with part:
                draw()

    def _look_at(self, subject: str) -> None:
        self._desk = desks.chosen(self._desk, subject)
        self._refresh()


class _SomebodyElse(Exception):
    """What was to be answered is not any more what was shown."""


def _told(error: Exception, say: Say) -> str:
    """Why a decision was not taken."""
    if isinstance(error, ProblemError):
        if error.type is INVALID_REQUEST:
            return say(
                "这里很少是这样的数（负数或小数），没有保存；原文确实如此的，请先写附注再保存。",
                f"Not saved: {error.detail}.",
            )
        return problem_words(error.type.code, say)
    if isinstance(error, ExtractorError):
        return problem_words(error.code, say)
    return problem_words(DATABASE_UNAVAILABLE.code, say)
