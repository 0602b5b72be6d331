"""All reports as one table in long form: one row a slot, a key figure or a finding.

Rows are read from the results as they are now, decisions included, one report after the other in
the order of their arrival, so that any number of reports needs the memory of one.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

from extractor.errors import StoreError
from extractor.export.dataset import Column, Kind, Row
from extractor.export.words import (
    CELL_STATUS,
    EXACTNESS,
    FLAG,
    SCOPE,
    STATE,
    STATUS,
    VERDICT,
)
from extractor.schema import Schema
from extractor.service.generations import models_digest
from extractor.service.tables import Document
from extractor.types import Status

log = logging.getLogger(__name__)

Result = Mapping[str, Any]


class Content(StrEnum):
    CELLS = "cells"
    FIGURES = "figures"
    FINDINGS = "findings"


_REPORT = (
    Column("document_id", Kind.TEXT, "id of the document in this service · 文档编号"),
    Column("document", Kind.TEXT, "name of the uploaded file · 文件名"),
    Column("sha256", Kind.TEXT, "of the uploaded bytes · 文件校验值"),
    Column("organization", Kind.TEXT, "whose report it is, as read · 公开机关"),
    Column("year", Kind.COUNT, "that the report is about · 报告年度"),
    Column("edition", Kind.TEXT, "of the form: 2019 or 2021 · 表式版本"),
    Column(
        "document_status",
        Kind.TEXT,
        "accepted, needs_review or partial; failed where its result is damaged · 提取状态",
        STATUS,
    ),
)
_SOURCE = (
    Column("page", Kind.COUNT, "on which it stands, from 1; empty for text files · 页码"),
    Column(
        "box", Kind.TEXT, "x0 y0 x1 y1 in fractions of the upright page, from its top left · 位置"
    ),
    Column("line", Kind.COUNT, "on which it stands in a text file · 行号"),
)
_PROVENANCE = (
    Column("extracted_at", Kind.TIME, "when the report was read · 提取时间"),
    Column("version", Kind.COUNT, "review decisions that the result contains · 复核次数"),
    Column("extractor", Kind.TEXT, "version of the program that read it · 程序版本"),
    Column("models", Kind.TEXT, "stands for the models that read it · 模型"),
)
COLUMNS: Mapping[Content, Sequence[Column]] = {
    Content.CELLS: (
        *_REPORT,
        Column("table", Kind.TEXT, "disclosure, requests or disputes · 表"),
        Column("row", Kind.TEXT, "id of the row · 行"),
        Column("column", Kind.TEXT, "id of the column · 列"),
        Column("slot", Kind.TEXT, "table.row.column: the same in every report · 单元格"),
        Column("label", Kind.TEXT, "the form's own words for it · 名称"),
        Column("value", Kind.NUMBER, "what the document says; amounts in 万元 · 数值"),
        Column("unit", Kind.TEXT, "of the value, where the document states one · 单位"),
        Column(
            "state",
            Kind.TEXT,
            "number, blank (printed empty, not zero), dash, not_applicable, illegible or missing"
            " · 状态",
            STATE,
        ),
        Column("printed", Kind.TEXT, "the characters as read · 原文"),
        Column("annotation", Kind.TEXT, "what is printed beside the number · 附注"),
        Column("status", Kind.TEXT, "accepted, flagged or reviewed · 复核状态", CELL_STATUS),
        Column("flags", Kind.TEXT, "why it is flagged, codes of docs/flags.md · 存疑原因", FLAG),
        Column(
            "probability", Kind.SHARE, "that value and state are what the document says · 可信度"
        ),
        Column(
            "read", Kind.TEXT, "the characters as first read, if a person put them right · 原识别"
        ),
        *_SOURCE,
        *_PROVENANCE,
    ),
    Content.FIGURES: (
        *_REPORT,
        Column("key", Kind.TEXT, "what the figure is about · 指标"),
        Column("label", Kind.TEXT, "the key in words · 名称"),
        Column("value", Kind.NUMBER, "what the text says · 数值"),
        Column("unit", Kind.TEXT, "of the value · 单位"),
        Column("exactness", Kind.TEXT, "exact, or approximate in a way · 精确程度", EXACTNESS),
        Column("scope", Kind.TEXT, "whose figure it is, where the text says so · 范围", SCOPE),
        Column("printed", Kind.TEXT, "the characters as read · 原文"),
        Column("sentence", Kind.TEXT, "that it stands in · 所在句"),
        Column("status", Kind.TEXT, "accepted, flagged or reviewed · 复核状态", CELL_STATUS),
        Column("flags", Kind.TEXT, "why it is flagged, codes of docs/flags.md · 存疑原因", FLAG),
        Column("probability", Kind.SHARE, "that key and value are what the text says · 可信度"),
        *_SOURCE,
        *_PROVENANCE,
    ),
    Content.FINDINGS: (
        *_REPORT,
        Column("relation", Kind.TEXT, "of the form that does not hold · 勾稽关系"),
        Column("verdict", Kind.TEXT, "reported, misread or undecided · 判断", VERDICT),
        Column("expected", Kind.NUMBER, "what the parts imply, or the text states · 对照值"),
        Column("found", Kind.NUMBER, "what is printed · 所载值"),
        Column("cells", Kind.TEXT, "the slots it is about · 涉及单元格"),
        Column("message", Kind.TEXT, "in words · 说明"),
        Column("confirmed", Kind.TRUTH, "a person says that it is printed so · 已核实"),
        Column("comment", Kind.TEXT, "what that person has noted · 附注"),
        *_PROVENANCE,
    ),
}
"""The columns of each content, in their order: the data dictionary."""


FILTERS: Mapping[Content, Sequence[str]] = {
    Content.CELLS: ("table", "cell_status"),
    Content.FIGURES: ("cell_status",),
    Content.FINDINGS: (),
}
"""What rows can be chosen by, besides their report."""


def rows(
    documents: Iterator[Document],
    result_of: Callable[[Document], tuple[Document, bytes] | None],
    content: Content,
    schema: Schema,
    *,
    table: str | None = None,
    cell_status: str | None = None,
) -> Iterator[list[Row]]:
    """The rows of one report after the other.

    Args:
        documents: which are finished.
        result_of: a document as it is now, and its result as JSON; None if it has been removed.
        content: what a row is.
        schema: gives labels.
        table: only cells of this table.
        cell_status: only cells and figures with this status.

    Yields:
        A list for each report, empty where nothing of it is asked for. One whose result is damaged
        on disk is a row of its own, `failed` and with no values: the others are there all the same,
        and it is not left out unsaid.
    """
    labels = schema.labels | {key.key: key.label for key in schema.figures}
    for document in documents:
        try:
            found = result_of(document)
        except StoreError as error:
            log.error("%s is in the dataset without values: %s", document.name, error)
            yield [_damaged(document, len(COLUMNS[content]))]
            continue
        if found is None:
            continue
        now, data = found
        result = json.loads(data, parse_float=Decimal)
        head, tail = _report(now, result), _provenance(now, result)
        match content:
            case Content.CELLS:
                middles = _cells(result, labels, table, cell_status)
            case Content.FIGURES:
                middles = _figures(result, labels, cell_status)
            case Content.FINDINGS:
                middles = _findings(result)
        yield [(*head, *middle, *tail) for middle in middles]


def _damaged(document: Document, width: int) -> Row:
    about = (document.organization, document.year, None, Status.FAILED.value)
    head = (document.id, document.name, document.sha256, *about)
    return (*head, *[None] * (width - len(head)))


def _report(document: Document, result: Result) -> Row:
    report = result["report"]
    return (
        document.id,
        document.name,
        document.sha256,
        report["organization"],
        report["year"],
        report["edition"],
        result["status"],
    )


def _provenance(document: Document, result: Result) -> Row:
    made_by = result["provenance"]
    digest = models_digest(made_by["models"])
    return document.finished_at, document.version, made_by["extractor"], digest


def _cells(
    result: Result, labels: Mapping[str, str], only: str | None, status: str | None
) -> Iterator[Row]:
    for table, content in result["tables"].items():
        if only is not None and table != only:
            continue
        for name, cell in content["cells"].items():
            if status is not None and cell["status"] != status:
                continue
            slot = f"{table}.{name}"
            row, _, column = name.rpartition(".")
            yield (
                table,
                row,
                column,
                slot,
                labels.get(slot),
                cell["value"],
                cell["unit"],
                cell["state"],
                cell["printed"],
                cell["annotation"],
                cell["status"],
                " ".join(cell["flags"]),
                cell["probability"],
                cell.get("read"),  # results of the first versions do not say
                *_place(cell["evidence"]),
            )


def _figures(result: Result, labels: Mapping[str, str], status: str | None) -> Iterator[Row]:
    for figure in result["figures"]:
        if status is None or figure["status"] == status:
            yield (
                figure["key"],
                labels.get(figure["key"]),
                figure["value"],
                figure["unit"],
                figure["exactness"],
                figure.get("scope"),
                figure["printed"],
                figure["sentence"],
                figure["status"],
                " ".join(figure.get("flags", ())),
                figure["probability"],
                *_place(figure["evidence"]),
            )


def _findings(result: Result) -> Iterator[Row]:
    for finding in result["findings"]:
        yield (
            finding["relation"],
            finding["verdict"],
            finding["expected"],
            finding["found"],
            " ".join(finding["cells"]),
            finding["message"],
            finding.get("confirmed", False),
            finding.get("comment"),
        )


def _place(evidence: Mapping[str, Any] | None) -> Row:
    if not evidence:
        return None, None, None
    box = evidence.get("box")
    corners = None if box is None else " ".join(str(corner) for corner in box)
    return evidence.get("page"), corners, evidence.get("line")
