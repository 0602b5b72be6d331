"""The generators themselves: the form, the values, and that documents hold what they claim."""

from __future__ import annotations

import hashlib
import io
import json
import re
import unicodedata
import zipfile
from collections import Counter
from decimal import Decimal
from html import unescape
from pathlib import Path
from random import Random
from typing import Any

import docx
import pikepdf
import pypdfium2 as pdfium
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from eval import facts
from tests import bad_documents
from training.synthesis import fonts
from training.synthesis.catalogue import LAYOUTS, PDF_LAYOUTS, TEXT_LAYOUTS
from training.synthesis.corpus import LAYOUT_CONDITIONS
from training.synthesis.deviations import DEVIATIONS, deviate
from training.synthesis.fixtures import FIXTURES, condition
from training.synthesis.form import EDITIONS, form_tables, place, split_table
from training.synthesis.paper import CONDITIONS
from training.synthesis.report import Report, Title, invent
from training.synthesis.splits import Split
from training.synthesis.styles import STYLES
from training.synthesis.truth import truth
from training.synthesis.values import is_consistent, printed, read_text

DOCUMENTS = Path(__file__).parent.parent / "eval" / "fixtures"
FORMS = (("2019", True), ("2021", True), ("2021", False))


def has_fonts() -> bool:
    try:
        fonts.load_fonts()
    except fonts.FontError:
        return False
    return True


needs_fonts = pytest.mark.skipif(not has_fonts(), reason="no font with Chinese characters")


# --- the form ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("edition", "single_other"), FORMS)
def test_spans_tile_the_grid(edition: str, single_other: bool) -> None:
    for table in form_tables(edition, single_other=single_other):
        place(table)


@pytest.mark.parametrize(
    ("edition", "single_other", "counts"),
    [("2019", True, (22, 161, 15)), ("2021", True, (10, 161, 15)), ("2021", False, (10, 175, 15))],
)
def test_number_of_slots(edition: str, single_other: bool, counts: tuple[int, ...]) -> None:
    tables = form_tables(edition, single_other=single_other)
    assert tuple(len(set(table.slots())) for table in tables) == counts


def test_overlapping_spans_are_refused() -> None:
    table = form_tables("2021", single_other=False)[1]
    with pytest.raises(ValueError, match="does not fit"):
        place(type(table)(table.id, table.columns, table.rows[:-3]))
    with pytest.raises(ValueError, match="places of the grid"):
        place(type(table)(table.id, table.columns, table.rows[1:]))


def test_the_2019_edition_has_one_other_row() -> None:
    with pytest.raises(ValueError, match="2019"):
        form_tables("2019", single_other=False)


@given(seed=st.integers(0, 10**6), repeat=st.booleans())
def test_pieces_of_a_table_tile_and_keep_all_slots(seed: int, repeat: bool) -> None:
    table = form_tables("2021", single_other=False)[1]
    cuts = tuple(Random(seed).sample(range(1, len(table.rows)), k=4))
    pieces = split_table(table, cuts, repeat=repeat)
    for piece in pieces:
        place(piece)
    assert sum((piece.slots() for piece in pieces), ()) == table.slots()


# --- values --------------------------------------------------------------------------------------


@given(seed=st.integers(0, 10**6), scale=st.integers(0, 400), form=st.sampled_from(FORMS))
def test_invented_values_add_up(seed: int, scale: int, form: tuple[str, bool]) -> None:
    edition, single_other = form
    report = invent(Random(seed), edition, scale=scale, single_other=single_other)
    assert is_consistent(report.values, single_other=single_other)
    assert set(report.slots()) == set(report.values)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("增98", "98"),
        ("增加5", "5"),
        ("减3", "-3"),
        ("增", None),
        ("--253", "-253"),
        ("+3", "3"),
        ("－6", "-6"),
        ("184719元", "18.4719"),
        ("16800万元", "16800"),
        ("22（其中修订 16 件）", "22"),
        ("1,113", "1113"),
        ("１２", "12"),
        (" 18 249", "18249"),
        ("18.8710", "18.871"),
        ("", None),
        ("-", None),
        ("/", None),
        ("—", None),
        ("本单位未制作规章", None),
    ],
)
def test_reading_rules(text: str, value: str | None) -> None:
    assert read_text(text) == (None if value is None else Decimal(value))


