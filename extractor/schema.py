"""The form as typed objects, loaded from a file in `schemas/` and cross-checked at start.

A `Layout` is one printed shape of a table: blocks with printed columns and rows, each pair of which
is a slot `table.row.column`. Relations (勾稽关系) are expanded to slots per layout. Nothing in the
code knows a table, a row or a label by name; a new form is a new file.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from importlib import resources

import yaml
from pydantic import ValidationError

from extractor.errors import SchemaError
from extractor.figure_keys import FigureKey, parse_figure_keys
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

LAST = "last:"
TEXT = "text"
"""What stands first in the id of a relation between a key figure and the tables: `text.KEY`."""


@dataclass(frozen=True, slots=True)
class Label:
    """A printed label: `text` as on the official form, `variants` with all its other wordings."""

    text: str
    variants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One printed column. `kind` is "count", "signed" or "amount"; `unit` None for counts."""

    id: str
    label: Label
    kind: str
    unit: str | None
    group: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One printed row; `label` is None where the form prints none (a transposed block)."""

    id: str
    label: Label | None
    group: str | None


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the table `table` under a header of its own.

    `furniture` holds everything that is printed around the values and is neither the label of a row
    nor of a column: captions, stubs, spanning headers, group labels, known extra rows. `caption`
    and `stub` are those of it that stand above the block and above its row labels. `column_paths`
    and `row_paths` have for each column and row the groups that it is printed under, outermost
    first.
    """

    table: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    furniture: tuple[Label, ...]
    extra_rows: tuple[Label, ...]
    caption: str | None = None
    stub: str | None = None
    column_paths: tuple[tuple[str, ...], ...] = ()
    row_paths: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """One value of the form, `id` is `table.row.column`."""

    id: str
    table: str
    label: str
    kind: str
    unit: str | None


class Axis(StrEnum):
    """What of a printed table a relation runs along; a group of columns in a transposed block."""

    ROW = "row"
    COLUMN = "column"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Wording:
    """How to tell of a relation: the label of what it runs along, and what its parts and its total
    are called there."""

    axis: Axis
    label: str
    parts: str
    total: str


class RelationKind(StrEnum):
    """What a relation compares: cells of one row, of one column, what comes in with what goes out,
    this year with the last one, or the text with the tables."""

    ROW = "row"
    COLUMN = "column"
    BALANCE = "balance"
    YEARS = "years"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Relation:
    """`sum(parts) == sum(total)` over slot ids; `broken` is how often a report does not keep it.

    A slot of last year's report begins with `LAST`. What it is called is no part of what it says,
    and so of no digest of the form.
    """

    id: str
    parts: tuple[str, ...]
    total: tuple[str, ...]
    broken: float = 0.001
    wording: Wording | None = field(default=None, repr=False)

    @property
    def slots(self) -> tuple[str, ...]:
        return self.parts + self.total

    @property
    def kind(self) -> RelationKind:
        if any(slot.startswith(LAST) for slot in self.slots):
            return RelationKind.YEARS
        if len(self.total) > 1:
            return RelationKind.BALANCE
        rows = {slot.rpartition(".")[0] for slot in self.slots}
        return RelationKind.ROW if len(rows) == 1 else RelationKind.COLUMN


@dataclass(frozen=True, slots=True)
class Statement:
    """A key figure of the text, in one of these scopes, is one of these sums of slots."""

    figure: str
    scopes: tuple[str | None, ...]
    sums: tuple[tuple[str, ...], ...]


def text_relation(key: str, scope: str | None) -> str:
    """What a finding is called that compares a figure of the text with the tables: `text.KEY`, or
    `text.KEY.SCOPE` where the text says what it counts."""
    return ".".join((TEXT, key) if scope is None else (TEXT, key, scope))


@dataclass(frozen=True, slots=True)
class Series:
    """What is plotted as one: the sum of these slots."""

    label: str
    slots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """What is shown of all reports together, by year; `is_share`: as shares of what its series are
    together. `english` is the label for those who do not read the form's language."""

    label: str
    english: str
    is_share: bool
    series: tuple[Series, ...]

    @property
    def slots(self) -> tuple[str, ...]:
        return tuple(slot for series in self.series for slot in series.slots)


@dataclass(frozen=True, slots=True)
class Layout:
    """One printed shape of a table with its slots (in printed order) and relations; `years` are
    those with last year's report of the same body."""

    table: str
    id: str
    editions: tuple[str, ...]
    blocks: tuple[Block, ...]
    slots: tuple[Slot, ...]
    relations: tuple[Relation, ...]
    years: tuple[Relation, ...] = ()

    def slot_id(self, row: Row, column: Column) -> str:
        return _slot_id(self.table, row.id, column.id)


@dataclass(frozen=True, slots=True)
class Heading:
    id: str
    label: Label


@dataclass(frozen=True, slots=True)
class Schema:
    """One form with all its editions; `scopes` are what a clause may restrict a figure to."""

    id: str
    editions: tuple[str, ...]
    headings: tuple[Heading, ...]
    tables: Mapping[str, tuple[Layout, ...]]
    figures: tuple[FigureKey, ...]
    scopes: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()
    plots: tuple[Plot, ...] = ()

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of value of every slot of every layout."""
        layouts = (layout for layouts in self.tables.values() for layout in layouts)
        return {slot.id: slot.kind for layout in layouts for slot in layout.slots}

    @property
    def labels(self) -> dict[str, str]:
        """The form's own words for every slot of every layout."""
        layouts = (layout for layouts in self.tables.values() for layout in layouts)
        return {slot.id: slot.label for layout in layouts for slot in layout.slots}

    @property
    def relation_kinds(self) -> dict[str, RelationKind]:
        """The kind of every relation of every layout, and of those of the text."""
        layouts = (layout for layouts in self.tables.values() for layout in layouts)
        kinds = {one.id: one.kind for layout in layouts for one in layout.relations + layout.years}
        told = [(one.figure, scope) for one in self.statements for scope in one.scopes]
        return kinds | {text_relation(*one): RelationKind.TEXT for one in told}

    def layout(self, table: str, layout: str) -> Layout:
        return next(found for found in self.tables[table] if found.id == layout)

    def default_layout(self, table: str, edition: str | None) -> Layout:
        """The regular layout of an edition; the last layout listed where the edition is unknown."""
        layouts = self.tables[table]
        return next((layout for layout in layouts if edition in layout.editions), layouts[-1])


@cache
def load_schema(name: str = "government-disclosure") -> Schema:
    """Load and cross-check `schemas/<name>.yaml`.

    Raises:
        SchemaError: the file is missing, is not valid, or contradicts itself.
    """
    file = resources.files("extractor") / "schemas" / f"{name}.yaml"
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SchemaError(f"There is no schema named {name!r}.") from error
    return parse_schema(text)


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


def _slot_id(table: str, row: str, column: str) -> str:
    """The id of a slot; that of last year's if its row or its column begins with LAST."""
    is_last = row.startswith(LAST) or column.startswith(LAST)
    names = (table, row.removeprefix(LAST), column.removeprefix(LAST))
    return LAST * is_last + ".".join(name for name in names if name)


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
                slot = _slot_id(table, row.id, column.id)
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
                        return tuple(_slot_id(table, fixed, column) for column in ids)
                    return tuple(_slot_id(table, row, fixed) for row in ids)

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
    return Wording(axis, " · ".join((*path[1:], member.label)), *relation.sides)


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
