"""`python -m training calibrate`: fit the calibrator, choose its curve, and bound what it accepts.

Everything is judged out of fold: five folds by document, for key figures by wording, each predicted
by a model that has seen none of it. A logistic regression (`regression`) is what is kept; boosted
trees and one score alone are measured beside it. Its curve is isotonic or a sigmoid (Platt, 1999),
whichever has the smaller Brier score out of fold. It is fitted to predictions out of fold, and so
are the thresholds and the bounds of their risk.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.model_selection import GroupKFold

from extractor.calibrator import FOLDER as ARTEFACT
from extractor.calibrator import FORMAT, KINDS, LEAST_LIKELY, SIGNALS, digest_of
from extractor.errors import ModelError
from extractor.schema import load_schema
from extractor.settings import Settings
from training.calibration.data import FOLDER, Items, Readings, load_all, made_with
from training.calibration.regression import AGAINST, FOR, SignedRegression
from training.calibration.risk import CONFIDENCE, risk_curve

_FOLDS = 5
_SEED = 5
_STEPS = 200
_LEAST = 1e-6
_PLACED = 0.9 - 1e-6
_SURE = 3 / 7 - 1e-6
"""The certainty of a score of 0.999 (see `signals`)."""
_AGREED = 1 / 7 - 1e-6
"""That of 0.9. Signals are kept in single precision, in which 0.9 is less than 0.9."""
_LEAST_COVERAGE = {"cells": 0.8, "figures": 0.3}
"""Of the strictest threshold that is tested: so much must be accepted for the smallest targets to
be within reach of the sample, if nothing of it is wrong."""
_SCORES = {"cells": "certainty", "figures": "said"}
"""The signal that would be all there is to go by."""
_TARGETS = {"cells": (0.0001, 0.0002, 0.0005, 0.001), "figures": (0.005, 0.01, 0.02, 0.05)}
"""Of the table that is printed."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """The items of one kind of all documents one after the other (see `Items`); `group` numbers
    what goes wrong together, from 0 on, `score` is the signal that the regression is compared with.
    """

    signals: Floats
    right: NDArray[np.bool_]
    held_back: NDArray[np.bool_]
    accepted: NDArray[np.bool_]
    group: NDArray[np.int64]
    score: Floats


def joined(kind: str, items: Sequence[Items]) -> Sample:
    """All items of some documents.

    Raises:
        ValueError: there are fewer documents than folds, or nothing is wrong in them.
    """
    if len(items) < _FOLDS:
        raise ValueError(f"{len(items)} documents are too few; python -m training calibration-data")
    signals = np.concatenate([one.signals for one in items]).astype(np.float64)
    sample = Sample(
        signals,
        np.concatenate([one.right for one in items]),
        np.concatenate([one.held_back for one in items]),
        np.concatenate([one.accepted for one in items]),
        np.unique(np.concatenate([one.group for one in items]), return_inverse=True)[1],
        signals[:, list(SIGNALS[kind]).index(_SCORES[kind])],
    )
    if sample.right.all():
        raise ValueError(f"all {kind} are right; there is nothing to learn from")
    return sample


def logistic(kind: str) -> SignedRegression:
    return SignedRegression(SIGNALS[kind])


def trees(kind: str) -> ClassifierMixin:
    return HistGradientBoostingClassifier(
        max_iter=120,
        max_depth=3,
        learning_rate=0.06,
        min_samples_leaf=60,
        l2_regularization=20.0,
        early_stopping=False,
        random_state=_SEED,
        monotonic_cst=[(name in FOR) - (name in AGAINST) for name in SIGNALS[kind]],
    )


MODELS: dict[str, Callable[[str], Any]] = {"logistic": logistic, "trees": trees}


def out_of_fold(make: Callable[[], Any], sample: Sample) -> Floats:
    """Logits (M,) of every reading by a model that has not seen its document."""
    found = np.empty(len(sample.right))
    for seen, left_out in GroupKFold(_FOLDS).split(sample.signals, sample.right, sample.group):
        model = make().fit(sample.signals[seen], sample.right[seen])
        found[left_out] = model.decision_function(sample.signals[left_out])
    return found


@dataclass(frozen=True, slots=True)
class Curve:
    """Logits to probabilities, straight between its points; it never falls."""

    logit: list[float]
    probability: list[float]

    def __call__(self, logits: Floats) -> Floats:
        found: Floats = np.interp(logits, self.logit, self.probability)
        return found


def isotonic(logits: Floats, right: NDArray[np.bool_]) -> Curve:
    """The isotonic curve, each of its levels with half a reading more that is wrong and half a one
    that is right (Jeffreys), so that no level is certain because nothing was wrong in it yet."""
    levels = IsotonicRegression(out_of_bounds="clip").fit(logits, right.astype(float))
    level = levels.predict(logits)
    xs: list[float] = []
    ys: list[float] = []
    for value in np.unique(level):
        here = level == value
        share = (right[here].sum() + 0.5) / (here.sum() + 1)
        xs += [float(logits[here].min()), float(logits[here].max())]
        ys += [float(share)] * 2
    kept = np.maximum.accumulate(np.clip(ys, _LEAST, 1 - _LEAST))
    return Curve(xs, [float(y) for y in kept])


def sigmoid(logits: Floats, right: NDArray[np.bool_]) -> Curve:
    """A sigmoid of the logits, as a curve with many points."""
    model = LogisticRegression(C=1e6, max_iter=1000).fit(logits[:, None], right)
    xs = np.unique(np.quantile(logits, np.linspace(0, 1, _STEPS)))
    ys = np.clip(model.predict_proba(xs[:, None])[:, 1], _LEAST, 1 - _LEAST)
    return Curve(xs.tolist(), np.maximum.accumulate(ys).tolist())


CURVES: dict[str, Callable[[Floats, NDArray[np.bool_]], Curve]] = {
    "isotonic": isotonic,
    "sigmoid": sigmoid,
}


def by_folds(logits: Floats, sample: Sample, curve: str = "isotonic") -> Floats:
    """Probabilities (M,) with the curve of the other folds."""
    found = np.empty(len(logits))
    folds = GroupKFold(_FOLDS).split(sample.signals, sample.right, sample.group)
    for seen, left_out in folds:
        found[left_out] = CURVES[curve](logits[seen], sample.right[seen])(logits[left_out])
    return found


def better_curve(logits: Floats, sample: Sample) -> str:
    """The name of the curve with the smaller Brier score out of fold."""
    return min(
        CURVES,
        key=lambda curve: float(brier_score_loss(sample.right, by_folds(logits, sample, curve))),
    )


def fit(kind: str, sample: Sample) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `calibrator.json` says of one kind of items, and the measures for the manifest."""
    logits = {name: out_of_fold(partial(make, kind), sample) for name, make in MODELS.items()}
    probabilities = {
        f"{name}, {curve}": by_folds(logits[name], sample, curve)
        for name in MODELS
        for curve in CURVES
    }
    probabilities["score alone"] = by_folds(sample.score, sample)
    measured = {
        name: {
            "brier": float(brier_score_loss(sample.right, p)),
            "log_loss": float(log_loss(sample.right, np.clip(p, _LEAST, 1 - _LEAST))),
        }
        for name, p in probabilities.items()
    }
    chosen = better_curve(logits["logistic"], sample)
    curve = CURVES[chosen](logits["logistic"], sample.right)
    # Not levels of the curve, whose edges lie where errors are: what is tested must be fixed before
    # an outcome is seen.
    steps = risk_curve(
        logits["logistic"],
        sample.right,
        sample.held_back,
        sample.group,
        np.unique(np.quantile(logits["logistic"], np.linspace(0, 1, _STEPS))).tolist(),
        least=_LEAST_COVERAGE[kind],
    )
    model = logistic(kind).fit(sample.signals, sample.right)
    rules = sample.accepted & ~sample.right
    content = {"weights": model.weights.tolist(), "bias": model.bias, "curve": asdict(curve)}
    return content, {
        "items": len(sample.right),
        "groups": int(sample.group.max()) + 1,
        "wrong": int((~sample.right).sum()),
        "curve": chosen,
        "floor": float(np.interp(LEAST_LIKELY, curve.probability, curve.logit)),
        "out_of_fold": measured,
        "rules_alone": {"coverage": float(sample.accepted.mean()), "wrong": int(rules.sum())},
        "risk": [asdict(step) for step in steps],
    }


