"""What the token classifier says of labels and values, in the terms of assembling.

How likely pieces of print are the label of a row or column; whether a value is where it belongs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from extractor.schema import Column, Row
from extractor.types import Candidate, Fragment

_SURE, _NEVER, _HALF_SURE = 0.9, 0.05, 0.55
_BEYOND_DOUBT = 0.95
_TRUSTED = 0.95
"""Of the values of a table that it is sure of, those that it must place as they were placed."""
_CONFIRMED, _CONTRADICTED = 0.85, 0.6
"""Anchors: enough to be accepted, but not to blame a broken sum on the report; and flagged."""


def meant_rows(
    fragments: Sequence[Fragment], table: str, rows: Sequence[Row]
) -> NDArray[np.float64] | None:
    """How likely each fragment is (a part of) the label of each row of a table.

    Returns:
        float64 (len(fragments), len(rows)); None if the classifier was not asked.
    """
    if all(fragment.meaning is None for fragment in fragments):
        return None
    result = np.zeros((len(fragments), len(rows)))
    for i, fragment in enumerate(fragments):
        if fragment.meaning is not None:
            label = fragment.meaning.roles.get("label", 0.0)
            known = fragment.meaning.rows
            result[i] = [min(label, known.get(f"{table}.{row.id}", 0.0)) for row in rows]
    return result


def meant_columns(
    stacks: Sequence[Sequence[Fragment]], table: str, columns: Sequence[Column]
) -> NDArray[np.float64] | None:
    """How likely the fragments of each stack together are the header of each column of a table.

    Returns:
        float64 (len(stacks), len(columns)); None if the classifier was not asked.
    """
    if all(fragment.meaning is None for stack in stacks for fragment in stack):
        return None
    result = np.zeros((len(stacks), len(columns)))
    for i, stack in enumerate(stacks):
        sizes = np.array([max(1, len(f.text)) for f in stack], np.float64)
        by_piece = np.array([[_of_column(f, table, column) for column in columns] for f in stack])
        result[i] = sizes @ by_piece / sizes.sum()
    return result


def weighed(candidates: Mapping[str, Candidate]) -> dict[str, Candidate]:
    """The values of a table with their anchors after the classifier was heard on where they belong.

    It confirms an anchor that is more than half sure (the usual order of columns is no more: that
    is what it has learned, too), or contradicts one that is not beyond doubt: a value in the wrong
    row is the worst of errors, because sums do not see it. Where it disagrees about more than a few
    values, as on layouts that it has never seen, it is not heard at all.
    """
    said = {
        slot: (candidate.meaning.rows, candidate.meaning.columns)
        for slot, candidate in candidates.items()
        if candidate.meaning is not None
    }
    is_trusted = []
    for part in (0, 1):
        known = [
            places[part].get(_name(slot, part), 0.0) >= _SURE
            for slot, places in said.items()
            if max(places[part].values(), default=0.0) >= _SURE
        ]
        is_trusted.append(sum(known) >= _TRUSTED * max(1, len(known)))
    result = dict(candidates)
    for slot, (rows, columns) in said.items():
        c = candidates[slot]
        row, column = c.row_anchor, c.column_anchor
        if is_trusted[0]:
            row = _heard(row, rows, _name(slot, 0))
        if is_trusted[1]:
            column = _heard(column, columns, _name(slot, 1))
        result[slot] = replace(c, row_anchor=row, column_anchor=column)
    return result


def _name(slot: str, part: int) -> str:
    table, *names = slot.split(".")
    return f"{table}.{names[part]}"


def _heard(anchor: float, said: Mapping[str, float], name: str) -> float:
    ours = said.get(name, 0.0)
    if ours >= _SURE and anchor >= _HALF_SURE:
        return max(anchor, _CONFIRMED)
    if anchor < _BEYOND_DOUBT and ours <= _NEVER and max(said.values(), default=0.0) >= _SURE:
        return min(anchor, _CONTRADICTED)
    return anchor


def _of_column(fragment: Fragment, table: str, column: Column) -> float:
    if fragment.meaning is None:
        return 0.0
    header = fragment.meaning.roles.get("header", 0.0)
    row, _, name = column.id.rpartition(".")
    said = [fragment.meaning.columns.get(f"{table}.{name}", 0.0)]
    if row:
        said.append(fragment.meaning.rows.get(f"{table}.{row}", 0.0))
    return min(header, *said)
