"""Fragments to candidates: which printed value belongs to which slot, and how well that is known.

Where positions mean something, values go to slots by place (`geometric`), elsewhere by order
(`sequential`); a table of a text input is assembled both ways and the better anchored one is kept
(`ways`). What neither finds may be known by meaning (`by_meaning`).
All layouts of a table compete, and the one whose labels fit best says which edition was printed.
Arithmetic plays no part here: sums cannot see exchanged or shifted rows.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor.assemble.geometric import Assembled
from extractor.assemble.left_out import left_out, with_doubts, without_slot
from extractor.assemble.meant import weighed
from extractor.assemble.ways import assemble_layout
from extractor.labels import keys, similarities
from extractor.schema import Label, Layout, Schema
from extractor.types import Fragment, LeftOut, Role, Sheet, SheetKind, TableReading

_MIN_PRESENT = 0.15
_TELLING_CHARS = 4
_SAME_LABEL = 0.95
_MIN_REPEATED = 3
_MIN_VALUES = 10
_WORD_CHARS = 6
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Assembly:
    """What was assembled from a document.

    `edition` is None if no table tells it. `sheets` is the part of the document that was read;
    `extra_reports` counts further reports in the same file, which were not. `repeated` names tables
    that the report prints more than once, such as for the county and for the office alone;
    `left_out` are rows in the tables that the form does not have.
    """

    edition: str | None
    tables: tuple[TableReading, ...]
    sheets: tuple[Sheet, ...]
    extra_reports: int = 0
    repeated: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def assemble(sheets: Sequence[Sheet], schema: Schema, known: Sequence[Label]) -> Assembly:
    """Find the tables of the form among the fragments of a document.

    Args:
        sheets: in document order, with roles.
        schema: the form.
        known: every label of the form (see `classify.known_labels`).

    Returns:
        One reading for every table of the schema, absent ones included.
    """
    reports = split_reports(sheets, schema)
    sheets = reports[0]
    sure = [_sure_prose(sheet) for sheet in sheets]
    best = {
        table: max(
            (assemble_layout(sure, layout, known) for layout in layouts),
            key=lambda found: found.score,
        )
        for table, layouts in schema.tables.items()
    }
    present = {table: found for table, found in best.items() if _is_present(found)}
    edition = _edition(present)
    tables = []
    for table in schema.tables:
        found = present.get(table)
        layout = found.layout if found else schema.default_layout(table, edition)
        tables.append(
            TableReading(
                table=table,
                layout=layout.id,
                is_present=found is not None,
                candidates={s: (c,) for s, c in weighed(found.candidates).items()} if found else {},
                regions=found.regions if found else {},
            )
        )
    repeated = tuple(t for t, found in present.items() if _is_repeated(sheets, found.layout))
    rest = without_slot(sheets, tables, schema)
    doubted = tuple(with_doubts(tables, rest))
    return Assembly(edition, doubted, sheets, len(reports) - 1, repeated, left_out(rest))


def _sure_prose(sheet: Sheet) -> Sheet:
    """The sheet of a page without what only looks like running text, which would end the table that
    it stands in: the grain of a desk read as Latin letters is left out, and a short word with a
    speck behind it, level with labels or values, is a label."""
    if sheet.kind is not SheetKind.PAGE:
        return sheet
    cells = [f.box for f in sheet.fragments if f.box and f.role in (Role.LABEL, Role.VALUE)]
    fragments = []
    for f in sheet.fragments:
        if f.role is Role.PROSE:
            if not _HAN.search(f.text):
                continue
            if len(f.text) <= _WORD_CHARS and any(
                f.box and box.overlap_y(f.box) > 0.5 * f.box.height for box in cells
            ):
                f = replace(f, role=Role.LABEL)
        fragments.append(f)
    return replace(sheet, fragments=tuple(fragments))


def _is_repeated(sheets: Sequence[Sheet], layout: Layout) -> bool:
    """Whether most rows of a table that have a telling label are labelled in two places.

    A merged cell that was written out repeats its label within one row; that is one place.
    """
    labels = [
        row.label
        for block in layout.blocks
        for row in block.rows
        if row.label is not None and len(keys(row.label.text)[1]) >= _TELLING_CHARS
    ]
    places: dict[int, set[tuple[int, float]]] = {i: set() for i in range(len(labels))}
    for s, sheet in enumerate(sheets):
        pieces = [f for f in sheet.fragments if f.role is Role.LABEL]
        table = similarities([f.text for f in pieces], labels)
        for n, (f, row) in enumerate(zip(pieces, table, strict=True)):
            if row.max(initial=0.0) >= _SAME_LABEL:
                where = f.row if f.row is not None else f.box.center_y if f.box else n
                places[int(row.argmax())].add((s, where))
    found = [len(where) for where in places.values() if where]
    return len(found) >= _MIN_REPEATED and sum(n > 1 for n in found) > 0.5 * len(found)


def _is_present(found: Assembled) -> bool:
    return len(found.candidates) >= max(1.0, _MIN_PRESENT * len(found.layout.slots)) or (
        found.score >= 0.5 * len(found.layout.blocks[0].columns) and len(found.candidates) > 0
    )


def _edition(present: dict[str, Assembled]) -> str | None:
    """The edition that most tables can be: the first table that fits only one decides."""
    editions = [found.layout.editions for found in present.values()]
    for names in editions:
        if len(names) == 1:
            return names[0]
    return editions[0][0] if editions else None


_TITLE = re.compile(r"年度报告|工作报告|年报")


def split_reports(sheets: Sequence[Sheet], schema: Schema) -> list[tuple[Sheet, ...]]:
    """Cut a file that holds several reports; one report gives one part.

    A report ends where the first table or what stands before it is headed again, with the heading
    of the last table and values in between. A table of contents has headings without values.
    """
    order = [heading.id for heading in schema.headings]
    headings = [heading.label for heading in schema.headings]
    tables = list(schema.tables)
    first_table, last_table = order.index(tables[0]), order.index(tables[-1])
    flat = [(s, i, f) for s, sheet in enumerate(sheets) for i, f in enumerate(sheet.fragments)]
    cuts: list[int] = []
    values = 0
    seen: dict[int, int] = {}
    for n, (_, _, f) in enumerate(flat):
        values += f.role is Role.VALUE
        if f.role is not Role.HEADING:
            continue
        which = int(similarities([f.text], headings)[0].argmax())
        again = which in seen and last_table in seen and values - seen[which] >= _MIN_VALUES
        if again and which <= first_table:
            cuts.append(_title_before(flat, n))
            seen.clear()
        seen[which] = values
    if not cuts:
        return [tuple(sheets)]
    bounds = [0, *cuts, len(flat)]
    parts = []
    for start, stop in itertools.pairwise(bounds):
        kept = {(s, i) for s, i, _ in flat[start:stop]}
        parts.append(
            tuple(
                replace(
                    sheet,
                    fragments=tuple(f for i, f in enumerate(sheet.fragments) if (s, i) in kept),
                )
                for s, sheet in enumerate(sheets)
            )
        )
    return parts


def _title_before(flat: Sequence[tuple[int, int, Fragment]], n: int) -> int:
    """The title that opens the report whose first heading is number `n`, or that heading."""
    for back in range(n - 1, max(0, n - 60), -1):
        f = flat[back][2]
        if len(f.text) < 40 and _TITLE.search(f.text):
            return back
    return n
