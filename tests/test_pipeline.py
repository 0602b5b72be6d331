"""The main job on whole documents: labelled reports in every format, and what is no report."""

from __future__ import annotations

import re

import pytest

from extractor import ingest
from extractor.calibrator import LEAST_LIKELY
from extractor.engines import Engines
from extractor.errors import (
    CorruptInput,
    EncryptedInput,
    InputError,
    InputTooLarge,
    NotAReport,
)
from extractor.pipeline import extract
from extractor.settings import Settings
from extractor.types import CellStatus, Extraction, State, Status, Verdict
from tests import bad_documents
from tests.conftest import Labelled, labelled_documents
from training.synthesis.paper import GROUPS

# Harsh paper is measured (`python -m eval`), not asserted.
ALL = [
    document
    for document in labelled_documents()
    if document.truth["condition"] not in GROUPS["harsh"]
]
# Cells that are empty without a trace leave rows whose columns nobody can know.
AMBIGUOUS = {"dropped-2019__flat_dropped.txt"}
# Read, but flagged: labels much longer than the form's, so that a row is known by its place alone.
UNSURE = {"explained-2021__pdf_ruled.pdf"}
# Certain but for one column, which the token classifier doubts on processors that add 8-bit numbers
# exactly, and does not on others.
BY_PROCESSOR = {"large-sheet-2019__pdf_a3.pdf"}
# Not read to the last cell yet; what is wrong must be flagged.
OPEN = {
    "spaced-2021__flat_lines.txt": "spaces within numbers of flat text",
}


def run(name: str, data: bytes, engines: Engines, settings: Settings) -> Extraction:
    return extract(ingest.identify(name, data, settings), engines, settings)


@pytest.mark.parametrize("document", ALL, ids=lambda document: document.path.name)
def test_labelled_documents(document: Labelled, engines: Engines, settings: Settings) -> None:
    result = extract(document.source(settings), engines, settings)
    cells = {cell.slot: cell for table in result.tables for cell in table.cells}
    wrong = {
        slot: (value, cells[slot].reading)
        for slot, value in document.slots.items()
        if slot not in cells or cells[slot].reading.value != value
    }
    if document.path.name in OPEN:
        assert wrong, "read now: take it out of OPEN"
        assert all(cells[slot].status is CellStatus.FLAGGED for slot in wrong)
    else:
        assert not wrong
    assert result.facts.edition == document.truth["edition"]
    assert result.facts.year == document.truth["year"]
    for cell in cells.values():
        was_read = cell.reading.state is not State.MISSING
        assert (cell.probability is not None) == was_read
        if cell.status is CellStatus.ACCEPTED:
            assert cell.probability is not None
            assert cell.probability >= LEAST_LIKELY
            assert cell.evidence.page or cell.evidence.line
        if cell.evidence.box:
            assert 0 <= cell.evidence.box.x0 < cell.evidence.box.x1 <= 1
            assert 0 <= cell.evidence.box.y0 < cell.evidence.box.y1 <= 1
    if document.path.name in AMBIGUOUS:
        assert result.status is Status.NEEDS_REVIEW


IN_THE_FILE = [
    document
    for document in ALL
    if document.truth["condition"] in {"html", "docx", "markdown", "text", "text_layer"}
    and document.path.name not in AMBIGUOUS | UNSURE | BY_PROCESSOR | OPEN.keys()
    # A row whose total is empty in every row reads like one that lost a cell.
    and not document.path.name.startswith("no-totals")
]


@pytest.mark.parametrize("document", IN_THE_FILE, ids=lambda document: document.path.name)
def test_what_is_certain_is_not_flagged(
    document: Labelled, engines: Engines, settings: Settings
) -> None:
    """Review is for the doubtful: characters that stand in the file are seldom doubtful."""
    result = extract(document.source(settings), engines, settings)
    for table in result.tables:
        for cell in table.cells:
            assert set(cell.flags) <= {"missing", "relation_broken", "unit_unknown"}, cell


def named(name: str) -> Labelled:
    return next(document for document in ALL if document.path.name.startswith(name + "__"))


def test_a_report_that_does_not_add_up_is_reported(engines: Engines, settings: Settings) -> None:
    result = extract(named("wrong-sums-2021").source(settings), engines, settings)
    sums = [finding for finding in result.findings if not finding.relation.startswith("text.")]
    assert len(sums) == 6
    assert {finding.verdict for finding in sums} == {Verdict.REPORTED}
    assert all(finding.expected != finding.found for finding in result.findings)
    cells = {cell.slot: cell for table in result.tables for cell in table.cells}
    flagged = {slot for slot, cell in cells.items() if "relation_broken" in cell.flags}
    # Two errors in table three: where two sums cross, the cell is known, and to be looked at. In
    # table four one sum is broken, by nothing but the report: what is printed there is accepted.
    located = {
        "requests.granted.total": (13, 12),
        "requests.total_handled.natural_person": (51, 50),
    }
    assert flagged == {*located}
    row = [cell for slot, cell in cells.items() if slot.startswith("disputes.reconsideration.")]
    assert {cell.status for cell in row} == {CellStatus.ACCEPTED}
    for slot, (printed, consistent) in located.items():
        assert cells[slot].reading.value == printed
        assert [other.value for other in cells[slot].alternatives] == [consistent]
    # The text of the report says what would add up.
    said = {f.relation: f.expected for f in result.findings if f.relation.startswith("text.")}
    assert said == {"text.applications_granted": 12, "text.reconsideration_cases": 4}
    assert result.status is Status.NEEDS_REVIEW


