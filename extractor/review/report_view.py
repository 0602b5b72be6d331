"""A desk in, what its page shows of document and tables out, as plain values for the browser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from extractor.review.desk import Desk, Json
from extractor.review.figure_view import counterpart
from extractor.review.form_view import cells_of, form_of, residuals_of
from extractor.review.gap_view import beside
from extractor.review.question_view import finding_text, question_of, related
from extractor.review.slot_words import table_titles
from extractor.review.sums import layout_of
from extractor.review.text_view import TextView
from extractor.review.words import Say
from extractor.schema import Schema
from extractor.service.answers import item_of
from extractor.types import FIGURES, GAPS, REPORT


def forms_view(result: Json, schema: Schema, say: Say) -> list[dict[str, Any]]:
    """All tables as the form prints them, and whether each was found; changes never."""
    titles = table_titles(schema)
    return [
        form_of(layout_of(result, table, schema), titles[table], say)
        | {"present": content["present"]}
        for table, content in result["tables"].items()
    ]


def cells_view(desk: Desk, schema: Schema, say: Say) -> dict[str, Any]:
    """What stands in all tables, what is missing to their sums, and which cells stand out."""
    result, current = desk.result, desk.current
    cells: dict[str, Any] = {}
    residuals = {}
    said = {one["relation"]: finding_text(one, schema, say) for one in result["findings"]}
    for table in result["tables"]:
        cells |= cells_of(result, table, say)
        found = residuals_of(result, layout_of(result, table, schema))
        for one in (one for line in found.values() for one in line):
            one["said"] = said[one["relation"]]
        residuals[table] = found
    return {
        "cells": cells,
        "residuals": residuals,
        "current": current,
        "related": _belonging(result, current, schema) if current else [],
        "cleared": desk.cleared,
    }


def marks_view(desk: Desk, text: TextView | None, schema: Schema, say: Say) -> dict[str, Any]:
    """Where in the document (in `text`, if it has no pages) what is looked at stands, and what it
    belongs with; the page of its table where it was not found itself."""
    result, current = desk.result, desk.current
    if current is None or current == REPORT:
        return {"page": None, "marks": []}
    if text is not None:
        return {"page": None, "marks": list(_marks_in(text, result, current, schema))}
    evidence = question_of(result, current, schema, say)["evidence"] or {}
    cells = [item_of(result, slot) for slot in _beside(result, current, schema)]
    boxes = [cell["evidence"] for cell in cells if cell and (cell["evidence"] or {}).get("box")]
    marks = [
        {"page": one["page"], "box": one["box"], "kind": "related"}
        for one in boxes
        if one["box"] != evidence.get("box")
    ]
    if evidence.get("box"):
        marks.append({"page": evidence["page"], "box": evidence["box"], "kind": "current"})
    page = evidence.get("page") or _page_of_table(result, current)
    return {"page": page, "marks": marks}


def _belonging(result: Json, current: str, schema: Schema) -> Sequence[str]:
    """Cells that stand out beside what is looked at: those of its sums, or where the tables state
    the same as the text."""
    figure = item_of(result, current)
    if figure is not None and current.partition(".")[0] == FIGURES:
        return counterpart(figure, result, schema)
    return related(result, current)


def _marks_in(
    text: TextView, result: Json, current: str, schema: Schema
) -> Iterator[dict[str, Any]]:
    """What is looked at comes first: another value may stand in the same paragraph."""
    for place in text.places(result, current):
        yield asdict(place) | {"kind": "current"}
    for slot in _beside(result, current, schema):
        for place in text.places(result, slot):
            yield asdict(place) | {"kind": "related"}


def _beside(result: Json, current: str, schema: Schema) -> Sequence[str]:
    """What is marked in the document besides what is looked at."""
    gap = item_of(result, current) if current.startswith(f"{GAPS}.") else None
    return _belonging(result, current, schema) if gap is None else beside(result, gap)


def _page_of_table(result: Json, subject: str) -> int | None:
    table = result["tables"].get(subject.partition(".")[0], {"cells": {}})
    pages = [(cell["evidence"] or {}).get("page") for cell in table["cells"].values()]
    return next((page for page in pages if page), None)