def test_a_text_that_no_rule_covers_is_refused() -> None:
    with pytest.raises(ValueError, match="no reading rule"):
        read_text("约3至5件")


def test_a_document_with_a_wrong_total_does_not_add_up() -> None:
    report = deviate(invent(Random(1), "2021"), ("does_not_add_up",), Random(1))
    assert not is_consistent(report.values, single_other=False)


# --- deviations ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DEVIATIONS)
@pytest.mark.parametrize("edition", EDITIONS)
def test_deviations_keep_the_grid_and_the_reading_rules(name: str, edition: str) -> None:
    report = invent(Random(4), edition)
    if edition not in DEVIATIONS[name].editions:
        with pytest.raises(ValueError, match="does not occur"):
            deviate(report, (name,), Random(0))
        return
    changed = deviate(report, (name,), Random(0))
    for table in changed.tables():
        place(table)
    for slot, value in changed.values.items():
        assert read_text(value.text) == value.value, slot
    if not DEVIATIONS[name].changes_values:
        assert changed.values == report.values
    if name not in ("organizations_blank", "thousands"):
        assert changed != report


def test_all_deviations_together() -> None:
    names = tuple(name for name in DEVIATIONS if "2019" in DEVIATIONS[name].editions)
    report = deviate(invent(Random(4), "2019"), names, Random(0))
    for layout in TEXT_LAYOUTS.values():
        assert layout(report, Random(0), Split.TEST).data


# --- layouts -------------------------------------------------------------------------------------


def text_of(suffix: str, document: bytes) -> str:
    """All characters of a document, without any white space, in their plain form."""
    if suffix == ".pdf":
        opened = pdfium.PdfDocument(document)
        text = "".join(page.get_textpage().get_text_range() for page in opened)
        opened.close()
    elif suffix == ".docx":
        with zipfile.ZipFile(io.BytesIO(document)) as archive:
            text = archive.read("word/document.xml").decode()
    else:
        try:
            text = document.decode()
        except UnicodeDecodeError:
            text = document.decode("gb18030")
    if suffix in (".html", ".htm", ".docx"):
        text = unescape(re.sub(r"<[^>]*>", "\n", text))
    return "".join(unicodedata.normalize("NFKC", text).split())


def assert_holds(text: str, report: Report) -> None:
    """Every printed value stands in the text, as often as the report prints it."""
    wanted = Counter("".join(value.text.split()) for value in report.values.values())
    for value, count in wanted.items():
        plain = unicodedata.normalize("NFKC", value)
        assert text.count(plain) >= (count if len(plain) > 1 else 1), value


@pytest.mark.parametrize("name", TEXT_LAYOUTS)
@pytest.mark.parametrize("edition", EDITIONS)
def test_text_layouts_hold_every_value(name: str, edition: str) -> None:
    report = invent(Random(8), edition)
    for split in Split:
        made = TEXT_LAYOUTS[name](report, Random(2), split)
        assert_holds(text_of(made.suffix, made.data), report)
        assert TEXT_LAYOUTS[name](report, Random(2), split).data == made.data


def test_skins_differ_by_split() -> None:
    report = invent(Random(8), "2021")
    for name in ("html_captured", "md_tables", "docx_form"):
        pages = {TEXT_LAYOUTS[name](report, Random(2), split).data for split in Split}
        assert len(pages) > 1, name


@needs_fonts
@pytest.mark.parametrize("name", sorted(set(STYLES) & set(PDF_LAYOUTS)))
def test_pdf_layouts_hold_every_value(name: str) -> None:
    report = invent(Random(8), "2021")
    made = LAYOUTS[name](report, Random(2), Split.TEST)
    assert_holds(text_of(".pdf", made.data), report)
    assert LAYOUTS[name](report, Random(2), Split.TEST).data == made.data


def test_word_files_open_with_their_merges() -> None:
    report = invent(Random(8), "2021")
    document = docx.Document(io.BytesIO(LAYOUTS["docx_form"](report, Random(0), Split.TEST).data))
    sizes = [(len(table.rows), len(table.columns)) for table in document.tables]
    assert sizes == [(14, 4), (28, 10), (4, 15)]
    requests = document.tables[1]
    assert requests.cell(8, 0).text == "三、本年度办理结果"
    assert requests.cell(8, 1).text == "（三）不予公开"
    assert requests.cell(0, 3)._tc is requests.cell(0, 9)._tc