def test_a_missing_table_is_said(engines: Engines, settings: Settings) -> None:
    result = extract(named("missing-table-2021").source(settings), engines, settings)
    (absent,) = (table for table in result.tables if not table.is_present)
    assert {cell.reading.state for cell in absent.cells} == {State.MISSING}
    assert result.status is Status.PARTIAL
    assert any(absent.id in failure.reason for failure in result.failures)


@pytest.mark.parametrize("as_pdf", [False, True])
def test_of_two_reports_in_a_file_the_first_is_read(
    as_pdf: bool, engines: Engines, settings: Settings
) -> None:
    if as_pdf:
        first = next(d for d in ALL if d.path.name == "plain-2021__pdf_unruled.pdf")
        second = next(d for d in ALL if d.path.name == "change-2019__pdf_half.pdf")
        data = bad_documents.two_reports_pdf(first.path.read_bytes(), second.path.read_bytes())
        result = run("two.pdf", data, engines, settings)
        values = {c.slot: c.reading.value for table in result.tables for c in table.cells}
        assert values == {**values, **first.slots}
        assert result.facts.year == first.truth["year"]
    else:
        result = run("two.txt", bad_documents.two_reports(), engines, settings)
    assert result.status is Status.PARTIAL
    assert any("2 reports" in failure.reason for failure in result.failures)


def test_no_such_report(engines: Engines, settings: Settings) -> None:
    for name, data in {
        "invoice.pdf": bad_documents.invoice_pdf(),
        "novel.txt": bad_documents.novel_text(),
        "blank.pdf": bad_documents.blank_pages_pdf(),
    }.items():
        with pytest.raises(NotAReport, match=re.escape(name)):
            run(name, data, engines, settings)


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("locked.pdf", bad_documents.encrypted_pdf(), EncryptedInput),
        (
            "cut.pdf",
            bad_documents.truncated(named("long-2021").path.read_bytes(), share=0.3),
            CorruptInput,
        ),
        ("empty.pdf", bad_documents.zero_bytes(), CorruptInput),
        ("noise.pdf", bad_documents.random_bytes(), InputError),
        ("huge.png", bad_documents.huge_image(), InputTooLarge),
        ("thick.pdf", bad_documents.many_pages_pdf(), InputTooLarge),
        ("hollow.docx", bad_documents.docx_without_document(), InputError),
    ],
)
def test_unusable_input_is_refused_by_name(
    name: str, data: bytes, error: type[InputError], engines: Engines, settings: Settings
) -> None:
    with pytest.raises(error, match=re.escape(name)):
        run(name, data, engines, settings)


def test_a_png_named_pdf_is_read_as_what_it_is(engines: Engines, settings: Settings) -> None:
    with pytest.raises(NotAReport):
        run("page.pdf", bad_documents.png_image(), engines, settings)


@pytest.mark.parametrize(
    "data",
    [bad_documents.deep_html(), bad_documents.html_with_huge_span(), bad_documents.huge_page_pdf()],
    ids=["deep html", "huge span", "huge page"],
)
def test_absurd_documents_end_quickly(data: bytes, engines: Engines, settings: Settings) -> None:
    with pytest.raises(InputError):
        run("absurd", data, engines, settings)


def test_time_runs_out_page_by_page(engines: Engines) -> None:
    document = next(d for d in ALL if d.path.name.startswith("straight-2021"))
    hurried = Settings(max_seconds=1e-9)
    result = extract(document.source(hurried), engines, hurried)
    assert result.status is Status.FAILED
    assert [failure.page for failure in result.failures if failure.stage == "ocr"] == list(
        range(1, result.pages + 1)
    )


def test_progress_and_seconds_name_the_stages(engines: Engines, settings: Settings) -> None:
    seen = []
    document = next(d for d in ALL if d.path.name.startswith("booklet-2021"))
    result = extract(
        document.source(settings),
        engines,
        settings,
        progress=lambda stage, page, pages: seen.append((stage, page, pages)),
    )
    assert seen[0] == ("pages", 1, result.pages)
    assert {stage for stage, _, _ in seen} == set(result.seconds)
    assert len(result.rotations) == result.pages
