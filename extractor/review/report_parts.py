"""Parts of the page of a report around its tables: which report it is, what does not add up, and
the key figures of its text. Each is drawn anew after every answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from nicegui import html

from extractor.export.json import failure_of
from extractor.review.desk import Json
from extractor.review.figure_view import differing
from extractor.review.question_view import findings_of, question_of
from extractor.review.slot_words import table_titles
from extractor.review.visitor import Visitor
from extractor.review.words import Say, failure_words
from extractor.schema import Schema
from extractor.service.models import ExportFormat
from extractor.service.open_questions import queue
from extractor.service.tables import Document, Review
from extractor.types import FIGURES, REPORT

LookAt = Callable[[str], Awaitable[None]]


def draw_head(
    visitor: Visitor, document: Document, result: Json, look_at: LookAt, *, may: bool
) -> None:
    """Which report it is, how much of it is open, and what can be done with all of it."""
    say, report = visitor.say, result["report"]
    organization = report["organization"] or say("（机关未识别）", "(organisation unknown)")
    html.h1(f"{organization} {report['year'] or say('（年度未识别）', '(year unknown)')}")
    html.span(document.name).classes("quiet")
    count = len(queue(result))
    open_ones = say(f"待核问题 {count} 个", f"Questions left: {count}")
    text = open_ones if count else say("已核毕", "settled")
    html.span(text).classes("tag doubt" if count else "tag good")
    with html.span().classes("links"):
        if may:
            button = html.button(say("更正机关或年度", "Correct which report"), type="button")
            button.classes("plain").on("click", lambda: look_at(REPORT))
        export = visitor.api("documents", document.id, "export")
        for format in (ExportFormat.XLSX, ExportFormat.CSV, ExportFormat.JSON):
            html.a(format.upper(), href=f"{export}?format={format}", download=True)
        html.a(say("痕迹", "Trail"), href=visitor.page("documents", document.id, "trail"))


def draw_findings(result: Json, schema: Schema, say: Say, look_at: LookAt) -> None:
    """What does not add up, in the report itself or because it was misread."""
    found = findings_of(result, schema, say)
    if not found:
        return
    html.h2(say("勾稽问题", "What does not add up"))
    with html.ul().classes("findings"):
        for one in found:
            with html.li():
                html.span(one["verdictText"]).classes(f"tag {one['verdict']}")
                if one["confirmed"]:
                    html.span(say("已核实", "confirmed")).classes("tag good")
                if one["comment"]:
                    note = say(f"附注：{one['comment']}", f"note: {one['comment']}")
                    html.span(note).classes("quiet")
                button = html.button(one["text"], type="button").classes("plain")
                button.on("click", _looking(look_at, one["subject"]))


def draw_failures(result: Json, schema: Schema, say: Say) -> None:
    """What could not be read or is not there, and whether people have settled it."""
    failures, titles = [failure_of(one) for one in result["failures"]], table_titles(schema)
    if not failures:
        return
    html.h2(say("未能提取之处", "What could not be extracted"))
    with html.ul().classes("findings"):
        for one in failures:
            with html.li():
                html.span(failure_words(one, titles, say))
                if one.is_settled:
                    html.span(say("已核定", "settled")).classes("tag good")


def draw_left_out(result: Json, schema: Schema, say: Say) -> None:
    """Rows of the document's tables that the form does not have: nobody is asked about them, and
    nobody should miss them."""
    rows = result.get("left_out", ())
    if not rows:
        return
    titles = table_titles(schema)
    with html.section().classes("left-out"):
        html.h2(say("表式以外的行，未收录", "Rows that the form does not have: left out"))
        with html.ul().classes("findings"):
            for row in rows:
                with html.li():
                    html.strong(row["label"])
                    html.span(say("、", ", ").join(row["values"]))
                    where = f"{titles[row['table']]}{_place(row['evidence'], say)}"
                    html.span(where).classes("quiet")


def _place(evidence: Json | None, say: Say) -> str:
    found = evidence or {}
    if found.get("page"):
        return say(f"，第 {found['page']} 页", f", page {found['page']}")
    if found.get("line"):
        return say(f"，第 {found['line']} 行", f", line {found['line']}")
    return ""


def draw_figures(
    result: Json,
    current: str | None,
    absent: Sequence[Review],
    schema: Schema,
    say: Say,
    look_at: LookAt,
    withdraw: LookAt,
) -> None:
    """Key figures beside their sentences, marked in the text; after them those that somebody has
    said not to be there, who may have been wrong."""
    html.h2(say("正文数据", "Key figures of the text"))
    _absent(absent, schema, say, withdraw)
    if not result["figures"]:
        html.p(say("正文中没有识别出数据。", "None was found in the text.")).classes("hint")
        return
    differ = differing(result, schema)
    with html.ul().classes("figures"):
        for figure in result["figures"]:
            subject = f"{FIGURES}.{figure['id']}"
            shown = question_of(result, subject, schema, say)
            with html.li().classes(figure["status"]) as item:
                if subject == current:
                    item.classes("current")
                button = html.button(type="button").classes("plain")
                button.on("click", _looking(look_at, subject))
                with button:
                    html.strong(f"{shown['title']}：{shown['read']}")
                    html.span(shown["statusText"]).classes("tag")
                    if figure["id"] in differ:
                        html.span(say("与表格不符", "differs from the tables")).classes("tag open")
                with html.p().classes("sentence"):
                    before, printed, after = shown["sentence"]
                    html.span(before)
                    html.mark(printed)
                    html.span(after)


def _absent(
    absent: Sequence[Review],
    schema: Schema,
    say: Say,
    withdraw: LookAt,
) -> None:
    labels = {key.key: key.label for key in schema.figures}
    for review in absent:
        label = labels.get(review.before.get("key", ""), "")
        with html.p().classes("absent"):
            html.span(f"{label} {review.before.get('printed', '')}".strip())
            html.span(say("已确认正文无此数", "said not to be there")).classes("tag")
            button = html.button(say("撤回", "Withdraw"), type="button").classes("plain")
            button.on("click", _looking(withdraw, review.slot))


def _looking(look_at: LookAt, subject: str) -> Callable[[Any], Awaitable[None]]:
    return lambda _: look_at(subject)
