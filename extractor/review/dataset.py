"""The page of the dataset: every value of all reports, filtered, and as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from anyio.to_thread import run_sync
from nicegui import html

from extractor.export.dataset import KINDS
from extractor.export.words import STATE
from extractor.review.dataset_rows import shown
from extractor.review.frame import empty, frame, heading
from extractor.review.listing import (
    Cell,
    Column,
    Listing,
    choice_filter,
    choice_of,
    filters,
    number_of,
    page_of,
    pager,
    tabs,
    text_filter,
    with_query,
    words_of,
)
from extractor.review.reports import year_filter
from extractor.review.site import Site
from extractor.review.slot_words import SlotWords, slot_words, table_titles, value_text
from extractor.review.visitor import Visitor
from extractor.review.words import cell_status_words, verdict_words
from extractor.schema import Schema
from extractor.service.dataset import COLUMNS, FILTERS, Content
from extractor.service.listings import Asked, Listings, Page
from extractor.types import CellStatus, State, Verdict

SIZE = 100
"""Rows a page."""

_CONTENTS = {
    Content.CELLS: ("表格数据", "Cells"),
    Content.FIGURES: ("正文关键数据", "Key figures"),
    Content.FINDINGS: ("勾稽问题", "Findings"),
}
_FORMATS = {"csv": "CSV", "xlsx": "Excel (XLSX)", "parquet": "Parquet"}


@dataclass(frozen=True, slots=True)
class _Query:
    """What is asked for, under the names of the address."""

    content: Content
    organization: str | None
    year: int | None
    table: str | None
    slot: str | None
    state: State | None
    cell_status: CellStatus | None
    key: str | None
    verdict: Verdict | None

    @property
    def asked(self) -> Asked:
        return Asked(organization=self.organization, year=self.year)

    @property
    def is_filtered(self) -> bool:
        return any(value for name, value in asdict(self).items() if name != "content")

    def at(self, visitor: Visitor, page: int | None = None) -> str:
        return with_query(visitor.page("dataset"), **asdict(self), page=page)

    def other(self, content: Content) -> _Query:
        """The same of something else, as far as that can be asked of it."""
        names = {"organization", "year", *_FILTERS[content]}
        forgotten: dict[str, Any] = {name: None for name in asdict(self) if name not in names}
        return replace(self, **(forgotten | {"content": content}))


_FILTERS: Mapping[Content, Sequence[str]] = {
    Content.CELLS: ("table", "slot", "state", "cell_status"),
    Content.FIGURES: ("key", "cell_status"),
    Content.FINDINGS: ("verdict",),
}
"""Besides organisation and year."""


def define(site: Site) -> None:
    """Define the page."""

    @site.page("/dataset")
    async def dataset(
        visitor: Visitor,
        content: str = "",
        organization: str = "",
        year: str = "",
        table: str = "",
        slot: str = "",
        state: str = "",
        cell_status: str = "",
        key: str = "",
        verdict: str = "",
        page: str = "",
    ) -> None:
        schema = visitor.service.reviews.schema
        words = slot_words(schema)
        query = _Query(
            content=choice_of(Content, content) or Content.CELLS,
            organization=words_of(organization),
            year=number_of(year),
            table=table if table in schema.tables else None,
            slot=slot if slot in words else None,
            state=choice_of(State, state),
            cell_status=choice_of(CellStatus, cell_status),
            key=key if key in {one.key for one in schema.figures} else None,
            verdict=choice_of(Verdict, verdict),
        )
        query = query.other(query.content)  # what it cannot be asked is left out
        number = page_of(page)
        listings = visitor.service.store.listings

        def load() -> tuple[Sequence[int], Page[Any]]:
            return listings.years(), _found(listings, query, list(words), number)

        years, found = await run_sync(load)
        say = visitor.say
        with frame(visitor, say("数据集", "Dataset"), "dataset"):
            heading(
                say("数据集", "Dataset"),
                hint=say(
                    "所有报告的数据，一行一值，含复核结果。",
                    "The values of all reports, one a row, as they were decided.",
                ),
            )
            tabs(
                say("数据种类", "Kind of data"),
                [
                    (say(*its), query.other(one).at(visitor), one is query.content)
                    for one, its in _CONTENTS.items()
                ],
            )
            _filters(visitor, query, schema, words, years)
            with html.div().classes("between"):
                html.p(say(f"共 {found.total:,} 行", f"{found.total:,} rows")).classes("total")
                _files(visitor, query)
            if found.rows:
                columns, rows = shown(visitor, query.content, found.rows, schema, words)
                Listing(say(*_CONTENTS[query.content]), columns, rows)
            elif query.is_filtered or number > 1:
                empty(
                    say("没有符合条件的数据。", "Nothing like that was found."),
                    say("可放宽或清除筛选条件。", "Ask for less, or clear the filters."),
                )
            else:
                empty(
                    say("还没有数据。", "There is nothing yet."),
                    say("上传报告，提取完成后数据会列在这里。", "Values come with reports."),
                )
            pager(visitor, number, found.total, SIZE, lambda n: query.at(visitor, n))
            _dictionary(visitor, query.content)


def _found(listings: Listings, query: _Query, order: Sequence[str], page: int) -> Page[Any]:
    """A page of what is asked for; `order` has the slots as the form has them."""
    match query.content:
        case Content.CELLS:
            return listings.cells(
                query.asked,
                order={slot: i for i, slot in enumerate(order)},
                table=query.table,
                slot=query.slot,
                state=query.state,
                status=query.cell_status,
                page=page,
                size=SIZE,
            )
        case Content.FIGURES:
            return listings.figures(
                query.asked, key=query.key, status=query.cell_status, page=page, size=SIZE
            )
        case Content.FINDINGS:
            return listings.findings(query.asked, verdict=query.verdict, page=page, size=SIZE)


def _filters(
    visitor: Visitor,
    query: _Query,
    schema: Schema,
    words: Mapping[str, SlotWords],
    years: Sequence[int],
) -> None:
    say, named = visitor.say, _FILTERS[query.content]
    any_words = say("全部", "All")
    titles = table_titles(schema)
    blank = _Query(query.content, *(None,) * 8)
    with filters(visitor, {"content": query.content.value}, clear=blank.at(visitor)):
        text_filter("organization", say("机关名称", "Organisation"), query.organization)
        year_filter(visitor, years, query.year)
        if "table" in named:
            choice_filter("table", say("表", "Table"), titles, query.table, any_words)
        if "slot" in named:
            meant = [slot for slot, its in words.items() if query.table in (None, its.table)]
            groups = {
                title: [slot for slot in meant if words[slot].table == table]
                for table, title in titles.items()
            }
            choice_filter(
                "slot",
                say("单元格", "Cell"),
                {slot: words[slot].both for slot in meant},
                query.slot,
                any_words,
                groups={title: slots for title, slots in groups.items() if slots},
            )
        if "state" in named:
            states = {one.value: value_text(None, one, say) for one in STATE}
            choice_filter("state", say("内容", "State"), states, query.state, any_words)
        if "key" in named:
            keys = {key.key: key.label for key in schema.figures}
            choice_filter("key", say("指标", "Figure"), keys, query.key, any_words)
        if "cell_status" in named:
            statuses = {one.value: cell_status_words(one, say) for one in CellStatus}
            choice_filter(
                "cell_status", say("复核状态", "Status"), statuses, query.cell_status, any_words
            )
        if "verdict" in named:
            verdicts = {one.value: verdict_words(one, say) for one in Verdict}
            choice_filter("verdict", say("判断", "Verdict"), verdicts, query.verdict, any_words)


def _files(visitor: Visitor, query: _Query) -> None:
    """The same as files, with the filters that these have."""
    say = visitor.say
    names = FILTERS[query.content]
    asked = {name: getattr(query, name) for name in ("organization", "year", *names)}
    left_out = [
        name
        for name in _FILTERS[query.content]
        if name not in names and getattr(query, name) is not None
    ]
    with html.div():
        with html.div().classes("actions"):
            html.span(say("下载", "Download"))
            for format, words in _FORMATS.items():
                address = with_query(
                    visitor.api("dataset"), format=format, content=query.content, **asked
                )
                html.a(words, href=address).classes("button")
        if left_out:
            told = {
                "slot": say("单元格", "cell"),
                "state": say("内容", "state"),
                "key": say("指标", "figure"),
                "verdict": say("判断", "verdict"),
            }
            listed = say("、", ", ").join(told[name] for name in left_out)
            html.p(
                say(f"文件不按“{listed}”筛选。", f"Files are not filtered by {listed}.")
            ).classes("hint")


def _dictionary(visitor: Visitor, content: Content) -> None:
    """What each column of the files means."""
    say = visitor.say
    rows: list[list[Cell | str]] = []
    for column in COLUMNS[content]:
        kind = say(KINDS[column.kind], column.kind.value)
        name = say(column.title, column.name.replace("_", " "))
        meaning = [column.english] if visitor.is_english else []
        rows.append([name, Cell(column.name, look="code"), kind, *meaning])
    with html.details():
        html.summary(say("各列含义与导出列名（数据字典）", "What each column means and is called"))
        html.p(
            say(
                "下载的文件含以下各列，比上表更多；表中的空白不等于零。CSV 和 Parquet 用导出列名，"
                "供程序使用，各次下载不变；Excel 用中文列名，另有“数据字典”工作表对照并说明代码。",
                "Files have these columns, more than are shown above. A blank is not a zero. CSV "
                "and Parquet have the names for programs, which stay the same; the workbook has "
                "them in words (in Chinese), and both in its dictionary.",
            )
        ).classes("hint")
        columns = [
            Column(say("列", "Column"), head=True),
            Column(say("导出列名", "Name in files")),
            Column(say("类型", "Kind")),
            *([Column("Meaning", words=18)] if visitor.is_english else []),
        ]
        Listing(say("数据字典", "Data dictionary"), columns, rows)
