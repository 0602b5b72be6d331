"""Decoding and flagging: relations judge, they never change what was read."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.decode import decode
from extractor.flag import FLAGS, flag
from extractor.schema import load_schema
from extractor.settings import Settings
from extractor.types import (
    Candidate,
    Cell,
    CellStatus,
    Decoded,
    Evidence,
    Reading,
    State,
    TableReading,
    Verdict,
)

SCHEMA = load_schema()
LAYOUT = SCHEMA.layout("disputes", "standard")
REQUESTS = SCHEMA.layout("requests", "detailed")


def candidate(slot: str, value: int | None, state: State = State.NUMBER) -> Candidate:
    reading = Reading(
        "" if value is None else str(value), state, None if value is None else Decimal(value)
    )
    return Candidate(slot, reading, 1.0, 1.0, 1.0, Evidence(line=1), "order")


def disputes(*rows: tuple[int, int, int, int, int]) -> TableReading:
    values = [value for row in rows for value in row]
    slots = [slot.id for slot in LAYOUT.slots]
    return TableReading(
        "disputes",
        "standard",
        True,
        {s: (candidate(s, v),) for s, v in zip(slots, values, strict=True)},
    )


def requests(**changed: int | None) -> TableReading:
    """A table of zeros; `row__column=None` takes a cell away."""
    candidates = {slot.id: (candidate(slot.id, 0),) for slot in REQUESTS.slots}
    for name, value in changed.items():
        slot = "requests." + name.replace("__", ".")
        if value is None:
            del candidates[slot]
        else:
            candidates[slot] = (candidate(slot, value),)
    return TableReading("requests", "detailed", True, candidates)


def changed(table: TableReading, slot: str, /, **fields: object) -> TableReading:
    (old,) = table.candidates[slot]
    new = replace(old, **fields)  # type: ignore[arg-type]
    return replace(table, candidates={**table.candidates, slot: (new,)})


def decoded(reading: TableReading) -> Decoded:
    (one,) = decode([reading], SCHEMA)
    return one


def cells(reading: TableReading) -> dict[str, Cell]:
    (table,) = flag(decode([reading], SCHEMA), SCHEMA, Settings())
    return {cell.slot: cell for cell in table.cells}


FINE = disputes((1, 2, 0, 0, 3), (0, 0, 0, 0, 0), (4, 0, 0, 1, 5))
BROKEN = disputes((10, 1, 0, 0, 0), (0, 0, 0, 0, 0), (4, 0, 0, 1, 5))


def test_a_table_that_adds_up_has_no_findings() -> None:
    assert decoded(FINE).findings == ()
    assert all(cell.status is CellStatus.ACCEPTED for cell in cells(FINE).values())


def test_a_total_of_zero_beside_parts_is_the_reports_own_error() -> None:
    (finding,) = decoded(BROKEN).findings
    assert finding.relation == "disputes.reconsideration.row_sum"
    assert (finding.verdict, finding.expected, finding.found) == (Verdict.REPORTED, 11, 0)
    assert finding.message == (
        "行政复议 · 结果维持 10 + 行政复议 · 结果纠正 1 = 11 ≠ 0 = 行政复议 · 总计 0"
    )
    assert cells(BROKEN)["disputes.reconsideration.total"].reading.value == 0
    flagged = {slot for slot, cell in cells(BROKEN).items() if cell.status is CellStatus.FLAGGED}
    assert flagged == set(finding.cells)
    assert len(flagged) == 5


@pytest.mark.parametrize("doubt", [{"score": 0.97}, {"row_anchor": 0.8}, {"column_anchor": 0.8}])
def test_what_is_not_certain_is_not_blamed_on_the_report(doubt: dict[str, float]) -> None:
    reading = changed(BROKEN, "disputes.reconsideration.upheld", **doubt)
    assert decoded(reading).findings[0].verdict is Verdict.UNDECIDED


def test_blank_parts_add_nothing_and_a_blank_total_states_nothing() -> None:
    blank = Reading("", State.BLANK)
    parts = changed(FINE, "disputes.reconsideration.other", reading=blank)
    assert decoded(parts).findings == ()
    total = changed(BROKEN, "disputes.reconsideration.total", reading=blank)
    assert decoded(total).findings == ()


def test_unknown_cells_are_not_judged() -> None:
    words = Reading("无法统计", State.NOT_APPLICABLE)
    reading = changed(BROKEN, "disputes.reconsideration.upheld", reading=words)
    assert decoded(reading).findings == ()


def test_one_wrong_cell_is_located_by_its_two_sums_and_kept_as_read() -> None:
    reading = requests(
        new_received__natural_person=5,
        new_received__total=5,
        granted__natural_person=7,
        granted__total=5,
        total_handled__natural_person=5,
        total_handled__total=5,
    )
    cell = cells(reading)["requests.granted.natural_person"]
    assert cell.reading.value == 7
    assert cell.status is CellStatus.FLAGGED
    (alternative,) = cell.alternatives
    assert (alternative.value, alternative.source) == (5, "relation")
    others = [c for s, c in cells(reading).items() if s != cell.slot]
    assert not any(other.alternatives for other in others)


def test_a_missing_cell_gets_what_its_sums_imply_only_as_alternative() -> None:
    reading = requests(
        new_received__natural_person=5,
        new_received__total=5,
        granted__natural_person=None,
        granted__total=5,
        total_handled__natural_person=5,
        total_handled__total=5,
    )
    cell = cells(reading)["requests.granted.natural_person"]
    assert (cell.reading.state, cell.reading.value) == (State.MISSING, None)
    assert cell.flags == ("missing",)
    assert [(a.value, a.source) for a in cell.alternatives] == [(5, "relation")]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"score": 0.5}, "low_score"),
        ({"row_anchor": 0.4}, "weak_row"),
        ({"column_anchor": 0.4}, "weak_column"),
        ({"reading": Reading("※", State.ILLEGIBLE)}, "illegible"),
        (
            {"reading": Reading("", State.BLANK), "origin": "empty", "score": 0.5},
            "unverified_blank",
        ),
    ],
)
def test_every_doubt_flags_with_its_code(fields: dict[str, object], code: str) -> None:
    cell = cells(changed(FINE, "disputes.direct_lawsuit.upheld", **fields))
    assert cell["disputes.direct_lawsuit.upheld"].flags == (code,)
    assert cell["disputes.direct_lawsuit.upheld"].status is CellStatus.FLAGGED
    assert code in FLAGS


def test_readers_that_disagree_are_both_kept() -> None:
    slot = "disputes.direct_lawsuit.upheld"
    candidates = {**FINE.candidates, slot: (candidate(slot, 0), candidate(slot, 8))}
    cell = cells(replace(FINE, candidates=candidates))[slot]
    assert cell.flags == ("readers_disagree",)
    assert [a.value for a in cell.alternatives] == [8]


def test_an_absent_table_has_all_its_cells_missing() -> None:
    table = cells(TableReading("disputes", "standard", False, {}))
    assert len(table) == 15
    assert {cell.flags for cell in table.values()} == {("missing",)}


numbers = st.integers(0, 20)


@given(st.lists(st.tuples(numbers, numbers, numbers, numbers, numbers), min_size=3, max_size=3))
def test_nothing_read_is_ever_altered_and_every_broken_sum_is_found(
    rows: list[tuple[int, int, int, int, int]],
) -> None:
    reading = disputes(*rows)
    table = cells(reading)
    for slot, (only,) in reading.candidates.items():
        assert table[slot].reading == only.reading
    broken = {
        f"disputes.{name}.row_sum"
        for name, row in zip(
            ("reconsideration", "direct_lawsuit", "lawsuit_after_reconsideration"),
            rows,
            strict=True,
        )
        if sum(row[:4]) != row[4]
    }
    assert {finding.relation for finding in decoded(reading).findings} == broken