def test_a_page_without_spans_has_rows_of_different_lengths() -> None:
    page = LAYOUTS["html_nospan"](invent(Random(8), "2021"), Random(0), Split.TEST).data.decode()
    assert "span=" not in page
    assert len({row.count("<td>") for row in re.findall("<tr>.*</tr>", page)}) > 4


# --- facts ---------------------------------------------------------------------------------------


@pytest.fixture
def facts_folder(tmp_path: Path) -> Path:
    content = {
        "organization": "青石县某局",
        "year": 2020,
        "edition": "2019",
        "slots": {
            "disclosure.licensing.change": "增98",
            "disclosure.penalties.change": "增",
            "disclosure.coercion.change": "--253",
            "disclosure.procurement.amount": "184719元",
            "disclosure.fees.previous_items": 4,
            "requests.new_received.natural_person": 3,
            "requests.new_received.enterprise": None,
            "requests.new_received.total": 3,
        },
        "key_figures": [],
    }
    folder = tmp_path / "facts"
    folder.mkdir()
    (folder / "some-office-2020.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_facts_are_laid_out_with_their_truth(facts_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    status = facts.main(
        [str(facts_folder), "-o", str(out), "--layouts", "html_*,flat_lines", "--deviations", "3"]
    )
    assert status == 0
    names = {path.name for path in out.iterdir()}
    assert "some-office-2020__html_clean.html" in names
    answer: dict[str, Any] = json.loads(
        (out / "some-office-2020__flat_lines.truth.json").read_text(encoding="utf-8")
    )
    assert answer["slots"] == {
        "disclosure.licensing.change": 98,
        "disclosure.penalties.change": None,
        "disclosure.coercion.change": -253,
        "disclosure.procurement.amount": 18.4719,
        "disclosure.fees.previous_items": 4,
        "requests.new_received.natural_person": 3,
        "requests.new_received.enterprise": None,
        "requests.new_received.total": 3,
    }
    assert (answer["edition"], answer["year"]) == ("2019", 2020)
    text = (out / "some-office-2020__flat_lines.txt").read_text(encoding="utf-8")
    assert all(shown in text.split() for shown in ("增98", "增", "--253", "184719元"))


def test_completed_facts_balance_and_keep_blank_columns(facts_folder: Path) -> None:
    given_facts = facts.read_facts(next(facts_folder.glob("*.json")))
    report = facts.compose_facts(given_facts, Random(0))
    value = {slot: item.value for slot, item in report.values.items()}
    assert value["requests.granted.natural_person"] == 3
    assert value["requests.total_handled.total"] == 3
    assert value["requests.granted.enterprise"] is None
    assert report.values["requests.granted.enterprise"].text == ""


def test_facts_without_a_field_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"organization": "x"}', encoding="utf-8")
    with pytest.raises(ValueError, match="year"):
        facts.read_facts(path)


# --- the committed documents ---------------------------------------------------------------------


def test_every_document_has_its_truth_and_its_line() -> None:
    readme = (DOCUMENTS / "README.md").read_text(encoding="utf-8")
    names = {path.name for path in DOCUMENTS.iterdir()} - {"README.md"}
    documents = {name for name in names if not name.endswith(".truth.json")}
    assert {name.rsplit(".", 1)[0] + ".truth.json" for name in documents} == names - documents
    assert set(re.findall(r"^\| `([^`]+)`", readme, re.MULTILINE)) == documents
    assert {name.rsplit(".", 1)[0] for name in documents} == {f.stem for f in FIXTURES}
    assert sum(path.stat().st_size for path in DOCUMENTS.iterdir()) <= 15_000_000


