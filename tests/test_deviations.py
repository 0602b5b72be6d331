"""Deviations: what stands around the values changes, and the truth only where the print does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.synthesis.deviations import DEVIATIONS, EXCLUSIVE, deviate, sample_deviations
from training.synthesis.deviations.misprints import misprint
from training.synthesis.deviations.structure import STRUCTURE
from training.synthesis.facts import sample_facts
from training.synthesis.form import EDITIONS, TABLE_IDS, Entry, Kind, Table, place
from training.synthesis.prose import Prose
from training.synthesis.report import Heading, Report, Title, compose
from training.synthesis.values import State, read_text

SEEDS = st.integers(0, 10**9)


@cache
def report(edition: str, number: int = 0, level: str = "district") -> Report:
    rng = Random(f"{edition} {number}")
    facts = sample_facts(rng, edition=edition, level=level)
    return compose(
        facts.organization,
        facts.year,
        edition,
        facts.values,
        rng,
        single_other=facts.single_other,
    )


def entries(changed: Report) -> Iterator[Entry]:
    for table in changed.tables():
        yield from table.entries()


def texts(changed: Report) -> list[str]:
    return [entry.text for entry in entries(changed) if entry.kind is not Kind.VALUE]


def change(name: str, edition: str = "2021", seed: int = 0, level: str = "district") -> Report:
    return deviate(report(edition, level=level), (name,), Random(seed))


# --- all of them ----------------------------------------------------------------------------------


@settings(max_examples=8, deadline=None)
@given(seed=SEEDS, number=st.integers(0, 5))
@pytest.mark.parametrize(
    ("name", "edition"),
    [(name, edition) for name, item in DEVIATIONS.items() for edition in item.editions],
)
def test_slots_stay_and_values_change_only_where_it_is_said(
    name: str, edition: str, seed: int, number: int
) -> None:
    before = report(edition, number, "county_bureau")
    after = deviate(before, (name,), Random(seed))
    assert after == deviate(before, (name,), Random(seed))
    assert sorted((*after.slots(), *after.missing)) == sorted(before.slots())
    assert after.values.keys() == before.values.keys()
    for table in after.tables():
        place(table)
    for slot, value in after.values.items():
        assert read_text(value.text) == value.value, (slot, value.text)
        assert (value.state is State.NUMBER) == (value.value is not None)
    if not DEVIATIONS[name].changes_values:
        assert after.values == before.values
    if name not in STRUCTURE and "unrelated_table" not in name:
        # Other words, but every cell stays what it was for.
        roles = [
            [(entry.kind, entry.row, entry.column, entry.slot) for entry in entries(item)]
            for item in (before, after)
        ]
        assert roles[0] == roles[1]


@pytest.mark.parametrize("edition", EDITIONS)
@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_sampled_deviations_go_together(edition: str, seed: int) -> None:
    names = sample_deviations(Random(seed), edition)
    assert names == sample_deviations(Random(seed), edition)
    assert names
    assert list(names) == [name for name in DEVIATIONS if name in names]
    assert all(edition in DEVIATIONS[name].editions for name in names)
    assert all(len(group & set(names)) <= 1 for group in EXCLUSIVE)
    after = deviate(report(edition, seed % 3, "city_bureau"), names, Random(seed))
    for table in after.tables():
        place(table)
    for value in after.values.values():
        assert read_text(value.text) == value.value


def test_deviations_occur_as_often_as_their_weights_say() -> None:
    rng = Random(1)
    drawn = [sample_deviations(rng, "2021", share=0.5) for _ in range(4000)]
    assert 0.45 < sum(bool(names) for names in drawn) / len(drawn) < 0.55
    counts = Counter(name for names in drawn for name in names)
    expected = {
        name for name, item in DEVIATIONS.items() if item.weight > 0 and "2021" in item.editions
    }
    assert set(counts) == expected
    for name in expected:
        assert 0.25 < counts[name] / 2000 / DEVIATIONS[name].weight < 2.5, name
    assert sample_deviations(rng, "2021", share=0) == ()


def test_groups_that_exclude_each_other_name_deviations() -> None:
    assert all(len(group) > 1 and group <= set(DEVIATIONS) for group in EXCLUSIVE)


def test_a_deviation_of_the_other_edition_is_refused() -> None:
    with pytest.raises(ValueError, match="2021"):
        change("signs", "2021")
    with pytest.raises(KeyError, match="typo"):
        change("typo")


# --- structure ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["table_split", "table_split_repeated"])
@pytest.mark.parametrize("seed", range(4))
def test_a_split_table_repeats_its_header_or_not(name: str, seed: int) -> None:
    pieces = [table for table in change(name, seed=seed).tables() if table.id == "requests"]
    assert 2 <= len(pieces) <= 3
    repeated = name == "table_split_repeated"
    for piece in pieces[1:]:
        assert any(entry.text == "申请人情况" for entry in piece.entries()) == repeated
        assert piece.columns == 10


def test_a_missing_table_takes_all_its_pieces_along() -> None:
    for seed in range(12):
        after = deviate(report("2021"), ("table_split", "table_missing"), Random(seed))
        (lost,) = {slot.split(".")[0] for slot in after.missing}
        assert {table.id for table in after.tables()} == set(TABLE_IDS) - {lost}


def test_stray_cells_are_empty_and_stand_at_the_end() -> None:
    before, after = report("2019"), change("stray_cells", "2019")
    for old, new in zip(before.tables()[0].rows, after.tables()[0].rows, strict=True):
        if len(new) > len(old):
            assert (new[-1].text, new[-1].slot) == ("", None)
    assert len(list(entries(after))) > len(list(entries(before)))


def test_uneven_spans_keep_the_order_of_the_cells() -> None:
    before, after = report("2019"), change("spans_uneven", "2019")
    assert texts(before) == texts(after)
    assert before.tables() != after.tables()
    assert before.tables()[1:] == after.tables()[1:]


def test_an_extra_row_is_no_slot() -> None:
    after = change("extra_row", "2019")
    row = next(row for row in after.tables()[0].rows if row[0].text == "其他主动公开文件")
    assert all(entry.slot is None and entry.text.isdigit() for entry in row[1:])


@pytest.mark.parametrize("seed", range(6))
def test_a_note_inside_takes_the_whole_width(seed: int) -> None:
    after = change("note_in_table", seed=seed)
    (note,) = [
        (table, row) for table in after.tables() for row in (table.rows[0], table.rows[-1])
        if row[0].kind is Kind.NOTE and row[0].column_span == table.columns
    ]  # fmt: skip
    assert len(note[1]) == 1


# --- wording --------------------------------------------------------------------------------------


def test_random_misprints_hit_one_character_in_eight() -> None:
    before, after = report("2021"), change("labels_misprinted_randomly")
    old, new = "".join(texts(before)), "".join(texts(after))
    assert 0.02 < 1 - len(new) / len(old) < 0.12
    pairs = [(a, b) for a, b in zip(texts(before), texts(after), strict=True) if len(a) == len(b)]
    replaced = sum(x != y for a, b in pairs for x, y in zip(a, b, strict=True))
    assert 0.01 < replaced / sum(len(a) for a, _ in pairs) < 0.15


@settings(deadline=None)
@given(st.text(alphabet="申请人无正当理由逾期不补正、1.（六）", max_size=20), SEEDS)
def test_misprints_by_rate(text: str, seed: int) -> None:
    assert misprint(text, Random(seed), rate=0) == text
    wild = misprint(text, Random(seed), rate=1)
    assert len(wild) <= len(text)
    assert bool(wild) == bool(text)
    assert wild.encode("gb2312").decode("gb2312") == wild
    with pytest.raises(ValueError, match="probability"):
        misprint(text, Random(seed), rate=1.5)


def test_headers_vary_the_same_way_throughout() -> None:
    for seed in range(5):
        after = change("headers_varied", seed=seed)
        pairs = set(zip(texts(report("2021")), texts(after), strict=True))
        different = {pair for pair in pairs if pair[0] != pair[1]}
        assert different
        assert len({old for old, _ in different}) == len(different)


def test_labels_are_explained_cut_broken_and_set_vertically() -> None:
    assert any(
        text.endswith("）") and "（" in text[4:] for text in texts(change("labels_explained"))
    )
    cut = change("labels_cut")
    assert max(map(len, texts(cut))) >= 14  # the note of the header is no label
    labels = [entry.text for entry in entries(cut) if entry.kind is Kind.LABEL]
    assert sum(map(len, labels)) < sum(
        len(entry.text) for entry in entries(report("2021")) if entry.kind is Kind.LABEL
    )
    assert any("\n" in text for text in texts(change("labels_broken")))
    assert "结\n果\n维\n持" in texts(change("headers_vertical"))
    assert [text.replace("\n", "") for text in texts(change("labels_broken"))] == texts(
        report("2021")
    )


def test_one_comma_is_printed_for_the_point() -> None:
    assert "1、属于国家秘密" in texts(change("numbering_with_comma"))
    assert "本年处理绝对数量" in texts(change("headers_misprinted"))
    assert "2.其他法律行政止公开" in texts(change("labels_misprinted"))


# --- around the tables ----------------------------------------------------------------------------


def headings(changed: Report) -> list[str]:
    return [part.text for part in changed.parts if isinstance(part, Heading)]


def test_headings_are_renumbered_in_several_ways() -> None:
    seen = {tuple(headings(change("headings_renumbered", seed=seed))) for seed in range(40)}
    assert len(seen) == 7
    for lines in seen:
        assert all("情况" in line or "事项" in line for line in lines)
    assert any(lines[0] == "总体情况" and lines[1].startswith("一、") for lines in seen)
    assert any(lines[1].startswith("（二）") for lines in seen)


def test_titles_come_in_two_lines_twice_and_without_the_body() -> None:
    plain = report("2021")
    for name, titles, lines in (
        ("title_two_lines", 1, 2),
        ("title_doubled", 2, 1),
        ("title_without_body", 1, 1),
    ):
        found = [part for part in change(name).parts if isinstance(part, Title)]
        assert [len(title.lines) for title in found] == [lines] * titles
        says_body = any(plain.organization in line for title in found for line in title.lines)
        assert says_body == (name != "title_without_body")
        assert all(str(plain.year) in "".join(title.lines) for title in found)


def test_a_body_may_name_last_year() -> None:
    for seed in range(5):
        before, after = report("2021"), change("body_names_last_year", seed=seed)
        year = f"{before.year - 1}年"
        old, new = (
            "".join(part.text for part in item.parts if isinstance(part, Prose))
            for item in (before, after)
        )
        assert new.count(year) > old.count(year)
        assert after.year == before.year


def test_unrelated_tables_stand_before_and_after_the_form() -> None:
    before, after = change("unrelated_table"), change("unrelated_table_after")
    assert before.tables()[0].id is None
    assert after.tables()[-1].id is None
    assert not [slot for table in before.tables() if table.id is None for slot in table.slots()]


def test_notes_and_sentences_stand_beside_the_tables() -> None:
    parts = change("note_under_disputes").parts
    at = next(i for i, p in enumerate(parts) if isinstance(p, Table) and p.id == "disputes")
    note = parts[at + 1]
    assert isinstance(note, Prose)
    assert note.text.startswith("注：")
    parts = change("sentence_before_table").parts
    for i, part in enumerate(parts):
        if isinstance(part, Table):
            assert isinstance(parts[i - 1], Prose)


# --- printing -------------------------------------------------------------------------------------


def test_amounts_of_unknown_unit_stay_as_printed() -> None:
    before = report("2021").values["disclosure.fees.amount"].value
    assert before
    seen = set()
    for seed in range(8):
        after = change("unit_nowhere", seed=seed)
        assert not [text for text in texts(after) if "万元" in text]
        value = after.values["disclosure.fees.amount"]
        assert value.text == f"{value.value:f}"
        seen.add((value.value or Decimal(0)) / before)
    assert seen == {1, 10000}


def test_units_stand_in_the_cell_and_mean_the_same_amount() -> None:
    before = report("2021").values["disclosure.fees.amount"]
    for seed in range(6):
        after = change("units_in_cell", seed=seed).values["disclosure.fees.amount"]
        assert after.text.endswith("元")
        assert after.value == before.value


def test_amounts_get_four_to_six_decimals() -> None:
    tails = set()
    for seed in range(20):
        value = change("decimals_many", seed=seed).values["disclosure.fees.amount"]
        tails.add(len(value.text.partition(".")[2]))
        assert value.value == Decimal(value.text)
    assert tails == {4, 5, 6}


def test_annotations_are_not_part_of_the_value() -> None:
    before, after = report("2021"), change("annotated")
    annotated = [slot for slot, value in after.values.items() if "（" in value.text]
    assert annotated
    for slot in annotated:
        assert after.values[slot].value == before.values[slot].value


def test_dashes_and_words_are_no_numbers() -> None:
    dashed = {
        value.text for seed in range(40) for value in change("dashes", seed=seed).values.values()
        if value.state is State.DASH
    }  # fmt: skip
    assert dashed >= {"-", "/", "—", "－", "–", "——", "--"}
    words = {
        value.text for seed in range(40)
        for value in change("words_for_zeros", seed=seed).values.values()
        if value.state is State.NOT_APPLICABLE
    }  # fmt: skip
    assert words >= {"无", "不适用"}
    sentences = change("sentences_for_none", level="town").values.values()
    assert any(value.state is State.NOT_APPLICABLE for value in sentences)
