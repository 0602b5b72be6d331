"""What is put on paper by hand: masks of glyphs and strokes, and inks that print shows through.

A mask holds how much ink there is, 0 to 1. Glyphs come from a font; without one, digits are drawn
from strokes of our own, and every other character becomes a sign of a few strokes that looks like
writing and says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
from numpy.random import Generator, default_rng
from numpy.typing import NDArray
from PIL import ImageDraw, ImageFont

from training.synthesis.paper.geometry import Image, Points
from training.synthesis.paper.texture import Field, Shape, clouds, wave

Ink = tuple[int, int, int]
"""RGB of a full layer of it on white paper."""

_OVERSAMPLING = 3
_SEGMENTS = 8

# Control points of strokes in hundredths of the height of a line, x first, y down.
_DIGITS: Mapping[str, str] = {
    "0": "40,4 14,20 6,60 24,97 50,80 54,35 34,2",
    "1": "18,17 34,0 32,50 29,100",
    "2": "8,25 26,1 50,16 38,50 5,95|5,95 60,92",
    "3": "10,10 32,0 48,20 24,44|24,44 54,62 40,95 7,92",
    "4": "34,0 20,32 3,63|3,63 60,60|44,32 42,70 38,100",
    "5": "17,5 13,42|13,42 42,42 50,74 28,98 4,90|17,5 54,2",
    "6": "46,1 20,25 6,68 24,98 47,80 36,55 10,70",
    "7": "5,8 54,4|54,4 38,42 24,100",
    "8": "46,13 26,1 13,22 34,45 50,75 28,98 9,77 30,46 47,14",
    "9": "48,22 26,4 10,30 28,48 48,22|48,22 46,60 34,100",
    ".": "14,93 18,97",
    "-": "8,55 50,53",
}
_SIGN_STROKES = (
    "10,20 90,17|15,50 88,47|5,80 95,77|50,5 50,95|25,15 24,85|75,20 76,90|50,30 35,60 8,93|"
    "50,35 68,68 95,92|40,2 55,14|20,30 80,28 78,60|30,60 70,60|12,35 24,46"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """Ink on a page: its mask, and where the mask's upper left corner lies."""

    mask: Field
    x: int
    y: int
    ink: Ink


def inked(page: Image, marks: Iterable[Mark]) -> Image:
    """An RGB page with marks on it, as far as they lie on it; black print stays black."""
    page = page.copy()
    height, width = page.shape[:2]
    for mark in marks:
        x0, y0 = max(mark.x, 0), max(mark.y, 0)
        x1, y1 = min(mark.x + mark.mask.shape[1], width), min(mark.y + mark.mask.shape[0], height)
        if x0 >= x1 or y0 >= y1:
            continue
        mask = mark.mask[y0 - mark.y : y1 - mark.y, x0 - mark.x : x1 - mark.x, np.newaxis]
        absorbed = mask * (1 - np.array(mark.ink, np.float32) / 255)
        page[y0:y1, x0:x1] = page[y0:y1, x0:x1] * (1 - absorbed) + 0.5
    return page


def width_em(character: str) -> float:
    """How far the next character stands, in heights of a line."""
    return 0.62 if character in _DIGITS else 1.05


def glyph(character: str, size_px: int, font: Path | None) -> Field:
    """One printed character in a box of its own, `size_px` high and as wide as `width_em` says."""
    shape = _shape(character, size_px)
    if font is None:
        return drawn(_strokes(character, size_px), shape, size_px * 0.09)
    image = PIL.Image.new("L", shape[::-1], 0)
    middle = (shape[1] / 2, shape[0] / 2)
    face = _face(font, round(size_px * 0.92))
    ImageDraw.Draw(image).text(middle, character, 255, face, anchor="mm")
    return np.asarray(image, np.float32) / np.float32(255)


