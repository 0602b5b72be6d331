"""Text inputs without tables: cells one a line, in the ways in which captures flatten them.

Only the order of the cells is left; spans are forgotten, and in some captures blank cells too.
"""

from __future__ import annotations

from random import Random

from training.synthesis.form import Entry, Kind, Table
from training.synthesis.prose import Prose
from training.synthesis.report import Closing, Heading, Report, Title
from training.synthesis.skins import SKINS
from training.synthesis.splits import Split

_NARROW = {
    "商业企业": "商业\n企业",
    "科研机构": "科研\n机构",
    "社会公益组织": "社会\n公益\n组织",
    "法律服务机构": "法律\n服务\n机构",
    "结果维持": "结果\n维持",
    "结果纠正": "结果\n纠正",
    "其他结果": "其他\n结果",
    "尚未审结": "尚未\n审结",
}


def flat_pipes(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """One cell a line, lines with "|" between them, labels of narrow cells broken over lines."""
    has_empty_line = rng.random() < 0.5
    lines: list[str] = []
    for part in report.body():
        if isinstance(part, Table):
            for entry in part.entries():
                text = _broken(entry)
                if text or has_empty_line:
                    lines += text.split("\n")
                lines.append("|")
        else:
            lines += _text(part, split)
    return _encode(lines)


def flat_lines(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """One cell a line and nothing between them; a blank cell is an empty line."""
    lines: list[str] = []
    for part in report.body():
        if isinstance(part, Table):
            lines += [entry.text for entry in part.entries()]
        else:
            lines += _text(part, split)
    return _encode(lines)


def flat_blanklines(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """Cells separated by empty lines, values indented; a blank cell is a line of spaces."""
    indent = " " * rng.choice((2, 4, 8))
    lines: list[str] = []
    for part in report.body():
        if isinstance(part, Table):
            for entry in part.entries():
                lines += [indent + entry.text if entry.kind is Kind.VALUE else entry.text, ""]
        else:
            for line in _text(part, split):
                lines += [line, ""]
    return _encode(lines)


def flat_dropped(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """One cell a line, and what is blank leaves no trace."""
    lines: list[str] = []
    for part in report.body():
        if isinstance(part, Table):
            lines += [entry.text for entry in part.entries() if entry.text]
        else:
            lines += _text(part, split)
    return _encode(lines)


def flat_gbk(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """As `flat_lines`, in the bytes of an older system."""
    return flat_lines(report, rng, split=split).decode().encode("gb18030")


def flat_rows(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """One row a line, cells parted by tabs; by spaces where no cell is blank, in half of them."""
    has_blank = any(not value.text.strip() for value in report.values.values())
    has_inner = any(" " in value.text.strip() for value in report.values.values())
    gap = "\t" if has_blank or has_inner or rng.random() < 0.5 else rng.choice((" ", "    "))
    lines: list[str] = []
    for part in report.body():
        if isinstance(part, Table):
            lines += [gap.join(entry.text for entry in row) for row in part.rows]
        else:
            lines += _text(part, split)
    return _encode(lines)


def _broken(entry: Entry) -> str:
    """The cell's text as a narrow column breaks it."""
    if entry.text == "三、本年度办理结果":
        return "\n".join(entry.text)
    if entry.kind is Kind.HEADER:
        return _NARROW.get(entry.text, entry.text)
    return entry.text


def _text(part: Title | Heading | Prose | Closing, split: Split) -> list[str]:
    if isinstance(part, Prose):
        return [SKINS[split].indent + part.text]
    return list(part.lines) if isinstance(part, Title | Closing) else [part.text]


def _encode(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()
