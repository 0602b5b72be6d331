"""In front of all pages: who asks is known before anything is built."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import quote

import anyio
import anyio.to_thread
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from extractor.errors import StoreError
from extractor.review.plain import told
from extractor.review.visitor import Visitor, roots_of, say_to, visitor_of
from extractor.service.database import UNAVAILABLE
from extractor.service.problems import ProblemError
from extractor.service.routes.wiring import Service
from extractor.service.sessions import COOKIE, Ended

log = logging.getLogger(__name__)

# The pages' scripts are compiled in the browser from templates, which needs "unsafe-eval", and
# stand in the page, which needs "unsafe-inline". What users wrote is only ever put in as text.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

OPEN = ("/sign-in", "/favicon.ico", "/static/", "/_nicegui/", "/_nicegui_ws/")
"""What begins so needs no session, or looks for it itself (`sockets`)."""

LOOKUP_SECONDS = 20.0
"""So long a session is looked for before the database counts as away."""


class Gate:
    """ASGI middleware around the pages. Whoever is not signed in is sent to the page to sign in,
    and costs nothing that stays; whoever is, is in `request.state.visitor`."""

    def __init__(self, app: ASGIApp, service: Callable[[], Service]) -> None:
        """`service` tells the running service."""
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Also of errors; it goes before what `Guard` sets.
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
            await send(message)

        path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
        refusal = None if path.startswith(OPEN) else await self._refusal(Request(scope))
        await (refusal or self._app)(scope, receive, send_with)

    async def _refusal(self, request: Request) -> Response | None:
        """What to answer in place of a page; None where the visitor may go on."""
        say = say_to(request)
        if request.method != "GET":
            return told(
                request,
                HTTPStatus.METHOD_NOT_ALLOWED,
                say("此地址只能打开，不能提交", "This address can only be opened"),
                say("请返回后再试。", "Go back and try again."),
                headers={"Allow": "GET"},
            )
        service = self._service()
        try:
            with anyio.fail_after(LOOKUP_SECONDS):
                visitor, ended = await anyio.to_thread.run_sync(
                    _looked_up, request, service, abandon_on_cancel=True
                )
        except (TimeoutError, StoreError, *UNAVAILABLE) as error:
            log.error("%s: the session cannot be looked up: %s", request.url.path, error)
            return told(
                request,
                HTTPStatus.SERVICE_UNAVAILABLE,
                say("暂时无法读取数据", "The data cannot be read at the moment"),
                say(
                    "数据库没有应答。请稍候刷新本页；数据不会丢失。",
                    "The database does not answer. Reload in a moment; nothing is lost.",
                ),
            )
        if visitor is None:
            root, _ = roots_of(request)
            here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(sign_in_address(root, here, ended), HTTPStatus.SEE_OTHER)
        try:
            service.rates.count_call(visitor.signed.principal.key_id)
        except ProblemError as error:
            return told(
                request,
                HTTPStatus.TOO_MANY_REQUESTS,
                say("访问过于频繁", "Too many pages in a minute"),
                say(
                    "此密钥一分钟内的访问已达上限，请稍后刷新本页。",
                    "This key has reached its limit for a minute; reload in a moment.",
                ),
                headers=error.headers,
            )
        request.state.visitor = visitor
        return None


def _looked_up(request: Request, service: Service) -> tuple[Visitor | None, Ended | None]:
    """Who sent a request; where nobody is signed in (any more), why."""
    visitor = visitor_of(request, service)
    if visitor is not None:
        return visitor, None
    return None, service.sessions.why_ended(request.cookies.get(COOKIE))


def sign_in_address(root: str, there: str, ended: Ended | None = None) -> str:
    """The page to sign in, from where one comes back; it says why one has to, where a session has
    ended."""
    why = "" if ended is None else f"&why={ended.value}"
    return f"{root}/sign-in?next={quote(there, safe='/')}{why}"
