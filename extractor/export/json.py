"""The result in the public format: `docs/results.md` describes it, and it only ever grows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from extractor import __version__
from extractor.schema import text_relation
from extractor.types import (
    Alternative,
    Cell,
    Evidence,
    Extraction,
    Failure,
    Figure,
    Finding,
    LeftOut,
    Question,
    Verdict,
)

FORMAT_VERSION = 1

_BOX_DIGITS = 5
_PROBABILITY_DIGITS = 6


def to_json(extraction: Extraction) -> bytes:
    """`to_dict` as strict, readable JSON in UTF-8, with a line end."""
    text = json.dumps(to_dict(extraction), ensure_ascii=False, allow_nan=False, indent=1)
    return (text + "\n").encode("utf-8", "replace")


def to_dict(extraction: Extraction) -> dict[str, Any]:
    """The result as plain values, keys in the documented order."""
    return {
        "format_version": FORMAT_VERSION,
        "document": {
            "name": extraction.name,
            "sha256": extraction.sha256,
            "media_type": extraction.media_type,
            "pages": extraction.pages,
            "rotations": [round(float(angle), 2) for angle in extraction.rotations],
        },
        "report": {
            "schema": extraction.schema,
            "edition": extraction.facts.edition,
            "organization": extraction.facts.organization,
            "year": extraction.facts.year,
        },
        "status": extraction.status.value,
        "tables": {
            table.id: {
                "present": table.is_present,
                "cells": {
                    cell.slot.removeprefix(f"{table.id}."): _cell(cell) for cell in table.cells
                },
            }
            for table in extraction.tables
        },
        "figures": [_figure(figure, extraction.findings) for figure in extraction.figures],
        "findings": [_finding(finding) for finding in extraction.findings],
        "questions": [_question(question) for question in extraction.questions],
        "left_out": [_left_out(row) for row in extraction.reading.left_out],
        "failures": [
            {
                "stage": failure.stage,
                "page": failure.page,
                "reason": failure.reason,
                "code": failure.code,
                "table": failure.table,
                "settled": failure.is_settled,
            }
            for failure in extraction.failures
        ],
        "provenance": {
            "extractor": __version__,
            "models": dict(sorted(extraction.models.items())),
            "seconds": {
                stage: round(float(seconds), 3) for stage, seconds in extraction.seconds.items()
            },
        },
    }


def finding_of(content: Mapping[str, Any]) -> Finding:
    """A finding as it stands in a result, also in one of the first versions."""
    return Finding(
        content["relation"],
        Verdict(content["verdict"]),
        content["message"],
        tuple(content["cells"]),
        _exact(content["expected"]),
        _exact(content["found"]),
        content.get("confirmed", False),
        content.get("comment"),
    )


def failure_of(content: Mapping[str, Any]) -> Failure:
    """A failure as it stands in a result."""
    return Failure(
        content["stage"],
        content["page"],
        content["reason"],
        content.get("code", ""),
        content.get("table"),
        content.get("settled", False),
    )


def _exact(value: int | float | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def number(value: Decimal | None) -> int | float | None:
    """A whole number as int, any other as the float that prints as the same digits.

    Values have at most 18 digits (see `numerals`); where a float cannot hold all of them it is the
    nearest one, and `printed` has them all.
    """
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "value": number(cell.reading.value),
        "printed": cell.reading.printed,
        "read": cell.read,
        "state": cell.reading.state.value,
        "unit": cell.reading.unit,
        "annotation": cell.reading.annotation,
        "probability": _probability(cell.probability),
        "status": cell.status.value,
        "flags": list(cell.flags),
        "alternatives": [_alternative(other) for other in cell.alternatives],
        "elsewhere": list(cell.elsewhere),
        "evidence": _evidence(cell.evidence),
    }


def _alternative(alternative: Alternative) -> dict[str, Any]:
    return {
        "value": number(alternative.value),
        "state": alternative.state.value,
        "printed": alternative.printed,
        "probability": _probability(alternative.probability),
        "source": alternative.source,
    }


def _figure(figure: Figure, findings: Sequence[Finding]) -> dict[str, Any]:
    relation = text_relation(figure.key, figure.scope)
    return {
        "id": figure.number,
        "key": figure.key,
        "value": number(figure.value),
        "unit": figure.unit,
        "exactness": figure.exactness.value,
        "printed": figure.printed,
        "sentence": figure.sentence,
        "scope": figure.scope,
        "probability": _probability(figure.probability),
        "status": figure.status.value,
        "flags": list(figure.flags),
        "finding": relation if any(one.relation == relation for one in findings) else None,
        "evidence": _evidence(figure.evidence),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "relation": finding.relation,
        "verdict": finding.verdict.value,
        "message": finding.message,
        "cells": list(finding.cells),
        "expected": number(finding.expected),
        "found": number(finding.found),
        "confirmed": finding.is_confirmed,
        "comment": finding.comment,
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "slot": question.slot,
        "settles": round(question.settles, _PROBABILITY_DIGITS),
        "frees": list(question.frees),
        "cells": list(question.cells),
    }


def _left_out(row: LeftOut) -> dict[str, Any]:
    return {
        "table": row.table,
        "label": row.label,
        "values": list(row.values),
        "evidence": _evidence(row.evidence),
    }


def _evidence(evidence: Evidence) -> dict[str, Any] | None:
    if evidence.page is not None:
        box = evidence.box
        corners = None if box is None else [box.x0, box.y0, box.x1, box.y1]
        return {
            "page": evidence.page,
            "box": corners and [round(float(corner), _BOX_DIGITS) for corner in corners],
        }
    if evidence.line is not None:
        return {"line": evidence.line}
    return None


def _probability(probability: float | None) -> float | None:
    return None if probability is None else round(float(probability), _PROBABILITY_DIGITS)
