"""What happened at an invented body in its year: an amount for every key figure and scope.

What a table of the report states too is taken from its printed values; the rest is drawn. A blank
is no amount.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from training.synthesis.form import APPLICANTS
from training.synthesis.narrative.notation import Key, Shape, keys
from training.synthesis.narrative.organization import Organization
from training.synthesis.values import Printed

Amount = int | Decimal

_COUNTY = 0.45
_DIFFERING = 0.05
"""How often the text counts the applications otherwise than the table, for no stated reason."""

_OUTCOMES = ("granted", "partially_granted", "denied", "unavailable", "rejected", "other")
_COLUMNS = ("upheld", "corrected", "pending", "total")


@dataclass(frozen=True, slots=True)
class Facts:
    """`amounts` by key and scope; None or no entry: there is none to state. `last` are those of
    the year before. `cases` are the counts that `MENTIONS` names, as far as they are known."""

    body: Organization
    year: int
    amounts: Mapping[tuple[str, str | None], Amount | None]
    last: Mapping[str, int]
    cases: Mapping[str, int]


def facts_of(
    body: Organization,
    year: int,
    values: Mapping[str, Printed],
    rng: Random,
    *,
    zeros: frozenset[str] = frozenset(),
) -> Facts:
    """Facts that agree with the printed values, but for few reports that count otherwise.

    Args:
        values: any slots; of tables that are not among them everything is drawn.
        zeros: keys of which there is none, as far as no table says it.
    """
    amounts: dict[tuple[str, str | None], Amount | None] = {}
    for key in keys().values():
        amounts[key.name, None] = 0 if key.name in zeros else _draw(key, body.level, rng)
    sessions = amounts["training_sessions", None]
    if sessions:
        amounts["trainees", None] = int(sessions) * rng.randrange(18, 95) + rng.randrange(9)
    amounts["suggestions_and_proposals", None] = _plus(
        amounts["people_congress_suggestions", None], amounts["cppcc_proposals", None]
    )
    cases: dict[str, int] = {}
    _add_documents(amounts, cases, values, rng)
    _add_requests(amounts, cases, _requests(body, values, rng, zeros), rng)
    _add_disputes(amounts, cases, values, rng)
    last = {
        name: _other(int(amount), rng)
        for (name, scope), amount in amounts.items()
        if scope is None and amount and keys()[name].shape is not Shape.RATE
    }
    _add_scopes(amounts, body, rng)
    return Facts(body, year, amounts, last, cases)


def _draw(key: Key, level: float, rng: Random) -> Amount | None:
    """A heavy-tailed amount of the size that bodies of this level have."""
    if level < key.level:
        return None
    if rng.random() < key.zero:
        return 0
    if key.shape is Shape.RATE:
        least, most = key.small if level < _COUNTY else key.large
        rate = Decimal(rng.uniform(least, most * 1.04))
        return min(Decimal(most), round(rate, rng.choice((0, 1, 2))))
    low, high = (
        (1 - level) * math.log(key.small[i] + 0.5) + level * math.log(key.large[i] + 0.5)
        for i in (0, 1)
    )
    return max(key.small[0], int(math.exp(rng.uniform(low, high))))


def _other(amount: int, rng: Random) -> int:
    """Another amount of the same size, at least 1."""
    other = max(1, round(amount * rng.uniform(0.6, 1.5)))
    return amount + max(1, amount // 50) if abs(other - amount) * 50 < amount else other


def _plus(*amounts: Amount | None) -> int | None:
    known = [int(amount) for amount in amounts if amount is not None]
    return sum(known) if known else None


def _count(values: Mapping[str, Printed], slot: str) -> int | None:
    """The whole number printed in a slot; None for blanks, words and other numbers."""
    printed = values.get(slot)
    if printed is None or printed.value is None:
        return None
    value = printed.value
    return int(value) if value >= 0 and value == value.to_integral_value() else None


def _total(values: Mapping[str, Printed], row: str) -> int | None:
    """The total of a row of table 三, or the sum of its columns where only that is blank."""
    total = _count(values, f"requests.{row}.total")
    if total is not None:
        return total
    return _plus(*(_count(values, f"requests.{row}.{name}") for name in APPLICANTS))


def _requests(
    body: Organization, values: Mapping[str, Printed], rng: Random, zeros: frozenset[str]
) -> dict[str, int | None]:
    """Received, carried over, outcomes and the rest, from table 三 or drawn as a balanced one."""
    if any(slot.startswith("requests.new_received.") for slot in values):
        rows = {slot.split(".")[1] for slot in values if slot.startswith("requests.")}
        table = {
            name: _plus(*(_total(values, row) for row in rows if row.startswith(name)))
            for name in (*_OUTCOMES, "new_received", "carried_over", "carried_forward")
        }
        table["natural_persons"] = _count(values, "requests.new_received.natural_person")
        return table
    received = 0
    if "applications_received" not in zeros:
        received = int(_draw(keys()["applications_received"], body.level, rng) or 0)
    carried = round(received * rng.choice((0, 0, 0.03, 0.1, 0.2)))
    forward = round(received * rng.choice((0, 0, 0.03, 0.1, 0.2)))
    if "applications_carried_forward" in zeros:
        forward = 0
    counts: dict[str, int | None] = dict.fromkeys(_OUTCOMES, 0)
    open_cases = received + carried - forward
    weights = [6 * rng.random(), rng.random(), rng.random(), 4 * rng.random(), *(rng.random(),) * 2]
    for name, weight in zip(_OUTCOMES, weights, strict=True):
        part = min(open_cases, round((received + carried) * weight / sum(weights)))
        counts[name] = part
        open_cases -= part
    counts["granted"] = (counts["granted"] or 0) + open_cases
    counts |= {"new_received": received, "carried_over": carried, "carried_forward": forward}
    counts["natural_persons"] = received - round(received * rng.choice((0, 0.05, 0.15, 0.3)))
    return counts


def _add_requests(
    amounts: dict[tuple[str, str | None], Amount | None],
    cases: dict[str, int],
    table: Mapping[str, int | None],
    rng: Random,
) -> None:
    received, carried = table["new_received"], table["carried_over"]
    if received and rng.random() < _DIFFERING:
        received = max(1, received + rng.choice((-2, -1, 1, 2)))
    answered = _plus(*(table[name] for name in _OUTCOMES))
    amounts["applications_received", None] = amounts["applications_received", "new"] = received
    amounts["applications_received", "carried_over"] = carried
    handled = None if received is None else received + (carried or 0)
    amounts["applications_received", "handled_including_carried_over"] = handled
    amounts["applications_answered", None] = answered
    amounts["applications_answered", "handled_including_carried_over"] = answered
    amounts["applications_carried_forward", None] = table["carried_forward"]
    for name in _OUTCOMES:
        amounts[f"applications_{name}", None] = table[name]
    if received is None:
        return
    natural = table["natural_persons"]
    if natural is not None and natural <= received:
        cases |= {"natural_persons": natural, "organizations": received - natural}
    by_web = round(received * rng.uniform(0.3, 0.8))
    by_letter = round((received - by_web) * rng.uniform(0.3, 0.9))
    cases |= {"by_web": by_web, "by_letter": by_letter, "in_person": received - by_web - by_letter}
    granted, partial = table["granted"], table["partially_granted"]
    if granted is not None and partial is not None:
        cases["granted_together"] = granted + partial
    if answered:
        cases["withdrawn"] = min(answered, table["other"] or round(answered * 0.1) or 1)


def _add_disputes(
    amounts: dict[tuple[str, str | None], Amount | None],
    cases: dict[str, int],
    values: Mapping[str, Printed],
    rng: Random,
) -> None:
    """Both kinds of lawsuit count as lawsuits."""
    groups = {
        "reconsideration": ("reconsideration",),
        "lawsuits": ("direct_lawsuit", "lawsuit_after_reconsideration"),
    }
    for name, rows in groups.items():
        key = "reconsideration_cases" if name == "reconsideration" else name
        if any(slot.startswith(f"disputes.{rows[0]}.") for slot in values):
            printed = {
                column: _plus(*(_count(values, f"disputes.{row}.{column}") for row in rows))
                for column in _COLUMNS
            }
        else:
            total = amounts[key, None]
            pending = int(total or 0) // rng.randrange(3, 9)
            corrected = int(total or 0) // rng.randrange(4, 12)
            upheld = int(total or 0) - pending - corrected
            printed = dict(zip(_COLUMNS, (upheld, corrected, pending, _plus(total)), strict=True))
        amounts[key, None] = printed["total"]
        for column in _COLUMNS[:-1]:
            count = printed[column]
            if count is not None:
                cases[f"{name}_{column}"] = count
    direct, later = (_count(values, f"disputes.{row}.total") for row in groups["lawsuits"])
    total = _plus(amounts["lawsuits", None])
    if direct is not None and later is not None:
        cases |= {"direct_lawsuits": direct, "later_lawsuits": later}
    elif total is not None:
        cases |= {"direct_lawsuits": total - total // 3, "later_lawsuits": total // 3}


def _add_documents(
    amounts: dict[tuple[str, str | None], Amount | None],
    cases: dict[str, int],
    values: Mapping[str, Printed],
    rng: Random,
) -> None:
    for key, row in (
        ("regulations_issued", "regulations"),
        ("normative_documents_issued", "normative_documents"),
    ):
        for column in ("made", "newly_made"):
            if f"disclosure.{row}.{column}" in values:
                amounts[key, None] = _count(values, f"disclosure.{row}.{column}")
    for name, column, most in (("repealed", "repealed", 12), ("in_force", "in_force", 90)):
        count = _count(values, f"disclosure.normative_documents.{column}")
        made = int(amounts["normative_documents_issued", None] or 0)
        least = made if name == "in_force" else 0
        cases[f"normative_{name}"] = least + rng.randrange(1, most) if count is None else count


def _add_scopes(
    amounts: dict[tuple[str, str | None], Amount | None], body: Organization, rng: Random
) -> None:
    """Totals over the years; the body's own share beside that of its area, for governments."""
    covers_area = body.is_government and body.level >= _COUNTY
    for (name, scope), amount in list(amounts.items()):
        if scope is not None or amount is None or keys()[name].shape is Shape.RATE:
            continue
        whole = int(amount)
        amounts.setdefault((name, "new"), whole)
        own = round(whole * rng.uniform(0.04, 0.6))
        if covers_area:
            amounts[name, "whole_area"] = whole
        if covers_area and 0 < own < whole:
            amounts[name, "own_office"] = own
        if whole == 0:
            continue
        amounts[name, "cumulative"] = whole + round(whole * rng.uniform(0.5, 11)) + 1
        if name == "followers":
            for channel in ("wechat", "weibo", "video"):
                amounts[name, channel] = max(20, round(whole * rng.uniform(0.1, 1)))
        if name == "consultations":
            for kind in ("solicitation", "interview", "interaction"):
                amounts[name, kind] = max(1, round(whole * rng.uniform(0.2, 1)))
