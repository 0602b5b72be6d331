"""Results of documents as the service hands them out. The worker writes them; the models say what
they look like, and a test compares."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from extractor.service.models import Model, Number
from extractor.types import CellStatus, Exactness, State, Status, Verdict

Fraction = Annotated[float, Field(ge=0, le=1)]


class EvidenceModel(Model):
    """Where it stands: `page` and `box` (fractions of the upright page, x0 y0 x1 y1), or `line` of
    a text input; empty where the document does not contain it."""

    model_config = ConfigDict(extra="allow")

    page: int | None = None
    box: Annotated[list[float], Field(min_length=4, max_length=4)] | None = None
    line: int | None = None


class AlternativeModel(Model):
    model_config = ConfigDict(extra="allow")

    value: Number | None
    state: State
    printed: str | None = None
    probability: Fraction | None = None
    source: str


class CellModel(Model):
    model_config = ConfigDict(extra="allow")

    value: Number | None = Field(description="What the document says, in the canonical unit.")
    printed: str | None = Field(description="The characters as they were read.")
    read: str | None = Field(None, description="What had been read, if a person put it right.")
    state: State
    unit: str | None
    annotation: str | None
    probability: Fraction | None = Field(description="Calibrated; null where not assessed.")
    status: CellStatus
    flags: list[str]
    alternatives: list[AlternativeModel]
    elsewhere: list[str] = Field(
        [], description="Slots that it may belong to instead, the likeliest first, where in doubt."
    )
    evidence: EvidenceModel | None


class TableModel(Model):
    model_config = ConfigDict(extra="allow")

    present: bool
    cells: dict[str, CellModel]


class FigureModel(Model):
    model_config = ConfigDict(extra="allow")

    id: int = Field(description="Its number in this document, for decisions about it.")
    key: str
    value: Number | None
    unit: str | None
    exactness: Exactness
    printed: str
    sentence: str
    probability: Fraction | None
    status: CellStatus
    flags: list[str]
    finding: str | None = Field(
        None, description="The relation of the finding that the tables say something else."
    )
    evidence: EvidenceModel | None


class FindingModel(Model):
    model_config = ConfigDict(extra="allow")

    relation: str = Field(description="Its own in this report; decisions name it.")
    verdict: Verdict
    message: str
    cells: list[str]
    expected: Number | None = None
    found: Number | None = None
    confirmed: bool = Field(False, description="A person says that the document states it so.")
    comment: str | None = Field(None, description="What that person has noted.")


class AskedModel(Model):
    """What to ask a person: about a cell, a key figure (`figures.NUMBER`), one that the tables
    contradict (`findings.RELATION`), or the `report`."""

    model_config = ConfigDict(extra="allow")

    slot: str
    settles: float = Field(description="Expected errors and broken sums that an answer removes.")
    frees: list[str] = Field(description="Other cells that would not be in doubt any more.")
    cells: list[str] = Field(
        [],
        description="The slot and others that are asked about together: rows that are missing. One "
        "call of `PUT …/cells` answers for all of them.",
    )


class LeftOutModel(Model):
    """A row of a table that the form does not have; its values are in no cell."""

    model_config = ConfigDict(extra="allow")

    table: str
    label: str
    values: list[str]
    evidence: EvidenceModel | None


class StageFailureModel(Model):
    model_config = ConfigDict(extra="allow")

    stage: str
    page: int | None = None
    reason: str
    code: str = ""
    table: str | None = Field(None, description="That it is about.")
    settled: bool = Field(
        False,
        description="People have decided about all that is missing for it.",
    )


class SourceModel(Model):
    model_config = ConfigDict(extra="allow")

    name: str
    sha256: str
    media_type: str
    pages: int


class ReportModel(Model):
    model_config = ConfigDict(extra="allow", protected_namespaces=())

    schema_id: str = Field(alias="schema")
    edition: str | None
    organization: str | None
    year: int | None


class ProvenanceModel(Model):
    model_config = ConfigDict(extra="allow")

    extractor: str
    models: dict[str, Any]
    seconds: dict[str, float]


class ExtractionModel(Model):
    model_config = ConfigDict(extra="allow")

    format_version: Literal[1]
    document: SourceModel
    report: ReportModel
    status: Status
    tables: dict[str, TableModel]
    figures: list[FigureModel]
    findings: list[FindingModel]
    questions: list[AskedModel] = Field([], description="What is in doubt; to ask in this order.")
    left_out: list[LeftOutModel] = Field([], description="Rows that the form does not have.")
    failures: list[StageFailureModel]
    provenance: ProvenanceModel
