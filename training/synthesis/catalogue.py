"""All layouts by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from training.synthesis import docx, flat, html, markdown, scan, typeset
from training.synthesis.report import Report
from training.synthesis.scan import ScanStyle
from training.synthesis.typeset import PdfStyle

Write = Callable[[Report, Random], bytes]


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to lay a report out, and how such a file's name ends. `needs_fonts`: see `pdf`."""

    suffix: str
    write: Write
    needs_fonts: bool = False


def compact(style: PdfStyle) -> PdfStyle:
    """The style in one face throughout and smaller print, which makes the smallest files."""
    return replace(
        style,
        face="song",
        table_face="song",
        heading_face="song",
        body_size_pt=min(style.body_size_pt, 12),
    )


def write_pdf(report: Report, rng: Random, *, style: PdfStyle) -> bytes:
    return typeset.typeset(report, style, rng)


def write_scan(report: Report, rng: Random, *, style: ScanStyle, paper: PdfStyle) -> bytes:
    return scan.scan(typeset.typeset(report, paper, rng), style, rng)


def write_bad_text_layer(report: Report, rng: Random, *, style: PdfStyle) -> bytes:
    return typeset.scramble_text_layer(typeset.typeset(report, style, rng))


def write_mixed(report: Report, rng: Random, *, style: PdfStyle) -> bytes:
    """The first page has a text layer, the others are scanned."""
    pages = typeset.typeset(report, style, rng)
    return scan.mix(pages, scan.scan(pages, ScanStyle(dpi=150, quality=45), rng), first=1)


def write_fax(report: Report, rng: Random, *, style: PdfStyle) -> bytes:
    return scan.fax(typeset.typeset(report, style, rng))


def write_picture(
    report: Report, rng: Random, *, style: PdfStyle, file_format: str, dpi: int = 110
) -> bytes:
    """The whole report in one tall image."""
    page = typeset.typeset(report, replace(style, is_one_page=True), rng)
    return scan.picture(page, dpi=dpi, file_format=file_format)


_PAPER: Mapping[str, PdfStyle] = {
    "scan_skew_left": typeset.STYLES["pdf_half"],
    "scan_rot270": typeset.STYLES["pdf_landscape"],
    "scan_rot180": typeset.STYLES["pdf_labels_broken"],
    "scan_seal": typeset.STYLES["pdf_pagebreaks"],
}
_RULED = typeset.STYLES["pdf_ruled"]

TEXT_LAYOUTS: Mapping[str, Layout] = {
    "html_clean": Layout(".html", html.html_clean),
    "html_captured": Layout(".html", html.html_captured),
    "html_nospan": Layout(".html", html.html_nospan),
    "html_gbk": Layout(".html", html.html_gbk),
    "html_traditional": Layout(".html", html.html_traditional),
    "html_wordpaste": Layout(".htm", html.html_wordpaste),
    "html_split": Layout(".html", html.html_split),
    "docx_form": Layout(".docx", docx.docx_form),
    "docx_onetable": Layout(".docx", docx.docx_onetable),
    "docx_blocks": Layout(".docx", docx.docx_blocks),
    "docx_noheading": Layout(".docx", docx.docx_noheading),
    "md_tables": Layout(".md", markdown.md_tables),
    "md_fragments": Layout(".md", markdown.md_fragments),
    "md_expanded": Layout(".md", markdown.md_expanded),
    "flat_pipes": Layout(".txt", flat.flat_pipes),
    "flat_lines": Layout(".txt", flat.flat_lines),
    "flat_blanklines": Layout(".txt", flat.flat_blanklines),
    "flat_dropped": Layout(".txt", flat.flat_dropped),
    "flat_rows": Layout(".txt", flat.flat_rows),
    "flat_gbk": Layout(".txt", flat.flat_gbk),
}
PDF_LAYOUTS: Mapping[str, Layout] = {
    **{
        name: Layout(".pdf", partial(write_pdf, style=style), needs_fonts=True)
        for name, style in typeset.STYLES.items()
    },
    "pdf_bad_text_layer": Layout(
        ".pdf", partial(write_bad_text_layer, style=_RULED), needs_fonts=True
    ),
    "pdf_mixed": Layout(".pdf", partial(write_mixed, style=_RULED), needs_fonts=True),
}
SCAN_LAYOUTS: Mapping[str, Layout] = {
    **{
        name: Layout(
            ".pdf",
            partial(write_scan, style=style, paper=_PAPER.get(name, _RULED)),
            needs_fonts=True,
        )
        for name, style in scan.STYLES.items()
    },
    "scan_fax": Layout(".tif", partial(write_fax, style=_RULED), needs_fonts=True),
    "image_png": Layout(
        ".png", partial(write_picture, style=_RULED, file_format="PNG"), needs_fonts=True
    ),
    "image_webp": Layout(
        ".webp", partial(write_picture, style=_RULED, file_format="WEBP"), needs_fonts=True
    ),
}
LAYOUTS: Mapping[str, Layout] = {**TEXT_LAYOUTS, **PDF_LAYOUTS, **SCAN_LAYOUTS}
