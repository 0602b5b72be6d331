"""The form as typed objects; `schema_parser` makes them of a file in `schemas/`.

A `Layout` is one printed shape of a table: blocks with printed columns and rows, each pair of which
is a slot `table.row.column`. Relations (勾稽关系) are expanded to slots per layout. Nothing in the
code knows a table, a row or a label by name; a new form is a new file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources

from extractor.errors import SchemaError
from extractor.figure_keys import FigureKey

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
    """How to tell of a relation: id and label of what it runs along, and what its parts and its
    total are called there. `english` is what is said of both, with the verb, to those who do not
    read the form's language; None where the form has no such words."""

    axis: Axis
    id: str
    label: str
    parts: str
    total: str
    english: tuple[str, str] | None = None


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
    those with last year's report of the same body. `is_turned`: what are rows of the slots stands
    across, as columns (see `assemble.arrangements`)."""

    table: str
    id: str
    editions: tuple[str, ...]
    blocks: tuple[Block, ...]
    slots: tuple[Slot, ...]
    relations: tuple[Relation, ...]
    years: tuple[Relation, ...] = ()
    is_turned: bool = False

    def slot_id(self, row: Row, column: Column) -> str:
        names = (column.id, row.id) if self.is_turned else (row.id, column.id)
        return slot_id_of(self.table, *names)


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


def slot_id_of(table: str, row: str, column: str) -> str:
    """The id of a slot; that of last year's if its row or its column begins with LAST."""
    is_last = row.startswith(LAST) or column.startswith(LAST)
    names = (table, row.removeprefix(LAST), column.removeprefix(LAST))
    return LAST * is_last + ".".join(name for name in names if name)


@cache
def load_schema(name: str = "government-disclosure") -> Schema:
    """Load and cross-check `schemas/<name>.yaml`.

    Raises:
        SchemaError: the file is missing, is not valid, or contradicts itself.
    """
    # Imported here: it is made of these types.
    from extractor.schema_parser import parse_schema

    file = resources.files("extractor") / "schemas" / f"{name}.yaml"
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SchemaError(f"There is no schema named {name!r}.") from error
    return parse_schema(text)
