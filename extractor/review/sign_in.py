"""The page on which a key is given for a session."""

from __future__ import annotations

from fastapi import Request
from nicegui import html, ui

from extractor.review.components import SignIn, Switches
from extractor.review.frame import prepare
from extractor.review.site import Site
from extractor.review.visitor import is_english, roots_of


def define(site: Site) -> None:
    """Define the page; it is open to everybody."""

    @ui.page("/sign-in")
    def sign_in(request: Request, next: str = "") -> None:
        english = is_english(request)
        root, base = roots_of(request)

        def say(chinese: str, words: str) -> str:
            return words if english else chinese

        title = say("政府信息公开年报提取", "Disclosure reports, extracted")
        prepare(title)
        with html.div().classes("door"):
            html.h1(title)
            html.p(
                say(
                    "扫描件与各种格式的年度报告，还原为三张标准表；存疑的数字，逐个给您看原文。",
                    "Annual reports of any kind into the form's three tables; what is in doubt is "
                    "shown to you where it is printed.",
                )
            ).classes("hint")
            SignIn(
                api=f"{base}/api/v1/session",
                next=_inside(next, root),
                words={
                    "key": say("访问密钥", "Key"),
                    "signIn": say("登录", "Sign in"),
                    "busy": say("登录中…", "Signing in…"),
                    "where": say(
                        "首次启动时生成的管理员密钥，保存在服务数据文件夹的 admin-key.txt 中。",
                        "The first administrator's key is in admin-key.txt, in the folder of the "
                        "service.",
                    ),
                    "wrong": say("密钥无效或已停用。", "This is no valid key."),
                    "tooMany": say(
                        "尝试过于频繁，请一分钟后再试。", "Too many tries; wait a minute."
                    ),
                    "failed": say("登录失败，请稍后再试。", "That failed; try again."),
                    "lost": say("无法连接服务，请检查网络后再试。", "The service does not answer."),
                },
            )
            Switches(english)
        html.ul(id="messages", role="status")


def _inside(address: str, root: str) -> str:
    """Where to go after signing in: only ever to a page of this site."""
    is_ours = address.startswith(f"{root}/") and "\\" not in address and "//" not in address
    return address if is_ours else f"{root}/"
