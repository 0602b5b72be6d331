"""What to ask first, and what an answer settles."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval import misreadings
from eval import questions as bench
from extractor.decode.answers import answered, confirmed, reviewed
from extractor.engines import Engines
from extractor.errors import CorruptInput
from extractor.export import to_dict
from extractor.meaning import Meaning
from extractor.pipeline import Decision, decide, extract
from extractor.pipeline import decided as decided_again
from extractor.questions import questions
from extractor.readings import from_bytes, to_bytes
from extractor.schema import load_schema
from extractor.settings import Settings
from extractor.types import (
    TABLE_MISSING,
    Answers,
    Candidate,
    Cell,
    CellStatus,
    Confirmation,
    Evidence,
    Exactness,
    Extraction,
    Failure,
    Figure,
    Finding,
    Reading,
    ReportFacts,
    ReportReading,
    State,
    Status,
    Table,
    TableReading,
    Verdict,
)
from tests.conftest import labelled_documents

SCHEMA = load_schema()
LAYOUT = SCHEMA.layout("disputes", "standard")


def number(value: int) -> Reading:
    return Reading(str(value), State.NUMBER, Decimal(value))


def scanned(*rows: tuple[int, int, int, int, int], score: float = 0.999) -> TableReading:
    """Table four as a reader of pixels gives it."""
    values = [value for row in rows for value in row]
    found = {}
    for slot, value in zip(LAYOUT.slots, values, strict=True):
        found[slot.id] = (
            Candidate(slot.id, number(value), score, 1.0, 1.0, Evidence(page=1), "cell"),
        )
    return TableReading("disputes", "standard", True, found)


def decided(
    reading: TableReading, answers: Mapping[str, Reading] | None = None
) -> tuple[Decision, dict[str, Cell]]:
    found = decide(
        ReportReading((reading,)), SCHEMA, Settings(), answers=Answers(cells=answers or {})
    )
    return found, {cell.slot: cell for table in found.tables for cell in table.cells}


def asked(found: Decision) -> list[str]:
    return [one.slot for one in questions(found.tables, found.findings)]


def test_nothing_is_asked_of_what_is_accepted() -> None:
    found, _ = decided(scanned((1, 2, 0, 0, 3), (0, 0, 0, 0, 0), (4, 0, 0, 1, 5)))
    assert asked(found) == []


def test_one_right_answer_frees_the_cells_of_its_sum() -> None:
    """A row whose total does not fit: any of its cells may be wrong, the unsure one most likely."""
    table = scanned((1, 7, 0, 0, 3), (0, 0, 0, 0, 0), (4, 0, 0, 1, 5))
    slot = "disputes.reconsideration.corrected"
    unsure = replace(table.candidates[slot][0], score=0.6)
    table = replace(table, candidates={**table.candidates, slot: (unsure,)})
    before, cells = decided(table)
    first, *_ = questions(before.tables, before.findings)
    assert first.slot == slot
    others = {s for s, c in cells.items() if c.status is CellStatus.FLAGGED} - {slot}
    assert set(first.frees) == others
    after, cells = decided(table, {slot: number(2)})
    assert cells[slot].status is CellStatus.REVIEWED
    assert cells[slot].reading.value == 2
    assert (after.findings, asked(after)) == ((), [])


def test_an_answer_that_confirms_leaves_the_sum_broken() -> None:
    table = scanned((1, 7, 0, 0, 3), (0, 0, 0, 0, 0), (4, 0, 0, 1, 5))
    slots = [slot.id for slot in LAYOUT.slots[:5]]
    answers = {slot: table.candidates[slot][0].reading for slot in slots}
    found, cells = decided(table, answers)
    (finding,) = found.findings
    assert finding.verdict is Verdict.REPORTED, "a person has seen every cell of it"
    assert {cells[slot].status for slot in slots} == {CellStatus.REVIEWED}
    assert asked(found) == []


def test_a_persons_slip_is_no_error_of_the_report() -> None:
    """1 + 2 = 3 was read with certainty; somebody types 999 for the 2."""
    table = scanned((1, 2, 0, 0, 3), (0, 0, 0, 0, 0), (4, 0, 0, 1, 5))
    slots = [slot.id for slot in LAYOUT.slots[:5]]
    found, cells = decided(table, {slots[1]: number(999)})
    (finding,) = found.findings
    assert finding.verdict is Verdict.UNDECIDED
    assert set(asked(found)) == set(slots) - {slots[1]}
    _, cells = decided(table, {slots[1]: number(2)})
    assert {cells[slot].status for slot in slots} <= {CellStatus.ACCEPTED, CellStatus.REVIEWED}


def test_an_answer_may_fill_a_missing_cell_or_say_that_it_is_blank() -> None:
    table = scanned((1, 2, 0, 0, 3), (0, 0, 0, 0, 0), (4, 0, 0, 1, 5))
    slot = "disputes.reconsideration.pending"
    there = Evidence(page=2)
    without = {s: c for s, c in table.candidates.items() if s != slot}
    table = replace(table, candidates=without, regions={slot: there})
    before, cells = decided(table)
    assert cells[slot].flags == ("missing",)
    assert asked(before)[0] == slot
    _, cells = decided(table, {slot: Reading("", State.BLANK)})
    assert (cells[slot].status, cells[slot].reading.state) == (CellStatus.REVIEWED, State.BLANK)
    assert cells[slot].evidence == there


def test_where_a_value_may_belong_instead_is_kept() -> None:
    table = scanned((1, 2, 0, 0, 3), (0, 0, 0, 0, 0), (4, 0, 0, 1, 5))
    slot = LAYOUT.slots[0].id
    rows = {"disputes.reconsideration": 0.35, "disputes.direct_lawsuit": 0.6}
    weak = replace(table.candidates[slot][0], row_anchor=0.4, meaning=Meaning(rows=rows))
    table = replace(table, candidates={**table.candidates, slot: (weak,)})
    _, cells = decided(table)
    assert cells[slot].elsewhere == ("disputes.direct_lawsuit.upheld",)
    read = Extraction(
        *("a.txt", "0" * 64, "text/plain", 0, SCHEMA.id),
        ReportFacts("2021", None, None),
        Status.FAILED,
        *((), (), (), (), {}, {}),
        reading=ReportReading((table,)),
    )
    again = from_bytes(to_bytes(read))
    _, kept = decided(again.reading.tables[0])
    assert kept[slot].elsewhere == cells[slot].elsewhere
    assert to_bytes(again) == to_bytes(read)


def test_rows_that_were_not_found_are_one_question() -> None:
    table = scanned((1, 2, 0, 0, 3), (0, 0, 0, 0, 0), (4, 0, 0, 1, 5))
    rows = [tuple(slot.id for slot in LAYOUT.slots[at : at + 5]) for at in (0, 5, 10)]

    def without(*slots: str) -> TableReading:
        left = {slot: c for slot, c in table.candidates.items() if slot not in slots}
        return replace(table, candidates=left)

    def together(reading: TableReading, answers: Mapping[str, Reading]) -> list[tuple[str, ...]]:
        found, _ = decided(reading, answers)
        return [one.cells or (one.slot,) for one in questions(found.tables, found.findings)]

    is_gone = Reading("", State.MISSING)
    assert together(without(*rows[1], *rows[2]), {}) == [rows[1] + rows[2]]
    assert together(without(*rows[0], *rows[2]), {}) == [rows[0], rows[2]]
    everything = rows[0] + rows[1] + rows[2]
    (whole,) = questions(decided(without(*everything))[0].tables, ())
    assert (whole.slot, whole.cells, whole.frees) == (everything[0], everything, ())
    assert whole.settles == pytest.approx(15 * 0.3)
    # A row of which something is there is asked about cell by cell; the rest stays together.
    answers = {rows[1][0]: number(0)}
    found = together(without(*rows[1], *rows[2]), answers)
    assert found == [rows[2], *((slot,) for slot in rows[1][1:])]
    # What somebody has said not to be there is not asked again.
    answers = {rows[1][0]: is_gone}
    assert together(without(*rows[1], *rows[2]), answers) == [rows[1][1:] + rows[2]]
    assert together(without(*everything), dict.fromkeys(everything, is_gone)) == []
    assert together(without(*rows[1][:2]), {}) == [(slot,) for slot in rows[1][:2]]


def test_an_answer_about_another_form_is_refused() -> None:
    with pytest.raises(KeyError, match="elsewhere"):
        answered([scanned((0,) * 5, (0,) * 5, (0,) * 5)], {"elsewhere.a.b": number(1)})


def test_the_reports_own_errors_are_asked_last() -> None:
    """Of two rows that do not add up, the one with characters of the file is the report's own."""
    table = scanned((9, 2, 0, 0, 3), (0, 0, 0, 0, 0), (4, 0, 0, 1, 6))
    certain = {
        slot: (replace(one[0], score=1.0),)
        for slot, one in table.candidates.items()
        if ".reconsideration." in slot
    }
    found, _ = decided(replace(table, candidates={**table.candidates, **certain}))
    order = asked(found)
    assert {slot.split(".")[1] for slot in order[:5]} == {"lawsuit_after_reconsideration"}


