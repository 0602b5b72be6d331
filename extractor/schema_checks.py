"""Whether a schema file agrees with itself: every name that it uses is one that it has."""

from __future__ import annotations

from extractor.errors import SchemaError
from extractor.schema import Schema
from extractor.schema_file import BlockPart, SchemaFile, groups_of


def check(schema: Schema, parsed: SchemaFile) -> None:
    """Refuse a schema that contradicts itself.

    Raises:
        SchemaError: names what is wrong.
    """
    for table, layouts in schema.tables.items():
        for layout in layouts:
            where = f"{table}, layout {layout.id!r}"
            unknown = set(layout.editions) - set(schema.editions)
            if unknown:
                raise SchemaError(f"{where}: unknown editions {sorted(unknown)}.")
            ids = [slot.id for slot in layout.slots]
            if len(set(ids)) != len(ids):
                raise SchemaError(f"{where}: a slot stands twice.")
            names = [relation.id for relation in (*layout.relations, *layout.years)]
            if len(set(names)) != len(names):
                raise SchemaError(f"{where}: two relations have the same id.")
            for relation in layout.relations:
                stray = set(relation.slots) - set(ids)
                if stray:
                    raise SchemaError(f"{where}: {relation.id} names {sorted(stray)}.")
            for slot in layout.slots:
                if (slot.kind == "amount") != (slot.unit is not None):
                    raise SchemaError(f"{where}: {slot.id} must have a unit if it is an amount.")
        for edition in schema.editions:
            if not any(edition in layout.editions for layout in layouts):
                raise SchemaError(f"{table}: edition {edition} has no layout.")
        rows = {
            row.id
            for spec in parsed.tables[table].layouts.values()
            for b in spec.blocks
            for row in b.rows
        }
        for layout_id, spec in parsed.tables[table].layouts.items():
            for block in spec.blocks:
                _check_groups(f"{table}, layout {layout_id!r}", block)
            stray = set(spec.omit_rows) - rows
            if stray:
                raise SchemaError(f"{table}, layout {layout_id!r} omits unknown {sorted(stray)}.")
    for part in parsed.years:
        layouts = schema.tables.get(part.table, ())
        if not any(year.id.split(".").count(part.name) for one in layouts for year in one.years):
            raise SchemaError(f"{part.table}: no block has what {part.name} names for years.")
    stated = [(one.figure, scope) for one in schema.statements for scope in one.scopes]
    if len(set(stated)) != len(stated):
        raise SchemaError("Two statements are about the same figure in the same scope.")
    for statement in schema.statements:
        if statement.figure not in {key.key for key in schema.figures}:
            raise SchemaError(f"Statements name the unknown figure {statement.figure!r}.")
        unscoped = set(statement.scopes) - {None, *schema.scopes}
        if unscoped:
            raise SchemaError(f"Statements of {statement.figure}: unknown scopes {unscoped}.")
    named = {relation.table for relation in (*parsed.relations, *parsed.years)}
    stray_tables = named - set(schema.tables)
    if stray_tables:
        raise SchemaError(f"Relations name unknown tables {sorted(stray_tables)}.")


def _check_groups(where: str, block: BlockPart) -> None:
    """Groups must be known, listed from the outside in, and nothing may stand under two of them."""
    for members, groups in (
        (block.columns, groups_of(block.column_groups)),
        (block.rows, groups_of(block.row_groups)),
    ):
        labels = [group.label for group in groups]
        inner = [name for group in groups for name in group.over]
        known = {*labels, *(member.id for member in (*block.rows, *block.columns))}
        if set(inner) - known:
            raise SchemaError(f"{where}: a group stands over unknown {sorted(set(inner) - known)}.")
        if len(set(inner)) != len(inner):
            raise SchemaError(f"{where}: something stands under two groups.")
        stray = {member.group for member in members if member.group} - set(labels)
        if stray:
            raise SchemaError(f"{where}: there are no groups {sorted(stray)}.")
        for i, group in enumerate(groups):
            if set(group.over) & set(labels[: i + 1]):
                raise SchemaError(
                    f"{where}: {group.label!r} must be listed before what it is over."
                )
