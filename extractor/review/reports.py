"""How lists over many reports show each: whose it is, the way to it, and what it is worth."""

from __future__ import annotations

from collections.abc import Sequence

from extractor.export.json import finding_of
from extractor.review.listing import Cell, choice_filter, with_query
from extractor.review.visitor import Visitor
from extractor.review.words import Say, cell_status_words, finding_words, status_words
from extractor.schema import Schema
from extractor.service.tables import Document
from extractor.service.value_tables import FindingRow
from extractor.types import CellStatus, Status, Verdict

VERDICT_TAG = {
    Verdict.REPORTED: "reported",
    Verdict.MISREAD: "doubt",
    Verdict.UNDECIDED: "open",
}
CELL_TAG = {CellStatus.FLAGGED: "doubt", CellStatus.REVIEWED: "good", CellStatus.ACCEPTED: "open"}
STATUS_TAG = {
    Status.ACCEPTED: "good",
    Status.NEEDS_REVIEW: "doubt",
    Status.PARTIAL: "doubt",
    Status.FAILED: "bad",
}


def cell_status(status: str, say: Say) -> Cell:
    """What a value is worth, as a tag."""
    known = CellStatus(status)
    return Cell(cell_status_words(known, say), tag=CELL_TAG[known])


def row_words(finding: FindingRow, schema: Schema, say: Say) -> str:
    """A finding in words."""
    names = ("relation", "verdict", "message", "expected", "found")
    told = {name: getattr(finding, name) for name in names}
    found = finding_of(told | {"cells": finding.cells or ()})
    return finding_words(found, schema, say)


def report_status(document: Document, say: Say) -> Cell:
    """What a report's extraction is worth, as a tag; a dash where there is none."""
    if document.status is None:
        return Cell("—")
    known = Status(document.status)
    return Cell(status_words(known, say), tag=STATUS_TAG[known])


def body_cell(visitor: Visitor, document: Document) -> Cell:
    """Whose report it is, with the way to all of its reports."""
    name = document.organization
    if name is None:
        return Cell(visitor.say("（未识别）", "(unknown)"), note=document.name)
    return Cell(name, href=visitor.page("organizations", name))


def year_text(document: Document) -> str:
    return "—" if document.year is None else str(document.year)


def place_of(visitor: Visitor, document: Document, at: str) -> str:
    """The review page of a document, at something in it."""
    return with_query(visitor.page("documents", document.id), at=at)


def year_filter(visitor: Visitor, years: Sequence[int], chosen: int | None) -> None:
    """A filter by the year of the report."""
    choices = {str(year): str(year) for year in years}
    if chosen is not None:
        choices.setdefault(str(chosen), str(chosen))
    shown = None if chosen is None else str(chosen)
    any_words = visitor.say("全部", "All")
    choice_filter("year", visitor.say("报告年度", "Year"), choices, shown, any_words)
