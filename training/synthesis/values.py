"""Values for the form: invented ones that add up, and what printed characters mean.

The reading rules are those stated for the reports themselves (signs in words, units in the cell,
annotations), written here a second time on purpose: the truth of a test must not come from the code
under test.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from random import Random

from training.synthesis.form import (
    APPLICANTS,
    DISPUTE_COLUMNS,
    DISPUTE_ROWS,
    REQUEST_COLUMNS,
    disclosure_table,
    request_rows,
    result_rows,
)
from training.synthesis.relations import relations


class State(StrEnum):
    """What kind of thing stands in a cell; blank is not zero."""

    NUMBER = "number"
    BLANK = "blank"
    DASH = "dash"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Printed:
    """What stands in a cell, and the number that a careful person reads there (None: no number).

    The number is without what an annotation in brackets adds to it.
    """

    text: str
    value: Decimal | None

    @property
    def state(self) -> State:
        """What the characters are: any digit makes a number, words without one do not apply."""
        plain = unicodedata.normalize("NFKC", "".join(self.text.split()))
        if not plain:
            return State.BLANK
        if any(character.isdigit() for character in plain):
            return State.NUMBER
        is_dash = all(character in _DASHES for character in plain)
        return State.DASH if is_dash else State.NOT_APPLICABLE


BLANK = Printed("", None)

_DASHES = frozenset("-‐‑–—―−─/\\_")
_UNITS = {"万元": Decimal(1), "元": Decimal("0.0001"), "亿元": Decimal(10000)}
_NUMBER = re.compile(
    r"(?P<word>增加|减少|增|减)?(?P<sign>[+＋]|[-−－]+)?(?P<digits>\d[\d,，]*(?:\.\d+)?)"
    r"(?P<unit>亿元|万元|元|件|项|个|条)?(?P<note>[（(].*[）)])?"
)


def number(value: int | Decimal) -> Printed:
    """A number as most reports print it."""
    return Printed(f"{value:f}" if isinstance(value, Decimal) else str(value), Decimal(value))


def read_text(text: str) -> Decimal | None:
    """What a printed cell says, amounts in 万元; None where it gives no number.

    Raises:
        ValueError: a text with digits that none of the rules covers.
    """
    plain = unicodedata.normalize("NFKC", "".join(text.split()))
    match = _NUMBER.fullmatch(plain)
    if match is None:
        if any(character.isdigit() for character in plain):
            raise ValueError(f"no reading rule covers {text!r}")
        return None
    value = Decimal(match["digits"].replace(",", ""))
    sign = match["sign"] or ""
    if match["word"] in ("减", "减少") or (sign and sign not in "+＋"):
        value = -value
    return value * _UNITS.get(match["unit"] or "", Decimal(1))


def printed(raw: int | float | str | None) -> Printed:
    """A slot value as a facts file gives it: a number, the characters of the cell, or None."""
    if raw is None:
        return BLANK
    if isinstance(raw, str):
        return Printed(raw, read_text(raw))
    return number(Decimal(str(raw)))


def as_json(value: Decimal | None) -> int | float | None:
    """A truth value for JSON: whole numbers without a point, -0 as 0."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def disclosure_values(edition: str, rng: Random, *, scale: int) -> dict[str, Printed]:
    """Plausible values of table 二; `scale` is about the size of the larger counts, 0 for none."""
    values: dict[str, Printed] = {}
    for slot in disclosure_table(edition).slots():
        _, row, column = slot.split(".")
        values[slot] = number(_disclosure_count(row, column, rng, scale))
    if edition == "2021":
        for row in ("regulations", "normative_documents"):
            made = values[f"disclosure.{row}.made"].value or Decimal(0)
            slot = f"disclosure.{row}.in_force"
            values[slot] = number(max(values[slot].value or Decimal(0), made))
    else:
        for row in ("licensing", "other_services", "penalties", "coercion", "fees"):
            before = values[f"disclosure.{row}.previous_items"].value or Decimal(0)
            slot = f"disclosure.{row}.change"
            values[slot] = number(max(values[slot].value or Decimal(0), -before))
    return values


