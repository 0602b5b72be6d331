"""Review decisions: a person's answers, and the report decided again with all of them.

A decision is a row; rows are only ever added, until their document is removed, and the last one
about a cell, a figure, a finding or the report counts. The result of every version is a file of its
own, written before the row that makes it valid, so that a crash leaves the version before.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from extractor.calibrator import Calibrator
from extractor.errors import CorruptInput, StoreError
from extractor.export import FORMATS
from extractor.pipeline import decided
from extractor.readings import from_bytes
from extractor.schema import Schema, load_schema
from extractor.service.answers import (
    Body,
    check_withdrawable,
    decided_by,
    item_of,
    shown,
    told,
)
from extractor.service.decisions import (
    UNDONE,
    Decisions,
    about_extraction,
    along,
    at_once,
    decisions_of,
    first_version,
    names_after,
    take,
    undoable,
)
from extractor.service.generations import Generation, generations
from extractor.service.logs import about
from extractor.service.models import ExportFormat
from extractor.service.outcomes import outcome_of
from extractor.service.problems import (
    DOCUMENT_UNKNOWN,
    NOT_DECIDED,
    NOT_FINISHED,
    NOT_REVIEWABLE,
    VERSION_OUTDATED,
    ProblemError,
)
from extractor.service.renewal import damage, filled, is_of_today
from extractor.service.store import Store
from extractor.service.tables import Document, DocumentState, Review
from extractor.service.tasks import reading_name, result_name, write_whole
from extractor.settings import Settings
from extractor.types import Extraction

log = logging.getLogger(__name__)

_TRIES = 3


class Reviews:
    """Thread-safe; decisions are taken one after the other."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._lock = threading.Lock()

    @cached_property
    def schema(self) -> Schema:
        """The form that decisions are about."""
        return load_schema()

    @cached_property
    def _calibrator(self) -> Calibrator | None:
        # Imported here: it knows all models, of which nothing is loaded.
        from extractor.engines import Engines

        engines = Engines(self._settings)
        is_wanted = self._settings.calibration
        return engines.calibrator_for(self.schema, self._settings) if is_wanted else None

    def decide(
        self, document: Document, subject: str, body: Body, *, key_id: str, version: int | None
    ) -> Document:
        """Take a decision and decide the report again.

        Args:
            document: with a result.
            subject: the slot of a cell, or what `answers` says of figures and of the report.
            body: the decision.
            key_id: whose it is.
            version: of the document that was looked at; None for any.

        Returns:
            The document as it is now.

        Raises:
            ProblemError: there is no such cell or figure, the decision does not suit it, or the
                document has changed since.
        """
        return self.decide_alike(document, (subject,), body, key_id=key_id, version=version)

    def decide_alike(
        self,
        document: Document,
        subjects: Sequence[str],
        body: Body,
        *,
        key_id: str,
        version: int | None,
    ) -> Document:
        """As `decide`, the same about one or more subjects at once: each has an entry of its own in
        the trail, and they are undone together; so has each cell that is reviewed by confirming a
        finding. All or nothing."""
        with self._lock:
            current = self._at(document, version)
            decisions = self._decisions(current)
            result = self._result(current)
            reviews = []
            for subject in subjects:
                if body.withdrawn:
                    check_withdrawable(subject, decisions.get(subject))
                # What was shown, and not what would be decided today.
                before = shown(result, subject, decisions.get(subject))
                is_read = (item_of(result, subject) or {}).get("read") is None
                after = decided_by(body, subject, before, self.schema, is_read=is_read)
                review = self._review(current, subject, body.action, key_id, before, after)
                review.comment = body.comment
                reviews.append(review)
            return self._change(current, result, decisions, reviews)

    def undo(
        self, document: Document, *, key_id: str, version: int | None, number: int | None = None
    ) -> Document:
        """Take back the last decision of somebody, with those that were taken at once with it: what
        was so before counts again. It may be about an earlier extraction, if it was carried over.

        Args:
            document: with a result.
            key_id: whose decision.
            version: as for `decide`.
            number: of the decision that is meant; None for whichever is the last.

        Returns:
            The document as it is now.

        Raises:
            ProblemError: there is none that still counts, or it was not carried over to the
                extraction that there is now, or is another one than is meant, or the document has
                changed since.
        """
        with self._lock:
            current = self._at(document, version)
            trail = self._store.reviews(current.id)
            folder = self._store.folder(current)
            act = undoable(about_extraction(trail, folder, current.generation), key_id)
            if not act:
                raise ProblemError(NOT_DECIDED, "no decision of this key counts that can be undone")
            if number not in (None, *(one.number for one in act)):
                last = act[-1].number
                detail = f"decision {number} is not the last one of this key; {last} is"
                raise ProblemError(NOT_DECIDED, detail, extra={"number": last})
            if act[-1].generation != current.generation:
                detail = (
                    f"decision {act[-1].number}, the last one of this key, was not carried over to "
                    "the extraction that there is now; nothing is undone"
                )
                raise ProblemError(NOT_DECIDED, detail, extra={"number": act[-1].number})
            earlier = [review for review in trail if review.number < act[0].number]
            was = decisions_of(earlier, folder, current.generation)
            decisions = decisions_of(trail, folder, current.generation)
            result = self._result(current)
            reviews = []
            for one in act:
                try:
                    before = shown(result, one.slot, decisions.get(one.slot))
                except ProblemError:  # what was decided about has gone by another decision
                    before = dict(one.before)
                after = was.get(one.slot)
                reviews.append(self._review(current, one.slot, UNDONE, key_id, before, after))
            return self._change(current, result, decisions, reviews)

    def _review(
        self,
        document: Document,
        subject: str,
        action: str,
        key_id: str,
        before: dict[str, Any],
        after: Mapping[str, Any] | None,
    ) -> Review:
        return Review(
            document_id=document.id,
            slot=subject,
            key_id=key_id,
            action=action,
            before=before,
            after=None if after is None else dict(after),
            generation=document.generation,
        )

    def _change(
        self,
        current: Document,
        result: Mapping[str, Any],
        decisions: Decisions,
        reviews: Sequence[Review],
    ) -> Document:
        """Decide the report again with more decisions, and keep both; hold the lock.

        Args:
            current: as it is.
            result: what it says.
            decisions: that count so far; changed.
            reviews: the new ones, taken at once.

        Raises:
            ProblemError: the document has changed since.
        """
        for review in reviews:
            take(decisions, review)
        extraction = self._decided(current, decisions)
        reviews = [*reviews, *along(result, extraction, reviews, decisions)]
        if current.state != DocumentState.DONE:
            raise ProblemError(NOT_FINISHED, f"{current.name} is being extracted again; wait")
        trail = self._store.reviews(current.id)
        acts = at_once(trail)
        name = result_name("json", current.version + len(reviews), current.generation)
        path = self._store.folder(current) / name
        content = FORMATS["json"](extraction, self.schema)
        write_whole(path, content)
        self._store.publish(current)
        after = json.loads(content, parse_float=Decimal)
        changed = self._store.review(current, reviews, outcome_of(extraction), after)
        if changed is None:
            self._store.files.forget(current.sha256, path.name)
            raise _outdated(self._current(current))
        if acts:  # the version before stays: somebody may be reading it
            before = current.version - len(acts[-1])
            if before > first_version(trail, current.generation):  # by which it is known later
                self._forget(changed, before)
        return changed

    def _at(self, document: Document, version: int | None) -> Document:
        """A document as it is, if that is the version which was looked at (None: any)."""
        current = self._current(document)
        if version is not None and version != current.version:
            raise _outdated(current)
        return current

    def trail(self, document: Document) -> list[Review]:
        """All decisions about a document, in order, as decisions about the extraction that there is
        now; those that were not carried over to it have another generation."""
        found = self._store.reviews(document.id)
        if all(one.generation == document.generation for one in found):
            return list(found)
        return about_extraction(found, self._store.folder(document), document.generation)

    def names_since(
        self, document: Document, generation: int, subjects: Sequence[str]
    ) -> Mapping[str, str]:
        """What could be decided about in an earlier extraction, by its name in the one that there
        is now; what is not there any more is left out."""
        folder = self._store.folder(document)
        return names_after(subjects, folder, generation, document.generation)

    def export(self, document: Document, format: ExportFormat) -> Path:
        """The file of a format, with all decisions in it and in today's form; written when it is
        first asked for."""
        folder = self._store.folder(document)
        path = folder / _name(document, format)
        if _is_due(document, path) or _is_old(document, folder):
            with self._lock:
                return self._written(self._current(document), format)
        return path

    def _written(self, document: Document, format: str) -> Path:
        """The file of a format, written if it is not there or old; hold the lock."""
        folder = self._store.folder(document)
        if _is_old(document, folder):
            self._renew(document, folder)
        path = folder / _name(document, format)
        if _is_due(document, path):
            extraction = self._decided(document, self._decisions(document))
            write_whole(path, FORMATS[format](extraction, self.schema))
        return path

    def _renew(self, document: Document, folder: Path) -> None:
        """Write the files of a document's version in today's form, by what was read if that is
        still there; hold the lock."""
        path = folder / _name(document, "json")
        content = path.read_bytes()
        if why := damage(content):
            told = "its result is damaged on disk, and made anew of what was read: %s"
            log.warning(told, why, extra=about(document.id))
        try:
            extraction = self._decided(document, self._decisions(document))
        except (ProblemError, CorruptInput) as error:
            if why:
                raise StoreError(
                    f"the result of {document.name} is damaged, and nothing is left to make it "
                    f"anew of ({error}); extract it again"
                ) from error
            log.warning("%s is not decided again: %s", document.name, error)
            write_whole(path, filled(content))
        else:
            content = FORMATS["json"](extraction, self.schema)
            result = json.loads(content, parse_float=Decimal)
            # First the rows, and the JSON last: until that is there, all is done once more.
            self._store.renew(document, outcome_of(extraction), result)
            for format, write in FORMATS.items():
                other = folder / _name(document, format)
                if other != path and other.is_file():
                    write_whole(other, write(extraction, self.schema))
            write_whole(path, content)
        self._store.publish(document)

    def older(self, document: Document, generation: int) -> Path | None:
        """The last result of an earlier extraction; None if there was none."""
        if not 0 <= generation < document.generation:
            return None
        trail = self._store.reviews(document.id)
        version = first_version(trail, generation + 1) - 1
        path = self._store.folder(document) / result_name("json", version, generation)
        return path if path.is_file() else None

    def generations(self, document: Document) -> Sequence[Generation]:
        """Every extraction of a document, in order, with what differs from the one before; none
        where it has no result, or has been removed meanwhile."""
        found = self.result(document) if document.has_result else None
        if found is None:
            return ()
        now, content = found
        folder, trail = self._store.folder(now), self._store.reviews(now.id)
        numbers = range(now.generation + 1)
        older = [self.older(now, generation) for generation in numbers[:-1]]
        first = [
            folder / result_name("json", first_version(trail, generation), generation)
            for generation in numbers
        ]
        newest: Mapping[str, Any] = json.loads(content, parse_float=Decimal)
        return generations([*map(_loaded, older), newest], [_loaded(path) for path in first])

    def result(self, document: Document) -> tuple[Document, bytes] | None:
        """A document as it is now, and its result; None if it has been removed meanwhile."""
        for _ in range(_TRIES):
            now = self._store.find(document.id)
            if now is None:
                return None
            try:
                return now, self.export(now, ExportFormat.JSON).read_bytes()
            except FileNotFoundError:
                continue  # decided again, or removed, in between
            except ProblemError as error:
                if error.type is not DOCUMENT_UNKNOWN:
                    raise
        raise StoreError(f"the result of {document.name} ({document.id}) is not in the storage")

    def remove(
        self,
        document_id: str,
        *,
        key_id: str,
        ending: Callable[[str], None],
        finished_before: datetime | None = None,
    ) -> Document | None:
        """Remove a document, its decisions and its files, while nobody decides about it.

        Args:
            document_id: the document.
            key_id: whose wish it is.
            ending: ends other work on it, between its row and its files.
            finished_before: only if it was finished before that moment.

        Returns:
            What was removed; None if it was not there.
        """
        with self._lock:
            document = self._store.remove(
                document_id, key_id=key_id, finished_before=finished_before
            )
            if document is not None:
                ending(document_id)
                self._store.remove_files(document)
            return document

    def _current(self, document: Document) -> Document:
        found = self._store.find(document.id)
        if found is None:
            raise ProblemError(DOCUMENT_UNKNOWN, f"{document.name} has been removed")
        return found

    def _forget(self, document: Document, version: int) -> None:
        """Remove the files of an older version."""
        for format in FORMATS:
            name = result_name(format, version, document.generation)
            self._store.files.forget(document.sha256, name)

    def _result(self, document: Document) -> Mapping[str, Any]:
        path = self._written(document, "json")
        result: Mapping[str, Any] = json.loads(path.read_bytes(), parse_float=Decimal)
        return result

    def _decisions(self, document: Document) -> Decisions:
        folder = self._store.folder(document)
        return decisions_of(self._store.reviews(document.id), folder, document.generation)

    def _decided(
        self, document: Document, decisions: Mapping[str, Mapping[str, Any]]
    ) -> Extraction:
        path = self._store.folder(document) / reading_name(document.generation)
        if not path.is_file():
            raise ProblemError(
                NOT_REVIEWABLE,
                f"{document.name} was extracted before decisions could be taken; remove it and "
                "upload it again",
            )
        kept = from_bytes(path.read_bytes())
        if kept.schema != self.schema.id:
            raise ProblemError(
                NOT_REVIEWABLE, f"{document.name} was read by the form {kept.schema!r}"
            )
        calibrator = self._calibrator
        if calibrator is not None and not calibrator.knows(kept.models):
            calibrator = None
        return decided(kept, self.schema, self._settings, calibrator, told(decisions))


def _loaded(path: Path | None) -> Mapping[str, Any] | None:
    """A result; None where it is gone."""
    if path is None or not path.is_file():
        return None
    result: Mapping[str, Any] = json.loads(path.read_bytes(), parse_float=Decimal)
    return result


def _is_due(document: Document, path: Path) -> bool:
    """Whether a file of the result is still to be written; the first ones come with it."""
    return document.version > 0 and not path.is_file()


def _is_old(document: Document, folder: Path) -> bool:
    """Whether an earlier version of the program wrote a document's result, or it is cut off."""
    try:
        return not is_of_today((folder / _name(document, "json")).read_bytes())
    except FileNotFoundError:
        return False


def _name(document: Document, format: str) -> str:
    return result_name(format, document.version, document.generation)


def _outdated(document: Document) -> ProblemError:
    if document.state != DocumentState.DONE:
        return ProblemError(NOT_FINISHED, f"{document.name} is being extracted again; wait")
    detail = f"{document.name} is at version {document.version} now; look at it again"
    return ProblemError(VERSION_OUTDATED, detail, extra={"version": document.version})
