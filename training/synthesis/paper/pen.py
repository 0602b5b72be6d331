"""Handwriting: notes in the margins, ticks, underlines, and circles round numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

from training.synthesis.paper.geometry import Box, Image, Points
from training.synthesis.paper.ink import Ink, Mark, drawn, handwritten, line_of, shaky
from training.synthesis.paper.places import blank_place
from training.synthesis.paper.texture import Field, wave

_INKS: Sequence[Ink] = ((38, 52, 130), (30, 32, 44), (176, 36, 44), (56, 56, 62))
_NOTES = (
    "已核",
    "已阅",
    "属实",
    "存档",
    "同意",
    "请再核对",
    "与台账一致",
    "报办公室",
    "一式三份",
    "已登记",
    "按此上报",
    "附后",
)


def handwriting(
    page: Image,
    targets: Sequence[Box],
    count: int,
    noise: Generator,
    *,
    unit_px: float,
    font: Path | None,
) -> list[Mark]:
    """`count` notes where the page is blank, and a circle, a tick or a line at each target."""
    ink = _INKS[int(noise.integers(len(_INKS)))]
    pen_px = max(0.7, noise.uniform(0.35, 0.6) * unit_px)
    marks: list[Mark] = []
    for _ in range(count):
        mask = _note(unit_px, pen_px, font, noise)
        place = blank_place(page, mask.shape, marks, noise)
        if place is not None:
            marks.append(Mark(mask, *place, ink))
    draw = (_circle, _underline, _tick)
    for target in targets:
        shape = draw[noise.integers(len(draw))]
        marks.append(_traced(shape(target, unit_px, noise), pen_px, ink, noise))
    return marks


def _note(unit_px: float, pen_px: float, font: Path | None, noise: Generator) -> Field:
    """A word or a date, rising or falling a little."""
    if noise.random() < 0.35:
        text = f"{noise.integers(1, 13)}.{noise.integers(1, 29)}"
    else:
        text = _NOTES[noise.integers(len(_NOTES))]
    size = max(8, round(noise.uniform(5, 8) * unit_px))
    written = line_of([handwritten(c, size, pen_px, font, noise) for c in text])
    slant, rise = noise.normal(-0.15, 0.08), noise.normal(-0.05, 0.06)
    height, width = written.shape
    grown = (math.ceil(width + abs(slant) * height), math.ceil(height + abs(rise) * width))
    matrix = np.array(
        [
            [1, slant, max(0.0, -slant * height)],
            [rise, 1, max(0.0, -rise * width)],
        ]
    )
    return _pressed(np.asarray(cv2.warpAffine(written, matrix, grown), np.float32), noise)


def _circle(target: Box, unit_px: float, noise: Generator) -> Points:
    """A little more than once round, not closed where it began."""
    x0, y0, x1, y1 = target
    start = noise.uniform(0, 2 * math.pi)
    angles = start + np.linspace(0, 2 * math.pi * noise.uniform(0.97, 1.12), 18)
    radii = np.linspace(1, noise.uniform(0.9, 1.15), 18)[:, np.newaxis]
    reach = np.array([(x1 - x0) / 2 + 2 * unit_px, (y1 - y0) / 2 + 1.4 * unit_px])
    around = np.stack([np.cos(angles), np.sin(angles)], axis=1) * reach * radii
    return shaky(around + np.array([x0 + x1, y0 + y1]) / 2, 0.4 * unit_px, noise)


def _underline(target: Box, unit_px: float, noise: Generator) -> Points:
    x0, _, x1, y1 = target
    across = np.linspace(x0 - unit_px, x1 + noise.uniform(1, 4) * unit_px, 6)
    level = y1 + noise.uniform(0.4, 1) * unit_px
    line = np.stack([across, level + (across - x0) * noise.normal(0, 0.03)], axis=1)
    return shaky(line, 0.2 * unit_px, noise)


def _tick(target: Box, unit_px: float, noise: Generator) -> Points:
    _, y0, x1, y1 = target
    down = np.array([[0, 0], [0.8, 0.6], [1.3, 1.4], [2.2, -0.6], [4.2, -2.8]])
    size = noise.uniform(0.8, 1.3) * unit_px
    return shaky(np.array([x1 + unit_px, (y0 + y1) / 2]) + down * size, 0.1 * unit_px, noise)


def _traced(points: Points, pen_px: float, ink: Ink, noise: Generator) -> Mark:
    """A stroke given on the page, on a mask of its own."""
    border = 4 + math.ceil(pen_px)
    low = np.floor(points.min(axis=0)).astype(int) - border
    width, height = np.ceil(points.max(axis=0)).astype(int) - low + border
    mask = drawn([points - low], (int(height), int(width)), pen_px)
    return Mark(_pressed(mask, noise), int(low[0]), int(low[1]), ink)


def _pressed(mask: Field, noise: Generator) -> Field:
    """More ink here than there along the line."""
    pressure = 0.85 + 0.08 * wave(mask.shape[1], mask.shape[1] / 5, noise)
    return np.asarray(mask * np.clip(pressure, 0.5, 1), np.float32)
