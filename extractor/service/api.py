"""The calls of the service, one function each: ask the store, answer with a model or a problem.

Functions without `async` run in threads, so waiting for the disk or for a page to be drawn holds up
nobody else. Extraction itself happens in `jobs.py`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import quote

import anyio
import anyio.to_thread
from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.background import BackgroundTask

from extractor.export.dataset import (
    MAX_SHEET_ROWS,
    TooManyRows,
    to_csv,
    write_parquet,
    write_workbook,
)
from extractor.service import (
    dataset,
    metrics,
    models,
    review_models,
    uploads,
)
from extractor.service.auth import Keys, Principal
from extractor.service.images import CELL_MEDIA_TYPE, PAGE_MEDIA_TYPE, cell_image, page_image
from extractor.service.jobs import Jobs
from extractor.service.problems import (
    DATASET_TOO_LARGE,
    DOCUMENT_UNKNOWN,
    INVALID_REQUEST,
    MEDIA_TYPE,
    NOT_FINISHED,
    NOT_READY,
    ProblemError,
    problem_of,
)
from extractor.service.reviews import Reviews
from extractor.service.store import Store
from extractor.service.tables import Document, DocumentState, Role
from extractor.settings import Settings
from extractor.types import CellStatus, Status

EVENT_SECONDS = 0.25
"""So often an event stream looks whether something changed."""
MAX_UNPACKING = 2
"""So many uploads are unpacked at the same time."""

_EXPORT_MEDIA_TYPES = {
    models.ExportFormat.JSON: "application/json",
    models.ExportFormat.CSV: "text/csv; charset=utf-8",
    models.ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


_DATASET_MEDIA_TYPES = {
    models.DatasetFormat.CSV: "text/csv; charset=utf-8",
    models.DatasetFormat.XLSX: _EXPORT_MEDIA_TYPES[models.ExportFormat.XLSX],
    models.DatasetFormat.PARQUET: "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True)
class Service:
    """What the calls work with; one an application."""

    settings: Settings
    store: Store
    reviews: Reviews
    keys: Keys
    jobs: Jobs
    metrics: metrics.Metrics
    unpacking: anyio.CapacityLimiter


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Wired = Annotated[Service, Depends(_service)]
_bearer = HTTPBearer(auto_error=False, description="The key, as in admin-key.txt.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def _principal(service: Wired, credentials: Credentials) -> Principal:
    return service.keys.check(credentials.credentials if credentials else None)


Caller = Annotated[Principal, Depends(_principal)]


def _uploader(caller: Caller) -> Principal:
    caller.require(Role.UPLOADER)
    return caller


def _reviewer(caller: Caller) -> Principal:
    caller.require(Role.REVIEWER)
    return caller


def _admin(caller: Caller) -> Principal:
    caller.require()
    return caller


DocumentId = Annotated[str, Path(alias="id", description="As the upload answered it.")]


def _document(service: Wired, caller: Caller, document_id: DocumentId) -> Document:
    document = service.store.find(document_id)
    if document is None:
        raise _unknown(document_id)
    return document


Known = Annotated[Document, Depends(_document)]


def _finished(document: Known) -> Document:
    """The document, if it has a result."""
    if document.state == DocumentState.FAILED:
        problem = problem_of(document.problem_code or "")
        raise ProblemError(problem, document.problem_detail or problem.title)
    if document.state != DocumentState.DONE:
        detail = f"{document.name} is {document.state}; wait, or follow .../{document.id}/events"
        raise ProblemError(NOT_FINISHED, detail)
    return document


Finished = Annotated[Document, Depends(_finished)]


def _unknown(document_id: str) -> ProblemError:
    detail = f"no document has the id {document_id!r}; it may have been removed"
    return ProblemError(DOCUMENT_UNKNOWN, detail)


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Entries of the OpenAPI document for problems that a call may answer with."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemModel"}}}
    names = {
        400: "Damaged request",
        401: "No valid key",
        403: "The key does not allow it",
        404: "Not there",
        409: "Not finished, or cannot be decided again",
        412: "The document has changed since",
        413: "Over a limit",
        415: "A format that is not read here",
        422: "Not valid, or the document cannot be used",
        503: "Not ready",
    }
    return {status: {"description": names[status], "content": content} for status in statuses}


def _binary(*media_types: str) -> dict[int | str, dict[str, Any]]:
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"content": dict.fromkeys(media_types, schema)}}


router = APIRouter(prefix="/api/v1", tags=["documents"], responses=_problems(401, 422))

_UPLOAD_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "description": "Reports, or ZIP archives of reports.",
                        }
                    },
                }
            }
        },
    }
}


@router.post(
    "/documents",
    status_code=202,
    openapi_extra=_UPLOAD_BODY,
    responses=_problems(400, 403, 413, 415),
)
async def upload(
    request: Request, service: Wired, caller: Annotated[Principal, Depends(_uploader)]
) -> models.UploadAnswer:
    """Upload one or many reports, or ZIP archives of them.

    The same bytes again give the same document and no second run. If nothing can be used at all,
    the answer is a problem.
    """
    with service.store.receive() as folder:
        received = await uploads.receive(
            request.stream(),
            content_type=request.headers.get("content-type", ""),
            content_length=request.headers.get("content-length"),
            folder=folder,
            settings=service.settings,
        )

        def accept() -> uploads.Acceptance:
            return uploads.accept(received, service.store, service.settings, key_id=caller.key_id)

        try:
            acceptance = await anyio.to_thread.run_sync(accept, limiter=service.unpacking)
        finally:
            service.jobs.notify()
    return models.UploadAnswer(
        documents=[
            models.UploadedDocument(
                id=document.id,
                name=document.name,
                sha256=document.sha256,
                state=DocumentState(document.state),
                is_new=is_new,
            )
            for document, is_new in acceptance.documents
        ],
        refused=[
            models.RefusedFile(name=name, code=error.code, detail=str(error))
            for name, error in acceptance.refused
        ],
        skipped=[
            models.SkippedFile(name=name, reason=reason) for name, reason in acceptance.skipped
        ],
    )


@router.get("/documents")
def list_documents(
    service: Wired,
    caller: Caller,
    status: models.StatusFilter | None = None,
    organization: Annotated[str | None, Query(description="Part of the name.")] = None,
    year: int | None = None,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> models.DocumentList:
    """List documents, the newest first."""
    if cursor is not None and not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 16):
        raise ProblemError(INVALID_REQUEST, "cursor: take it from `next_cursor` as it is")
    is_state = status in (models.StatusFilter.QUEUED, models.StatusFilter.RUNNING)
    found = service.store.list(
        state=DocumentState(status) if status and is_state else None,
        status=status if status and not is_state else None,
        organization=organization,
        year=year,
        before=int(cursor) if cursor else None,
        limit=limit + 1,
    )
    shown = found[:limit]
    return models.DocumentList(
        documents=[models.DocumentModel.of(document) for document in shown],
        next_cursor=str(shown[-1].number) if limit < len(found) else None,
    )


@router.get("/documents/{id}", responses=_problems(404))
def document_state(document: Known) -> models.DocumentModel:
    """State, progress and outcome of one document."""
    return models.DocumentModel.of(document)


@router.get("/documents/{id}/events", response_class=EventSourceResponse, responses=_problems(404))
async def document_events(document: Known, service: Wired) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: `progress` with the document whenever something changed, then `done` or
    `failed` (or `removed`), after which the stream ends."""
    shown: models.DocumentModel | None = None
    while True:
        now = await anyio.to_thread.run_sync(service.store.find, document.id)
        if now is None:
            yield ServerSentEvent(event="removed", data={"id": document.id})
            return
        state, model = DocumentState(now.state), models.DocumentModel.of(now)
        if model != shown:
            yield ServerSentEvent(event=state if state.is_final else "progress", data=model)
        if state.is_final:
            return
        shown = model
        await anyio.sleep(EVENT_SECONDS)


