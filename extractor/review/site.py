"""The pages as one part of the application: addresses, who may see them, and headers."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote, unquote

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from nicegui import core, ui
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from extractor.errors import StoreError
from extractor.review.visitor import Visitor, roots_of, visitor_of
from extractor.service.database import UNAVAILABLE
from extractor.service.routes.wiring import Service
from extractor.service.tables import Role

log = logging.getLogger(__name__)

PREFIX = "/review"

RECONNECT_SECONDS = 60.0
"""So long a page that lost its connection is kept, with all that was done in it."""

# The pages' scripts are compiled in the browser from templates, which needs "unsafe-eval", and
# stand in the page, which needs "unsafe-inline". What users wrote is only ever put in as text.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

Build = Callable[..., Awaitable[Response | None]]


class Site:
    """Where pages are defined; NiceGUI has one in a process."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    @property
    def service(self) -> Service:
        """The running service."""
        service: Service = self._app.state.service
        return service

    def page(self, path: str, *, role: Role | None = None) -> Callable[[Build], None]:
        """Define a page for whoever is signed in, with a role (None: any).

        The function takes a `Visitor`, then what is in braces in the path. Others are sent to the
        page to sign in, or told that their key does not allow it.
        """

        def define(build: Build) -> None:
            from extractor.review.frame import broken, missing, refused, unavailable

            async def shown(request: Request, **parts: Any) -> Response | None:
                visitor = visitor_of(request, self.service)
                if visitor is None:
                    root, _ = roots_of(request)
                    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                    return RedirectResponse(sign_in_address(root, here), status_code=303)
                if role is not None and not visitor.may(role):
                    refused(visitor, role)
                    return None
                if "\0" in unquote(str(request.url)):  # no database can keep that
                    missing(visitor, visitor.say("地址有误。", "There is no such address."))
                    return None
                try:
                    return await build(visitor, **parts)
                except (*UNAVAILABLE, StoreError) as error:
                    log.error("%s: the storage: %s", request.url.path, error)
                    ui.context.client.content.clear()
                    unavailable(visitor)
                except Exception:  # the visitor learns that it happened, the log what it was
                    log.exception("%s", request.url.path)
                    ui.context.client.content.clear()
                    broken(visitor)
                return None

            own = list(inspect.signature(build, eval_str=True).parameters.values())[1:]
            asked = inspect.Parameter(
                "request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request
            )
            shown.__signature__ = inspect.Signature([asked, *own])  # type: ignore[attr-defined]
            ui.page(path, response_timeout=30)(shown)

        return define


def sign_in_address(root: str, there: str) -> str:
    """The page to sign in, from where one comes back."""
    return f"{root}/sign-in?next={quote(there, safe='/')}"


async def _nowhere(visitor: Visitor, address: str) -> None:
    from extractor.review.frame import missing

    missing(visitor, visitor.say("没有这个页面。", "There is no such page."))


class _Headers:
    """ASGI middleware around the pages alone; what it sets goes before what `Guard` sets."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
            await send(message)

        await self._app(scope, receive, send_with if scope["type"] == "http" else send)


def install(app: FastAPI) -> None:
    """Put the pages into an application. Once a process: there is one NiceGUI in it."""
    from extractor.review import (
        admin,
        dataset,
        findings,
        help,
        inbox,
        organization,
        overview,
        report,
        sign_in,
        trail,
    )

    site = Site(app)
    reading = (findings, dataset, overview, organization, trail)
    for part in (sign_in, inbox, report, *reading, admin, help):
        part.define(site)
    site.page("/{address:path}")(_nowhere)  # the last: whatever is not there
    core.sio.eio.cors_allowed_origins = None  # only pages of this service talk to it
    core.app.add_middleware(_Headers)
    looks = core.app.config.quasar_config
    # The language of a page is the visitor's (`frame`), whatever that of NiceGUI's own messages is.
    looks.setdefault("lang", {})["noHtmlAttrs"] = True
    looks["loadingBar"]["skipHijack"] = True  # it has no name for those who do not see it
    ui.run_with(
        app,
        mount_path=PREFIX,
        title="政府信息公开年报提取",
        language="zh-CN",
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=RECONNECT_SECONDS,
        binding_refresh_interval=None,
    )
