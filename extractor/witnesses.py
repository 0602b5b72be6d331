"""What the witnesses say of a key figure, and what else the text says of its key, as signals."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import log10

from extractor.clauses import Scan
from extractor.figure_matches import Match

_LEAST = 1e-7


def witnesses(match: Match, scan: Scan, score: float, *, is_heard: bool) -> tuple[float, ...]:
    """The signals of the place: the first 17 of `figure_signals.NAMES`.

    Args:
        match: the figure.
        scan: its paragraph.
        score: what the reader says of its line.
        is_heard: whether the classifier was asked.
    """
    first, last = match.sentence
    inside = [start for start in scan.quantities if first <= start < last]
    pattern = match.pattern
    return (
        float(pattern is not None),
        float(pattern is not None and pattern.is_doubtful),
        float(pattern is not None and pattern in match.key.zero),
        float(is_heard),
        _nines(match.said) if match.said else 0.0,
        match.rival,
        float(match.is_number_doubtful),
        float(match.value is not None),
        float(match.unit is not None),
        float(match.is_approximate),
        float(match.scope is not None),
        float(match.value == 0),
        min(8, sum(c.isdigit() for c in scan.text[match.start : match.end])) / 8,
        _nines(score),
        float(score >= 1.0),
        min(8, len(inside)) / 8,
        min(8, sum(start < match.start for start in inside)) / 8,
    )


def company(value: Decimal | None, stated: Sequence[Decimal | None]) -> tuple[float, float]:
    """Whether the text says the same again, and whether it says something else: `stated` are all
    values of the key and scope, this one among them."""
    return float(stated.count(value) > 1), float(len(set(stated)) > 1)


def _nines(score: float) -> float:
    """0 for a score of 0, 1 for one of 1."""
    return log10(max(_LEAST, 1.0 - score)) / log10(_LEAST)
