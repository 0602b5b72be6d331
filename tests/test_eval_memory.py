"""The memory of a process over many documents."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from pypdfium2 import PdfDocument

from eval import memory
from eval.memory import Sample, measure, slope
from extractor.settings import Settings

FIXTURES = Path(__file__).parent.parent / "eval" / "fixtures"


@pytest.mark.parametrize(
    ("resident", "grown"),
    [([], 0.0), ([100.0], 0.0), ([100.0, 100.0, 100.0], 0.0), ([100.0, 110.0, 120.0], 100.0)],
)
def test_growth_is_stated_for_a_thousand_documents(resident: list[float], grown: float) -> None:
    samples = [Sample(100 * i, mib, 200.0) for i, mib in enumerate(resident)]
    assert slope(samples) == pytest.approx(grown)


def test_documents_are_extracted_over_and_over(tmp_path: Path) -> None:
    shutil.copy(next(FIXTURES.glob("*.html")), tmp_path)
    (tmp_path / "empty.html").write_text("", encoding="utf-8")
    samples = list(measure(tmp_path, documents=5, every=2, settings=Settings()))
    assert [sample.documents for sample in samples] == [1, 2, 4, 5]
    assert all(0 < sample.resident_mib <= sample.peak_mib + 1 for sample in samples)


def test_pages_may_be_documents_of_their_own(tmp_path: Path) -> None:
    pdf = FIXTURES / "plain-2021__pdf_unruled.pdf"
    shutil.copy(pdf, tmp_path)
    with closing(PdfDocument(pdf)) as document:
        pages = len(document)
    assert pages > 1
    samples = list(measure(tmp_path, documents=pages, every=100, settings=Settings(), apart=True))
    assert [sample.documents for sample in samples] == [1, pages]


def test_wrong_usage_and_nothing_to_measure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        memory.main([str(tmp_path / "none")])
    assert memory.main([str(tmp_path)]) == 3
    assert "holds no documents" in capsys.readouterr().err
