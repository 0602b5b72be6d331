"""Files of an upload in, queued documents out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from extractor import ingest
from extractor.errors import CorruptInput, InputError, StoreError
from extractor.ingest.sniff import HEAD_BYTES, look_at, refused
from extractor.service.multipart import Received, clean_name, sync
from extractor.service.problems import NOTHING_ACCEPTED, ProblemError, type_of
from extractor.service.store import Store
from extractor.service.tables import Document
from extractor.settings import Settings

MAX_INTERACTIVE = 5
"""Files of an upload of a person who waits for them."""


@dataclass(slots=True)
class Acceptance:
    """What became of the files of one upload: `documents` are (document, is it new?)."""

    documents: list[tuple[Document, bool]] = field(default_factory=list)
    refused: list[tuple[str, InputError]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)


class Priority(StrEnum):
    """Which documents are extracted first."""

    INTERACTIVE = "interactive"
    BATCH = "batch"

    @property
    def rank(self) -> int:
        return 1 if self is Priority.INTERACTIVE else 10


def accept(
    received: list[Received | ingest.Refused],
    store: Store,
    settings: Settings,
    *,
    key_id: str,
    priority: Priority | None = None,
) -> Acceptance:
    """Queue the files of an upload, and those in its archives.

    Whether a file is a report is found when it is extracted; what can be seen at a glance to be
    none is refused here. Without a priority, a few files are somebody who waits.

    Raises:
        ProblemError: not one file was accepted.
        StoreError: a file cannot be stored.
    """
    acceptance = Acceptance()
    many = len(received) > MAX_INTERACTIVE
    for item in received:
        if isinstance(item, ingest.Refused):
            acceptance.refused.append((item.name, item.error))
            continue
        for entry in ingest.expand([item.path], settings):
            match entry:
                case ingest.Refused(name, error):
                    acceptance.refused.append((item.named(name), error))
                case ingest.Skipped(name, reason):
                    acceptance.skipped.append((item.named(name), reason))
                case ingest.Found() as found:
                    is_batch = many or bool(found.members)
                    rank = (priority or Priority("batch" if is_batch else "interactive")).rank
                    try:
                        document = _accept_one(found, item, store, key_id, rank)
                    except InputError as error:
                        acceptance.refused.append((item.named(found.name), error))
                    else:
                        acceptance.documents.append(document)
    if not acceptance.documents:
        raise _nothing_accepted(acceptance)
    return acceptance


def _accept_one(
    found: ingest.Found, item: Received, store: Store, key_id: str, rank: int
) -> tuple[Document, bool]:
    name = clean_name(item.named(found.name))
    if not found.members:
        with item.path.open("rb") as file:
            _check_head(found.name, file.read(HEAD_BYTES))
        return store.add(name, item.sha256, item.path, key_id=key_id, priority=rank)
    data = found.load()
    _check_head(found.name, data)
    path = item.path.with_name("member")
    try:
        with path.open("wb") as file:
            file.write(data)
            sync(file)
    except OSError as error:
        raise StoreError(f"{found.name} cannot be stored: {error.strerror}") from error
    sha256 = hashlib.sha256(data).hexdigest()
    return store.add(name, sha256, path, key_id=key_id, priority=rank)


def _check_head(name: str, head: bytes) -> None:
    """Refuse what needs no second look.

    Raises:
        CorruptInput: empty.
        UnsupportedInput: certainly not a format that is read here.
    """
    if not head:
        raise CorruptInput(f"{name}: the file is empty (0 bytes); get it again from its origin")
    look = look_at(head[:HEAD_BYTES], is_cut=len(head) >= HEAD_BYTES)
    if look.refusal is not None:
        raise refused(name, look.refusal)


def _nothing_accepted(acceptance: Acceptance) -> ProblemError:
    """One refused file answers with its own code, several with a list."""
    refused = [
        {"name": name, "code": error.code, "detail": str(error)}
        for name, error in acceptance.refused
    ]
    skipped = [{"name": name, "reason": reason} for name, reason in acceptance.skipped]
    extra = {"refused": refused, "skipped": skipped}
    if len(refused) == 1 and not skipped:
        _, error = acceptance.refused[0]
        return ProblemError(type_of(error), str(error), extra=extra)
    detail = f"{len(refused)} files were refused and {len(skipped)} skipped; the lists say why"
    return ProblemError(NOTHING_ACCEPTED, detail, extra=extra)
