"""One body's reports side by side: what changed, and where one does not go on from the last."""

from __future__ import annotations

from decimal import Decimal

import pytest

from extractor.review.slot_words import (
    signed_text,
    slot_words,
    slots_in_order,
    total_slots,
)
from extractor.review.year_table import YearRow, year_table
from extractor.schema import load_schema
from extractor.service.value_tables import CellRow

SCHEMA = load_schema()
REQUESTS, DISCLOSURE = SCHEMA.tables["requests"], SCHEMA.tables["disclosure"]
FORWARD, OVER = "requests.carried_forward.total", "requests.carried_over.total"


def cells(**values: int | str | None) -> dict[str, CellRow]:
    """Cells by slot (with `__` for a dot): a number, a state, or None for a blank."""
    found = {}
    for name, value in values.items():
        slot = name.replace("__", ".")
        is_number = isinstance(value, int)
        found[slot] = CellRow(
            document_id="d",
            slot=slot,
            value=str(value) if is_number else None,
            state="number" if is_number else value or "blank",
            status="accepted",
        )
    return found


def row(rows: list[YearRow], slot: str) -> YearRow:
    return next(one for one in rows if one.slot == slot)


def table(*reports: tuple[int, dict[str, CellRow]], layouts=REQUESTS) -> list[YearRow]:  # type: ignore[no-untyped-def]
    return list(year_table(layouts, dict(reports), only_totals=False))


def test_changes_are_told_between_years_that_follow_each_other() -> None:
    rows = table(
        (2024, cells(requests__granted__total=12)),
        (2022, cells(requests__granted__total=3)),
        (2023, cells(requests__granted__total=10)),
        (2026, cells(requests__granted__total="dash")),
    )
    (only,) = rows
    assert [place.year for place in only.places] == [2022, 2023, 2024, 2026]
    assert [place.change for place in only.places] == [None, 7, 2, None]
    assert only.places[3].cell is not None
    assert only.places[3].cell.value is None


def test_a_report_that_does_not_go_on_from_the_last_is_marked() -> None:
    last, now = cells(requests__carried_forward__total=6), cells(requests__carried_over__total=5)
    rows = table((2021, last), (2022, now))
    assert [place.gap for place in row(rows, OVER).places] == [None, Decimal(-1)]
    assert [place.gap for place in row(rows, FORWARD).places] == [None, None]
    assert row(table((2020, last), (2022, now)), OVER).places[1].gap is None


@pytest.mark.parametrize(
    ("forward", "over", "gap"),
    [
        (0, None, None),
        (None, 2, 2),
        ("dash", 0, None),
        ("missing", 2, None),
        (5, "illegible", None),
    ],
)
def test_what_is_not_known_breaks_nothing(forward: object, over: object, gap: object) -> None:
    last = cells(requests__carried_forward__total=forward)  # type: ignore[arg-type]
    now = cells(requests__carried_over__total=over)  # type: ignore[arg-type]
    assert row(table((2021, last), (2022, now)), OVER).places[1].gap == gap


def test_sums_over_years_have_all_their_parts() -> None:
    last = cells(disclosure__regulations__in_force=4)
    now = {"made": 2, "repealed": 1, "in_force": 5}
    named = {f"disclosure__regulations__{name}": value for name, value in now.items()}
    rows = table((2021, last), (2022, cells(**named)), layouts=DISCLOSURE)
    assert all(place.gap is None for one in rows for place in one.places)
    named["disclosure__regulations__made"] = 3
    rows = table((2021, last), (2022, cells(**named)), layouts=DISCLOSURE)
    assert row(rows, "disclosure.regulations.in_force").places[1].gap == -1


def test_only_totals_where_there_are_some() -> None:
    found = cells(requests__granted__total=1, requests__granted__enterprise=1)
    rows = year_table(REQUESTS, {2022: found}, only_totals=True)
    assert [one.slot for one in rows] == ["requests.granted.total"]
    assert total_slots(DISCLOSURE) >= {"disclosure.regulations.made"}


def test_slots_of_several_layouts_stand_where_the_form_has_them() -> None:
    order = list(slots_in_order(REQUESTS))
    assert len(order) == len(set(order))
    other = order.index("requests.other.total")
    assert order.index("requests.rejected_confirmation.total") < other
    assert other < order.index("requests.total_handled.natural_person")
    assert list(slot_words(SCHEMA)) == [
        slot for layouts in SCHEMA.tables.values() for slot in slots_in_order(layouts)
    ]


def test_slots_have_the_words_of_the_form() -> None:
    words = slot_words(SCHEMA)
    assert words["requests.denied_state_secret.enterprise"].both == (
        "（三）不予公开 · 1.属于国家秘密 × 法人或其他组织 · 商业企业"
    )
    assert words["disputes.direct_lawsuit.total"].both == "行政诉讼 · 未经复议直接起诉 × 总计"


def test_changes_have_a_sign() -> None:
    assert [signed_text(Decimal(one)) for one in ("2.50", "-3", "0")] == ["+2.5", "−3", "±0"]
