"""The decisions that count about a document, also those about earlier extractions of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import inspect

from extractor.errors import CorruptInput
from extractor.readings import from_bytes
from extractor.service.answers import SEEN_WITH, carried, item_of, seen_with, shown
from extractor.service.tables import Review
from extractor.service.tasks import reading_name
from extractor.types import FINDINGS, CellStatus, Extraction, ReportReading

log = logging.getLogger(__name__)

UNDONE = "undone"
"""What is done to a decision when what was so before it counts again."""

REVIEWED = "reviewed"
"""What was done to a cell by confirming a finding; it goes with that."""

_FREED = (CellStatus.FLAGGED.value, CellStatus.REVIEWED)
_HELD = (CellStatus.REVIEWED.value, CellStatus.FLAGGED)

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
        take(found, review)
    return _moved(found, folder, at, generation)


def take(decisions: Decisions, review: Review) -> None:
    """Let one more decision count. What was noted of a finding is told with it."""
    decisions.pop(review.slot, None)
    if review.after is None:
        return
    is_noted = _is_of_finding(review) and review.comment is not None
    noted = {"comment": review.comment} if is_noted else {}
    decisions[review.slot] = {**review.after, **noted}


def about_extraction(trail: Sequence[Review], folder: Path, generation: int) -> list[Review]:
    """Decisions as decisions about one extraction, in order: what those of earlier ones are about
    may have another name now. What was not carried over stays as it was in the last extraction to
    which it was, and has that one's generation.

    Args:
        trail: all decisions about a document, in order; they are left as they are.
        folder: of the document, with what every extraction has read.
        generation: of the extraction.
    """
    found: list[Review] = []
    for step in range(generation + 1):
        if found:
            kept = [one for one in found if one.generation == step - 1]
            names = names_after([one.slot for one in kept], folder, step - 1, step)
            for one in kept:
                if one.slot in names:
                    one.slot, one.generation = names[one.slot], step
        found += [_copy(review) for review in trail if review.generation == step]
    return found


def names_after(subjects: Iterable[str], folder: Path, before: int, now: int) -> dict[str, str]:
    """What decisions about an extraction are about, by its name in a later one; what is not there
    any more is left out.

    Args:
        subjects: as the extraction `before` names them.
        folder: of the document, with what every extraction has read.
        before: the generation of the one.
        now: that of the later one.
    """
    names = {subject: subject for subject in subjects}
    for step in range(before, now):
        readings = (_read(folder, one) for one in (step, step + 1))
        named = carried({name: {"was": one} for one, name in names.items()}, *readings)
        names = {content["was"]: name for name, content in named.items()}
    return names


def standing(trail: Sequence[Review]) -> list[Review]:
    """The decisions that have not been undone, in order; `trail` has all of them, about one
    extraction (see `about_extraction`)."""
    found: dict[int, Review] = {}
    places: dict[tuple[str, int], list[int]] = {}
    for place, review in enumerate(trail):
        about = places.setdefault(_about(review), [])
        if review.action != UNDONE:
            found[place] = review
            about.append(place)
        elif about:
            del found[about.pop()]
    return list(found.values())


def undoable(trail: Sequence[Review], key_id: str) -> Sequence[Review]:
    """The last decision of somebody that has not been undone, and since which nobody has decided
    about the same; all that were taken at once with it, in order. Empty where there is none. Cells
    that were reviewed with a finding are undone with it, and not without.

    Args:
        trail: all decisions about a document, as those about one extraction of it.
        key_id: whose it is.

    Of several that were taken at once only those are given that were carried over to where the last
    of them was; whether that is the extraction which there is now, `generation` says.
    """
    kept = standing(trail)
    last = {_about(review): review for review in kept}
    mine = [one for one in kept if one.key_id == key_id and last[_about(one)] is one]
    with_finding = {one.at for one in trail if one.key_id == key_id and _is_of_finding(one)}
    acts = [one.at for one in mine if _is_of_finding(one) or one.at not in with_finding]
    act = [one for one in mine if one.at == acts[-1]] if acts else []
    newest = max((one.generation for one in act), default=0)
    return [one for one in act if one.generation == newest]


def at_once(trail: Sequence[Review]) -> list[list[Review]]:
    """Decisions by the act in which they were taken: those of one act are of the same moment, and
    of the same key."""
    return [list(act) for _, act in groupby(trail, lambda one: (one.at, one.key_id))]


def along(
    result: Mapping[str, Any],
    after: Extraction,
    reviews: Sequence[Review],
    decisions: Decisions,
) -> Iterator[Review]:
    """The cells that are reviewed by what was said of a finding, or are not any more, each as an
    entry of its own.

    Args:
        result: as it was.
        after: what follows.
        reviews: taken at once. Nothing comes of those that are about no finding, nor of cells that
            they are about themselves.
        decisions: that count now. Where the last one about a cell is its own, or none, there is no
            entry of a review with a finding to be taken back.
    """
    said = next((one for one in reviews if _is_of_finding(one)), None)
    if said is None:
        return
    has_entry = {one.slot for one in reviews}
    cells = (cell for table in after.tables for cell in table.cells)
    for cell in (cell for cell in cells if cell.slot not in has_entry):
        was = item_of(result, cell.slot)
        change = None if was is None else (was["status"], cell.status)
        is_seen = change == _FREED
        if is_seen or (change == _HELD and SEEN_WITH in decisions.get(cell.slot, {})):
            yield Review(
                document_id=said.document_id,
                slot=cell.slot,
                key_id=said.key_id,
                action=REVIEWED if is_seen else said.action,
                before=shown(result, cell.slot, None),
                after=seen_with(said.slot, cell.reading) if is_seen else None,
                comment=said.comment,
                generation=said.generation,
            )


def first_version(trail: Sequence[Review], generation: int) -> int:
    """The version of a document that an extraction of it was when it was made: each decision and
    each extraction counts one. `trail` has all decisions, or those that were taken by then."""
    return generation + sum(review.generation < generation for review in trail)


def _moved(found: Decisions, folder: Path, at: int, to: int) -> Decisions:
    for generation in range(at, to if found else at):
        before, now = (_read(folder, one) for one in (generation, generation + 1))
        found = dict(carried(found, before, now))
    return found


def _is_of_finding(review: Review) -> bool:
    return review.slot.startswith(f"{FINDINGS}.")


def _about(review: Review) -> tuple[str, int]:
    return review.slot, review.generation


def _copy(review: Review) -> Review:
    return Review(**{column.key: getattr(review, column.key) for column in inspect(Review).columns})


def _read(folder: Path, generation: int) -> ReportReading | None:
    path = folder / reading_name(generation)
    try:
        found = path.stat()
        return _read_once(path, found.st_mtime_ns, found.st_size)
    except (CorruptInput, FileNotFoundError) as error:
        log.warning("decisions about figures in %s are left out: %s", folder.name, error)
        return None


@lru_cache(maxsize=4)
def _read_once(path: Path, time_ns: int, size: int) -> ReportReading:
    """What an extraction has read: pages of a document look it up after every answer."""
    return from_bytes(path.read_bytes()).reading
