"""PDF inputs with a text layer, set with typst and carrying the fonts that they use.

Fonts come from the system and from `FONT_FOLDER`. The committed documents need none; laying out new
ones needs a simplified Chinese face: Debian's fonts-noto-cjk, or the Fandol faces put there.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

import pikepdf
import typst

from training.synthesis.form import Entry, Kind, Table
from training.synthesis.report import Heading, Report, Title

FONT_FOLDER = Path("build/fonts")

_FACES = {
    "fang": ("FandolFang R", "Noto Serif CJK SC", "Noto Sans CJK SC"),
    "song": ("FandolSong", "Noto Serif CJK SC", "Noto Sans CJK SC"),
    "kai": ("FandolKai", "Noto Serif CJK SC", "Noto Sans CJK SC"),
    "hei": ("FandolHei", "Noto Sans CJK SC", "Noto Serif CJK SC"),
}
_STROKES = {
    "full": "0.5pt",
    "half": "(top: 0.5pt, bottom: 0.5pt)",
    "none": "none",
}
_COLUMNS = {
    "disclosure": "(3fr, 2fr, 2fr, 2fr)",
    "requests": "(2.2em, 6.2em, 1fr, 3.2em, 3.2em, 3.2em, 3.2em, 3.2em, 3.2em, 3.2em)",
    "disputes": "(1fr,) * 15",
}
_BREAKABLE = {
    "自然人": "自然\n人",
    "信息内容": "信息\n内容",
    "上一年项目数量": "上一年项\n目数量",
    "本年制发件数": "本年制发\n件数",
    "现行有效件数": "现行\n有效件数",
    "行政规范性文件": "行政规范\n性文件",
    "行政事业性收费": "行政事业\n性收费",
    "（三）不予公开": "（三）不\n予公开",
    "（四）无法提供": "（四）无法\n提供",
    "（五）不予处理": "（五）\n不予\n处理",
    "结果维持": "结\n果\n维\n持",
    "结果纠正": "结\n果\n纠\n正",
    "其他结果": "其\n他\n结\n果",
    "尚未审结": "尚\n未\n审\n结",
    "总计": "总 计",
}
_FILLER = (
    "现将本年度收到和处理政府信息公开申请的有关情况报告如下。",
    "各承办单位依法依规办理，答复文书格式规范。",
    "对群众关心的问题及时沟通，做好解释说明工作。",
    "进一步完善受理、审核、答复各环节的工作流程。",
)


class FontError(RuntimeError):
    """No font with simplified Chinese characters was found."""


@dataclass(frozen=True, slots=True)
class PdfStyle:
    """How the pages are set.

    `filler_lines` (a range) puts that many lines of prose before table 三 on a page of its own, so
    that the table runs over the next break. `splits_header`: a break may part header rows.
    """

    rules: str = "full"
    paper: str = "a4"
    is_landscape: bool = False
    columns: int = 1
    face: str = "fang"
    table_face: str = "song"
    heading_face: str = "hei"
    page_number: str = "— {} —"
    breaks_labels: bool = False
    is_vertical: bool = True
    filler_lines: tuple[int, int] | None = None
    splits_header: bool = False
    is_one_page: bool = False
    table_size_pt: float = 10
    body_size_pt: float = 15


STYLES: Mapping[str, PdfStyle] = {
    "pdf_ruled": PdfStyle(),
    "pdf_unruled": PdfStyle(rules="none", is_vertical=False),
    "pdf_half": PdfStyle(rules="half", table_face="fang", is_vertical=False),
    "pdf_landscape": PdfStyle(
        is_landscape=True, is_vertical=False, table_size_pt=10.5, face="song"
    ),
    "pdf_a3": PdfStyle(paper="a3", table_size_pt=15, page_number="- {} -"),
    # Two A4 pages side by side.
    "pdf_booklet": PdfStyle(paper="a3", is_landscape=True, columns=2, page_number="- {} -"),
    "pdf_pagebreaks": PdfStyle(filler_lines=(12, 18)),
    "pdf_labels_broken": PdfStyle(breaks_labels=True, splits_header=True, table_face="fang"),
}


def typeset(report: Report, style: PdfStyle, rng: Random) -> bytes:
    """Set the report.

    Raises:
        FontError: there is no font to set Chinese with.
    """
    fonts = load_fonts()
    compiler = typst.Compiler(_source(report, style, rng).encode(), font_paths=fonts)
    pdf = compiler.compile(format="pdf", timestamp=0, pdf_tags=False)
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave no PDF")
    return pdf


@cache
def load_fonts() -> typst.Fonts:
    """The fonts at hand.

    Raises:
        FontError: none of them has simplified Chinese characters.
    """
    folders = [FONT_FOLDER] if FONT_FOLDER.is_dir() else []
    fonts = typst.Fonts(font_paths=[str(folder) for folder in folders])
    if not {name for faces in _FACES.values() for name in faces} & set(fonts.families()):
        raise FontError(
            "no font with simplified Chinese characters: install Debian's fonts-noto-cjk, "
            f"or put the Fandol fonts into {FONT_FOLDER}"
        )
    return fonts


def _source(report: Report, style: PdfStyle, rng: Random) -> str:
    height = "height: auto, " if style.is_one_page else ""
    size = "width: 21cm, " if style.is_one_page else f'paper: "{style.paper}", '
    flipped = "flipped: true, " if style.is_landscape else ""
    before, _, after = style.page_number.partition("{}")
    # The text around the number is a string of its own, so that nothing in it is markup.
    number = f"{_string(before)} + str(here().page()) + {_string(after)}"
    footer = "none" if style.is_one_page else f"context align(center, text(11pt, {number}))"
    lines = [
        "#set document(date: none)",
        f"#set page({size}{height}{flipped}columns: {style.columns}, "
        f"margin: (x: 2.4cm, y: 2.6cm), footer: {footer})",
        f"#set text(font: {_font(style.face)}, size: {style.body_size_pt}pt)",
        '#set text(lang: "zh", region: "cn")',
        "#set par(justify: true, leading: 0.85em, spacing: 0.85em, "
        "first-line-indent: (amount: 2em, all: true))",
    ]
    for part in report.body():
        match part:
            case Table():
                if part.id == "requests" and style.filler_lines is not None:
                    for _ in range(rng.randrange(*style.filler_lines)):
                        lines.append(f"#par({_string(rng.choice(_FILLER))})")
                lines.append(_table(part, style, rng))
            case Title():
                title = " + linebreak() + ".join(_string(line) for line in part.lines)
                lines.append(
                    "#align(center, par(first-line-indent: 0em, justify: false, "
                    f"text(20pt, font: {_font(style.heading_face)}, {title})))"
                )
            case Heading():
                is_moved = part.section == "requests" and style.filler_lines is not None
                lines.append("#pagebreak()" if is_moved else "")
                lines.append(f"#par(text(font: {_font(style.heading_face)}, {_string(part.text)}))")
            case _:
                lines.append(f"#par({_string(part.text)})")
    return "\n".join(lines)


def _table(table: Table, style: PdfStyle, rng: Random) -> str:
    columns = _COLUMNS.get(table.id or "", f"(1fr,) * {table.columns}")
    if style.is_landscape and table.id == "requests":
        columns = "(3.2em, 8em, 4fr, 1fr, 1fr, 1fr, 1fr, 1fr, 1fr, 1fr)"
    inset = {"full": "4pt", "half": "5pt", "none": "6pt"}[style.rules]
    size = min(style.table_size_pt, 9) if table.id == "disputes" else style.table_size_pt
    lines = [
        f"#block(text({size}pt, font: {_font(style.table_face)})[",
        "#set par(justify: false, leading: 0.4em, spacing: 0.4em, first-line-indent: 0em)",
        f"#table(columns: {columns}, stroke: {_STROKES[style.rules]}, "
        f"inset: (x: 2pt, y: {inset}), align: center + horizon,",
    ]
    n_header = 0 if style.splits_header else _header_rows(table)
    for i, row in enumerate(table.rows):
        cells = ", ".join(_cell(entry, style, rng) for entry in row)
        opening = "table.header(repeat: false, " if i == 0 and n_header else ""
        closing = ")" if n_header and i == n_header - 1 else ""
        lines.append(f"  {opening}{cells}{closing},")
    return "\n".join([*lines, ")", "])"])


def _header_rows(table: Table) -> int:
    """Rows before the first that holds a value."""
    return next(
        (i for i, row in enumerate(table.rows) if any(entry.kind is Kind.VALUE for entry in row)),
        0,
    )


def _cell(entry: Entry, style: PdfStyle, rng: Random) -> str:
    text = entry.text
    if entry.text == "三、本年度办理结果" and (style.is_vertical or style.breaks_labels):
        text = "\n".join(text)
    elif style.breaks_labels:
        text = _broken(entry, rng)
    arguments = []
    if entry.column_span > 1:
        arguments.append(f"colspan: {entry.column_span}")
    if entry.row_span > 1:
        arguments.append(f"rowspan: {entry.row_span}")
    if entry.kind is Kind.LABEL:
        arguments.append("align: left + horizon")
    if entry.kind is Kind.CAPTION and style.rules == "full":
        arguments.append("fill: luma(225)")
    content = " + linebreak() + ".join(_string(line) for line in text.split("\n"))
    return f"table.cell({', '.join([*arguments, content])})"


def _broken(entry: Entry, rng: Random) -> str:
    """The text with a line break where its author pressed the key."""
    if entry.kind is Kind.VALUE:
        return entry.text
    if entry.text in _BREAKABLE:
        return _BREAKABLE[entry.text]
    if entry.kind is Kind.LABEL and len(entry.text) > 8 and rng.random() < 0.5:
        cut = rng.randrange(4, len(entry.text) - 2)
        return entry.text[:cut] + rng.choice(("\n", " ")) + entry.text[cut:]
    return entry.text


def _font(face: str) -> str:
    known = set(load_fonts().families())
    latin = ["Liberation Serif"] if face != "hei" else ["Liberation Sans"]
    names = [f'(name: "{name}", covers: "latin-in-cjk")' for name in latin if name in known]
    names += [f'"{name}"' for name in _FACES[face] if name in known][:2]
    return f"({', '.join(names)},)"


def _string(text: str) -> str:
    """A typst string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def scramble_text_layer(pdf: bytes) -> bytes:
    """The same pages over a text layer in which every character is another one."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for item in document.objects:
            if isinstance(item, pikepdf.Dictionary) and "/ToUnicode" in item:
                table = item["/ToUnicode"]
                table.write(re.sub(rb"> <([0-9a-fA-F]{4})>", _shift, table.read_bytes()))
        buffer = io.BytesIO()
        document.save(buffer, deterministic_id=True)
        return buffer.getvalue()


def _shift(match: re.Match[bytes]) -> bytes:
    return b"> <%04x>" % (0x4E00 + (int(match[1], 16) * 7 + 13) % 0x5000)
