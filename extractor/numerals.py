"""Numbers as Chinese prose writes them: a number's text in, an exact `Decimal` out.

Covers digits with separators, Chinese numerals, the scales 万 and 亿 in mixtures (1万2千), and the
words that make a number approximate (余, 近, 约). What is no definite number (数百, 十几) is not
read: a wrong figure is worse than a missing one. All functions expect canonical text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

MAX_DIGITS = 18
"""Numbers with more digits than this are noise and are not read."""

_DIGITS = {
    character: value
    for value, characters in enumerate(
        ("零〇", "一壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
    )
    for character in characters
}
_SMALL_SCALES = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LARGE_SCALES = {"万": 10**4, "亿": 10**8}
_POSITIONAL = re.compile(r"[零〇一二三四五六七八九]{2,}")

_DIGIT_CLASS = "".join(_DIGITS)
_CHINESE = rf"[{_DIGIT_CLASS}十拾百佰千仟万亿]+"
_PLAIN = r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?"
_BEFORE = r"大约|约|将近|接近|近|超过|超出|超|逾|突破|多达|高达|不足|不少于|至少|上(?=[百千万])"
_NUMBER = re.compile(
    rf"(?P<before>{_BEFORE})?"
    rf"(?:(?P<plain>{_PLAIN})(?P<scale>[百千万亿]*)(?P<tail>[0-9一二三四五六七八九][百千万])?"
    rf"|(?P<chinese>{_CHINESE}))"
    r"(?P<after>余|多|来(?=[条件次个人份篇场期]))?"
    r"(?P<late>[万亿千](?:余|多)?)?"
)
_EXACT_BEFORE = ("", "多达", "高达")


@dataclass(frozen=True, slots=True)
class Number:
    """One number in canonical text at `start .. end`, words like 约 and 余 included."""

    start: int
    end: int
    value: Decimal
    is_approximate: bool
    is_chinese: bool


def parse_chinese(text: str) -> int | None:
    """The value of a Chinese numeral such as 一百零三, 两万余's 两万, or the positional 二〇二四.

    None where `text` is not one numeral: the order of its scales is wrong, or it has others signs.
    """
    if _POSITIONAL.fullmatch(text) and len(text) <= MAX_DIGITS:
        return int("".join(str(_DIGITS[character]) for character in text))
    total = section = 0
    digit: int | None = None
    last_small = last_large = 10**9
    after_zero = False
    if not text:
        return None
    for character in text:
        if character in _DIGITS:
            if digit is not None:
                return None
            value = _DIGITS[character]
            if value == 0 and len(text) > 1:
                if after_zero:
                    return None
                after_zero = True
                continue
            digit = value
        elif character in _SMALL_SCALES:
            scale = _SMALL_SCALES[character]
            if scale >= last_small:
                return None
            if digit is None and not (scale == 10 or (section == 0 and total == 0)):
                return None
            section += (1 if digit is None else digit) * scale
            digit, last_small, after_zero = None, scale, False
        elif character in _LARGE_SCALES:
            scale = _LARGE_SCALES[character]
            section += digit or 0
            if scale >= last_large or (section == 0 and (total or after_zero)):
                return None
            total += (section or 1) * scale
            section, digit, last_small, last_large = 0, None, 10**9, scale
            after_zero = False
        else:
            return None
    if digit is not None:
        section += digit * _colloquial_scale(text, last_small, last_large, after_zero=after_zero)
    return total + section


def _colloquial_scale(text: str, small: int, large: int, *, after_zero: bool) -> int:
    """What a last bare digit counts: units, or a tenth of the scale before it (一万二, 三百五)."""
    if after_zero or len(text) < 2 or text[-2] in ("十", "拾"):
        return 1
    if text[-2] in _LARGE_SCALES:
        return large // 10
    return small // 10 if text[-2] in _SMALL_SCALES else 1


def parse_plain(text: str) -> Decimal | None:
    """Digits with an optional fraction and well-placed thousands separators; exact.

    None for anything else, a lone point or sign included. 18.8710 gives 18.871.
    """
    if not re.fullmatch(_PLAIN, text):
        return None
    digits = text.replace(",", "")
    if len(digits) > MAX_DIGITS:
        return None
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    whole, dot, fraction = digits.partition(".")
    return Decimal((whole.lstrip("0") or "0") + dot + fraction)


def scaled(value: Decimal, factor: Decimal) -> Decimal:
    """`value * factor`, exact and without an exponent or trailing zeros in its fraction."""
    product = format(value * factor, "f")
    if "." in product:
        product = product.rstrip("0").rstrip(".")
    return Decimal(0) if product in ("-0", "0") else Decimal(product)


def find_numbers(text: str) -> Iterator[Number]:
    """All definite numbers in canonical text, in order, without overlap."""
    position = 0
    while match := _NUMBER.search(text, position):
        position = match.end()
        number = _number(match, text)
        if number is not None:
            yield number


def _number(match: re.Match[str], text: str) -> Number | None:
    before = match["before"] or ""
    after = (match["after"] or "") + (match["late"] or "")
    if match["chinese"] is not None:
        if match.start("chinese") and text[match.start("chinese") - 1] in "数几好第":
            return None
        if text[match.end("chinese") : match.end("chinese") + 1] == "几":
            return None
        if re.fullmatch(rf"[{_DIGIT_CLASS}]{{2,3}}", match["chinese"]):
            return None  # 三四次 is a range
        whole = parse_chinese(match["chinese"])
        if whole is None:
            return None
        value = Decimal(whole)
    else:
        plain = parse_plain(match["plain"])
        if plain is None:
            return None
        factor = _scale_factor(match["scale"])
        value = scaled(plain, factor)
        if match["tail"]:
            unit = _scale_factor(match["tail"][1:])
            if unit >= factor:
                return None
            lead = match["tail"][0]
            value += (int(lead) if lead.isascii() else _DIGITS[lead]) * unit
    if match["late"]:
        if not match["after"]:
            return None
        value = scaled(value, _scale_factor(match["late"][0]))
    return Number(
        start=match.start(),
        end=match.end(),
        value=value,
        is_approximate=before not in _EXACT_BEFORE or bool(after),
        is_chinese=match["chinese"] is not None,
    )


def _scale_factor(scales: str) -> Decimal:
    factor = Decimal(1)
    for scale in scales:
        factor *= _SMALL_SCALES.get(scale) or _LARGE_SCALES[scale]
    return factor
