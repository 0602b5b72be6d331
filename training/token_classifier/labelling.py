"""The labels of a report brought onto what the product reads of it: one labelled document."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from extractor.encoding import Encoded, Ints, characters, encode
from extractor.token_labels import NONE
from extractor.types import Exactness
from training.synthesis.labels import Run
from training.synthesis.roles import Role
from training.token_classifier.align import (
    UNKNOWN,
    Alignment,
    Reading,
    align_page,
    align_text,
    flatten,
)
from training.token_classifier.documents import HEADS, IGNORED, Document
from training.token_classifier.reading import ReadDocument


def labelled(
    name: str, condition: str, layout: str, read: ReadDocument, runs: Sequence[Run]
) -> Document:
    """Bring the labels of a document onto what was read of it."""
    encoded = encode(read.sheets)
    alignment = _aligned(read, runs)
    in_brackets = _in_brackets(encoded)
    figures = [figure for run in runs for figure in run.figures]
    found: dict[str, list[str | None]] = {head: [] for head in HEADS}
    open_figure = UNKNOWN
    for i, (number, figure) in enumerate(
        zip(alignment.runs.tolist(), alignment.figures.tolist(), strict=True)
    ):
        run = runs[number] if number >= 0 else None
        role, row, column = _tag(run)
        if role == Role.VALUE and in_brackets[i]:
            role = Role.ANNOTATION.value
        is_known = number >= UNKNOWN  # else IGNORED
        found["role"].append(role if is_known else None)
        found["row"].append(row if is_known else None)
        found["column"].append(column if is_known else None)
        span = figures[figure] if figure >= 0 else None
        part = "I" if figure == open_figure else "B"
        tag = f"{part}-{span.key}" if span else NONE
        found["figure"].append(tag if is_known else None)
        found["scope"].append((span.scope or NONE) if span else None)
        exactness = Exactness.EXACT if span and span.is_exact else Exactness.APPROXIMATE
        found["exactness"].append(exactness.value if span else None)
        open_figure = figure if span else UNKNOWN
    labels: dict[str, Ints] = {}
    names: dict[str, tuple[str, ...]] = {}
    for head, values in found.items():
        names[head] = tuple(sorted({value for value in values if value is not None}))
        place: dict[str | None, int] = {value: i for i, value in enumerate(names[head])}
        labels[head] = np.array([place.get(value, IGNORED) for value in values], np.int32)
    return Document(
        name,
        condition,
        layout,
        alignment.share,
        encoded.codes,
        encoded.boxes,
        encoded.starts,
        encoded.fragments,
        labels,
        names,
    )


def _tag(run: Run | None) -> tuple[str, str, str]:
    """Role, row and column that a character of a run has."""
    if run is None:
        return Role.FURNITURE.value, NONE, NONE
    tag = run.tag
    row = f"{tag.table}.{tag.row}" if tag.table and tag.row else NONE
    column = f"{tag.table}.{tag.column}" if tag.table and tag.column else NONE
    return tag.role.value, row, column


def _in_brackets(encoded: Encoded) -> NDArray[np.bool_]:
    """For every character whether it is in a bracket that its fragment opens behind other print."""
    found = np.zeros(len(encoded), np.bool_)
    starts = np.flatnonzero(encoded.starts)
    for start, stop in pairwise([*starts.tolist(), len(encoded)]):
        opened = np.flatnonzero(encoded.codes[start:stop] == ord("("))
        if len(opened) and opened[0]:
            found[start + opened[0] : stop] = True
    return found


def _aligned(read: ReadDocument, runs: Sequence[Run]) -> Alignment:
    """Runs and figures of every character, in the order of the sheets."""
    first: list[int] = []
    count = 0
    for run in runs:
        first.append(count)
        count += len(run.figures)
    fragments = [fragment for sheet in read.sheets for fragment in sheet.fragments]
    readings = [Reading(characters(f)[0], read.place(f.evidence)) for f in fragments]
    if all(run.quads is None for run in runs):
        blanks = [i for i, run in enumerate(runs) if run.tag.slot and not run.text]
        # Values are never repeated: two of the same are two.
        cells = [i for i, run in enumerate(runs) if run.tag.table and not run.tag.slot]
        return align_text(readings, flatten(runs, first, range(len(runs))), blanks, cells)
    by_page: dict[int, list[int]] = {}
    for i, fragment in enumerate(fragments):
        by_page.setdefault(fragment.evidence.page or 0, []).append(i)
    parts: dict[int, tuple[Ints, Ints]] = {}
    shares: list[tuple[float, int]] = []
    for page, members in by_page.items():
        chosen = [i for i, run in enumerate(runs) if run.page == page and run.text]
        inside = [readings[i] for i in members]
        found = align_page(inside, flatten(runs, first, chosen))
        start = 0
        for i, reading in zip(members, inside, strict=True):
            stop = start + max(1, len(reading.text))
            parts[i] = (found.runs[start:stop], found.figures[start:stop])
            start = stop
        shares.append((found.share, start))
    total = sum(n for _, n in shares)
    if not total:
        empty = np.zeros(0, np.int32)
        return Alignment(empty, empty, 0.0)
    return Alignment(
        np.concatenate([parts[i][0] for i in range(len(fragments))]),
        np.concatenate([parts[i][1] for i in range(len(fragments))]),
        sum(share * n for share, n in shares) / total,
    )
