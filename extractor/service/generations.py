"""What differs between the extractions of a document, by their results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Result = Mapping[str, Any]
"""The public format of `docs/results.md`."""
Cell = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that says something else than before; None: the form had no such cell then."""

    slot: str
    before: Cell | None
    after: Cell | None


@dataclass(frozen=True, slots=True)
class Generation:
    """One extraction: what made it, and what differs from the one before.

    `models` stands for all models by a digest. `status` is that which it had when it was made, with
    what people had decided by then (None where that was not kept), and `last_status` that after all
    decisions about it. `differences` are of value or state; `held` is how
    many other cells have another status. Where one of the two results is gone, nothing is known of
    either (None).
    """

    number: int
    extractor: str
    models: str
    status: str | None
    last_status: str
    differences: Sequence[Difference] | None
    held: int | None


def generations(
    results: Sequence[Result | None], first: Sequence[Result | None]
) -> Sequence[Generation]:
    """All extractions of a document whose results are there, in order.

    Args:
        results: the last of each; None for those that are gone.
        first: of each the result as it was when it was made, None where that is gone.
    """
    found = []
    before: Result | None = None
    for number, (result, made) in enumerate(zip(results, first, strict=True)):
        if result is not None:
            made_by = result["provenance"]
            different = None if before is None else _compared(before, result)
            found.append(
                Generation(
                    number,
                    made_by["extractor"],
                    models_digest(made_by["models"]),
                    None if made is None else made["status"],
                    result["status"],
                    *(different or (None, None)),
                )
            )
        before = result
    return found


def models_digest(models: Mapping[str, str]) -> str:
    """What stands for the models of a result."""
    return hashlib.sha256(json.dumps(models, sort_keys=True).encode()).hexdigest()[:12]


def _compared(before: Result, after: Result) -> tuple[Sequence[Difference], int]:
    old, new = dict(_cells(before)), dict(_cells(after))
    differences, held = [], 0
    for slot in [*new, *(slot for slot in old if slot not in new)]:
        was, is_now = old.get(slot), new.get(slot)
        if was is None or is_now is None or _said(was) != _said(is_now):
            differences.append(Difference(slot, was, is_now))
        elif was["status"] != is_now["status"]:
            held += 1
    return differences, held


def _cells(result: Result) -> Iterator[tuple[str, Cell]]:
    for table, content in result["tables"].items():
        for name, cell in content["cells"].items():
            yield f"{table}.{name}", cell


def _said(cell: Cell) -> tuple[Any, Any]:
    return cell["value"], cell["state"]
