"""What the service takes and answers about review decisions. Only shapes; no behaviour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from extractor.characters import unstorable_in
from extractor.export.json import number
from extractor.service.extraction_models import CellModel, FigureModel, FindingModel
from extractor.service.models import (
    DocumentModel,
    Model,
    Number,
)
from extractor.service.tables import Review
from extractor.types import CellStatus, Exactness, State, Verdict

Value = Annotated[Decimal, Field(max_digits=18, decimal_places=6)]


def _storable(text: str) -> str:
    if found := unstorable_in(text):
        raise ValueError(f"leave {found} out; neither databases nor workbooks can keep it")
    return text


Storable = Annotated[str, AfterValidator(_storable)]
Comment = Annotated[Storable, Field(max_length=2000)]
MAX_SLOTS = 1000
Fraction = Annotated[float, Field(ge=0, le=1)]


class Decision(Model):
    """Exactly one of `ACTIONS` is given; `action` is which."""

    ACTIONS: ClassVar[Sequence[str]] = ("withdrawn",)

    withdrawn: Literal[True] | None = Field(None, description="What was read counts again.")
    comment: Comment | None = None

    @property
    def action(self) -> str:
        return next(name for name in self.ACTIONS if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if len([name for name in self.ACTIONS if getattr(self, name) is not None]) != 1:
            raise ValueError(f"give exactly one of {', '.join(self.ACTIONS)}")
        return self


class CellBody(Decision):
    """A decision about a cell: `value`, `state`, `confirmed` or `withdrawn`."""

    model_config = ConfigDict(json_schema_extra={"example": {"value": 12, "comment": "1 and 7"}})
    ACTIONS: ClassVar[Sequence[str]] = ("value", "state", "confirmed", "withdrawn")

    value: Value | None = Field(
        None, description="The number that is printed, in the canonical unit."
    )
    state: (
        Literal[State.BLANK, State.DASH, State.NOT_APPLICABLE, State.ILLEGIBLE, State.MISSING]
        | None
    ) = Field(None, description="What is printed instead of a number; missing: no such cell.")
    confirmed: Literal[True] | None = Field(None, description="What was read is right.")
    printed: Annotated[Storable, Field(max_length=200)] | None = Field(
        None, description="The characters as they stand in the document."
    )


class CellsBody(Decision):
    """The same decision about several cells: `state` or `withdrawn`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "slots": ["disputes.reconsideration.upheld", "disputes.reconsideration.total"],
                "state": "missing",
                "comment": "the report ends with table three",
            }
        }
    )
    ACTIONS: ClassVar[Sequence[str]] = ("state", "withdrawn")

    slots: Annotated[
        list[Annotated[str, Field(max_length=200)]], Field(min_length=1, max_length=MAX_SLOTS)
    ] = Field(description="Of one or more cells, each once.")
    state: (
        Literal[State.BLANK, State.DASH, State.NOT_APPLICABLE, State.ILLEGIBLE, State.MISSING]
        | None
    ) = Field(None, description="What is printed in each; missing: there are no such cells.")

    @field_validator("slots")
    @classmethod
    def _each_once(cls, slots: list[str]) -> list[str]:
        if len(set(slots)) != len(slots):
            raise ValueError("slots: name each cell once")
        return slots

    @property
    def each(self) -> CellBody:
        """What is said of each cell."""
        return CellBody(state=self.state, withdrawn=self.withdrawn, comment=self.comment)


class FigureBody(Decision):
    """A decision about a key figure: `value`, `confirmed`, `absent` or `withdrawn`."""

    model_config = ConfigDict(json_schema_extra={"example": {"value": 35, "unit": "件"}})
    ACTIONS: ClassVar[Sequence[str]] = ("value", "confirmed", "absent", "withdrawn")

    value: Value | None = Field(None, description="The number that the text states.")
    unit: Annotated[Storable, Field(max_length=20)] | None = Field(
        None, description="With a value; as read if it is left out."
    )
    confirmed: Literal[True] | None = Field(None, description="Key and value are right.")
    absent: Literal[True] | None = Field(None, description="The text states no such figure there.")


