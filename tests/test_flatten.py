"""Bent pages are made flat, flat ones are left alone, and evidence stays where people look."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from extractor.engines import Engines
from extractor.flatten import find_warp, flatten, on_page
from extractor.orientation import Quads, skew_transform
from extractor.pages import open_pages
from extractor.pipeline import extract
from extractor.settings import Settings
from extractor.types import Box, Extraction, Image, Kind, Source

WIDTH, HEIGHT, EM = 1000, 1200, 24
DPI = 150
RULED = Path(__file__).parent.parent / "eval" / "fixtures" / "breaks-2021__pdf_pagebreaks.pdf"
ROWS = range(300, 1100, 40)
COLUMNS = range(100, 901, 100)

Field = NDArray[np.float64]


def sheet() -> tuple[Image, list[Box]]:
    """A table below three lines of print, and where its print is."""
    image = np.full((HEIGHT, WIDTH, 3), 235, np.uint8)
    words = [Box(x, y, x + 180, y + EM) for y in (100, 150, 200) for x in range(100, 900, 200)]
    for y in ROWS:
        cv2.line(image, (100, y), (900, y), (40, 40, 40), 2)
        words += [Box(x + 40, y + 8, x + 60, y + 8 + EM) for x in COLUMNS[:-1]]
    for x in COLUMNS:
        cv2.line(image, (x, ROWS[0]), (x, ROWS[-1]), (40, 40, 40), 2)
    draw(image, words)
    return image, words


def draw(image: Image, words: list[Box]) -> None:
    """Fill boxes with strokes."""
    for box in words:
        for x in range(int(box.x0) + 4, int(box.x1), 12):
            cv2.rectangle(image, (x, int(box.y0)), (x + 4, int(box.y1)), (90, 90, 90), -1)


def curled(x: Field, y: Field, width: int, height: int, strength: float) -> tuple[Field, Field]:
    """Where places of a flat sheet are seen when it is bent and the camera is not above it."""
    wave = np.sin(2.5 * np.pi * x / width) * (0.6 + 0.4 * y / height)
    return (
        x + strength * (x / width - 0.5) * (y / height - 0.5) * 2,
        y + strength * wave + strength * (x / width - 0.5) * (y / height - 0.5),
    )


def bend(image: Image, strength: float) -> Image:
    height, width = image.shape[:2]
    seen_x, seen_y = np.meshgrid(np.arange(width, dtype=float), np.arange(height, dtype=float))
    x, y = seen_x, seen_y
    for _ in range(20):
        there = curled(x, y, width, height, strength)
        x, y = x + seen_x - there[0], y + seen_y - there[1]
    bent = cv2.remap(
        image,
        x.astype(np.float32),
        y.astype(np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(bent, np.uint8)


def quads(boxes: list[Box], strength: float) -> Quads:
    corners = np.array(
        [[(b.x0, b.y0), (b.x1, b.y0), (b.x1, b.y1), (b.x0, b.y1)] for b in boxes], float
    )
    x, y = curled(corners[..., 0], corners[..., 1], WIDTH, HEIGHT, strength)
    return np.stack([x, y], axis=-1).astype(np.float32)


def test_the_rows_of_a_bent_sheet_become_level() -> None:
    image, words = sheet()
    bent = bend(image, 14)
    warp = find_warp(bent, quads(words, 14))
    assert warp is not None
    flat = flatten(bent, warp)
    assert flat.shape == bent.shape
    row = ROWS[10]
    _, before = curled(np.linspace(100, 900, 9), np.full(9, float(row)), WIDTH, HEIGHT, 14)
    assert np.ptp(before) > EM / 2
    found = [np.flatnonzero(flat[:, x, 0] < 70) for x in range(125, 900, 100)]
    rules = np.array([[ys[np.abs(ys - r).argmin()] for r in ROWS] for ys in found])
    assert np.ptp(rules, axis=0).max() <= 4


def test_numbers_side_by_side_show_the_rows_of_a_sheet_without_rules() -> None:
    image = np.full((HEIGHT, WIDTH, 3), 235, np.uint8)
    labels = [Box(100, y, 300, y + EM) for y in ROWS]
    marks = [Box(x, y, x + 16, y + EM) for y in ROWS for x in range(400, 901, 100)]
    draw(image, [*labels, *marks])
    bent = bend(image, 14)
    warp = find_warp(bent, quads([*labels, *marks], 14))
    assert warp is not None
    flat = flatten(bent, warp)
    found = [
        np.flatnonzero(np.diff((flat[:, x - 8 : x + 24, 0].min(axis=1) < 160).astype(int)) == 1)
        for x in (270, *range(400, 901, 100))
    ]
    tops = np.array([[ys[np.abs(ys - r).argmin()] for r in ROWS] for ys in found])
    assert np.ptp(tops, axis=0).max() <= 4


def test_a_place_of_the_flat_sheet_is_found_on_the_bent_one() -> None:
    image, words = sheet()
    places = [(540, 628), (140, 1000), (840, 320)]
    for x, y in places:
        cv2.circle(image, (x, y), 6, (255, 0, 0), -1)
    bent = bend(image, 14)
    warp = find_warp(bent, quads(words, 14))
    assert warp is not None
    flat = flatten(bent, warp).astype(int)
    is_red = ((flat[..., 0] - flat[..., 1]) > 100).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(is_red)
    assert len(stats) == 1 + len(places)
    boxes = [
        on_page(Box(x / WIDTH, y / HEIGHT, (x + w) / WIDTH, (y + h) / HEIGHT), warp)
        for x, y, w, h, _ in stats[1:].tolist()
    ]
    for x, y in places:
        there = curled(np.array(float(x)), np.array(float(y)), WIDTH, HEIGHT, 14)
        off = [
            np.hypot(box.center_x * WIDTH - there[0], box.center_y * HEIGHT - there[1])
            for box in boxes
        ]
        assert min(off) < 2


def test_a_flat_sheet_is_left_alone() -> None:
    image, words = sheet()
    assert find_warp(image, quads(words, 0)) is None


def test_what_is_bent_by_less_than_rows_are_apart_is_left_alone() -> None:
    image, words = sheet()
    assert find_warp(bend(image, 3), quads(words, 3)) is None


def test_too_few_lines_show_nothing() -> None:
    image, words = sheet()
    blank = np.full_like(image, 235)
    assert find_warp(blank, quads(words[:4], 14)) is None
    assert find_warp(blank, np.zeros((0, 4, 2), np.float32)) is None


def test_lines_that_disagree_show_nothing() -> None:
    blank = np.full((HEIGHT, WIDTH, 3), 235, np.uint8)
    noise = np.random.default_rng(3)
    slanted = []
    for y in range(100, 1100, 50):
        x, slope = noise.uniform(50, 600), noise.uniform(-0.2, 0.2)
        left, right = (x, y), (x + 300, y + 300 * slope)
        slanted.append([left, right, (right[0], right[1] + EM), (x, y + EM)])
    assert find_warp(blank, np.array(slanted, np.float32)) is None


def photographed(image: Image) -> Source:
    buffer = io.BytesIO()
    PIL.Image.fromarray(image).save(buffer, "png", dpi=(DPI, DPI))
    return Source("page.png", buffer.getvalue(), Kind.IMAGE, "image/png", "")


def numbers(result: Extraction) -> dict[str, tuple[str, Box]]:
    return {
        cell.slot: (cell.reading.printed, cell.evidence.box)
        for table in result.tables
        for cell in table.cells
        if cell.reading.value is not None and cell.evidence.box
    }


def test_a_bent_page_says_the_same_and_shows_where_it_is_seen(
    engines: Engines, settings: Settings
) -> None:
    source = Source(RULED.name, RULED.read_bytes(), Kind.PDF, "application/pdf", "")
    with open_pages(source, settings) as pages:
        image = pages.render(2, DPI)
    height, width = image.shape[:2]
    printed = numbers(extract(photographed(image), engines, settings))
    result = extract(photographed(bend(image, 20)), engines, settings)
    read = numbers(result)
    assert len(printed) > 50
    assert {slot: read[slot][0] for slot in printed} == {
        slot: text for slot, (text, _) in printed.items()
    }
    (turn,) = result.rotations
    matrix, size = skew_transform(width, height, turn)
    for slot, (_, box) in printed.items():
        x, y = curled(
            np.array(box.center_x * width), np.array(box.center_y * height), width, height, 20
        )
        want = (matrix @ [float(x), float(y), 1.0]) / size
        seen = read[slot][1]
        assert abs(seen.center_x - want[0]) * width < 6
        assert abs(seen.center_y - want[1]) * height < 6
