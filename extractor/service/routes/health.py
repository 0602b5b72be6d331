"""Whether the service lives and is ready, and numbers about it."""

from __future__ import annotations

from fastapi import APIRouter, Response

from extractor.errors import StoreError
from extractor.service import metrics, models
from extractor.service.problems import NOT_READY, ProblemError
from extractor.service.routes.wiring import Caller, Wired, problems_of

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> models.Health:
    """The process answers."""
    return models.Health()


@router.get("/readyz", responses=problems_of(503))
def readyz(service: Wired) -> models.Readiness:
    """The database answers, the disk has room, and a worker has its models loaded."""
    try:
        service.store.check()
    except StoreError as error:
        raise ProblemError(NOT_READY, str(error)) from error
    if reason := service.jobs.why_not_ready():
        raise ProblemError(NOT_READY, reason)
    return models.Readiness(differing=service.store.executors.differing())


@router.get("/metrics", response_class=Response, responses=problems_of(401, 429))
def show_metrics(service: Wired, caller: Caller) -> Response:
    """Numbers for Prometheus; needs a key."""
    data = metrics.render(service.store.count_by_state(), service.store.counts())
    return Response(data, headers={"content-type": metrics.CONTENT_TYPE})
