"""Facts of synthetic reports: they add up, look like real ones, and break only where it is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.schema import Relation, load_schema
from training.synthesis.bodies import LEVELS, invent_body
from training.synthesis.facts import ReportFacts, sample_facts
from training.synthesis.form import APPLICANTS, EDITIONS, form_tables
from training.synthesis.planted import KINDS, plant, possible
from training.synthesis.relations import relations
from training.synthesis.values import Printed, State, is_consistent, read_text
from training.synthesis.zeros import ZERO_STYLES

SEEDS = st.integers(0, 10**9)


@cache
def sampled(n: int = 1500) -> tuple[ReportFacts, ...]:
    rng = Random(2026)
    return tuple(sample_facts(rng) for _ in range(n))


# --- relations, checked with the product's own schema ---------------------------------------------


@cache
def schema_relations(*, single_other: bool) -> tuple[Relation, ...]:
    tables = load_schema().tables
    requests = next(
        layout
        for layout in tables["requests"]
        if any(slot.id.startswith("requests.other.") for slot in layout.slots) == single_other
    )
    return (*requests.relations, *tables["disputes"][0].relations)


def broken(facts: ReportFacts, values: Mapping[str, Printed]) -> set[str]:
    """Ids of what does not hold; what has words in it or prints no total cannot be judged."""
    value = {slot: printed.value for slot, printed in values.items()}
    found = set()
    for relation in schema_relations(single_other=facts.single_other):
        left, right = ([value[slot] for slot in side] for side in (relation.parts, relation.total))
        is_stated = any(number is not None for number in right) and not any(
            values[slot].state is State.NOT_APPLICABLE for slot in relation.slots
        )
        if is_stated and sum(filter(None, left)) != sum(filter(None, right)):
            found.add(relation.id)
    for column in (*APPLICANTS, "total"):
        now = value[f"requests.carried_over.{column}"]
        if now not in (None, facts.previous[f"requests.carried_forward.{column}"]):
            found.add(f"requests.across_years.{column}")
    for row in ("regulations", "normative_documents"):
        before = facts.previous.get(f"disclosure.{row}.in_force")
        if before is not None:
            made, repealed, now = (
                value[f"disclosure.{row}.{column}"] for column in ("made", "repealed", "in_force")
            )
            if now not in (None, before + (made or 0) - (repealed or 0)):
                found.add(f"disclosure.{row}.across_years")
    return found


@pytest.mark.parametrize("single_other", [False, True])
def test_relations_are_those_of_the_schema(single_other: bool) -> None:
    ours = {r.id: (set(r.parts), set(r.total)) for r in relations(single_other=single_other)}
    theirs = schema_relations(single_other=single_other)
    assert ours == {r.id: (set(r.parts), set(r.total)) for r in theirs}


@settings(deadline=None)
@given(SEEDS, st.sampled_from(EDITIONS), st.sampled_from(LEVELS))
def test_all_relations_hold(seed: int, edition: str, level: str) -> None:
    facts = sample_facts(Random(seed), edition=edition, level=level)
    assert broken(facts, facts.values) == set()
    assert is_consistent(facts.values, single_other=facts.single_other)
    tables = form_tables(edition, single_other=facts.single_other)
    assert set(facts.values) == {slot for table in tables for slot in table.slots()}
    assert (facts.edition, facts.body.level) == (edition, level)
    for printed in facts.values.values():
        assert read_text(printed.text) == printed.value
        assert (printed.state is State.NUMBER) == (printed.value is not None)
        assert (printed.value or 0) >= 0 or printed.text.startswith("-")


@settings(deadline=None)
@given(SEEDS)
def test_the_same_seed_gives_the_same_facts(seed: int) -> None:
    assert sample_facts(Random(seed)) == sample_facts(Random(seed))


def test_last_year_states_in_force_only_in_the_2021_edition() -> None:
    for facts in sampled():
        has_in_force = "disclosure.regulations.in_force" in facts.previous
        assert has_in_force == (facts.edition == "2021" and facts.year > 2021)
        assert sum(slot.startswith("requests.carried_forward.") for slot in facts.previous) == 7


def test_unknown_editions_and_levels_are_refused() -> None:
    with pytest.raises(ValueError, match="2020"):
        sample_facts(Random(0), edition="2020")
    with pytest.raises(ValueError, match="village"):
        sample_facts(Random(0), level="village")


# --- what real reports look like, in wide bands ---------------------------------------------------


def share(hits: int, of: int) -> float:
    return hits / of


def n_applications(facts: ReportFacts) -> int:
    return int(facts.values["requests.new_received.total"].value or 0)


def test_most_cells_are_zero() -> None:
    cells = [value for facts in sampled() for value in facts.values.values()]
    assert 0.82 < share(sum(not value.value for value in cells), len(cells)) < 0.97
    towns = [facts for facts in sampled() if facts.body.level == "town"]
    cells = [value for facts in towns for value in facts.values.values()]
    assert share(sum(not value.value for value in cells), len(cells)) > 0.93
    assert 0.25 < share(sum(n_applications(facts) == 0 for facts in towns), len(towns)) < 0.5


def test_counts_grow_with_the_body_and_have_heavy_tails() -> None:
    median = {}
    for level in LEVELS:
        counts = sorted(n_applications(facts) for facts in sampled() if facts.body.level == level)
        median[level] = counts[len(counts) // 2]
        assert counts[-1] <= 5000
    assert median["town"] <= 3 <= median["district"] / 5 <= median["city"] / 20
    licensing = [
        int(facts.values["disclosure.licensing.decisions"].value or 0) for facts in sampled()
    ]
    assert 0.3 < share(licensing.count(0), len(licensing)) < 0.7
    assert 300_000 < max(licensing) <= 1_800_000
    rng = Random(1)
    cities = [sample_facts(rng, level="city") for _ in range(300)]
    assert any(
        (facts.values["disclosure.penalties.decisions"].value or 0) >= 10_000_000
        for facts in cities
    )


def test_few_outcomes_take_most_and_organisations_are_rare() -> None:
    handled: Counter[str] = Counter()
    by_applicant: Counter[str] = Counter()
    for facts in sampled():
        for slot, value in facts.values.items():
            _, row, column = slot.split(".")
            if slot.startswith("requests.") and column != "total":
                if row == "total_handled":
                    by_applicant[column] += int(value.value or 0)
                elif row not in ("new_received", "carried_over", "carried_forward"):
                    handled[row] += int(value.value or 0)
    total = sum(handled.values())
    leading = sum(
        handled[row] for row in ("granted", "unavailable_not_held", "other", "other_misc")
    )
    assert 0.6 < share(leading, total) < 0.95
    assert total == sum(by_applicant.values())
    assert 0.8 < share(by_applicant["natural_person"], total) < 0.98
    assert by_applicant["enterprise"] > sum(by_applicant[name] for name in APPLICANTS[2:])


def test_zero_is_mostly_printed_as_zero() -> None:
    styles = Counter(facts.zeros for facts in sampled())
    assert 0.72 < share(styles["nought"], styles.total()) < 0.88
    assert set(styles) == set(ZERO_STYLES)
    states = Counter(value.state for facts in sampled() for value in facts.values.values())
    assert states[State.BLANK] > states[State.DASH] > states[State.NOT_APPLICABLE] > 0


def test_amounts_have_up_to_six_decimals_and_some_trailing_zeros() -> None:
    texts = [facts.values["disclosure.fees.amount"].text for facts in sampled()
             if facts.edition == "2021"]  # fmt: skip
    tails = [text.partition(".")[2] for text in texts if text not in ("0", "")]
    assert {len(tail) for tail in tails if tail.isdigit() or not tail} >= {0, 1, 2, 4, 6}
    assert 0.01 < share(sum(tail.endswith("0") for tail in tails), len(tails)) < 0.2
    purchases = [facts.values["disclosure.procurement.amount"] for facts in sampled()
                 if facts.edition == "2019"]  # fmt: skip
    stated = [value for value in purchases if value.value]
    assert 0.25 < share(sum(value.text.endswith("万元") for value in stated), len(stated)) < 0.55
    assert any(value.text.endswith("元") and "万" not in value.text for value in stated)


def test_editions_years_and_the_single_row_of_other() -> None:
    years = Counter((facts.edition, facts.year) for facts in sampled())
    assert years["2019", 2019] + years["2019", 2020] > 0.85 * sum(
        n for (edition, _), n in years.items() if edition == "2019"
    )
    assert years["2019", 2022] > 0
    assert {year for edition, year in years if edition == "2021"} == set(range(2021, 2026))
    newer = [facts for facts in sampled() if facts.edition == "2021"]
    assert 0.07 < share(sum(facts.single_other for facts in newer), len(newer)) < 0.18
    assert all(facts.single_other for facts in sampled() if facts.edition == "2019")


def test_bodies_have_thousands_of_names() -> None:
    rng = Random(0)
    bodies = [invent_body(rng) for _ in range(3000)]
    assert len({body.name for body in bodies}) > 2700
    assert max(len(body.name) for body in bodies) >= 20
    assert all(body.name.encode("gb2312") for body in bodies)
    bare = sum(body.place not in body.name for body in bodies)
    assert 0.01 < share(bare, len(bodies)) < 0.1
    assert {body.level for body in bodies} == set(LEVELS)


# --- zero -----------------------------------------------------------------------------------------


@settings(deadline=None)
@given(SEEDS, st.sampled_from(sorted(ZERO_STYLES)))
def test_styles_of_zero_touch_nothing_but_zeros(seed: int, name: str) -> None:
    facts = next(facts for facts in sampled()[seed % 500 :] if facts.zeros == "nought")
    style, _ = ZERO_STYLES[name]
    after = style(facts.values, Random(seed))
    assert after.keys() == facts.values.keys()
    for slot, value in facts.values.items():
        assert after[slot] == value or (value.value == 0 and after[slot].value is None)
    assert is_consistent(after, single_other=facts.single_other)


def test_only_natural_person_and_total_are_printed() -> None:
    facts = next(facts for facts in sampled() if facts.zeros == "natural_person_and_total")
    for slot, value in facts.values.items():
        table, _, column = slot.split(".")
        if table == "requests" and column in APPLICANTS[1:]:
            assert value.state is (State.NUMBER if value.value else State.BLANK)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("0", "number"),
        (" 1 113 ", "number"),
        ("１２", "number"),
        ("22（其中修订 16 件）", "number"),
        ("", "blank"),
        (" \u3000", "blank"),
        ("—", "dash"),
        ("－－", "dash"),
        ("/", "dash"),
        ("无", "not_applicable"),
        ("不适用", "not_applicable"),
        ("增", "not_applicable"),
        ("本单位未制作规章", "not_applicable"),
    ],
)
def test_states_follow_from_the_characters(text: str, state: str) -> None:
    assert Printed(text, None).state == state


# --- errors of the report's own -------------------------------------------------------------------


@settings(deadline=None)
@given(SEEDS, st.sampled_from(sorted(KINDS)))
def test_planted_errors_break_exactly_what_they_say(seed: int, kind: str) -> None:
    facts = sample_facts(Random(seed))
    values, errors = plant(
        facts.values, kind, Random(seed), previous=facts.previous, single_other=facts.single_other
    )
    is_possible = possible(
        facts.values, kind, previous=facts.previous, single_other=facts.single_other
    )
    assert bool(errors) == is_possible
    assert values.keys() == facts.values.keys()
    changed = {slot for slot in values if values[slot] != facts.values[slot]}
    assert {error.relation for error in errors if error.relation} == broken(facts, values)
    if not errors:
        assert not changed
        return
    assert len({error.relation for error in errors}) == len(errors)
    for error in errors:
        assert error.kind == kind
        assert set(error.cells) == changed
        assert error.printed == tuple(values[slot].value for slot in error.cells)
        assert error.consistent == tuple(facts.values[slot].value for slot in error.cells)
    for slot in changed:
        assert read_text(values[slot].text) == values[slot].value
        assert (values[slot].value or 0) >= 0


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_occurs_and_zeros_alone_have_few(kind: str) -> None:
    seen = [
        plant(f.values, kind, Random(1), previous=f.previous, single_other=f.single_other)[1]
        for f in sampled()[:60]
    ]
    assert any(seen)
    facts = sample_facts(Random(3), edition="2019", level="town")
    empty = {slot: Printed("0", Decimal(0)) for slot in facts.values}
    found = possible(empty, kind, previous=facts.previous, single_other=True)
    assert found == (kind == "dispute_total_wrong")


def test_blind_spots_break_nothing_within_the_report() -> None:
    for facts in sampled()[:200]:
        for kind in ("rows_exchanged", "new_and_carried_exchanged"):
            values, errors = plant(
                facts.values, kind, Random(2), previous={}, single_other=facts.single_other
            )
            assert all(error.relation is None for error in errors)
            assert is_consistent(values, single_other=facts.single_other)
            if errors:
                assert values != facts.values


def test_what_last_year_stated_betrays_exchanged_rows() -> None:
    facts = next(f for f in sampled() if n_applications(f) > 5 and f.zeros == "nought")
    _, errors = plant(
        facts.values,
        "new_and_carried_exchanged",
        Random(0),
        previous=facts.previous,
        single_other=facts.single_other,
    )
    assert "requests.across_years.total" in {error.relation for error in errors}


def test_a_missing_total_is_blank_and_not_zero() -> None:
    facts = next(f for f in sampled() if n_applications(f) > 5)
    values, errors = plant(
        facts.values, "total_missing", Random(0), previous={}, single_other=facts.single_other
    )
    (slot,) = errors[0].cells
    assert values[slot].state is State.BLANK
    assert errors[0].printed == (None,)
    assert f"{slot.rsplit('.', 1)[0]}.row_sum" not in {error.relation for error in errors}


def test_values_of_one_table_alone_can_be_planted_in() -> None:
    facts = next(f for f in sampled() if n_applications(f) > 50)
    disputes = {slot: v for slot, v in facts.values.items() if slot.startswith("disputes.")}
    for kind in KINDS:
        values, errors = plant(disputes, kind, Random(1), previous={}, single_other=False)
        assert values.keys() == disputes.keys()
        assert all(slot.startswith("disputes.") for error in errors for slot in error.cells)


def test_errors_can_be_planted_one_after_another() -> None:
    facts = next(f for f in sampled() if n_applications(f) > 100)
    values, found = facts.values, []
    for kind in ("off_by_one", "column_cells_exchanged", "dispute_total_wrong"):
        values, errors = plant(
            values, kind, Random(5), previous={}, single_other=facts.single_other
        )
        found += errors
    told = {error.relation for error in found}
    assert broken(replace(facts, previous=dict(facts.previous)), values) <= told


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(KeyError, match="typo"):
        plant({}, "typo", Random(0), previous={}, single_other=True)
