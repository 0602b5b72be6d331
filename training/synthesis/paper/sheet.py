"""The sheet itself: how evenly it was printed, what shines through, what happened to it since.

All functions take and give an RGB page of the same size. Lengths are given in pixels to the
millimetre, `unit_px`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from training.synthesis.paper.geometry import Image
from training.synthesis.paper.ink import Ink, Mark, drawn, filled, inked
from training.synthesis.paper.texture import clouds, specks, toned, wave

_BLANK = 245
"""Grey level above which there is no print to be spared."""


@dataclass(frozen=True, slots=True)
class Wear:
    """What happened to a sheet. `specks` is dirt per square decimetre."""

    folds: int = 0
    stains: int = 0
    specks: float = 0.0
    has_punch_holes: bool = False
    has_staple: bool = False


def printed(
    page: Image, *, contrast: float, unevenness: float, unit_px: float, noise: Generator
) -> Image:
    """Print as dark as its toner: all of it by `contrast`, here and there less by `unevenness`."""
    shape = page.shape[:2]
    lack = 0.12 * clouds(shape, 40 * unit_px, noise)
    if unevenness:
        # A worn drum: light bands down the page, and grains of toner that did not hold.
        lack += unevenness * np.maximum(wave(shape[1], 9 * unit_px, noise), 0)
        lack += 0.6 * unevenness * np.maximum(clouds(shape, 0.3 * unit_px, noise) - 0.3, 0)
    toner = np.clip(contrast * (1 - lack * (0.3 + unevenness)), 0.5 * contrast, 1)
    return 255 - toned(255 - page, toner)


def shone_through(
    page: Image, back: Image, share: float, unit_px: float, noise: Generator
) -> Image:
    """The print of the other side, mirrored, soft, by a share of its darkness."""
    height, width = page.shape[:2]
    mirrored = cv2.cvtColor(np.ascontiguousarray(back[:, ::-1]), cv2.COLOR_RGB2GRAY)
    dark = cv2.GaussianBlur(255 - mirrored, (0, 0), 0.22 * unit_px).astype(np.float32) / 255
    # The two sides never meet exactly.
    dx, dy = noise.uniform(-3, 3, 2) * unit_px
    matrix = np.array([[1, 0, dx], [0, 1, dy]])
    dark = np.asarray(cv2.warpAffine(dark, matrix, (width, height)), np.float32)
    thin = np.clip(1 + 0.18 * clouds((height, width), 5 * unit_px, noise), 0.5, 1.4)
    return toned(page, 1 - np.minimum(share * dark * thin, 0.6))


def worn(
    page: Image, wear: Wear, unit_px: float, noise: Generator, pile: Generator, *, is_first: bool
) -> Image:
    """Age a sheet; holes stay where no print is.

    Args:
        pile: gives the same numbers for every sheet of a document: they were folded and punched
            together.
        is_first: whether it is the sheet on which a staple is seen.
    """
    for _ in range(wear.stains):
        page = _stained(page, unit_px, noise)
    for fold in range(wear.folds):
        is_upright = fold % 3 == 2
        turned = np.swapaxes(page, 0, 1) if is_upright else page
        place = 0.5 if is_upright else (1 / 3, 2 / 3, 0.5)[(fold + int(pile.integers(2))) % 3]
        creased = _folded(np.ascontiguousarray(turned), place, unit_px, noise, pile)
        page = np.ascontiguousarray(np.swapaxes(creased, 0, 1)) if is_upright else creased
    if wear.specks:
        area = page.shape[0] * page.shape[1] / (100 * unit_px) ** 2
        dirt = specks(page.shape[:2], wear.specks * area, 0.3 * unit_px, noise)
        page = toned(page, 1 - dirt * 0.75)
    if wear.has_punch_holes:
        page = _punched(page, unit_px, pile)
    if wear.has_staple and is_first:
        page = _stapled(page, unit_px, noise)
    return page


def _folded(page: Image, place: float, unit_px: float, noise: Generator, pile: Generator) -> Image:
    """A crease across the page: a fine line, a soft shade on one side, broken toner on it."""
    height, width = page.shape[:2]
    middle = height * place + (pile.normal(0, 3) + noise.normal(0, 0.5)) * unit_px
    slope = noise.normal(0, 0.003)
    crease = middle + slope * np.arange(width) + 0.12 * unit_px * wave(width, 8 * unit_px, noise)
    y0 = max(0, math.floor(crease.min() - 8 * unit_px))
    y1 = min(height, math.ceil(crease.max() + 8 * unit_px))
    if y0 >= y1:
        return page
    down = (np.arange(y0, y1)[:, np.newaxis] - crease) / unit_px  # millimetres from the crease
    strength = np.clip(0.75 + 0.35 * wave(width, 15 * unit_px, noise), 0.1, 1.5)
    side = pile.choice((-1, 1))
    line = 0.13 * np.exp(-((down / 0.16) ** 2)) - 0.05 * np.exp(
        -(((down + 0.35 * side) / 0.2) ** 2)
    )
    shade = 0.07 * np.exp(-np.maximum(down * side, 0) / 2.5) * (down * side > 0)
    light = np.clip(1 - strength * (line + shade), 0, 1).astype(np.float32)
    broken = clouds(light.shape, 0.4 * unit_px, noise) * np.exp(-((down / 0.3) ** 2))
    lost = np.clip(broken - 0.25, 0, 0.85).astype(np.float32)
    strip = 255 - toned(255 - page[y0:y1], 1 - lost)
    page = page.copy()
    page[y0:y1] = toned(strip, light)
    return page


def _stained(page: Image, unit_px: float, noise: Generator) -> Image:
    """A dried drop: faint within, darker at its rim, which runs irregularly."""
    height, width = page.shape[:2]
    radius = noise.uniform(5, 20) * unit_px
    middle = noise.uniform((0, 0), (width, height))
    x0, y0 = (max(0, math.floor(v - 1.5 * radius)) for v in middle)
    x1, y1 = (
        min(side, math.ceil(v + 1.5 * radius))
        for v, side in zip(middle, (width, height), strict=True)
    )
    shape = (y1 - y0, x1 - x0)
    rows, columns = np.ogrid[y0:y1, x0:x1]
    away = np.hypot(columns - middle[0], (rows - middle[1]) * noise.uniform(0.8, 1.25)) / radius
    away = away + 0.09 * clouds(shape, 0.7 * radius, noise) + 0.02 * clouds(shape, unit_px, noise)
    inside = 1 / (1 + np.exp(np.minimum((away - 1) / 0.02, 50)))
    rim = np.exp(-(((away - 0.97) / 0.035) ** 2)) * np.clip(
        0.6 + 0.5 * clouds(shape, radius, noise), 0, 1.2
    )
    depth = noise.uniform(0.4, 1)
    absorbed = depth * (0.12 * inside + 0.22 * rim) * (1 + 0.1 * clouds(shape, 2 * unit_px, noise))
    brown = np.array((0.45, 0.7, 1.0)) if noise.random() < 0.6 else np.array((0.6, 0.62, 0.68))
    page = page.copy()
    page[y0:y1, x0:x1] = page[y0:y1, x0:x1] * (1 - absorbed[..., np.newaxis] * brown) + 0.5
    return page


def _punched(page: Image, unit_px: float, noise: Generator) -> Image:
    """Two holes at the left, 80 mm apart, through which the lid is seen."""
    height, radius = page.shape[0], 2.75 * unit_px
    level = int(noise.choice((30, 70, 150)))
    left = noise.uniform(9, 13) * unit_px
    middle = height / 2 + noise.normal(0, 3) * unit_px
    marks = []
    for y in (middle - 40 * unit_px, middle + 40 * unit_px):
        x0, y0 = math.floor(left - 2 * radius), math.floor(y - 2 * radius)
        size = math.ceil(4 * radius)
        under = page[max(0, y0) : max(0, y0 + size), max(0, x0) : max(0, x0 + size)]
        if under.size == 0 or under.min() < _BLANK:
            continue
        turn = np.linspace(0, 2 * math.pi, 33)
        disc = np.array([left - x0, y - y0]) + radius * np.stack([np.cos(turn), np.sin(turn)], 1)
        mask = filled(disc, (size, size))
        # The edge of the paper throws a shadow to one side.
        ring = np.clip(cv2.GaussianBlur(mask, (0, 0), 0.35 * unit_px) - 0.8 * mask, 0, 1)
        marks += [
            Mark(mask, x0, y0, (level,) * 3),
            Mark(np.asarray(ring * 0.5, np.float32), x0, y0, (90, 90, 90)),
        ]
    return inked(page, marks)


def _stapled(page: Image, unit_px: float, noise: Generator) -> Image:
    """A staple in the upper left corner: metal, its gleam, its shadow, and the corner's shade."""
    size = max(8, math.ceil(26 * unit_px))
    angle = math.radians(noise.uniform(-60, 10))
    middle = noise.uniform(9, 12, 2) * unit_px
    along = 5.5 * unit_px * np.array([math.cos(angle), math.sin(angle)])
    wire = np.stack([middle - along, middle + along])
    steel: Ink = (104, 104, 108)
    shadow = cv2.GaussianBlur(
        drawn([wire + 0.5 * unit_px], (size, size), 0.9 * unit_px), (0, 0), 0.4 * unit_px
    )
    metal = drawn([wire], (size, size), 0.55 * unit_px)
    edge = drawn([wire + 0.22 * unit_px], (size, size), 0.2 * unit_px)
    rows, columns = np.ogrid[:size, :size]
    depth = (rows + columns) / (20 * unit_px)
    shade = np.exp(-((depth - 1.1) ** 2) / 0.02) * np.clip(2.2 - depth, 0, 1)
    marks = [
        Mark(shade.astype(np.float32), 0, 0, (226, 226, 226)),
        Mark(np.asarray(shadow * 0.6, np.float32), 0, 0, (70, 70, 74)),
        Mark(metal, 0, 0, steel),
        Mark(edge, 0, 0, (60, 60, 64)),
    ]
    return inked(page, marks)
