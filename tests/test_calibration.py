"""Signals, the calibrator, and the bound on what it accepts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval import calibration
from eval.cases import load_cases
from extractor import ingest
from extractor.calibrator import FORMAT, SIGNALS, Calibrator, digest_of
from extractor.decode import decode
from extractor.decode.answers import answered
from extractor.engines import Engines, installed_models
from extractor.errors import ModelError
from extractor.figure_flags import audited_figures, flag_figures
from extractor.figures import find_figures
from extractor.flag import audited, flag
from extractor.pipeline import extract
from extractor.prose import join_prose
from extractor.schema import load_schema
from extractor.settings import Settings
from extractor.signals import NAMES, signals, surroundings
from extractor.statements import agreements
from extractor.types import (
    Box,
    Candidate,
    Cell,
    CellStatus,
    Evidence,
    Extraction,
    Figure,
    Fragment,
    Reading,
    ReportFacts,
    Role,
    State,
    Status,
    Table,
    TableReading,
)
from training.calibration import fit
from training.calibration.data import (
    ENDING,
    Items,
    Readings,
    load,
    load_all,
    made_with,
    readings_of,
    save,
    wording,
)
from training.calibration.regression import SignedRegression
from training.calibration.risk import risk_curve

FIXTURES = Path(__file__).parents[1] / "eval" / "fixtures"
SCHEMA = load_schema()
LAYOUT = SCHEMA.layout("disputes", "standard")
FIRST = "disputes.reconsideration.upheld"
HERE = Evidence(line=1)


def table(**changes: object) -> TableReading:
    """Zeros as a reader of pixels gives them; `changes` are of the first cell's candidate."""
    found = {}
    for i, slot in enumerate(LAYOUT.slots):
        box = Box(0.1 + 0.05 * i, 0.5, 0.12 + 0.05 * i, 0.52)
        reading = Reading("0", State.NUMBER, Decimal(0))
        candidate = Candidate(slot.id, reading, 0.999, 1.0, 1.0, Evidence(1, box), "cell")
        found[slot.id] = (replace(candidate, **changes) if slot.id == FIRST else candidate,)
    return TableReading("disputes", "standard", True, found)


def signals_of(reading: TableReading, slot: str = FIRST) -> dict[str, float]:
    (decoded,) = decode([reading], SCHEMA)
    found = signals(slot, decoded, surroundings(decoded, LAYOUT))
    assert len(found) == len(NAMES)
    assert all(np.isfinite(found))
    return dict(zip(NAMES, found, strict=True))


def test_signals_say_what_speaks_for_a_reading() -> None:
    plain = signals_of(table())
    assert (plain["is_number"], plain["is_zero"], plain["held"]) == (1, 1, pytest.approx(1 / 3))
    assert (plain["height"], plain["width"]) == pytest.approx((1, 1))
    assert signals_of(table(score=0.6))["certainty"] < plain["certainty"]
    wrong = signals_of(table(reading=Reading("3", State.NUMBER, Decimal(3))))
    assert (wrong["broken"], wrong["doubted"], wrong["held"]) == (pytest.approx(1 / 3), 1, 0)
    blank = signals_of(table(reading=Reading("", State.BLANK), origin="empty"))
    assert (blank["is_blank"], blank["is_unprinted"], blank["digits"]) == (1, 1, 0)
    flat = signals_of(table(evidence=Evidence(line=3)))
    assert (flat["height"], flat["width"]) == (1, 1)


def test_an_empty_table_has_surroundings() -> None:
    (decoded,) = decode([TableReading("disputes", "standard", False, {})], SCHEMA)
    assert surroundings(decoded, LAYOUT).table == (0.0, 0.0, 0.0, 0.0)


# --- fitting ----------------------------------------------------------------------------------


def items(n: int, width: int, score: int, dice: np.random.Generator) -> Items:
    """Readings that are wrong mostly where their score is low."""
    given_ = dice.random((n, width)).astype(np.float32)
    right = dice.random(n) < 0.55 + 0.45 * (given_[:, score] > 0.4)
    return Items(
        given_,
        right,
        np.zeros(n, np.bool_),
        given_[:, score] > 0.3,
        dice.integers(0, 1 << 30, n) // (1 << 24),
    )


