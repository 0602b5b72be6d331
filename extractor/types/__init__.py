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

from extractor.types.pages import (
    Block,
    Box,
    Evidence,
    Fragment,
    Grid,
    GridCell,
    Image,
    Line,
    Page,
    Paragraph,
    Sheet,
    Source,
    Warp,
)
from extractor.types.results import (
    FIGURES,
    FINDINGS,
    GAPS,
    REPORT,
    SEVERAL_REPORTS,
    SUM_FLAGS,
    TABLE_MISSING,
    TABLE_REPEATED,
    Alternative,
    Answers,
    Candidate,
    Cell,
    Confirmation,
    Decoded,
    Extraction,
    Failure,
    Figure,
    FigureAnswer,
    Finding,
    LeftOut,
    Numbers,
    PriorReport,
    Question,
    Reading,
    ReportFacts,
    ReportReading,
    Table,
    TableReading,
)
from extractor.types.states import (
    CellStatus,
    Exactness,
    Kind,
    Role,
    SheetKind,
    State,
    Status,
    Verdict,
)

__all__ = [
    "FIGURES",
    "FINDINGS",
    "GAPS",
    "REPORT",
    "SEVERAL_REPORTS",
    "SUM_FLAGS",
    "TABLE_MISSING",
    "TABLE_REPEATED",
    "Alternative",
    "Answers",
    "Block",
    "Box",
    "Candidate",
    "Cell",
    "CellStatus",
    "Confirmation",
    "Decoded",
    "Evidence",
    "Exactness",
    "Extraction",
    "Failure",
    "Figure",
    "FigureAnswer",
    "Finding",
    "Fragment",
    "Grid",
    "GridCell",
    "Image",
    "Kind",
    "LeftOut",
    "Line",
    "Numbers",
    "Page",
    "Paragraph",
    "PriorReport",
    "Question",
    "Reading",
    "ReportFacts",
    "ReportReading",
    "Role",
    "Sheet",
    "SheetKind",
    "Source",
    "State",
    "Status",
    "Table",
    "TableReading",
    "Verdict",
    "Warp",
]
