"""A PDF in, its pages out. The only user of the PDF library.

PDFium is not thread-safe: every call into it happens under one lock, and a document is closed
under it too. Processes are independent of each other.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from extractor.errors import CorruptInput, EncryptedInput, InputTooLarge
from extractor.pagesize import check_legible, check_page_count
from extractor.settings import Settings
from extractor.textlayer import Glyph, Layer, is_sound, layout
from extractor.types import Image, Page, Source

POINTS_PER_INCH = 72.0
MIN_VERTICAL_RULE_PT = 4.0
MAX_RULE_WIDTH_PT = 1.0
MAX_PATH_SEGMENTS = 20_000
"""A drawing with more segments is no table; its rules are then not looked for."""

_pdfium_lock = threading.RLock()


class PdfPages:
    def __init__(self, source: Source, settings: Settings) -> None:
        self._source = source
        self._settings = settings
        with _pdfium_lock:
            try:
                self._document = pdfium.PdfDocument(source.data)
            except pdfium.PdfiumError as error:
                if error.err_code in (pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY):
                    raise EncryptedInput(
                        f"{source.name} is protected by a password; remove the protection and "
                        "submit it again"
                    ) from error
                raise CorruptInput(
                    f"{source.name} is damaged or incomplete and cannot be opened as a PDF; "
                    "obtain it again or save it anew with a PDF program"
                ) from error
            self.count = len(self._document)
        try:
            check_page_count(self.count, source, settings)
        except InputTooLarge:
            self.close()
            raise

    def close(self) -> None:
        with _pdfium_lock:
            self._document.close()

    def read(self, number: int) -> Page:
        with _pdfium_lock, self._open(number) as page:
            layer = _read_layer(page)
            if is_sound(layer):
                lines, width, height, rotation = layout(layer)
                return Page(number, width, height, None, lines, rotation)
            self._check_size(page, number)
            image = self._render(page, number, self._settings.dpi)
        height_px, width_px = image.shape[:2]
        return Page(number, float(width_px), float(height_px), image, None)

    def render(self, number: int, dpi: float) -> Image:
        with _pdfium_lock, self._open(number) as page:
            return self._render(page, number, dpi)

    @contextmanager
    def _open(self, number: int) -> Iterator[Any]:
        if not 1 <= number <= self.count:
            raise ValueError(f"page {number} of {self.count}")
        try:
            page = self._document[number - 1]
        except pdfium.PdfiumError as error:
            raise self._damaged(number) from error
        try:
            yield page
        except pdfium.PdfiumError as error:
            raise self._damaged(number) from error
        finally:
            page.close()

    def _render(self, page: Any, number: int, dpi: float) -> Image:
        width, height = page.get_size()
        if not (0 < width < np.inf and 0 < height < np.inf):
            raise self._damaged(number)
        self._check_pictures(page, number)
        limit = self._settings.max_page_side_px
        scale = min(dpi / POINTS_PER_INCH, limit / max(width, height))
        try:
            bitmap = page.render(
                scale=scale, rev_byteorder=True, force_bitmap_format=pdfium_c.FPDFBitmap_BGR
            )
        except (pdfium.PdfiumError, MemoryError) as error:
            raise self._damaged(number) from error
        image = np.asarray(bitmap.to_numpy(), dtype=np.uint8)  # a view, which keeps its memory
        bitmap.close()
        return image[:limit, :limit]

    def _check_size(self, page: Any, number: int) -> None:
        limit = self._settings.max_page_side_px
        scale = self._settings.dpi / POINTS_PER_INCH
        width, height = page.get_size()
        if max(width, height) * scale > limit:
            drawn = _drawn_side(page) * scale
            check_legible(number, (width * scale, height * scale), drawn, self._source, limit)

    def _check_pictures(self, page: Any, number: int) -> None:
        """PDFium decodes a picture in full before it is drawn, however small it is shown."""
        limit = self._settings.max_image_pixels
        width, height = pdfium_c.c_uint(), pdfium_c.c_uint()
        for item in page.get_objects([pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=3):
            pdfium_c.FPDFImageObj_GetImagePixelSize(item, width, height)
            if width.value * height.value > limit:
                raise InputTooLarge(
                    f"page {number} of {self._source.name} has a picture of {width.value} x "
                    f"{height.value} pixels, more than the {limit} that are read; scan at a lower "
                    "resolution or raise EXTRACTOR_MAX_IMAGE_PIXELS"
                )

    def _damaged(self, number: int) -> CorruptInput:
        return CorruptInput(
            f"page {number} of {self._source.name} is damaged and cannot be shown; save the file "
            "anew with a PDF program"
        )


def _drawn_side(page: Any) -> float:
    """The shorter side, in points, of what is drawn on a page."""
    x0, y0, x1, y1 = page.get_bbox()
    bounds = [item.get_bounds() for item in page.get_objects(max_depth=1)]
    left, bottom, right, top = zip(*bounds, strict=True) if bounds else ((x0,), (y0,), (x1,), (y1,))
    width = min(max(right), x1) - max(min(left), x0)
    height = min(max(top), y1) - max(min(bottom), y0)
    return float(max(0.0, min(width, height)))


def _read_layer(page: Any) -> Layer:
    """Collect what decides on a page's text layer, in points of the page as it is displayed."""
    x0, y0, x1, y1 = page.get_bbox()
    turn = _Turn(x0, y0, x1, y1, page.get_rotation())
    images_area = 0.0
    has_marks = False
    rules: list[tuple[float, float, float]] = []
    n_segments = 0
    for item in page.get_objects(max_depth=3):
        has_marks = True
        if item.type == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = item.get_bounds()
            overlap_x = max(0.0, min(right, x1) - max(left, x0))
            images_area += overlap_x * max(0.0, min(top, y1) - max(bottom, y0))
        elif item.type == pdfium_c.FPDF_PAGEOBJ_PATH and item.level == 0:
            n_segments += pdfium_c.FPDFPath_CountSegments(item)
            if n_segments <= MAX_PATH_SEGMENTS:
                rules += _vertical_rules(item, turn)
    text = page.get_textpage()
    try:
        glyphs = _read_glyphs(text, turn)
    finally:
        text.close()
    area = max((x1 - x0) * (y1 - y0), 1e-9)
    return Layer(
        glyphs=glyphs,
        rules=tuple(rules),
        width=turn.width,
        height=turn.height,
        image_share=min(1.0, images_area / area),
        has_marks=has_marks,
    )