def handwritten(
    character: str, size_px: int, pen_px: float, font: Path | None, noise: Generator
) -> Field:
    """One character as a pen of a width writes it, never twice the same."""
    shape = _shape(character, size_px)
    if font is None or character in _DIGITS:
        shaken = [
            points + noise.normal(0, 0.02 * size_px, points.shape)
            for points in _strokes(character, size_px)
        ]
        return drawn(shaken, shape, pen_px)
    # The middle lines of a printed character, bent, and gone over with the pen.
    printed = glyph(character, size_px * _OVERSAMPLING, font) > 0.5
    lines = np.asarray(cv2.ximgproc.thinning(printed.astype(np.uint8) * 255), np.float32)
    height, width = lines.shape
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height))
    reach = 0.035 * height
    bent = cv2.remap(
        lines,
        columns + reach * clouds(lines.shape, height / 3, noise),
        rows.astype(np.float32) + reach * clouds(lines.shape, height / 3, noise),
        cv2.INTER_LINEAR,
    )
    sigma = pen_px * _OVERSAMPLING * 0.4
    wide = cv2.GaussianBlur(bent / 255, (0, 0), sigma) * sigma * 2.5
    return _reduced(np.round(255 * np.clip(wide * 2.5 - 0.6, 0, 1)).astype(np.uint8), shape)


def line_of(characters: Sequence[Field]) -> Field:
    """Characters of one height beside each other."""
    return np.concatenate(characters, axis=1)


def drawn(strokes: Iterable[Points], shape: Shape, pen_px: float) -> Field:
    """Smooth strokes through control points of shape (N, 2), N at least 2."""
    height, width = shape
    mask = np.zeros((height * _OVERSAMPLING, width * _OVERSAMPLING), np.uint8)
    for points in strokes:
        path = np.round(curve(points) * _OVERSAMPLING * 16).astype(np.int32)
        thickness = max(1, round(pen_px * _OVERSAMPLING))
        cv2.polylines(mask, [path], False, (255,), thickness, cv2.LINE_AA, 4)
    return _reduced(mask, shape)


def filled(outline: Points, shape: Shape) -> Field:
    """A polygon with corners of shape (N, 2), which may lie outside."""
    mask = np.zeros(shape, np.uint8)
    # OpenCV draws in sixteenths of a pixel, in numbers of 32 bits.
    corners = np.clip(np.round(outline * 16), -(2**28), 2**28).astype(np.int32)
    cv2.fillPoly(mask, [corners], (255,), cv2.LINE_AA, 4)
    return mask.astype(np.float32) / np.float32(255)


def worn(mask: Field, unit_px: float, noise: Generator, *, wear: float) -> Field:
    """Ink as it takes to paper: uneven by pressure, with gaps by the paper's grain.

    Args:
        unit_px: a millimetre.
        wear: 0 to 1, how much of the ink is lacking.
    """
    pressure = 0.9 - 0.22 * wear * np.abs(clouds(mask.shape, 9 * unit_px, noise))
    grain = clouds(mask.shape, 0.35 * unit_px, noise) + clouds(mask.shape, 1.5 * unit_px, noise)
    gaps = np.clip(0.75 * wear * (grain - 1.6 + wear), 0, 0.8)
    taken = np.clip(pressure - gaps, 0, 1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.05 * unit_px + 0.3) * taken, np.float32)


def curve(points: Points) -> Points:
    """A Catmull-Rom spline through control points of shape (N, 2), N at least 2."""
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    p0, p1, p2, p3 = (padded[i : len(padded) - 3 + i, np.newaxis] for i in range(4))
    t = np.linspace(0, 1, _SEGMENTS, endpoint=False)[np.newaxis, :, np.newaxis]
    spline = p1 + 0.5 * t * (
        p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0))
    )
    return np.concatenate([spline.reshape(-1, 2), points[-1:]])


def shaky(points: Points, reach_px: float, noise: Generator) -> Points:
    """Points on a line that a hand draws: wandering off smoothly, by about `reach_px`."""
    feature = max(2.0, len(points) / 4)
    off = [wave(len(points), feature, noise) for _ in range(2)]
    return points + reach_px * np.stack(off, axis=1)


def _shape(character: str, size_px: int) -> Shape:
    return size_px, max(1, round(size_px * width_em(character)))


def _reduced(mask: NDArray[np.uint8], shape: Shape) -> Field:
    small = cv2.resize(mask, shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small / 255, np.float32)


def _strokes(character: str, size_px: int) -> list[Points]:
    """The strokes of a digit or a sign, with air around them."""
    if character in _DIGITS:
        strokes = _DIGITS[character].split("|")
    else:
        # The same character is the same sign wherever it stands.
        pool = _SIGN_STROKES.split("|")
        chosen = default_rng(ord(character)).permutation(len(pool))[: 4 + ord(character) % 4]
        strokes = [pool[i] for i in chosen]
    return [
        (np.array([pair.split(",") for pair in stroke.split()], np.float64) * 0.008 + 0.1) * size_px
        for stroke in strokes
    ]


@cache
def _face(font: Path, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font), size_px)
