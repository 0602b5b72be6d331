"""From bytes to sheets: what ingest, the readers and tokens hand on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extractor.meaning import Meaning
from extractor.spellings import Choices, Spelling
from extractor.types.states import Kind, Role, SheetKind

Image = NDArray[np.uint8]
"""An upright page, RGB, shape (height, width, 3)."""


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


@dataclass(frozen=True, slots=True)
class Fragment:
    """The smallest piece of text that never crosses the border of a printed cell.

    `box` is None on FLOW sheets. `row` numbers the rows of tables whose rows are explicit, `cell`
    the explicit cells (see `Paragraph`). `text` is "" for a cell that is printed empty.
    `spellings` are other ways to read the same print. `meaning` is what the token classifier says,
    None where it was not asked. `extent` is where a piece of a line begins and ends, in characters
    (wide ones count twice); None where the document does not keep white space.
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
    extent: tuple[int, int] | None = None


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
