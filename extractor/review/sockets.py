"""The connection of a page belongs to whoever is signed in: NiceGUI alone takes the id of a page
for enough, and does not ask whether what comes over a connection is about its own page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import anyio.to_thread
from nicegui import Client, core
from socketio.exceptions import ConnectionRefusedError
from starlette.requests import HTTPConnection

from extractor.errors import StoreError
from extractor.service.database import UNAVAILABLE
from extractor.service.routes.wiring import Service
from extractor.service.sessions import COOKIE

log = logging.getLogger(__name__)

RELOAD = "Implicit handshake failed"
"""Has the page in the browser asked for again: it leads to the page to sign in, or says that the
database is away."""


def guard_sockets(service: Callable[[], Service]) -> None:
    """Have connections refused without a session of the key that the page was built for, and
    messages ignored that are about another page than that of the connection."""
    handlers = core.sio.handlers["/"]
    begin = handlers["connect"]

    async def connect(sid: str, environ: dict[str, Any], auth: object = None) -> Any:
        connection = HTTPConnection(environ["asgi.scope"])
        client = Client.instances.get(connection.query_params.get("client_id", ""))
        token = connection.cookies.get(COOKIE)
        if client is None or token is None:
            raise ConnectionRefusedError(RELOAD)
        try:
            signed = await anyio.to_thread.run_sync(service().sessions.find, token)
        except (StoreError, *UNAVAILABLE) as error:
            log.error("a page's connection: the session cannot be looked up: %s", error)
            raise ConnectionRefusedError(RELOAD) from error
        visitor = client.request.state.visitor
        if signed is None or signed.principal.key_id != visitor.signed.principal.key_id:
            raise ConnectionRefusedError(RELOAD)
        return await begin(sid, environ, auth)

    core.sio.on("connect", connect)
    for name in ("event", "javascript_response", "ack", "log"):
        core.sio.on(name, _of_own_page(handlers[name]))


def _of_own_page(handle: Callable[[str, dict[str, Any]], None]) -> Callable[..., None]:
    def checked(sid: str, message: dict[str, Any]) -> None:
        # The handshake has put the connection in a room that is named after its page.
        if message.get("client_id") in core.sio.rooms(sid):
            handle(sid, message)

    return checked
