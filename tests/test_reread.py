"""The second look: empty cells are proven empty, doubtful ones read again, others left alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from extractor.reread import reread
from extractor.settings import Settings
from extractor.spellings import Spelling
from extractor.types import (
    Box,
    Candidate,
    Evidence,
    Line,
    Reading,
    State,
    TableReading,
)

SLOT = "disputes.reconsideration.upheld"
BOX = Box(0.1, 0.1, 0.2, 0.2)


@dataclass(frozen=True)
class Cells:
    """Pixels as this test says they are; `is_scanned` False is a page with a text layer."""

    covered: float = 0.0
    text: str | None = None
    score: float = 0.99
    is_scanned: bool = True
    opinion: tuple[Spelling, ...] = ()
    more: Evidence | None = None
    shape: str = ""
    blank: float = 0.0
    has_stray: bool = False
    cut: bool = False

    def is_cut(self, evidence: Evidence) -> bool:
        return self.cut

    def whole(
        self, evidence: Evidence, others: Sequence[Evidence], *, has_lines: bool = False
    ) -> Evidence | None:
        return self.more

    def has_stray_print(self, evidence: Evidence, others: Sequence[Evidence]) -> bool:
        return self.has_stray

    def blankness(self, evidence: Evidence) -> float:
        return self.blank

    def stroke(self, evidence: Evidence) -> str:
        return self.shape

    def ink(self, evidence: Evidence) -> float | None:
        return self.covered if self.is_scanned else None

    def read(self, evidence: Evidence) -> Line | None:
        if self.text is None or not self.is_scanned:
            return None
        return Line(self.text, Box(0, 0, 1, 1), self.score)

    def opinions(self, evidence: Evidence) -> tuple[Spelling, ...]:
        return self.opinion if self.is_scanned else ()


def look(first: Candidate, cells: Cells) -> tuple[Candidate, ...]:
    table = TableReading("disputes", "standard", True, {SLOT: (first,)})
    (result,) = reread([table], cells, {SLOT: "count"}, Settings())
    return result.candidates[SLOT]


EMPTY = Candidate(SLOT, Reading("", State.BLANK), 1.0, 1.0, 1.0, Evidence(page=1, box=BOX), "empty")


def number(value: int, score: float) -> Candidate:
    reading = Reading(str(value), State.NUMBER, Decimal(value))
    return Candidate(SLOT, reading, score, 1.0, 1.0, Evidence(page=1, box=BOX), "place")


def test_a_cell_without_ink_is_blank() -> None:
    (only,) = look(EMPTY, Cells())
    assert only.reading.state is State.BLANK
    assert only.score >= Settings().min_score


def test_a_number_that_the_detector_missed_is_found() -> None:
    (only,) = look(EMPTY, Cells(covered=0.05, text="0"))
    assert (only.reading.value, only.origin) == (0, "reread")


@pytest.mark.parametrize("text", [None, "行政复议"])
def test_ink_that_is_no_value_leaves_the_blank_unproven(text: str | None) -> None:
    (only,) = look(EMPTY, Cells(covered=0.05, text=text))
    assert only.reading.state is State.BLANK
    assert only.score < Settings().min_score


def test_a_second_look_that_agrees_settles_a_doubt() -> None:
    (only,) = look(number(7, 0.6), Cells(text="7", score=0.98))
    assert (only.reading.value, only.score) == (7, 0.98)


def test_opinions_that_differ_are_both_kept_the_surer_first() -> None:
    candidates = look(number(7, 0.6), Cells(text="1", score=0.98))
    assert [c.reading.value for c in candidates] == [1, 7]


@pytest.mark.parametrize("first", [EMPTY, number(7, 0.6)])
def test_characters_of_the_file_are_left_alone(first: Candidate) -> None:
    assert look(first, Cells(covered=1.0, text="9", is_scanned=False)) == (first,)


def test_a_sure_reading_is_left_alone() -> None:
    assert look(number(7, 0.99), Cells(covered=1.0, text="9")) == (number(7, 0.99),)


def test_a_second_reader_that_agrees_makes_a_reading_surer() -> None:
    (only,) = look(number(6, 0.7), Cells(opinion=(Spelling("6", 0.99),)))
    assert only.score == 0.99
    assert only.reading.value == 6


def test_a_second_reader_that_differs_is_kept_beside_the_first() -> None:
    first, second = look(number(1, 0.99), Cells(opinion=(Spelling("/", 0.98),)))
    assert first.reading.value == 1
    assert second.reading.state is State.DASH
    assert second.origin == "digits"


def test_a_doubtful_reading_gives_way_to_a_sure_second_reader() -> None:
    first, *others = look(number(5, 0.4), Cells(opinion=(Spelling("6", 0.97),)))
    assert first.reading.value == 6
    assert [other.reading.value for other in others] == [5]


def test_a_second_reader_that_is_unsure_says_nothing() -> None:
    (only,) = look(number(5, 0.95), Cells(opinion=(Spelling("6", 0.5),)))
    assert only.reading.value == 5


def test_other_spellings_follow_as_alternatives() -> None:
    candidate = replace(number(38, 0.95), spellings=(Spelling("33", 0.04), Spelling("3B", 0.01)))
    found = look(candidate, Cells())
    assert [c.reading.value for c in found] == [38, 33]
    assert found[1].origin == "nbest"


WHOLE = Evidence(page=1, box=Box(0.1, 0.1, 0.3, 0.2))


def test_a_number_that_was_read_short_is_completed() -> None:
    whole, part = look(number(7, 0.99), Cells(text="17", more=WHOLE))
    assert (whole.reading.value, whole.reading.flags) == (17, ())
    assert whole.evidence == WHOLE
    assert (part.reading.value, part.origin) == (7, "nbest")


def test_numbers_that_stand_one_below_the_other_may_be_those_of_two_rows() -> None:
    tall = Evidence(page=1, box=Box(0.1, 0.1, 0.2, 0.3))
    found = look(number(75, 0.99), Cells(text="7521", more=tall))
    assert [c.reading.value for c in found] == [7521, 75, 21]
    assert "unread_print" in found[0].reading.flags


@pytest.mark.parametrize("text", [None, "7", "处理决定"])
def test_print_that_stays_unread_is_flagged(text: str | None) -> None:
    (only,) = look(number(7, 0.99), Cells(text=text, more=WHOLE))
    assert only.reading.value == 7
    assert "unread_print" in only.reading.flags


def test_a_whole_cell_that_says_something_else_is_an_opinion() -> None:
    first, second = look(number(7, 0.99), Cells(text="12", more=WHOLE))
    assert (first.reading.value, second.reading.value) == (12, 7)


@pytest.mark.parametrize(
    ("shape", "opinion", "state"),
    [
        ("—", (), State.DASH),
        ("—", (Spelling("-", 0.99),), State.DASH),
        ("—", (Spelling("2", 0.99),), State.NUMBER),
        ("/", (Spelling("/", 0.99),), State.DASH),
        ("/", (), State.NUMBER),
        ("/", (Spelling("7", 0.99),), State.NUMBER),
    ],
)
def test_a_stroke_is_told_by_its_shape(
    shape: str, opinion: tuple[Spelling, ...], state: State
) -> None:
    first, *others = look(number(1, 0.99), Cells(shape=shape, opinion=opinion))
    assert first.reading.state is state
    if state is State.DASH:
        assert [other.origin for other in others] == ["nbest"]


def test_a_dash_that_the_detector_passed_by_is_no_blank() -> None:
    first, blank = look(EMPTY, Cells(covered=0.001, shape="—"))
    assert (first.reading.state, first.origin) == (State.DASH, "stroke")
    assert first.score < Settings().min_score
    assert blank.reading.state is State.BLANK
    (only,) = look(EMPTY, Cells(covered=0.0, shape="—"))
    assert only.reading.state is State.BLANK


def test_one_more_dash_among_many_is_certain() -> None:
    dash = replace(number(1, 0.99), reading=Reading("-", State.DASH))
    candidates = {SLOT: (EMPTY,), **{str(i): (dash,) for i in range(9)}}
    table = TableReading("disputes", "standard", True, candidates)
    kinds = dict.fromkeys(candidates, "count")
    (result,) = reread([table], Cells(covered=0.001, shape="—"), kinds, Settings())
    (only,) = result.candidates[SLOT]
    assert (only.reading.state, only.score >= Settings().min_score) == (State.DASH, True)


def test_the_rest_of_a_number_that_a_region_cuts_is_flagged() -> None:
    (whole,) = look(EMPTY, Cells(covered=0.02, text="4"))
    assert whole.reading.flags == ()
    (rest,) = look(EMPTY, Cells(covered=0.02, text="4", cut=True))
    assert (rest.reading.value, rest.reading.flags) == (4, ("unread_print",))


def test_a_number_among_dashes_is_doubted() -> None:
    dash = replace(number(1, 0.99), reading=Reading("/", State.DASH))
    candidates = {SLOT: (number(1, 0.99),), **{str(i): (dash,) for i in range(9)}}
    table = TableReading("disputes", "standard", True, candidates)
    kinds = dict.fromkeys(candidates, "count")
    (result,) = reread([table], Cells(opinion=(Spelling("/", 0.6),)), kinds, Settings())
    assert [c.reading.state for c in result.candidates[SLOT]] == [State.NUMBER, State.DASH]


def test_specks_in_an_empty_cell_are_no_number() -> None:
    (only,) = look(EMPTY, Cells(covered=0.02, text="1", score=0.4, blank=0.99))
    assert only.reading.state is State.BLANK
    assert only.score < Settings().min_score


@pytest.mark.parametrize("cells", [Cells(0.02, "1", 0.4), Cells(0.02, "1", 0.99, blank=0.99)])
def test_a_faint_number_is_never_taken_for_a_blank(cells: Cells) -> None:
    (only,) = look(EMPTY, cells)
    assert only.reading.value == 1


def test_words_that_were_taken_for_no_value_are_read_and_flagged() -> None:
    first = replace(EMPTY, reading=Reading("无规范性文件", State.ILLEGIBLE))
    (only,) = look(first, Cells(text="无规范性文件"))
    assert only.reading.state is State.NOT_APPLICABLE
    assert only.reading.flags == ("unusual_words",)


def test_an_empty_cell_beside_print_that_belongs_to_none_is_doubted() -> None:
    (only,) = look(EMPTY, Cells(has_stray=True))
    assert only.reading.state is State.BLANK
    assert only.score < Settings().min_score


def test_words_that_stand_all_over_a_document_are_not_unusual() -> None:
    words = Reading("未涉及", State.NOT_APPLICABLE, flags=("unusual_words",))
    candidates = {str(i): (replace(number(1, 0.99), reading=words),) for i in range(9)}
    table = TableReading("disputes", "standard", True, candidates)
    (many,) = reread([table], Cells(), dict.fromkeys(candidates, "count"), Settings())
    assert all(not cell[0].reading.flags for cell in many.candidates.values())
    (one,) = look(candidates["0"][0], Cells())
    assert one.reading.flags == ("unusual_words",)
