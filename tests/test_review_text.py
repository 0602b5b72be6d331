"""A text as it is shown beside its tables, and where in it a value stands."""

from __future__ import annotations

from typing import Any

import pytest

from extractor import ingest
from extractor.review.text_view import Place, TextView, place_in
from extractor.settings import Settings
from extractor.types import Grid, GridCell, Paragraph


def cell(printed: str, line: int | None, read: str | None = None) -> dict[str, Any]:
    evidence = None if line is None else {"line": line}
    return {"printed": printed, "evidence": evidence, "read": read}


def result(**cells: dict[str, Any]) -> dict[str, Any]:
    return {"tables": {"requests": {"cells": cells}}, "figures": [], "findings": []}


def view_of(name: str, text: str) -> TextView:
    source = ingest.identify(name, text.encode(), Settings())
    return TextView(ingest.read_blocks(source))


def shown(view: TextView, places: list[Place]) -> list[str]:
    texts = {}
    for part in view.parts:
        for one in [part] if "text" in part else [one for row in part["rows"] for one in row]:
            texts[one.get("number")] = one["text"]
    return [texts[place.number][place.start : place.stop] for place in places]


def test_a_table_is_shown_with_its_merged_cells() -> None:
    view = view_of(
        "年报.html",
        "<p>第三节</p><table><tr><td rowspan=2>项目</td><td colspan=2>人数</td></tr>"
        "<tr><td>自然人</td><td>合计</td></tr><tr><td>新收</td><td>5</td><td>7</td></tr></table>",
    )
    paragraph, table = view.parts
    assert (paragraph["text"], paragraph["line"]) == ("第三节", 1)
    shapes = [[(one["text"], one["across"], one["down"]) for one in row] for row in table["rows"]]
    assert shapes == [
        [("项目", 1, 2), ("人数", 2, 1)],
        [("自然人", 1, 1), ("合计", 1, 1)],
        [("新收", 1, 1), ("5", 1, 1), ("7", 1, 1)],
    ]


def test_a_place_that_no_cell_takes_stays_empty() -> None:
    cells = (
        GridCell("甲", 0, 0, 2, 1, 1),
        GridCell("乙", 0, 2, 1, 1, 2),
        GridCell("丙", 1, 2, 1, 1, 3),
    )
    (table,) = TextView([Grid(cells, has_spans=True)]).parts
    rows = [[(one["text"], one["across"]) for one in row] for row in table["rows"]]
    assert rows == [[("甲", 1), ("", 1), ("乙", 1)], [("", 1), ("丙", 1)]]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        (
            "年报.md",
            "| 项目 | 自然人 | 企业 | 机构 | 合计 |\n|---|---|---|---|---|\n| 新收0 | 0 | 0 || 0 |",
            3,
        ),
        ("年报.html", "<table><tr><td>新收0<td>0<td>0<td><td>0<tr><td>其他<td>1</table>", 1),
        ("年报.txt", "新收0  0  0  –  0", 1),
    ],
)
def test_equal_values_of_one_line_are_told_apart_by_their_order(
    name: str, text: str, line: int
) -> None:
    view = view_of(name, text)
    gap = "–" if name.endswith("txt") else ""
    read = result(a=cell("0", line), b=cell("0", line), c=cell(gap, line), d=cell("0", line))
    places = [view.places(read, f"requests.{slot}") for slot in "abcd"]
    assert [shown(view, one) for one in places] == [["0"], ["0"], [gap], ["0"]]
    at = [(one[0].number, one[0].start or 0) for one in places]
    assert at == sorted(set(at))


def test_a_value_is_found_where_it_was_read_whatever_was_decided() -> None:
    view = view_of("年报.txt", "新收 5 7 合计12件")
    read = result(a=cell("6", 1, read="5"), b=cell("7", 1), c=cell("12", 1), d=cell("99", 1))
    assert shown(view, view.places(read, "requests.a")) == ["5"]
    assert shown(view, view.places(read, "requests.c")) == ["12"]
    assert shown(view, view.places(read, "requests.d")) == ["新收 5 7 合计12件"]
    assert view.places(result(a=cell("", None)), "requests.a") == []


def test_a_figure_is_marked_in_its_sentence() -> None:
    view = TextView([Paragraph("上年结转65件。办结65，结转5，转下年0。", 4)])
    figure = {
        "id": 0,
        "sentence": "办结65，结转5，转下年0。",
        "printed": "5",
        "evidence": {"line": 4},
    }
    (place,) = view.places(result() | {"figures": [figure]}, "figures.0")
    assert (place.start, place.stop) == (15, 16)
    figure["printed"] = "五"
    assert shown(view, view.places(result() | {"figures": [figure]}, "figures.0")) == [
        "办结65，结转5，转下年0。"
    ]


def test_a_finding_is_at_its_total() -> None:
    view = view_of("年报.txt", "新收 5 7 13")
    read = result(a=cell("5", 1), b=cell("7", 1), c=cell("13", 1))
    finding = {"relation": "r", "cells": ["requests.a", "requests.b", "requests.c"]}
    places = view.places(read | {"findings": [finding]}, "findings.r")
    assert shown(view, places) == ["13"]


@pytest.mark.parametrize(
    ("sentence", "printed", "at"),
    [
        ("办结65，结转5", "5", 7),
        ("收1.5万，5件", "5", 6),
        ("共1,205件", "205", None),
        ("无", "5", None),
    ],
)
def test_a_number_is_no_part_of_a_longer_one(sentence: str, printed: str, at: int | None) -> None:
    assert place_in(sentence, printed) == at
