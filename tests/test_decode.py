"""Decoding and flagging: relations judge, they never change what was read."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval import misreadings
from extractor.decode import decode, solver
from extractor.decode.options import Option, Source, implied_by
from extractor.decode.solver import Grid
from extractor.flag import FLAGS, flag
from extractor.meaning import Meaning
from extractor.schema import Relation, load_schema
from extractor.settings import Settings
from extractor.types import (
    Box,
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


def test_what_a_sum_implies_is_never_minus_zero() -> None:
    for relation in REQUESTS.relations:
        values = dict.fromkeys(relation.slots, Decimal(0))
        for slot in relation.slots:
            assert str(implied_by(relation, slot, values)) == "0"


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


@pytest.mark.parametrize("doubt", [{"score": 0.85}, {"row_anchor": 0.8}, {"column_anchor": 0.8}])
def test_what_is_not_certain_is_not_blamed_on_the_report(doubt: dict[str, float]) -> None:
    reading = changed(BROKEN, "disputes.reconsideration.upheld", **doubt)
    assert decoded(reading).findings[0].verdict is Verdict.UNDECIDED


def test_blank_parts_add_nothing_and_a_blank_total_states_nothing() -> None:
    blank = Reading("", State.BLANK)
    parts = changed(FINE, "disputes.reconsideration.other", reading=blank)
    assert decoded(parts).findings == ()
    total = changed(BROKEN, "disputes.reconsideration.total", reading=blank)
    assert decoded(total).findings == ()


def test_a_weak_place_names_the_other_ones_that_it_may_be() -> None:
    slot = "disputes.reconsideration.upheld"
    meaning = Meaning(
        rows={
            "disputes.reconsideration": 0.3,
            "disputes.direct_lawsuit": 0.6,
            "requests.fees": 0.1,
        },
        columns={"disputes.upheld": 0.5, "disputes.other": 0.45, "disputes.total": 0.05},
    )

    def elsewhere(**fields: object) -> tuple[str, ...]:
        return cells(changed(FINE, slot, meaning=meaning, **fields))[slot].elsewhere

    assert elsewhere() == ()
    assert elsewhere(row_anchor=0.4) == ("disputes.direct_lawsuit.upheld",)
    assert elsewhere(column_anchor=0.4) == ("disputes.reconsideration.other",)
    both = ("disputes.direct_lawsuit.upheld", "disputes.reconsideration.other")
    assert elsewhere(row_anchor=0.4, column_anchor=0.4) == both
    assert cells(changed(FINE, slot, row_anchor=0.4))[slot].elsewhere == ()  # nothing is known
    # One print that was taken for two cells.
    box = Evidence(page=1, box=Box(0.1, 0.1, 0.2, 0.2))
    other = "disputes.direct_lawsuit.upheld"
    shared = changed(changed(FINE, slot, evidence=box), other, evidence=box)
    found = cells(shared)
    assert found[slot].flags == found[other].flags == ("shared_print",)
    assert (found[slot].elsewhere, found[other].elsewhere) == ((other,), (slot,))
    # A region that was read again, in which the print of another cell stands.
    region = Evidence(page=1, box=Box(0.05, 0.09, 0.2005, 0.21))
    found = cells(changed(changed(FINE, slot, evidence=box), other, evidence=region))
    assert found[slot].flags == found[other].flags == ("shared_print",)
    assert (found[slot].elsewhere, found[other].elsewhere) == ((other,), (slot,))
    beside = Evidence(page=1, box=Box(0.19, 0.09, 0.35, 0.21))
    found = cells(changed(changed(FINE, slot, evidence=box), other, evidence=beside))
    assert found[slot].flags == found[other].flags == ()


@pytest.mark.parametrize(("printed", "is_shared"), [("2", True), ("3", False)])
def test_what_two_cells_say_alike_in_half_the_same_place_is_one_print(
    printed: str, is_shared: bool
) -> None:
    """Of a photograph: a dash was not seen, the 2 before it was read in its place, and again where
    it belongs, whose ruled cell stands a little lower on the page as it was photographed."""
    slot, other = "disputes.reconsideration.upheld", "disputes.reconsideration.corrected"
    read = FINE
    for name, text, box in (
        (slot, printed, Box(0.5332, 0.6983, 0.6697, 0.7149)),
        (other, "2", Box(0.6574, 0.6951, 0.6706, 0.7064)),
    ):
        number = Reading(text, State.NUMBER, Decimal(text))
        read = changed(read, name, reading=number, evidence=Evidence(page=1, box=box))
    found = cells(read)
    assert ("shared_print" in found[slot].flags) is is_shared
    assert ("shared_print" in found[other].flags) is is_shared
    assert found[other].elsewhere == ((slot,) if is_shared else ())


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


@settings(deadline=None, max_examples=40)
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


# --- joint decoding ----------------------------------------------------------------------------


def scanned(table: TableReading, score: float = 0.999, agreement: float = 0.0) -> TableReading:
    """The same table, as a reader of pixels gives it, or as two that agree do."""
    return replace(
        table,
        candidates={
            slot: tuple(
                replace(c, score=score, evidence=Evidence(page=1), agreement=agreement)
                for c in candidates
            )
            for slot, candidates in table.candidates.items()
        },
    )


def also(table: TableReading, slot: str, value: int, score: float) -> TableReading:
    """The same table in which one cell may also be read as another number."""
    other = replace(candidate(slot, value), score=score, origin="nbest")
    return replace(table, candidates={**table.candidates, slot: (*table.candidates[slot], other)})


SMALL = requests(
    new_received__natural_person=5,
    new_received__total=5,
    granted__natural_person=7,
    granted__total=5,
    total_handled__natural_person=5,
    total_handled__total=5,
)
"""One cell reads 7, and its row and its column say 5."""
WRONG = "requests.granted.natural_person"


def test_a_second_reading_that_repairs_both_sums_is_taken_and_flagged() -> None:
    table = also(scanned(SMALL), WRONG, 5, 0.02)
    cell = cells(table)[WRONG]
    assert (cell.reading.value, cell.status) == (5, CellStatus.FLAGGED)
    assert "repaired" in cell.flags
    assert [(a.value, a.source) for a in cell.alternatives] == [(7, "reader")]
    assert {finding.verdict for finding in decoded(table).findings} == {Verdict.MISREAD}


def test_only_the_cell_that_a_broken_sum_is_traced_to_is_flagged() -> None:
    for table in (SMALL, also(scanned(SMALL), WRONG, 5, 0.02)):
        flagged = {s for s, cell in cells(table).items() if cell.status is CellStatus.FLAGGED}
        assert flagged == {WRONG}


def test_characters_of_the_file_are_the_reports_own() -> None:
    assert {finding.verdict for finding in decoded(SMALL).findings} == {Verdict.REPORTED}
    assert cells(SMALL)[WRONG].reading.value == 7


def test_two_readers_that_agree_blame_the_report() -> None:
    """One reader alone may have misread a digit; two that err independently hardly the same one."""
    verdicts = [
        {finding.verdict for finding in decoded(table).findings}
        for table in (
            scanned(SMALL, 0.9999),
            scanned(SMALL, 0.9999, agreement=0.998),
            also(scanned(SMALL, 0.9999, agreement=0.998), WRONG, 5, 0.02),
            scanned(SMALL, 0.95, agreement=0.6),
        )
    ]
    assert verdicts[1] == {Verdict.REPORTED}
    assert all(Verdict.REPORTED not in others for others in (verdicts[0], *verdicts[2:]))
    assert cells(scanned(SMALL, 0.9999, agreement=0.998))[WRONG].reading.value == 7


def test_an_unlikely_second_reading_is_no_repair() -> None:
    """The report may be wrong just there; what the sums imply stands first among alternatives."""
    table = also(scanned(SMALL), WRONG, 5, 1e-6)
    cell = cells(table)[WRONG]
    assert cell.reading.value == 7
    assert cell.alternatives[0].value == 5
    assert Verdict.MISREAD not in {finding.verdict for finding in decoded(table).findings}


def test_a_doubtful_cell_is_a_misreading_though_no_reader_thought_of_it() -> None:
    table = changed(scanned(SMALL), WRONG, score=0.6)
    cell = cells(table)[WRONG]
    assert cell.reading.value == 7
    assert (cell.alternatives[0].value, cell.alternatives[0].source) == (5, "relation")
    assert {finding.verdict for finding in decoded(table).findings} == {Verdict.MISREAD}


def test_two_cells_that_only_together_add_up() -> None:
    table = requests(
        new_received__natural_person=5,
        new_received__total=5,
        granted__natural_person=3,
        granted__total=4,
        unavailable_not_held__natural_person=4,
        unavailable_not_held__total=1,
        total_handled__natural_person=5,
        total_handled__total=5,
    )
    slots = (WRONG, "requests.unavailable_not_held.natural_person")
    table = also(also(scanned(table), slots[0], 4, 0.05), slots[1], 1, 0.05)
    read = cells(table)
    assert [read[slot].reading.value for slot in slots] == [4, 1]
    assert all("repaired" in read[slot].flags for slot in slots)


def test_twelve_digits_and_decimals_are_exact() -> None:
    big = 999_999_999_989
    table = disputes((big, 10, 0, 0, big + 10), (0, 0, 0, 0, 0), (0, 0, 0, 0, 0))
    assert decoded(table).findings == ()
    broken = also(
        scanned(
            changed(
                table,
                "disputes.reconsideration.corrected",
                reading=Reading("1", State.NUMBER, Decimal(1)),
            )
        ),
        "disputes.reconsideration.corrected",
        10,
        0.3,
    )
    assert cells(broken)["disputes.reconsideration.corrected"].alternatives[0].value == 10
    half = Reading("0.5", State.NUMBER, Decimal("0.5"))
    odd = changed(table, "disputes.direct_lawsuit.upheld", reading=half)
    (finding,) = decoded(odd).findings
    assert (finding.expected, finding.found) == (Decimal("0.5"), 0)


def test_half_of_the_rows_missing_and_totals_blank_throughout() -> None:
    rows = sorted({slot.id.split(".")[1] for slot in REQUESTS.slots})
    kept = {
        slot: found
        for slot, found in SMALL.candidates.items()
        if slot.split(".")[1] not in rows[::2]
    }
    for finding in decoded(replace(SMALL, candidates=kept)).findings:
        assert finding.relation.endswith("row_sum")
    blank = Reading("", State.BLANK)
    without = {
        slot: (replace(found[0], reading=blank),) if slot.endswith(".total") else found
        for slot, found in SMALL.candidates.items()
    }
    named = {f.relation for f in decoded(replace(SMALL, candidates=without)).findings}
    assert named == {"requests.total_handled.natural_person"}


def test_one_broken_sum_replaces_nothing_and_clears_no_cell() -> None:
    """The cell that could best be another one is right here, and the wrong one was read surely."""
    row = ("upheld", "corrected", "other", "pending", "total")
    table = scanned(disputes((3, 1, 0, 0, 9), (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)))
    table = changed(table, "disputes.reconsideration.corrected", score=0.93)
    table = also(table, "disputes.reconsideration.corrected", 6, 0.05)
    read = cells(table)
    assert read["disputes.reconsideration.corrected"].reading.value == 1
    assert all(
        read[f"disputes.reconsideration.{name}"].status is CellStatus.FLAGGED for name in row
    )


def test_two_cells_wrong_by_the_same_amount_are_both_flagged() -> None:
    """The other two corners of the rectangle could be wrong just as well."""
    wrong = {
        "requests.granted.natural_person": 27,
        "requests.partially_granted.enterprise": 44,
    }
    corners = {
        "requests.granted.enterprise": 14,
        "requests.partially_granted.natural_person": 35,
    }
    table = requests(
        new_received__natural_person=60,
        new_received__enterprise=56,
        new_received__total=116,
        granted__natural_person=27,
        granted__enterprise=14,
        granted__total=39,
        partially_granted__natural_person=35,
        partially_granted__enterprise=44,
        partially_granted__total=77,
        total_handled__natural_person=60,
        total_handled__enterprise=56,
        total_handled__total=116,
    )
    table = scanned(table)
    for slot in corners:
        table = changed(table, slot, score=0.99)
    read = cells(table)
    assert all(read[slot].status is CellStatus.FLAGGED for slot in wrong)


def test_a_dash_is_no_excuse_for_a_sum() -> None:
    slot = "disputes.reconsideration.total"
    table = scanned(disputes((7, 0, 0, 0, 1), (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)))
    dash = replace(
        candidate(slot, None, State.DASH), reading=Reading("-", State.DASH), origin="digits"
    )
    table = replace(table, candidates={**table.candidates, slot: (*table.candidates[slot], dash)})
    read = cells(table)
    assert read[slot].reading.value == 1
    assert read["disputes.reconsideration.upheld"].status is CellStatus.FLAGGED


@pytest.mark.parametrize("big", [Decimal("1e25"), Decimal(10**18 - 1), Decimal("0.0000001")])
def test_numbers_that_cannot_be_added_exactly_explain_nothing(big: Decimal) -> None:
    table = disputes((1, 2, 0, 0, 9), (0, 0, 0, 0, 0), (0, 0, 0, 0, 0))
    reading = Reading(str(big), State.NUMBER, big)
    odd = changed(table, "disputes.reconsideration.upheld", reading=reading)
    half = Reading("1.5", State.NUMBER, Decimal("1.5"))
    odd = changed(odd, "disputes.reconsideration.corrected", reading=half)
    (found,) = decoded(odd).findings
    assert found.verdict is Verdict.UNDECIDED
    assert cells(odd)["disputes.reconsideration.upheld"].status is CellStatus.FLAGGED


def test_at_the_limit_of_its_work_nothing_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver, "_MAX_WORK", 1e-9)
    table = also(scanned(SMALL), WRONG, 5, 0.02)
    assert cells(table)[WRONG].reading.value == 7
    assert {finding.verdict for finding in decoded(table).findings} == {Verdict.UNDECIDED}


def test_a_table_that_is_all_wrong_is_not_explained() -> None:
    dice = Random(5)
    found = {slot.id: (candidate(slot.id, dice.randrange(99)),) for slot in REQUESTS.slots}
    table = scanned(TableReading("requests", "detailed", True, found))
    result = decoded(table)
    assert len(result.findings) > 12
    assert {finding.verdict for finding in result.findings} == {Verdict.UNDECIDED}
    assert result.alternatives == {}


# --- last year's report -------------------------------------------------------------------------


def test_last_years_report_is_evidence_and_a_finding() -> None:
    table = requests(
        new_received__natural_person=5,
        new_received__total=5,
        carried_over__natural_person=2,
        carried_over__total=2,
        granted__natural_person=7,
        granted__total=7,
        total_handled__natural_person=7,
        total_handled__total=7,
    )
    last = {
        "requests.carried_forward.natural_person": Decimal(3),
        "requests.carried_forward.total": Decimal(2),
        "disclosure.regulations.in_force": Decimal(4),
    }
    assert decoded(table).findings == ()
    (one,) = decode([table], SCHEMA, last)
    (found,) = one.findings
    assert found.relation == "requests.across_years.natural_person"
    assert found.cells == ("requests.carried_over.natural_person",)
    assert (found.expected, found.found) == (3, 2)
    assert "上年报告" in found.message
    assert one.chosen["requests.carried_over.natural_person"].reading.value == 2
    assert not any(slot.startswith("last:") for slot in (*one.chosen, *one.alternatives))
    agreeing = {slot: Decimal(2) for slot in last}
    assert decode([table], SCHEMA, agreeing)[0].findings == ()


# --- the solver against brute force -----------------------------------------------------------

PLACES = ("a", "b", "c", "t")
GRID = (
    Relation("sum", ("a", "b", "c"), ("t",), broken=1.0),
    Relation("pair", ("a",), ("b",), broken=1.0),
)
_MOST = 12


@st.composite
def grids(draw: st.DrawFn) -> dict[str, tuple[Option, ...]]:
    costs = st.integers(0, 4000).map(lambda n: n / 1000)
    found = {}
    for slot in PLACES:
        read = draw(st.lists(st.tuples(st.integers(0, 6), costs), min_size=1, max_size=2))
        given_ = [
            Option(Source.READ, Decimal(value), cost, is_nothing=value == 0) for value, cost in read
        ]
        if draw(st.booleans()):
            given_.append(Option(Source.MISREAD, None, draw(costs) + 1))
        if draw(st.integers(0, 9)) == 0:
            given_ = [Option(Source.READ, None, 0.0, is_unknown=True)]
        found[slot] = tuple(given_)
    return found


def brute_force(given_: dict[str, tuple[Option, ...]], price: float) -> float:
    """The least cost over all options, and over all values of open ones."""
    ways: list[list[tuple[Option, int | None]]] = []
    for slot in PLACES:
        here: list[tuple[Option, int | None]] = []
        for option in given_[slot]:
            if option.is_unknown:
                here.append((option, None))
            elif option.value is None:
                here += [(option, value) for value in range(_MOST * 2)]
            else:
                here.append((option, int(option.value)))
        ways.append(here)
    best = float("inf")
    for picks in product(*ways):
        by_slot = dict(zip(PLACES, picks, strict=True))
        cost = sum(option.cost for option, _ in picks)
        if cost >= best:
            continue
        for relation in GRID:
            values = [by_slot[slot][1] for slot in relation.slots]
            if any(value is None for value in values):
                continue
            if all(by_slot[slot][0].is_nothing for slot in relation.total):
                continue
            parts = sum(by_slot[slot][1] or 0 for slot in relation.parts)
            cost += price * (parts != sum(by_slot[slot][1] or 0 for slot in relation.total))
        best = min(best, cost)
    return best


@settings(deadline=None, max_examples=60)
@given(grids())
def test_the_solver_agrees_with_brute_force(given_: dict[str, tuple[Option, ...]]) -> None:
    found = Grid(given_, GRID).solve()
    assert found is not None
    assert found.cost == pytest.approx(brute_force(given_, 3.0), abs=0.01)


@settings(deadline=None, max_examples=30)
@given(grids(), st.sampled_from(PLACES), st.integers(0, 6), st.integers(0, 4))
def test_another_candidate_never_raises_the_cost_and_order_does_not_matter(
    given_: dict[str, tuple[Option, ...]], slot: str, value: int, cost: int
) -> None:
    before = Grid(given_, GRID).solve()
    more = {**given_, slot: (*given_[slot], Option(Source.READ, Decimal(value), float(cost)))}
    after = Grid(more, GRID).solve()
    turned = Grid({s: o[::-1] for s, o in more.items()}, GRID).solve()
    assert before is not None and after is not None and turned is not None
    assert after.cost <= before.cost + 1e-6
    assert after.cost == pytest.approx(turned.cost)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(*[st.integers(0, 9)] * 4), min_size=3, max_size=3),
    st.lists(st.tuples(st.integers(0, 14), st.integers(0, 40)), max_size=6),
)
def test_a_consistent_reading_is_never_changed(
    rows: list[tuple[int, int, int, int]], others: list[tuple[int, int]]
) -> None:
    first = disputes(*((*row, sum(row)) for row in rows))
    table = scanned(first)
    for i, other in others:
        table = also(table, LAYOUT.slots[i].id, other, 0.4)
    for slot, (only,) in first.candidates.items():
        assert cells(table)[slot].reading == only.reading


def test_single_misreadings_are_repaired_or_located() -> None:
    for case in misreadings.cases(16, seed=1):
        (table,) = flag(decode([case.table], SCHEMA), SCHEMA, Settings())
        found = misreadings.outcome(case, {cell.slot: cell for cell in table.cells})
        assert found == ("repaired" if case.is_offered else "first"), case.slot
