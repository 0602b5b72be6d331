"""What a deviation is, and the two ways in which most of them walk through a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from training.synthesis.form import Entry, Kind
from training.synthesis.report import Part, Report

Change = Callable[[Report, Random], Report]


@dataclass(frozen=True, slots=True)
class Deviation:
    """One way to deviate.

    `changes_values`: other values are printed afterwards, or the same ones in other characters.
    `weight` is the share of real reports that deviate so, roughly; 0 for what a corpus gets from
    elsewhere: the style of printing zero belongs to the facts, errors are planted.
    """

    change: Change
    editions: tuple[str, ...] = ("2019", "2021")
    changes_values: bool = False
    weight: float = 0.0


def around(report: Report, change: Callable[[Part], tuple[Part, ...]]) -> Report:
    """Put any number of parts in the place of each."""
    return replace(report, parts=tuple(new for part in report.parts for new in change(part)))


def reword(report: Report, change: Callable[[Entry], str]) -> Report:
    """Give other words to the cells of all tables that hold no value."""

    def apply(entry: Entry) -> Entry:
        return entry if entry.kind is Kind.VALUE else replace(entry, text=change(entry))

    return report.map_entries(apply)
