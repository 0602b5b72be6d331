"""How a report prints zero: a habit of its author, the same through the whole report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from training.synthesis.form import APPLICANTS, TABLE_IDS, request_rows
from training.synthesis.values import BLANK, Printed, State

Values = Mapping[str, Printed]
Style = Callable[[Values, Random], dict[str, Printed]]

ORGANIZATIONS = APPLICANTS[1:]

_DASHES = ("-", "/", "—", "－", "–", "——", "--")
_WORDS = ("无", "不适用", "不涉及", "未涉及", "未发生")


def nought(values: Values, rng: Random) -> dict[str, Printed]:
    """0 everywhere, as nearly all do."""
    return dict(values)


def blank(values: Values, rng: Random) -> dict[str, Printed]:
    return _zeros(values, lambda slot: BLANK)


def blank_here_and_there(values: Values, rng: Random) -> dict[str, Printed]:
    return _zeros(values, lambda slot: BLANK if rng.random() < 0.6 else values[slot])


def blank_organizations(values: Values, rng: Random) -> dict[str, Printed]:
    """The columns of organisations that hold nothing but zeros, left empty."""
    filled = {
        slot.split(".")[2]
        for slot, value in values.items()
        if slot.startswith("requests.") and value.value
    }
    return _zeros(
        values,
        lambda slot: BLANK if _is_organization(slot, set(ORGANIZATIONS) - filled) else values[slot],
    )


def natural_person_and_total(values: Values, rng: Random) -> dict[str, Printed]:
    """No zero of any organisation is printed; rows of zeros print one 0 or two, all alike."""
    lone = rng.choice(("natural_person", "total", None, None))
    dropped = {"natural_person": "total", "total": "natural_person"}.get(lone or "")
    empty_rows = {
        row
        for row in _request_rows(values)
        if not any(values[f"requests.{row}.{name}"].value for name in (*APPLICANTS, "total"))
    }

    def change(slot: str) -> Printed:
        table, row, column = slot.split(".")
        is_dropped = table == "requests" and column == dropped and row in empty_rows
        return BLANK if is_dropped or _is_organization(slot, set(ORGANIZATIONS)) else values[slot]

    return _zeros(values, change)


def blank_tables(values: Values, rng: Random) -> dict[str, Printed]:
    """Tables of zeros left empty as a whole."""
    filled = {slot.split(".")[0] for slot, value in values.items() if value.value}
    empty = set(TABLE_IDS) - filled
    return _zeros(values, lambda slot: BLANK if slot.split(".")[0] in empty else values[slot])


def dashes(values: Values, rng: Random) -> dict[str, Printed]:
    """A dash of one kind for every zero, in all tables or in one."""
    return _marked(values, rng, rng.choice(_DASHES))


def words(values: Values, rng: Random) -> dict[str, Printed]:
    """A word for every zero, in all tables or in one."""
    return _marked(values, rng, rng.choice(_WORDS))


def dashed_regulations(values: Values, rng: Random) -> dict[str, Printed]:
    """A body that may make no 规章 says so in their row, in all of its cells that hold zero."""
    mark = Printed(rng.choice((*_DASHES, "无", "不适用")), None)
    return _zeros(
        values,
        lambda slot: mark if slot.startswith("disclosure.regulations.") else values[slot],
    )


ZERO_STYLES: Mapping[str, tuple[Style, float]] = {
    "nought": (nought, 0.8),
    "blank": (blank, 0.03),
    "blank_here_and_there": (blank_here_and_there, 0.02),
    "blank_organizations": (blank_organizations, 0.04),
    "natural_person_and_total": (natural_person_and_total, 0.02),
    "blank_tables": (blank_tables, 0.02),
    "dashes": (dashes, 0.03),
    "words": (words, 0.01),
    "dashed_regulations": (dashed_regulations, 0.03),
}
"""The styles, each with its share of reports."""


def _marked(values: Values, rng: Random, text: str) -> dict[str, Printed]:
    mark = Printed(text, None)
    tables = TABLE_IDS if rng.random() < 0.6 else (rng.choice(TABLE_IDS),)
    return _zeros(values, lambda slot: mark if slot.split(".")[0] in tables else values[slot])


def _zeros(values: Values, change: Callable[[str], Printed]) -> dict[str, Printed]:
    """The values with every printed zero changed."""
    return {
        slot: change(slot) if value.value == 0 and value.state is State.NUMBER else value
        for slot, value in values.items()
    }


def _is_organization(slot: str, columns: set[str]) -> bool:
    table, _, column = slot.split(".")
    return table == "requests" and column in columns


def _request_rows(values: Values) -> tuple[str, ...]:
    single = "requests.other.total" in values
    rows = request_rows(single_other=single)
    return tuple(row for row in rows if f"requests.{row}.total" in values)
