"""Sessions: a browser signs in with a key, and out."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response

from extractor.service.auth import Principal
from extractor.service.key_models import SessionBody, SessionModel
from extractor.service.problems import CSRF_FAILED, ProblemError
from extractor.service.routes.bounded import Bounded
from extractor.service.routes.parameters import known, known_to_callers
from extractor.service.routes.wiring import Caller, Credentials, Token, Wired, holder, problems_of
from extractor.service.sessions import COOKIE, Signed

router = APIRouter(tags=["session"], responses=problems_of(403, 413), route_class=Bounded)

_SETS_COOKIE: dict[int | str, dict[str, Any]] = {
    201: {"headers": {"Set-Cookie": {"schema": {"type": "string"}, "description": f"`{COOKIE}`."}}}
}
_PORTS = {"http": 80, "https": 443}


def _own_page(request: Request) -> None:
    """Refuse a sign-in that comes from another site's page: somebody would go on to work with a
    key of whoever made that page. Only browsers send these headers, and no page can change them."""
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    site = request.headers.get("sec-fetch-site", "none")
    if site not in ("same-origin", "none") or (origin is not None and not _is_same(origin, host)):
        detail = (
            f"a page of {origin or 'another site'} signs in at {host!r}; sign in on the service's "
            "own page, and have a proxy hand on the header Host"
        )
        raise ProblemError(CSRF_FAILED, detail)


def _is_same(origin: str, host: str) -> bool:
    """Whether an origin has this host and port. Its scheme is that of the browser's connection,
    which may end at a proxy."""
    try:
        theirs, ours = urlsplit(origin), urlsplit(f"//{host}")
        port = _PORTS.get(theirs.scheme)
        return theirs.hostname is not None and (theirs.hostname, theirs.port or port) == (
            ours.hostname,
            ours.port or port,
        )
    except ValueError:  # such as "http://[" or a port that is none
        return False


@router.post(
    "/session",
    status_code=201,
    responses=_SETS_COOKIE,
    dependencies=[Depends(_own_page), Depends(known)],
)
def sign_in(
    request: Request, response: Response, service: Wired, body: SessionBody
) -> SessionModel:
    """Sign in with a key: the answer sets a cookie that stands for it until it expires, is signed
    out or the key is revoked."""
    # Wrong keys, and sessions of a key, are counted as calls are.
    principal = holder(body.key.get_secret_value(), request, service)
    token, signed = service.sessions.begin(principal)
    service.sessions.end(request.cookies.get(COOKIE))  # which nobody would have any more
    # Without an age, so that it goes with the browser.
    response.set_cookie(
        COOKIE,
        token,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return _facts(signed.principal, signed)


@router.get("/session", dependencies=[Depends(known_to_callers)])
def session(service: Wired, caller: Caller, credentials: Credentials, token: Token) -> SessionModel:
    """Who asks, and the CSRF token of the session: for a page that was opened anew."""
    return _facts(caller, None if credentials else service.sessions.find(token))


@router.delete("/session", status_code=204, dependencies=[Depends(known_to_callers)])
def sign_out(
    request: Request, response: Response, service: Wired, caller: Caller, token: Token
) -> None:
    """Sign out: the session ends, also for whoever has copied the cookie."""
    service.sessions.end(token)
    response.delete_cookie(
        COOKIE, path="/", secure=request.url.scheme == "https", httponly=True, samesite="strict"
    )


def _facts(caller: Principal, signed: Signed | None) -> SessionModel:
    return SessionModel(
        role=caller.role,
        name=caller.name,
        csrf_token=signed.csrf_token if signed else None,
        expires_at=signed.expires_at if signed else None,
    )
