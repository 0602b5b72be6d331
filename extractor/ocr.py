"""Pixels of a page in; the upright page and its lines of print out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from extractor.colour import without_marks, without_seals
from extractor.detection import find_print
from extractor.flatten import find_warp, flatten
from extractor.lighting import even_light
from extractor.orientation import (
    Quads,
    bounds,
    crop,
    is_sideways,
    sizes,
    skew,
    turned_quads,
    upright,
)
from extractor.settings import Settings
from extractor.strips import Strip, montage, stacked_characters, to_lines
from extractor.types import Box, Image, Line, Page

MIN_SKEW_DEG = 0.25
"""Less moves the end of a line by half a character at most, and rows stay apart."""
MAX_MOVED_SKEW_DEG = 2.0
"""Up to this the boxes are turned with the image; beyond, print is looked for again."""
N_PROBES = 6
MAX_PROBE_RATIO = 20.0
SURE_SCORE = 0.85
"""Print of six lines read with this mean score is not upside down (those have below 0.6)."""
MIN_TURN_GAIN = 0.1
STACKED = 2.0
"""A box this many times as tall as wide holds characters one below the other."""
UNSURE_STACK_SCORE = 0.5


class OcrEngine(Protocol):
    """Finds and reads print. Not thread-safe."""

    @property
    def models(self) -> Mapping[str, str]:
        """Name and sha256 of every model, for the provenance of a result."""
        ...

    def detect(self, image: Image, ratio: float) -> Quads:
        """Find lines of print in an image, in its own pixels, after scaling it by a ratio."""
        ...

    def recognize(self, crops: Sequence[Image]) -> list[Strip]:
        """Read crops of one line each; as many strips as crops, in their order."""
        ...


def recognize_page(
    page: Page, engine: OcrEngine, settings: Settings
) -> tuple[Page, tuple[Line, ...]]:
    """Make a page truly upright and read it.

    Quarter turns and skews of up to about 10 degrees are found from the print itself: its lines
    tell the direction, and which of the two opposite ways is up is decided by reading some of them
    both ways, unless the first already reads well. A straight upright page pays nothing for this.
    Uneven light is evened out first, and a page that is bent, as photographs are, is made flat
    before it is read.

    Args:
        page: with an image.
        engine: the reader.
        settings: `detection_side_px` bounds the size at which print is looked for.

    Returns:
        The page with the evenly lit, upright, flat image and its size (`lighting.even_light`
        repeats the first step), and `rotation_deg` increased by the counter-clockwise turn that was
        applied (`orientation.upright` repeats it), and `warp` where it was made flat after that
        (`flatten.flatten` repeats it); and its lines, from top to bottom, in pixels of that image.
        A blank page comes back as it is, without lines.

    Raises:
        OcrError: the engine failed.
        ValueError: the page has no image.
    """
    image = page.image
    if image is None:
        raise ValueError(f"page {page.number} has no image")
    image = shown = even_light(image)
    unsealed = without_seals(image)
    if unsealed is not None:
        image = unsealed
    quads = _find_print(image, engine, settings)
    if len(quads) == 0:
        return page, ()
    quarter, known = _quarter_turn(image, quads, engine)
    if quarter:
        image = upright(image, quarter)
        quads = _find_print(image, engine, settings)
    angle = skew(quads, image) if len(quads) else 0.0
    if abs(angle) > MIN_SKEW_DEG:
        height, width = image.shape[:2]
        image = upright(image, angle)
        if abs(angle) > MAX_MOVED_SKEW_DEG:
            quads, known = _find_print(image, engine, settings), {}
        else:
            quads = turned_quads(quads, width, height, angle)
    else:
        angle = 0.0
    warp = find_warp(image, quads)
    if warp is not None:
        image = flatten(image, warp)
        quads, known = _find_print(image, engine, settings), {}
    lines = _read_quads(image, quads, engine, known)
    height, width = image.shape[:2]
    if unsealed is not None:
        shown = upright(shown, quarter + angle)
        image = shown if warp is None else flatten(shown, warp)
    page = replace(
        page,
        image=image,
        width=float(width),
        height=float(height),
        rotation_deg=page.rotation_deg + quarter + angle,
        warp=warp,
    )
    return page, tuple(sorted(lines, key=lambda line: (line.box.y0, line.box.x0)))


def _find_print(image: Image, engine: OcrEngine, settings: Settings) -> Quads:
    return find_print(image, engine.detect, settings.detection_side_px)


def _quarter_turn(image: Image, quads: Quads, engine: OcrEngine) -> tuple[int, dict[int, Strip]]:
    """Return 0, 90, 180 or 270, and the strips read on the way where the page stays as it is."""
    widths, heights = sizes(quads)
    is_turned = is_sideways(quads)
    lengths, ratios = (heights, heights / widths) if is_turned else (widths, widths / heights)
    usable = np.flatnonzero((ratios >= 2.5) & (ratios <= MAX_PROBE_RATIO))
    probes = [int(i) for i in usable[np.argsort(-lengths[usable])][:N_PROBES]]
    if not probes:
        return 0, {}
    crops = [crop(image, quads[i]) for i in probes]
    first = 90 if is_turned else 0
    strips = engine.recognize([upright(part, first) for part in crops])
    score = _probe_score(strips)
    if first == 0 and score >= SURE_SCORE:
        return 0, dict(zip(probes, strips, strict=True))
    opposite = engine.recognize([upright(part, first + 180) for part in crops])
    gain = _probe_score(opposite) - score
    if first == 0:
        return (180, {}) if gain > MIN_TURN_GAIN else (0, dict(zip(probes, strips, strict=True)))
    return (270 if gain > 0 else 90), {}


def _probe_score(strips: Sequence[Strip]) -> float:
    """Mean score, weighed by the number of characters."""
    n_chars = sum(len(strip.text) for strip in strips)
    if n_chars == 0:
        return 0.0
    return sum(strip.mean_score * len(strip.text) for strip in strips) / n_chars


def _read_quads(
    image: Image, quads: Quads, engine: OcrEngine, known: Mapping[int, Strip]
) -> list[Line]:
    """Read every quadrilateral; those in `known` have been."""
    widths, heights = sizes(quads)
    crops = [without_marks(crop(image, quad)) for quad in quads]
    stacks: dict[int, list[tuple[int, int]]] = {}
    for i in np.flatnonzero(heights > STACKED * widths).tolist():
        stacks[i] = stacked_characters(crops[i])
    flat = [i for i in range(len(quads)) if i not in known and i not in stacks]
    montages = [montage(crops[i], rows) for i, rows in stacks.items()]
    strips = engine.recognize([*(crops[i] for i in flat), *montages])
    read = {**known, **dict(zip(flat, strips, strict=False))}
    lines: list[Line] = []
    for i, strip in sorted(read.items()):
        lines += to_lines(strip, quads[i], crops[i])
    for (i, rows), strip in zip(stacks.items(), strips[len(flat) :], strict=True):
        lines += _stacked_lines(strip, rows, bounds(quads[i]))
    return lines


def _stacked_lines(strip: Strip, rows: Sequence[tuple[int, int]], box: Box) -> list[Line]:
    """One line for each character of a stack, or one for all where their number is unexpected."""
    if not strip.text:
        return []
    if len(strip.text) != len(rows):
        return [Line(strip.text, box, min(strip.score, UNSURE_STACK_SCORE))]
    return [
        Line(
            char,
            Box(box.x0, box.y0 + start, box.x1, box.y0 + stop),
            strip.score,
            (box.x0, box.x1),
        )
        for char, (start, stop) in zip(strip.text, rows, strict=True)
    ]
