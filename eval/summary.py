"""Outcomes of many documents in, the figures of a report out: one dict of plain values."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from eval.comparison import CellOutcome, Comparison, FigureOutcome
from eval.metrics import (
    Bound,
    Retrieval,
    aurc,
    bound,
    brier,
    catch,
    coverage_at_risk,
    ece,
    mean,
    reliability,
    risk_coverage,
)

_CURVE_POINTS = 200

Summary = dict[str, Any]


def summarise(comparisons: Sequence[Comparison]) -> Summary:
    """All figures; a share of nothing is None. Documents without a result count as wrong."""
    cells = [cell for item in comparisons for cell in item.cells]
    return {
        **_shares(comparisons),
        "results": _share(item.has_result for item in comparisons),
        "accepted_of_printed": _share(
            cell.is_accepted for cell in cells if cell.printed_state != "missing"
        ),
        "silent_of_accepted": _bound(comparisons, lambda cell: cell.is_accepted),
        "state_exact": _share(cell.state_is_right for cell in cells),
        "located": _share(cell.is_located for cell in cells),
        "misread_numbers": sum(cell.is_offered is not None for cell in cells),
        "true_among_alternatives": _share(cell.is_offered for cell in cells),
        "by": {
            "condition": _by(comparisons, lambda item: item.condition),
            "edition": _by(comparisons, lambda item: item.edition),
            "layout": _by(comparisons, lambda item: item.layout),
            "table": _by_cell(comparisons, lambda cell: cell.slot.partition(".")[0]),
            "state": _by_cell(comparisons, lambda cell: cell.printed_state),
        },
        "slots": _slots(cells),
        "uncertainty": _uncertainty(cells),
        "planted": _planted(comparisons),
        "false_findings": _false_findings(comparisons),
        "figures": summarize_figures([figure for item in comparisons for figure in item.figures]),
        "facts": {
            name: _share(item.facts.get(name) for item in comparisons)
            for name in ("edition", "year", "organization")
        },
        **_seconds(comparisons),
    }


def _shares(comparisons: Sequence[Comparison]) -> Summary:
    cells = [cell for item in comparisons for cell in item.cells]
    tables = [
        all(cell.is_right for cell in item.cells if cell.slot.startswith(f"{table}."))
        for item in comparisons
        for table in sorted({cell.slot.partition(".")[0] for cell in item.cells})
    ]
    return {
        "documents": len(comparisons),
        "cells": len(cells),
        "cell_exact": _share(cell.is_right for cell in cells),
        "table_exact": _share(tables),
        "document_exact": _share(item.is_exact for item in comparisons),
        "flagged": _share(cell.is_flagged for cell in cells),
        "accepted": _share(cell.is_accepted for cell in cells),
        "silent": _bound(comparisons, lambda cell: True),
    }


def _by(comparisons: Sequence[Comparison], key: Callable[[Comparison], str]) -> Summary:
    groups: dict[str, list[Comparison]] = defaultdict(list)
    for item in comparisons:
        groups[key(item)].append(item)
    found = {}
    for name in sorted(groups):
        seconds = _seconds(groups[name])["seconds_per_page"]
        found[name] = _shares(groups[name]) | {"seconds_per_page": seconds}
    return found


def _by_cell(comparisons: Sequence[Comparison], key: Callable[[CellOutcome], str]) -> Summary:
    """Shares of the cells of a kind, in the documents that have any."""
    groups: dict[str, list[list[CellOutcome]]] = defaultdict(list)
    read: dict[str, list[list[CellOutcome]]] = defaultdict(list)
    for item in comparisons:
        own: dict[str, list[CellOutcome]] = defaultdict(list)
        for cell in item.cells:
            own[key(cell)].append(cell)
        for name, cells in own.items():
            groups[name].append(cells)
            if item.has_result:
                read[name].append(cells)
    found = {}
    for name in sorted(groups):
        cells = [cell for group in groups[name] for cell in group]
        found[name] = {
            "documents": len(groups[name]),
            "cells": len(cells),
            "cell_exact": _share(cell.is_right for cell in cells),
            "flagged": _share(cell.is_flagged for cell in cells),
            "accepted": _share(cell.is_accepted for cell in cells),
            "silent": _as_dict(
                bound(
                    [sum(cell.is_silent for cell in group) for group in read[name]],
                    [len(group) for group in read[name]],
                )
            ),
        }
    return found


def _bound(
    comparisons: Sequence[Comparison], counts: Callable[[CellOutcome], bool]
) -> Summary | None:
    """The share of silent errors among the cells that count, in documents that have a result.

    Cells without one are wrong, but say nothing about what is accepted: counted in, they would
    narrow the bound.
    """
    read = [item for item in comparisons if item.has_result]
    return _as_dict(
        bound(
            [sum(cell.is_silent for cell in item.cells) for item in read],
            [sum(counts(cell) for cell in item.cells) for item in read],
        )
    )


def _as_dict(found: Bound | None) -> Summary | None:
    if found is None:
        return None
    return {
        "share": found.share,
        "upper": found.upper,
        "method": found.method,
        "documents_upper": found.documents,
    }


def _slots(cells: Iterable[CellOutcome]) -> Summary:
    """By slot: how many, how many wrong, how many of these silent, how many flagged."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for cell in cells:
        count = counts[cell.slot]
        count[0] += 1
        count[1] += not cell.is_right
        count[2] += cell.is_silent
        count[3] += cell.is_flagged
    return {slot: counts[slot] for slot in sorted(counts)}