def confirming(found: Decision, table: TableReading, *relations: str) -> Decision:
    """Decided again, with some of its findings confirmed as they stand."""
    said = {
        one.relation: Confirmation(one.numbers)
        for one in found.findings
        if one.relation in relations
    }
    return decide(ReportReading((table,)), SCHEMA, Settings(), answers=Answers(confirmed=said))


def statuses(found: Decision) -> dict[str, tuple[CellStatus, tuple[str, ...]]]:
    return {cell.slot: (cell.status, cell.flags) for t in found.tables for cell in t.cells}


def test_who_confirms_a_sum_has_seen_its_cells() -> None:
    """Other doubts of a cell stay, and so do those of another sum."""
    table = scanned((9, 2, 0, 0, 3), (0, 0, 0, 0, 0), (4, 0, 0, 1, 6), score=1.0)
    unsure = LAYOUT.slots[0].id
    weak = replace(table.candidates[unsure][0], row_anchor=0.5)
    table = replace(table, candidates={**table.candidates, unsure: (weak,)})
    before, _ = decided(table)
    first, second = before.findings
    assert {first.verdict, second.verdict} <= {Verdict.REPORTED, Verdict.UNDECIDED}
    after = confirming(before, table, first.relation)
    assert [one.is_confirmed for one in after.findings] == [True, False]
    assert after.findings[0].verdict is Verdict.REPORTED
    assert after.findings[1] == second
    assert statuses(after)[unsure] == statuses(before)[unsure]
    assert "weak_row" in statuses(before)[unsure][1]
    for slot in first.cells[1:]:
        assert statuses(after)[slot] == (CellStatus.REVIEWED, ())
    for slot in second.cells:
        assert statuses(after)[slot] == statuses(before)[slot]
    assert set(asked(after)) == {unsure, *second.cells}


