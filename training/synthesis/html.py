"""HTML inputs: the clean page, captures with everything around it, and the ways spans get lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from random import Random

from opencc import OpenCC

from training.synthesis.form import Entry, Kind, Row, Table, split_table
from training.synthesis.prose import Prose
from training.synthesis.report import Closing, Heading, Report, Title
from training.synthesis.skins import SKINS
from training.synthesis.splits import Split

_NAVIGATION = (
    "首页",
    "要闻动态",
    "政务公开",
    "政务服务",
    "互动交流",
    "走进我们",
    "无障碍",
    "长者版",
)


@dataclass(frozen=True, slots=True)
class _Style:
    """How one page writes its cells and paragraphs."""

    cell: Callable[[Entry], str]
    paragraph: Callable[[str], str]
    heading: Callable[[str], str]
    has_spans: bool = True
    table_attributes: str = ' border="1" cellspacing="0"'


def html_clean(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """The form as it should be: one table each, proper row and column spans."""
    body = _body(report, _plain_style(split), lambda table: (table,))
    return _page(report, body, charset="utf-8").encode()


def html_captured(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """A whole government page: navigation, metadata table, crumbs, layout tables, inline styles."""
    style = _Style(_captured_cell, _captured_paragraph, _captured_heading)
    body = _body(report, style, lambda table: (table,))
    menu = "".join(f'<li><a href="/{i}/">{name}</a></li>' for i, name in enumerate(_NAVIGATION))
    page = SKINS[split].site.format(
        menu=menu,
        body=body,
        index=f"{rng.randrange(10**8, 10**9)}/{report.year + 1}-{rng.randrange(1000, 9999):05d}",
        date=f"{report.year + 1}-01-{rng.randrange(4, 31):02d}",
        organization=report.organization,
        title="".join(_title_lines(report)),
        hits=rng.randrange(10, 4000),
        last_year=report.year - 1,
        number=rng.randrange(10**7, 10**8),
        code=rng.randrange(10**9, 10**10),
        telephone=rng.randrange(2000000, 8999999),
    )
    return _page(report, page, charset="utf-8").encode()


def html_nospan(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """Spans forgotten: rows of different lengths, some with a stray empty cell at the end."""

    def stray(table: Table) -> tuple[Table, ...]:
        rows: list[Row] = [
            (*row, Entry("", Kind.NOTE)) if rng.random() < 0.1 else row for row in table.rows
        ]
        return (Table(table.id, table.columns, tuple(rows)),)

    plain = _plain_style(split)
    style = replace(plain, has_spans=False)
    return _page(report, _body(report, style, stray), charset="utf-8").encode()


def html_gbk(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """The bytes of an older page: GBK, declared as gb2312 as such pages do."""
    body = _body(report, _plain_style(split), lambda table: (table,))
    return _page(report, body, charset="gb2312").encode("gbk", errors="xmlcharrefreplace")


def html_traditional(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """A mirror in traditional characters."""
    body = _body(report, _plain_style(split), lambda table: (table,))
    page = _page(report, body, charset="utf-8")
    text: str = OpenCC("s2t").convert(page)
    return text.encode()


def html_wordpaste(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """Pasted from a word processor: characters of one label in several spans, breaks within."""

    def runs(text: str) -> str:
        if not text:
            return '<span lang="EN-US"><o:p>&nbsp;</o:p></span>'
        cuts = sorted(rng.sample(range(1, len(text)), k=min(2, len(text) - 1)))
        pieces = [text[i:j] for i, j in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        gap = "<br>\n" if len(text) > 3 and rng.random() < 0.3 else ""
        return gap.join(
            f'<span style="font-family:仿宋_GB2312;mso-hansi-font-family:Calibri">{_broken(piece)}'
            f"</span>"
            for piece in pieces
        )

    def cell(entry: Entry) -> str:
        is_value = entry.kind is Kind.VALUE
        text = (
            f'<span lang="EN-US" style="font-size:12.0pt">{_broken(entry.text)}</span>'
            if is_value and entry.text
            else runs(entry.text)
        )
        return (
            '<p class="MsoNormal" align="center" style="text-align:center;mso-pagination:\n'
            f'widow-orphan">{text}<o:p></o:p></p>'
        )

    def paragraph(text: str) -> str:
        return (
            f'<p class="MsoNormal" style="text-indent:32.0pt;line-height:28.0pt">{runs(text)}</p>'
        )

    style = _Style(
        cell,
        paragraph,
        paragraph,
        table_attributes=' class="MsoNormalTable" border="1" style="mso-yfti-tbllook:1184"',
    )
    junk = (
        "<!--[if gte mso 9]><xml><w:WordDocument><w:View>Normal</w:View></w:WordDocument></xml>"
        "<![endif]-->\n<style><!-- @page Section1 {mso-page-orientation:portrait;} --></style>\n"
    )
    return _page(report, junk + _body(report, style, lambda table: (table,)), "utf-8").encode()


def html_split(report: Report, rng: Random, *, split: Split = Split.TEST) -> bytes:
    """Every table in several `table` elements, cut between any two rows below its header."""
    repeats = rng.random() < 0.5

    def pieces(table: Table) -> tuple[Table, ...]:
        first = 4 if table.id == "requests" else 3 if table.id == "disputes" else 1
        places = range(first, len(table.rows))
        cuts = rng.sample(places, k=min(len(places), rng.randrange(1, 4)))
        return split_table(table, tuple(cuts), repeat=repeats)

    return _page(report, _body(report, _plain_style(split), pieces), charset="utf-8").encode()


def _body(report: Report, style: _Style, split: Callable[[Table], tuple[Table, ...]]) -> str:
    lines: list[str] = []
    for part in report.body():
        match part:
            case Table():
                lines += [_table(piece, style) for piece in split(part)]
            case Title():
                lines += [f"<h1>{escape(line)}</h1>" for line in part.lines]
            case Heading():
                lines.append(style.heading(part.text))
            case Closing():
                lines += [style.paragraph(line) for line in part.lines]
            case Prose():
                lines.append(style.paragraph(part.text))
    return "\n".join(lines)


def _table(table: Table, style: _Style) -> str:
    lines = [f"<table{style.table_attributes}>"]
    for row in table.rows:
        cells = "".join(
            f"<td{_spans(entry) if style.has_spans else ''}>{style.cell(entry)}</td>"
            for entry in row
        )
        lines.append(f"<tr>{cells}</tr>")
    return "\n".join([*lines, "</table>"])


def _spans(entry: Entry) -> str:
    text = f' rowspan="{entry.row_span}"' if entry.row_span > 1 else ""
    return text + (f' colspan="{entry.column_span}"' if entry.column_span > 1 else "")


def _plain_style(split: Split) -> _Style:
    skin = SKINS[split]
    return _Style(
        cell=lambda entry: skin.cell.format(_broken(entry.text)),
        paragraph=lambda text: skin.paragraph.format(escape(text)),
        heading=lambda text: skin.heading.format(escape(text)),
        table_attributes=skin.table,
    )


def _broken(text: str) -> str:
    """Line breaks of the author as the page has them."""
    return escape(text).replace("\n", "<br>")


def _captured_cell(entry: Entry) -> str:
    text = _broken(entry.text) or "&nbsp;"
    return (
        '<p style="text-align: center; margin: 0"><span style="font-size: 12pt; '
        f'font-family: 宋体">&nbsp;{text}&nbsp;</span></p>'
    )


def _captured_paragraph(text: str) -> str:
    return f'<p style="text-indent: 2em">&nbsp;&nbsp;&nbsp;&nbsp;{escape(text)}</p>'


def _captured_heading(text: str) -> str:
    return f'<p style="text-indent: 2em"><strong><span>{escape(text)}</span></strong></p>'


def _title_lines(report: Report) -> tuple[str, ...]:
    titles = [part for part in report.parts if isinstance(part, Title)]
    return tuple(escape(line) for title in titles for line in title.lines)


def _page(report: Report, body: str, charset: str) -> str:
    title = "".join(_title_lines(report))
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="{charset}">\n'
        f"<title>{title}</title></head>\n<body>\n{body}\n</body></html>\n"
    )
