"""Fragments never cross a cell border, whatever came in as one line."""

from __future__ import annotations

import pytest

from extractor.classify import classify
from extractor.schema import load_schema
from extractor.tokens import tokenize_blocks, tokenize_page
from extractor.types import Box, Grid, GridCell, Line, Page, Paragraph, Role, Sheet, SheetKind


def flow(*lines: str) -> list[str]:
    (sheet,) = tokenize_blocks([Paragraph(text, i) for i, text in enumerate(lines, 1)])
    return [fragment.text for fragment in sheet.fragments]


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("行政许可 9487", ["行政许可", "9487"]),
        (
            "（一）予以公开  23 5 0 0 0 0 28",
            ["（一）予以公开", "23", "5", "0", "0", "0", "0", "28"],
        ),
        (
            "（三）不予公开    1.属于国家秘密\t0\t\t1",
            ["（三）不予公开    1.属于国家秘密", "0", "", "1"],
        ),
        ("自然人 商业企业 科研机构 总计", ["自然人", "商业企业", "科研机构", "总计"]),
        ("规  章", ["规章"]),
        (
            "2024 年，我区在 3 个网站，公开信息 5 条。",
            ["2024 年，我区在 3 个网站，公开信息 5 条。"],
        ),
    ],
)
def test_lines_of_text(line: str, pieces: list[str]) -> None:
    assert flow(line) == pieces


def test_empty_lines_between_all_cells_are_no_cells() -> None:
    assert flow("规章", "", "0", "", "3", "", "6", "", "0") == ["规章", "0", "3", "6", "0"]


def test_an_empty_line_among_cells_is_one_empty_cell() -> None:
    assert flow("规章", "0", "", "6", "规范性文件", "1", "2") == [
        *("规章", "0", "", "6"),
        *("规范性文件", "1", "2"),
    ]


def test_labels_printed_one_character_a_line_are_joined() -> None:
    assert flow(*"三、本年度办理结果", "（一）予以公开") == ["三、本年度办理结果", "（一）予以公开"]


def test_pieces_of_one_bounded_cell_are_joined_and_empty_cells_kept() -> None:
    paragraphs = [
        Paragraph("商业", 1, 1),
        Paragraph("企业", 2, 1),
        Paragraph("", 4, 2),
        Paragraph("7", 6, 3),
        Paragraph("", 7, 3),
    ]
    (sheet,) = tokenize_blocks(paragraphs)
    assert [(f.text, f.cell) for f in sheet.fragments] == [("商业企业", 1), ("", 2), ("7", 3)]


def test_grids_keep_their_places() -> None:
    grid = Grid((GridCell("甲", 0, 0, 2, 1, 5), GridCell("1", 0, 1, 1, 2, 6)), has_spans=True)
    sheets = tokenize_blocks([Paragraph("上文", 1), grid, Paragraph("下文", 9)])
    assert [sheet.kind for sheet in sheets] == [SheetKind.FLOW, SheetKind.GRID, SheetKind.FLOW]
    assert [f.box for f in sheets[1].fragments] == [Box(0, 0, 1, 2), Box(1, 0, 3, 1)]
    assert (sheets[1].width, sheets[1].height) == (3, 2)


def line(text: str, x0: float, y0: float, *, em: float = 10.0, gap: float = 0.0) -> Line:
    """A line whose characters are an em wide, spaces `gap` wide."""
    edges = [x0]
    for character in text:
        edges.append(edges[-1] + (gap if character == " " else em))
    return Line(text, Box(x0, y0, edges[-1], y0 + em), 1.0, tuple(edges))


def page(*lines: Line, width: float = 600, height: float = 800) -> tuple[Sheet, ...]:
    return tokenize_page(Page(1, width, height, None, lines), lines)


def test_values_of_neighbouring_columns_are_cut_apart() -> None:
    (sheet,) = page(line("0 12 3", 100, 50, gap=8))
    assert [(f.text, f.box and f.box.x0) for f in sheet.fragments] == [
        ("0", 100),
        ("12", 118),
        ("3", 146),
    ]


def test_words_with_narrow_gaps_stay_whole() -> None:
    (sheet,) = page(line("总 计", 100, 50, gap=5))
    assert [f.text for f in sheet.fragments] == ["总 计"]


def test_widely_set_words_are_joined_but_vertical_words_are_not() -> None:
    spaced = [line("规", 100, 50), line("章", 125, 50)]
    vertical = [
        line(character, x, y)
        for x, word in ((300, "结果"), (330, "其他"))
        for character, y in zip(word, (50, 62), strict=True)
    ]
    (sheet,) = page(*spaced, *vertical)
    assert sorted(f.text for f in sheet.fragments) == sorted(["规章", "结", "果", "其", "他"])


def test_a_spaced_word_is_joined_close_to_the_longer_label_of_the_next_row() -> None:
    (sheet,) = page(line("规", 100, 50), line("章", 125, 50), line("行政规范性文件", 100, 62))
    assert sorted(f.text for f in sheet.fragments) == ["行政规范性文件", "规章"]


def test_a_booklet_page_is_two_sheets_with_places_of_their_own() -> None:
    left = [line("本报告由某某县人民政府编制并公布", 50, y) for y in (50, 80)]
    right = [line("五存在的主要问题及改进情况说明", 650, y) for y in (50, 80)]
    number = [line("- 1 -", 580, 780, gap=3), line("某某科收文", 570, 790)]
    first, second = page(*left, *right, *number, width=1200)
    assert {f.text for f in second.fragments} >= {right[0].text}
    box = second.fragments[0].box
    assert box is not None and box.x0 + second.left == 650
    assert second.fragments[0].evidence.box is not None
    assert second.fragments[0].evidence.box.x0 == pytest.approx(650 / 1200)
    assert first.page == second.page == 1


def test_roles() -> None:
    blocks = [
        Paragraph("二、主动公开政府信息情况", 1),
        Paragraph("2024年，我市持续深化政务公开工作，取得了明显的成效。", 2),
        Paragraph("行政许可", 3),
        Paragraph("1,113", 4),
        Paragraph("— 4 —", 5),
        Paragraph("无", 6),
    ]
    (sheet,) = classify(tokenize_blocks(blocks), load_schema())
    assert [f.role for f in sheet.fragments] == [
        Role.HEADING,
        Role.PROSE,
        Role.LABEL,
        Role.VALUE,
        Role.FURNITURE,
        Role.VALUE,
    ]
