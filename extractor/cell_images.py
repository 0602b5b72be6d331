"""The pixels of single cells of a document, for whoever looks at them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from extractor import closeup
from extractor.closeup import read_crop, stroke
from extractor.digits import OTHER
from extractor.engines import Engines
from extractor.flatten import flatten
from extractor.lighting import even_light
from extractor.orientation import upright
from extractor.page_readings import PageReading
from extractor.pages import render
from extractor.region_print import cut, ink
from extractor.settings import Settings
from extractor.spellings import Spelling
from extractor.strays import has_stray_print, whole_print
from extractor.types import Box, Evidence, Image, Line, Role, Sheet, Source


class CellImages:
    """Pixels of cells on scanned pages. Page images are made again when they are asked for: keeping
    those of every page would let memory grow with the document."""

    def __init__(
        self,
        source: Source,
        pages: Sequence[PageReading],
        sheets: Sequence[Sheet],
        engines: Engines,
        settings: Settings,
    ) -> None:
        def image(number: int) -> Image:
            page = pages[number - 1]
            pixels = even_light(render(source, number, settings.dpi, settings))
            pixels = upright(pixels, page.rotation_deg)
            return pixels if page.warp is None else flatten(pixels, page.warp)

        self._image = lru_cache(maxsize=2)(image)
        self._scanned = {page.number for page in pages if page.is_scanned}
        self._sheets = [sheet for sheet in sheets if sheet.cells and sheet.page in self._scanned]
        self._labels = [
            f.evidence for sheet in sheets for f in sheet.fragments if f.role is Role.LABEL
        ]
        self._engines = engines

    def ink(self, evidence: Evidence) -> float | None:
        region = self._region(evidence)
        return None if region is None else ink(*region)

    def read(self, evidence: Evidence) -> Line | None:
        region = self._region(evidence)
        return None if region is None else read_crop(*region, self._engines.ocr)

    def whole(
        self, evidence: Evidence, others: Sequence[Evidence], *, has_lines: bool = False
    ) -> Evidence | None:
        region = self._region(evidence)
        if region is None:
            return None
        image, box = region
        height, width = image.shape[:2]
        # Labels bound a cell, except one whose own words may have been taken for a label.
        places = self._places(evidence, others if has_lines else [*others, *self._labels])
        found = whole_print(image, box, places, self._cell(evidence, box), has_lines=has_lines)
        if found is None:
            return None
        return replace(
            evidence,
            box=Box(
                max(0.0, found.x0 / width),
                max(0.0, found.y0 / height),
                min(1.0, found.x1 / width),
                min(1.0, found.y1 / height),
            ),
        )

    def has_stray_print(self, evidence: Evidence, others: Sequence[Evidence]) -> bool:
        region = self._region(evidence)
        if region is None:
            return False
        places = self._places(evidence, [*others, *self._labels])
        return has_stray_print(*region, places, self._cell(evidence, region[1]))

    def _places(self, evidence: Evidence, others: Sequence[Evidence]) -> list[Box]:
        """Where others stand on the same page, in pixels."""
        same_page = (other for other in others if other.page == evidence.page)
        return [region[1] for other in same_page if (region := self._region(other))]

    def _cell(self, evidence: Evidence, box: Box) -> Box | None:
        """The ruled cell in which a region lies, in pixels."""
        for sheet in self._sheets:
            if sheet.page != evidence.page:
                continue
            for cell in sheet.cells:
                placed = replace(cell, x0=cell.x0 + sheet.left, x1=cell.x1 + sheet.left)
                if placed.x0 < box.center_x < placed.x1 and placed.y0 < box.center_y < placed.y1:
                    return placed
        return None

    def is_cut(self, evidence: Evidence) -> bool:
        region = self._region(evidence)
        return region is not None and closeup.is_cut(*region)

    def blankness(self, evidence: Evidence) -> float:
        region = self._region(evidence)
        return 0.0 if region is None else self._engines.digits.read([cut(*region)])[0].blank

    def stroke(self, evidence: Evidence) -> str:
        region = self._region(evidence)
        return "" if region is None else stroke(*region)

    def opinions(self, evidence: Evidence) -> tuple[Spelling, ...]:
        region = self._region(evidence)
        if region is None:
            return ()
        (reading,) = self._engines.digits.read([cut(*region)])
        if OTHER in reading.text or not reading.text:
            return ()
        return tuple(Spelling(t, p) for t, p in reading.alternatives if OTHER not in t)

    def _region(self, evidence: Evidence) -> tuple[Image, Box] | None:
        box, page = evidence.box, evidence.page
        if box is None or page is None or page not in self._scanned:
            return None
        image = self._image(page)
        height, width = image.shape[:2]
        return image, Box(box.x0 * width, box.y0 * height, box.x1 * width, box.y1 * height)
