"""Key figures: prose fragments in, figures with their sentence and evidence out.

Two witnesses are heard. The token classifier says which characters state which figure, by meaning;
patterns say it by words. What both say is accepted; what the classifier alone says if it is sure;
what only a pattern says is flagged.

How patterns find a figure:

The number is found first, then what it counts: all numbers with units are located and masked, so
that a pattern (see `figure_keys`) can neither jump over another figure nor start at a year, a
telephone number or a document number. A figure that could be another one is flagged or dropped;
a wrong figure is worse than a missing one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from extractor.characters import canonical, canonical_with_offsets
from extractor.figure_keys import HIDDEN, NUMBER, FigureKey, FigurePattern
from extractor.mentions import Said, quantity_of, said_of
from extractor.prose import Prose
from extractor.quantities import Quantity, find_quantities, longest_first, unit_pattern
from extractor.types import CellStatus, Exactness, Figure

_SURE, _LIKELY = 0.9, 0.6
_SENTENCE_END = re.compile(r"[。!?]")
_CLAUSE_ENDS = ",。;:!?"
_CLAUSE_END = re.compile(f"[{_CLAUSE_ENDS}]")
_BRACKET = re.compile(r"\([^()]*\)")
_HIDDEN_PART = re.compile(
    r"\([^()]*\)|\[[^\[\]]*\]|《[^《》]*(?:条例|办法|规定|通知|通报|意见|方案|决定|报告|指南|目录|制度|细则|"
    r"规划|要点|标准|清单|规则|函|批复|表|册|汇编|纲要|法)》|[《》]"
)

_CHANGE_BEFORE = re.compile(
    r"(?:同比|环比|较|比)[^,;。]{0,12}$|(?:增长|下降|减少|回落|上升|降低|提高|提升|增幅|降幅)(?:了|约)?$"
    r"|(?<!新)增加(?:了)?$"
)
_NOT_A_TOTAL = re.compile(
    r"分别|平均|每年|每月|每季度|每周|日均|月均|人均|计划|力争|争取|预计|下一步|确保|不少于|不低于|目标|"
    r"去年|上年(?!度?结转)|上一年(?!度?结转)|往年|以往"
)
_THROUGH = re.compile(
    r"等(?:各类|各种|多种|多个|各)?(?:形式|渠道|方式|载体|平台|途径|媒体|媒介|政务新媒体|新媒体)"
)
_PART_OF = re.compile(r"其中|包括|包含|分别是|占比|占全")
_SINCE = re.compile(r"历年|历史|建站以来|开通以来|上线以来|成立以来|[0-9]{4}年以来|实施以来")
_NEXT_TOTAL = re.compile(
    r"[,、(;]?(?:历年|历史|总)?累计(?:主动|已)?(?:公开|发布|信息|达到了?|达|为|共|数|:)*"
)
_WITH_CARRIED_OVER = re.compile(r"^\((?:其中)?(?:含|包括|包含)[^)]{0,12}结转")
_YEAR = re.compile(r"(?<![0-9])(20[0-9]{2})(?:年|-20[0-9]{2}年)")


@dataclass(frozen=True, slots=True)
class _Scan:
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


@dataclass(frozen=True, slots=True)
class _Match:
    """A figure found at `start .. end` of the paragraph's canonical text; `pattern` is None where
    the classifier found it."""

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


def find_figures(
    paragraphs: Sequence[Prose], keys: Sequence[FigureKey], *, year: int | None = None
) -> tuple[Figure, ...]:
    """The key figures that the paragraphs state, in the order of `keys`, then of the text.

    Args:
        paragraphs: running text only; tables and headings say nothing here.
        keys: what to look for.
        year: of the report; figures of a clause that names another year are left out.

    Returns:
        Every figure once. FLAGGED where a pattern is marked doubtful, the number or the unit is
        not printed, or the document states another value for the same key and scope. `value` is
        None only where the text leaves a gap for the number.
    """
    units = unit_pattern(keys)
    found: list[tuple[int, Figure]] = []
    order = {key.key: i for i, key in enumerate(keys)}
    for paragraph in paragraphs:
        scan, offsets = _scan(paragraph, units, year)
        matches = list(_find_in_paragraph(scan, keys))
        said = said_of(paragraph, offsets)
        if said is not None:
            matches = _heard(matches, said, scan, {key.key: key for key in keys})
        for match in matches:
            found.append((order[match.key.key], _figure(match, paragraph, offsets)))
    found.sort(key=lambda item: item[0])
    return _reconciled([figure for _, figure in found])


def _reconciled(figures: Sequence[Figure]) -> tuple[Figure, ...]:
    """Repetitions dropped; values that contradict each other flagged."""
    values: dict[tuple[str, str | None], set[Decimal | None]] = defaultdict(set)
    for figure in figures:
        values[figure.key, figure.scope].add(figure.value)
    seen: set[tuple[str, str | None, Decimal | None, str | None]] = set()
    kept: list[Figure] = []
    for figure in figures:
        identity = (figure.key, figure.scope, figure.value, figure.unit)
        if identity in seen:
            continue
        seen.add(identity)
        if len(values[figure.key, figure.scope]) > 1:
            figure = replace(figure, status=CellStatus.FLAGGED)
        kept.append(figure)
    return tuple(kept)


def _figure(match: _Match, paragraph: Prose, offsets: tuple[int, ...]) -> Figure:
    start, end = offsets[match.start], offsets[match.end - 1] + 1
    first, last = offsets[match.sentence[0]], offsets[match.sentence[1] - 1] + 1
    return Figure(
        key=match.key.key,
        value=match.value,
        unit=match.unit,
        exactness=Exactness.APPROXIMATE if match.is_approximate else Exactness.EXACT,
        printed=paragraph.text[start:end].strip(),
        sentence=paragraph.text[first:last].strip(),
        status=CellStatus.FLAGGED if match.is_doubtful else CellStatus.ACCEPTED,
        evidence=paragraph.evidence(start, end),
        scope=match.scope,
    )


def _heard(
    matches: Sequence[_Match], said: Sequence[Said], scan: _Scan, keys: Mapping[str, FigureKey]
) -> list[_Match]:
    """The figures after both witnesses are heard, in the order of the text."""
    result: list[_Match] = []
    confirmed: list[Said] = []
    for match in matches:
        here = [one for one in said if one.overlaps(match.start, match.end)]
        ours = [one for one in here if one.key == match.key.key]
        if ours:
            confirmed += ours
            result.append(_confirmed(match, max(ours, key=lambda one: one.probability), scan))
        elif not match.is_doubtful:
            result.append(replace(match, is_doubtful=True))
    for one in said:
        if one in confirmed or one.probability < _LIKELY or one.key not in keys:
            continue
        alone = _by_meaning(one, keys[one.key], scan)
        if alone is not None and not any(
            m.key is alone.key and m.start == alone.start for m in result
        ):
            is_disputed = any(m.start < alone.end and alone.start < m.end for m in result)
            result.append(replace(alone, is_doubtful=alone.is_doubtful or is_disputed))
    result.sort(key=lambda match: match.start)
    return result


def _confirmed(match: _Match, said: Said, scan: _Scan) -> _Match:
    """A figure that both found: the pattern has no doubt any more, the number keeps its own."""
    quantity = scan.quantities.get(match.start)
    is_doubtful = match.value is None or match.unit is None or said.is_cut
    is_doubtful |= quantity is not None and quantity.is_doubtful
    is_doubtful |= match.is_doubtful and said.probability < _SURE
    scope = said.scope if said.probability >= _LIKELY else match.scope
    return replace(match, scope=scope, is_doubtful=is_doubtful)


def _by_meaning(said: Said, key: FigureKey, scan: _Scan) -> _Match | None:
    """A figure that only the classifier found; None where no number can be read.

    It knows figures of other years by their words, so that a year that is named makes its figure
    doubtful and no more: 2019年结转1件 is one of the report's own.
    """
    quantity = quantity_of(said, scan.text, tuple(scan.quantities.values()), key)
    if quantity is None:
        return None
    low = max((m.end() for m in _SENTENCE_END.finditer(scan.masked, 0, said.start)), default=0)
    stretch = _stretch_start(scan.masked, low, quantity.start)
    before = scan.masked[stretch : quantity.start]
    end = _SENTENCE_END.search(scan.masked, quantity.end)
    return _Match(
        key=key,
        pattern=None,
        start=quantity.start,
        end=quantity.end,
        value=quantity.value,
        unit=quantity.unit,
        is_approximate=quantity.is_approximate or said.is_approximate,
        is_doubtful=said.probability < _SURE
        or said.is_cut
        or quantity.is_doubtful
        or quantity.unit not in {canonical(unit) for unit in key.units}
        or _NOT_A_TOTAL.search(before) is not None
        or _CHANGE_BEFORE.search(before) is not None
        or scan.names_other_year(stretch, stretch, quantity.start),
        scope=said.scope,
        sentence=(low, end.end() if end else len(scan.text)),
    )


def _find_in_paragraph(scan: _Scan, keys: Sequence[FigureKey]) -> Iterator[_Match]:
    """What the patterns find, sentence by sentence."""
    start = 0
    ends = [match.end() for match in _SENTENCE_END.finditer(scan.masked)]
    for end in [*ends, len(scan.text)]:
        if start < end:
            yield from _find_in_sentence(scan, (start, end), keys)
        start = end


def _find_in_sentence(
    scan: _Scan, sentence: tuple[int, int], keys: Sequence[FigureKey]
) -> Iterator[_Match]:
    """Matches of one sentence. A number that two keys claim goes to the one whose words stand
    before it; where that does not decide, all of its claims are doubtful."""
    claims: dict[int, list[_Match]] = defaultdict(list)
    for key in keys:
        for match in _find_key(scan, sentence, key):
            claims[match.start].append(match)
    for start in sorted(claims):
        matches = claims[start]
        if len(matches) > 1 and matches[0].pattern not in matches[0].key.zero:
            forward = [m for m in matches if m.pattern is not None and m.pattern.is_forward]
            matches = forward or matches
            several = len(matches) > 1
            matches = [replace(m, is_doubtful=m.is_doubtful or several) for m in matches]
        yield from matches


def _find_key(scan: _Scan, sentence: tuple[int, int], key: FigureKey) -> Iterator[_Match]:
    found: dict[int, _Match] = {}
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
    whole: _Match | None = None
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


def _views(scan: _Scan, sentence: tuple[int, int]) -> Iterator[tuple[int, int, str]]:
    """The sentence with its brackets hidden, then the content of each bracket by itself."""
    low, high = sentence
    yield low, high, scan.masked
    for bracket in _BRACKET.finditer(scan.opened, low, high):
        if NUMBER in bracket[0]:
            yield bracket.start() + 1, bracket.end() - 1, scan.opened


def _checked(
    scan: _Scan,
    view: str,
    sentence: tuple[int, int],
    key: FigureKey,
    pattern: FigurePattern,
    hit: re.Match[str],
) -> _Match | None:
    """The match, unless the number's unit, clause or topic speaks against it."""
    start = hit.start("n")
    quantity = scan.quantities.get(start)
    if hit["n"] and quantity is None:
        return None
    stretch = min(hit.start(), _stretch_start(view, sentence[0], start))
    before = view[stretch:start]
    if (
        _NOT_A_TOTAL.search(before)
        or _CHANGE_BEFORE.search(before)
        or _THROUGH.search(view, hit.start() + 1, start)
        or _is_excluded((key.exclude, pattern.exclude), before)
        or not _is_on_topic(key, scan.heading + view, len(scan.heading) + hit.end())
        or scan.names_other_year(sentence[0], stretch, start)
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
    return _Match(
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
    )


def _scope(clause: str) -> str | None:
    if _SINCE.search(clause):
        return "cumulative"
    return "new" if "新增" in clause else None


def _zero_in_words(scan: _Scan, sentence: tuple[int, int], key: FigureKey) -> Iterator[_Match]:
    """At most one zero: words of a zero in a clause that has no number at all."""
    low, high = sentence
    for pattern in key.zero:
        hit = pattern.regex.search(scan.masked, low, high)
        if hit is None:
            continue
        stretch = _stretch_start(scan.masked, low, hit.start())
        clause_end = _CLAUSE_END.search(scan.masked, hit.end(), high)
        end = clause_end.start() if clause_end else high
        clause = scan.masked[stretch:end]
        if (
            NUMBER in clause
            or _NOT_A_TOTAL.search(clause)
            or _is_excluded((pattern.exclude,), clause)
            or not _is_on_topic(key, scan.heading + scan.masked, len(scan.heading) + hit.end())
            or scan.names_other_year(low, stretch, hit.end())
        ):
            continue
        yield _Match(
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


def _following_total(scan: _Scan, match: _Match, end: int) -> _Match | None:
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


def _stretch_start(view: str, low: int, start: int) -> int:
    """Where the words that belong to the number at `start` begin: after the last clause end or
    the last number before it."""
    i = start
    while i > low and view[i - 1] not in _CLAUSE_ENDS and view[i - 1] != NUMBER:
        i -= 1
    return i


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


def _scan(
    paragraph: Prose, units: re.Pattern[str], year: int | None
) -> tuple[_Scan, tuple[int, ...]]:
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
    scan = _Scan(text, "".join(characters), opened, quantities, gaps, heading, year)
    return scan, offsets
