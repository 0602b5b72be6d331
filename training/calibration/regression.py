"""Logistic regression in which a signal cannot speak for what it speaks against.

Few readings are wrong, and signals go together, so that a free fit makes an unsure table speak for
its cells. Signs are held by bounds on the weights, whose penalised likelihood stays convex.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

Floats = NDArray[np.float64]

FOR = {
    *("certainty", "is_characters", "runner_up", "agreement"),
    *("row_anchor", "column_anchor", "row_meaning", "column_meaning", "held", "table_certainty"),
    *("is_pattern", "is_heard", "said", "has_value", "has_unit", "repeated", "agrees_with_tables"),
}
AGAINST = {
    *("disagreement", "flags", "broken", "doubted", "repaired"),
    *("table_unsure", "table_weak", "table_broken"),
    *("pattern_doubts", "rival", "number_doubts", "contradicted", "contradicts_tables"),
}
"""Signals by what they can only be; all others are free."""


class SignedRegression:
    """After `fit`, `weights` (F,) and `bias` are for signals as they are."""

    def __init__(self, names: Sequence[str], strength: float = 1.0) -> None:
        """`strength` is the inverse of the penalty on weights of standardised signals."""
        self._bounds = [
            (0.0 if name in FOR else None, 0.0 if name in AGAINST else None) for name in names
        ]
        self._strength = strength
        self.weights: Floats = np.zeros(len(names))
        self.bias = 0.0

    def fit(self, signals: Floats, right: NDArray[np.bool_]) -> Self:
        """Fit to signals (M, F) and whether their readings are right (M,)."""
        mean, scale = signals.mean(axis=0), signals.std(axis=0)
        scale[scale == 0] = 1.0
        items = np.column_stack([(signals - mean) / scale, np.ones(len(signals))])
        signs = np.where(right, 1.0, -1.0)

        def loss(weights: Floats) -> tuple[float, Floats]:
            margins = signs * (items @ weights)
            slope = -(signs * expit(-margins)) @ items
            inner = weights[:-1]
            value = np.logaddexp(0, -margins).sum() + inner @ inner / (2 * self._strength)
            slope[:-1] += inner / self._strength
            return float(value), slope

        start = np.zeros(items.shape[1])
        found = minimize(
            loss,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=[*self._bounds, (None, None)],
            options={"maxiter": 2000},
        )
        self.weights = found.x[:-1] / scale
        self.bias = float(found.x[-1] - self.weights @ mean)
        return self

    def decision_function(self, signals: Floats) -> Floats:
        """Logits (M,)."""
        found: Floats = signals @ self.weights + self.bias
        return found
