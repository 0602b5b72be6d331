"""Whatever is broken in a document set or a result is said, and never makes a score better."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval.__main__ import main
from eval.cases import Case, load_cases
from eval.comparison import compare
from eval.metrics import bound, coverage_at_risk
from eval.run import MISSED, NOTHING, evaluate
from eval.summary import summarise

FIXTURES = Path(__file__).parent.parent / "eval" / "fixtures"
PLAIN, TITLES = "plain-2021__html_clean", "titles-2021__flat_lines"
SLOT = "requests.granted.total"


def put(folder: Path, *stems: str) -> Path:
    folder.mkdir()
    for path in FIXTURES.iterdir():
        if path.name.split(".", 1)[0] in stems:
            shutil.copy(path, folder)
    return folder


def change(folder: Path, stem: str, **values: Any) -> None:
    path = folder / f"{stem}.truth.json"
    truth = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(truth | values), encoding="utf-8")


def read(cell: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "report": {"schema": "government-disclosure"},
        "tables": {"requests": {"cells": {"granted.total": cell}}},
        **more,
    }


def case(**more: Any) -> Case:
    return Case("a", {"slots": {SLOT: 12}, **more}, None)


def test_states_and_places_of_a_missing_result_are_wrong() -> None:
    place = {"state": "number", "printed": "12", "page": 1, "box": [0.4, 0.4, 0.5, 0.5]}
    stated = case(cells={SLOT: place})
    cell = {"value": 12, "state": "number", "status": "accepted"}
    good = compare(stated, read(cell | {"evidence": {"page": 1, "box": [0.4, 0.4, 0.5, 0.5]}}))
    summary = summarise([good, compare(stated, None)])
    assert (summary["state_exact"], summary["located"]) == (0.5, 0.5)


def test_a_missing_result_is_certain_of_nothing() -> None:
    good = compare(case(), read({"value": 12, "status": "accepted", "probability": 0.9}))
    uncertainty = summarise([good, compare(case(), None)])["uncertainty"]
    assert uncertainty["assessed"] == uncertainty["coverage_at_0.001"] == 0.5
    # Risks 0 and 1/2 at the two coverages.
    assert uncertainty["aurc"] == pytest.approx(0.25)


def test_cells_are_judged_as_the_acceptance_check_judges_them() -> None:
    (unstated,) = compare(case(), read({"value": 13})).cells
    assert unstated.is_silent
    (empty,) = compare(Case("a", {"slots": {SLOT: None}}, None), read({})).cells
    assert (empty.is_right, empty.is_silent, empty.status) == (False, False, "missing")


def test_figures_are_judged_only_where_the_truth_has_any() -> None:
    found = read({}, figures=[{"key": "visits", "value": 3}])
    assert compare(case(), found).figures == ()
    assert [item.kind for item in compare(case(figures=[]), found).figures] == ["false"]


@pytest.mark.parametrize("broken", [{"report": None}, {"report": []}, []])
def test_a_result_of_another_shape_is_no_result(broken: Any) -> None:
    assert not compare(case(), broken).has_result


def test_a_threshold_accepts_equal_probabilities_together() -> None:
    wrong = np.array([False] * 100 + [True] * 10 + [False] * 90)
    probability = np.array([0.9] * 100 + [0.5] * 100)
    assert coverage_at_risk(wrong, probability, 0.001) == 0.5
    assert coverage_at_risk(wrong, probability, 0.05) == 1.0


def test_an_error_never_tightens_the_bound() -> None:
    """One document with an error is not known better than one without."""
    none, one = bound([0], [200]), bound([1], [200])
    assert none and one
    assert one.method == "exact"
    assert one.upper > none.upper


@pytest.mark.parametrize(
    "broken",
    [
        {"slots": {}},
        {"slots": {SLOT: "twelve"}},
        {"slots": {"granted": 1}},
        {"cells": {SLOT: {"box": [1]}}},
        {"figures": [{"key": "visits"}]},
        {"planted": [{}]},
        {"planted": [{"kind": "x", "relation": None, "cells": [SLOT], "printed": 1}]},
    ],
)
def test_a_malformed_truth_is_said(tmp_path: Path, broken: dict[str, Any]) -> None:
    folder = put(tmp_path / "set", PLAIN, TITLES)
    change(folder, TITLES, **broken)
    (problem,) = load_cases(folder)[1]
    assert problem.is_excluded and problem.name == f"{TITLES}.truth.json"


def test_what_takes_a_document_out_of_the_scores_misses_the_bar(tmp_path: Path) -> None:
    folder = put(tmp_path / "fixtures", PLAIN, TITLES)
    assert main([str(folder), "-o", str(tmp_path / "out")]) == 0
    (folder / f"{TITLES}.truth.json").write_text("{", encoding="utf-8")
    assert main([str(folder), "-o", str(tmp_path / "out")]) == MISSED
    (folder / f"{TITLES}.truth.json").unlink()
    assert main([str(folder), "-o", str(tmp_path / "out")]) == MISSED


def test_a_document_belongs_to_one_truth(tmp_path: Path) -> None:
    folder = put(tmp_path / "set", PLAIN)
    shutil.copy(folder / f"{PLAIN}.truth.json", folder / "z.truth.json")
    cases, problems = load_cases(folder)
    assert [item.document is not None for item in cases] == [True, False]
    assert "already" in problems[0].reason


@pytest.mark.parametrize("earlier", ['{"document": null}', "other schema"])
def test_an_unusable_earlier_result_is_made_again(tmp_path: Path, earlier: str) -> None:
    folder, out = put(tmp_path / "set", PLAIN), tmp_path / "out"
    evaluate(folder, out, name="set")
    path = out / "results" / f"{PLAIN}.json"
    if earlier == "other schema":
        result = json.loads(path.read_text(encoding="utf-8"))
        earlier = json.dumps(result | {"report": {"schema": "budget"}})
    path.write_text(earlier, encoding="utf-8")
    assert evaluate(folder, out, name="set").summary["document_exact"] == 1


def test_nothing_read_is_not_a_success(tmp_path: Path) -> None:
    folder = put(tmp_path / "set", PLAIN)
    (folder / f"{PLAIN}.html").unlink()
    assert main([str(folder), "-o", str(tmp_path / "out")]) == NOTHING


@pytest.mark.parametrize(
    "wrong",
    [
        ["--workers", "0"],
        ["--limit", "0"],
        ["--limit", "-1"],
        ["--limit", "1", "--update-baseline"],
    ],
)
def test_wrong_numbers_and_a_baseline_of_a_sample_are_refused(
    tmp_path: Path, wrong: list[str]
) -> None:
    folder = put(tmp_path / "set", PLAIN)
    with pytest.raises(SystemExit) as refused:
        main([str(folder), "-o", str(tmp_path / "out"), *wrong])
    assert refused.value.code == 2


def test_a_report_that_cannot_be_written_is_wrong_usage(tmp_path: Path) -> None:
    folder = put(tmp_path / "set", PLAIN)
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert main([str(folder), "-o", str(tmp_path / "file")]) == 2
