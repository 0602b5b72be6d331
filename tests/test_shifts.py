"""Rows and columns that are not where the form has them: nothing wrong is accepted."""

from __future__ import annotations

from itertools import pairwise

import pytest

from eval import shifts
from extractor.engines import Engines
from extractor.settings import Settings

CASES = list(shifts.cases(16, seed=5))


@pytest.mark.parametrize("case", CASES, ids=[f"{c.change}-{c.layout}" for c in CASES])
def test_nothing_wrong_is_accepted(case: shifts.Case, engines: Engines) -> None:
    count = shifts.judge(case, engines, Settings())
    assert count["accepted wrong"] == 0
    assert count["refused"] == 0
    assert count["accepted right"] + count["flagged"] == len(case.truth)


def test_cases_are_the_same_again_and_differ_from_each_other() -> None:
    again = list(shifts.cases(3, seed=5))
    assert [case.data for case in again] == [case.data for case in CASES[:3]]
    assert all(one.data != other.data for one, other in pairwise(CASES))


def test_a_row_that_was_left_out_states_nothing() -> None:
    (case,) = [case for case in CASES if case.change == "row_left_out"][:1]
    assert sum(state == "missing" for state, _ in case.truth.values()) == 7
