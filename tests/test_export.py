"""Hand-made extractions out as JSON, CSV and workbooks, and the names of the files."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

import extractor.assemble
from extractor import values
from extractor.errors import InputError, NotAReport, OcrError
from extractor.export import (
    FORMATS,
    result_stems,
    to_csv,
    to_dict,
    to_json,
    to_workbook,
    write_files,
)
from extractor.export.csv import guarded
from extractor.export.json import finding_of
from extractor.export.telling import told
from extractor.export.words import FAILURE, FLAG, SCOPE, VERDICT, failure_words
from extractor.flag import FLAGS
from extractor.run import INTERNAL
from extractor.schema import Layout, load_schema, text_relation
from extractor.types import (
    SEVERAL_REPORTS,
    TABLE_MISSING,
    TABLE_REPEATED,
    Alternative,
    Box,
    Cell,
    CellStatus,
    Evidence,
    Exactness,
    Extraction,
    Failure,
    Figure,
    Finding,
    Question,
    Reading,
    ReportFacts,
    State,
    Status,
    Table,
    Verdict,
)
from training.synthesis.narrative.notation import SCOPES

SCHEMA = load_schema()
ROOT = Path(__file__).parent.parent


def layouts(edition: str, *, single: bool = False) -> list[Layout]:
    result = []
    for table, known in SCHEMA.tables.items():
        fitting = [layout for layout in known if edition in layout.editions]
        result.append(fitting[-1] if single else SCHEMA.default_layout(table, edition))
    return result


def extraction(
    edition: str = "2021", *, single: bool = False, cells: dict[str, Cell] | None = None
) -> Extraction:
    """A result in which the i-th slot of each table has the value i, but for the cells given."""
    tables = []
    for layout in layouts(edition, single=single):
        made = [
            Cell(
                slot.id,
                Reading(str(i), State.NUMBER, Decimal(i), slot.unit),
                CellStatus.ACCEPTED,
                (),
                Evidence(2, Box(0.1, 0.2, 0.3, 0.4)),
                0.999,
            )
            for i, slot in enumerate(layout.slots)
        ]
        chosen = cells or {}
        tables.append(Table(layout.table, True, tuple(chosen.get(c.slot, c) for c in made)))
    return Extraction(
        name="甲县.pdf",
        sha256="ab" * 32,
        media_type="application/pdf",
        pages=3,
        schema=SCHEMA.id,
        facts=ReportFacts(edition, "甲县人民政府", 2024),
        status=Status.NEEDS_REVIEW,
        tables=tuple(tables),
        figures=(
            Figure(
                SCHEMA.figures[0].key,
                Decimal(1200),
                "条",
                Exactness.APPROXIMATE,
                "1200余条",
                "主动公开政府信息1200余条。",
                CellStatus.FLAGGED,
                Evidence(1, Box(0, 0, 1, 1 / 3)),
            ),
        ),
        findings=(
            Finding(
                "requests.granted.row_sum",
                Verdict.REPORTED,
                "the parts add up to 11, printed is 0",
                ("requests.granted.natural_person", "requests.granted.total"),
                Decimal(11),
                Decimal(0),
            ),
        ),
        failures=(Failure("ocr", 4, "the page cannot be rendered", "corrupt_input"),),
        models={"recognition": "cd" * 32},
        seconds={"ocr": 1.23456},
        rotations=(0.0, 90.0, -1.234),
        questions=(Question("figures.0", 0.1234567), Question("report", 0.0)),
    )


def cell(slot: str, reading: Reading, **changes: Any) -> Cell:
    made = Cell(slot, reading, CellStatus.ACCEPTED, (), Evidence(line=7))
    return replace(made, **changes)


# --- JSON --------------------------------------------------------------------------------------


def test_json_has_the_documented_shape() -> None:
    result = json.loads(to_json(extraction()))
    assert list(result) == [
        "format_version",
        "document",
        "report",
        "status",
        "tables",
        "figures",
        "findings",
        "questions",
        "left_out",
        "failures",
        "provenance",
    ]
    assert result["format_version"] == 1
    assert list(result["tables"]) == ["disclosure", "requests", "disputes"]
    assert len(result["tables"]["requests"]["cells"]) == 25 * 7
    found = result["tables"]["requests"]["cells"]["new_received.enterprise"]
    assert list(found) == [
        "value",
        "printed",
        "read",
        "state",
        "unit",
        "annotation",
        "probability",
        "status",
        "flags",
        "alternatives",
        "elsewhere",
        "evidence",
    ]
    assert found["value"] == 1
    assert found["evidence"] == {"page": 2, "box": [0.1, 0.2, 0.3, 0.4]}
    assert result["tables"]["disputes"]["cells"]["reconsideration.upheld"]["value"] == 0
    assert result["figures"][0]["evidence"]["box"] == [0.0, 0.0, 1.0, 0.33333]
    assert result["findings"][0]["expected"] == 11
    assert result["findings"][0]["confirmed"] is False
    assert result["questions"] == [
        {"slot": "figures.0", "settles": 0.123457, "frees": [], "cells": []},
        {"slot": "report", "settles": 0.0, "frees": [], "cells": []},
    ]
    assert result["failures"] == [
        {
            "stage": "ocr",
            "page": 4,
            "reason": "the page cannot be rendered",
            "code": "corrupt_input",
            "table": None,
            "settled": False,
        }
    ]
    assert result["provenance"]["seconds"] == {"ocr": 1.235}
    assert result["document"]["rotations"] == [0.0, 90.0, -1.23]


def test_json_says_everything_about_a_doubtful_cell() -> None:
    slot = "disclosure.fees.amount"
    doubtful = cell(
        slot,
        Reading("25.1万元", State.NUMBER, Decimal("25.1"), "万元", "含滞纳金"),
        status=CellStatus.FLAGGED,
        flags=("low_score",),
        alternatives=(
            Alternative(Decimal(26), State.NUMBER, None, None, "relation"),
            Alternative(None, State.DASH, "/", 0.25, "reader"),
        ),
    )
    found = to_dict(extraction(cells={slot: doubtful}))["tables"]["disclosure"]["cells"]
    assert found["fees.amount"] == {
        "value": 25.1,
        "printed": "25.1万元",
        "read": None,
        "state": "number",
        "unit": "万元",
        "annotation": "含滞纳金",
        "probability": None,
        "status": "flagged",
        "flags": ["low_score"],
        "alternatives": [
            {
                "value": 26,
                "state": "number",
                "printed": None,
                "probability": None,
                "source": "relation",
            },
            {
                "value": None,
                "state": "dash",
                "printed": "/",
                "probability": 0.25,
                "source": "reader",
            },
        ],
        "elsewhere": [],
        "evidence": {"line": 7},
    }


def test_what_was_not_found_has_no_value_and_no_evidence() -> None:
    slot = "disclosure.fees.amount"
    missing = cell(slot, Reading("", State.MISSING), evidence=Evidence())
    found = to_dict(extraction(cells={slot: missing}))["tables"]["disclosure"]["cells"]
    assert found["fees.amount"]["value"] is None
    assert found["fees.amount"]["evidence"] is None


@given(
    st.decimals(
        min_value=-(10**9), max_value=10**9, places=6, allow_nan=False, allow_infinity=False
    )
)
def test_numbers_in_json_are_exact(value: Decimal) -> None:
    slot = "disclosure.fees.amount"
    made = cell(slot, Reading("x", State.NUMBER, value))
    text = to_json(extraction(cells={slot: made}))
    cells = json.loads(text, parse_float=Decimal, parse_int=Decimal)["tables"]["disclosure"]
    assert cells["cells"]["fees.amount"]["value"] == value


def test_characters_that_no_file_can_hold_do_not_stop_the_export() -> None:
    slot = "disclosure.fees.amount"
    odd = cell(slot, Reading("1\ud800\x00\x0b2", State.ILLEGIBLE), status=CellStatus.FLAGGED)
    made = replace(extraction(cells={slot: odd}), name="\udcb1.txt")
    for name, write in FORMATS.items():
        assert write(made, SCHEMA), name


@pytest.mark.parametrize("odd", ["\x00", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_workbooks_have_a_sign_in_place_of_what_they_cannot_hold(odd: str) -> None:
    slot = "disclosure.fees.amount"
    words = cell(slot, Reading(f"无{odd}", State.NOT_APPLICABLE), status=CellStatus.FLAGGED)
    made = extraction(cells={slot: words})
    figure = replace(made.figures[0], sentence=f"公开{odd}12条。", unit=odd)
    facts = replace(made.facts, organization=f"甲{odd}县")
    made = replace(made, name=f"{odd}=1.txt", figures=(figure,), facts=facts)
    sheets = workbook(made)
    assert [row[1].value for row in sheets["概要"].iter_rows(min_row=2, max_row=3)] == [
        "\ufffd=1.txt",
        "甲\ufffd县",
    ]
    assert sheets["关键数据"]["G2"].value == "公开\ufffd12条。"
    shown = [
        one for row in sheets[DISCLOSURE].iter_rows() for one in row if one.value == "无\ufffd"
    ]
    assert "“无\ufffd”" in shown[0].comment.text


def test_the_same_extraction_gives_the_same_bytes() -> None:
    for write in FORMATS.values():
        assert write(extraction(), SCHEMA) == write(extraction(), SCHEMA)


# --- CSV ---------------------------------------------------------------------------------------


def test_csv_has_a_row_a_slot() -> None:
    slot = "disclosure.fees.amount"
    amount = cell(slot, Reading("18.8710", State.NUMBER, Decimal("18.8710"), "万元"))
    rows = list(csv.DictReader(io.StringIO(to_csv(extraction(cells={slot: amount})))))
    assert len(rows) == 10 + 175 + 15
    assert len({row["slot"] for row in rows}) == len(rows)
    by_slot = {row["slot"]: row for row in rows}
    assert by_slot[slot]["value"] == "18.871"
    assert by_slot[slot]["line"] == "7"
    dispute = by_slot["disputes.direct_lawsuit.pending"]
    assert (dispute["table"], dispute["row"], dispute["column"]) == (
        "disputes",
        "direct_lawsuit",
        "pending",
    )
    assert dispute["organization"] == "甲县人民政府"
    assert dispute["label"].startswith("未经复议直接起诉")
    assert dispute["box"] == "0.10000 0.20000 0.30000 0.40000"


def test_csv_opens_in_excel_as_unicode() -> None:
    assert FORMATS["csv"](extraction(), SCHEMA).startswith(b"\xef\xbb\xbfdocument,")


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3+cmd", "@SUM(A1)", "\t=1", " =1", "＝1", "\r=1"]
)
def test_csv_never_holds_a_formula(text: str) -> None:
    assert guarded(text) == f"'{text}"
    slot = "disclosure.fees.amount"
    made = extraction(cells={slot: cell(slot, Reading(text, State.ILLEGIBLE))})
    rows = {row["slot"]: row for row in csv.DictReader(io.StringIO(to_csv(made), newline=""))}
    assert rows[slot]["printed"] == f"'{text}"


@pytest.mark.parametrize("text", ["-", "--", "-167", "+3", "--253", "1,113", "", "无", "－"])
def test_csv_leaves_values_as_printed(text: str) -> None:
    assert guarded(text) == text


# --- workbook ----------------------------------------------------------------------------------


def workbook(made: Extraction) -> dict[str, Worksheet]:
    book = openpyxl.load_workbook(io.BytesIO(to_workbook(made, SCHEMA)))
    return {sheet.title: sheet for sheet in book.worksheets}


def place_of(sheet: Worksheet, text: str) -> str:
    """The range that a text covers, merged or not."""
    (cell,) = [cell for row in sheet.iter_rows() for cell in row if cell.value == text]
    merged = [str(area) for area in sheet.merged_cells.ranges if cell.coordinate in area]
    return merged[0] if merged else str(cell.coordinate)


REQUESTS = "三、收到和处理政府信息公开申请情况"
DISCLOSURE = "二、主动公开政府信息情况"
DISPUTES = "四、政府信息公开行政复议、行政诉讼情况"


def test_workbook_is_laid_out_as_the_form() -> None:
    sheets = workbook(extraction())
    assert list(sheets) == ["概要", DISCLOSURE, REQUESTS, DISPUTES, "勾稽问题", "关键数据"]
    requests = sheets[REQUESTS]
    assert place_of(requests, "申请人情况") == "D2:J2"
    assert place_of(requests, "法人或其他组织") == "E3:I3"
    assert place_of(requests, "自然人") == "D3:D4"
    assert place_of(requests, "总计") == "J3:J4"
    assert place_of(requests, "商业企业") == "E4"
    assert place_of(requests, "一、本年新收政府信息公开申请数量") == "A5:C5"
    assert place_of(requests, "三、本年度办理结果") == "A7:A28"
    assert place_of(requests, "（一）予以公开") == "B7:C7"
    assert place_of(requests, "（三）不予公开") == "B9:B16"
    assert place_of(requests, "（六）其他处理") == "B25:B27"
    assert place_of(requests, "（七）总计") == "B28:C28"
    assert place_of(requests, "四、结转下年度继续办理") == "A29:C29"
    assert requests.freeze_panes == "D5"
    disputes = sheets[DISPUTES]
    assert place_of(disputes, "行政复议") == "A2:E2"
    assert place_of(disputes, "行政诉讼") == "F2:O2"
    assert place_of(disputes, "复议后起诉") == "K3:O3"
    assert place_of(sheets[DISCLOSURE], "本年收费金额（单位：万元）") == "B14:D14"


def test_workbook_of_the_older_edition_has_one_row_for_other_outcomes() -> None:
    sheets = workbook(extraction("2019"))
    assert place_of(sheets[REQUESTS], "（六）其他处理") == "B25:C25"
    assert place_of(sheets[REQUESTS], "三、本年度办理结果") == "A7:A26"
    assert place_of(sheets[DISCLOSURE], "采购总金额（万元）").startswith("C")


def test_a_newer_report_with_one_row_for_other_outcomes_keeps_its_layout() -> None:
    sheets = workbook(extraction("2021", single=True))
    assert place_of(sheets[REQUESTS], "（六）其他处理") == "B25:C25"


@pytest.mark.parametrize("edition", SCHEMA.editions)
def test_workbook_has_every_value_in_its_place(edition: str) -> None:
    made = extraction(edition)
    sheets = workbook(made)
    for table, title in zip(made.tables, (DISCLOSURE, REQUESTS, DISPUTES), strict=True):
        sheet = sheets[title]
        numbers = [c.value for row in sheet.iter_rows() for c in row if isinstance(c.value, int)]
        assert numbers == list(range(len(table.cells)))


def test_workbook_says_what_stands_in_each_kind_of_cell() -> None:
    readings = {
        "made": Reading("", State.BLANK),
        "repealed": Reading("-", State.DASH),
        "in_force": Reading("=1+1", State.NOT_APPLICABLE),
    }
    cells = {
        f"disclosure.regulations.{column}": cell(f"disclosure.regulations.{column}", reading)
        for column, reading in readings.items()
    }
    fees = "disclosure.fees.amount"
    cells[fees] = cell(fees, Reading("18.8710", State.NUMBER, Decimal("18.8710"), "万元"))
    sheet = workbook(extraction(cells=cells))[DISCLOSURE]
    blank, dash, words = sheet["B4"], sheet["C4"], sheet["D4"]
    assert blank.value is None
    assert dash.value == "-"
    assert (words.value, words.data_type) == ("=1+1", "s")
    amount = sheet["B15"]
    assert Decimal(str(amount.value)) == Decimal("18.871")
    assert amount.number_format == "0.000"


def test_workbook_marks_doubtful_cells_and_says_why() -> None:
    slot = "requests.granted.total"
    doubtful = cell(
        slot,
        Reading("l0", State.NUMBER, Decimal(10), flags=("confusable",)),
        status=CellStatus.FLAGGED,
        flags=("confusable", "relation_broken"),
        alternatives=(Alternative(Decimal(16), State.NUMBER, None, None, "relation"),),
        evidence=Evidence(3, None),
    )
    missing = cell(
        "requests.granted.other",
        Reading("", State.MISSING),
        status=CellStatus.FLAGGED,
        flags=("missing",),
        evidence=Evidence(),
    )
    made = extraction(cells={slot: doubtful, missing.slot: missing})
    sheet = workbook(made)[REQUESTS]
    marked = sheet["J7"]
    assert marked.fill.fgColor.rgb == "FFFFE699"
    assert marked.comment is not None
    for words in (FLAG["confusable"], FLAG["relation_broken"], "“l0”", "16", "第 3 页"):
        assert words in marked.comment.text
    assert sheet["I7"].value is None
    assert sheet["I7"].fill.fgColor.rgb != marked.fill.fgColor.rgb
    assert sheet["E7"].comment is None


def test_workbook_marks_sums_that_the_report_breaks() -> None:
    sheet = workbook(extraction())[REQUESTS]
    marked = [
        cell for row in sheet.iter_rows() for cell in row if cell.fill.fgColor.rgb == "FFDDEBF7"
    ]
    assert marked
    for cell in marked:
        assert cell.comment is not None
        assert cell.comment.text.startswith(VERDICT[Verdict.REPORTED])
        assert "“（一）予以公开”一行：各项之和为 11，总计为 0，相差 11" in cell.comment.text


def test_scopes_have_words() -> None:
    assert set(SCOPE) == SCOPES


def test_workbook_lists_summary_findings_and_figures() -> None:
    made = extraction()
    absent = replace(made.tables[2], is_present=False)
    sheets = workbook(replace(made, tables=(*made.tables[:2], absent)))
    summary = {row[0].value: row[1].value for row in sheets["概要"].iter_rows(min_row=2)}
    assert summary["公开机关"] == "甲县人民政府"
    assert summary["报告年度"] == 2024
    assert summary["未找到的表"] == DISPUTES
    assert summary["处理失败"] == "第 4 页：内容不完整或已损坏，未能读取"
    assert place_of(sheets[DISPUTES], "文件中未找到本表") == "A2:O2"
    finding = [c.value for c in sheets["勾稽问题"][2]]
    assert finding[:3] == ["报告自身不平衡", 11, 0]
    assert finding[4:] == [
        "“（一）予以公开”一行：各项之和为 11，总计为 0，相差 11",
        "requests.granted.row_sum",
        None,
        None,
    ]
    figure = [c.value for c in sheets["关键数据"][2]]
    assert figure[:4] == [SCHEMA.figures[0].label, 1200, "条", "约数"]


def test_workbook_says_which_findings_are_confirmed() -> None:
    made = extraction()
    seen = replace(made.findings[0], is_confirmed=True, comment="原件如此")
    header, row = workbook(replace(made, findings=(seen,)))["勾稽问题"].iter_rows(max_row=2)
    assert [one.value for one in header[-2:]] == ["核实", "附注"]
    assert [one.value for one in row[-2:]] == ["已核实", "原件如此"]


# --- findings in words -------------------------------------------------------------------------


def broken(relation: str, *cells: str, expected: str = "61", found: str = "62") -> Finding:
    numbers = Decimal(expected), Decimal(found)
    return Finding(relation, Verdict.UNDECIDED, "in English", cells, *numbers)


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (
            broken("requests.denied_state_secret.row_sum"),
            "“（三）不予公开 · 1.属于国家秘密”一行：各项之和为 61，总计为 62，相差 1",
        ),
        (
            broken("requests.total_handled.enterprise"),
            "“法人或其他组织 · 商业企业”一列：办理结果各项之和为 61，（七）总计为 62，相差 1",
        ),
        (
            broken("requests.balance.natural_person", expected="7", found="4.50"),
            "“自然人”一列：本年新收与上年结转之和为 7，办理总计与结转下年度之和为 4.5，相差 2.5",
        ),
        (
            broken("requests.across_years.total"),
            "“总计”一列：上年报告的结转下年度为 61，本报告的上年结转为 62，相差 1",
        ),
        (
            broken("disputes.direct_lawsuit.row_sum"),
            "“未经复议直接起诉”部分：各项之和为 61，总计为 62，相差 1",
        ),
        (
            broken("text.applications_granted", "requests.granted.total"),
            "正文所述“予以公开”为 61，"
            "表中“三、本年度办理结果 · （一）予以公开 · 总计”为 62，相差 1",
        ),
        (
            broken(
                "text.applications_received.handled_including_carried_over",
                *("requests.new_received.total", "requests.carried_over.total"),
            ),
            "正文所述“收到政府信息公开申请（含上年结转）”为 61，"
            "表中“一、本年新收政府信息公开申请数量 · 总计”等 2 格之和为 62，相差 1",
        ),
        (broken("text.lawsuits"), "正文所述“行政诉讼”为 61，表中相应数字为 62，相差 1"),
        (broken("requests.of_another_form.total"), "in English"),
        (replace(broken("requests.granted.row_sum"), found=None), "in English"),
    ],
)
def test_findings_are_told_in_the_words_of_the_form(finding: Finding, words: str) -> None:
    assert told(finding, SCHEMA) == words
    english = told(finding, SCHEMA, "en")
    if words == "in English":
        assert english == words
    else:
        assert "; off by " in english


def test_text_against_tables_is_a_sentence_in_english_too() -> None:
    granted = broken("text.applications_granted", "requests.granted.total")
    assert told(granted, SCHEMA, "en") == (
        "The text says applications granted “予以公开” is 61, the table says "
        "granted × total “三、本年度办理结果 · （一）予以公开 · 总计” is 62; off by 1"
    )
    unknown = told(replace(granted, cells=()), SCHEMA, "en")
    assert unknown == (
        "The text says applications granted “予以公开” is 61, the tables say 62; off by 1"
    )
    both = told(broken("text.applications_received.handled_including_carried_over"), SCHEMA, "en")
    name = "applications received (handled including carried over)"
    assert both.startswith(f"The text says {name} “收到政府信息公开申请（含上年结转）” is 61")


@pytest.mark.parametrize(
    ("relation", "words"),
    [
        ("requests.granted.row_sum", "Row granted “（一）予以公开”: its parts add up to 61"),
        (
            "requests.total_handled.enterprise",
            "Column enterprise “法人或其他组织 · 商业企业”: the outcomes add up to 61, "
            "their total “（七）总计” is 62; off by 1",
        ),
        (
            "disputes.direct_lawsuit.row_sum",
            "Part direct lawsuit “未经复议直接起诉”: its parts add up to 61, its total is 62",
        ),
        (
            "disclosure.regulations.across_years",
            "Row regulations “规章”: in force last year and made this year add up to 61, in force",
        ),
    ],
)
def test_in_english_rows_and_columns_have_english_names_and_their_labels(
    relation: str, words: str
) -> None:
    assert told(broken(relation), SCHEMA, "en").startswith(words)


def test_every_relation_of_the_form_can_be_told() -> None:
    layouts = [layout for layouts in SCHEMA.tables.values() for layout in layouts]
    relations = [one for layout in layouts for one in (*layout.relations, *layout.years)]
    texts = [text_relation(one.figure, scope) for one in SCHEMA.statements for scope in one.scopes]
    slot = layouts[0].slots[0].id
    for relation in [*(one.id for one in relations), *texts]:
        assert told(broken(relation, slot), SCHEMA) != "in English", relation


def test_a_finding_of_a_result_is_the_finding_again() -> None:
    made = replace(broken("requests.granted.row_sum", found="4.5"), is_confirmed=True)
    (item,) = to_dict(replace(extraction(), findings=(made,)))["findings"]
    assert finding_of(item) == made
    del item["confirmed"]  # as results of the first versions
    assert finding_of(item) == replace(made, is_confirmed=False)


# --- names and files ---------------------------------------------------------------------------


def test_names_mirror_the_documents() -> None:
    assert result_stems(["a.pdf", "city/b.txt", "all.zip/甲/c.d.docx"]) == {
        "a.pdf": "a",
        "city/b.txt": "city/b",
        "all.zip/甲/c.d.docx": "all.zip/甲/c.d",
    }


def test_documents_that_would_share_a_name_keep_their_suffix() -> None:
    stems = result_stems(["a.pdf", "a.txt", "b/a.pdf", "c.pdf"])
    assert stems == {"a.pdf": "a.pdf", "a.txt": "a.txt", "b/a.pdf": "b/a", "c.pdf": "c"}
    assert result_stems(["c.pdf", "b/a.pdf", "a.txt", "a.pdf"]) == stems


def test_names_that_differ_in_case_only_do_not_overwrite_each_other() -> None:
    stems = result_stems(["a.pdf", "A.PDF", "a.pdf.txt"])
    assert len({stem.casefold() for stem in stems.values()}) == 3


_PART = st.text(st.sampled_from("ab.AéØ/\\ :*\x00~甲\udcff"), max_size=8)


@given(st.lists(_PART, unique=True, max_size=8))
def test_names_are_distinct_and_stay_in_the_folder(names: list[str]) -> None:
    stems = result_stems(names)
    assert set(stems) == set(names)
    assert len({stem.casefold() for stem in stems.values()}) == len(names)
    for stem in stems.values():
        assert not stem.startswith("/")
        for part in stem.split("/"):
            assert part not in ("", ".", "..")
            assert not re.search(r'[\x00-\x1f\\:*?"<>|]', part)
            part.encode()


def test_long_and_hostile_names_are_made_safe() -> None:
    long = ["报" * 300 + ".pdf", "报" * 300 + "告.pdf"]
    stems = result_stems([*long, "../../etc/passwd", "/etc/shadow", "con.txt", "..\\x.pdf"])
    assert all(len(stem.encode()) < 250 for stem in stems.values())
    assert len(set(stems.values())) == 6
    assert stems["../../etc/passwd"] == "etc/passwd"
    assert stems["/etc/shadow"] == "etc/shadow"
    assert stems["..\\x.pdf"] == "x"
    assert stems["con.txt"] == "_con"


def test_files_replace_older_ones_and_leave_nothing_beside(tmp_path: Path) -> None:
    (tmp_path / "甲").mkdir()
    (tmp_path / "甲" / "a.json").write_bytes(b"old")
    paths = write_files({"json": b"new", "csv": b"1"}, tmp_path, "甲/a")
    assert [path.read_bytes() for path in paths] == [b"new", b"1"]
    assert sorted(path.name for path in (tmp_path / "甲").iterdir()) == ["a.csv", "a.json"]


def test_a_file_that_cannot_be_written_leaves_nothing_half_done(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    with pytest.raises(OSError):
        write_files({"json": b"new"}, tmp_path, "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


# --- documentation -----------------------------------------------------------------------------


def flag_codes() -> set[str]:
    """All codes that the code knows: those of `flag`, and those that readings are given."""
    folder = Path(extractor.assemble.__file__).parent
    sources = [Path(values.__file__), *folder.glob("*.py")]
    text = "\n".join(path.read_text() for path in sources)
    added = re.findall(r"flags\.add\(\"(\w+)\"\)", text)
    listed = re.findall(r"flags=\(([^()]*)\)", text)
    return {*FLAGS, *added, *re.findall(r"\"(\w+)\"", " ".join(listed))}


def test_every_flag_is_documented_and_has_words() -> None:
    documented = re.findall(r"^### `(\w+)`$", (ROOT / "docs" / "flags.md").read_text(), re.M)
    assert len(documented) == len(set(documented))
    assert set(documented) == set(FLAG)
    assert flag_codes() <= set(FLAG)


def test_every_key_of_the_result_is_documented() -> None:
    text = (ROOT / "docs" / "results.md").read_text()
    result = to_dict(extraction())
    keys = {*result, *result["document"], *result["report"], *result["provenance"]}
    keys -= {"extractor", "models", "seconds"}
    keys |= set(result["tables"]["requests"]["cells"]["granted.total"])
    keys |= set(result["questions"][0])
    keys |= {*result["figures"][0], *result["findings"][0], *result["failures"][0]}
    assert {key for key in keys if f"`{key}`" not in text} == set()


def test_every_failure_is_told_in_the_forms_words() -> None:
    errors = [InputError, OcrError, *InputError.__subclasses__()]
    codes = {one.code for one in errors if one is not NotAReport}  # that is none of a part
    codes |= {TABLE_MISSING, TABLE_REPEATED, SEVERAL_REPORTS, INTERNAL}
    assert set(FAILURE) == codes
    titles = {"disputes": "四、行政复议"}
    missing = Failure("assemble", None, "not found", TABLE_MISSING, "disputes")
    assert failure_words(missing, titles) == "文件中未找到“四、行政复议”"
    assert failure_words(Failure("ocr", 2, "broken"), titles) == "第 2 页：broken"
