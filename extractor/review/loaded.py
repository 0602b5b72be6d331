"""A document as the store has it now, with all that its page shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from extractor.errors import ExtractorError
from extractor.export.telling import named
from extractor.review.desk import Json
from extractor.review.text_view import TextView
from extractor.review.visitor import Visitor
from extractor.review.words import Say
from extractor.schema import Schema
from extractor.service.answers import SEEN_WITH, item_of
from extractor.service.decisions import standing
from extractor.service.images import text_blocks
from extractor.service.tables import Document, DocumentState, Review
from extractor.types import FINDINGS, CellStatus


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document, its result (None while there is none; fractions are `Decimal`, so that they stay
    exact), all decisions about it in order, as decisions about the extraction that the result is of
    (see `Reviews.trail`), and the names of keys by their ids."""

    document: Document
    result: Json | None
    trail: Sequence[Review]
    names: Mapping[str, str]

    @property
    def carried(self) -> list[Review]:
        """The decisions that are about that extraction, or were carried over to it."""
        generation = self.document.generation
        return [review for review in self.trail if review.generation == generation]

    @property
    def absent(self) -> list[Review]:
        """Key figures that are said not to be in the text, and so are in no result."""
        last = {review.slot: review for review in standing(self.carried)}
        return [one for one in last.values() if (one.after or {}).get("is_stated") is False]


def load(visitor: Visitor, document_id: str) -> Loaded | None:
    """Ask the store for a document; None where there is none of that id.

    Raises:
        StoreError: its result is not in the storage.
    """
    service = visitor.service
    document = service.store.find(document_id)
    if document is None:
        return None
    names = {key.id: key.name for key in service.store.keys.list()}
    if not document.has_result or document.state == DocumentState.FAILED:
        return Loaded(document, None, (), names)
    found = service.reviews.result(document)
    if found is None:
        return None
    document, content = found
    return Loaded(
        document,
        json.loads(content, parse_float=Decimal),
        service.reviews.trail(document),
        names,
    )


def last_about(loaded: Loaded, subject: str | None) -> Review | None:
    """The last decision about something that counts; None where there is none. What reviewed a cell
    with a finding counts as long as what was said of that does, which the cell's status tells."""
    if subject is None or loaded.result is None:
        return None
    about = [review for review in standing(loaded.carried) if review.slot == subject]
    if not about or about[-1].after is None:
        return None
    cell = item_of(loaded.result, subject) if SEEN_WITH in about[-1].after else None
    return None if cell and cell["status"] != CellStatus.REVIEWED.value else about[-1]


def last_decision(loaded: Loaded, subject: str | None, schema: Schema, say: Say) -> str:
    """Who has decided about something last, when, with what else and why, in words; "" where nobody
    has."""
    last = last_about(loaded, subject)
    if last is None:
        return ""
    who = loaded.names.get(last.key_id, last.key_id)
    when = last.at.astimezone().strftime("%Y-%m-%d %H:%M")
    note = f"{say('：', ': ')}{last.comment}" if last.comment else ""
    finding = (last.after or {}).get(SEEN_WITH)
    if finding is None:
        return say(f"{who} 于 {when} 核对{note}", f"{who} decided on {when}{note}")
    relation = finding.removeprefix(f"{FINDINGS}.")
    return say(
        f"{who} 于 {when} 核实{named(relation, schema)}时一并核定{note}",
        f"{who} reviewed it on {when} by confirming {named(relation, schema, 'en')}{note}",
    )


def can_be_withdrawn(loaded: Loaded, subject: str | None) -> bool:
    """Whether there is a decision about something that can be withdrawn by itself."""
    last = last_about(loaded, subject)
    return last is not None and SEEN_WITH not in (last.after or {})


def page_addresses(visitor: Visitor, document: Document) -> list[str]:
    """Where the images of the pages are; empty for a text."""
    count = len(document.rotations or ())
    pages = (visitor.api("documents", document.id, "pages", str(n)) for n in range(1, count + 1))
    return [f"{page}?generation={document.generation}" for page in pages]


def text_of(visitor: Visitor, document: Document) -> TextView:
    """What a document without pages shows; nothing where it cannot be read (any more)."""
    service = visitor.service
    try:
        return TextView(text_blocks(document, service.store, service.settings))
    except (ExtractorError, OSError):
        return TextView(())
