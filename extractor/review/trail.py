"""The trail of a document: every decision about it, what was done to it, and how often it was
read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from anyio.to_thread import run_sync
from nicegui import html

from extractor.review.frame import empty, frame, heading, missing
from extractor.review.listing import Cell, Column, Listing, choice_filter, filters
from extractor.review.reports import place_of
from extractor.review.site import Site
from extractor.review.trail_words import Told, TrailWords
from extractor.review.visitor import Visitor
from extractor.review.words import Say, status_words
from extractor.service.decisions import at_once
from extractor.service.generations import Generation
from extractor.service.tables import AuditEntry, Document, Review
from extractor.types import Status


@dataclass(frozen=True, slots=True)
class _Trail:
    """All there is; `document` is None for one that was removed."""

    document: Document | None
    decisions: Sequence[Review]
    events: Sequence[AuditEntry]
    generations: Sequence[Generation]
    keys: Mapping[str, str]

    @property
    def name(self) -> str:
        names = [entry.name for entry in self.events if entry.name]
        return self.document.name if self.document else names[-1] if names else ""


def define(site: Site) -> None:
    """Define the page."""

    @site.page("/documents/{document_id}/trail")
    async def trail(visitor: Visitor, document_id: str, slot: str = "") -> None:
        found = await run_sync(_load, visitor, document_id)
        say = visitor.say
        if found.document is None and not found.events:
            missing(visitor, say("没有这份文件。", "There is no such document."))
            return
        words = TrailWords(visitor.service.reviews.schema, found.keys, say)
        with frame(visitor, say(f"处理记录：{found.name}", f"Trail of {found.name}")):
            heading(say("处理记录", "Trail"), hint=found.name)
            with html.div().classes("actions"):
                if found.document is None:
                    html.span(say("已删除", "Removed")).classes("tag bad")
                else:
                    there = visitor.page("documents", document_id)
                    html.a(say("返回复核", "Back to the review"), href=there).classes("button")
            if found.document is not None:
                html.h2(say("复核决定", "Decisions"))
                _decisions(visitor, found.document, found.decisions, words, slot)
            html.h2(say("文件操作", "What was done to the document"))
            _events(found, words, say)
            if found.document is not None:
                html.h2(say("各次提取", "Extractions"))
                _generations(visitor, found.document, found.generations, words)


def _load(visitor: Visitor, document_id: str) -> _Trail:
    store, reviews = visitor.service.store, visitor.service.reviews
    document = store.find(document_id)
    return _Trail(
        document,
        store.reviews(document_id),
        store.audit(document_id),
        () if document is None else reviews.generations(document),
        {key.id: key.name for key in store.keys.list()},
    )


def _decisions(
    visitor: Visitor,
    document: Document,
    decisions: Sequence[Review],
    words: TrailWords,
    slot: str,
) -> None:
    """The decisions about a document, or about one thing in it, in order."""
    say, here = visitor.say, visitor.page("documents", document.id, "trail")
    if not decisions:
        empty(
            say("还没有复核决定。", "Nothing was decided yet."),
            say("复核时的每次更正与确认都会记在这里。", "What reviewers decide is kept here."),
        )
        return
    subjects = {one.slot: words.subject(one.slot, one.before).text for one in decisions}
    with filters(visitor, {}, clear=here):
        label, any_words = say("单元格", "About"), say("全部", "All")
        choice_filter("slot", label, subjects, slot or None, any_words)
    # What was taken at once is one line, unless it is one cell that is asked for.
    acts = [[one] for one in decisions if one.slot == slot] if slot else at_once(decisions)
    rows = [_decision(visitor, document, act, words) for act in acts]
    if not rows:
        empty(say("没有关于这一单元格的决定。", "Nothing was decided about this."))
        return
    columns = [
        Column(say("时间", "When")),
        Column(say("何人", "Who")),
        Column(say("何处", "About"), head=True, words=14),
        Column(say("决定", "Decision")),
        Column(say("此前", "Before"), words=9),
        Column(say("此后", "After"), words=9),
        Column(say("理由", "Why"), words=18),
    ]
    Listing(say("复核决定", "Decisions"), columns, rows)


def _decision(
    visitor: Visitor, document: Document, act: Sequence[Review], words: TrailWords
) -> list[Cell | str]:
    about, review = words.about(act), act[0]
    return [
        Cell("", time=review.at.isoformat()),
        _cell(words.who(review.key_id)),
        _cell(about, href=place_of(visitor, document, review.slot)),
        words.action(review),
        _cell(words.before(review)),
        _cell(words.after(review)),
        review.comment or "",
    ]


def _events(found: _Trail, words: TrailWords, say: Say) -> None:
    """What was done to the document; decisions only where they are not there themselves."""
    is_there = found.document is not None
    entries = [one for one in found.events if not (is_there and one.action == "reviewed")]
    columns = [
        Column(say("时间", "When")),
        Column(say("何人", "Who")),
        Column(say("操作", "What"), head=True),
    ]
    rows: list[list[Cell | str]] = [
        [
            Cell("", time=entry.at.isoformat()),
            _cell(words.who(entry.key_id)),
            words.event(entry.action),
        ]
        for entry in entries
    ]
    Listing(say("文件操作", "What was done"), columns, rows)


def _generations(
    visitor: Visitor, document: Document, found: Sequence[Generation], words: TrailWords
) -> None:
    """Every extraction, and which cells it read otherwise than the one before."""
    say = visitor.say
    if not found:
        empty(say("还没有提取结果。", "There is no result yet."))
        return
    columns = [
        Column(say("次序", "Number"), head=True),
        Column(say("提取时", "When it was made")),
        Column(say("复核后", "After all decisions")),
        Column(say("程序版本", "Program")),
        Column(say("模型", "Models")),
        Column(say("与上次不同", "Different"), number=True),
        Column(say("仅把握不同", "Only held otherwise"), number=True),
    ]
    Listing(say("各次提取", "Extractions"), columns, [_generation(one, say) for one in found])
    for one in found:
        if one.differences:
            with html.details():
                count = len(one.differences)
                html.summary(
                    say(
                        f"第 {one.number + 1} 次提取改变的 {count} 个单元格",
                        f"The {count} cells that extraction {one.number + 1} changed",
                    )
                )
                Listing(
                    say("改变的单元格", "Changed cells"),
                    [
                        Column(say("单元格", "Cell"), head=True),
                        Column(say("此前", "Before")),
                        Column(say("此后", "After")),
                    ],
                    [
                        [
                            _cell(
                                words.subject(change.slot),
                                href=place_of(visitor, document, change.slot),
                            ),
                            _cell(words.cell(change.before)),
                            _cell(words.cell(change.after)),
                        ]
                        for change in one.differences
                    ],
                )


def _generation(generation: Generation, say: Say) -> list[Cell | str]:
    changed = generation.differences
    return [
        say(f"第 {generation.number + 1} 次", f"{generation.number + 1}"),
        "—" if generation.status is None else status_words(Status(generation.status), say),
        status_words(Status(generation.last_status), say),
        generation.extractor,
        generation.models,
        "—" if changed is None else f"{len(changed)}",
        "—" if generation.held is None else f"{generation.held}",
    ]


def _cell(told: Told, *, href: str = "") -> Cell:
    return Cell(told.text, href=href, note=told.note)
