"""Numbers about the service, in the text format of Prometheus.

All of them are in the database: how many documents there are in which state, and what has been
counted since it was made, whichever process did it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry
from prometheus_client import generate_latest as _generate
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from extractor.service.counts import RESULTS, SECONDS, VALUES, Counts
from extractor.service.tables import DocumentState

CONTENT_TYPE = CONTENT_TYPE_LATEST
_COUNTERS = {
    RESULTS: (
        "extractor_finished",
        "Documents finished, by status or by the code of their problem.",
        "result",
    ),
    VALUES: (
        "extractor_values",
        "Cells and key figures of finished documents, accepted or flagged for review.",
        "status",
    ),
    SECONDS: (
        "extractor_stage_seconds",
        "Seconds that finished documents took, by stage.",
        "stage",
    ),
}


def render(count_by_state: Mapping[DocumentState, int], counts: Counts) -> bytes:
    """The text that answers a scrape."""
    registry = CollectorRegistry()
    registry.register(_Found(count_by_state, counts))
    return _generate(registry)


class _Found(Collector):
    def __init__(self, count_by_state: Mapping[DocumentState, int], counts: Counts) -> None:
        self._count_by_state = count_by_state
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        gauge = GaugeMetricFamily(
            "extractor_documents",
            "Documents in the database by state; state=queued is the depth of the queue.",
            labels=["state"],
        )
        for state, count in self._count_by_state.items():
            gauge.add_metric([state.value], count)
        yield gauge
        for name, (metric, told, label) in _COUNTERS.items():
            counter = CounterMetricFamily(metric, told, labels=[label])
            for (of, value), number in sorted(self._counts.items()):
                if of == name:
                    counter.add_metric([value], number)
            yield counter
