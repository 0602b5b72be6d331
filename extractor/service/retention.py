"""Documents, and messages to webhooks, are kept no longer than they may."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta

from extractor.service.clock import Clock
from extractor.service.jobs import Jobs
from extractor.service.reviews import Reviews
from extractor.service.store import Store

log = logging.getLogger(__name__)

BY = "retention"
"""Stands in the audit trail in place of a key."""
MESSAGE_DAYS = 30
"""For which messages to webhooks are kept once they are settled."""
_PAUSE_SECONDS = 3600.0
_JUMP_SECONDS = 3600.0
_DOUBT_SECONDS = 86400.0
"""For which a clock that was set by more than `_JUMP_SECONDS` is not believed: what was removed
because of a wrong year would be lost."""


class Retention(threading.Thread):
    """Removes what has been finished for longer than it may be kept, once an hour."""

    def __init__(self, store: Store, reviews: Reviews, jobs: Jobs, keep_days: int) -> None:
        """`keep_days` 0 keeps everything for good."""
        super().__init__(name=BY, daemon=True)
        self._store = store
        self._reviews = reviews
        self._jobs = jobs
        self._keep_days = keep_days
        self._stopping = threading.Event()
        self._clock = Clock()
        self._doubted_until = 0.0  # by the clock of `time.monotonic`

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.remove_old()
            except Exception:  # such as a database that is locked
                log.exception("retention failed and goes on")
            self._stopping.wait(_PAUSE_SECONDS)

    def remove_old(self) -> int:
        """Remove what is too old, and say how many documents that were."""
        self._store.tidy()
        if abs(jump_s := self._clock.jump_s()) > _JUMP_SECONDS:
            self._doubted_until = time.monotonic() + _DOUBT_SECONDS
            log.warning("the clock was set by %.0f s; nothing is removed for a day", jump_s)
        if time.monotonic() < self._doubted_until:
            return 0
        now = datetime.now(UTC)
        self._store.webhooks.prune(now - timedelta(days=MESSAGE_DAYS))
        if not self._keep_days:
            return 0
        before = now - timedelta(days=self._keep_days)
        old = 0
        for document_id in self._store.finished_before(before):
            if self._stopping.is_set():
                break
            removed = self._reviews.remove(
                document_id, key_id=BY, ending=self._jobs.cancel, finished_before=before
            )
            old += removed is not None
        if old:
            log.info("%d documents were finished %d days ago, and removed", old, self._keep_days)
        return old

    def stop(self) -> None:
        self._stopping.set()
        if self.is_alive():
            self.join()
