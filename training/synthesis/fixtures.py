"""`python -m training.synthesis DIR`: writes the small test documents, their truth and their README.

The documents are committed, so that tests need neither fonts nor this command; it is run again when
a document is added. Every one is invented and has a seed of its own.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random

from training.synthesis import typeset
from training.synthesis.catalogue import (
    LAYOUTS,
    Layout,
    compact,
    write_bad_text_layer,
    write_fax,
    write_mixed,
    write_pdf,
    write_picture,
    write_scan,
)
from training.synthesis.deviations import deviate
from training.synthesis.report import Report, invent, truth
from training.synthesis.scan import STYLES as SCAN_STYLES

_README = """# Test documents

Invented reports in the formats, editions and oddities that real ones have. `NAME.truth.json` states
what must be read from `NAME.*`: every slot of the document, null where no number is printed (blank,
dash, words, or a table left out), and key figures of the prose (others may occur besides). They are
written by `python -m training.synthesis tests/documents` and add up unless their line says otherwise.

| document | for |
|---|---|
"""


@dataclass(frozen=True, slots=True)
class Fixture:
    """One test document: what it is for, and all that it is made from."""

    name: str
    layout: str
    edition: str
    purpose: str
    deviations: tuple[str, ...] = ()
    scale: int = 60
    single_other: bool | None = None
    organizations: bool = True
    is_long: bool = False

    @property
    def stem(self) -> str:
        return f"{self.name}-{self.edition}__{self.layout}"

    def report(self, rng: Random) -> Report:
        report = invent(
            rng,
            self.edition,
            scale=self.scale,
            single_other=self.single_other,
            organizations=self.organizations,
            is_long=self.is_long,
        )
        return deviate(report, self.deviations, rng)


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
    Fixture("straight", "scan_150", "2021", "images only, 150 dpi"),
    Fixture("sideways", "scan_rot90", "2019", "images only, 150 dpi, turned by 90°"),
    Fixture("skewed", "scan_skew_right", "2021", "images only, 150 dpi, turned by 2°"),
    Fixture("screenshot", "image_png", "2021", "the whole report in one tall PNG"),
    Fixture("fax", "scan_fax", "2019", "TIFF of several pages, 1 bit"),
)


def _small(name: str) -> Layout:
    """The layout in a form that makes small files."""
    layout = LAYOUTS[name]
    ruled = compact(typeset.STYLES["pdf_ruled"])
    if name in typeset.STYLES:
        return replace(layout, write=partial(write_pdf, style=compact(typeset.STYLES[name])))
    if name in SCAN_STYLES:
        scan = replace(SCAN_STYLES[name], dpi=150, noise=0.2, quality=20)
        return replace(layout, write=partial(write_scan, style=scan, paper=ruled))
    special = {
        "pdf_bad_text_layer": partial(write_bad_text_layer, style=ruled),
        "pdf_mixed": partial(write_mixed, style=ruled),
        "scan_fax": partial(write_fax, style=ruled),
        "image_png": partial(write_picture, style=ruled, file_format="PNG", dpi=100),
    }
    return replace(layout, write=special.get(name, layout.write))


def build(fixture: Fixture) -> tuple[bytes, dict[str, object]]:
    """The document and its truth; the same fixture gives the same bytes."""
    rng = Random(fixture.stem)
    report = fixture.report(rng)
    document = _small(fixture.layout).write(report, rng)
    return document, truth(report) | {"deviations": list(fixture.deviations)}


def main(arguments: list[str]) -> int:
    """Write all fixtures into the folder given."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for fixture in FIXTURES:
        document, answer = build(fixture)
        name = fixture.stem + LAYOUTS[fixture.layout].suffix
        (folder / name).write_bytes(document)
        text = json.dumps(answer, ensure_ascii=False, indent=0) + "\n"
        (folder / f"{fixture.stem}.truth.json").write_text(text, encoding="utf-8")
        lines.append(f"| `{name}` | {fixture.purpose.replace('|', '¦')} |\n")
    (folder / "README.md").write_text(_README + "".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