class FindingBody(Decision):
    """A decision about a finding: `confirmed` or `withdrawn`."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"confirmed": True, "comment": "it is printed so"}}
    )
    ACTIONS: ClassVar[Sequence[str]] = ("confirmed", "withdrawn")

    confirmed: Literal[True] | None = Field(
        None, description="The document states it so; the error is its own."
    )


class ReportBody(Model):
    """Whose report it is and of which year (one or both), or `withdrawn`."""

    model_config = ConfigDict(json_schema_extra={"example": {"year": 2024}})

    organization: (
        Annotated[
            str,
            StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
            AfterValidator(_storable),
        ]
        | None
    ) = None
    year: Annotated[int, Field(ge=2000, le=2100)] | None = None
    withdrawn: Literal[True] | None = Field(None, description="What was read counts again.")
    comment: Comment | None = None

    @property
    def action(self) -> str:
        return "withdrawn" if self.withdrawn else "report"

    @model_validator(mode="after")
    def _says_one_thing(self) -> ReportBody:
        says_something = self.organization is not None or self.year is not None
        if says_something == bool(self.withdrawn):
            raise ValueError("give organization or year, or both, or else withdrawn")
        return self


# --- the trail ---------------------------------------------------------------------------------


class ReadingModel(Model):
    """What a cell says; before a decision also how it was shown."""

    printed: str | None
    state: State
    value: Number | None
    unit: str | None
    annotation: str | None
    status: CellStatus | None = None
    flags: list[str] | None = None
    probability: Fraction | None = None
    finding: str | None = Field(
        None, description="With whose confirmation the cell was reviewed (`findings.RELATION`)."
    )


class FigureShown(Model):
    """A key figure as it was shown."""

    key: str
    printed: str
    value: Number | None
    unit: str | None
    exactness: Exactness
    status: CellStatus
    flags: list[str]
    probability: Fraction | None


class FigureSaid(Model):
    """A key figure by a decision."""

    value: Number | None
    unit: str | None
    is_stated: bool


class CellSeen(Model):
    """What a cell of a finding says."""

    state: State
    value: Number | None


SeenCells = Annotated[
    dict[str, CellSeen] | None,
    Field(description="By slot, as they were shown; null where that was not kept."),
]


class FindingShown(Model):
    """A finding as it was shown."""

    expected: Number | None
    found: Number | None
    verdict: Verdict
    message: str
    confirmed: bool
    cells: SeenCells = None


class FindingSaid(Model):
    """A finding by a decision: with these numbers, of these cells, it is the document's own."""

    expected: Number | None
    found: Number | None
    confirmed: Literal[True]
    cells: SeenCells = None
    comment: str | None = Field(None, description="Of the decision that counts again.")


class ReportSaid(Model):
    """Which report it is."""

    organization: str | None
    year: int | None


Said = ReadingModel | FigureShown | FigureSaid | FindingShown | FindingSaid | ReportSaid


class ReviewModel(Model):
    """One decision, in the trail of a document."""

    number: int = Field(description="By which it can be undone; later ones have greater numbers.")
    slot: str = Field(
        description="Of a cell; `figures.NUMBER`, `findings.RELATION`, `report` of the others."
    )
    at: datetime = Field(description="The same for decisions that were taken at once.")
    key_id: str
    action: Literal[
        "value", "state", "confirmed", "reviewed", "absent", "report", "withdrawn", "undone"
    ] = Field(description="`reviewed`: the cell, by confirming a finding at the same moment.")
    before: Said
    after: Said | None = Field(description="Null: what was read counts again.")
    comment: str | None

    @classmethod
    def of(cls, review: Review) -> ReviewModel:
        return cls.model_validate(
            {
                "number": review.number,
                "slot": review.slot,
                "at": review.at,
                "key_id": review.key_id,
                "action": review.action,
                "before": _with_numbers(review.before),
                "after": None if review.after is None else _with_numbers(review.after),
                "comment": review.comment,
            }
        )


def _with_numbers(said: Mapping[str, Any]) -> dict[str, Any]:
    digits = {name: said.get(name) for name in ("value", "expected", "found")}
    found: dict[str, Any] = {
        name: number(Decimal(one)) for name, one in digits.items() if one is not None
    }
    if said.get("cells"):
        found |= {"cells": {slot: _with_numbers(one) for slot, one in said["cells"].items()}}
    return {**said, **found}


class ReviewList(Model):
    reviews: list[ReviewModel]


class QuestionModel(Model):
    """A cell to look at, a key figure (`figures.NUMBER`), one that the tables contradict or an
    error of the report itself (`findings.RELATION`), or whose `report` it is."""

    document: DocumentModel
    slot: str
    settles: float = Field(description="Expected errors and broken sums that an answer removes.")
    cell: CellModel | None = Field(description="Null where it is about something else.")
    figure: FigureModel | None = Field(
        description="Also of a finding about it; null where it is about something else."
    )
    cells: list[str] = Field(
        [], description="The slot and others that one call of `PUT …/cells` answers for."
    )
    findings: list[FindingModel] = Field(
        description="That the cell or figure is part of, or that is asked about."
    )


class NextQuestion(Model):
    question: QuestionModel | None = Field(description="Null: nothing is in doubt.")
