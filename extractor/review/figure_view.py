"""A key figure of the text in, what a page says of it out: its sentence, why it is in doubt, and
what the tables say of the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from extractor.review.desk import Json
from extractor.review.slot_words import number_text
from extractor.review.text_view import place_in
from extractor.review.words import (
    Say,
    cell_status_words,
    chance_text,
    exactness_words,
    finding_words,
    flag_words,
    scope_words,
)
from extractor.schema import Schema, text_relation
from extractor.statements import Comparison, compare
from extractor.types import (
    FIGURES,
    CellStatus,
    Evidence,
    Exactness,
    Figure,
    Finding,
    Reading,
    State,
    Verdict,
)


def figure_question(figure: Json, result: Json, schema: Schema, say: Say) -> dict[str, Any]:
    """What the card shows of a key figure."""
    tables = of_tables(figure, result, schema)
    scope = scope_words(figure["scope"], say) if figure["scope"] else ""
    return {
        "kind": "figure",
        "title": _name(figure, scope, schema, say),
        "table": say("正文数据", "Figure of the text"),
        "read": f"{number_text(figure['value'])}{figure['unit'] or ''}",
        "printed": figure["printed"],
        "sentence": marked(figure["sentence"], figure["printed"]),
        "scope": scope,
        "exactness": exactness_words(Exactness(figure["exactness"]), say),
        "status": figure["status"],
        "statusText": cell_status_words(CellStatus(figure["status"]), say),
        "chance": "" if figure["probability"] is None else chance_text(figure["probability"]),
        "reasons": list(_reasons(figure, tables, result, schema, say)),
        "alternatives": [],
        "canConfirm": True,
        "evidence": figure["evidence"],
    }


def figure_member(figure: Json, schema: Schema, say: Say) -> dict[str, Any]:
    """A figure among the members of a finding (see `members`)."""
    scope = scope_words(figure["scope"], say) if figure["scope"] else ""
    return {
        "slot": f"{FIGURES}.{figure['id']}",
        "name": say("正文：", "Text: ") + _name(figure, scope, schema, say),
        "text": f"{number_text(figure['value'])}{figure['unit'] or ''}",
        "isSettled": False,
    }


def _name(figure: Json, scope: str, schema: Schema, say: Say) -> str:
    """What a figure counts, its scope with it: two figures of one key differ in nothing else."""
    labels = {key.key: key.label for key in schema.figures}
    label = labels.get(figure["key"]) or str(figure["key"])
    return say(f"{label}（{scope}）", f"{label} ({scope})") if scope else label


def of_tables(figure: Json, result: Json, schema: Schema) -> Comparison | None:
    """What the tables of a result say of a figure, as they are shown; None where they say nothing,
    or the figure is not exact."""
    return compare(_figure(figure), _readings(result), schema)


def counterpart(figure: Json, result: Json, schema: Schema) -> tuple[str, ...]:
    """The cells that state the same as a figure, be it exact or not: those of which the tables are
    compared with it. Empty where they say nothing of it."""
    exact = replace(_figure(figure), exactness=Exactness.EXACT)
    found = compare(exact, _readings(result), schema)
    return () if found is None else found.cells


def differing(result: Json, schema: Schema) -> list[int]:
    """The figures, by their ids, of which the tables say something else."""
    readings = _readings(result)
    found = ((one["id"], compare(_figure(one), readings, schema)) for one in result["figures"])
    return [number for number, tables in found if tables is not None and not tables.is_same]


def _readings(result: Json) -> dict[str, Reading]:
    return {
        f"{table}.{name}": Reading(cell["printed"] or "", State(cell["state"]), _exact(cell))
        for table, content in result["tables"].items()
        for name, cell in content["cells"].items()
    }


def _figure(figure: Json) -> Figure:
    return Figure(
        key=figure["key"],
        value=_exact(figure),
        unit=figure["unit"],
        exactness=Exactness(figure["exactness"]),
        printed=figure["printed"],
        sentence=figure["sentence"],
        status=CellStatus(figure["status"]),
        evidence=Evidence(),
        scope=figure.get("scope"),
    )


def _exact(item: Json) -> Decimal | None:
    return None if item["value"] is None else Decimal(str(item["value"]))


def _reasons(
    figure: Json, tables: Comparison | None, result: Json, schema: Schema, say: Say
) -> Iterator[str]:
    """Why a figure is in doubt, and where the tables say something else: both numbers, and of which
    cells."""
    for code in figure["flags"]:
        yield _reason(code, figure, result, say)
    if tables is not None and not tables.is_same:
        relation = text_relation(figure["key"], figure.get("scope"))
        numbers = _exact(figure), tables.total
        finding = Finding(relation, Verdict.UNDECIDED, "", tables.cells, *numbers)
        yield finding_words(finding, schema, say)


def _reason(code: str, figure: Json, result: Json, say: Say) -> str:
    """A flag in words: most figures are counts, and no amounts; and the numbers that the text
    states besides, as far as they are in the result."""
    if code == "unit_unknown":
        return say("单位不明", "nothing says its unit")
    others = (
        f"{number_text(one['value'])}{one['unit'] or ''}"
        for one in result["figures"]
        if (one["key"], one["scope"]) == (figure["key"], figure["scope"])
        and one["value"] not in (None, figure["value"])
    )
    stated = list(dict.fromkeys(others)) if code == "contradicted" else []
    if not stated:
        return flag_words(code, say)
    return f"{flag_words(code, say)}{say('：', ': ')}{say('、', ', ').join(stated)}"


def marked(sentence: str, printed: str) -> list[str]:
    """A sentence in three parts, the middle of which is the print; the last two are empty where it
    does not stand there as it was read."""
    at = place_in(sentence, printed)
    if at is None:
        return [sentence, "", ""]
    return [sentence[:at], printed, sentence[at + len(printed) :]]


def figure_of(finding: Json, result: Json) -> Json | None:
    """The figure of the text that a finding compares with the tables; None where it is about no
    figure."""
    return next(
        (
            figure
            for figure in result["figures"]
            if text_relation(figure["key"], figure.get("scope")) == finding["relation"]
        ),
        None,
    )
