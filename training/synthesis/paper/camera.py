"""A phone held over a desk: where the sheet lies, how it bends, and the light on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.synthesis.paper.geometry import Curl, Image, Points, Size, Warp, curl, seen
from training.synthesis.paper.ink import filled
from training.synthesis.paper.texture import Field, clouds, toned

_COARSE = 8
"""Light and desks are made this many times smaller: they have no edges."""
_CAMERA_DISTANCE = 1.7


@dataclass(frozen=True, slots=True)
class Camera:
    """How a photograph is taken.

    `angles_deg` are pitch, yaw and roll; `margin` is how much of the desk is seen, as a share of
    the sheet. `falloff`, `shadow` and `defocus` are 0 to 1: how dark the far side of the light is,
    how dark the shadow of a hand or a phone, how much one side lies out of focus. `cast` is the
    colour of the light. `bend` is how high the sheet rises, as a share of its width.
    """

    angles_deg: tuple[float, float, float]
    margin: float
    falloff: float
    shadow: float
    defocus: float
    cast: tuple[float, float, float]
    bend: float = 0.0


@dataclass(frozen=True, slots=True)
class Bent:
    """A curled sheet and the light that it catches, shape (1, width) or (height, 1)."""

    curl: Curl
    light: Field


def bent(size: Size, bend: float, noise: Generator) -> Bent:
    """A sheet that rises to a side, rolls up at both, or waves."""
    is_transposed = bool(noise.random() < 0.3)
    width = size[1] if is_transposed else size[0]
    across = np.linspace(0, 1, 257)
    match noise.integers(3):
        case 0:
            side = across if noise.random() < 0.5 else 1 - across
            shape = np.exp(-side / noise.uniform(0.12, 0.25))
        case 1:
            shape = np.abs(2 * across - 1 + noise.uniform(-0.3, 0.3)) ** 2.2
        case _:
            phase, length = noise.uniform(0, 2 * math.pi), noise.uniform(0.7, 1.3)
            shape = 0.5 + 0.5 * np.sin(2 * math.pi * across / length + phase)
    heights = bend * width * shape
    camera_px = _CAMERA_DISTANCE * math.hypot(*size)
    tilt = noise.choice((-1, 1)) * noise.uniform(0.25, 0.7)
    slope = np.gradient(heights, across * width) * noise.choice((-1, 1))
    light = np.clip(1 + 0.9 * slope - 0.5 * np.abs(slope), 0.5, 1.2)
    places = (np.arange(width) + 0.5) / width
    row = np.interp(places, across, light / max(float(light.max()), 1)).astype(np.float32)
    moved = curl(size, heights, camera_px=camera_px, tilt=float(tilt), is_transposed=is_transposed)
    return Bent(moved, row[:, np.newaxis] if is_transposed else row[np.newaxis])


def view(size: Size, camera: Camera, bent_sheet: Bent | None, noise: Generator) -> Warp:
    """The map from the sheet to the photograph; the whole sheet is in it."""
    margins = tuple(float(camera.margin * share) for share in noise.uniform(0.3, 1.7, 4))
    return seen(
        size,
        angles_deg=camera.angles_deg,
        distance=_CAMERA_DISTANCE,
        margins=(margins[0], margins[1], margins[2], margins[3]),
        bent=None if bent_sheet is None else bent_sheet.curl,
    )


def desk(size: Size, outline: Points, unit_px: float, noise: Generator, place: Generator) -> Image:
    """What lies under the sheet, shadowed by it along its outline, shape (N, 2).

    Args:
        place: gives the same numbers for every page of a document: they lie on the same desk.
    """
    width, height = size
    coarse = (-(-height // 4), -(-width // 4))
    unit = unit_px / 4
    match place.integers(4):
        case 0:  # wood: long fibres and broad rings
            color = place.uniform((120, 80, 45), (190, 140, 95))
            relief = 0.05 * clouds(coarse, (90 * unit, 1.2 * unit), noise)
            relief += 0.09 * clouds(coarse, (160 * unit, 9 * unit), noise)
        case 1:  # a laminated top, light and plain
            color = place.uniform((165, 160, 150), (215, 212, 206))
            relief = 0.015 * clouds(coarse, 1.5 * unit, noise)
        case 2:  # a dark top
            color = place.uniform((38, 36, 36), (84, 78, 74))
            relief = 0.05 * clouds(coarse, 2 * unit, noise)
        case _:  # a writing mat
            color = place.uniform((44, 66, 60), (76, 92, 84))
            relief = 0.06 * clouds(coarse, 1.0 * unit, noise)
    relief += 0.03 * clouds(coarse, 70 * unit, noise)
    colors = np.clip((1 + relief)[..., np.newaxis] * color, 0, 255).astype(np.uint8)
    top = np.asarray(cv2.resize(colors, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    reach = noise.uniform(1, 4) * unit_px
    cast = _polygon(size, outline + noise.uniform(-1, 1, 2) * reach, 1.2 * reach)
    return toned(top, 1 - 0.6 * cast)


def light(size: Size, camera: Camera, noise: Generator) -> Field:
    """Light over a photograph, shape (height, width), at most 1: from one side, and shadowed."""
    width, height = size
    angle = noise.uniform(0, 2 * math.pi)
    rows, columns = np.mgrid[: -(-height // _COARSE), : -(-width // _COARSE)].astype(np.float32)
    x, y = columns * _COARSE / width - 0.5, rows * _COARSE / height - 0.5
    along = x * math.cos(angle) + y * math.sin(angle) + 0.5
    field = 1 - camera.falloff * np.clip(along, 0, 1.2) ** 1.5
    field *= 1 - 0.12 * (x * x + y * y)  # the lens is darker at its corners
    field *= 1 + 0.02 * clouds(field.shape, min(field.shape) / 2, noise)
    full = cv2.resize(np.asarray(field, np.float32), size, interpolation=cv2.INTER_CUBIC)
    if camera.shadow:
        full = full * (1 - camera.shadow * _shadow(size, noise))
    return np.asarray(np.minimum(full / max(float(full.max()), 1e-6), 1), np.float32)


def _shadow(size: Size, noise: Generator) -> Field:
    """The shadow of a phone and the arm behind it, or of an arm alone, from the lower side."""
    width, height = size
    reach = max(size)
    middle = noise.uniform((0.2, 0.35), (0.8, 0.8)) * size
    angle = math.radians(noise.uniform(-35, 35))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    arm = np.array([[-0.07, 0.0], [0.06, 0.0], [0.12, 1.2], [-0.14, 1.2]])
    shapes: list[NDArray[np.float64]] = [arm]
    if noise.random() < 0.6:
        shapes.append(np.array([[-0.13, -0.27], [0.13, -0.27], [0.13, 0.22], [-0.13, 0.22]]))
    else:
        shapes += [_ellipse(0, -0.02, 0.09, 0.11)]
        shapes += [_ellipse(-0.075 + 0.05 * i, -0.14 - 0.02 * (i % 3), 0.02, 0.1) for i in range(4)]
    soft = noise.uniform(0.012, 0.04) * reach
    shadow = np.zeros((height, width), np.float32)
    for shape in shapes:
        np.maximum(shadow, _polygon(size, shape @ turn.T * reach + middle, soft), out=shadow)
    return shadow


def _ellipse(x: float, y: float, across: float, down: float) -> NDArray[np.float64]:
    turn = np.linspace(0, 2 * math.pi, 17)
    return np.stack([x + across * np.cos(turn), y + down * np.sin(turn)], axis=1)


def _polygon(size: Size, points: Points, soft_px: float) -> Field:
    """1 inside a polygon, 0 outside, with an edge of a softness."""
    width, height = size
    small = filled(points / 4, (-(-height // 4), -(-width // 4)))
    blurred = cv2.GaussianBlur(small, (0, 0), max(0.5, soft_px / 4))
    return np.asarray(cv2.resize(blurred, size, interpolation=cv2.INTER_LINEAR), np.float32)


def focused(pixels: NDArray[np.float32], defocus: float, noise: Generator) -> NDArray[np.float32]:
    """A photograph of which one side is softer, by a deviation of up to 1.6 pixels."""
    if not defocus:
        return pixels
    size: Sequence[int] = pixels.shape[1::-1]
    angle = noise.uniform(0, 2 * math.pi)
    x, y = np.linspace(-0.5, 0.5, size[0]), np.linspace(-0.5, 0.5, size[1])[:, np.newaxis]
    share = np.clip(0.5 + x * math.cos(angle) + y * math.sin(angle), 0, 1).astype(np.float32)
    soft = cv2.GaussianBlur(pixels, (0, 0), 1.6 * defocus)
    return np.asarray(pixels + (soft - pixels) * share[..., np.newaxis], np.float32)
