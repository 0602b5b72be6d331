"""Review: decisions about cells, their trail, and what to ask next."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.responses import FileResponse

from extractor.service import models, review_models
from extractor.service.answers import Body, figure_subject
from extractor.service.auth import Principal
from extractor.service.problems import INVALID_REQUEST, SLOT_UNKNOWN, ProblemError
from extractor.service.routes.wiring import (
    Finished,
    Known,
    Service,
    Wired,
    problems_of,
    result_of,
    reviewer,
)
from extractor.service.tables import Document
from extractor.service.tasks import REPORT
from extractor.types import FIGURES

router = APIRouter(tags=["review"])


_DECISION: dict[int | str, Any] = problems_of(403, 404, 409, 412) | {
    200: {"model": models.ExtractionModel}
}
Reviewer = Annotated[Principal, Depends(reviewer)]
IfMatch = Annotated[
    str | None, Header(description="The ETag of the extraction that was looked at.")
]


@router.put("/documents/{id}/cells/{slot}", response_class=FileResponse, responses=_DECISION)
def review_cell(
    document: Finished,
    service: Wired,
    caller: Reviewer,
    slot: Annotated[str, Path(examples=["requests.new_received.natural_person"])],
    body: review_models.CellBody,
    if_match: IfMatch = None,
) -> FileResponse:
    """Take a review decision about a cell; the answer is the result with everything that follows.

    With `If-Match`, a decision about an older version is refused (412), so that two reviewers do
    not overwrite each other.
    """
    if slot == REPORT or slot.startswith(f"{FIGURES}."):
        raise ProblemError(SLOT_UNKNOWN, f"{slot!r} is no slot of this report's form")
    return _decide(service, document, slot, body, caller, if_match)


@router.put("/documents/{id}/figures/{number}", response_class=FileResponse, responses=_DECISION)
def review_figure(
    document: Finished,
    service: Wired,
    caller: Reviewer,
    number: Annotated[int, Path(ge=0, description="The `id` of the figure in the extraction.")],
    body: review_models.FigureBody,
    if_match: IfMatch = None,
) -> FileResponse:
    """Take a review decision about a key figure; as for cells."""
    return _decide(service, document, figure_subject(number), body, caller, if_match)


@router.put("/documents/{id}/report", response_class=FileResponse, responses=_DECISION)
def review_report(
    document: Finished,
    service: Wired,
    caller: Reviewer,
    body: review_models.ReportBody,
    if_match: IfMatch = None,
) -> FileResponse:
    """Say whose report it is, or of which year; as for cells."""
    return _decide(service, document, REPORT, body, caller, if_match)


def _decide(
    service: Service,
    document: Document,
    subject: str,
    body: Body,
    caller: Principal,
    if_match: str | None,
) -> FileResponse:
    changed = service.reviews.decide(
        document, subject, body, key_id=caller.key_id, version=_version(if_match)
    )
    return result_of(changed, service)


def _version(etag: str | None) -> int | None:
    if etag is None or etag == "*":
        return None
    text = etag.removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ProblemError(INVALID_REQUEST, "If-Match: take the ETag of the extraction as it is")
    return int(text)


@router.get("/documents/{id}/reviews", responses=problems_of(404))
def review_trail(document: Known, service: Wired) -> review_models.ReviewList:
    """Every decision about the document: who, when, before and after, in order."""
    found = service.store.reviews(document.id)
    return review_models.ReviewList(reviews=[review_models.ReviewModel.of(one) for one in found])


@router.get("/review/next")
def next_question(
    service: Wired,
    caller: Annotated[Principal, Depends(reviewer)],
    exclude: Annotated[
        list[str] | None, Query(max_length=100, description="Ids of documents to pass over.")
    ] = None,
) -> review_models.NextQuestion:
    """The cell or figure whose answer settles most, over all documents."""
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
