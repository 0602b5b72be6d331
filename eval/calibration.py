"""What probabilities are worth, on documents that the model behind each of them has not seen.

    python -m eval calibration [--folder DIR] [--plots DIR]

The readings of `python -m training calibration-data`, in five folds by document: each is judged by
a calibrator that was fitted on the other folds, beside the reader's score alone. For use, and for
the suites, see `python -m eval standard`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.metrics import aurc, brier, catch, coverage_at_risk, ece, reliability, risk_coverage
from eval.report import plots
from extractor.calibrator import SIGNALS
from training.calibration import fit
from training.calibration.data import FOLDER, Readings, load_all

_POINTS = 200
Floats = NDArray[np.float64]


def judged(kind: str, sample: fit.Sample) -> dict[str, Floats]:
    """Probabilities (M,) out of fold, by what they are made of."""
    logits = fit.out_of_fold(partial(fit.logistic, kind), sample)
    return {
        "calibrated": fit.by_folds(logits, sample, fit.better_curve(logits, sample)),
        "score alone": fit.by_folds(sample.score, sample),
        "score, as it is": sample.score,
    }


def table(kind: str, sample: fit.Sample, found: Mapping[str, Floats]) -> str:
    """One line for each."""
    wrong = ~sample.right
    names = ("ECE", "Brier", "AURC", "catch@10", "accepted at 0.1 %", "at 0.01 % wrong")
    lines = [
        f"{kind}: {len(wrong)}, {int(wrong.sum())} wrong",
        f"{'':16} " + " ".join(f"{name:>18}" for name in names),
    ]
    for name, p in found.items():
        values = (
            ece(wrong, p),
            brier(wrong, p),
            aurc(wrong, p),
            catch(wrong, p),
            coverage_at_risk(wrong, p, 0.001),
            coverage_at_risk(wrong, p, 0.0001),
        )
        shown = " ".join(f"{'-':>18}" if v is None else f"{v:18.6f}" for v in values)
        lines.append(f"{name:16} {shown}")
    return "\n".join(lines)


def draw(kind: str, sample: fit.Sample, found: Mapping[str, Floats], folder: Path) -> None:
    """Reliability and risk by coverage, as `KIND-reliability.svg` and `KIND-risk.svg`."""
    wrong, p = ~sample.right, found["calibrated"]
    bins = [(item.count, item.stated, item.true) for item in reliability(wrong, p)]
    coverage, risk = risk_coverage(wrong, p)
    chosen = np.unique(np.linspace(0, len(coverage) - 1, _POINTS).round().astype(int))
    curve = [(float(coverage[i]), float(risk[i])) for i in chosen]
    folder.mkdir(parents=True, exist_ok=True)
    for name, svg in (
        ("reliability", plots.reliability(bins)),
        ("risk", plots.risk_coverage(curve)),
    ):
        # By itself, not in a page, it needs a colour of its own.
        text = svg.replace("currentColor", "#555555")
        (folder / f"{kind}-{name}.svg").write_text(text, encoding="utf-8")


def main(argv: list[str]) -> int:
    """Print a table for cells and one for figures: 0; 2 without readings."""
    parser = argparse.ArgumentParser(prog="python -m eval calibration", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, metavar="DIR")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="write plots there")
    parser.add_argument("--workers", type=int, default=1, help="processes that decide")
    arguments = parser.parse_args(argv)
    try:
        print(report(load_all(arguments.folder, arguments.workers), arguments.plots))
    except ValueError as error:
        parser.error(str(error))
    return 0


def report(every: Sequence[Readings], plots_folder: Path | None) -> str:
    """The tables of some documents; plots are written if there is a folder for them.

    Raises:
        ValueError: the documents are too few, or nothing is wrong in them.
    """
    tables = []
    for kind in SIGNALS:
        sample = fit.joined(kind, [getattr(one, kind) for one in every])
        found = judged(kind, sample)
        tables.append(table(kind, sample, found))
        if plots_folder:
            draw(kind, sample, found, plots_folder)
    return "\n".join(tables)
