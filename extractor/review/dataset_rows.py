"""Rows of the database in, rows of a listing out: cells, key figures, findings of all reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from extractor.review.listing import Cell, Column
from extractor.review.reports import (
    VERDICT_TAG,
    body_cell,
    cell_status,
    place_of,
    row_words,
    year_text,
)
from extractor.review.slot_words import (
    SlotWords,
    number_text,
    signed_text,
    table_titles,
    value_text,
)
from extractor.review.visitor import Visitor
from extractor.review.words import (
    Say,
    chance_text,
    confirmed_words,
    exactness_words,
    scope_words,
    verdict_words,
)
from extractor.schema import Schema
from extractor.service.answers import figure_subject, finding_subject
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
        _column(say, "机关", "Organisation", "organization", head=True, words=10),
        _column(say, "年度", "Year", "year"),
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
            tails = [_finding(visitor, *row, schema) for row in rows]
    heads: list[Tail] = [
        [body_cell(visitor, document), year_text(document)] for _, document in rows
    ]
    return columns, [[*head, *tail] for head, tail in zip(heads, tails, strict=True)]


def _column(say: Say, chinese: str, english: str, *names: str, **looks: Any) -> Column:
    """A column of the page; its header says by which names programs find it in files."""
    listed = say("、", ", ").join(names)
    title = say(f"导出列名：{listed}", f"in files: {listed}")
    return Column(say(chinese, english), title=title, **looks)


def _cell_columns(say: Say) -> list[Column]:
    return [
        _column(say, "表", "Table", "table", words=9),
        _column(say, "行", "Row", "row", words=18),
        _column(say, "列", "Column", "column", words=8),
        _column(say, "数值或内容", "Value or state", "value", "state", number=True),
        _column(say, "复核状态", "Status", "status"),
        _column(say, "可信度", "Probability", "probability", number=True),
        _column(say, "原文", "Document", "page"),
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
        _column(say, "指标", "Figure", "key", "label", words=10),
        _column(say, "数值", "Value", "value", number=True),
        _column(say, "单位", "Unit", "unit"),
        _column(say, "精确程度", "Exactness", "exactness"),
        _column(say, "范围", "Scope", "scope"),
        _column(say, "复核状态", "Status", "status"),
        _column(say, "可信度", "Probability", "probability", number=True),
        _column(say, "原文", "Document", "page"),
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
        exactness_words(exactness, say),
        "" if scope is None else scope_words(scope, say),
        cell_status(figure.status, say),
        chance_text(figure.probability, 2),
        _way(visitor, document, figure_subject(figure.number), figure.page),
    ]


def _finding_columns(say: Say) -> list[Column]:
    return [
        _column(say, "何处对不上", "What does not add up", "relation", "message", words=18),
        _column(say, "判断", "Verdict", "verdict"),
        _column(say, "对照值", "Set against", "expected", number=True),
        _column(say, "所载值", "Stated", "found", number=True),
        Column(say("差额", "Difference"), number=True),
        _column(say, "原文", "Document", "page"),
    ]


def _finding(visitor: Visitor, finding: FindingRow, document: Document, schema: Schema) -> Tail:
    say, verdict = visitor.say, Verdict(finding.verdict)
    expected, found = finding.expected, finding.found
    gap = None if expected is None or found is None else Decimal(found) - Decimal(expected)
    return [
        Cell(
            row_words(finding, schema, say),
            note=confirmed_words(finding.is_confirmed, finding.comment, say),
        ),
        Cell(verdict_words(verdict, say), tag=VERDICT_TAG[verdict]),
        number_text(expected),
        number_text(found),
        "—" if gap is None else signed_text(gap),
        _way(visitor, document, finding_subject(finding.relation), None),
    ]
