"""Prose with its key figures marked: where each stands in the text and what it says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from training.synthesis.values import as_json


@dataclass(frozen=True, slots=True)
class FigureSpan:
    """One key figure. `start`, `end` bound its characters (number, qualifier and unit) in the text.

    `value` is in `unit`. Zero in words ("未收到") is marked on these words, with value 0.
    `scope` says what the clause makes of it (None: the plain total of the year).
    """

    start: int
    end: int
    key: str
    value: Decimal
    unit: str
    is_exact: bool = True
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph. `figures` are in order and do not overlap; empty where it states none."""

    text: str
    figures: tuple[FigureSpan, ...] = ()

    def replace(self, old: str, new: str) -> Prose:
        """The paragraph with every `old` outside of figures exchanged; the figures move along.

        Raises:
            ValueError: `old` is empty.
        """
        if not old:
            raise ValueError("nothing to replace")
        text, figures = self.text, list(self.figures)
        at = text.find(old)
        while at >= 0:
            end = at + len(old)
            if any(figure.start < end and at < figure.end for figure in figures):
                at = text.find(old, at + 1)
                continue
            shift = len(new) - len(old)
            text = text[:at] + new + text[end:]
            figures = [
                replace(f, start=f.start + shift, end=f.end + shift) if f.start >= end else f
                for f in figures
            ]
            at = text.find(old, at + len(new))
        return Prose(text, tuple(figures))

    def sentence(self, figure: FigureSpan) -> str:
        """The sentence around a figure, from one full stop to the next."""
        stops = [-1, *(i for i, character in enumerate(self.text) if character in "。！？!?")]
        start = max(stop for stop in stops if stop < figure.start) + 1
        end = min((stop + 1 for stop in stops if stop >= figure.end), default=len(self.text))
        return self.text[start:end].strip()

    def truths(self) -> list[dict[str, Any]]:
        """What must be read from it, as a truth file states figures."""
        return [
            {
                "key": figure.key,
                "value": as_json(figure.value),
                "unit": figure.unit,
                "printed": self.text[figure.start : figure.end],
                "exactness": "exact" if figure.is_exact else "approximate",
                "scope": figure.scope,
                "sentence": self.sentence(figure),
            }
            for figure in self.figures
        ]
