"""How PDF pages are set: every choice of a page's maker, and families of makers.

A family stands for the habits of one kind of office: faces, rules, header, breaks. Families are
disjoint between the splits, so that a classifier is tested on pages by makers it has not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from training.synthesis.splits import Split


@dataclass(frozen=True, slots=True)
class PdfStyle:
    """The choices for one document. Sizes in points, margins in centimetres.

    `rules`: full, half (horizontal only), three_line, frame (heavy outside), none. `header_weight`:
    regular, bold (a bold face) or faux (thickened by the word processor). `stage` and `headers` say
    how 三、本年度办理结果 and the column headers stand: plain, narrow (broken over lines) or
    vertical (one character a line). The rows of table 二 are `disclosure_stretch` times as airy as
    those of table 三. `filler_lines` (a range) puts that many lines of prose before
    table 三 on a page of its own, so that the table runs over the next break; `breaks_before` names
    tables that begin a page. `splits_header`: a break may part header rows.
    """

    rules: str = "full"
    rule_pt: float = 0.5
    paper: str = "a4"
    is_landscape: bool = False
    columns: int = 1
    margin_x_cm: float = 2.4
    margin_y_cm: float = 2.6
    face: str = "fang"
    table_face: str = "song"
    heading_face: str = "hei"
    title_face: str = "hei"
    latin: str = "serif"
    body_size_pt: float = 15
    table_size_pt: float = 10
    title_size_pt: float = 20
    title_gap_em: float = 0
    value_scale: float = 1.0
    leading_em: float = 0.85
    inset_pt: float | None = None
    inset_x_pt: float = 2
    disclosure_stretch: float = 1.0
    label_align: str = "left"
    value_align: str = "center"
    widths: str = "official"
    caption_fill: str | None = "luma(225)"
    header_weight: str = "regular"
    stage: str = "vertical"
    headers: str = "plain"
    page_number: str = "— {} —"
    number_align: str = "center"
    breaks_labels: bool = False
    filler_lines: tuple[int, int] | None = None
    breaks_before: tuple[str, ...] = ()
    splits_header: bool = False
    repeats_header: bool = False
    is_one_page: bool = False
    has_red_head: bool = False


STYLES: Mapping[str, PdfStyle] = {
    "pdf_ruled": PdfStyle(),
    "pdf_unruled": PdfStyle(rules="none", stage="plain"),
    "pdf_half": PdfStyle(rules="half", table_face="fang", stage="plain"),
    "pdf_landscape": PdfStyle(
        is_landscape=True, stage="plain", table_size_pt=10.5, face="song", widths="wide"
    ),
    "pdf_a3": PdfStyle(paper="a3", table_size_pt=15, page_number="- {} -"),
    # Two A4 pages side by side.
    "pdf_booklet": PdfStyle(paper="a3", is_landscape=True, columns=2, page_number="- {} -"),
    "pdf_pagebreaks": PdfStyle(filler_lines=(12, 18)),
    "pdf_labels_broken": PdfStyle(breaks_labels=True, splits_header=True, table_face="fang"),
    "pdf_three_line": PdfStyle(rules="three_line", stage="plain", caption_fill=None),
    "pdf_vertical": PdfStyle(
        headers="vertical", header_weight="faux", caption_fill="rgb(198,215,238)"
    ),
}


def compact(style: PdfStyle) -> PdfStyle:
    """The style in one face throughout and smaller print, which makes the smallest files."""
    return replace(
        style,
        face="song",
        table_face="song",
        heading_face="song",
        title_face="song",
        body_size_pt=min(style.body_size_pt, 12),
    )


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of maker: the choices among which each of its documents picks."""

    split: Split
    choices: Mapping[str, tuple[Any, ...]]

    def sample(self, rng: Random) -> PdfStyle:
        picked = {name: rng.choice(options) for name, options in self.choices.items()}
        return replace(PdfStyle(), **picked)


_BLUE, _PALE, _GREY = "rgb(198,215,238)", "rgb(221,235,247)", "luma(225)"

