"""Ruled lines of a page image, and the cells that they bound: evidence of what belongs together.

Lines are found as `ridges`. Cells are the faces of their graph: at every crossing, the smallest
rectangle whose four sides are ruled all the way. What is not closed is no cell, and nothing is
completed by guessing.

Measures are in heights of print (em) unless their names say otherwise.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.ridges import (
    REMAINS,
    TOUCH,
    Plane,
    Ridge,
    covered,
    find_ridges,
    join,
    make_plane,
    remains,
)
from extractor.types import Box, Image

WORKING_EM_PX = 14.0
"""Height of print in the image that is searched; in it the thinnest printed line is still seen."""
MIN_LENGTH = 4.0
"""A shorter line is a rule only if both of its ends meet another."""
MIN_SIDE = 0.5
DIRECTION = 10.0
"""Length of the end of a rule that shows where it goes."""
OVERHANG = 2.0
STREAK = 0.5
FAINT = 0.35
MAX_CUT, ONE_LINE = 0.3, 1.6
MOST = 0.6


@dataclass(frozen=True, slots=True)
class Rule:
    """A ruled line from end to end, in pixels, from left to right or from top to bottom.

    `score` is in [0, 1]: how dark it is compared with the darkest rules of the page, and how much
    of it is seen.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    score: float


@dataclass(frozen=True, slots=True)
class Ruling:
    """The rules of one page and the cells between them; all empty for a page without rules.

    Cells are rectangles also where the page is not quite straight; those next to each other share
    their border unless one of them is merged. A page of three-line tables has horizontal rules and
    no cells.
    """

    horizontal: tuple[Rule, ...] = ()
    vertical: tuple[Rule, ...] = ()
    cells: tuple[Box, ...] = ()


def find_ruling(image: Image, print_height_px: float, text_boxes: Sequence[Box]) -> Ruling:
    """Find the ruled lines of an upright page and the cells that they bound.

    Lines may slope by half a degree, be bowed a little, faint, doubled, or broken.

    Args:
        image: the page.
        print_height_px: the usual height of a line of print, in its pixels.
        text_boxes: where print was found, in its pixels; strokes inside are no rules.

    Returns:
        Rules and cells in pixels of the image, from top to bottom and left to right.
    """
    scale = min(1.0, WORKING_EM_PX / max(print_height_px, 1.0))
    em = max(print_height_px * scale, 4.0)
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    if scale < 1.0:
        gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    text = covered(gray.shape, text_boxes, scale)
    flat = make_plane(gray, text, em)
    tall = make_plane(cv2.transpose(gray), cv2.transpose(text), em)
    across, down = find_ridges(flat), find_ridges(tall)
    across = join(across, down, flat)
    down = join(down, across, tall)
    across, down = _extended(across, down, flat), _extended(down, across, tall)
    met = _meetings(across, down, em)
    across, down = _parted(across, met[0], flat), _parted(down, met[1], tall)
    across, down = _rules(across, down, em), _rules(down, across, em)
    cells = [
        Box(c.x0 / scale, c.y0 / scale, c.x1 / scale, c.y1 / scale)
        for c in _cells(_dark(across), _dark(down), em)
    ]
    darkest = max((ridge.depth for ridge in (*across, *down)), default=1.0)
    return Ruling(
        tuple(
            Rule(t.start / scale, t.at(t.start) / scale, t.stop / scale, t.at(t.stop) / scale, s)
            for t, s in _scored(across, darkest)
        ),
        tuple(
            Rule(t.at(t.start) / scale, t.start / scale, t.at(t.stop) / scale, t.stop / scale, s)
            for t, s in _scored(down, darkest)
        ),
        tuple(_uncut(cells, [b for b in text_boxes if b.height <= ONE_LINE * print_height_px])),
    )


def cell_at(ruling: Ruling, x: float, y: float) -> Box | None:
    """Return the cell that holds a point, None where there is none."""
    holding = [c for c in ruling.cells if c.x0 <= x < c.x1 and c.y0 <= y < c.y1]
    return min(holding, key=lambda c: c.width * c.height, default=None)


def columns(ruling: Ruling, box: Box) -> tuple[float, ...]:
    """Return the x, at half height, of the vertical rules that run through most of a region."""
    found = []
    for rule in ruling.vertical:
        seen = max(0.0, min(rule.y1, box.y1) - max(rule.y0, box.y0))
        share = (box.center_y - rule.y0) / max(rule.y1 - rule.y0, 1e-9)
        x = rule.x0 + (rule.x1 - rule.x0) * min(max(share, 0.0), 1.0)
        if seen >= MOST * box.height and box.x0 <= x <= box.x1:
            found.append(x)
    return tuple(sorted(found))


