"""For administrators: keys, queue, storage, settings, webhooks and the audit trail."""

from __future__ import annotations

from collections.abc import Mapping

from nicegui import html, ui

from extractor.review.asking import SessionEnded, ask, attempt, open_anew
from extractor.review.audit_list import AuditList
from extractor.review.components import Moment
from extractor.review.frame import contents, empty, frame, heading, table
from extractor.review.key_list import KeyList
from extractor.review.problem_words import problem_words
from extractor.review.settings_words import GROUPS, exact_share_text, meaning_of, name_of, value_of
from extractor.review.site import Site
from extractor.review.state_cards import QueueCards, StorageCards
from extractor.review.visitor import Visitor
from extractor.service.administration import Acceptance, acceptance_of
from extractor.service.problems import ProblemError
from extractor.service.tables import Delivery, Role, Webhook
from extractor.service.webhook_store import Event

LOOK_SECONDS = 5.0

_EVENTS = {
    Event.DONE: ("处理完成", "done"),
    Event.FAILED: ("处理失败", "failed"),
    Event.REVIEWED: ("有复核决定", "reviewed"),
    Event.REMOVED: ("已移除", "removed"),
}


def define(site: Site) -> None:
    """Define the page."""

    @site.page("/admin", role=Role.ADMIN)
    async def admin(visitor: Visitor) -> None:
        say = visitor.say
        with frame(visitor, say("管理", "Administration"), "admin"):
            heading(say("管理", "Administration"))
            parts = {
                "keys": say("密钥", "Keys"),
                "queue": say("队列", "Queue"),
                "storage": say("存储", "Storage"),
                "settings": say("设置", "Settings"),
                "webhooks": say("通知地址", "Webhooks"),
                "trail": say("操作记录", "Audit trail"),
            }
            contents(visitor, parts)
            _part("keys", parts)
            keys = KeyList(visitor)
            await keys.refresh()

            _part("queue", parts)
            queue = QueueCards(visitor)
            await queue.refresh()
            ui.timer(LOOK_SECONDS, queue.refresh, immediate=False)

            _part("storage", parts)
            storage = StorageCards(visitor)
            ui.timer(0, storage.refresh, once=True)  # it may take a while; the page does not wait

            _part("settings", parts)
            _settings(visitor)
            html.h3(say("自动通过的可靠程度", "What is known about accepted values"))
            await _acceptance(visitor)

            _part("webhooks", parts)
            await _webhooks(visitor)

            _part("trail", parts)
            trail = AuditList(visitor)
            await trail.show_more()


def _part(name: str, parts: Mapping[str, str]) -> None:
    html.h2(parts[name], id=name, tabindex="-1")


def _settings(visitor: Visitor) -> None:
    say = visitor.say
    html.p(
        say(
            "设置在启动服务前用环境变量或 extractor.toml 修改，重启后生效；此处只供查看。",
            "Set with environment variables or in extractor.toml before the service is started.",
        )
    ).classes("hint")
    columns = (
        (say("设置", "Setting"), ""),
        (say("当前值", "Value"), "number"),
        (say("含义", "What it means"), ""),
        (say("修改方式", "How to change it"), ""),
    )
    with table(say("设置", "Settings"), columns):
        for group, names in GROUPS.items():
            with html.tr():
                html.th(say(*group), scope="colgroup", colspan="4").classes("group")
            for name in names:
                with html.tr():
                    html.th(name_of(name, visitor), scope="row")
                    html.td(value_of(name, visitor.service.settings, visitor)).classes("number")
                    html.td(meaning_of(name, visitor))
                    with html.td():
                        html.code(f"EXTRACTOR_{name.upper()}")


