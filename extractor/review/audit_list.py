"""The audit trail: the newest entries, with older ones on demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nicegui import html

from extractor.review.asking import attempt
from extractor.review.audit_words import told
from extractor.review.components import Moment
from extractor.review.frame import empty, table
from extractor.review.visitor import Visitor
from extractor.service.sessions import Signed
from extractor.service.tables import AuditEntry

PAGE = 100


class AuditList:
    """What was done to anything, in words."""

    def __init__(self, visitor: Visitor) -> None:
        """Build it, empty; `show_more` fills it."""
        say = visitor.say
        self._visitor = visitor
        self._last: int | None = None
        columns = (
            (say("时间", "When"), ""),
            (say("操作者", "Who"), ""),
            (say("操作", "What"), ""),
            (say("对象", "Of"), ""),
        )
        self._body = table(say("操作记录", "Audit trail"), columns)
        self._more = html.button(say("显示更早的记录", "Show older ones"), type="button")
        self._more.on("click", self.show_more)

    async def show_more(self) -> None:
        """Show the next older entries."""
        found = await attempt(self._visitor, self._look)
        if found is None:
            return
        entries, names = found
        shown = entries[:PAGE]
        with self._body:
            for entry in shown:
                self._row(entry, names)
        self._more.set_visibility(len(entries) > PAGE)
        if shown:
            self._last = shown[-1].number
        elif self._last is None:
            empty(self._visitor.say("还没有任何操作", "Nothing was done yet"))

    def _look(self, _: Signed) -> tuple[Sequence[AuditEntry], Mapping[str, str]]:
        store = self._visitor.service.store
        names = {key.id: key.name for key in store.keys.list()}
        return store.trail(before=self._last, limit=PAGE + 1), names

    def _row(self, entry: AuditEntry, names: Mapping[str, str]) -> None:
        words = told(entry, names, self._visitor)
        with html.tr():
            with html.td().classes("when"):
                Moment(entry.at)
            html.td(words.who)
            html.td(words.action)
            with html.td():
                if entry.document_id is None:
                    html.span(words.about)
                else:
                    trail = self._visitor.page("documents", entry.document_id, "trail")
                    html.a(words.about, href=trail)
