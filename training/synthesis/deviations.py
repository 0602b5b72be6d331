"""How real reports deviate from the form: named changes to a report, each seeded, all combinable.

Structure and wording change what stands around the values; value deviations change how they are
printed and, where the print then says something else, the truth with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

from training.synthesis.form import APPLICANTS, Entry, Kind, Row, Table
from training.synthesis.prose import Prose
from training.synthesis.report import Heading, Part, Report, Title
from training.synthesis.values import BLANK, Printed, read_text

Change = Callable[[Report, Random], Report]


@dataclass(frozen=True, slots=True)
class Deviation:
    """One way to deviate. `changes_values`: the printed values are others afterwards."""

    change: Change
    editions: tuple[str, ...] = ("2019", "2021")
    changes_values: bool = False


def deviate(report: Report, names: tuple[str, ...], rng: Random) -> Report:
    """Apply the named deviations in order.

    Raises:
        KeyError: an unknown name.
        ValueError: a deviation that the report's edition does not know.
    """
    for name in names:
        deviation = DEVIATIONS[name]
        if report.edition not in deviation.editions:
            raise ValueError(f"{name} does not occur in the {report.edition} edition")
        report = deviation.change(report, rng)
    return report


# --- rows and cells ------------------------------------------------------------------------------


def _captions_missing(report: Report, rng: Random) -> Report:
    only_first = rng.random() < 0.5

    def change(table: Table) -> Table:
        captions = [row for row in table.rows if row[0].kind is Kind.CAPTION]
        dropped = captions[:1] if only_first else captions
        return replace(table, rows=tuple(row for row in table.rows if row not in dropped))

    return report.map_tables(change)


def _captions_with_law(report: Report, rng: Random) -> Report:
    law = rng.choice(("《中华人民共和国政府信息公开条例》", "《条例》", "信息公开条例"))
    return _prefix(report, Kind.CAPTION, law)


def _prefix(report: Report, kind: Kind, prefix: str) -> Report:
    def change(entry: Entry) -> Entry:
        return replace(entry, text=prefix + entry.text) if entry.kind is kind else entry

    return report.map_entries(change)


def _extra_row(report: Report, rng: Random) -> Report:
    """The row 其他主动公开文件 in block （一）, which is no slot of the form."""

    def change(table: Table) -> Table:
        rows: list[Row] = []
        for row in table.rows:
            rows.append(row)
            if row[0].text.endswith("规范性文件"):
                counts = (Entry(str(rng.randrange(1, 90)), Kind.VALUE) for _ in row[1:])
                rows.append((Entry("其他主动公开文件", Kind.LABEL), *counts))
        return replace(table, rows=tuple(rows))

    return report.map_tables(change)


def _reword(report: Report, words: Mapping[str, str]) -> Report:
    def change(entry: Entry) -> Entry:
        if entry.kind is Kind.VALUE:
            return entry
        text = entry.text
        for old, new in words.items():
            text = text.replace(old, new)
        return replace(entry, text=text)

    return report.map_entries(change)


def _headers_misprinted(report: Report, rng: Random) -> Report:
    return _reword(report, {"本年处理决定数量": "本年处理绝对数量"})


def _labels_misprinted(report: Report, rng: Random) -> Report:
    words = {
        "其他法律行政法规禁止公开": "其他法律行政止公开",
        "上年结转政府信息公开申请数量": "上年结转政府信息公开数量",
    }
    return _reword(report, words)


def _headers_cut(report: Report, rng: Random) -> Report:
    words = {"本年新制作数量": "本年新", "本年新公开数量": "本年新", "现行有效件数": "现行有效件"}
    return _reword(report, words)


def _headers_with_instructions(report: Report, rng: Random) -> Report:
    words = {
        "本年增/减": "本年增/减（减少用负数表示，如-8）",
        "采购总金额": "采购总金额（万元，保留四位小数）",
    }
    return _reword(report, words)


def _numbering_with_comma(report: Report, rng: Random) -> Report:
    return _reword(report, {f"{n}.": f"{n}、" for n in range(1, 9)})


def _words_spaced(report: Report, rng: Random) -> Report:
    gap = rng.choice((" ", "　", "  "))
    words = ("总计", "规章", "其他", "自然人", "信息内容")
    spaced = {word: gap.join(word) for word in words}

    def change(entry: Entry) -> Entry:
        if entry.kind is Kind.VALUE:
            return entry
        return replace(entry, text=spaced.get(entry.text, entry.text))

    return report.map_entries(change)


def _brackets_half(report: Report, rng: Random) -> Report:
    return _reword(report, {"（": "(", "）": ")", "：": ":", "，": ","})


def _labels_shortened(report: Report, rng: Random) -> Report:
    words = {
        "（区分处理的，只计这一情形，不计其他情形）": "",
        "1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请": "1.逾期不补正",
        "2.申请人逾期未按收费通知要求缴纳费用、行政机关不再处理其政府信息公开申请": "2.逾期不缴费",
    }
    return _reword(report, words)


# --- around the tables ---------------------------------------------------------------------------


def _around(report: Report, change: Callable[[Part], tuple[Part, ...]]) -> Report:
    return replace(report, parts=tuple(new for part in report.parts for new in change(part)))


def _sentence_before_table(report: Report, rng: Random) -> Report:
    sentence = rng.choice(
        ("该部分以表格形式报告。表格如下：", "具体数据如下表所示。", "本年度有关情况见下表：")
    )
    return _around(
        report,
        lambda part: (Prose(sentence), part) if isinstance(part, Table) else (part,),
    )


def _note_under_disputes(report: Report, rng: Random) -> Report:
    note = Prose(f"注：行政复议案件含上年结转{rng.randrange(1, 9)}件，已在本年度审结。")
    return _around(
        report,
        lambda part: (part, note) if isinstance(part, Table) and part.id == "disputes" else (part,),
    )


def _unrelated_table(report: Report, rng: Random) -> Report:
    """A small table of the body's own between overview and form."""
    kinds = ("政务动态", "通知公告", "财政预决算", "政策解读")
    rows: list[Row] = [
        (Entry("公开类别", Kind.HEADER), Entry("数量（条）", Kind.HEADER)),
        *(
            (Entry(kind, Kind.LABEL), Entry(str(rng.randrange(1, 400)), Kind.VALUE))
            for kind in kinds
        ),
    ]
    table = Table(None, 2, tuple(rows))
    return _around(
        report,
        lambda part: (
            (table, part) if isinstance(part, Heading) and part.section == "disclosure" else (part,)
        ),
    )


