"""What something is: a kind of file, a state of a cell, a verdict."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a file really is, by its content."""

    PDF = "pdf"
    IMAGE = "image"
    DOCX = "docx"
    HTML = "html"
    MARKDOWN = "markdown"
    TEXT = "text"

    @property
    def is_paged(self) -> bool:
        """Whether the document consists of pages that can be seen."""
        return self in (Kind.PDF, Kind.IMAGE)


class State(StrEnum):
    """What stands in a cell of the form."""

    NUMBER = "number"
    BLANK = "blank"
    DASH = "dash"
    NOT_APPLICABLE = "not_applicable"
    ILLEGIBLE = "illegible"
    MISSING = "missing"


class CellStatus(StrEnum):
    ACCEPTED = "accepted"
    FLAGGED = "flagged"
    REVIEWED = "reviewed"


class Status(StrEnum):
    """The state of a whole extraction; never ACCEPTED while something failed."""

    ACCEPTED = "accepted"
    NEEDS_REVIEW = "needs_review"
    PARTIAL = "partial"
    FAILED = "failed"


class Verdict(StrEnum):
    REPORTED = "reported"
    MISREAD = "misread"
    UNDECIDED = "undecided"


class Exactness(StrEnum):
    EXACT = "exact"
    APPROXIMATE = "approximate"


class SheetKind(StrEnum):
    PAGE = "page"
    GRID = "grid"
    FLOW = "flow"


class Role(StrEnum):
    """What a fragment is for, before any slot is thought of."""

    HEADING = "heading"
    LABEL = "label"
    VALUE = "value"
    PROSE = "prose"
    FURNITURE = "furniture"
    BLANK = "blank"