@router.get(
    "/documents/{id}/extraction",
    response_class=FileResponse,
    responses=_problems(404, 409) | {200: {"model": models.ExtractionModel}},
)
def extraction(document: Finished, service: Wired) -> FileResponse:
    """The result. 409 while it is not finished; if it failed, a problem with the reason."""
    return _result(document, service)


def _result(document: Document, service: Service) -> FileResponse:
    """The result of a document as it is, with its version as ETag."""
    path = service.reviews.export(document, models.ExportFormat.JSON)
    headers = {"ETag": f'"{document.version}"'}
    return FileResponse(path, media_type="application/json", headers=headers)


@router.get(
    "/documents/{id}/export",
    response_class=FileResponse,
    responses=_problems(404, 409) | _binary(*_EXPORT_MEDIA_TYPES.values()),
)
def export(
    document: Finished,
    service: Wired,
    format: models.ExportFormat = models.ExportFormat.XLSX,
) -> FileResponse:
    """The result as a file to keep."""
    path = service.reviews.export(document, format)
    name = PurePosixPath(document.name).stem or "document"
    # The plain name is for clients that do not know the encoded one.
    plain = name if name.isascii() and '"' not in name else document.id
    encoded = quote(f"{name}.{format.value}", safe="")
    disposition = f"attachment; filename=\"{plain}.{format.value}\"; filename*=UTF-8''{encoded}"
    return FileResponse(
        path,
        media_type=_EXPORT_MEDIA_TYPES[format],
        headers={"Content-Disposition": disposition},
    )


