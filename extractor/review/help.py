"""Help: what the pages show and mean, and the keys of review."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import html

from extractor.review.frame import contents, frame, heading
from extractor.review.help_words import (
    COLOURS,
    FLAG_GROUPS,
    KEYS,
    STATUSES,
    VERDICTS,
    Words,
)
from extractor.review.site import Site
from extractor.review.visitor import Visitor
from extractor.review.words import flag_words

_PROBABILITY: Sequence[Words] = (
    (
        "概率是：这一格的数值和状态与文件所写一致的可能性，由识别把握、定位、勾稽等多种迹象综合校准得出。",
        "A probability says how likely value and state are what the document says; it weighs what "
        "the reader, the place and the sums say.",
    ),
    (
        "它保证的是整体：自动通过的数值中，错误比例以 95% 置信度不超过设定的上限；"
        "这一上限由仿真报告测得。",
        "It bounds the share of wrong values among accepted ones, with 95 % confidence, as "
        "measured on invented reports.",
    ),
    (
        "它不保证单个数值必然正确，也不说明报告内容是否属实；没有概率表示没有评估，不表示可靠。",
        "It promises nothing about one value, nor that the report is true; no probability means "
        "not assessed.",
    ),
    (
        "行列错位、含义不明等疑点不由概率抵消，一律送人工复核。",
        "A doubtful place or meaning is no matter of probability, and is always sent to review.",
    ),
)

_TOGETHER: Sequence[Words] = (
    (
        "每个决定都针对您看到的版本。别人刚作出新决定时，您的决定不会覆盖它：页面先显示最新结果，请看过再定。",
        "A decision is about the version that you have seen. If somebody else was faster, yours is "
        "not taken; the page shows what there is now.",
    ),
    (
        "决定只增不改：撤回也是一条新的记录；每一条都写明何时、由谁、由何改为何。",
        "Decisions are only ever added, and can be withdrawn; the trail has who, when, before and "
        "after.",
    ),
    (
        "每个决定都会使整份报告重新判断：有关的合计、存疑和问题随之更新。",
        "After each decision the report is decided again: sums, doubts and findings follow.",
    ),
)


def define(site: Site) -> None:
    """Define the page."""

    @site.page("/help")
    async def help(visitor: Visitor) -> None:
        say = visitor.say
        with frame(visitor, say("帮助", "Help"), "help"):
            heading(
                say("帮助", "Help"),
                hint=say(
                    "文件所写的数字从不改动：空白、横线、文字和缺失各有状态，都不是零。",
                    "What a document says is never altered; blank, dash, words and missing are "
                    "states of their own, never zero.",
                ),
            )
            parts = {
                "keys": say("复核按键", "Keys of review"),
                "states": say("文件的状态", "States of documents"),
                "colours": say("单元格的颜色", "Colours of cells"),
                "flags": say("存疑的原因", "Why something is in doubt"),
                "verdicts": say("勾稽问题的判断", "Verdicts on findings"),
                "probability": say("概率说明什么", "What a probability says"),
                "together": say("两人同时复核", "Two people at once"),
            }
            contents(visitor, parts)
            with html.div().classes("help"):
                html.h2(parts["keys"], id="keys")
                _keys(visitor)
                html.h2(parts["states"], id="states")
                _looks(STATUSES, visitor)
                html.h2(parts["colours"], id="colours")
                _looks(COLOURS, visitor)
                html.h2(parts["flags"], id="flags")
                _flags(visitor)
                html.h2(parts["verdicts"], id="verdicts")
                with html.dl():
                    for name, meaning in VERDICTS:
                        html.dt(say(*name))
                        html.dd(say(*meaning))
                html.h2(parts["probability"], id="probability")
                _list(_PROBABILITY, visitor)
                html.h2(parts["together"], id="together")
                _list(_TOGETHER, visitor)


def _keys(visitor: Visitor) -> None:
    say = visitor.say
    with html.table().classes("list"):
        with html.thead(), html.tr():
            html.th(say("按键", "Key"), scope="col")
            html.th(say("作用", "What it does"), scope="col")
        with html.tbody():
            for keys, words in KEYS:
                with html.tr():
                    with html.th(scope="row"):
                        for key in keys:
                            html.span(" ")
                            html.span(key) if key == "…" else html.kbd(key)
                    html.td(say(*words))


def _looks(rows: Sequence[tuple[str, Words, Words]], visitor: Visitor) -> None:
    with html.dl():
        for look, name, meaning in rows:
            with html.dt():
                html.span(visitor.say(*name)).classes(f"tag {look}")
            html.dd(visitor.say(*meaning))


def _flags(visitor: Visitor) -> None:
    say = visitor.say
    for title, (advice, codes) in FLAG_GROUPS.items():
        html.h3(say(*title))
        html.p(say(*advice)).classes("hint")
        with html.ul():
            for code in codes:
                with html.li():
                    html.span(flag_words(code, say))
                    html.span(" ")
                    html.code(code).classes("quiet")


def _list(items: Sequence[Words], visitor: Visitor) -> None:
    with html.ul():
        for words in items:
            html.li(visitor.say(*words))
