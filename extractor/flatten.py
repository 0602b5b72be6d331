"""Flattening of photographed pages: perspective and curl, measured on what was printed straight.

Ruled lines and lines of print are straight on paper. Where they are not in the image, a smooth
displacement is fitted that makes them straight again: y + D(x, y) is level along everything that
runs across, x + E(x, y) along everything that runs down. Each is a cubic B-spline along the lines
times a polynomial of low degree across them (a penalised spline: Eilers and Marx, "Flexible
smoothing with B-splines and penalties", 1996), fitted with Huber's loss. Only differences along a
line are measured, so that nothing is assumed of the distances between lines.

Measures are in heights of print (em) unless their names say otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.orientation import LONG, Quads, bounds, crop, sizes
from extractor.ridges import Ridge, covered, find_ridges, make_plane
from extractor.types import Box, Image, Warp

Floats = NDArray[np.float64]
Curve = Floats
"""Shape (n, 2), n >= 2: places (u, v) on one line, u in the direction of all lines, v across."""

WORKING_EM_PX = 14.0
"""Height of print in the image that is searched for ruled lines."""
BENT = 0.5
"""Where lines leave their level by less, every row stays apart from the next."""
LONG_LINE = 4.0
"""Least length of a ruled line that is followed."""
MARGIN = 1.5
WORD = 3.0
"""Print is averaged over this length: characters differ in where their ink is."""
FAINT, SPARSE = 10.0, 0.2
"""Grey levels that are noise, and share of the most ink below which there is no word."""
STACKED, SAME_ROW, REACH, PASSES = 1.5, 0.5, 10.0, 3
MIN_LINES = 5
MIN_COVER_ACROSS, MIN_COVER_DOWN = 1 / 3, 0.15
"""Share of the page's width, and height, along which lines must be known: a table may be low."""
MAX_REMAINING = 0.6
"""Share of the bends that may be left."""
SEGMENT, MIN_SEGMENTS, MAX_SEGMENTS, DEGREE = 5.0, 4, 12, 2
STIFFNESS, SHRINKAGE = 1e-3, 1e-5
"""Small beside what lines say, so that only places without lines are decided by them."""
OUTLIER, ROUNDS = 0.1, 6
MAX_STRETCH = 0.35
"""No more than that is taken out of a page; what asks for more is no paper."""
GRID, INVERSIONS = 64, 8
BAND_ROWS = 256


@dataclass(frozen=True, slots=True)
class Surface:
    """A displacement at every place (u, v): splines along u, powers of v.

    `weights` has the shape (number of splines, degree + 1). `along` and `across` are the ranges of
    u and v that were seen; beyond them it stays what it is at their ends.
    """

    weights: Floats
    along: tuple[float, float]
    across: tuple[float, float]

    def at(self, u: Floats, v: Floats) -> Floats:
        """Return the displacements at places (n,), (n,)."""
        basis = _basis(u, v, self.along, self.across, len(self.weights))
        return np.asarray(basis @ self.weights.ravel(), dtype=np.float64)


def flatten(image: Image, warp: Warp) -> Image:
    """Return the flat page, of the same size, white where nothing was photographed."""
    height, width = image.shape[:2]
    columns, rows = np.linspace(0, 1, width), np.linspace(0, 1, height)
    flat = np.empty_like(image)
    for start in range(0, height, BAND_ROWS):  # places take eight bytes a pixel
        band = slice(start, start + BAND_ROWS)
        xs, ys = _places(warp, columns, rows[band])
        flat[band] = cv2.remap(
            image,
            xs * (width - 1),
            ys * (height - 1),
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(255, 255, 255),
        )
    return flat


def on_page(box: Box, warp: Warp) -> Box:
    """Return the box around what a box of the flat page shows, on the page that was photographed;
    both in fractions of the page."""
    xs, ys = _places(
        warp,
        np.array([box.x0, box.center_x, box.x1]),
        np.array([box.y0, box.center_y, box.y1]),
    )
    left, top, right, bottom = (
        min(max(float(end), 0.0), 1.0) for end in (xs.min(), ys.min(), xs.max(), ys.max())
    )
    return Box(left, top, right, bottom)