def rows(ruling: Ruling, box: Box) -> tuple[float, ...]:
    """Return the y, at half width, of the horizontal rules that run through most of a region."""
    turned = Ruling(
        vertical=tuple(Rule(r.y0, r.x0, r.y1, r.x1, r.score) for r in ruling.horizontal)
    )
    return columns(turned, Box(box.y0, box.x0, box.y1, box.x1))


def _extended(ridges: Sequence[Ridge], crossing: Sequence[Ridge], plane: Plane) -> list[Ridge]:
    """Prolong rules to the next one where that is near, or where something is left on the way."""
    result = []
    for ridge in ridges:
        left, right = (_aim(ridge, side, crossing, plane) for side in (-1, 1))
        xs = (*(x for x, _ in left), *ridge.xs, *(x for x, _ in right))
        ys = (*(y for _, y in left), *ridge.ys, *(y for _, y in right))
        result.append(replace(ridge, xs=xs, ys=ys))
    return result


def _aim(
    ridge: Ridge, side: int, crossing: Sequence[Ridge], plane: Plane
) -> list[tuple[float, float]]:
    """Return where a rule goes on to at its left (-1) or right (1) end: one place, or none."""
    em, reach = plane.em, TOUCH * plane.em
    is_long = ridge.length >= MIN_LENGTH * em
    x, y = (ridge.xs[-1], ridge.ys[-1]) if side > 0 else (ridge.xs[0], ridge.ys[0])
    back = min(ridge.length, DIRECTION * em)
    slope = side * (y - ridge.at(x - side * back)) / back if is_long else 0.0
    met = [t.at(y) for t in crossing if t.start - reach <= y <= t.stop + reach]
    goal = min((t for t in met if side * (t - x) > 0), key=lambda t: side * t, default=x)
    gap = abs(goal - x)
    ends = sorted([(x, y), (goal, y + slope * (goal - x))])
    least = REMAINS if gap <= MIN_LENGTH * em else 2 * REMAINS
    if gap == 0 or not (
        (is_long and gap <= em) or remains(ends[0], ends[1], ridge, plane) >= least
    ):
        return []
    return [ends[0] if side < 0 else ends[1]]


def _meetings(
    across: Sequence[Ridge], down: Sequence[Ridge], em: float
) -> tuple[list[list[float]], list[list[float]]]:
    """Return for every rule where along it the rules of the other direction meet it."""
    if not across or not down:
        return [[] for _ in across], [[] for _ in down]
    x, y, meets = _crossings(across, down, em)
    return (
        [sorted(x[i, meets[i]].tolist()) for i in range(len(across))],
        [sorted(y[meets[:, i], i].tolist()) for i in range(len(down))],
    )


def _parted(ridges: Sequence[Ridge], met: Sequence[Sequence[float]], plane: Plane) -> list[Ridge]:
    """Cut rules where they run alone: between any two lines that a rule crosses, another runs
    beside it. A rule that is really there nevertheless is a crease, or a streak of a copier.

    `met` has for each rule where the rules of the other direction meet it.
    """
    result = []
    for ridge, places in zip(ridges, met, strict=True):
        parts = [
            (a, b)
            for a, b in itertools.pairwise((ridge.start, *places, ridge.stop))
            if b - a > OVERHANG * plane.em
            and not any(t.start <= (a + b) / 2 <= t.stop for t in ridges if t is not ridge)
        ]
        if not parts or not places:
            result.append(ridge)
            continue
        shares = (remains((a, ridge.at(a)), (b, ridge.at(b)), ridge, plane) for a, b in parts)
        if max(shares) < STREAK:
            ends = [ridge.start, *itertools.chain.from_iterable(parts), ridge.stop]
            kept = zip(ends[::2], ends[1::2], strict=True)
            result += [ridge.part(a, b) for a, b in kept if b - a > plane.em]
    return result


def _rules(ridges: Sequence[Ridge], crossing: Sequence[Ridge], em: float) -> list[Ridge]:
    """Keep what is long, or ends on other rules at both ends."""
    return sorted(
        (
            ridge
            for ridge in ridges
            if ridge.length >= MIN_LENGTH * em
            or all(
                any(_meets(other, ridge.at(end), end, em) for other in crossing)
                for end in (ridge.start, ridge.stop)
            )
        ),
        key=lambda t: (t.at((t.start + t.stop) / 2), t.start),
    )


def _meets(rule: Ridge, x: float, y: float, em: float) -> bool:
    reach = TOUCH * em
    return rule.start - reach <= x <= rule.stop + reach and abs(rule.at(x) - y) <= reach


def _scored(ridges: Iterable[Ridge], darkest: float) -> list[tuple[Ridge, float]]:
    return [(t, min(1.0, t.depth / darkest) * t.coverage) for t in ridges]


# --- cells -------------------------------------------------------------------------------------


