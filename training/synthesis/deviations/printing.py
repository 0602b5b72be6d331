"""Deviations in how values are printed; where the print says something else, the truth does too."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from random import Random

from training.synthesis import zeros
from training.synthesis.deviations.deviation import Change, Deviation, reword
from training.synthesis.form import Kind
from training.synthesis.report import Report
from training.synthesis.values import BLANK, Printed, read_text

_PLAIN = re.compile(r"\d+(\.\d+)?")
_SENTENCES: Mapping[str, tuple[str, ...]] = {
    "regulations": ("本单位未制作规章", "无规章制定权", "未制定规章"),
    "normative_documents": ("本年度未制发规范性文件", "无规范性文件", "未制定"),
    "licensing": ("无行政许可事项", "本机关不承担行政许可职能"),
    "other_services": ("无此类事项", "不涉及"),
    "penalties": ("未实施行政处罚", "无行政处罚职能", "本年度未发生"),
    "coercion": ("未实施行政强制", "无行政强制职能", "本年度未发生"),
    "fees": ("未收取任何费用", "无收费项目", "免征"),
    "procurement": ("本年度未开展集中采购", "无"),
}


def _numbers(
    report: Report, choose: Callable[[str, Printed], bool], change: Callable[[Printed], Printed]
) -> Report:
    """Change the printed numbers that `choose` accepts, by slot and print."""
    values = {
        slot: change(value) if value.value is not None and choose(slot, value) else value
        for slot, value in report.values.items()
    }
    return replace(report, values=values)


def _is_amount(slot: str, value: Printed) -> bool:
    return slot.endswith(".amount") and _PLAIN.fullmatch(value.text) is not None


def _zeros(style: zeros.Style) -> Change:
    return lambda report, rng: replace(report, values=style(report.values, rng))


def _totals_blank(report: Report, rng: Random) -> Report:
    return _numbers(
        report,
        lambda slot, value: slot.startswith("requests.") and slot.endswith(".total"),
        lambda value: BLANK,
    )


def _table_blank(report: Report, rng: Random) -> Report:
    """A table of zeros left empty; the disputes table, made so if it is not."""
    return _numbers(report, lambda slot, value: slot.startswith("disputes."), lambda value: BLANK)


def _words_for_none(report: Report, rng: Random) -> Report:
    """A sentence in place of the three numbers of 规章."""
    return _numbers(
        report,
        lambda slot, value: slot.startswith("disclosure.regulations."),
        lambda value: Printed("本单位未制作规章", None),
    )


def _sentences_for_none(report: Report, rng: Random) -> Report:
    """Rows of table 二 that hold only zeros say so in words; 规章, made so if none does."""
    rows: dict[str, bool] = {}
    for slot, value in report.values.items():
        table, row, _ = slot.split(".")
        if table == "disclosure":
            rows[row] = rows.get(row, True) and value.value == 0
    empty = [row for row, is_empty in rows.items() if is_empty]
    chosen = [row for row in empty if rng.random() < 0.4] or empty[:1] or ["regulations"]
    values = dict(report.values)
    for row in chosen:
        sentence = Printed(rng.choice(_SENTENCES[row]), None)
        prefix = f"disclosure.{row}."
        values |= {slot: sentence for slot in values if slot.startswith(prefix)}
    return replace(report, values=values)


def _thousands(report: Report, rng: Random) -> Report:
    return _numbers(
        report,
        lambda slot, value: value.text.isdigit() and len(value.text) > 3,
        lambda value: replace(value, text=f"{int(value.text):,}"),
    )


def _digits_full_width(report: Report, rng: Random) -> Report:
    table = str.maketrans("0123456789.-+,", "０１２３４５６７８９．－＋，")
    return _numbers(
        report,
        lambda slot, value: True,
        lambda value: replace(value, text=value.text.translate(table)),
    )


def _annotated(report: Report, rng: Random) -> Report:
    def change(value: Printed) -> Printed:
        part = rng.randrange(1, int(value.value or 1) + 1)
        note = rng.choice((f"（其中修订 {part} 件）", f"（含自然失效{part}件）"))
        return replace(value, text=value.text + note)

    return _numbers(
        report,
        lambda slot, value: (
            slot.startswith("disclosure.normative") and bool(value.value) and value.text.isdigit()
        ),
        change,
    )


def _units_in_cell(report: Report, rng: Random) -> Report:
    def change(value: Printed) -> Printed:
        if rng.random() < 0.5:
            return replace(value, text=f"{value.text}万元")
        return replace(value, text=f"{_yuan(value)}元")

    return _numbers(report, _is_amount, change)


def _unit_nowhere(report: Report, rng: Random) -> Report:
    """No header and no cell says the unit; some print 元, which only the magnitude shows."""
    is_yuan = rng.random() < 0.5

    def change(value: Printed) -> Printed:
        text = _yuan(value) if is_yuan else f"{value.value or 0:f}"
        return Printed(text, read_text(text))

    bare = _numbers(report, lambda slot, value: slot.endswith(".amount"), change)
    return reword(
        bare,
        lambda entry: (
            re.sub(r"[（(].*", "", entry.text)
            if entry.kind is Kind.HEADER and entry.column == "amount"
            else entry.text
        ),
    )


def _yuan(value: Printed) -> str:
    return f"{((value.value or Decimal(0)) * 10000).normalize():f}"


def _signs(report: Report, rng: Random) -> Report:
    """+3, a doubled minus, 增98, 减3, and a bare 增 that gives no number."""

    def change(value: Printed) -> Printed:
        count = value.value or Decimal(0)
        styles: tuple[str, ...] = ("{}",)
        if count > 0:
            styles = ("+{}", "增{}", "增加{}", "增", "{}", "＋{}")
        elif count < 0:
            styles = ("-{}", "--{}", "减{}", "－{}", "-{}", "减少{}")
        text = rng.choice(styles).format(abs(count))
        return Printed(text, read_text(text))

    return _numbers(report, lambda slot, value: slot.endswith(".change"), change)


def _trailing_zeros(report: Report, rng: Random) -> Report:
    def change(value: Printed) -> Printed:
        tail = "0" if "." in value.text else ".00"
        return replace(value, text=value.text + tail)

    return _numbers(report, _is_amount, change)


def _decimals_many(report: Report, rng: Random) -> Report:
    """Amounts to the last 分 and further: four to six decimals."""

    def change(value: Printed) -> Printed:
        decimals = rng.randrange(4, 7)
        tail = f"{rng.randrange(1, 10**decimals):0{decimals}d}"
        text = f"{int(value.value or 0)}.{tail}"
        return Printed(text, read_text(text))

    return _numbers(
        report, lambda slot, value: _is_amount(slot, value) and value.value != 0, change
    )


def _numbers_spaced(report: Report, rng: Random) -> Report:
    """Spaces before and inside numbers, as justified cells leave them."""

    def change(value: Printed) -> Printed:
        text = value.text
        if len(text) > 3 and text.isdigit():
            text = f"{text[:-3]} {text[-3:]}"
        return replace(value, text=f" {text}")

    return _numbers(report, lambda slot, value: rng.random() < 0.5, change)


def _does_not_add_up(report: Report, rng: Random) -> Report:
    """Three printed totals that their parts do not give: the report's own mistakes."""
    slots = (
        "requests.granted.total",
        "requests.total_handled.natural_person",
        "disputes.reconsideration.total",
    )
    values = dict(report.values)
    for slot in slots:
        wrong = (values[slot].value or Decimal(0)) + rng.choice((1, 2, 9))
        values[slot] = Printed(str(wrong), wrong)
    return replace(report, values=values)


