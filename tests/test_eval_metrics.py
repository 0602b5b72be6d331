"""Metrics on numbers worked out by hand, on nothing, and on degenerate cases."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import (
    Retrieval,
    aurc,
    bound,
    brier,
    catch,
    coverage_at_risk,
    ece,
    mean,
    reliability,
    risk_coverage,
    upper_share,
)

NONE = np.empty(0, np.bool_), np.empty(0, np.float64)
# Four readings, the least certain one wrong, and one wrong in the middle.
WRONG = np.array([False, True, False, True])
PROBABILITY = np.array([0.9, 0.8, 0.7, 0.6])


def test_risk_at_every_coverage() -> None:
    coverage, risk = risk_coverage(WRONG, PROBABILITY)
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risk.tolist() == pytest.approx([0, 1 / 2, 1 / 3, 1 / 2])
    assert aurc(WRONG, PROBABILITY) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)


def test_ties_count_as_their_average() -> None:
    wrong = np.array([True, False, False, False])
    same = np.full(4, 0.5)
    assert risk_coverage(wrong, same)[1].tolist() == [0.25, 0.25, 0.25, 0.25]
    assert aurc(wrong, same) == aurc(wrong[::-1].copy(), same) == 0.25


def test_perfect_and_hopeless_orders() -> None:
    right = np.zeros(5, np.bool_)
    assert aurc(right, np.linspace(0, 1, 5)) == 0
    assert aurc(~right, np.linspace(0, 1, 5)) == 1
    assert coverage_at_risk(~right, np.linspace(0, 1, 5), 0.1) == 0


def test_coverage_at_a_risk() -> None:
    assert coverage_at_risk(WRONG, PROBABILITY, 0.0) == 0.25
    assert coverage_at_risk(WRONG, PROBABILITY, 1 / 3) == 0.75
    assert coverage_at_risk(WRONG, PROBABILITY, 0.5) == 1.0


def test_catch_among_the_least_certain() -> None:
    assert catch(WRONG, PROBABILITY, 0.25) == 0.5
    assert catch(WRONG, PROBABILITY, 0.75) == 1.0
    # All of one certainty: a tenth of them holds a tenth of the errors.
    assert catch(np.array([True] + [False] * 9), np.full(10, 0.5)) == pytest.approx(0.1)
    assert catch(np.zeros(3, np.bool_), np.ones(3)) is None


def test_brier_and_calibration_error() -> None:
    assert brier(WRONG, PROBABILITY) == pytest.approx(
        ((1 - 0.9) ** 2 + 0.8**2 + (1 - 0.7) ** 2 + 0.6**2) / 4
    )
    # Two bins: 0.65 stated and half true, 0.85 stated and half true.
    assert ece(WRONG, PROBABILITY, bins=2) == pytest.approx((0.15 + 0.35) / 2)
    bins = reliability(WRONG, PROBABILITY, bins=2)
    assert [(item.count, item.true) for item in bins] == [(2, 0.5), (2, 0.5)]
    assert brier(np.array([False]), np.array([1.0])) == 0
    assert ece(np.zeros(4, np.bool_), np.ones(4)) == 0


def test_equal_probabilities_share_a_bin() -> None:
    bins = reliability(np.array([True, False, False, False]), np.array([0.5, 0.5, 0.5, 0.9]), 4)
    assert [item.count for item in bins] == [3, 1]


def test_nothing_is_not_zero() -> None:
    assert aurc(*NONE) is None
    assert coverage_at_risk(*NONE, 0.1) is None
    assert catch(*NONE) is None
    assert brier(*NONE) is None
    assert ece(*NONE) is None
    assert reliability(*NONE) == ()
    assert bound([], []) is None
    assert bound([0, 0], [0, 0]) is None
    assert mean([]) is None
    assert mean([None, None]) is None
    assert mean([None, 0.0, 1.0]) == 0.5
    nothing = Retrieval(0, 0, 0)
    assert (nothing.precision, nothing.recall, nothing.f1) == (None, None, None)


def test_retrieval() -> None:
    score = Retrieval(right=6, false=2, missed=4)
    assert (score.precision, score.recall) == (0.75, 0.6)
    assert score.f1 == pytest.approx(2 * 0.75 * 0.6 / 1.35)
    assert Retrieval(0, 3, 0).f1 == Retrieval(0, 0, 3).f1 == 0
    assert Retrieval(0, 3, 0).recall is None


def test_upper_share() -> None:
    # No error in 300: the rule of three says 1 %.
    assert upper_share(0, 300) == pytest.approx(1 - 0.05 ** (1 / 300))
    assert upper_share(0, 300) == pytest.approx(0.01, rel=0.01)
    assert upper_share(3, 3) == upper_share(0, 0) == 1


def test_bound_without_errors_is_not_zero() -> None:
    found = bound([0] * 100, [200] * 100)
    assert found is not None
    assert (found.share, found.method) == (0, "exact")
    assert found.upper == pytest.approx(3 / 20_000, rel=0.01)
    assert found.documents == pytest.approx(0.0295, abs=0.001)


def test_bound_resamples_documents() -> None:
    """Errors that come together in one document are less certain than the same number spread."""
    spread = bound([1] * 10 + [0] * 90, [100] * 100)
    together = bound([10] + [0] * 99, [100] * 100)
    assert spread and together
    assert spread.share == together.share == 0.001
    assert spread.upper < together.upper
    assert spread == bound([1] * 10 + [0] * 90, [100] * 100)


def test_bound_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="as many"):
        bound([1], [2, 3])


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=40), st.randoms())
def test_the_order_of_the_items_does_not_matter(
    items: list[tuple[bool, int]], random: Random
) -> None:
    def measures(pairs: list[tuple[bool, int]]) -> list[float | None]:
        wrong = np.array([pair[0] for pair in pairs])
        probability = np.array([pair[1] / 5 for pair in pairs])
        return [
            aurc(wrong, probability),
            coverage_at_risk(wrong, probability, 0.2),
            catch(wrong, probability),
            ece(wrong, probability),
            brier(wrong, probability),
        ]

    shuffled = list(items)
    random.shuffle(shuffled)
    assert measures(shuffled) == pytest.approx(measures(items), nan_ok=True)


@given(st.integers(0, 50), st.integers(1, 60))
def test_the_upper_bound_is_above_the_share(events: int, more: int) -> None:
    items = events + more
    assert events / items < upper_share(events, items) <= 1
    assert upper_share(events, items) <= upper_share(events + 1, items)
