"""Thin dark ridges in a page image: what may be a lined line, followed from end to end.

A lined line is thin, much longer than print is high, and no stroke of a character. It is looked for
in the image averaged along its direction, in which print becomes a smear and noise fades, while a
line, even a faint or broken one, stays a thin dark ridge. It is followed, since no page is quite
flat, and must be dark by itself outside of print, which dashes and strokes are not.

Everything runs from left to right; vertical lines are found on the page turned over its diagonal.
Measures are in heights of print (em) unless their names say otherwise.
"""

from __future__ import annotations

import itertools
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.types import Box

AVERAGED = 1.5
MAX_THICKNESS = 0.3
MIN_PIECE = 1.5
MAX_BOW = 0.1
"""How far a ridge may leave its row, in shares of its length."""
MIN_CONTRAST = 5.0
NOISE, NOISE_QUANTILE = 1.5, 0.9
"""Least depth of a ridge in grey levels, and compared with what the page has outside of print."""
DARK = 0.4
MIN_COVERAGE, WEAK_COVERAGE, WEAK = 0.55, 0.8, 3.0
"""Share of its length in which a line is seen pixel by pixel; a row of dashes has less. More is
asked for where its depth is below `WEAK` times the noise."""
TEXT_BORDER = 0.25
MIN_FREE = 0.4
BRIDGED, BRIDGED_WIDE = 1.5, 6.0
"""Gap in a line that is always closed, and that is closed where something speaks for it."""
REMAINS = 0.2
"""Share of a gap that is still dark where a line was rubbed out."""
SAME_LEVEL, DRIFT = 0.3, 0.015
DOUBLE = 0.45
TOUCH = 0.5
"""A line that ends this near to another ends on it."""


