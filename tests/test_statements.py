"""What the text says against what the tables say."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from extractor.schema import load_schema
from extractor.statements import check_statements
from extractor.types import (
    Cell,
    CellStatus,
    Evidence,
    Exactness,
    Figure,
    Finding,
    Reading,
    State,
    Table,
    Verdict,
)

SCHEMA = load_schema()


def figure(key: str, value: int, scope: str | None = None) -> Figure:
    return Figure(
        key=key,
        value=Decimal(value),
        unit="件",
        exactness=Exactness.EXACT,
        printed=f"{value}件",
        sentence=f"全年收到申请{value}件。",
        status=CellStatus.ACCEPTED,
        evidence=Evidence(line=1),
        scope=scope,
    )


def cell(slot: str, value: int | None, status: CellStatus = CellStatus.ACCEPTED) -> Cell:
    state = State.BLANK if value is None else State.NUMBER
    reading = Reading(
        "" if value is None else str(value), state, None if value is None else Decimal(value)
    )
    return Cell(slot, reading, status, (), Evidence(line=2))


def found(figures: list[Figure], **values: int | None) -> tuple[Finding, ...]:
    cells = tuple(cell(f"requests.{row}.total", value) for row, value in values.items())
    return check_statements(figures, [Table("requests", True, cells)], SCHEMA)


def test_received_may_be_new_or_all_that_was_to_be_handled() -> None:
    for value in (30, 34):
        assert not found([figure("applications_received", value)], new_received=30, carried_over=4)
    (one,) = found([figure("applications_received", 33)], new_received=30, carried_over=4)
    assert one.relation == "text.applications_received"
    assert (one.expected, one.found, one.verdict) == (33, 30, Verdict.UNDECIDED)
    assert one.cells == ("requests.new_received.total",)
    assert "33件 ≠ 30" in one.message


def test_a_clause_that_says_what_it_counts_is_taken_at_its_word() -> None:
    (one,) = found([figure("applications_received", 34, "new")], new_received=30, carried_over=4)
    assert (one.found, one.verdict) == (30, Verdict.UNDECIDED)
    assert one.relation == "text.applications_received.new"
    assert not found([figure("applications_received", 12, "part_of")], new_received=30)


def test_no_two_findings_have_the_same_relation() -> None:
    scopes = (None, "new", "carried_over", "handled_including_carried_over")
    figures = [figure("applications_received", 99, scope) for scope in scopes]
    relations = [one.relation for one in found(figures, new_received=30, carried_over=4)]
    assert len(set(relations)) == len(relations) == len(scopes)


def test_rows_of_one_kind_are_added_and_blank_ones_add_nothing() -> None:
    rows = {
        "unavailable_not_held": 3,
        "unavailable_needs_creation": 2,
        "unavailable_unclear_request": None,
    }
    assert not found([figure("applications_unavailable", 5)], **rows)
    (one,) = found([figure("applications_unavailable", 6)], **rows)
    assert one.found == 5


@pytest.mark.parametrize(
    "changed",
    [
        {"exactness": Exactness.APPROXIMATE},
        {"status": CellStatus.FLAGGED},
        {"value": None},
        {"key": "visits"},
    ],
)
def test_what_is_not_certain_or_not_in_a_table_is_not_compared(changed: dict[str, object]) -> None:
    other = replace(figure("applications_received", 7), **changed)  # type: ignore[arg-type]
    assert not found([other], new_received=30, carried_over=4)


def test_blank_totals_and_repeated_figures_say_nothing() -> None:
    assert not found([figure("applications_received", 7)], new_received=None, carried_over=None)
    twice = [figure("applications_received", 7), figure("applications_received", 8)]
    assert not found(twice, new_received=30, carried_over=4)
    assert not check_statements(twice[:1], [], SCHEMA)
