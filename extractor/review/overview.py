"""The page of plots over all reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from anyio.to_thread import run_sync
from nicegui import html, ui

from extractor.review.charts import Options, bars
from extractor.review.frame import empty, frame, heading
from extractor.review.listing import Cell, Column, Listing, with_query
from extractor.review.site import Site
from extractor.review.visitor import Visitor
from extractor.review.words import Say, share_text, verdict_words
from extractor.schema import Plot, Series
from extractor.service.aggregates import Broken, Doubt, Sums
from extractor.types import Verdict

MOST_BROKEN = 20
"""So many organisations are listed by their findings."""


@dataclass(frozen=True, slots=True)
class _Numbers:
    doubts: Sequence[Doubt]
    verdicts: Mapping[str, int]
    broken: Sequence[Broken]
    plots: Sequence[tuple[Plot, Sequence[Sums]]]


def define(site: Site) -> None:
    """Define the page."""

    @site.page("/overview")
    async def overview(visitor: Visitor) -> None:
        found = await run_sync(_load, visitor)
        say = visitor.say
        with frame(visitor, say("统计", "Overview"), "overview"):
            heading(
                say("统计", "Overview"),
                hint=say("全部报告合在一起看。", "All reports together."),
            )
            if not found.doubts:
                empty(
                    say("还没有可统计的报告。", "There is nothing to count yet."),
                    say("上传报告，提取完成后这里会有图表。", "Plots come with reports."),
                )
                return
            _cards(visitor, found)
            for plot, sums in found.plots:
                if sums:
                    _plot(visitor, plot, sums)
            _doubts(visitor, found.doubts)
            if found.broken:
                _broken(visitor, found.broken)


def _load(visitor: Visitor) -> _Numbers:
    aggregates, schema = visitor.service.store.aggregates, visitor.service.reviews.schema
    return _Numbers(
        aggregates.doubts(),
        aggregates.verdicts(),
        aggregates.most_broken(MOST_BROKEN),
        [(plot, aggregates.sums(plot.slots)) for plot in schema.plots],
    )


def _cards(visitor: Visitor, found: _Numbers) -> None:
    say = visitor.say
    cells = sum(one.cells for one in found.doubts)
    flagged = sum(one.flagged for one in found.doubts)
    reported = found.verdicts.get(Verdict.REPORTED, 0)
    findings = with_query(visitor.page("findings"), verdict=Verdict.REPORTED)
    cards = [
        (f"{sum(one.reports for one in found.doubts):,}", say("份报告", "reports"), ""),
        (f"{cells:,}", say("个单元格", "cells"), visitor.page("dataset")),
        (
            share_text(flagged / cells),
            say("的单元格存疑待复核", "of the cells in doubt"),
            with_query(visitor.page("dataset"), cell_status="flagged"),
        ),
        (f"{reported:,}", say("处报告自身差错", "errors of the reports' own"), findings),
    ]
    with html.div().classes("cards"):
        for number, words, address in cards:
            card = html.a(href=address) if address else html.div()
            with card.classes("card"):
                html.div(number).classes("figure")
                html.div(words)
    html.a(say("按机关逐年比较", "Organisations year by year"), href=visitor.page("organizations"))


def _plot(visitor: Visitor, plot: Plot, sums: Sequence[Sums]) -> None:
    """One of the plots that the form asks for, by year."""
    say = visitor.say
    title = say(plot.label, plot.english)
    years = [str(one.year) for one in sums]
    values = {series.label: [_value(series, one, plot) for one in sums] for series in plot.series}
    numbers, flagged = sum(one.numbers for one in sums), sum(one.flagged for one in sums)
    share = share_text(flagged / numbers)
    hint = say(
        f"同一机关同一年度只计最新一份报告；只计数字，其中 {share} 存疑、尚未复核。",
        "Of a body's reports for a year the newest counts, and only cells that hold a number; "
        f"{share} of these are in doubt and nobody has looked at them.",
    )
    columns = [
        Column(say("年度", "Year"), head=True),
        *(Column(label, number=True) for label in values),
        Column(say("报告", "Reports"), number=True),
        Column(say("存疑", "In doubt"), number=True),
    ]
    shown = _percent if plot.is_share else _count
    rows: list[list[Cell | str]] = [
        [
            str(one.year),
            *(shown(series[i]) for series in values.values()),
            f"{one.reports:,}",
            share_text(one.flagged / one.numbers),
        ]
        for i, one in enumerate(sums)
    ]
    options = bars(years, list(values.items()), _told(title, years), is_share=plot.is_share)
    _chart(title, hint, options, columns, rows, say)


def _value(series: Series, sums: Sums, plot: Plot) -> float | None:
    """What a bar shows: a number, or a percentage of what all series are together; None where no
    report says anything of it."""
    known = [sums.by_slot[slot] for slot in series.slots if slot in sums.by_slot]
    if not plot.is_share:
        return sum(known) if known else None
    whole = sum(sums.by_slot.values())
    return 100 * sum(known) / whole if whole else None


def _doubts(visitor: Visitor, doubts: Sequence[Doubt]) -> None:
    """How much nobody is sure of, by year."""
    say = visitor.say
    title = say("存疑单元格的比例", "Share of cells in doubt")
    unknown = say("年度未识别", "unknown year")
    years = [unknown if one.year is None else str(one.year) for one in doubts]
    shares = [100 * one.flagged / one.cells for one in doubts]
    options = bars(years, [(title, shares)], _told(title, years), is_share=True)
    columns = [
        Column(say("年度", "Year"), head=True),
        Column(say("报告", "Reports"), number=True),
        Column(say("单元格", "Cells"), number=True),
        Column(say("存疑", "In doubt"), number=True),
        Column(say("比例", "Share"), number=True),
    ]
    rows: list[list[Cell | str]] = [
        [
            year,
            f"{one.reports:,}",
            f"{one.cells:,}",
            f"{one.flagged:,}",
            share_text(one.flagged / one.cells),
        ]
        for year, one in zip(years, doubts, strict=True)
    ]
    hint = say("存疑：须由人核对，尚未核对。", "In doubt: somebody must look, and nobody has yet.")
    _chart(title, hint, options, columns, rows, say)


def _broken(visitor: Visitor, broken: Sequence[Broken]) -> None:
    """Whose reports have most findings."""
    say = visitor.say
    title = say("勾稽问题最多的机关", "Organisations with most findings")
    names = [one.organization for one in broken]
    series = [
        (verdict_words(verdict, say), [float(one.by_verdict[verdict]) for one in broken])
        for verdict in Verdict
    ]
    options = bars(names, series, _told(title, names), is_flat=True)
    columns = [
        Column(say("机关", "Organisation"), head=True),
        *(Column(words, number=True) for words, _ in series),
        Column(say("合计", "All"), number=True),
    ]
    rows: list[list[Cell | str]] = [
        [
            Cell(one.organization, href=visitor.page("organizations", one.organization)),
            *(f"{one.by_verdict[verdict]:,}" for verdict in Verdict),
            Cell(
                f"{one.total:,}",
                href=with_query(visitor.page("findings"), organization=one.organization),
            ),
        ]
        for one in broken
    ]
    hint = say(f"最多 {MOST_BROKEN} 个机关。", f"At most {MOST_BROKEN} of them.")
    _chart(title, hint, options, columns, rows, say, height=80 + 32 * len(broken))


def _chart(
    title: str,
    hint: str,
    options: Options,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell | str]],
    say: Say,
    *,
    height: int = 300,
) -> None:
    """A plot with the same numbers as a table."""
    with html.section(**{"aria-label": title}).classes("card plot"):
        html.h2(title)
        html.p(hint).classes("hint")
        ui.echart(options, renderer="svg").style(f"height: {height}px")
        with html.details():
            html.summary(say("同样的数字，以表格显示", "The same numbers as a table"))
            Listing(title, columns, rows)


def _told(title: str, names: Sequence[str]) -> str:
    return f"{title}: {', '.join(names)}"


def _count(value: float | None) -> str:
    return "—" if value is None else f"{value:,.0f}"


def _percent(value: float | None) -> str:
    return "—" if value is None else share_text(value / 100)
