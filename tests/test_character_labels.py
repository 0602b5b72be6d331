"""Labels down to the character: what they name stands where they say, on every kind of page."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

import numpy as np
import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.synthesis import fonts, labels
from training.synthesis.labels import LabelError, Run, label_pdf, label_text
from training.synthesis.prose import FigureSpan, Prose
from training.synthesis.report import Report, invent
from training.synthesis.roles import Role
from training.synthesis.splits import Split
from training.synthesis.styles import FAMILIES, STYLES, families
from training.synthesis.typeset import typeset, typeset_with_twin
from training.synthesis.values import BLANK


def has_fonts() -> bool:
    try:
        fonts.load_fonts()
    except fonts.FontError:
        return False
    return True


needs_fonts = pytest.mark.skipif(not has_fonts(), reason="no font with Chinese characters")


def with_figure(report: Report) -> Report:
    """The report with a first sentence whose one figure is known."""
    text = "全年 主动公开政府信息 1851 条，其中网站发布若干。"
    start = text.index("1851")
    prose = Prose(text, (FigureSpan(start, start + 6, "proactive_items", Decimal(1851), "条"),))
    return replace(report, parts=(prose, *report.parts))


def rendered(pdf: bytes) -> list[NDArray[np.uint8]]:
    """Every page in grey at 144 dpi."""
    document = pdfium.PdfDocument(pdf)
    try:
        return [
            np.array(page.render(scale=2, grayscale=True).to_pil().convert("L"))
            for page in document
        ]
    finally:
        document.close()


@needs_fonts
@pytest.mark.parametrize("name", list(FAMILIES))
def test_every_value_is_labelled_where_its_ink_is(name: str) -> None:
    rng = Random(name)
    report = invent(rng, "2021")
    document = typeset_with_twin(report, FAMILIES[name].sample(rng), rng)
    runs = label_pdf(document, report)
    by_slot = {run.tag.slot: run for run in runs if run.tag.slot}
    assert set(by_slot) == set(report.slots())
    pages = rendered(document.pdf)
    for slot, run in by_slot.items():
        assert run.text == report.values[slot].text
        table, row, column = slot.split(".")
        assert (run.tag.table, run.tag.row, run.tag.column) == (table, row, column)
        box = run.box()
        assert box is not None and 0 < box[0] < box[2] < 1 and 0 < box[1] < box[3] < 1
        page = pages[run.page - 1]
        height, width = page.shape
        x0, y0, x1, y1 = (
            int(box[0] * width),
            int(box[1] * height),
            int(np.ceil(box[2] * width)),
            int(np.ceil(box[3] * height)),
        )
        assert page[y0:y1, x0:x1].min() < 128, slot


@needs_fonts
def test_the_twin_is_the_same_page_in_other_colours() -> None:
    report = invent(Random(5), "2019", is_long=True)
    document = typeset_with_twin(report, STYLES["pdf_labels_broken"], Random(1))
    assert document.pdf == typeset(report, STYLES["pdf_labels_broken"], Random(1))
    for plain, colored in zip(
        labels._pages(document.pdf), labels._pages(document.twin), strict=True
    ):
        assert [(text, box) for text, _, box in plain] == [(text, box) for text, _, box in colored]
        assert len({color for _, color, _ in colored}) > len({color for _, color, _ in plain})


@needs_fonts
def test_a_blank_cell_has_a_place_between_its_neighbours() -> None:
    report = invent(Random(5), "2021")
    slot = "requests.granted.nonprofit"
    report = replace(report, values={**report.values, slot: BLANK})
    runs = label_pdf(typeset_with_twin(report, STYLES["pdf_ruled"], Random(1)), report)
    boxes = {run.tag.slot: (run.text, run.box()) for run in runs}
    text, blank = boxes[slot]
    _, left = boxes["requests.granted.research_institution"]
    _, right = boxes["requests.granted.legal_service"]
    assert text == "" and blank and left and right
    assert left[2] < blank[0] < blank[2] < right[0]
    assert blank[1] < left[3] and left[1] < blank[3]


@needs_fonts
def test_an_empty_row_keeps_its_place() -> None:
    """What follows a table of blanks stands where the twin says."""
    report = invent(Random(5), "2021")
    blank = {slot: BLANK for slot in report.slots() if slot.startswith("disputes.")}
    report = replace(report, values={**report.values, **blank})
    document = typeset_with_twin(report, STYLES["pdf_three_line"], Random(1))
    runs = label_pdf(document, report)
    (after,) = (run for run in runs if run.text.startswith("五、"))
    assert after.quads is not None
    plain = [
        (box[0], box[1])
        for characters in labels._pages(document.pdf)
        for character, _, box in characters
        if character == "五"
    ]
    assert tuple(after.quads[0, 0]) in plain


@needs_fonts
def test_figures_keep_their_characters_across_pages() -> None:
    report = with_figure(invent(Random(7), "2021"))
    for style in (STYLES["pdf_ruled"], STYLES["pdf_booklet"]):
        runs = label_pdf(typeset_with_twin(report, style, Random(1)), report)
        (run,) = (run for run in runs if run.tag.part == 0)
        (figure,) = run.figures
        assert run.text[figure.start : figure.end] == "1851条"
        assert run.tag.role is Role.TEXT


@needs_fonts
def test_a_page_that_lost_characters_is_refused() -> None:
    report = invent(Random(7), "2021")
    document = typeset_with_twin(report, STYLES["pdf_ruled"], Random(1))
    other = typeset_with_twin(
        replace(report, parts=report.parts[1:]), STYLES["pdf_ruled"], Random(1)
    )
    with pytest.raises(LabelError):
        label_pdf(replace(document, twin=other.twin), report)
    with pytest.raises(LabelError):
        label_pdf(replace(document, pdf=other.pdf), report)


@given(seed=st.integers(0, 10**6), edition=st.sampled_from(["2019", "2021"]))
@settings(deadline=None, max_examples=20)
def test_text_documents_have_the_same_labels_without_boxes(seed: int, edition: str) -> None:
    report = with_figure(invent(Random(seed), edition))
    runs = label_text(report)
    assert [run.tag.slot for run in runs if run.tag.slot] == list(report.slots())
    assert all(run.quads is None and run.page == 0 for run in runs)
    assert {run.tag.role for run in runs} >= {Role.TITLE, Role.HEADING, Role.LABEL, Role.VALUE}
    assert runs[0].text[runs[0].figures[0].start :].startswith("1851条")


def test_runs_move_with_their_page() -> None:
    tag = label_text(invent(Random(1), "2021"))[0].tag
    quads = np.array([[[0.1, 0.2], [0.3, 0.2], [0.3, 0.4], [0.1, 0.4]]])
    run = Run(tag, "一", 1, quads).moved(lambda points: points[:, ::-1] + [1, 0])
    assert run.box() == pytest.approx((1.2, 0.1, 1.4, 0.3))
    assert Run(tag, "", 0, None).moved(lambda points: points).box() is None


def test_families_are_split_without_overlap() -> None:
    by_split = [set(families(split)) for split in Split]
    assert all(by_split)
    assert sum(map(len, by_split)) == len(set().union(*by_split)) == len(FAMILIES)


@needs_fonts
def test_a_character_without_a_glyph_is_found() -> None:
    assert fonts.lacking("song", "政府信息公开 123") == set()
    assert fonts.lacking("song", "\U0001f600") == {"\U0001f600"}
