"""Canonical text to quantities: numbers with what they count, and none that counts nothing.

Years, dates, document and telephone numbers are no quantities; a number without a unit is one only
where its unit may have been left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from extractor.characters import canonical
from extractor.figure_keys import FigureKey
from extractor.numerals import Number, find_numbers, parse_plain

# Units that are no key figure's, so that their numbers are seen for what they are.
_OTHER_UNITS = (
    *(
        "平方米",
        "万平方米",
        "公里",
        "千米",
        "亩",
        "吨",
        "元",
        "名",
        "户",
        "家",
        "台",
        "辆",
        "册",
        "页",
    ),
    *(
        "字",
        "岁",
        "天",
        "日",
        "小时",
        "分钟",
        "个工作日",
        "工作日",
        "件次",
        "个百分点",
        "百分点",
        "倍",
    ),
    *("处", "类", "批次", "批", "轮", "幅", "版", "本", "部", "所", "座", "头", "票", "分", "%"),
)
_NEVER_BEFORE = re.compile(r"[第\[A-Za-z@#/.~_-]$|[0-9][至到~-]$|百分之$")
_NEVER_AFTER = re.compile(
    r"[A-Za-z@~/-]|[0-9]|[至到][0-9]|年|月(?!刊)|号|时[0-9至到]|:[0-9]|\.[a-z0-9]"
)
_ROUND_AFTER = re.compile(r"左右|上下|以上|余")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit in canonical text: digits `start .. number_end`, unit up to `end`."""

    start: int
    number_end: int
    end: int
    value: Decimal | None
    unit: str | None
    is_approximate: bool
    is_doubtful: bool


def find_quantities(text: str, units: re.Pattern[str]) -> Iterator[Quantity]:
    for number in find_numbers(text):
        before = text[max(0, number.start - 16) : number.start]
        if _NEVER_BEFORE.search(before) or _NEVER_AFTER.match(text, number.end):
            continue
        unit = units.match(text, number.end)
        if unit is None and (number.is_chinese or not _stands_alone(text, number)):
            continue
        end = unit.end() if unit else number.end
        start, value = number.start, number.value
        # A number that a line end or a blank cuts in two: its parts are joined, and it is doubtful.
        cut = re.search(r"[0-9]+ $", before)
        if cut is not None:
            start -= len(cut[0])
            value = parse_plain(cut[0].strip() + text[number.start : number.end]) or value
        yield Quantity(
            start=start,
            number_end=number.end,
            end=end,
            value=value,
            unit=unit[0] if unit else None,
            is_approximate=number.is_approximate or _ROUND_AFTER.match(text, end) is not None,
            is_doubtful=cut is not None,
        )


def _stands_alone(text: str, number: Number) -> bool:
    """Whether a number without a unit may be one whose unit was left out: it ends its clause and
    is neither a year nor as long as a telephone number or a post code."""
    follows = text[number.end : number.end + 1]
    if follows and follows not in ",。;、)":
        return False
    digits = text[number.start : number.end]
    if re.fullmatch(r"20[0-9]{2}|[0-9]{6,}", digits):
        return False
    return re.match(r"12345|12315|12333|12369|12388", digits) is None


def unit_pattern(keys: Sequence[FigureKey]) -> re.Pattern[str]:
    units = {canonical(unit) for key in keys for unit in key.units} | set(_OTHER_UNITS)
    return re.compile("|".join(map(re.escape, longest_first(units))))


def longest_first(units: Sequence[str] | set[str]) -> list[str]:
    return sorted(units, key=lambda unit: (-len(unit), unit))
