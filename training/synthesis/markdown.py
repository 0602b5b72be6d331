"""Markdown inputs: pipe tables, whose cells have no spans."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from training.synthesis.form import Table, place
from training.synthesis.prose import Prose
from training.synthesis.report import Report, Title


def md_tables(report: Report, rng: Random) -> bytes:
    """One table each, spans forgotten: a row holds the cells that begin in it, then empty ones."""
    return _document(report, lambda table: _lines(_short_rows(table), table.columns))


def md_fragments(report: Report, rng: Random) -> bytes:
    """Every table in pieces, with empty lines between them and a delimiter row in each."""

    def lines(table: Table) -> list[str]:
        rows = _short_rows(table)
        cuts = sorted(rng.sample(range(1, len(rows)), k=min(3, len(rows) - 1)))
        result: list[str] = []
        for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
            piece = rows[start:end]
            result += [*_lines(piece, max(len(row) for row in piece)), ""]
        return result

    return _document(report, lines)


def md_expanded(report: Report, rng: Random) -> bytes:
    """Rectangular tables: merged cells repeat their text, or leave all but the first empty."""
    repeats = rng.random() < 0.5

    def lines(table: Table) -> list[str]:
        grid = [[""] * table.columns for _ in table.rows]
        for cell in place(table):
            for row in range(cell.row, cell.row + cell.entry.row_span):
                for column in range(cell.column, cell.column + cell.entry.column_span):
                    begins = (row, column) == (cell.row, cell.column)
                    grid[row][column] = cell.entry.text if begins or repeats else ""
        return _lines(grid, table.columns)

    return _document(report, lines)


def _short_rows(table: Table) -> list[list[str]]:
    return [[entry.text for entry in row] for row in table.rows]


def _lines(rows: list[list[str]], columns: int) -> list[str]:
    """Pipe rows padded to `columns` cells, the delimiter row after the first."""
    lines = []
    for i, row in enumerate(rows):
        cells = [text.replace("|", "\\|") for text in row] + [""] * (columns - len(row))
        lines.append("| " + " | ".join(cells) + " |")
        if i == 0:
            lines.append("|" + " --- |" * columns)
    return lines


def _document(report: Report, table_lines: Callable[[Table], list[str]]) -> bytes:
    lines: list[str] = []
    for part in report.body():
        if isinstance(part, Table):
            lines += table_lines(part)
        elif isinstance(part, Title):
            lines += [f"# {line}" for line in part.lines]
        elif isinstance(part, Prose):
            lines.append(part.text)
        else:
            lines.append(f"## {part.text}")
        lines.append("")
    return "\n".join(lines).encode()
