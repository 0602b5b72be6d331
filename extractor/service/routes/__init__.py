"""The calls of the service, one function each: ask the store, answer with a model or a problem.

Functions without `async` run in threads, so waiting for the disk or for a page to be drawn holds up
nobody else. Extraction itself happens in `jobs.py`.
"""

from __future__ import annotations

from fastapi import APIRouter

from extractor.service.routes import (
    dataset,
    documents,
    findings,
    health,
    keys,
    review,
    session,
    webhooks,
)
from extractor.service.routes.wiring import problems_of

api = APIRouter(prefix="/api/v1", responses=problems_of(400, 401, 422, 429, 503))
for _part in (documents, review, findings, dataset, keys, webhooks, session):
    api.include_router(_part.router)

__all__ = ["api", "health"]
