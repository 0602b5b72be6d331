"""Tables on pages: rows and columns are found by place, also where a page or a label is cut."""

from __future__ import annotations

from collections.abc import Sequence

from extractor.assemble import assemble
from extractor.classify import classify, known_labels
from extractor.schema import load_schema
from extractor.tokens import tokenize_page
from extractor.types import Box, Candidate, Line, Page, Sheet, State

COLUMNS = ("自然人", "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他", "总计")
LABELS = (
    "一、本年新收政府信息公开申请数量",
    "二、上年结转政府信息公开申请数量",
    "（一）予以公开",
    "（二）部分公开（区分处理的，只计这一情形，不计其他情形）",
    "1.属于国家秘密",
    "2.其他法律行政法规禁止公开",
    "3.危及“三安全一稳定”",
    "4.保护第三方合法权益",
    "5.属于三类内部事务信息",
)
ROWS = (
    "new_received",
    "carried_over",
    "granted",
    "partially_granted",
    "denied_state_secret",
    "denied_prohibited_by_law",
    "denied_security_stability",
)
PITCH = 20
EM = 8


def line(text: str, x: float, y: float) -> Line:
    edges = tuple(x + i * EM for i in range(len(text) + 1))
    return Line(text, Box(x, y, edges[-1], y + EM), 1.0, edges)


def row(label: str, values: Sequence[object], x: float, y: float) -> list[Line]:
    """A label at `x` and its values in columns of 30 that begin 300 right of it."""
    cells = [line(str(v), x + 315 + 32 * i - EM / 2, y) for i, v in enumerate(values)]
    return [line(label[:34], x, y), *cells]


def header(x: float, y: float) -> list[Line]:
    return [
        Line(text, Box(x + 301 + 32 * i, y, x + 329 + 32 * i, y + EM), 1.0)
        for i, text in enumerate(COLUMNS)
    ]


def table(labels: Sequence[str], x: float, y: float, first: int) -> list[Line]:
    rows = enumerate(labels)
    return [f for i, text in rows for f in row(text, [first + i] * 7, x, y + i * PITCH)]


def page(number: int, *lines: Line, width: float = 1200) -> tuple[Sheet, ...]:
    return tokenize_page(Page(number, width, 840, None, lines), lines)


def read(*sheets: Sheet) -> dict[str, Candidate]:
    schema = load_schema()
    found = assemble(classify(sheets, schema), schema, known_labels(schema))
    return {slot: c[0] for table in found.tables for slot, c in table.candidates.items()}


def printed(found: dict[str, Candidate], row: str) -> list[str]:
    return [
        candidate.reading.printed
        for slot, candidate in found.items()
        if slot.startswith(f"requests.{row}.")
    ]


def test_a_table_goes_on_in_the_left_half_of_a_sheet_that_is_half_empty() -> None:
    prose = [line("本报告由某某县人民政府编制并公布", 40, y) for y in (50, 80, 110)]
    heading = line("三、收到和处理政府信息公开申请情况", 640, 50)
    first = page(1, *prose, heading, *header(640, 80), *table(LABELS[:5], 640, 110, 1))
    second = page(2, *table(LABELS[5:], 40, 50, 6))
    assert (len(first), len(second)) == (2, 1)
    found = read(*first, *second)
    assert printed(found, "denied_prohibited_by_law") == ["6"] * 7
    assert printed(found, "denied_internal_affairs") == ["9"] * 7


def test_a_number_alone_on_the_line_above_belongs_to_its_label() -> None:
    lines = [line("三、收到和处理政府信息公开申请情况", 40, 50), *header(40, 80)]
    for i, label in enumerate(LABELS):
        y = 110 + 30 * i
        lines += row("" if i == 1 else label, [i + 1] * 7, 40, y)
        if i == 1:
            lines += [line(label[:2], 40, y - 6), line(label[2:], 40, y + 6)]
    found = read(*page(1, *lines, width=600))
    assert printed(found, "carried_over") == ["2"] * 7


def requests_table(labels: Sequence[str], rows: Sequence[int] = range(1, 10)) -> list[Line]:
    """Table 三 with values that are equal to the number of the row."""
    lines = [line("三、收到和处理政府信息公开申请情况", 40, 50), *header(40, 80)]
    for number, label in zip(rows, labels, strict=True):
        lines += row(label, [number] * 7, 40, 110 + (number - 1) * PITCH)
    return lines


def test_a_row_whose_label_cannot_be_read_is_found_between_its_neighbours_and_stays_weak() -> None:
    for lost in (0, 2, 5):
        labels = ["某某" if i == lost else label for i, label in enumerate(LABELS)]
        found = read(*page(1, *requests_table(labels), width=600))
        assert printed(found, ROWS[lost]) == [str(lost + 1)] * 7
        assert all(
            candidate.row_anchor < 0.75
            for slot, candidate in found.items()
            if slot.startswith(f"requests.{ROWS[lost]}.")
        )
        assert printed(found, ROWS[lost + 1]) == [str(lost + 2)] * 7


def test_a_row_that_is_not_printed_is_not_made_up() -> None:
    kept = [1, 2, 3, 4, 6, 7, 8, 9]
    found = read(*page(1, *requests_table([LABELS[i - 1] for i in kept], kept), width=600))
    assert printed(found, "denied_state_secret") == []


