"""The queue and the storage of the service in figures, as they are by now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from nicegui import html, ui

from extractor.review.asking import SessionEnded, ask, attempt, open_anew
from extractor.review.problem_words import problem_words
from extractor.review.settings_words import size_text
from extractor.review.visitor import Visitor
from extractor.service.administration import storage_of
from extractor.service.problems import ProblemError
from extractor.service.sessions import Signed
from extractor.service.tables import DocumentState

UNKNOWN = "—"

_STATES = {
    DocumentState.QUEUED: ("排队", "queued"),
    DocumentState.RUNNING: ("处理中", "in progress"),
    DocumentState.DONE: ("已完成", "done"),
    DocumentState.FAILED: ("失败", "failed"),
}


class _Figures:
    """Cards with a name and a figure each, which can change."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._shown: dict[str, ui.label] = {}
        with html.dl().classes("cards"):
            for name, text in names.items():
                with html.div().classes("card"):
                    html.dt(text).classes("quiet")
                    with html.dd():
                        self._shown[name] = ui.label(UNKNOWN).classes("figure")

    def show(self, values: Mapping[str, str]) -> None:
        for name, text in values.items():
            self._shown[name].set_text(text)


@dataclass(frozen=True, slots=True)
class _Seen:
    """The queue at a moment."""

    by_state: Mapping[DocumentState, int]
    processes: int
    ready: int
    waiting_since: datetime | None


class QueueCards:
    """How many documents are in which state, and who works on them."""

    def __init__(self, visitor: Visitor) -> None:
        say = visitor.say
        self._visitor = visitor
        names = {state.value: say(*words) for state, words in _STATES.items()}
        names["processes"] = say("运行中的程序", "Programs")
        names["ready"] = say("其中可提取", "that can extract")
        names["waiting"] = say("等待最久", "Longest wait")
        self._figures = _Figures(names)
        self._problem = ui.label().classes("problem").props("role=status")

    async def refresh(self) -> None:
        """Show it as it is now."""
        say = self._visitor.say
        try:
            seen = await ask(self._visitor, self._look)
        except SessionEnded:
            open_anew()
            return
        except ProblemError as error:
            self._problem.set_text(problem_words(error.type.code, say))
            return
        self._problem.set_text("")
        self._figures.show(
            {state.value: f"{count:,}" for state, count in seen.by_state.items()}
            | {
                "processes": f"{seen.processes}",
                "ready": f"{seen.ready}",
                "waiting": _waited(seen.waiting_since, self._visitor),
            }
        )

    def _look(self, _: Signed) -> _Seen:
        store = self._visitor.service.store
        return _Seen(store.count_by_state(), *store.executors.count(), store.waiting_since())


def _waited(since: datetime | None, visitor: Visitor) -> str:
    if since is None:
        return UNKNOWN
    seconds = max(0, int((datetime.now(UTC) - since).total_seconds()))
    if seconds < 60:
        return visitor.say(f"{seconds} 秒", f"{seconds} s")
    minutes = seconds // 60
    if minutes < 60:
        return visitor.say(f"{minutes} 分钟", f"{minutes} min")
    return visitor.say(
        f"{minutes // 60} 小时 {minutes % 60} 分", f"{minutes // 60} h {minutes % 60} min"
    )


class StorageCards:
    """What the service keeps, and where."""

    def __init__(self, visitor: Visitor) -> None:
        say = visitor.say
        self._visitor = visitor
        self._figures = _Figures(
            {
                "documents": say("文件数", "Documents"),
                "uploaded": say("原文件", "Originals"),
                "used": say("数据文件夹", "Whole folder"),
                "free": say("磁盘剩余", "Free on disk"),
                "database": say("数据库", "Database"),
            }
        )
        settings = visitor.service.settings
        with html.p().classes("hint"):
            html.span(say("数据文件夹：", "Folder: "))
            html.code(str(settings.home.absolute()))

    async def refresh(self) -> None:
        """Show it as it is now."""
        service = self._visitor.service
        found = await attempt(self._visitor, lambda _: storage_of(service.store, service.settings))
        if found is None:
            return
        database = "PostgreSQL" if found.is_postgresql else "SQLite"
        remote = self._visitor.say(" + 远程存储", " + remote files") if found.is_remote else ""
        self._figures.show(
            {
                "documents": f"{found.documents:,}",
                "uploaded": size_text(found.uploaded),
                "used": size_text(found.used),
                "free": size_text(found.free),
                "database": database + remote,
            }
        )
