"""Results that an earlier run has left of a document, and that would be taken for those of this.

A file is one of them only if it says so itself: which document it is of, and of which bytes. What
anybody else has put beside the results is never touched.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Collection
from pathlib import Path

from extractor.characters import storable
from extractor.export.csv import COLUMNS, guarded
from extractor.export.files import stems_of

SUFFIXES = ("json", "csv", "xlsx")


def remove_stale(
    name: str, folder: Path, *, sha256: str | None = None, written: Collection[Path] = ()
) -> list[Path]:
    """Remove what is there of a document of this name with other bytes, or under a name that its
    results have no more.

    Results of the same bytes stay where the document has failed now: they are what it says.

    Args:
        name: of the document.
        folder: of the results.
        sha256: of its bytes; None where they cannot be read.
        written: the files of this run; empty where it has none.

    Returns:
        What was removed.

    Raises:
        OSError: a file cannot be removed.
    """
    stems = {folder / stem for stem in stems_of(name)}
    kept = {path.with_suffix("") for path in written}
    removed = []
    for stem in sorted(stems):
        for suffix in SUFFIXES:
            path = stem.with_name(f"{stem.name}.{suffix}")
            if path in written or not path.is_file():
                continue
            found = _source(path)
            if found is None or found[0] not in _as_written(name):
                continue
            if found[1] != sha256 or (kept and stem not in kept):
                path.unlink()
                removed.append(path)
    return removed


def _as_written(name: str) -> set[str]:
    """The name of a document as the formats have it."""
    return {name.encode("utf-8", "replace").decode(), guarded(name), storable(name)}


def _source(path: Path) -> tuple[str, str] | None:
    """Name and SHA-256 of the document that a result is of; None for whatever is no result."""
    read = {"json": _source_of_json, "csv": _source_of_csv, "xlsx": _source_of_workbook}
    try:
        return read[path.suffix.removeprefix(".")](path)
    except Exception:  # whatever it is, nobody here has written it
        return None


def _source_of_json(path: Path) -> tuple[str, str]:
    document = json.loads(path.read_bytes())["document"]
    return document["name"], document["sha256"]


def _source_of_csv(path: Path) -> tuple[str, str] | None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, first = next(rows := csv.reader(file)), next(rows)
    return (first[0], first[1]) if tuple(header[:2]) == COLUMNS[:2] else None


def _source_of_workbook(path: Path) -> tuple[str, str]:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True)
    try:
        said = dict(book["概要"].iter_rows(max_col=2, values_only=True))
    finally:
        book.close()
    return said["文件"], said["SHA-256"]
