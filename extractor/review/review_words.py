"""What the review page says, in both languages."""

from __future__ import annotations

from extractor.review.actions import STATES
from extractor.review.visitor import Visitor
from extractor.review.words import Say, state_words
from extractor.service.tables import Document


def page_words(say: Say) -> dict[str, str]:
    """Around the page of the document."""
    return {
        "document": say("原文", "Document"),
        "view": say("查看", "View"),
        "pane": say("原文页面，可滚动", "The page, scrolls"),
        "page": say("第", "Page"),
        "previousPage": say("上一页", "Previous page"),
        "nextPage": say("下一页", "Next page"),
        "smaller": say("缩小", "Smaller"),
        "larger": say("放大", "Larger"),
        "fit": say("适合宽度", "Whole width"),
        "loading": say("正在载入页面…", "Loading the page…"),
        "noImage": say("无法显示此页", "This page cannot be shown"),
        "text": say("原文没有页面，按其段落和表格显示", "It has no pages; its lines and tables"),
        "table": say("原文中的表格", "A table of the document"),
    }


def drafts_key(visitor: Visitor, document: Document) -> str:
    """Under which a browser keeps what was typed and not saved."""
    return f"drafts/{visitor.signed.principal.key_id}/{document.id}/{document.generation}"


def card_words(visitor: Visitor, document: Document) -> dict[str, str]:
    """Around a question and its answers."""
    say = visitor.say
    states = {state.value: state_words(state, say) for state in STATES}
    return states | {
        "draftsKey": drafts_key(visitor, document),
        "extractedAgain": say(
            "此文件已重新提取，现在显示新的结果；尚未保存的输入，在其所答之处仍在的已保留。",
            "The document was extracted again; this is the new result. What was typed and not "
            "saved is kept where its question is still there.",
        ),
        "question": say("待核之处", "What is in doubt"),
        "crop": say("原文截图，已放大", "The print, enlarged"),
        "noCrop": say("原文见左侧标记处", "See the mark in the document"),
        "notFound": say("文件中未找到", "Not found in the document"),
        "read": say("读作", "Read as"),
        "decided": say("核定为", "Decided:"),
        "chance": say("正确概率", "chance that it is right:"),
        "annotation": say("附注：", "note:"),
        "members": say("所涉数字，按数字键查看", "Its numbers; a digit looks at one"),
        "alternatives": say("其他可能", "Alternatives"),
        "number": say("改为数字", "Another number"),
        "numberHint": say("直接输入数字", "type a number"),
        "nothingRead": say(
            "此处没有可确认的识别结果：请对照原文输入数字，或选择空白、横线、无法辨认等",
            "There is no reading to confirm: enter the number, or say that it is blank, illegible…",
        ),
        "tooSoon": say("此题刚出现，所按数字未采用", "Too soon: that digit was not taken"),
        "tooSlow": say(
            "刚才的数字键已取用一个备选答案，此键未采用；要输入数字，请按 U 撤销后再按 = 输入",
            "That digit took an alternative, and this key was not taken; to type a number press U, "
            "then = and the number",
        ),
        "notTakenBack": say(
            "您输入的是“{typed}”，但其首位数字所取的备选已保存，未能撤销；请按 U 撤销后再输入。",
            "You typed {typed}, but the alternative that its first digit took is saved and could "
            "not be taken back; press U, then type again.",
        ),
        "save": say("保存", "Save"),
        "confirm": say("与原文一致", "As printed"),
        "confirmFigure": say("是“{name}”，数字无误", "It is “{name}”, number right"),
        "confirmFinding": say("确认为报告自身差错", "The report's own error"),
        "alsoSettles": say("，并核定 {n} 格", ", and {n} cells as printed"),
        "settling": say("确认即核定", "reviewed by confirming"),
        "confirmText": say("原文如此（如口径不同）", "As printed (counted otherwise)"),
        "confirmed": say("已核实", "confirmed"),
        "absent": say("不是此指标，或文中没有此数", "Another figure, or none"),
        "illegibleAll": say("在，但无法辨认", "There, and illegible"),
        "fillIn": say("在，逐格填写", "There: fill it in"),
        "comment": say("附注", "Note"),
        "commentHint": say("为何如此，可不填", "why; may be left empty"),
        "withdraw": say("撤回此决定", "Withdraw"),
        "organization": say("公开机关", "Organisation"),
        "year": say("年度", "Year"),
        "previous": say("上一处", "Previous"),
        "next": say("下一处", "Next"),
        "undo": say("撤销", "Undo"),
        "keys": say("快捷键", "Keys"),
        "help": say("帮助", "Help"),
        "helpHref": visitor.page("help"),
        "allDone": say("本报告已全部核对", "All of this report is settled"),
        "allDoneHint": say(
            "可导出，或按 N 继续下一份有待核之处的报告。",
            "Export it, or press N for the next report that has questions.",
        ),
        "nextDocument": say("下一份报告", "Next report"),
        "nextHref": visitor.page("next") + f"?after={document.id}",
        "offline": say(
            "连接中断：答案没有保存，恢复后请再按一次。",
            "Not connected: nothing was saved; press again when it is back.",
        ),
    }
