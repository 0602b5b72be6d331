"""The short of an evaluation, for a person at a terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

from eval.run import Evaluation


def print_summary(evaluation: Evaluation, folder: Path, stream: TextIO | None = None) -> None:
    """Figures by condition, the bars, what changed, and where the report is."""
    out = stream or sys.stdout
    summary = evaluation.summary
    n_cases, excluded = summary["documents"], summary["excluded"]
    out.write(
        f"{evaluation.name}: {evaluation.state}\n{n_cases + excluded} documents, "
        f"{len(evaluation.results)} with a result, {excluded} in no figure\n\n"
    )
    out.write(
        f"{'':24} {'docs':>5} {'cell exact':>10} {'flagged':>8} {'silent':>9} {'s/page':>7}\n"
    )
    rows = [*summary["by"]["condition"].items(), ("all", summary)]
    for name, group in rows:
        silent = (group["silent"] or {}).get("share")
        out.write(
            f"{name:24} {group['documents']:5} {percent(group['cell_exact'], 3):>10} "
            f"{percent(group['flagged'], 1):>8} {percent(silent, 3):>9} "
            f"{number(group['seconds_per_page']):>7}\n"
        )
    figures, planted = summary["figures"], summary["planted"]
    bound, decoding = summary["silent"], summary["decode_seconds"]
    out.write(
        f"\ndocuments exact {percent(summary['document_exact'], 1)}, "
        f"silent at most {percent(bound and bound['upper'], 3)} with 95 % confidence\n"
        f"misread numbers: {summary['misread_numbers']}, the true one among the alternatives of "
        f"{percent(summary['true_among_alternatives'], 1)}\n"
        f"figures: precision {percent(figures['precision'], 1)}, "
        f"recall {percent(figures['recall'], 1)}\n"
        f"errors of the reports: {planted['planted']} planted, {planted['visible']} visible, "
        f"found {percent(planted['found'], 1)}, silently repaired {planted['repaired']}\n"
        f"decoding: {number(decoding['median'], 3)} s a document at the median, "
        f"{number(decoding['most'], 3)} s at most\n"
    )
    for bar in evaluation.bars:
        sign = ">=" if bar.is_least else "<="
        value = "not measured" if bar.value is None else f"{bar.value:.6g}"
        verdict = "met   " if bar.is_met else "MISSED"
        out.write(f"bar {verdict} {bar.path} {sign} {bar.bound:g}: {value}\n")
    for change in evaluation.changes or ():
        if change.is_better is not None:
            word = "better" if change.is_better else "WORSE"
            out.write(f"{word:6} {change.path}: {change.before:.6g} -> {change.after:.6g}\n")
    for problem in evaluation.problems:
        how = "in no figure" if problem.is_excluded else "all wrong"
        out.write(f"not evaluated ({how}): {problem.name}: {problem.reason}\n")
    if evaluation.changes is None:
        out.write("not compared: there is no baseline for exactly these documents\n")
    out.write(f"\n{folder / 'report.html'}\n")


def percent(share: float | None, digits: int) -> str:
    return "-" if share is None else f"{share * 100:.{digits}f} %"


def number(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
