"""What differs between two extractions of a document."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from extractor.service.generations import generations


def result(cells: dict[str, tuple[Any, str, str]], *, model: str = "m") -> dict[str, Any]:
    names = ("value", "state", "status")
    told = {slot: dict(zip(names, cell, strict=True)) for slot, cell in cells.items()}
    return {
        "status": "needs_review",
        "tables": {"t": {"cells": told}},
        "provenance": {"extractor": "1.0", "models": {"reader": model}},
    }


def test_cells_that_say_something_else_are_told_and_others_counted() -> None:
    before = result(
        {
            "a.x": (Decimal(1), "number", "flagged"),
            "b.x": (None, "blank", "accepted"),
            "c.x": (Decimal(3), "number", "flagged"),
            "gone.x": (Decimal(4), "number", "accepted"),
        }
    )
    after = result(
        {
            "a.x": (Decimal(7), "number", "accepted"),
            "b.x": (None, "dash", "accepted"),
            "c.x": (Decimal("3.0"), "number", "accepted"),
            "new.x": (Decimal(5), "number", "accepted"),
        },
        model="other",
    )
    first, second = generations([before, after], [{**before, "status": "partial"}, None])
    assert (first.number, first.differences, first.held) == (0, None, None)
    assert first.models != second.models
    assert (first.status, first.last_status) == ("partial", "needs_review")
    assert (second.status, second.last_status) == (None, "needs_review")
    told = {one.slot: (one.before, one.after) for one in second.differences or ()}
    assert list(told) == ["t.a.x", "t.b.x", "t.new.x", "t.gone.x"]
    assert told["t.new.x"][0] is None
    assert told["t.gone.x"][1] is None
    assert second.held == 1


def test_nothing_is_told_of_a_result_that_is_gone() -> None:
    one = result({"a.x": (Decimal(1), "number", "accepted")})
    found = generations([one, None, one, one], [one] * 4)
    assert [(each.number, each.differences) for each in found] == [(0, None), (2, None), (3, [])]
    assert generations([], []) == []
