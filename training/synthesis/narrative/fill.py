"""Patterns filled with facts: prose whose key figures are marked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from random import Random

from training.synthesis.narrative.facts import Amount, Facts
from training.synthesis.narrative.mentions import mention_fits, print_mention
from training.synthesis.narrative.notation import (
    MENTIONS,
    NO_UNIT,
    Choice,
    Key,
    Mention,
    Part,
    Pattern,
    Shape,
    Slot,
    Style,
    keys,
)
from training.synthesis.narrative.numerals import Hand, write_number
from training.synthesis.prose import FigureSpan, Prose

# How a whole is divided among the channels that a list of its parts names.
_WEIGHTS = {
    "website_items": 6.0,
    "new_media_items": 3.0,
    "wechat_items": 2.5,
    "weibo_items": 1.0,
    "video_items": 0.4,
}
_FIRST_UNIT = 0.8
_ROUNDED_FROM = 20
_MOST_IN_WORDS = 20
_NOT_ADDING_UP = 0.3


def fits(pattern: Pattern, facts: Facts) -> bool:
    """Whether the facts have every amount that the pattern states, and one to speak about."""
    speaks = not pattern.slots
    for slot in pattern.slots:
        amount = _amount(slot, facts)
        if slot.words or slot.style is Style.ZERO:
            if amount or (amount is None and not slot.words):
                return False
            speaks = True
        elif amount is None or not _is_printable(slot, amount):
            return False
        else:
            speaks = speaks or amount > 0
    return speaks and all(mention_fits(mention, facts) for mention in pattern.mentions)


def fill(pattern: Pattern, facts: Facts, hand: Hand, rng: Random) -> Prose:
    """The sentence without its full stop. The pattern must fit the facts."""
    sentence = _Sentence(pattern, facts, hand, rng)
    return concatenate(sentence.print(part) for part in pattern.parts)


class _Sentence:
    """What the parts of one sentence must agree about: the units, and the whole that is parted."""

    def __init__(self, pattern: Pattern, facts: Facts, hand: Hand, rng: Random) -> None:
        self._facts = facts
        self._hand = hand
        self._rng = rng
        # By the units that a key could have: figures that are counted alike have the same one.
        self._units: dict[tuple[str, ...], str] = {}
        self._whole = 0
        self._rest = 0
        parts = [slot.key for slot in pattern.slots if slot.scope == "part_of"]
        self._weight = sum(_WEIGHTS.get(key, 0.0) for key in parts) + 1.5
        self._is_list = len(pattern.slots) > 1

    def print(self, part: Part) -> str | Prose:
        match part:
            case str():
                return part
            case Slot():
                return self._figure(part)
            case Mention():
                return self._mention(part)
            case Choice(alternatives):
                return concatenate(self.print(piece) for piece in self._rng.choice(alternatives))

    def _mention(self, mention: Mention) -> str:
        if mention.name == "part":
            low, high = map(int, mention.argument.split("-"))
            return self._hand.count(self._take(self._rng.uniform(low, high) / 100))
        if mention.name == "rest":
            # Lists that do not add up are common.
            error = self._rng.uniform(0.5, 1.6) if self._rng.random() < _NOT_ADDING_UP else 1
            return self._hand.count(max(0, round(self._rest * error)))
        unit = ""
        if MENTIONS[mention.name] == "key":
            of_key = keys()[mention.argument].units
            unit = self._units.get(of_key, of_key[0])
        return print_mention(mention, unit, self._facts, self._hand, self._rng)

    def _take(self, share: float) -> int:
        part = round(self._whole * share)
        self._rest -= part
        return part

    def _figure(self, slot: Slot) -> Prose:
        key = keys()[slot.key]
        if slot.words:
            span = FigureSpan(
                0, len(slot.words), key.name, Decimal(0), key.units[0], scope=slot.scope
            )
            return Prose(slot.words, (span,))
        amount = _amount(slot, self._facts) or 0
        if slot.scope != "part_of":
            self._whole = self._rest = int(amount)
        elif key.name in _WEIGHTS:
            share = _WEIGHTS[key.name] / self._weight
            amount = max(1, self._take(share * self._rng.uniform(0.8, 1.15)))
        else:
            amount = min(amount, self._whole)
        unit = self._unit(slot, key)
        style = slot.style if slot.style in (Style.ROUND, Style.WORDS) else None
        # No 一件 in a list of counts, and no 一 without a unit.
        is_plain = key.shape is Shape.CASES and (self._is_list or not unit)
        shape = Shape.RATE if is_plain else key.shape
        written = write_number(amount, unit, shape, style, self._hand, self._rng)
        start = len(written.text) - len(written.text.lstrip())
        end = len(written.text.rstrip())
        span = FigureSpan(
            start, end, key.name, written.value, unit, written.is_exact, scope=slot.scope
        )
        return Prose(written.text, (span,))

    def _unit(self, slot: Slot, key: Key) -> str:
        if slot.units:
            unit = _choose(slot.units, self._rng)
        elif key.units in self._units:
            return self._units[key.units]
        else:
            unit = _choose(key.units, self._rng)
        if unit == NO_UNIT:
            return ""
        self._units[key.units] = unit
        return unit


def concatenate(pieces: Iterable[str | Prose]) -> Prose:
    """One paragraph of several pieces. A space that opens a piece is left out at the beginning and
    behind punctuation, where no report sets one."""
    text = ""
    figures: list[FigureSpan] = []
    for piece in pieces:
        prose = Prose(piece) if isinstance(piece, str) else piece
        if prose.text.startswith(" ") and (not text or text[-1] in "，。；：、（“ "):
            shift = len(text) - 1
            text += prose.text[1:]
        else:
            shift = len(text)
            text += prose.text
        figures += (replace(f, start=f.start + shift, end=f.end + shift) for f in prose.figures)
    return Prose(text, tuple(figures))


def _amount(slot: Slot, facts: Facts) -> Amount | None:
    scope = None if slot.scope == "part_of" else slot.scope
    return facts.amounts.get((slot.key, scope))


def _is_printable(slot: Slot, amount: Amount) -> bool:
    match slot.style:
        case Style.ROUND:
            return amount >= _ROUNDED_FROM
        case Style.WORDS:
            return 1 <= amount <= _MOST_IN_WORDS
        case Style.ANY:
            return True
        case Style.POSITIVE:
            return amount > 0
    return amount > 0 or keys()[slot.key].printed_zero


def _choose(units: tuple[str, ...], rng: Random) -> str:
    first, *others = units
    return first if not others or rng.random() < _FIRST_UNIT else rng.choice(others)