def _disclosure_count(row: str, column: str, rng: Random, scale: int) -> int | Decimal:
    if column == "amount":
        if scale == 0:
            return 0
        decimals = rng.choice((0, 2, 4))
        return Decimal(rng.randrange(1, scale * 9 * 10**decimals)).scaleb(-decimals)
    if row == "regulations":
        return rng.choice((0, 0, 0, rng.randrange(1, 4))) if scale else 0
    if row in ("normative_documents", "procurement"):
        return rng.randrange(0, max(1, min(scale, 120)))
    if column == "change":
        return rng.choice((0, 1, -1)) * rng.randrange(0, max(1, scale // 8))
    most = scale // 2 if column == "previous_items" else scale * rng.choice((1, 1, 10))
    return rng.randrange(0, max(1, most))


def request_values(
    rng: Random, *, scale: int, single_other: bool, organizations: bool = True
) -> dict[str, Printed]:
    """Values of table 三 that satisfy all of its sums.

    Args:
        scale: applications in the year, exactly; 0 gives a table of zeros.
        single_other: print 其他处理 as one row.
        organizations: False leaves all applications to natural persons.
    """
    results = result_rows(single_other=single_other)
    grid = {
        (row, name): 0 for row in request_rows(single_other=single_other) for name in APPLICANTS
    }
    weights = [6 if row in ("granted", "unavailable_not_held") else rng.random() for row in results]
    carried = round(scale * rng.choice((0, 0.02, 0.08)))
    forward = round(scale * rng.choice((0, 0.03, 0.1)))
    for i in range(scale + carried):
        name = "natural_person"
        if organizations and rng.random() < 0.15:
            name = rng.choice((*APPLICANTS[1:], "enterprise", "enterprise"))
        grid["new_received" if i < scale else "carried_over", name] += 1
        if i < forward:
            grid["carried_forward", name] += 1
        else:
            grid[rng.choices(results, weights)[0], name] += 1
            grid["total_handled", name] += 1
    values: dict[str, Printed] = {}
    for row in request_rows(single_other=single_other):
        for name in APPLICANTS:
            values[f"requests.{row}.{name}"] = number(grid[row, name])
        values[f"requests.{row}.total"] = number(sum(grid[row, name] for name in APPLICANTS))
    return values


def dispute_values(rng: Random, *, scale: int) -> dict[str, Printed]:
    """Values of table 四 whose totals hold; `scale` bounds the largest of them."""
    values: dict[str, Printed] = {}
    for row in DISPUTE_ROWS:
        total = 0
        for column, _ in DISPUTE_COLUMNS[:-1]:
            count = rng.choice((0, 0, 1)) * rng.randrange(0, max(1, scale))
            total += count
            values[f"disputes.{row}.{column}"] = number(count)
        values[f"disputes.{row}.total"] = number(total)
    return values


def complete(
    given: Mapping[str, Printed], *, single_other: bool, tables: tuple[str, ...], edition: str
) -> dict[str, Printed]:
    """Fill in the slots of `tables` that are not given, so that the report looks like one.

    Table 三 is balanced as far as the given values allow: what came in and is not accounted for was
    granted. A column that is blank in every given row stays blank. Everything else is 0.
    """
    values = dict(given)
    if "disclosure" in tables:
        for slot in disclosure_table(edition).slots():
            values.setdefault(slot, number(0))
    if "disputes" in tables:
        for row in DISPUTE_ROWS:
            for column, _ in DISPUTE_COLUMNS:
                values.setdefault(f"disputes.{row}.{column}", number(0))
    if "requests" in tables:
        for column, _ in REQUEST_COLUMNS:
            _complete_column(values, column, single_other=single_other)
    return values


def _complete_column(values: dict[str, Printed], column: str, *, single_other: bool) -> None:
    def slot(row: str) -> str:
        return f"requests.{row}.{column}"

    rows = request_rows(single_other=single_other)
    missing = [row for row in rows if slot(row) not in values]
    given = [values[slot(row)].text for row in rows if slot(row) in values]
    if given and not any(given):
        values.update({slot(row): BLANK for row in missing})
        return
    for row in missing:
        values[slot(row)] = number(0)
    results = result_rows(single_other=single_other)
    amount = {row: values[slot(row)].value or Decimal(0) for row in rows}
    incoming = amount["new_received"] + amount["carried_over"]
    rest = incoming - amount["carried_forward"] - sum(amount[row] for row in results)
    open_results = [row for row in results if row in missing]
    if open_results and rest > 0:
        values[slot(open_results[0])] = number(rest)
        amount[open_results[0]] = rest
    if "total_handled" in missing:
        values[slot("total_handled")] = number(sum((amount[row] for row in results), Decimal(0)))


def is_consistent(values: Mapping[str, Printed], *, single_other: bool) -> bool:
    """Whether all sums of tables 三 and 四 hold; blanks count as 0."""

    def add(slots: tuple[str, ...]) -> Decimal:
        return sum((values[slot].value or Decimal(0) for slot in slots), Decimal(0))

    return all(
        add(relation.parts) == add(relation.total)
        for relation in relations(single_other=single_other)
    )
