"""What a reviewer did in, the decision that it is out; or why it is none, in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from extractor.characters import canonical, storable
from extractor.numerals import find_numbers
from extractor.review.desk import Json
from extractor.service.answers import Body, item_of
from extractor.service.review_models import CellBody, FigureBody, FindingBody, ReportBody
from extractor.types import FIGURES, FINDINGS, GAPS, REPORT, State

MAX_DIGITS, MAX_DECIMALS = 18, 6
FIRST_YEAR, LAST_YEAR = 2000, 2100
_BLANK_WITHIN = re.compile(r"(?<=[0-9]) (?=[0-9])")
_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?")
STATES = (State.BLANK, State.DASH, State.NOT_APPLICABLE, State.ILLEGIBLE, State.MISSING)


class NotADecision(Exception):
    """What was done decides nothing; the texts say why, in Chinese and in English."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(english)
        self.texts = chinese, english


def decision(
    action: Mapping[str, Any], subject: str, result: Json, kinds: Mapping[str, str]
) -> Body:
    """The decision about what is looked at.

    Args:
        action: `do` is what was done: "confirm", "alternative" (with `number`, from 1), "value"
            (with `text`), "absent", "withdraw", "report" (with `organization` and `year` as texts),
            or the name of a state. `comment` may be there.
        subject: what it is about.
        result: as it was shown.
        kinds: of every slot of the form, what its value is.

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
        if group == GAPS:
            return _gap(do, comment)
        body = _cell(do, action, result, subject, comment)
        _check(body, item_of(result, subject), kinds.get(subject, "count"))
        return body
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
    if year and not FIRST_YEAR <= int(year) <= LAST_YEAR:
        raise NotADecision(
            f"年度应在 {FIRST_YEAR} 至 {LAST_YEAR} 之间",
            f"A year is between {FIRST_YEAR} and {LAST_YEAR}",
        )
    organization = str(action.get("organization") or "").strip() or None
    if organization is None and not year:
        raise NotADecision("请填写公开机关或年度", "Give the organisation or the year")
    return ReportBody(organization=organization, year=int(year) if year else None, comment=comment)


def _gap(do: str, comment: str | None) -> CellBody:
    """What is said of each of several cells that were not found."""
    if do in (State.MISSING, State.ILLEGIBLE):
        return CellBody(state=State(do), comment=comment)
    raise NotADecision(
        "此处问的是多个单元格：不在文件中的按 M，无法辨认的按 X，要逐格填写的按 =",
        "This is about several cells: M where the document has none of them, X where they are "
        "illegible, = to fill them in one by one",
    )


def _figure(
    do: str, action: Mapping[str, Any], result: Json, subject: str, comment: str | None
) -> FigureBody:
    if do == "confirm":
        return FigureBody(confirmed=True, comment=comment)
    if do == "absent":
        return FigureBody(absent=True, comment=comment)
    if do == "value":
        value = typed(action.get("text"))
        figure = item_of(result, subject)
        if comment is None and figure is not None:
            _check_stated(value, figure["sentence"])
        return FigureBody(value=value, comment=comment)
    raise NotADecision("此键不适用于文字中的数据", "This key does nothing for figures of the text")


def _check_stated(value: Decimal, sentence: str) -> None:
    """Ask back where a figure's sentence states no such number, in digits or in Chinese numerals;
    a blank within a number does not end it.

    Raises:
        NotADecision: it does not.
    """
    plain = canonical(sentence)
    texts = plain, _BLANK_WITHIN.sub("", plain)
    if plain and value not in {one.value for text in texts for one in find_numbers(text)}:
        raise NotADecision(
            f"所在句子中没有 {value:f} 这个数，没有保存；确应如此的（如句子识别有误），"
            "请先按 C 写附注",
            f"The sentence does not state {value:f}; nothing was saved. If it is so (as where the "
            "sentence was misread), say it in a note (C) first",
        )


def _cell(
    do: str, action: Mapping[str, Any], result: Json, subject: str, comment: str | None
) -> CellBody:
    if do == "confirm":
        return CellBody(confirmed=True, comment=comment)
    if do == "value":
        return CellBody(value=typed(action.get("text")), comment=comment)
    if do == "alternative":
        cell = item_of(result, subject) or {"alternatives": []}
        number = int(action.get("number", 0))
        if not 1 <= number <= len(cell["alternatives"]):
            raise NotADecision(f"没有第 {number} 个备选", f"There is no alternative {number}")
        return _taken(cell["alternatives"][number - 1], comment)
    if do in STATES:
        return CellBody(state=State(do), comment=comment)
    raise NotADecision("此键在这里不起作用", "This key does nothing here")


def _taken(alternative: Mapping[str, Any], comment: str | None) -> CellBody:
    printed = storable(alternative["printed"] or "") or None
    if alternative["state"] == State.NUMBER.value:
        value = Decimal(str(alternative["value"]))
        return CellBody(value=value, printed=printed, comment=comment)
    return CellBody(state=alternative["state"], printed=printed, comment=comment)


def _check(body: CellBody, cell: Json | None, kind: str) -> None:
    """Ask back where a number is odd, unless a note says that it is printed so.

    Raises:
        NotADecision: a count is negative or broken; or an amount has the digits that are printed
            in another unit.
    """
    if body.comment:
        return
    value = body.value
    if body.confirmed and cell is not None and cell["value"] is not None:
        value = Decimal(str(cell["value"]))
    if value is None:
        return
    is_odd = value < 0 and kind != "signed"
    is_odd |= kind != "amount" and value != value.to_integral_value()
    if is_odd:
        raise NotADecision(
            f"此处很少是 {value:f} 这样的数，没有保存；原文确实如此的，请先按 C 写附注",
            f"{value:f} is an odd number here; nothing was saved. If it is printed so, say it in a "
            "note (C) first",
        )
    if kind == "amount" and body.value is not None and cell is not None:
        printed = _number(cell["printed"] or "")
        was = None if cell["value"] is None else Decimal(str(cell["value"]))
        if printed == value != was:
            unit = cell["unit"] or ""
            raise NotADecision(
                f"请按“{unit}”填写：原文的 {value:f} 似以别的单位印刷，原读作 {was} {unit}，"
                "没有保存；确应如此的，请先按 C 写附注",
                f"Give it in {unit}: the print seems to be in another unit, and was read as {was} "
                f"{unit}. Nothing was saved; if it is so, say it in a note (C) first",
            )


def typed(text: Any) -> Decimal:
    """The number that somebody typed; full-width digits are allowed, and separators of thousands.

    Raises:
        NotADecision: it is none, or has more digits than a form's number can have.
    """
    shown = str(text or "").strip()
    if not shown:
        raise NotADecision("请输入数字；若为空白，请按 B", "Type a number; for a blank press B")
    value = _number(shown)
    if value is None:
        raise NotADecision(
            f"“{shown}”不是数字，未保存", f"“{shown}” is no number; nothing was saved"
        )
    _, digits, exponent = value.as_tuple()
    n_decimals = -exponent if isinstance(exponent, int) else 0
    if max(len(digits), n_decimals) > MAX_DIGITS or n_decimals > MAX_DECIMALS:
        raise NotADecision(
            f"“{shown}”位数过多：最多 {MAX_DIGITS} 位，其中小数 {MAX_DECIMALS} 位",
            f"“{shown}” has more than {MAX_DIGITS} digits, or more than {MAX_DECIMALS} decimals",
        )
    return value


def _number(text: str) -> Decimal | None:
    """What a text says as digits; None where it is no plain number."""
    plain = unicodedata.normalize("NFKC", text).replace("−", "-").strip()
    if not _NUMBER.fullmatch(plain) or not plain.isascii():
        return None
    return Decimal(plain.replace(",", "")) + 0
