"""How likely pieces of print are the labels of rows and columns, by what the classifier says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from extractor.schema import Column, Row
from extractor.types import Fragment

_WORDS = ("heading", "caption", "header", "group", "label", "note")
_LEAST_ROLE = 0.5


def is_meant_as_label(fragment: Fragment) -> bool:
    """Whether the classifier takes it for words of the form rather than a value or running text."""
    if fragment.meaning is None:
        return False
    return sum(fragment.meaning.roles.get(role, 0.0) for role in _WORDS) >= _LEAST_ROLE


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


def _of_column(fragment: Fragment, table: str, column: Column) -> float:
    if fragment.meaning is None:
        return 0.0
    header = fragment.meaning.roles.get("header", 0.0)
    row, _, name = column.id.rpartition(".")
    said = [fragment.meaning.columns.get(f"{table}.{name}", 0.0)]
    if row:
        said.append(fragment.meaning.rows.get(f"{table}.{row}", 0.0))
    return min(header, *said)