def _dark(rules: Sequence[Ridge]) -> list[Ridge]:
    """Leave out what is much fainter than most: it shows through from the back of the page."""
    order = sorted(rules, key=lambda t: t.depth)
    lengths = np.cumsum([t.length for t in order])
    if not order:
        return []
    usual = order[int(np.searchsorted(lengths, lengths[-1] / 2))].depth
    return [t for t in rules if t.depth >= FAINT * usual]


def _cells(across: Sequence[Ridge], down: Sequence[Ridge], em: float) -> list[Box]:
    """Return the faces of the graph of rules."""
    if len(across) < 2 or len(down) < 2:
        return []
    x, y, meets = _crossings(across, down, em)
    reach = TOUCH * em
    starts, stops = np.array([[t.start, t.stop] for t in across]).T[:, :, np.newaxis]
    tops, bottoms = np.array([[t.start, t.stop] for t in down]).T[:, np.newaxis, :]
    goes_right, goes_left = meets & (x < stops - reach), meets & (x > starts + reach)
    goes_down, goes_up = meets & (y < bottoms - reach), meets & (y > tops + reach)
    least = MIN_SIDE * em
    corners = []
    for h, v in np.argwhere(goes_right & goes_down).tolist():
        rights = np.flatnonzero(goes_left[h] & goes_down[h] & (x[h] > x[h, v] + least))
        belows = np.flatnonzero(goes_right[:, v] & goes_up[:, v] & (y[:, v] > y[h, v] + least))
        is_closed = (goes_left & goes_up)[np.ix_(belows, rights)]
        if is_closed.any():
            areas = np.outer(y[belows, v] - y[h, v], x[h, rights] - x[h, v])
            n, m = np.unravel_index(np.where(is_closed, areas, np.inf).argmin(), areas.shape)
            corners.append((h, v, int(belows[n]), int(rights[m])))
    # A frame that shares no side with another is no table, but the edge of a sheet or a box.
    sides = Counter(
        side for h, v, below, right in corners for side in ((0, h), (1, v), (0, below), (1, right))
    )
    faces = [
        Box(
            float(x[h, v] + x[below, v]) / 2,
            float(y[h, v] + y[h, right]) / 2,
            float(x[h, right] + x[below, right]) / 2,
            float(y[below, v] + y[below, right]) / 2,
        )
        for h, v, below, right in corners
        if max(sides[0, h], sides[0, below], sides[1, v], sides[1, right]) > 1
    ]
    return _innermost(faces)


def _uncut(cells: Sequence[Box], lines: Sequence[Box]) -> list[Box]:
    """Leave out cells whose upper or lower side cuts a line of print: no printed rule does."""
    if not cells or not lines:
        return list(cells)
    x0, y0, x1, y1 = np.array([(c.x0, c.y0, c.x1, c.y1) for c in cells]).T[:, :, np.newaxis]
    left, top, right, bottom = np.array([(b.x0, b.y0, b.x1, b.y1) for b in lines]).T
    x, y, margin = (left + right) / 2, (top + bottom) / 2, MAX_CUT * (bottom - top)
    is_inside = (x0 < x) & (x < x1) & (y0 < y) & (y < y1)
    is_cut = (is_inside & ((top < y0 - margin) | (bottom > y1 + margin))).any(axis=1)
    return [cell for cell, cut in zip(cells, is_cut.tolist(), strict=True) if not cut]


def _crossings(
    across: Sequence[Ridge], down: Sequence[Ridge], em: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return x and y where rules cross or would, and whether they do: (len(across), len(down))."""
    y = np.array([[float(np.mean(t.ys))] * len(down) for t in across])
    x = y
    for _ in range(2):
        x = np.array([np.interp(y[:, i], t.xs, t.ys) for i, t in enumerate(down)]).T
        y = np.array([np.interp(x[i], t.xs, t.ys) for i, t in enumerate(across)])
    reach = TOUCH * em
    starts, stops = np.array([[t.start, t.stop] for t in across]).T[:, :, np.newaxis]
    tops, bottoms = np.array([[t.start, t.stop] for t in down]).T[:, np.newaxis, :]
    meets = (x >= starts - reach) & (x <= stops + reach)
    return x, y, meets & (y >= tops - reach) & (y <= bottoms + reach)


def _innermost(faces: Sequence[Box]) -> list[Box]:
    """Leave out faces that hold the middle of a smaller one: one of their sides was not seen."""
    kept: list[Box] = []
    middles = np.empty((0, 2))
    for box in sorted(faces, key=lambda box: box.width * box.height):
        x, y = middles.T
        if not ((box.x0 < x) & (x < box.x1) & (box.y0 < y) & (y < box.y1)).any():
            kept.append(box)
            middles = np.vstack((middles, (box.center_x, box.center_y)))
    return sorted(kept, key=lambda box: (box.y0, box.x0))
