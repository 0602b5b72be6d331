"""Pages to and from the bytes of a file.

The same pages give the same bytes. Every page is stored in the poorest mode that holds it: black
and white, grey or colour.
"""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pikepdf
import PIL.Image
import pypdfium2 as pdfium

from training.synthesis.paper.geometry import Image

_EPOCH = time.gmtime(1704067200)
_BLACK_BELOW = 128


def render_pdf(pdf: bytes, dpi: float) -> list[Image]:
    """Every page of a PDF, RGB uint8 (height, width, 3)."""
    document = pdfium.PdfDocument(pdf)
    try:
        pages = []
        for page in document:
            bitmap = page.render(scale=dpi / 72, rev_byteorder=True)
            pages.append(np.array(bitmap.to_numpy()[..., :3], np.uint8))
            bitmap.close()
            page.close()
        return pages
    finally:
        document.close()


def to_pdf(images: Sequence[Image], *, dpi: float, quality: int) -> bytes:
    """Pages of pixels: JPEG, or CCITT group 4 where an image is black and white only.

    Raises:
        ValueError: there is no image.
    """
    return _save(
        [_pillow(image) for image in images],
        "PDF",
        resolution=dpi,
        quality=quality,
        creationDate=_EPOCH,
        modDate=_EPOCH,
    )


def to_tiff(images: Sequence[Image], *, dpi: float) -> bytes:
    """A TIFF of many pages, without loss.

    Raises:
        ValueError: there is no image.
    """
    pages = [_pillow(image) for image in images]
    return _save(pages, "TIFF", compression="tiff_lzw", dpi=(dpi, dpi))


def to_tiff_fax(images: Sequence[Image], *, dpi: float) -> bytes:
    """A TIFF of many pages in black and white, CCITT group 4.

    Raises:
        ValueError: there is no image.
    """
    pages = [
        PIL.Image.fromarray(image).convert("L").point(lambda level: 255 * (level >= _BLACK_BELOW))
        for image in images
    ]
    return _save(
        [page.convert("1") for page in pages], "TIFF", compression="group4", dpi=(dpi, dpi)
    )


def to_image(image: Image, file_format: str, *, quality: int = 80) -> bytes:
    """One page as an image file.

    Args:
        file_format: PNG, JPEG, WEBP or BMP.
        quality: for JPEG and WEBP.
    """
    options = {"quality": quality} if file_format in ("JPEG", "WEBP") else {}
    return _save([_pillow(image)], file_format, **options)


def mix(pdf: bytes, scanned: bytes, *, first: int) -> bytes:
    """The first pages of one PDF, then those of another after as many."""
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as target, pikepdf.open(io.BytesIO(scanned)) as source:
        del target.pages[first:]
        target.pages.extend(source.pages[first:])
        target.save(buffer, deterministic_id=True)
    return buffer.getvalue()


def _save(pages: Sequence[PIL.Image.Image], file_format: str, **options: Any) -> bytes:
    if not pages:
        raise ValueError(f"a {file_format} needs at least one page")
    buffer = io.BytesIO()
    many = {"save_all": True, "append_images": pages[1:]} if file_format in ("PDF", "TIFF") else {}
    pages[0].save(buffer, format=file_format, **many, **options)
    return buffer.getvalue()


def _pillow(image: Image) -> PIL.Image.Image:
    gray = image[..., 0]
    if (image != gray[..., np.newaxis]).any():
        return PIL.Image.fromarray(image)
    page = PIL.Image.fromarray(np.ascontiguousarray(gray))
    return page.convert("1", dither=PIL.Image.Dither.NONE) if _is_bilevel(gray) else page


def _is_bilevel(gray: Image) -> bool:
    return bool(((gray == 0) | (gray == 255)).all())
