"""What became of documents, told to addresses that want to know.

Every message is signed: the header `X-Extractor-Signature` is `t=SECONDS,v1=HEX`, HEX the
HMAC-SHA256 of `SECONDS.` and the body with the webhook's secret. A receiver that computes the same,
and finds the time recent, knows that the message is ours and new. An answer other than 2xx, or
none, is tried again at growing distances, and given up at last.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import anyio
import httpx2

from extractor.service.database import UNAVAILABLE, reason_of
from extractor.service.models import DocumentModel
from extractor.service.store import Store
from extractor.service.tables import Delivery, Webhook
from extractor.service.webhook_models import Message

log = logging.getLogger(__name__)

SIGNATURE = "X-Extractor-Signature"
AGAIN_SECONDS = (30, 120, 600, 3600, 4 * 3600, 12 * 3600)
"""Pauses before a message is tried again; after the last one it is given up."""
TIMEOUT_SECONDS = 10.0
"""In which a receiver must have answered, however it spreads its answer."""
_IDLE_SECONDS = 1.0


def signature(secret: str, seconds: int, body: bytes) -> str:
    """The value of the header `SIGNATURE`."""
    signed = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={signed.hexdigest()}"


class Sender(threading.Thread):
    """Sends what is due, one message after the other, until it is stopped."""

    def __init__(self, store: Store, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        super().__init__(name="webhooks", daemon=True)
        self._store = store
        self._timeout = timeout_seconds
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                is_idle = not self.send_next()
            except UNAVAILABLE as error:  # what is due stays due
                log.warning("webhooks wait for the database: %s", reason_of(error))
                is_idle = True
            except Exception:
                log.exception("webhooks failed and go on")
                is_idle = True
            if is_idle:
                self._stopping.wait(_IDLE_SECONDS)

    def stop(self) -> None:
        self._stopping.set()
        if self.is_alive():
            self.join(self._timeout)  # what is cut off is sent again after the next start

    def send_next(self) -> bool:
        """Send one message if one is due, and say whether one was."""
        found = self._store.webhooks.due()
        if found is None:
            return False
        delivery, webhook = found
        try:
            error = self._send(delivery, webhook)
        except Exception as unexpected:  # one message never holds up the others
            error = f"it cannot be sent ({type(unexpected).__name__})"
        if not error:
            self._store.webhooks.delivered(delivery.number)
            return True
        again_at = None
        if delivery.attempts < len(AGAIN_SECONDS):
            again_at = datetime.now(UTC) + timedelta(seconds=AGAIN_SECONDS[delivery.attempts])
        log.warning("webhook %s, message %d: %s", webhook.id, delivery.number, error)
        self._store.webhooks.failed(delivery, error, again_at)
        return True

    def _send(self, delivery: Delivery, webhook: Webhook) -> str:
        """Why it could not be delivered; empty if it was."""
        document = self._store.find(delivery.document_id)
        message = Message(
            id=delivery.id,
            event=delivery.event,
            at=delivery.at,
            document_id=delivery.document_id,
            document=None if document is None else DocumentModel.of(document),
        )
        body = message.model_dump_json().encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "extractor",
            SIGNATURE: signature(webhook.secret, int(time.time()), body),
        }
        try:
            status = anyio.run(self._post, webhook.url, body, headers)
        except TimeoutError:
            return f"it has not answered within {self._timeout:.0f} s"
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            return f"it cannot be reached ({type(error).__name__})"
        return "" if 200 <= status < 300 else f"it answered {status}"

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer; what else it says is not read.

        Raises:
            TimeoutError: it was not there in time: a limit of the whole, which the client library
                only has for each of its parts.
        """
        # No redirects: the address was chosen by an administrator, and no other is spoken to.
        async with httpx2.AsyncClient(timeout=self._timeout, follow_redirects=False) as http:
            with anyio.fail_after(self._timeout):
                async with http.stream("POST", url, content=body, headers=headers) as answer:
                    return answer.status_code
