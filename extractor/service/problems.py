"""What went wrong, as RFC 9457 problem documents with a stable `code`.

The codes are part of the API: clients decide on `code` and never on the text of `detail`. All of
them stand in this module; `docs/api.md` lists them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException

from extractor import errors

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")
"""How a member of an enumeration stands in messages of the framework."""


@dataclass(frozen=True, slots=True)
class ProblemType:
    code: str
    status: int
    title: str

    @property
    def uri(self) -> str:
        return f"urn:extractor:problem:{self.code}"


class ProblemError(Exception):
    """A request that cannot be answered as it was asked.

    Args:
        type: what kind of problem it is.
        detail: this case: what, where, and what to do.
        extra: further members of the problem document.
        headers: headers of the answer.
    """

    def __init__(
        self,
        type: ProblemType,
        detail: str,
        *,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.type = type
        self.detail = detail
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})


def _of(error: type[errors.ExtractorError], title: str) -> ProblemType:
    return ProblemType(error.code, error.http_status, title)


UNAUTHORIZED = ProblemType("unauthorized", 401, "A valid key is needed")
FORBIDDEN = ProblemType("forbidden", 403, "The key does not allow this")
CSRF_FAILED = ProblemType("csrf_failed", 403, "The call does not come from the service's own page")
NOT_FOUND = ProblemType("not_found", 404, "There is nothing at this address")
METHOD_NOT_ALLOWED = ProblemType("method_not_allowed", 405, "This address knows no such method")
TOO_MANY_REQUESTS = ProblemType("too_many_requests", 429, "Too many calls in a minute")
INVALID_REQUEST = ProblemType("invalid_request", 422, "The request is not valid")
REQUEST_FAILED = ProblemType("request_failed", 400, "The request cannot be answered")
INTERNAL_ERROR = ProblemType("internal_error", 500, "Something went wrong in the service")
NOT_READY = ProblemType("not_ready", 503, "The service is not ready")
BUSY = ProblemType("busy", 503, "Others are being served")
DATABASE_UNAVAILABLE = ProblemType(
    "database_unavailable", 503, "The database does not answer at present"
)

NOT_MULTIPART = ProblemType("not_multipart", 415, "An upload must be multipart/form-data")
UPLOAD_MALFORMED = ProblemType("upload_malformed", 400, "The upload is damaged or incomplete")
UPLOAD_TOO_SLOW = ProblemType("upload_too_slow", 408, "The upload comes too slowly")
UPLOAD_EMPTY = ProblemType("upload_empty", 422, "The upload holds no file")
NOTHING_ACCEPTED = ProblemType("nothing_accepted", 422, "None of the files can be used")

DOCUMENT_UNKNOWN = ProblemType("document_unknown", 404, "There is no such document")
PAGE_UNKNOWN = ProblemType("page_unknown", 404, "The document has no such page")
SLOT_UNKNOWN = ProblemType("slot_unknown", 404, "The form has no such slot")
GENERATION_UNKNOWN = ProblemType("generation_unknown", 404, "There is no such extraction of it")
FIGURE_UNKNOWN = ProblemType("figure_unknown", 404, "The report has no such key figure")
FINDING_UNKNOWN = ProblemType("finding_unknown", 404, "The report has no such finding")
NO_PAGE_IMAGE = ProblemType("no_page_image", 404, "The document has no page images")
NO_CELL_IMAGE = ProblemType("no_cell_image", 404, "The cell was not found on a page")
NOT_FINISHED = ProblemType("not_finished", 409, "The extraction is not finished")
FINISHED = ProblemType("finished", 409, "The document is finished already")
NOT_FAILED = ProblemType("not_failed", 409, "The document has not failed")
NOT_DECIDED = ProblemType("not_decided", 409, "There is no decision to withdraw")
NOT_CONFIRMABLE = ProblemType("not_confirmable", 409, "The finding may be a misreading")
NOT_REVIEWABLE = ProblemType("not_reviewable", 409, "The document cannot be decided again")
VERSION_OUTDATED = ProblemType("version_outdated", 412, "The document has changed since")
KEY_UNKNOWN = ProblemType("key_unknown", 404, "There is no such key")
WEBHOOK_UNKNOWN = ProblemType("webhook_unknown", 404, "There is no such webhook")
LAST_ADMIN = ProblemType("last_admin", 409, "The last administrator's key cannot be revoked")
DATASET_TOO_LARGE = ProblemType("dataset_too_large", 422, "A worksheet cannot hold so many rows")

TIMED_OUT = ProblemType("timed_out", 500, "The extraction took too long and was stopped")
WORKER_CRASHED = ProblemType("worker_crashed", 500, "The extraction ended unexpectedly")
CANCELLED = ProblemType("cancelled", 409, "The extraction was cancelled")

PROBLEMS: Mapping[str, ProblemType] = {
    problem.code: problem
    for problem in (
        UNAUTHORIZED,
        FORBIDDEN,
        CSRF_FAILED,
        NOT_FOUND,
        METHOD_NOT_ALLOWED,
        TOO_MANY_REQUESTS,
        INVALID_REQUEST,
        REQUEST_FAILED,
        INTERNAL_ERROR,
        NOT_READY,
        NOT_MULTIPART,
        UPLOAD_MALFORMED,
        UPLOAD_TOO_SLOW,
        UPLOAD_EMPTY,
        NOTHING_ACCEPTED,
        DOCUMENT_UNKNOWN,
        PAGE_UNKNOWN,
        SLOT_UNKNOWN,
        GENERATION_UNKNOWN,
        FIGURE_UNKNOWN,
        FINDING_UNKNOWN,
        NO_PAGE_IMAGE,
        NO_CELL_IMAGE,
        NOT_FINISHED,
        NOT_FAILED,
        NOT_DECIDED,
        NOT_CONFIRMABLE,
        NOT_REVIEWABLE,
        VERSION_OUTDATED,
        KEY_UNKNOWN,
        WEBHOOK_UNKNOWN,
        LAST_ADMIN,
        DATASET_TOO_LARGE,
        TIMED_OUT,
        WORKER_CRASHED,
        CANCELLED,
        BUSY,
        DATABASE_UNAVAILABLE,
        FINISHED,
        _of(errors.InputError, "The document cannot be used"),
        _of(errors.UnsupportedInput, "The format is not read here"),
        _of(errors.EncryptedInput, "The document is protected by a password"),
        _of(errors.CorruptInput, "The document is damaged"),
        _of(errors.InputTooLarge, "The document is over a limit"),
        _of(errors.NotAReport, "The document is no report of this form"),
        _of(errors.OcrError, "The reader failed"),
        _of(errors.ModelError, "The models cannot be used"),
        _of(errors.SchemaError, "The description of the form contradicts itself"),
        _of(errors.StoreError, "The storage failed"),
    )
}


def invalid(found: Mapping[str, str]) -> ProblemError:
    """A request with something wrong in it: what is wrong, by where it stands."""
    detail = "; ".join(f"{location}: {message}" for location, message in found.items())
    errors = [{"location": location, "message": message} for location, message in found.items()]
    return ProblemError(INVALID_REQUEST, detail, extra={"errors": errors})


def problem_of(code: str) -> ProblemType:
    """Return the type of a code, also one that a later version wrote to the database."""
    return PROBLEMS.get(code, ProblemType(code, 500, INTERNAL_ERROR.title))


def type_of(error: errors.ExtractorError) -> ProblemType:
    known = PROBLEMS.get(error.code)
    return known or ProblemType(error.code, error.http_status, INTERNAL_ERROR.title)


def problem_from(error: Exception) -> ProblemError | None:
    """What an error is to whoever asked for something; None for a mistake of ours."""
    match error:
        case ProblemError():
            return error
        case DataError():  # a zero character, for instance, in a name
            return ProblemError(INVALID_REQUEST, "a parameter has what no database can keep")
        case OperationalError() | InterfaceError():
            detail = "it is locked, full or away; try again in a moment"
            return ProblemError(DATABASE_UNAVAILABLE, detail, headers={"Retry-After": "5"})
        case errors.ExtractorError():
            return ProblemError(type_of(error), str(error))
    return None


def respond(
    request: Request,
    type: ProblemType,
    detail: str,
    *,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Make the problem document that answers a request."""
    content = {
        "type": type.uri,
        "title": type.title,
        "status": type.status,
        "detail": detail,
        "code": type.code,
        "instance": request.url.path,
        **(extra or {}),
    }
    if request_id := getattr(request.state, "request_id", None):
        content["request_id"] = request_id
    return JSONResponse(content, type.status, dict(headers or {}), media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Let the application answer every error with a problem document."""
    for type in (ProblemError, DBAPIError, errors.ExtractorError):
        app.add_exception_handler(type, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)


def _on_problem(request: Request, error: Exception) -> JSONResponse:
    problem = problem_from(error)
    if problem is None:
        raise error
    if isinstance(error, OperationalError | InterfaceError):
        log.error("%s %s: the database: %s", request.method, request.url.path, error.orig)
    return respond(
        request, problem.type, problem.detail, extra=problem.extra, headers=problem.headers
    )


def _on_invalid_request(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    is_json = "json" in request.headers.get("content-type", "")
    found = [_told(item, is_json=is_json) for item in error.errors()]
    detail = "; ".join(f"{item['location']}: {item['message']}" for item in found)
    return respond(request, INVALID_REQUEST, detail, extra={"errors": found})


def _told(item: Mapping[str, Any], *, is_json: bool) -> dict[str, str]:
    """One thing that is wrong with a request, in words that need no knowledge of the program."""
    location, message = item["loc"], item["msg"]
    if item["type"] == "json_invalid":
        message = f"no JSON: {item['ctx']['error']}, at character {location[-1]}"
        location = location[:-1]
    elif location == ("body",) and item["type"] == "model_attributes_type":
        message = "a JSON object is wanted"
        message += "" if is_json else ", with the header 'Content-Type: application/json'"
    return {
        "location": ".".join(str(part) for part in location),
        "message": _MEMBER.sub(r"\1", message),
    }


def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    known = {404: NOT_FOUND, 405: METHOD_NOT_ALLOWED}.get(error.status_code)
    if known is None:
        title = HTTPStatus(error.status_code).phrase
        known = ProblemType(REQUEST_FAILED.code, error.status_code, title)
    detail = f"{request.method} {request.url.path}: {error.detail}; /docs lists all calls"
    return respond(request, known, detail, headers=error.headers)
