"""Paper: pages of a PDF turned into images, as a scanner, a fax or a camera leaves them."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import cv2
import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Gray = NDArray[np.uint8]
"""A page, shape (height, width)."""

_EPOCH = time.gmtime(1704067200)


@dataclass(frozen=True, slots=True)
class ScanStyle:
    """What happens to a page on the way. `rotation_deg` is clockwise, a multiple of 90.

    `blur` is the sigma of the optics in pixels, `noise` that of the sensor in grey levels.
    """

    dpi: int = 200
    rotation_deg: int = 0
    skew_deg: float = 0.0
    blur: float = 0.6
    noise: float = 4.0
    quality: int = 60
    contrast: float = 1.0
    has_seal: bool = False
    is_photo: bool = False


STYLES: Mapping[str, ScanStyle] = {
    "scan_200": ScanStyle(),
    "scan_150": ScanStyle(dpi=150),
    "scan_rot90": ScanStyle(rotation_deg=90),
    "scan_rot180": ScanStyle(rotation_deg=180),
    "scan_rot270": ScanStyle(rotation_deg=270, dpi=150),
    "scan_skew_left": ScanStyle(skew_deg=-2.0),
    "scan_skew_right": ScanStyle(skew_deg=2.0, dpi=150),
    "scan_poor": ScanStyle(dpi=150, skew_deg=0.7, blur=1.1, noise=14, quality=25, contrast=0.6),
    "scan_seal": ScanStyle(has_seal=True),
    "scan_photo": ScanStyle(is_photo=True, blur=0.9, noise=6),
}


def render(pdf: bytes, dpi: int) -> list[Gray]:
    """Every page of a PDF in grey."""
    document = pdfium.PdfDocument(pdf)
    try:
        return [
            np.array(page.render(scale=dpi / 72, grayscale=True).to_pil().convert("L"))
            for page in document
        ]
    finally:
        document.close()


def scan_pages(pdf: bytes, style: ScanStyle, rng: Random) -> list[Image.Image]:
    """Page images in grey; the last two in colour where they bear a seal."""
    noise = np.random.default_rng(rng.randrange(2**32))
    pages = []
    for page in render(pdf, style.dpi):
        moved = _photograph(page, noise) if style.is_photo else _skew(page, style.skew_deg)
        turned = np.rot90(moved, -style.rotation_deg // 90)
        blurred = cv2.GaussianBlur(turned, (0, 0), style.blur).astype(np.float32)
        grain = noise.standard_normal(blurred.shape, np.float32) * style.noise
        # Faded print: black turns grey, the paper stays.
        faded = 255 - (255 - blurred) * style.contrast + grain
        image = Image.fromarray(np.clip(faded, 0, 255).astype(np.uint8))
        pages.append(image)
    if style.has_seal:
        pages[-2:] = [_stamp(page) for page in pages[-2:]]
    return pages


def scan(pdf: bytes, style: ScanStyle, rng: Random) -> bytes:
    """A PDF of images only."""
    return images_to_pdf(scan_pages(pdf, style, rng), dpi=style.dpi, quality=style.quality)


def images_to_pdf(images: list[Image.Image], *, dpi: int, quality: int) -> bytes:
    """JPEG pages in a PDF, byte for byte the same for the same images."""
    buffer = io.BytesIO()
    images[0].save(
        buffer,
        format="PDF",
        save_all=True,
        append_images=images[1:],
        resolution=dpi,
        quality=quality,
        creationDate=_EPOCH,
        modDate=_EPOCH,
    )
    return buffer.getvalue()


def fax(pdf: bytes, *, dpi: int = 200) -> bytes:
    """A TIFF of many pages in black and white, CCITT group 4."""
    pages = [
        Image.fromarray(page).point([0] * 160 + [255] * 96).convert("1")
        for page in render(pdf, dpi)
    ]
    buffer = io.BytesIO()
    pages[0].save(
        buffer,
        format="TIFF",
        save_all=True,
        append_images=pages[1:],
        compression="group4",
        dpi=(dpi, dpi),
    )
    return buffer.getvalue()


def picture(pdf: bytes, *, dpi: int, file_format: str) -> bytes:
    """The first page as one image file, such as a long screenshot.

    Args:
        file_format: a name that Pillow knows: PNG, JPEG, WEBP, BMP.
    """
    buffer = io.BytesIO()
    image = Image.fromarray(render(pdf, dpi)[0])
    if file_format == "PNG":
        image = image.quantize(16)
    image.save(buffer, format=file_format)
    return buffer.getvalue()


def mix(pdf: bytes, scanned: bytes, *, first: int) -> bytes:
    """The first pages with their text layer, the rest scanned."""
    target = pdfium.PdfDocument.new()
    for data, is_text in ((pdf, True), (scanned, False)):
        source = pdfium.PdfDocument(data)
        chosen = range(first) if is_text else range(first, len(source))
        target.import_pages(source, pages=list(chosen))
        source.close()
    buffer = io.BytesIO()
    target.save(buffer)
    target.close()
    return buffer.getvalue()


def _skew(page: Gray, angle_deg: float) -> Gray:
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -angle_deg, 1)
    return _warp(page, np.vstack([turn, [0, 0, 1]]))


def _photograph(page: Gray, noise: np.random.Generator) -> Gray:
    """A mild perspective and light falling off to one side."""
    height, width = page.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + noise.uniform(-0.012, 0.012, (4, 2)).astype(np.float32) * [width, height]
    matrix = np.asarray(cv2.getPerspectiveTransform(corners, moved.astype(np.float32)), np.float64)
    page = _warp(page, matrix)
    light = np.linspace(1.0, 0.72, width, dtype=np.float32)[None, :]
    shaded: Gray = np.clip(page * light, 0, 255).astype(np.uint8)
    return shaded


def _warp(page: Gray, matrix: NDArray[np.floating[Any]]) -> Gray:
    height, width = page.shape
    warped = cv2.warpPerspective(
        page, matrix, (width, height), flags=cv2.INTER_AREA, borderValue=(255, 255, 255)
    )
    return np.asarray(warped, np.uint8)


def _stamp(image: Image.Image) -> Image.Image:
    """A red ring with a star over the lower right of the page, half transparent as ink is."""
    width, height = image.size
    radius = width // 9
    center = (int(width * 0.66), int(height * 0.62))
    layer = Image.new("RGB", image.size, "white")
    draw = ImageDraw.Draw(layer)
    box = (center[0] - radius, center[1] - radius, center[0] + radius, center[1] + radius)
    draw.ellipse(box, outline=(215, 40, 40), width=max(3, radius // 16))
    star = [
        (
            center[0] + radius * (0.42 if i % 2 == 0 else 0.16) * math.sin(math.pi * i / 5),
            center[1] - radius * (0.42 if i % 2 == 0 else 0.16) * math.cos(math.pi * i / 5),
        )
        for i in range(10)
    ]
    draw.polygon(star, fill=(215, 40, 40))
    multiplied = np.asarray(image.convert("RGB"), np.float32) * np.asarray(layer, np.float32) / 255
    return Image.fromarray(multiplied.astype(np.uint8))
