"""From where on a probability may be accepted: thresholds with a bound on what is wrong above them.

Learn then Test (Angelopoulos, Bates, Candès, Jordan and Lei, "Learn then Test: calibrating
predictive algorithms to achieve risk control", 2021) by fixed-sequence testing: thresholds are
tested from a strict one on, and the first that fails ends it, so that no correction for many tests
is needed. The sequence begins where enough is accepted for the test to have a chance, which is
decided before any result is seen. The risk is the share of wrong readings among accepted ones; its
bound is the larger one of an exact bound of independent readings (Clopper and Pearson, 1934) and of
a bootstrap over groups that go wrong together: readings of one document, figures of one wording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

CONFIDENCE = 0.95
_RESAMPLES = 2000
_SEED = 20


@dataclass(frozen=True, slots=True)
class Step:
    """At `threshold` and above: `coverage` of all readings, `wrong` of them wrong, and the bound of
    the risk, which is that of every stricter threshold, too."""

    threshold: float
    coverage: float
    wrong: int
    bound: float


def risk_curve(
    score: NDArray[np.float64],
    right: NDArray[np.bool_],
    held_back: NDArray[np.bool_],
    group: NDArray[np.int64],
    thresholds: Sequence[float],
    *,
    least: float = 0.0,
) -> list[Step]:
    """The bounds of some thresholds, the strictest first.

    Args:
        score: of every reading (M,), the higher the likelier.
        right: whether it is right (M,).
        held_back: whether it is flagged in any case, and so never accepted (M,).
        group: the number of its group (M,), from 0 on.
        thresholds: in any order.
        least: the share of readings that the first one must accept.

    Raises:
        ValueError: there are no readings.
    """
    if not len(right):
        raise ValueError("no readings to bound the risk of")
    n = int(group.max()) + 1
    draws = np.random.default_rng(_SEED).multinomial(n, np.full(n, 1 / n), _RESAMPLES)
    found: list[Step] = []
    worst = 0.0
    for threshold in sorted(set(thresholds), reverse=True):
        taken = (score >= threshold) & ~held_back
        if taken.mean() < least or not taken.any():
            continue
        items = np.bincount(group[taken], minlength=n)
        events = np.bincount(group[taken & ~right], minlength=n)
        worst = max(worst, _bound(events, items, draws))
        found.append(Step(threshold, float(taken.mean()), int(events.sum()), worst))
    return found


def _bound(events: NDArray[np.int64], items: NDArray[np.int64], draws: NDArray[np.int64]) -> float:
    """The upper bound of a share of at least one item."""
    k, n = int(events.sum()), int(items.sum())
    if k >= n:
        return 1.0
    exact = float(beta.ppf(CONFIDENCE, k + 1, n - k))
    drawn = np.maximum(1, draws @ items)
    return max(exact, float(np.quantile((draws @ events) / drawn, CONFIDENCE)))
