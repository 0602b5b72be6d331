"""Table 二 of a synthetic report, by the level of the body and the edition of the form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from training.synthesis.magnitudes import MOST, NONE, Size, sample_amount
from training.synthesis.values import Printed, number, read_text

_ENFORCEMENT = ("licensing", "other_services", "penalties", "coercion")
_DOCUMENTS = ("regulations", "normative_documents")


@dataclass(frozen=True, slots=True)
class Activity:
    """What bodies of one level do in a year. Amounts are in 万元, other sizes are counts.

    `in_force` are documents from years before, `made` those of this year; `items` of services come
    before the year, and the decisions of each kind are counted by cases.
    """

    regulations: Size
    made: Size
    in_force: Size
    decisions: Mapping[str, Size]
    items: Size
    fees: Size
    fee_items: Size
    purchases: Size


ACTIVITIES: Mapping[str, Activity] = {
    "town": Activity(
        regulations=NONE,
        made=Size(zero=0.9, median=3, most=60),
        in_force=Size(zero=0.88, median=4, most=200),
        decisions={
            "licensing": Size(zero=0.8, median=60, sigma=1.5, most=20_000),
            "other_services": Size(zero=0.93, median=40, sigma=1.5, most=20_000),
            "penalties": Size(zero=0.82, median=6, sigma=1.2, most=2_000),
            "coercion": Size(zero=0.95, median=4, sigma=1.0, most=500),
        },
        items=Size(zero=0.85, median=12, sigma=1.0, most=900),
        fees=Size(zero=0.92, median=20, sigma=1.4, most=20_000),
        fee_items=Size(zero=0.97, median=2, most=20),
        purchases=Size(zero=0.75, median=3, sigma=1.0, most=200),
    ),
    "county_bureau": Activity(
        regulations=NONE,
        made=Size(zero=0.78, median=2, most=80),
        in_force=Size(zero=0.68, median=4, most=300),
        decisions={
            "licensing": Size(zero=0.5, median=250, sigma=1.7, most=400_000),
            "other_services": Size(zero=0.82, median=150, sigma=1.8, most=400_000),
            "penalties": Size(zero=0.5, median=45, sigma=1.6, most=300_000),
            "coercion": Size(zero=0.82, median=12, sigma=1.5, most=50_000),
        },
        items=Size(zero=0.4, median=15, sigma=1.1, most=3_000),
        fees=Size(zero=0.78, median=90, sigma=1.8, most=200_000),
        fee_items=Size(zero=0.85, median=3, most=60),
        purchases=Size(zero=0.45, median=6, sigma=1.1, most=900),
    ),
    "district": Activity(
        regulations=NONE,
        made=Size(zero=0.25, median=6, most=200),
        in_force=Size(zero=0.08, median=35, sigma=1.0, most=900),
        decisions={
            "licensing": Size(zero=0.03, median=11_000, sigma=1.3, most=1_800_000),
            "other_services": Size(zero=0.3, median=9_000, sigma=1.9, most=3_000_000),
            "penalties": Size(zero=0.03, median=3_000, sigma=1.4, most=3_000_000),
            "coercion": Size(zero=0.12, median=130, sigma=1.5, most=200_000),
        },
        items=Size(zero=0.08, median=350, sigma=1.1, most=9_000),
        fees=Size(zero=0.08, median=3_500, sigma=1.4, most=900_000),
        fee_items=Size(zero=0.15, median=25, most=200),
        purchases=Size(zero=0.12, median=110, sigma=1.2, most=9_000),
    ),
    "city_bureau": Activity(
        regulations=Size(zero=0.97, median=1, sigma=0.5, most=5),
        made=Size(zero=0.6, median=2, most=80),
        in_force=Size(zero=0.4, median=8, most=400),
        decisions={
            "licensing": Size(zero=0.4, median=600, sigma=1.9, most=1_800_000),
            "other_services": Size(zero=0.75, median=400, sigma=2.0, most=2_000_000),
            "penalties": Size(zero=0.45, median=90, sigma=1.8, most=3_000_000),
            "coercion": Size(zero=0.78, median=20, sigma=1.6, most=100_000),
        },
        items=Size(zero=0.35, median=22, sigma=1.1, most=4_000),
        fees=Size(zero=0.72, median=300, sigma=1.9, most=500_000),
        fee_items=Size(zero=0.8, median=3, most=60),
        purchases=Size(zero=0.3, median=10, sigma=1.1, most=2_000),
    ),
    "city": Activity(
        regulations=Size(zero=0.3, median=2, sigma=0.6, most=12),
        made=Size(zero=0.02, median=60, sigma=0.8, most=900),
        in_force=Size(zero=0.0, median=400, sigma=0.8, most=9_000),
        decisions={
            "licensing": Size(zero=0.0, median=200_000, sigma=1.2, most=1_800_000),
            "other_services": Size(zero=0.1, median=150_000, sigma=1.9),
            "penalties": Size(zero=0.0, median=250_000, sigma=1.5),
            "coercion": Size(zero=0.02, median=6_000, sigma=1.4, most=2_000_000),
        },
        items=Size(zero=0.02, median=1_500, sigma=1.0, most=90_000),
        fees=Size(zero=0.02, median=45_000, sigma=1.2, most=5_000_000),
        fee_items=Size(zero=0.02, median=90, most=900),
        purchases=Size(zero=0.02, median=1_500, sigma=1.2, most=90_000),
    ),
    "province_department": Activity(
        regulations=Size(zero=0.9, median=2, sigma=0.6, most=20),
        made=Size(zero=0.35, median=5, most=100),
        in_force=Size(zero=0.15, median=30, most=900),
        decisions={
            "licensing": Size(zero=0.25, median=1_500, sigma=1.9, most=1_800_000),
            "other_services": Size(zero=0.6, median=1_000, sigma=2.1),
            "penalties": Size(zero=0.35, median=60, sigma=1.8),
            "coercion": Size(zero=0.8, median=15, sigma=1.5, most=100_000),
        },
        items=Size(zero=0.2, median=40, sigma=1.0, most=4_000),
        fees=Size(zero=0.5, median=1_500, sigma=1.8, most=2_000_000),
        fee_items=Size(zero=0.5, median=3, most=60),
        purchases=Size(zero=0.15, median=20, sigma=1.2, most=3_000),
    ),
}

_PRICE = Size(zero=0.0, median=18, sigma=1.4, most=100_000)
_EIGHT_DIGITS = 0.02
"""Of cities: chance that some count, of fines mostly, has eight digits."""


def sample_disclosure(
    level: str, edition: str, rng: Random
) -> tuple[dict[str, Printed], dict[str, int]]:
    """The values of table 二, and what was in force the year before (edition 2021; else empty)."""
    activity = ACTIVITIES[level]
    decisions = {row: size.sample(rng) for row, size in activity.decisions.items()}
    if level == "city" and rng.random() < _EIGHT_DIGITS:
        decisions["penalties"] = rng.randrange(10_000_000, MOST)
    if edition == "2021":
        return _edition_2021(activity, decisions, rng)
    return _edition_2019(activity, decisions, rng), {}


def _edition_2021(
    activity: Activity, decisions: Mapping[str, int], rng: Random
) -> tuple[dict[str, Printed], dict[str, int]]:
    values, previous = {}, {}
    documents = {
        "regulations": (activity.regulations, _standing(activity.regulations)),
        "normative_documents": (activity.made, activity.in_force),
    }
    if rng.random() < 0.03:
        # An author who takes normative documents for regulations.
        documents = dict(zip(documents, reversed(documents.values()), strict=True))
    for row, (made, standing) in documents.items():
        n_made, before = made.sample(rng), standing.sample(rng)
        n_repealed = 0
        if rng.random() < 0.25:
            n_repealed = min(round(before * rng.lognormvariate(-2.2, 1.0)), before)
        values[f"disclosure.{row}.made"] = number(n_made)
        values[f"disclosure.{row}.repealed"] = number(n_repealed)
        values[f"disclosure.{row}.in_force"] = number(before + n_made - n_repealed)
        previous[f"disclosure.{row}.in_force"] = before
    for row in ("licensing", "penalties", "coercion"):
        values[f"disclosure.{row}.decisions"] = number(decisions[row])
    values["disclosure.fees.amount"] = sample_amount(activity.fees, rng)
    return values, previous


def _standing(made: Size) -> Size:
    """Regulations stay in force for years."""
    return Size(made.zero * 0.9, made.median * 8, made.sigma, made.most * 12)


def _edition_2019(
    activity: Activity, decisions: Mapping[str, int], rng: Random
) -> dict[str, Printed]:
    values = {}
    for row, made in zip(_DOCUMENTS, (activity.regulations, activity.made), strict=True):
        n_made = made.sample(rng)
        n_published = n_made if rng.random() < 0.85 else rng.randrange(n_made + 1)
        total = n_published
        if rng.random() < 0.6:
            total += (_standing(made) if row == "regulations" else activity.in_force).sample(rng)
        elif rng.random() < 0.1:
            total = 0
        values[f"disclosure.{row}.newly_made"] = number(n_made)
        values[f"disclosure.{row}.newly_published"] = number(n_published)
        values[f"disclosure.{row}.total_published"] = number(total)
    for row in _ENFORCEMENT:
        items = activity.items.sample(rng) if decisions[row] or rng.random() < 0.15 else 0
        values[f"disclosure.{row}.previous_items"] = number(items)
        values[f"disclosure.{row}.change"] = number(_change(items, rng))
        values[f"disclosure.{row}.decisions"] = number(decisions[row])
    fee_items = activity.fee_items.sample(rng)
    values["disclosure.fees.previous_items"] = number(fee_items)
    values["disclosure.fees.change"] = number(_change(fee_items, rng))
    purchases = activity.purchases.sample(rng)
    values["disclosure.procurement.items"] = number(purchases)
    values["disclosure.procurement.amount"] = _purchase(purchases, rng)
    return values


def _change(items: int, rng: Random) -> int:
    """Items more or less than the year before; never less than none are left."""
    if rng.random() < 0.65 or (items == 0 and rng.random() < 0.8):
        return 0
    change = max(round(max(items, 3) * rng.lognormvariate(-2.0, 1.0)), 1)
    return -min(change, items) if rng.random() < 0.5 else change


def _purchase(purchases: int, rng: Random) -> Printed:
    """The price of all purchases; the header names no unit, so that every author chooses one."""
    if purchases == 0:
        return number(0)
    total = sample_amount(Size(zero=0.0, median=purchases * _PRICE.sample(rng), sigma=0.5), rng)
    value = total.value or Decimal(0)
    style = rng.choices(("{}", "{}万元", "{yuan}", "{yuan}元"), (36, 40, 9, 15))[0]
    yuan = f"{(value * 10_000).quantize(Decimal(1)):f}"
    text = style.format(total.text, yuan=yuan)
    return Printed(text, read_text(text))
