"""Other ways to lay a table out than the form's: with rows and columns in one block, or turned.

Offices lay tables out anew: the cases of a block that the form prints in one line stand below each
other, blocks with a header each share one, or what the form prints down is printed across. The
slots stay the same; only where their labels stand differs.
"""

from __future__ import annotations

from dataclasses import replace

from extractor.schema import Column, Label, Layout, Row


def united(layout: Layout) -> Layout:
    """The table in one block, its cases down, each row and column once.

    A crossing of a row and a column need not be a slot of the form.
    """
    rows: dict[str, Row] = {}
    columns: dict[str, Column] = {}
    for block in layout.blocks:
        for row in block.rows:
            if row.label is not None:
                rows.setdefault(row.id, row)
        for column in block.columns:
            case, _, name = column.id.rpartition(".")
            if case and column.group:
                rows.setdefault(case, Row(case, Label(column.group, (column.group,)), None))
            columns.setdefault(name, replace(column, id=name, group=None if case else column.group))
    block = replace(
        layout.blocks[0],
        rows=tuple(rows.values()),
        columns=tuple(columns.values()),
        furniture=tuple(dict.fromkeys(f for block in layout.blocks for f in block.furniture)),
        extra_rows=tuple(dict.fromkeys(f for block in layout.blocks for f in block.extra_rows)),
        column_paths=(),
        row_paths=(),
    )
    return replace(layout, blocks=(block,))


def turned(layout: Layout) -> Layout:
    """A table in one block with its rows across and its columns down."""
    (block,) = layout.blocks
    kinds = {slot.id: slot.kind for slot in layout.slots}
    columns = []
    for row in block.rows:
        own = {kinds.get(layout.slot_id(row, column)) for column in block.columns}
        kind = next((kind for kind in ("amount", "signed") if kind in own), "count")
        if row.label is not None:
            columns.append(Column(row.id, row.label, kind, None, row.group))
    rows = tuple(Row(column.id, column.label, column.group) for column in block.columns)
    block = replace(block, rows=rows, columns=tuple(columns), extra_rows=())
    return replace(layout, blocks=(block,), is_turned=True)
