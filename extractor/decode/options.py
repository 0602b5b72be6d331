"""What a cell may say, and what believing it costs: candidates as priced options of the decoder.

Costs are negative natural logarithms of probabilities. They are not normalised, so that another
candidate never makes the others dearer. Anchors play no part: sums say nothing about places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from math import log

from extractor.schema import Relation
from extractor.types import Candidate, State

NOTHING = (State.BLANK, State.DASH)
_LEAST = 1e-6
_VERIFIED = 0.95
"""The score of a blank cell whose pixels were looked at."""
_CHARACTERS = 1e-7
"""That a character which stands in the file is not the printed one."""
_PIXELS = 2e-4
"""That a number which one reader is sure of is another one."""
_AGREED = 1e-5
"""That a number on which two independent readers agree is another one."""
_SURE = 0.9
"""From here on a second reader that agrees has a say."""
_LEAST_OTHER = 0.01
"""What the second reader leaves to another reading than its own, at least."""
_NO_INK = 1e-3
"""That a number stands where a scan has no ink, or none that is print."""
_DOUBTED = 0.05
"""The same where the reading itself is odd, or the readers disagree."""
_RANK = 0.7
"""What a candidate costs at least more than the one that the readers prefer."""
_LOOKS_ALIKE, _ANY_VALUE = 2.0, 5.0
"""That a misreading gives just this number: one a digit away, and any."""
_WRONG = 5e-4
"""That a report states a cell wrongly."""
_SLIP, _ANY_WRONG = 2.5, 4.0
"""That an error of the report gives just this number: one a digit away, and any."""
_ANY_SUM = 3.0
LAST_YEAR = "last_year"
"""The origin of what last year's report states: it is no reading, and stands."""
PERSON = "person"
"""The origin of what a person has decided: it stands."""


class Source(StrEnum):
    """Why a slot would have a value: a reader says so; it was misread; the report is wrong there.

    With the last one the reading stands, and the value is what would add up.
    """

    READ = "read"
    MISREAD = "misread"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Option:
    """One possibility. `value` None is any value: the solver finds it, within counts from 0 on.

    `is_nothing`: the cell is printed empty. `is_unknown`: nobody can say what it adds to a sum.
    """

    source: Source
    value: Decimal | None
    cost: float
    candidate: Candidate | None = None
    is_nothing: bool = False
    is_unknown: bool = False


def number(candidate: Candidate) -> Decimal | None:
    """What a cell adds to a sum: nothing printed adds nothing, words and noise are unknown."""
    if candidate.reading.state is State.NUMBER:
        return candidate.reading.value
    return Decimal(0) if candidate.reading.state in NOTHING else None


def options(candidates: Sequence[Candidate], implied: Iterable[Decimal] = ()) -> tuple[Option, ...]:
    """The possibilities of one slot, as read first.

    Args:
        candidates: of the slot, the one that the readers prefer first; empty: unknown.
        implied: values that would make a sum around it hold.
    """
    if not candidates:
        return (Option(Source.READ, None, 0.0, is_unknown=True),)
    first = candidates[0]
    base = -log(max(first.score, _LEAST))
    as_read = _read(first, base)
    if as_read.is_unknown or first.origin in (LAST_YEAR, PERSON):
        return (as_read,)
    wanted = [value for value in dict.fromkeys(implied) if value != as_read.value]
    others: dict[Decimal, Option] = {}
    for candidate in candidates[1:]:
        value = number(candidate)
        if value is None or value not in wanted:
            continue
        # What is printed empty would excuse a sum, not keep it: only the first reading may.
        seconded = -log(max(1.0 - first.agreement, _LEAST_OTHER))
        cost = max(base + _RANK, seconded - log(max(candidate.score, _LEAST)))
        if value not in others or cost < others[value].cost:
            others[value] = Option(Source.READ, value, cost, candidate)
    misread = -log(doubt(candidates))
    return (
        as_read,
        *others.values(),
        *(
            Option(Source.MISREAD, value, misread + _specific(first, value))
            for value in wanted
            if value not in others and value >= 0
        ),
        Option(Source.MISREAD, None, misread + _ANY_VALUE),
        *(
            Option(Source.REPORTED, value, -log(_WRONG) + _SLIP)
            for value in wanted
            if value >= 0 and _is_alike(first, value)
        ),
        Option(Source.REPORTED, None, -log(_WRONG) + _ANY_WRONG),
    )


def price(relation: Relation) -> float:
    """The cost of a relation that a report does not keep."""
    return -log(relation.broken) + _ANY_SUM


def _read(candidate: Candidate, cost: float) -> Option:
    value = number(candidate)
    is_nothing = candidate.reading.state in NOTHING
    return Option(Source.READ, value, cost, candidate, is_nothing, value is None)


def doubt(candidates: Sequence[Candidate]) -> float:
    """The chance that the preferred reading is not what is printed."""
    first = candidates[0]
    if first.reading.flags or any(c.origin != "nbest" for c in candidates[1:]):
        return min(0.5, max(1.0 - first.score, _DOUBTED))
    if first.reading.state is State.BLANK and first.score >= _VERIFIED:
        return _CHARACTERS if first.score >= 1.0 else _NO_INK
    if first.score >= 1.0:
        return _CHARACTERS
    alone = max(1.0 - first.score, _PIXELS)
    is_seconded = first.agreement >= _SURE
    return min(0.5, max(alone * (1.0 - first.agreement), _AGREED) if is_seconded else alone)


def _specific(read: Candidate, value: Decimal) -> float:
    return _LOOKS_ALIKE if _is_alike(read, value) else _ANY_VALUE


def _is_alike(read: Candidate, value: Decimal) -> bool:
    here = number(read)
    return here is not None and one_digit_apart(str(here), str(value))


def one_digit_apart(a: str, b: str) -> bool:
    """Whether one digit is another one, was lost or was added."""
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    if len(a) == len(b):
        return sum(x != y for x, y in zip(a, b, strict=True)) == 1
    short, long = sorted((a, b), key=len)
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))


def implied_by(
    relation: Relation, slot: str, values: Mapping[str, Decimal | None]
) -> Decimal | None:
    """The value of one slot that makes a relation hold, None if another slot is unknown."""
    rest = Decimal(0)
    sign = Decimal(1)
    for side, slots in ((Decimal(1), relation.parts), (Decimal(-1), relation.total)):
        for other in slots:
            if other == slot:
                sign = side
                continue
            value = values.get(other)
            if value is None:
                return None
            rest += side * value
    return Decimal(0) - rest * sign  # and never -0