def documents(n: int = 30, each: int = 60) -> list[Readings]:
    dice = np.random.default_rng(3)
    figures = SIGNALS["figures"]
    return [
        Readings(
            f"d{i}",
            "fax",
            items(each, len(NAMES), NAMES.index("certainty"), dice),
            items(12, len(figures), list(figures).index("said"), dice),
            np.array([[0, 1], [2, 0]], np.int8),
            made_with(Settings()),
        )
        for i in range(n)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A calibrator fitted on invented readings."""
    there = tmp_path_factory.mktemp("calibration")
    fit.calibrate(documents(), there / "calibrator")
    return there


def test_what_was_read_is_kept_and_decided_again(tmp_path: Path) -> None:
    case = next(c for c in load_cases(FIXTURES)[0] if c.document and c.document.suffix == ".html")
    assert case.document is not None
    options = Settings(calibration=False)
    source = ingest.identify(case.document.name, case.document.read_bytes(), options)
    found = extract(source, Engines(options), options)
    path = tmp_path / f"one{ENDING}"
    about = {"name": "one", "condition": "html", "made_with": "x", "truth": case.truth}
    save(path, found, about)
    expected = readings_of("one", "html", found, case.truth)
    (again,) = load_all(tmp_path)
    assert (again.name, again.made_with) == ("one", "x")
    for kind in SIGNALS:
        before, after = getattr(expected, kind), getattr(again, kind)
        assert len(after)
        assert np.array_equal(after.signals, before.signals)
        assert np.array_equal(after.right, before.right)
        assert np.array_equal(after.accepted, before.accepted)
    assert again.cells.right.all()
    path.write_bytes(b"damaged")
    with pytest.raises(ValueError, match="make it again"):
        load(path)


@pytest.mark.parametrize("kind", SIGNALS)
def test_what_is_served_says_what_was_fitted(kind: str, folder: Path) -> None:
    calibrator = Calibrator(folder / "calibrator")
    calibrator.check(SCHEMA)
    calibrator.check_models(installed_models())
    assessor = getattr(calibrator, kind)
    sample = fit.joined(kind, [getattr(one, kind) for one in documents()])
    model = fit.logistic(kind).fit(sample.signals, sample.right)
    logits = fit.out_of_fold(partial(fit.logistic, kind), sample)
    make = fit.CURVES[calibrator.manifest["measured"][kind]["curve"]]
    expected = make(logits, sample.right)(model.decision_function(sample.signals))
    found = assessor.probability(assessor.logits(sample.signals.tolist()))
    assert np.allclose(found, expected, atol=1e-6)
    assert len(assessor.probability(assessor.logits([]))) == 0
    width = len(SIGNALS[kind])
    high, low = np.full(width, 0.5), np.full(width, 0.5)
    place = {"cells": NAMES.index("certainty"), "figures": list(SIGNALS["figures"]).index("said")}
    high[place[kind]], low[place[kind]] = 0.95, 0.05
    sure, unsure = assessor.probability(assessor.logits([high.tolist(), low.tolist()]))
    assert sure > 0.9 > unsure


def test_the_threshold_follows_from_the_risk(folder: Path) -> None:
    calibrator = Calibrator(folder / "calibrator")
    assert calibrator.cells.threshold(1e-9) == inf
    assert calibrator.cells.threshold(0.5) <= calibrator.cells.threshold(0.1)
    measured = calibrator.manifest["measured"]["cells"]["out_of_fold"]
    assert measured["logistic, isotonic"]["brier"] < measured["score alone"]["brier"] + 0.01
    assert "accepts" in fit.table(calibrator.manifest)


@pytest.mark.parametrize("damage", ["content", "missing", "version", "signals", "form", "models"])
def test_a_calibrator_that_does_not_fit_is_refused(
    damage: str, folder: Path, tmp_path: Path
) -> None:
    for name in ("calibrator.json", "manifest.json"):
        (tmp_path / name).write_bytes((folder / "calibrator" / name).read_bytes())
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    if damage == "content":
        (tmp_path / "calibrator.json").write_text("{}")
    elif damage == "missing":
        (tmp_path / "calibrator.json").unlink()
    elif damage == "version":
        (tmp_path / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))
    else:
        other = {"signals": {"cells": ["luck"]}, "form": "another", "models": {"rec": "0"}}
        key = "schema" if damage == "form" else damage
        (tmp_path / "manifest.json").write_text(json.dumps(manifest | {key: other[damage]}))
    with pytest.raises(ModelError, match="calibrator"):
        Calibrator(tmp_path).check(SCHEMA)
        Calibrator(tmp_path).check_models(installed_models())


def test_what_probabilities_are_worth_is_printed_and_drawn(
    tmp_path: Path,
) -> None:
    printed = calibration.report(documents(), tmp_path)
    assert "cells: 1800" in printed
    assert "score alone" in printed
    for name in ("cells-reliability", "cells-risk", "figures-reliability", "figures-risk"):
        assert (tmp_path / f"{name}.svg").read_text().startswith("<svg")
    with pytest.raises(SystemExit):
        calibration.main(["--folder", str(tmp_path)])


def test_figures_of_one_wording_are_one_group() -> None:
    sentences = (
        "全年共收到政府信息公开申请12件。",
        "二、我局收到政府信息公开申请 5 件。",
        "主动公开信息5条。",
    )
    first, same, other = (wording(figures_of(sentence)[0]) for sentence in sentences)
    assert first == same != other


def test_too_few_documents_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        fit.main(["--folder", str(tmp_path), "-o", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_no_signal_speaks_for_what_it_speaks_against() -> None:
    """An unsure table whose wrong cells are elsewhere would otherwise vouch for its cells."""
    dice = np.random.default_rng(1)
    given_ = dice.random((3000, 3))
    right = dice.random(3000) < 1 / (1 + np.exp(-3 - 4 * given_[:, 1] + 3 * given_[:, 2]))
    free = SignedRegression(["a", "b", "c"]).fit(given_, right)
    assert free.weights[1] > 1
    assert free.weights[2] < -1
    held = SignedRegression(["certainty", "table_unsure", "digits"]).fit(given_, right)
    assert held.weights[1] == 0
    assert held.weights[2] < -1
    same = SignedRegression(["digits", "certainty", "table_unsure"]).fit(given_, right)
    assert np.allclose(same.weights, free.weights, atol=0.05)
    sure = SignedRegression(["a"]).fit(np.ones((4, 1)), np.array([True, True, True, False]))
    assert sure.decision_function(np.ones((1, 1)))[0] > 0


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.floats(-5, 5), st.booleans()), min_size=1, max_size=60))
def test_the_isotonic_curve_never_falls_and_is_never_certain(
    items: list[tuple[float, bool]],
) -> None:
    logits = np.array([logit for logit, _ in items])
    curve = fit.isotonic(logits, np.array([right for _, right in items]))
    found = curve(np.linspace(-6, 6, 50))
    assert (np.diff(found) >= -1e-12).all()
    assert ((found > 0) & (found < 1)).all()


# --- the bound ---------------------------------------------------------------------------------


def test_the_bound_is_that_of_every_stricter_threshold_too() -> None:
    probability = np.linspace(0, 1, 1000)
    right = np.ones(1000, np.bool_)
    right[[100, 995]] = False
    document = np.arange(1000) // 50
    nobody = np.zeros(1000, np.bool_)
    steps = risk_curve(probability, right, nobody, document, [0.99, 0.9, 0.5, 0.0], least=0.05)
    assert [step.threshold for step in steps] == [0.9, 0.5, 0.0]  # too few are above 0.99
    assert [step.wrong for step in steps] == [1, 1, 2]
    assert steps[0].bound == steps[1].bound == steps[2].bound  # the strictest has the worst
    held = risk_curve(probability, right, ~right, document, [0.0])
    assert (held[0].wrong, held[0].coverage) == (0, 0.998)
    assert 0 < held[0].bound < 0.004
    with pytest.raises(ValueError, match="no readings"):
        risk_curve(np.empty(0), nobody[:0], nobody[:0], document[:0], [0.5])


def test_errors_that_come_together_widen_the_bound() -> None:
    probability, nobody = np.ones(2000), np.zeros(2000, np.bool_)
    document = np.arange(2000) // 50
    together, apart = np.ones(2000, np.bool_), np.ones(2000, np.bool_)
    together[:20] = False
    apart[::100] = False
    bounds = [
        risk_curve(probability, right, nobody, document, [0.5])[0].bound
        for right in (together, apart)
    ]
    assert bounds[0] > bounds[1] > 0.01


# --- use ---------------------------------------------------------------------------------------


def calibrator_of(probability: float, folder: Path) -> Calibrator:
    """A calibrator that says the same of everything, and accepts from 0.99 on."""
    curve = {"logit": [0.0, 1.0], "probability": [0.0, 1.0]}
    always = {
        kind: {"weights": [0.0] * len(names), "bias": probability, "curve": curve}
        for kind, names in SIGNALS.items()
    }
    shares = {"both": 0.9, "implied": 0.6, "first": 0.5, "later": 0.1}
    content = json.dumps({**always, "shares": shares}).encode()
    manifest = {
        "format": FORMAT,
        "sha256": hashlib.sha256(content).hexdigest(),
        "schema": [SCHEMA.id, digest_of(SCHEMA)],
        "signals": SIGNALS,
        "models": {"rec": "1"},
        "settings": Settings().of_reading(),
        "risk": {kind: [{"threshold": 0.99, "bound": 1e-6}] for kind in SIGNALS},
    }
    (folder / "calibrator.json").write_bytes(content)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return Calibrator(folder)


def assessed(reading: TableReading, probability: float) -> Cell:
    with TemporaryDirectory() as folder:
        calibrator = calibrator_of(probability, Path(folder))
        (found,) = flag(decode([reading], SCHEMA), SCHEMA, Settings(), calibrator)
    return next(cell for cell in found.cells if cell.slot == FIRST)


def test_a_probability_decides() -> None:
    assert assessed(table(), 0.999).status is CellStatus.ACCEPTED
    low = assessed(table(), 0.5)
    assert (low.status, low.flags, low.probability) == (
        CellStatus.FLAGGED,
        ("low_probability",),
        0.5,
    )
    assert assessed(table(score=0.7), 0.999).flags == ("low_score",), "a reader's own doubt stays"


def test_one_print_for_two_cells_is_right_in_one_of_them_or_by_chance() -> None:
    box = Evidence(page=1, box=Box(0.1, 0.1, 0.2, 0.2))
    read = table()
    found = dict(read.candidates)
    for value, most in ((3, 0.5), (0, 0.8)):
        number = Reading(str(value), State.NUMBER, Decimal(value))
        for slot in list(found)[:2]:
            found[slot] = (replace(read.candidates[slot][0], evidence=box, reading=number),)
        shared = assessed(replace(read, candidates=found), 0.999)
        assert "shared_print" in shared.flags
        assert shared.probability == most


def test_what_the_report_does_not_add_up_is_no_doubt_about_its_cells(tmp_path: Path) -> None:
    """One number that its row and its column contradict is the report's own; numbers that stand
    one column off break sums that have no cell in common, and one sum alone points to nobody."""
    wrong = {"granted.natural_person": 13, "granted.total": 12, "total_handled.natural_person": 12}
    wrong |= {"total_handled.total": 12, "new_received.natural_person": 12}
    wrong |= {"new_received.total": 12}
    moved = {"granted.enterprise": 12, "granted.total": 12, "total_handled.natural_person": 12}
    moved |= {"total_handled.total": 12, "new_received.natural_person": 12}
    moved |= {"new_received.total": 12}
    for values, flags in ((wrong, set()), (moved, {"relation_broken"})):
        cells = requests_of(values, calibrator_of(0.999, tmp_path))
        assert {flag for cell in cells for flag in cell.flags} == flags
    cells = requests_of(wrong, calibrator_of(0.5, tmp_path))
    assert {flag for cell in cells for flag in cell.flags} >= {"reported_error"}
    assert assessed(table(reading=Reading("3", State.NUMBER, Decimal(3))), 0.999).flags == (
        "relation_broken",
    )


def test_a_number_from_pixels_that_explains_two_own_errors_is_looked_at(tmp_path: Path) -> None:
    """Both readers may have misread it; the characters of a file nobody can misread."""
    wrong = {"granted.natural_person": 74, "granted.total": 14, "total_handled.natural_person": 14}
    wrong |= {"total_handled.total": 14, "new_received.natural_person": 14}
    wrong |= {"new_received.total": 14}
    cells = requests_of(wrong, calibrator_of(0.999, tmp_path), agreement=0.999)
    flagged = {cell.slot: cell.flags for cell in cells if cell.status is CellStatus.FLAGGED}
    assert flagged == {"requests.granted.natural_person": ("reported_error",)}


def requests_of(
    values: dict[str, int], calibrator: Calibrator, agreement: float = 0.0
) -> tuple[Cell, ...]:
    """Table three, zero but for some cells: characters of a file, or of a scan where two readers
    agree."""
    layout = SCHEMA.layout("requests", "detailed")
    found = {}
    for slot in layout.slots:
        value = values.get(slot.id.removeprefix("requests."), 0)
        reading = Reading(str(value), State.NUMBER, Decimal(value))
        made = Candidate(slot.id, reading, 1.0, 1.0, 1.0, HERE, "cell", agreement=agreement)
        found[slot.id] = (made,)
    read = TableReading("requests", "detailed", True, found)
    (one,) = flag(decode([read], SCHEMA), SCHEMA, Settings(), calibrator)
    return one.cells


@pytest.mark.parametrize(
    "changes",
    [
        {"row_anchor": 0.4},
        {"column_anchor": 0.4},
        {"reading": Reading("※", State.ILLEGIBLE)},
        {"reading": Reading("0", State.NUMBER, Decimal(0), flags=("repaired",))},
    ],
)
def test_no_probability_settles_where_a_value_belongs_or_what_sums_prefer(
    changes: dict[str, object],
) -> None:
    assert assessed(table(**changes), 0.99999).status is CellStatus.FLAGGED


def test_what_is_unlikely_is_not_accepted_whatever_the_target(tmp_path: Path) -> None:
    calibrator_of(0.5, tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["risk"]["cells"] = [{"threshold": -9.0, "bound": 1e-9}]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert Calibrator(tmp_path).cells.threshold(0.5) == 0.9  # where its curve is there


def test_alternatives_share_what_the_reading_leaves() -> None:
    reading = table(score=0.6)
    (first,) = reading.candidates[FIRST]
    others = [
        replace(first, reading=Reading(str(n), State.NUMBER, Decimal(n)), score=0.2, origin="nbest")
        for n in (3, 8)
    ]
    reading = replace(reading, candidates={**reading.candidates, FIRST: (first, *others)})
    cell = assessed(reading, 0.9)
    assert [(a.value, a.probability) for a in cell.alternatives] == [
        (3, pytest.approx(0.05)),
        (8, pytest.approx(0.01)),
    ]
    assert cell.probability is not None
    assert cell.probability + sum(a.probability or 0 for a in cell.alternatives) <= 1


def test_alternatives_that_sums_imply_come_first_and_are_likelier() -> None:
    wrong = table(reading=Reading("3", State.NUMBER, Decimal(3)), score=0.6)
    (first,) = wrong.candidates[FIRST]
    other = replace(first, reading=Reading("8", State.NUMBER, Decimal(8)), score=0.2)
    wrong = replace(
        wrong, candidates={**wrong.candidates, FIRST: (first, replace(other, origin="nbest"))}
    )
    cell = assessed(wrong, 0.4)
    assert [(a.value, a.source, a.is_implied) for a in cell.alternatives] == [
        (0, "relation", True),
        (8, "reader", False),
    ]
    assert sum(a.probability or 0 for a in cell.alternatives) == pytest.approx(0.6)
    assert fit.shares(np.array([[0, 1], [0, 1], [2, 0]], np.int8)) == {
        "both": pytest.approx(2.5 / 3),
        "implied": 0.5,
        "first": 0.25,
        "later": 0.5,
    }


def test_a_missing_cell_is_flagged_and_has_no_probability() -> None:
    reading = replace(table(), candidates={})
    found = assessed(reading, 0.999)
    assert (found.status, found.probability, found.flags) == (
        CellStatus.FLAGGED,
        None,
        ("missing",),
    )


def extraction_of(cells: Sequence[Cell], figures: Sequence[Figure] = ()) -> Extraction:
    tables = (Table("disputes", True, tuple(cells)),)
    facts = ReportFacts(None, None, None)
    about = ("a", "0", "text/plain", 0, SCHEMA.id, facts, Status.ACCEPTED)
    return Extraction(*about, tables, tuple(figures), (), (), {}, {})


def test_truth_is_value_and_state() -> None:
    (found,) = flag(decode([table()], SCHEMA), SCHEMA, Settings())
    extraction = extraction_of(found.cells)
    slots = {cell.slot: 0 for cell in found.cells}
    states = {cell.slot: {"state": "number"} for cell in found.cells}
    for truth in (
        {"slots": slots | {FIRST: 3}, "cells": states},
        {"slots": slots, "cells": states | {FIRST: {"state": "dash"}}},
    ):
        assert int((~readings_of("a", "fax", extraction, truth).cells.right).sum()) == 1
    nothing = readings_of("a", "fax", extraction_of([]), {"slots": slots, "cells": states})
    assert nothing.cells.signals.shape == (0, len(NAMES))
    assert nothing.figures.signals.shape == (0, len(SIGNALS["figures"]))


def figures_of(text: str, tables: Sequence[Table] = ()) -> tuple[Figure, ...]:
    fragment = Fragment(text, 1.0, Evidence(line=1), role=Role.PROSE)
    found = find_figures(join_prose([fragment]), SCHEMA.figures)
    return flag_figures(found, agreements(found, tables, SCHEMA), Settings())


def test_figures_are_right_as_often_as_the_text_states_them() -> None:
    found = figures_of("全年共收到政府信息公开申请12件。")
    assert [(f.key, f.value) for f in found] == [("applications_received", 12)]
    said = {"key": "applications_received", "value": 12}
    for stated, right in (([said], [True]), ([], [False]), ([said | {"value": 21}], [False])):
        truth = {"slots": {}, "cells": {}, "figures": stated}
        items = readings_of("a", "fax", extraction_of([], found), truth).figures
        assert items.right.tolist() == right
    twice = readings_of(
        "a",
        "fax",
        extraction_of([], [*found, *found]),
        {"slots": {}, "cells": {}, "figures": [said]},
    )
    assert twice.figures.right.tolist() == [True, False]


def test_signals_of_a_figure_say_what_the_tables_say() -> None:
    names = SIGNALS["figures"]
    cells = {
        slot: Cell(slot, Reading(str(n), State.NUMBER, Decimal(n)), CellStatus.ACCEPTED, (), HERE)
        for slot, n in (("requests.new_received.total", 12),)
    }
    table_ = [Table("requests", True, tuple(cells.values()))]
    for text, wanted in (("12件", (1, 0)), ("13件", (0, 1)), ("约12件", (0, 0))):
        (found,) = figures_of(f"全年共收到政府信息公开申请{text}。", table_)
        said = dict(zip(names, found.signals, strict=True))
        assert (said["agrees_with_tables"], said["contradicts_tables"]) == wanted, text
        assert said["is_pattern"] == 1
    (alone,) = figures_of("全年共收到政府信息公开申请12件。")
    assert alone.signals[-2:] == (0, 0)


def test_a_probability_decides_about_figures(tmp_path: Path) -> None:
    found = figures_of("全年共收到政府信息公开申请12件。")
    for probability, status in ((0.999, CellStatus.ACCEPTED), (0.5, CellStatus.FLAGGED)):
        calibrator = calibrator_of(probability, tmp_path)
        bare = [replace(figure, signals=figure.signals[:-2]) for figure in found]
        (told,) = flag_figures(bare, [None], Settings(), calibrator)
        assert (told.probability, told.status) == (probability, status)
        (torn,) = flag_figures([replace(bare[0], unit=None)], [None], Settings(), calibrator)
        assert torn.status is CellStatus.FLAGGED
    assert flag_figures([], [], Settings(), calibrator) == ()


def test_an_audit_draws_the_same_cells_of_a_document_again() -> None:
    tables = flag(decode([table(score=0.6)], SCHEMA), SCHEMA, Settings())
    assert audited(tables, "a", 0.0) == tables
    (every,) = audited(tables, "a", 1.0)
    assert {cell.flags for cell in every.cells} == {("audit",), ("low_score",)}
    half = [audited(tables, name, 0.5) for name in "aab"]
    assert half[0] == half[1] != half[2]
    n = sum(cell.flags == ("audit",) for cell in half[0][0].cells)
    assert 0 < n < len(every.cells)


@pytest.mark.parametrize(
    "changed",
    [
        {"token_classifier": False},
        {"second_look": False},
        {"joint_decoding": False},
        {"min_anchor": 0.0},
        {"dpi": 150},
    ],
)
def test_nothing_is_assessed_with_other_settings_than_it_was_fitted_with(
    changed: dict[str, Any], tmp_path: Path
) -> None:
    calibrator = calibrator_of(0.9, tmp_path)
    assert calibrator.suits(Settings(threads=1, max_risk=0.1))
    assert not calibrator.suits(Settings(**changed))


def test_a_result_of_other_models_is_not_known(tmp_path: Path) -> None:
    calibrator = calibrator_of(0.9, tmp_path)
    assert calibrator.knows({})
    assert calibrator.knows({"rec": "1", "something else": "7"})
    assert not calibrator.knows({"rec": "2"})


def test_readings_of_other_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="other models"):
        fit.calibrate([replace(one, made_with="others") for one in documents()], tmp_path)


def test_what_a_person_said_of_other_cells_is_no_signal() -> None:
    poor = table()
    poor = replace(
        poor,
        candidates={s: (replace(c[0], score=0.9),) for s, c in poor.candidates.items()},
    )
    before = signals_of(poor)
    others = {s: c[0].reading for s, c in poor.candidates.items() if s != FIRST}
    (told,) = answered([poor], others)
    after = signals_of(told)
    for name in ("table_certainty", "table_unsure", "table_weak", "certainty"):
        assert after[name] == pytest.approx(before[name])


def test_a_number_in_doubt_is_flagged_whatever_its_probability(tmp_path: Path) -> None:
    calibrator = calibrator_of(0.9999, tmp_path)
    found = figures_of("全年共收到政府信息公开申请12件。")
    names = list(SIGNALS["figures"])
    bare = [replace(figure, signals=figure.signals[:-2]) for figure in found]
    doubtful = list(bare[0].signals)
    doubtful[names.index("number_doubts")] = 1.0
    torn = [replace(bare[0], signals=tuple(doubtful))]
    (told,) = flag_figures(torn, [None], Settings(), calibrator)
    assert told.status is CellStatus.FLAGGED
    (fine,) = flag_figures(bare, [None], Settings(), calibrator)
    assert fine.status is CellStatus.ACCEPTED


def test_why_a_figure_is_flagged_is_said(tmp_path: Path) -> None:
    calibrator = calibrator_of(0.5, tmp_path)
    found = figures_of(
        "全年共收到政府信息公开申请12件。又收到政府信息公开申请13件。主动公开信息条。"
    )
    by_rules = {figure.value: figure.flags for figure in found}
    assert by_rules[Decimal(12)] == by_rules[Decimal(13)] == ("contradicted",)
    bare = [
        replace(f, signals=f.signals[:-2], flags=())
        for f in figures_of("全年共收到政府信息公开申请12件。")
    ]
    unsure = [replace(bare[0], status=CellStatus.FLAGGED)]
    assert flag_figures(unsure, [None], Settings())[0].flags == ("doubtful_meaning",)
    assert flag_figures(bare, [None], Settings(), calibrator)[0].flags == ("low_probability",)
    unitless = [replace(bare[0], unit=None)]
    assert flag_figures(unitless, [None], Settings(), calibrator)[0].flags == ("unit_unknown",)


def test_accepted_figures_are_drawn_for_audit() -> None:
    found = figures_of("全年共收到政府信息公开申请12件。主动公开政府信息35条。")
    accepted = [
        replace(figure, status=CellStatus.ACCEPTED, flags=(), number=i)
        for i, figure in enumerate(found)
    ]
    assert audited_figures(accepted, "a", 0.0) == tuple(accepted)
    drawn = audited_figures(accepted, "a", 1.0)
    assert {(figure.status, figure.flags) for figure in drawn} == {(CellStatus.FLAGGED, ("audit",))}
    seen = [replace(figure, status=CellStatus.REVIEWED) for figure in accepted]
    assert audited_figures(seen, "a", 1.0) == tuple(seen)
