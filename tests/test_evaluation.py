"""The evaluation: what is compared, what is refused, what is taken again, and the report."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from eval import run
from eval.__main__ import main
from eval.bars import Bar, bars, changes, update_baseline
from eval.cases import Case, load_cases
from eval.comparison import Comparison, compare, same
from eval.run import MISSED, NOTHING, evaluate
from eval.summary import summarise

FIXTURES = Path(__file__).parent.parent / "eval" / "fixtures"


def put(folder: Path, *stems: str) -> Path:
    """A folder with some of the fixtures."""
    folder.mkdir(exist_ok=True)
    for path in FIXTURES.iterdir():
        if path.name.split(".", 1)[0] in stems:
            shutil.copy(path, folder)
    return folder


def case(**truth: Any) -> Case:
    slots = {"requests.granted.total": 12, "requests.granted.other": None}
    return Case("a", {"slots": slots, "edition": "2021"} | truth, None)


def result(**cells: dict[str, Any]) -> dict[str, Any]:
    known = {
        "granted.total": {"value": 12, "state": "number", "status": "accepted", "printed": "12"},
        "granted.other": {"value": None, "state": "blank", "status": "accepted", "printed": ""},
    }
    return {
        "document": {"pages": 2},
        "report": {"schema": "government-disclosure", "edition": "2021", "year": 2024},
        "tables": {"requests": {"present": True, "cells": known | cells}},
        "figures": [],
        "findings": [],
        "provenance": {"seconds": {"ocr": 1.0}},
    }


# --- one document --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "found", "is_same"),
    [
        (1, 1.0, True),
        (0, None, False),
        (None, None, True),
        (None, 0, False),
        (18.871, 18.871, True),
    ],
)
def test_values_are_compared_as_the_acceptance_check_does(
    wanted: object, found: object, is_same: bool
) -> None:
    assert same(wanted, found) == is_same
    assert not same(1, "twelve")


def test_a_right_result() -> None:
    comparison = compare(case(), result())
    assert comparison.is_exact
    assert comparison.pages == 2
    assert not any(cell.is_silent for cell in comparison.cells)


def test_wrong_and_accepted_is_silent_and_wrong_and_flagged_is_not() -> None:
    read = {"value": 13, "state": "number", "status": "accepted", "printed": "13"}
    (wrong,) = (
        c for c in compare(case(), result(**{"granted.total": read})).cells if not c.is_right
    )
    assert wrong.is_silent
    flagged = compare(case(), result(**{"granted.total": read | {"status": "flagged"}}))
    assert not flagged.is_exact and not any(cell.is_silent for cell in flagged.cells)


@pytest.mark.parametrize("found", [None, {}, {"report": {"schema": "budget"}}])
def test_without_a_usable_result_every_slot_is_wrong(found: dict[str, Any] | None) -> None:
    comparison = compare(case(), found)
    assert not comparison.has_result
    assert [(cell.is_right, cell.status) for cell in comparison.cells] == [(False, "missing")] * 2


def test_a_slot_that_the_result_has_not_is_wrong_though_null_is_stated() -> None:
    found = result()
    del found["tables"]["requests"]["cells"]["granted.other"]
    assert [cell.is_right for cell in compare(case(), found).cells] == [True, False]


def test_a_misread_number_has_the_true_one_among_its_alternatives_or_not() -> None:
    read = {"value": 72, "state": "number", "status": "flagged", "printed": "72"}
    for others, offered in (([{"value": 12, "score": 0.2}], True), ([{"value": 13}], False)):
        found = result(**{"granted.total": read | {"alternatives": others}})
        assert [c.is_offered for c in compare(case(), found).cells] == [offered, None]
    illegible = read | {"value": None, "state": "illegible"}
    summary = summarise([compare(case(), result(**{"granted.total": illegible}))])
    assert (summary["misread_numbers"], summary["true_among_alternatives"]) == (0, None)


def test_states_and_places() -> None:
    stated = {
        "requests.granted.total": {
            "state": "number", "printed": "12", "page": 1, "box": [0.4, 0.4, 0.5, 0.5],
        },
        "requests.granted.other": {"state": "dash", "printed": "-"},
    }  # fmt: skip
    evidence = {"evidence": {"page": 1, "box": [0.42, 0.42, 0.6, 0.6]}}
    read = result()["tables"]["requests"]["cells"]["granted.total"]
    cells = compare(case(cells=stated), result(**{"granted.total": read | evidence})).cells
    assert [(cell.state_is_right, cell.is_located) for cell in cells] == [
        (True, True),
        (False, None),
    ]
    evidence["evidence"]["page"] = 2
    cells = compare(case(cells=stated), result(**{"granted.total": read | evidence})).cells
    assert cells[0].is_located is False


def planted(found: dict[str, Any], *relations: str | None) -> str:
    errors = [
        {"kind": "off_by_one", "relation": relation, "cells": ["requests.granted.total"],
         "printed": [12], "consistent": [11]}
        for relation in relations
    ]  # fmt: skip
    (plant,) = compare(case(planted=errors), found).plants
    return plant.outcome


def test_what_becomes_of_a_planted_error() -> None:
    row = "requests.granted.row_sum"
    finding = {"relation": row, "verdict": "reported", "cells": ["requests.granted.total"]}
    assert planted(result() | {"findings": [finding]}, row, "requests.x") == "reported"
    assert (
        planted(result() | {"findings": [finding | {"verdict": "undecided"}]}, row) == "undecided"
    )
    assert planted(result(), row) == "missed"
    assert planted(result(), None) == planted(result(), "requests.across_years.total") == "unseen"
    assert planted({}, row) == "missed"
    repaired = {"value": 11, "state": "number", "status": "accepted", "printed": "11"}
    assert planted(result(**{"granted.total": repaired}), row) == "repaired"
    repaired["status"] = "flagged"
    assert planted(result(**{"granted.total": repaired}), row) == "repaired_flagged"


def test_findings_about_sums_that_hold_are_false() -> None:
    truth = json.loads((FIXTURES / "wrong-sums-2021__html_clean.truth.json").read_text("utf-8"))
    relations = ["requests.granted.row_sum", "requests.carried_forward.row_sum"]
    findings = [{"relation": name, "verdict": "reported", "cells": []} for name in relations]
    comparison = compare(Case("a", truth, None), result() | {"findings": findings})
    assert comparison.false_findings == (("requests.carried_forward.row_sum", "reported"),)


def test_figures_are_matched_one_to_one() -> None:
    def figure(key: str, value: int, **more: str) -> dict[str, Any]:
        return {"key": key, "value": value, "unit": "件", "printed": f"{value}件"} | more

    stated = [figure("visits", 3), figure("visits", 3), figure("lawsuits", 0, unit="")]
    found = [figure("visits", 3), figure("visits", 4), figure("lawsuits", 0)]
    found[2]["unit"] = None
    outcomes = compare(case(figures=stated), result() | {"figures": found}).figures
    assert sorted((item.key, item.kind) for item in outcomes) == [
        ("lawsuits", "right"), ("visits", "false"), ("visits", "missed"), ("visits", "right"),
    ]  # fmt: skip
    assert all(item.unit_is_right for item in outcomes if item.kind == "right")


# --- many documents ------------------------------------------------------------------------------


def test_nothing_gives_a_summary_without_figures() -> None:
    summary = summarise([])
    assert summary["cell_exact"] is summary["silent"] is summary["uncertainty"] is None
    assert summary["seconds_per_page"] is summary["figures"]["f1"] is None


def test_missing_results_count_as_wrong() -> None:
    summary = summarise([compare(case(), result()), compare(case(), None)])
    assert (summary["cell_exact"], summary["document_exact"], summary["results"]) == (0.5, 0.5, 0.5)
    assert summary["flagged"] == 0.5
    assert summary["silent"]["share"] == 0


def test_probabilities_are_summed_up_only_where_they_are() -> None:
    read = {"value": 12, "state": "number", "status": "accepted", "probability": 0.9}
    assert summarise([compare(case(), result())])["uncertainty"] is None
    summary = summarise([compare(case(), result(**{"granted.total": read}))])
    assert summary["uncertainty"]["assessed"] == 0.5
    assert summary["uncertainty"]["brier"] == pytest.approx(0.01)
    assert summary["uncertainty"]["catch_10"] is None


def test_bars_say_what_is_not_measured() -> None:
    summary = summarise([compare(case(), result())])
    assert Bar("x", 1.0, True, None).is_met is False
    assert [(bar.path, bar.is_met) for bar in bars("no such set", summary)] == [("results", True)]
    stated = bars("standard", summary)
    assert {bar.path for bar in stated} >= {"cell_exact", "silent.share"}
    assert all(bar.is_met for bar in stated if bar.path == "cell_exact")


def test_a_baseline_is_only_for_the_same_documents(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    good = summarise([compare(case(), result())])
    read = {"value": 13, "state": "number", "status": "accepted", "printed": "13"}
    bad = summarise([compare(case(), result(**{"granted.total": read}))])
    assert changes("x", good, "abc", path) is None
    update_baseline("x", good, "abc", path)
    assert changes("x", bad, "other", path) is None
    found = {change.path: change.is_better for change in changes("x", bad, "abc", path) or ()}
    assert found["cell_exact"] is False
    assert found["silent.share"] is False
    assert changes("x", summarise([compare(case(), None)]), "abc", path) is None
    assert all(change.is_better is None for change in changes("x", good, "abc", path) or ())


# --- folders -------------------------------------------------------------------------------------


def test_what_is_wrong_with_a_folder_is_said(tmp_path: Path) -> None:
    folder = put(
        tmp_path / "set", "plain-2021__html_clean", "titles-2021__flat_lines",
        "blanks-2021__md_tables", "words-2019__flat_lines",
    )  # fmt: skip
    (folder / "titles-2021__flat_lines.txt").unlink()
    (folder / "blanks-2021__md_tables.md").write_text("damaged", encoding="utf-8")
    (folder / "words-2019__flat_lines.truth.json").write_text("{", encoding="utf-8")
    (folder / "stray.pdf").write_bytes(b"%PDF-1.7")
    (folder / "budget.truth.json").write_text('{"schema": "budget", "slots": {}}', encoding="utf-8")
    cases, problems = load_cases(folder)
    assert [(item.name, item.document is not None) for item in cases] == [
        ("blanks-2021__md_tables", False),
        ("plain-2021__html_clean", True),
        ("titles-2021__flat_lines", False),
    ]
    reasons = {problem.name: problem.reason for problem in problems}
    assert "no document beside it" in reasons["titles-2021__flat_lines.truth.json"]
    assert "sha256 differs" in reasons["blanks-2021__md_tables.truth.json"]
    assert "cannot be read" in reasons["words-2019__flat_lines.truth.json"]
    assert "another schema" in reasons["budget.truth.json"]
    assert "no truth" in reasons["stray.pdf"]
    assert len(reasons) == 5


def test_a_bad_file_stops_nothing_and_costs_all_its_slots(tmp_path: Path) -> None:
    folder = put(tmp_path / "set", "plain-2021__html_clean", "titles-2021__flat_lines")
    truth_path = folder / "titles-2021__flat_lines.truth.json"
    truth = json.loads(truth_path.read_text(encoding="utf-8"))
    del truth["sha256"]
    truth_path.write_text(json.dumps(truth), encoding="utf-8")
    (folder / "titles-2021__flat_lines.txt").write_text("no report at all", encoding="utf-8")
    evaluation = evaluate(folder, tmp_path / "out", name="set")
    assert evaluation.summary["document_exact"] == 0.5
    assert evaluation.summary["results"] == 0.5
    assert any("not_a_report" in problem.reason for problem in evaluation.problems)


def test_results_are_taken_again_unless_product_or_document_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = put(tmp_path / "set", "plain-2021__html_clean", "slashes-2019__html_clean")
    out = tmp_path / "out"
    first = evaluate(folder, out, name="set")
    results = out / "results"
    kept = results / "plain-2021__html_clean.json"
    marked = json.loads(kept.read_text(encoding="utf-8")) | {"mark": 1}
    kept.write_text(json.dumps(marked), encoding="utf-8")
    (results / "slashes-2019__html_clean.json").write_text("{", encoding="utf-8")
    again = evaluate(folder, out, name="set")
    assert again.results["plain-2021__html_clean"]["mark"] == 1
    assert again.summary["cell_exact"] == first.summary["cell_exact"] == 1
    fresh = evaluate(folder, out, name="set", fresh=True)
    assert "mark" not in fresh.results["plain-2021__html_clean"]
    kept.write_text(json.dumps(marked), encoding="utf-8")
    monkeypatch.setenv("EXTRACTOR_MIN_SCORE", "0.5")
    assert "mark" not in evaluate(folder, out, name="set").results["plain-2021__html_clean"]


def test_a_sample_is_even_and_the_same_each_time() -> None:
    cases = [
        Case(f"{i:02d}", {"slots": {}, "condition": "fax" if i % 4 else "html"}, None)
        for i in range(40)
    ]
    sample = run.sample(cases, 8)
    assert [item.condition for item in sample].count("html") == 2
    assert sample == run.sample(cases[::-1], 8)[::-1]
    assert run.sample(cases, None) == run.sample(cases, 99) == tuple(cases)


# --- the command and the report ------------------------------------------------------------------


def test_the_report_needs_nothing_else_and_says_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = put(
        tmp_path / "set", "plain-2021__html_clean", "total-zero-2021__html_clean",
        "plain-2021__pdf_unruled",
    )  # fmt: skip
    truth_path = folder / "plain-2021__pdf_unruled.truth.json"
    text = truth_path.read_text(encoding="utf-8")
    truth = json.loads(text)
    slot = "requests.new_received.total"
    truth["slots"][slot] += 1
    truth_path.write_text(json.dumps(truth), encoding="utf-8")
    (folder / "stray.txt").write_text("x", encoding="utf-8")
    out = tmp_path / "report"
    assert main([str(folder), "-o", str(out), "--workers", "2"]) == MISSED
    printed = capsys.readouterr().out
    assert (
        "not evaluated (in no figure): stray.txt" in printed and "1 planted, 1 visible" in printed
    )
    page = (out / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", page)
    assert "<script" not in page
    assert slot in page and "SILENT" in page and "data:image/webp" in page
    assert "stray.txt" in page and "total_zero" in page and "catch_10" in page
    assert "Not assessed" not in page
    figures = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert figures["summary"]["planted"]["by_kind"] == {"total_zero": {"reported": 1}}
    wrong = {item["name"]: item["silent"] for item in figures["documents"] if item["wrong"]}
    assert wrong == {"plain-2021__pdf_unruled": [slot]}


def test_a_missed_bar_is_an_exit_code(tmp_path: Path) -> None:
    folder = put(tmp_path / "fixtures", "plain-2021__html_clean", "slashes-2019__html_clean")
    assert main([str(folder), "-o", str(tmp_path / "a")]) == 0
    (folder / "plain-2021__html_clean.html").unlink()
    assert main([str(folder), "-o", str(tmp_path / "b")]) == MISSED


def test_wrong_usage_and_nothing_to_evaluate(tmp_path: Path) -> None:
    assert main([]) == 2
    with pytest.raises(SystemExit) as refused:
        main(["no-such-folder", "-o", str(tmp_path)])
    assert refused.value.code == 2
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main([str(empty), "-o", str(tmp_path / "out")]) == NOTHING


def test_comparisons_are_values() -> None:
    assert isinstance(compare(case(), None), Comparison)
    assert compare(case(), result()) == compare(case(), result())