def _places(warp: Warp, x: Floats, y: Floats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return where the columns x (w,) and rows y (h,) of the flat page cross on the photographed
    one: two arrays of shape (h, w). OpenCV's own interpolation is too coarse for this."""
    rows, columns = warp.xs.shape
    down, across = _shares(y, rows), _shares(x, columns)
    xs, ys = (down @ nodes @ across.T for nodes in (warp.xs, warp.ys))
    return xs.astype(np.float32), ys.astype(np.float32)


def _shares(places: Floats, n: int) -> NDArray[np.float32]:
    """Return what share each of n nodes, spread evenly over 0 .. 1, has in places (m,): (m, n)."""
    distance = np.abs(places.clip(0, 1)[:, None] * (n - 1) - np.arange(n))
    return np.asarray(np.maximum(0, 1 - distance), dtype=np.float32)


def find_warp(image: Image, quads: Quads) -> Warp | None:
    """Find how a page that is otherwise upright can be made flat.

    Args:
        image: the page.
        quads: where print was found in it.

    Returns:
        None where the page is flat already, where too little on it shows how it is bent, and where
        its lines would not become clearly straighter.
    """
    if len(quads) < MIN_LINES:
        return None
    widths, heights = sizes(quads)
    em = float(np.median(np.minimum(widths, heights)))
    height, width = image.shape[:2]
    scale = min(1.0, WORKING_EM_PX / max(em, 1.0))
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    if scale < 1.0:
        gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ruled, down = _ruled_lines(gray, quads * scale, em * scale)
    printed = _print_lines(gray, quads * scale, em * scale)
    across, down = [c / scale for c in (*ruled, *printed)], [c / scale for c in down]
    if len(across) >= MIN_LINES > len(ruled):
        joined: list[Curve] = []
        for _ in range(PASSES):  # where the slope is known, it is clear what stands side by side
            joined = _neighbours(quads, _surface([*across, *joined], em), em)
        across += joined
    d = _fit(across, em, MIN_COVER_ACROSS * width)
    e = _fit(down, em, MIN_COVER_DOWN * height)
    if d is None and e is None:
        return None
    warp = _inverted(d, e, width, height)
    return warp if _is_smooth(warp) else None


def _is_smooth(warp: Warp) -> bool:
    """Whether nothing is stretched, shrunk or slanted more than paper in front of a camera is."""
    steps = (
        np.diff(warp.xs, axis=1) * (warp.xs.shape[1] - 1) - 1,
        np.diff(warp.ys, axis=0) * (warp.ys.shape[0] - 1) - 1,
        np.diff(warp.xs, axis=0) * (warp.xs.shape[0] - 1),
        np.diff(warp.ys, axis=1) * (warp.ys.shape[1] - 1),
    )
    return all(float(np.abs(step).max()) <= MAX_STRETCH for step in steps)


def _print_lines(gray: NDArray[Any], quads: Quads, em: float) -> list[Curve]:
    """Return the middle of the ink along every long line of print."""
    widths, heights = sizes(quads)
    curves = []
    for quad in quads[widths > LONG * heights]:
        strip = crop(gray, quad)
        height, width = strip.shape
        ink = np.clip(np.median(strip) - strip.astype(np.float64) - FAINT, 0, None)
        cuts = np.linspace(0, width, max(2, round(width / (WORD * em))) + 1).astype(int)
        masses = np.add.reduceat(ink, cuts[:-1], axis=1)
        total = masses.sum(axis=0)
        inked = total > SPARSE * total.max()
        if inked.sum() < 2:
            continue
        v = (masses * (np.arange(height)[:, None] + 0.5)).sum(axis=0)[inked] / total[inked]
        u = ((cuts[:-1] + cuts[1:]) / 2)[inked]
        top_left, top_right, _, bottom_left = quad.astype(np.float64)
        along, across = (top_right - top_left) / width, (bottom_left - top_left) / height
        curves.append(top_left + u[:, None] * along + v[:, None] * across)
    return curves


def _neighbours(quads: Quads, surface: Surface, em: float) -> list[Curve]:
    """Return what joins short pieces of print to what stands left of them: where no lines are
    ruled, the numbers of a table tell the slope of its rows."""
    widths, heights = sizes(quads)
    quads = quads[heights <= STACKED * widths].astype(np.float64)
    is_long = (widths > LONG * heights)[heights <= STACKED * widths]
    middles = quads.mean(axis=1)
    ends = np.where(is_long[:, None], (quads[:, 1] + quads[:, 2]) / 2, middles)
    levels = ends[:, 1] + _continued(surface, ends[:, 0], ends[:, 1], em)
    own = middles[:, 1] + _continued(surface, middles[:, 0], middles[:, 1], em)
    gaps = middles[~is_long, 0] - ends[:, :1]
    is_beside = np.abs(own[~is_long] - levels[:, None]) <= SAME_ROW * em
    gaps = np.where(is_beside & (gaps >= em) & (gaps <= REACH * em), gaps, np.inf)
    if gaps.size == 0:
        return []
    return [
        np.stack([ends[i], middles[~is_long][j]])
        for i, j in enumerate(gaps.argmin(axis=1))
        if np.isfinite(gaps[i, j])
    ]


def _continued(surface: Surface, u: Floats, v: Floats, em: float) -> Floats:
    """Return displacements that go on beyond the lines with the slope at their ends."""
    beyond = u - u.clip(*surface.along)
    here = surface.at(u, v)
    inward = surface.at(u - beyond - np.sign(beyond) * em, v)
    return np.asarray(here + (here - inward) * np.abs(beyond) / em, dtype=np.float64)


def _ruled_lines(gray: NDArray[Any], quads: Quads, em: float) -> tuple[list[Curve], list[Curve]]:
    """Return what is ruled across, and what is ruled down with u and v exchanged."""
    text = covered(gray.shape, [bounds(quad) for quad in quads], 1.0)
    # What lies around the print belongs to the table under the paper.
    left, top = np.maximum(quads.min(axis=(0, 1)) - MARGIN * em, 0).astype(int).tolist()
    right, bottom = np.maximum(quads.max(axis=(0, 1)) + MARGIN * em, 0).astype(int).tolist()
    gray, text = gray[top:bottom, left:right], text[top:bottom, left:right]
    across = find_ridges(make_plane(gray, text, em))
    down = find_ridges(make_plane(cv2.transpose(gray), cv2.transpose(text), em))
    return _curves(across, (left, top), em), _curves(down, (top, left), em)


def _curves(ridges: Sequence[Ridge], origin: tuple[int, int], em: float) -> list[Curve]:
    return [np.array([t.xs, t.ys]).T + origin for t in ridges if t.length >= LONG_LINE * em]


def _fit(curves: Sequence[Curve], em: float, least: float) -> Surface | None:
    """Return the displacement that makes lines straight; None where they are already, cover less
    than a `least` length, or do not become clearly straighter."""
    if len(curves) < MIN_LINES or _covered_length(curves) < least:
        return None
    surface = _surface(curves, em)
    if _bend(surface, curves) < BENT * em:
        return None
    bent = _unevenness(curves)
    left = _unevenness([np.stack([c[:, 0], c[:, 1] + surface.at(*c.T)], axis=1) for c in curves])
    return surface if left <= MAX_REMAINING * bent else None


def _covered_length(curves: Sequence[Curve]) -> float:
    """Return along how many pixels there is at least one line."""
    end, total = -np.inf, 0.0
    for start, stop in sorted((float(c[0, 0]), float(c[-1, 0])) for c in curves):
        total += max(0.0, stop - max(start, end))
        end = max(end, stop)
    return total


def _bend(surface: Surface, curves: Sequence[Curve]) -> float:
    """Return by how much the displacement differs along the lines of a page, at its worst level."""
    u = np.linspace(*surface.along, 24)
    levels = np.quantile(np.concatenate([c[:, 1] for c in curves]), [0.1, 0.3, 0.5, 0.7, 0.9])
    moved = surface.at(np.tile(u, 5), np.repeat(levels, 24)).reshape(5, 24)
    return float(np.ptp(moved, axis=1).max())


def _unevenness(curves: Sequence[Curve]) -> float:
    """Return how far lines leave their own level, on the average over their length."""
    lengths = np.array([np.ptp(c[:, 0]) for c in curves])
    spreads = np.array([float(np.abs(c[:, 1] - c[:, 1].mean()).mean()) for c in curves])
    return float((lengths * spreads).sum() / lengths.sum())


def _surface(curves: Sequence[Curve], em: float) -> Surface:
    """Fit the displacement that makes every curve level, by iteratively reweighted least squares.
    Each curve's own mean is taken out, since its level is not known."""
    places = np.concatenate(curves)
    owner = np.repeat(np.arange(len(curves)), [len(c) for c in curves])
    lengths = np.array([np.ptp(c[:, 0]) for c in curves]) / em
    counts = np.bincount(owner)
    u, v = places.T
    along = float(u.min()), float(u.max())
    across = float(v.min()), float(v.max())
    segments = (along[1] - along[0]) / (SEGMENT * em)
    n = round(min(max(segments, MIN_SEGMENTS), MAX_SEGMENTS)) + 3
    basis = _basis(u, v, along, across, n)

    starts = np.cumsum(counts) - counts
    weights = (lengths / counts)[owner]
    penalty = _penalty(n)
    robust = np.ones(len(u))
    solution = np.zeros(basis.shape[1])
    for _ in range(ROUNDS):
        w = weights * robust
        total = np.bincount(owner, w)
        centred = basis - (np.add.reduceat(basis * w[:, None], starts) / total[:, None])[owner]
        level = v - (np.bincount(owner, w * v) / total)[owner]
        normal = centred.T @ (centred * w[:, None]) / w.sum()
        solution = np.linalg.solve(normal + penalty, -centred.T @ (w * level) / w.sum())
        residual = np.abs(level + centred @ solution) / em
        robust = np.minimum(1.0, OUTLIER / np.maximum(residual, 1e-9))
    return Surface(solution.reshape(n, DEGREE + 1), along, across)


def _penalty(n: int) -> Floats:
    """Return what bends and sizes cost, the more the higher the power of v."""
    curvature = np.diff(np.eye(n), 2, axis=0)
    cost = STIFFNESS / n * curvature.T @ curvature + SHRINKAGE * np.eye(n)
    return np.asarray(np.kron(cost, np.diag(10.0 ** np.arange(DEGREE + 1))), dtype=np.float64)


def _basis(
    u: Floats, v: Floats, along: tuple[float, float], across: tuple[float, float], n: int
) -> Floats:
    """Return the values of all n * (DEGREE + 1) functions at places, shape (places, functions)."""
    t = (u.clip(*along) - along[0]) / max(along[1] - along[0], 1e-9) * (n - 3)
    i = np.minimum(t.astype(int), n - 4)
    t = t - i
    splines = np.zeros((len(u), n))
    rows = np.arange(len(u))
    for k, values in enumerate(
        (
            (1 - t) ** 3,
            3 * t**3 - 6 * t**2 + 4,
            -3 * t**3 + 3 * t**2 + 3 * t + 1,
            t**3,
        )
    ):
        splines[rows, i + k] = values / 6
    middle, half = (across[0] + across[1]) / 2, max((across[1] - across[0]) / 2, 1e-9)
    powers = ((v.clip(*across) - middle) / half)[:, None] ** np.arange(DEGREE + 1)
    return np.asarray((splines[:, :, None] * powers[:, None, :]).reshape(len(u), -1))


def _inverted(d: Surface | None, e: Surface | None, width: int, height: int) -> Warp:
    """Find where every place of the flat page comes from, by fixed-point iteration."""
    flat_x, flat_y = (
        g.ravel()
        for g in np.meshgrid(np.linspace(0, width, GRID + 1), np.linspace(0, height, GRID + 1))
    )
    x, y = flat_x, flat_y
    for _ in range(INVERSIONS):
        moved_x = flat_x if e is None else flat_x - e.at(y, x)
        moved_y = flat_y if d is None else flat_y - d.at(x, y)
        x, y = moved_x, moved_y
    shape = GRID + 1, GRID + 1
    return Warp(
        (x / width).reshape(shape).astype(np.float32),
        (y / height).reshape(shape).astype(np.float32),
    )