@dataclass(frozen=True, slots=True)
class Ridge:
    """One line as knots, `xs` ascending, with its contrast in grey levels and what share of it is
    seen."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    depth: float
    coverage: float

    @property
    def start(self) -> float:
        return self.xs[0]

    @property
    def stop(self) -> float:
        return self.xs[-1]

    @property
    def length(self) -> float:
        return self.xs[-1] - self.xs[0]

    def at(self, x: float) -> float:
        """Return y at x, beyond the ends that of the end."""
        i = bisect(self.xs, x)
        if i == 0 or i == len(self.xs):
            return self.ys[min(i, len(self.xs) - 1)]
        x0, x1, y0, y1 = self.xs[i - 1], self.xs[i], self.ys[i - 1], self.ys[i]
        return y0 + (y1 - y0) * (x - x0) / max(x1 - x0, 1e-9)

    def part(self, start: float, stop: float) -> Ridge:
        """Return what lies between two x."""
        inner = [(x, y) for x, y in zip(self.xs, self.ys, strict=True) if start < x < stop]
        knots = [(start, self.at(start)), *inner, (stop, self.at(stop))]
        return replace(self, xs=tuple(x for x, _ in knots), ys=tuple(y for _, y in knots))


def covered(shape: tuple[int, ...], boxes: Sequence[Box], scale: float) -> NDArray[np.uint8]:
    """Return where print is: 1 at its borders, where lines may touch it, 2 inside."""
    text = np.zeros(shape, dtype=np.uint8)
    for value, share in ((1, 0.0), (2, TEXT_BORDER)):
        for box in boxes:
            margin = share * box.height
            x0, x1 = round(box.x0 * scale), round(box.x1 * scale)
            y0, y1 = round((box.y0 + margin) * scale), round((box.y1 - margin) * scale)
            text[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] = value
    return text


@dataclass(frozen=True, slots=True)
class Plane:
    """A page as seen by whoever looks for lines that run from left to right.

    `text` is 0 outside of print, see `covered`. `dark` is how much darker a pixel or one next to it
    is than the paper above and below, 0 where that is only noise. All have the shape of the page.
    """

    gray: NDArray[np.uint8]
    text: NDArray[np.uint8]
    dark: NDArray[np.uint8]
    noise: float
    em: float


def make_plane(gray: NDArray[Any], text: NDArray[Any], em: float) -> Plane:
    """Prepare a page, shape (H, W), whose print is `em` pixels high."""
    dark = cv2.dilate(_deepened(gray, em), np.ones((3, 1), np.uint8))
    blank = dark[::3, ::3][text[::3, ::3] == 0]
    noise = NOISE * _quantile(blank, 0.75)
    return Plane(gray, text, np.where(dark > noise, dark, 0).astype(np.uint8), noise, em)


def _deepened(gray: NDArray[Any], em: float) -> NDArray[np.uint8]:
    """Return how much darker every pixel is than what stands above and below it."""
    deepened = cv2.morphologyEx(gray, cv2.MORPH_BLACKHAT, _thickness(em))
    return np.asarray(deepened, dtype=np.uint8)


def _thickness(em: float) -> NDArray[np.uint8]:
    """A column of pixels that is higher than any line."""
    return np.ones((2 * max(1, round(MAX_THICKNESS * em / 2)) + 1, 1), dtype=np.uint8)


def find_ridges(plane: Plane) -> list[Ridge]:
    """Follow the thin dark ridges that run from left to right, pieces of lines as a rule."""
    em, text = plane.em, plane.text
    length = max(3, round(AVERAGED * em))
    smear = cv2.blur(plane.gray, (length, 1), borderType=cv2.BORDER_REPLICATE)
    relief = _deepened(smear, em)
    blank = relief[::3, ::3][text[::3, ::3] == 0]
    noise = _quantile(blank, NOISE_QUANTILE)
    is_deep = (relief > max(MIN_CONTRAST, NOISE * noise)) & (text < 2)
    crest = cv2.dilate(
        relief, np.ones((2 * max(1, round(MAX_THICKNESS * em / 2)) + 1, 1), np.uint8)
    )
    wide = cv2.dilate((is_deep & (relief >= crest)).astype(np.uint8), np.ones((3, 3), np.uint8))
    long = cv2.morphologyEx(wide, cv2.MORPH_OPEN, np.ones((1, round(em)), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(long, connectivity=8)
    widths, heights = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    is_long = (widths >= MIN_PIECE * em) & (heights <= em / 2 + MAX_BOW * widths)
    ridges: list[Ridge] = []
    for i in np.flatnonzero(is_long[1:]) + 1:
        x, y, w, h = stats[i, :4].tolist()
        area = slice(y, y + h), slice(x, x + w)
        depths = np.where(labels[area] == i, relief[area], 0)
        ys = depths.argmax(axis=0)
        ridges += _pieces(np.arange(x, x + w), ys + y, depths[ys, np.arange(w)], plane)
    return ridges


def _pieces(xs: NDArray[Any], ys: NDArray[Any], depths: NDArray[Any], plane: Plane) -> list[Ridge]:
    """Return what of one ridge is a line, and neither strokes of characters nor dashes.

    A line is dark by itself, not only on the average, and outside of print.
    """
    em, dark = plane.em, plane.dark[ys, xs]
    is_free = plane.text[ys, xs] == 0
    if is_free.sum() < MIN_FREE * len(xs):
        return []
    usual = _quantile(dark[is_free], 0.75)
    is_seen = (dark > 0) & (dark >= DARK * np.maximum(depths, usual))
    seen = np.flatnonzero(is_seen & is_free & (depths >= _quantile(depths, 0.5) / 2))
    pieces = []
    for part in np.split(seen, np.flatnonzero(np.diff(seen) > BRIDGED * em) + 1):
        if len(part) < 2:
            continue
        whole = slice(int(part[0]), int(part[-1]) + 1)
        length, free = whole.stop - whole.start, int(is_free[whole].sum())
        depth, coverage = _quantile(depths[whole], 0.5), len(part) / free
        least = MIN_COVERAGE if depth >= WEAK * plane.noise else WEAK_COVERAGE
        if length >= MIN_PIECE * em and free >= MIN_FREE * length and coverage >= least:
            pieces.append(Ridge(*_knots(xs[whole], ys[whole], round(em)), depth, coverage))
    return pieces


def _quantile(values: NDArray[Any], share: float) -> float:
    """Return the value below which a share of a flat array lies, 0.0 if it is empty. NumPy's own
    takes many times as long for the few values of a ridge."""
    k = int(share * len(values))
    return float(np.partition(values, k)[k]) if len(values) else 0.0


def _knots(
    xs: NDArray[Any], ys: NDArray[Any], step: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Reduce a ridge to its ends and one place a step between them."""
    bounds = np.linspace(0, len(xs), max(1, len(xs) // step) + 1).astype(int).tolist()
    middle = [
        (float(xs[(a + b) // 2]), _quantile(ys[a:b], 0.5) + 0.5)
        for a, b in itertools.pairwise(bounds)
    ]
    places = [(float(xs[0]), middle[0][1]), *middle, (float(xs[-1]) + 1, middle[-1][1])]
    return tuple(x for x, _ in places), tuple(y for _, y in places)


def join(ridges: Sequence[Ridge], crossing: Sequence[Ridge], plane: Plane) -> list[Ridge]:
    """Join the pieces of one line, and lines that are printed double.

    A wide gap is closed where something is left of the line, or where a line of the other direction
    (`crossing`) ends on it.
    """
    lines: list[Ridge] = []
    for ridge in sorted(ridges, key=lambda t: t.start):
        fitting = [
            (abs(ridge.ys[0] - line.at(ridge.start)), n)
            for n, line in enumerate(lines)
            if _is_one(line, ridge, crossing, plane)
        ]
        if not fitting:
            lines.append(ridge)
            continue
        n = min(fitting)[1]
        lines[n] = _union(lines[n], ridge)
    return lines


def _is_one(line: Ridge, piece: Ridge, crossing: Sequence[Ridge], plane: Plane) -> bool:
    """Whether a piece that begins further right belongs to a line."""
    em = plane.em
    gap = piece.start - line.stop
    offset = abs(piece.ys[0] - line.at(piece.start))
    if gap <= 0:
        end = min(line.stop, piece.stop)
        return max(offset, abs(piece.at(end) - line.at(end))) <= DOUBLE * em
    if offset > SAME_LEVEL * em + DRIFT * gap:
        return False
    if gap <= BRIDGED * em:
        return True
    ends = (line.stop, line.ys[-1]), (piece.start, piece.ys[0])
    if remains(*ends, line, plane) >= REMAINS:
        return True
    level = (line.ys[-1] + piece.ys[0]) / 2
    reach = TOUCH * em
    met = [t for t in crossing if t.start - reach <= level <= t.stop + reach]
    # A line that ends on this level ends on a line.
    inner = sorted(
        t.at(level)
        for t in met
        if min(abs(t.start - level), abs(t.stop - level)) <= reach
        and line.stop + reach < t.at(level) < piece.start - reach
    )
    supports = itertools.pairwise((line.stop, *inner, piece.start))
    if max(b - a for a, b in supports) > BRIDGED_WIDE * em:
        return False
    # Between two lines that go on, a merged cell is as likely as a broken line.
    is_cell = all(any(abs(t.at(level) - end) <= reach for t in met) for end, _ in ends)
    return bool(inner) or not is_cell


def remains(
    start: tuple[float, float], stop: tuple[float, float], line: Ridge, plane: Plane
) -> float:
    """Return the share of the way from `start` to `stop` (x and y) on which a line is still seen.

    0.0 where most of the way leads through print.
    """
    xs = np.arange(max(0, int(start[0])), min(plane.dark.shape[1], int(stop[0])))
    ys = np.linspace(start[1], stop[1], len(xs)).astype(int).clip(0, plane.dark.shape[0] - 1)
    is_free = plane.text[ys, xs] < 2
    if is_free.sum() < max(1.0, MIN_FREE * len(xs)):
        return 0.0
    dark = plane.dark[ys, xs][is_free]
    return float(((dark > 0) & (dark >= DARK * line.depth)).mean())


def _union(a: Ridge, b: Ridge) -> Ridge:
    knots = sorted(zip((*a.xs, *b.xs), (*a.ys, *b.ys), strict=True))
    share = a.length / max(a.length + b.length, 1e-9)
    whole = max(a.stop, b.stop) - min(a.start, b.start)
    seen = min(1.0, (a.coverage * a.length + b.coverage * b.length) / max(whole, 1e-9))
    depth = share * a.depth + (1 - share) * b.depth
    xs, ys = zip(*knots, strict=True)
    return Ridge(xs, ys, depth, seen)