def test_a_cell_of_two_sums_is_free_when_both_are_confirmed() -> None:
    cells = tuple(
        Cell(slot, number(1), CellStatus.FLAGGED, ("relation_broken",), Evidence())
        for slot in ("t.a.x", "t.a.y", "t.b.y")
    )
    row = Finding("t.a.row", Verdict.UNDECIDED, "", ("t.a.x", "t.a.y"), Decimal(1), Decimal(2))
    column = replace(row, relation="t.column.y", cells=("t.a.y", "t.b.y"))
    both = {one.relation: Confirmation(one.numbers) for one in (row, column)}
    readings = {cell.slot: cell.reading for cell in cells}

    def freed(answers: Mapping[str, Confirmation]) -> list[str]:
        found = confirmed([row, column], answers, readings)
        (table,) = reviewed([Table("t", True, cells)], found)
        return [cell.slot for cell in table.cells if cell.status is CellStatus.REVIEWED]

    assert freed({}) == []
    assert freed({row.relation: both[row.relation]}) == ["t.a.x"]
    assert freed({row.relation: Confirmation((Decimal(1), Decimal(3)))}) == []
    same = {slot: (State.NUMBER, Decimal(1)) for slot in row.cells}
    assert freed({row.relation: Confirmation(row.numbers, same)}) == ["t.a.x"]
    for content in ((State.NUMBER, Decimal(2)), (State.BLANK, None)):
        other = same | {"t.a.y": content}
        assert freed({row.relation: Confirmation(row.numbers, other)}) == []
    assert freed(both) == [cell.slot for cell in cells]
    misread = replace(row, verdict=Verdict.MISREAD)
    assert confirmed([misread], both, readings) == (misread,)


def test_of_an_unnamed_report_that_is_asked_last() -> None:
    found, _ = decided(scanned((1, 7, 0, 0, 3), (0, 0, 0, 0, 0), (4, 0, 0, 1, 5)))
    for facts, last in (
        (ReportFacts("2021", "东湾市民政局", None), True),
        (ReportFacts("2021", None, 2024), True),
        (ReportFacts(None, "东湾市民政局", 2024), False),
    ):
        order = [one.slot for one in questions(found.tables, found.findings, (), facts)]
        assert order == asked(found) + ["report"] * last


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000))
def test_the_first_answer_settles_a_single_misreading(seed: int) -> None:
    (case,) = misreadings.cases(1, seed)
    found, cells = decided(case.table)
    flagged = {slot for slot, cell in cells.items() if cell.status is CellStatus.FLAGGED}
    first = asked(found)[0]
    assert first == case.slot
    after, cells = decided(case.table, {first: number(int(case.truth[first]))})
    assert cells[first].reading.value == case.truth[first]
    assert asked(after) == []
    assert flagged >= {first}


