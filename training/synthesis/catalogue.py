"""All layouts by name: how a report becomes the bytes of a document, and its labels.

Text layouts need nothing; the others need fonts. A layout named `paper_…` is a page that was set as
`pdf_ruled` sets it and then went through the paper condition of that name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Protocol

from opencc import OpenCC

from training.synthesis import docx, flat, html, markdown
from training.synthesis.labels import Run, label_pdf, label_text
from training.synthesis.paper import CONDITIONS, mix
from training.synthesis.report import Report
from training.synthesis.scanning import picture, scan
from training.synthesis.splits import Split
from training.synthesis.styles import STYLES, PdfStyle
from training.synthesis.typeset import scramble_text_layer, typeset_with_twin


@dataclass(frozen=True, slots=True)
class Made:
    """A document's bytes, the end of its name, and its labelled characters."""

    data: bytes
    suffix: str
    runs: tuple[Run, ...]


Make = Callable[[Report, Random, Split], Made]


class Write(Protocol):
    """Writes a text document; the split chooses the skin."""

    def __call__(self, report: Report, rng: Random, *, split: Split) -> bytes: ...


def make_text(report: Report, rng: Random, split: Split, *, suffix: str, write: Write) -> Made:
    return Made(write(report, rng, split=split), suffix, label_text(report))


def make_traditional(report: Report, rng: Random, split: Split) -> Made:
    """A mirror in traditional characters; the labels name what it prints."""
    convert = OpenCC("s2t").convert
    runs = (replace(run, text=convert(run.text)) for run in label_text(report))
    return Made(html.html_traditional(report, rng, split=split), ".html", tuple(runs))


def make_pdf(report: Report, rng: Random, split: Split, *, style: PdfStyle) -> Made:
    """Pages with a text layer."""
    document = typeset_with_twin(report, style, rng)
    return Made(document.pdf, ".pdf", label_pdf(document, report))


def make_garbled(report: Report, rng: Random, split: Split, *, style: PdfStyle) -> Made:
    """Pages over a text layer whose characters are wrong."""
    made = make_pdf(report, rng, split, style=style)
    return replace(made, data=scramble_text_layer(made.data))


def make_mixed(report: Report, rng: Random, split: Split, *, style: PdfStyle) -> Made:
    """The first page has a text layer, the others are scanned; so is a single page."""
    document = typeset_with_twin(report, style, rng)
    runs = label_pdf(document, report)
    paper = scan(document.pdf, runs, "flatbed_150", rng, never_tiff=True)
    if all(run.page == 1 for run in runs):
        return Made(paper.data, paper.suffix, paper.runs)
    first = tuple(run for run in runs if run.page == 1)
    rest = tuple(run for run in paper.runs if run.page > 1)
    return Made(mix(document.pdf, paper.data, first=1), ".pdf", first + rest)


def make_picture(
    report: Report, rng: Random, split: Split, *, style: PdfStyle, file_format: str
) -> Made:
    """The whole report in one tall image, as a long screenshot."""
    tall = replace(style, is_one_page=True, breaks_before=(), filler_lines=None)
    document = typeset_with_twin(report, tall, rng)
    dpi = 150 if file_format == "BMP" else rng.choice((100, 110, 120))
    data = picture(document.pdf, dpi=dpi, file_format=file_format)
    return Made(data, f".{file_format.lower()}", label_pdf(document, report))


def make_paper(
    report: Report,
    rng: Random,
    split: Split,
    *,
    style: PdfStyle,
    condition: str,
    best_quality: int = 100,
) -> Made:
    """Pages of pixels, after what the condition does to paper."""
    document = typeset_with_twin(report, style, rng)
    runs = label_pdf(document, report)
    paper = scan(document.pdf, runs, condition, rng, best_quality=best_quality)
    return Made(paper.data, paper.suffix, paper.runs)


_TEXT: Mapping[str, tuple[str, Write]] = {
    "html_clean": (".html", html.html_clean),
    "html_captured": (".html", html.html_captured),
    "html_nospan": (".html", html.html_nospan),
    "html_gbk": (".html", html.html_gbk),
    "html_wordpaste": (".htm", html.html_wordpaste),
    "html_split": (".html", html.html_split),
    "docx_form": (".docx", docx.docx_form),
    "docx_onetable": (".docx", docx.docx_onetable),
    "docx_blocks": (".docx", docx.docx_blocks),
    "docx_noheading": (".docx", docx.docx_noheading),
    "md_tables": (".md", markdown.md_tables),
    "md_fragments": (".md", markdown.md_fragments),
    "md_expanded": (".md", markdown.md_expanded),
    "flat_pipes": (".txt", flat.flat_pipes),
    "flat_lines": (".txt", flat.flat_lines),
    "flat_blanklines": (".txt", flat.flat_blanklines),
    "flat_dropped": (".txt", flat.flat_dropped),
    "flat_rows": (".txt", flat.flat_rows),
    "flat_gbk": (".txt", flat.flat_gbk),
}
_RULED = STYLES["pdf_ruled"]

TEXT_LAYOUTS: Mapping[str, Make] = {
    name: partial(make_text, suffix=suffix, write=write) for name, (suffix, write) in _TEXT.items()
} | {"html_traditional": make_traditional}
PDF_LAYOUTS: Mapping[str, Make] = {
    **{name: partial(make_pdf, style=style) for name, style in STYLES.items()},
    "pdf_bad_text_layer": partial(make_garbled, style=_RULED),
    "pdf_mixed": partial(make_mixed, style=_RULED),
}
PAPER_LAYOUTS: Mapping[str, Make] = {
    **{f"paper_{name}": partial(make_paper, style=_RULED, condition=name) for name in CONDITIONS},
    **{
        f"image_{name.lower()}": partial(make_picture, style=_RULED, file_format=name)
        for name in ("PNG", "JPEG", "WEBP", "BMP")
    },
}
LAYOUTS: Mapping[str, Make] = {**TEXT_LAYOUTS, **PDF_LAYOUTS, **PAPER_LAYOUTS}
