"""Text inputs as blocks: every printed cell once, in its place; what is not printed never."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from itertools import product

import docx
import pytest
from docx.document import Document
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from hypothesis import given
from hypothesis import strategies as st

from extractor import ingest
from extractor.errors import CorruptInput, ExtractorError
from extractor.ingest.grid import RowCell, join_lines, place_cells
from extractor.ingest.text import read_text
from extractor.types import Block, Grid, Kind, Paragraph, Source


def blocks(kind: Kind, data: str | bytes) -> tuple[Block, ...]:
    raw = data.encode() if isinstance(data, str) else data
    source = Source("报告", raw, kind, "", hashlib.sha256(raw).hexdigest())
    return ingest.read_blocks(source)


def texts(found: Sequence[Block]) -> list[str]:
    return [block.text for block in found if isinstance(block, Paragraph)]


def grids(found: Sequence[Block]) -> list[Grid]:
    return [block for block in found if isinstance(block, Grid)]


def rows(grid: Grid) -> list[list[str]]:
    """The texts of a grid by row; a cell stands where it begins."""
    listed: dict[int, list[str]] = {}
    for cell in grid.cells:
        listed.setdefault(cell.row, []).append(cell.text)
    return [listed[row] for row in sorted(listed)]


def places(grid: Grid) -> dict[str, tuple[int, int, int, int]]:
    return {
        cell.text: (cell.row, cell.column, cell.row_span, cell.column_span) for cell in grid.cells
    }


def test_paged_kinds_have_no_blocks() -> None:
    with pytest.raises(ValueError, match="pages"):
        blocks(Kind.PDF, b"%PDF-1.4")


def test_bytes_that_are_no_text_are_corrupt() -> None:
    with pytest.raises(CorruptInput, match=r"报告.*decoded"):
        blocks(Kind.TEXT, bytes(range(256)))


# --- text --------------------------------------------------------------------------------------


def test_every_line_is_a_paragraph_with_its_number() -> None:
    assert blocks(Kind.TEXT, "一\r\n\r\n 二 \n三\r四") == (
        Paragraph("一", 1),
        Paragraph("", 2),
        Paragraph(" 二", 3),
        Paragraph("三", 4),
        Paragraph("四", 5),
    )


def test_lines_of_pipes_bound_cells() -> None:
    text = "正文\n规章\n|\n0\n|\n|\n\n|\n商业\n企业\n｜\n5\n三、标题\n行\n| |\n9\n正文"
    assert blocks(Kind.TEXT, text) == (
        Paragraph("正文", 1),
        Paragraph("规章", 2, 0),
        Paragraph("0", 4, 1),
        Paragraph("", 6, 2),
        Paragraph("", 7, 3),
        Paragraph("商业", 9, 4),
        Paragraph("企业", 10, 4),
        Paragraph("5", 12, 5),
        Paragraph("三、标题", 13, 5),
        Paragraph("行", 14, 5),
        Paragraph("9", 16, 6),
        Paragraph("正文", 17),
    )


def test_article_between_two_tables_is_no_cell() -> None:
    article = [f"第{i}段" for i in range(60)]
    found = blocks(Kind.TEXT, "\n".join(["甲", "|", "乙", "|", *article, "|", "丙", "|", "丁"]))
    cells = {block.text: block.cell for block in found if isinstance(block, Paragraph)}
    assert cells["第0段"] == 2
    assert cells["第59段"] == 3
    assert {cells[text] for text in article[1:-1]} == {None}
    assert (cells["丙"], cells["丁"]) == (4, 5)


def test_one_pipe_alone_bounds_nothing() -> None:
    assert blocks(Kind.TEXT, "首页\n|\n新闻") == (
        Paragraph("首页", 1),
        Paragraph("|", 2),
        Paragraph("新闻", 3),
    )


def test_rows_with_tabs_are_a_grid_with_their_blank_cells() -> None:
    found = blocks(Kind.TEXT, "标题\n规章\t0\t\t3\n行政许可\t\t\t18249\n\t缩进的正文\n末尾\n")
    assert rows(grids(found)[0]) == [["规章", "0", "", "3"], ["行政许可", "", "", "18249"]]
    assert not grids(found)[0].has_spans
    assert [cell.line for cell in grids(found)[0].cells[:5]] == [2, 2, 2, 2, 3]
    assert texts(found) == ["标题", "\t缩进的正文", "末尾"]


def test_quoted_cell_of_a_spreadsheet_goes_over_lines() -> None:
    found = blocks(Kind.TEXT, '自然人\t"商业\n企业"\t"""其他"""\n1\t2\t3\n')
    assert rows(grids(found)[0]) == [["自然人", "商业企业", '"其他"'], ["1", "2", "3"]]


def test_prose_with_a_tab_is_no_grid() -> None:
    text = "\t一、总体情况\n联系人：张三\t电话：12345\n\t二、其他\n"
    assert not grids(blocks(Kind.TEXT, text))


@pytest.mark.parametrize(
    "text",
    [
        "规章 | 0 | \n许可 | 1 | 2\n",
        "|规章|0||\n|许可|1|2|\n",
        "+----+---+---+\n| 规章 | 0 | |\n+----+---+---+\n| 许可 | 1 | 2 |\n+----+---+---+\n",
        "┌──┬─┬─┐\n│规章│0│ │\n├──┼─┼─┤\n│许可│1│2│\n└──┴─┴─┘\n",
    ],
)
def test_rows_drawn_with_pipes_are_a_grid(text: str) -> None:
    found = blocks(Kind.TEXT, f"前\n{text}后")
    assert rows(grids(found)[0]) == [["规章", "0", ""], ["许可", "1", "2"]]
    assert texts(found) == ["前", "后"]


def test_menu_of_one_line_is_no_grid() -> None:
    assert not grids(blocks(Kind.TEXT, "首页 | 新闻 | 互动\n正文\n"))


@given(st.lists(st.sampled_from(["|", "", "0", "规章", "商业", " | ", "甲|乙|丙", "a\tb", "-- |"])))
def test_no_line_of_text_is_lost(lines: list[str]) -> None:
    found = blocks(Kind.TEXT, "\n".join(["始", *lines, "终"]))
    read = "".join(texts(found)) + "".join(
        cell.text for grid in grids(found) for cell in grid.cells
    )
    for character in "始终规章商业甲乙丙ab0":
        assert read.count(character) == "".join(["始", *lines, "终"]).count(character)


# --- Markdown ----------------------------------------------------------------------------------


def test_markdown_marks_are_taken_out() -> None:
    text = (
        "## 一、**总体**情况 ##\n\n- 收到[35件](http://x/(1))申请\n> 引用 `码`\n---\n"
        "1\\.属于\\*国家\\*秘密&nbsp;\\-3\n![图](a.png)其中__重点__\n3 * 4 * 5\n-\n1. 属于\n"
    )
    assert texts(blocks(Kind.MARKDOWN, text)) == [
        "一、总体情况",
        "收到35件申请",
        "引用 码",
        "1.属于*国家*秘密 -3",
        "其中重点",
        "3 * 4 * 5",
        "-",
        "1. 属于",
    ]


def test_markdown_table_keeps_rows_as_they_are() -> None:
    text = (
        "表\n| 商业<br>企业 | **总计** | |\n|:--|:-:|--:|\n| 1\\|2 | | 3 | 多 |\n| - | 12<br>3 |\n"
    )
    (grid,) = grids(blocks(Kind.MARKDOWN, text))
    assert rows(grid) == [["商业企业", "总计", ""], ["1|2", "", "3", "多"], ["-", "12 3"]]
    assert not grid.has_spans
    assert [cell.line for cell in grid.cells if cell.column == 0] == [2, 4, 5]


def test_markdown_row_of_dashes_is_a_row_of_values() -> None:
    (grid,) = grids(blocks(Kind.MARKDOWN, "|甲|乙|\n|--|--|\n| - | - |\n"))
    assert rows(grid) == [["甲", "乙"], ["-", "-"]]
    (grid,) = grids(blocks(Kind.MARKDOWN, "|甲|乙|\n|-|-|\n| 1 | - |\n"))
    assert rows(grid) == [["甲", "乙"], ["1", "-"]]


def test_markdown_fragments_are_grids_of_their_own() -> None:
    text = "|甲|乙|\n|---|---|\n|1|2|\n|3|4|\n|丙|丁|\n|---|---|\n|5|6|\n|7|8|\n\n|9|10|\n"
    assert [rows(grid) for grid in grids(blocks(Kind.MARKDOWN, text))] == [
        [["甲", "乙"], ["1", "2"], ["3", "4"]],
        [["丙", "丁"], ["5", "6"], ["7", "8"]],
        [["9", "10"]],
    ]


def test_markdown_with_a_rule_under_every_row_is_one_grid() -> None:
    text = "|甲|乙|\n|---|---|\n|1|2|\n|---|---|\n|3|4|\n|---|---|\n"
    assert rows(grids(blocks(Kind.MARKDOWN, text))[0]) == [["甲", "乙"], ["1", "2"], ["3", "4"]]


def test_html_table_in_markdown_has_spans() -> None:
    table = "<table>\n<tr><td colspan=2>**合**</td></tr>\n<tr><td>1</td><td>2</td></tr>\n</table>"
    text = f"# 标题\n前\n{table}\n后\n"
    found = blocks(Kind.MARKDOWN, text)
    (grid,) = grids(found)
    assert grid.has_spans
    assert places(grid) == {"合": (0, 0, 1, 2), "1": (1, 0, 1, 1), "2": (1, 1, 1, 1)}
    assert [cell.line for cell in grid.cells] == [4, 5, 5]
    assert found[-1] == Paragraph("后", 7)


# --- HTML --------------------------------------------------------------------------------------


def test_html_shows_what_a_reader_sees() -> None:
    page = """<html><head><title>题</title><style>p{}</style></head><body>
