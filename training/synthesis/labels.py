"""Labels down to the character: which entry each character of a document belongs to, and where.

A `Run` holds the characters of one entry on one page, in order. For a PDF the boxes come from the
twin that `typeset` makes; what is done to the page afterwards moves them along (`Run.moved`). A
text document has the same runs without boxes.
"""

from __future__ import annotations

import ctypes
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from numpy.typing import NDArray

from training.synthesis.form import Table
from training.synthesis.prose import FigureSpan, Prose
from training.synthesis.report import Closing, Heading, Report, Title
from training.synthesis.roles import Role, Tag, entry_tag
from training.synthesis.typeset import Typeset

Quads = NDArray[np.float64]
"""Corners of N boxes, shape (N, 4, 2): top left, top right, bottom right, bottom left."""

_FURNITURE = Tag(Role.FURNITURE, "", -1)


class LabelError(RuntimeError):
    """A document does not hold what it was made from."""


@dataclass(frozen=True, slots=True)
class Run:
    """The characters of one entry on one page.

    `text` has no white space; `quads` has the corners of each character, as fractions of the page,
    and is None in a document without pages. `page` counts from 1 (0 without pages). `figures` are
    the key figures of a paragraph, by offsets into `text`; a figure that a page break parts is in
    both runs. A value cell in which nothing is printed has no text and one box: its place.
    """

    tag: Tag
    text: str
    page: int
    quads: Quads | None
    figures: tuple[FigureSpan, ...] = ()

    def moved(self, move: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Run:
        """The run on another image of its page; `move` maps points of shape (N, 2)."""
        if self.quads is None:
            return self
        return replace(self, quads=move(self.quads.reshape(-1, 2)).reshape(-1, 4, 2))

    def box(self) -> tuple[float, float, float, float] | None:
        """x0 y0 x1 y1 around all characters."""
        if self.quads is None or not len(self.quads):
            return None
        low, high = self.quads.min(axis=(0, 1)), self.quads.max(axis=(0, 1))
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def label_pdf(document: Typeset, report: Report) -> tuple[Run, ...]:
    """The runs of every page, in the order of the pages and the entries.

    Raises:
        LabelError: an entry is not on the pages as it was given, or the text layer of the document
            differs from that of its twin.
    """
    runs: list[Run] = []
    offsets: dict[int, int] = defaultdict(int)
    body = report.body()
    for number, (colored, plain) in enumerate(
        zip(_pages(document.twin), _pages(document.pdf), strict=True), start=1
    ):
        groups: dict[int, list[tuple[str, tuple[float, float, float, float]]]] = defaultdict(list)
        for character, color, box in colored:
            groups[color].append((character, box))
        blanks: set[int] = set()
        for color, characters in sorted(groups.items()):
            tag = document.tags[color - 1] if color else _FURNITURE
            text = "".join(character for character, _ in characters)
            if color and not tag.text.strip():
                blanks.add(color)
                text = ""
            quads = _quads([box for _, box in characters])
            start = offsets[color]
            offsets[color] += len(text)
            figures = _figures(body[tag.part], start, len(text)) if tag.part >= 0 else ()
            runs.append(Run(tag, text, number, quads, figures))
        kept = [character for character, color, _ in colored if color not in blanks]
        if kept != [character for character, _, _ in plain]:
            raise LabelError(f"page {number}: the twin has other characters than the document")
    for color, tag in enumerate(document.tags, start=1):
        shown = "".join(run.text for run in runs if run.tag is tag)
        wanted = _squeeze(tag.text)
        # A header that is repeated after a page break stands on each of its pages as a whole.
        times = len(shown) // len(wanted) if wanted else 0
        if shown != wanted * max(times, 1):
            raise LabelError(f"{tag.text!r} is {shown!r} on the page (entry {color})")
    return tuple(runs)


def label_text(report: Report) -> tuple[Run, ...]:
    """The runs of a document without pages, in the order in which it states them."""
    runs: list[Run] = []
    for number, part in enumerate(report.body()):
        match part:
            case Table():
                tags = [entry_tag(entry, part, number) for entry in part.entries()]
            case Title() | Closing():
                role = Role.TITLE if isinstance(part, Title) else Role.TEXT
                tags = [Tag(role, "\n".join(part.lines), number)]
            case Heading():
                tags = [Tag(Role.HEADING, part.text, number)]
            case Prose():
                tags = [Tag(Role.TEXT, part.text, number)]
        for tag in tags:
            text = _squeeze(tag.text)
            runs.append(Run(tag, text, 0, None, _figures(part, 0, len(text))))
    return tuple(runs)


def _figures(part: object, start: int, length: int) -> tuple[FigureSpan, ...]:
    """Figures of a paragraph, cut to the characters `start .. start + length` without spaces."""
    if not isinstance(part, Prose):
        return ()
    places = np.cumsum([0, *(not character.isspace() for character in part.text)])
    moved = []
    for figure in part.figures:
        low = max(int(places[figure.start]) - start, 0)
        high = min(int(places[figure.end]) - start, length)
        if low < high:
            moved.append(replace(figure, start=low, end=high))
    return tuple(moved)


def _pages(
    pdf: bytes,
) -> Iterator[list[tuple[str, int, tuple[float, float, float, float]]]]:
    """Characters of every page with their colour and their box in fractions of the page."""
    document = pdfium.PdfDocument(pdf)
    try:
        for page in document:
            yield _characters(page)
    finally:
        document.close()


def _characters(page: pdfium.PdfPage) -> list[tuple[str, int, tuple[float, float, float, float]]]:
    width, height = page.get_size()
    text = page.get_textpage()
    found = []
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    for i in range(text.count_chars()):
        character = chr(pdfium_c.FPDFText_GetUnicode(text, i))
        if character.isspace() or pdfium_c.FPDFText_IsGenerated(text, i) == 1:
            continue
        pdfium_c.FPDFText_GetFillColor(text, i, red, green, blue, alpha)
        pdfium_c.FPDFText_GetCharBox(text, i, left, right, bottom, top)
        box = (
            left.value / width,
            1 - top.value / height,
            right.value / width,
            1 - bottom.value / height,
        )
        found.append((character, red.value << 16 | green.value << 8 | blue.value, box))
    text.close()
    page.close()
    return found


def _quads(boxes: list[tuple[float, float, float, float]]) -> Quads:
    corners = [[(x0, y0), (x1, y0), (x1, y1), (x0, y1)] for x0, y0, x1, y1 in boxes]
    return np.array(corners, np.float64).reshape(-1, 4, 2)


def _squeeze(text: str) -> str:
    return "".join(text.split())
