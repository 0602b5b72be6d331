"""Pages without NiceGUI, for those who are not signed in, or whose session cannot be looked up.

Whoever asks for one costs nothing that stays: no client, no connection. Nothing is compiled in the
browser, so they keep the strict policy of the API.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import HTMLResponse

from extractor.review.visitor import LANGUAGE, THEME, is_english, roots_of, say_to
from extractor.service.guard import CONTENT_SECURITY_POLICY


def plain_page(
    request: Request,
    title: str,
    content: str,
    *,
    scripts: tuple[str, ...] = (),
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A page with the looks of all others.

    Args:
        request: what is answered; its cookies say in which language.
        title: of the window, as text.
        content: the page, as HTML.
        scripts: names of modules in `static/`.
        status: of the answer.
        headers: of the answer.
    """
    root, _ = roots_of(request)
    modules = "".join(
        f'\n<script type="module" src="{escape(root)}/static/{name}"></script>' for name in scripts
    )
    page = f"""<!doctype html>
<html lang="{"en" if is_english(request) else "zh-CN"}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<link rel="icon" href="{escape(root)}/static/favicon.svg">
<link rel="stylesheet" href="{escape(root)}/static/look.css">
{early(root)}{modules}
</head>
<body>
<main class="door">
{content}
{switches(is_english(request))}
</main>
<ul id="messages" role="status"></ul>
</body>
</html>
"""
    policy = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return HTMLResponse(page, status, {**policy, **(headers or {})})


def told(
    request: Request,
    status: HTTPStatus,
    what: str,
    hint: str,
    *,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A page that says why there is no other."""
    root, _ = roots_of(request)
    back = say_to(request)("返回收件箱", "Back to the inbox")
    content = (
        f'<h1>{escape(what)}</h1>\n<p class="hint">{escape(hint)}</p>\n'
        f'<p><a class="button" href="{escape(root)}/">{escape(back)}</a></p>'
    )
    return plain_page(request, what, content, status=status, headers=headers)


def early(root: str) -> str:
    """Language, theme, and what works on every page; in the head, so that nothing flashes."""
    return (
        f'<script src="{escape(root)}/static/switches.js" data-language-cookie="{LANGUAGE}" '
        f'data-theme-cookie="{THEME}"></script>'
        f'<script src="{escape(root)}/static/kept_focus.js"></script>'
    )


def switches(is_english: bool) -> str:
    """The switches of language and theme; which words of the latter are shown, the looks decide."""
    theme, auto, light, dark = (
        ("Theme: ", "System theme", "Light", "Dark")
        if is_english
        else ("明暗：", "自动明暗", "浅色", "深色")
    )
    language, name = ("zh-CN", "中文") if is_english else ("en", "English")
    return f"""<span class="switches">
<button type="button" class="plain" data-switch="theme"><span class="sr-only">{theme}</span>
<span class="auto">{auto}</span><span class="light">{light}</span><span class="dark">{dark}</span>
</button>
<button type="button" class="plain" data-switch="language" lang="{language}">{name}</button>
</span>"""