def shares(alternatives: NDArray[np.int8]) -> dict[str, float]:
    """How often an alternative of a kind is right where the reading is wrong, of (K, 2) (see
    `Readings`); half a one more is right and half a one wrong."""
    found = {}
    for place, kind in enumerate(KINDS):
        right = alternatives[alternatives[:, 0] == place, 1]
        found[kind] = (float(right.sum()) + 0.5) / (len(right) + 1)
    return found


def misread(sample: Sample) -> dict[str, list[int]]:
    """How often cells of some kinds are wrong, as [wrong, all]: what the prices of `decode.options`
    are. All are in their places, without flags or readings that differ; a reader alone is sure from
    a score of 0.999 on, two that agree from 0.9 on."""
    signal = {name: sample.signals[:, i] for i, name in enumerate(SIGNALS["cells"])}
    is_placed = np.minimum(signal["row_anchor"], signal["column_anchor"]) >= _PLACED
    is_plain = (signal["flags"] == 0) & (signal["disagreement"] == 0) & is_placed
    is_file = signal["is_characters"] == 1
    is_scanned = ~is_file & (signal["is_number"] == 1) & is_plain
    kinds = {
        "characters of a file": is_file & is_plain,
        "numbers of a scan, two readers agree": is_scanned & (signal["agreement"] >= _AGREED),
        "sure numbers of a scan, one reader": is_scanned
        & (signal["agreement"] == 0)
        & (signal["certainty"] >= _SURE),
        "cells without ink": ~is_file & (signal["is_blank"] == 1) & is_plain,
        "odd, or read otherwise": ~is_file & is_placed & ~is_plain,
    }
    return {
        kind: [int((chosen & ~sample.right).sum()), int(chosen.sum())]
        for kind, chosen in kinds.items()
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit and write the artefact: 0; 2 where there is nothing to fit it on."""
    parser = argparse.ArgumentParser(prog="python -m training calibrate", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, metavar="DIR")
    parser.add_argument("-o", "--output", type=Path, default=ARTEFACT, metavar="DIR")
    parser.add_argument("--workers", type=int, default=1, help="processes that decide")
    options = parser.parse_args(arguments)
    try:
        every = load_all(options.folder, options.workers)
        manifest = calibrate(every, options.output)
    except (ModelError, ValueError) as error:
        parser.error(str(error))
    sys.stdout.write(table(manifest))
    return 0


def calibrate(every: Sequence[Readings], output: Path) -> dict[str, Any]:
    """Fit on some documents and write `calibrator.json` and `manifest.json`, which is returned.

    Raises:
        ValueError: the documents are too few, nothing is wrong in them, or they were made with
            other models or settings than are here.
    """
    with_ = _made_with(every)
    content: dict[str, Any] = {}
    measured: dict[str, Any] = {}
    for kind in SIGNALS:
        sample = joined(kind, [getattr(one, kind) for one in every])
        content[kind], measured[kind] = fit(kind, sample)
        if kind == "cells":
            prices = misread(sample)
    content["shares"] = shares(np.concatenate([one.alternatives for one in every]))
    schema = load_schema()
    data = json.dumps(content, separators=(",", ":")).encode()
    manifest = {
        "format": FORMAT,
        "sha256": hashlib.sha256(data).hexdigest(),
        "schema": [schema.id, digest_of(schema)],
        "signals": SIGNALS,
        **with_,
        "data": {"documents": len(every), "sha256": _digest(every)},
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": _commit(),
        "confidence": CONFIDENCE,
        "measured": {
            kind: {name: value for name, value in found.items() if name != "risk"}
            for kind, found in measured.items()
        },
        "shares": content["shares"],
        "misread": prices,
        "risk": {kind: found["risk"] for kind, found in measured.items()},
    }
    output.mkdir(parents=True, exist_ok=True)
    (output / "calibrator.json").write_bytes(data)
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    (output / "manifest.json").write_text(text + "\n", encoding="utf-8")
    return manifest


def _digest(every: Sequence[Readings]) -> str:
    """Stands for what was fitted on."""
    digest = hashlib.sha256()
    for one in every:
        for items in (one.cells, one.figures):
            digest.update(items.signals.tobytes() + items.right.tobytes())
    return digest.hexdigest()


def _made_with(every: Sequence[Readings]) -> dict[str, Any]:
    """Models and settings of readings, which must be those that are installed.

    Raises:
        ValueError: they are not, or they differ.
    """
    if {one.made_with for one in every} - {made_with(Settings())}:
        raise ValueError(
            "some readings were made with other models or settings than are here; remove "
            "build/calibration and make them again: python -m training calibration-data"
        )
    found: dict[str, Any] = json.loads(made_with(Settings()))
    return found


def table(manifest: dict[str, Any]) -> str:
    """What a manifest says, as lines of text."""
    lines = [f"{manifest['data']['documents']} documents"]
    for kind, found in manifest["measured"].items():
        lines.append(f"{kind}: {found['items']}, {found['wrong']} wrong, curve {found['curve']}")
        for name, scores in found["out_of_fold"].items():
            lines.append(
                f"  {name:15} Brier {scores['brier']:.6f}, log loss {scores['log_loss']:.5f}"
            )
        lines.append(f"  nothing below {LEAST_LIKELY} is accepted: logit {found['floor']:.3f}")
        for target in _TARGETS[kind]:
            fitting = [step for step in manifest["risk"][kind] if step["bound"] <= target]
            if fitting:
                step = fitting[-1]
                lines.append(
                    f"  at most {100 * target:.2f} % wrong: logit {step['threshold']:.3f} accepts "
                    f"{100 * step['coverage']:.2f} %, {step['wrong']} wrong"
                )
            else:
                lines.append(f"  at most {100 * target:.2f} % wrong: no threshold does")
        rules = found["rules_alone"]
        lines.append(
            f"  rules alone accept {100 * rules['coverage']:.2f} %, {rules['wrong']} wrong"
        )
    for kind, (wrong, n) in manifest["misread"].items():
        lines.append(f"{kind}: {wrong} of {n} wrong")
    for kind, share in manifest["shares"].items():
        lines.append(f"alternatives of wrong readings, {kind}: {100 * share:.1f} % right")
    return "\n".join(lines) + "\n"


def _commit() -> str:
    command = ["git", "rev-parse", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
