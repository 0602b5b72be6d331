"""What a printed cell means: its characters in, a `Reading` out. Pure, never raises on a document.

The characters are never repaired. What is odd about them (a letter among digits, a sign where a
count belongs, an amount without a unit) is named in `flags` so that a person or the calibration
can judge it; what cannot be read at all is ILLEGIBLE, never a guess.

Flags: `ambiguous` (a dash or the numeral 一), `approximate` (约, 余), `chinese_numeral`,
`confusable` (letters that look like digits were read as digits), `number_missing` (a unit stands
alone), `odd_number` (separators, blanks or leading zeros out of place), `pen_mark` (a tick or a
note's mark), `unexpected_decimal`, `unexpected_sign`, `unexpected_unit`, `unit_unknown` (an amount
without any unit), `unknown_words`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from extractor.characters import canonical, canonical_with_offsets, is_han
from extractor.numerals import parse_chinese, parse_plain, scaled
from extractor.types import Reading, State

KINDS = ("count", "signed", "amount")

_MONEY = {
    "元": Decimal("0.0001"),
    "千元": Decimal("0.1"),
    "万元": Decimal(1),
    "万": Decimal(1),
    "百万元": Decimal(100),
    "千万元": Decimal(1000),
    "亿元": Decimal(10000),
    "亿": Decimal(10000),
}
AMOUNT_UNIT = "万元"

_COUNT_UNITS = "条次|人次|件|项|个|部|宗|条|份|起|次|批|家|人|例|类|篇|期|场|户|笔|本"
_UNIT = rf"人民币|(?:百万|千万|万|亿|千)?元(?:人民币|整)?|万|亿|%|{_COUNT_UNITS}"
_INCREASE = "净增加|净增|新增加|新增|增加|增长|增|上升|↑"
_DECREASE = "净减少|净减|减少|减|下降|↓"
_CONFUSABLE = {"O": "0", "o": "0", "〇": "0", "l": "1", "I": "1"}

_PEN_MARK = re.compile(r"(?P<print>.*[0-9０-９])\s*(?:[√✓✔VvＶｖ]|[*＊※△▲①-⑳]+)\s*")
"""A number with a tick behind it, as whoever checked the report leaves one, or a note's mark."""
_DASH = re.compile(r"[-/\\_]+")
_READ_AS_DASH = re.compile(r"[一-]*一[一-]*")
_CELL = re.compile(
    r"(?:共计|合计|共|计)?(?P<about>约|近)?"
    r"(?:(?:同比|较上年|比上年|较上一年|比上一年|较去年|比去年)度?)?"
    rf"(?P<word>{_INCREASE}|{_DECREASE})?:?(?P<sign>[+-]+)?(?P<currency>¥|人民币)?"
    r"(?P<number>[0-9OolI〇., ]*[0-9OolI〇](?:[.。 ]|,(?!其中|含|包|均))*)"
    rf"(?P<more>余|多)?(?P<unit>{_UNIT})?(?P<rest>.*)",
    re.DOTALL,
)
_BRACKETED = re.compile(r"[(\[](?P<inner>.*)[)\]][。;]?", re.DOTALL)
_OPEN_NOTE = re.compile(r"[,;:。]?(?P<inner>(?:其中|含|包括|均为|包含).+)", re.DOTALL)
_CHINESE_CELL = re.compile(rf"(?P<number>[零一二两三四五六七八九十百千]+)(?P<unit>{_COUNT_UNITS})?")

_ISSUER = (
    r"(?:本|我)(?:单位|机关|部门|级|局|委|办|厅|镇|乡|街道|县|区|市|中心|院|站|年度?|街|行政机关)"
)
_WORDS = re.compile(
    r"无|无数据|无内容|无此项|无此类|无相关\w{0,4}|暂无\w{0,4}|没有|不适用|不涉及|未涉及|未发生|未制发|"
    r"未制作|未开展|未收取|未产生|免征|停征|取消|保密|涉密|持平|不变|略|空|增|减|增加|减少|新增|增/减|"
    rf"详?见附[件表]|N/?A|n/?a|{_ISSUER}\w{{0,4}}(?:无|未|没有|不)\w{{0,12}}"
)
_WORD_SIGNS = re.compile(r"无|未|没有|不|暂|免|停|增|减|持平|略|保密|见附|n/?a", re.IGNORECASE)

