"""What the workbook calls things, in Chinese: its readers know the form, not our codes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from extractor.types import CellStatus, Exactness, Failure, State, Status, Verdict


class _Scope(StrEnum):
    """Named as in the form, where some are named like rows; a test compares them."""

    new = "本年新收"
    handled_including_carried_over = "含上年结转"
    carried_over = "上年结转"
    cumulative = "累计"
    part_of = "其中"
    own_office = "本机关"
    whole_area = "全区域"
    wechat = "微信"
    weibo = "微博"
    video = "短视频"
    solicitation = "征集"
    interview = "访谈"
    interaction = "互动"


STATUS = {
    Status.ACCEPTED: "已通过",
    Status.NEEDS_REVIEW: "需人工复核",
    Status.PARTIAL: "部分提取",
    Status.FAILED: "提取失败",
}
CELL_STATUS = {
    CellStatus.ACCEPTED: "已通过",
    CellStatus.FLAGGED: "需复核",
    CellStatus.REVIEWED: "已复核",
}
STATE = {
    State.NUMBER: "数字",
    State.BLANK: "空白",
    State.DASH: "横线或斜线",
    State.NOT_APPLICABLE: "文字（无数字）",
    State.ILLEGIBLE: "无法辨认",
    State.MISSING: "未找到",
}
VERDICT = {
    Verdict.REPORTED: "报告自身不平衡",
    Verdict.MISREAD: "疑似识别错误",
    Verdict.UNDECIDED: "无法判定",
}
SCOPE = {scope.name: scope.value for scope in _Scope}
"""Of key figures."""
EXACTNESS = {Exactness.EXACT: "准确数", Exactness.APPROXIMATE: "约数"}
SOURCE = {"reader": "识别", "relation": "按勾稽关系推算"}

FLAG = {
    "missing": "文件中未找到该单元格",
    "illegible": "有内容但无法辨认",
    "low_score": "字符识别把握不足",
    "weak_row": "所属行不能确定",
    "weak_column": "所属列不能确定",
    "shared_print": "同一处文字被读入两个单元格",
    "relation_broken": "所在勾稽关系不平衡",
    "reported_error": "所在勾稽关系不平衡，应为报告自身差错",
    "repaired": "按勾稽关系改取另一识别结果，请核对",
    "low_probability": "综合判断把握不足",
    "readers_disagree": "两次识别结果不一致",
    "unread_print": "单元格内还有未识别的内容",
    "unverified_blank": "未见内容，但不能确定为空白",
    "doubtful_number": "数字不完整或有歧义",
    "contradicted": "正文另有不同的数字",
    "doubtful_meaning": "指标含义不能确定",
    "audit": "未见疑点，随机抽查",
    "ambiguous": "可能是横线，也可能是汉字“一”",
    "approximate": "约数，不是准确数",
    "chinese_numeral": "以汉字数字填写",
    "confusable": "含有易与数字混淆的字母",
    "number_missing": "只有单位，没有数字",
    "odd_number": "数字书写不规范",
    "pen_mark": "数字旁有手写标记或注释符号",
    "unexpected_decimal": "件数出现小数",
    "unexpected_sign": "件数带有正负号",
    "unexpected_unit": "单位与该列不符",
    "unit_unknown": "金额单位不明，按原样保留",
    "unknown_words": "内容为不常见的文字",
    "unusual_words": "内容为不常见的文字",
}
"""Every flag code; `docs/flags.md` explains each at length. A test compares both with the code."""


FAILURE = {
    "table_missing": "文件中未找到“{table}”",
    "table_repeated": "“{table}”在文件中不止一份，只读取了其中一份；如都需要，请拆分文件",
    "several_reports": "文件中有多份报告，只读取了第一份；请拆分为每份报告一个文件",
    "input_too_large": "超出时间或大小的限制，未能读取；请拆分文件，或调高限制",
    "corrupt_input": "内容不完整或已损坏，未能读取",
    "unsupported_input": "内容的格式不受支持，未能读取",
    "encrypted_input": "内容有密码保护，未能读取",
    "unusable_input": "内容无法使用，未能读取",
    "ocr_failed": "文字识别出错，未能读取",
    "internal_error": "程序出错，未能处理",
}
"""By the codes of failures; a test compares them with the code."""


def failure_words(failure: Failure, titles: Mapping[str, str]) -> str:
    """What could not be done, and on which page; `titles` are what the form calls its tables. One
    of another version is told in its own words."""
    table = titles.get(failure.table or "", failure.table or "")
    page = f"第 {failure.page} 页：" if failure.page is not None else ""
    told = FAILURE.get(failure.code, failure.reason).replace("{table}", table)
    return page + told


def flag_words(code: str) -> str:
    return FLAG.get(code, code)