def _headings(report: Report, change: Callable[[Heading], Part | None]) -> Report:
    def around(part: Part) -> tuple[Part, ...]:
        if not isinstance(part, Heading):
            return (part,)
        new = change(part)
        return () if new is None else (new,)

    return _around(report, around)


def _headings_repeated(report: Report, rng: Random) -> Report:
    """The number 一 stands twice, the others follow on."""
    numbers = {"二、": "一、"}
    return _headings(
        report,
        lambda heading: replace(
            heading, text=numbers.get(heading.text[:2], heading.text[:2]) + heading.text[2:]
        ),
    )


def _headings_unnumbered(report: Report, rng: Random) -> Report:
    return _headings(report, lambda heading: replace(heading, text=heading.text[2:]))


def _headings_lost(report: Report, rng: Random) -> Report:
    return _headings(
        report,
        lambda heading: (
            None if heading.section in ("disclosure", "requests", "disputes") else heading
        ),
    )


def _headings_renamed(report: Report, rng: Random) -> Report:
    words = {
        "一、总体情况": "一、工作基本情况",
        "二、主动公开政府信息情况": "二、主动公开情况",
        "三、收到和处理政府信息公开申请情况": "三、依申请公开情况",
        "四、政府信息公开行政复议、行政诉讼情况": "四、因政府信息公开引起的复议、诉讼情况",
    }
    return _headings(
        report, lambda heading: replace(heading, text=words.get(heading.text, heading.text))
    )


def _tables_reordered(report: Report, rng: Random) -> Report:
    """The disputes table before the requests table, each with its heading."""
    sections: dict[str, list[Part]] = {}
    head: list[Part] = []
    current = head
    order = []
    for part in report.parts:
        if isinstance(part, Heading):
            current = sections.setdefault(part.section, [])
            order.append(part.section)
        current.append(part)
    if "requests" in order and "disputes" in order:
        i, j = order.index("requests"), order.index("disputes")
        order[i], order[j] = order[j], order[i]
    return replace(report, parts=(*head, *(part for name in order for part in sections[name])))


def _table_missing(report: Report, rng: Random) -> Report:
    """One table stands only in an attachment."""
    table = rng.choice([table for table in report.tables() if table.id is not None])
    note = Prose("详见附件。")
    changed = _around(report, lambda part: (note,) if part is table else (part,))
    return replace(changed, missing=(*report.missing, *table.slots()))


def _title(report: Report, change: Callable[[Title], Title]) -> Report:
    return _around(report, lambda part: (change(part) if isinstance(part, Title) else part,))


def _title_two_lines(report: Report, rng: Random) -> Report:
    lines = (report.organization, f"{report.year}年政府信息公开工作年度报告")
    return _title(report, lambda title: Title(lines))


def _title_without_body(report: Report, rng: Random) -> Report:
    return _title(report, lambda title: Title((f"{report.year}年度政府信息公开工作报告",)))


def _year_spaced(report: Report, rng: Random) -> Report:
    year = str(report.year)

    def around(part: Part) -> tuple[Part, ...]:
        if isinstance(part, Title):
            return (Title(tuple(line.replace(year, f"{year} ") for line in part.lines)),)
        if isinstance(part, Prose):
            return (part.replace(f"{year}年", f"{year} 年"),)
        return (part,)

    return _around(report, around)


# --- values --------------------------------------------------------------------------------------


