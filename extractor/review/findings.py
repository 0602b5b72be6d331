"""The page of findings: what does not add up in all reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from anyio.to_thread import run_sync
from nicegui import html

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
    text_filter,
    with_query,
    words_of,
)
from extractor.review.reports import (
    VERDICT_TAG,
    body_cell,
    place_of,
    row_words,
    year_filter,
    year_text,
)
from extractor.review.site import Site
from extractor.review.slot_words import number_text
from extractor.review.visitor import Visitor
from extractor.review.words import Say, confirmed_words, verdict_words
from extractor.schema import RelationKind
from extractor.service.listings import Asked, Page
from extractor.service.tables import Document
from extractor.service.value_tables import FindingRow
from extractor.types import Verdict

SIZE = 50
"""Findings a page."""

_KINDS = {
    RelationKind.ROW: ("行内合计", "Along a row"),
    RelationKind.COLUMN: ("列内合计", "Along a column"),
    RelationKind.BALANCE: ("收办平衡", "Received and handled"),
    RelationKind.YEARS: ("与上年衔接", "Across years"),
    RelationKind.TEXT: ("正文与表格", "Text and tables"),
}


def define(site: Site) -> None:
    """Define the page."""

    @site.page("/findings")
    async def findings(
        visitor: Visitor,
        verdict: str = "",
        kind: str = "",
        organization: str = "",
        year: str = "",
        page: str = "",
    ) -> None:
        judged, related = choice_of(Verdict, verdict), choice_of(RelationKind, kind)
        asked = Asked(organization=words_of(organization), year=number_of(year))
        store, kinds = visitor.service.store.listings, visitor.service.reviews.schema.relation_kinds
        ids = None if related is None else [one for one, its in kinds.items() if its is related]
        number = page_of(page)

        def load() -> tuple[Mapping[str, int], Sequence[int], Page[FindingRow]]:
            return (
                store.verdicts(asked, relations=ids),
                store.years(),
                store.findings(asked, verdict=judged, relations=ids, page=number, size=SIZE),
            )

        counts, years, found = await run_sync(load)
        query: dict[str, Any] = {
            "verdict": judged,
            "kind": related,
            "organization": asked.organization,
            "year": asked.year,
        }
        say = visitor.say
        with frame(visitor, say("勾稽问题", "Findings"), "findings"):
            heading(
                say("勾稽问题", "Findings"),
                hint=say(
                    "所有报告中对不上的数字，最新的在前。",
                    "What does not add up in all reports, the newest first.",
                ),
            )
            _counts(visitor, counts, query)
            _filters(visitor, query, years)
            if found.rows:
                rows = [_row(visitor, kinds, *row) for row in found.rows]
                Listing(say("勾稽问题", "Findings"), _columns(say), rows)
            elif any(query.values()) or number > 1:
                empty(
                    say("没有符合条件的问题。", "Nothing like that was found."),
                    say("可放宽或清除筛选条件。", "Ask for less, or clear the filters."),
                )
            else:
                empty(
                    say("目前没有勾稽问题。", "Everything adds up so far."),
                    say("报告提取完成后，对不上的数字会列在这里。", "Findings come with reports."),
                )
            address = visitor.page("findings")
            pager(
                visitor, number, found.total, SIZE, lambda n: with_query(address, **query, page=n)
            )


def _counts(visitor: Visitor, counts: Mapping[str, int], query: Mapping[str, Any]) -> None:
    """How many there are of each verdict, as links to these alone."""
    say = visitor.say
    cards: list[tuple[Verdict | None, str, int]] = [
        (None, say("全部", "All"), sum(counts.values())),
        *((one, verdict_words(one, say), counts.get(one, 0)) for one in Verdict),
    ]
    with html.nav(**{"aria-label": say("按判断", "By verdict")}).classes("cards"):
        for verdict, words, number in cards:
            address = with_query(visitor.page("findings"), **{**query, "verdict": verdict})
            with html.a(href=address).classes("card") as card:
                html.div(f"{number:,}").classes("figure")
                html.div(words)
            if verdict is query["verdict"]:
                card.props["aria-current"] = "true"


def _filters(visitor: Visitor, query: Mapping[str, Any], years: Sequence[int]) -> None:
    say = visitor.say
    kept = {"verdict": query["verdict"].value} if query["verdict"] else {}
    with filters(visitor, kept, clear=visitor.page("findings")):
        choice_filter(
            "kind",
            say("关系类型", "Kind"),
            {one.value: say(*words) for one, words in _KINDS.items()},
            query["kind"],
            say("全部", "All"),
        )
        text_filter("organization", say("机关名称", "Organisation"), query["organization"])
        year_filter(visitor, years, query["year"])


def _columns(say: Say) -> list[Column]:
    return [
        Column(say("机关", "Organisation"), head=True, words=10),
        Column(say("年度", "Year")),
        Column(say("判断", "Verdict")),
        Column(say("类型", "Kind")),
        Column(say("何处对不上", "What does not add up"), words=18),
        Column(say("对照值", "Set against"), number=True),
        Column(say("所载值", "Stated"), number=True),
        Column(say("原文", "Document")),
    ]


def _row(
    visitor: Visitor,
    kinds: Mapping[str, RelationKind],
    finding: FindingRow,
    document: Document,
) -> list[Cell | str]:
    say, verdict = visitor.say, Verdict(finding.verdict)
    kind = kinds.get(finding.relation)
    return [
        replace(body_cell(visitor, document), note=document.name),
        year_text(document),
        Cell(verdict_words(verdict, say), tag=VERDICT_TAG[verdict]),
        say("其他", "Other") if kind is None else say(*_KINDS[kind]),
        Cell(
            row_words(finding, visitor.service.reviews.schema, say),
            note=confirmed_words(finding.is_confirmed, finding.comment, say),
        ),
        number_text(finding.expected),
        number_text(finding.found),
        Cell(say("查看", "Look"), href=place_of(visitor, document, f"findings.{finding.relation}")),
    ]
