"""Webhooks: who is told what became of documents. Only administrators see or change them."""

from __future__ import annotations

from fastapi import APIRouter

from extractor.service import webhook_models as models
from extractor.service.problems import WEBHOOK_UNKNOWN, ProblemError
from extractor.service.routes.bounded import Bounded
from extractor.service.routes.keys import Administrator
from extractor.service.routes.wiring import Wired, problems_of

router = APIRouter(tags=["webhooks"], responses=problems_of(403, 413), route_class=Bounded)


@router.get("/webhooks")
def list_webhooks(service: Wired, caller: Administrator) -> models.WebhookList:
    """All webhooks, the oldest first; never their secrets."""
    found = service.store.webhooks.list()
    return models.WebhookList(webhooks=[models.WebhookModel.of(one) for one in found])


@router.post("/webhooks", status_code=201)
def create_webhook(
    service: Wired, caller: Administrator, body: models.WebhookBody
) -> models.NewWebhook:
    """Have an address told from now on. The answer is the only time that its secret is shown."""
    row = service.store.webhooks.add(str(body.url), by=caller.key_id)
    return models.NewWebhook(**models.WebhookModel.of(row).model_dump(), secret=row.secret)


@router.delete("/webhooks/{id}", status_code=204, responses=problems_of(404))
def remove_webhook(id: str, service: Wired, caller: Administrator) -> None:
    """Tell an address nothing any more, not even what is still to be sent."""
    if not service.store.webhooks.remove(id, by=caller.key_id):
        raise _unknown(id)


@router.get("/webhooks/{id}/deliveries", responses=problems_of(404))
def list_deliveries(id: str, service: Wired, caller: Administrator) -> models.DeliveryList:
    """The last hundred messages to an address, the newest first."""
    if id not in {one.id for one in service.store.webhooks.list()}:
        raise _unknown(id)
    found = service.store.webhooks.deliveries(id)
    return models.DeliveryList(deliveries=[models.DeliveryModel.of(one) for one in found])


def _unknown(id: str) -> ProblemError:
    return ProblemError(WEBHOOK_UNKNOWN, f"no webhook has the id {id!r}")
