"""What the peers found against the truth: the same count for all of them.

A slot is right if its row and column were found and the value is that of the document: the number,
or no number where none is printed. A slot that was not found is wrong, also where the truth is
null; only where the truth itself says that the document lacks the slot is finding nothing right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.cases import Case
from eval.comparison import same
from eval.peers.guard import Done, Unread
from eval.peers.mapping import Answer, best_answers


@dataclass(frozen=True, slots=True)
class DocumentScore:
    """One peer on one document.

    `silent` counts wrong slots for which something was given that nobody would doubt: a number,
    from a peer; anything that is not flagged, from the product. `failure` says why there is no
    reading, "" where there is one. Seconds are 0 without a reading.
    """

    name: str
    condition: str
    slots: int
    found: int
    right: int
    silent: int
    pages: int = 0
    seconds: float = 0.0
    processor_s: float = 0.0
    failure: str = ""


@dataclass(frozen=True, slots=True)
class PeerScore:
    """One peer on all documents that it can read; `unreadable` are the names of the others."""

    name: str
    title: str
    versions: Mapping[str, str]
    load_s: float
    documents: tuple[DocumentScore, ...]
    unreadable: tuple[str, ...]

    @property
    def with_table(self) -> int:
        """Documents in which some slot of the form was found."""
        return sum(document.found > 0 for document in self.documents)

    @property
    def failures(self) -> tuple[DocumentScore, ...]:
        return tuple(document for document in self.documents if document.failure)

    def exact(self, names: frozenset[str] | None = None) -> float | None:
        """Share of right slots, of the documents named; None where there are no slots."""
        chosen = [d for d in self.documents if names is None or d.name in names]
        return _ratio(sum(d.right for d in chosen), sum(d.slots for d in chosen))

    @property
    def silent(self) -> float | None:
        return _ratio(sum(d.silent for d in self.documents), sum(d.slots for d in self.documents))

    @property
    def seconds_per_page(self) -> float | None:
        return _ratio(sum(d.seconds for d in self.documents), sum(d.pages for d in self.documents))

    @property
    def processor_s_per_page(self) -> float | None:
        pages = sum(d.pages for d in self.documents)
        return _ratio(sum(d.processor_s for d in self.documents), pages)

    def by_condition(self) -> dict[str, float | None]:
        """`exact` of the documents of each condition."""
        names: dict[str, set[str]] = defaultdict(set)
        for document in self.documents:
            names[document.condition].add(document.name)
        return {condition: self.exact(frozenset(names[condition])) for condition in sorted(names)}

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "versions": dict(self.versions),
            "documents": len(self.documents),
            "unreadable": list(self.unreadable),
            "with_table": self.with_table,
            "slots": sum(document.slots for document in self.documents),
            "cell_exact": self.exact(),
            "silent": self.silent,
            "pages": sum(document.pages for document in self.documents),
            "load_s": self.load_s,
            "seconds_per_page": self.seconds_per_page,
            "processor_s_per_page": self.processor_s_per_page,
            "failures": {document.name: document.failure for document in self.failures},
            "by_condition": self.by_condition(),
            "by_document": {
                document.name: [document.right, document.slots, document.silent]
                for document in self.documents
            },
        }


def score(case: Case, outcome: Done | Unread) -> DocumentScore:
    """Count one document; without a reading, all of its slots are wrong."""
    slots: Mapping[str, float | None] = case.truth["slots"]
    if isinstance(outcome, Unread):
        reason = outcome.reason
        return DocumentScore(case.name, case.condition, len(slots), 0, 0, 0, failure=reason)
    reading = outcome.reading
    answers = best_answers(reading.ways) if reading.answers is None else reading.answers
    stated = case.truth.get("cells") or {}
    right = silent = 0
    for slot, wanted in slots.items():
        answer = answers.get(slot)
        if _is_right(wanted, answer, is_absent=stated.get(slot, {}).get("state") == "missing"):
            right += 1
        elif answer is not None and not answer.is_doubtful:
            silent += 1
    return DocumentScore(
        name=case.name,
        condition=case.condition,
        slots=len(slots),
        found=sum(slot in answers for slot in slots),
        right=right,
        silent=silent,
        pages=reading.pages,
        seconds=outcome.seconds,
        processor_s=outcome.processor_s,
    )


def _is_right(wanted: float | None, answer: Answer | None, *, is_absent: bool) -> bool:
    if answer is None:
        return is_absent
    return same(wanted, answer.value)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def compared(scores: Sequence[PeerScore], name: str) -> dict[str, float | None]:
    """What the peer of that name reaches on exactly the documents that each peer can read."""
    reference = next((item for item in scores if item.name == name), None)
    if reference is None:
        return {}
    return {
        item.name: reference.exact(frozenset(document.name for document in item.documents))
        for item in scores
    }
