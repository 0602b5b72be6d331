"""Review decisions: a person's answer about a cell, and the report decided again with all answers.

A decision is a row, and rows are only ever added: the last one about a cell counts. The result of
every version is a file of its own, written before the row that makes it valid, so that a crash
leaves the version before.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from extractor.calibrator import Calibrator
from extractor.export import FORMATS
from extractor.pipeline import decided
from extractor.readings import from_bytes
from extractor.schema import Schema, Slot, load_schema
from extractor.service.models import ExportFormat, ReviewBody
from extractor.service.outcomes import outcome_of
from extractor.service.problems import (
    INVALID_REQUEST,
    NOT_REVIEWABLE,
    SLOT_UNKNOWN,
    VERSION_OUTDATED,
    ProblemError,
)
from extractor.service.store import Store
from extractor.service.tables import Document, Review
from extractor.service.tasks import READING, result_name, write_whole
from extractor.settings import Settings
from extractor.types import Cell, Extraction, Reading, State

CONFIRMED, WITHDRAWN, VALUE, STATE = "confirmed", "withdrawn", "value", "state"


class Reviews:
    """Thread-safe; decisions are taken one after the other."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._lock = threading.Lock()

    @cached_property
    def _schema(self) -> Schema:
        return load_schema()

    @cached_property
    def _calibrator(self) -> Calibrator | None:
        # Imported here: it knows all models, of which nothing is loaded.
        from extractor.engines import load_calibrator

        return load_calibrator() if self._settings.assesses else None

    def decide(
        self, document: Document, slot: str, body: ReviewBody, *, key_id: str, version: int | None
    ) -> Document:
        """Take a decision about a cell and decide the report again.

        Args:
            document: with a result.
            slot: whose cell it is.
            body: the decision.
            key_id: whose it is.
            version: of the document that was looked at; None for any.

        Returns:
            The document as it is now.

        Raises:
            ProblemError: the slot is unknown, the decision does not suit it, or the document has
                changed since.
        """
        with self._lock:
            current = self._store.find(document.id) or document
            if version is not None and version != current.version:
                raise _outdated(current)
            answers = self._answers(current)
            before = _cell(self._decided(current, answers), slot)
            after = self._answer(slot, body, before)
            told = {**answers, slot: after} if after is not None else _without(answers, slot)
            extraction = self._decided(current, told)
            path = self._store.folder(current) / result_name("json", current.version + 1)
            write_whole(path, FORMATS["json"](extraction, self._schema))
            review = Review(
                document_id=current.id,
                slot=slot,
                key_id=key_id,
                action=body.action,
                before=_json(before.reading),
                after=None if after is None else _json(after),
                comment=body.comment,
            )
            changed = self._store.review(current, review, outcome_of(extraction))
            if changed is None:
                raise _outdated(self._store.find(document.id) or document)
            return changed

    def export(self, document: Document, format: ExportFormat) -> Path:
        """The file of a format, with all decisions in it; written when it is first asked for."""
        path = self._store.folder(document) / result_name(format, document.version)
        if document.version and not path.is_file():
            extraction = self._decided(document, self._answers(document))
            write_whole(path, FORMATS[format](extraction, self._schema))
        return path

    def _answers(self, document: Document) -> dict[str, Reading]:
        found: dict[str, Reading] = {}
        for review in self._store.reviews(document.id):
            found.pop(review.slot, None)
            if review.after is not None:
                found[review.slot] = _reading(review.after)
        return found

    def _decided(self, document: Document, answers: Mapping[str, Reading]) -> Extraction:
        path = self._store.folder(document) / READING
        if not path.is_file():
            raise ProblemError(
                NOT_REVIEWABLE,
                f"{document.name} was extracted before decisions could be taken; remove it and "
                "upload it again",
            )
        kept = from_bytes(path.read_bytes())
        return decided(kept, self._schema, self._settings, self._calibrator, answers)

    def _answer(self, slot: str, body: ReviewBody, before: Cell) -> Reading | None:
        """What the cell says by a decision; None: what was read counts again."""
        if body.action == WITHDRAWN:
            return None
        if body.action == CONFIRMED:
            if before.reading.state is State.MISSING:
                raise ProblemError(
                    INVALID_REQUEST, f"{slot}: nothing was read that could be confirmed"
                )
            return before.reading
        if body.state is not None:
            return Reading("", body.state)
        form = self._slot(slot)
        value = body.value or Decimal(0)
        if form.kind != "amount" and value != value.to_integral_value():
            raise ProblemError(INVALID_REQUEST, f"value: {slot} is a count, {value} is none")
        if form.kind != "signed" and value < 0:
            raise ProblemError(INVALID_REQUEST, f"value: {slot} cannot be below 0")
        return Reading(f"{value:f}", State.NUMBER, value, form.unit)

    def _slot(self, slot: str) -> Slot:
        layouts = (one for layouts in self._schema.tables.values() for one in layouts)
        return next(found for layout in layouts for found in layout.slots if found.id == slot)


def _cell(extraction: Extraction, slot: str) -> Cell:
    for table in extraction.tables:
        for cell in table.cells:
            if cell.slot == slot:
                return cell
    raise ProblemError(SLOT_UNKNOWN, f"{slot!r} is no slot of this report's form")


def _without(answers: Mapping[str, Reading], slot: str) -> dict[str, Reading]:
    return {name: answer for name, answer in answers.items() if name != slot}


def _outdated(document: Document) -> ProblemError:
    detail = f"{document.name} is at version {document.version} now; look at it again"
    return ProblemError(VERSION_OUTDATED, detail, extra={"version": document.version})


def _json(reading: Reading) -> dict[str, Any]:
    return {
        "printed": reading.printed,
        "state": reading.state.value,
        "value": None if reading.value is None else str(reading.value),
        "unit": reading.unit,
        "annotation": reading.annotation,
        "flags": list(reading.flags),
    }


def _reading(content: Mapping[str, Any]) -> Reading:
    value = content["value"]
    flags: Sequence[str] = content["flags"]
    return Reading(
        content["printed"],
        State(content["state"]),
        None if value is None else Decimal(value),
        content["unit"],
        content["annotation"],
        tuple(flags),
    )
