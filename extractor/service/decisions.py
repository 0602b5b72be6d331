"""The decisions that count about a document, also those about earlier extractions of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from extractor.errors import CorruptInput
from extractor.readings import from_bytes
from extractor.service.answers import carried
from extractor.service.tables import Review
from extractor.service.tasks import reading_name
from extractor.types import ReportReading

log = logging.getLogger(__name__)

Decisions = dict[str, Mapping[str, Any]]
"""By what they are about."""


def decisions_of(trail: Sequence[Review], folder: Path, generation: int) -> Decisions:
    """What is so by decisions, as far as it is about what an extraction has read.

    Args:
        trail: all decisions about a document, in order; the last one about something counts.
        folder: of the document, with what every extraction has read.
        generation: of the extraction.

    Where what an extraction has read is gone, or of another version of the program, decisions about
    key figures cannot be carried over, and the others are.
    """
    found: Decisions = {}
    at = 0
    for review in trail:
        found, at = _moved(found, folder, at, review.generation), review.generation
        found.pop(review.slot, None)
        if review.after is not None:
            found[review.slot] = review.after
    return _moved(found, folder, at, generation)


def _moved(found: Decisions, folder: Path, at: int, to: int) -> Decisions:
    for generation in range(at, to if found else at):
        before, now = (_read(folder, one) for one in (generation, generation + 1))
        found = dict(carried(found, before, now))
    return found


def _read(folder: Path, generation: int) -> ReportReading | None:
    try:
        return from_bytes((folder / reading_name(generation)).read_bytes()).reading
    except (CorruptInput, FileNotFoundError) as error:
        log.warning("decisions about figures in %s are left out: %s", folder.name, error)
        return None
