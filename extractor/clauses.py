"""A paragraph of running text, prepared for finding figures: its numbers located and masked, its
brackets and titles hidden, the clauses that belong to a number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from extractor.characters import canonical, canonical_with_offsets
from extractor.figure_keys import HIDDEN, NUMBER
from extractor.prose import Prose
from extractor.quantities import Quantity, find_quantities

SENTENCE_END = re.compile(r"[。!?]")
_CLAUSE_ENDS = ",。;:!?"
CLAUSE_END = re.compile(f"[{_CLAUSE_ENDS}]")
_HIDDEN_PART = re.compile(
    r"\([^()]*\)|\[[^\[\]]*\]|《[^《》]*(?:条例|办法|规定|通知|通报|意见|方案|决定|报告|指南|目录|制度|细则|"
    r"规划|要点|标准|清单|规则|函|批复|表|册|汇编|纲要|法)》|[《》]"
)
_YEAR = re.compile(r"(?<![0-9])(20[0-9]{2})(?:年|-20[0-9]{2}年)")
_CHANGE_BEFORE = re.compile(
    r"(?:同比|环比|较|比)[^,;。]{0,12}$|(?:增长|下降|减少|回落|上升|降低|提高|提升|增幅|降幅)(?:了|约)?$"
    r"|(?<!新)增加(?:了)?$"
)
NOT_A_TOTAL = re.compile(
    r"分别|平均|每年|每月|每季度|每周|日均|月均|人均|计划|力争|争取|预计|下一步|确保|不少于|不低于|目标|"
    r"去年|上年(?!度?结转)|上一年(?!度?结转)|往年|以往"
)
_LOOKS_BACK = re.compile(
    r"(?:^|[,;。])(?:回看|回顾|回望|再看|对照|反观|而)?(?:去年|上年(?!度?结转)|上一年(?!度?结转)|往年)"
    r"(?:度|全年|同期|里|一年)?,$"
)


@dataclass(frozen=True, slots=True)
class Scan:
    """One paragraph's canonical text, prepared. `masked` and `opened` have the same length:
    numbers are replaced in both, brackets and titles in `masked` only. `gaps` are the positions
    before which the print leaves a blank; `year` is the report's."""

    text: str
    masked: str
    opened: str
    quantities: Mapping[int, Quantity]
    gaps: frozenset[int]
    heading: str
    year: int | None

    def names_other_year(self, low: int, stretch: int, end: int) -> bool:
        """Whether the years in `stretch .. end`, or else the last one of `low .. end`, are all
        others than the report's."""
        if self.year is None:
            return False
        named = [int(match[1]) for match in _YEAR.finditer(self.text, stretch, end)]
        if not named:
            named = [int(match[1]) for match in _YEAR.finditer(self.text, low, end)][-1:]
        return bool(named) and self.year not in named

    def opens_with_other_year(self, low: int, stretch: int) -> bool:
        """Whether the clause before `stretch` speaks of the year before as a whole: 回看上年，…"""
        return bool(_LOOKS_BACK.search(self.text[low:stretch]))


def speaks_of_no_total(clause: str) -> bool:
    """Whether the words before a number make it a change, a mean, a goal, or last year's."""
    return bool(NOT_A_TOTAL.search(clause) or _CHANGE_BEFORE.search(clause))


def stretch_start(view: str, low: int, start: int) -> int:
    """Where the words that belong to the number at `start` begin: after the last clause end or
    the last number before it."""
    i = start
    while i > low and view[i - 1] not in _CLAUSE_ENDS and view[i - 1] != NUMBER:
        i -= 1
    return i


def scan_paragraph(
    paragraph: Prose, units: re.Pattern[str], year: int | None
) -> tuple[Scan, tuple[int, ...]]:
    """The prepared paragraph, and the offsets of its canonical characters in the text."""
    text, offsets = canonical_with_offsets(paragraph.text)
    quantities = {quantity.start: quantity for quantity in find_quantities(text, units)}
    characters = list(text)
    for quantity in quantities.values():
        span = quantity.number_end - quantity.start
        characters[quantity.start : quantity.number_end] = NUMBER * span
    opened = "".join(characters)
    for hidden in _HIDDEN_PART.finditer(text):
        characters[hidden.start() : hidden.end()] = HIDDEN * (hidden.end() - hidden.start())
    gaps = frozenset(
        i
        for i in range(1, len(offsets))
        if paragraph.text[offsets[i - 1] + 1 : offsets[i]].strip() == ""
        and offsets[i] > offsets[i - 1] + 1
    )
    heading = canonical(paragraph.heading)
    scan = Scan(text, "".join(characters), opened, quantities, gaps, heading, year)
    return scan, offsets
