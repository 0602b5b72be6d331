"""What a document prints all over tells what one doubtful cell of it holds.

Authors fill the form in one way: one prints a slash for every zero, another the same words. Words
that stand in many cells are not unusual, and one number among strokes may be a stroke itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace

from extractor.settings import Settings
from extractor.spellings import Spelling
from extractor.types import Candidate, Evidence, State, TableReading
from extractor.values import read_cell

_MANY = 8
_USUAL_STROKE = 0.97

Opinions = Callable[[Evidence], tuple[Spelling, ...]]
"""What the second reader makes of a region, likeliest first."""


def with_habits(
    readings: Sequence[TableReading],
    opinions: Opinions,
    kinds: Mapping[str, str],
    settings: Settings,
) -> tuple[TableReading, ...]:
    """Judge single cells by what the document prints in most of them.

    Args:
        readings: tables with candidates; without any they are returned as they are.
        opinions: see `Opinions`.
        kinds: for every slot its kind of value.
        settings: `min_score` says what is read well.
    """
    usual = _usual_words(readings, settings)
    is_dashed = _is_dashed(readings)
    if _count(readings, State.DASH) >= _MANY:
        readings = [_with_usual_strokes(table) for table in readings]
    return tuple(
        replace(
            table,
            candidates={
                slot: _with_doubt(candidates, opinions, kinds[slot])
                if is_dashed
                else _without_surprise(candidates, usual, settings)
                for slot, candidates in table.candidates.items()
            },
        )
        for table in readings
    )


def _is_dashed(readings: Sequence[TableReading]) -> bool:
    """Whether a document mostly prints strokes for zero."""
    return _count(readings, State.DASH) >= max(_MANY, _count(readings, State.NUMBER) + 1)


def _count(readings: Sequence[TableReading], state: State) -> int:
    return sum(c[0].reading.state is state for one in readings for c in one.candidates.values())


def _with_usual_strokes(table: TableReading) -> TableReading:
    """What has the shape of a dash is one more of those that the document is full of."""
    found = {}
    for slot, (first, *others) in table.candidates.items():
        if first.origin == "stroke":
            first = replace(first, score=max(first.score, _USUAL_STROKE))
            others = [o for o in others if o.reading.state is not State.BLANK]
        found[slot] = (first, *others)
    return replace(table, candidates=found)


def _usual_words(readings: Sequence[TableReading], settings: Settings) -> frozenset[str]:
    """The words that a document prints in many cells, each read well."""
    words = Counter(
        candidates[0].reading.printed
        for table in readings
        for candidates in table.candidates.values()
        if _are_words(candidates[0], settings)
    )
    return frozenset(word for word, count in words.items() if count >= _MANY)


def _are_words(candidate: Candidate, settings: Settings) -> bool:
    reading = candidate.reading
    is_known = reading.state is State.NOT_APPLICABLE and "unknown_words" not in reading.flags
    return is_known and candidate.score >= settings.min_score


def _without_surprise(
    candidates: tuple[Candidate, ...], usual: Container[str], settings: Settings
) -> tuple[Candidate, ...]:
    """Take back that words are unusual where the document prints the same ones all over."""
    first, *others = candidates
    if not _are_words(first, settings) or first.reading.printed not in usual:
        return candidates
    flags = tuple(flag for flag in first.reading.flags if flag != "unusual_words")
    return replace(first, reading=replace(first.reading, flags=flags)), *others


def _with_doubt(
    candidates: tuple[Candidate, ...], opinions: Opinions, kind: str
) -> tuple[Candidate, ...]:
    """Doubt a number among dashes where the second reader, however unsure, sees one more dash."""
    first = candidates[0]
    if first.reading.state is not State.NUMBER:
        return candidates
    for opinion in opinions(first.evidence)[:1]:
        reading = read_cell(opinion.text, kind=kind)
        if reading.state is State.DASH and all(c.reading.state != State.DASH for c in candidates):
            score = opinion.score
            dash = replace(
                first, reading=reading, score=score, origin="digits", spellings=(), agreement=0.0
            )
            return (*candidates, dash)
    return candidates
