"""Results of another year, as `extractor extract` writes them, to compare reports with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from extractor.characters import canonical
from extractor.errors import CorruptInput
from extractor.types import CellStatus, PriorReport, ReportFacts


def read_previous(path: Path) -> tuple[PriorReport, ...]:
    """The results in a file, or in all JSON files below a folder; other JSON there is passed by.

    Values that nobody has looked at and that were flagged are left out.

    Raises:
        CorruptInput: a file cannot be read, is no JSON, or (given by itself) is no result; or there
            is no result in the folder.
    """
    if path.is_dir():
        contents = ((file, _json(file)) for file in sorted(path.rglob("*.json")))
        found = tuple(_report(file, content) for file, content in contents if _is_result(content))
        if not found:
            raise CorruptInput(f"{path} has no result of an extraction in it, no NAME.json")
        return found
    content = _json(path)
    if not _is_result(content):
        raise CorruptInput(f"{path} is no result of an extraction; give a NAME.json of last year")
    return (_report(path, content),)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes(), parse_float=Decimal, parse_constant=_no_number)
    except (OSError, ValueError) as error:
        raise CorruptInput(f"{path} cannot be read as a result of last year: {error}") from error


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _is_result(content: Any) -> bool:
    return isinstance(content, dict) and {"format_version", "report", "tables"} <= set(content)


def _report(path: Path, content: dict[str, Any]) -> PriorReport:
    try:
        name, year = content["report"].get("organization"), content["report"].get("year")
        if not isinstance(name, str | None) or not isinstance(year, int | None):
            raise TypeError("organisation or year is no name or number")
        return PriorReport(name, year, dict(_values(content)))
    except (AttributeError, TypeError) as error:
        raise CorruptInput(f"{path} is a damaged result of last year: {error}") from error


def _values(content: dict[str, Any]) -> Iterator[tuple[str, Decimal]]:
    for table, found in content["tables"].items():
        for name, cell in found.get("cells", {}).items():
            value = cell.get("value")
            if value is None or cell.get("status") == CellStatus.FLAGGED:
                continue
            if isinstance(value, bool) or not isinstance(value, int | Decimal):
                raise TypeError(f"{table}.{name} has no number")
            yield f"{table}.{name}", Decimal(value)


def last_year(facts: ReportFacts, previous: Sequence[PriorReport]) -> Mapping[str, Decimal]:
    """What the same body stated the year before; empty if that is not among the given reports, or
    if two of them say so."""
    if facts.organization is None or facts.year is None:
        return {}
    name = canonical(facts.organization)
    found = [
        report.values
        for report in previous
        if report.year == facts.year - 1 and canonical(report.organization or "") == name
    ]
    return found[0] if len(found) == 1 else {}
