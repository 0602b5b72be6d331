"""Sums as they stand on the screen: with the values that are shown, not with those first read."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from extractor.schema import Layout, Relation, RelationKind, Schema
from extractor.types import State

Json = Mapping[str, Any]
_NOTHING = (State.BLANK, State.DASH, State.NOT_APPLICABLE)


def layout_of(result: Json, table: str, schema: Schema) -> Layout:
    """The layout that has exactly the slots of a table of a result."""
    slots = {f"{table}.{name}" for name in result["tables"][table]["cells"]}
    for layout in schema.tables[table]:
        if slots == {slot.id for slot in layout.slots}:
            return layout
    return schema.default_layout(table, result["report"]["edition"])


def gaps_of(result: Json, layout: Layout) -> dict[str, Decimal | None]:
    """By relation of a table: the total as it is shown less the sum of its parts, 0 where it holds;
    None where a cell is unknown or the total is not stated. Blank parts add nothing."""
    cells = result["tables"][layout.table]["cells"]
    return {
        relation.id: _gap(relation, cells, layout.table)
        for relation in layout.relations
        if relation.kind is not RelationKind.YEARS
    }


def broken_sums(result: Json, schema: Schema) -> frozenset[str]:
    """The relations of all tables that do not hold with what is shown."""
    return frozenset(
        relation
        for table in result["tables"]
        for relation, gap in gaps_of(result, layout_of(result, table, schema)).items()
        if gap
    )


def _gap(relation: Relation, cells: Mapping[str, Json], table: str) -> Decimal | None:
    sides = []
    for slots in (relation.total, relation.parts):
        found = [cells[slot.removeprefix(f"{table}.")] for slot in slots]
        states = [State(cell["state"]) for cell in found]
        if any(state is not State.NUMBER and state not in _NOTHING for state in states):
            return None
        numbers = [
            Decimal(str(cell["value"]))
            for cell, state in zip(found, states, strict=True)
            if state is State.NUMBER
        ]
        if slots is relation.total and not numbers:
            return None
        sides.append(sum(numbers, Decimal(0)))
    return sides[0] - sides[1]
