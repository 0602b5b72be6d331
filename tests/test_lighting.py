"""Uneven light is evened out, and a page that is lit evenly is left as it is."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import settings as sampled
from hypothesis import strategies as st
from numpy.typing import NDArray

from extractor.engines import Engines
from extractor.lighting import even_light
from extractor.pages import open_pages
from extractor.pipeline import extract
from extractor.settings import Settings
from extractor.types import Extraction, Image, Kind, Source

WIDTH, HEIGHT = 900, 1200
DPI = 150
RULED = Path(__file__).parent.parent / "eval" / "fixtures" / "breaks-2021__pdf_pagebreaks.pdf"

Field = NDArray[np.float32]


def sheet() -> Image:
    """Rows of print between rules, on white paper."""
    image = np.full((HEIGHT, WIDTH, 3), 240, np.uint8)
    for y in range(60, HEIGHT - 60, 40):
        cv2.line(image, (60, y), (WIDTH - 60, y), (40, 40, 40), 2)
        for x in range(80, WIDTH - 80, 14):
            cv2.line(image, (x, y + 10), (x, y + 28), (60, 60, 60), 4)
    return image


def light(width: int, height: int, far: float, shadow: float, cast: tuple[float, ...]) -> Field:
    """From the left, `far` at the right side, the lower half in a soft shadow; a share by pixel."""
    side = np.linspace(1, far, width, dtype=np.float32)[np.newaxis, :]
    hand = np.zeros((height, width), np.float32)
    hand[height // 2 :, width // 3 :] = shadow
    hand = np.asarray(cv2.GaussianBlur(hand, (0, 0), width / 30), np.float32)
    return np.asarray((side * (1 - hand))[..., np.newaxis] * np.float32(cast), np.float32)


def lit(image: Image, field: Field) -> Image:
    return np.asarray(np.clip(image * field, 0, 255), np.uint8)


@sampled(max_examples=25)
@given(
    far=st.floats(0.5, 0.85),
    shadow=st.floats(0, 0.4),
    cast=st.sampled_from([(1.0, 1.0, 1.0), (1.0, 0.93, 0.82), (0.88, 0.95, 1.0)]),
)
def test_paper_becomes_white_and_print_stays_dark(
    far: float, shadow: float, cast: tuple[float, ...]
) -> None:
    plain = sheet()
    evened = even_light(lit(plain, light(WIDTH, HEIGHT, far, shadow, cast)))
    assert evened.shape == plain.shape
    paper = evened[plain[..., 0] == 240]
    assert np.percentile(paper, 1) > 215  # the edge of a shadow is softer in a thumbnail
    assert evened[plain[..., 0] == 60].max() < 110


def test_a_page_that_is_lit_evenly_is_left_alone() -> None:
    for image in (sheet(), lit(sheet(), light(WIDTH, HEIGHT, 0.98, 0, (1, 0.9, 0.8)))):
        assert even_light(image) is image


@pytest.mark.parametrize("shape", [(30, 30, 3), (1, 1, 3), (40, 20_000, 3), (1200, 900, 3)])
@pytest.mark.parametrize("brightness", [0, 3, 128, 255])
def test_nothing_is_made_of_one_colour(shape: tuple[int, ...], brightness: int) -> None:
    image = np.full(shape, brightness, np.uint8)
    assert even_light(image) is image


def test_a_dark_page_is_not_made_of_noise() -> None:
    noise = np.random.default_rng(5)
    image = noise.integers(0, 12, (HEIGHT, WIDTH, 3), np.uint8)
    image[:, : WIDTH // 3] = 0
    assert even_light(image).max() < 100


def photographed(image: Image) -> Source:
    buffer = io.BytesIO()
    PIL.Image.fromarray(image).save(buffer, "png", dpi=(DPI, DPI))
    return Source("page.png", buffer.getvalue(), Kind.IMAGE, "image/png", "")


def numbers(result: Extraction) -> dict[str, str]:
    return {
        cell.slot: cell.reading.printed
        for table in result.tables
        for cell in table.cells
        if cell.reading.value is not None
    }


def test_a_page_in_a_shadow_says_what_it_says_in_the_light(
    engines: Engines, settings: Settings
) -> None:
    source = Source(RULED.name, RULED.read_bytes(), Kind.PDF, "application/pdf", "")
    with open_pages(source, settings) as pages:
        image = pages.render(2, DPI)
    height, width = image.shape[:2]
    printed = numbers(extract(photographed(image), engines, settings))
    dim = lit(image, light(width, height, 0.55, 0.45, (1.0, 0.95, 0.85)))
    assert len(printed) > 50
    assert numbers(extract(photographed(dim), engines, settings)) == printed
