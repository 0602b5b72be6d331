"""Key figures to reported ones: what is accepted, what a person must look at, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from extractor import figure_signals
from extractor.calibrator import Calibrator
from extractor.flag import is_drawn
from extractor.settings import Settings
from extractor.types import CellStatus, Figure

_YEAR = re.compile(r"20\d\d\s*年")


def flag_figures(
    figures: Sequence[Figure],
    agreements: Sequence[bool | None],
    settings: Settings,
    calibrator: Calibrator | None = None,
) -> tuple[Figure, ...]:
    """Key figures with what the tables say of each (see `statements.agreements`), with their flags,
    and with their probability if there is a calibrator: it decides then, except where number or
    unit are not printed or in doubt, or the text contradicts itself. What a person has seen stays
    as it is."""
    told = [
        replace(figure, signals=(*figure.signals, *figure_signals.of_tables(agreement)))
        for figure, agreement in zip(figures, agreements, strict=True)
    ]
    if calibrator is None or not told:
        return tuple(_by_rules(figure) for figure in told)
    threshold = calibrator.figures.threshold(settings.max_figure_risk)
    logits = calibrator.figures.logits([figure.signals for figure in told])
    probabilities = calibrator.figures.probability(logits)
    return tuple(
        _assessed(figure, float(p), is_likely=bool(logit >= threshold))
        for figure, logit, p in zip(told, logits, probabilities, strict=True)
    )


def audited_figures(figures: Sequence[Figure], sha256: str, rate: float) -> tuple[Figure, ...]:
    """Send a random share of the accepted figures to review, as `flag.audited` does with cells."""
    return tuple(
        replace(figure, status=CellStatus.FLAGGED, flags=("audit",))
        if figure.status is CellStatus.ACCEPTED and is_drawn(sha256, figure.name, rate)
        else figure
        for figure in figures
    )


def of_another_year(figures: Sequence[Figure]) -> tuple[Figure, ...]:
    """Figures of a report that a person has given another year: those whose sentences name a year
    were chosen by the wrong one, and are doubtful until somebody looks."""
    return tuple(
        replace(figure, status=CellStatus.FLAGGED, flags=("doubtful_number",))
        if figure.status is CellStatus.ACCEPTED and _YEAR.search(figure.sentence)
        else figure
        for figure in figures
    )


def is_held_back(figure: Figure) -> bool:
    """Whether a key figure is flagged whatever its probability."""
    return bool(_doubts(figure))


def _doubts(figure: Figure) -> tuple[str, ...]:
    """What no probability settles."""
    told = dict(zip(figure_signals.NAMES, figure.signals, strict=True))
    found = {
        "number_missing": figure.value is None,
        "unit_unknown": figure.unit is None,
        "doubtful_number": bool(told["number_doubts"]) and figure.value is not None,
        "contradicted": bool(told["contradicted"]),
    }
    return tuple(code for code, is_so in found.items() if is_so)


def _by_rules(figure: Figure) -> Figure:
    if figure.status is not CellStatus.FLAGGED:
        return figure
    return replace(figure, flags=_doubts(figure) or ("doubtful_meaning",))


def _assessed(figure: Figure, probability: float, *, is_likely: bool) -> Figure:
    if figure.status is CellStatus.REVIEWED:
        return figure
    doubts = _doubts(figure)
    flags = doubts or (() if is_likely else ("low_probability",))
    status = CellStatus.FLAGGED if flags else CellStatus.ACCEPTED
    return replace(figure, probability=probability, status=status, flags=flags)
