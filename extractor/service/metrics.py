"""Numbers about the service, in the text format of Prometheus.

What happened is counted here, from the start of the process; how many documents there are in which
state is asked of the database when somebody looks.
"""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge
from prometheus_client import generate_latest as _generate

from extractor.service.tables import DocumentState
from extractor.service.tasks import Outcome

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """Thread-safe; one a service."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._documents = Gauge(
            "extractor_documents",
            "Documents in the database by state; state=queued is the depth of the queue.",
            ["state"],
            registry=self._registry,
        )
        self._finished = Counter(
            "extractor_finished",
            "Documents finished since the start, by status or by the code of their problem.",
            ["result"],
            registry=self._registry,
        )
        self._values = Counter(
            "extractor_values",
            "Cells and key figures of finished documents, accepted or flagged for review.",
            ["status"],
            registry=self._registry,
        )
        self._seconds = Counter(
            "extractor_stage_seconds",
            "Seconds that finished documents took, by stage.",
            ["stage"],
            registry=self._registry,
        )

    def count(self, outcome: Outcome) -> None:
        """Count a finished document."""
        self._finished.labels(outcome.status).inc()
        self._values.labels("flagged").inc(outcome.flagged)
        self._values.labels("accepted").inc(outcome.accepted)
        for stage, value in outcome.seconds.items():
            self._seconds.labels(stage).inc(value)

    def count_failure(self, code: str) -> None:
        """Count a document that has no extraction, by the code of its problem."""
        self._finished.labels(code).inc()

    def render(self, count_by_state: Mapping[DocumentState, int]) -> bytes:
        for state, count in count_by_state.items():
            self._documents.labels(state.value).set(count)
        return _generate(self._registry)
