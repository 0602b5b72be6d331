"""What the token classifier says, weighed with geometry, likeness and patterns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from extractor.assemble import assemble
from extractor.assemble.by_meaning import fill_by_meaning
from extractor.assemble.geometric import Assembled
from extractor.assemble.meant import meant_columns, meant_rows, weighed
from extractor.classify import _weighed, known_labels
from extractor.figures import find_figures
from extractor.labels import align
from extractor.meaning import Meaning, Mention
from extractor.prose import join_prose
from extractor.schema import load_schema
from extractor.types import (
    Box,
    Candidate,
    Evidence,
    Fragment,
    Reading,
    Role,
    Sheet,
    SheetKind,
    State,
)

SCHEMA = load_schema()
LAYOUT = SCHEMA.default_layout("requests", "2021")
BLOCK = LAYOUT.blocks[0]
ROWS = [row for block in LAYOUT.blocks for row in block.rows]


def piece(text: str, role: Role = Role.LABEL, meaning: Meaning | None = None) -> Fragment:
    return Fragment(text, 1.0, Evidence(line=1), role=role, meaning=meaning)


def label_of(row: str, p: float = 0.99) -> Meaning:
    return Meaning({"label": p}, {f"requests.{row}": p})


def value_of(row: str, column: str, p: float = 0.99) -> Meaning:
    return Meaning({"value": p}, {f"requests.{row}": p}, {f"requests.{column}": p})


# --- labels --------------------------------------------------------------------------------------


def test_without_a_classifier_nothing_is_meant() -> None:
    assert meant_rows([piece("总计")], "requests", ROWS) is None
    assert meant_columns([[piece("总计")]], "requests", BLOCK.columns) is None
    assert meant_rows([], "requests", ROWS) is None


def test_words_that_look_like_nothing_are_aligned_by_their_meaning() -> None:
    labels = [row.label for row in ROWS if row.label]
    texts = [ROWS[2].label.text, "甲乙丙丁", ROWS[4].label.text]  # type: ignore[union-attr]
    assert [m.label for m in align(texts, labels).matches] == [2, 4]
    meant = np.zeros((3, len(labels)))
    meant[1, 3] = 0.98
    found = align(texts, labels, meant=meant).matches
    assert [m.label for m in found] == [2, 3, 4]
    assert found[1].similarity < 1.0


def test_what_reads_as_a_label_is_that_label() -> None:
    labels = [row.label for row in ROWS if row.label]
    meant = np.zeros((1, len(labels)))
    meant[0, 3] = 0.99
    (match,) = align([labels[6].text], labels, meant=meant).matches
    assert match.label == 6


def test_a_broken_label_takes_all_of_its_pieces() -> None:
    labels = [row.label for row in ROWS if row.label]
    meant = np.zeros((2, len(labels)))
    meant[:, 5] = 0.97
    (match,) = align(["甲乙丙", "丁戊"], labels, meant=meant).matches
    assert (match.label, match.start, match.stop) == (5, 0, 2)


def test_a_header_is_a_header_only_if_the_classifier_says_so() -> None:
    column = BLOCK.columns[0]
    said = Meaning({"header": 0.9}, {}, {f"requests.{column.id}": 0.8})
    (row,) = meant_columns([[piece("x", meaning=said)]], "requests", BLOCK.columns)  # type: ignore[misc]
    assert row[0] == pytest.approx(0.8)
    text = replace(said, roles={"text": 0.9})
    (row,) = meant_columns([[piece("x", meaning=text)]], "requests", BLOCK.columns)  # type: ignore[misc]
    assert row.max() == 0.0


# --- values --------------------------------------------------------------------------------------


def placed(
    row: str,
    column: str,
    meaning: Meaning | None,
    row_anchor: float = 1.0,
    column_anchor: float = 1.0,
) -> dict[str, Candidate]:
    slot = f"requests.{row}.{column}"
    reading = Reading("3", State.NUMBER)
    candidate = Candidate(
        slot, reading, 1.0, row_anchor, column_anchor, Evidence(1), "place", (), meaning
    )
    return {slot: candidate}


def agreeing(n: int) -> dict[str, Candidate]:
    """Values of which the classifier says that they are where they were put."""
    pairs = [(row.id, column.id) for row in ROWS[2:] for column in BLOCK.columns][:n]
    return {slot: c for r, k in pairs for slot, c in placed(r, k, value_of(r, k)).items()}


def anchors(candidates: dict[str, Candidate], row: str, column: str) -> tuple[float, float]:
    found = weighed(candidates)[f"requests.{row}.{column}"]
    return found.row_anchor, found.column_anchor


def test_the_classifier_confirms_and_contradicts_anchors() -> None:
    row, column = ROWS[0].id, BLOCK.columns[0].id
    here, elsewhere = value_of(row, column), value_of(ROWS[1].id, column)
    around = agreeing(40)
    assert anchors(around | placed(row, column, here, 0.6, 0.7), row, column) == (0.85, 0.85)
    assert anchors(around | placed(row, column, here, 0.3, 0.5), row, column) == (0.3, 0.5)
    assert anchors(around | placed(row, column, elsewhere, 0.9), row, column) == (0.6, 1.0)
    assert anchors(around | placed(row, column, elsewhere), row, column) == (1.0, 1.0)
    unsure = value_of(row, column, 0.5)
    assert anchors(around | placed(row, column, unsure, 0.7, 0.8), row, column) == (0.7, 0.8)
    assert anchors(around | placed(row, column, None, 0.7, 0.8), row, column) == (0.7, 0.8)
    assert weighed({}) == {}


def test_a_classifier_that_sees_another_table_is_not_heard() -> None:
    row, column = ROWS[0].id, BLOCK.columns[0].id
    wrong = placed(row, column, value_of(ROWS[1].id, column), 0.9) | placed(
        ROWS[1].id, column, value_of(row, column), 0.9
    )
    assert weighed(agreeing(8) | wrong) == agreeing(8) | wrong


def test_values_that_nothing_else_places_are_placed_by_meaning() -> None:
    row, column = ROWS[1].id, BLOCK.columns[2].id
    slot = f"requests.{row}.{column}"
    value = piece("17", Role.VALUE, value_of(row, column))
    sheet = Sheet(
        SheetKind.FLOW, (value, piece("3", Role.VALUE, value_of(ROWS[0].id, column, 0.6)))
    )
    found = fill_by_meaning(Assembled(LAYOUT, {}, {}, 0.0), [sheet])
    assert set(found.candidates) == {slot}
    assert found.candidates[slot].reading.value == 17
    assert (found.candidates[slot].origin, found.candidates[slot].row_anchor) == ("meaning", 0.6)


def test_two_values_for_one_slot_are_none() -> None:
    value = piece("17", Role.VALUE, value_of(ROWS[1].id, BLOCK.columns[2].id))
    sheet = Sheet(SheetKind.FLOW, (value, replace(value, text="18")))
    assert fill_by_meaning(Assembled(LAYOUT, {}, {}, 0.0), [sheet]).candidates == {}


def test_what_is_well_anchored_stays() -> None:
    row, column = ROWS[1].id, BLOCK.columns[2].id
    slot = f"requests.{row}.{column}"
    strong = Candidate(slot, Reading("5", State.NUMBER), 1.0, 1.0, 1.0, Evidence(line=9), "order")
    sheet = Sheet(SheetKind.FLOW, (piece("17", Role.VALUE, value_of(row, column)),))
    found = fill_by_meaning(Assembled(LAYOUT, {slot: strong}, {}, 0.0), [sheet])
    assert found.candidates == {slot: strong}


def test_a_guess_gives_way_and_is_still_flagged() -> None:
    row, column = ROWS[1].id, BLOCK.columns[2].id
    slot = f"requests.{row}.{column}"
    guess = Candidate(slot, Reading("5", State.NUMBER), 1.0, 1.0, 0.3, Evidence(line=9), "order")
    value = piece("17", Role.VALUE, value_of(row, column))
    found = fill_by_meaning(
        Assembled(LAYOUT, {slot: guess}, {}, 0.0), [Sheet(SheetKind.FLOW, (value,))]
    )
    assert (found.candidates[slot].reading.value, found.candidates[slot].row_anchor) == (17, 0.6)
    empty = replace(value, text="", role=Role.BLANK)
    sheet = Sheet(SheetKind.FLOW, (empty,))
    found = fill_by_meaning(Assembled(LAYOUT, {slot: guess}, {}, 0.0), [sheet])
    assert found.candidates == {slot: guess}


def test_print_that_fills_a_cell_fills_no_empty_one_beside_it() -> None:
    row, meant, own = ROWS[1].id, BLOCK.columns[0].id, BLOCK.columns[1].id
    value = piece("1", Role.VALUE, value_of(row, meant))
    empty = Candidate(
        f"requests.{row}.{meant}", Reading("", State.BLANK), 1.0, 1.0, 0.5, Evidence(1), "empty"
    )
    guess = Candidate(
        f"requests.{row}.{own}",
        Reading("1", State.NUMBER),
        1.0,
        1.0,
        0.5,
        value.evidence,
        "place",
        meaning=value.meaning,
    )
    candidates = {c.slot: c for c in (empty, guess)}
    found = Assembled(LAYOUT, candidates, {}, 0.0)
    assert fill_by_meaning(found, [Sheet(SheetKind.FLOW, (value,))]).candidates == candidates
    shared = {**candidates, empty.slot: replace(empty, column_anchor=0.5, row_anchor=0.5)}
    found = Assembled(LAYOUT, shared, {}, 0.0)
    sheet = Sheet(SheetKind.FLOW, (replace(value, evidence=Evidence(2)),))
    assert fill_by_meaning(found, [sheet]).candidates[empty.slot].origin == "meaning"


def test_a_misprinted_row_is_found_between_its_neighbours() -> None:
    fragments = []
    for i, row in enumerate(ROWS[:8]):
        assert row.label is not None
        text = "甲乙丙丁戊己" if i == 4 else row.label.text
        box = Box(0, 40 * i + 100, 300, 40 * i + 120)
        fragments.append(
            Fragment(text, 1.0, Evidence(1), box, role=Role.LABEL, meaning=label_of(row.id))
        )
    for j, column in enumerate(BLOCK.columns):
        box = Box(320 + 60 * j, 40, 375 + 60 * j, 60)
        fragments.append(Fragment(column.label.text, 1.0, Evidence(1), box, role=Role.LABEL))
        for i in range(8):
            box = Box(340 + 60 * j, 40 * i + 100, 350 + 60 * j, 40 * i + 120)
            evidence = Evidence(1, Box(0.1 * j, 0.1 * i, 0.1 * j + 0.05, 0.1 * i + 0.05))
            fragments.append(Fragment(str(i), 1.0, evidence, box, role=Role.VALUE))
    sheet = Sheet(SheetKind.PAGE, tuple(fragments), 800, 600, page=1, page_width=800)
    tables = {t.table: t for t in assemble([sheet], SCHEMA, known_labels(SCHEMA)).tables}
    found = tables["requests"].candidates[f"requests.{ROWS[4].id}.{BLOCK.columns[0].id}"][0]
    assert (found.reading.value, found.row_anchor > 0.9) == (4, True)


# --- figures -------------------------------------------------------------------------------------


def said(text: str, *mentions: tuple[str, str, str | None, float]) -> Fragment:
    """A line of which the classifier says: words, key, scope, probability."""
    places = tuple(
        Mention(text.index(words), text.index(words) + len(words), key, scope, False, p)
        for words, key, scope, p in mentions
    )
    return replace(piece(text, Role.PROSE), meaning=Meaning(mentions=places))


def figures(*lines: Fragment) -> list[tuple[str, int | None, str | None, str]]:
    found = find_figures(join_prose(lines), SCHEMA.figures)
    return [(f.key, None if f.value is None else int(f.value), f.scope, f.status) for f in found]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("回看上年，门户网站发布信息397条。", "flagged"),
        ("本年，门户网站发布信息397条。", "accepted"),
        ("与上年相比，工作更实，门户网站发布信息397条。", "accepted"),
        ("已办结上年度结转，门户网站发布信息397条。", "accepted"),
    ],
)
def test_what_a_look_back_tells_is_doubted(text: str, status: str) -> None:
    line = said(text, ("397条", "website_items", None, 0.99))
    assert [figure[3] for figure in figures(line)] == [status]


def test_what_both_say_is_accepted_with_the_scope_of_the_classifier() -> None:
    line = said("全年主动公开政府信息1765条。", ("1765条", "proactive_items", "whole_area", 0.99))
    assert figures(line) == [("proactive_items", 1765, "whole_area", "accepted")]


def test_what_only_a_pattern_says_is_flagged() -> None:
    assert figures(said("全年主动公开政府信息1765条。")) == [
        ("proactive_items", 1765, None, "flagged")
    ]


@pytest.mark.parametrize(("p", "status"), [(0.99, "accepted"), (0.7, "flagged")])
def test_what_only_the_classifier_says_is_accepted_if_it_is_sure(p: float, status: str) -> None:
    line = said("晒在网上的政务信息已有1.2万条。", ("1.2万条", "website_items", None, p))
    assert figures(line) == [("website_items", 12000, None, status)]
    assert figures(replace(line, meaning=None)) == []


def test_what_it_hardly_believes_is_left_out() -> None:
    assert figures(said("晒出政务信息12条。", ("12条", "website_items", None, 0.3))) == []


def test_words_that_deny_are_zero() -> None:
    line = said("这一年里不曾遇到申请公开的群众。", ("不曾", "applications_received", None, 0.95))
    assert figures(line) == [("applications_received", 0, None, "accepted")]


def test_a_unit_of_another_key_is_doubtful() -> None:
    line = said("群众来信12万元。", ("12万元", "mailbox_messages", None, 0.99))
    assert figures(line) == [("mailbox_messages", 120000, None, "flagged")]


def on_two_lines(first: str, second: str, key: str, rest: str) -> tuple[Fragment, Fragment]:
    """A figure of which `first` ends one line and `second` begins the next."""
    begun = Mention(len(rest), len(rest) + len(first), key, None, False, 0.99, goes_on=True)
    ended = Mention(0, len(second), key, None, False, 0.99, continues=True)
    return (
        replace(piece(rest + first, Role.PROSE), meaning=Meaning(mentions=(begun,))),
        replace(piece(second + "，群众满意。", Role.PROSE), meaning=Meaning(mentions=(ended,))),
    )


@pytest.mark.parametrize("before", ["这一年晒出政务信息共", "全年主动公开政府信息"])
def test_a_number_on_two_lines_is_joined_and_flagged(before: str) -> None:
    key = "proactive_items"
    lines = on_two_lines("17", "65条", key, before)
    assert figures(*lines) == [(key, 1765, None, "flagged")]


def test_half_a_figure_is_none() -> None:
    first, second = on_two_lines("17", "65条", "proactive_items", "这一年晒出政务信息共")
    assert figures(second) == []
    assert [status for *_, status in figures(first)] in ([], ["flagged"])
    heading = replace(first, role=Role.LABEL)
    assert figures(heading, second) == []


def test_a_number_without_its_unit_is_flagged() -> None:
    line = said("晒出政务信息共12，获好评。", ("12", "website_items", None, 0.99))
    assert figures(line) == [("website_items", 12, None, "flagged")]


def test_a_year_is_never_accepted() -> None:
    line = said("2022年晒出政务信息。", ("2022年", "website_items", None, 0.95))
    assert all(status == "flagged" for *_, status in figures(line))


def test_a_figure_beside_another_year_is_flagged() -> None:
    line = said("2021年晒出政务信息12条。", ("12条", "website_items", None, 0.99))
    prose = join_prose([line])
    (figure,) = find_figures(prose, SCHEMA.figures, year=2022)
    assert figure.status == "flagged"
    (figure,) = find_figures(prose, SCHEMA.figures, year=2021)
    assert figure.status == "accepted"


def test_one_number_under_two_keys_is_doubtful_under_both() -> None:
    line = said("收到政府信息公开申请12件。", ("12件", "applications_answered", None, 0.95))
    found = figures(line)
    assert {key for key, *_ in found} == {"applications_received", "applications_answered"}
    assert all(status == "flagged" for *_, status in found)


def test_two_figures_of_one_key_in_one_mention_both_stay() -> None:
    words = "311条，累计达3174条"
    line = said(f"全年主动公开政府信息{words}。", (words, "proactive_items", "new", 0.95))
    assert sorted(value or 0 for _, value, *_ in figures(line)) == [311, 3174]


def test_two_mentions_of_one_figure_are_one() -> None:
    text = "全年主动公开政府信息1765条。"
    line = said(
        text, ("17", "proactive_items", None, 0.95), ("65条", "proactive_items", "new", 0.9)
    )
    assert len(figures(line)) == 1


def test_not_a_single_one_is_none() -> None:
    words = "一件申请也没有收到"
    line = said(f"全年{words}。", (words, "applications_received", None, 0.97))
    assert figures(line) == [("applications_received", 0, None, "flagged")]


# --- roles ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "said_roles", "may_be_heading", "expected"),
    [
        (Role.PROSE, {"label": 0.95}, False, Role.LABEL),
        (Role.PROSE, {"label": 0.5, "header": 0.45}, False, Role.LABEL),
        (Role.LABEL, {"text": 0.95}, False, Role.PROSE),
        (Role.LABEL, {"text": 0.6}, False, Role.LABEL),
        (Role.LABEL, {"heading": 0.95}, True, Role.HEADING),
        (Role.LABEL, {"heading": 0.95}, False, Role.LABEL),
        (Role.VALUE, {"label": 0.99}, False, Role.VALUE),
        (Role.HEADING, {"text": 0.99}, False, Role.HEADING),
    ],
)
def test_roles_change_only_among_words_and_only_if_it_is_sure(
    role: Role, said_roles: dict[str, float], may_be_heading: bool, expected: Role
) -> None:
    assert _weighed(role, Meaning(roles=said_roles), may_be_heading) is expected
    assert _weighed(role, None, may_be_heading) is role
