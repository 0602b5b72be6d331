"""Plots as SVG text for one page: no script, no font files, colours that follow the page."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Stands for the colour of the page's text, which the page decides when it is light or dark.
_INK = "#010203"
ACCENT, GOOD, WARN, BAD = "#3b6fb6", "#3f9b6c", "#d7973a", "#c8463c"

_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": _INK,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "grid.color": _INK,
    "grid.alpha": 0.12,
    "grid.linewidth": 0.6,
    "axes.grid": True,
    "axes.axisbelow": True,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "legend.frameon": False,
}


def conditions(groups: Mapping[str, Mapping[str, Any]]) -> str:
    """Exact and accepted shares of the cells, and one less the silent errors, a row a condition."""
    names = sorted(groups, key=lambda name: groups[name]["cell_exact"] or 0)
    with plt.rc_context(_STYLE):
        figure, axes = plt.subplots(figsize=(7.6, 0.9 + 0.26 * len(names)))
        for y, name in enumerate(names):
            group = groups[name]
            exact = group["cell_exact"] or 0
            silent = (group["silent"] or {}).get("share", 0)
            axes.plot([0, exact], [y, y], color=ACCENT, alpha=0.25, linewidth=5)
            axes.plot(exact, y, "o", color=ACCENT, markersize=5)
            axes.plot(group["accepted"] or 0, y, "|", color=GOOD, markersize=9, markeredgewidth=2)
            if silent:
                axes.plot(1 - silent, y, "x", color=BAD, markersize=5)
        labels = [f"{name}  ({groups[name]['documents']})" for name in names]
        axes.set_yticks(range(len(names)), labels)
        low = min([groups[name]["accepted"] or 0 for name in names], default=0)
        axes.set_xlim(max(0, min(low, 0.9) - 0.05), 1.005)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value * 100:g} %")
        axes.plot([], [], "o", color=ACCENT, label="cells exact")
        axes.plot([], [], "|", color=GOOD, markeredgewidth=2, label="cells accepted")
        axes.plot([], [], "x", color=BAD, label="1 - silent errors")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, handletextpad=0.3)
        axes.grid(axis="y", visible=False)
        return _svg(figure, "Accuracy by condition")


def risk_coverage(curve: Sequence[tuple[float, float]]) -> str:
    """The share of wrong values among the most probable ones, at every coverage."""
    with plt.rc_context(_STYLE):
        figure, axes = plt.subplots(figsize=(3.7, 2.9))
        axes.plot(*zip(*curve, strict=True), color=ACCENT, linewidth=1.6)
        for risk in (0.001, 0.0001):
            axes.axhline(risk, color=_INK, linewidth=0.6, linestyle=":")
        axes.set_yscale("symlog", linthresh=1e-4)
        axes.set_xlabel("coverage")
        axes.set_ylabel("risk")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value * 100:g} %")
        return _svg(figure, "Risk by coverage")


def reliability(bins: Sequence[tuple[int, float, float]]) -> str:
    """What was stated against what came true."""
    with plt.rc_context(_STYLE):
        figure, axes = plt.subplots(figsize=(3.7, 2.9))
        low = min([min(stated, true) for _, stated, true in bins], default=0)
        axes.plot([low, 1], [low, 1], color=_INK, linewidth=0.6, linestyle=":")
        axes.plot([b[1] for b in bins], [b[2] for b in bins], "o-", color=ACCENT, markersize=4)
        axes.set_xlabel("stated probability")
        axes.set_ylabel("share right")
        return _svg(figure, "Reliability of the probabilities")


def stages(seconds: Mapping[str, float]) -> str:
    """Seconds for each page, by stage."""
    shown = {name: value for name, value in seconds.items() if value >= 0.0005}
    names = sorted(shown, key=lambda name: shown[name])
    with plt.rc_context(_STYLE):
        figure, axes = plt.subplots(figsize=(7.6, 0.7 + 0.24 * len(names)))
        axes.barh(range(len(names)), [shown[name] for name in names], color=ACCENT, height=0.55)
        for y, name in enumerate(names):
            axes.text(shown[name], y, f"  {shown[name]:.3f}", va="center", fontsize=8)
        axes.set_yticks(range(len(names)), names)
        axes.set_xlabel("seconds a page")
        _no_ticks(axes)
        return _svg(figure, "Seconds by stage")


def _no_ticks(axes: Axes) -> None:
    axes.grid(axis="y", visible=False)
    axes.tick_params(length=0)


def _svg(figure: Figure, title: str) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
    text = buffer.getvalue()
    text = text[text.index("<svg") :].replace(_INK, "currentColor")
    text = re.sub(r"<svg ", f'<svg role="img" aria-label="{title}" ', text, count=1)
    return re.sub(r' (?:width|height)="[\d.]+pt"', "", text, count=2)
