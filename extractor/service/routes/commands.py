"""What people have done with a document, by a call or on a page; each is in the audit trail."""

from __future__ import annotations

from extractor.service.auth import Principal
from extractor.service.problems import FINISHED, NOT_FAILED, NOT_FINISHED, ProblemError
from extractor.service.routes.wiring import Service, unknown
from extractor.service.tables import Document


def retry(document: Document, service: Service, caller: Principal) -> Document:
    """Queue a document again whose extraction failed.

    Raises:
        ProblemError: NOT_FAILED.
    """
    queued = service.store.retry(document.id, key_id=caller.key_id)
    if queued is None:
        raise ProblemError(NOT_FAILED, f"{document.name} is {document.state}")
    service.jobs.notify()
    return queued


def extract_again(document: Document, service: Service, caller: Principal) -> Document:
    """Queue a document again that has a result, which it keeps until there is another one.

    Raises:
        ProblemError: NOT_FINISHED.
    """
    queued = service.store.extract_again(document.id, key_id=caller.key_id)
    if queued is None:
        detail = f"{document.name} is {document.state}; what has failed is retried"
        raise ProblemError(NOT_FINISHED, detail)
    service.jobs.notify()
    return queued


def cancel(document: Document, service: Service, caller: Principal) -> Document:
    """Give up a document that waits or is being extracted.

    Raises:
        ProblemError: FINISHED.
    """
    cancelled = service.store.queue.cancel(document.id, key_id=caller.key_id)
    if cancelled is None:
        raise ProblemError(FINISHED, f"{document.name} is {document.state}")
    service.jobs.cancel(document.id)
    return cancelled


def remove(document_id: str, service: Service, caller: Principal) -> None:
    """Remove the file of a document, its pages and all values.

    Raises:
        ProblemError: DOCUMENT_UNKNOWN.
    """
    ending = service.jobs.cancel
    if service.reviews.remove(document_id, key_id=caller.key_id, ending=ending) is None:
        raise unknown(document_id)
