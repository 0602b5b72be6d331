"""Decisions and what was done to documents, in words."""

from __future__ import annotations

from typing import Any

import pytest

from extractor.review.trail_words import Told, TrailWords
from extractor.schema import load_schema
from extractor.service.tables import Review

SLOT = "requests.new_received.total"
WORDS = TrailWords(load_schema(), {"k1": "李四，办公室"}, lambda chinese, english: chinese)
CELL = {"value": "12", "state": "number", "unit": None, "status": "flagged", "probability": 0.8432}


def review(subject: str, before: Any, after: Any, action: str = "value") -> Review:
    return Review(slot=subject, before=before, after=after, action=action)


def test_cells_are_told_with_how_sure_anybody_was() -> None:
    decision = review(SLOT, CELL, {"value": None, "state": "blank", "unit": None}, "state")
    about = Told("一、本年新收政府信息公开申请数量 × 总计", "三、收到和处理政府信息公开申请情况")
    assert WORDS.subject(SLOT, decision.before) == about
    assert WORDS.before(decision) == Told("12", "需复核，可信度 84.32%")
    assert WORDS.after(decision) == Told("空白")
    assert WORDS.action(decision) == "更正内容"
    same = review(SLOT, {"state": "missing"}, {"state": "missing"}, "state")
    assert WORDS.action(same) == "确认无误"


def test_what_was_decided_at_once_is_told_at_once() -> None:
    gone = {"value": None, "state": "missing", "unit": None}
    act = [review(slot, gone, gone, "state") for slot in (SLOT, "requests.granted.total")]
    title = "三、收到和处理政府信息公开申请情况"
    assert WORDS.about(act) == Told("一、本年新收政府信息公开申请数量 × 总计 等 2 格", title)
    assert WORDS.about(act[:1]) == WORDS.subject(SLOT)


def test_a_sum_is_told_with_the_cells_that_were_reviewed_by_confirming_it() -> None:
    relation = "disputes.reconsideration.row_sum"
    finding = {"expected": "8", "found": "3", "verdict": "undecided", "message": "", "cells": {}}
    seen = {"value": "3", "state": "number", "unit": None, "finding": f"findings.{relation}"}
    slots = ("disputes.reconsideration.upheld", "disputes.reconsideration.total")
    act = [
        review(f"findings.{relation}", finding, {"confirmed": True}, "confirmed"),
        *(review(slot, CELL, seen, "reviewed") for slot in slots),
    ]
    about = WORDS.about(act)
    assert about.text == "勾稽问题，及其 2 格"
    assert about.note == "“行政复议”部分：各项之和为 8，总计为 3，相差 5；其中：结果维持、总计"
    assert WORDS.action(act[1]) == "随勾稽问题核定"
    assert WORDS.after(act[1]) == Told("3", "核实“行政复议”部分时核定")


def test_figures_are_told_with_their_units() -> None:
    before = {"key": "applications_received", **CELL, "unit": "件"}
    del before["state"]
    decision = review("figures.3", before, {"value": None, "unit": None, "is_stated": False})
    assert WORDS.subject("figures.3", before) == Told("收到政府信息公开申请", "#3")
    assert WORDS.before(decision).text == "12 件"
    assert WORDS.after(decision) == Told("正文无此数据")


def test_the_report_is_told_by_whose_it_is() -> None:
    named = {"organization": "东湾市民政局", "year": 2024}
    decision = review("report", {"organization": None, "year": 2024}, named, "report")
    assert WORDS.before(decision) == Told("（未识别），2024")
    assert WORDS.after(decision) == Told("东湾市民政局，2024")
    assert WORDS.after(review("report", named, None)) == Told("恢复为识别结果")


@pytest.mark.parametrize(
    ("key_id", "told"),
    [
        ("k1", Told("李四，办公室", "k1")),
        ("gone", Told("gone")),
        ("retention", Told("到期自动删除")),
        (None, Told("本机命令")),
    ],
)
def test_people_have_names(key_id: str | None, told: Told) -> None:
    assert WORDS.who(key_id) == told


def test_codes_of_later_versions_stand_for_themselves() -> None:
    assert WORDS.event("translated") == "translated"
    assert WORDS.action(review(SLOT, CELL, CELL, "doubted")) == "doubted"
    assert WORDS.subject("requests.abolished.total", CELL) == Told("requests.abolished.total")
    assert WORDS.cell(None) == Told("（无此单元格）")