def _changed(
    change: Change, weight: float = 0.0, editions: tuple[str, ...] = ("2019", "2021")
) -> Deviation:
    return Deviation(change, editions, changes_values=True, weight=weight)


PRINTING: Mapping[str, Deviation] = {
    "organizations_blank": _changed(_zeros(zeros.blank_organizations)),
    "natural_person_and_total_only": _changed(_zeros(zeros.natural_person_and_total)),
    "zeros_blank": _changed(_zeros(zeros.blank_here_and_there)),
    "all_zeros_blank": _changed(_zeros(zeros.blank)),
    "dashes": _changed(_zeros(zeros.dashes)),
    "words_for_zeros": _changed(_zeros(zeros.words)),
    "table_blank": _changed(_table_blank, 0.01),
    "totals_blank": _changed(_totals_blank, 0.01),
    "words_for_none": _changed(_words_for_none, 0.01),
    "sentences_for_none": _changed(_sentences_for_none, 0.02),
    "does_not_add_up": _changed(_does_not_add_up),
    "signs": _changed(_signs, 0.15, editions=("2019",)),
    "decimals_many": _changed(_decimals_many, 0.04),
    "trailing_zeros": _changed(_trailing_zeros, 0.03),
    "units_in_cell": _changed(_units_in_cell, 0.06),
    "unit_nowhere": _changed(_unit_nowhere, 0.04, editions=("2021",)),
    "annotated": _changed(_annotated, 0.02),
    "thousands": _changed(_thousands, 0.02),
    "digits_full_width": _changed(_digits_full_width, 0.02),
    "numbers_spaced": _changed(_numbers_spaced, 0.03),
}
