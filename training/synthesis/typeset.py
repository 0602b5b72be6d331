"""PDF pages with a text layer, set with typst, and their twin that says which entry is where.

The twin is the same source set a second time with a colour of its own for every entry of the
report; colours do not move anything, so that every character of the page can be traced to the
entry that it belongs to. `labels.py` reads it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

import pikepdf
import typst

from training.synthesis.fonts import FontError, families, lacking, latin_family, load_fonts
from training.synthesis.form import Entry, Kind, Table
from training.synthesis.prose import Prose
from training.synthesis.report import Closing, Heading, Report, Title
from training.synthesis.roles import Role, Tag, entry_tag
from training.synthesis.styles import PdfStyle

_WIDTHS: Mapping[str, Mapping[str, str]] = {
    "official": {
        "disclosure": "(3fr, 2fr, 2fr, 2fr)",
        "requests": "(2.2em, 6.2em, 1fr, 3.2em, 3.2em, 3.2em, 3.2em, 3.2em, 3.2em, 3.2em)",
        "disputes": "(1fr,) * 15",
    },
    "wide": {
        "disclosure": "(2fr, 1fr, 1fr, 1fr)",
        "requests": "(3.2em, 8em, 4fr, 1fr, 1fr, 1fr, 1fr, 1fr, 1fr, 1fr)",
        "disputes": "(1fr,) * 15",
    },
    "even": {
        "disclosure": "(1fr, 1fr, 1fr, 1fr)",
        "requests": "(2.4em, 5.2em, 1fr, 3.4em, 3em, 3em, 3em, 3em, 2.8em, 3.4em)",
        "disputes": "(1fr, 1fr, 1fr, 1fr, 1.2fr) * 3",
    },
}
_NARROW = {
    "自然人": "自然\n人",
    "商业企业": "商业\n企业",
    "科研机构": "科研\n机构",
    "社会公益组织": "社会\n公益\n组织",
    "法律服务机构": "法律\n服务\n机构",
    "结果维持": "结果\n维持",
    "结果纠正": "结果\n纠正",
    "其他结果": "其他\n结果",
    "尚未审结": "尚未\n审结",
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
_STAGE = "三、本年度办理结果"
_FILLER = (
    "现将本年度收到和处理政府信息公开申请的有关情况报告如下。",
    "各承办单位依法依规办理，答复文书格式规范。",
    "对群众关心的问题及时沟通，做好解释说明工作。",
    "进一步完善受理、审核、答复各环节的工作流程。",
)
_PRELUDE = (
    '#let twin = "labels" in sys.inputs\n'
    "#let ink(id, body, paint: black) = text(fill: if twin { rgb(id) } else { paint }, body)\n"
    '#let blank(id) = if twin { text(fill: rgb(id), "0") } else { hide("0") }'
)


@dataclass(frozen=True, slots=True)
class Typeset:
    """A document, its twin, and the tag of every colour of the twin (colour i + 1 is tag i)."""

    pdf: bytes
    twin: bytes
    tags: tuple[Tag, ...]


def typeset(report: Report, style: PdfStyle, rng: Random) -> bytes:
    """Set the report.

    Raises:
        FontError: there is no font to set Chinese with.
    """
    return _compile(_Page(style, rng).source(report), {})


def typeset_with_twin(report: Report, style: PdfStyle, rng: Random) -> Typeset:
    """Set the report and its twin; the same arguments give the PDF that `typeset` gives.

    Raises:
        FontError: there is no font to set Chinese with, or a face lacks a character.
    """
    page = _Page(style, rng)
    source = page.source(report)
    _check_glyphs(style, page.tags)
    pdf, twin = _compile(source, {}), _compile(source, {"labels": "1"})
    return Typeset(pdf, twin, tuple(page.tags))


def _check_glyphs(style: PdfStyle, tags: Sequence[Tag]) -> None:
    """Every face of the style must have every character.

    Raises:
        FontError: one does not, and would print an empty box that the text layer names.
    """
    text = "".join(tag.text for tag in tags)
    for face in {style.face, style.table_face, style.heading_face, style.title_face}:
        missing = lacking(face, text)
        if missing:
            raise FontError(
                f"the face {face!r} has no {''.join(sorted(missing))}: run `make fonts`"
            )


def _compile(source: bytes, inputs: dict[str, str]) -> bytes:
    compiler = typst.Compiler(source, font_paths=load_fonts(), sys_inputs=inputs)
    pdf = compiler.compile(format="pdf", timestamp=0, pdf_tags=False)
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave no PDF")
    return pdf


class _Page:
    """Writes the source of one document and numbers its entries on the way."""

    def __init__(self, style: PdfStyle, rng: Random) -> None:
        self.style = style
        self.rng = rng
        self.tags: list[Tag] = []

    def source(self, report: Report) -> bytes:
        lines = [_PRELUDE, *self._setup()]
        for number, part in enumerate(report.body()):
            match part:
                case Table():
                    lines += self._before_table(part)
                    lines.append(self._table(part, number))
                case Title():
                    lines.append(self._title(part, number, report))
                case Heading():
                    is_moved = part.section in self._moved_sections()
                    lines.append("#pagebreak(weak: true)" if is_moved else "")
                    text = self._ink(part.text, Tag(Role.HEADING, part.text, number))
                    lines.append(f"#par(text(font: {_font(self.style.heading_face)}, {text}))")
                case Closing():
                    joined = self._lines(part.lines, Tag(Role.TEXT, "", number))
                    lines.append(f"#align(right, par(first-line-indent: 0em, {joined}))")
                case Prose():
                    text = self._ink(part.text, Tag(Role.TEXT, part.text, number))
                    lines.append(f"#par({text})")
        return "\n".join(lines).encode()

    def _setup(self) -> list[str]:
        style = self.style
        height = "height: auto, " if style.is_one_page else ""
        size = "width: 21cm, " if style.is_one_page else f'paper: "{style.paper}", '
        flipped = "flipped: true, " if style.is_landscape else ""
        before, _, after = style.page_number.partition("{}")
        # The text around the number is a string of its own, so that nothing in it is markup.
        number = f"{_string(before)} + str(here().page()) + {_string(after)}"
        footer = (
            "none"
            if style.is_one_page
            else f"context align({style.number_align}, text(11pt, {number}))"
        )
        return [
            "#set document(date: none)",
            f"#set page({size}{height}{flipped}columns: {style.columns}, "
            f"margin: (x: {style.margin_x_cm}cm, y: {style.margin_y_cm}cm), footer: {footer})",
            f"#set text(font: {_font(style.face, style.latin)}, size: {style.body_size_pt}pt)",
            '#set text(lang: "zh", region: "cn")',
            f"#set par(justify: true, leading: {style.leading_em}em, "
            f"spacing: {style.leading_em}em, first-line-indent: (amount: 2em, all: true))",
        ]

    def _moved_sections(self) -> tuple[str, ...]:
        """Sections that begin a page."""
        moved = self.style.breaks_before
        return (*moved, "requests") if self.style.filler_lines is not None else moved

    def _before_table(self, table: Table) -> list[str]:
        if table.id != "requests" or self.style.filler_lines is None:
            return []
        count = self.rng.randrange(*self.style.filler_lines)
        texts = [self.rng.choice(_FILLER) for _ in range(count)]
        return [f"#par({self._ink(text, Tag(Role.TEXT, text, -1))})" for text in texts]

    def _title(self, part: Title, number: int, report: Report) -> str:
        style = self.style
        title = self._lines(part.lines, Tag(Role.TITLE, "", number))
        head = ""
        if style.has_red_head:
            red = "rgb(200, 30, 30)"
            name = self._ink(report.organization, Tag(Role.TITLE, report.organization, -1), red)
            head = (
                "#align(center, par(first-line-indent: 0em, text("
                f"{style.title_size_pt * 1.5}pt, font: {_font('serif')}, weight: 700, {name})))\n"
                f"#line(length: 100%, stroke: 1.5pt + {red})\n"
            )
        return (
            f"{head}#align(center, par(first-line-indent: 0em, justify: false, "
            f"text({style.title_size_pt}pt, font: {_font(style.title_face)}, {title})))\n"
            f"#v({style.title_gap_em}em)"
        )

    def _table(self, table: Table, number: int) -> str:
        style = self.style
        columns = _WIDTHS[style.widths].get(table.id or "", f"(1fr,) * {table.columns}")
        inset = style.inset_pt or {"half": 5, "none": 6}.get(style.rules, 4)
        if table.id == "disclosure":
            inset *= style.disclosure_stretch
        size = min(style.table_size_pt, 9) if table.id == "disputes" else style.table_size_pt
        n_header = _header_rows(table)
        lines = [
            f"#block({'stroke: 1.5pt, ' if style.rules == 'frame' else ''}"
            f"text({size}pt, font: {_font(style.table_face, style.latin)})[",
            "#set par(justify: false, leading: 0.4em, spacing: 0.4em, first-line-indent: 0em)",
            f"#table(columns: {columns}, stroke: {self._stroke(table, n_header)}, "
            f"inset: (x: {style.inset_x_pt}pt, y: {inset}pt), align: center + horizon,",
        ]
        kept = 0 if style.splits_header else n_header
        # Table 二 has a header for each block; repeating the first would head the wrong rows.
        repeats = "true" if style.repeats_header and table.id != "disclosure" else "false"
        for i, row in enumerate(table.rows):
            cells = ", ".join(self._cell(entry, table, number) for entry in row)
            opening = f"table.header(repeat: {repeats}, " if i == 0 and kept else ""
            closing = ")" if kept and i == kept - 1 else ""
            lines.append(f"  {opening}{cells}{closing},")
        return "\n".join([*lines, ")", "])"])

    def _stroke(self, table: Table, n_header: int) -> str:
        pt = self.style.rule_pt
        match self.style.rules:
            case "full" | "frame":
                return f"{pt}pt"
            case "half":
                return f"(top: {pt}pt, bottom: {pt}pt)"
            case "three_line":
                # Heavy rules above and below, a light one under the header.
                last = len(table.rows) - 1
                return (
                    f"(x, y) => (top: if y == 0 {{ 1.2pt }} else if y == {n_header} {{ {pt}pt }} "
                    f"else {{ none }}, bottom: if y == {last} {{ 1.2pt }} else {{ none }})"
                )
            case _:
                return "none"

    def _cell(self, entry: Entry, table: Table, number: int) -> str:
        style = self.style
        arguments = []
        if entry.column_span > 1:
            arguments.append(f"colspan: {entry.column_span}")
        if entry.row_span > 1:
            arguments.append(f"rowspan: {entry.row_span}")
        if entry.kind is Kind.LABEL:
            arguments.append(f"align: {style.label_align} + horizon")
        elif entry.kind is Kind.VALUE:
            arguments.append(f"align: {style.value_align} + horizon")
        elif entry.kind is Kind.CAPTION and style.caption_fill and style.rules in ("full", "frame"):
            arguments.append(f"fill: {style.caption_fill}")
        tag = entry_tag(entry, table, number)
        if not entry.text.strip():
            content = self._blank(tag) if entry.kind is Kind.VALUE else "none"
        else:
            content = self._lines(tuple(self._broken(entry).split("\n")), tag)
        if entry.kind is Kind.VALUE and style.value_scale != 1.0:
            content = f"text({style.value_scale}em, {content})"
        if entry.kind in (Kind.HEADER, Kind.CAPTION) and style.header_weight != "regular":
            weight = "weight: 700" if style.header_weight == "bold" else "stroke: 0.25pt"
            content = f"text({weight}, {content})"
        return f"table.cell({', '.join([*arguments, content])})"

    def _broken(self, entry: Entry) -> str:
        """The text with a line break where its author pressed the key."""
        style = self.style
        if entry.kind is Kind.VALUE:
            return entry.text
        if entry.text == _STAGE:
            if style.stage == "vertical" or style.breaks_labels:
                return "\n".join(entry.text)
            return "三、本\n年度办\n理结果" if style.stage == "narrow" else entry.text
        if entry.kind is Kind.HEADER and entry.column is not None and entry.text in _NARROW:
            if style.headers == "vertical":
                return "\n".join(entry.text)
            if style.headers == "narrow":
                return _NARROW[entry.text]
        if not style.breaks_labels:
            return entry.text
        if entry.text in _BREAKABLE:
            return _BREAKABLE[entry.text]
        if entry.kind is Kind.LABEL and len(entry.text) > 8 and self.rng.random() < 0.5:
            cut = self.rng.randrange(4, len(entry.text) - 2)
            return entry.text[:cut] + self.rng.choice(("\n", " ")) + entry.text[cut:]
        return entry.text

    def _lines(self, lines: tuple[str, ...], tag: Tag) -> str:
        """Lines of one entry, all in its colour."""
        color = self._color(replace(tag, text="\n".join(lines)))
        return " + linebreak() + ".join(f'ink("{color}", {_string(line)})' for line in lines)

    def _ink(self, text: str, tag: Tag, paint: str = "black") -> str:
        return f'ink("{self._color(tag)}", {_string(text)}, paint: {paint})'

    def _blank(self, tag: Tag) -> str:
        """An empty cell: the twin has a digit where one would stand, so that its place is known.

        The document has the room for it, as a word processor keeps the line of an empty cell.
        """
        return f'blank("{self._color(tag)}")'

    def _color(self, tag: Tag) -> str:
        self.tags.append(tag)
        return f"#{len(self.tags):06x}"


def _header_rows(table: Table) -> int:
    """Rows before the first that holds a value."""
    return next(
        (i for i, row in enumerate(table.rows) if any(entry.kind is Kind.VALUE for entry in row)),
        0,
    )


def _font(face: str, latin: str | None = None) -> str:
    family = latin_family(latin or ("sans" if face in ("hei", "screen", "sans") else "serif"))
    names = [f'(name: "{family}", covers: "latin-in-cjk")'] if family else []
    names += [f'"{name}"' for name in families(face)]
    return f"({', '.join(names)},)"


def _string(text: str) -> str:
    """A typst string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
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
