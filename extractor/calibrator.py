"""Signals to probabilities: boosted trees and an isotonic curve, and the threshold of acceptance.

Fitted in `training/calibration` with scikit-learn and kept as numbers, so that serving needs numpy
alone. A calibrator belongs to the signals and the form that it was fitted for, and is refused with
any others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from extractor.errors import ModelError
from extractor.schema import Schema
from extractor.signals import NAMES

FOLDER = Path(__file__).parent.parent / "models" / "calibrator"
FORMAT = 1
_AGAIN = "take models/calibrator from the repository again, or fit it: docs/reliability.md"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tree:
    """One regression tree of N nodes, the root first: where `left` is not below 0, an item goes
    left if its signal is at most the threshold."""

    feature: NDArray[np.int64]
    threshold: Floats
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: Floats

    def __call__(self, items: Floats) -> Floats:
        """The values (M,) of items (M, signals)."""
        node = np.zeros(len(items), np.int64)
        rows = np.arange(len(items))
        while (inner := self.left[node] >= 0).any():
            goes_left = items[rows, self.feature[node]] <= self.threshold[node]
            node = np.where(inner, np.where(goes_left, self.left[node], self.right[node]), node)
        return self.value[node]


class Calibrator:
    """Loaded once a process."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Load the calibrator in `folder`.

        Raises:
            ModelError: a file is missing, damaged or of another version.
        """
        path = folder / "calibrator.json"
        try:
            content = path.read_bytes()
            self.manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
            self._content = json.loads(content)
        except (OSError, ValueError) as error:
            raise ModelError(f"The calibrator cannot be read: {error}; {_AGAIN}") from error
        if self.manifest.get("sha256") != hashlib.sha256(content).hexdigest():
            raise ModelError(f"{path} is not the file of its manifest; {_AGAIN}")
        if self.manifest.get("format") != FORMAT:
            raise ModelError(f"{path} is of another version than this program; {_AGAIN}")

    def check(self, schema: Schema) -> None:
        """Refuse signals and a form that it was not fitted for.

        Raises:
            ModelError: they are others.
        """
        if tuple(self.manifest["signals"]) != NAMES or self.manifest["schema"] != schema.id:
            raise ModelError(
                f"the calibrator was fitted for the form {self.manifest['schema']!r} and other "
                f"signals than those of {schema.id!r} here; fit it again (docs/reliability.md)"
            )

    @cached_property
    def _trees(self) -> list[Tree]:
        return [
            Tree(
                np.array(tree["feature"], np.int64),
                np.array(tree["threshold"], np.float64),
                np.array(tree["left"], np.int64),
                np.array(tree["right"], np.int64),
                np.array(tree["value"], np.float64),
            )
            for tree in self._content["trees"]
        ]

    def __call__(self, items: Sequence[Sequence[float]]) -> Floats:
        """The probabilities (M,) that readings with these signals (M, signals) are right."""
        array = np.array(items, np.float64).reshape(-1, len(NAMES))
        logits = np.full(len(array), float(self._content["start"]))
        for tree in self._trees:
            logits += tree(array)
        curve = self._content["curve"]
        probabilities: Floats = np.interp(logits, curve["logit"], curve["probability"])
        return probabilities

    def threshold(self, target: float) -> float:
        """The least probability of what is accepted, so that the share of wrong values among it
        stays below `target` with the confidence of the manifest; above 1 where no threshold does.
        """
        kept = [step["threshold"] for step in self.manifest["risk"] if step["bound"] <= target]
        return min(kept, default=2.0)