def test_what_settles_most_puts_a_table_right_first() -> None:
    """Over some tables with several doubts, fewer answers are needed than in the form's order."""
    cases = list(bench.cases(4, seed=3))
    ours, form = (
        sum(bench.answers(case, bench.ORDERS[order])[1] for case in cases)
        for order in ("what settles most", "the form")
    )
    assert ours < form


@pytest.mark.parametrize("suffix", [".html", ".docx"])
def test_what_was_kept_is_decided_as_at_first(suffix: str, engines: Engines) -> None:
    document = next(one for one in labelled_documents() if one.path.suffix == suffix)
    found = extract(document.source(Settings()), engines, Settings())
    kept = from_bytes(to_bytes(found))
    assert to_bytes(kept) == to_bytes(found)
    assert (kept.tables, kept.status) == ((), Status.FAILED)
    calibrator = engines.calibrator_for(SCHEMA, Settings())
    again = decided_again(kept, SCHEMA, Settings(), calibrator)
    assert to_dict(again) == to_dict(found)
    slot = found.tables[0].cells[0].slot
    told = decided_again(kept, SCHEMA, Settings(), answers=Answers(cells={slot: number(77)}))
    (cell,) = [c for c in told.tables[0].cells if c.slot == slot]
    assert (cell.reading.value, cell.status) == (77, CellStatus.REVIEWED)


@pytest.mark.parametrize("damage", [b"", b"no gzip", gzip.compress(b"{}"), gzip.compress(b"[1")])
def test_what_was_kept_and_is_damaged_is_said(damage: bytes) -> None:
    with pytest.raises(CorruptInput, match="extract the report again"):
        from_bytes(damage)


def test_another_version_of_what_was_kept_is_said() -> None:
    with pytest.raises(CorruptInput, match="version"):
        from_bytes(gzip.compress(b'{"format": 0}'))


def test_text_and_tables_that_count_otherwise_are_nobodys_error() -> None:
    """Confirmed is confirmed; a sum is the report's own error then, a difference to the text is not
    proven to be one."""
    seven, eight = Decimal(7), Decimal(8)
    found = [
        Finding(name, Verdict.UNDECIDED, "differs", (), seven, eight)
        for name in ("text.lawsuits", "requests.granted.row_sum")
    ]
    answers = {one.relation: Confirmation(one.numbers) for one in found}
    of_text, of_sum = confirmed(found, answers, {})
    assert (of_text.is_confirmed, of_text.verdict) == (True, Verdict.UNDECIDED)
    assert (of_sum.is_confirmed, of_sum.verdict) == (True, Verdict.REPORTED)


def test_what_text_and_tables_say_differently_is_asked_until_somebody_has_seen_it() -> None:
    five, three = Decimal(5), Decimal(3)
    figure = Figure(
        *(
            "lawsuits",
            five,
            "件",
            Exactness.EXACT,
            "5件",
            "共5件。",
            CellStatus.ACCEPTED,
            Evidence(),
        ),
        probability=0.99,
    )
    finding = Finding("text.lawsuits", Verdict.UNDECIDED, "differs", (), five, three)
    (asked,) = questions((), [finding], [figure])
    assert (asked.slot, asked.settles) == ("findings.text.lawsuits", pytest.approx(0.01))
    assert questions((), [replace(finding, is_confirmed=True)], [figure]) == ()
    assert questions((), [finding], [replace(figure, status=CellStatus.REVIEWED)]) == ()
    (asked,) = questions((), [finding], [replace(figure, status=CellStatus.FLAGGED)])
    assert asked.slot == "figures.0"  # which says so itself


def test_what_was_kept_of_failures_before_they_had_codes_is_known(engines: Engines) -> None:
    read = extract(labelled_documents()[0].source(Settings()), engines, Settings())
    reason = "the table 'requests' was not found in the document"
    kept = json.loads(gzip.decompress(to_bytes(read)))
    kept["failures"] = [["assemble", None, reason], ["ocr", 3, "broken"]]
    old, other = from_bytes(gzip.compress(json.dumps(kept).encode())).failures
    assert old == Failure("assemble", None, reason, TABLE_MISSING, "requests")
    assert (other.code, other.table) == ("", None)
