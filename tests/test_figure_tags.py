"""Tags of figures are decided for a text as a whole."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from extractor.figure_tags import best_tags, in_no_figure, within_number

# Two keys: none, B-a, I-a, B-b, I-b.
NONE, BA, IA, BB, IB = range(5)


def shares(*rows: dict[int, float]) -> np.ndarray:
    """Probabilities of five tags; what is left goes to the others in equal parts."""
    found = np.empty((len(rows), 5), np.float32)
    for row, given_ in zip(found, rows, strict=True):
        row[:] = (1 - sum(given_.values())) / (5 - len(given_))
        for tag, share in given_.items():
            row[tag] = share
    return found


def continued(*fragments: str) -> np.ndarray:
    text = "".join(fragments)
    codes = np.array([ord(character) for character in text], np.int32)
    starts = [int(i == 0) for fragment in fragments for i in range(len(fragment))]
    return within_number(codes, np.array(starts, np.int32))


def test_digits_continue_a_number_and_commas_between_them_do() -> None:
    assert continued("收25,480.5件,7").tolist() == [
        *(False, False, True, True, True, True, True, True, True),
        *(False, False, False),
    ]
    assert continued("").tolist() == []


def test_the_characters_of_a_number_decide_together() -> None:
    said = shares({BB: 0.6, BA: 0.3}, {IA: 0.8}, {IA: 0.9}, {NONE: 0.7})
    assert said.argmax(-1).tolist() == [BB, IA, IA, NONE]
    assert best_tags(said, continued("254件")).tolist() == [BA, IA, IA, NONE]


def test_no_figure_ends_within_a_number() -> None:
    said = shares({BA: 0.9}, {NONE: 0.6, IA: 0.39})
    assert best_tags(said, continued("1件")).tolist() == [BA, NONE]
    assert best_tags(said, continued("12")).tolist() == [BA, IA]


def test_numbers_of_two_cells_are_two() -> None:
    assert continued("12", "34").tolist() == [False, True, False, True]
    said = shares({BA: 0.9}, {IA: 0.9}, {BB: 0.9}, {IB: 0.9})
    assert best_tags(said, continued("12", "34")).tolist() == [BA, IA, BB, IB]


def test_nothing_and_no_keys() -> None:
    assert best_tags(np.empty((0, 5), np.float32), np.empty(0, bool)).tolist() == []
    assert best_tags(np.ones((3, 1), np.float32), np.zeros(3, bool)).tolist() == [0, 0, 0]


def test_a_text_is_cut_only_outside_of_numbers() -> None:
    said = shares({NONE: 0.999}, {NONE: 0.999}, {NONE: 0.999}, {NONE: 0.5})
    assert in_no_figure(said, continued("共12件")).tolist() == [
        True,
        False,
        False,
        False,
    ]


@st.composite
def texts(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    n = draw(st.integers(1, 5))
    weights = draw(
        st.lists(st.lists(st.integers(1, 99), min_size=5, max_size=5), min_size=n, max_size=n)
    )
    said = np.array(weights, np.float32)
    continues = [False, *draw(st.lists(st.booleans(), min_size=n - 1, max_size=n - 1))]
    return said / said.sum(-1, keepdims=True), np.array(continues)


def allowed(tags: tuple[int, ...], continues: np.ndarray) -> bool:
    for i, tag in enumerate(tags):
        before = tags[i - 1] if i else NONE
        is_inside = tag in (IA, IB)
        if is_inside and before not in (tag, tag - 1):
            return False
        if continues[i] and ((tag == NONE) != (before == NONE) or tag in (BA, BB)):
            return False
    return True


@given(texts())
def test_it_is_the_most_likely_of_all_taggings(text: tuple[np.ndarray, np.ndarray]) -> None:
    said, continues = text
    found = tuple(best_tags(said, continues).tolist())
    assert allowed(found, continues)

    def likelihood(tags: tuple[int, ...]) -> float:
        return float(np.prod([said[i, tag] for i, tag in enumerate(tags)]))

    every = [tags for tags in product(range(5), repeat=len(said)) if allowed(tags, continues)]
    assert np.isclose(likelihood(found), max(map(likelihood, every)), rtol=1e-4)


def test_a_number_that_goes_on_is_not_cut() -> None:
    said = shares({NONE: 0.999}, {NONE: 0.999})
    assert in_no_figure(said, continued("共1"), goes_on=True).tolist() == [True, False]
    assert in_no_figure(said, continued("共1")).tolist() == [True, True]
