"""A paged document in, its pages out: as characters where the text layer is sound, else as pixels.

Pages are opened one at a time, so that memory does not grow with their number. Everything that the
file itself says about which way is up (`/Rotate`, EXIF) is applied here; what only the pixels know
is found by `ocr.recognize_page`. `docs/ingest.md` explains when a text layer is believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from extractor.imagepages import ImagePages
from extractor.pdfpages import PdfPages
from extractor.settings import Settings
from extractor.types import Image, Kind, Page, Source


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
        pdf = PdfPages(source, settings)
        try:
            yield pdf
        finally:
            pdf.close()
    elif source.kind is Kind.IMAGE:
        yield ImagePages(source, settings)
    else:
        raise ValueError(f"a {source.kind} document has no pages")


def render(source: Source, number: int, dpi: float, settings: Settings) -> Image:
    """Return one page as pixels; `orientation.upright` turns it by the page's `rotation_deg`."""
    with open_pages(source, settings) as pages:
        return pages.render(number, dpi)
