"""Documents: upload, follow, take the results, look at the pages, remove."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import quote

import anyio
import anyio.to_thread
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import FileResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from extractor.service import models, uploads
from extractor.service.auth import Principal
from extractor.service.extraction_models import ExtractionModel
from extractor.service.images import CELL_MEDIA_TYPE, PAGE_MEDIA_TYPE, cell_image, page_image
from extractor.service.multipart import receive
from extractor.service.problems import GENERATION_UNKNOWN, ProblemError
from extractor.service.routes import commands
from extractor.service.routes.wiring import (
    Caller,
    DocumentId,
    Finished,
    Known,
    OrganizationFilter,
    Standing,
    Wired,
    admin,
    binary,
    problems_of,
    result_of,
    uploader,
)
from extractor.service.tables import DocumentState

EVENT_SECONDS = 0.25
"""So often an event stream looks whether something changed."""

LOOKS_A_KEY = 20
"""Once every so many times it looks whether it may still be seen, too."""

_EXPORT_MEDIA_TYPES = {
    models.ExportFormat.JSON: "application/json",
    models.ExportFormat.CSV: "text/csv; charset=utf-8",
    models.ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


router = APIRouter(tags=["documents"])

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
    responses=problems_of(400, 403, 408, 413, 415),
)
async def upload(
    request: Request,
    service: Wired,
    caller: Annotated[Principal, Depends(uploader)],
    priority: Annotated[
        uploads.Priority | None,
        Query(
            description="What is extracted first; of archives and of more than "
            f"{uploads.MAX_INTERACTIVE} files at once `batch`, unless said otherwise."
        ),
    ] = None,
) -> models.UploadAnswer:
    """Upload one or many reports, or ZIP archives of them.

    The same bytes again give the same document and no second run. If nothing can be used at all,
    the answer is a problem.
    """
    with service.store.files.receive() as folder:
        received = await receive(
            request.stream(),
            content_type=request.headers.get("content-type", ""),
            content_length=request.headers.get("content-length"),
            folder=folder,
            settings=service.settings,
        )

        def accept() -> uploads.Acceptance:
            try:
                return uploads.accept(
                    received,
                    service.store,
                    service.settings,
                    key_id=caller.key_id,
                    priority=priority,
                )
            finally:
                service.jobs.notify()  # also of what was accepted before something went wrong

        acceptance = await anyio.to_thread.run_sync(accept, limiter=service.unpacking)
    return models.UploadAnswer(
        documents=[
            models.UploadedDocument.of(document, is_new=is_new)
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
    organization: OrganizationFilter = None,
    year: Annotated[int | None, Query(ge=0, le=9999)] = None,
    cursor: Annotated[
        str | None, Query(description="`next_cursor` of the page before.", pattern=r"^\d{1,9}$")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> models.DocumentList:
    """List documents, the newest first."""
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


@router.get("/documents/{id}", responses=problems_of(404))
def document_state(document: Known) -> models.DocumentModel:
    """State, progress and outcome of one document."""
    return models.DocumentModel.of(document)


@router.get(
    "/documents/{id}/events", response_class=EventSourceResponse, responses=problems_of(404)
)
async def document_events(
    document: Known, service: Wired, counts: Standing
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: `progress` with the document whenever something changed, then `done` or
    `failed` (or `removed`), after which the stream ends. It also ends with the key or session."""
    shown: models.DocumentModel | None = None
    looks = 0
    while True:
        looks += 1
        if looks % LOOKS_A_KEY == 0 and not await anyio.to_thread.run_sync(counts):
            return
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
    responses=problems_of(404, 409) | {200: {"model": ExtractionModel}},
)
def extraction(
    document: Finished,
    service: Wired,
    generation: Annotated[
        int | None, Query(ge=0, description="An older one, as it was last; the newest without it.")
    ] = None,
) -> FileResponse:
    """The result. 409 while it is not finished, and with the code of its problem if it failed."""
    if generation is None or generation == document.generation:
        return result_of(document, service)
    path = service.reviews.older(document, generation)
    if path is None:
        raise ProblemError(GENERATION_UNKNOWN, f"it was extracted {document.generation + 1} times")
    return FileResponse(path, media_type="application/json")


@router.get(
    "/documents/{id}/export",
    response_class=FileResponse,
    responses=problems_of(404, 409) | binary(*_EXPORT_MEDIA_TYPES.values()),
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
    responses=problems_of(404, 409) | binary(PAGE_MEDIA_TYPE),
)
def page(
    document: Finished,
    service: Wired,
    n: Annotated[int, Path(description="Counts from 1.")],
    _generation: Annotated[
        int | None,
        Query(
            alias="generation",
            description="Of the document; changes nothing but the address, for caches: another "
            "extraction may turn a page otherwise.",
        ),
    ] = None,
) -> FileResponse:
    """One page, upright, as an image; boxes of evidence are fractions of its width and height."""
    path = page_image(document, n, service.store, service.settings)
    return FileResponse(path, media_type=PAGE_MEDIA_TYPE)


@router.get(
    "/documents/{id}/cells/{slot}/image",
    response_class=Response,
    responses=problems_of(404, 409) | binary(CELL_MEDIA_TYPE),
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


@router.post("/documents/{id}/retry", status_code=202, responses=problems_of(403, 404, 409))
def retry(
    caller: Annotated[Principal, Depends(uploader)], document: Known, service: Wired
) -> models.DocumentModel:
    """Queue a document again whose extraction failed: after a limit was raised, for instance, or a
    disk was full."""
    return models.DocumentModel.of(commands.retry(document, service, caller))


@router.post("/documents/{id}/extract", status_code=202, responses=problems_of(403, 404, 409))
def extract_again(
    caller: Annotated[Principal, Depends(uploader)], document: Known, service: Wired
) -> models.DocumentModel:
    """Extract a document again, with newer models perhaps. Its result stays until there is another
    one, then as an older generation; decisions are carried over."""
    return models.DocumentModel.of(commands.extract_again(document, service, caller))


@router.post("/documents/{id}/cancel", status_code=202, responses=problems_of(403, 404, 409))
def cancel(
    caller: Annotated[Principal, Depends(uploader)], document: Known, service: Wired
) -> models.DocumentModel:
    """Give up a document that waits or is being extracted. It can be retried, or, where it had a
    result, which it keeps, extracted again."""
    return models.DocumentModel.of(commands.cancel(document, service, caller))


@router.delete("/documents/{id}", status_code=204, responses=problems_of(403, 404))
def remove(
    document_id: DocumentId, service: Wired, caller: Annotated[Principal, Depends(admin)]
) -> None:
    """Remove the file, its pages and all values. The audit trail keeps that it was removed."""
    commands.remove(document_id, service, caller)
