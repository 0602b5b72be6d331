"""The report as one page that needs nothing else, and the same figures as JSON beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from eval.cases import Case
from eval.comparison import CellOutcome, Comparison
from eval.report import crops, plots
from eval.report.heatmap import heatmap
from eval.report.terminal import number, percent
from eval.run import Evaluation

_WORST_DOCUMENTS = 12
_CELLS_EACH = 6


@dataclass(frozen=True, slots=True)
class WorstCell:
    """A cell beside its truth; `image` is a data address, None where there is no page."""

    cell: CellOutcome
    printed: str
    image: str | None


@dataclass(frozen=True, slots=True)
class WorstDocument:
    comparison: Comparison
    n_wrong: int
    n_silent: int
    cells: tuple[WorstCell, ...]
    failures: tuple[str, ...]


def write_report(evaluation: Evaluation, folder: Path) -> None:
    """Write `report.html` and `report.json` into a folder, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    summary = evaluation.summary
    figures = {
        "name": evaluation.name,
        "state": evaluation.state,
        "header": dict(evaluation.header),
        "summary": summary,
        "bars": [asdict(bar) | {"is_met": bar.is_met} for bar in evaluation.bars],
        "changes": [asdict(change) for change in evaluation.changes or ()],
        "problems": [asdict(problem) for problem in evaluation.problems],
        "documents": [_document(comparison) for comparison in evaluation.comparisons],
    }
    text = json.dumps(figures, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    _put(folder / "report.json", text + "\n")
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "number": number}
    page = environment.get_template("report.html.jinja").render(
        evaluation=evaluation,
        summary=summary,
        plots=_plots(summary),
        heatmap=heatmap(summary["slots"]),
        worst=_worst(evaluation),
        improved=[change for change in evaluation.changes or () if change.is_better is True],
        worsened=[change for change in evaluation.changes or () if change.is_better is False],
    )
    _put(folder / "report.html", page)


def _document(comparison: Comparison) -> dict[str, Any]:
    """One line a document in the JSON; its wrong cells by name."""
    return {
        "name": comparison.name,
        "condition": comparison.condition,
        "layout": comparison.layout,
        "edition": comparison.edition,
        "has_result": comparison.has_result,
        "cells": len(comparison.cells),
        "wrong": [cell.slot for cell in comparison.cells if not cell.is_right],
        "silent": [cell.slot for cell in comparison.cells if cell.is_silent],
        "flagged": sum(cell.status == "flagged" for cell in comparison.cells),
        "plants": [asdict(plant) for plant in comparison.plants],
        "false_findings": [list(found) for found in comparison.false_findings],
        "pages": comparison.pages,
        "seconds": round(sum(comparison.seconds.values()), 3),
    }


def _plots(summary: Mapping[str, Any]) -> dict[str, Markup]:
    """SVG by name; those of probabilities only where there are any."""
    found = {"conditions": plots.conditions(summary["by"]["condition"])}
    if summary["seconds_by_stage"]:
        found["stages"] = plots.stages(summary["seconds_by_stage"])
    if summary["uncertainty"]:
        found["risk"] = plots.risk_coverage(summary["uncertainty"]["curve"])
        found["reliability"] = plots.reliability(summary["uncertainty"]["reliability"])
    return {name: Markup(svg) for name, svg in found.items()}


def _worst(evaluation: Evaluation) -> tuple[WorstDocument, ...]:
    """The documents with most silent errors, then with most wrong cells."""
    cases = {case.name: case for case in evaluation.cases}
    ranked = sorted(
        (
            (
                sum(cell.is_silent for cell in comparison.cells),
                sum(not cell.is_right for cell in comparison.cells),
                comparison,
            )
            for comparison in evaluation.comparisons
        ),
        key=lambda item: (-item[0], -item[1], item[2].name),
    )
    return tuple(
        WorstDocument(
            comparison,
            wrong,
            silent,
            _worst_cells(comparison, cases[comparison.name], evaluation.results),
            _failures(evaluation.results.get(comparison.name)),
        )
        for silent, wrong, comparison in ranked[:_WORST_DOCUMENTS]
        if wrong
    )


def _worst_cells(
    comparison: Comparison, case: Case, results: Mapping[str, Mapping[str, Any]]
) -> tuple[WorstCell, ...]:
    wrong = sorted(
        (cell for cell in comparison.cells if not cell.is_right),
        key=lambda cell: not cell.is_silent,
    )[:_CELLS_EACH]
    stated: Mapping[str, Any] = case.truth.get("cells") or {}
    # A document that its own process did not survive is not opened in this one.
    pages, result = None, results.get(case.name)
    if case.document is not None and result is not None:
        pages = crops.open_document(case.document, result)
    found = []
    for cell in wrong:
        truth = stated.get(cell.slot, {})
        image = None
        if pages is not None and truth.get("box"):
            image = crops.crop(pages, truth["page"], truth["box"])
        found.append(WorstCell(cell, truth.get("printed", ""), image))
    return tuple(found)


def _failures(result: Mapping[str, Any] | None) -> tuple[str, ...]:
    if result is None:
        return ("no result",)
    failures: Sequence[Mapping[str, Any]] = result.get("failures") or ()
    return tuple(f"{failure['stage']}: {failure['reason']}" for failure in failures)


def _put(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
