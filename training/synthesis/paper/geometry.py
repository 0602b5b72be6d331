"""Where every point of a clean page goes, and the pixels that go with it.

Coordinates are continuous pixels, x first: (0, 0) is the upper left corner of the first pixel,
whose centre is (0.5, 0.5). Every step maps points forward and resamples an image with the inverse
of the same map, so that what is known of the clean page is known of the degraded one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""A page, shape (height, width, 3) in RGB or (height, width) in grey."""
Points = NDArray[np.float64]
"""Shape (N, 2): x and y."""
Size = tuple[int, int]
"""Width and height in pixels."""
Box = tuple[float, float, float, float]
"""x0 y0 x1 y1 in pixels."""

_NODE_PX = 8


class Step(Protocol):
    """One geometric step; `size` is that of the image after it."""

    @property
    def size(self) -> Size: ...

    def points(self, xy: Points) -> Points: ...


@dataclass(frozen=True, slots=True, eq=False)
class Curl:
    """A sheet that does not lie flat, seen from above: bent along x, straight along y.

    Tables over the sheet: the position `across` the flat sheet, where it is `moved` to, how much
    nearer to the camera it is (`zoom`, about the line `middle`), and the `shift` along y that an
    oblique view adds. With `is_transposed` x and y change places.
    """

    across: NDArray[np.float64]
    moved: NDArray[np.float64]
    zoom: NDArray[np.float64]
    shift: NDArray[np.float64]
    middle: float
    is_transposed: bool

    def points(self, xy: Points) -> Points:
        x, y = self._axes(xy)
        zoom = np.interp(x, self.across, self.zoom)
        shift = np.interp(x, self.across, self.shift)
        y = self.middle + (y - self.middle) * zoom + shift
        return self._join(np.interp(x, self.across, self.moved), y)

    def inverse(self, xy: Points) -> Points:
        """From where points are seen to where they stand on the flat sheet."""
        x, y = self._axes(xy)
        x = np.interp(x, self.moved, self.across)
        zoom = np.interp(x, self.across, self.zoom)
        shift = np.interp(x, self.across, self.shift)
        return self._join(x, self.middle + (y - self.middle - shift) / zoom)

    def _axes(self, xy: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return (xy[:, 1], xy[:, 0]) if self.is_transposed else (xy[:, 0], xy[:, 1])

    def _join(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> Points:
        return np.stack([y, x] if self.is_transposed else [x, y], axis=1)


def curl(
    size: Size, heights: NDArray[np.float64], *, camera_px: float, tilt: float, is_transposed: bool
) -> Curl:
    """Bend a sheet of paper, which keeps its length, under a camera above its middle.

    Args:
        heights: above the table, in pixels, evenly spaced over the sheet's whole extent; neither
            steeper than 1 nor near `camera_px`.
        camera_px: height of the camera.
        tilt: pixels along y for each pixel of height.
    """
    width, height = size[::-1] if is_transposed else size
    across = np.linspace(0, width, len(heights))
    rise = np.diff(heights)
    run = np.sqrt(np.maximum(np.diff(across) ** 2 - rise**2, 1e-9))
    flat = np.concatenate([[0], np.cumsum(run)])
    zoom = camera_px / (camera_px - heights)
    moved = flat[-1] / 2 + (flat - flat[-1] / 2) * zoom
    # Beyond its edges the sheet goes on flat, so that what lies outside maps to the outside.
    return Curl(
        np.concatenate([[-width], across, [2 * width]]),
        np.concatenate([[moved[0] - width], moved, [moved[-1] + width]]),
        np.pad(zoom, 1, mode="edge"),
        np.pad(heights * tilt, 1, mode="edge"),
        height / 2,
        is_transposed,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """A projective map, `matrix` of shape (3, 3), of a sheet that may be curled before."""

    matrix: NDArray[np.float64]
    size: Size
    curl: Curl | None = None

    def points(self, xy: Points) -> Points:
        bent = xy if self.curl is None else self.curl.points(xy)
        return _project(self.matrix, bent)

    def image(self, image: Image, background: Image) -> Image:
        """Lay the sheet over a background of the size of this step."""
        if self.curl is None and np.allclose(self.matrix, np.eye(3), atol=1e-6):
            return image
        canvas = background.copy()
        if self.curl is not None:
            columns, rows = self._sources()
            return np.asarray(
                cv2.remap(
                    image,
                    columns,
                    rows,
                    cv2.INTER_CUBIC,
                    dst=canvas,
                    borderMode=cv2.BORDER_TRANSPARENT,
                ),
                np.uint8,
            )
        # OpenCV puts the centre of the first pixel at (0, 0).
        matrix = _shifted(-0.5, -0.5) @ self.matrix @ _shifted(0.5, 0.5)
        return np.asarray(
            cv2.warpPerspective(
                image,
                matrix,
                self.size,
                dst=canvas,
                flags=cv2.INTER_CUBIC,
                borderMode=cv2.BORDER_TRANSPARENT,
            ),
            np.uint8,
        )

    def _sources(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Where each pixel comes from, as OpenCV counts; exact at nodes, linear between them."""
        width, height = self.size
        columns, rows = -(-width // _NODE_PX), -(-height // _NODE_PX)
        # Node i stands where `cv2.resize` puts the centre of pixel i, one beyond each edge.
        x = (np.arange(-1, columns + 1) + 0.5) * _NODE_PX
        y = (np.arange(-1, rows + 1) + 0.5) * _NODE_PX
        nodes = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        flat = _project(np.asarray(np.linalg.inv(self.matrix), np.float64), nodes)
        if self.curl is not None:
            flat = self.curl.inverse(flat)
        coarse = (flat - 0.5).reshape(rows + 2, columns + 2, 2).astype(np.float32)
        fine = cv2.resize(coarse, None, fx=_NODE_PX, fy=_NODE_PX, interpolation=cv2.INTER_LINEAR)
        inside = fine[_NODE_PX : _NODE_PX + height, _NODE_PX : _NODE_PX + width]
        return np.ascontiguousarray(inside[..., 0]), np.ascontiguousarray(inside[..., 1])


@dataclass(frozen=True, slots=True)
class Resize:
    """Another number of pixels for the same image."""

    before: Size
    size: Size

    def points(self, xy: Points) -> Points:
        moved: Points = xy * (np.array(self.size) / np.array(self.before))
        return moved

    def image(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Average, as the wells of a sensor do."""
        if self.size == self.before:
            return image
        return np.asarray(cv2.resize(image, self.size, interpolation=cv2.INTER_AREA), np.float32)


@dataclass(frozen=True, slots=True)
class Turn:
    """Quarter turns clockwise."""

    before: Size
    quarters: int

    @property
    def size(self) -> Size:
        return self.before[::-1] if self.quarters % 2 else self.before

    def points(self, xy: Points) -> Points:
        width, height = self.before
        for _ in range(self.quarters % 4):
            xy = np.stack([height - xy[:, 1], xy[:, 0]], axis=1)
            width, height = height, width
        return xy

    def image(self, image: Image) -> Image:
        return np.ascontiguousarray(np.rot90(image, -self.quarters))


@dataclass(frozen=True, slots=True)
class Transform:
    """From the pixels of a clean page, of size `before`, to those of its degraded image."""

    before: Size
    steps: tuple[Step, ...]

    @property
    def size(self) -> Size:
        """Width and height of the degraded image."""
        return self.steps[-1].size if self.steps else self.before

    def points(self, xy: Points) -> Points:
        """Move points, shape (N, 2); N may be 0."""
        xy = np.asarray(xy, np.float64).reshape(-1, 2)
        for step in self.steps:
            xy = step.points(xy)
        return xy

    def box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """The upright rectangle around a moved rectangle."""
        return hull(self.points(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])))

    @property
    def turn_deg(self) -> float:
        """Degrees counter-clockwise that make the degraded image upright, in [-45, 315).

        What a turned sheet asks for exactly; on a sheet in perspective or curled, where lines run
        in many directions, what their middle one asks for.
        """
        width, height = self.before
        grid = np.linspace(0.1, 0.9, 9)
        starts = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2) * [width, height]
        along = self.points(starts + np.array([0.01 * width, 0])) - self.points(starts)
        angles = np.degrees(np.arctan2(along[:, 1], along[:, 0]))
        mean = math.degrees(math.atan2(*along.mean(axis=0)[::-1]))
        middle = mean + float(np.median((angles - mean + 180) % 360 - 180))
        return (middle + 45) % 360 - 45

    @property
    def upright_size(self) -> Size:
        """Width and height of the degraded image made upright, its canvas grown to hold it."""
        return self._upright()[1]

    def upright_points(self, xy: Points) -> Points:
        """Move points to the degraded image made upright, which undoes turn and skew alone.

        Perspective and curl stay. The frame is that of a reader who turns the whole image about
        its centre by `turn_deg` and lets the canvas grow; divided by `upright_size`, positions are
        fractions of the upright page.
        """
        return _project(self._upright()[0], self.points(xy))

    def _upright(self) -> tuple[NDArray[np.float64], Size]:
        quarters = round(self.turn_deg / 90)
        skew = math.radians(self.turn_deg - 90 * quarters)
        width, height = self.size[::-1] if quarters % 2 else self.size
        cos, sin = abs(math.cos(skew)), abs(math.sin(skew))
        size = (round(width * cos + height * sin), round(width * sin + height * cos))
        return (
            _shifted(size[0] / 2, size[1] / 2)
            @ rotation(-math.degrees(skew) - 90 * quarters)
            @ _shifted(-self.size[0] / 2, -self.size[1] / 2)
        ), size


def hull(xy: Points) -> Box:
    """The upright rectangle around points, of which there is at least one."""
    (x0, y0), (x1, y1) = xy.min(axis=0), xy.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def rotation(clockwise_deg: float) -> NDArray[np.float64]:
    """A turn about the origin, shape (3, 3)."""
    cos, sin = math.cos(math.radians(clockwise_deg)), math.sin(math.radians(clockwise_deg))
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


def laid(size: Size, *, skew_deg: float, zoom: float = 1.0, top_px: int = 0) -> Warp:
    """A sheet on glass, turned clockwise a little; the canvas is as large as the sheet needs.

    Args:
        zoom: pixels after for each pixel before.
        top_px: height of a strip that is added above.
    """
    turned = rotation(skew_deg) @ np.diag([zoom, zoom, 1])
    return _framed(size, turned, None, (0.0, float(top_px), 0.0, 0.0))


def seen(
    size: Size,
    *,
    angles_deg: tuple[float, float, float],
    distance: float,
    margins: tuple[float, float, float, float],
    bent: Curl | None = None,
) -> Warp:
    """A sheet on a table as a camera sees it, about as large as it was.

    Args:
        angles_deg: the camera's pitch, yaw and roll.
        distance: of the camera, in diagonals of the sheet.
        margins: of the table that is seen at the left, above, at the right and below, as shares of
            the sheet's longer side.
    """
    pitch, yaw = (math.radians(angle) for angle in angles_deg[:2])
    away = distance * math.hypot(*size)
    # The plane of the sheet, turned about x and y, and seen from `away`.
    slope_x, slope_y = math.sin(yaw), math.sin(pitch) * math.cos(yaw)
    tilted = np.array(
        [
            [math.cos(yaw), 0, 0],
            [math.sin(pitch) * math.sin(yaw), math.cos(pitch), 0],
            [slope_x / away, slope_y / away, 1],
        ]
    )
    matrix = rotation(angles_deg[2]) @ tilted @ _shifted(-size[0] / 2, -size[1] / 2)
    left, top, right, bottom = (share * max(size) for share in margins)
    return _framed(size, matrix, bent, (left, top, right, bottom))


def _framed(
    size: Size, matrix: NDArray[np.float64], bent: Curl | None, margins: Sequence[float]
) -> Warp:
    """The map, moved so that the whole sheet lies on its canvas with margins around."""
    width, height = size
    sides = np.linspace(0, 1, 33)
    ends = np.concatenate([np.zeros(33), np.ones(33)])
    edge = np.stack(
        [np.concatenate([sides, sides, ends]), np.concatenate([ends, sides, sides])], axis=1
    ) * [width, height]
    x0, y0, x1, y1 = hull(Warp(matrix, size, bent).points(edge))
    left, top, right, bottom = margins
    wide, tall = x1 - x0 + left + right, y1 - y0 + top + bottom
    canvas = (max(1, round(wide)), max(1, round(tall)))
    moved = _shifted(left - x0 + (canvas[0] - wide) / 2, top - y0 + (canvas[1] - tall) / 2)
    return Warp(moved @ matrix, canvas, bent)


def _shifted(x: float, y: float) -> NDArray[np.float64]:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def _project(matrix: NDArray[np.float64], xy: Points) -> Points:
    moved = xy @ matrix[:, :2].T + matrix[:, 2]
    projected: Points = moved[:, :2] / moved[:, 2:]
    return projected
