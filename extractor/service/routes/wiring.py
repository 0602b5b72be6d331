"""What the calls share: the parts of the service, who asks, and the document that is meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any

import anyio
from fastapi import Depends, Path, Query, Request
from fastapi.responses import FileResponse
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import StringConstraints

from extractor.service import models
from extractor.service.auth import Keys, Principal, unauthorized
from extractor.service.jobs import Jobs
from extractor.service.problems import (
    CSRF_FAILED,
    DOCUMENT_UNKNOWN,
    MEDIA_TYPE,
    NOT_FINISHED,
    ProblemError,
    problem_of,
)
from extractor.service.rates import Rates
from extractor.service.reviews import Reviews
from extractor.service.sessions import COOKIE, CSRF_HEADER, SAFE_METHODS, Sessions
from extractor.service.store import Store
from extractor.service.tables import Document, DocumentState, Role
from extractor.settings import Settings

MAX_UNPACKING = 2
"""So many uploads are unpacked at the same time."""

SESSION_SCHEME_NAME = "Session"
CSRF_SCHEME_NAME = "CSRF"
CSRF_SCHEME = {
    "type": "apiKey",
    "in": "header",
    "name": CSRF_HEADER,
    "description": "The `csrf_token` of the session, with every call that changes something.",
}


@dataclass(frozen=True, slots=True)
class Service:
    """What the calls work with; one an application."""

    settings: Settings
    store: Store
    reviews: Reviews
    keys: Keys
    sessions: Sessions
    rates: Rates
    jobs: Jobs
    unpacking: anyio.CapacityLimiter


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Wired = Annotated[Service, Depends(_service)]
_bearer = HTTPBearer(auto_error=False, description="The key, as in admin-key.txt.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
_cookie = APIKeyCookie(
    name=COOKIE,
    scheme_name=SESSION_SCHEME_NAME,
    description="Of a browser that was signed in with `POST /api/v1/session`.",
    auto_error=False,
)
Token = Annotated[str | None, Depends(_cookie)]


def holder(key: str, request: Request, service: Service) -> Principal:
    """Tell whose key it is; wrong keys of an address, and calls of a key, are counted.

    Raises:
        ProblemError: UNAUTHORIZED, TOO_MANY_REQUESTS.
    """
    address = request.client.host if request.client else ""
    principal = service.keys.check(key, service.rates.guesses(address))
    service.rates.count_call(principal.key_id)
    return principal


def _principal(
    request: Request, service: Wired, credentials: Credentials, token: Token
) -> Principal:
    if credentials is not None:
        return holder(credentials.credentials, request, service)
    if token is None:
        raise unauthorized()
    signed = service.sessions.find(token)
    if signed is None:
        raise unauthorized("the session has ended; sign in again")
    sent = request.headers.get(CSRF_HEADER)
    if request.method not in SAFE_METHODS and not signed.is_sent_by_own_page(sent):
        detail = f"send the csrf_token of GET /api/v1/session in the header {CSRF_HEADER}"
        raise ProblemError(CSRF_FAILED, detail)
    service.rates.count_call(signed.principal.key_id)
    return signed.principal


Caller = Annotated[Principal, Depends(_principal)]


def standing(
    service: Wired, caller: Caller, credentials: Credentials, token: Token
) -> Callable[[], bool]:
    """What tells whether the key or the session of a call still counts."""

    def counts() -> bool:
        if credentials is None:
            return service.sessions.find(token) is not None
        return service.store.keys.find(caller.key_id) is not None

    return counts


Standing = Annotated[Callable[[], bool], Depends(standing)]
"""For answers that take long."""


def uploader(caller: Caller) -> Principal:
    caller.require(Role.UPLOADER)
    return caller


def reviewer(caller: Caller) -> Principal:
    caller.require(Role.REVIEWER)
    return caller


def admin(caller: Caller) -> Principal:
    caller.require()
    return caller


DocumentId = Annotated[str, Path(alias="id", description="As the upload answered it.")]


def _document(service: Wired, caller: Caller, document_id: DocumentId) -> Document:
    document = service.store.find(document_id)
    if document is None:
        raise unknown(document_id)
    return document


Known = Annotated[Document, Depends(_document)]


def _finished(document: Known) -> Document:
    """The document, if it has a result; else a conflict, with the code of what went wrong where it
    failed. That was then: whatever its status as an answer, to ask for it now is no such fault."""
    if document.state == DocumentState.FAILED:
        problem = replace(problem_of(document.problem_code or ""), status=NOT_FINISHED.status)
        raise ProblemError(problem, document.problem_detail or problem.title)
    if not document.has_result:
        detail = f"{document.name} is {document.state}; wait, or follow .../{document.id}/events"
        raise ProblemError(NOT_FINISHED, detail)
    return document


Finished = Annotated[Document, Depends(_finished)]


# Longer patterns are too complex for SQLite; to it a NUL ends a text, and PostgreSQL refuses it.
FilterText = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
"""What a text is to have in it."""
OrganizationFilter = Annotated[FilterText | None, Query(description="Part of the name.")]


def unknown(document_id: str) -> ProblemError:
    detail = f"no document has the id {document_id!r}; it may have been removed"
    return ProblemError(DOCUMENT_UNKNOWN, detail)


def problems_of(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Entries of the OpenAPI document for problems that a call may answer with."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemModel"}}}
    names = {
        400: "Damaged request",
        401: "No valid key",
        403: "The key does not allow it",
        404: "Not there",
        408: "Too slow",
        409: "Not finished, or cannot be decided again",
        412: "The document has changed since",
        413: "Over a limit",
        415: "A format that is not read here",
        429: "Too many calls in a minute",
        422: "Not valid, or the document cannot be used",
        503: "Not ready",
    }
    return {status: {"description": names[status], "content": content} for status in statuses}


def binary(*media_types: str) -> dict[int | str, dict[str, Any]]:
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"content": dict.fromkeys(media_types, schema)}}


def result_of(document: Document, service: Service) -> FileResponse:
    """The result of a document as it is, with its version as ETag."""
    path = service.reviews.export(document, models.ExportFormat.JSON)
    headers = {"ETag": f'"{document.version}"'}
    return FileResponse(path, media_type="application/json", headers=headers)
