"""Rows of a table that the form does not have: said, and in no slot."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from extractor import ingest
from extractor.assemble.left_out import left_out, with_doubts
from extractor.engines import Engines
from extractor.export import to_json
from extractor.pipeline import extract
from extractor.readings import from_bytes, to_bytes
from extractor.settings import Settings
from extractor.types import (
    Box,
    Candidate,
    Evidence,
    Extraction,
    LeftOut,
    Reading,
    State,
    TableReading,
)
from tests.conftest import DOCUMENTS

MARKDOWN = DOCUMENTS / "blanks-2021__md_tables.md"
SETTINGS = Settings(token_classifier=False)


def extracted(name: str, content: bytes) -> Extraction:
    return extract(ingest.identify(name, content, SETTINGS), Engines(SETTINGS), SETTINGS)


@pytest.fixture(scope="module")
def plain() -> Extraction:
    return extracted(MARKDOWN.name, MARKDOWN.read_bytes())


def test_rows_of_the_form_are_not_left_out(plain: Extraction) -> None:
    assert plain.reading.left_out == ()


def test_a_row_of_another_kind_is_said_to_be_left_out(plain: Extraction) -> None:
    lines = MARKDOWN.read_text("utf-8").splitlines()
    at = next(i for i, line in enumerate(lines) if "2.重复申请" in line)
    lines.insert(at, "| 9.网上投诉平台转来件 | 4 | 0 | 0 | 1 |  |  | 5 |  |  |")
    found = extracted("more.md", "\n".join(lines).encode())
    (row,) = found.reading.left_out
    assert (row.table, row.label) == ("requests", "9.网上投诉平台转来件")
    assert row.values == ("4", "0", "0", "1", "5")
    assert row.evidence == Evidence(line=at + 1)
    # The rows around it say what they said.
    tables = [[(c.slot, c.reading) for c in t.cells] for t in found.tables]
    assert tables == [[(c.slot, c.reading) for c in t.cells] for t in plain.tables]
    told = json.loads(to_json(found))["left_out"]
    assert told == [
        {
            "table": "requests",
            "label": row.label,
            "values": list(row.values),
            "evidence": {"line": at + 1},
        }
    ]
    assert from_bytes(to_bytes(found)).reading.left_out == (row,)


def test_a_row_that_some_reports_add_is_said_too() -> None:
    path = DOCUMENTS / "extra-row-2019__docx_blocks.docx"
    (row,) = extracted(path.name, path.read_bytes()).reading.left_out
    shown = replace(row, evidence=Evidence())
    assert shown == LeftOut("disclosure", "其他主动公开文件", ("70", "76", "37"), Evidence())


@pytest.mark.parametrize(("height", "doubted"), [(0.655, True), (0.70, False)])
def test_an_empty_row_beside_one_without_a_name_is_weak(height: float, doubted: bool) -> None:
    """The label 规章 had lost a character, and a line of the label below was taken for its row."""

    def row(name: str, y: float, reading: Reading) -> dict[str, tuple[Candidate, ...]]:
        place = Evidence(page=1, box=Box(0.4, y, 0.5, y + 0.01))
        slots = [f"disclosure.{name}.{column}" for column in ("made", "repealed", "in_force")]
        return {s: (Candidate(s, reading, 1.0, 0.75, 1.0, place, "empty"),) for s in slots}

    two = Reading("2", State.NUMBER, Decimal(2))
    candidates = row("regulations", height, Reading("", State.BLANK))
    candidates |= row("normative_documents", 0.66, two)
    table = TableReading("disclosure", "2021", True, candidates, {})
    label = Evidence(page=1, box=Box(0.1, 0.63, 0.2, 0.64))
    left = LeftOut("disclosure", "章", ("0", "0", "0"), label)
    assert left_out([left]) == ()  # what is left of a label names no row
    (found,) = with_doubts([table], [left])
    anchors = {first.row_anchor for first, *_ in found.candidates.values()}
    assert anchors == ({0.3, 0.75} if doubted else {0.75})
    assert found.candidates["disclosure.normative_documents.made"][0].row_anchor == 0.75
    elsewhere = replace(left, evidence=replace(label, page=2))
    assert with_doubts([table], [elsewhere]) == [table]
