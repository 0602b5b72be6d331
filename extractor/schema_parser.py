"""The text of a schema file in, the form as typed objects out, cross-checked."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import yaml
from pydantic import ValidationError

from extractor.errors import SchemaError
from extractor.figure_keys import parse_figure_keys
from extractor.schema import (
    LAST,
    Axis,
    Block,
    Column,
    Heading,
    Label,
    Layout,
    Plot,
    Relation,
    Row,
    Schema,
    Series,
    Slot,
    Statement,
    Wording,
    slot_id_of,
)
from extractor.schema_checks import check
from extractor.schema_file import (
    BlockPart,
    GroupPart,
    LabelledPart,
    LayoutPart,
    PlotPart,
    RelationPart,
    SchemaFile,
    StatementPart,
    groups_of,
)


def parse_schema(text: str) -> Schema:
    """Turn the text of a schema file into a `Schema`; raises SchemaError as `load_schema` does."""
    try:
        raw = yaml.safe_load(text)
        parsed = SchemaFile.model_validate(raw)
    except (yaml.YAMLError, ValidationError, AttributeError, TypeError) as error:
        raise SchemaError(f"The schema file is not valid: {error}") from error
    tables = {
        table: tuple(
            _layout(table, layout_id, layout, parsed) for layout_id, layout in spec.layouts.items()
        )
        for table, spec in parsed.tables.items()
    }
    figures, scopes = parse_figure_keys(parsed.figures)
    schema = Schema(
        id=parsed.id,
        editions=tuple(parsed.editions),
        headings=tuple(Heading(h.id, _label(h.label, h.aliases)) for h in parsed.headings),
        tables=tables,
        figures=figures,
        scopes=scopes,
        statements=tuple(_statement(one, tables) for one in parsed.statements),
        plots=tuple(_plot(one, tables) for one in parsed.plots),
    )
    check(schema, parsed)
    return schema


def _label(text: str, aliases: Sequence[str] = (), groups: Sequence[str] = ()) -> Label:
    """A label's variants include those after the labels of its groups: both often come out as one
    piece of text. `groups` are outermost first."""
    variants = [text, *aliases]
    prefixes = {"".join(groups[i:]) for i in range(len(groups))}
    variants += [prefix + variant for prefix in sorted(prefixes) for variant in variants]
    return Label(text, tuple(variants))


def _layout(table: str, layout_id: str, spec: LayoutPart, parsed: SchemaFile) -> Layout:
    blocks = []
    slots = []
    for block_spec in spec.blocks:
        block = _block(table, block_spec, spec.omit_rows, parsed.caption_prefixes)
        blocks.append(block)
        for row in block.rows:
            for column in block.columns:
                label = " · ".join(
                    part
                    for part in (
                        row.group,
                        row.label and row.label.text,
                        column.group,
                        column.label.text,
                    )
                    if part
                )
                slot = slot_id_of(table, row.id, column.id)
                slots.append(Slot(slot, table, label, column.kind, column.unit))
    return Layout(
        table=table,
        id=layout_id,
        editions=tuple(spec.editions),
        blocks=tuple(blocks),
        slots=tuple(slots),
        relations=tuple(_relations(table, spec, parsed.relations)),
        years=tuple(_relations(table, spec, parsed.years, is_partial=True)),
    )


def _block(table: str, spec: BlockPart, omitted: Sequence[str], prefixes: Sequence[str]) -> Block:
    rows = [row for row in spec.rows if row.id not in omitted]
    column_groups, row_groups = groups_of(spec.column_groups), groups_of(spec.row_groups)
    groups = [group.label for group in (*column_groups, *row_groups)]
    # A group label whose rows are all omitted is itself the label of the row that replaces them.
    replaced = set() if spec.transposed else {row.label for row in rows}
    furniture = [
        _label(text, (), _groups_above(text, (*column_groups, *row_groups)))
        for text in (spec.stub, *groups)
        if text and text not in replaced
    ]
    if spec.caption:
        furniture.append(_label(spec.caption, [prefix + spec.caption for prefix in prefixes]))
    if spec.transposed:
        columns = tuple(
            Column(
                f"{row.id}.{column.id}",
                _label(column.label, column.aliases),
                column.kind,
                column.unit,
                row.label,
            )
            for row in rows
            for column in spec.columns
        )
        printed_rows: tuple[Row, ...] = (Row("", None, None),)
    else:
        columns = tuple(
            Column(c.id, _label(c.label, c.aliases), c.kind, c.unit, c.group) for c in spec.columns
        )
        plain_rows = [Row(row.id, _label(row.label, row.aliases), row.group) for row in rows]
        printed_rows = tuple(
            replace(plain, label=_label(row.label, row.aliases, _path(plain, row_groups)))
            for row, plain in zip(rows, plain_rows, strict=True)
        )
    return Block(
        table=table,
        columns=columns,
        rows=printed_rows,
        caption=spec.caption,
        stub=spec.stub,
        column_paths=tuple(_path(column, column_groups) for column in columns),
        row_paths=tuple(_path(row, row_groups) for row in printed_rows),
        furniture=tuple(furniture),
        extra_rows=tuple(_label(text) for text in spec.extra_rows),
    )


def _path(member: Row | Column, groups: Sequence[GroupPart]) -> tuple[str, ...]:
    """The labels of the groups that a row or column is printed under, outermost first.

    A row that replaces a group has the group's label and stands where the group would stand.
    """
    above = {name: group.label for group in groups for name in group.over}
    label = member.label.text if member.label else ""
    parent = member.group or above.get(member.id) or above.get(label)
    return () if parent is None else (*_groups_above(parent, groups), parent)


def _groups_above(label: str, groups: Sequence[GroupPart]) -> tuple[str, ...]:
    """The labels of the groups around a group, outermost first."""
    above = {name: group.label for group in groups for name in group.over}
    path: list[str] = []
    while (parent := above.get(label)) is not None and parent not in path:
        path.append(parent)
        label = parent
    return tuple(reversed(path))


def _relations(
    table: str, spec: LayoutPart, relations: list[RelationPart], *, is_partial: bool = False
) -> Iterator[Relation]:
    """Those of a layout; `is_partial`: of the blocks only that have all that is named."""
    for relation in relations:
        if relation.table != table:
            continue
        for block in spec.blocks:
            rows = [row.id for row in block.rows if row.id not in spec.omit_rows]
            columns = [column.id for column in block.columns]
            members = columns if relation.each == "row" else rows
            left_out = {*relation.total, *relation.except_}
            parts = (
                [member for member in members if member not in left_out]
                if relation.parts == "rest"
                else relation.parts
            )
            named = {name.removeprefix(LAST) for name in (*parts, *relation.total)}
            if is_partial and not named <= set(members):
                continue  # this block has none of them
            for fixed in rows if relation.each == "row" else columns:

                def slots(
                    ids: list[str], fixed: str = fixed, relation: RelationPart = relation
                ) -> tuple[str, ...]:
                    if relation.each == "row":
                        return tuple(slot_id_of(table, fixed, column) for column in ids)
                    return tuple(slot_id_of(table, row, fixed) for row in ids)

                name = (
                    f"{fixed}.{relation.name}"
                    if relation.each == "row"
                    else f"{relation.name}.{fixed}"
                )
                yield Relation(
                    f"{table}.{name}",
                    slots(parts),
                    slots(relation.total),
                    relation.broken,
                    _wording(relation, block, fixed),
                )


def _wording(relation: RelationPart, block: BlockPart, fixed: str) -> Wording:
    """The outermost group is left out of the label: it spans most of its block."""
    members: Sequence[LabelledPart]
    if relation.each == "column":
        axis, members, groups = Axis.COLUMN, block.columns, block.column_groups
    elif block.transposed:
        axis, members, groups = Axis.GROUP, block.rows, block.column_groups
    else:
        axis, members, groups = Axis.ROW, block.rows, block.row_groups
    member = next(one for one in members if one.id == fixed)
    path = _path(Row(member.id, _label(member.label), member.group), groups_of(groups))
    label = " · ".join((*path[1:], member.label))
    return Wording(axis, fixed, label, *relation.sides, relation.english)


def _statement(part: StatementPart, tables: Mapping[str, Sequence[Layout]]) -> Statement:
    where = f"Statements of {part.figure}"
    sums = tuple(_fitting(named, tables, where) for named in part.sums)
    return Statement(part.figure, tuple(part.scopes), sums)


def _plot(part: PlotPart, tables: Mapping[str, Sequence[Layout]]) -> Plot:
    series = tuple(
        Series(one.label, _fitting(one.slots, tables, f"Plot {part.label}")) for one in part.series
    )
    return Plot(part.label, part.english, part.shares, series)


def _fitting(
    patterns: Sequence[str], tables: Mapping[str, Sequence[Layout]], where: str
) -> tuple[str, ...]:
    """Slots may be named by a pattern with `*`, for all that fit it in any layout."""
    known = [slot.id for layouts in tables.values() for layout in layouts for slot in layout.slots]
    slots: dict[str, None] = {}
    for pattern in patterns:
        fitting = fnmatch.filter(known, pattern)
        if not fitting:
            raise SchemaError(f"{where}: no slot is {pattern!r}.")
        slots |= dict.fromkeys(fitting)
    return tuple(slots)
