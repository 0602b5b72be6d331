"""Rows of a page that was photographed or bent, put level by the ruled lines between their cells.

A page may stand upright as a whole while the rows of its tables climb: the two pages of an open
booklet are bent each in its own way. From one cell to the next of its row the ruled lines say how
steep a row is there. A plane of slopes, bilinear in x and y, is fitted to all of them (least
squares, outliers left out once), and its integral along x is how far a row has dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from extractor.assemble.lanes import is_next
from extractor.types import Box, Evidence, Role, Sheet, SheetKind

_MIN_PAIRS = 12
_OUTLIER = 3.0
_MIN_DROP = 0.25
_MAX_SPREAD = 0.5


@dataclass(frozen=True, slots=True)
class Bend:
    """How rows drop along x: their slope at (x, y) is `a + b x + c y + d x y`, all in the units of
    the sheet, x and y counted from the middle of its cells. Above `top` and below `bottom`, where
    nothing was seen, it is as there."""

    x: float
    y: float
    slope: tuple[float, float, float, float]
    top: float
    bottom: float

    def drop(self, x: float, y: float) -> float:
        """How much lower a row stands at (x, y) than at the middle of the table."""
        a, b, c, d = self.slope
        x, y = x - self.x, min(max(y, self.top), self.bottom) - self.y
        return (a + c * y) * x + (b + d * y) * x * x / 2


def find_bend(sheet: Sheet) -> Bend | None:
    """How the rows of a sheet are bent; None where they are level, or where neither enough cells
    nor, on a page without ruled columns, enough numbers beside each other tell.

    Numbers are few and differ in height, so that they tell one slope for the whole sheet only.
    """
    pairs = [(one, other) for one in sheet.cells for other in sheet.cells if is_next(one, other)]
    pairs = [(one, other) for one, other in pairs if other.center_x > one.center_x]
    is_ruled = len(pairs) >= _MIN_PAIRS
    if not is_ruled:
        pairs = list(_neighbours(sheet))
    if len(pairs) < _MIN_PAIRS:
        return None
    points = np.array([[(p.center_x, p.center_y), (q.center_x, q.center_y)] for p, q in pairs])
    slopes = (points[:, 1, 1] - points[:, 0, 1]) / (points[:, 1, 0] - points[:, 0, 0])
    middle = points.mean(axis=1)
    origin = np.median(middle, axis=0)
    if is_ruled:
        a, b, c, d = _bilinear(middle - origin, slopes)
    else:
        a, b, c, d = float(np.median(slopes)), 0.0, 0.0, 0.0
        if np.median(np.abs(slopes - a)) > _MAX_SPREAD * abs(a):
            return None
    top, bottom = points[:, :, 1].min(), points[:, :, 1].max()
    bend = Bend(float(origin[0]), float(origin[1]), (a, b, c, d), float(top), float(bottom))
    boxes = [box for pair in pairs for box in pair]
    least = _MIN_DROP * median(box.height for box in boxes)
    boxes += [f.box for f in sheet.fragments if f.box]
    drops = [abs(bend.drop(box.center_x, box.center_y)) for box in boxes]
    return bend if max(drops) > least else None


def _bilinear(
    places: NDArray[np.float64], slopes: NDArray[np.float64]
) -> tuple[float, float, float, float]:
    """Least squares over all places (n, 2) and slopes (n,), then again without outliers."""
    x, y = places.T
    terms = np.stack([np.ones_like(x), x, y, x * y], axis=1)
    # Scaled to one, so that a table of a single column or row leaves its own term at zero.
    terms_scale = np.abs(terms).max(axis=0) + 1e-9
    scaled = terms / terms_scale
    kept = np.ones(len(slopes), dtype=np.bool_)
    solution = np.zeros(4)
    for _ in range(2):
        solution, *_ = np.linalg.lstsq(scaled[kept], slopes[kept], rcond=1e-6)
        residual = np.abs(slopes - scaled @ solution)
        kept = residual <= _OUTLIER * np.median(residual) + 1e-9
    a, b, c, d = map(float, solution / terms_scale)
    return a, b, c, d


def _neighbours(sheet: Sheet) -> Iterator[tuple[Box, Box]]:
    """Numbers of a page and the next number to the right on the same line."""
    if sheet.kind is not SheetKind.PAGE:
        return
    boxes = [f.box for f in sheet.fragments if f.box and f.role is Role.VALUE]
    for box in boxes:
        right = [
            other
            for other in boxes
            if other.x0 > box.x1 and other.overlap_y(box) > 0.5 * max(other.height, box.height)
        ]
        if right:
            yield box, min(right, key=lambda other: other.x0)


def level(sheet: Sheet, bend: Bend | None) -> Sheet:
    """The sheet with every piece of print and every cell moved up or down to where its row would be
    if it were level. Evidence stays as it is."""
    if bend is None:
        return sheet
    return replace(
        sheet,
        fragments=tuple(
            replace(f, box=_moved(f.box, bend, -1)) if f.box else f for f in sheet.fragments
        ),
        cells=tuple(_moved(cell, bend, -1) for cell in sheet.cells),
    )


def restore(evidence: Evidence, sheets: Sequence[Sheet], bends: Sequence[Bend | None]) -> Evidence:
    """A place on a levelled sheet as it is on the page."""
    box = evidence.box
    for sheet, bend in zip(sheets, bends, strict=True):
        if bend is None or box is None or sheet.page != evidence.page:
            continue
        x, y = sheet.page_width, sheet.height
        place = Box(box.x0 * x - sheet.left, box.y0 * y, box.x1 * x - sheet.left, box.y1 * y)
        if 0 <= place.center_x < sheet.width:
            moved = _moved(place, bend, 1)
            box = Box(box.x0, max(0.0, moved.y0 / y), box.x1, min(1.0, moved.y1 / y))
            return replace(evidence, box=box)
    return evidence


def _moved(box: Box, bend: Bend, direction: int) -> Box:
    dy = direction * bend.drop(box.center_x, box.center_y)
    return Box(box.x0, box.y0 + dy, box.x1, box.y1 + dy)
