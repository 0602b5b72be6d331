"""Seals and received-stamps: red rings over numbers, boxes with a date beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

from training.synthesis.paper.geometry import Box, Image
from training.synthesis.paper.ink import Ink, Mark, drawn, filled, glyph, line_of, width_em, worn
from training.synthesis.paper.places import blank_place
from training.synthesis.paper.texture import Field

_SEAL_INKS: Sequence[Ink] = ((214, 40, 48), (200, 30, 52), (226, 62, 66), (206, 48, 40))
_STAMP_INKS: Sequence[Ink] = ((200, 44, 56), (52, 66, 160), (84, 60, 150), (40, 84, 150))
_PLACES_TRIED = 24
_ENOUGH = 0.06
"""Share of a target that has to be inked for its seal to count as being over it."""


def seals(
    page: Image,
    targets: Sequence[Box],
    noise: Generator,
    *,
    diameter_px: int,
    text: str,
    font: Path | None,
) -> list[Mark]:
    """A seal over each target, or one at the lower right where there is none.

    Args:
        text: stands along the ring.
    """
    height, width = page.shape[:2]
    ink = _SEAL_INKS[int(noise.integers(len(_SEAL_INKS)))]
    marks = []
    for x0, y0, x1, y1 in targets or [(0.5 * width, 0.6 * height, 0.85 * width, 0.9 * height)]:
        mask = _seal(diameter_px, text, font, noise)
        place = (0, 0)
        for _ in range(_PLACES_TRIED):
            x, y = noise.uniform((x0, y0), (x1, y1)) - noise.uniform(0.12, 0.88, 2) * diameter_px
            place = (round(x), round(y))
            # The target as the mask sees it.
            part = mask[
                max(0, math.floor(y0 - y)) : max(0, math.ceil(y1 - y)),
                max(0, math.floor(x0 - x)) : max(0, math.ceil(x1 - x)),
            ]
            if part.sum() >= _ENOUGH * max((x1 - x0) * (y1 - y0), 1) or not targets:
                break
        marks.append(Mark(mask, *place, ink))
    return marks


def stamps(
    page: Image, count: int, noise: Generator, *, unit_px: float, font: Path | None
) -> list[Mark]:
    """Boxes of about 45 by 20 mm with who received it and when, where the page is blank."""
    marks: list[Mark] = []
    for _ in range(count):
        mask = _received(unit_px * noise.uniform(0.8, 1.1), font, noise)
        place = blank_place(page, mask.shape, marks, noise)
        if place is not None:
            marks.append(Mark(mask, *place, _STAMP_INKS[int(noise.integers(len(_STAMP_INKS)))]))
    return marks


def _seal(diameter_px: int, text: str, font: Path | None, noise: Generator) -> Field:
    """A ring, a star in its middle, and a text that follows the ring from left to right."""
    size = max(16, diameter_px)
    radius = size / 2 * 0.97
    middle = np.array([size / 2, size / 2])
    turn = np.linspace(0, 2 * math.pi, 65)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    mask = drawn([middle + circle * radius * 0.97], (size, size), radius * 0.055)
    points = 10
    angles = np.arange(points) * math.pi / 5 - math.pi / 2
    reach = np.where(np.arange(points) % 2, 0.125, 0.33)[:, np.newaxis] * radius
    star = middle + reach * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    mask = np.maximum(mask, filled(star, mask.shape))
    height = max(4, round(radius * 0.32))
    span = math.radians(min(270, 60 + 22 * len(text)))
    for i, character in enumerate(text):
        angle = span * ((i + 0.5) / len(text) - 0.5)
        shape = cv2.dilate(glyph(character, height, font), np.ones((2, 2), np.uint8))
        # Narrow and upright on the ring, as seals are cut.
        middle_of_glyph = middle + 0.73 * radius * np.array([math.sin(angle), -math.cos(angle)])
        cos, sin = math.cos(angle), math.sin(angle)
        wide = min(0.9, span * 0.73 * radius / len(text) / shape.shape[1])
        matrix = np.array([[cos * wide, -sin, 0], [sin * wide, cos, 0]])
        matrix[:, 2] = middle_of_glyph - matrix[:, :2] @ np.array(shape.shape[::-1]) / 2
        mask = np.maximum(mask, cv2.warpAffine(shape, matrix, (size, size)))
    turned = cv2.getRotationMatrix2D((size / 2, size / 2), float(noise.normal(0, 5)), 1)
    mask = np.asarray(cv2.warpAffine(mask, turned, (size, size)), np.float32)
    return worn(mask, size / 42, noise, wear=float(noise.uniform(0.3, 1)))


def _received(unit_px: float, font: Path | None, noise: Generator) -> Field:
    """Two or three lines in a box, turned a little."""
    date = f"20{noise.integers(20, 26)}.{noise.integers(1, 13)}.{noise.integers(1, 29)}"
    head = ("收文专用", "档案室收", "信息公开科", "收件登记")[noise.integers(4)]
    lines = [head, date]
    if noise.random() < 0.5:
        lines.append(f"第{noise.integers(1, 400):03d}号")
    height = max(5, round(4.2 * unit_px))
    inset, gap = round(2 * unit_px), round(1.4 * unit_px)
    wide = max(round(sum(map(width_em, line)) * height) for line in lines) + 2 * inset
    tall = len(lines) * (height + gap) - gap + 2 * inset
    edge = 0.5 * unit_px
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]) * [wide - 3, tall - 3] + 1.5
    sides = [corners[i : i + 2] for i in range(4)]
    mask = drawn(sides, (tall, wide), edge)
    for i, line in enumerate(lines):
        text = line_of([glyph(character, height, font) for character in line])
        y, x = inset + i * (height + gap), (wide - text.shape[1]) // 2
        mask[y : y + height, x : x + text.shape[1]] = text
    angle = math.radians(float(noise.normal(0, 2.5)))
    cos, sin = math.cos(angle), math.sin(angle)
    grown = (round(wide * cos + tall * abs(sin)) + 2, round(wide * abs(sin) + tall * cos) + 2)
    matrix = np.array([[cos, -sin, 0], [sin, cos, 0]])
    matrix[:, 2] = np.array(grown) / 2 - matrix[:, :2] @ (wide / 2, tall / 2)
    turned = np.asarray(cv2.warpAffine(mask, matrix, grown), np.float32)
    return worn(turned, unit_px, noise, wear=float(noise.uniform(0.4, 1)))
