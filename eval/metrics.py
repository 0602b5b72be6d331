"""Metrics: pure functions of arrays. Where there is nothing to measure the answer is None, never 0.

`wrong` is bool of shape (N,), `probability` is float of shape (N,), the stated chance that each is
right. The order of the items never matters: items of equal probability count as their average.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta
from sklearn.metrics import brier_score_loss

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

_RESAMPLES = 2000
_SEED = 20
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Bound:
    """A share of events among items, and a one-sided 95 % upper bound of it.

    `method` says how the bound was found: bootstrap over documents, or exact (Clopper and Pearson
    1934, items taken as independent) where that is the larger, as it is without events or with very
    few documents. `documents` bounds the share of documents with any event, which needs no such
    assumption.
    """

    share: float
    upper: float
    method: str
    documents: float


def bound(events: Sequence[int], items: Sequence[int]) -> Bound | None:
    """Bound a share whose items come in documents.

    Args:
        events: number in each document, at most its `items`.
        items: number in each document.

    Returns:
        None if there are no items.

    Raises:
        ValueError: the two differ in length.
    """
    if len(events) != len(items):
        raise ValueError("as many counts of events as of items are needed")
    counts, sizes = np.asarray(events, np.int64), np.asarray(items, np.int64)
    total = int(sizes.sum())
    if total == 0:
        return None
    seen = int(counts.sum())
    documents = upper_share(int((counts > 0).sum()), len(counts))
    exact = upper_share(seen, total)
    draws = np.random.default_rng(_SEED).integers(0, len(counts), (_RESAMPLES, len(counts)))
    drawn = sizes[draws].sum(axis=1)
    shares = np.divide(counts[draws].sum(axis=1), drawn, out=np.zeros(len(drawn)), where=drawn > 0)
    upper = float(np.quantile(shares, CONFIDENCE))
    if exact >= upper:
        return Bound(seen / total, exact, "exact", documents)
    return Bound(seen / total, upper, "bootstrap", documents)


def upper_share(events: int, items: int) -> float:
    """The exact one-sided 95 % upper bound of a share of independent items; 1 without items.

    Source: C. J. Clopper, E. S. Pearson, The use of confidence or fiducial limits, 1934.
    """
    if events >= items:
        return 1.0
    return float(beta.ppf(CONFIDENCE, events + 1, items - events))


def risk_coverage(wrong: Bools, probability: Floats) -> tuple[Floats, Floats]:
    """The selective risk at every coverage, the most probable items first.

    Source: R. El-Yaniv, Y. Wiener, On the foundations of noise-free selective classification, 2010.

    Returns:
        Coverages `1/N .. 1` and the share of wrong ones among the items covered, both shape (N,);
        empty for no items.
    """
    if not len(wrong):
        return np.empty(0), np.empty(0)
    order = np.argsort(-probability, kind="stable")
    sorted_probability = probability[order]
    errors = wrong[order].astype(np.float64)
    # Items of one probability cannot be told apart: each counts as their average.
    edges = np.flatnonzero(np.diff(sorted_probability)) + 1
    for group in np.split(np.arange(len(errors)), edges):
        errors[group] = errors[group].mean()
    count = np.arange(1, len(errors) + 1)
    return count / len(errors), np.cumsum(errors) / count


def aurc(wrong: Bools, probability: Floats) -> float | None:
    """The area under the risk-coverage curve; 0 is perfect order without errors.

    Source: Y. Geifman, R. El-Yaniv, Selective classification for deep neural networks, 2017.
    """
    _, risk = risk_coverage(wrong, probability)
    return float(risk.mean()) if len(risk) else None


def coverage_at_risk(wrong: Bools, probability: Floats, risk: float) -> float | None:
    """The largest share of items that a threshold accepts with at most this share of wrong ones.

    Items of one probability are accepted together or not at all.
    """
    coverage, risks = risk_coverage(wrong, probability)
    if not len(coverage):
        return None
    is_last = np.append(np.diff(np.sort(probability)[::-1]) != 0, True)
    allowed = coverage[is_last & (risks <= risk + 1e-12)]
    return float(allowed.max()) if len(allowed) else 0.0


def catch(wrong: Bools, probability: Floats, share: float = 0.1) -> float | None:
    """The share of all errors that lie among the least certain `share` of the items.

    None if there is no error. Of items of equal probability at the edge the average is taken.
    """
    if not wrong.any():
        return None
    count = math.ceil(len(wrong) * share)
    order = np.argsort(probability, kind="stable")
    threshold = probability[order[count - 1]]
    below, edge = probability < threshold, probability == threshold
    caught = wrong[below].sum() + wrong[edge].mean() * (count - below.sum())
    return float(caught / wrong.sum())


def brier(wrong: Bools, probability: Floats) -> float | None:
    """The mean squared distance of the probability from what came true."""
    if not len(wrong):
        return None
    return float(brier_score_loss(~wrong, probability, labels=[False, True]))


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of a reliability diagram: how many, what was stated, what came true."""

    count: int
    stated: float
    true: float


def reliability(wrong: Bools, probability: Floats, bins: int = 15) -> tuple[Bin, ...]:
    """Bins of equally many items, by probability; equal probabilities share a bin."""
    if not len(wrong):
        return ()
    order = np.argsort(probability, kind="stable")
    edges = {round(i * len(order) / bins) for i in range(bins + 1)}
    found: list[Bin] = []
    start = 0
    for end in sorted(edges - {0}):
        last = probability[order[end - 1]]
        while end < len(order) and probability[order[end]] == last:
            end += 1
        if end <= start:
            continue
        chosen = order[start:end]
        found.append(
            Bin(len(chosen), float(probability[chosen].mean()), float((~wrong[chosen]).mean()))
        )
        start = end
    return tuple(found)


def ece(wrong: Bools, probability: Floats, bins: int = 15) -> float | None:
    """The expected calibration error over bins of equal mass.

    Source: M. P. Naeini, G. Cooper, M. Hauskrecht, Obtaining well calibrated probabilities using
    Bayesian binning, 2015.
    """
    found = reliability(wrong, probability, bins)
    if not found:
        return None
    return sum(item.count * abs(item.stated - item.true) for item in found) / len(wrong)


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Counts of what was right, false and missed, and what follows from them."""

    right: int
    false: int
    missed: int

    @property
    def precision(self) -> float | None:
        found = self.right + self.false
        return self.right / found if found else None

    @property
    def recall(self) -> float | None:
        stated = self.right + self.missed
        return self.right / stated if stated else None

    @property
    def f1(self) -> float | None:
        """None only if nothing was stated and nothing found."""
        total = 2 * self.right + self.false + self.missed
        return 2 * self.right / total if total else None


def mean(values: Sequence[float | None]) -> float | None:
    """The mean of what is there; None if nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
