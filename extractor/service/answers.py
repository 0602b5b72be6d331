"""Decisions as they are kept, by what they are about, and what they mean for a report.

A decision is about a cell (its slot), a key figure (`figures.NUMBER`), a finding
(`findings.RELATION`) or the report as a whole (`report`: whose it is, and of which year). What was
shown and what was decided are kept as small JSON objects, with numbers as text, so that they stay
exact. What is asked about together (`gaps.SLOT`) is decided about cell by cell, at once.

A cell that is reviewed because a finding was confirmed has an entry, too, which names the finding
(`SEEN_WITH`) and changes nothing by itself: it counts as long as what was said of the finding does.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from extractor.schema import Schema, Slot
from extractor.service.problems import (
    FIGURE_UNKNOWN,
    FINDING_UNKNOWN,
    INVALID_REQUEST,
    NOT_CONFIRMABLE,
    NOT_DECIDED,
    SLOT_UNKNOWN,
    ProblemError,
)
from extractor.service.review_models import CellBody, FigureBody, FindingBody, ReportBody
from extractor.types import (
    FIGURES,
    FINDINGS,
    GAPS,
    REPORT,
    Answers,
    Confirmation,
    Figure,
    FigureAnswer,
    Reading,
    ReportReading,
    State,
    Verdict,
)

Json = Mapping[str, Any]
Body = CellBody | FigureBody | FindingBody | ReportBody
SEEN_WITH = "finding"
"""In what is kept of a cell: the finding (as decisions name it) with which it was reviewed."""


def figure_subject(number: int) -> str:
    return f"{FIGURES}.{number}"


def finding_subject(relation: str) -> str:
    return f"{FINDINGS}.{relation}"


def gap_subject(slot: str) -> str:
    return f"{GAPS}.{slot}"


def is_slot(subject: str) -> bool:
    """Whether a subject can only be a cell."""
    return subject != REPORT and subject.partition(".")[0] not in (FIGURES, FINDINGS, GAPS)


def item_of(result: Json, subject: str) -> Json | None:
    """The cell, key figure or finding of a result that a subject names, or the question about
    several cells; None if it has none."""
    group, _, name = subject.partition(".")
    if group == GAPS:
        asked = (one for one in result["questions"] if one["slot"] == name)
        return next((one for one in asked if one.get("cells")), None)
    if group == FIGURES:
        for place, figure in enumerate(result["figures"]):
            if str(figure.get("id", place)) == name:  # the first versions did not number them
                return {"id": place, "flags": [], **figure}
        return None
    if group == FINDINGS:
        found = (one for one in result["findings"] if one["relation"] == name)
        return next(({"confirmed": False, **one} for one in found), None)
    item: Json | None = result["tables"].get(group, {}).get("cells", {}).get(name)
    return item


def shown(result: Json, subject: str, last: Json | None) -> dict[str, Any]:
    """What a result says about a subject, with status, flags and probability.

    Args:
        result: as JSON with numbers as `Decimal`.
        subject: what it is about.
        last: the last decision about it, if any.

    Raises:
        ProblemError: the report has no such cell, figure or finding.
    """
    if subject == REPORT:
        return {name: result["report"][name] for name in ("organization", "year")}
    group = subject.partition(".")[0]
    item = item_of(result, subject)
    if item is None and last is not None:
        return dict(last)
    if item is None:
        problem = {FIGURES: FIGURE_UNKNOWN, FINDINGS: FINDING_UNKNOWN}.get(group, SLOT_UNKNOWN)
        raise ProblemError(problem, f"the report has no {subject!r}")
    if group == FIGURES:
        return _exact(item, "key", "printed", "unit", "exactness", "status", "flags")
    if group == FINDINGS:
        told = {name: item[name] for name in ("verdict", "message", "confirmed")}
        return _numbers(item) | told | {"cells": _members(result, item)}
    return _exact(item, "printed", "state", "unit", "annotation", "status", "flags")


def check_withdrawable(subject: str, last: Json | None) -> None:
    """
    Args:
        subject: of which a decision is to be withdrawn.
        last: the last one about it, if any.

    Raises:
        ProblemError: it was not decided about, or only with a finding.
    """
    if last is None:
        raise ProblemError(NOT_DECIDED, f"nothing was decided about {subject}")
    if SEEN_WITH in last:
        detail = f"{subject} was reviewed with {last[SEEN_WITH]}; withdraw what was said of that"
        raise ProblemError(NOT_DECIDED, detail)


def seen_with(finding: str, reading: Reading) -> dict[str, Any]:
    """What is kept of a cell that was reviewed because a finding was confirmed."""
    return _kept(reading) | {SEEN_WITH: finding}


def _numbers(finding: Json) -> dict[str, Any]:
    return {
        name: None if finding[name] is None else str(finding[name])
        for name in ("expected", "found")
    }


def _members(result: Json, finding: Json) -> dict[str, Any]:
    """What the cells of a finding say, by slot."""
    cells = {slot: item_of(result, slot) for slot in finding["cells"]}
    return {
        slot: {
            "state": cell["state"],
            "value": None if cell["value"] is None else str(cell["value"]),
        }
        for slot, cell in cells.items()
        if cell is not None
    }


def _exact(item: Json, *names: str) -> dict[str, Any]:
    """Value and probability of an item, and what else is named."""
    value, probability = item["value"], item["probability"]
    return {
        **{name: item[name] for name in names},
        "value": None if value is None else str(value),
        "probability": None if probability is None else float(probability),
    }


def decided_by(
    body: Body, subject: str, before: Json, schema: Schema, *, is_read: bool = True
) -> dict[str, Any] | None:
    """What is so by a decision; None: what was read counts again.

    Args:
        body: the decision.
        subject: what it is about.
        before: what `shown` says of it.
        schema: of the report.
        is_read: whether the characters of `before` are those that were read, and not a person's.

    Raises:
        ProblemError: the decision does not suit its subject.
    """
    if body.withdrawn:
        return None
    if isinstance(body, ReportBody):
        return {
            "organization": body.organization or before["organization"],
            "year": body.year or before["year"],
        }
    if isinstance(body, FigureBody):
        return _figure(body, before)
    if isinstance(body, FindingBody):
        return _finding(subject, before)
    return _kept(_cell(body, _slot(schema, subject), _reading(before), is_read=is_read))


def told(decisions: Mapping[str, Json]) -> Answers:
    """The decisions that count, by subject, as answers for the pipeline."""
    cells, figures, confirmed = {}, {}, {}
    for subject, content in decisions.items():
        group, _, name = subject.partition(".")
        if group == FIGURES:
            figures[int(name)] = FigureAnswer(
                _number(content["value"]), content["unit"], content["is_stated"]
            )
        elif group == FINDINGS:
            confirmed[name] = _confirmation(content)
        elif subject != REPORT and SEEN_WITH not in content:
            cells[subject] = _reading(content)
    report = decisions.get(REPORT, {})
    return Answers(cells, figures, confirmed, report.get("organization"), report.get("year"))


def _confirmation(content: Json) -> Confirmation:
    numbers = _number(content["expected"]), _number(content["found"])
    cells = content.get("cells")  # the first ones were about the numbers alone
    seen = None
    if cells is not None:
        seen = {slot: (State(one["state"]), _number(one["value"])) for slot, one in cells.items()}
    return Confirmation(numbers, seen, content.get("comment"))


def carried(
    decisions: Mapping[str, Json], before: ReportReading | None, now: ReportReading | None
) -> dict[str, Json]:
    """Decisions about one extraction of a document, as decisions about another one of it.

    Cells and the report are the same; a figure is the one of the same key and scope in the same
    sentence, if there is one such in both. What is not there any more is left out, and figures
    where what one of the two has read is not known (None). What was said of a finding holds where
    that has the same numbers and its cells say the same, which is seen when all is decided.
    """
    tables = None if now is None else {table.table for table in now.tables}
    found: dict[str, Json] = {}
    for subject, content in decisions.items():
        group, _, name = subject.partition(".")
        if group != FIGURES:
            if group in (REPORT, FINDINGS) or tables is None or group in tables:
                found[subject] = content
        elif before is not None and now is not None and int(name) < len(before.figures):
            told = _identity(before.figures[int(name)])
            there = [i for i, figure in enumerate(now.figures) if _identity(figure) == told]
            if len(there) == 1 and [_identity(one) for one in before.figures].count(told) == 1:
                found[figure_subject(there[0])] = content
    return found


def _identity(figure: Figure) -> tuple[str, str, str | None]:
    return figure.key, figure.sentence, figure.scope


def _figure(body: FigureBody, before: Json) -> dict[str, Any]:
    if body.absent:
        return {"value": None, "unit": None, "is_stated": False}
    if "key" not in before:  # it is said to be none, and so is not in the result
        raise ProblemError(
            INVALID_REQUEST, "withdraw the last decision first: the figure is absent"
        )
    if body.confirmed:
        return {"value": before["value"], "unit": before["unit"], "is_stated": True}
    unit = body.unit if body.unit is not None else before["unit"]
    return {"value": str(body.value), "unit": unit, "is_stated": True}


def _finding(subject: str, before: Json) -> dict[str, Any]:
    relation = subject.removeprefix(f"{FINDINGS}.")
    if "verdict" not in before:
        raise ProblemError(FINDING_UNKNOWN, f"the report has no finding {relation} any more")
    if before["verdict"] == Verdict.MISREAD:
        raise ProblemError(
            NOT_CONFIRMABLE,
            f"{relation}: another reading would repair it; settle its cells first, and it is gone "
            "or can be confirmed",
        )
    seen = {name: before[name] for name in ("expected", "found", "cells")}
    return seen | {"confirmed": True}


def _cell(body: CellBody, form: Slot, before: Reading, *, is_read: bool) -> Reading:
    if body.confirmed:
        if before.state is State.MISSING:
            detail = f'{form.id}: nothing was read; say {{"state": "missing"}} if it is not there'
            raise ProblemError(INVALID_REQUEST, detail)
        return before
    if body.state is not None:
        return Reading(body.printed or "", body.state)
    value = body.value or Decimal(0)
    is_odd = value < 0 and form.kind != "signed"
    is_odd |= form.kind != "amount" and value != value.to_integral_value()
    if is_odd and not body.comment:
        raise ProblemError(
            INVALID_REQUEST,
            f"value: {value} is an odd number for {form.id}; if it is printed so, say it in a "
            "comment",
        )
    # The characters are those of the document: known where they are typed as they stand there, and
    # where the same number was read. What a person said of them before went with that decision.
    typed = "" if form.kind == "amount" else f"{value:f}"
    same = before.printed if is_read and value == before.value else typed
    return Reading(body.printed or same, State.NUMBER, value, form.unit)


def _slot(schema: Schema, slot: str) -> Slot:
    layouts = (one for layouts in schema.tables.values() for one in layouts)
    return next(found for layout in layouts for found in layout.slots if found.id == slot)


def _kept(reading: Reading) -> dict[str, Any]:
    return {
        "printed": reading.printed,
        "state": reading.state.value,
        "value": None if reading.value is None else str(reading.value),
        "unit": reading.unit,
        "annotation": reading.annotation,
    }


def _reading(content: Json) -> Reading:
    return Reading(
        content["printed"] or "",
        State(content["state"]),
        _number(content["value"]),
        content["unit"],
        content["annotation"],
    )


def _number(digits: str | None) -> Decimal | None:
    return None if digits is None else Decimal(digits)
