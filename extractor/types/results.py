"""From candidates to the result of a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from extractor.meaning import Meaning
from extractor.spellings import Spelling
from extractor.types.pages import Evidence
from extractor.types.states import CellStatus, Exactness, State, Status, Verdict


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
    the print, None where the classifier was not asked or has placed it itself. `agreement` is the
    score of the less sure one of two independent readers that agree on it, 0 where one has spoken.
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
    agreement: float = 0.0


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


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reading; `source` is "reader" or "relation" (implied by a sum, never the value).

    `is_implied`: sums would hold with it, whoever read it.
    """

    value: Decimal | None
    state: State
    printed: str | None
    probability: float | None
    source: str
    is_implied: bool = False


Numbers = tuple[Decimal | None, Decimal | None]
"""Both numbers of a finding: what is expected, and what was found."""
FINDINGS = "findings"
"""What the name of a finding begins with where it is decided about; its relation follows."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A relation of the form that the document breaks, or something else that a person must know.

    No two findings of a report have the same `relation`. `expected` is what the parts imply and
    `found` what is printed; both None where the finding is not about numbers. `is_confirmed`: a
    person says that the document states it so, and in `comment` perhaps why.
    """

    relation: str
    verdict: Verdict
    message: str
    cells: tuple[str, ...]
    expected: Decimal | None = None
    found: Decimal | None = None
    is_confirmed: bool = False
    comment: str | None = None

    @property
    def numbers(self) -> Numbers:
        return self.expected, self.found


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What was looked at when a person said that a finding is the report's own.

    `cells` has state and value of each of its cells as they were shown, by slot; None where that
    was not kept. `comment` is what that person has noted.
    """

    numbers: Numbers
    cells: Mapping[str, tuple[State, Decimal | None]] | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Decoded:
    """One table after decoding: the chosen candidate and the other readings of every slot that has
    any, the relations that are broken, and the slots that these put in doubt; `in_question` are
    those that may have been misread or stand in wrong places, and not only in a sum that the report
    itself breaks. `held` and `failing` are the ids of relations that the chosen readings keep and
    do not keep."""

    reading: TableReading
    chosen: Mapping[str, Candidate]
    alternatives: Mapping[str, tuple[Alternative, ...]]
    findings: tuple[Finding, ...]
    doubted: frozenset[str] = frozenset()
    in_question: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    failing: frozenset[str] = frozenset()


SUM_FLAGS = frozenset({"relation_broken", "reported_error"})
"""Flags of a cell that say nothing of itself: a sum that it is part of does not hold."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One slot of the form, as it is reported to the user.

    `signals` is what its probability is made of (`signals.NAMES`), empty where nothing was read.
    `read` are the characters that had been read where a person has decided otherwise. `elsewhere`
    are slots to which the print may belong instead, the likeliest first, where its place is in
    doubt and something is known of it.
    """

    slot: str
    reading: Reading
    status: CellStatus
    flags: tuple[str, ...]
    evidence: Evidence
    probability: float | None = None
    alternatives: tuple[Alternative, ...] = ()
    signals: tuple[float, ...] = ()
    read: str | None = None
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    id: str
    is_present: bool
    cells: tuple[Cell, ...]


FIGURES = "figures"
"""What the name of a key figure begins with, as that of a cell with its table."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One key figure of the prose, kept with its sentence.

    `signals` is what its probability is made of (`figure_signals.NAMES`), `flags` says why a person
    must look at it. `number` is its place
    among the figures that were read, from 0, by which a person answers about it.
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
    number: int = 0
    flags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Among figures what a slot is among cells."""
        return f"{FIGURES}.{self.number}"


TABLE_MISSING, TABLE_REPEATED = "table_missing", "table_repeated"
SEVERAL_REPORTS = "several_reports"
"""Codes of what a complete report has and a document has not, or has too much."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A stage that could not do its work, on a page or (None) on the whole document.

    `code` is that of an error, or one of those above; "" where it was not kept. `table` is the
    one that it is about, if any. `is_settled`: people have decided about all that is missing for
    it, so that nothing is left to do.
    """

    stage: str
    page: int | None
    reason: str
    code: str = ""
    table: str | None = None
    is_settled: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that stands in a table of the document and that the form does not have: its label and
    the values in it, as printed. They are in no slot."""

    table: str
    label: str
    values: tuple[str, ...]
    evidence: Evidence


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
class ReportReading:
    """One report as it was read, before anything is decided: enough to decide again with a person's
    answers. `last_year` is what last year's report of the same body states, by slot; `left_out` are
    rows of the tables that the form does not have."""

    tables: tuple[TableReading, ...] = ()
    figures: tuple[Figure, ...] = ()
    last_year: Mapping[str, Decimal] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class FigureAnswer:
    """What a person says of a key figure: what the text states there, or that it is none."""

    value: Decimal | None
    unit: str | None
    is_stated: bool = True


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person has decided about a report: cells by slot, figures by their number, findings
    that are the report's own by their relation, with what was looked at, and which report it is
    (None: as read)."""

    cells: Mapping[str, Reading] = field(default_factory=dict)
    figures: Mapping[int, FigureAnswer] = field(default_factory=dict)
    confirmed: Mapping[str, Confirmation] = field(default_factory=dict)
    organization: str | None = None
    year: int | None = None


GAPS = "gaps"
"""What the name of cells that are asked about together begins with; the first one's slot follows.
Decisions are about each of them."""


REPORT = "report"
"""What a question or a decision about the report as a whole is about."""


@dataclass(frozen=True, slots=True)
class Question:
    """A cell to look at by its slot, a key figure (`figures.NUMBER`), a figure that the tables
    contradict (`findings.RELATION`), or whose `report` it is.

    `settles` is the expected number of errors and broken sums that an answer removes; `frees` are
    other cells that would not be in doubt any more. `cells`, the slot among them, are asked about
    together: whole rows of a table that the document does not seem to have; empty elsewhere.
    """

    slot: str
    settles: float
    frees: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extraction:
    """The whole result for one document.

    `rotations` has for each page the degrees by which it was turned to be upright (see
    `Page.rotation_deg`); it is empty for text inputs, whose `pages` is 0. `questions` are what to
    ask a person, in order; empty where nothing is in doubt.
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
    reading: ReportReading = field(default_factory=ReportReading)
    questions: tuple[Question, ...] = ()
