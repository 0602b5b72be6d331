"""A paged document in, its pages out: as characters where the text layer is sound, else as pixels.

The only user of the PDF library, and the place where image files are decoded. Pages are opened one
at a time, so that memory does not grow with their number. Everything that the file itself says
about which way is up (`/Rotate`, EXIF) is applied here; what only the pixels know is found by
`ocr.recognize_page`. `docs/ingest.md` explains when a text layer is believed.

PDFium is not thread-safe: every call into it happens under one lock, and a document is closed
under it too. Processes are independent of each other.
"""

from __future__ import annotations

import io
import math
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

import cv2
import numpy as np
import PIL.ExifTags
import PIL.Image
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from extractor.errors import CorruptInput, EncryptedInput, InputTooLarge
from extractor.settings import Settings
from extractor.textlayer import Glyph, Layer, is_sound, layout
from extractor.types import Image, Kind, Page, Source

POINTS_PER_INCH = 72.0
FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
DECODE_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error, ZeroDivisionError)
"""What Pillow raises on damaged files; it has no exception of its own for them."""

MIN_VERTICAL_RULE_PT = 4.0
MAX_RULE_WIDTH_PT = 1.0
MAX_PATH_SEGMENTS = 20_000
"""A drawing with more segments is no table; its rules are then not looked for."""

MIN_REDUCED_SIDE_PX = 300
"""A page that had to be reduced and is narrower than this then (A4 at 36 dpi) shows no print."""

_pdfium_lock = threading.RLock()


class Pages(Protocol):
    """An open document; valid inside of the `open_pages` block that gave it."""

    @property
    def count(self) -> int:
        """Number of pages."""
        ...

    def read(self, number: int) -> Page:
        """Return page `number`, counting from 1, upright as far as the file itself says.

        Raises:
            CorruptInput: this page cannot be decoded. Other pages may still be read.
            InputTooLarge: its image has more pixels than are allowed, or is so long or so
                sparsely filled that print would be lost when it is reduced.
        """
        ...

    def render(self, number: int, dpi: float) -> Image:
        """Return the same page as pixels; image files have no resolution and ignore `dpi`."""
        ...


def inspect(source: Source, settings: Settings) -> int:
    """Count the pages of a document, and refuse one that cannot or must not be read.

    Headers only: nothing is decoded.

    Raises:
        EncryptedInput: it is protected by a password.
        CorruptInput: it is damaged.
        InputTooLarge: it has more pages, or its first image more pixels, than are allowed.
    """
    with open_pages(source, settings) as pages:
        return pages.count


@contextmanager
def open_pages(source: Source, settings: Settings) -> Iterator[Pages]:
    """Open a PDF or an image file for reading page by page.

    Raises:
        EncryptedInput, CorruptInput, InputTooLarge: as `inspect`.
        ValueError: the source is of a kind that has no pages.
    """
    if source.kind is Kind.PDF:
        pdf = _PdfPages(source, settings)
        try:
            yield pdf
        finally:
            pdf.close()
    elif source.kind is Kind.IMAGE:
        yield _ImagePages(source, settings)
    else:
        raise ValueError(f"a {source.kind} document has no pages")


def render(source: Source, number: int, dpi: float, settings: Settings) -> Image:
    """Return one page as pixels; `orientation.upright` turns it by the page's `rotation_deg`."""
    with open_pages(source, settings) as pages:
        return pages.render(number, dpi)


def _check_page_count(count: int, source: Source, settings: Settings) -> None:
    if count > settings.max_pages:
        raise InputTooLarge(
            f"{source.name} has {count} pages, more than the {settings.max_pages} that are read; "
            "split the file or raise EXTRACTOR_MAX_PAGES"
        )


def _check_legible(
    number: int, size: tuple[float, float], drawn: float, source: Source, limit: int
) -> None:
    """Refuse a page of `size` pixels whose print is lost at a longer side of `limit`: one that is
    much longer than wide, or that shows something small, of `drawn` pixels, on a huge sheet."""
    longer = max(size)
    if longer > limit and drawn * limit / longer < MIN_REDUCED_SIDE_PX:
        raise InputTooLarge(
            f"page {number} of {source.name} is {size[0]:.0f} x {size[1]:.0f} pixels, and its "
            f"print is lost when the longer side is reduced to {limit}; cut it into pages or save "
            "it in its real size"
        )


def _reduced_size(width: int, height: int, max_side: int) -> tuple[int, int]:
    """Width and height with the longer side at most `max_side`, neither below 1."""
    scale = min(1.0, max_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


# --- PDF ---------------------------------------------------------------------------------------


class _PdfPages:
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
            _check_page_count(self.count, source, settings)
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
            _check_legible(number, (width * scale, height * scale), drawn, self._source, limit)

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


# --- image files -------------------------------------------------------------------------------


class _ImagePages:
    """The file is opened anew for every page: Pillow keeps the pixels of an open one."""

    def __init__(self, source: Source, settings: Settings) -> None:
        self._source = source
        self._settings = settings
        self.count = 1  # until they are counted
        with self._open(1) as file:
            self.count = self._count_frames(file)
        _check_page_count(self.count, source, settings)

    def read(self, number: int) -> Page:
        with self._open(number) as file:
            limit = self._settings.max_page_side_px
            _check_legible(number, file.size, min(file.size), self._source, limit)
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
            size = _reduced_size(*file.size, self._settings.max_page_side_px)
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
