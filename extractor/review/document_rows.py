"""A document in, what a row of a list shows of it out: words, links and what can be done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from extractor.review.problem_words import problem_words
from extractor.review.reports import STATUS_TAG
from extractor.review.visitor import Visitor
from extractor.review.words import status_words
from extractor.service.models import ExportFormat
from extractor.service.tables import Document, DocumentState, Role
from extractor.types import Status

STAGES = {
    "start": ("准备", "Starting"),
    "open": ("打开文件", "Opening"),
    "ingest": ("打开文件", "Opening"),
    "pages": ("读取页面", "Reading the page"),
    "ocr": ("文字识别", "Reading the print"),
    "finish": ("整理文字", "Putting pages together"),
    "classify": ("判断文字含义", "Telling what the words mean"),
    "assemble": ("还原表格", "Putting tables together"),
    "reread": ("重读存疑单元格", "A second look at doubtful cells"),
    "facts": ("识别机关与年度", "Telling whose report it is"),
    "figures": ("提取正文指标", "Finding key figures"),
    "decode": ("核对勾稽关系", "Checking sums"),
    "export": ("写出结果", "Writing results"),
    "compare": ("与上年报告比对", "Comparing with last year"),
    "carry": ("沿用复核决定", "Carrying decisions over"),
}
"""What is done to a document, in order; a test compares them with the stages that there are."""

STATE = {
    DocumentState.QUEUED: ("排队中", "queued"),
    DocumentState.RUNNING: ("处理中", "in progress"),
}
_PAGED = ("pages", "ocr")
_READING_SHARE = 0.9
"""Of all work on a scan; the rest is quick."""


@dataclass(frozen=True, slots=True)
class Action:
    """What can be done with a document in a state, by which role, and in which words."""

    name: str
    role: Role
    chinese: str
    english: str
    is_dangerous: bool = False


RETRY = Action("retry", Role.UPLOADER, "重试", "Retry")
CANCEL = Action("cancel", Role.UPLOADER, "取消", "Cancel")
EXTRACT_AGAIN = Action("extract", Role.UPLOADER, "重新提取", "Extract again")
REMOVE = Action("remove", Role.ADMIN, "移除", "Remove", is_dangerous=True)
_ACTIONS = {
    DocumentState.QUEUED: (CANCEL, REMOVE),
    DocumentState.RUNNING: (CANCEL, REMOVE),
    DocumentState.FAILED: (RETRY, REMOVE),
    DocumentState.DONE: (EXTRACT_AGAIN, REMOVE),
}


def row_of(document: Document, visitor: Visitor) -> dict[str, Any]:
    """What `static/document_row.js` shows."""
    say = visitor.say
    state = DocumentState(document.state)
    is_open = document.has_result and state is not DocumentState.FAILED
    problem = document.problem_code if state.is_final else None
    return {
        "name": document.name,
        "href": visitor.page("documents", document.id) if is_open else None,
        "organization": document.organization or "",
        "year": document.year,
        "state": state_words(document, visitor),
        "look": STATUS_TAG[Status(document.status)] if state.is_final and document.status else "",
        "share": share_of(document) if state is DocumentState.RUNNING else None,
        "note": _note(document, visitor),
        "isBad": state is DocumentState.FAILED,
        "detail": document.problem_detail if problem else None,
        "more": say("详情", "Details"),
        "toAnswer": document.to_answer,
        "findings": document.findings,
        "links": list(_links(document, visitor)) if is_open else [],
        "actions": [
            {
                "name": action.name,
                "text": say(action.chinese, action.english),
                "isDanger": action.is_dangerous,
            }
            for action in _ACTIONS[state]
            if visitor.may(action.role)
        ],
    }


def state_words(document: Document, visitor: Visitor) -> str:
    """How far a document is, and once it is finished what its extraction is worth."""
    state = DocumentState(document.state)
    if state in STATE:
        return visitor.say(*STATE[state])
    status = Status(document.status or Status.FAILED)
    words = status_words(status, visitor.say)
    if status is Status.ACCEPTED and document.to_answer:  # findings, which change no number
        return words + visitor.say("，勾稽问题待确认", ", findings to confirm")
    return words


def stage_words(document: Document, visitor: Visitor) -> str:
    """What is being done to a document, and to which of its pages."""
    stage = document.stage or "start"
    words = visitor.say(*STAGES.get(stage, ("处理中", "In progress")))
    if not document.page:
        return words
    page, pages = document.page, document.pages
    return words + visitor.say(f"（第 {page}/{pages} 页）", f" (page {page} of {pages})")


def share_of(document: Document) -> float:
    """How much of the work on a document that is being extracted is done, from 0 to 1: its pages
    take most of it."""
    stage = document.stage or "start"
    if stage in _PAGED and document.pages:
        return _READING_SHARE * (document.page - 1) / document.pages
    names = list(STAGES)
    first = names.index("finish")
    at = names.index(stage) if stage in names else 0
    if at < first:
        return 0.0
    return _READING_SHARE + (1 - _READING_SHARE) * (at - first) / (len(names) - first)


def _note(document: Document, visitor: Visitor) -> str:
    """The second line of a state: why it failed, what is being done, or how much there was."""
    say = visitor.say
    state = DocumentState(document.state)
    if state is DocumentState.RUNNING:
        return stage_words(document, visitor)
    if state is DocumentState.QUEUED:
        return say("等待空闲的处理进程", "Waits for a free process")
    if document.problem_code is not None:
        words = problem_words(document.problem_code, say)
        again = say("重新提取未成功，保留原结果：", "Not extracted again, the result stays: ")
        return words if state is DocumentState.FAILED else again + words
    pages = len(document.rotations or ())
    told = say(f"{pages} 页", f"{pages} pages") if pages else say("文本", "text")
    if document.started_at is None or document.finished_at is None:
        return told
    seconds = (document.finished_at - document.started_at).total_seconds()
    return told + say(f"，用时 {seconds:.0f} 秒", f", {seconds:.0f} s")


def _links(document: Document, visitor: Visitor) -> Iterator[dict[str, Any]]:
    """Where to go with a document that has a result."""
    say = visitor.say
    review = say("复核", "Review") if visitor.may(Role.REVIEWER) else say("查看", "Look")
    here = visitor.page("documents", document.id)
    yield {"text": review, "href": here, "isMain": True, "isFile": False}
    trail = visitor.page("documents", document.id, "trail")
    yield {"text": say("痕迹", "Trail"), "href": trail, "isMain": False, "isFile": False}
    export = visitor.api("documents", document.id, "export")
    for format in (ExportFormat.XLSX, ExportFormat.CSV, ExportFormat.JSON):
        href = f"{export}?{urlencode({'format': format.value})}"
        yield {"text": format.value.upper(), "href": href, "isMain": False, "isFile": True}
