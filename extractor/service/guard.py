"""Around every request: an id, headers that browsers need to be careful, and the last resort."""

from __future__ import annotations

import logging
import re
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from extractor.service.problems import INTERNAL_ERROR, respond

log = logging.getLogger(__name__)

REQUEST_ID = "X-Request-ID"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
}
_PROBES = ("/healthz", "/readyz")
_SOUND_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


class Guard:
    """ASGI middleware. Documents are confidential, so nothing is cached unless it says so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if _SOUND_ID.match(given) else uuid.uuid4().hex[:16]
        scope.setdefault("state", {})["request_id"] = request_id
        has_started = False

        async def send_guarded(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                if message["status"] >= 400:
                    asked = (scope["method"], scope["path"], message["status"])
                    # Whoever waits for a start asks several times a second, and is told why not.
                    level = logging.DEBUG if scope["path"].endswith(_PROBES) else logging.INFO
                    log.log(level, "%s %s: %d", *asked, extra={"request": request_id})
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id
                headers.setdefault("Cache-Control", "no-store")
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_guarded)
        except Exception:  # the client learns that it happened, the log what it was
            log.exception("%s %s", scope["method"], scope["path"], extra={"request": request_id})
            if has_started:
                raise
            detail = "unexpected; the log of the service has more under this request_id"
            response = respond(Request(scope), INTERNAL_ERROR, detail)
            await response(scope, receive, send_guarded)
