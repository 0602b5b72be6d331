"""How a report prints a number: in which digits, how exactly, in which unit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

from training.synthesis.narrative.notation import Shape, Style

_DIGITS = "零一二三四五六七八九"
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True, slots=True)
class Hand:
    """How one report sets its numbers: in full-width digits, with spaces around, in groups of
    three (1,234)."""

    full_width: bool = False
    spaced: bool = False
    grouped: bool = False

    def digits(self, number: int | Decimal) -> str:
        text = f"{Decimal(number):,f}" if self.grouped else f"{Decimal(number):f}"
        return text.translate(_FULL_WIDTH) if self.full_width else text

    def count(self, number: int | Decimal, unit: str = "") -> str:
        """A number with its unit, and the spaces that this report puts around the digits."""
        gap = "" if unit == "%" else " "
        return f" {self.digits(number)}{gap}{unit}" if self.spaced else self.digits(number) + unit

    def year(self, year: int) -> str:
        """A year, which is never set in groups."""
        return replace(self, grouped=False).count(year)


def draw_hand(rng: Random) -> Hand:
    """Most reports set plain digits without spaces."""
    return Hand(
        full_width=rng.random() < 0.03, spaced=rng.random() < 0.1, grouped=rng.random() < 0.04
    )


@dataclass(frozen=True, slots=True)
class Written:
    """A number as printed, with its unit, and what it says; `text` begins with a space where the
    report sets one before its digits."""

    text: str
    value: Decimal
    is_exact: bool = True


def write_number(
    amount: int | Decimal, unit: str, shape: Shape, style: Style | None, hand: Hand, rng: Random
) -> Written:
    """Print an amount, in the given style or in one that is usual for numbers of its shape."""
    if style is Style.WORDS or (style is None and _in_words(amount, shape, rng)):
        return Written(chinese(int(amount)) + unit, Decimal(amount))
    if style is Style.ROUND or (style is None and _is_rounded(amount, shape, rng)):
        return _rounded(int(amount), unit, hand, rng)
    if style is None and shape is Shape.ITEMS and amount >= 20000 and rng.random() < 0.08:
        value = _leading(int(amount), 3)
        return Written(_with_myriads(value, unit, hand, 1.0, rng), Decimal(value))
    return Written(hand.count(amount, unit), Decimal(amount))


def chinese(number: int) -> str:
    """A whole number from 1 to 99 in words before a measure word: 两, 十二, 二十.

    Raises:
        ValueError: the number is outside of that.
    """
    if not 1 <= number <= 99:
        raise ValueError(f"{number} is not written in words")
    if number == 2:
        return "两"
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return head + (_DIGITS[ones] if ones else "")


def _in_words(amount: int | Decimal, shape: Shape, rng: Random) -> bool:
    if shape is Shape.EVENTS:
        return 1 <= amount <= 24 and rng.random() < 0.14
    return shape is Shape.CASES and 1 <= amount <= 10 and rng.random() < 0.05


def _is_rounded(amount: int | Decimal, shape: Shape, rng: Random) -> bool:
    share = {Shape.ITEMS: 0.14, Shape.EVENTS: 0.06}.get(shape, 0.0)
    return amount >= 30 and rng.random() < share


def _leading(amount: int, n: int) -> int:
    """The amount cut down to its first `n` digits."""
    step = int(10 ** max(0, len(str(amount)) - n))
    return amount // step * step


def _rounded(amount: int, unit: str, hand: Hand, rng: Random) -> Written:
    keep = 1 if amount < 100 else rng.choice((1, 2, 2))
    if amount >= 100 and (amount - _leading(amount, keep)) * 3 > amount:
        keep = 2  # nobody calls 190 more than 100
    floor = _leading(amount, keep)
    step = int(10 ** (len(str(amount)) - keep))
    form = rng.choices(("余", "多", "近", "约", "超", "超过"), (10, 3, 3, 3, 1, 1))[0]
    if form == "近" and (floor + step - amount) * 5 > amount:
        form = "约"
    above = form == "近" or (form == "约" and amount - floor > step // 2)
    value = floor + step if above else floor
    if form in "余多":
        text = _with_myriads(value, form + unit, hand, 0.75, rng)
    else:
        text = form + _with_myriads(value, unit, hand, 0.75, rng)
    return Written(text, Decimal(value), is_exact=False)


def _with_myriads(value: int, unit: str, hand: Hand, chance: float, rng: Random) -> str:
    """The number, from ten thousand on usually in 万 and from a hundred million on in 亿."""
    for size, word in ((10**8, "亿"), (10**4, "万")):
        if value >= size and rng.random() < chance:
            return hand.count((Decimal(value) / size).normalize(), word + unit)
    return hand.count(value, unit)