FAMILIES: Mapping[str, Family] = {
    # --- train ---
    "county_office": Family(
        Split.TRAIN,
        {
            "disclosure_stretch": (1.0, 2.0, 3.0),
            "leading_em": (0.7, 0.85, 1.0),
            "title_gap_em": (0, 1, 2),
            "inset_x_pt": (2, 3, 5),
            "body_size_pt": (14, 15, 16),
            "face": ("fang", "song"),
            "table_face": ("song", "fang", "serif"),
            "caption_fill": (_GREY, None, _PALE),
            "header_weight": ("regular", "bold", "faux"),
            "table_size_pt": (9, 10, 10.5, 11),
            "inset_pt": (4, 6, 8),
            "stage": ("vertical", "narrow"),
            "splits_header": (False, False, True),
            "breaks_labels": (False, False, True),
        },
    ),
    "wide_grid": Family(
        Split.TRAIN,
        {
            "disclosure_stretch": (1.0, 1.5),
            "leading_em": (0.7, 0.85, 1.0),
            "title_gap_em": (0, 1, 2),
            "inset_x_pt": (2, 3, 5),
            "body_size_pt": (14, 15, 16),
            "rules": ("full", "frame"),
            "rule_pt": (0.4, 0.75, 1.0),
            "is_landscape": (True, True, False),
            "widths": ("wide", "even"),
            "face": ("kai", "song"),
            "table_face": ("kai", "song"),
            "stage": ("plain", "vertical"),
            "table_size_pt": (10, 11, 12),
            "page_number": ("{}", "第{}页"),
            "repeats_header": (False, True),
        },
    ),
    "clerk_half_ruled": Family(
        Split.TRAIN,
        {
            "disclosure_stretch": (1.0, 2.0),
            "leading_em": (0.7, 0.85, 1.0),
            "title_gap_em": (0, 1, 2),
            "inset_x_pt": (2, 3, 5),
            "body_size_pt": (14, 15, 16),
            "rules": ("half", "three_line"),
            "table_face": ("fang", "sans"),
            "caption_fill": (None,),
            "stage": ("plain",),
            "label_align": ("left", "center"),
            "table_size_pt": (9, 10, 11),
            "inset_pt": (4, 5, 7),
        },
    ),
    "bare_columns": Family(
        Split.TRAIN,
        {
            "disclosure_stretch": (1.0, 1.5),
            "leading_em": (0.7, 0.85, 1.0),
            "title_gap_em": (0, 1, 2),
            "inset_x_pt": (2, 3, 5),
            "body_size_pt": (14, 15, 16),
            "rules": ("none",),
            "table_face": ("song", "sans"),
            "caption_fill": (None, _GREY),
            "value_align": ("center", "right"),
            "stage": ("plain",),
            "table_size_pt": (9, 10),
            "inset_pt": (5, 7),
            "widths": ("official", "even"),
        },
    ),
    # --- validation ---
    "gazette": Family(
        Split.VALIDATION,
        {
            "disclosure_stretch": (1.0, 2.0),
            "leading_em": (0.7, 0.85, 1.0),
            "title_gap_em": (0, 1, 2),
            "inset_x_pt": (2, 3, 5),
            "body_size_pt": (14, 15, 16),
            "rules": ("full", "half", "none"),
            "face": ("thin_song",),
            "table_face": ("thin_song", "thin_kai"),
            "heading_face": ("screen",),
            "caption_fill": (_PALE, None),
            "stage": ("vertical", "plain"),
            "table_size_pt": (9, 10.5),
            "page_number": ("·{}·",),
            "number_align": ("right",),
        },
    ),
    # --- calibration ---
    "bureau": Family(
        Split.CALIBRATION,
        {
            "disclosure_stretch": (1.0, 2.0, 3.0),
            "leading_em": (0.7, 0.85, 1.0),
            "title_gap_em": (0, 1, 2),
            "inset_x_pt": (2, 3, 5),
            "body_size_pt": (14, 15, 16),
            "rules": ("full", "full", "half", "none", "frame"),
            "face": ("ming", "fang"),
            "table_face": ("ming", "hei"),
            "caption_fill": (_GREY, _BLUE, None),
            "header_weight": ("regular", "faux"),
            "stage": ("vertical", "plain"),
            "headers": ("plain", "narrow"),
            "table_size_pt": (9, 10, 12),
            "inset_pt": (3, 5),
            "value_scale": (1.0, 1.15),
            "widths": ("official", "even"),
        },
    ),
    # --- test ---
    "official_form": Family(
        Split.TEST,
        {
            "disclosure_stretch": (1.5, 2.5, 3.5),
            "leading_em": (0.7, 0.85, 1.0),
            "title_gap_em": (0, 1, 2),
            "inset_x_pt": (2, 3, 5),
            "body_size_pt": (14, 15, 16),
            "face": ("fang", "kai"),
            "table_face": ("song",),
            "caption_fill": (_BLUE, _PALE, None),
            "header_weight": ("faux",),
            "stage": ("vertical",),
            "headers": ("narrow", "plain"),
            "value_scale": (1.15, 1.3),
            "table_size_pt": (9, 10),
            "inset_pt": (5, 7, 9),
            "page_number": ("- {} -", "— {} —"),
            "number_align": ("center", "right"),
            "breaks_before": ((), (), ("requests",), ("disputes",)),
            "has_red_head": (False, False, True),
        },
    ),
    "typewritten": Family(
        Split.TEST,
        {
            "disclosure_stretch": (1.0, 2.5),
            "leading_em": (0.7, 0.85, 1.0),
            "title_gap_em": (0, 1, 2),
            "inset_x_pt": (2, 3, 5),
            "body_size_pt": (14, 15, 16),
            "face": ("serif", "song"),
            "table_face": ("serif", "fang"),
            "rules": ("full", "frame"),
            "rule_pt": (0.3, 0.6, 0.9),
            "caption_fill": (None, _GREY),
            "headers": ("vertical", "narrow"),
            "stage": ("vertical", "narrow"),
            "latin": ("serif", "sans"),
            "table_size_pt": (8.5, 9.5, 10.5),
            "inset_pt": (2.5, 4),
            "splits_header": (True, False),
            "breaks_labels": (True, False),
        },
    ),
    "plain_lines": Family(
        Split.TEST,
        {
            "disclosure_stretch": (1.0, 2.0),
            "leading_em": (0.7, 0.85, 1.0),
            "title_gap_em": (0, 1, 2),
            "inset_x_pt": (2, 3, 5),
            "body_size_pt": (14, 15, 16),
            "rules": ("half", "three_line", "none"),
            "table_face": ("song", "kai"),
            "face": ("fang",),
            "caption_fill": (None, _PALE),
            "stage": ("plain",),
            "value_align": ("center", "right"),
            "label_align": ("left",),
            "table_size_pt": (9, 10, 11),
            "inset_pt": (4, 6),
            "repeats_header": (False, True),
        },
    ),
    "large_sheet": Family(
        Split.TEST,
        {
            "disclosure_stretch": (1.0, 2.0),
            "leading_em": (0.7, 0.85, 1.0),
            "title_gap_em": (0, 1, 2),
            "inset_x_pt": (2, 3, 5),
            "body_size_pt": (14, 15, 16),
            "paper": ("a3", "a4"),
            "is_landscape": (True,),
            "columns": (1,),
            "widths": ("wide",),
            "table_size_pt": (11, 12, 14),
            "face": ("song",),
            "table_face": ("song", "sans"),
            "stage": ("plain", "vertical"),
            "page_number": ("{}", "- {} -"),
        },
    ),
    "booklet": Family(
        Split.TEST,
        {
            "disclosure_stretch": (1.0, 1.5),
            "leading_em": (0.7, 0.85, 1.0),
            "title_gap_em": (0, 1, 2),
            "inset_x_pt": (2, 3, 5),
            "body_size_pt": (14, 15, 16),
            "paper": ("a3",),
            "is_landscape": (True,),
            "columns": (2,),
            "caption_fill": (_GREY, None),
            "stage": ("vertical",),
            "table_size_pt": (9, 10),
        },
    ),
}


def families(split: Split) -> tuple[str, ...]:
    """Names of a split's families, in order."""
    return tuple(name for name, family in FAMILIES.items() if family.split is split)
