"""A document read as the product reads it: bytes in, sheets out, the OCR kept on disk.

The stages are those of `extractor.pipeline`, in its order. What the OCR says of a document is kept
in one file, so that its tokens can be made again in a second; it is read anew if the document, the
models or the settings are others.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from extractor import ingest
from extractor.engines import Engines
from extractor.flatten import on_page
from extractor.ocr import recognize_page
from extractor.pages import open_pages
from extractor.settings import Settings
from extractor.tokens import tokenize_blocks, tokenize_page
from extractor.types import Box, Evidence, Line, Page, Sheet, Source, Warp
from extractor.weights import SHA256

_DIGITS = 2


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """The sheets of a document, and how its bent pages were made flat (`Page.warp`)."""

    sheets: tuple[Sheet, ...]
    warps: Mapping[int, Warp]

    def place(self, evidence: Evidence) -> Box | None:
        """Where something is on the upright page, in fractions, as labels state it."""
        warp = None if evidence.page is None else self.warps.get(evidence.page)
        return evidence.box if evidence.box is None or warp is None else on_page(evidence.box, warp)


def read_document(
    name: str, data: bytes, engines: Engines, settings: Settings, cache: Path
) -> ReadDocument:
    """Read a document.

    Args:
        name: of its file.
        data: its bytes.
        engines: the OCR is loaded when a page needs it that is not in `cache`.
        settings: as the product's.
        cache: a folder; made if it is not there.

    Raises:
        ExtractorError: the document cannot be opened, or a page cannot be read.
    """
    source = ingest.identify(name, data, settings)
    if not source.kind.is_paged:
        return ReadDocument(tokenize_blocks(ingest.read_blocks(source)), {})
    path = cache / f"{source.sha256[:16]}.json.gz"
    pages = _kept(path, settings)
    if pages is None:
        pages, has_pixels = _read_pages(source, engines, settings)
        if has_pixels:  # a text layer is read in no time
            cache.mkdir(parents=True, exist_ok=True)
            _keep(path, pages, settings)
    sheets = tuple(sheet for page in pages for sheet in tokenize_page(page, page.lines or ()))
    return ReadDocument(sheets, {page.number: page.warp for page in pages if page.warp})


def _read_pages(source: Source, engines: Engines, settings: Settings) -> tuple[list[Page], bool]:
    """Every page with its lines and without its pixels, and whether any was read from pixels."""
    found = []
    has_pixels = False
    with open_pages(source, settings) as pages:
        for number in range(1, pages.count + 1):
            page = pages.read(number)
            lines = page.lines
            if lines is None:
                has_pixels = True
                page, lines = recognize_page(page, engines.ocr, settings)
            found.append(replace(page, image=None, lines=tuple(lines)))
    return found, has_pixels


def _stamp(settings: Settings) -> str:
    """Stands for what the OCR of a page depends on, besides the page and our own code."""
    parts = (SHA256, settings.dpi, settings.detection_side_px, settings.max_page_side_px)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def _keep(path: Path, pages: Sequence[Page], settings: Settings) -> None:
    content = {"stamp": _stamp(settings), "pages": [_to_json(page) for page in pages]}
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(gzip.compress(json.dumps(content, ensure_ascii=False).encode(), 6, mtime=0))
    part.replace(path)


def _kept(path: Path, settings: Settings) -> list[Page] | None:
    """The pages in a file, or None if it is not there or not of this OCR."""
    try:
        content = json.loads(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, ValueError):
        return None
    if content["stamp"] != _stamp(settings):
        return None
    return [_from_json(page) for page in content["pages"]]


def _to_json(page: Page) -> dict[str, Any]:
    warp = page.warp
    return {
        "number": page.number,
        "size": [page.width, page.height],
        "rotation": page.rotation_deg,
        "warp": None if warp is None else [warp.xs.tolist(), warp.ys.tolist()],
        "lines": [
            [
                line.text,
                [round(v, _DIGITS) for v in (line.box.x0, line.box.y0, line.box.x1, line.box.y1)],
                round(line.score, 4),
                [round(edge, _DIGITS) for edge in line.edges],
            ]
            for line in page.lines or ()
        ],
    }


def _from_json(content: Mapping[str, Any]) -> Page:
    warp = content["warp"]
    width, height = content["size"]
    return Page(
        content["number"],
        width,
        height,
        None,
        tuple(
            Line(text, Box(*box), score, tuple(edges))
            for text, box, score, edges in content["lines"]
        ),
        content["rotation"],
        None if warp is None else Warp(*(np.array(part, np.float32) for part in warp)),
    )
