"""Copying machines and fax machines: grey pages in, grey pages of the same size out.

A copier lays toner where the original is darker than a threshold. The threshold drifts over the
page and flutters with the grain of toner and paper, which is what thickens some strokes, breaks
others and closes counters; a copy of a copy does it twice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from training.synthesis.paper.geometry import Image
from training.synthesis.paper.texture import Field, clouds, specks, wave


@dataclass(frozen=True, slots=True)
class Copier:
    """A machine's state.

    `threshold` is the darkness, 0 to 1, at which half the toner is laid, and `softness` the range
    of darkness within which it goes from none to all. `drift` and `flutter` are deviations of the
    threshold over the page and from grain to grain. `specks` are counted per square decimetre,
    `streaks` per page; `edge_mm` is how far the dark beyond the sheet reaches in.
    """

    threshold: float = 0.4
    softness: float = 0.5
    drift: float = 0.03
    flutter: float = 0.06
    specks: float = 5.0
    streaks: int = 0
    edge_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Fax:
    """A transmission: `is_fine` has 196 lines to the inch, otherwise 98; `dropouts` are lines."""

    is_fine: bool = True
    dropouts: int = 4
    specks: float = 30.0


def copied(
    page: Image, copier: Copier, unit_px: float, noise: Generator, machine: Generator
) -> Image:
    """A copy of a grey page.

    Args:
        machine: gives the same numbers for every page of a document, which have its scratches in
            the same places.
    """
    shape = page.shape
    # The lens of the machine, about 0.08 mm.
    dark = 1 - cv2.GaussianBlur(page, (0, 0), max(0.35, 0.06 * unit_px)).astype(np.float32) / 255
    if copier.edge_mm:
        dark = np.maximum(dark, _edges(shape, copier.edge_mm * unit_px, unit_px, noise))
    threshold = copier.threshold + copier.drift * clouds(shape, 45 * unit_px, noise)
    threshold += copier.flutter * clouds(shape, 0.25 * unit_px, noise)
    laid: Field = np.clip((dark - threshold) / np.float32(copier.softness) + 0.5, 0, 1)
    for _ in range(copier.streaks):
        _streak(laid, unit_px, noise, machine)
    area = shape[0] * shape[1] / (100 * unit_px) ** 2
    laid = np.maximum(laid, specks(shape, copier.specks * area, 0.22 * unit_px, noise))
    # Full toner is not quite black, and blank paper has a veil.
    toner = 0.9 - 0.035 * clouds(shape, 6 * unit_px, noise)
    veil = 0.012 * np.maximum(clouds(shape, 0.5 * unit_px, noise) - 0.5, 0)
    copy: Image = np.clip(255 * (1 - laid * toner - veil) + 0.5, 0, 255).astype(np.uint8)
    return copy


def faxed(page: Image, fax: Fax, unit_px: float, noise: Generator) -> Image:
    """A grey page as it arrives: black 0 and white 255 only."""
    height, width = page.shape
    lines = page
    if not fax.is_fine:
        lines = np.pad(page, ((0, height % 2), (0, 0)), mode="edge")
        halved = cv2.resize(lines, (width, len(lines) // 2), interpolation=cv2.INTER_AREA)
        lines = np.asarray(halved, np.uint8)
    # Half the lines blur what lies between them, so the machine reads darker.
    level = (162 if fax.is_fine else 180) + 12 * clouds(lines.shape, 0.3 * unit_px, noise)
    level += 8 * clouds(lines.shape, 40 * unit_px, noise)
    arrived = np.where(lines > level, 255, 0).astype(np.uint8)
    for _ in range(fax.dropouts):
        _drop(arrived, noise)
    area = height * width / (100 * unit_px) ** 2
    for color in (0, 255):
        dots = specks(arrived.shape, fax.specks * area / 2, 0.2 * unit_px, noise) > 0.4
        arrived[dots] = color
    return arrived if fax.is_fine else np.repeat(arrived, 2, axis=0)[:height]


def fax_header(width: int, height: int, page: int, pages: int, noise: Generator) -> Image:
    """The line that the receiving machine prints above a page, in grey, shape (height, width)."""
    strip = np.full((height, width), 255, np.uint8)
    day, hour = f"{noise.integers(10, 29)}", f"{noise.integers(8, 18):02d}:{noise.integers(60):02d}"
    sender = f"{noise.integers(300, 900):04d}-{noise.integers(2000000, 8999999)}"
    line = f"JAN-{day}-20{noise.integers(20, 26)} {hour}  FROM:{sender}  P.{page:03d}/{pages:03d}"
    scale = min(height / 28, width / (len(line) * 11))
    place = (round(0.04 * width), round(0.72 * height))
    cv2.putText(strip, line, place, cv2.FONT_HERSHEY_PLAIN, scale, (0,), max(1, round(scale)))
    return strip


def _edges(shape: tuple[int, ...], reach_px: float, unit_px: float, noise: Generator) -> Field:
    """Darkness along two neighbouring sides, of a width that wanders."""
    dark = np.zeros(shape, np.float32)
    for is_upright in (True, False):
        view = dark.T if is_upright else dark
        if noise.random() < 0.5:
            view = view[::-1]
        depth, length = view.shape
        reach = reach_px * np.clip(
            noise.uniform(0.3, 1) + 0.25 * wave(length, length / 3, noise), 0, 1.5
        )
        rows = np.arange(min(depth, math.ceil(2.5 * reach_px)))[:, np.newaxis]
        fall = 1 / (1 + np.exp(np.minimum((rows - reach) / (0.35 * unit_px), 50)))
        view[: len(rows)] = np.maximum(view[: len(rows)], 0.85 * fall)
    return dark


def _streak(laid: Field, unit_px: float, noise: Generator, machine: Generator) -> None:
    """A scratch on the drum: a fine line down the page, dark or light, coming and going."""
    height, width = laid.shape
    x = int(machine.uniform() * width)
    wide = max(1, round(machine.uniform(0.08, 0.3) * unit_px))
    strength = np.clip(0.45 + 0.4 * wave(height, 30 * unit_px, noise), 0, 0.9)[:, np.newaxis]
    strength = (
        strength * np.clip(0.8 + 0.4 * wave(height, 0.8 * unit_px, noise), 0, 1)[:, np.newaxis]
    )
    column = laid[:, x : x + wide]
    if machine.random() < 0.6:
        np.maximum(column, 0.6 * strength, out=column)
    else:
        column *= 1 - 0.8 * strength


def _drop(arrived: Image, noise: Generator) -> None:
    """Lines that were not understood: from some place on, blank or those before again."""
    height, width = arrived.shape
    row = int(noise.integers(1, height)) if height > 1 else 0
    x = int(noise.integers(width)) if noise.random() < 0.7 else 0
    lost = arrived[row : row + int(noise.integers(1, 3)), x:]
    lost[...] = arrived[row - 1, x:] if noise.random() < 0.6 else 255
