"""An image file in, its pages out: all frames of a TIFF, GIF or WEBP, upright by their EXIF."""

from __future__ import annotations

import io
import math
import struct
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import cv2
import numpy as np
import PIL.ExifTags
import PIL.Image

from extractor.errors import CorruptInput, InputTooLarge
from extractor.pagesize import check_legible, check_page_count, reduced_size
from extractor.settings import Settings
from extractor.types import Image, Page, Source

FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
DECODE_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error, ZeroDivisionError)
"""What Pillow raises on damaged files; it has no exception of its own for them."""


class ImagePages:
    """The file is opened anew for every page: Pillow keeps the pixels of an open one."""

    def __init__(self, source: Source, settings: Settings) -> None:
        self._source = source
        self._settings = settings
        self.count = 1  # until they are counted
        with self._open(1) as file:
            self.count = self._count_frames(file)
        check_page_count(self.count, source, settings)

    def read(self, number: int) -> Page:
        with self._open(number) as file:
            limit = self._settings.max_page_side_px
            check_legible(number, file.size, min(file.size), self._source, limit)
            image = self._decode(file, number)
        height, width = image.shape[:2]
        return Page(number, float(width), float(height), image, None)

    def render(self, number: int, dpi: float) -> Image:
        with self._open(number) as file:
            return self._decode(file, number)

    @contextmanager
    def _open(self, number: int) -> Iterator[PIL.Image.Image]:
        """Open the file at one page, of which only the header is read."""
        if not 1 <= number <= self.count:
            raise ValueError(f"page {number} of {self.count}")
        with ExitStack() as opened:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # our own limit is lower than the one warned of
                    data = io.BytesIO(self._source.data)
                    file = opened.enter_context(PIL.Image.open(data, formats=FORMATS))
                    if number > 1:
                        file.seek(number - 1)
            except PIL.Image.DecompressionBombError as error:
                raise self._too_large(number, "an enormous number of") from error
            except DECODE_ERRORS as error:
                raise self._damaged(number) from error
            width, height = file.size
            if width * height > self._settings.max_image_pixels:
                raise self._too_large(number, f"{width} x {height}")
            yield file

    def _count_frames(self, file: PIL.Image.Image) -> int:
        """Walk the directory of a TIFF, no further than the limit; other formats have one page."""
        if file.format != "TIFF":
            return 1
        count = 1
        try:
            while count <= self._settings.max_pages:
                file.seek(count)
                count += 1
        except EOFError:
            pass
        except DECODE_ERRORS as error:
            raise self._damaged(count + 1) from error
        return count

    def _decode(self, file: PIL.Image.Image, number: int) -> Image:
        try:
            size = reduced_size(*file.size, self._settings.max_page_side_px)
            file.draft(None, size)  # lets JPEG decode at a fraction of its size
            orientation = file.getexif().get(PIL.ExifTags.Base.Orientation, 1)
            return _turned(_to_rgb(file, size), orientation)
        except DECODE_ERRORS as error:
            raise self._damaged(number) from error

    def _damaged(self, number: int) -> CorruptInput:
        return CorruptInput(
            f"page {number} of {self._source.name} is damaged or incomplete and cannot be decoded "
            "as an image; obtain it again or save it anew"
        )

    def _too_large(self, number: int, size: str) -> InputTooLarge:
        return InputTooLarge(
            f"page {number} of {self._source.name} has {size} pixels, more than the "
            f"{self._settings.max_image_pixels} that are read; scan at a lower resolution or "
            "raise EXTRACTOR_MAX_IMAGE_PIXELS"
        )


BAND_ROWS = 256
"""Rows that are converted at once, so that full-size pixels exist only once, in Pillow."""


def _to_rgb(image: PIL.Image.Image, size: tuple[int, int]) -> Image:
    """Convert any Pillow mode to RGB uint8 (H, W, 3) of `size`, each pixel a mean over its area.

    Columns are reduced band by band and rows at the end, which gives the same mean.
    """
    width, height = size
    white = _white(image)
    narrow = np.empty((image.height, width, 3), dtype=np.uint8)
    for top in range(0, image.height, BAND_ROWS):
        bottom = min(top + BAND_ROWS, image.height)
        band = _opaque(image.crop((0, top, image.width, bottom)), white)
        narrow[top:bottom] = _area_mean(np.asarray(band), width, bottom - top)
    return _area_mean(narrow, width, height)


def _area_mean(image: Image, width: int, height: int) -> Image:
    if image.shape[:2] == (height, width):
        return image
    reduced = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(reduced, dtype=np.uint8)


def _white(image: PIL.Image.Image) -> float:
    """The lightest value of a picture of more than 8 bits, which may use any part of its range."""
    if not image.mode.startswith(("I", "F")):
        return 255.0
    extrema: Any = image.getextrema()
    highest = float(extrema[1])
    return max(highest, 1e-9) if math.isfinite(highest) else 1.0


def _opaque(image: PIL.Image.Image, white: float) -> PIL.Image.Image:
    """Convert to mode RGB; transparency is laid over white."""
    if image.mode.startswith(("I", "F")):
        values = np.nan_to_num(np.asarray(image, dtype=np.float32))
        image = PIL.Image.fromarray(np.clip(values / white * 255, 0, 255).astype(np.uint8))
    elif "A" in image.mode or "a" in image.mode or "transparency" in image.info:
        layered = image.convert("RGBA")
        paper = PIL.Image.new("RGBA", layered.size, "white")
        image = PIL.Image.alpha_composite(paper, layered)
    return image.convert("RGB")


def _turned(image: Image, orientation: int) -> Image:
    """Bring a picture upright by its EXIF orientation, 1 to 8; other values say nothing."""
    if orientation in (2, 4, 5, 7):
        image = image[:, ::-1]
        orientation = {2: 1, 4: 3, 5: 8, 7: 6}[orientation]
    quarters = {3: 2, 6: 3, 8: 1}.get(orientation, 0)  # counter-clockwise
    return np.ascontiguousarray(np.rot90(image, quarters))
