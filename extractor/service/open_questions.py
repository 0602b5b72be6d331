"""A result in, what a person has to answer about it out, in order.

Everything here is a value. What is asked about is named as decisions name it (`answers`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any

from extractor.service.answers import finding_subject, gap_subject, is_slot, item_of
from extractor.types import SUM_FLAGS, CellStatus, Verdict

Json = Mapping[str, Any]


def queue(result: Json) -> tuple[str, ...]:
    """What a person has to answer: doubts in the order of what an answer settles, then errors of
    the report itself that nobody has confirmed. Where a cell is in doubt for nothing but such
    errors, it is they that are asked about, once and not cell by cell; and so are rows that were
    not found. What text and tables say differently is asked about as a finding."""
    mine = unconfirmed(result)
    suspects = crossings(result)
    line: dict[str, None] = {}
    for question in result["questions"]:
        about = _only_for(result, question["slot"], mine)
        for subject in about or (_name(question),):
            line[suspects.get(subject, subject)] = None
    subjects = [subject_of(one) for one in mine]
    return tuple(line | dict.fromkeys(suspects.get(one, one) for one in subjects))


def _name(question: Json) -> str:
    slot: str = question["slot"]
    return gap_subject(slot) if question.get("cells") else slot


def crossings(result: Json) -> dict[str, str]:
    """Errors of the report, by name, that one and the same number would explain: the only cell that
    two of them share, if both are out by as much. That is rather one number that was misread than
    two errors, so the cell is asked about first, and they once a person has seen it."""
    found: dict[str, str] = {}
    mine = [one for one in unconfirmed(result) if one["found"] is not None]
    for first, second in combinations(mine, 2):
        shared = set(first["cells"]) & set(second["cells"])
        gaps = {
            abs(Decimal(str(f["found"])) - Decimal(str(f["expected"]))) for f in (first, second)
        }
        if len(shared) == 1 and len(gaps) == 1:
            (slot,) = shared
            cell = item_of(result, slot)
            if cell is not None and cell["status"] != CellStatus.REVIEWED.value:
                found |= dict.fromkeys((subject_of(first), subject_of(second)), slot)
    return found


def _only_for(result: Json, slot: str, mine: Sequence[Json]) -> list[str]:
    """The errors of the report for which alone a cell is in doubt; empty where it is for more."""
    cell = item_of(result, slot) if is_slot(slot) else None
    if cell is None or not SUM_FLAGS.issuperset(cell["flags"]):
        return []
    broken = [one for one in result["findings"] if slot in one["cells"]]
    return [subject_of(one) for one in broken] if all(one in mine for one in broken) else []


def unconfirmed(result: Json) -> list[Json]:
    """Findings that are the report's own error, and that nobody has looked at."""
    return [
        finding
        for finding in result["findings"]
        if finding["verdict"] == Verdict.REPORTED.value and not finding["confirmed"]
    ]


def subject_of(finding: Json) -> str:
    """What a finding is named by."""
    return finding_subject(finding["relation"])
