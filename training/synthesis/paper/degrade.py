"""Clean pages in, degraded pages out, each with the map of where its points went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import cv2
import numpy as np
from numpy.random import Generator, default_rng

from training.synthesis.paper import camera as photo
from training.synthesis.paper.conditions import Condition
from training.synthesis.paper.copier import copied, fax_header, faxed
from training.synthesis.paper.geometry import (
    Box,
    Image,
    Resize,
    Size,
    Transform,
    Turn,
    Warp,
    laid,
)
from training.synthesis.paper.ink import inked
from training.synthesis.paper.pen import handwriting
from training.synthesis.paper.seals import seals, stamps
from training.synthesis.paper.sheet import printed, shone_through, worn
from training.synthesis.paper.texture import Field, clouds, toned

_SKEW_JITTER_DEG = 0.12
_FAX_HEADER_MM = 6


@dataclass(frozen=True, slots=True, eq=False)
class Degraded:
    """A page image, RGB uint8 (height, width, 3), and how the clean page lies in it."""

    image: Image
    transform: Transform


def degrade(
    pages: Sequence[Image],
    condition: Condition,
    rng: Random,
    *,
    targets: Sequence[Sequence[Box]] = (),
    font: Path | None = None,
) -> list[Degraded]:
    """Degrade the pages of one document; the same arguments give the same bytes.

    Args:
        pages: clean pages, RGB uint8 (height, width, 3), rendered at the condition's `dpi`.
        targets: for each page, from the first on, the boxes in pixels that a seal is put over or
            that are marked with the pen.
        font: for the text of seals, stamps and handwriting; None: signs that look like writing.
    """
    seed = rng.getrandbits(64)
    degraded = []
    for i in range(len(pages)):
        chosen = targets[i] if i < len(targets) else ()
        # A page has numbers of its own, and some that all pages of the document share.
        noise, shared = default_rng([seed, i + 1]), default_rng([seed, 0])
        sheet = _sheet(pages, i, condition, chosen, font, noise, shared)
        degraded.append(_scan(sheet, i, len(pages), condition, noise, shared))
    return degraded


def _sheet(
    pages: Sequence[Image],
    i: int,
    condition: Condition,
    targets: Sequence[Box],
    font: Path | None,
    noise: Generator,
    shared: Generator,
) -> Image:
    """The paper as it lies on the glass or the desk."""
    page, unit_px = pages[i], condition.dpi / 25.4
    marks = []
    # Without targets the last page is sealed, as a signed report is.
    if condition.seal_mm and (targets or i == len(pages) - 1):
        diameter = round(condition.seal_mm * unit_px)
        marks += seals(
            page, targets, noise, diameter_px=diameter, text=condition.seal_text, font=font
        )
    if condition.stamps and i == 0:
        marks += stamps(page, condition.stamps, noise, unit_px=unit_px, font=font)
    if condition.notes:
        marks += handwriting(page, targets, condition.notes, noise, unit_px=unit_px, font=font)
    sheet = printed(
        page,
        contrast=condition.contrast,
        unevenness=condition.unevenness,
        unit_px=unit_px,
        noise=noise,
    )
    sheet = inked(sheet, marks)
    if condition.show_through:
        # Sheets are printed on both sides: the odd page is the other side of the even one.
        back = pages[i ^ 1] if i ^ 1 < len(pages) else pages[i - 1]
        sheet = shone_through(sheet, back, condition.show_through, unit_px, noise)
    if condition.wear is not None:
        sheet = worn(sheet, condition.wear, unit_px, noise, shared, is_first=i == 0)
    return sheet


def _scan(
    sheet: Image, i: int, n_pages: int, condition: Condition, noise: Generator, shared: Generator
) -> Degraded:
    unit_px = condition.dpi / 25.4
    clean_size = _size(sheet)
    if condition.is_grey:
        sheet = np.asarray(cv2.cvtColor(sheet, cv2.COLOR_RGB2GRAY), np.uint8)
    if condition.camera is None:
        warp, image = _on_glass(sheet, i, n_pages, condition, noise)
        light = np.ones((1, 1), np.float32)
    else:
        warp, image, light = _on_desk(sheet, condition.camera, unit_px, noise, shared)
    for copier in condition.copies:
        image = copied(image, copier, unit_px, noise, shared)
    width, height = warp.size
    resize = Resize(
        warp.size,
        (max(1, round(width * condition.scale)), max(1, round(height * condition.scale))),
    )
    turn = Turn(resize.size, condition.rotation_deg // 90 % 4)
    light = light * (1 + condition.grain * clouds((height, width), 0.5 * unit_px, noise))
    image = _sensed(image, light, resize, condition, noise)
    if condition.fax is not None:
        image = faxed(image, condition.fax, unit_px, noise)
    image = turn.image(image)
    if not condition.is_bilevel:
        image = _compressed(image, condition.quality)
    if image.ndim == 2:
        image = np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB), np.uint8)
    return Degraded(image, Transform(clean_size, (warp, resize, turn)))


def _on_glass(
    sheet: Image, i: int, n_pages: int, condition: Condition, noise: Generator
) -> tuple[Warp, Image]:
    """The sheet before the lid, a little askew, with the line that its edge throws."""
    unit_px = condition.dpi / 25.4
    skew = condition.skew_deg + float(noise.normal(0, _SKEW_JITTER_DEG))
    top_px = round(_FAX_HEADER_MM * unit_px) if condition.fax else 0
    zoom = float(noise.normal(1, 0.004)) if condition.copies else 1.0
    warp = laid(_size(sheet), skew_deg=skew, zoom=zoom, top_px=top_px)
    width, height = warp.size
    background = np.full((height, width, *sheet.shape[2:]), condition.lid, np.uint8)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]]) * _size(sheet)
    outline = np.round(warp.points(corners) * 16).astype(np.int32)
    # The edge of the sheet throws a fine shadow, on one side more than on the other.
    thick = max(1, round(noise.uniform(0.2, 0.9) * unit_px))
    shift = np.round(noise.uniform(-0.3, 0.3, 2) * unit_px * 16).astype(np.int32)
    edge = (int(noise.uniform(0.7, 0.9) * condition.lid),) * 3
    cv2.polylines(background, [outline + shift], True, edge, thick, cv2.LINE_AA, 4)
    background = np.asarray(cv2.GaussianBlur(background, (0, 0), 0.25 * unit_px), np.uint8)
    image = warp.image(sheet, background)
    if top_px:
        image[:top_px] = np.minimum(
            image[:top_px], fax_header(width, top_px, i + 1, n_pages, noise)
        )
    return warp, image


def _on_desk(
    sheet: Image, camera: photo.Camera, unit_px: float, noise: Generator, shared: Generator
) -> tuple[Warp, Image, Field]:
    """The sheet on a desk, and the light on both."""
    size = _size(sheet)
    bent = photo.bent(size, camera.bend, noise) if camera.bend else None
    if bent is not None:
        sheet = toned(sheet, bent.light)
    warp = photo.view(size, camera, bent, noise)
    sides = np.linspace(0, 1, 12, endpoint=False)
    ones, zeros = np.ones(12), np.zeros(12)
    around = [(sides, zeros), (ones, sides), (1 - sides, ones), (zeros, 1 - sides)]
    outline = np.concatenate([np.stack(side, axis=1) for side in around]) * size
    background = photo.desk(warp.size, warp.points(outline), unit_px, noise, shared)
    light = photo.light(warp.size, camera, noise)
    return warp, warp.image(sheet, background), light


def _sensed(
    image: Image, light: Field, resize: Resize, condition: Condition, noise: Generator
) -> Image:
    """What a sensor makes of it: an image of the size that `resize` gives."""
    pixels = image.astype(np.float32)
    paper = np.array(condition.paper, np.float32)
    if image.ndim == 3:
        cast = (1.0, 1.0, 1.0) if condition.camera is None else condition.camera.cast
        pixels *= light[..., np.newaxis]
        pixels *= paper * np.array(cast, np.float32)
    else:
        pixels *= light * paper.mean()
    pixels = resize.image(pixels)
    pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), condition.blur), np.float32)
    if condition.camera is not None:
        pixels = photo.focused(pixels, condition.camera.defocus, noise)
    width, height = resize.size
    grain = condition.noise * clouds((height, width), 1.4, noise)
    pixels += grain if image.ndim == 2 else grain[..., np.newaxis]
    if image.ndim == 3:
        # The colours of a sensor are interpolated: their noise is coarser and weaker.
        for channel in (0, 2):
            pixels[..., channel] += 0.5 * condition.noise * clouds((height, width), 4, noise)
    return np.clip(pixels + 0.5, 0, 255).astype(np.uint8)


def _compressed(image: Image, quality: int) -> Image:
    """Through a JPEG, colours at half the resolution."""
    flags = [cv2.IMWRITE_JPEG_QUALITY, quality]
    if image.ndim == 2:
        data = cv2.imencode(".jpg", image, flags)[1]
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), flags)[1]
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


def _size(image: Image) -> Size:
    height, width = image.shape[:2]
    return width, height
