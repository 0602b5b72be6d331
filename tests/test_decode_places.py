"""Broken sums: a plain error of the report's own, or numbers that may stand in wrong places."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.decode import decode
from extractor.flag import flag
from extractor.schema import load_schema
from extractor.settings import Settings
from extractor.types import Box, Candidate, Evidence, Reading, State, TableReading, Verdict

SCHEMA = load_schema()
COLUMNS = [s.id.split(".")[2] for s in SCHEMA.layout("requests", "detailed").slots[:7]]
SOUND = {
    "new_received.natural_person": 12,
    "new_received.enterprise": 3,
    "new_received.total": 15,
    "granted.natural_person": 12,
    "granted.enterprise": 3,
    "granted.total": 15,
    "total_handled.natural_person": 12,
    "total_handled.enterprise": 3,
    "total_handled.total": 15,
}


def table(name: str, values: dict[str, int]) -> TableReading:
    """Characters of a file, zero but for some cells."""
    layout = SCHEMA.layout(name, "detailed" if name == "requests" else "standard")
    found = {}
    for slot in layout.slots:
        value = values.get(slot.id.removeprefix(f"{name}."), 0)
        reading = Reading(str(value), State.NUMBER, Decimal(value))
        found[slot.id] = (Candidate(slot.id, reading, 1.0, 1.0, 1.0, Evidence(line=1), "cell"),)
    return TableReading(name, layout.id, True, found)


def asked(values: dict[str, int], name: str = "requests") -> set[str]:
    (decoded,) = decode([table(name, values)], SCHEMA)
    assert decoded.findings
    return {slot.removeprefix(f"{name}.") for slot in decoded.in_question}


def test_one_wrong_cell_leaves_none_in_question() -> None:
    assert asked(SOUND | {"granted.natural_person": 13}) == set()
    assert asked(SOUND | {"new_received.total": 51}) == set()


def test_numbers_one_column_off_are_in_question_and_no_others() -> None:
    row = [12, 3, 0, 0, 0, 0, 15]
    moved = dict(zip([f"granted.{c}" for c in COLUMNS], [row[-1], *row[:-1]], strict=True))
    found = asked(SOUND | moved)
    assert found == {f"granted.{c}" for c in ("natural_person", "enterprise", "total")} | {
        "granted.research_institution"
    }


def test_two_exchanged_cells_are_in_question() -> None:
    exchanged = {"granted.natural_person": 3, "granted.enterprise": 12}
    found = asked(SOUND | exchanged)
    assert {"granted.natural_person", "granted.enterprise"} <= found
    assert "denied_state_secret.natural_person" not in found
    lower = {"granted.natural_person": 0, "partially_granted.natural_person": 12}
    found = asked(SOUND | lower)
    assert {"granted.natural_person", "partially_granted.natural_person"} <= found
    assert "granted.enterprise" not in found


@pytest.mark.parametrize(
    ("row", "is_open"),
    [
        ((10, 1, 0, 0, 0), False),  # nothing but another total would do
        ((5, 1, 2, 0, 2), True),  # with 5 as the total and 2 in its place the sum holds
        ((8, 5, 2, 1, 0), True),  # one place off: 0, 5, 2, 1 and 8
    ],
)
def test_a_single_broken_sum(row: tuple[int, ...], is_open: bool) -> None:
    names = ("upheld", "corrected", "other", "pending", "total")
    values = dict(zip([f"reconsideration.{n}" for n in names], row, strict=True))
    assert bool(asked(values, "disputes")) is is_open


def blank(read: TableReading, *slots: str) -> TableReading:
    found = dict(read.candidates)
    for slot in slots:
        found[slot] = (replace(found[slot][0], reading=Reading("", State.BLANK)),)
    return replace(read, candidates=found)


def in_question(read: TableReading) -> set[str]:
    (decoded,) = decode([read], SCHEMA)
    return {slot.removeprefix("requests.") for slot in decoded.in_question}


def test_sums_that_share_a_cell_must_want_the_same_number_there() -> None:
    """Two cells of a column exchanged, where no row has a total: both sums of the column fail."""
    exchanged = SOUND | {"granted.natural_person": 7, "new_received.natural_person": 12}
    exchanged |= {"total_handled.natural_person": 12, "granted.enterprise": 3}
    read = table(
        "requests",
        exchanged
        | {"new_received.natural_person": 7, "granted.natural_person": 12}
        | {"partially_granted.natural_person": 5, "total_handled.natural_person": 12},
    )
    totals = [slot for slot in read.candidates if slot.endswith(".total")]
    found = in_question(blank(read, *totals))
    assert {"granted.natural_person", "new_received.natural_person"} <= found


def test_a_sum_that_is_crossed_by_one_that_nobody_can_judge_is_in_question() -> None:
    moved = SOUND | {"granted.enterprise": 15, "granted.total": 0}
    read = blank(table("requests", moved), "requests.granted.total")
    assert "granted.enterprise" in in_question(read)


def test_a_partner_outside_of_the_sum_puts_it_in_question() -> None:
    """What was handled stands in the row of what is carried forward, and the other way round."""
    values = {"new_received.natural_person": 12, "granted.natural_person": 12}
    values |= {"carried_forward.natural_person": 12}
    read = table("requests", values)
    totals = [slot for slot in read.candidates if slot.endswith(".total")]
    assert "total_handled.natural_person" in in_question(blank(read, *totals))


def test_a_row_that_moved_without_its_last_number_is_in_question() -> None:
    names = ("upheld", "corrected", "other", "pending", "total")
    row = dict(zip([f"reconsideration.{n}" for n in names], (0, 5, 0, 2, 1), strict=True))
    assert asked(row, "disputes") == {f"reconsideration.{n}" for n in names}


def test_only_what_two_readers_agree_on_is_known_well_enough() -> None:
    wrong = table("requests", SOUND | {"granted.natural_person": 13})
    for agreement, is_open in ((0.999, False), (0.5, True), (0.0, True)):
        read = replace(
            wrong,
            candidates={
                slot: (replace(c[0], score=0.99999, agreement=agreement),)
                for slot, c in wrong.candidates.items()
            },
        )
        assert bool(in_question(read)) is is_open


def test_what_cannot_be_told_is_all_in_question() -> None:
    two = SOUND | {"granted.natural_person": 13, "new_received.enterprise": 9}
    found = asked(two)
    assert {"granted.natural_person", "new_received.enterprise"} <= found


def test_print_that_two_cells_share_is_doubted_and_no_report_is_blamed() -> None:
    """Of a skewed scan: a row was read in the place of the row above, with certainty."""
    read = table("requests", SOUND | {"denied_state_secret.natural_person": 12})
    box = Box(0.5, 0.4, 0.52, 0.41)
    found = dict(read.candidates)
    for name in ("granted", "denied_state_secret"):
        slot = f"requests.{name}.natural_person"
        here = Evidence(page=2, box=box)
        found[slot] = (replace(found[slot][0], evidence=here, score=0.9999, agreement=0.999),)
    (decoded,) = decode([replace(read, candidates=found)], SCHEMA)
    assert Verdict.REPORTED not in {finding.verdict for finding in decoded.findings}
    (flagged,) = flag([decoded], SCHEMA, Settings())
    doubted = {cell.slot for cell in flagged.cells if "shared_print" in cell.flags}
    assert doubted == {
        "requests.granted.natural_person",
        "requests.denied_state_secret.natural_person",
    }


@settings(deadline=None, max_examples=60)
@given(st.permutations(range(7)), st.lists(st.integers(0, 40), min_size=6, max_size=6))
def test_no_permutation_of_a_row_is_taken_for_the_reports_own_error(
    order: list[int], parts: list[int]
) -> None:
    row = [*parts, sum(parts)]
    values = {}
    for name in ("new_received", "granted", "total_handled"):
        values |= dict(zip([f"{name}.{c}" for c in COLUMNS], row, strict=True))
    placed = [row[i] for i in order]
    values |= dict(zip([f"granted.{c}" for c in COLUMNS], placed, strict=True))
    (decoded,) = decode([table("requests", values)], SCHEMA)
    wrong = {
        f"requests.granted.{c}" for c, a, b in zip(COLUMNS, row, placed, strict=True) if a != b
    }
    assert wrong <= decoded.in_question
