"""The table whose one row has no label: found by its header, also where that is half unreadable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from extractor.assemble import assemble
from extractor.assemble.ruled_cells import ruled_rows
from extractor.classify import classify, known_labels
from extractor.schema import load_schema
from extractor.tokens import tokenize_page
from extractor.types import Box, Candidate, Line, Page, State

RESULTS = ("结果维持", "结果纠正", "其他结果", "尚未审结", "总计")
GROUPS = (("行政复议", 2), ("未经复议直接起诉", 7), ("复议后起诉", 12))
WIDTH = 60
LEFT = 50
TOP = 500
ROW = [Box(LEFT + WIDTH * i, TOP, LEFT + WIDTH * (i + 1), TOP + 40) for i in range(15)]


def piece(text: str, column: float, y: float, score: float = 1.0) -> Line:
    """Print of small letters in the middle of a column."""
    x = LEFT + WIDTH * (column + 0.5)
    return Line(text, Box(x - 4 * len(text), y, x + 4 * len(text), y + 12), score)


def header(lost: Sequence[int] = ()) -> list[Line]:
    words = [piece("行政诉讼", 9.5, 402)] + [piece(text, column, 420) for text, column in GROUPS]
    for i in range(15):
        if i not in lost:
            text = RESULTS[i % 5]
            words += [piece(text[:2], i, 450), piece(text[2:], i, 466)]
    return [word for word in words if word.text]


def disputes(lines: Sequence[Line], cells: Sequence[Box] = ()) -> Mapping[str, Candidate]:
    schema = load_schema()
    heading = piece("四、政府信息公开行政复议、行政诉讼情况", 7, 380)
    end = piece("五、存在的主要问题及改进情况", 7, 700)
    page = Page(1, 1000.0, 1400.0, None, None)
    sheets = classify(tokenize_page(page, [heading, *lines, end], cells), schema)
    table = assemble(sheets, schema, known_labels(schema)).tables[-1]
    assert table.table == "disputes"
    return {slot: found[0] for slot, found in table.candidates.items()}


def values(texts: Sequence[object], y: float = TOP + 14) -> list[Line]:
    return [piece(str(text), i, y) for i, text in enumerate(texts) if text != ""]


def printed(found: Mapping[str, Candidate]) -> list[str]:
    """In the order of the form."""
    slots = [slot.id for slot in load_schema().tables["disputes"][0].slots]
    return [found[slot].reading.printed for slot in slots]


NUMBERS = [str(i) for i in range(15)]


def test_ruled_cells_tell_the_columns_whose_headers_are_lost() -> None:
    lost = (0, 1, 3, 4, 6, 7, 8, 9, 13)
    found = disputes([*header(lost), *values(NUMBERS)], ROW)
    assert printed(found) == NUMBERS
    weak = [c.column_anchor <= 0.5 for c in found.values()]
    slots = [slot.id for slot in load_schema().tables["disputes"][0].slots]
    by_slot = dict(zip(found, weak, strict=True))
    assert [i for i, slot in enumerate(slots) if by_slot[slot]] == list(lost)


def test_words_above_a_cell_that_are_another_column_leave_it_weak() -> None:
    lines = header((1,))
    found = disputes([*lines, piece("尚未", 1, 450), piece("审结", 1, 466), *values(NUMBERS)], ROW)
    assert found["disputes.reconsideration.corrected"].column_anchor <= 0.5
    assert found["disputes.reconsideration.upheld"].column_anchor == 1.0


def test_an_empty_ruled_row_has_its_cells_where_they_are() -> None:
    found = disputes(header(), ROW)
    assert len(found) == 15
    assert {c.reading.state for c in found.values()} == {State.BLANK}
    box = found["disputes.lawsuit_after_reconsideration.total"].evidence.box
    assert box is not None
    assert abs(box.x1 - ROW[-1].x1 / 1000) < 1e-9
    assert TOP / 1400 <= box.y0 < box.y1 <= (TOP + 40) / 1400


def test_words_broken_over_the_lines_of_a_ruled_cell_are_one_value() -> None:
    broken = [*values(["不适"] * 15, TOP + 4), *values(["用"] * 15, TOP + 20)]
    found = disputes([*header(), *broken], ROW)
    assert printed(found) == ["不适用"] * 15
    assert {c.reading.state for c in found.values()} == {State.NOT_APPLICABLE}


def test_print_across_ruled_cells_is_not_given_to_one_of_them_surely() -> None:
    lines = [*header(), *values(["", "", *NUMBERS[2:]]), Line("12", Box(75, 514, 145, 526), 1.0)]
    found = disputes(lines, ROW)
    slots = ("disputes.reconsideration.upheld", "disputes.reconsideration.corrected")
    assert all(
        found[s].column_anchor <= 0.5 or found[s].reading.value is None for s in slots if s in found
    )


def test_a_group_whose_name_is_broken_over_two_lines_is_named() -> None:
    lines = [line for line in header() if line.text != "未经复议直接起诉"]
    broken = [piece("未经复议", 7, 413), piece("直接起诉", 7, 427)]
    found = disputes([*lines, *broken, *values(NUMBERS)])
    assert printed(found) == NUMBERS
    assert {c.column_anchor for c in found.values()} == {1.0}


def test_a_stroke_in_the_header_is_not_the_row_of_values() -> None:
    stroke = piece("1", 0.6, 458, 0.3)
    assert printed(disputes([*header(), stroke, *values(NUMBERS)])) == NUMBERS
    wordy = disputes([*header(), stroke, *values(["无关"] * 15)])
    assert printed(wordy) == ["无关"] * 15


def test_a_full_stop_in_a_header_does_not_end_it() -> None:
    lines = [line for line in header() if line.text != "纠正"]
    lines += [piece("纠正。" if i == 1 else "纠正", i, 466) for i in (1, 6, 11)]
    assert printed(disputes([*lines, *values(NUMBERS)])) == NUMBERS


def test_rows_of_cells_are_whole_or_none() -> None:
    assert ruled_rows([], 15) == []
    assert ruled_rows(list(reversed(ROW)), 15) == [ROW]
    assert ruled_rows(ROW, 14) == []
    assert [len(row) for row in ruled_rows([*ROW[:7], *ROW[8:]], 15)] == [7, 7]
