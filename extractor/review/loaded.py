"""A document as the store has it now, with all that its page shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from extractor.review.desk import Json
from extractor.review.visitor import Visitor
from extractor.service.tables import Document, DocumentState, Review


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document, its result (None while there is none), all decisions about it in order, and the
    names of keys by their ids."""

    document: Document
    result: Json | None
    trail: Sequence[Review]
    names: Mapping[str, str]


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
        return Loaded(document, None, service.store.reviews(document_id), names)
    found = service.reviews.result(document)
    if found is None:
        return None
    document, content = found
    return Loaded(document, json.loads(content), service.store.reviews(document_id), names)
