"""A document on a reviewer's desk: what is to be asked, in which order, and what an answer changed.

Everything here is a value, and every step returns another one; nothing is stored and nobody is
asked. What is looked at is named as decisions name it: the slot of a cell, `figures.NUMBER`,
`findings.RELATION`, or `report`; or `gaps.SLOT` where cells are asked about together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from extractor.review.sums import broken_sums
from extractor.schema import load_schema
from extractor.service.answers import (
    figure_subject,
    finding_subject,
    gap_subject,
    is_slot,
    item_of,
)
from extractor.service.open_questions import queue
from extractor.types import GAPS, REPORT, CellStatus, State

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Desk:
    """A result as somebody works on it.

    `version` and `generation` are those of the document that the result is of. `current` is what is
    looked at, None where nothing is; `passed` has been looked at and left for later. `cleared` are
    cells and figures whose doubts the last answer settled besides what it was about, `settled` the
    questions that went with them.
    """

    result: Json
    version: int
    generation: int
    current: str | None = None
    passed: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()


def opened(result: Json, version: int, generation: int, at: str = "") -> Desk:
    """Put a result on the desk; `at` is what to look at first, if it is there."""
    desk = Desk(result, version, generation)
    return chosen(desk, at) if is_there(result, at) else replace(desk, current=_first(desk))


def is_there(result: Json, subject: str) -> bool:
    """Whether a result has something of that name."""
    if subject == REPORT:
        return True
    return item_of(result, subject) is not None


def everything(result: Json) -> list[str]:
    """All that can be looked at."""
    cells = [
        f"{table}.{name}"
        for table, content in result["tables"].items()
        for name in content["cells"]
    ]
    figures = [figure_subject(one["id"]) for one in result["figures"]]
    findings = [finding_subject(one["relation"]) for one in result["findings"]]
    gaps = [gap_subject(one["slot"]) for one in result["questions"] if one.get("cells")]
    return [*cells, *figures, *findings, *gaps, REPORT]


def chosen(desk: Desk, subject: str) -> Desk:
    """Look at something else; unchanged where it is not there."""
    if not is_there(desk.result, subject):
        return desk
    return replace(desk, current=subject, cleared=(), settled=())


def moved(desk: Desk, by: int) -> Desk:
    """Go on to the next open one, or back; what is left open so is asked again at the end."""
    line = queue(desk.result)
    if not line:
        return replace(desk, cleared=(), settled=())
    if desk.current not in line:
        return replace(desk, current=_first(desk), cleared=(), settled=())
    passed = _without(desk.passed, desk.current)
    if by > 0 and desk.current is not None:
        passed = (*passed, desk.current)
    at = line[(line.index(desk.current) + by) % len(line)]
    return replace(desk, current=at, passed=passed, cleared=(), settled=())


def contradictions(before: Json, now: Json, subject: str | None) -> list[Json]:
    """Sums through a cell that an answer has broken: what was typed may be a slip. What counts is
    whether they held with what was shown, also where they did not with what was read first."""
    schema = load_schema()
    were_broken, are_broken = broken_sums(before, schema), broken_sums(now, schema)
    return [
        one
        for one in now["findings"]
        if subject in one["cells"] and one["relation"] in are_broken - were_broken
    ]


def answered(desk: Desk, result: Json, version: int) -> Desk:
    """The desk after an answer about what is looked at, with the result that follows from it: the
    next open one comes by itself, in a row that is being filled in the next cell of that; but
    nothing does where the answer breaks sums that held."""
    about = slots_of(desk.result, desk.current)
    still = doubts(result)
    cleared = tuple(
        subject for subject in doubts(desk.result) if subject not in about and subject not in still
    )
    asked = queue(result)
    passed = tuple(one for one in desk.passed if one in asked)
    settled = tuple(one for one in queue(desk.result) if one not in (desk.current, *asked))
    after = replace(
        desk, result=result, version=version, passed=passed, cleared=cleared, settled=settled
    )
    if contradictions(desk.result, result, desk.current):
        return after
    return replace(after, current=_next_in_row(result, desk.current) or _first(after))


def slots_of(result: Json, subject: str | None) -> Sequence[str]:
    """What an answer about something decides about: itself, or all cells that are asked about
    together; nothing where there is no such thing."""
    if subject is None or not is_there(result, subject):
        return ()
    if subject.startswith(f"{GAPS}."):
        return tuple((item_of(result, subject) or {})["cells"])
    return (subject,)


def asked_with(result: Json, slot: str) -> str:
    """The question that is about a cell and others together; the cell itself if there is none."""
    found = (one["slot"] for one in result["questions"] if slot in one.get("cells", ()))
    return next((gap_subject(one) for one in found), slot)


def _next_in_row(result: Json, subject: str | None) -> str | None:
    """The next cell of a row, after one that was decided, that was not found either: whoever says
    what stands in a row that was not read goes on in it."""
    if subject is None or not is_slot(subject):
        return None
    row = subject.rpartition(".")[0]
    cells = result["tables"].get(row.partition(".")[0], {"cells": {}})["cells"]
    names = [f"{row.partition('.')[0]}.{name}" for name in cells]
    later = names[names.index(subject) + 1 :] if subject in names else []
    return next(
        (
            slot
            for slot in later
            if slot.rpartition(".")[0] == row
            and (cell := item_of(result, slot)) is not None
            and (cell["state"], cell["status"]) == (State.MISSING.value, CellStatus.FLAGGED.value)
        ),
        None,
    )


def renewed(desk: Desk, result: Json, version: int) -> Desk:
    """The desk after somebody else has changed the document; one goes on looking at the same."""
    after = replace(desk, result=result, version=version, cleared=(), settled=())
    if desk.current is not None and is_there(result, desk.current):
        return after
    return replace(after, current=_first(after))


def is_same(before: Json, now: Json, subject: str) -> bool:
    """Whether two results show the same of something, so that an answer about the one is an answer
    about the other."""
    if subject == REPORT:
        return bool(before["report"] == now["report"])
    there, here = item_of(before, subject), item_of(now, subject)
    if there is None or here is None:
        return False
    names = (
        *("value", "state", "printed", "unit", "status", "key", "sentence"),
        *("verdict", "expected", "found", "confirmed", "cells"),
    )
    return all(there.get(name) == here.get(name) for name in names)


def doubts(result: Json) -> Sequence[str]:
    """All cells and figures that a person must look at, in the order of the form."""
    flagged = CellStatus.FLAGGED.value
    cells = [
        f"{table}.{name}"
        for table, content in result["tables"].items()
        for name, cell in content["cells"].items()
        if cell["status"] == flagged
    ]
    return cells + [
        figure_subject(one["id"]) for one in result["figures"] if one["status"] == flagged
    ]


def _first(desk: Desk) -> str | None:
    line = queue(desk.result)
    fresh = [subject for subject in line if subject not in desk.passed]
    return next(iter(fresh or line), None)


def _without(passed: tuple[str, ...], subject: str | None) -> tuple[str, ...]:
    return tuple(one for one in passed if one != subject)
