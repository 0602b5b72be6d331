"""What the service and its worker processes say to each other. All of it is small and immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SOURCE = "source"
"""Name of the uploaded file in a document's folder."""
RESULT_BY_FORMAT = {"json": "result.json", "csv": "result.csv", "xlsx": "result.xlsx"}
"""Names of the exports in a document's folder; the worker writes them all."""


@dataclass(frozen=True, slots=True)
class Task:
    """One document to extract; `folder` holds its file and takes its results."""

    document_id: str
    name: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the database keeps of a result; the result itself is in the document's folder.

    `flagged` counts cells and figures that a person must look at. `rotations` has for each page
    the degrees by which it is turned to be upright; empty for text inputs.
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


Message = Ready | Unready | Progress | Done | Refused