async def _acceptance(visitor: Visitor) -> None:
    say = visitor.say
    service = visitor.service
    try:
        found = await ask(
            visitor, lambda _: acceptance_of(service.settings, service.reviews.schema)
        )
    except SessionEnded:
        open_anew()
        return
    except ProblemError as error:
        html.p(problem_words(error.type.code, say)).classes("problem")
        html.p(error.detail, lang="en").classes("quiet")
        return
    if found is None:
        html.p(
            say(
                "没有可用的校准：不给出概率，凡有疑点的数值一律送人工复核。校准只在与拟合时相同的识别设置下有效。",
                "Nothing is assessed: no value has a probability, and all that is in doubt is sent "
                "to review. A calibrator is used only with the settings it was fitted with.",
            )
        )
        return
    _bounds(found, visitor)


def _bounds(found: Acceptance, visitor: Visitor) -> None:
    say = visitor.say
    sure = exact_share_text(found.confidence)
    html.p(
        say(
            f"{found.date} 以 {found.documents} 份仿真报告校准，置信度 {sure}。"
            "对您的文件是否同样成立，可设“抽查比例”，由人工核对自动通过的数值来检验。",
            f"Fitted on {found.date} with {found.documents} invented reports; confidence {sure}. "
            "Whether it holds for yours, an audit rate shows.",
        )
    ).classes("hint")
    columns = (
        (say("对象", "Of"), ""),
        (say("允许错误率", "Target"), "number"),
        (say("已证实不超过", "Proven bound"), "number"),
        (say("样本", "Sample"), "number"),
        (say("其中自动通过", "Accepted"), "number"),
        (say("其中有误", "Of these wrong"), "number"),
    )
    names = {
        "cells": say("单元格", "Cells"),
        "figures": say("正文指标", "Key figures"),
    }
    none = say("无（一律送人工）", "none: all are flagged")
    with table(say("自动通过的可靠程度", "Acceptance"), columns):
        for kind, bound in found.bounds.items():
            with html.tr():
                html.th(names[kind], scope="row")
                for text in (
                    exact_share_text(bound.target),
                    none if bound.risk is None else exact_share_text(bound.risk),
                    f"{bound.items:,}",
                    f"{bound.accepted:,}",
                    f"{bound.wrong:,}",
                ):
                    html.td(text).classes("number")


async def _webhooks(visitor: Visitor) -> None:
    say = visitor.say
    rows = visitor.service.store.webhooks
    found = await attempt(visitor, lambda _: (rows.list(), rows.last_deliveries()))
    if found is None:
        return
    webhooks, deliveries = found
    if not webhooks:
        empty(
            say("没有通知地址", "There are no webhooks"),
            say(
                "可用接口 POST /api/v1/webhooks 添加，文件处理完成时通知其他系统。",
                "POST /api/v1/webhooks adds one, to have other programs told of documents.",
            ),
        )
        return
    columns = (
        (say("地址", "Address"), ""),
        (say("添加时间", "Added"), ""),
        (say("最近一次通知", "Last message"), ""),
        (say("结果", "What became of it"), ""),
    )
    with table(say("通知地址", "Webhooks"), columns):
        for webhook in webhooks:
            _webhook(webhook, deliveries.get(webhook.id), visitor)


def _webhook(webhook: Webhook, last: Delivery | None, visitor: Visitor) -> None:
    say = visitor.say
    with html.tr():
        html.th(webhook.url, scope="row").classes("file")
        with html.td():
            Moment(webhook.created_at)
        with html.td():
            if last is None:
                html.span(say("还没有", "none yet"))
            else:
                html.span(say(*_EVENTS[Event(last.event)]) + say("，", ", "))
                Moment(last.at)
        with html.td():
            if last is not None:
                _delivery(last, visitor)


def _delivery(last: Delivery, visitor: Visitor) -> None:
    say = visitor.say
    if last.delivered_at is not None:
        html.span(say("已送达", "delivered")).classes("tag good")
        return
    if last.due_at is None:
        html.span(say("已放弃", "given up")).classes("tag bad")
    else:
        html.span(say("待发送", "to be sent")).classes("tag")
        Moment(last.due_at)
    if last.error:
        html.p(last.error, lang="en").classes("quiet")
