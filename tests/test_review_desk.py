"""What a reviewer is shown and asked, and what an answer means: all of it without a browser."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor import ingest
from extractor.engines import Engines
from extractor.export.json import to_json
from extractor.export.printed_form import Part, printed_form
from extractor.pipeline import decided, extract
from extractor.review import desk as desks
from extractor.review.actions import NotADecision, decision, typed
from extractor.review.figure_view import counterpart, differing, marked
from extractor.review.form_view import cells_of, form_of, residuals_of
from extractor.review.gate import sign_in_address
from extractor.review.question_view import confusion, question_of, related
from extractor.review.report_view import cells_view, marks_view
from extractor.review.slot_words import slot_words
from extractor.review.sums import layout_of
from extractor.review.text_view import TextView
from extractor.schema import Layout, Schema, load_schema
from extractor.service.answers import item_of, told
from extractor.service.open_questions import crossings, queue, subject_of
from extractor.service.review_models import CellBody
from extractor.service.sessions import Ended
from extractor.settings import Settings
from extractor.types import Extraction, State
from tests.conftest import DOCUMENTS

LAYOUTS = [layout for layouts in load_schema().tables.values() for layout in layouts]
Result = dict[str, Any]


def chinese(text: str, _: str) -> str:
    return text


def english(_: str, text: str) -> str:
    return text


@pytest.fixture(scope="module")
def schema() -> Schema:
    return load_schema()


@pytest.fixture(scope="module")
def read() -> Extraction:
    """A report whose sums do not hold, read without the classifier."""
    settings = Settings(token_classifier=False)
    path = DOCUMENTS / "wrong-sums-2021__html_clean.html"
    source = ingest.identify(path.name, path.read_bytes(), settings)
    return extract(source, Engines(settings), settings)


@pytest.fixture(scope="module")
def result(read: Extraction) -> Result:
    found: Result = json.loads(to_json(read))
    return found


# --- the printed form ----------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: f"{layout.table}-{layout.id}")
def test_the_printed_form_has_no_gap_and_every_slot_once(layout: Layout) -> None:
    form = printed_form(layout)
    covered = [
        (row, column)
        for place in form.places
        for row in range(place.top, place.bottom + 1)
        for column in range(place.left, place.right + 1)
    ]
    assert len(covered) == len(set(covered)) == form.n_rows * form.last
    slots = [place.slot for place in form.places if place.part is Part.VALUE]
    assert sorted(map(str, slots)) == sorted(slot.id for slot in layout.slots)


def test_a_table_is_shown_as_it_is_printed(result: Result, schema: Schema) -> None:
    layout = layout_of(result, "requests", schema)
    form = form_of(layout, "三", chinese)
    assert sum("slot" in place for row in form["rows"] for place in row) == len(layout.slots)
    assert form["across"]
    assert form["down"]
    cells = cells_of(result, "requests", chinese)
    assert set(cells) == {slot.id for slot in layout.slots}


def test_residuals_stand_where_the_sums_run(result: Result, schema: Schema) -> None:
    layout = layout_of(result, "requests", schema)
    broken = [one for one in result["findings"] if one["relation"].startswith("requests.")]
    found = residuals_of(result, layout)
    assert sum(map(len, found.values())) == len(broken)
    assert {one["relation"] for line in found.values() for one in line} == {
        one["relation"] for one in broken
    }
    for line in found.values():
        for one in line:
            finding = next(f for f in broken if f["relation"] == one["relation"])
            gap = finding["found"] - finding["expected"]
            assert one["text"] == f"{'+' if gap > 0 else '−'}{abs(gap)}"


# --- the desk ------------------------------------------------------------------------------------


def test_what_is_open_is_asked_once(result: Result) -> None:
    line = queue(result)
    assert line
    assert len(line) == len(set(line))
    assert all(desks.is_there(result, subject) for subject in line)


def test_errors_of_the_report_are_asked_in_place_of_their_cells(result: Result) -> None:
    own = [one for one in result["findings"] if one["verdict"] == "reported"]
    assert own
    alone = {slot for one in own for slot in one["cells"]} - {
        slot for one in result["findings"] if one["verdict"] != "reported" for slot in one["cells"]
    }
    sums = {"relation_broken", "reported_error"}
    asked = set(queue(result))
    suspects = crossings(result)
    for slot in alone & {one["slot"] for one in result["questions"]}:
        cell = item_of(result, slot)
        assert cell is not None
        is_suspect = slot in suspects.values()
        assert (slot in asked) is (is_suspect or not sums.issuperset(cell["flags"]))
    for one in own:
        name = subject_of(one)
        assert suspects.get(name, name) in asked


def test_a_number_that_explains_two_errors_is_asked_about_before_them(result: Result) -> None:
    """Rather one misreading than two errors of the report; once it was looked at, it is they."""
    own = [one for one in result["findings"] if one["verdict"] == "reported"]
    suspects = crossings(result)
    assert suspects, [one["relation"] for one in own]
    for name, slot in suspects.items():
        finding = item_of(result, name)
        assert finding is not None
        assert slot in finding["cells"]
        seen = with_cell(result, slot, status="reviewed")
        assert crossings(seen).get(name) != slot


def test_going_on_comes_round_and_asks_again_what_was_passed(result: Result) -> None:
    desk = desks.opened(result, 0, 0)
    line = queue(result)
    seen = []
    for _ in line:
        seen.append(desk.current)
        desk = desks.moved(desk, 1)
    assert tuple(seen) == line
    assert desk.current == line[0]
    assert desks.moved(desk, -1).current == line[-1]


def test_an_answer_leads_to_the_next_and_tells_what_it_settled(
    read: Extraction, result: Result, schema: Schema
) -> None:
    own = next(one for one in result["findings"] if one["verdict"] == "reported")
    desk = desks.opened(result, 3, 0, subject_of(own))
    assert desk.current == subject_of(own)
    numbers = {name: str(own[name]) for name in ("expected", "found")}
    answers = told({desk.current: {**numbers, "confirmed": True}})
    after = json.loads(to_json(decided(read, schema, Settings(), None, answers)))
    now = desks.answered(desk, after, 4)
    assert now.version == 4
    assert now.current != desk.current
    assert desk.current not in queue(after)
    assert set(now.cleared) == set(desks.doubts(result)) - set(desks.doubts(after))
    # Questions are counted as above: what is left, what was answered and what went with it.
    answered = int(desk.current in queue(result))
    assert len(now.settled) + answered == len(queue(result)) - len(queue(after))


def test_a_slip_stays_in_view_with_the_sums_that_it_breaks(
    read: Extraction, result: Result, schema: Schema
) -> None:
    known = {slot for one in result["findings"] for slot in one["cells"]}
    slot = next(
        slot
        for slot in (f"requests.{name}" for name in result["tables"]["requests"]["cells"])
        if slot not in known and item_of(result, slot)["value"]
    )
    content = {"printed": "999", "state": "number", "value": "999", "unit": None}
    answers = told({slot: content | {"annotation": None}})
    after = json.loads(to_json(decided(read, schema, Settings(), None, answers)))
    broken = desks.contradictions(result, after, slot)
    assert broken
    assert all(slot in one["cells"] for one in broken)
    desk = desks.opened(result, 0, 0, slot)
    assert desks.answered(desk, after, 1).current == slot
    repaired = result | {"findings": after["findings"]}  # they hold with what is shown
    assert desks.contradictions(repaired, after, slot) == broken
    layout = layout_of(result, "requests", schema)
    assert residuals_of(repaired, layout) == residuals_of(result, layout)
    assert desks.contradictions(after, after, slot) == []  # it was broken before
    assert desks.contradictions(after, result, slot) == []  # what was right again goes on
    assert desks.answered(desks.opened(after, 1, 0, slot), result, 2).current != slot


def test_a_report_that_is_settled_asks_nothing(result: Result) -> None:
    settled = result | {"questions": [], "findings": []}
    desk = desks.opened(settled, 0, 0)
    assert desk.current is None
    assert desks.moved(desk, 1).current is None


def test_everything_that_can_be_looked_at_is_named(result: Result) -> None:
    every = desks.everything(result)
    assert len(every) == len(set(every))
    assert all(desks.is_there(result, one) for one in every)
    assert {*desks.doubts(result), *queue(result)} <= set(every)


def test_what_is_not_there_is_not_looked_at(result: Result) -> None:
    desk = desks.opened(result, 0, 0, "requests.no.such")
    assert desk.current == queue(result)[0]
    assert desks.chosen(desk, "figures.999") is desk


def test_a_change_elsewhere_leaves_what_is_looked_at(result: Result) -> None:
    slot = desks.doubts(result)[0]
    table, _, name = slot.partition(".")
    changed = json.loads(json.dumps(result))
    changed["tables"][table]["cells"][name]["value"] = 12345
    assert not desks.is_same(result, changed, slot)
    other = next(one for one in desks.doubts(result) if one != slot)
    assert desks.is_same(result, changed, other)
    desk = desks.opened(result, 0, 0, other)
    assert desks.renewed(desk, changed, 1).current == other


# --- questions about several cells ---------------------------------------------------------------


def without(result: Result, slots: Sequence[str]) -> Result:
    """A result in which cells were not found, and are asked about together."""
    found: Result = json.loads(json.dumps(result))
    for slot in slots:
        table, _, name = slot.partition(".")
        found["tables"][table]["cells"][name] |= {
            "value": None,
            "printed": "",
            "state": "missing",
            "status": "flagged",
            "flags": ["missing"],
            "evidence": None,
        }
    asked = {"slot": slots[0], "settles": 9.0, "frees": [], "cells": list(slots)}
    found["questions"] = [asked, *result["questions"]]
    return found


def test_rows_that_were_not_found_are_looked_at_together(result: Result, schema: Schema) -> None:
    slots = [slot.id for slot in layout_of(result, "requests", schema).slots]
    rows = slots[7:14], slots[14:21]
    gone = without(result, (*rows[0], *rows[1]))
    subject = f"gaps.{rows[0][0]}"
    desk = desks.opened(gone, 0, 0)
    assert desk.current == subject == queue(gone)[0]
    assert list(desks.slots_of(gone, subject)) == [*rows[0], *rows[1]]
    assert desks.asked_with(gone, rows[1][3]) == subject
    assert desks.asked_with(gone, slots[0]) == slots[0]
    card = question_of(gone, subject, schema, english)
    words = slot_words(schema)
    assert "2 rows" in card["title"]
    assert "14 cells" in card["title"]
    assert card["firstCell"] == rows[0][0]
    between = [words[slot].row for slot in (slots[0], slots[21])]
    assert all(any(row in reason for reason in card["reasons"]) for row in between)
    for cell in gone["tables"]["requests"]["cells"].values():
        if cell["state"] != "missing":
            cell["evidence"] = {"page": 2, "box": [0.1, 0.1, 0.2, 0.2]}
    marks = marks_view(desk, None, schema, english)
    assert (marks["page"], len(marks["marks"])) == (2, 14)
    assert set(cells_view(desk, schema, english)["related"]) == {*rows[0], *rows[1]}
    # Only what is not asked about counts as settled besides.
    now = without(result, rows[1])
    assert desks.answered(desk, now, 14).cleared == ()
    assert not desks.is_same(gone, now, subject)
    # Whoever fills in a row goes on in it; then the rest is asked about again.
    first = replace(desk, current=rows[0][0])
    assert desks.answered(first, gone, 1).current == rows[0][1]
    last = replace(desk, current=rows[0][-1])
    assert desks.answered(last, gone, 1).current == subject


def test_a_page_that_could_not_be_read_may_have_the_missing_table(
    result: Result, schema: Schema
) -> None:
    slots = [slot.id for slot in layout_of(result, "disputes", schema).slots]
    gone = without(result, slots)
    gone["failures"] = [{"stage": "ocr", "page": 3, "reason": "broken"}]
    card = question_of(gone, f"gaps.{slots[0]}", schema, chinese)
    assert card["title"] == f"未找到整张表（{len(slots)} 个单元格）"
    assert card["reasons"][0].startswith("第 3 页未能完整识别")
    assert card["evidence"] is None
    body = decision({"do": "missing", "comment": "无"}, f"gaps.{slots[0]}", gone, schema.kinds)
    assert isinstance(body, CellBody)
    assert (body.state, body.comment) == (State.MISSING, "无")
    for other in ("confirm", "value", "blank"):
        with pytest.raises(NotADecision):
            decision({"do": other, "text": "1"}, f"gaps.{slots[0]}", gone, schema.kinds)


# --- questions -----------------------------------------------------------------------------------


def test_every_question_says_why_and_where(result: Result, schema: Schema) -> None:
    for subject in (*queue(result), *desks.doubts(result), "report"):
        for say in (chinese, english):
            question = question_of(result, subject, schema, say)
            assert question["title"]
            assert question["reasons"] or subject == "report"
            assert isinstance(question["alternatives"], list)
            json.dumps(question)  # a browser is told


def test_a_broken_sum_is_told_with_its_numbers(result: Result, schema: Schema) -> None:
    finding = result["findings"][0]
    slot = finding["cells"][-1]
    reasons = " ".join(question_of(result, slot, schema, chinese)["reasons"])
    assert str(finding["expected"]) in reasons
    assert str(finding["found"]) in reasons
    assert set(related(result, slot)) >= set(finding["cells"]) - {slot}


def test_a_sum_says_which_of_its_cells_a_confirmation_reviews(
    read: Extraction, result: Result, schema: Schema
) -> None:
    """Exactly those that it does review; and all of its cells are named."""
    open_ones = [one for one in result["findings"] if one["verdict"] != "misread"]
    counts = set()
    for finding in open_ones:
        shown = question_of(result, subject_of(finding), schema, chinese)
        named = shown["members"] + [one for group in shown["others"] for one in group["cells"]]
        cells = [one["slot"] for one in named if not one["slot"].startswith("figures.")]
        assert sorted(cells) == sorted(finding["cells"])
        settled = {one["slot"] for one in named if one["isSettled"]}
        numbers = {name: str(finding[name]) for name in ("expected", "found")}
        answers = told({subject_of(finding): {**numbers, "confirmed": True}})
        after = json.loads(to_json(decided(read, schema, Settings(), None, answers)))
        assert settled == {
            slot for slot in finding["cells"] if item_of(after, slot)["status"] == "reviewed"
        }
        assert shown["nSettled"] == len(settled)
        assert (str(len(settled)) in shown["settled"]) if settled else shown["settled"] == ""
        counts.add(len(settled))
    assert max(counts) > 0


def test_what_stands_out_is_what_is_looked_at(result: Result, schema: Schema) -> None:
    desk = desks.opened(result, 0, 0, subject_of(result["findings"][0]))
    shown = cells_view(desk, schema, chinese)
    assert shown["related"] == result["findings"][0]["cells"]
    path = DOCUMENTS / "wrong-sums-2021__html_clean.html"
    source = ingest.identify(path.name, path.read_bytes(), Settings())
    marks = marks_view(desk, TextView(ingest.read_blocks(source)), schema, chinese)
    assert marks["page"] is None  # a text has no pages
    kinds = [mark["kind"] for mark in marks["marks"]]
    total, *others = kinds
    assert (total, set(others)) == ("current", {"related"})
    assert len({mark["number"] for mark in marks["marks"]}) == len(result["findings"][0]["cells"])


def test_a_figure_stands_out_with_the_cells_that_state_the_same(
    result: Result, schema: Schema
) -> None:
    made = with_figure(result, key="applications_received", scope="new", value=7)
    subject = f"figures.{made['figures'][0]['id']}"
    total = "requests.new_received.total"
    view = cells_view(desks.opened(made, 0, 0, subject), schema, chinese)
    assert (view["current"], tuple(view["related"])) == (subject, (total,))
    # It may count what was carried over; the sum that it agrees with is the one that is meant.
    carried = "requests.carried_over.total"
    both = sum(item_of(result, slot)["value"] for slot in (total, carried))
    figure = {**made["figures"][0], "scope": None, "exactness": "approximate"}
    for value, slots in ((both, (total, carried)), (both + 1, (total,))):
        assert counterpart({**figure, "value": value}, result, schema) == slots
    missing = with_cell(result, total, state="missing", value=None)
    assert counterpart({**figure, "scope": "new"}, missing, schema) == ()
    assert counterpart({**figure, "key": "website_visits"}, result, schema) == ()


@pytest.mark.parametrize(
    ("read_as", "other", "pair"),
    [("17", "11", ("7", "1")), ("17", "17", None), ("17", "1", None), ("12", "34", None)],
)
def test_confusions_are_of_one_character(
    read_as: str, other: str, pair: tuple[str, str] | None
) -> None:
    assert confusion(read_as, other) == pair


def test_a_figure_is_marked_in_its_sentence() -> None:
    assert marked("共收到35件申请", "35件") == ["共收到", "35件", "申请"]
    assert marked("共收到申请", "35件") == ["共收到申请", "", ""]


# --- answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("12", "12"), ("１２", "12"), ("1,234", "1234"), ("12,345.5", "12345.5")),
        *((" 3.5 ", "3.5"), ("−8", "-8"), ("０", "0"), ("-0", "0"), ("+7", "7")),
    ],
)
def test_numbers_are_taken_as_they_are_typed(text: str, value: str) -> None:
    assert typed(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "12a",
        "",
        "  ",
        "1.2.3",
        "一",
        "NaN",
        "inf",
        "1e5",
        "--1",
        "9" * 19,
        "12,5",
        "1 2",
        "1,23",
        ".5",
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(NotADecision):
        typed(text)


@given(st.text(max_size=30))
def test_typing_never_fails_otherwise(text: str) -> None:
    try:
        assert typed(text).is_finite()
    except NotADecision as problem:
        assert all(problem.texts)


def test_every_key_is_a_decision_or_says_why_not(result: Result) -> None:
    slot = desks.doubts(result)[0]
    for do in ("blank", "dash", "not_applicable", "illegible", "missing"):
        body = decision({"do": do, "comment": " "}, slot, result, {})
        assert body.action == "state"
        assert body.comment is None
    assert decision({"do": "confirm"}, slot, result, {}).action == "confirmed"
    assert decision({"do": "withdraw"}, slot, result, {}).action == "withdrawn"
    assert (
        decision({"do": "value", "text": "7", "comment": "手写"}, slot, result, {}).comment
        == "手写"
    )
    for wrong in ("alternative", "number", "", "absent"):
        with pytest.raises(NotADecision):
            decision({"do": wrong, "number": 99}, slot, result, {})


def test_odd_numbers_are_asked_back_unless_a_note_says_so(result: Result) -> None:
    slot = desks.doubts(result)[0]
    kinds = {slot: "count"}
    for text in ("0.5", "-3"):
        with pytest.raises(NotADecision):
            decision({"do": "value", "text": text}, slot, result, kinds)
        noted = {"do": "value", "text": text, "comment": "原文如此"}
        assert decision(noted, slot, result, kinds).action == "value"
    changed = with_cell(result, slot, value=0.4, printed=".4", state="number")
    with pytest.raises(NotADecision):
        decision({"do": "confirm"}, slot, changed, kinds)
    assert decision({"do": "value", "text": "-3"}, slot, result, {slot: "signed"}).action == "value"


def with_figure(result: Result, **values: Any) -> Result:
    """A result with another content of its first figure."""
    changed: Result = json.loads(json.dumps(result))
    changed["figures"][0] |= values
    return changed


@pytest.mark.parametrize(
    ("sentence", "stated", "slip"),
    [
        ("2021年共收到申请35件，办结31件。", ("35", "31"), ("53", "3", "5", "-35")),
        ("主动公开信息１２，３４５条。", ("12345", "12,345"), ("345", "12")),
        ("访问量1.2万人次，其中三百零五人次来自境外。", ("12000", "305"), ("1.2", "12", "350")),
        ("公开信息1 234条。", ("1234",), ("123",)),
    ],
)
def test_a_number_that_its_sentence_does_not_state_is_asked_back(
    result: Result, sentence: str, stated: tuple[str, ...], slip: tuple[str, ...]
) -> None:
    changed = with_figure(result, sentence=sentence)
    subject = f"figures.{changed['figures'][0]['id']}"
    for text in stated:
        assert decision({"do": "value", "text": text}, subject, changed, {}).action == "value"
    for text in slip:
        with pytest.raises(NotADecision, match="does not state"):
            decision({"do": "value", "text": text}, subject, changed, {})
        noted = {"do": "value", "text": text, "comment": "句子识别有误"}
        assert decision(noted, subject, changed, {}).action == "value"
    unknown = with_figure(result, sentence="")
    assert decision({"do": "value", "text": "7"}, subject, unknown, {}).action == "value"


def test_a_figure_tells_which_other_number_the_text_states(result: Result, schema: Schema) -> None:
    flags = ["unit_unknown", "contradicted"]
    changed = with_figure(result, value=35, unit=None, flags=flags)
    first = changed["figures"][0]
    alone = {**changed, "figures": [first]}
    subject = f"figures.{first['id']}"
    reasons = question_of(alone, subject, schema, chinese)["reasons"]
    assert reasons == ["单位不明", "正文另有不同的数字"]
    others = [{**first, "id": 901, "value": 53, "unit": "件"}, {**first, "id": 902}]
    both = {**changed, "figures": [first, *others]}
    assert question_of(both, subject, schema, chinese)["reasons"][1] == "正文另有不同的数字：53件"


def test_a_weak_place_says_which_other_one_it_may_be(result: Result, schema: Schema) -> None:
    slot, other = "requests.granted.total", "requests.new_received.total"
    weak = {"flags": ["weak_row"], "status": "flagged", "elsewhere": [other]}
    changed = with_cell(result, slot, **weak)
    changed = with_cell(changed | {"findings": []}, other, value=12, state="number")
    reasons = question_of(changed, slot, schema, chinese)["reasons"]
    row = slot_words(schema)[other].row
    assert reasons == [f"所属行不能确定：也可能属于“{row}”（现为 12）"]
    (reason,) = question_of(changed, slot, schema, english)["reasons"]
    assert reason.endswith(f": it may belong to “{row}” (now 12)")
    assert list(related(changed, slot)) == [other]
    unknown = with_cell(changed, slot, elsewhere=[])
    assert question_of(unknown, slot, schema, chinese)["reasons"] == ["所属行不能确定"]


def test_a_figure_says_what_the_tables_say_instead(result: Result, schema: Schema) -> None:
    slot = "requests.new_received.total"
    told = {"key": "applications_received", "scope": "new", "exactness": "exact", "flags": []}
    changed = with_cell(with_figure(result, value=35, **told), slot, value=30, state="number")
    figure = changed["figures"][0]
    subject = f"figures.{figure['id']}"
    label = schema.labels[slot]
    assert question_of(changed, subject, schema, chinese)["reasons"] == [
        f"正文所述“收到政府信息公开申请（本年新收）”为 35，表中“{label}”为 30，相差 5"
    ]
    (reason,) = question_of(changed, subject, schema, english)["reasons"]
    assert f"the table says new received × total “{label}” is 30; off by 5" in reason
    assert differing(changed, schema)[0] == figure["id"]
    assert list(related(changed, subject)) == [slot]  # the table goes there
    same = with_cell(changed, slot, value=35, state="number")
    assert question_of(same, subject, schema, chinese)["reasons"] == []
    assert figure["id"] not in differing(same, schema)
    assert list(related(same, subject)) == [slot]
    # The finding about it shows its sentence.
    finding = {
        "relation": "text.applications_received.new",
        "verdict": "undecided",
        "message": "",
        "cells": [slot],
        "expected": 35,
        "found": 30,
        "confirmed": False,
    }
    with_finding = {**changed, "findings": [finding]}
    card = question_of(with_finding, subject_of(finding), schema, chinese)
    assert card["sentence"] == marked(figure["sentence"], figure["printed"])
    assert "35" in card["title"]
    # Both numbers lead to where they can be put right.
    assert [(one["slot"], one["text"]) for one in card["members"]] == [
        (subject, f"35{figure['unit']}"),
        (slot, "30"),
    ]
    assert card["members"][0]["name"] == "正文：收到政府信息公开申请（本年新收）"
    assert "口径不同" in card["reasons"][0]


def test_an_amount_in_another_unit_than_it_is_printed_in_is_asked_back(result: Result) -> None:
    slot = desks.doubts(result)[0]
    kinds = {slot: "amount"}
    shown = {"value": 2.711, "printed": "27110", "unit": "万元", "state": "number"}
    changed = with_cell(result, slot, **shown)
    with pytest.raises(NotADecision, match="万元"):
        decision({"do": "value", "text": "27,110"}, slot, changed, kinds)
    for action in ({"do": "value", "text": "2.711"}, {"do": "confirm"}):
        assert decision(action, slot, changed, kinds)
    same = with_cell(result, slot, value=27110, printed="27110", unit="万元", state="number")
    assert decision({"do": "value", "text": "27110"}, slot, same, kinds)


def with_cell(result: Result, slot: str, **values: Any) -> Result:
    """A result with another content of a cell."""
    changed: Result = json.loads(json.dumps(result))
    table, _, name = slot.partition(".")
    changed["tables"][table]["cells"][name] |= values
    return changed


def test_confirming_says_what_it_would_make_of_the_cell(result: Result, schema: Schema) -> None:
    slot = next(iter(queue(result)))
    changed: dict[str, dict[str, Any]] = {
        "": {"state": "number", "value": 60, "read": None},
        "原文确为空白": {"state": "blank", "value": None, "read": None},
        "保留“60”": {"state": "number", "value": 60, "read": "6"},
    }
    for label, values in changed.items():
        card = question_of(with_cell(result, slot, **values), slot, schema, chinese)
        assert (card["confirm"], card["canConfirm"]) == (label, True)
    for state in ("illegible", "missing"):
        unread = with_cell(result, slot, state=state, value=None, read=None)
        assert not question_of(unread, slot, schema, chinese)["canConfirm"]


def test_a_figure_is_named_with_its_scope(result: Result, schema: Schema) -> None:
    changed = with_figure(result, scope="carried_over")
    subject = f"figures.{changed['figures'][0]['id']}"
    title = question_of(changed, subject, schema, chinese)["title"]
    assert title.endswith("（上年结转）")
    assert question_of(changed, subject, schema, english)["title"].endswith("(carried over)")


def test_an_alternative_is_taken_with_its_print(result: Result) -> None:
    changed = json.loads(json.dumps(result))
    slot = desks.doubts(result)[0]
    table, _, name = slot.partition(".")
    changed["tables"][table]["cells"][name]["alternatives"] = [
        {"value": 17, "state": "number", "printed": "17", "probability": 0.2, "source": "reader"},
        {"value": None, "state": "blank", "printed": "", "probability": 0.1, "source": "reader"},
    ]
    first = decision({"do": "alternative", "number": 1}, slot, changed, {})
    second = decision({"do": "alternative", "number": 2}, slot, changed, {})
    assert (first.action, second.action) == ("value", "state")


def test_which_report_it_is_needs_a_name_or_a_year(result: Result) -> None:
    assert decision({"do": "report", "year": "2024"}, "report", result, {}).action == "report"
    for year in ("24年", "1024", ""):
        with pytest.raises(NotADecision):
            decision({"do": "report", "year": year, "organization": " "}, "report", result, {})


def test_one_comes_back_to_where_one_was() -> None:
    address = sign_in_address("/review", "/review/documents/a b?at=x")
    assert address == "/review/sign-in?next=/review/documents/a%20b%3Fat%3Dx"
    assert sign_in_address("/review", "/review/", Ended.OVER).endswith("?next=/review/&why=over")
