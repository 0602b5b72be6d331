"""Which documents and pages are too large to be read, and the size in which a page is read."""

from __future__ import annotations

from extractor.errors import InputTooLarge
from extractor.settings import Settings
from extractor.types import Source

MIN_REDUCED_SIDE_PX = 300
"""A page that had to be reduced and is narrower than this then (A4 at 36 dpi) shows no print."""


def check_page_count(count: int, source: Source, settings: Settings) -> None:
    """Refuse a document of more pages than are allowed."""
    if count > settings.max_pages:
        raise InputTooLarge(
            f"{source.name} has {count} pages, more than the {settings.max_pages} that are read; "
            "split the file or raise EXTRACTOR_MAX_PAGES"
        )


def check_legible(
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


def reduced_size(width: int, height: int, max_side: int) -> tuple[int, int]:
    """Width and height with the longer side at most `max_side`, neither below 1."""
    scale = min(1.0, max_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
