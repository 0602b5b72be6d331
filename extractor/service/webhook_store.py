"""Rows of webhooks, and of what is still to be sent to them.

A delivery is written in the transaction that it tells of, so that no event is lost or invented.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from extractor.service.tables import AuditEntry, Delivery, Webhook

_SHOWN = 100


_LONGEST_PAUSE = timedelta(days=1)
"""No message is to wait as long for its next try."""


class Event(StrEnum):
    """What can happen to a document."""

    DONE = "document.done"
    FAILED = "document.failed"
    REVIEWED = "document.reviewed"
    REMOVED = "document.removed"


def announce(session: Session, event: Event, document_id: str) -> None:
    """Have every webhook told; part of the transaction that it tells of."""
    now = datetime.now(UTC)
    for webhook_id in session.scalars(select(Webhook.id).where(Webhook.removed_at.is_(None))):
        session.add(
            Delivery(
                id=uuid.uuid4().hex,
                webhook_id=webhook_id,
                document_id=document_id,
                event=event,
                at=now,
                attempts=0,
                due_at=now,
            )
        )


class WebhookStore:
    """Thread-safe. What is done to webhooks is in the audit trail."""

    def __init__(self, session: sessionmaker[Session]) -> None:
        self._session = session

    def add(self, url: str, *, by: str) -> Webhook:
        """Keep a new webhook, with a secret of its own."""
        now = datetime.now(UTC)
        webhook = Webhook(
            id=secrets.token_hex(6), url=url, secret=secrets.token_urlsafe(32), created_at=now
        )
        with self._session.begin() as session:
            session.add(webhook)
            session.add(
                AuditEntry(at=now, key_id=by, action="webhook_created", name=_told(webhook))
            )
        return webhook

    def list(self) -> Sequence[Webhook]:
        """Those that are told, the oldest first."""
        query = select(Webhook).where(Webhook.removed_at.is_(None)).order_by(Webhook.created_at)
        with self._session() as session:
            return session.scalars(query).all()

    def remove(self, webhook_id: str, *, by: str) -> bool:
        """Tell it nothing any more, not even what is still to be sent; False if there is none."""
        now = datetime.now(UTC)
        query = (
            update(Webhook)
            .where(Webhook.id == webhook_id, Webhook.removed_at.is_(None))
            .values(removed_at=now)
            .returning(Webhook)
        )
        pending = (
            update(Delivery)
            .where(Delivery.webhook_id == webhook_id, Delivery.due_at.is_not(None))
            .values(due_at=None, error="the webhook was removed")
        )
        with self._session.begin() as session:
            webhook = session.scalar(query)
            if webhook is not None:
                session.execute(pending)
                audit = AuditEntry(at=now, key_id=by, action="webhook_removed", name=_told(webhook))
                session.add(audit)
        return webhook is not None

    def deliveries(self, webhook_id: str) -> Sequence[Delivery]:
        """The last ones of a webhook, the newest first."""
        query = (
            select(Delivery)
            .where(Delivery.webhook_id == webhook_id)
            .order_by(Delivery.number.desc())
            .limit(_SHOWN)
        )
        with self._session() as session:
            return session.scalars(query).all()

    def last_deliveries(self) -> Mapping[str, Delivery]:
        """The newest one of each webhook, by the id of the webhook."""
        newest = select(func.max(Delivery.number)).group_by(Delivery.webhook_id)
        with self._session() as session:
            found = session.scalars(select(Delivery).where(Delivery.number.in_(newest)))
            return {delivery.webhook_id: delivery for delivery in found}

    def due(self) -> tuple[Delivery, Webhook] | None:
        """What is to be sent next, None where nothing is due."""
        now = datetime.now(UTC)
        was_set_back = Delivery.due_at > now + _LONGEST_PAUSE  # the clock: else it waited for that
        query = (
            select(Delivery, Webhook)
            .join(Webhook, Webhook.id == Delivery.webhook_id)
            .where(or_(Delivery.due_at <= now, was_set_back))
            .order_by(Delivery.due_at, Delivery.number)
            .limit(1)
        )
        with self._session() as session:
            found = session.execute(query).one_or_none()
            return None if found is None else (found[0], found[1])

    def delivered(self, number: int) -> None:
        self._note(number, due_at=None, delivered_at=datetime.now(UTC), error=None)

    def failed(self, delivery: Delivery, error: str, again_at: datetime | None) -> None:
        """Note why a delivery failed, and when to try again; None for never. What else is due for
        the same webhook waits as long, so that one that is away holds up no other."""
        self._note(delivery.number, due_at=again_at, error=error)
        if again_at is not None:
            others = (
                update(Delivery)
                .where(Delivery.webhook_id == delivery.webhook_id, Delivery.due_at < again_at)
                .values(due_at=again_at)
            )
            with self._session.begin() as session:
                session.execute(others)

    def prune(self, before: datetime) -> None:
        """Forget what was delivered or given up, and happened before a moment."""
        settled = delete(Delivery).where(Delivery.due_at.is_(None), Delivery.at < before)
        with self._session.begin() as session:
            session.execute(settled)

    def _note(self, number: int, **values: object) -> None:
        query = (
            update(Delivery)
            .where(Delivery.number == number, Delivery.due_at.is_not(None))
            .values(attempts=Delivery.attempts + 1, **values)
        )
        with self._session.begin() as session:
            session.execute(query)


def _told(webhook: Webhook) -> str:
    """What the audit trail keeps: the rest of an address may be a secret."""
    return f"{webhook.id} {urlsplit(webhook.url).hostname}"
