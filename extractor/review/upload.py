"""Where files are dropped: the component with its words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from extractor.review.problem_words import PROBLEM_WORDS, SKIPPED_WORDS, problem_words
from extractor.review.visitor import Visitor

_OVERHEAD_BYTES = 10_000
"""Of an upload of one file, besides the file."""


class Upload(Element, component="static/upload.js"):
    """A place to drop files and folders on; `sent` is called whenever some have arrived. The page
    must not be left while `is_busy`: what is still to be sent is in the browser alone."""

    def __init__(self, visitor: Visitor, sent: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self.is_busy = False
        settings = visitor.service.settings
        max_bytes = min(settings.max_file_bytes, settings.max_upload_bytes - _OVERHEAD_BYTES)
        self.props.update(
            api=visitor.api("documents"),
            session=visitor.api("session"),
            signIn=visitor.page("sign-in"),
            csrf=visitor.signed.csrf_token,
            maxBytes=max_bytes,
            words=_words(visitor, max_bytes),
        )
        self.on("busy", self._on_busy)
        self.on("sent", sent)

    def _on_busy(self, event: GenericEventArguments) -> None:
        self.is_busy = bool(event.args)


def _words(visitor: Visitor, max_bytes: int) -> dict[str, Any]:
    say = visitor.say
    largest = max_bytes // 2**20
    return {
        "title": say("上传年度报告", "Upload reports"),
        "drop": say("把文件、文件夹或 ZIP 拖到这里", "Drop files, folders or a ZIP here"),
        "kinds": say(
            "PDF、扫描件和照片、Word、网页、文本；ZIP 和文件夹会逐个取出。",
            "PDF, scans and photos, Word, web pages, text; archives and folders are unpacked.",
        ),
        "chooseFiles": say("选择文件", "Choose files"),
        "chooseFolder": say("选择文件夹", "Choose a folder"),
        "progress": say(
            "已发送 {share}%（{sent}/{all} 个文件）", "{share} % sent ({sent} of {all} files)"
        ),
        "checking": say("已全部发送，正在保存和检查…", "All sent; being stored and checked…"),
        "stop": say("暂停", "Pause"),
        "stopped": say("已暂停。", "Paused."),
        "lost": say(
            "连接中断，服务没有应答。", "The connection was lost: the service does not answer."
        ),
        "left": say("还有 {n} 个文件没有发送。", "{n} files were not sent."),
        "again": say("继续发送 {n} 个文件", "Send {n} files again"),
        "giveUp": say("不再发送", "Do not send them"),
        "signIn": say("在新窗口登录", "Sign in on another page"),
        "results": say("逐个文件的结果", "What became of each file"),
        "clear": say("清除列表", "Clear the list"),
        "count": say("{kind} {n} 个", "{n} {kind}"),
        "comma": say("，", ", "),
        "outcomes": {
            "new": {"text": say("已接收", "taken"), "look": "good"},
            "known": {
                "text": say("以前已上传（内容相同）", "uploaded before (the same bytes)"),
                "look": "reported",
            },
            "refused": {"text": say("不能使用", "refused"), "look": "bad"},
            "skipped": {"text": say("已跳过", "passed over"), "look": ""},
            "unsent": {"text": say("未发送", "not sent"), "look": "bad"},
        },
        "unreadable": say(
            "浏览器无法读取，可能已被移动或删除", "cannot be read; it may have been moved"
        ),
        "tooLarge": say(
            f"超过单个文件上限 {largest} MB，请拆分或压缩图像",
            f"larger than {largest} MB, the most that a file may have; split it",
        ),
        "givenUp": say("按您的要求未发送", "as you wished"),
        "other": say("其他类型的文件", "of another kind"),
        "skipped": {reason: say(words, reason) for reason, words in SKIPPED_WORDS.items()},
        "problems": {code: problem_words(code, say) for code in PROBLEM_WORDS},
        "areDetailsRead": visitor.is_english,
    }
