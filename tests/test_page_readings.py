"""Pages that are read one by one, and kept as bytes in between, give the same result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from extractor import page_readings
from extractor.engines import Engines
from extractor.errors import CorruptInput
from extractor.export import FORMATS
from extractor.page_readings import PageReading, read_page
from extractor.pages import inspect
from extractor.pipeline import extract
from extractor.schema import load_schema
from extractor.settings import Settings
from extractor.types import Extraction, Failure, Warp
from tests.conftest import labelled_documents

BENT = Warp(
    np.linspace(0, 1, 6, dtype=np.float32).reshape(2, 3),
    np.array([[0.1, 0.2, 1 / 3], [0.7, 0.8, 0.9]], np.float32),
)


def timeless(extraction: Extraction) -> bytes:
    return FORMATS["json"](replace(extraction, seconds={}), load_schema())


@pytest.mark.parametrize(
    "name", ["plain-2021__pdf_unruled.pdf", "curled-2021__paper_photo_curled.pdf"]
)
def test_a_document_may_be_read_page_by_page(
    name: str, engines: Engines, settings: Settings
) -> None:
    [document] = [one for one in labelled_documents() if one.path.name == name]
    source = document.source(settings)
    pages = [
        page_readings.from_bytes(
            page_readings.to_bytes(read_page(source, number, engines, settings, 60.0))
        )
        for number in range(1, inspect(source, settings) + 1)
    ]
    at_once = extract(source, engines, settings)
    assert timeless(extract(source, engines, settings, pages=pages)) == timeless(at_once)


def test_what_is_kept_comes_back() -> None:
    failed = Failure("ocr", 2, "damaged")
    reading = PageReading(2, (), 90.5, True, BENT, (failed,), {"ocr": 0.1})
    back = page_readings.from_bytes(page_readings.to_bytes(reading))
    assert back.warp is not None
    assert np.array_equal(back.warp.xs, BENT.xs)
    assert np.array_equal(back.warp.ys, BENT.ys)
    assert back.warp.xs.dtype == np.float32
    assert replace(back, warp=None) == replace(reading, warp=None)


@pytest.mark.parametrize("cut", [slice(0, 0), slice(0, 40), slice(1, None)])
def test_damage_is_told(cut: slice) -> None:
    data = page_readings.to_bytes(PageReading(1, (), 0.0, False, None, (), {}))
    with pytest.raises(CorruptInput, match="damaged"):
        page_readings.from_bytes(data[cut])


def test_a_page_whose_time_is_over_has_failed(engines: Engines, settings: Settings) -> None:
    [document] = [
        one for one in labelled_documents() if one.path.name == "plain-2021__pdf_unruled.pdf"
    ]
    reading = read_page(document.source(settings), 1, engines, settings, -1.0)
    assert reading.sheets == ()
    assert "EXTRACTOR_MAX_SECONDS" in reading.failures[0].reason
