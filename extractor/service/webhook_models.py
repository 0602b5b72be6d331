"""What is asked and answered about webhooks, and what is sent to them."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AnyHttpUrl, Field, UrlConstraints

from extractor.service.models import DocumentModel, Model
from extractor.service.tables import Delivery, Webhook


def _usable(url: AnyHttpUrl) -> AnyHttpUrl:
    if url.username or url.password:
        raise ValueError("leave name and password out; what is sent is signed")
    try:
        (url.host or "").encode("idna")
    except UnicodeError:
        raise ValueError("there can be no such host") from None
    if _is_link_local(url.host or ""):
        raise ValueError(
            "an address of this link alone, where clouds keep their secrets; no webhook"
        )
    return url


def _is_link_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:  # a name
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_link_local


Address = Annotated[AnyHttpUrl, UrlConstraints(max_length=1000), AfterValidator(_usable)]


class WebhookBody(Model):
    url: Address = Field(
        description="Is sent a POST for every event.", examples=["https://office.example/reports"]
    )


class WebhookModel(Model):
    id: str
    url: str
    created_at: datetime

    @classmethod
    def of(cls, webhook: Webhook) -> WebhookModel:
        return cls(id=webhook.id, url=webhook.url, created_at=webhook.created_at)


class NewWebhook(WebhookModel):
    secret: str = Field(description="What is sent is signed with it; never shown again.")


class WebhookList(Model):
    webhooks: list[WebhookModel]


class DeliveryModel(Model):
    """One message: delivered, due (again), or given up if it is neither."""

    id: str
    event: str
    document_id: str
    at: datetime
    attempts: int
    due_at: datetime | None
    delivered_at: datetime | None
    error: str | None

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryModel:
        return cls(
            id=delivery.id,
            event=delivery.event,
            document_id=delivery.document_id,
            at=delivery.at,
            attempts=delivery.attempts,
            due_at=delivery.due_at,
            delivered_at=delivery.delivered_at,
            error=delivery.error,
        )


class DeliveryList(Model):
    deliveries: list[DeliveryModel]


class Message(Model):
    """What is sent. The same `id` may come twice, where an answer was lost."""

    id: str
    event: str
    at: datetime
    document_id: str
    document: DocumentModel | None = Field(
        description="The document as it is when this is sent; null if it was removed since."
    )
