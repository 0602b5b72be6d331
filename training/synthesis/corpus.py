"""The corpus: a plan of documents from a seed, and each document made from its line of the plan.

Every document has a seed of its own, so that any of them can be made alone, in any order, in any
process, and comes out the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any

from training.synthesis.catalogue import (
    TEXT_LAYOUTS,
    Made,
    Make,
    make_garbled,
    make_mixed,
    make_paper,
    make_pdf,
    make_picture,
)
from training.synthesis.deviations import DEVIATIONS, deviate, sample_deviations
from training.synthesis.facts import ReportFacts, sample_facts
from training.synthesis.labels import Run
from training.synthesis.narrative import statements
from training.synthesis.paper import CONDITIONS
from training.synthesis.planted import KINDS, PlantedError, plant, possible
from training.synthesis.report import Heading, Part, Report, compose
from training.synthesis.splits import Split
from training.synthesis.styles import FAMILIES, families
from training.synthesis.truth import document_truth

_PICTURES = ("PNG", "JPEG", "WEBP", "BMP")
_PAGED = ("text_layer", "garbled", "mixed", "picture", *CONDITIONS)

LAYOUT_CONDITIONS: Mapping[str, tuple[str, ...]] = {
    "html": tuple(name for name in TEXT_LAYOUTS if name.startswith("html_")),
    "docx": tuple(name for name in TEXT_LAYOUTS if name.startswith("docx_")),
    "markdown": tuple(name for name in TEXT_LAYOUTS if name.startswith("md_")),
    "text": tuple(name for name in TEXT_LAYOUTS if name.startswith("flat_")),
}
"""Conditions of documents without pages, each with its layouts."""


@dataclass(frozen=True, slots=True)
class Mix:
    """What a corpus consists of: conditions with their weights, and shares of whole reports.

    `planted` is the share of reports with an error of their own, `deviant` that of reports that
    deviate from the form, `long` that of reports with much prose; `statements` more sentences with
    key figures are put into the overview of every report. `always` names deviations that every
    report has, and then no others.
    """

    conditions: Mapping[str, float]
    planted: float = 0.3
    deviant: float = 0.7
    long: float = 0.2
    statements: int = 0
    always: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """One document to be made. `condition` is a key of `LAYOUT_CONDITIONS`, `text_layer`,
    `garbled`, `mixed`, `picture` or a paper condition."""

    name: str
    seed: str
    split: Split
    condition: str


@dataclass(frozen=True, slots=True)
class Document:
    """A finished document; `name` has its suffix."""

    name: str
    data: bytes
    truth: dict[str, Any]
    runs: tuple[Run, ...]


def plan_corpus(mix: Mix, split: Split, n: int, seed: int) -> tuple[Plan, ...]:
    """`n` documents whose conditions occur as often as their weights say, evenly spread.

    Raises:
        ValueError: a condition that is not known, or no condition at all.
    """
    unknown = set(mix.conditions) - set(_PAGED) - set(LAYOUT_CONDITIONS)
    if unknown or not mix.conditions:
        names = ", ".join(sorted(unknown)) or "none given"
        known = ", ".join((*LAYOUT_CONDITIONS, *_PAGED))
        raise ValueError(f"unknown conditions: {names}; there are {known}")
    total = sum(mix.conditions.values())
    credit = dict.fromkeys(mix.conditions, 0.0)
    plans = []
    for number in range(n):
        for name, weight in mix.conditions.items():
            credit[name] += weight / total
        condition = max(credit, key=lambda name: credit[name])
        credit[condition] -= 1
        key = f"{seed} {split.value} {number}"
        tail = hashlib.sha256(key.encode()).hexdigest()[:6]
        plans.append(Plan(f"{number:05d}-{tail}__{condition}", key, split, condition))
    return tuple(plans)


def make_document(plan: Plan, mix: Mix) -> Document:
    """Make one document; the same plan gives the same bytes with the same fonts and libraries."""
    rng = Random(plan.seed)
    facts = sample_facts(rng)
    report, planted, deviations = _report(facts, plan, mix, rng)
    layout, family, make = _layout(plan, rng)
    made: Made = make(report, rng, plan.split)
    name = plan.name + made.suffix
    answer = document_truth(report, name, made.data, made.runs, planted, dict(facts.previous))
    answer |= {
        "condition": plan.condition,
        "layout": layout,
        "family": family,
        "split": plan.split.value,
        "deviations": list(deviations),
        "seed": plan.seed,
    }
    return Document(name, made.data, answer, made.runs)


def _report(
    facts: ReportFacts, plan: Plan, mix: Mix, rng: Random
) -> tuple[Report, tuple[PlantedError, ...], tuple[str, ...]]:
    """The report before it is laid out, its own errors, and how it deviates from the form."""
    values, planted = dict(facts.values), tuple[PlantedError, ...]()
    if rng.random() < mix.planted:
        before, single = facts.previous, facts.single_other
        kinds = [
            kind for kind in KINDS if possible(values, kind, previous=before, single_other=single)
        ]
        if kinds:
            kind = rng.choice(kinds)
            changed, planted = plant(values, kind, rng, previous=before, single_other=single)
            values = dict(changed)
    plain = compose(
        facts.body.name,
        facts.year,
        facts.edition,
        values,
        rng,
        single_other=facts.single_other,
        is_long=rng.random() < mix.long,
        split=plan.split,
    )
    plain = _with_statements(plain, plan.split, mix.statements, rng)
    if mix.always:
        return deviate(plain, mix.always, rng), planted, mix.always
    if rng.random() >= mix.deviant:
        return plain, planted, ()
    names = sample_deviations(rng, facts.edition)
    report = deviate(plain, names, rng)
    if not _still_there(report, planted):
        # What was to be printed otherwise has swallowed the error: only the frame deviates then.
        names = tuple(name for name in names if not DEVIATIONS[name].changes_values)
        report = deviate(plain, names, rng)
    return report, planted, names


def _still_there(report: Report, planted: Sequence[PlantedError]) -> bool:
    slots = set(report.slots())
    return all(
        slot in slots and report.values[slot].value == value
        for error in planted
        for slot, value in zip(error.cells, error.printed, strict=True)
    )


def _with_statements(report: Report, split: Split, n: int, rng: Random) -> Report:
    """More sentences with key figures at the end of the overview."""
    if not n:
        return report
    extra = tuple(statements(rng, split, n, year=report.year))
    parts: list[Part] = []
    for part in report.parts:
        if isinstance(part, Heading) and part.section == "disclosure":
            parts += extra
        parts.append(part)
    return replace(report, parts=tuple(parts))


def _layout(plan: Plan, rng: Random) -> tuple[str, str, Make]:
    """Name of the layout, its family, and what makes it."""
    if plan.condition in LAYOUT_CONDITIONS:
        layout = rng.choice(LAYOUT_CONDITIONS[plan.condition])
        return layout, f"{layout}/{plan.split.value}", TEXT_LAYOUTS[layout]
    family = rng.choice(families(plan.split))
    style = FAMILIES[family].sample(rng)
    match plan.condition:
        case "text_layer":
            return "pdf", family, partial(make_pdf, style=style)
        case "garbled":
            return "pdf_bad_text_layer", family, partial(make_garbled, style=style)
        case "mixed":
            return "pdf_mixed", family, partial(make_mixed, style=style)
        case "picture":
            file_format = rng.choice(_PICTURES)
            upright = replace(style, paper="a4", is_landscape=False, columns=1)
            make: Make = partial(make_picture, style=upright, file_format=file_format)
            return f"image_{file_format.lower()}", family, make
        case condition:
            return "paper", family, partial(make_paper, style=style, condition=condition)
