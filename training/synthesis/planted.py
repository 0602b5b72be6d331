"""Errors that a report makes of its own: changes to consistent values, each labelled.

Reports do not add up for many reasons, and some errors no sum can see. A plant changes what is
printed in a few cells and says what was broken by it, relation by relation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, pairwise
from random import Random

from training.synthesis.broken import newly_broken
from training.synthesis.form import (
    APPLICANTS,
    DISPUTE_COLUMNS,
    DISPUTE_ROWS,
    REQUEST_COLUMNS,
    request_rows,
    result_rows,
)
from training.synthesis.values import BLANK, Printed, number

Values = Mapping[str, Printed]
Change = dict[str, Printed]

_PARTS = tuple(name for name, _ in DISPUTE_COLUMNS[:-1])


@dataclass(frozen=True, slots=True)
class PlantedError:
    """One relation that a plant breaks, or a plant that breaks none (`relation` is None).

    `cells` are the slots whose print is wrong, `printed` the values that stand there now (None: no
    number) and `consistent` those that would add up, in the order of `cells`. A plant that breaks
    several relations gives an error for each, all with the same cells.
    """

    kind: str
    relation: str | None
    cells: tuple[str, ...]
    printed: tuple[Decimal | None, ...]
    consistent: tuple[Decimal | None, ...]


@dataclass(frozen=True, slots=True)
class _Given:
    """The values before the plant; tables that they do not hold are passed over."""

    values: Values
    previous: Mapping[str, int]
    single_other: bool

    def at(self, slot: str) -> int:
        """The whole number in a cell, 0 where none is printed."""
        return int(self.values[slot].value or 0)

    @property
    def rows(self) -> tuple[str, ...]:
        return self._rows(request_rows(single_other=self.single_other))

    @property
    def results(self) -> tuple[str, ...]:
        return self._rows(result_rows(single_other=self.single_other))

    def _rows(self, rows: tuple[str, ...]) -> tuple[str, ...]:
        return rows if "requests.total_handled.total" in self.values else ()

    def sums(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Every slot of a total with its parts, each total once."""
        for row in self.rows:
            yield f"requests.{row}.total", tuple(f"requests.{row}.{name}" for name in APPLICANTS)
        for column in APPLICANTS if self.rows else ():
            parts = tuple(f"requests.{row}.{column}" for row in self.results)
            yield f"requests.total_handled.{column}", parts
        yield from self.dispute_sums()

    def dispute_sums(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for row in DISPUTE_ROWS:
            if f"disputes.{row}.total" in self.values:
                yield f"disputes.{row}.total", tuple(f"disputes.{row}.{name}" for name in _PARTS)

    def counts(self) -> Iterator[tuple[str, int]]:
        """Every cell of tables 三 and 四 with a number above 0."""
        for slot in self.values:
            if not slot.startswith("disclosure.") and self.at(slot) > 0:
                yield slot, self.at(slot)

    def row(self, row: str) -> tuple[Printed, ...]:
        return tuple(self.values[f"requests.{row}.{name}"] for name, _ in REQUEST_COLUMNS)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of error: the changes that would make it.

    `must_break`: only a change that breaks a relation counts. The others are the blind spots of the
    sums, or leave a sum that nobody can judge.
    """

    changes: Callable[[_Given], Iterator[Change]]
    must_break: bool = True


def _total_zero(given: _Given) -> Iterator[Change]:
    """Needs a total above 0: it is printed as 0."""
    for total, _ in given.sums():
        if given.at(total) > 0:
            yield {total: number(0)}


def _off_by_one(given: _Given) -> Iterator[Change]:
    """Needs a number above 0: it is one more or one less."""
    for slot, count in given.counts():
        yield {slot: number(count + 1)}
        yield {slot: number(count - 1)}


def _digits_transposed(given: _Given) -> Iterator[Change]:
    """Needs a number with two different neighbouring digits, the second no leading zero."""
    for slot, count in given.counts():
        digits = str(count)
        for i, (left, right) in enumerate(pairwise(digits)):
            if left != right and (i > 0 or right != "0"):
                yield {slot: number(int(digits[:i] + right + left + digits[i + 2 :]))}


def _row_cells_exchanged(given: _Given) -> Iterator[Change]:
    """Needs a row of table 三 with different numbers for two applicants."""
    for row in given.rows:
        for one, other in combinations(APPLICANTS, 2):
            yield from _exchange(given, f"requests.{row}.{one}", f"requests.{row}.{other}")


def _column_cells_exchanged(given: _Given) -> Iterator[Change]:
    """Needs two results with different numbers of the same applicant."""
    for column in APPLICANTS:
        for one, other in combinations(given.results, 2):
            yield from _exchange(given, f"requests.{one}.{column}", f"requests.{other}.{column}")


def _rows_exchanged(given: _Given) -> Iterator[Change]:
    """Needs two neighbouring results that differ; every sum holds as it did."""
    for one, other in pairwise(given.results):
        yield from _exchange_rows(given, one, other)


def _total_missing(given: _Given) -> Iterator[Change]:
    """Needs a total above 0: nothing is printed. What it was the total of cannot be judged then."""
    for total, _ in given.sums():
        if given.at(total) > 0:
            yield {total: BLANK}


def _part_left_out(given: _Given) -> Iterator[Change]:
    """Needs a total with two parts above 0: one of them is not counted."""
    for total, parts in given.sums():
        counted = [part for part in parts if given.at(part) > 0]
        for part in counted if len(counted) > 1 else ():
            yield {total: number(given.at(total) - given.at(part))}


def _one_column_off(given: _Given) -> Iterator[Change]:
    """Needs a row of table 三 with applications and none of `other`: all of its parts stand one
    column further right; its total, which is in place, still adds up."""
    for row in given.rows:
        prints = given.row(row)[:-1]
        shifted = (prints[-1], *prints[:-1])
        if prints[-1].value == 0 and any(value.value for value in prints):
            slots = (f"requests.{row}.{name}" for name in APPLICANTS)
            yield dict(zip(slots, shifted, strict=True))


def _carried_over_mismatch(given: _Given) -> Iterator[Change]:
    """Needs last year's report: as many as were carried over otherwise count as newly received, so
    that this report adds up by itself."""
    for column in APPLICANTS if given.rows else ():
        slots = [
            f"requests.{row}.{name}"
            for row in ("carried_over", "new_received")
            for name in (column, "total")
        ]
        carried, _, new, _ = (given.at(slot) for slot in slots)
        for shift in {-carried, -1, 1, 2}:
            if shift != 0 and carried + shift >= 0 and new >= shift:
                signs = (shift, shift, -shift, -shift)
                yield {
                    slot: number(given.at(slot) + change)
                    for slot, change in zip(slots, signs, strict=True)
                }


def _in_force_mismatch(given: _Given) -> Iterator[Change]:
    """Needs what was in force in last year's report, which was of the 2021 edition too."""
    for slot in given.values:
        if slot.endswith(".in_force"):
            for shift in (-2, -1, 1, 3):
                if given.at(slot) + shift >= 0:
                    yield {slot: number(given.at(slot) + shift)}


def _new_and_carried_exchanged(given: _Given) -> Iterator[Change]:
    """Needs different rows; only last year's report can tell."""
    if given.rows:
        yield from _exchange_rows(given, "new_received", "carried_over")


def _dispute_total_wrong(given: _Given) -> Iterator[Change]:
    """Needs nothing: the total is one more or less, or that of another kind of dispute."""
    totals = [total for total, _ in given.dispute_sums()]
    for total in totals:
        count = given.at(total)
        for wrong in {count - 1, count + 1, *(given.at(other) for other in totals)}:
            if wrong >= 0 and wrong != count:
                yield {total: number(wrong)}


KINDS: Mapping[str, Kind] = {
    "total_zero": Kind(_total_zero),
    "off_by_one": Kind(_off_by_one),
    "digits_transposed": Kind(_digits_transposed),
    "row_cells_exchanged": Kind(_row_cells_exchanged),
    "column_cells_exchanged": Kind(_column_cells_exchanged),
    "rows_exchanged": Kind(_rows_exchanged, must_break=False),
    "total_missing": Kind(_total_missing, must_break=False),
    "part_left_out": Kind(_part_left_out),
    "one_column_off": Kind(_one_column_off),
    "carried_over_mismatch": Kind(_carried_over_mismatch),
    "in_force_mismatch": Kind(_in_force_mismatch),
    "new_and_carried_exchanged": Kind(_new_and_carried_exchanged, must_break=False),
    "dispute_total_wrong": Kind(_dispute_total_wrong),
}
"""What each needs stands in the docstring of its changes."""


def possible(values: Values, kind: str, *, previous: Mapping[str, int], single_other: bool) -> bool:
    """Whether the values have what an error of this kind needs.

    Raises:
        KeyError: an unknown kind.
    """
    return any(_errors(_Given(values, previous, single_other), kind))


def plant(
    values: Values,
    kind: str,
    rng: Random,
    *,
    previous: Mapping[str, int],
    single_other: bool,
) -> tuple[Values, tuple[PlantedError, ...]]:
    """The values with one error of a kind.

    Args:
        values: every slot of the tables printed; errors may stand in them already.
        previous: what last year's report states (`ReportFacts.previous`); may be empty.
        single_other: 其他处理 is one row.

    Returns:
        The values and an error for each relation that is newly broken, or one without a relation
        where none is; the values unchanged and no error where the kind is not possible.

    Raises:
        KeyError: an unknown kind.
    """
    given = _Given(values, previous, single_other)
    changes = list(_errors(given, kind))
    if not changes:
        return values, ()
    change = rng.choice(changes)
    cells = tuple(change)
    printed = tuple(change[slot].value for slot in cells)
    consistent = tuple(values[slot].value for slot in cells)
    return {**values, **change}, tuple(
        PlantedError(kind, relation, cells, printed, consistent)
        for relation in _newly_broken(given, change) or (None,)
    )


def _exchange(given: _Given, one: str, other: str) -> Iterator[Change]:
    if given.at(one) != given.at(other):
        yield {one: given.values[other], other: given.values[one]}


def _exchange_rows(given: _Given, one: str, other: str) -> Iterator[Change]:
    if any(a.value != b.value for a, b in zip(given.row(one), given.row(other), strict=True)):
        change: Change = {}
        for name, _ in REQUEST_COLUMNS:
            first, second = f"requests.{one}.{name}", f"requests.{other}.{name}"
            change |= {first: given.values[second], second: given.values[first]}
        yield change


def _errors(given: _Given, kind: str) -> Iterator[Change]:
    """The changes of a kind that are errors, without the cells that they leave as they are."""
    for change in KINDS[kind].changes(given):
        wrong = {slot: new for slot, new in change.items() if new != given.values[slot]}
        if not KINDS[kind].must_break or _newly_broken(given, wrong):
            yield wrong


def _newly_broken(given: _Given, change: Change) -> tuple[str, ...]:
    after = {**given.values, **change}
    return newly_broken(
        given.values, after, previous=given.previous, single_other=given.single_other
    )
