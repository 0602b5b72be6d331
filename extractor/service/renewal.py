"""Results that an earlier version of the program wrote, in the form of today's.

The first results did not say what to ask a person, nor which findings are confirmed; later ones
not which figures the tables contradict, nor did they ask about those.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from extractor.schema import text_relation
from extractor.types import FIGURES, FINDINGS, CellStatus

_NAMES = (
    (b'"exactness":', b'"finding":'),
    (b'"reason":', b'"settled":'),
    (b'"verdict":', b'"comment":'),
)
"""What only figures have, or failures, or findings, and what each of these has today."""


def is_of_today(content: bytes) -> bool:
    """Whether a result, as JSON, has all that a result has today, up to its end."""
    # No text in it can look like a name: its quotes have backslashes.
    is_whole = b'"questions":' in content and content.endswith(b"\n}\n")
    return is_whole and all(content.count(of) == content.count(name) for of, name in _NAMES)


def damage(content: bytes) -> str:
    """Why a result cannot be read as JSON; "" if it can."""
    try:
        json.loads(content)
    except ValueError as error:
        return str(error)
    return ""


def filled(content: bytes) -> bytes:
    """A result as it is, with what can be said without deciding it again: where it does not say
    what to ask, that is what is flagged, in the order of the form, and no finding is confirmed."""
    result = json.loads(content)
    findings = [{"confirmed": False, "comment": None, **one} for one in result.get("findings", ())]
    contradicted = {one["relation"]: one for one in findings}
    figures = [
        {"finding": relation if relation in contradicted else None, **one}
        for one in result.get("figures", ())
        for relation in [text_relation(one["key"], one.get("scope"))]
    ]
    asked = result.get("questions")
    if asked is None:
        asked = [_asked(slot) for slot in _flagged(result)]
    known = {one["slot"] for one in asked}
    late = [
        _asked(f"{FINDINGS}.{one['finding']}")
        for one in figures
        if one["finding"] and one.get("status") == CellStatus.ACCEPTED
        if not contradicted[one["finding"]]["confirmed"]
    ]
    asked = [*asked, *(one for one in late if one["slot"] not in known)]
    failures = [
        {"code": "", "table": None, "settled": False, **one} for one in result.get("failures", ())
    ]
    lists = {"figures": figures, "findings": findings, "questions": asked, "failures": failures}
    whole = {**result, **lists}
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def _asked(slot: str) -> dict[str, Any]:
    return {"slot": slot, "settles": 0.0, "frees": [], "cells": []}


def _flagged(result: Mapping[str, Any]) -> Iterator[str]:
    for table, content in result.get("tables", {}).items():
        for name, cell in content["cells"].items():
            if cell.get("status") == CellStatus.FLAGGED:
                yield f"{table}.{name}"
    for place, figure in enumerate(result.get("figures", ())):
        if figure.get("status") == CellStatus.FLAGGED:
            yield f"{FIGURES}.{figure.get('id', place)}"
