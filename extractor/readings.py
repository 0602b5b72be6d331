"""An extraction as bytes and back, undecided, so that it can be decided again without its pages.

Kept is what decoding and its signals look at: of the meaning of a print the likelihood of its own
row and column, and of others that it may belong to; and nothing of other spellings, which the
second look has turned into candidates.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from extractor import figure_signals
from extractor.errors import CorruptInput
from extractor.meaning import LIKELY, Meaning
from extractor.types import (
    TABLE_MISSING,
    Box,
    Candidate,
    CellStatus,
    Evidence,
    Exactness,
    Extraction,
    Failure,
    Figure,
    LeftOut,
    Reading,
    ReportFacts,
    ReportReading,
    State,
    Status,
    TableReading,
)

FORMAT = 1
_NOT_FOUND = re.compile(r"the table '(\w+)' was not found in the document")
_DAMAGE = (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, InvalidOperation)
Json = Mapping[str, Any]


def to_bytes(extraction: Extraction) -> bytes:
    """Compressed JSON, some kilobytes; the same extraction gives the same bytes."""
    reading, facts = extraction.reading, extraction.facts
    content = {
        "format": FORMAT,
        "document": [
            extraction.name,
            extraction.sha256,
            extraction.media_type,
            extraction.pages,
            extraction.schema,
        ],
        "facts": [facts.edition, facts.organization, facts.year],
        "failures": [
            [one.stage, one.page, one.reason, one.code, one.table] for one in extraction.failures
        ],
        "models": dict(sorted(extraction.models.items())),
        "seconds": dict(extraction.seconds),
        "rotations": list(extraction.rotations),
        "tables": [_table(table) for table in reading.tables],
        "figures": [_figure(figure) for figure in reading.figures],
        "figure_signals": figure_signals.NAMES,
        "last_year": {slot: str(value) for slot, value in reading.last_year.items()},
        "left_out": [
            [one.table, one.label, list(one.values), _evidence(one.evidence)]
            for one in reading.left_out
        ],
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode("utf-8", "replace"), mtime=0)


def from_bytes(data: bytes) -> Extraction:
    """What `to_bytes` wrote, undecided: without tables, figures and findings; `status` is FAILED
    until `pipeline.decided` has filled them in.

    Raises:
        CorruptInput: it is damaged, or of another version.
    """
    try:
        content = json.loads(gzip.decompress(data))
        is_known = content["format"] == FORMAT
        if not is_known or tuple(content["figure_signals"]) != figure_signals.NAMES:
            raise CorruptInput("the kept reading is of another version; extract the report again")
        name, sha256, media_type, pages, schema = content["document"]
        return Extraction(
            name=name,
            sha256=sha256,
            media_type=media_type,
            pages=pages,
            schema=schema,
            facts=ReportFacts(*content["facts"]),
            status=Status.FAILED,
            tables=(),
            figures=(),
            findings=(),
            failures=tuple(_failure_of(*one) for one in content["failures"]),
            models=content["models"],
            seconds=content["seconds"],
            rotations=tuple(content["rotations"]),
            reading=ReportReading(
                tuple(_table_of(one) for one in content["tables"]),
                tuple(_figure_of(one) for one in content["figures"]),
                {slot: Decimal(value) for slot, value in content["last_year"].items()},
                tuple(
                    LeftOut(table, label, tuple(values), _evidence_of(evidence))
                    for table, label, values, evidence in content.get("left_out", ())
                ),
            ),
        )
    except _DAMAGE as error:
        raise CorruptInput(
            f"the kept reading is damaged ({error!r}); extract the report again"
        ) from error


def _failure_of(
    stage: str, page: int | None, reason: str, code: str = "", table: str | None = None
) -> Failure:
    """The first ones had no code; a table that was not found is told by what they said."""
    if not code and (found := _NOT_FOUND.fullmatch(reason)):
        return Failure(stage, page, reason, TABLE_MISSING, found[1])
    return Failure(stage, page, reason, code, table)


def _table(table: TableReading) -> Json:
    return {
        "table": table.table,
        "layout": table.layout,
        "present": table.is_present,
        "candidates": {
            slot: [_candidate(one) for one in candidates]
            for slot, candidates in table.candidates.items()
        },
        "regions": {slot: _evidence(one) for slot, one in table.regions.items()},
    }


def _table_of(content: Json) -> TableReading:
    return TableReading(
        content["table"],
        content["layout"],
        content["present"],
        {
            slot: tuple(_candidate_of(slot, one) for one in candidates)
            for slot, candidates in content["candidates"].items()
        },
        {slot: _evidence_of(one) for slot, one in content["regions"].items()},
    )


def _candidate(candidate: Candidate) -> Json:
    table, row, column = candidate.slot.split(".")
    reading, meaning = candidate.reading, candidate.meaning
    found: dict[str, Any] = {
        "printed": reading.printed,
        "state": reading.state,
        "score": candidate.score,
        "anchors": [candidate.row_anchor, candidate.column_anchor],
        "evidence": _evidence(candidate.evidence),
        "origin": candidate.origin,
    }
    optional = {
        "value": None if reading.value is None else str(reading.value),
        "unit": reading.unit,
        "annotation": reading.annotation,
        "agreement": candidate.agreement or None,
        "flags": list(reading.flags) or None,
        "meaning": None
        if meaning is None
        else [
            meaning.rows.get(f"{table}.{row}", 0.0),
            meaning.columns.get(f"{table}.{column}", 0.0),
        ],
        "elsewhere": None if meaning is None else _elsewhere(meaning),
    }
    return found | {name: value for name, value in optional.items() if value is not None}


def _candidate_of(slot: str, content: Json) -> Candidate:
    table, row, column = slot.split(".")
    value, meaning = content.get("value"), content.get("meaning")
    others = content.get("elsewhere", ({}, {}))
    row_anchor, column_anchor = content["anchors"]
    return Candidate(
        slot,
        Reading(
            content["printed"],
            State(content["state"]),
            None if value is None else Decimal(value),
            content.get("unit"),
            content.get("annotation"),
            tuple(content.get("flags", ())),
        ),
        content["score"],
        row_anchor,
        column_anchor,
        _evidence_of(content["evidence"]),
        content["origin"],
        meaning=None
        if meaning is None
        else Meaning(
            {},
            {**others[0], f"{table}.{row}": meaning[0]},
            {**others[1], f"{table}.{column}": meaning[1]},
        ),
        agreement=content.get("agreement", 0.0),
    )


def _elsewhere(meaning: Meaning) -> list[dict[str, float]] | None:
    """The likely rows and columns of a print; None where each is one, which is known already."""
    likely = [
        {name: p for name, p in said.items() if p >= LIKELY}
        for said in (meaning.rows, meaning.columns)
    ]
    return likely if any(len(one) > 1 for one in likely) else None


def _figure(figure: Figure) -> Json:
    return {
        "key": figure.key,
        "value": None if figure.value is None else str(figure.value),
        "unit": figure.unit,
        "exactness": figure.exactness,
        "printed": figure.printed,
        "sentence": figure.sentence,
        "status": figure.status,
        "evidence": _evidence(figure.evidence),
        "scope": figure.scope,
        "signals": figure.signals,
    }


def _figure_of(content: Json) -> Figure:
    value = content["value"]
    return Figure(
        content["key"],
        None if value is None else Decimal(value),
        content["unit"],
        Exactness(content["exactness"]),
        content["printed"],
        content["sentence"],
        CellStatus(content["status"]),
        _evidence_of(content["evidence"]),
        content["scope"],
        signals=tuple(content["signals"]),
    )


def _evidence(evidence: Evidence) -> Sequence[Any]:
    box = evidence.box
    place = None if box is None else [box.x0, box.y0, box.x1, box.y1]
    return [evidence.page, place, evidence.line]


def _evidence_of(content: Sequence[Any]) -> Evidence:
    page, place, line = content
    return Evidence(page, None if place is None else Box(*place), line)
