"""What a reviewer did in, the decision that it is out; or why it is none, in words."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from extractor.review.desk import Json, cell_of, figure_of
from extractor.service.answers import Body
from extractor.service.review_models import CellBody, FigureBody, FindingBody, ReportBody
from extractor.types import FIGURES, FINDINGS, REPORT, State

MAX_DIGITS, MAX_DECIMALS = 18, 6
STATES = (State.BLANK, State.DASH, State.NOT_APPLICABLE, State.ILLEGIBLE, State.MISSING)


class NotADecision(Exception):
    """What was done decides nothing; the texts say why, in Chinese and in English."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(english)
        self.texts = chinese, english


def decision(action: Mapping[str, Any], subject: str, result: Json) -> Body:
    """The decision about what is looked at.

    Args:
        action: `do` is what was done: "confirm", "alternative" (with `number`, from 1), "value"
            (with `text`), "absent", "withdraw", "report" (with `organization` and `year` as texts),
            or the name of a state. `comment` may be there.
        subject: what it is about.
        result: as it was shown.

    Raises:
        NotADecision: it is not valid, or does not suit the subject.
    """
    do = str(action.get("do", ""))
    comment = str(action.get("comment") or "").strip() or None
    group = subject.partition(".")[0]
    try:
        if do == "withdraw":
            return _withdrawn(group, comment)
        if subject == REPORT:
            return _report(action, comment)
        if group == FINDINGS:
            return FindingBody(confirmed=True, comment=comment)
        if group == FIGURES:
            return _figure(do, action, result, subject, comment)
        return _cell(do, action, result, subject, comment)
    except ValidationError as error:
        said = error.errors()[0]["msg"]
        raise NotADecision(f"无法保存：{said}", f"This cannot be saved: {said}") from None


def _withdrawn(group: str, comment: str | None) -> Body:
    if group == REPORT:
        return ReportBody(withdrawn=True, comment=comment)
    if group == FINDINGS:
        return FindingBody(withdrawn=True, comment=comment)
    if group == FIGURES:
        return FigureBody(withdrawn=True, comment=comment)
    return CellBody(withdrawn=True, comment=comment)


def _report(action: Mapping[str, Any], comment: str | None) -> ReportBody:
    year = str(action.get("year") or "").strip()
    if year and not (year.isascii() and year.isdecimal()):
        raise NotADecision(
            f"“{year}”不是年份，请填四位数字", f"{year!r} is no year; give four digits"
        )
    organization = str(action.get("organization") or "").strip() or None
    if organization is None and not year:
        raise NotADecision("请填写公开机关或年度", "Give the organisation or the year")
    return ReportBody(organization=organization, year=int(year) if year else None, comment=comment)


def _figure(
    do: str, action: Mapping[str, Any], result: Json, subject: str, comment: str | None
) -> FigureBody:
    if do == "confirm":
        return FigureBody(confirmed=True, comment=comment)
    if do == "absent":
        return FigureBody(absent=True, comment=comment)
    if do == "value":
        figure = figure_of(result, subject)
        unit = None if figure is None else figure["unit"]
        return FigureBody(value=typed(action.get("text")), unit=unit, comment=comment)
    raise NotADecision("此键不适用于文字中的数据", "This key does nothing for figures of the text")


def _cell(
    do: str, action: Mapping[str, Any], result: Json, subject: str, comment: str | None
) -> CellBody:
    if do == "confirm":
        return CellBody(confirmed=True, comment=comment)
    if do == "value":
        return CellBody(value=typed(action.get("text")), comment=comment)
    if do == "alternative":
        cell = cell_of(result, subject) or {"alternatives": []}
        number = int(action.get("number", 0))
        if not 1 <= number <= len(cell["alternatives"]):
            raise NotADecision(f"没有第 {number} 个备选", f"There is no alternative {number}")
        return _taken(cell["alternatives"][number - 1], comment)
    if do in STATES:
        return CellBody(state=State(do), comment=comment)
    raise NotADecision("此键在这里不起作用", "This key does nothing here")


def _taken(alternative: Mapping[str, Any], comment: str | None) -> CellBody:
    printed = alternative["printed"] or None
    if alternative["state"] == State.NUMBER.value:
        value = Decimal(str(alternative["value"]))
        return CellBody(value=value, printed=printed, comment=comment)
    return CellBody(state=alternative["state"], printed=printed, comment=comment)


def typed(text: Any) -> Decimal:
    """The number that somebody typed; full-width digits and separators of thousands are allowed.

    Raises:
        NotADecision: it is none, or has more digits than a form's number can have.
    """
    shown = str(text or "").strip()
    plain = unicodedata.normalize("NFKC", shown).replace(",", "").replace(" ", "")
    plain = plain.replace("−", "-")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        value = Decimal("NaN")
    if not shown:
        raise NotADecision("请输入数字；若为空白，请按 B", "Type a number; for a blank press B")
    if not plain.lstrip("+-").replace(".", "", 1).isdecimal() or not value.is_finite():
        raise NotADecision(
            f"“{shown}”不是数字，未保存", f"“{shown}” is no number; nothing was saved"
        )
    digits = plain.lstrip("+-")
    n_digits, n_decimals = len(digits.replace(".", "")), len(digits.partition(".")[2])
    if n_digits > MAX_DIGITS or n_decimals > MAX_DECIMALS:
        raise NotADecision(
            f"“{shown}”位数过多：最多 {MAX_DIGITS} 位，其中小数 {MAX_DECIMALS} 位",
            f"“{shown}” has more than {MAX_DIGITS} digits, or more than {MAX_DECIMALS} decimals",
        )
    return value
