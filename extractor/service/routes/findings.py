"""Findings over all reports."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from extractor.service import models
from extractor.service.routes.wiring import Caller, FilterText, OrganizationFilter, Wired
from extractor.types import Verdict

router = APIRouter(tags=["findings"])


@router.get("/findings")
def findings(
    service: Wired,
    caller: Caller,
    verdict: Verdict | None = None,
    relation: Annotated[
        FilterText | None, Query(description="Beginning of its id, such as `requests.`")
    ] = None,
    organization: OrganizationFilter = None,
    year: Annotated[int | None, Query(ge=0, le=9999)] = None,
    cursor: Annotated[
        str | None, Query(description="`next_cursor` of the page before.", pattern=r"^\d{1,9}$")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> models.FindingList:
    """What does not fit together in the reports, the newest first: sums, text and tables, years."""
    found = service.store.findings(
        verdict=verdict,
        relation=relation,
        organization=organization,
        year=year,
        before=int(cursor) if cursor else None,
        limit=limit + 1,
    )
    shown = found[:limit]
    return models.FindingList(
        findings=[models.FindingItem.of(finding, document) for finding, document in shown],
        next_cursor=str(shown[-1][0].id) if limit < len(found) else None,
    )
