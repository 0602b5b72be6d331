"""Deviations in the rows, the spans and the order of the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random

from training.synthesis.deviations.deviation import Change, Deviation, around
from training.synthesis.form import TABLE_IDS, Entry, Kind, Row, Table, split_table
from training.synthesis.prose import Prose
from training.synthesis.report import Heading, Part, Report

_NOTES = (
    "注：各项数据统计截止到本年12月31日。",
    "（说明：表中数据为本机关及所属单位合计数）",
    "填表说明：没有发生的填“0”，金额保留两位小数。",
    "单位：件、万元",
)


def _captions_missing(report: Report, rng: Random) -> Report:
    only_first = rng.random() < 0.5

    def change(table: Table) -> Table:
        captions = [row for row in table.rows if row[0].kind is Kind.CAPTION]
        dropped = captions[:1] if only_first else captions
        return replace(table, rows=tuple(row for row in table.rows if row not in dropped))

    return report.map_tables(change)


def _extra_row(report: Report, rng: Random) -> Report:
    """The row 其他主动公开文件 in block （一）, which is no slot of the form."""

    def change(table: Table) -> Table:
        rows: list[Row] = []
        for row in table.rows:
            rows.append(row)
            if row[0].row == "normative_documents":
                counts = (
                    Entry(str(rng.randrange(1, 90)), Kind.VALUE, entry.column_span)
                    for entry in row[1:]
                )
                label = Entry("其他主动公开文件", Kind.LABEL, row[0].column_span)
                rows.append((label, *counts))
        return replace(table, rows=tuple(rows))

    return report.map_tables(change)


def _some(places: Sequence[int], rng: Random) -> set[int]:
    """About half of the places, at least one where there is any."""
    return {i for i in places if rng.random() < 0.5} or set(rng.sample(places, min(1, len(places))))


def _stray_cells(report: Report, rng: Random) -> Report:
    """Rows of table 二 end in an empty cell, which the form merges with the last value."""

    def change(table: Table) -> Table:
        if table.id != "disclosure":
            return table
        places = [i for i, row in enumerate(table.rows) if row[-1].column_span > 1]
        chosen = _some(places, rng)
        rows = []
        for i, row in enumerate(table.rows):
            if i in chosen:
                kept = rng.randrange(1, row[-1].column_span)
                empty = Entry("", Kind.NOTE, row[-1].column_span - kept)
                row = (*row[:-1], replace(row[-1], column_span=kept), empty)
            rows.append(row)
        return replace(table, rows=tuple(rows))

    return report.map_tables(change)


def _spans_uneven(report: Report, rng: Random) -> Report:
    """Rows of table 二 share the width out otherwise, each in its own way."""

    def change(table: Table) -> Table:
        if table.id != "disclosure":
            return table
        places = [i for i, row in enumerate(table.rows) if 1 < len(row) < table.columns]
        chosen = _some(places, rng)
        return replace(
            table,
            rows=tuple(
                _respread(row, table.columns, rng) if i in chosen else row
                for i, row in enumerate(table.rows)
            ),
        )

    return report.map_tables(change)


def _respread(row: Row, columns: int, rng: Random) -> Row:
    """The row with other spans than it has."""
    spans = [entry.column_span for entry in row]
    while spans == [entry.column_span for entry in row]:
        edges = [0, *sorted(rng.sample(range(1, columns), len(row) - 1)), columns]
        spans = [end - start for start, end in pairwise(edges)]
    return tuple(replace(entry, column_span=span) for entry, span in zip(row, spans, strict=True))


def _split(*, repeats_header: bool) -> Change:
    """Table 三, or the first where that is missing, in two or three tables."""

    def change(report: Report, rng: Random) -> Report:
        ids = [table.id for table in report.tables() if table.id is not None]
        chosen = "requests" if "requests" in ids else next(iter(ids), None)

        def divide(part: Part) -> tuple[Part, ...]:
            if not isinstance(part, Table) or part.id != chosen:
                return (part,)
            header = _header(part)
            places = range(len(header) + 1, len(part.rows))
            cuts = rng.sample(places, k=min(rng.choice((1, 1, 2)), len(places)))
            first, *others = split_table(part, tuple(cuts), repeat=False)
            if not repeats_header:
                return (first, *others)
            return (first, *(replace(piece, rows=(*header, *piece.rows)) for piece in others))

        return around(report, divide)

    return change


def _header(table: Table) -> tuple[Row, ...]:
    """The rows before the first that holds a value."""
    for i, row in enumerate(table.rows):
        if any(entry.kind is Kind.VALUE for entry in row):
            return table.rows[:i]
    return table.rows


def _headers_over_rows(report: Report, rng: Random) -> Report:
    """Long headers of table 三 are broken over two rows of the table: 商业, 企业 below it."""

    def change(table: Table) -> Table:
        header = _header(table)
        if table.id != "requests" or len(header) < 3:
            return table
        *above, last = header
        upper = [
            replace(entry, text=entry.text[: len(entry.text) // 2])
            if len(entry.text) > 3
            else replace(entry, row_span=2)
            for entry in last
        ]
        lower = [
            replace(entry, text=entry.text[len(entry.text) // 2 :])
            for entry in last
            if len(entry.text) > 3
        ]
        # Cells that reach down to the last row of the header reach one further now.
        taller = [
            tuple(
                replace(entry, row_span=entry.row_span + 1)
                if i + entry.row_span == len(header)
                else entry
                for entry in row
            )
            for i, row in enumerate(above)
        ]
        rows = (*taller, tuple(upper), tuple(lower), *table.rows[len(header) :])
        return replace(table, rows=rows)

    return report.map_tables(change)


def _note_in_table(report: Report, rng: Random) -> Report:
    """A row of its own for a note, at the top or at the bottom of one table."""
    note, at_top = rng.choice(_NOTES), rng.random() < 0.4
    chosen = rng.choice([table for table in report.tables() if table.id in TABLE_IDS])

    def change(table: Table) -> Table:
        if table is not chosen:
            return table
        row = (Entry(note, Kind.NOTE, column_span=table.columns),)
        return replace(table, rows=(row, *table.rows) if at_top else (*table.rows, row))

    return report.map_tables(change)


def _tables_reordered(report: Report, rng: Random) -> Report:
    """The disputes table before the requests table, each with its heading."""
    sections: dict[str, list[Part]] = {}
    head: list[Part] = []
    current = head
    order = []
    for part in report.parts:
        if isinstance(part, Heading):
            current = sections.setdefault(part.section, [])
            order.append(part.section)
        current.append(part)
    if "requests" in order and "disputes" in order:
        i, j = order.index("requests"), order.index("disputes")
        order[i], order[j] = order[j], order[i]
    return replace(report, parts=(*head, *(part for name in order for part in sections[name])))


def _table_missing(report: Report, rng: Random) -> Report:
    """One table stands only in an attachment, be it in one piece or in several."""
    chosen = rng.choice([table for table in report.tables() if table.id is not None])
    pieces = [table for table in report.tables() if table.id == chosen.id]
    note = Prose("详见附件。")

    def drop(part: Part) -> tuple[Part, ...]:
        if part is pieces[0]:
            return (note,)
        return () if any(part is piece for piece in pieces) else (part,)

    lost = tuple(slot for piece in pieces for slot in piece.slots())
    return replace(around(report, drop), missing=(*report.missing, *lost))


STRUCTURE: Mapping[str, Deviation] = {
    "table_split": Deviation(_split(repeats_header=False), weight=0.04),
    "table_split_repeated": Deviation(_split(repeats_header=True), weight=0.03),
    "captions_missing": Deviation(_captions_missing, weight=0.05),
    "extra_row": Deviation(_extra_row, weight=0.02),
    "spans_uneven": Deviation(_spans_uneven, weight=0.05),
    "stray_cells": Deviation(_stray_cells, weight=0.05),
    # Rare: in the fixtures only.
    "headers_over_rows": Deviation(_headers_over_rows),
    "note_in_table": Deviation(_note_in_table, weight=0.03),
    "tables_reordered": Deviation(_tables_reordered, weight=0.01),
    "table_missing": Deviation(_table_missing, changes_values=True, weight=0.02),
}
