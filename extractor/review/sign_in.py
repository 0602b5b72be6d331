"""The page on which a key is given for a session."""

from __future__ import annotations

import json
from html import escape

from fastapi import Request, Response
from nicegui import core

from extractor.review.plain import plain_page
from extractor.review.visitor import roots_of, say_to
from extractor.service.sessions import Ended

_WHY = {
    Ended.REVOKED: (
        "您登录所用的密钥已被停用，登录随之结束。请使用其他密钥，或向管理员索取。",
        "The key that you signed in with was revoked. Use another one, or ask an administrator.",
    ),
    Ended.OVER: (
        "登录已过期或已在别处退出。重新登录后回到刚才的页面；已保存的决定都在。",
        "Your session has expired, or was signed out. Sign in to go on where you were; what was "
        "saved is there.",
    ),
}


def define() -> None:
    """Define the page; it is open to everybody."""
    core.app.add_api_route("/sign-in", _sign_in, include_in_schema=False)


def _sign_in(request: Request, next: str = "", why: str = "") -> Response:
    root, base = roots_of(request)
    say = say_to(request)
    title = say("政府信息公开年报提取", "Disclosure reports, extracted")
    what = say(
        "扫描件与各种格式的年度报告，还原为三张标准表；存疑的数字，逐个给您看原文。",
        "Annual reports of any kind into the form's three tables; what is in doubt is shown to you "
        "where it is printed.",
    )
    where = say(
        "首次启动时生成的管理员密钥，保存在服务数据文件夹的 admin-key.txt 中。",
        "The first administrator's key is in admin-key.txt, in the folder of the service.",
    )
    words = {
        "signIn": say("登录", "Sign in"),
        "busy": say("登录中…", "Signing in…"),
        "wrong": say("密钥无效或已停用。", "This is no valid key."),
        "tooMany": say("尝试过于频繁，请一分钟后再试。", "Too many tries; wait a minute."),
        "failed": say("登录失败，请稍后再试。", "That failed; try again."),
        "lost": say("无法连接服务，请检查网络后再试。", "The service does not answer."),
    }
    reason = say(*_WHY[Ended(why)]) if why in list(Ended) else ""
    ended = f'<p id="why" class="ended" role="status">{escape(reason)}</p>\n' if reason else ""
    told = json.dumps(words, ensure_ascii=False)
    # The key has no name, so that no form that is sent without the script can carry it.
    content = f"""<h1>{escape(title)}</h1>
<p class="hint">{escape(what)}</p>
{ended}<form class="sign-in" data-api="{escape(base)}/api/v1/session"
 data-next="{escape(_inside(next, root))}" data-words="{escape(told)}">
<label for="key">{escape(say("访问密钥", "Key"))}</label>
<input id="key" type="password" autocomplete="current-password" required autofocus
 spellcheck="false" aria-describedby="{"why where" if reason else "where"}">
<p id="problem" class="problem" role="alert" hidden></p>
<button class="main">{escape(words["signIn"])}</button>
<p id="where" class="hint">{escape(where)}</p>
</form>"""
    return plain_page(request, title, content, scripts=("sign_in.js",))


def _inside(address: str, root: str) -> str:
    """Where to go after signing in: only ever to a page of this site."""
    is_ours = address.startswith(f"{root}/") and "\\" not in address and "//" not in address
    return address if is_ours else f"{root}/"
