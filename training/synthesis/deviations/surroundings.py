"""Deviations in the titles, the headings and what stands before, between and after the tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from training.synthesis.deviations.deviation import Change, Deviation, around
from training.synthesis.form import HEADINGS, Entry, Kind, Row, Table
from training.synthesis.prose import Prose
from training.synthesis.report import Heading, Part, Report, Title

_NUMERALS = "一二三四五六七八九"
_SECTIONS = tuple(HEADINGS)
_NUMBERINGS: tuple[tuple[str, tuple[int | None, ...]], ...] = (
    ("{han}、{}", (None, 1, 2, 3, 4, 5)),
    ("{han}、{}", (1, 1, 2, 3, 4, 5)),
    ("{han}、{}", (2, 3, 4, 5, 6, 7)),
    ("（{han}）{}", (1, 2, 3, 4, 5, 6)),
    ("第{han}部分 {}", (1, 2, 3, 4, 5, 6)),
    ("{arabic}.{}", (1, 2, 3, 4, 5, 6)),
    ("{arabic}、{}", (1, 2, 3, 4, 5, 6)),
)
"""How a heading is printed, and the numbers of the sections in order (None: no number)."""

_LISTS = (
    (("公开类别", "数量（条）"), ("政务动态", "通知公告", "财政预决算", "政策解读")),
    (("公开渠道", "发布数（条）"), ("政府网站", "政务微信", "政务微博", "公示栏")),
    (("指标名称", "计量单位", "统计数"), ("主动公开信息", "回应公众关注热点", "编发政府公报")),
    (("序号", "培训名称", "参加人数"), ("政务公开业务培训", "依申请公开专题培训")),
)


def _sentence_before_table(report: Report, rng: Random) -> Report:
    sentence = rng.choice(
        ("该部分以表格形式报告。表格如下：", "具体数据如下表所示。", "本年度有关情况见下表：")
    )
    return around(
        report,
        lambda part: (Prose(sentence), part) if isinstance(part, Table) else (part,),
    )


def _note_under_disputes(report: Report, rng: Random) -> Report:
    note = Prose(f"注：行政复议案件含上年结转{rng.randrange(1, 9)}件，已在本年度审结。")
    last = [table for table in report.tables() if table.id == "disputes"][-1:]
    return around(report, lambda part: (part, note) if part in last else (part,))


def _unrelated_table(*, is_after: bool) -> Change:
    """A small table of the body's own, between overview and form or after the form."""
    section = "problems" if is_after else "disclosure"

    def change(report: Report, rng: Random) -> Report:
        table = _list(rng)

        def put(part: Part) -> tuple[Part, ...]:
            is_place = isinstance(part, Heading) and part.section == section
            return (table, part) if is_place else (part,)

        changed = around(report, put)
        if changed == report:
            changed = replace(report, parts=(*report.parts, table))
        return changed

    return change


def _list(rng: Random) -> Table:
    header, items = rng.choice(_LISTS)
    rows: list[Row] = [tuple(Entry(text, Kind.HEADER) for text in header)]
    for number, item in enumerate(items, start=1):
        count = Entry(str(rng.randrange(1, 400)), Kind.VALUE)
        match header[0]:
            case "序号":
                rows.append((Entry(str(number), Kind.NOTE), Entry(item, Kind.LABEL), count))
            case "指标名称":
                rows.append((Entry(item, Kind.LABEL), Entry("条", Kind.NOTE), count))
            case _:
                rows.append((Entry(item, Kind.LABEL), count))
    return Table(None, len(header), tuple(rows))


def _headings(report: Report, change: Callable[[Heading], Part | None]) -> Report:
    def put(part: Part) -> tuple[Part, ...]:
        if not isinstance(part, Heading):
            return (part,)
        new = change(part)
        return () if new is None else (new,)

    return around(report, put)


def _headings_repeated(report: Report, rng: Random) -> Report:
    """The number 一 stands twice, the others follow on."""
    return _headings(
        report,
        lambda heading: (
            replace(heading, text=heading.text.replace("二、", "一、", 1))
            if heading.text.startswith("二、")
            else heading
        ),
    )


