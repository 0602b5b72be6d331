"""All cells of one extraction in long form: one row a slot, for panels and spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal

from extractor import __version__
from extractor.schema import Schema, load_schema
from extractor.types import Box, Cell, Extraction

COLUMNS = (
    "document",
    "sha256",
    "organization",
    "year",
    "edition",
    "table",
    "row",
    "column",
    "slot",
    "label",
    "value",
    "unit",
    "state",
    "printed",
    "annotation",
    "status",
    "flags",
    "probability",
    "page",
    "box",
    "line",
    "extractor",
    "read",
)

_FORMULA = re.compile(r"[\s\x00]*[=+\-@＝＋－＠]|[\t\r\n]")
_HARMLESS = re.compile(r"[+\-－]*[0-9０-９.,]*")


def to_csv(extraction: Extraction, schema: Schema | None = None) -> str:
    """The table with its header; to be written with a byte order mark, or Excel misreads it.

    `schema` gives the labels; the one that the extraction names if None.
    """
    schema = schema or load_schema(extraction.schema)
    labels = schema.labels
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for table in extraction.tables:
        for cell in table.cells:
            row, _, column = cell.slot.removeprefix(f"{table.id}.").rpartition(".")
            writer.writerow(
                (
                    guarded(extraction.name),
                    extraction.sha256,
                    guarded(extraction.facts.organization or ""),
                    extraction.facts.year,
                    extraction.facts.edition,
                    table.id,
                    row,
                    column,
                    cell.slot,
                    labels.get(cell.slot, ""),
                    plain(cell.reading.value),
                    cell.reading.unit,
                    cell.reading.state.value,
                    guarded(cell.reading.printed),
                    guarded(cell.reading.annotation or ""),
                    cell.status.value,
                    " ".join(cell.flags),
                    cell.probability,
                    *_place(cell),
                    __version__,
                    guarded(cell.read or ""),
                )
            )
    return text.getvalue()


def guarded(text: str) -> str:
    """Text that no spreadsheet runs as a formula: an apostrophe before what looks like one.

    Dashes and signed numbers, which many cells of the form hold, do no harm and stay as printed.
    """
    return f"'{text}" if _FORMULA.match(text) and not _HARMLESS.fullmatch(text) else text


def plain(value: Decimal | None) -> str:
    """The exact number without exponent and without zeros after its last decimal."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _place(cell: Cell) -> tuple[int | None, str, int | None]:
    evidence = cell.evidence
    return evidence.page, "" if evidence.box is None else _corners(evidence.box), evidence.line


def _corners(box: Box) -> str:
    return " ".join(f"{corner:.5f}" for corner in (box.x0, box.y0, box.x1, box.y1))
