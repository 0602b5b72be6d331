"""What the pages use and mean, for the page that explains it: keys, colours, reasons of doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Words = tuple[str, str]
"""In Chinese and in English."""

STATUSES: Sequence[tuple[str, Words, Words]] = (
    ("", ("排队中", "queued"), ("等待空闲的处理进程。", "It waits for a free process.")),
    ("", ("处理中", "in progress"), ("正在提取，可以取消。", "It is being extracted.")),
    (
        "good",
        ("已通过", "accepted"),
        ("没有需要人看的数值，可以直接使用。", "Nothing in it has to be looked at."),
    ),
    (
        "doubt",
        ("需人工复核", "needs review"),
        ("有存疑的数值，或机关、年度未能确定。", "Values, or whose report it is, are in doubt."),
    ),
    (
        "doubt",
        ("部分提取", "partly extracted"),
        ("有页面或表格没有读出，已读出的照常可用。", "A page or a table could not be read."),
    ),
    (
        "bad",
        ("提取失败", "failed"),
        ("没有结果；列表中写明原因，可以重试。", "There is no result; the list says why."),
    ),
)
"""Of documents: how it looks, what it is called, what it means."""

COLOURS: Sequence[tuple[str, Words, Words]] = (
    (
        "doubt",
        ("黄色", "yellow"),
        ("存疑，需要人看一眼；点开可见原因和原文图像。", "In doubt: somebody has to look."),
    ),
    (
        "missing",
        ("灰色", "grey"),
        ("文件中没有找到这个单元格；不等于零。", "Not found in the document; that is not zero."),
    ),
    (
        "reported",
        ("蓝色", "blue"),
        (
            "数字照录无误，但报告自身不平衡。",
            "Read with certainty; the report itself does not add up.",
        ),
    ),
    ("good", ("绿色", "green"), ("已由人复核。", "Somebody has decided it.")),
    ("", ("无色", "none"), ("自动通过。", "Accepted.")),
)
"""Of cells."""

KEYS: Sequence[tuple[Sequence[str], Words]] = (
    (
        ("Enter",),
        (
            "确认：读数与原文一致；正文数据须指标、数字都对",
            "It is as read; of a figure of the text: both what it counts and its number are right",
        ),
    ),
    (
        ("0", "…", "9"),
        (
            "采用该序号的备选读数；没有该序号的，或紧接着再按数字的，即输入数字（慢按的后续"
            "数字不会采用，请按 U 撤销后再按 = 输入）；在勾稽问题上则转到该序号的数字",
            "Take that alternative; where there is none of that number, or where more digits "
            "follow at once, type a number (digits that follow slowly are not taken: press U, then "
            "= and the number); of a sum that does not hold, look at that number",
        ),
    ),
    (
        ("=", "E"),
        (
            "到输入框输入数字；未找到的行则从其第一格填起",
            "Go to the entry to type a number; of rows that were not found, fill in the first one",
        ),
    ),
    (("B",), ("空白（印的是空格，不是零）", "Blank: nothing is printed, which is not zero")),
    (("D",), ("横线或斜线", "A dash")),
    (("W",), ("文字，没有数字", "Words, and no number")),
    (("X",), ("无法辨认", "Illegible")),
    (
        ("M",),
        (
            "文件中没有这一格；未找到的整行、整表一并回答，撤销也是一次",
            "Not in the document; rows or a table that were not found are answered, and undone, "
            "as one",
        ),
    ),
    (("J", "→"), ("下一处存疑", "Next one in doubt")),
    (("K", "←"), ("上一处", "The one before")),
    (
        ("U",),
        (
            "撤销您的上一决定，也可以是重新提取之前的",
            "Undo your last decision, also one from before the document was extracted again",
        ),
    ),
    (("C",), ("写备注", "Comment")),
    (
        ("N",),
        (
            "本报告全部核对后，转到下一份有待核之处的报告",
            "Once all of a report is settled: the next report that has questions",
        ),
    ),
    (("+", "−", "F"), ("放大、缩小页面，适合宽度", "Zoom the page in, out, to the whole width")),
    (("?",), ("打开本页", "This help")),
)

VERDICTS: Sequence[tuple[Words, Words]] = (
    (
        ("疑似识别错误", "misread"),
        (
            "换用另一个读数就能平衡，多半是我们读错了；对照图像确认即可。",
            "Another reading of the print repairs it: most likely it was misread here.",
        ),
    ),
    (
        ("报告自身不平衡", "reported"),
        (
            "涉及的每一格都读得确凿、位置无疑，差错是报告自己写的；数字照录，不作修改。",
            "All its cells were read with certainty: the report states it wrongly. What is "
            "printed stays.",
        ),
    ),
    (
        ("无法判定", "undecided"),
        (
            "还说不清是读错还是报告写错；复核其中存疑的单元格后会重新判断。",
            "It cannot be told yet; deciding its doubtful cells tells.",
        ),
    ),
)
"""Of findings."""

FLAG_GROUPS: Mapping[Words, tuple[Words, tuple[str, ...]]] = {
    ("没有读到，或把握不足", "Not read, or not with certainty"): (
        ("对照图像，确认或改正。", "Compare with the image; confirm or correct."),
        (
            *("missing", "illegible", "low_score", "readers_disagree", "low_probability"),
            *("unread_print", "unverified_blank", "doubtful_number", "contradicted"),
            *("doubtful_meaning", "audit"),
        ),
    ),
    ("位置是否正确", "In the right place?"): (
        (
            "顺着行、列找到表头和栏目名；行列错位时各合计仍会平衡，只有人能看出来。",
            "Follow row and column to their labels: sums cannot see exchanged rows.",
        ),
        ("weak_row", "weak_column", "shared_print"),
    ),
    ("是否平衡", "Does it add up?"): (
        (
            "核对这一勾稽关系中的各格；读得没错就确认，问题会记为报告自身的差错。",
            "Check the cells of the sum; confirm them if they were read correctly.",
        ),
        ("relation_broken", "reported_error", "repaired"),
    ),
    ("写法不寻常", "Odd ways of writing"): (
        ("看原文怎么写，按原文填。", "See how it is written, and enter what it says."),
        (
            *("ambiguous", "approximate", "chinese_numeral", "confusable", "number_missing"),
            *("odd_number", "pen_mark", "unexpected_decimal", "unexpected_sign"),
            *("unexpected_unit", "unit_unknown", "unknown_words", "unusual_words"),
        ),
    ),
}
"""Reasons of doubt: what to do about those of a group. A test compares them with all flags."""
