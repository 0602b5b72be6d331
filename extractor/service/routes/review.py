"""Review: decisions about cells, their trail, and what to ask next."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.responses import FileResponse

from extractor.service import models, review_models
from extractor.service.auth import Principal
from extractor.service.problems import INVALID_REQUEST, ProblemError
from extractor.service.routes.wiring import (
    Finished,
    Known,
    Wired,
    problems_of,
    result_of,
    reviewer,
)

router = APIRouter(tags=["review"])


@router.put(
    "/documents/{id}/cells/{slot}",
    response_class=FileResponse,
    responses=problems_of(403, 404, 409, 412) | {200: {"model": models.ExtractionModel}},
)
def review(
    document: Finished,
    service: Wired,
    caller: Annotated[Principal, Depends(reviewer)],
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
