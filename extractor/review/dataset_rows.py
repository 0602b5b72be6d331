"""Rows of the database in, rows of a listing out: cells, key figures, findings of all reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from extractor.export.words import EXACTNESS, SCOPE
from extractor.review.listing import Cell, Column
from extractor.review.reports import VERDICT_TAG, body_cell, cell_status, place_of, year_text
from extractor.review.slot_words import (
    SlotWords,
    number_text,
    signed_text,
    table_titles,
    value_text,
)
from extractor.review.visitor import Visitor
from extractor.review.words import Say, chance_text, verdict_words
from extractor.schema import Schema
from extractor.service.answers import figure_subject
from extractor.service.dataset import Content
from extractor.service.tables import Document
from extractor.service.value_tables import CellRow, FigureRow, FindingRow
from extractor.types import Exactness, State, Verdict

Tail = list[Cell | str]


def shown(
    visitor: Visitor,
    content: Content,
    rows: Sequence[tuple[Any, Document]],
    schema: Schema,
    words: Mapping[str, SlotWords],
) -> tuple[list[Column], list[Tail]]:
    """Columns and rows of a listing; `words` are those of the slots."""
    say = visitor.say
    columns = [
        Column(say("机关", "Organisation"), head=True, words=10),
        Column(say("年度", "Year")),
    ]
    match content:
        case Content.CELLS:
            columns += _cell_columns(say)
            titles = table_titles(schema)
            tails = [_cell(visitor, *row, words, titles) for row in rows]
        case Content.FIGURES:
            columns += _figure_columns(say)
            labels = {key.key: key.label for key in schema.figures}
            tails = [_figure(visitor, *row, labels) for row in rows]
        case Content.FINDINGS:
            columns += _finding_columns(say)
            tails = [_finding(visitor, *row) for row in rows]
    heads: list[Tail] = [
        [body_cell(visitor, document), year_text(document)] for _, document in rows
    ]
    return columns, [[*head, *tail] for head, tail in zip(heads, tails, strict=True)]


def _cell_columns(say: Say) -> list[Column]:
    return [
        Column(say("表", "Table"), words=9),
        Column(say("行", "Row"), words=18),
        Column(say("列", "Column"), words=8),
        Column(say("数值或内容", "Value or state"), number=True),
        Column(say("复核状态", "Status")),
        Column(say("可信度", "Probability"), number=True),
        Column(say("原文", "Document")),
    ]


def _cell(
    visitor: Visitor,
    cell: CellRow,
    document: Document,
    words: Mapping[str, SlotWords],
    titles: Mapping[str, str],
) -> Tail:
    say = visitor.say
    # Slots of another edition of the form than there is now have no words.
    its = words.get(cell.slot) or SlotWords(cell.slot.partition(".")[0], cell.slot, "")
    return [
        titles.get(its.table, its.table),
        its.row,
        its.column,
        value_cell(cell.value, cell.state, say),
        cell_status(cell.status, say),
        chance_text(cell.probability, 2),
        _way(visitor, document, cell.slot, cell.page),
    ]


def value_cell(value: str | None, state: str, say: Say, note: str = "") -> Cell:
    """A number, or what stands instead of one, which looks otherwise."""
    look = "" if state == State.NUMBER else "quiet"
    return Cell(value_text(value, state, say), look=look, note=note)


def _way(visitor: Visitor, document: Document, at: str, page: int | None) -> Cell:
    say = visitor.say
    text = say("查看", "Look") if page is None else say(f"第 {page} 页", f"Page {page}")
    return Cell(text, href=place_of(visitor, document, at))


def _figure_columns(say: Say) -> list[Column]:
    return [
        Column(say("指标", "Figure"), words=10),
        Column(say("数值", "Value"), number=True),
        Column(say("单位", "Unit")),
        Column(say("精确程度", "Exactness")),
        Column(say("范围", "Scope")),
        Column(say("复核状态", "Status")),
        Column(say("可信度", "Probability"), number=True),
        Column(say("原文", "Document")),
    ]


def _figure(
    visitor: Visitor, figure: FigureRow, document: Document, labels: Mapping[str, str]
) -> Tail:
    say = visitor.say
    exactness, scope = Exactness(figure.exactness), figure.scope
    return [
        labels.get(figure.key, figure.key),
        number_text(figure.value),
        figure.unit or "",
        say(EXACTNESS[exactness], exactness.value),
        "" if scope is None else say(SCOPE.get(scope, scope), scope.replace("_", " ")),
        cell_status(figure.status, say),
        chance_text(figure.probability, 2),
        _way(visitor, document, figure_subject(figure.number), figure.page),
    ]


def _finding_columns(say: Say) -> list[Column]:
    return [
        Column(say("关系", "Relation")),
        Column(say("判断", "Verdict")),
        Column(say("应为", "Expected"), number=True),
        Column(say("实为", "Found"), number=True),
        Column(say("差额", "Difference"), number=True),
        Column(say("原文", "Document")),
    ]


def _finding(visitor: Visitor, finding: FindingRow, document: Document) -> Tail:
    say, verdict = visitor.say, Verdict(finding.verdict)
    expected, found = finding.expected, finding.found
    gap = None if expected is None or found is None else Decimal(found) - Decimal(expected)
    return [
        finding.relation,
        Cell(verdict_words(verdict, say), tag=VERDICT_TAG[verdict]),
        number_text(expected),
        number_text(found),
        "—" if gap is None else signed_text(gap),
        _way(visitor, document, f"findings.{finding.relation}", None),
    ]
