"""Signals to probabilities: a logistic regression and a curve, and the threshold of acceptance.

Fitted in `training/calibration` with scikit-learn and kept as numbers, so that serving needs numpy
alone. A calibrator belongs to the signals, the form and the models that it was fitted with, and is
refused with any others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from extractor import figure_signals, signals
from extractor.errors import ModelError
from extractor.schema import Schema
from extractor.settings import Settings

FOLDER = Path(__file__).parent.parent / "models" / "calibrator"
FORMAT = 1
SIGNALS: Mapping[str, Sequence[str]] = {"cells": signals.NAMES, "figures": figure_signals.NAMES}
"""What is assessed, and the names of its signals."""
KINDS = ("both", "implied", "first", "later")
"""Of alternatives: sums and a reader say so, sums alone, a reader's next reading, and others."""
LEAST_LIKELY = 0.9
_AGAIN = "take models/calibrator from the repository again, or fit it: docs/reliability.md"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Assessor:
    """Judges one kind of items of F signals. `weights` (F,) and `bias` are those of a logistic
    regression; `curve_logits` and `curve_probabilities` (N,) are its curve; `risk` has thresholds
    of the logit with the bound of what is wrong above them."""

    weights: Floats
    bias: float
    curve_logits: Floats
    curve_probabilities: Floats
    risk: Sequence[Mapping[str, float]]

    def logits(self, items: Sequence[Sequence[float]]) -> Floats:
        """How much speaks for items with these signals (M, F), shape (M,)."""
        found: Floats = np.array(items, np.float64).reshape(-1, len(self.weights)) @ self.weights
        return found + self.bias

    def probability(self, logits: Floats) -> Floats:
        """The probabilities (M,) that items with these logits (M,) are right."""
        found: Floats = np.interp(logits, self.curve_logits, self.curve_probabilities)
        return found

    def threshold(self, target: float) -> float:
        """The least logit of what is accepted, so that the share of wrong values among it stays
        below `target` with the confidence of the manifest; infinite where no threshold does.

        Whatever the target: what is less likely than `LEAST_LIKELY` is not accepted. A sample in
        which no such reading was wrong does not make it likely.
        """
        bounded = min((s["threshold"] for s in self.risk if s["bound"] <= target), default=inf)
        if self.curve_probabilities[-1] < LEAST_LIKELY:
            return inf
        likely = np.interp(LEAST_LIKELY, self.curve_probabilities, self.curve_logits)
        return max(bounded, float(likely))


class Calibrator:
    """Loaded once a process; assesses `cells` and `figures`. `shares` tells, by kind, how often an
    alternative is right where the reading is wrong."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Load the calibrator in `folder`.

        Raises:
            ModelError: a file is missing, damaged or of another version.
        """
        path = folder / "calibrator.json"
        try:
            data = path.read_bytes()
            self.manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
            content = json.loads(data)
        except (OSError, ValueError) as error:
            raise ModelError(f"The calibrator cannot be read: {error}; {_AGAIN}") from error
        if self.manifest.get("sha256") != hashlib.sha256(data).hexdigest():
            raise ModelError(f"{path} is not the file of its manifest; {_AGAIN}")
        if self.manifest.get("format") != FORMAT:
            raise ModelError(f"{path} is of another version than this program; {_AGAIN}")
        self.cells, self.figures = (
            _assessor(content[kind], len(names), self.manifest["risk"][kind])
            for kind, names in SIGNALS.items()
        )
        self.shares: Mapping[str, float] = {kind: content["shares"][kind] for kind in KINDS}

    def check(self, schema: Schema) -> None:
        """Refuse signals and a form that it was not fitted for.

        Raises:
            ModelError: they are others.
        """
        fitted = {kind: tuple(names) for kind, names in self.manifest["signals"].items()}
        if fitted != {kind: tuple(names) for kind, names in SIGNALS.items()}:
            raise ModelError(
                f"the calibrator was fitted for other signals than there are; {_AGAIN}"
            )
        if self.manifest["schema"] != [schema.id, digest_of(schema)]:
            raise ModelError(
                f"the calibrator was fitted for another form than {schema.id!r} as it is here; "
                f"{_AGAIN}, or set EXTRACTOR_CALIBRATION=false"
            )

    def suits(self, settings: Settings) -> bool:
        """Whether these settings read and hold back as those that it was fitted with."""
        return bool(self.manifest["settings"] == settings.of_reading())

    def knows(self, models: Mapping[str, str]) -> bool:
        """Whether a result that these models made, by name and sha256, is one that it can judge."""
        fitted = self.manifest["models"]
        return all(fitted.get(name, sha256) == sha256 for name, sha256 in models.items())

    def check_models(self, models: Mapping[str, str]) -> None:
        """Refuse models that it was not fitted with: their scores would mean something else.

        Args:
            models: name and sha256 of those that are installed.

        Raises:
            ModelError: one is another.
        """
        others = sorted(
            name for name, sha256 in self.manifest["models"].items() if models.get(name) != sha256
        )
        if others:
            raise ModelError(
                f"the calibrator was fitted with another model than is installed "
                f"({', '.join(others)}); {_AGAIN}, or set EXTRACTOR_CALIBRATION=false"
            )


def digest_of(schema: Schema) -> str:
    """Stands for the slots and relations of a form."""
    layouts = [one for layouts in schema.tables.values() for one in layouts]
    parts = [(one.id, one.slots, one.relations, one.years) for one in layouts]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _assessor(
    content: Mapping[str, Any], signals: int, risk: Sequence[Mapping[str, float]]
) -> Assessor:
    weights = np.array(content["weights"], np.float64)
    if weights.shape != (signals,):
        raise ModelError(
            f"the calibrator has {len(weights)} weights for {signals} signals; {_AGAIN}"
        )
    curve = content["curve"]
    return Assessor(
        weights,
        float(content["bias"]),
        np.array(curve["logit"], np.float64),
        np.array(curve["probability"], np.float64),
        risk,
    )
