"""Every state and shape of a printed cell, and the promise that nothing printed makes it raise."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.numerals import parse_chinese, parse_plain
from extractor.types import State
from extractor.values import (
    AMOUNT_UNIT,
    KINDS,
    looks_like_page_number,
    looks_like_value,
    read_cell,
)

_FULL_WIDTH = str.maketrans("0123456789.,-+", "０１２３４５６７８９．，－＋")


def _chinese(number: int) -> str:
    """The standard numeral of 1 .. 99999, written independently of the parser."""

    def section(n: int) -> str:
        words = ""
        for scale, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
            digit, n = divmod(n, scale)
            if digit:
                words += "零一二三四五六七八九"[digit] + name
            elif words and n and not words.endswith("零"):
                words += "零"
        return words

    high, low = divmod(number, 10000)
    if not high:
        words = section(low)
        return words.removeprefix("一") if words.startswith("一十") else words
    joint = "零" if 0 < low < 1000 else ""
    return section(high) + "万" + joint + (section(low) if low else "")


@pytest.mark.parametrize("printed", ["", " ", "\n", "\u3000", "\xa0 \t"])
def test_nothing_printed_is_blank(printed: str) -> None:
    assert read_cell(printed, kind="count").state is State.BLANK


@pytest.mark.parametrize("printed", ["/", "-", "—", "——", "－", "\\", " — ", "／", "―"])
def test_dashes(printed: str) -> None:
    reading = read_cell(printed, kind="count")
    assert (reading.state, reading.value, reading.flags) == (State.DASH, None, ())


@pytest.mark.parametrize("printed", ["一", "一一"])
def test_a_lone_one_may_be_a_dash(printed: str) -> None:
    reading = read_cell(printed, kind="count")
    assert (reading.state, reading.flags) == (State.DASH, ("ambiguous",))


@pytest.mark.parametrize(
    "printed", ["无", "不适用", "暂无", "本单位未制作规章", "增", "减", "持平", "無", "N/A"]
)
def test_words_without_a_number(printed: str) -> None:
    reading = read_cell(printed, kind="signed")
    assert (reading.state, reading.value) == (State.NOT_APPLICABLE, None)
    assert reading.flags == ()


def test_a_unit_without_a_number() -> None:
    reading = read_cell("万元", kind="amount")
    assert (reading.state, reading.flags) == (State.NOT_APPLICABLE, ("number_missing",))


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("减3", -3),
        ("增98", 98),
        ("增加5", 5),
        ("新增5", 5),
        ("减少 12 项", -12),
        ("较上年减少7", -7),
        ("+3", 3),
        ("-167", -167),
        ("－１６７", -167),
        ("—12", -12),
        ("--253", -253),
        ("——253", -253),
        ("减-3", -3),
        ("-0", 0),
        ("18", 18),
    ],
)
def test_changes(printed: str, value: int) -> None:
    reading = read_cell(printed, kind="signed")
    assert (reading.state, reading.value, reading.flags) == (State.NUMBER, value, ())
    assert reading.printed == printed


@pytest.mark.parametrize("printed", ["增-3", "+-3", "减+2"])
def test_contradicting_signs_are_not_read(printed: str) -> None:
    assert read_cell(printed, kind="signed").state is State.ILLEGIBLE


@pytest.mark.parametrize(
    ("printed", "value", "flags"),
    [
        ("0", 0, ()),
        ("12345678", 12345678, ()),
        ("１２", 12, ()),
        ("1,113", 1113, ()),
        ("1，113", 1113, ()),
        ("12,345,678", 12345678, ()),
        (" 7 ", 7, ()),
        ("3件", 3, ()),
        ("5 项", 5, ()),
        ("8个", 8, ()),
        ("12部", 12, ()),
        ("零", 0, ()),
        ("1,11", 111, ("odd_number",)),
        ("1 113", 1113, ("odd_number",)),
        ("1 2", 12, ("odd_number",)),
        ("0.", 0, ("odd_number",)),
        ("007", 7, ("odd_number",)),
        ("O", 0, ("confusable",)),
        ("〇", 0, ("confusable",)),
        ("l0", 10, ("confusable",)),
        ("1I3", 113, ("confusable",)),
        ("三件", 3, ("chinese_numeral",)),
        ("20余", 20, ("approximate",)),
        ("-3", -3, ("unexpected_sign",)),
        ("+22", 22, ("unexpected_sign",)),
        ("3.5", Decimal("3.5"), ("unexpected_decimal",)),
        ("95%", 95, ("unexpected_unit",)),
    ],
)
def test_counts(printed: str, value: Decimal, flags: tuple[str, ...]) -> None:
    reading = read_cell(printed, kind="count")
    assert (reading.state, reading.value, reading.flags) == (State.NUMBER, value, flags)
    assert (reading.printed, reading.unit) == (printed, None)


@pytest.mark.parametrize(
    "printed",
    ["如-8", "..", "0..", "0 0 0", "口", "2021年", "3/5", "①", "12abc", "1.2.3", "9" * 40],
)
def test_what_is_no_value_is_illegible(printed: str) -> None:
    reading = read_cell(printed, kind="count")
    assert (reading.state, reading.value) == (State.ILLEGIBLE, None)


@pytest.mark.parametrize(
    ("printed", "value", "annotation"),
    [
        ("22（其中修订 16 件）", 22, "其中修订 16 件"),
        ("55（含自然失效 29 件）", 55, "含自然失效 29 件"),
        ("6件(修订)", 6, "修订"),
        ("22，其中修订16件", 22, "其中修订16件"),
    ],
)
def test_annotations_are_kept_as_printed(printed: str, value: int, annotation: str) -> None:
    reading = read_cell(printed, kind="count")
    assert (reading.value, reading.annotation, reading.flags) == (value, annotation, ())


@pytest.mark.parametrize(
    ("printed", "header_unit", "value", "unit", "flags"),
    [
        ("16800万元", None, "16800", AMOUNT_UNIT, ()),
        ("251000元", None, "25.1", AMOUNT_UNIT, ()),
        ("251000元", "万元", "25.1", AMOUNT_UNIT, ()),
        ("160.5964万元", None, "160.5964", AMOUNT_UNIT, ()),
        ("43.788万元", "万元", "43.788", AMOUNT_UNIT, ()),
        ("712.187895 万元", None, "712.187895", AMOUNT_UNIT, ()),
        ("1.2亿元", None, "12000", AMOUNT_UNIT, ()),
        ("18.8710", "万元", "18.871", AMOUNT_UNIT, ()),
        ("59237.2449", "本年收费金额（单位：万元）", "59237.2449", AMOUNT_UNIT, ()),
        ("7545", "单位：元", "0.7545", AMOUNT_UNIT, ()),
        ("7545", "采购总金额 元", "0.7545", AMOUNT_UNIT, ()),
        ("8040", None, "8040", None, ("unit_unknown",)),
        ("1920.67", "年收费金额（单位：方元）", "1920.67", None, ("unit_unknown",)),
        ("0", None, "0", None, ()),
        ("0.00", "万元", "0", AMOUNT_UNIT, ()),
        ("1,234.50", "万元", "1234.5", AMOUNT_UNIT, ()),
        ("3件", "万元", "3", None, ("unexpected_unit",)),
        ("-5", "万元", "-5", AMOUNT_UNIT, ("unexpected_sign",)),
    ],
)
def test_amounts(
    printed: str, header_unit: str | None, value: str, unit: str | None, flags: tuple[str, ...]
) -> None:
    reading = read_cell(printed, kind="amount", header_unit=header_unit)
    assert str(reading.value) == value
    assert (reading.unit, reading.flags, reading.printed) == (unit, flags, printed)


def test_an_unknown_kind_is_a_programmers_error() -> None:
    with pytest.raises(ValueError, match="kind"):
        read_cell("3", kind="percentage")


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "35",
        "1,113",
        "-167",
        "+3",
        "--253",
        "减3",
        "增98",
        "增",
        "/",
        "—",
        "——",
        "无",
        "不适用",
        "16800万元",
        "3件",
        "22（其中修订16件）",
        "O",
        "一",
        "18.8710",
        "本单位未制作规章",
        "零",
    ],
)
def test_values_look_like_values(text: str) -> None:
    assert looks_like_value(text)


@pytest.mark.parametrize(
    "text",
    [
        "1.属于国家秘密",
        "1.",
        "2、",
        "二、",
        "（一）",
        "二",
        "其他",
        "不予公开",
        "无法提供",
        "不予处理",
        "尚未审结",
        "未经复议直接起诉",
        "没有现成信息需要另行制作",
        "无正当理由大量反复申请",
        "—4—",
        "第3页",
        "如-8",
        "2021年",
        "规章",
        "〔2021〕30号",
        "3.其他",
        "2024年，全区受理17件",
        "0517-87290606",
    ],
)
def test_labels_and_prose_do_not(text: str) -> None:
    assert not looks_like_value(text)


def test_empty_text_is_no_value() -> None:
    assert not looks_like_value(" ")


@pytest.mark.parametrize(
    "text", ["—4—", "- 3 -", "－ 12 －", "第 3 页", "第3页 共5页", "3/5", "Page 2 of 5"]
)
def test_page_numbers(text: str) -> None:
    assert looks_like_page_number(text)


@pytest.mark.parametrize("text", ["4", "-4", "", "—", "35 0 0", "2024/1/15/3"])
def test_what_is_no_page_number(text: str) -> None:
    assert not looks_like_page_number(text)


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_integers_round_trip(number: int) -> None:
    for printed in (str(number), f"{number:,}", str(number).translate(_FULL_WIDTH)):
        reading = read_cell(printed, kind="signed")
        assert (reading.state, reading.value, reading.flags) == (State.NUMBER, number, ())


@given(st.decimals(min_value=0, max_value=10**9, places=6, allow_nan=False))
def test_decimals_round_trip(number: Decimal) -> None:
    for printed in (f"{number:f}", f"{number:,f}", f"{number:f}".translate(_FULL_WIDTH)):
        reading = read_cell(printed, kind="amount", header_unit="万元")
        assert (reading.state, reading.value, reading.flags) == (State.NUMBER, number, ())
        assert "E" not in str(reading.value)


_CELLISH = st.text(alphabet="0123456789.,-+/—一二十百万元件增减少无()（）其中OlI〇 余约¥%整如")


@given(st.one_of(st.text(), _CELLISH), st.sampled_from(KINDS))
def test_no_text_raises_and_only_numbers_have_values(printed: str, kind: str) -> None:
    reading = read_cell(printed, kind=kind)
    assert reading.printed == printed
    assert (reading.value is not None) == (reading.state is State.NUMBER)
    looks_like_value(printed)
    looks_like_page_number(printed)


@given(st.integers(min_value=1, max_value=99999))
def test_chinese_numerals_round_trip(number: int) -> None:
    assert parse_chinese(_chinese(number)) == number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("零", 0),
        ("两", 2),
        ("十", 10),
        ("十二", 12),
        ("二〇二四", 2024),
        ("一百零三", 103),
        ("三百五", 350),
        ("一万二", 12000),
        ("两万三千", 23000),
        ("一亿零五万", 100050000),
        ("叁佰", 300),
        ("一十百", None),
        ("十十", None),
        ("二百三百", None),
        ("年", None),
        ("", None),
        ("二一十", None),
    ],
)
def test_chinese_numerals(text: str, value: int | None) -> None:
    assert parse_chinese(text) == value


@given(st.text(alphabet="零一二两三四五六七八九十百千万亿", max_size=12))
def test_no_string_of_numerals_raises(text: str) -> None:
    parse_chinese(text)


def test_plain_numbers_are_exact() -> None:
    assert str(parse_plain("18.8710")) == "18.871"
    assert parse_plain("1,11") is None


@pytest.mark.parametrize(("printed", "value"), [("99√", 99), ("0 √", 0), ("12V", 12)])
def test_a_tick_behind_a_number_is_no_part_of_it(printed: str, value: int) -> None:
    reading = read_cell(printed, kind="count")
    assert reading.value == value
    assert "pen_mark" in reading.flags
