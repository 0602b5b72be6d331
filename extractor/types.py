"""The nouns of the product: what one stage hands to the next.

Everything here is an immutable value. A stage takes some of these and returns others of a
different type, so that a skipped stage is a type error. Conventions, everywhere:

* `page` counts from 1. Ranges are half-open.
* A `Box` is `x0 y0 x1 y1`, origin top left. Inside the core it is measured in the units of the
  sheet that it lies on (pixels of the upright image, points of an upright text-layer page, columns
  and rows of a grid). Only `Evidence` carries fractions of the page.
* `score` is what a reader says of itself, in [0, 1]; `probability` is calibrated, and None where
  nothing was assessed.
* Counts and amounts are `Decimal`, geometry is `float`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from extractor.meaning import Meaning
from extractor.spellings import Choices, Spelling

Image = NDArray[np.uint8]
"""An upright page, RGB, shape (height, width, 3)."""


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


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, `x0 <= x1` and `y0 <= y1`."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def center_x(self) -> float:
        return (self.x0 + self.x1) / 2

    @property
    def center_y(self) -> float:
        return (self.y0 + self.y1) / 2

    def union(self, other: Box) -> Box:
        return Box(
            min(self.x0, other.x0),
            min(self.y0, other.y0),
            max(self.x1, other.x1),
            max(self.y1, other.y1),
        )

    def overlap_x(self, other: Box) -> float:
        """Length of the common part of both horizontal extents, 0 where there is none."""
        return max(0.0, min(self.x1, other.x1) - max(self.x0, other.x0))

    def overlap_y(self, other: Box) -> float:
        """Length of the common part of both vertical extents, 0 where there is none."""
        return max(0.0, min(self.y1, other.y1) - max(self.y0, other.y0))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where in the document something stands.

    `box` is in fractions of the upright page's width and height. Text inputs have no page but a
    `line` that counts from 1. All None: the document does not contain it.
    """

    page: int | None = None
    box: Box | None = None
    line: int | None = None


# --- ingest ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """One document as it arrived, its real type known and its limits checked."""

    name: str
    data: bytes
    kind: Kind
    media_type: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One line or paragraph of a text input, `text` may be empty (an empty line).

    `cell` is set where explicit separators (lines that hold only "|") bound cells: all paragraphs
    between two separators share its number. None where nothing separates cells.
    """

    text: str
    line: int
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class GridCell:
    """One cell of a table, its place after rowspan and colspan are resolved; spans are >= 1."""

    text: str
    row: int
    column: int
    row_span: int
    column_span: int
    line: int


@dataclass(frozen=True, slots=True)
class Grid:
    """One table of a text input. `has_spans` is False where the format cannot say which cells are
    merged (Markdown), so that positions of a row's cells need not agree between rows."""

    cells: tuple[GridCell, ...]
    has_spans: bool


Block = Paragraph | Grid


# --- pages and reading -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """Characters that a reader found in one row of print.

    `edges` has `len(text) + 1` ascending x positions where the reader knows them: character i lies
    in `edges[i] .. edges[i + 1]`. Empty where it does not. `choices` has for each character what
    else it could be (see `spellings`), and is empty where the reader does not say.
    """

    text: str
    box: Box
    score: float
    edges: tuple[float, ...] = ()
    choices: tuple[Choices, ...] = ()


@dataclass(frozen=True, slots=True)
class Warp:
    """How a photographed page was made flat (see `flatten`); both pages have the same size.

    `xs` and `ys`, of one shape, tell for places spread evenly over the flat page, borders included,
    where they are on the upright page that was photographed, in fractions of width and height.
    """

    xs: NDArray[np.float32]
    ys: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Page:
    """One upright page. Exactly one of `lines` (a sound text layer) and `image` need be present.

    `width` and `height` are in the unit of its boxes: pixels of `image`, or points.
    `rotation_deg` is what was taken out of the original to make it upright, and `warp` what was
    then done to make it flat, None where it was.
    """

    number: int
    width: float
    height: float
    image: Image | None
    lines: tuple[Line, ...] | None
    rotation_deg: float = 0.0
    warp: Warp | None = None


# --- tokens ------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Fragment:
    """The smallest piece of text that never crosses the border of a printed cell.

    `box` is None on FLOW sheets. `row` numbers the rows of tables whose rows are explicit, `cell`
    the explicit cells (see `Paragraph`). `text` is "" for a cell that is printed empty.
    `spellings` are other ways to read the same print. `meaning` is what the token classifier says,
    None where it was not asked.
    """

    text: str
    score: float
    evidence: Evidence
    box: Box | None = None
    row: int | None = None
    cell: int | None = None
    role: Role | None = None
    spellings: tuple[Spelling, ...] = ()
    meaning: Meaning | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A plane on which positions can be compared: a page, one grid, or a flow of lines.

    `has_spans`: on a GRID, whether merged cells are known (see `Grid`); True elsewhere. A page that
    shows two pages side by side gives two sheets: `left` is where the sheet begins on the page,
    whose whole width is `page_width`. `cells` are bounded by ruled lines that were seen on the
    page, empty where there are none or where nobody looked.
    """

    kind: SheetKind
    fragments: tuple[Fragment, ...]
    width: float = 0.0
    height: float = 0.0
    page: int | None = None
    has_spans: bool = True
    left: float = 0.0
    page_width: float = 0.0
    cells: tuple[Box, ...] = ()


