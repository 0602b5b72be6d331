"""Documents with their truth: a folder in, cases and what is wrong with it out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = "government-disclosure"
_ENDING = ".truth.json"


@dataclass(frozen=True, slots=True)
class Case:
    """A truth and, where it is there and is the right file, its document.

    A case without a document is scored as one whose every slot is wrong.
    """

    name: str
    truth: Mapping[str, Any]
    document: Path | None

    @property
    def condition(self) -> str:
        return str(self.truth.get("condition") or "unstated")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be evaluated, and why; `name` is a file of the folder.

    `is_excluded`: it takes a document out of the scores altogether, because nobody knows its slots.
    """

    name: str
    reason: str
    is_excluded: bool = False


def load_cases(folder: Path) -> tuple[tuple[Case, ...], tuple[Problem, ...]]:
    """Read all truths of a folder, and find their documents.

    Returns:
        The cases by name, and one problem for each truth that cannot be used, each document that is
        missing or not the one that the truth was made with, and each document without a truth.

    Raises:
        FileNotFoundError: the folder is not there.
    """
    files = {path.name: path for path in sorted(folder.iterdir()) if path.is_file()}
    cases: list[Case] = []
    problems: list[Problem] = []
    used: set[str] = set()
    owners: dict[str, str] = {}
    for name, path in files.items():
        if not name.endswith(_ENDING):
            continue
        stem = name.removesuffix(_ENDING)
        try:
            truth = _read_truth(path)
        except ValueError as error:
            problems.append(Problem(name, str(error), is_excluded=True))
            used |= {other for other in files if other.startswith(f"{stem}.")}
            continue
        document, reason = _find(stem, truth, files)
        if document is not None and document.name in owners:
            reason = f"{document.name} is the document of {owners[document.name]} already"
            document = None
        if document is not None:
            owners[document.name] = name
        if reason:
            problems.append(Problem(name, reason))
        used |= {other for other in files if other.startswith(f"{stem}.")}
        cases.append(Case(stem, truth, document))
    for name in files:
        if name not in used and name != "README.md" and not name.startswith("."):
            reason = "there is no truth for this document"
            problems.append(Problem(name, reason, is_excluded=True))
    return tuple(cases), tuple(problems)


def _read_truth(path: Path) -> Mapping[str, Any]:
    try:
        truth = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"the truth cannot be read: {error}") from error
    if not isinstance(truth, dict):
        raise ValueError("the truth states no slots")
    if truth.get("schema", SCHEMA) != SCHEMA:
        raise ValueError(f"the truth is for another schema, {truth['schema']!r}")
    if not truth.get("slots") or not isinstance(truth["slots"], dict):
        raise ValueError("the truth states no slots")
    for slot, value in truth["slots"].items():
        if "." not in slot or not isinstance(value, int | float | None):
            raise ValueError(f"the truth states {value!r} for {slot!r}: neither a number nor null")
    if not _is_well_formed(truth):
        raise ValueError("the truth is malformed: see its cells, figures and planted")
    return truth


def _is_well_formed(truth: Mapping[str, Any]) -> bool:
    """Whether everything that is compared has the shape that the comparison relies on."""
    cells = truth.get("cells") or {}
    figures, planted = truth.get("figures") or [], truth.get("planted") or []
    return (
        isinstance(cells, dict)
        and all(isinstance(cell, dict) and _is_placed(cell) for cell in cells.values())
        and isinstance(figures, list)
        and all(isinstance(item, dict) and {"key", "value"} <= set(item) for item in figures)
        and isinstance(planted, list)
        and all(isinstance(item, dict) and _is_plant(item) for item in planted)
    )


def _is_placed(cell: Mapping[str, Any]) -> bool:
    """Whether a cell has no box, or one on a page."""
    box, page = cell.get("box"), cell.get("page")
    if box is None:
        return True
    is_box = isinstance(box, list) and len(box) == 4
    return is_box and all(isinstance(e, int | float) for e in box) and isinstance(page, int)


def _is_plant(item: Mapping[str, Any]) -> bool:
    lists = [item.get(name) for name in ("cells", "printed", "consistent")]
    return {"kind", "relation"} <= set(item) and (
        all(isinstance(values, list) for values in lists)
        and len({len(values) for values in lists if isinstance(values, list)}) == 1
    )


def _find(
    stem: str, truth: Mapping[str, Any], files: Mapping[str, Path]
) -> tuple[Path | None, str]:
    """The document of a truth, and what is wrong with it ("" if nothing)."""
    named = truth.get("document")
    found = [
        path
        for name, path in files.items()
        if (name == named if named else name.rsplit(".", 1)[0] == stem)
        and not name.endswith((".json", ".json.gz"))
    ]
    if len(found) != 1:
        many = ", ".join(path.name for path in found)
        return (
            None,
            f"several documents for one truth: {many}" if found else "no document beside it",
        )
    wanted = truth.get("sha256")
    if wanted and hashlib.sha256(found[0].read_bytes()).hexdigest() != wanted:
        return None, f"{found[0].name} is damaged or another file: its sha256 differs"
    return found[0], ""
