"""How good answers are: F1 of rows, columns and figures, accuracy of roles, over whole documents.

Pure: predicted and true classes of every character in, figures out. Characters that nobody knows
the truth of do not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from extractor.encoding import Ints
from extractor.figure_tags import best_tags
from extractor.token_labels import Labels, spans
from training.synthesis.roles import Role
from training.token_classifier.batches import Batch, Sample, in_windows
from training.token_classifier.documents import IGNORED

Scores = Callable[[Batch], Mapping[str, NDArray[np.float32]]]
"""The scores (B, T, classes) of every head for a batch."""
ANCHORS = (Role.LABEL.value, Role.HEADER.value)


def answers(chosen: Sequence[Sample], scores: Scores, size: int = 16) -> list[dict[str, Ints]]:
    """The classes of every head (T,) for every document, from the windows that are in use.

    Every character is answered by one window, figures are tagged for the
    text as a whole (`figure_tags`). The product takes role, row and column of a fragment from the
    mean over its characters; here every character answers for itself.
    """
    shares: list[dict[str, NDArray[np.float32]]] = [{} for _ in chosen]
    for batch, pieces in in_windows(chosen, size):
        for head, ours in scores(batch).items():
            powers = np.exp(ours - ours.max(axis=-1, keepdims=True))
            for row, piece in zip(powers, pieces, strict=True):
                empty = np.zeros((len(chosen[piece.sample]), row.shape[-1]), np.float32)
                whole = shares[piece.sample].setdefault(head, empty)
                part = row[piece.skip : piece.skip + piece.last - piece.first]
                whole[piece.first : piece.last] = part / part.sum(axis=-1, keepdims=True)
    return [
        {head: _decided(sample, head, ours) for head, ours in document.items()}
        for sample, document in zip(chosen, shares, strict=True)
    ]


def _decided(sample: Sample, head: str, shares: NDArray[np.float32]) -> Ints:
    if head == "figure":
        return best_tags(shares, sample.continues).astype(np.int32)
    best: Ints = shares.argmax(axis=-1).astype(np.int32)
    return best


class Counts:
    """True positives, false positives and misses."""

    def __init__(self) -> None:
        self.hits = self.wrong = self.missed = 0

    def add(self, hits: int, wrong: int, missed: int) -> None:
        self.hits += hits
        self.wrong += wrong
        self.missed += missed

    @property
    def f1(self) -> float:
        """1 where there was nothing to find and nothing was found."""
        both = 2 * self.hits + self.wrong + self.missed
        return 2 * self.hits / both if both else 1.0

    @property
    def n(self) -> int:
        return self.hits + self.missed


def measure(
    chosen: Sequence[Sample], found: Sequence[Mapping[str, Ints]], labels: Labels
) -> dict[str, Any]:
    """All measures.

    Returns:
        `row`, `column`: F1 over characters; `anchor`: that of rows and columns over the characters
        of labels and headers; `role`: accuracy; `figure`: F1 of spans, exact with their key;
        `scope`, `exactness`: accuracy over the characters of figures; `by_role`, `by_key`: F1 and
        the number of true ones; and `score`, the mean of row, column, role and figure.
    """
    cells = {"row": Counts(), "column": Counts()}
    anchor, figure = Counts(), Counts()
    by_role: dict[str, Counts] = defaultdict(Counts)
    by_key: dict[str, Counts] = defaultdict(Counts)
    right = dict.fromkeys(("role", "scope", "exactness"), 0)
    total = dict(right)
    named = [labels.role.index(role) for role in ANCHORS]
    for sample, answer in zip(chosen, found, strict=True):
        is_anchor = np.isin(sample.labels["role"], named)
        for head, counts in cells.items():
            truth, said = sample.labels[head], answer[head]
            counts.add(*_compare(truth, said))
            anchor.add(*_compare(truth[is_anchor], said[is_anchor]))
        for head in right:
            truth = sample.labels[head]
            known = truth != IGNORED
            right[head] += int((truth == answer[head])[known].sum())
            total[head] += int(known.sum())
        for i, name in enumerate(labels.role):
            is_true = sample.labels["role"] == i
            is_said = (answer["role"] == i) & (sample.labels["role"] != IGNORED)
            hits = int((is_true & is_said).sum())
            by_role[name].add(hits, int(is_said.sum()) - hits, int(is_true.sum()) - hits)
        wanted = _figures(sample.labels["figure"], labels)
        stated = _figures(answer["figure"], labels)
        figure.add(len(wanted & stated), len(stated - wanted), len(wanted - stated))
        for key in {span[2] for span in wanted | stated}:
            ours = {span for span in stated if span[2] == key}
            theirs = {span for span in wanted if span[2] == key}
            by_key[key].add(len(ours & theirs), len(ours - theirs), len(theirs - ours))
    result: dict[str, Any] = {head: round(counts.f1, 5) for head, counts in cells.items()}
    result |= {head: round(right[head] / max(1, total[head]), 5) for head in right}
    result |= {"anchor": round(anchor.f1, 5), "figure": round(figure.f1, 5)}
    parts = [result[head] for head in ("row", "column", "role", "figure")]
    result["score"] = round(sum(parts) / len(parts), 5)
    result["documents"], result["characters"] = len(chosen), sum(map(len, chosen))
    for name, table in (("by_role", by_role), ("by_key", by_key)):
        result[name] = {key: [round(c.f1, 5), c.n] for key, c in sorted(table.items()) if c.n}
    return result


def _compare(truth: Ints, said: Ints) -> tuple[int, int, int]:
    """Hits, wrong and missed among classes of which 0 is none."""
    known = truth != IGNORED
    truth, said = truth[known], said[known]
    hits = int(((truth == said) & (truth > 0)).sum())
    return hits, int((said > 0).sum()) - hits, int((truth > 0).sum()) - hits


def _figures(classes: Ints, labels: Labels) -> set[tuple[int, int, str]]:
    return set(spans(labels.figure[max(0, int(i))] for i in classes))
