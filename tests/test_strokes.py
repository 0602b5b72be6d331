"""Dashes and slashes are told from digits by their shape."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from extractor.strokes import DASH, SLASH, lone_stroke
from extractor.types import Image


def paper() -> Image:
    return np.full((40, 80, 3), 250, dtype=np.uint8)


def line(image: Image, *ends: tuple[int, int], width: int = 2) -> Image:
    for a, b in zip(ends[::2], ends[1::2], strict=True):
        cv2.line(image, a, b, (20, 20, 20), width)
    return image


@pytest.mark.parametrize(
    "image",
    [
        line(paper(), (30, 20), (46, 20)),
        line(paper(), (25, 20), (33, 20), (37, 20), (50, 20)),  # broken
        line(paper(), (30, 20), (46, 20), (0, 1), (79, 1), (1, 0), (1, 39)),  # ruled
    ],
)
def test_a_flat_stroke_is_a_dash(image: Image) -> None:
    assert lone_stroke(image) == DASH


def test_a_slanted_stroke_is_a_slash() -> None:
    assert lone_stroke(line(paper(), (36, 32), (44, 8))) == SLASH


@pytest.mark.parametrize(
    "image",
    [
        paper(),
        line(paper(), (40, 8), (40, 32)),  # a 1
        line(paper(), (44, 32), (36, 8)),  # leans to the left
        line(paper(), (30, 12), (46, 12), (30, 28), (46, 28)),  # two strokes
        line(paper(), (36, 32), (46, 8), (30, 8), (46, 8)),  # a 7
    ],
)
def test_other_print_is_no_stroke(image: Image) -> None:
    assert lone_stroke(image) == ""


@pytest.mark.parametrize("text", ["0", "2", "7", "88", "000", "12345"])
def test_digits_are_no_strokes(text: str) -> None:
    image = np.full((60, 240, 3), 250, dtype=np.uint8)
    cv2.putText(image, text, (20, 44), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 20, 20), 2)
    assert lone_stroke(image) == ""