<script>var 脚本;</script><noscript>无</noscript><!-- 注释 -->
<div hidden>藏</div><p style="display: none">藏</p><select><option>选</select>
<p>一、总体
情况</p><p>收到&nbsp;<b>35</b><span>件</span><br>次行</p><p>&nbsp;</p>尾<?p x?>巴
<pre>甲
乙</pre></body></html>"""
    found = blocks(Kind.HTML, page)
    assert texts(found) == ["一、总体情况", "收到 35件", "次行", "", "尾巴", "甲", "乙"]
    assert found[0] == Paragraph("一、总体情况", 4)


@pytest.mark.parametrize(
    ("encoding", "charset"),
    [("gbk", "gb2312"), ("big5", "big5"), ("utf-8", "gb2312"), ("gbk", "utf-8"), ("utf-16", "x")],
)
def test_html_is_decoded_even_where_it_names_another_encoding(encoding: str, charset: str) -> None:
    text = "本機關公開政府信息" if encoding == "big5" else "本机关公开政府信息"
    page = f'<html><meta charset="{charset}"><body><p>{text}</p></body></html>'
    assert texts(blocks(Kind.HTML, page.encode(encoding))) == [text]


def test_html_spans_are_resolved() -> None:
    page = """<table><caption>表一</caption>