@router.get(
    "/documents/{id}/pages/{n}",
    response_class=FileResponse,
    responses=_problems(404, 409) | _binary(PAGE_MEDIA_TYPE),
)
def page(
    document: Finished,
    service: Wired,
    n: Annotated[int, Path(description="Counts from 1.")],
) -> FileResponse:
    """One page, upright, as an image; boxes of evidence are fractions of its width and height."""
    path = page_image(document, n, service.store, service.settings)
    return FileResponse(path, media_type=PAGE_MEDIA_TYPE)


@router.get(
    "/documents/{id}/cells/{slot}/image",
    response_class=Response,
    responses=_problems(404, 409) | _binary(CELL_MEDIA_TYPE),
)
def cell(
    document: Finished,
    service: Wired,
    slot: Annotated[str, Path(examples=["requests.new_received.natural_person"])],
) -> Response:
    """One cell, cut out of its page."""
    path = service.reviews.export(document, models.ExportFormat.JSON)
    result = json.loads(path.read_bytes())
    data = cell_image(document, result, slot, service.store, service.settings)
    return Response(data, media_type=CELL_MEDIA_TYPE)


@router.put(
    "/documents/{id}/cells/{slot}",
    response_class=FileResponse,
    responses=_problems(403, 404, 409, 412) | {200: {"model": models.ExtractionModel}},
)
def review(
    document: Finished,
    service: Wired,
    caller: Annotated[Principal, Depends(_reviewer)],
    slot: Annotated[str, Path(examples=["requests.new_received.natural_person"])],
    body: review_models.ReviewBody,
    if_match: Annotated[
        str | None, Header(description="The ETag of the extraction that was looked at.")
    ] = None,
) -> FileResponse:
    """Take a review decision about a cell; the answer is the result with everything that follows.

    With `If-Match`, a decision about an older version is refused (412), so that two reviewers do
    not overwrite each other.
    """
    changed = service.reviews.decide(
        document, slot, body, key_id=caller.key_id, version=_version(if_match)
    )
    return _result(changed, service)


def _version(etag: str | None) -> int | None:
    if etag is None or etag == "*":
        return None
    text = etag.removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ProblemError(INVALID_REQUEST, "If-Match: take the ETag of the extraction as it is")
    return int(text)


@router.get("/documents/{id}/reviews", responses=_problems(404))
def review_trail(document: Known, service: Wired) -> review_models.ReviewList:
    """Every decision about the document: who, when, before and after, in order."""
    found = service.store.reviews(document.id)
    return review_models.ReviewList(reviews=[review_models.ReviewModel.of(one) for one in found])