def test_a_lone_number_far_below_a_table_is_no_row() -> None:
    number = line("7", 340, 110 + 20 * PITCH)
    found = read(*page(1, *requests_table(LABELS), number, width=600))
    assert printed(found, "denied_process_information") == []


def test_a_wide_table_is_no_booklet() -> None:
    labels = ("行政处罚", "行政强制", "行政事业性收费")
    left = [line(text, 40, 140 + 30 * i) for i, text in enumerate(labels)]
    left += [line("（本列数据的勾稽关系为）", 40, y) for y in (50, 80)]
    right = [line(str(i), 900, 140 + 30 * i) for i in range(3)]
    right += [line("本年收费金额（单位：万元）", 850, y) for y in (50, 80)]
    assert len(page(1, *left, *right)) == 1
    own = [line(text, 650, 140 + 30 * i) for i, text in enumerate(labels)]
    assert len(page(1, *left, *own, *right)) == 2


def test_the_only_value_of_a_row_is_that_of_its_only_column() -> None:
    lines = [
        line("第二十条第（六）项", 300, 50),
        line("信息内容", 40, 80),
        line("本年处理决定数量", 450, 80),
        *(line("行政处罚", 40, 110), line("3", 480, 110)),
        *(line("行政强制", 40, 130), line("4", 300, 130)),
    ]
    cells = (Box(30, 105, 400, 125), Box(400, 105, 560, 125))
    found = read(*tokenize_page(Page(1, 600, 840, None, tuple(lines)), lines, cells))
    near, far = (found[f"disclosure.{row}.decisions"] for row in ("penalties", "coercion"))
    assert (near.reading.printed, far.reading.printed) == ("3", "4")
    assert near.column_anchor > 0.75 > far.column_anchor


def test_neither_the_grain_of_a_desk_nor_a_speck_behind_a_word_ends_a_table() -> None:
    groups = ("行政复议", "未经复议直接起诉", "复议后起诉")
    results = ("结果维持", "结果纠正", "其他结果", "尚未审结", "总计")
    lines = [line("四、政府信息公开行政复议、行政诉讼情况", 40, 40)]
    lines += [line(text, 80 + 180 * i, 70) for i, text in enumerate(groups)]
    for i in range(15):
        lines.append(line(results[i % 5] + "。" * (i == 4), 40 + 36 * i, 90))
        lines.append(line(str(i), 52 + 36 * i, 130))
    lines.append(Line("CELLEIIIE", Box(20, 105, 590, 112), 0.3))
    found = read(*page(1, *lines, width=600))
    values = [c.reading.printed for slot, c in found.items() if slot.startswith("disputes.")]
    assert sorted(map(int, values)) == list(range(15))
    assert found["disputes.reconsideration.corrected"].reading.printed == "1"


def test_a_stray_number_beside_a_header_does_not_end_it() -> None:
    stray = line("0", 20, 95)
    found = read(*page(1, *requests_table(LABELS), stray, width=600))
    assert printed(found, "new_received") == ["1"] * 7


def test_words_broken_over_two_lines_of_a_narrow_cell_are_one() -> None:
    lines = requests_table(LABELS)
    lines = [f for f in lines if not (f.text == "2" and f.box.x0 > 380)]
    lines += [line(text, 373, 110 + PITCH + dy) for text, dy in (("未涉", -5), ("及", 5))]
    found = read(*page(1, *lines, width=600))
    reading = found["requests.carried_over.enterprise"].reading
    assert (reading.printed, reading.state) == ("未涉及", State.NOT_APPLICABLE)


def test_a_row_whose_label_was_read_in_part_reaches_the_values_below() -> None:
    lines = [f for f in requests_table(LABELS) if f.box.y0 < 125]
    lines += [
        *row("二、上年结转政府信息公开申请", [], 40, 130),
        *(line("某某某", 40, 141), line("数量", 40, 152)),
        *row("", [2] * 7, 40, 145),
        *row(LABELS[2], [3] * 7, 40, 180),
    ]
    found = read(*page(1, *lines, width=600))
    assert printed(found, "carried_over") == ["2"] * 7
    assert found["requests.carried_over.total"].row_anchor < 0.75


def test_a_number_beside_another_in_one_cell_puts_it_in_doubt() -> None:
    """1 187 that came out as two pieces is neither 187 nor 1."""
    schema = load_schema()
    lines = [
        line("第二十条第（六）项", 100, 60),
        line("信息内容", 60, 80),
        line("本年处理决定数量", 220, 80),
        line("行政处罚", 60, 100),
        line("行政强制", 60, 120),
        line("5", 250, 120),
    ]
    whole = line("187", 250, 100)
    for more, is_sure in (((), True), ((line("1", 238, 100),), False)):
        page = Page(1, 500.0, 700.0, None, (*lines, whole, *more))
        sheets = classify(tokenize_page(page, page.lines or ()), schema)
        (found,) = (
            one
            for one in assemble(sheets, schema, known_labels(schema)).tables
            if one.table == "disclosure"
        )
        (candidate,) = found.candidates["disclosure.penalties.decisions"]
        assert (candidate.column_anchor >= 0.75) is is_sure, candidate
