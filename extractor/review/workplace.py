"""The review of one report: its page beside its tables, and one doubt after the other.

This module shows. What comes next and what an answer means is decided in `desk` and `actions`, the
service is asked in `reviewing`.
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
from extractor.review.asking import SessionEnded, ask, open_anew
from extractor.review.components import FormTable, PageView, QuestionCard
from extractor.review.desk import Json
from extractor.review.figure_view import differing
from extractor.review.frame import frame, tell
from extractor.review.loaded import (
    Loaded,
    can_be_withdrawn,
    last_decision,
    page_addresses,
    text_of,
)
from extractor.review.problem_words import problem_words
from extractor.review.question_view import finding_text, question_of
from extractor.review.report_parts import (
    draw_failures,
    draw_figures,
    draw_findings,
    draw_head,
    draw_left_out,
)
from extractor.review.report_view import cells_view, forms_view, marks_view
from extractor.review.review_words import card_words, drafts_key, page_words
from extractor.review.reviewing import ExtractedAgain, NotDone, Removed, Reviewing
from extractor.review.text_view import TextView
from extractor.review.visitor import Visitor
from extractor.service.answers import Body, is_slot
from extractor.service.open_questions import queue
from extractor.service.problems import INTERNAL_ERROR, ProblemError
from extractor.service.review_models import FigureBody
from extractor.service.tables import Role
from extractor.types import FIGURES

log = logging.getLogger(__name__)

WATCH_SECONDS = 2.0
"""So often it is looked whether somebody else has changed the document."""
# A click beside the cells scrolls nothing and answers nothing; keys stay with the question.
_KEEP_FOCUS = "(event) => { if (!event.target.closest('button, a')) event.preventDefault(); }"


class Workplace:
    """One open page of a report, for one visitor."""

    def __init__(self, visitor: Visitor, loaded: Loaded, at: str) -> None:
        self._visitor = visitor
        self._say = visitor.say
        self._schema = visitor.service.reviews.schema
        self._open = Reviewing(visitor, loaded, at)
        self._may = visitor.may(Role.REVIEWER)
        self._lock = asyncio.Lock()
        is_lost = bool(at) and at != self._desk.current
        lost = self._say("没有找到所指之处", "What the address names is not there")
        self._welcome = lost if is_lost else ""
        self._shown: dict[int, Any] = {}
        self._text: TextView | None = None

    @property
    def _desk(self) -> desks.Desk:
        return self._open.desk

    async def build(self) -> None:
        """Show everything."""
        document, say = self._open.loaded.document, self._say
        pages = page_addresses(self._visitor, document)
        if not pages:
            self._text = await ask(self._visitor, lambda _: text_of(self._visitor, document))
        with frame(self._visitor, f"{document.name} · {say('复核', 'Review')}", "next"):
            self._head = html.div().classes("report-head")
            if not self._may:
                html.p(
                    say("您的密钥只能查看，不能复核。", "Your key may look, and not review.")
                ).classes("hint")
            with html.div().classes("desk"):
                self._page = PageView(
                    pages=pages,
                    parts=self._text.parts if self._text else [],
                    words=page_words(say),
                    first=self._marks(),
                )
                with html.div().classes("right"):
                    self._card = QuestionCard(
                        words=card_words(self._visitor, document),
                        may=self._may,
                        pages=pages,
                        first=self._question(self._welcome),
                        on_act=self._on_act,
                        on_move=self._on_move,
                        on_undo=self._on_undo,
                        on_zoom=lambda event: self._page.magnify(str(event.args)),
                        on_choose=self._on_choose,
                        on_again=self._watch,
                    )
                    with html.div(tabindex="0", role="region").classes("tables") as tables:
                        self._findings = html.section().classes("report-findings")
                        self._failures = html.section().classes("report-failures")
                        draw_left_out(self._desk.result, self._schema, say)
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
                self._refresh(outcome="none")
                return
            await self._decide(subject, decision(action, subject, desk.result, self._schema.kinds))

    async def _on_withdraw(self, subject: str) -> None:
        """Of a figure that is said not to be there, and so can be looked at no more."""
        async with self._turn():
            await self._decide(subject, FigureBody(withdrawn=True))

    async def _decide(self, subject: str, body: Body) -> None:
        broken = await self._open.decide(subject, body)
        self._refresh(self._news(), outcome="saved", problem=self._slip(broken))

    async def _on_undo(self, event: GenericEventArguments) -> None:
        """Only ever what the visitor saw as the last: nothing that came since."""
        async with self._turn():
            act = self._open.undoable()
            if not act or event.args.get("number") != act[-1].number:
                self._refresh(outcome="none")
                return
            await self._open.undo(act)
            self._refresh(self._say("已撤销", "Undone"), outcome="undone")

    async def _on_move(self, event: GenericEventArguments) -> None:
        async with self._turn():
            self._open.move(1 if event.args == 1 else -1)
            self._refresh()

    async def _on_choose(self, event: GenericEventArguments) -> None:
        await self._look_at(str(event.args))

    async def _look_at(self, subject: str) -> None:
        async with self._turn():
            self._open.look_at(subject)
            self._refresh()

    async def _watch(self, _: object = None) -> None:
        """Show what others have done, as long as the visitor may see it, and say so where it is
        what is looked at."""
        if self._lock.locked():
            return
        async with self._turn():
            before, was_again = self._desk.result, self._open.is_extracted_again
            try:
                if not await self._open.follow():
                    return
            except ProblemError:
                return  # it is said when something is to be saved
            current, problem = self._desk.current, ""
            if current is not None and not desks.is_same(before, self._desk.result, current):
                problem = self._say(
                    "他人刚刚更改了此处，请按现在的内容再核对。",
                    "Somebody else has just changed this; look again.",
                )
            news = self._say("他人已更新此报告", "Somebody else has changed this report")
            if self._open.is_extracted_again:
                news = ""  # the notice says it
            elif was_again:
                news = self._say(
                    "重新提取没有完成，结果不变", "It was not extracted again; nothing has changed"
                )
            self._refresh(news, problem=problem)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """One thing at a time; whatever goes wrong is told."""
        async with self._lock:
            try:
                yield
            except SessionEnded:
                open_anew()
            except ExtractedAgain as again:
                self._card.move_on(drafts_key(self._visitor, again.document), again.names)
            except Removed:
                self._removed()
            except NotADecision as problem:
                self._card.refuse(self._say(*problem.texts))
            except NotDone as problem:
                self._refresh(outcome="none", problem=self._say(*problem.texts))
            except ProblemError as problem:  # such as a database that is away
                self._card.refuse(problem_words(problem.type.code, self._say))
            except Exception:  # the visitor learns that it happened, the log what it was
                log.exception("the review of %s", self._open.loaded.document.id)
                self._card.refuse(problem_words(INTERNAL_ERROR.code, self._say))

    def _removed(self) -> None:
        text = self._say(
            "此文件已被删除，不能再复核。",
            "This document has been removed and cannot be reviewed any more.",
        )
        tell(text, is_bad=True)
        self._card.refuse(text)

    # --- what is shown ---

    def _refresh(self, news: str = "", *, outcome: str = "", problem: str = "") -> None:
        """Show what is on the desk; the question comes last, so that it stands there when all does.

        Args:
            news: what has happened.
            outcome: "saved", "undone" or "none", where this answers what the card has asked for.
            problem: what is wrong with it, or why nothing was done.
        """
        self._table.show(cells_view(self._desk, self._schema, self._say))
        self._page.show(self._marks())
        self._draw()
        self._card.show(self._question(news) | {"problem": problem}, outcome)

    def _marks(self) -> dict[str, Any]:
        return marks_view(self._desk, self._text, self._schema, self._say)

    def _news(self) -> str:
        say, settled = self._say, len(self._desk.settled)
        cells = sum(is_slot(one) for one in self._desk.cleared)
        if settled:
            more = say(f"（共 {cells} 格）", f" ({cells} cells)") if cells else ""
            return say(
                f"已保存，另有 {settled} 个问题随之解决{more}",
                f"Saved; {settled} more questions are settled by it{more}",
            )
        if cells:
            return say(
                f"已保存，{cells} 格随之不再存疑",
                f"Saved; {cells} cells are not in doubt any more",
            )
        return say("已保存", "Saved")

    def _slip(self, broken: list[Json]) -> str:
        """What is said of an answer that breaks sums; "" where it breaks none."""
        if not broken:
            return ""
        told = finding_text(broken[0], self._schema, self._say)
        return self._say(
            f"已保存，但与合计不符：{told}。如属误输，请按 U 撤销。",
            f"Saved, but now a sum does not hold: {told}. If it was a slip, press U.",
        )

    def _question(self, news: str) -> dict[str, Any]:
        desk, say = self._desk, self._say
        subject = desk.current
        line = queue(desk.result)
        at = line.index(subject) + 1 if subject in line else 0
        place = say(f"待核问题 {len(line)} 个", f"Questions left: {len(line)}")
        if at:
            place = say(f"第 {at} 个，共 {len(line)} 个问题", f"Question {at} of {len(line)}")
        question = None if subject is None else question_of(desk.result, subject, self._schema, say)
        act = self._open.undoable()
        return {
            "subject": subject,
            "version": desk.version,
            "question": question or {"reasons": [], "alternatives": []},
            "place": place,
            "open": len(line),
            "undoable": {"number": act[-1].number, "subject": act[-1].slot} if act else None,
            "last": last_decision(self._open.loaded, subject, self._schema, say),
            "canWithdraw": can_be_withdrawn(self._open.loaded, subject),
            "news": news,
            "notice": self._notice() if self._open.is_extracted_again else "",
        }

    def _notice(self) -> str:
        return self._say(
            "此文件正在重新提取：完成前不能保存答案；完成后此页自动显示新的结果，已输入的内容会保留。",
            "The document is being extracted again: no answer can be saved until that is done. "
            "Then the new result comes by itself; what is typed stays.",
        )

    def _draw(self) -> None:
        """The parts around the tables, those that have changed."""
        result, say, current = self._desk.result, self._say, self._desk.current
        document, is_figure = self._open.loaded.document, (current or "").startswith(FIGURES)
        absent = self._open.loaded.absent if self._may else []
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
            self._failures,
            (result["failures"],),
            lambda: draw_failures(result, self._schema, say),
        )
        self._draw_part(
            self._figures,
            (
                result["figures"],
                current if is_figure else None,
                len(absent),
                differing(result, self._schema),
            ),
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
