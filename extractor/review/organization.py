"""The pages of organisations: all of them, and what the reports of one state over the years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from anyio.to_thread import run_sync
from nicegui import html

from extractor.review.frame import empty, frame, heading, missing
from extractor.review.listing import (
    Cell,
    Column,
    Listing,
    filters,
    page_of,
    pager,
    tabs,
    text_filter,
    with_query,
    words_of,
)
from extractor.review.reports import place_of, report_status, year_text
from extractor.review.site import Site
from extractor.review.slot_words import SlotWords, signed_text, slot_words, table_titles, value_text
from extractor.review.visitor import Visitor
from extractor.review.words import Say
from extractor.review.year_table import YearPlace, YearRow, year_table
from extractor.service.aggregates import Body
from extractor.service.tables import Document
from extractor.service.value_tables import CellRow
from extractor.types import CellStatus, State

SIZE = 100
"""Organisations a page."""


def define(site: Site) -> None:
    """Define the pages."""

    @site.page("/organizations")
    async def organizations(visitor: Visitor, name: str = "", page: str = "") -> None:
        part, number = words_of(name), page_of(page)
        aggregates = visitor.service.store.aggregates

        def load() -> tuple[Sequence[Body], int]:
            return aggregates.organizations(part=part, page=number, size=SIZE)

        found, total = await run_sync(load)
        say, here = visitor.say, visitor.page("organizations")
        with frame(visitor, say("机关", "Organisations"), "overview"):
            heading(
                say("机关", "Organisations"),
                hint=say("有报告的机关，可按年度比较。", "Whose reports there are, year by year."),
            )
            with filters(visitor, {}, clear=here):
                text_filter("name", say("机关名称", "Name"), part)
            if found:
                rows = [_body(visitor, body) for body in found]
                Listing(say("机关", "Organisations"), _body_columns(say), rows)
            elif part or number > 1:
                empty(say("没有这样的机关。", "There is none like that."))
            else:
                empty(
                    say("还没有机关。", "There are none yet."),
                    say("上传报告后，机关会列在这里。", "They come with their reports."),
                )
            pager(visitor, number, total, SIZE, lambda n: with_query(here, name=part, page=n))

    @site.page("/organizations/{name:path}")
    async def organization(visitor: Visitor, name: str, rows: str = "") -> None:
        aggregates = visitor.service.store.aggregates

        def load() -> tuple[Sequence[Document], Mapping[str, Mapping[str, CellRow]]]:
            reports = aggregates.reports_of(name)
            compared = _one_a_year(reports).values()
            return reports, aggregates.cells_of([document.id for document in compared])

        reports, cells = await run_sync(load)
        say = visitor.say
        if not reports:
            missing(
                visitor,
                say(f"没有“{name}”的报告。", f"There are no reports of {name}."),
            )
            return
        with frame(visitor, name, "overview"):
            heading(
                name,
                hint=say(
                    "各年度报告逐项对照；小字为比上年的增减，未注明的没有变化。",
                    "Its reports side by side, with what changed since the year before.",
                ),
            )
            html.a(say("全部机关", "All organisations"), href=visitor.page("organizations"))
            documents = _one_a_year(reports)
            if documents:
                _comparison(visitor, name, documents, cells, only_totals=rows != "all")
            html.h2(say("报告", "Reports"))
            Listing(
                say("报告", "Reports"),
                _report_columns(say),
                [_report(visitor, document) for document in reports],
            )


def _one_a_year(reports: Sequence[Document]) -> dict[int, Document]:
    """The newest report of every year, by year, in order."""
    found: dict[int, Document] = {}
    for document in reports:  # of each year the newest first
        if document.year is not None:
            found.setdefault(document.year, document)
    return dict(sorted(found.items()))


def _comparison(
    visitor: Visitor,
    name: str,
    documents: Mapping[int, Document],
    cells: Mapping[str, Mapping[str, CellRow]],
    *,
    only_totals: bool,
) -> None:
    """The tables of the form, each with a column a year."""
    say, schema = visitor.say, visitor.service.reviews.schema
    here, words = visitor.page("organizations", name), slot_words(schema)
    tabs(
        say("显示哪些行", "Which rows"),
        [
            (say("只看合计", "Totals only"), here, only_totals),
            (say("全部数据", "All values"), with_query(here, rows="all"), not only_totals),
        ],
    )
    by_year = {year: cells[document.id] for year, document in documents.items()}
    for table, title in table_titles(schema).items():
        found = year_table(schema.tables[table], by_year, only_totals=only_totals)
        if not found:
            continue
        html.h2(title)
        columns = [
            Column(say("行", "Row"), head=True, words=12),
            Column(say("列", "Column"), words=8),
            *(Column(str(year), number=True) for year in documents),
        ]
        rows = [_row(visitor, words[row.slot], row, documents) for row in found]
        Listing(title, columns, rows)


def _row(
    visitor: Visitor, its: SlotWords, row: YearRow, documents: Mapping[int, Document]
) -> list[Cell | str]:
    places = [_place(visitor, place, documents[place.year]) for place in row.places]
    return [its.row, its.column, *places]


def _place(visitor: Visitor, place: YearPlace, document: Document) -> Cell:
    """A value with what is to be said about it."""
    say, cell = visitor.say, place.cell
    if cell is None:
        return Cell("")
    notes = []
    if place.change:
        notes.append(signed_text(place.change))
    if cell.status == CellStatus.FLAGGED:
        notes.append(say("存疑", "in doubt"))
    if place.gap is not None:
        gap = signed_text(place.gap)
        notes.append(say(f"与上年报告不衔接，差 {gap}", f"{gap} against the last report"))
    looks = ["broken"] if place.gap is not None else []
    if cell.state != State.NUMBER:
        looks.append("quiet")
    return Cell(
        value_text(cell.value, cell.state, say),
        href=place_of(visitor, document, cell.slot),
        note=say("，", ", ").join(notes),
        look=" ".join(looks),
    )


def _body_columns(say: Say) -> list[Column]:
    return [
        Column(say("机关", "Organisation"), head=True, words=10),
        Column(say("年度", "Years"), words=18),
        Column(say("报告", "Reports"), number=True),
        Column(say("待核问题", "Questions"), number=True),
        Column(say("勾稽问题", "Findings"), number=True),
    ]


def _body(visitor: Visitor, body: Body) -> list[Cell | str]:
    name = body.organization
    return [
        Cell(name, href=visitor.page("organizations", name)),
        visitor.say("、", ", ").join(str(year) for year in body.years) or "—",
        f"{body.reports:,}",
        f"{body.to_answer:,}",
        Cell(
            f"{body.findings:,}",
            href=with_query(visitor.page("findings"), organization=name) if body.findings else "",
        ),
    ]


def _report_columns(say: Say) -> list[Column]:
    return [
        Column(say("年度", "Year")),
        Column(say("文件", "Document"), head=True, words=10),
        Column(say("状态", "Status")),
        Column(say("待核问题", "Questions"), number=True),
        Column(say("勾稽问题", "Findings"), number=True),
        Column(say("上传时间", "Uploaded")),
        Column(say("处理记录", "Trail")),
    ]


def _report(visitor: Visitor, document: Document) -> list[Cell | str]:
    say = visitor.say
    return [
        year_text(document),
        Cell(document.name, href=visitor.page("documents", document.id)),
        report_status(document, say),
        f"{document.to_answer or 0:,}",
        f"{document.findings or 0:,}",
        Cell("", time=document.created_at.isoformat()),
        Cell(say("查看", "Look"), href=visitor.page("documents", document.id, "trail")),
    ]
