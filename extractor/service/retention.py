"""Documents that are kept no longer than the settings say."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta

from extractor.service.jobs import Jobs
from extractor.service.reviews import Reviews
from extractor.service.store import Store

log = logging.getLogger(__name__)

BY = "retention"
"""Stands in the audit trail in place of a key."""
_PAUSE_SECONDS = 3600.0


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

    def run(self) -> None:
        while self._keep_days and not self._stopping.is_set():
            try:
                self.remove_old()
            except Exception:  # such as a database that is locked
                log.exception("retention failed and goes on")
            self._stopping.wait(_PAUSE_SECONDS)

    def remove_old(self) -> int:
        """Remove what is too old, and say how many documents that were."""
        before = datetime.now(UTC) - timedelta(days=self._keep_days)
        old = self._store.finished_before(before)
        for document_id in old:
            self._reviews.remove(document_id, key_id=BY, ending=self._jobs.cancel)
        if old:
            log.info(
                "%d documents were finished %d days ago, and removed", len(old), self._keep_days
            )
        return len(old)

    def stop(self) -> None:
        self._stopping.set()
        if self.is_alive():
            self.join()