def _headings_unnumbered(report: Report, rng: Random) -> Report:
    return _headings(report, lambda heading: replace(heading, text=_unnumbered(heading.text)))


def _headings_renumbered(report: Report, rng: Random) -> Report:
    """Other numerals, or numbers that begin again or too late."""
    pattern, numbers = rng.choice(_NUMBERINGS)

    def renumber(heading: Heading) -> Heading:
        number = numbers[_SECTIONS.index(heading.section)]
        text = _unnumbered(heading.text)
        if number is not None:
            text = pattern.format(text, han=_NUMERALS[number - 1], arabic=number)
        return replace(heading, text=text)

    return _headings(report, renumber)


def _unnumbered(text: str) -> str:
    return text[2:] if text[1:2] == "、" and text[0] in _NUMERALS else text


def _headings_lost(report: Report, rng: Random) -> Report:
    tables = ("disclosure", "requests", "disputes")
    return _headings(report, lambda heading: None if heading.section in tables else heading)


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


def _titled(report: Report, lines: tuple[str, ...]) -> Report:
    return around(report, lambda part: (Title(lines) if isinstance(part, Title) else part,))


def _title_two_lines(report: Report, rng: Random) -> Report:
    return _titled(report, (report.organization, f"{report.year}年政府信息公开工作年度报告"))


def _title_without_body(report: Report, rng: Random) -> Report:
    return _titled(report, (f"{report.year}年度政府信息公开工作报告",))


def _title_doubled(report: Report, rng: Random) -> Report:
    """The title of the page and that of the report, which may differ in their words."""
    other = rng.choice(
        (
            f"{report.organization}{report.year}年政府信息公开工作年度报告",
            f"{report.organization}{report.year}年度政府信息公开工作报告",
            f"{report.year}年{report.organization}政府信息公开年报",
        )
    )
    return around(
        report, lambda part: (Title((other,)), part) if isinstance(part, Title) else (part,)
    )


def _year_spaced(report: Report, rng: Random) -> Report:
    year = str(report.year)

    def put(part: Part) -> tuple[Part, ...]:
        if isinstance(part, Title):
            return (Title(tuple(line.replace(year, f"{year} ") for line in part.lines)),)
        if isinstance(part, Prose):
            return (part.replace(f"{year}年", f"{year} 年"),)
        return (part,)

    return around(report, put)


def _body_names_last_year(report: Report, rng: Random) -> Report:
    """One paragraph was taken over from last year's report, its year with it."""
    year, last = f"{report.year}年", f"{report.year - 1}年"
    stale = [part for part in report.parts if isinstance(part, Prose) and year in part.text]
    if not stale:
        sentence = Prose(f"{last}，本机关按照要求做好政府信息公开各项工作。")
        return around(
            report,
            lambda part: (
                (part, sentence)
                if isinstance(part, Heading) and part.section == "overview"
                else (part,)
            ),
        )
    chosen = rng.choice(stale)
    return around(report, lambda part: (part.replace(year, last),) if part is chosen else (part,))


SURROUNDINGS: Mapping[str, Deviation] = {
    "sentence_before_table": Deviation(_sentence_before_table, weight=0.08),
    "note_under_disputes": Deviation(_note_under_disputes, weight=0.04),
    "unrelated_table": Deviation(_unrelated_table(is_after=False), weight=0.03),
    "unrelated_table_after": Deviation(_unrelated_table(is_after=True), weight=0.02),
    "headings_renamed": Deviation(_headings_renamed, weight=0.06),
    "headings_repeated": Deviation(_headings_repeated, weight=0.02),
    "headings_renumbered": Deviation(_headings_renumbered, weight=0.03),
    "headings_unnumbered": Deviation(_headings_unnumbered, weight=0.02),
    "headings_lost": Deviation(_headings_lost, weight=0.03),
    "title_two_lines": Deviation(_title_two_lines, weight=0.15),
    "title_without_body": Deviation(_title_without_body, weight=0.04),
    "title_doubled": Deviation(_title_doubled, weight=0.03),
    "year_spaced": Deviation(_year_spaced, weight=0.06),
    "body_names_last_year": Deviation(_body_names_last_year, weight=0.04),
}
