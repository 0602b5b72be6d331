"""Values are tied to rows and columns by print; what is not tied, or may hide print, is flagged."""

from __future__ import annotations

import pytest

from extractor import ingest
from extractor.engines import Engines
from extractor.pipeline import extract
from extractor.region_print import ink
from extractor.settings import Settings
from extractor.types import Box, Cell, CellStatus, State

COLUMNS = ("自然人", "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他", "总计")
GROUP = COLUMNS[1:6]
ROWS = (
    ("一、本年新收政府信息公开申请数量", "1 2 3 4 5 6 21"),
    ("二、上年结转政府信息公开申请数量", "0 0 0 0 0 0 0"),
    ("（一）予以公开", "1 2 3 4 5 6 21"),
    ("（七）总计", "1 2 3 4 5 6 21"),
    ("四、结转下年度继续办理", "0 0 0 0 0 0 0"),
)
RESULTS = ("结果维持", "结果纠正", "其他结果", "尚未审结", "总计")


def read(name: str, text: str, engines: Engines, settings: Settings) -> dict[str, Cell]:
    source = ingest.identify(name, text.encode(), settings)
    result = extract(source, engines, settings)
    return {cell.slot: cell for table in result.tables for cell in table.cells}


def flat(header: tuple[str, ...]) -> str:
    lines = ["三、收到和处理政府信息公开申请情况", *header]
    for label, values in ROWS:
        lines += [label, *values.split()]
    return "\n".join(lines)


def html(*rows: str) -> str:
    return "<p>三、收到和处理政府信息公开申请情况</p><table>" + "".join(rows) + "</table>"


def tr(*cells: str) -> str:
    written = (cell if cell.startswith("<td") else f"<td>{cell}</td>" for cell in cells)
    return "<tr>" + "".join(written) + "</tr>"


def silent(cells: dict[str, Cell], right: dict[str, int | None]) -> list[str]:
    """Slots that are accepted with a value other than the right one."""
    return [
        slot
        for slot, value in right.items()
        if cells[slot].status is CellStatus.ACCEPTED and cells[slot].reading.value != value
    ]


NEW = {
    f"requests.new_received.{column}": value
    for value, column in enumerate(
        ("natural_person", "enterprise", "research_institution", "nonprofit", "legal_service"), 1
    )
}


@pytest.mark.parametrize("header", [COLUMNS, ("自然人", "法人或其他组织", "总计", *GROUP)])
def test_both_usual_orders_of_a_flattened_header_are_sure(
    header: tuple[str, ...], engines: Engines, settings: Settings
) -> None:
    cells = read("a.txt", flat(header), engines, settings)
    for slot, value in NEW.items():
        assert cells[slot].reading.value == value
        assert cells[slot].status is CellStatus.ACCEPTED


@pytest.mark.parametrize(
    "header",
    [(), ("自然人", "科研机构", "商业企业", *COLUMNS[3:]), ("总计", *COLUMNS[:6])],
    ids=["none", "exchanged", "total first"],
)
def test_a_header_that_is_lost_or_in_another_order_flags_the_columns(
    header: tuple[str, ...], engines: Engines, settings: Settings
) -> None:
    cells = read("a.txt", flat(header), engines, settings)
    assert all("weak_column" in cells[slot].flags for slot in NEW)


def test_headers_set_one_character_a_line_are_cut_into_their_labels(
    engines: Engines, settings: Settings
) -> None:
    group = [character for word in RESULTS for character in word]
    header = ["行政复议", "行政诉讼", *group, "未经复议直接起诉", "复议后起诉", *group, *group]
    lines = ["四、政府信息公开行政复议、行政诉讼情况", *header, *map(str, range(15))]
    cells = read("a.txt", flat(COLUMNS) + "\n" + "\n".join(lines), engines, settings)
    assert cells["disputes.reconsideration.upheld"].reading.value == 0
    assert cells["disputes.direct_lawsuit.corrected"].reading.value == 6
    assert cells["disputes.lawsuit_after_reconsideration.total"].reading.value == 14
    assert "weak_column" not in cells["disputes.direct_lawsuit.corrected"].flags