<tr><th rowspan="2">申请人</th><th colspan="2">法人</th></tr>
<tr><td>商业<br>企业</td><td><p>12</p><p>34</p></td></tr>
<tr><td rowspan="99">末</td><td colspan="5000" rowspan=0>宽</td><td style="display:none">藏</td>
<tr></tr></table>"""
    found = blocks(Kind.HTML, page)
    (grid,) = grids(found)
    assert places(grid) == {
        "申请人": (0, 0, 2, 1),
        "法人": (0, 1, 1, 2),
        "商业企业": (1, 1, 1, 1),
        "12 34": (1, 2, 1, 1),
        "末": (2, 0, 2, 1),
        "宽": (2, 1, 2, 100),
    }
    assert grid.has_spans
    assert texts(found) == ["表一"]
    assert [cell.line for cell in grid.cells] == [2, 2, 3, 3, 4, 4]


def test_html_table_without_spans_but_ragged_rows_has_lost_them() -> None:
    ragged = "<table><tr><td>合</td></tr><tr><td>1</td><td>2</td></tr></table>"
    even = "<table><tr><td>合</td><td></td></tr><tr><td>1</td><td>2</td></tr></table>"
    assert not grids(blocks(Kind.HTML, ragged))[0].has_spans
    assert grids(blocks(Kind.HTML, even))[0].has_spans


def test_tables_that_arrange_a_page_are_opened_up() -> None:
    page = (
        "<table><tr><td>菜单</td><td><p>一、总体情况</p>"
        "<table><tr><td>规章</td><td>0</td></tr><tr><td>许可</td><td>1</td></tr></table>"
        "<p>后文</p></td></tr></table><table><tr><td>页脚</td></tr></table>"
    )
    found = blocks(Kind.HTML, page)
    assert texts(found) == ["菜单", "一、总体情况", "后文", "页脚"]
    assert [rows(grid) for grid in grids(found)] == [[["规章", "0"], ["许可", "1"]]]
    article = "<table><tr><td>" + "<p>长文。</p>" * 80 + "</td><td>旁</td></tr></table>"
    assert not grids(blocks(Kind.HTML, article))


def test_small_table_in_a_cell_is_text_of_the_cell() -> None:
    filled = "".join(f"<tr><td>行政许可{i}</td><td>{i}</td></tr>" for i in range(9))
    page = (
        f"<table>{filled}<tr><td>末<table><tr><td>5</td><td>6</td></tr></table></td></tr></table>"
    )
    (grid,) = grids(blocks(Kind.HTML, page))
    assert grid.cells[-1].text == "末 5 6"


def test_broken_html_is_read() -> None:
    assert blocks(Kind.HTML, "") == ()
    page = "<table><td>1<td>2<tr><td>3<td>4</table>" + "<div>" * 3000 + "深"
    found = blocks(Kind.HTML, page)
    assert rows(grids(found)[0]) == [["1", "2"], ["3", "4"]]
    assert texts(found) == ["深"]
    assert texts(blocks(Kind.HTML, "<p><font>一" * 3000))[-1] == "一"


# --- DOCX --------------------------------------------------------------------------------------


def saved(document: Document) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def docx_of(body: str) -> bytes:
    """A DOCX with this XML as its body."""
    document = docx.Document()
    content = parse_xml(f"<w:body {nsdecls('w')}>{body}</w:body>")
    document.element.replace(document.element.body, content)
    return saved(document)


def test_docx_keeps_the_order_of_paragraphs_and_tables() -> None:
    document = docx.Document()
    document.add_paragraph("一、总体情况")
    table = document.add_table(2, 2)
    table.cell(0, 0).text = "商业\n企业"
    table.cell(0, 1).text = "甲"
    table.cell(1, 0).text = "12\n34"
    document.add_paragraph("")
    document.add_paragraph("二\t三")
    found = blocks(Kind.DOCX, saved(document))
    assert [block for block in found if isinstance(block, Paragraph)] == [
        Paragraph("一、总体情况", 1),
        Paragraph("", 6),
        Paragraph("二\t三", 7),
    ]
    assert isinstance(found[1], Grid)
    assert rows(found[1]) == [["商业企业", "甲"], ["12 34", ""]]
    assert [cell.line for cell in found[1].cells] == [2, 3, 4, 5]


def test_docx_merged_cells_are_one_cell() -> None:
    document = docx.Document()
    table = document.add_table(4, 4)
    for row, column in product(range(4), range(4)):
        table.cell(row, column).text = f"{row}{column}"
    for row, column, last_row, last_column, text in (
        (0, 0, 2, 0, "高"),
        (0, 1, 0, 3, "宽"),
        (1, 1, 2, 2, "方"),
    ):
        merged = table.cell(row, column).merge(table.cell(last_row, last_column))
        merged.text = text
    (grid,) = grids(blocks(Kind.DOCX, saved(document)))
    assert grid.has_spans
    assert places(grid) == {
        "高": (0, 0, 3, 1),
        "宽": (0, 1, 1, 3),
        "方": (1, 1, 2, 2),
        "13": (1, 3, 1, 1),
        "23": (2, 3, 1, 1),
        **{f"3{column}": (3, column, 1, 1) for column in range(4)},
    }


def test_docx_tracked_changes_are_as_if_accepted() -> None:
    body = """<w:p><w:r><w:t>收到</w:t></w:r>
