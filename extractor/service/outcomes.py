"""What the database keeps of an extraction."""

from __future__ import annotations

from extractor.export.json import to_dict
from extractor.service.open_questions import queue
from extractor.service.tasks import Outcome
from extractor.types import CellStatus, Extraction


def outcome_of(extraction: Extraction) -> Outcome:
    """Counts, facts and what to ask first: the report's own errors where nothing is in doubt."""
    cells = [cell for table in extraction.tables for cell in table.cells]
    statuses = [cell.status for cell in cells] + [item.status for item in extraction.figures]
    asked, line = extraction.questions, queue(to_dict(extraction))
    return Outcome(
        media_type=extraction.media_type,
        status=extraction.status,
        organization=extraction.facts.organization,
        year=extraction.facts.year,
        edition=extraction.facts.edition,
        rotations=extraction.rotations,
        cells=len(cells),
        flagged=statuses.count(CellStatus.FLAGGED),
        findings=len(extraction.findings),
        seconds=dict(extraction.seconds),
        question=asked[0].slot if asked else next(iter(line), None),
        settles=asked[0].settles if asked else 0.0,
        accepted=len(statuses) - statuses.count(CellStatus.FLAGGED),
        to_answer=len(line),
    )
