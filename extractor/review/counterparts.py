"""A key figure of the text in, where the tables state the same: the cells that it would be the sum
of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from extractor.schema import Schema
from extractor.service.answers import item_of
from extractor.types import State

Json = Mapping[str, Any]


def counterpart(result: Json, figure: Json, schema: Schema) -> Sequence[str]:
    """The slots, in order: of several sums that may be meant, the one that comes to the number of
    the figure, else the first that comes to any. Empty where the tables say nothing of it."""
    sums = [
        [slot for slot in slots if _is_found(result, slot)]
        for statement in schema.statements
        if statement.figure == figure["key"] and figure.get("scope") in statement.scopes
        for slots in statement.sums
    ]
    known = [slots for slots in sums if _total(result, slots) is not None]
    same = [slots for slots in known if _total(result, slots) == figure["value"]]
    return next(iter(same or known or filter(None, sums)), [])


def _is_found(result: Json, slot: str) -> bool:
    cell = item_of(result, slot)
    return cell is not None and cell["state"] != State.MISSING.value


def _total(result: Json, slots: Sequence[str]) -> Decimal | None:
    """What cells add up to; None where none states a number."""
    cells = [item_of(result, slot) or {} for slot in slots]
    values = [Decimal(str(cell["value"])) for cell in cells if cell.get("value") is not None]
    return sum(values, Decimal(0)) if values else None
