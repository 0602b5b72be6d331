"""Markdown inputs: pipe tables, whose cells have no spans."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from training.synthesis.form import Table, place
from training.synthesis.prose import Prose
from training.synthesis.report import Closing, Report, Title
from training.synthesis.skins import SKINS, Skin
from training.synthesis.splits import Split


def md_tables(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """One table each, spans forgotten: a row holds the cells that begin in it, then empty ones."""
    return _document(
        report, lambda table: _lines(_short_rows(table), table.columns, SKINS[split]), SKINS[split]
    )


def md_fragments(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """Every table in pieces, with empty lines between them and a delimiter row in each."""

    def lines(table: Table) -> list[str]:
        rows = _short_rows(table)
        cuts = sorted(rng.sample(range(1, len(rows)), k=min(3, len(rows) - 1)))
        result: list[str] = []
        for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
            piece = rows[start:end]
            result += [*_lines(piece, max(len(row) for row in piece), SKINS[split]), ""]
        return result

    return _document(report, lines, SKINS[split])


def md_expanded(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """Rectangular tables: merged cells repeat their text, or leave all but the first empty."""
    repeats = rng.random() < 0.5

    def lines(table: Table) -> list[str]:
        grid = [[""] * table.columns for _ in table.rows]
        for cell in place(table):
            for row in range(cell.row, cell.row + cell.entry.row_span):
                for column in range(cell.column, cell.column + cell.entry.column_span):
                    begins = (row, column) == (cell.row, cell.column)
                    grid[row][column] = cell.entry.text if begins or repeats else ""
        return _lines(grid, table.columns, SKINS[split])

    return _document(report, lines, SKINS[split])


def _short_rows(table: Table) -> list[list[str]]:
    return [[entry.text for entry in row] for row in table.rows]


def _lines(rows: list[list[str]], columns: int, skin: Skin) -> list[str]:
    """Pipe rows padded to `columns` cells, the delimiter row after the first."""
    lines = []
    for i, row in enumerate(rows):
        cells = [text.replace("|", "\\|").replace("\n", "<br>") for text in row] + [""] * (
            columns - len(row)
        )
        lines.append("| " + " | ".join(cells) + " |")
        if i == 0:
            lines.append("|" + f" {skin.delimiter} |" * columns)
    return lines


def _document(report: Report, table_lines: Callable[[Table], list[str]], skin: Skin) -> bytes:
    lines: list[str] = []
    for part in report.body():
        if isinstance(part, Table):
            lines += table_lines(part)
        elif isinstance(part, Title):
            lines += [f"# {line}" for line in part.lines]
        elif isinstance(part, Prose):
            lines.append(part.text)
        elif isinstance(part, Closing):
            lines += part.lines
        else:
            lines.append(skin.markdown_heading.format(part.text))
        lines.append("")
    return "\n".join(lines).encode()
