"""The sums (勾稽关系) within a report, each under the name that a finding about it bears."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from training.synthesis.form import (
    APPLICANTS,
    DISPUTE_COLUMNS,
    DISPUTE_ROWS,
    REQUEST_COLUMNS,
    request_rows,
    result_rows,
)


@dataclass(frozen=True, slots=True)
class Relation:
    """The slots of `parts` add up to those of `total`."""

    id: str
    parts: tuple[str, ...]
    total: tuple[str, ...]

    @property
    def slots(self) -> tuple[str, ...]:
        return (*self.parts, *self.total)


@cache
def relations(*, single_other: bool) -> tuple[Relation, ...]:
    """All sums of tables 三 and 四: rows, results to 总计, and in against out, by column."""
    found = []
    for row in request_rows(single_other=single_other):
        parts = tuple(f"requests.{row}.{name}" for name in APPLICANTS)
        found.append(Relation(f"requests.{row}.row_sum", parts, (f"requests.{row}.total",)))
    results = result_rows(single_other=single_other)
    for column, _ in REQUEST_COLUMNS:
        parts = tuple(f"requests.{row}.{column}" for row in results)
        handled = f"requests.total_handled.{column}"
        found.append(Relation(f"requests.total_handled.{column}", parts, (handled,)))
        incoming = (f"requests.new_received.{column}", f"requests.carried_over.{column}")
        outgoing = (handled, f"requests.carried_forward.{column}")
        found.append(Relation(f"requests.balance.{column}", incoming, outgoing))
    for row in DISPUTE_ROWS:
        parts = tuple(f"disputes.{row}.{column}" for column, _ in DISPUTE_COLUMNS[:-1])
        found.append(Relation(f"disputes.{row}.row_sum", parts, (f"disputes.{row}.total",)))
    return tuple(found)