def test_fixtures_have_every_condition_edition_and_format() -> None:
    conditions = {condition(fixture.layout) for fixture in FIXTURES}
    assert conditions >= {*CONDITIONS, *LAYOUT_CONDITIONS}
    assert conditions >= {"text_layer", "garbled", "mixed", "picture"}
    assert {layout for fixture in FIXTURES if (layout := fixture.layout) in TEXT_LAYOUTS} == set(
        TEXT_LAYOUTS
    )
    suffixes = {path.suffix for path in DOCUMENTS.iterdir()} - {".json"}
    assert suffixes >= {
        *(".pdf", ".tif", ".png", ".jpeg", ".webp", ".bmp"),
        *(".docx", ".html", ".htm", ".md", ".txt"),
    }
    for edition in EDITIONS:
        assert {condition(f.layout) for f in FIXTURES if f.edition == edition} >= {
            *("html", "docx", "markdown", "text", "text_layer")
        }


def test_fixtures_show_every_deviation() -> None:
    shown = {name for fixture in FIXTURES for name in fixture.deviations}
    assert set(DEVIATIONS) - shown == set()


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.stem)
def test_committed_truth_is_that_of_the_report(fixture: Any) -> None:
    rng = Random(fixture.stem)
    report, planted = fixture.report(rng)
    committed = json.loads((DOCUMENTS / f"{fixture.stem}.truth.json").read_text(encoding="utf-8"))
    assert committed == {**committed, **truth(report)}
    document = (DOCUMENTS / committed["document"]).read_bytes()
    assert hashlib.sha256(document).hexdigest() == committed["sha256"]
    assert len(committed["planted"]) == len(planted)
    has_errors = bool(fixture.planted) or "does_not_add_up" in fixture.deviations
    assert bool(planted) == has_errors, "an error that could not be planted"
    if fixture.layout in TEXT_LAYOUTS:
        assert document == fixture.make(report, rng).data
        assert_holds(text_of(Path(committed["document"]).suffix, document), report)
    elif fixture.layout in STYLES:
        assert_holds(text_of(".pdf", document), report)
    elif fixture.layout.startswith("paper_") and committed["document"].endswith(".pdf"):
        assert text_of(".pdf", document) == ""


def test_the_garbled_text_layer_shares_nothing_with_the_report() -> None:
    document = (DOCUMENTS / "garbled-2021__pdf_bad_text_layer.pdf").read_bytes()
    text = text_of(".pdf", document)
    assert len(text) > 500
    assert "信息公开" not in text


def test_titles_can_stand_on_two_lines() -> None:
    report = deviate(invent(Random(1), "2021"), ("title_two_lines",), Random(0))
    assert [len(part.lines) for part in report.parts if isinstance(part, Title)] == [2]


# --- bad documents -------------------------------------------------------------------------------


def test_bad_documents_are_what_they_say() -> None:
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(io.BytesIO(bad_documents.encrypted_pdf()))
    with pikepdf.open(io.BytesIO(bad_documents.many_pages_pdf())) as document:
        assert len(document.pages) == 5000
    assert "增值税" in text_of(".pdf", bad_documents.invoice_pdf())
    with zipfile.ZipFile(io.BytesIO(bad_documents.zip_bomb(2**24))) as archive:
        member = archive.infolist()[0]
        assert member.file_size == 2**24
        assert member.file_size > 200 * member.compress_size
    with zipfile.ZipFile(io.BytesIO(bad_documents.zip_with_escaping_names())) as archive:
        assert any(name.startswith("../") for name in archive.namelist())
    titles = re.findall("20..年政府信息公开工作年度报告", bad_documents.two_reports().decode())
    assert len(titles) == 2


def test_the_huge_image_is_sound_but_small() -> None:
    data = bad_documents.huge_image(2000, 1000)
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (2000, 1000)
        image.load()
    assert len(bad_documents.huge_image()) < 100_000


@pytest.mark.parametrize("table", ["disclosure", "requests", "disputes"])
def test_a_report_without_a_table(table: str) -> None:
    page, report = bad_documents.report_without(table)
    assert table not in [item.id for item in report.tables()]
    assert "详见附件" in page.decode()


def test_two_reports_in_one_pdf() -> None:
    one = (DOCUMENTS / "booklet-2021__pdf_booklet.pdf").read_bytes()
    two = (DOCUMENTS / "wide-2019__pdf_landscape.pdf").read_bytes()
    text = text_of(".pdf", bad_documents.two_reports_pdf(one, two))
    assert text.count("一、总体情况") == 2


def test_facts_values_keep_their_digits() -> None:
    assert printed(59237.2449).text == "59237.2449"
    assert printed(0).text == "0"
    assert printed(None).text == ""
