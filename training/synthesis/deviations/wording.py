"""Deviations in what stands in the cells that hold no value: captions, headers and labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from training.synthesis.deviations.deviation import Change, Deviation, reword
from training.synthesis.deviations.misprints import misprint
from training.synthesis.form import DISPUTE_COLUMNS, Entry, Kind
from training.synthesis.report import Report

MISPRINT_RATE = 1 / 8

_STAGE = "三、本年度办理结果"
_HEADER_VARIANTS: Mapping[str, tuple[str, ...]] = {
    "信息内容": ("内容", "信息内客", "项目"),
    "本年制发件数": ("本年制发数", "本年新制发件数", "本年制法件数"),
    "本年废止件数": ("本年废止数", "本年发止件数"),
    "现行有效件数": ("现行有效数", "现行有郊件数", "现有效件数"),
    "本年处理决定数量": ("处理决定数量", "本年处理决定数", "本年处理决定数最"),
    "本年收费金额（单位：万元）": ("本年收费总金额（万元）", "收费金额（单位：万元）"),
    "本年新制作数量": ("本年新制作数", "本年新制做数量"),
    "本年新公开数量": ("本年新公开数", "本年新公布数量"),
    "对外公开总数量": ("对外公开总数", "对处公开总数量"),
    "上一年项目数量": ("上年项目数量", "上一年度项目数量", "上一年项目数"),
    "本年增/减": ("本年增减", "本年增／减", "本年度增/减"),
    "处理决定数量": ("处理决定数", "处理绝定数量"),
    "采购项目数量": ("采购项目数", "项目数量"),
    "采购总金额": ("采购金额", "采购总额"),
    "申请人情况": ("申请人", "申请人情形"),
    "法人或其他组织": ("法人或其它组织", "法人和其他组织"),
    "自然人": ("自然入", "自燃人"),
    "商业企业": ("企业", "商业企业类"),
    "科研机构": ("科研单位", "科研机构类"),
    "社会公益组织": ("公益组织", "社会公益机构"),
    "法律服务机构": ("法律服务组织", "法律服务所"),
    "行政复议": ("复议", "行政复仪"),
    "行政诉讼": ("诉讼", "行政诉论"),
    "未经复议直接起诉": ("未经复议直接诉讼", "末经复议直接起诉"),
    "复议后起诉": ("复议后诉讼", "经复议后起诉"),
    "结果维持": ("维持", "结果维特"),
    "结果纠正": ("纠正", "结果纠止"),
    "其他结果": ("其它结果", "其他"),
    "尚未审结": ("未审结", "尚末审结"),
    "总计": ("合计", "总记"),
}
_EXPLANATIONS: Mapping[str, str] = {
    "regulations": "（仅限有立法权的地方人民政府制定的规章）",
    "normative_documents": "（指经过合法性审核并统一登记、统一编号的文件）",
    "licensing": "（含依申请办理的延续、变更和注销）",
    "other_services": "（行政确认、行政给付、行政奖励等）",
    "penalties": "（以作出的处罚决定书为准，含简易程序）",
    "coercion": "（含行政强制措施和行政强制执行）",
    "fees": "（不含代收费用，按实际入库统计）",
    "procurement": "（按签订的合同统计，不含零星采购）",
    "new_received": "（1月1日至12月31日收到的，以收件登记为准）",
    "carried_over": "（上一年度收到、本年度办理的）",
    "granted": "（申请内容全部公开的）",
    "denied_state_secret": "（依照《条例》第十四条）",
    "unavailable_not_held": "（经检索没有，或者不属于本机关公开）",
    "rejected_duplicate": "（同一申请人就相同内容再次提出）",
    "other": "（包括申请人主动撤回的）",
    "other_misc": "（包括申请人主动撤回的）",
    "carried_forward": "（截至年末尚在办理期限以内的）",
}


def _replaced(words: Mapping[str, str]) -> Change:
    """Exchange words wherever they stand in a cell."""

    def change(report: Report, rng: Random) -> Report:
        def exchange(entry: Entry) -> str:
            text = entry.text
            for old, new in words.items():
                text = text.replace(old, new)
            return text

        return reword(report, exchange)

    return change


def _some(
    report: Report,
    rng: Random,
    fits: Callable[[Entry], bool],
    change: Callable[[Entry], str],
    *,
    share: float,
) -> Report:
    """Change the words of a share of the cells that fit, of one at least where any does."""
    texts = {
        entry.text: None
        for table in report.tables()
        for entry in table.entries()
        if entry.kind is not Kind.VALUE and fits(entry)
    }
    chosen = {text for text in texts if rng.random() < share}
    if texts and not chosen:
        chosen = {rng.choice(list(texts))}
    return reword(
        report,
        lambda entry: change(entry) if fits(entry) and entry.text in chosen else entry.text,
    )


def _captions_with_law(report: Report, rng: Random) -> Report:
    law = rng.choice(("《中华人民共和国政府信息公开条例》", "《条例》", "信息公开条例"))
    return reword(
        report, lambda entry: law + entry.text if entry.kind is Kind.CAPTION else entry.text
    )


def _headers_varied(report: Report, rng: Random) -> Report:
    """Headers in other words or with a wrong character, the same ones throughout."""
    variants = {text: rng.choice(others) for text, others in _HEADER_VARIANTS.items()}
    return _some(
        report,
        rng,
        lambda entry: entry.kind is Kind.HEADER and entry.text in variants,
        lambda entry: variants[entry.text],
        share=0.25,
    )


def _labels_misprinted_randomly(report: Report, rng: Random) -> Report:
    return reword(report, lambda entry: misprint(entry.text, rng, rate=MISPRINT_RATE))


def _labels_explained(report: Report, rng: Random) -> Report:
    return _some(
        report,
        rng,
        lambda entry: entry.kind is Kind.LABEL and entry.row in _EXPLANATIONS,
        lambda entry: entry.text + _EXPLANATIONS[entry.row or ""],
        share=0.5,
    )


def _labels_cut(report: Report, rng: Random) -> Report:
    """The end of long labels is lost, as in a cell that is too small for them."""
    room = rng.randrange(9, 14)
    return _some(
        report,
        rng,
        lambda entry: entry.kind is Kind.LABEL and len(entry.text) > room,
        lambda entry: entry.text[:room],
        share=0.7,
    )


def _words_spaced(report: Report, rng: Random) -> Report:
    gap = rng.choice((" ", "　", "  "))
    words = ("总计", "规章", "其他", "自然人", "信息内容")
    spaced = {word: gap.join(word) for word in words}
    return reword(report, lambda entry: spaced.get(entry.text, entry.text))


def _labels_broken(report: Report, rng: Random) -> Report:
    """Line breaks that the author set within labels and headers, some of them inside words."""

    def cut(entry: Entry) -> str:
        at = rng.randrange(2, len(entry.text) - 1)
        return f"{entry.text[:at]}\n{entry.text[at:]}"

    return _some(
        report,
        rng,
        lambda entry: entry.kind in (Kind.LABEL, Kind.HEADER, Kind.GROUP) and len(entry.text) > 3,
        cut,
        share=0.5,
    )


def _headers_vertical(report: Report, rng: Random) -> Report:
    """One character a line in the narrow cells: the results of table 四, the stage of table 三."""
    words = {_STAGE, *(text for _, text in DISPUTE_COLUMNS)}
    return reword(
        report,
        lambda entry: "\n".join(entry.text) if entry.text in words else entry.text,
    )


WORDING: Mapping[str, Deviation] = {
    "captions_with_law": Deviation(_captions_with_law, weight=0.04),
    "headers_misprinted": Deviation(
        _replaced({"本年处理决定数量": "本年处理绝对数量"}), editions=("2021",), weight=0.03
    ),
    "headers_varied": Deviation(_headers_varied, weight=0.05),
    "headers_cut": Deviation(
        _replaced(
            {"本年新制作数量": "本年新", "本年新公开数量": "本年新", "现行有效件数": "现行有效件"}
        ),
        weight=0.03,
    ),
    "headers_with_instructions": Deviation(
        _replaced(
            {
                "本年增/减": "本年增/减（减少用负数表示，如-8）",
                "采购总金额": "采购总金额（万元，保留四位小数）",
            }
        ),
        editions=("2019",),
        weight=0.08,
    ),
    "labels_misprinted": Deviation(
        _replaced(
            {
                "其他法律行政法规禁止公开": "其他法律行政止公开",
                "上年结转政府信息公开申请数量": "上年结转政府信息公开数量",
            }
        ),
        weight=0.03,
    ),
    "labels_explained": Deviation(_labels_explained, weight=0.03),
    "labels_shortened": Deviation(
        _replaced(
            {
                "（区分处理的，只计这一情形，不计其他情形）": "",
                "1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请": "1.逾期不补正",
                "2.申请人逾期未按收费通知要求缴纳费用、"
                "行政机关不再处理其政府信息公开申请": "2.逾期不缴费",
            }
        ),
        weight=0.05,
    ),
    "labels_cut": Deviation(_labels_cut, weight=0.02),
    "numbering_with_comma": Deviation(
        _replaced({f"{n}.": f"{n}、" for n in range(1, 9)}), weight=0.06
    ),
    "brackets_half": Deviation(
        _replaced({"（": "(", "）": ")", "：": ":", "，": ","}), weight=0.12
    ),
    "words_spaced": Deviation(_words_spaced, weight=0.1),
    "labels_misprinted_randomly": Deviation(_labels_misprinted_randomly, weight=0.02),
    "labels_broken": Deviation(_labels_broken, weight=0.08),
    "headers_vertical": Deviation(_headers_vertical, weight=0.08),
}
