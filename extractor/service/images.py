"""A finished document in, its pages and cells as images out, or what a text consists of.

Pages are made when somebody looks, and then kept. Only documents that a worker has already read are
opened here, so that a file which crashes the PDF library does not crash the service.
"""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import PIL.Image

from extractor import ingest
from extractor.orientation import upright
from extractor.pages import render
from extractor.service.problems import (
    NO_CELL_IMAGE,
    NO_PAGE_IMAGE,
    PAGE_UNKNOWN,
    SLOT_UNKNOWN,
    ProblemError,
)
from extractor.service.store import Store
from extractor.service.tables import Document
from extractor.service.tasks import source_bytes
from extractor.settings import Settings
from extractor.types import Block

PAGE_MEDIA_TYPE = "image/jpeg"
CELL_MEDIA_TYPE = "image/png"
JPEG_QUALITY = 90
CELL_MARGIN = 0.6
"""Margin around a cell, in heights of its box; a crop without any is hard to read."""

_one_at_a_time = threading.Lock()  # a page may take 50 MB


def page_image(document: Document, number: int, store: Store, settings: Settings) -> Path:
    """Return the file of one upright page, `number` counting from 1.

    Args:
        document: one that is done.
        number: of the page.
        store: where its files are.
        settings: those that it was extracted with.

    Raises:
        ProblemError: the document has no pages, or no such page.
        InputError: the page cannot be shown.
        StoreError: the document's file is gone.
    """
    rotations = document.rotations
    if not rotations:
        raise ProblemError(NO_PAGE_IMAGE, f"{document.name} is a text; it has no pages to show")
    if not 1 <= number <= len(rotations):
        raise ProblemError(PAGE_UNKNOWN, f"{document.name} has pages 1 to {len(rotations)}")
    folder = store.folder(document)
    # Another extraction may have found another way up.
    again = f"g{document.generation}-" if document.generation else ""
    path = folder / f"page-{again}{number:04d}.jpg"
    with _one_at_a_time:
        if not path.exists():
            data = source_bytes(folder, document.name)
            source = ingest.identify(document.name, data, settings)
            pixels = render(source, number, settings.dpi, settings)
            image = PIL.Image.fromarray(upright(pixels, rotations[number - 1]))
            draft = path.with_suffix(".part")
            image.save(draft, "JPEG", quality=JPEG_QUALITY)
            draft.replace(path)
    return path


def cell_image(
    document: Document, result: dict[str, Any], slot: str, store: Store, settings: Settings
) -> bytes:
    """Return a PNG of one cell, cut out where its evidence is.

    Args:
        document: one that is done.
        result: its extraction, as JSON.
        slot: "table.row.column".
        store: where its files are.
        settings: those that it was extracted with.

    Raises:
        ProblemError: the form has no such slot, or the cell was not found on a page.
        InputError: the page cannot be shown.
    """
    table, _, cell = slot.partition(".")
    try:
        evidence = result["tables"][table]["cells"][cell]["evidence"] or {}
    except KeyError as error:
        raise ProblemError(SLOT_UNKNOWN, f"{slot!r} is no table.row.column of the form") from error
    if not document.rotations:
        raise ProblemError(NO_PAGE_IMAGE, f"{document.name} is a text; it has no pages to show")
    number, box = evidence.get("page"), evidence.get("box")
    if number is None or box is None:
        raise ProblemError(NO_CELL_IMAGE, f"{slot} was not found in {document.name}")
    path = page_image(document, number, store, settings)
    with PIL.Image.open(path) as page:
        width, height = page.size
        x0, y0, x1, y1 = box[0] * width, box[1] * height, box[2] * width, box[3] * height
        margin = CELL_MARGIN * max(y1 - y0, 8.0)
        bounds = (
            max(0, int(x0 - margin)),
            max(0, int(y0 - margin)),
            min(width, int(x1 + margin) + 1),
            min(height, int(y1 + margin) + 1),
        )
        buffer = io.BytesIO()
        page.crop(bounds).save(buffer, "PNG")
    return buffer.getvalue()


def text_blocks(document: Document, store: Store, settings: Settings) -> tuple[Block, ...]:
    """The paragraphs and tables of a document that has no pages.

    Args:
        document: one that is done, and has no pages.
        store: where its files are.
        settings: those that it was extracted with.

    Raises:
        InputError: the document cannot be read.
        StoreError: its file is gone.
    """
    data = source_bytes(store.folder(document), document.name)
    return ingest.read_blocks(ingest.identify(document.name, data, settings))
