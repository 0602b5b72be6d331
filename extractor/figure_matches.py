"""What patterns say of key figures: the number is found first, then what it counts.

All numbers with units are located and masked, so that a pattern (see `figure_keys`) can neither
jump over another figure nor start at a year, a telephone number or a document number. A figure that
could be another one is doubtful or dropped; a wrong figure is worse than a missing one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from extractor.characters import canonical
from extractor.clauses import (
    CLAUSE_END,
    NOT_A_TOTAL,
    SENTENCE_END,
    Scan,
    speaks_of_no_total,
    stretch_start,
)
from extractor.figure_keys import NUMBER, FigureKey, FigurePattern
from extractor.quantities import Quantity, longest_first

_BRACKET = re.compile(r"\([^()]*\)")
_THROUGH = re.compile(
    r"等(?:各类|各种|多种|多个|各)?(?:形式|渠道|方式|载体|平台|途径|媒体|媒介|政务新媒体|新媒体)"
)
_PART_OF = re.compile(r"其中|包括|包含|分别是|占比|占全")
_SINCE = re.compile(r"历年|历史|建站以来|开通以来|上线以来|成立以来|[0-9]{4}年以来|实施以来")
_NEXT_TOTAL = re.compile(
    r"[,、(;]?(?:历年|历史|总)?累计(?:主动|已)?(?:公开|发布|信息|达到了?|达|为|共|数|:)*"
)
_WITH_CARRIED_OVER = re.compile(r"^\((?:其中)?(?:含|包括|包含)[^)]{0,12}结转")


@dataclass(frozen=True, slots=True)
class Match:
    """A figure found at `start .. end` of the paragraph's canonical text; `pattern` is None where
    the classifier found it. `said` is how sure the classifier is of it, `rival` of another key at
    the same place; both 0 where it says nothing."""

    key: FigureKey
    pattern: FigurePattern | None
    start: int
    end: int
    value: Decimal | None
    unit: str | None
    is_approximate: bool
    is_doubtful: bool
    scope: str | None
    sentence: tuple[int, int]
    is_sum: bool = False
    """Whether the clause says 累计."""
    said: float = 0.0
    rival: float = 0.0
    is_number_doubtful: bool = False
    """Whether the number itself is in doubt, and not only what it counts: it is cut, has another
    unit, is claimed by several keys, or its words make it another year's, a change or a goal."""


def matches_of(scan: Scan, keys: Sequence[FigureKey]) -> Iterator[Match]:
    """What the patterns find, sentence by sentence."""
    start = 0
    ends = [match.end() for match in SENTENCE_END.finditer(scan.masked)]
    for end in [*ends, len(scan.text)]:
        if start < end:
            yield from _find_in_sentence(scan, (start, end), keys)
        start = end


def _find_in_sentence(
    scan: Scan, sentence: tuple[int, int], keys: Sequence[FigureKey]
) -> Iterator[Match]:
    """Matches of one sentence. A number that two keys claim goes to the one whose words stand
    before it; where that does not decide, all of its claims are doubtful."""
    claims: dict[int, list[Match]] = defaultdict(list)
    for key in keys:
        for match in _find_key(scan, sentence, key):
            claims[match.start].append(match)
    for start in sorted(claims):
        matches = claims[start]
        if len(matches) > 1 and matches[0].pattern not in matches[0].key.zero:
            forward = [m for m in matches if m.pattern is not None and m.pattern.is_forward]
            matches = forward or matches
            several = len(matches) > 1
            matches = [
                replace(
                    m,
                    is_doubtful=m.is_doubtful or several,
                    is_number_doubtful=m.is_number_doubtful or several,
                )
                for m in matches
            ]
        yield from matches


def _find_key(scan: Scan, sentence: tuple[int, int], key: FigureKey) -> Iterator[Match]:
    found: dict[int, Match] = {}
    for low, high, view in _views(scan, sentence):
        for pattern in key.patterns:
            position = low
            while hit := pattern.regex.search(view, position, high):
                position = hit.start() + 1
                match = _checked(scan, view, sentence, key, pattern, hit)
                if match is not None and match.start not in found:
                    found[match.start] = match
    if not found:
        yield from _zero_in_words(scan, sentence, key)
    whole: Match | None = None
    for start in sorted(found):
        match = found[start]
        if whole is not None and (
            scan.text[whole.end] == ":" or _PART_OF.search(scan.text, whole.end, start)
        ):
            continue
        if whole is not None and whole.scope == "new" and match.is_sum:
            match = replace(match, scope="cumulative")
        whole = whole or match
        following = _following_total(scan, match, sentence[1])
        if following is None or following.start in found:
            yield match
        else:
            yield replace(match, scope=match.scope or "new")
            yield following


def _views(scan: Scan, sentence: tuple[int, int]) -> Iterator[tuple[int, int, str]]:
    """The sentence with its brackets hidden, then the content of each bracket by itself."""
    low, high = sentence
    yield low, high, scan.masked
    for bracket in _BRACKET.finditer(scan.opened, low, high):
        if NUMBER in bracket[0]:
            yield bracket.start() + 1, bracket.end() - 1, scan.opened