def _numbers(
    report: Report, choose: Callable[[str, Printed], bool], change: Callable[[Printed], Printed]
) -> Report:
    """Change the printed numbers that `choose` accepts, by slot and print."""
    values = {
        slot: change(value) if value.value is not None and choose(slot, value) else value
        for slot, value in report.values.items()
    }
    return replace(report, values=values)


def _organizations_blank(report: Report, rng: Random) -> Report:
    """Nobody filled in the five columns of organisations that hold nothing but zeros."""
    columns = [
        name
        for name in APPLICANTS[1:]
        if not any(
            value.value
            for slot, value in report.values.items()
            if slot.startswith("requests.") and slot.endswith(f".{name}")
        )
    ]
    return _numbers(
        report,
        lambda slot, value: slot.startswith("requests.") and slot.split(".")[2] in columns,
        lambda value: BLANK,
    )


def _totals_blank(report: Report, rng: Random) -> Report:
    return _numbers(
        report,
        lambda slot, value: slot.startswith("requests.") and slot.endswith(".total"),
        lambda value: BLANK,
    )


def _zeros_blank(report: Report, rng: Random) -> Report:
    return _numbers(
        report,
        lambda slot, value: value.value == 0 and rng.random() < 0.6,
        lambda value: BLANK,
    )


def _table_blank(report: Report, rng: Random) -> Report:
    """A table of zeros left empty; the disputes table, made so if it is not."""
    return _numbers(report, lambda slot, value: slot.startswith("disputes."), lambda value: BLANK)


def _dashes(report: Report, rng: Random) -> Report:
    mark = rng.choice(("-", "/", "—", "无"))
    return _numbers(report, lambda slot, value: value.value == 0, lambda value: Printed(mark, None))


def _words_for_none(report: Report, rng: Random) -> Report:
    """A sentence in place of the three numbers of 规章."""
    return _numbers(
        report,
        lambda slot, value: slot.startswith("disclosure.regulations."),
        lambda value: Printed("本单位未制作规章", None),
    )


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
        lambda slot, value: slot.startswith("disclosure.normative") and bool(value.value),
        change,
    )


def _units_in_cell(report: Report, rng: Random) -> Report:
    def change(value: Printed) -> Printed:
        if rng.random() < 0.5:
            return replace(value, text=f"{value.text}万元")
        amount = (value.value or Decimal(0)) * 10000
        return replace(value, text=f"{amount.normalize():f}元")

    return _numbers(report, lambda slot, value: slot.endswith(".amount"), change)


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
        zeros = "0" if "." in value.text else ".00"
        return replace(value, text=value.text + zeros)

    return _numbers(
        report, lambda slot, value: slot.endswith(".amount") and value.text[-1].isdigit(), change
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


DEVIATIONS: Mapping[str, Deviation] = {
    "captions_missing": Deviation(_captions_missing),
    "captions_with_law": Deviation(_captions_with_law),
    "extra_row": Deviation(_extra_row),
    "headers_misprinted": Deviation(_headers_misprinted, editions=("2021",)),
    "labels_misprinted": Deviation(_labels_misprinted),
    "headers_cut": Deviation(_headers_cut),
    "headers_with_instructions": Deviation(_headers_with_instructions, editions=("2019",)),
    "numbering_with_comma": Deviation(_numbering_with_comma),
    "words_spaced": Deviation(_words_spaced),
    "brackets_half": Deviation(_brackets_half),
    "labels_shortened": Deviation(_labels_shortened),
    "sentence_before_table": Deviation(_sentence_before_table),
    "note_under_disputes": Deviation(_note_under_disputes),
    "unrelated_table": Deviation(_unrelated_table),
    "headings_repeated": Deviation(_headings_repeated),
    "headings_unnumbered": Deviation(_headings_unnumbered),
    "headings_lost": Deviation(_headings_lost),
    "headings_renamed": Deviation(_headings_renamed),
    "tables_reordered": Deviation(_tables_reordered),
    "table_missing": Deviation(_table_missing, changes_values=True),
    "title_two_lines": Deviation(_title_two_lines),
    "title_without_body": Deviation(_title_without_body),
    "year_spaced": Deviation(_year_spaced),
    "organizations_blank": Deviation(_organizations_blank, changes_values=True),
    "totals_blank": Deviation(_totals_blank, changes_values=True),
    "zeros_blank": Deviation(_zeros_blank, changes_values=True),
    "table_blank": Deviation(_table_blank, changes_values=True),
    "dashes": Deviation(_dashes, changes_values=True),
    "words_for_none": Deviation(_words_for_none, changes_values=True),
    "thousands": Deviation(_thousands, changes_values=True),
    "digits_full_width": Deviation(_digits_full_width, changes_values=True),
    "annotated": Deviation(_annotated, changes_values=True),
    "units_in_cell": Deviation(_units_in_cell, changes_values=True),
    "signs": Deviation(_signs, editions=("2019",), changes_values=True),
    "trailing_zeros": Deviation(_trailing_zeros, changes_values=True),
    "numbers_spaced": Deviation(_numbers_spaced, changes_values=True),
    "does_not_add_up": Deviation(_does_not_add_up, changes_values=True),
}
