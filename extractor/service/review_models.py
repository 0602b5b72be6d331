"""What the service takes and answers about review decisions. Only shapes; no behaviour."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from extractor.export.json import number
from extractor.service.models import DocumentModel, Model, Number
from extractor.service.tables import Review
from extractor.types import CellStatus, State


class ReviewBody(Model):
    """A decision about a cell: exactly one of the first four."""

    model_config = ConfigDict(json_schema_extra={"example": {"value": 12, "comment": "1 and 7"}})

    value: Annotated[Decimal, Field(max_digits=18, decimal_places=6)] | None = Field(
        None, description="The number that is printed, in the canonical unit."
    )
    state: (
        Literal[State.BLANK, State.DASH, State.NOT_APPLICABLE, State.ILLEGIBLE, State.MISSING]
        | None
    ) = Field(None, description="What is printed instead of a number; missing: no such cell.")
    confirmed: Literal[True] | None = Field(None, description="What was read is right.")
    withdrawn: Literal[True] | None = Field(None, description="What was read counts again.")
    printed: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="The characters as they stand in the document."
    )
    comment: Annotated[str, Field(max_length=2000)] | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> ReviewBody:
        if len([name for name in _ACTIONS if getattr(self, name) is not None]) != 1:
            raise ValueError(f"give exactly one of {', '.join(_ACTIONS)}")
        return self

    @property
    def action(self) -> str:
        """Which of the four it is."""
        return next(name for name in _ACTIONS if getattr(self, name) is not None)


_ACTIONS = ("value", "state", "confirmed", "withdrawn")


class ReadingModel(Model):
    """What a cell says; before a decision also how it was shown."""

    printed: str | None
    state: State
    value: Number | None
    unit: str | None
    annotation: str | None
    status: CellStatus | None = None
    flags: list[str] | None = None
    probability: Annotated[float, Field(ge=0, le=1)] | None = None


class ReviewModel(Model):
    """One decision, in the trail of a document."""

    slot: str
    at: datetime
    key_id: str
    action: Literal["value", "state", "confirmed", "withdrawn"]
    before: ReadingModel
    after: ReadingModel | None = Field(description="Null: what was read counts again.")
    comment: str | None

    @classmethod
    def of(cls, review: Review) -> ReviewModel:
        return cls(
            slot=review.slot,
            at=review.at,
            key_id=review.key_id,
            action=review.action,
            before=ReadingModel(**_number_in(review.before)),
            after=None if review.after is None else ReadingModel(**_number_in(review.after)),
            comment=review.comment,
        )


def _number_in(reading: dict[str, Any]) -> dict[str, Any]:
    value = reading["value"]
    return reading | {"value": None if value is None else number(Decimal(value))}


class ReviewList(Model):
    reviews: list[ReviewModel]


class QuestionModel(Model):
    """A cell to look at."""

    document: DocumentModel
    slot: str
    settles: float = Field(description="Expected errors and broken sums that an answer removes.")


class NextQuestion(Model):
    question: QuestionModel | None = Field(description="Null: nothing is in doubt.")
