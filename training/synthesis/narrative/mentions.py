"""What stands in a sentence besides its key figures: names, dates, and numbers that only look like
key figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from random import Random

from training.synthesis.narrative.facts import Facts
from training.synthesis.narrative.notation import MENTIONS, Mention
from training.synthesis.narrative.numerals import Hand

_STREETS = ("人民路", "青石路", "迎宾大道", "文化街", "建设东路", "和平巷", "滨河北路", "府前街")
_AUTHORITIES = ("国办发", "国办公开办函", "政办发", "政办函", "办公开函", "办字")


def mention_fits(mention: Mention, facts: Facts) -> bool:
    """Whether the facts have what is mentioned."""
    name = mention.name
    if MENTIONS[name] == "key":
        total = facts.amounts.get(("applications_answered", None))
        return mention.argument in facts.last and (name != "share" or bool(total))
    if name in _PLAIN or name == "rest" or MENTIONS[name] == "range":
        return True
    return name in facts.cases


def print_mention(mention: Mention, unit: str, facts: Facts, hand: Hand, rng: Random) -> str:
    """The words of a mention; `unit` counts the figure that it is about, if it is about one."""
    name, argument = mention.name, mention.argument
    if MENTIONS[name] == "range":
        low, high = map(int, argument.split("-"))
        return _RANGES[name](low, high, hand, rng)
    if MENTIONS[name] == "key":
        now, last = int(facts.amounts[argument, None] or 0), facts.last[argument]
        return _COMPARISONS[name](now, last, unit, facts, hand, rng)
    if name in facts.cases:
        return hand.count(facts.cases[name])
    return _PLAIN[name](facts, hand, rng)


def _when(facts: Facts, hand: Hand, rng: Random) -> str:
    year = f"{hand.year(facts.year)}年"
    return rng.choice(("全年", "全年", "本年度", "年内", year, year, f"{year}度", f"{year}全年"))


def _date(facts: Facts, hand: Hand, rng: Random) -> str:
    return (
        f"{hand.year(facts.year)}年"
        + hand.count(rng.randrange(1, 13), "月")
        + hand.count(rng.randrange(1, 29), "日")
    )


def _telephone(facts: Facts, hand: Hand, rng: Random) -> str:
    area_code = rng.choice(("0310", "0371", "0551", "0731", "0838", "0931", "010", "021"))
    return f"{area_code}{rng.choice('--—－')}{rng.randrange(2000000, 88999999)}"


def _document(facts: Facts, hand: Hand, rng: Random) -> str:
    year = rng.choice((2019, 2021, facts.year, facts.year))
    return f"{rng.choice(_AUTHORITIES)}〔{year}〕{rng.randrange(1, 90)}号"


_PLAIN: Mapping[str, Callable[[Facts, Hand, Random], str]] = {
    "when": _when,
    "year": lambda facts, hand, rng: hand.year(facts.year),
    "last_year": lambda facts, hand, rng: hand.year(facts.year - 1),
    "next_year": lambda facts, hand, rng: hand.year(facts.year + 1),
    "date": _date,
    "we": lambda facts, hand, rng: facts.body.we,
    "area": lambda facts, hand, rng: facts.body.area,
    "org": lambda facts, hand, rng: facts.body.name,
    "office": lambda facts, hand, rng: facts.body.office,
    "chief": lambda facts, hand, rng: facts.body.chief,
    "account": lambda facts, hand, rng: (
        f"“{facts.body.stem}{rng.choice(('发布', '政务', '之声'))}”"
    ),
    "telephone": _telephone,
    "postcode": lambda facts, hand, rng: f"{rng.randrange(10, 70) * 10000 + rng.randrange(9999)}",
    "address": lambda facts, hand, rng: f"{rng.choice(_STREETS)}{rng.randrange(1, 400)}号",
    "document": _document,
    "gap": lambda facts, hand, rng: rng.choice(("", " ", "  ", "   ", "　", "　　")),
}


def _count(low: int, high: int, hand: Hand, rng: Random) -> str:
    return hand.count(round(math.exp(rng.uniform(math.log(max(low, 0.6)), math.log(high)))))


def _percent(low: int, high: int, hand: Hand, rng: Random) -> str:
    if high == 100 and rng.random() < 0.25:
        return hand.count(100, "%")
    return hand.count(round(Decimal(rng.uniform(low, high)), rng.choice((0, 1, 2))), "%")


def _money(low: int, high: int, hand: Hand, rng: Random) -> str:
    return hand.count(round(Decimal(rng.uniform(low, high)), rng.choice((0, 2, 2))), "万元")


def _square(low: int, high: int, hand: Hand, rng: Random) -> str:
    return hand.count(rng.randrange(low, high + 1), "平方米")


_RANGES: Mapping[str, Callable[[int, int, Hand, Random], str]] = {
    "number": _count,
    "percent": _percent,
    "money": _money,
    "square": _square,
}


def _growth(now: int, last: int, unit: str, facts: Facts, hand: Hand, rng: Random) -> str:
    percent = Decimal(abs(now - last) * 100) / last
    shown = hand.count(round(percent, rng.choice((1, 2))).normalize(), "%")
    return rng.choice(("增长", "上升", "提高") if now > last else ("下降", "减少", "回落")) + shown


def _change(now: int, last: int, unit: str, facts: Facts, hand: Hand, rng: Random) -> str:
    return ("增加" if now > last else "减少") + hand.count(abs(now - last), unit)


def _last(now: int, last: int, unit: str, facts: Facts, hand: Hand, rng: Random) -> str:
    return hand.count(last, unit)


def _share(now: int, last: int, unit: str, facts: Facts, hand: Hand, rng: Random) -> str:
    total = int(facts.amounts["applications_answered", None] or 1)
    percent = Decimal(now * 100) / total
    return hand.count(round(percent, 2).normalize(), "%")


_COMPARISONS: Mapping[str, Callable[[int, int, str, Facts, Hand, Random], str]] = {
    "growth": _growth,
    "change": _change,
    "last": _last,
    "share": _share,
}
