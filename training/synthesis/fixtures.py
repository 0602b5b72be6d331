"""`python -m training fixtures DIR`: the labelled documents of the repository, and their README.

The documents are committed, so that tests need neither fonts nor this command; it is run again when
one is added. Every one is invented and has a seed of its own.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from training.synthesis.catalogue import (
    TEXT_LAYOUTS,
    Made,
    make_garbled,
    make_mixed,
    make_paper,
    make_pdf,
    make_picture,
)
from training.synthesis.corpus import Document
from training.synthesis.deviations import deviate
from training.synthesis.planted import PlantedError, plant
from training.synthesis.report import Report, invent
from training.synthesis.splits import Split
from training.synthesis.styles import STYLES, compact
from training.synthesis.truth import document_truth, to_json

_README = """# Labelled documents

Invented reports in the formats, editions, oddities and paper conditions that real ones have.
`NAME.truth.json` states what must be read from the document: every slot with its state, print and
place, the key figures of the prose, and the errors that the report makes itself
([docs/corpus.md](../../docs/corpus.md)). They are written by `python -m training fixtures
eval/fixtures` and add up unless their line says otherwise.

| document | for |
|---|---|
"""


_QUALITY = 25
"""Of JPEG pages at most: what office scanners are often set to, and small files."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """One document: what it is for, and all that it is made from.

    `layout` is a text layout, a style of `styles.STYLES`, `pdf_bad_text_layer`, `pdf_mixed`,
    `image_FORMAT`, or `paper_CONDITION`, whose pages `style` sets. `planted` are kinds of errors.
    """

    name: str
    layout: str
    edition: str
    purpose: str
    deviations: tuple[str, ...] = ()
    scale: int = 60
    single_other: bool | None = None
    organizations: bool = True
    is_long: bool = False
    style: str = "pdf_ruled"
    planted: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        return f"{self.name}-{self.edition}__{self.layout}"

    def report(self, rng: Random) -> tuple[Report, tuple[PlantedError, ...]]:
        """The report and its own errors."""
        report = invent(
            rng,
            self.edition,
            scale=self.scale,
            single_other=self.single_other,
            organizations=self.organizations,
            is_long=self.is_long,
        )
        single_other = any(slot.startswith("requests.other.") for slot in report.slots())
        errors: list[PlantedError] = []
        for kind in self.planted:
            values, found = plant(report.values, kind, rng, previous={}, single_other=single_other)
            report = replace(report, values=values)
            errors += found
        return deviate(report, self.deviations, rng), tuple(errors)

    def make(self, report: Report, rng: Random) -> Made:
        """Lay the report out, in a form that makes small files."""
        if self.layout in TEXT_LAYOUTS:
            return TEXT_LAYOUTS[self.layout](report, rng, Split.TEST)
        style = compact(STYLES[self.layout if self.layout in STYLES else self.style])
        kind, _, detail = self.layout.partition("_")
        match kind:
            case "paper":
                return make_paper(
                    report, rng, Split.TEST, style=style, condition=detail, best_quality=_QUALITY
                )
            case "image":
                return make_picture(
                    report, rng, Split.TEST, style=style, file_format=detail.upper()
                )
            case _:
                makers = {"pdf_bad_text_layer": make_garbled, "pdf_mixed": make_mixed}
                make = makers.get(self.layout, make_pdf)
                return make(report, rng, Split.TEST, style=style)


FIXTURES = (
    Fixture("plain", "html_clean", "2021", "the form as it should be, true spans"),
    Fixture("plain", "html_clean", "2019", "the form as it should be, true spans", is_long=True),
    Fixture(
        "reordered",
        "html_clean",
        "2021",
        "table 四 before table 三, the heading number 一 twice, captions with the law's name",
        ("tables_reordered", "headings_repeated", "captions_with_law"),
    ),
    Fixture(
        "missing-table",
        "html_clean",
        "2021",
        "one table stands only in an attachment",
        ("table_missing",),
    ),
    Fixture(
        "wrong-sums",
        "html_clean",
        "2021",
        "a report that does NOT add up: three printed totals are wrong in the document itself",
        ("does_not_add_up",),
    ),
    Fixture(
        "captured",
        "html_captured",
        "2019",
        "a whole government page; the five columns of organisations left blank",
        ("organizations_blank",),
        organizations=False,
    ),
    Fixture(
        "misprints",
        "html_nospan",
        "2021",
        "spans forgotten, stray cells; 本年处理绝对数量, 其他法律行政止公开, 1、 for 1.",
        ("headers_misprinted", "labels_misprinted", "numbering_with_comma"),
    ),
    Fixture(
        "changes",
        "html_gbk",
        "2019",
        "GBK bytes declared gb2312; +3, 减3, a bare 增 in 本年增/减; headers with instructions",
        ("signs", "headers_with_instructions"),
        scale=400,
    ),
    Fixture("mirror", "html_traditional", "2021", "traditional characters"),
    Fixture(
        "pasted",
        "html_wordpaste",
        "2021",
        "pasted from a word processor; blanks for zeros",
        ("zeros_blank",),
    ),
    Fixture(
        "pieces",
        "html_split",
        "2021",
        "tables cut into several; caption rows missing",
        ("captions_missing",),
    ),
    Fixture(
        "thousands",
        "docx_form",
        "2021",
        "the official template filled in, large numbers with thousands separators",
        ("thousands",),
        scale=3500,
    ),
    Fixture(
        "units",
        "docx_form",
        "2019",
        "元 and 万元 inside cells, annotated counts",
        ("units_in_cell", "annotated"),
    ),
    Fixture(
        "vertical",
        "docx_onetable",
        "2021",
        "vertical label cell, dashes for zeros",
        ("dashes",),
    ),
    Fixture(
        "extra-row",
        "docx_blocks",
        "2019",
        "a table for each block; the extra row 其他主动公开文件",
        ("extra_row",),
    ),
    Fixture(
        "single-other",
        "docx_noheading",
        "2021",
        "no section headings; 其他处理 as one row in the 2021 edition",
        single_other=True,
    ),
    Fixture("blanks", "md_tables", "2021", "pipe tables, blanks for zeros", ("zeros_blank",)),
    Fixture("pieces", "md_fragments", "2019", "tables in pieces, repeated delimiter rows"),
    Fixture("expanded", "md_expanded", "2021", "merged cells written out"),
    Fixture(
        "cut-headers",
        "md_expanded",
        "2019",
        "merged cells written out; headers cut to 本年新 | 本年新",
        ("headers_cut",),
    ),
    Fixture(
        "plus",
        "flat_pipes",
        "2019",
        "cells between lines with |, signs, units in cells, half-width brackets",
        ("signs", "units_in_cell", "brackets_half"),
    ),
    Fixture(
        "blanks", "flat_pipes", "2021", "cells between lines with |, some blank", ("zeros_blank",)
    ),
    Fixture(
        "words",
        "flat_lines",
        "2019",
        "a cell a line, blank cells as empty lines, 本单位未制作规章 as value",
        ("zeros_blank", "words_for_none"),
    ),
    Fixture(
        "full-width",
        "flat_lines",
        "2021",
        "full-width digits, labels shortened",
        ("digits_full_width", "labels_shortened"),
    ),
    Fixture(
        "titles",
        "flat_lines",
        "2021",
        "title over two lines, 2024 年 with a space, sections renamed",
        ("title_two_lines", "year_spaced", "headings_renamed"),
        is_long=True,
    ),
    Fixture(
        "zeros",
        "flat_lines",
        "2021",
        "a report of zeros whose table 四 is blank",
        ("table_blank",),
        scale=0,
    ),
    Fixture(
        "sentences",
        "flat_blanklines",
        "2019",
        "cells parted by empty lines; a sentence before each table, an unrelated table",
        ("sentence_before_table", "unrelated_table"),
    ),
    Fixture(
        "dropped",
        "flat_dropped",
        "2019",
        "blank cells leave no trace, so that rows print two values: 自然人 and 总计",
        ("organizations_blank",),
        organizations=False,
    ),
    Fixture(
        "annotated",
        "flat_rows",
        "2021",
        "a row a line; annotated counts, amounts with trailing zeros",
        ("annotated", "trailing_zeros"),
    ),
    Fixture(
        "note",
        "flat_gbk",
        "2021",
        "GB18030 text; a note under table 四",
        ("note_under_disputes",),
    ),
    Fixture("long", "pdf_ruled", "2021", "text layer, all rules, much prose", is_long=True),
    Fixture("plain", "pdf_unruled", "2021", "text layer, no rules"),
    Fixture(
        "change",
        "pdf_half",
        "2019",
        "text layer, horizontal rules; 增3, 增加5 and a doubled minus in 本年增/减",
        ("signs",),
    ),
    Fixture("wide", "pdf_landscape", "2019", "text layer, landscape"),
    Fixture(
        "booklet",
        "pdf_booklet",
        "2021",
        "A3 landscape, two pages side by side; 其他处理 as one row in the 2021 edition",
        single_other=True,
    ),
    Fixture(
        "breaks",
        "pdf_pagebreaks",
        "2021",
        "table 三 broken within a group of rows, page number inside, header not repeated; blanks",
        ("zeros_blank",),
    ),
    Fixture(
        "labels",
        "pdf_labels_broken",
        "2019",
        "labels broken over lines, one character a line, spaces inside words",
        ("words_spaced",),
    ),
    Fixture("garbled", "pdf_bad_text_layer", "2021", "a text layer whose characters are wrong"),
    Fixture("straight", "paper_flatbed_150", "2021", "flatbed scanner at 150 dpi"),
    Fixture(
        "sideways",
        "paper_flatbed_200_turned",
        "2019",
        "flatbed scanner at 200 dpi, sheets laid in sideways or upside down",
    ),
    Fixture(
        "skewed",
        "paper_flatbed_150_skew",
        "2021",
        "flatbed scanner at 150 dpi, sheets laid in askew",
    ),
    Fixture("screenshot", "image_png", "2021", "the whole report in one tall PNG"),
    Fixture("fax", "paper_fax", "2019", "received by fax: TIFF of several pages, one bit a pixel"),
    # --- values ---
    Fixture("slashes", "html_clean", "2019", "dashes of one kind for zeros", ("dashes",)),
    Fixture("none-in-words", "docx_form", "2021", "无 or 不适用 for zeros", ("words_for_zeros",)),
    Fixture(
        "two-columns",
        "html_clean",
        "2021",
        "only 自然人 and 总计 are filled in, the other columns blank",
        ("natural_person_and_total_only",),
        organizations=False,
    ),
    Fixture("no-totals", "md_expanded", "2021", "the column 总计 left blank", ("totals_blank",)),
    Fixture("no-zeros", "docx_form", "2019", "every zero left blank", ("all_zeros_blank",)),
    Fixture(
        "sentences",
        "html_clean",
        "2021",
        "sentences in place of counts: 未实施行政处罚",
        ("sentences_for_none",),
    ),
    Fixture(
        "no-unit",
        "html_clean",
        "2021",
        "an amount for which nothing states a unit",
        ("unit_nowhere",),
        scale=900,
    ),
    Fixture("decimals", "pdf_half", "2021", "amounts with up to six decimals", ("decimals_many",)),
    Fixture("spaced", "flat_lines", "2021", "spaces in numbers", ("numbers_spaced",), scale=2400),
    Fixture("large", "pdf_ruled", "2021", "counts of up to eight digits", scale=90_000),
    Fixture(
        "full-width", "pdf_ruled", "2019", "full-width digits on pages", ("digits_full_width",)
    ),
    # --- rows, headers, labels ---
    Fixture(
        "explained",
        "pdf_ruled",
        "2021",
        "labels with long explanations in brackets",
        ("labels_explained",),
    ),
    Fixture("labels-cut", "html_clean", "2021", "labels that lost their end", ("labels_cut",)),
    Fixture(
        "varied-headers",
        "docx_form",
        "2019",
        "headers in other words or with a wrong character",
        ("headers_varied",),
    ),
    Fixture(
        "random-misprints",
        "html_clean",
        "2021",
        "one character in eight of the labels is wrong",
        ("labels_misprinted_randomly",),
    ),
    Fixture("uneven", "html_clean", "2019", "mixed column spans in table 二", ("spans_uneven",)),
    Fixture("stray", "docx_form", "2021", "stray empty cells at row ends", ("stray_cells",)),
    Fixture(
        "split",
        "docx_form",
        "2021",
        "table 三 in several tables, header not repeated",
        ("table_split",),
    ),
    Fixture(
        "split-repeated",
        "pdf_ruled",
        "2021",
        "table 三 in several tables, header repeated",
        ("table_split_repeated",),
    ),
    Fixture("note-inside", "pdf_ruled", "2019", "a note as a row of a table", ("note_in_table",)),
    Fixture("three-line", "pdf_three_line", "2021", "heavy rules above and below only"),
    Fixture("vertical-headers", "pdf_vertical", "2021", "column headers one character a line"),
    Fixture("large-sheet", "pdf_a3", "2019", "A3 portrait"),
    Fixture(
        "wrapped",
        "docx_form",
        "2021",
        "line breaks that the author set within labels",
        ("labels_broken",),
    ),
    Fixture(
        "narrow",
        "flat_lines",
        "2019",
        "one character a line in narrow cells",
        ("headers_vertical",),
    ),
    # --- text ---
    Fixture(
        "afterthought",
        "html_clean",
        "2019",
        "a small table of the body's own after the form, headings without numbers",
        ("unrelated_table_after", "headings_unnumbered"),
    ),
    Fixture(
        "titles",
        "html_captured",
        "2021",
        "title of the page and title of the report",
        ("title_doubled",),
    ),
    Fixture("nameless", "md_tables", "2021", "no agency in the title", ("title_without_body",)),
    Fixture(
        "last-year",
        "docx_form",
        "2021",
        "a paragraph taken over from last year's report",
        ("body_names_last_year",),
        is_long=True,
    ),
    Fixture(
        "no-headings", "html_nospan", "2021", "headings of the tables lost", ("headings_lost",)
    ),
    Fixture(
        "renumbered", "md_expanded", "2021", "headings numbered anew", ("headings_renumbered",)
    ),
    Fixture("many-figures", "flat_lines", "2021", "much prose with key figures", is_long=True),
    # --- the report's own errors ---
    Fixture(
        "total-zero",
        "html_clean",
        "2021",
        "a printed total of 0 beside parts: NOT adding up",
        planted=("total_zero",),
    ),
    Fixture(
        "off-by-one",
        "paper_flatbed_200",
        "2021",
        "a number off by one: does NOT add up",
        planted=("off_by_one",),
    ),
    Fixture(
        "exchanged",
        "pdf_ruled",
        "2021",
        "two cells of a row exchanged: does NOT add up",
        planted=("row_cells_exchanged",),
    ),
    Fixture(
        "rows-exchanged",
        "pdf_half",
        "2021",
        "two rows exchanged, which no sum can see",
        planted=("rows_exchanged",),
    ),
    Fixture(
        "one-column-off",
        "docx_form",
        "2021",
        "values one column off: does NOT add up",
        planted=("one_column_off",),
    ),
    # --- paper ---
    Fixture("grey", "paper_flatbed_300_grey", "2019", "flatbed scanner at 300 dpi, grey"),
    Fixture("copy", "paper_office_copy", "2021", "a good photocopy", style="pdf_half"),
    Fixture("low", "paper_flatbed_100", "2021", "flatbed scanner at 100 dpi"),
    Fixture("lowest", "paper_flatbed_75", "2021", "flatbed scanner at 75 dpi"),
    Fixture("photocopy", "paper_photocopy", "2019", "a photocopy: specks, streaks, dark edges"),
    Fixture("copied-twice", "paper_photocopy_of_copy", "2021", "a photocopy of a photocopy"),
    Fixture("photo", "paper_photo", "2021", "photographed: perspective, shadow, blur"),
    Fixture("curled", "paper_photo_curled", "2021", "photographed from a bound volume"),
    Fixture("seal", "paper_seal", "2021", "a red seal over numbers"),
    Fixture(
        "stamps", "paper_stamps_handwriting", "2021", "stamps and handwriting beside the tables"
    ),
    Fixture("thin", "paper_show_through", "2021", "the back of the sheet shows through"),
    Fixture("jpeg", "paper_jpeg_low", "2021", "compressed until it hurts"),
    Fixture("upside-down", "paper_turned_skewed", "2019", "turned and skewed at once"),
    Fixture("faded", "paper_faded", "2021", "little toner"),
    Fixture("dirty", "paper_dirty", "2021", "stains, folds and punch holes"),
    Fixture("mixed", "pdf_mixed", "2021", "the first page has a text layer, the others are scans"),
    Fixture("album", "image_jpeg", "2019", "the whole report in one tall JPEG"),
    Fixture("saved", "image_webp", "2021", "the whole report in one tall WebP"),
    Fixture("old-picture", "image_bmp", "2021", "the whole report in one tall BMP"),
)


def build(fixture: Fixture) -> Document:
    """The document with its truth; the same fixture gives the same bytes."""
    rng = Random(fixture.stem)
    report, planted = fixture.report(rng)
    made = fixture.make(report, rng)
    name = fixture.stem + made.suffix
    answer = document_truth(report, name, made.data, made.runs, planted)
    answer |= {
        "condition": condition(fixture.layout),
        "layout": fixture.layout,
        "deviations": list(fixture.deviations),
    }
    return Document(name, made.data, answer, made.runs)


def condition(layout: str) -> str:
    """The condition under which the suites count a layout."""
    kinds = {"html": "html", "docx": "docx", "md": "markdown", "flat": "text", "image": "picture"}
    kind, _, detail = layout.partition("_")
    special = {"pdf_bad_text_layer": "garbled", "pdf_mixed": "mixed"}
    return detail if kind == "paper" else special.get(layout) or kinds.get(kind, "text_layer")


def main(arguments: list[str]) -> int:
    """Write all fixtures into the folder given; documents that it no longer names are removed."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    documents = [build(fixture) for fixture in FIXTURES]
    for path in folder.iterdir():
        path.unlink()
    lines = []
    for fixture, document in zip(FIXTURES, documents, strict=True):
        (folder / document.name).write_bytes(document.data)
        (folder / f"{fixture.stem}.truth.json").write_bytes(to_json(document.truth))
        lines.append(f"| `{document.name}` | {fixture.purpose.replace('|', '¦')} |\n")
    (folder / "README.md").write_text(_README + "".join(lines), encoding="utf-8")
    return 0