<w:del w:id="1" w:author="x"><w:r><w:delText>34</w:delText></w:r></w:del>
<w:ins w:id="2" w:author="x"><w:r><w:t>35</w:t></w:r></w:ins>
<w:moveFrom w:id="3" w:author="x"><w:r><w:t>移</w:t></w:r></w:moveFrom>
<w:r><w:rPr><w:vanish/></w:rPr><w:t>藏</w:t></w:r>
<w:hyperlink><w:r><w:t>件</w:t></w:r></w:hyperlink>
<w:r><w:instrText>PAGE</w:instrText><w:noBreakHyphen/><w:br/><w:t>次行</w:t></w:r></w:p>
<w:tbl><w:tr><w:tc><w:p><w:r><w:t>一</w:t></w:r></w:p></w:tc><w:tc><w:p/></w:tc></w:tr>
<w:tr><w:trPr><w:del w:id="4" w:author="x"/></w:trPr>
<w:tc><w:p><w:r><w:t>删</w:t></w:r></w:p></w:tc></w:tr>
</w:tbl>"""
    found = blocks(Kind.DOCX, docx_of(body))
    assert found[:2] == (Paragraph("收到35件-", 1), Paragraph("次行", 1))
    assert rows(grids(found)[0]) == [["一", ""]]


def test_docx_content_controls_and_text_boxes_are_read() -> None:
    box = "<w:txbxContent><w:p><w:r><w:t>框</w:t></w:r></w:p></w:txbxContent>"
    body = f"""<w:sdt><w:sdtPr><w:alias w:val="x"/></w:sdtPr><w:sdtContent>
