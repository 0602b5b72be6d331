"""What must be read from a document: the truth file beside it, and the labels of its characters."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from training.synthesis.labels import Run
from training.synthesis.planted import PlantedError
from training.synthesis.prose import Prose
from training.synthesis.report import Report
from training.synthesis.values import as_json

FORMAT_VERSION = 1
SCHEMA = "government-disclosure"

_DIGITS = 5


def truth(report: Report, *, given: frozenset[str] | None = None) -> dict[str, Any]:
    """What a report says, in the form that scoring expects; `None` for a slot without a number.

    Only the `given` slots are stated where that is set. Slots of a table that was left out are
    null: the document prints no number there.
    """
    values = {slot: as_json(report.values[slot].value) for slot in report.slots()}
    values.update(dict.fromkeys(report.missing))
    return {
        "format_version": FORMAT_VERSION,
        "schema": SCHEMA,
        "slots": {slot: v for slot, v in values.items() if given is None or slot in given},
        "edition": report.edition,
        "year": report.year,
        "organization": report.organization,
        "figures": [
            figure for part in report.parts if isinstance(part, Prose) for figure in part.truths()
        ],
    }


def document_truth(
    report: Report,
    name: str,
    data: bytes,
    runs: Sequence[Run],
    planted: Sequence[PlantedError] = (),
    previous: dict[str, int] | None = None,
) -> dict[str, Any]:
    """`truth` with the document that states it, and for every slot what is printed and where.

    `box` is in fractions of the upright page. `planted` are the report's own errors. `previous` is
    what last year's report of the same body stated, for the relations across years.
    """
    places: dict[str, Run] = {}
    for run in runs:
        slot = run.tag.slot
        # Of a value that a page break parts, where most of it stands.
        if slot is not None and (slot not in places or len(run.text) > len(places[slot].text)):
            places[slot] = run
    cells: dict[str, dict[str, Any]] = {}
    for slot in report.slots():
        value = report.values[slot]
        cells[slot] = {"state": value.state, "printed": value.text.strip()}
        box = places[slot].box() if slot in places else None
        if box is not None:
            cells[slot] |= {
                "page": places[slot].page,
                "box": [round(float(edge), _DIGITS) for edge in box],
            }
    cells |= {slot: {"state": "missing", "printed": ""} for slot in report.missing}
    return {
        **truth(report),
        "document": name,
        "pages": max((run.page for run in runs), default=0),
        "sha256": hashlib.sha256(data).hexdigest(),
        "cells": cells,
        "planted": [
            {
                "kind": error.kind,
                "relation": error.relation,
                "cells": list(error.cells),
                "printed": [as_json(value) for value in error.printed],
                "consistent": [as_json(value) for value in error.consistent],
            }
            for error in planted
        ],
        "previous": previous or {},
    }


def to_json(answer: dict[str, Any]) -> bytes:
    """Readable JSON, one slot or cell a line, the same bytes for the same truth."""
    lines = []
    for key, value in answer.items():
        if isinstance(value, dict | list) and len(value) > 1:
            opening, closing = "{}" if isinstance(value, dict) else "[]"
            items = (
                [f"{_dump(name)}: {_dump(item)}" for name, item in value.items()]
                if isinstance(value, dict)
                else [_dump(item) for item in value]
            )
            inner = ",\n".join(f"  {item}" for item in items)
            lines.append(f" {_dump(key)}: {opening}\n{inner}\n {closing}")
        else:
            lines.append(f" {_dump(key)}: {_dump(value)}")
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def labels_to_bytes(runs: Sequence[Run]) -> bytes:
    """The character labels, gzipped JSON: one object a run, in order.

    `quads` has for every character the eight coordinates of its corners (x0 y0 x1 y1 x2 y2 x3 y3
    from the top left, clockwise) in ten-thousandths of the upright page; null without pages.
    `figures` are [start, end, key, scope] by offsets into `text`.
    """
    items = []
    for run in runs:
        quads = None if run.quads is None else np.rint(run.quads.reshape(-1, 8) * 10_000)
        items.append(
            {
                "role": run.tag.role.value,
                "table": run.tag.table,
                "row": run.tag.row,
                "column": run.tag.column,
                "slot": run.tag.slot,
                "page": run.page,
                "text": run.text,
                "quads": None if quads is None else quads.astype(int).tolist(),
                "figures": [[f.start, f.end, f.key, f.scope] for f in run.figures],
            }
        )
    text = "[\n" + ",\n".join(_dump(item) for item in items) + "\n]\n"
    return gzip.compress(text.encode(), compresslevel=6, mtime=0)


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