def test_disputes_as_two_tables_keep_their_groups(engines: Engines, settings: Settings) -> None:
    def table(values: str, *groups: str) -> str:
        names = "".join(f"<td colspan=5>{group}</td>" for group in groups)
        return (
            f"<table><tr>{names}</tr>"
            + tr(*RESULTS * len(groups))
            + tr(*values.split())
            + "</table>"
        )

    page = (
        html(tr("", *COLUMNS), *(tr(label, *values.split()) for label, values in ROWS))
        + "<p>四、政府信息公开行政复议、行政诉讼情况</p>"
        + table("9 8 7 6 30", "行政复议")
        + table("1 0 0 0 1 0 2 0 0 2", "未经复议直接起诉", "复议后起诉")
    )
    cells = read("a.html", page, engines, settings)
    assert cells["disputes.reconsideration.upheld"].reading.value == 9
    assert cells["disputes.direct_lawsuit.upheld"].reading.value == 1
    assert cells["disputes.lawsuit_after_reconsideration.corrected"].reading.value == 2


def test_a_number_printed_across_columns_belongs_to_none_of_them_surely(
    engines: Engines, settings: Settings
) -> None:
    rows = [
        tr(label, "4", "<td colspan=5>3</td>", "7") for label, values in ROWS if values[0] != "0"
    ]
    cells = read("a.html", html(tr("", *COLUMNS), *rows), engines, settings)
    middle = [slot for slot in NEW if not slot.endswith("natural_person")]
    assert all(cells[slot].status is CellStatus.FLAGGED for slot in middle)
    assert cells["requests.new_received.natural_person"].reading.value == 4


def test_a_cell_whose_print_is_no_value_is_not_blank(engines: Engines, settings: Settings) -> None:
    rows = [tr(label, *values.split()) for label, values in ROWS]
    rows[0] = tr(ROWS[0][0], "1/2", "不予公开", *ROWS[0][1].split()[2:])
    cells = read("a.html", html(tr("", *COLUMNS), *rows), engines, settings)
    for column in ("natural_person", "enterprise"):
        cell = cells[f"requests.new_received.{column}"]
        assert cell.reading.state is not State.BLANK
        assert cell.reading.printed
        assert cell.status is CellStatus.FLAGGED


def test_a_row_that_ends_early_has_missing_cells_not_blank_ones(
    engines: Engines, settings: Settings
) -> None:
    rows = [tr(label, *values.split()) for label, values in ROWS]
    rows[2] = tr(ROWS[2][0], "1", "2")
    cells = read("a.html", html(tr("", *COLUMNS), *rows), engines, settings)
    assert silent(cells, {"requests.granted.research_institution": 3}) == []


@pytest.mark.parametrize("name", ["a.md", "a.txt"])
def test_cells_wrapped_between_rules_are_one_row(
    name: str, engines: Engines, settings: Settings
) -> None:
    rule = "+" + "+".join(["------------"] * 8) + "+"
    lines = ["三、收到和处理政府信息公开申请情况", "", rule, "|  | " + " | ".join(COLUMNS) + " |"]
    for label, values in ROWS:
        half = len(label) // 2
        lines += [
            rule,
            f"| {label[:half]} | " + " | ".join(values.split()) + " |",
            f"| {label[half:]} | " + " | ".join([""] * 7) + " |",
        ]
    cells = read(name, "\n".join([*lines, rule, ""]), engines, settings)
    assert {slot: cells[slot].reading.value for slot in NEW} == NEW


def test_a_table_printed_twice_is_said(engines: Engines, settings: Settings) -> None:
    table = html(tr("", *COLUMNS), *(tr(label, *values.split()) for label, values in ROWS))
    other = table.replace("<td>21</td>", "<td>22</td>")
    source = ingest.identify("a.html", (table + other).encode(), settings)
    result = extract(source, engines, settings)
    assert any("more than once" in failure.reason for failure in result.failures)
    once = extract(ingest.identify("a.html", table.encode(), settings), engines, settings)
    assert not any("more than once" in failure.reason for failure in once.failures)


@pytest.mark.parametrize("digit", ["1", "0", "4", "7", "11"])
def test_no_digit_is_taken_for_a_rule(digit: str) -> None:
    import cv2
    import numpy as np

    image = np.full((60, 400, 3), 255, np.uint8)
    cv2.putText(image, digit, (180, 42), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.line(image, (20, 0), (20, 59), (0, 0, 0), 2)
    region = Box(0, 15, 400, 48)
    assert ink(image, region) >= 0.01
    image[:, 100:300] = 255
    assert ink(image, region) < 0.002
