"""What the service and its worker processes say to each other. All of it is small and immutable."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.errors import StoreError

SOURCE = "source"
"""Name of the uploaded file in a document's folder."""
FORMATS = ("json", "csv", "xlsx")
"""Of results; the worker writes them all."""


def result_name(format: str, version: int = 0, generation: int = 0) -> str:
    """Name of a result in a document's folder: each version, 0 before any review, of each
    extraction has its own."""
    name = f"result-{version}.{format}" if version else f"result.{format}"
    return _of(generation) + name


def reading_name(generation: int = 0) -> str:
    """Name of what an extraction has read, from which it is decided again."""
    return f"{_of(generation)}reading.json.gz"


def _of(generation: int) -> str:
    return f"g{generation}-" if generation else ""


def source_bytes(folder: Path, name: str) -> bytes:
    """The uploaded bytes of a document, from its folder; `name` is for the message.

    Raises:
        StoreError: they are not there, or cannot be read.
    """
    try:
        return (folder / SOURCE).read_bytes()
    except OSError as error:
        place = "/".join((*folder.parts[-3:], SOURCE))  # not where the service has its folder
        raise StoreError(
            f"the uploaded file of {name} cannot be read any more: {place} of the service's folder "
            f"({error.strerror}). Put it back from a backup, or remove the document and upload it "
            "again"
        ) from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is either whole or not there, also after a power failure."""
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.part")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class Task:
    """One document to extract; `folder` holds its file and takes its results.

    `generation` counts how often it was extracted again; each one has files of its own.
    """

    document_id: str
    name: str
    folder: Path
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the database keeps of a result; the result itself is in the document's folder.

    `flagged` counts cells and figures that a person must look at, `accepted` the others, and
    `to_answer` the questions by which they are settled (`open_questions`).
    `rotations` has for each page the degrees by which it is turned to be upright; empty for text
    inputs. `question` is what to ask about first, and `settles` what an answer settles
    (`extractor.questions`).
    """

    media_type: str
    status: str
    organization: str | None
    year: int | None
    edition: str | None
    rotations: tuple[float, ...]
    cells: int
    flagged: int
    findings: int
    seconds: Mapping[str, float]
    question: str | None = None
    settles: float = 0.0
    accepted: int = 0
    to_answer: int = 0


@dataclass(frozen=True, slots=True)
class Open:
    """Look how many pages a document has that can be read one by one."""

    task: Task


@dataclass(frozen=True, slots=True)
class ReadPage:
    """Read a page, counting from 1, if that can begin within `seconds`, and keep what was read."""

    task: Task
    page: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ReadAhead:
    """Read and keep the last page that nobody has read or reads, if that can begin within
    `seconds`. To a process that would be idle."""

    task: Task
    seconds: float


@dataclass(frozen=True, slots=True)
class Finish:
    """Make the results, of the pages that were read; those that were not are read now."""

    task: Task


@dataclass(frozen=True, slots=True)
class Compare:
    """Decide a finished document again in the light of last year's report of the same body, whose
    result is the file `previous`."""

    task: Task
    previous: Path


@dataclass(frozen=True, slots=True)
class Carry:
    """Decide a document that was extracted again with what people had decided: `decisions` by
    subject, about the extraction of the generation before."""

    task: Task
    decisions: Mapping[str, Mapping[str, Any]]
    version: int


Order = Open | ReadPage | ReadAhead | Finish | Compare | Carry


@dataclass(frozen=True, slots=True)
class Opened:
    """`pages` is 0 where there are none to read one by one, as in a text."""

    pages: int


@dataclass(frozen=True, slots=True)
class PageRead:
    page: int


@dataclass(frozen=True, slots=True)
class HasHelped:
    """`has_read`: a page was; False where none is left."""

    has_read: bool


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has loaded its models."""


@dataclass(frozen=True, slots=True)
class Unready:
    """The worker cannot load its models, and ends."""

    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the worker is; `page` counts from 1, 0 where the stage has no pages."""

    stage: str
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Done:
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Refused:
    """The document cannot be extracted; `code` is one of `problems.PROBLEMS`."""

    code: str
    detail: str


Answer = Opened | PageRead | HasHelped | Done | Refused
Message = Ready | Unready | Progress | Answer
