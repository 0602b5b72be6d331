"""Review: decisions about cells, their trail, and what to ask next."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.responses import FileResponse

from extractor.errors import StoreError
from extractor.service import models, review_models
from extractor.service.answers import Body, figure_subject, finding_subject, is_slot, item_of
from extractor.service.auth import Principal
from extractor.service.extraction_models import ExtractionModel
from extractor.service.problems import INVALID_REQUEST, SLOT_UNKNOWN, ProblemError
from extractor.service.routes.bounded import Bounded
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
from extractor.types import FIGURES, FINDINGS, REPORT

log = logging.getLogger(__name__)

router = APIRouter(tags=["review"], route_class=Bounded)


_DECISION: dict[int | str, Any] = problems_of(403, 404, 409, 412, 413) | {
    200: {"model": ExtractionModel}
}
Reviewer = Annotated[Principal, Depends(reviewer)]
IfMatch = Annotated[
    str | None, Header(description="The ETag of the extraction that was looked at.")
]


@router.put("/documents/{id}/cells/{slot}", response_class=FileResponse, responses=_DECISION)
def review_cell(
    caller: Reviewer,  # before the document: others learn nothing about it
    document: Finished,
    service: Wired,
    slot: Annotated[str, Path(examples=["requests.new_received.natural_person"])],
    body: review_models.CellBody,
    if_match: IfMatch = None,
) -> FileResponse:
    """Take a review decision about a cell; the answer is the result with everything that follows.

    With `If-Match`, a decision about an older version is refused (412), so that two reviewers do
    not overwrite each other.
    """
    _check_slot(slot)
    return _decide(service, document, slot, body, caller, if_match)


@router.put("/documents/{id}/cells", response_class=FileResponse, responses=_DECISION)
def review_cells(
    caller: Reviewer,  # before the document: others learn nothing about it
    document: Finished,
    service: Wired,
    body: review_models.CellsBody,
    if_match: IfMatch = None,
) -> FileResponse:
    """Take the same decision about several cells at once, such as all of a table that is not in the
    document; as for one. Each has its own entry in the trail, and they are undone together."""
    for slot in body.slots:
        _check_slot(slot)
    changed = service.reviews.decide_alike(
        document, body.slots, body.each, key_id=caller.key_id, version=_version(if_match)
    )
    return result_of(changed, service)


@router.put("/documents/{id}/figures/{number}", response_class=FileResponse, responses=_DECISION)
def review_figure(
    caller: Reviewer,  # before the document: others learn nothing about it
    document: Finished,
    service: Wired,
    number: Annotated[int, Path(ge=0, description="The `id` of the figure in the extraction.")],
    body: review_models.FigureBody,
    if_match: IfMatch = None,
) -> FileResponse:
    """Take a review decision about a key figure; as for cells."""
    return _decide(service, document, figure_subject(number), body, caller, if_match)


@router.put("/documents/{id}/findings/{relation}", response_class=FileResponse, responses=_DECISION)
def review_finding(
    caller: Reviewer,
    document: Finished,
    service: Wired,
    relation: Annotated[
        str, Path(description="As in the extraction.", examples=["requests.granted.row_sum"])
    ],
    body: review_models.FindingBody,
    if_match: IfMatch = None,
) -> FileResponse:
    """Confirm that the document states it so, in a finding of the verdict `reported` or
    `undecided`; as for cells.

    Cells that only this finding put in doubt are reviewed then. It holds as long as the finding has
    the same numbers and its cells say the same.
    """
    return _decide(service, document, finding_subject(relation), body, caller, if_match)


@router.put("/documents/{id}/report", response_class=FileResponse, responses=_DECISION)
def review_report(
    caller: Reviewer,  # before the document: others learn nothing about it
    document: Finished,
    service: Wired,
    body: review_models.ReportBody,
    if_match: IfMatch = None,
) -> FileResponse:
    """Say whose report it is, or of which year; as for cells."""
    return _decide(service, document, REPORT, body, caller, if_match)


def _check_slot(slot: str) -> None:
    if not is_slot(slot):
        raise ProblemError(SLOT_UNKNOWN, f"{slot!r} is no slot of this report's form")


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


@router.post("/documents/{id}/undo", response_class=FileResponse, responses=_DECISION)
def undo(
    caller: Reviewer,
    document: Finished,
    service: Wired,
    number: Annotated[
        int | None, Query(description="Of the decision in the trail that is meant.")
    ] = None,
    if_match: IfMatch = None,
) -> FileResponse:
    """Take back the caller's last decision about the document that still counts, and since which
    nobody has decided about the same, with those that were taken at once with it; what was so
    before counts again. With `number`, it is refused if that is another decision."""
    changed = service.reviews.undo(
        document, key_id=caller.key_id, version=_version(if_match), number=number
    )
    return result_of(changed, service)


@router.get("/documents/{id}/reviews", responses=problems_of(404))
def review_trail(document: Known, service: Wired) -> review_models.ReviewList:
    """Every decision about the document: who, when, before and after, in order."""
    found = service.store.reviews(document.id)
    return review_models.ReviewList(reviews=[review_models.ReviewModel.of(one) for one in found])


@router.get("/review/next", response_model_exclude_unset=True)
def next_question(
    service: Wired,
    caller: Annotated[Principal, Depends(reviewer)],
    exclude: Annotated[
        list[str] | None, Query(max_length=100, description="Ids of documents to pass over.")
    ] = None,
) -> review_models.NextQuestion:
    """The cell or figure whose answer settles most, over all documents, as the result has it; or a
    finding that the tables say something else than the text. Where nothing is in doubt, errors of
    reports themselves that nobody has confirmed."""
    passed = list(exclude or [])
    while (document := service.store.next_question(passed)) is not None:
        try:
            found = service.reviews.result(document)
        except StoreError as error:  # damaged on disk: the other documents are asked about
            log.error("%s cannot be asked about: %s", document.name, error)
            passed.append(document.id)
            continue
        if found is not None and found[0].question is not None:
            return review_models.NextQuestion(question=_question(*found))
        # Somebody has removed it, or answered, in between.
    return review_models.NextQuestion(question=None)


def _question(document: Document, data: bytes) -> review_models.QuestionModel:
    result, slot = json.loads(data), document.question or REPORT
    cell = item_of(result, slot) if is_slot(slot) else None
    figure = _figure(result, slot)
    about = figure["finding"] if figure else slot.removeprefix(f"{FINDINGS}.")
    asked: dict[str, Any] = next((one for one in result["questions"] if one["slot"] == slot), {})
    return review_models.QuestionModel.model_validate(
        {
            "document": models.DocumentModel.of(document),
            "slot": slot,
            "settles": document.settles,
            "cell": cell,
            "figure": figure,
            "cells": asked.get("cells", []),
            "findings": [
                finding
                for finding in result["findings"]
                if slot in finding["cells"] or finding["relation"] == about
            ],
        }
    )


def _figure(result: Mapping[str, Any], subject: str) -> Mapping[str, Any] | None:
    """The figure of the text that something is about; None where it is about none."""
    group, _, name = subject.partition(".")
    if group == FIGURES:
        return item_of(result, subject)
    if group == FINDINGS:
        return next((one for one in result["figures"] if one["finding"] == name), None)
    return None
