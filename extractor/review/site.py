"""The pages as one part of the application: addresses, and who may see them."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse
from nicegui import core, ui
from starlette.background import BackgroundTask
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from extractor.errors import StoreError
from extractor.review.gate import Gate
from extractor.review.sockets import guard_sockets
from extractor.review.visitor import Visitor
from extractor.service.database import UNAVAILABLE
from extractor.service.routes.wiring import Service
from extractor.service.tables import Role

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
FAVICON = STATIC / "favicon.svg"

RECONNECT_SECONDS = 60.0
"""So long a page that lost its connection is kept, with all that was done in it."""

BUILD_SECONDS = 25.0
"""So long a page is built before what it reads counts as away."""

Build = Callable[..., Awaitable[Response | None]]


class Site:
    """Where pages are defined; NiceGUI has one in a process."""

    def __init__(self, app: FastAPI, build_seconds: float = BUILD_SECONDS) -> None:
        self._app = app
        self._build_seconds = build_seconds

    @property
    def service(self) -> Service:
        """The running service."""
        service: Service = self._app.state.service
        return service

    def page(self, path: str, *, role: Role | None = None) -> Callable[[Build], None]:
        """Define a page for whoever is signed in, with a role (None: any).

        The function takes a `Visitor`, then what is in braces in the path. Others are told that
        their key does not allow it; nobody else comes here (`gate`).
        """

        def define(build: Build) -> None:
            from extractor.review.frame import broken, missing, refused, unavailable

            async def shown(request: Request, **parts: Any) -> Response | None:
                visitor: Visitor = request.state.visitor
                client = ui.context.client
                if role is not None and not visitor.may(role):
                    refused(visitor, role)
                    return None
                if "\0" in unquote(str(request.url)):  # no database can keep that
                    missing(visitor, visitor.say("地址有误。", "There is no such address."))
                    return None
                limit = asyncio.timeout(self._build_seconds)
                try:
                    async with limit:
                        answer = await build(visitor, **parts)
                    if limit.expired():  # what NiceGUI runs in a thread has answered None then
                        raise TimeoutError(f"no answer in {self._build_seconds} s")
                except Exception as error:  # the visitor learns that it happened, the log what
                    client.content.clear()
                    if limit.expired() or isinstance(error, (StoreError, *UNAVAILABLE)):
                        log.error("%s: the storage: %s", request.url.path, error)
                        unavailable(visitor)
                    else:
                        log.exception("%s", request.url.path)
                        broken(visitor)
                    return None
                if answer is not None:  # nobody will ever connect to what was begun here
                    answer.background = BackgroundTask(client.delete)
                return answer

            own = list(inspect.signature(build, eval_str=True).parameters.values())[1:]
            asked = inspect.Parameter(
                "request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request
            )
            shown.__signature__ = inspect.Signature([asked, *own])  # type: ignore[attr-defined]
            ui.page(path, response_timeout=self._build_seconds + 5)(shown)

        return define


async def _nowhere(visitor: Visitor, address: str) -> None:
    from extractor.review.frame import missing

    missing(visitor, visitor.say("没有这个页面。", "There is no such page."))


def _no_part(path: str) -> None:
    """What a page loads is no page where it is not there."""
    raise HTTPException(404, f"there is no part {path!r} of a page; reload the page")


def _favicon() -> FileResponse:
    return FileResponse(FAVICON, media_type="image/svg+xml")


def install(app: FastAPI, prefix: str) -> None:
    """Put the pages into an application, below a path. Once a process: there is one NiceGUI in
    it."""
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
    sign_in.define()
    core.app.add_api_route("/favicon.ico", _favicon, include_in_schema=False)
    core.app.mount("/static", StaticFiles(directory=STATIC), name="looks")
    core.app.add_api_route("/_nicegui/{path:path}", _no_part, include_in_schema=False)
    for part in (inbox, report, *reading, admin, help):
        part.define(site)
    site.page("/{address:path}")(_nowhere)  # the last: whatever is not there
    core.sio.eio.cors_allowed_origins = None  # only pages of this service talk to it
    guard_sockets(lambda: site.service)
    looks = core.app.config.quasar_config
    # The language of a page is the visitor's (`frame`), whatever that of NiceGUI's own messages is.
    looks.setdefault("lang", {})["noHtmlAttrs"] = True
    looks["loadingBar"]["skipHijack"] = True  # it has no name for those who do not see it
    ui.run_with(
        app,
        mount_path=prefix,
        title="政府信息公开年报提取",
        favicon=FAVICON.read_text(encoding="utf-8"),
        language="zh-CN",
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=RECONNECT_SECONDS,
        binding_refresh_interval=None,
    )
    (mount,) = (one for one in app.routes if isinstance(one, Mount) and one.path == prefix)
    mount.app = Gate(mount.app, lambda: site.service)