def _uncertainty(cells: Sequence[CellOutcome]) -> Summary | None:
    """What the stated probabilities are worth; None where none is stated.

    A slot without a result is wrong and certain of nothing, so that a document that fails does not
    raise the coverage.
    """
    stated = sum(cell.probability is not None for cell in cells)
    if not stated:
        return None
    assessed = [c for c in cells if c.probability is not None or c.status == "missing"]
    wrong = np.array([not cell.is_wholly_right for cell in assessed])
    probability = np.array([cell.probability or 0.0 for cell in assessed], np.float64)
    coverage, risk = risk_coverage(wrong, probability)
    chosen = np.unique(np.linspace(0, len(coverage) - 1, _CURVE_POINTS).round().astype(int))
    return {
        "assessed": stated / len(cells),
        "aurc": aurc(wrong, probability),
        "coverage_at_0.001": coverage_at_risk(wrong, probability, 0.001),
        "coverage_at_0.0001": coverage_at_risk(wrong, probability, 0.0001),
        "ece": ece(wrong, probability),
        "brier": brier(wrong, probability),
        "catch_10": catch(wrong, probability),
        "curve": [[float(coverage[i]), float(risk[i])] for i in chosen],
        "reliability": [
            [item.count, item.stated, item.true] for item in reliability(wrong, probability)
        ],
    }


def _planted(comparisons: Sequence[Comparison]) -> Summary:
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    for item in comparisons:
        for plant in item.plants:
            by_kind[plant.kind][plant.outcome] += 1
    total = sum(by_kind.values(), Counter[str]())
    seen = sum(total.values()) - total["unseen"]
    found = total["reported"] + total["undecided"]
    return {
        "planted": sum(total.values()),
        "visible": seen,
        "found": found / seen if seen else None,
        "reported": total["reported"] / seen if seen else None,
        "repaired": total["repaired"],
        "by_kind": {kind: dict(sorted(by_kind[kind].items())) for kind in sorted(by_kind)},
    }


def _false_findings(comparisons: Sequence[Comparison]) -> Summary:
    """Findings about sums that hold, by verdict; a wrong `reported` accuses the report."""
    verdicts = Counter(verdict for item in comparisons for _, verdict in item.false_findings)
    return {
        "total": verdicts.total(),
        **{verdict: verdicts[verdict] for verdict in ("reported", "undecided", "misread")},
    }


def summarize_figures(outcomes: Sequence[FigureOutcome]) -> Summary:
    by_key: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        by_key[outcome.key][outcome.kind] += 1
    scores = {key: _retrieval(by_key[key]) for key in sorted(by_key)}
    right = [outcome for outcome in outcomes if outcome.kind == "right"]
    return {
        **_retrieval(sum(by_key.values(), Counter[str]())),
        "macro_precision": mean([score["precision"] for score in scores.values()]),
        "macro_recall": mean([score["recall"] for score in scores.values()]),
        "macro_f1": mean([score["f1"] for score in scores.values()]),
        "wrong_values": sum(outcome.is_wrong_value for outcome in outcomes),
        "flagged": sum(outcome.is_flagged for outcome in outcomes),
        "exactness": _share(outcome.exactness_is_right for outcome in right),
        "units": _share(outcome.unit_is_right for outcome in right),
        "scopes": _share(outcome.scope_is_right for outcome in right),
        "false_accepted": sum(
            outcome.kind == "false" and not outcome.is_flagged for outcome in outcomes
        ),
        "by_key": scores,
    }


def _retrieval(counts: Mapping[str, int]) -> Summary:
    score = Retrieval(counts["right"], counts["false"], counts["missed"])
    return {
        "stated": score.right + score.missed,
        "right": score.right,
        "false": score.false,
        "missed": score.missed,
        "precision": score.precision,
        "recall": score.recall,
        "f1": score.f1,
    }


def _seconds(comparisons: Sequence[Comparison]) -> Summary:
    """Seconds for each page, of the documents that have pages; by stage; and of the decoding of a
    document, sums, flags and probabilities included."""
    decoding = [item.seconds["decode"] for item in comparisons if "decode" in item.seconds]
    paged = [item for item in comparisons if item.pages]
    pages = sum(item.pages for item in paged)
    stages: Counter[str] = Counter()
    for item in paged:
        stages.update(item.seconds)
    return {
        "pages": pages,
        "seconds_per_page": sum(stages.values()) / pages if pages else None,
        "seconds_by_stage": {name: seconds / pages for name, seconds in sorted(stages.items())},
        "decode_seconds": {
            "median": statistics.median(decoding) if decoding else None,
            "most": max(decoding, default=None),
        },
    }


def _share(outcomes: Iterable[bool | None]) -> float | None:
    """The share of True among what is known."""
    known = [outcome for outcome in outcomes if outcome is not None]
    return sum(known) / len(known) if known else None
