"""Pieces of pages as images within the page: what stands where a reading went wrong."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import PIL.Image
import PIL.ImageDraw

from extractor import ingest
from extractor.errors import ExtractorError
from extractor.orientation import upright
from extractor.pages import render
from extractor.settings import Settings
from extractor.types import Source

_DPI = 110
_WIDTH, _HEIGHT = 300, 72


@dataclass(frozen=True, slots=True)
class Pages:
    """The upright pages of one document, as far as they can be shown."""

    source: Source
    rotations: tuple[float, ...]
    settings: Settings


def open_document(path: Path, result: Mapping[str, Any] | None) -> Pages | None:
    """None for documents without pages and for those that cannot be opened."""
    settings = Settings()
    try:
        source = ingest.identify(path.name, path.read_bytes(), settings)
    except (ExtractorError, OSError):
        return None
    if not source.kind.is_paged:
        return None
    rotations = (result or {}).get("document", {}).get("rotations") or ()
    return Pages(source, tuple(rotations), settings)


def crop(pages: Pages, page: int, box: tuple[float, float, float, float]) -> str | None:
    """The surroundings of a box as a data address, the box outlined; None if it cannot be shown.

    Args:
        pages: an open document.
        page: counted from 1.
        box: x0 y0 x1 y1 in fractions of the upright page.
    """
    image = _page(pages, page)
    if image is None:
        return None
    width, height = image.size
    x0, y0, x1, y1 = (edge * size for edge, size in zip(box, (width, height) * 2, strict=True))
    left = min(max(0, (x0 + x1 - _WIDTH) / 2), max(0, width - _WIDTH))
    top = min(max(0, (y0 + y1 - _HEIGHT) / 2), max(0, height - _HEIGHT))
    piece = image.crop((round(left), round(top), round(left) + _WIDTH, round(top) + _HEIGHT))
    outline = (x0 - left - 3, y0 - top - 3, x1 - left + 3, y1 - top + 3)
    PIL.ImageDraw.Draw(piece).rectangle(outline, outline=(200, 70, 60), width=1)
    buffer = io.BytesIO()
    piece.save(buffer, format="WEBP", quality=60)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


@lru_cache(maxsize=4)
def _page(pages: Pages, page: int) -> PIL.Image.Image | None:
    try:
        pixels = render(pages.source, page, _DPI, pages.settings)
    except (ExtractorError, IndexError, ValueError):
        return None
    rotation = pages.rotations[page - 1] if page <= len(pages.rotations) else 0.0
    return PIL.Image.fromarray(upright(pixels, rotation))
