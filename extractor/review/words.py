"""What is the same on all pages, in words: verdicts, what things are worth, states, findings and
shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from extractor.export import words as chinese
from extractor.export.telling import told
from extractor.export.words import CELL_STATUS, EXACTNESS, SCOPE, STATE, STATUS, VERDICT
from extractor.flag import FLAGS
from extractor.schema import Schema
from extractor.types import CellStatus, Exactness, Failure, Finding, State, Status, Verdict

Say = Callable[[str, str], str]
"""Chooses between Chinese and English."""

_LEAST = 1e-9

_VERDICTS = {
    Verdict.REPORTED: "The report's own error",
    Verdict.MISREAD: "Probably misread",
    Verdict.UNDECIDED: "Undecided",
}
_STATUSES = {
    Status.ACCEPTED: "accepted",
    Status.NEEDS_REVIEW: "needs review",
    Status.PARTIAL: "partly extracted",
    Status.FAILED: "failed",
}


_FLAGS: Mapping[str, str] = {
    **FLAGS,
    "unread_print": "print stands in the cell outside of what was read",
    "ambiguous": "it is a dash or the numeral 一",
    "approximate": "the number is qualified: about, nearly, more than",
    "chinese_numeral": "it is written in Chinese numerals",
    "confusable": "letters that look like digits were read as digits",
    "number_missing": "there is a unit and no number",
    "odd_number": "separators, spaces or leading zeros stand where they do not belong",
    "pen_mark": "a tick or the mark of a note stands behind the number",
    "unexpected_decimal": "a count has decimals",
    "unexpected_sign": "a count has a sign",
    "unexpected_unit": "the unit does not fit the column",
    "unit_unknown": "nothing says the unit of an amount; it is kept as printed",
    "unknown_words": "it has words that are not among the usual ones for none",
}
_STATES = {
    State.NUMBER: "number",
    State.BLANK: "blank",
    State.DASH: "dash",
    State.NOT_APPLICABLE: "words",
    State.ILLEGIBLE: "illegible",
    State.MISSING: "not there",
}


def verdict_words(verdict: Verdict, say: Say) -> str:
    return say(VERDICT[verdict], _VERDICTS[verdict])


def status_words(status: Status, say: Say) -> str:
    """What a report's extraction is worth."""
    return say(STATUS[status], _STATUSES[status])


def cell_status_words(status: CellStatus, say: Say) -> str:
    """What a cell or a figure is worth."""
    return say(CELL_STATUS[status], status.value)


def state_words(state: State, say: Say) -> str:
    """What stands in a cell."""
    return say(STATE[state], _STATES[state])


def exactness_words(exactness: Exactness, say: Say) -> str:
    """Whether a figure of the text is meant exactly."""
    return say(EXACTNESS[exactness], exactness.value.replace("_", " "))


def scope_words(scope: str, say: Say) -> str:
    """Whose figure it is, where the text says so; one of another version stands for itself."""
    return say(SCOPE.get(scope, scope), scope.replace("_", " "))


def flag_words(code: str, say: Say) -> str:
    """Why something is in doubt; flags of other versions stand for themselves."""
    return say(chinese.flag_words(code), _FLAGS.get(code) or code.replace("_", " "))


def finding_words(finding: Finding, schema: Schema, say: Say) -> str:
    """What does not fit together, in a sentence."""
    return say(told(finding, schema), told(finding, schema, "en"))


def confirmed_words(is_confirmed: bool, comment: str | None, say: Say) -> str:
    """That a person has confirmed a finding, with what was noted; "" where nobody has."""
    if not is_confirmed:
        return ""
    return say("已核实", "confirmed") + (f"{say('：', ': ')}{comment}" if comment else "")


def failure_words(failure: Failure, titles: Mapping[str, str], say: Say) -> str:
    """What could not be done; `titles` are what the form calls its tables."""
    page = "" if failure.page is None else f"page {failure.page}: "
    return say(chinese.failure_words(failure, titles), page + failure.reason)


def share_text(share: float | None, digits: int = 1) -> str:
    """A share as a percentage; a dash where there is none. What is not all is never rounded to it,
    and what is not nothing never to nothing."""
    if share is None:
        return "—"
    if share in (0, 1):
        return f"{share:.0%}"
    least = 10.0**-digits
    percent = 100 * float(share)
    if 0 < percent < least / 2:
        return f"<{least:.{digits}f}%"
    if 100 - least / 2 < percent < 100:
        return f">{100 - least:.{digits}f}%"
    return f"{percent:.{digits}f}%"


def chance_text(probability: float | None, digits: int = 1) -> str:
    """A probability as a percentage; a dash where nothing was assessed. Never 0 or 100 %: results
    have it rounded, and nothing is certain."""
    if probability is None:
        return "—"
    return share_text(min(max(float(probability), _LEAST), 1 - _LEAST), digits)
