"""The prose around the tables: invented bodies, sentences with key figures, and distractors.

Every figure comes with what must be read from its sentence. Sentences that state what a table
states too agree with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from training.synthesis.prose import FigureSpan, Prose
from training.synthesis.splits import Split
from training.synthesis.values import Printed

_PLACES = (
    "青石县",
    "东湾市",
    "云岭区",
    "白鹭县",
    "江州市",
    "临溪县",
    "望湖区",
    "石门岭镇",
    "柳河乡",
    "金沙街道",
)
_BODIES = (
    "人民政府",
    "人民政府办公室",
    "民政局",
    "统计局",
    "卫生健康局",
    "应急管理局",
    "自然资源局",
    "教育体育局",
    "市场监督管理局",
)


@dataclass(frozen=True, slots=True)
class Narrative:
    """The prose of one report, by the place where it stands."""

    preamble: tuple[Prose, ...]
    overview: tuple[Prose, ...]
    problems: tuple[Prose, ...]
    remarks: tuple[Prose, ...]


def invent_organization(rng: Random) -> str:
    """A body that does not exist; villages and streets have no offices of their own."""
    place = rng.choice(_PLACES)
    if place.endswith(("镇", "乡")):
        return f"{place}人民政府"
    if place.endswith("街道"):
        return f"{place}办事处"
    return place + rng.choice(_BODIES)


def write(
    organization: str,
    year: int,
    values: Mapping[str, Printed],
    rng: Random,
    *,
    split: Split,
    is_long: bool,
) -> Narrative:
    """Prose for one report; figures about applications are taken from `values` where they stand."""
    figures: list[tuple[str, str, Decimal, str, bool]] = []

    def figure(key: str, value: int | Decimal, unit: str, text: str = "") -> str:
        """Note a figure; a `text` of its own makes it an approximate one."""
        shown = text or f"{value}{unit}"
        figures.append((shown, key, Decimal(value), unit, not text))
        return shown

    street, postcode = rng.randrange(1, 200), rng.randrange(100000, 699999)
    telephone = f"0{rng.randrange(310, 999)}-{rng.randrange(2000000, 8999999)}"
    preamble = (
        "本报告根据《中华人民共和国政府信息公开条例》（国令第711号）要求编制。"
        f"报告所列数据的统计期限自{year}年1月1日起至{year}年12月31日止。"
        f"如对本报告有疑问，请与{organization}联系"
        f"（地址：青石路{street}号，邮编：{postcode}，电话：{telephone}）。"
    )
    items = rng.randrange(40, 4000)
    web, wechat = items * 6 // 10, items * 3 // 10
    paragraphs = [
        f"（一）主动公开情况。{year}年，"
        f"全年主动公开政府信息{figure('proactive_items', items, '条')}，"
        f"其中网站发布{figure('website_items', web, '条')}，"
        f"微信公众号发布{figure('wechat_items', wechat, '条')}。",
        f"（二）依申请公开情况。{_applications(values, figure)}",
    ]
    if is_long:
        meetings, visits = rng.randrange(2, 30), rng.randrange(2, 90)
        paragraphs += [
            "（三）政府信息管理情况。严格落实“先审查、后公开”和“一事一审”原则，"
            f"全年制发文件{figure('documents_published', rng.randrange(10, 300), '件')}，"
            "及时更新政府信息公开指南和目录，未发生失泄密事件。按照〔2021〕30号文件要求规范年报编制。",
            "（四）平台建设情况。政府网站全年访问量"
            f"{figure('visits', visits * 10000, '次', f'{visits}万余次')}，"
            f"办理12345热线来电{figure('hotline_cases', rng.randrange(100, 9000), '件')}，"
            f"办结率{rng.randrange(900, 999) / 10}%。",
            "（五）监督保障情况。组织开展政务公开培训"
            f"{figure('training_sessions', meetings, '次')}，"
            f"培训人员{figure('trainees', meetings * 40, '人次')}。"
            f"上一年度（{year - 1}年）存在的问题已全部整改到位。",
        ]
    problems = (
        "存在的主要问题：一是信息公开的及时性有待加强；二是政策解读形式还不够丰富。",
        f"改进情况：{year + 1}年将进一步健全工作机制，加强业务培训，不断提升政府信息公开工作水平。",
    )
    remarks = "本年度未收取政府信息公开信息处理费。"
    if rng.random() < 0.5:
        fee = figure("processing_fee", 0, "元")
        remarks = f"{year}年收取政府信息公开信息处理费{fee}。无其他需要报告的事项。"

    def mark(text: str) -> Prose:
        spans, at = [], 0
        while figures and (start := text.find(figures[0][0], at)) >= 0:
            shown, key, value, unit, is_exact = figures.pop(0)
            at = start + len(shown)
            spans.append(FigureSpan(start, at, key, value, unit, is_exact))
        return Prose(text, tuple(spans))

    marked = [mark(text) for text in paragraphs]
    return Narrative(
        (Prose(preamble),), tuple(marked), tuple(map(Prose, problems)), (mark(remarks),)
    )


def _applications(values: Mapping[str, Printed], figure: Any) -> str:
    received = values.get("requests.new_received.total")
    if received is None or received.value is None:
        return "依法依规办理政府信息公开申请，未发生超期答复情况。"
    if received.value == 0:
        return "本年度未收到政府信息公开申请。"
    text = f"全年收到政府信息公开申请{figure('applications_received', received.value, '件')}"
    forward = values.get("requests.carried_forward.total")
    if forward is not None and forward.value:
        carried = figure("applications_carried_forward", forward.value, "件")
        text += f"，结转下年度继续办理{carried}"
    return text + "，均在法定期限内答复。"