_PAGE_NUMBER = re.compile(
    r"[-一·.~]+\s?[0-9]{1,4}\s?[-一·.~]+|第[0-9一二三四五六七八九十]{1,4}页(?:[,/(]?共[0-9]{1,4}页\)?)?|"
    r"共[0-9]{1,4}页|[0-9]{1,4}/[0-9]{1,4}|[Pp]age\s?[0-9]{1,4}(?:\s?of\s?[0-9]{1,4})?|"
    r"[0-9]{1,4}\s?of\s?[0-9]{1,4}"
)


def read_cell(printed: str, *, kind: str, header_unit: str | None = None) -> Reading:
    """Read one cell of the form.

    Args:
        printed: exactly the characters that were read; kept as they are.
        kind: "count", "signed" (a change, where signs belong) or "amount" (money).
        header_unit: for amounts, the unit that the column's header states (the words around it
            do no harm), None where it states none.

    Returns:
        A reading whose `value` is a number only in state NUMBER. Amounts are in 万元 (`unit` says
        so) or, where nothing states a unit, as printed with `unit` None. Counts have no unit.

    Raises:
        ValueError: `kind` is not one of `KINDS`.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of cell: {kind!r}")
    marked = _PEN_MARK.fullmatch(printed)
    if marked is not None:
        tidy = read_cell(marked["print"], kind=kind, header_unit=header_unit)
        return replace(tidy, flags=tuple(sorted({*tidy.flags, "pen_mark"})))
    text, offsets = canonical_with_offsets(printed)
    if not text:
        return Reading(printed, State.BLANK)
    if _DASH.fullmatch(text):
        return Reading(printed, State.DASH)
    if _READ_AS_DASH.fullmatch(text):
        return Reading(printed, State.DASH, flags=("ambiguous",))
    match = _CELL.fullmatch(text)
    if match is not None:
        reading = _numeric(printed, match, offsets, kind=kind, header_unit=header_unit)
        return reading or Reading(printed, State.ILLEGIBLE)
    return _worded(printed, text, kind=kind, header_unit=header_unit)


def looks_like_value(text: str) -> bool:
    """Whether `text` is plausibly the whole content of a value cell, not a label or prose.

    Numbers with signs, units or notes, dashes and the usual words for "none" are; enumerators
    ("1.", "二、"), numbered labels, page numbers, dates and empty text are not.
    """
    form = canonical(text)
    if not form or looks_like_page_number(text):
        return False
    if form == "零" or _WORDS.fullmatch(form):
        return True
    if form[-1] in ".,。" or re.match(r"0[0-9]", form):
        return False
    reading = read_cell(text, kind="signed")
    if reading.state is State.DASH:
        return True
    return reading.state is State.NUMBER and "chinese_numeral" not in reading.flags


def looks_like_page_number(text: str) -> bool:
    """Whether `text` is a page number with its ornaments: — 4 —, 第 3 页, 3/5. A bare number is
    not, because a value may look the same."""
    return _PAGE_NUMBER.fullmatch(canonical(text)) is not None


def _numeric(
    printed: str,
    match: re.Match[str],
    offsets: tuple[int, ...],
    *,
    kind: str,
    header_unit: str | None,
) -> Reading | None:
    """The reading of a cell that has a number, None where its parts contradict each other."""
    flags: set[str] = set()
    magnitude = _magnitude(match["number"], flags)
    sign = _sign(match["word"], match["sign"])
    if magnitude is None or sign is None:
        return None
    annotation = None
    if match["rest"]:
        annotation = _annotation(printed, match, offsets)
        if annotation is None:
            return None
    if match["about"] or match["more"]:
        flags.add("approximate")
    if (match["word"] or match["sign"]) and kind != "signed":
        flags.add("unexpected_sign")
    unit_in_cell = match["unit"] or ""
    if match["currency"] and not unit_in_cell:
        unit_in_cell = "" if header_unit else "元"
    if kind != "amount" and "." in match["number"].strip("., 。"):
        flags.add("unexpected_decimal")
    value, unit = _in_unit(
        scaled(magnitude, sign), unit_in_cell, kind=kind, header_unit=header_unit, flags=flags
    )
    return Reading(printed, State.NUMBER, value, unit, annotation, tuple(sorted(flags)))


def _magnitude(number: str, flags: set[str]) -> Decimal | None:
    digits = number.strip(" ")
    if any(character in _CONFUSABLE for character in digits):
        flags.add("confusable")
        digits = "".join(_CONFUSABLE.get(character, character) for character in digits)
    bare = digits.strip(".,。")
    if bare != digits:
        flags.add("odd_number")
    if ".." in digits or ",," in digits or not bare:
        return None
    plain = parse_plain(bare)
    if plain is None:
        joined = bare.replace(",", "").replace(" ", "")
        if " " in bare and len(joined) > 1 and re.match(r"0[0-9]", joined):
            return None  # several cells in one, not one number
        plain = parse_plain(joined)
        flags.add("odd_number")
    if plain is not None and re.match(r"0[0-9]", bare):
        flags.add("odd_number")
    if digits.startswith("."):
        return None if plain is None else parse_plain("0." + bare) if bare.isdigit() else None
    return plain


def _sign(word: str | None, sign: str | None) -> Decimal | None:
    """+1 or -1; None where the signs contradict each other."""
    found: set[int] = set()
    if word:
        found.add(-1 if re.fullmatch(_DECREASE, word) else 1)
    if sign:
        found.update(-1 if character == "-" else 1 for character in sign)
    if len(found) > 1:
        return None
    return Decimal(found.pop() if found else 1)


def _annotation(printed: str, match: re.Match[str], offsets: tuple[int, ...]) -> str | None:
    rest = match["rest"]
    note = _BRACKETED.fullmatch(rest) or _OPEN_NOTE.fullmatch(rest)
    if note is None or not note["inner"]:
        return None
    start = match.start("rest") + note.start("inner")
    end = match.start("rest") + note.end("inner")
    return printed[offsets[start] : offsets[end - 1] + 1].strip()


def _in_unit(
    value: Decimal, unit_in_cell: str, *, kind: str, header_unit: str | None, flags: set[str]
) -> tuple[Decimal, str | None]:
    unit = unit_in_cell.removesuffix("整")
    unit = "元" if unit == "人民币" else unit.removesuffix("人民币")
    if kind != "amount":
        if unit in ("万", "亿"):
            flags.add("odd_number")
            return scaled(value, _MONEY[unit] * 10000), None
        if unit in _MONEY or unit == "%":
            flags.add("unexpected_unit")
        return value, None
    if unit and unit not in _MONEY:
        flags.add("unexpected_unit")
        return value, None
    unit = unit or _money_unit(header_unit)
    if unit:
        return scaled(value, _MONEY[unit]), AMOUNT_UNIT
    if value:
        flags.add("unit_unknown")
    return value, None


@lru_cache(maxsize=256)
def _money_unit(header: str | None) -> str:
    """The unit of money that a header names, "" where it names none. A character before 元 that
    belongs to no word of headers may be a misprinted 万."""
    match = re.search(
        r"(?:百万|千万|万|亿|千)元|(?<![㐀-鿿])元|(?<=[额位为币计])元", canonical(header or "")
    )
    return match[0] if match else ""


def _worded(printed: str, text: str, *, kind: str, header_unit: str | None) -> Reading:
    """The reading of a cell that has no digits, or has them among words."""
    match = _CHINESE_CELL.fullmatch(text)
    value = parse_chinese(match["number"]) if match else None
    if match is not None and value is not None:
        flags = set() if text == "零" else {"chinese_numeral"}
        in_unit, unit = _in_unit(
            Decimal(value), match["unit"] or "", kind=kind, header_unit=header_unit, flags=flags
        )
        return Reading(printed, State.NUMBER, in_unit, unit, None, tuple(sorted(flags)))
    if re.search(r"[0-9]", text):
        return Reading(printed, State.ILLEGIBLE)
    if re.fullmatch(_UNIT, text):
        return Reading(printed, State.NOT_APPLICABLE, flags=("number_missing",))
    if _WORDS.fullmatch(text):
        return Reading(printed, State.NOT_APPLICABLE)
    n_han = sum(map(is_han, text))
    if n_han >= 2:
        known = _WORD_SIGNS.search(text) is not None
        return Reading(printed, State.NOT_APPLICABLE, flags=() if known else ("unknown_words",))
    return Reading(printed, State.ILLEGIBLE)
