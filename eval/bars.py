"""Stated bars, and the baseline: what a run must reach, and what it was before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from eval.cases import Case

BARS = Path(__file__).parent / "bars.yaml"
BASELINE = Path(__file__).parent / "baseline.json"

# Path in the summary → whether more is better; what a run is compared by.
COMPARED = {
    "cell_exact": True,
    "table_exact": True,
    "document_exact": True,
    "flagged": False,
    "accepted_of_printed": True,
    "silent.share": False,
    "silent.upper": False,
    "state_exact": True,
    "located": True,
    "planted.found": True,
    "planted.repaired": False,
    "false_findings.total": False,
    "figures.precision": True,
    "figures.recall": True,
    "figures.f1": True,
    "facts.organization": True,
    "uncertainty.aurc": False,
    "uncertainty.ece": False,
    "uncertainty.catch_10": True,
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar and what was measured; `value` is None where nothing could be measured: not met."""

    path: str
    bound: float
    is_least: bool
    value: float | None

    @property
    def is_met(self) -> bool:
        if self.value is None:
            return False
        return self.value >= self.bound if self.is_least else self.value <= self.bound


@dataclass(frozen=True, slots=True)
class Change:
    """A figure beside its baseline; `is_better` is None where it did not change."""

    path: str
    before: float
    after: float
    is_better: bool | None


def value_at(summary: Mapping[str, Any], path: str) -> float | None:
    """The figure at a dotted path; None where there is none."""
    value: Any = summary
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return None if value is None else float(value)


def bars(name: str, summary: Mapping[str, Any], path: Path = BARS) -> tuple[Bar, ...]:
    """The bars of a document set with what was measured.

    Every set has the bar that each of its documents has a result.
    """
    stated = {"results": {"least": 1}}
    stated |= yaml.safe_load(path.read_text(encoding="utf-8")).get(name) or {}
    return tuple(
        Bar(figure, float(bound), side == "least", value_at(summary, figure))
        for figure, sides in stated.items()
        for side, bound in sides.items()
    )


def set_hash(cases: Sequence[Case]) -> str:
    """Stands for the documents of a set and what they state."""
    digest = hashlib.sha256()
    for case in cases:
        stated = {name: value for name, value in case.truth.items() if name != "generator"}
        digest.update(f"{case.name} {json.dumps(stated, sort_keys=True)}\n".encode())
    return digest.hexdigest()[:16]


def changes(
    name: str, summary: Mapping[str, Any], documents: str, path: Path = BASELINE
) -> tuple[Change, ...] | None:
    """What differs from the baseline; None if there is none for exactly these documents, or if one
    of them has no result: what is not read must not look better."""
    known = _read(path).get(name)
    if known is None or known["documents"] != documents or summary["results"] < 1:
        return None
    found = []
    for figure, more_is_better in COMPARED.items():
        before, after = known["figures"].get(figure), value_at(summary, figure)
        if before is not None and after is not None:
            better = None if before == after else (after > before) == more_is_better
            found.append(Change(figure, before, after, better))
    return tuple(found)


def update_baseline(
    name: str, summary: Mapping[str, Any], documents: str, path: Path = BASELINE
) -> None:
    """Make the figures of a run the baseline of its document set."""
    known = _read(path)
    figures = {figure: value_at(summary, figure) for figure in COMPARED}
    known[name] = {"documents": documents, "figures": figures}
    text = json.dumps(known, indent=1, sort_keys=True) + "\n"
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return known
