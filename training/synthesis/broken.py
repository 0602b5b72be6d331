"""Which relations printed values break, within a report and from one year to the next."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from training.synthesis.relations import Relation, relations
from training.synthesis.values import Printed, State

Values = Mapping[str, Printed]


def newly_broken(
    before: Values, after: Values, *, previous: Mapping[str, int], single_other: bool
) -> tuple[str, ...]:
    """Ids of the relations that hold or cannot be judged before, and are broken after.

    Args:
        before, after: the same slots; tables may be missing from both.
        previous: what last year's report states: `requests.carried_forward.*` and
            `disclosure.*.in_force`, as far as it does.
        single_other: 其他处理 is one row.

    Returns:
        The sums of the rows first, then those of the columns, then `requests.across_years.COLUMN`
        and `disclosure.ROW.across_years`.
    """
    changed = {slot for slot in after if after[slot] != before[slot]}
    sums = [
        relation.id
        for relation in relations(single_other=single_other)
        if not changed.isdisjoint(relation.slots)
        and _is_broken(relation, after)
        and not _is_broken(relation, before)
    ]
    known = _broken_across_years(before, previous)
    across = [id for id in _broken_across_years(after, previous) if id not in known]
    return (*sums, *across)


def _is_broken(relation: Relation, values: Values) -> bool:
    """Whether both sides are printed and differ.

    A blank or a dash adds nothing. A relation cannot be judged where words stand in it, where its
    total is not printed at all, or where its table is missing.
    """
    cells = [values.get(slot) for slot in relation.slots]
    if any(cell is None or cell.state is State.NOT_APPLICABLE for cell in cells):
        return False
    if all(values[slot].value is None for slot in relation.total):
        return False
    parts, total = (
        sum((values[slot].value or Decimal(0) for slot in side), Decimal(0))
        for side in (relation.parts, relation.total)
    )
    return parts != total


def _broken_across_years(values: Values, previous: Mapping[str, int]) -> tuple[str, ...]:
    """Ids of the relations with last year's report that do not hold; what is not printed holds."""
    found = []
    for slot, before in previous.items():
        table, row, column = slot.split(".")
        relation, now, expected = f"{table}.{row}.across_years", slot, Decimal(before)
        if row == "carried_forward":
            relation, now = f"{table}.across_years.{column}", f"{table}.carried_over.{column}"
        else:
            made, repealed = (_number(values, f"{table}.{row}.{c}") for c in ("made", "repealed"))
            expected += (made or 0) - (repealed or 0)
        if _number(values, now) not in (None, expected):
            found.append(relation)
    return tuple(found)


def _number(values: Values, slot: str) -> Decimal | None:
    return values[slot].value if slot in values else None
