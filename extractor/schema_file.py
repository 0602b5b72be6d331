"""The shape of a schema file, as it is written; `schema_parser` makes the form of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelledPart(Part):
    id: str
    label: str
    aliases: list[str] = []
    group: str | None = None


class ColumnPart(LabelledPart):
    kind: Literal["count", "signed", "amount"] = "count"
    unit: str | None = None


class GroupPart(Part):
    label: str
    over: list[str] = []


class BlockPart(Part):
    caption: str | None = None
    stub: str | None = None
    transposed: bool = False
    column_groups: list[str | GroupPart] = []
    row_groups: list[str | GroupPart] = []
    columns: list[ColumnPart]
    rows: list[LabelledPart]
    extra_rows: list[str] = []


class LayoutPart(Part):
    editions: list[str]
    omit_rows: list[str] = []
    blocks: list[BlockPart]


class TablePart(Part):
    layouts: dict[str, LayoutPart]


class RelationPart(Part):
    table: str
    name: str
    each: Literal["row", "column"]
    parts: list[str] | Literal["rest"]
    total: list[str]
    sides: tuple[str, str]
    english: tuple[str, str] | None = None
    except_: list[str] = Field([], alias="except")
    broken: float = Field(0.001, gt=0, lt=1)


class StatementPart(Part):
    figure: str
    scopes: list[str | None]
    sums: list[list[str]]


class SeriesPart(Part):
    label: str
    slots: list[str]


class PlotPart(Part):
    label: str
    english: str
    shares: bool = False
    series: list[SeriesPart]


class EditionPart(Part):
    notice: str
    years: tuple[int, int | None]


class SchemaFile(Part):
    id: str
    caption_prefixes: list[str] = []
    version: int
    editions: dict[str, EditionPart]
    headings: list[LabelledPart]
    tables: dict[str, TablePart]
    relations: list[RelationPart]
    years: list[RelationPart] = []
    statements: list[StatementPart] = []
    plots: list[PlotPart] = []
    figures: dict[str, Any]


def groups_of(groups: Sequence[str | GroupPart]) -> list[GroupPart]:
    """Groups of which some are written as their label alone."""
    return [GroupPart(label=group) if isinstance(group, str) else group for group in groups]