# --- values and candidates ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reading:
    """What printed characters mean. `value` is in `unit`, and None unless `state` is NUMBER.

    `flags` names doubts about the reading itself, such as `unit_unknown`.
    """

    printed: str
    state: State
    value: Decimal | None = None
    unit: str | None = None
    annotation: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One reading proposed for one slot, with what ties it to that slot.

    `row_anchor` and `column_anchor` in [0, 1] say how well the printed row and column are known by
    evidence of their own (labels, headers, ruled position), never by arithmetic. `spellings` are
    other ways to read the same print, which `reread` turns into candidates. `meaning` is that of
    the print, None where the classifier was not asked or has placed it itself.
    """

    slot: str
    reading: Reading
    score: float
    row_anchor: float
    column_anchor: float
    evidence: Evidence
    origin: str
    spellings: tuple[Spelling, ...] = ()
    meaning: Meaning | None = None


@dataclass(frozen=True, slots=True)
class TableReading:
    """One canonical table as found: candidates by slot, and regions to look at again.

    `regions` gives, for every slot whose row and column are known on a page, the evidence box of
    the printed cell, whether or not a candidate was found in it.
    """

    table: str
    layout: str
    is_present: bool
    candidates: Mapping[str, tuple[Candidate, ...]]
    regions: Mapping[str, Evidence] = field(default_factory=dict)


# --- results -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reading; `source` is "reader" or "relation" (implied by a sum, never the value)."""

    value: Decimal | None
    state: State
    printed: str | None
    probability: float | None
    source: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A relation of the form that the document breaks, or something else that a person must know.

    `expected` is what the parts imply and `found` what is printed; both None where the finding is
    not about numbers.
    """

    relation: str
    verdict: Verdict
    message: str
    cells: tuple[str, ...]
    expected: Decimal | None = None
    found: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Decoded:
    """One table after decoding: the chosen candidate and the other readings of every slot that has
    any, the relations that are broken, and the slots that these put in doubt. `held` and `failing`
    are the ids of relations that the chosen readings keep and do not keep."""

    reading: TableReading
    chosen: Mapping[str, Candidate]
    alternatives: Mapping[str, tuple[Alternative, ...]]
    findings: tuple[Finding, ...]
    doubted: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    failing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Cell:
    """One slot of the form, as it is reported to the user.

    `signals` is what its probability is made of (`signals.NAMES`), empty where nothing was read.
    """

    slot: str
    reading: Reading
    status: CellStatus
    flags: tuple[str, ...]
    evidence: Evidence
    probability: float | None = None
    alternatives: tuple[Alternative, ...] = ()
    signals: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    id: str
    is_present: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One key figure of the prose, kept with its sentence.

    `signals` is what its probability is made of (`figure_signals.NAMES`).
    """

    key: str
    value: Decimal | None
    unit: str | None
    exactness: Exactness
    printed: str
    sentence: str
    status: CellStatus
    evidence: Evidence
    scope: str | None = None
    probability: float | None = None
    signals: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A stage that could not do its work, on a page or (None) on the whole document."""

    stage: str
    page: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """Which report this is; None where the document does not say."""

    edition: str | None
    organization: str | None
    year: int | None


@dataclass(frozen=True, slots=True)
class PriorReport:
    """What a report of another year states, by slot; cells without a number are left out."""

    organization: str | None
    year: int | None
    values: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Extraction:
    """The whole result for one document.

    `rotations` has for each page the degrees by which it was turned to be upright (see
    `Page.rotation_deg`); it is empty for text inputs, whose `pages` is 0.
    """

    name: str
    sha256: str
    media_type: str
    pages: int
    schema: str
    facts: ReportFacts
    status: Status
    tables: tuple[Table, ...]
    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]
    failures: tuple[Failure, ...]
    models: Mapping[str, str]
    seconds: Mapping[str, float]
    rotations: tuple[float, ...] = ()