@router.get("/review/next")
def next_question(
    service: Wired,
    caller: Annotated[Principal, Depends(_reviewer)],
    exclude: Annotated[
        list[str] | None, Query(max_length=100, description="Ids of documents to pass over.")
    ] = None,
) -> review_models.NextQuestion:
    """The cell whose answer settles most, over all documents."""
    document = service.store.next_question(exclude or [])
    if document is None or document.question is None:
        return review_models.NextQuestion(question=None)
    return review_models.NextQuestion(
        question=review_models.QuestionModel(
            document=models.DocumentModel.of(document),
            slot=document.question,
            settles=document.settles,
        )
    )


@router.get(
    "/dataset",
    response_class=Response,
    responses=_problems(401) | _binary(*_DATASET_MEDIA_TYPES.values()),
)
def whole_dataset(
    service: Wired,
    caller: Caller,
    format: models.DatasetFormat = models.DatasetFormat.CSV,
    content: dataset.Content = dataset.Content.CELLS,
    status: Annotated[Status | None, Query(description="Of the report.")] = None,
    organization: Annotated[str | None, Query(description="Part of the name.")] = None,
    year: int | None = None,
    table: Annotated[str | None, Query(description="Only cells of this table.")] = None,
    cell_status: Annotated[CellStatus | None, Query(description="Of cells and figures.")] = None,
) -> Response:
    """All finished reports in long form, review decisions included: one row a slot, or a key
    figure, or a finding. CSV comes while it is made; the others as whole files.

    What each column means stands in the workbook's second sheet, in the metadata of Parquet's
    fields and in `docs/api.md`.
    """
    schema = service.reviews.schema
    if table is not None and table not in schema.tables:
        raise ProblemError(INVALID_REQUEST, f"table: one of {', '.join(schema.tables)}")
    reports = dataset.rows(
        service.store.finished(status=status, organization=organization, year=year),
        service.reviews.result,
        content,
        schema,
        table=table,
        cell_status=cell_status,
    )
    columns = dataset.COLUMNS[content]
    name = f"{content}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    media_type = _DATASET_MEDIA_TYPES[format]
    if format is models.DatasetFormat.CSV:
        lines = to_csv(columns, reports)
        return StreamingResponse(lines, media_type=media_type, headers=headers)
    write = write_workbook if format is models.DatasetFormat.XLSX else write_parquet
    with ExitStack() as stack:
        path = stack.enter_context(service.store.receive()) / name
        try:
            write(columns, reports, path)
        except TooManyRows:
            detail = (
                f"more than {MAX_SHEET_ROWS - 1:,} rows; take csv or parquet, or "
                "less with organization, year, table or cell_status"
            )
            raise ProblemError(DATASET_TOO_LARGE, detail) from None
        done = BackgroundTask(stack.pop_all().close)
    return FileResponse(path, media_type=media_type, headers=headers, background=done)


@router.delete("/documents/{id}", status_code=204, responses=_problems(403, 404))
def remove(
    document_id: DocumentId, service: Wired, caller: Annotated[Principal, Depends(_admin)]
) -> None:
    """Remove the file, its pages and all values. The audit trail keeps that it was removed."""
    if (
        service.reviews.remove(document_id, key_id=caller.key_id, ending=service.jobs.cancel)
        is None
    ):
        raise _unknown(document_id)


health = APIRouter(tags=["health"])


@health.get("/healthz")
def healthz() -> models.Health:
    """The process answers."""
    return models.Health()


@health.get("/readyz", responses=_problems(503))
def readyz(service: Wired) -> models.Health:
    """The database answers, and a worker has its models loaded."""
    service.store.check()
    if reason := service.jobs.why_not_ready():
        raise ProblemError(NOT_READY, reason)
    return models.Health()


@health.get("/metrics", response_class=Response, responses=_problems(401))
def show_metrics(service: Wired, caller: Caller) -> Response:
    """Numbers for Prometheus; needs a key."""
    data = service.metrics.render(service.store.count_by_state())
    return Response(data, headers={"content-type": metrics.CONTENT_TYPE})
