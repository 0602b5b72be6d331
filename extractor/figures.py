"""Key figures: prose fragments in, figures with their sentence and evidence out.

Two witnesses are heard. The token classifier says which characters state which figure, by meaning
(`mentions`); patterns say it by words (`figure_matches`). What both say is accepted; what the
classifier alone says if it is sure; what only a pattern says is flagged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from extractor.characters import canonical
from extractor.clauses import (
    SENTENCE_END,
    Scan,
    scan_paragraph,
    speaks_of_no_total,
    stretch_start,
)
from extractor.figure_keys import FigureKey
from extractor.figure_matches import Match, matches_of
from extractor.mentions import Said, quantity_of, said_of
from extractor.prose import Prose
from extractor.quantities import unit_pattern
from extractor.types import CellStatus, Exactness, Figure
from extractor.witnesses import company, witnesses

_SURE, _LIKELY = 0.9, 0.6


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
        scan, offsets = scan_paragraph(paragraph, units, year)
        matches = list(matches_of(scan, keys))
        said = said_of(paragraph, offsets)
        if said is not None:
            matches = _heard(matches, said, scan, {key.key: key for key in keys})
        for match in matches:
            figure = _figure(match, scan, paragraph, offsets, is_heard=said is not None)
            found.append((order[match.key.key], figure))
    found.sort(key=lambda item: item[0])
    return _reconciled([figure for _, figure in found])


def _reconciled(figures: Sequence[Figure]) -> tuple[Figure, ...]:
    """Repetitions dropped; values that contradict each other flagged."""
    values: dict[tuple[str, str | None], list[Decimal | None]] = defaultdict(list)
    for figure in figures:
        values[figure.key, figure.scope].append(figure.value)
    places: dict[tuple[str, str | None, Decimal | None, str | None], int] = {}
    kept: list[Figure] = []
    for figure in figures:
        # None is none, however it is counted: in words (未收费) it has no unit, in figures it has.
        unit = None if figure.value == 0 else figure.unit
        place = places.setdefault((figure.key, figure.scope, figure.value, unit), len(kept))
        if place < len(kept) and (kept[place].unit is not None or figure.unit is None):
            continue
        stated = values[figure.key, figure.scope]
        if len(set(stated)) > 1:
            figure = replace(figure, status=CellStatus.FLAGGED)
        figure = replace(figure, signals=(*figure.signals, *company(figure.value, stated)))
        kept[place : place + 1] = [figure]  # the first, or one that says how it is counted
    return tuple(kept)


def _figure(
    match: Match, scan: Scan, paragraph: Prose, offsets: tuple[int, ...], *, is_heard: bool
) -> Figure:
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
        signals=witnesses(match, scan, paragraph.score(start, end), is_heard=is_heard),
    )


def _heard(
    matches: Sequence[Match], said: Sequence[Said], scan: Scan, keys: Mapping[str, FigureKey]
) -> list[Match]:
    """The figures after both witnesses are heard, in the order of the text."""
    result: list[Match] = []
    confirmed: list[Said] = []
    for match in matches:
        here = [one for one in said if one.overlaps(match.start, match.end)]
        ours = [one for one in here if one.key == match.key.key]
        others = [one.probability for one in here if one.key != match.key.key]
        match = replace(match, rival=max(others, default=0.0))
        if ours:
            confirmed += ours
            result.append(_confirmed(match, max(ours, key=lambda one: one.probability), scan))
        else:
            result.append(replace(match, is_doubtful=True))
    for one in said:
        if one in confirmed or one.probability < _LIKELY or one.key not in keys:
            continue
        alone = _by_meaning(one, keys[one.key], scan)
        if alone is not None and not any(
            m.key is alone.key and m.start == alone.start for m in result
        ):
            is_disputed = any(m.start < alone.end and alone.start < m.end for m in result)
            result.append(
                replace(
                    alone,
                    is_doubtful=alone.is_doubtful or is_disputed,
                    is_number_doubtful=alone.is_number_doubtful or is_disputed,
                )
            )
    result.sort(key=lambda match: match.start)
    return result


def _confirmed(match: Match, said: Said, scan: Scan) -> Match:
    """A figure that both found: the pattern has no doubt any more, the number keeps its own."""
    quantity = scan.quantities.get(match.start)
    is_number_doubtful = match.value is None or match.unit is None or said.is_cut
    is_number_doubtful |= quantity is not None and quantity.is_doubtful
    is_doubtful = is_number_doubtful or (match.is_doubtful and said.probability < _SURE)
    scope = said.scope if said.probability >= _LIKELY else match.scope
    return replace(
        match,
        scope=scope,
        is_doubtful=is_doubtful,
        said=said.probability,
        is_number_doubtful=is_number_doubtful,
    )


def _by_meaning(said: Said, key: FigureKey, scan: Scan) -> Match | None:
    """A figure that only the classifier found; None where no number can be read.

    It knows figures of other years by their words, so that a year that is named makes its figure
    doubtful and no more: 2019年结转1件 is one of the report's own.
    """
    quantity = quantity_of(said, scan.text, tuple(scan.quantities.values()), key)
    if quantity is None:
        return None
    low = max((m.end() for m in SENTENCE_END.finditer(scan.masked, 0, said.start)), default=0)
    stretch = stretch_start(scan.masked, low, quantity.start)
    before = scan.masked[stretch : quantity.start]
    end = SENTENCE_END.search(scan.masked, quantity.end)
    is_number_doubtful = (
        said.is_cut
        or quantity.is_doubtful
        or quantity.unit not in {canonical(unit) for unit in key.units}
        or speaks_of_no_total(before)
        or scan.names_other_year(stretch, stretch, quantity.start)
        or scan.opens_with_other_year(low, stretch)
    )
    return Match(
        key=key,
        pattern=None,
        start=quantity.start,
        end=quantity.end,
        value=quantity.value,
        unit=quantity.unit,
        is_approximate=quantity.is_approximate or said.is_approximate,
        is_doubtful=said.probability < _SURE or is_number_doubtful,
        scope=said.scope,
        sentence=(low, end.end() if end else len(scan.text)),
        said=said.probability,
        is_number_doubtful=is_number_doubtful,
    )