<w:p><w:r><w:t>控件</w:t></w:r></w:p></w:sdtContent></w:sdt>
<w:p><w:r><mc:AlternateContent
 xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">
<mc:Choice Requires="wps">{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>
</mc:AlternateContent><w:t>段</w:t></w:r></w:p>"""
    assert texts(blocks(Kind.DOCX, docx_of(body))) == ["控件", "段", "框"]


def test_docx_table_around_tables_is_opened_up() -> None:
    document = docx.Document()
    outer = document.add_table(1, 1).cell(0, 0)
    outer.paragraphs[0].text = "外"
    inner = outer.add_table(1, 2)
    inner.cell(0, 0).text = "规章"
    inner.cell(0, 1).text = "0"
    found = blocks(Kind.DOCX, saved(document))
    assert texts(found) == ["外", ""]
    assert [rows(grid) for grid in grids(found)] == [[["规章", "0"]]]


def test_docx_rows_that_begin_later_keep_their_columns() -> None:
    document = docx.Document()
    table = document.add_table(2, 3)
    for row, column in product(range(2), range(3)):
        table.cell(row, column).text = f"{row}{column}"
    row_element = table.rows[1]._tr
    row_element.remove(row_element.tc_lst[0])
    before = OxmlElement("w:gridBefore")
    before.set(qn("w:val"), "1")
    row_element.get_or_add_trPr().append(before)
    (grid,) = grids(blocks(Kind.DOCX, saved(document)))
    assert places(grid)["11"] == (1, 1, 1, 1)


def test_docx_with_entities_or_broken_xml_is_corrupt() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><w>&b;</w>'
    for xml, reason in ((bomb, "entities"), (b"<w:document", "damaged")):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("word/document.xml", xml)
        with pytest.raises(CorruptInput, match=reason):
            blocks(Kind.DOCX, buffer.getvalue())


@given(st.data())
def test_docx_cut_or_changed_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    document = docx_of("<w:p><w:r><w:t>一、总体情况</w:t></w:r></w:p>")
    at = data.draw(st.integers(0, len(document) - 1))
    changed = document[:at] + data.draw(st.binary(max_size=4)) + document[at + 2 :]
    try:
        blocks(Kind.DOCX, changed)
    except ExtractorError as error:
        assert "报告" in str(error)


# --- grids -------------------------------------------------------------------------------------

SPANS = st.integers(-1, 4)
CELLS = st.builds(RowCell, st.just(""), st.just(1), row_span=SPANS, column_span=SPANS)


@given(st.lists(st.lists(CELLS, max_size=5), max_size=6))
def test_cells_never_overlap_and_none_is_lost(listed: list[list[RowCell]]) -> None:
    named = [
        [RowCell(f"{i}.{k}", 1, cell.row_span, cell.column_span) for k, cell in enumerate(row)]
        for i, row in enumerate(listed)
    ]
    grid = place_cells(named)
    assert [cell.text for cell in grid.cells] == [cell.text for row in named for cell in row]
    taken: set[tuple[int, int]] = set()
    for cell in grid.cells:
        assert cell.row == int(cell.text.partition(".")[0])
        assert cell.row_span >= 1
        assert cell.column_span >= 1
        assert cell.row + cell.row_span <= len(listed)
        own = set(
            product(
                range(cell.row, cell.row + cell.row_span),
                range(cell.column, cell.column + cell.column_span),
            )
        )
        assert not own & taken
        taken |= own


@given(st.lists(st.lists(st.sampled_from(["", "a"]), min_size=3, max_size=3), min_size=1))
def test_cells_without_spans_stay_in_their_columns(listed: list[list[str]]) -> None:
    grid = place_cells([[RowCell(text, 1) for text in row] for row in listed])
    assert rows(grid) == listed
    assert all(cell.column == i % 3 for i, cell in enumerate(grid.cells))


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        (["商业", "企业"], "商业企业"),
        (["12", "34"], "12 34"),
        (["总计", "35"], "总计 35"),
        (["22", "（其中修订16件）"], "22（其中修订16件）"),
        (["采购总金额", "", " (万元) "], "采购总金额(万元)"),
        (["３", "５"], "３ ５"),
        (["a", "b"], "a b"),
    ],
)
def test_lines_of_a_cell_are_joined(lines: list[str], joined: str) -> None:
    assert join_lines(lines) == joined


def test_empty_lines_at_the_end_are_nothing() -> None:
    assert read_text("甲\n\n乙") == read_text("甲\n\n乙\n\n \n\n")


def test_comma_separated_rows_are_a_grid() -> None:
    text = '信息内容,本年新制作数量\n"规范性文件（含\n转发）",38\n规章,"1,234"\n四、其他'
    grid, heading = read_text(text)
    assert isinstance(grid, Grid)
    assert [cell.text for cell in grid.cells] == [
        *("信息内容", "本年新制作数量", "规范性文件（含转发）", "38", "规章", "1,234")
    ]
    assert [cell.line for cell in grid.cells][::2] == [1, 2, 4]
    assert heading == Paragraph("四、其他", 5)


@pytest.mark.parametrize(
    "text",
    [
        "规章 1,234\n规范性文件 2,345",
        "予以公开：12,3,0,15\n部分公开：1,0,0,1",
        "自然人12件,商业企业3件\n自然人4件,商业企业0件",
        "1,234,567\n2,345,678",
        "今年,我局认真落实,成效明显\n明年,我局继续努力,再创佳绩",
    ],
)
def test_commas_of_prose_lists_and_large_numbers_part_no_cells(text: str) -> None:
    assert all(isinstance(block, Paragraph) for block in read_text(text))