class _Turn:
    """Maps PDF user space (origin bottom left) to the displayed page (origin top left)."""

    def __init__(self, x0: float, y0: float, x1: float, y1: float, rotation: int) -> None:
        self._bounds = (x0, y0, x1, y1)
        self._rotation = rotation % 360
        width, height = x1 - x0, y1 - y0
        self.width, self.height = (height, width) if self._rotation % 180 else (width, height)

    def point(self, x: float, y: float) -> tuple[float, float]:
        x0, y0, x1, y1 = self._bounds
        if self._rotation == 90:
            return y - y0, x - x0
        if self._rotation == 180:
            return x1 - x, y - y0
        if self._rotation == 270:
            return y1 - y, x1 - x
        return x - x0, y1 - y

    def box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        ax, ay = self.point(x0, y0)
        bx, by = self.point(x1, y1)
        return min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)

    def angle_deg(self, angle: float) -> float:
        """Counter-clockwise direction of writing on the displayed page."""
        return angle - self._rotation


def _vertical_rules(path: Any, turn: _Turn) -> list[tuple[float, float, float]]:
    """Return (x, y0, y1) of every upright straight piece of a path, as displayed."""
    matrix = path.get_matrix()
    rules = []
    previous: tuple[float, float] | None = None
    x, y = pdfium_c.c_float(), pdfium_c.c_float()
    for i in range(pdfium_c.FPDFPath_CountSegments(path)):
        segment = pdfium_c.FPDFPath_GetPathSegment(path, i)
        if not pdfium_c.FPDFPathSegment_GetPoint(segment, x, y):
            continue
        point = turn.point(*matrix.on_point(x.value, y.value))
        kind = pdfium_c.FPDFPathSegment_GetType(segment)
        if previous is not None and kind == pdfium_c.FPDF_SEGMENT_LINETO:
            is_upright = abs(point[0] - previous[0]) <= MAX_RULE_WIDTH_PT
            if is_upright and abs(point[1] - previous[1]) >= MIN_VERTICAL_RULE_PT:
                top, bottom = sorted((point[1], previous[1]))
                rules.append(((point[0] + previous[0]) / 2, top, bottom))
        previous = point
    return rules


def _read_glyphs(text: Any, turn: _Turn) -> tuple[Glyph, ...]:
    glyphs = []
    loose = pdfium_c.FS_RECTF()
    x, y = pdfium_c.c_double(), pdfium_c.c_double()
    for i in range(pdfium_c.FPDFText_CountChars(text)):
        if pdfium_c.FPDFText_IsGenerated(text, i) == 1:
            continue
        code = pdfium_c.FPDFText_GetUnicode(text, i)
        if not pdfium_c.FPDFText_GetLooseCharBox(text, i, loose):
            continue
        box = turn.box(loose.left, loose.bottom, loose.right, loose.top)
        pdfium_c.FPDFText_GetCharOrigin(text, i, x, y)
        mode = pdfium_c.FPDFTextObj_GetTextRenderMode(pdfium_c.FPDFText_GetTextObject(text, i))
        angle = math.degrees(pdfium_c.FPDFText_GetCharAngle(text, i))
        glyphs.append(
            Glyph(
                char=chr(code) if 0 < code < 0x110000 else "\ufffd",
                x0=box[0],
                y0=box[1],
                x1=box[2],
                y1=box[3],
                origin=turn.point(x.value, y.value),
                angle_deg=turn.angle_deg(angle),
                is_visible=mode not in (-1, pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE),
                is_mapped=pdfium_c.FPDFText_HasUnicodeMapError(text, i) != 1,
            )
        )
    return tuple(glyphs)
