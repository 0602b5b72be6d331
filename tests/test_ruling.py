"""Ruled lines and cells: tables are drawn, spoiled as scans spoil them, and found again."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from extractor.orientation import upright
from extractor.ruling import Rule, Ruling, cell_at, columns, find_ruling, rows
from extractor.types import Box, Image

EM = 24.0
XS = (150, 470, 560, 650, 740, 830)
YS = (200, 250, 300, 350, 400, 450)
INK = 40


def paper(height: int = 700, width: int = 1000) -> Image:
    return np.full((height, width, 3), 245, dtype=np.uint8)


def draw(
    image: Image, xs: Sequence[int] = XS, ys: Sequence[int] = YS, ink: int = INK, width: int = 2
) -> Image:
    for x in xs:
        cv2.line(image, (x, ys[0]), (x, ys[-1]), (ink,) * 3, width)
    for y in ys:
        cv2.line(image, (xs[0], y), (xs[-1], y), (ink,) * 3, width)
    return image


def written(image: Image, text: str, x: int, y: int) -> Box:
    """Write a number with its middle at a place, and return its box."""
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.8, 2)
    origin = (x - width // 2, y + height // 2)
    cv2.putText(image, text, origin, cv2.FONT_HERSHEY_SIMPLEX, 0.8, (INK,) * 3, 2)
    return Box(x - width / 2 - 3, y - height / 2 - 3, x + width / 2 + 3, y + height / 2 + 3)


def expected(xs: Sequence[int] = XS, ys: Sequence[int] = YS) -> list[Box]:
    return [
        Box(x0, y0, x1, y1)
        for y0, y1 in itertools.pairwise(ys)
        for x0, x1 in itertools.pairwise(xs)
    ]


def assert_cells(ruling: Ruling, boxes: Sequence[Box], within: float = 4.0) -> None:
    found = [[c.x0, c.y0, c.x1, c.y1] for c in ruling.cells]
    assert len(found) == len(boxes)
    for box in boxes:
        cell = cell_at(ruling, box.center_x, box.center_y)
        assert cell is not None
        sides = np.array([cell.x0, cell.y0, cell.x1, cell.y1])
        assert np.abs(sides - [box.x0, box.y0, box.x1, box.y1]).max() <= within


def test_a_full_grid_gives_all_its_cells() -> None:
    assert_cells(find_ruling(draw(paper()), EM, []), expected())


def test_neighbours_share_their_borders() -> None:
    ruling = find_ruling(upright(draw(paper()), 0.3), EM, [])
    assert len(ruling.cells) == len(expected())
    for cell in ruling.cells:
        right = cell_at(ruling, cell.x1 + EM, cell.center_y)
        below = cell_at(ruling, cell.center_x, cell.y1 + EM)
        assert right is None or right.x0 == cell.x1
        assert below is None or below.y0 == cell.y1


@pytest.mark.parametrize("angle", [-0.5, -0.3, 0.3, 0.5])
def test_a_small_slope_is_followed(angle: float) -> None:
    image = upright(draw(paper()), angle)
    assert_cells(find_ruling(image, EM, []), expected(), within=10.0)


def test_a_bowed_page_is_followed() -> None:
    image = draw(paper())
    y, x = np.mgrid[0:700, 0:1000].astype(np.float32)
    bowed = cv2.remap(image, x, y + 8 * np.sin(x / 300), cv2.INTER_LINEAR, borderValue=(245,) * 3)
    assert_cells(find_ruling(np.asarray(bowed, np.uint8), EM, []), expected(), within=12.0)


def test_broken_lines_are_bridged() -> None:
    image = draw(paper())
    rng = np.random.default_rng(1)
    for _ in range(20):
        x, y = rng.integers(XS[0], XS[-1]), rng.choice(YS)
        image[y - 4 : y + 5, x : x + 12] = 245
        x, y = rng.choice(XS), rng.integers(YS[0], YS[-1])
        image[y : y + 12, x - 4 : x + 5] = 245
    assert_cells(find_ruling(image, EM, []), expected())


def test_a_wide_gap_is_bridged_where_other_lines_end_on_it() -> None:
    image = draw(paper())
    image[YS[2] - 2 : YS[2] + 3, XS[2] + 3 : XS[4] - 2] = 245
    image[YS[2] + 3 : YS[3] - 2, XS[3] - 3 : XS[3] + 4] = 245  # this rule ends on the gap
    boxes = [b for b in expected() if not (b.y0 == YS[2] and XS[3] in (b.x0, b.x1))]
    merged = Box(XS[2], YS[2], XS[4], YS[3])
    assert_cells(find_ruling(image, EM, []), [*boxes, merged])


def test_faint_lines_are_kept_with_a_lower_score() -> None:
    rng = np.random.default_rng(2)
    image = draw(paper(), ys=YS[:1] + YS[-1:])
    for y in YS[1:-1]:
        cv2.line(image, (XS[0], y), (XS[-1], y), (215,) * 3, 2)
    noisy = np.clip(image + rng.normal(0, 6, image.shape), 0, 255).astype(np.uint8)
    ruling = find_ruling(noisy, EM, [])
    assert_cells(ruling, expected())
    scores = [rule.score for rule in ruling.horizontal]
    assert max(scores[1:-1]) < 0.5 < min(scores[0], scores[-1])
    assert all(0 <= rule.score <= 1 for rule in (*ruling.horizontal, *ruling.vertical))


def test_double_lines_are_one() -> None:
    image = draw(paper())
    cv2.line(image, (XS[0], YS[0] - 6), (XS[-1], YS[0] - 6), (INK,) * 3, 2)
    ruling = find_ruling(image, EM, [])
    assert len(ruling.horizontal) == len(YS)
    assert_cells(ruling, expected(), within=6.0)


def test_merged_cells_are_whole() -> None:
    image = draw(paper())
    image[YS[0] + 3 : YS[1] - 2, XS[1] + 3 : XS[4] - 2] = 245  # a header over three columns
    image[YS[2] + 3 : YS[4] - 2, XS[0] + 3 : XS[1] - 2] = 245  # a label over two rows
    boxes = [
        b
        for b in expected()
        if not (b.y0 == YS[0] and XS[1] <= b.x0 < XS[4])
        and not (b.x0 == XS[0] and YS[2] <= b.y0 < YS[4])
    ]
    merged = [Box(XS[1], YS[0], XS[4], YS[1]), Box(XS[0], YS[2], XS[1], YS[4])]
    assert_cells(find_ruling(image, EM, []), [*boxes, *merged])


def test_print_is_no_rule() -> None:
    image = draw(paper())
    boxes = [
        written(image, text, round(cell.center_x), round(cell.center_y))
        for cell, text in zip(
            expected(), itertools.cycle(["1", "0", "-", "117", "44"]), strict=False
        )
    ]
    assert_cells(find_ruling(image, EM, boxes), expected())
    assert_cells(find_ruling(image, EM, []), expected())


def test_a_row_of_dashes_is_no_rule() -> None:
    image = draw(paper())
    for x in range(XS[0] + 20, XS[-1] - 20, 45):
        cv2.line(image, (x, 325), (x + 20, 325), (INK,) * 3, 2)
    assert len(find_ruling(image, EM, []).horizontal) == len(YS)


def test_three_line_tables_have_no_cells() -> None:
    image = paper()
    for y in (200, 250, 450):
        cv2.line(image, (150, y), (830, y), (INK,) * 3, 2)
    ruling = find_ruling(image, EM, [])
    assert [round(rule.y0 / 10) for rule in ruling.horizontal] == [20, 25, 45]
    assert ruling.vertical == ruling.cells == ()


def test_a_line_through_print_bounds_no_cell() -> None:
    image = draw(paper())
    boxes = [written(image, "117", x, 325) for x in (515, 605, 695, 785)]
    cv2.line(image, (XS[0], 325), (XS[-1], 325), (INK,) * 3, 2)
    ruling = find_ruling(image, EM, boxes)
    for box in boxes:
        cell = cell_at(ruling, box.center_x, box.center_y - 1)
        assert cell is None or (cell.y0 <= box.y0 + 4 and box.y1 - 4 <= cell.y1)


def test_a_frame_around_the_page_is_no_cell() -> None:
    ruling = find_ruling(draw(paper(), xs=(20, 980), ys=(20, 680)), EM, [])
    assert len(ruling.horizontal) == len(ruling.vertical) == 2
    assert ruling.cells == ()


def test_a_streak_of_a_copier_does_not_divide_cells() -> None:
    image = draw(paper())
    cv2.line(image, (600, 0), (600, 699), (150,) * 3, 2)
    assert_cells(find_ruling(image, EM, []), expected())


@pytest.mark.parametrize("image", [paper(), paper(30, 30), paper(3, 2000), paper() // 8])
def test_a_page_without_rules_is_empty(image: Image) -> None:
    assert find_ruling(image, EM, []) == Ruling()


def test_text_without_rules_is_empty() -> None:
    image = paper()
    boxes = [written(image, "EFHILT 1147 - 0 EFHILT 1147", 500, y) for y in range(100, 600, 40)]
    assert find_ruling(image, EM, boxes).cells == ()


def test_points_outside_of_tables_have_no_cell() -> None:
    ruling = find_ruling(draw(paper()), EM, [])
    assert cell_at(ruling, 50, 50) is None
    assert cell_at(Ruling(), 50, 50) is None


def test_columns_and_rows_of_a_region() -> None:
    ruling = Ruling(
        horizontal=(Rule(0, 10, 100, 10, 1.0), Rule(0, 50, 30, 50, 1.0)),
        vertical=(Rule(20, 0, 22, 100, 1.0), Rule(60, 0, 60, 40, 1.0), Rule(150, 0, 150, 100, 1.0)),
    )
    box = Box(0, 0, 100, 100)
    assert columns(ruling, box) == (21.0,)
    assert rows(ruling, box) == (10.0,)
    assert columns(Ruling(), box) == rows(Ruling(), box) == ()


def test_lines_of_the_back_of_the_page_divide_no_cells() -> None:
    image = draw(draw(paper(), ys=(225, 425), ink=215))
    for y in (225, 325, 425):
        cv2.line(image, (XS[0] - 20, y), (XS[-1] + 20, y), (225,) * 3, 2)
    assert_cells(find_ruling(draw(image), EM, []), expected())
