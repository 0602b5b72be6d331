"""The calls of the service, one function each: ask the store, answer with a model or a problem.

Functions without `async` run in threads, so waiting for the disk or for a page to be drawn holds up
nobody else. Extraction itself happens in `jobs.py`.
"""

from __future__ import annotations

from fastapi import APIRouter, Depends

from extractor.service.routes import (
    dataset,
    documents,
    findings,
    health,
    keys,
    parameters,
    review,
    session,
    webhooks,
)
from extractor.service.routes.wiring import problems_of

api = APIRouter(prefix="/api/v1", responses=problems_of(400, 401, 422, 429, 503))
for _part in (documents, review, findings, dataset, keys, webhooks):
    api.include_router(_part.router, dependencies=[Depends(parameters.known_to_callers)])
api.include_router(session.router)  # to sign in needs no key, so that each says it itself

__all__ = ["api", "health"]