def _checked(
    scan: Scan,
    view: str,
    sentence: tuple[int, int],
    key: FigureKey,
    pattern: FigurePattern,
    hit: re.Match[str],
) -> Match | None:
    """The match, unless the number's unit, clause or topic speaks against it."""
    start = hit.start("n")
    quantity = scan.quantities.get(start)
    if hit["n"] and quantity is None:
        return None
    stretch = min(hit.start(), stretch_start(view, sentence[0], start))
    before = view[stretch:start]
    if (
        speaks_of_no_total(before)
        or _THROUGH.search(view, hit.start() + 1, start)
        or _is_excluded((key.exclude, pattern.exclude), before)
        or not _is_on_topic(key, scan.heading + view, len(scan.heading) + hit.end())
        or scan.names_other_year(sentence[0], stretch, start)
        or scan.opens_with_other_year(sentence[0], stretch)
    ):
        return None
    scope = pattern.scope or _scope(before)
    if quantity is None:
        if start not in scan.gaps:
            return None
        unit = next((u for u in longest_first(key.units) if scan.text.startswith(u, start)), None)
        if unit is None:
            return None
        quantity = Quantity(start, start, start + len(unit), None, unit, False, True)
    elif quantity.unit is not None and quantity.unit not in map(canonical, key.units):
        return None
    if key.context is not None and _WITH_CARRIED_OVER.match(scan.text[quantity.end :]):
        scope = "handled_including_carried_over"
    return Match(
        key=key,
        pattern=pattern,
        start=quantity.start,
        end=quantity.end,
        value=quantity.value,
        unit=quantity.unit,
        is_approximate=quantity.is_approximate,
        is_doubtful=pattern.is_doubtful or quantity.is_doubtful or quantity.unit is None,
        scope=scope,
        sentence=sentence,
        is_sum=scope is None and "累计" in before,
        is_number_doubtful=quantity.is_doubtful or quantity.unit is None,
    )


def _scope(clause: str) -> str | None:
    if _SINCE.search(clause):
        return "cumulative"
    return "new" if "新增" in clause else None


def _zero_in_words(scan: Scan, sentence: tuple[int, int], key: FigureKey) -> Iterator[Match]:
    """At most one zero: words of a zero in a clause that has no number at all."""
    low, high = sentence
    for pattern in key.zero:
        hit = pattern.regex.search(scan.masked, low, high)
        if hit is None:
            continue
        stretch = stretch_start(scan.masked, low, hit.start())
        clause_end = CLAUSE_END.search(scan.masked, hit.end(), high)
        end = clause_end.start() if clause_end else high
        clause = scan.masked[stretch:end]
        if (
            NUMBER in clause
            or NOT_A_TOTAL.search(clause)
            or _is_excluded((pattern.exclude,), clause)
            or not _is_on_topic(key, scan.heading + scan.masked, len(scan.heading) + hit.end())
            or scan.names_other_year(low, stretch, hit.end())
            or scan.opens_with_other_year(low, stretch)
        ):
            continue
        yield Match(
            key=key,
            pattern=pattern,
            start=hit.start(),
            end=hit.end(),
            value=Decimal(0),
            unit=key.units[0],
            is_approximate=False,
            is_doubtful=pattern.is_doubtful,
            scope=pattern.scope,
            sentence=sentence,
        )
        return


def _following_total(scan: Scan, match: Match, end: int) -> Match | None:
    """A second total directly behind a figure: 新增311条，累计达3174条."""
    after = min((start for start in scan.quantities if match.end <= start < end), default=None)
    if after is None or match.value is None:
        return None
    quantity = scan.quantities[after]
    if quantity.unit != match.unit or not _NEXT_TOTAL.fullmatch(scan.text, match.end, after):
        return None
    return replace(
        match,
        start=quantity.start,
        end=quantity.end,
        value=quantity.value,
        is_approximate=quantity.is_approximate,
        scope="cumulative",
    )


def _is_excluded(excludes: Sequence[re.Pattern[str] | None], clause: str) -> bool:
    """Whether the clause has a word that speaks against the key. The channels of 通过网站、微信等
    渠道 do not: what follows is about all of them."""
    channels = list(_THROUGH.finditer(clause))
    said = clause[channels[-1].end() :] if channels else clause
    return any(exclude is not None and exclude.search(said) for exclude in excludes)


def _is_on_topic(key: FigureKey, view: str, position: int) -> bool:
    """Whether the topic mentioned last before `position` in the paragraph is the key's."""
    if key.context is None:
        return True
    ours = max((m.end() for m in key.context.finditer(view, 0, position)), default=-1)
    if key.rivals is None or ours < 0:
        return ours >= 0
    return ours >= max((m.end() for m in key.rivals.finditer(view, 0, position)), default=-1)
