"""Labelled crops of cells: cut out of synthetic documents, and drawn with the fonts alone.

Documents bring what surrounds a value on paper: ruled lines, seals, pen, dirt, faxes. Drawn crops
bring numbers and faces in numbers. Both are cut with jitter, since no reader finds a cell exactly.
Each document and each block of drawn crops is one file; what is finished is kept.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.digits import ALPHABET, HEIGHT_PX, OTHER, Gray, prepare
from extractor.orientation import upright
from extractor.types import Image
from training.digits.drawing import draw_crop
from training.synthesis.corpus import Mix, Plan, plan_corpus
from training.synthesis.deviations import deviate, sample_deviations
from training.synthesis.facts import sample_facts
from training.synthesis.fonts import seal_font
from training.synthesis.labels import LabelError, Run, label_pdf
from training.synthesis.paper import CONDITIONS, Transform, degrade, render_pdf
from training.synthesis.report import compose
from training.synthesis.splits import Split
from training.synthesis.styles import FAMILIES, families
from training.synthesis.typeset import typeset_with_twin

FOLDER = Path("build/digits")
SEEDS = {Split.TRAIN: 41, Split.VALIDATION: 42}
"""Of the plans; the test and the calibration split are never made here."""
BLOCK = 2000
MAX_ZEROS = 40
"""Lone zeros kept of a document: most cells hold one, and there is little to learn from it."""
MAX_BLANKS = 35
MAX_OTHERS = 15
MAX_PLACES = 25
"""Places beside values that are tried on a page."""
CONDITION = np.dtype("U24")

_FOLDED = {"－": "-", "–": "-", "−": "-", "‐": "-", "―": "—", "─": "—", "／": "/", "＋": "+"}
_FOLDED |= {"（": "(", "）": ")", "．": ".", "，": ","}
_FOLDED |= {chr(0xFF10 + digit): str(digit) for digit in range(10)}


@dataclass(frozen=True, slots=True)
class Cell:
    """A strip as `extractor.digits.prepare` gives it, what it says, and where it comes from."""

    strip: Gray
    text: str
    source: str


def fold(printed: str) -> str:
    """Printed characters in the alphabet, without spaces; a run of others is one `OTHER`.

    "" for nothing printed.
    """
    text = ""
    for character in printed:
        if character.isspace():
            continue
        folded = _FOLDED.get(character, character)
        if folded not in ALPHABET:
            folded = OTHER
        if folded != OTHER or not text.endswith(OTHER):
            text += folded
    return text


def document_cells(plan: Plan) -> list[Cell]:
    """Cells of one document whose condition is one of paper: values, empty cells, other print."""
    rng = Random(f"cells {plan.seed}")
    facts = sample_facts(rng)
    report = compose(
        facts.body.name,
        facts.year,
        facts.edition,
        facts.values,
        rng,
        single_other=facts.single_other,
        split=plan.split,
    )
    report = deviate(report, sample_deviations(rng, facts.edition, share=0.6), rng)
    style = FAMILIES[rng.choice(families(plan.split))].sample(rng)
    document = typeset_with_twin(report, style, rng)
    runs = label_pdf(document, report)
    condition = CONDITIONS[plan.condition](rng)
    pages = render_pdf(document.pdf, condition.dpi)
    targets = [_targets(runs, number, page, rng) for number, page in enumerate(pages, start=1)]
    if condition.seal_mm:
        targets = [boxes[:1] for boxes in targets]
    found: list[Cell] = []
    degraded = degrade(pages, condition, rng, targets=targets, font=seal_font())
    for number, page in enumerate(degraded, start=1):
        size = np.array(page.transform.upright_size)
        move = partial(_to_upright, page.transform)
        moved = [run.moved(move) for run in runs if run.page == number]
        image = upright(page.image, page.transform.turn_deg)
        if abs(image.shape[1] - size[0]) > 2:
            raise ValueError(f"{plan.name}: page {number} is not upright where its labels are")
        found += _page_cells(image, moved, plan.condition, rng)
    return _thinned(found, rng)


def _to_upright(transform: Transform, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """From fractions of the clean page to pixels of the upright image."""
    return transform.upright_points(xy * np.array(transform.before))


def _targets(
    runs: Sequence[Run], number: int, page: Image, rng: Random
) -> list[tuple[float, float, float, float]]:
    """Places for seals and pen: values and empty cells alike."""
    height, width = page.shape[:2]
    slots = [run for run in runs if run.page == number and run.tag.slot]
    boxes = [box for run in slots if (box := run.box()) is not None]
    scaled = [(x0 * width, y0 * height, x1 * width, y1 * height) for x0, y0, x1, y1 in boxes]
    return rng.sample(scaled, k=min(rng.randrange(4, 20), len(scaled)))


def _page_cells(image: Image, runs: Sequence[Run], source: str, rng: Random) -> list[Cell]:
    inked = [run.quads for run in runs if run.quads is not None and run.text]
    if not inked:
        return []
    quads = np.concatenate(inked)
    boxes = np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=1)
    values = [run for run in runs if run.tag.slot and run.quads is not None]
    printed = [run for run in values if run.text]
    heights = [_height(run) for run in printed if any(c.isdigit() for c in run.text)]
    if not heights:
        return []
    size = float(np.median(heights))
    cells = []
    for run in values:
        crop = _cut(image, _hull(run), size, boxes, run.text, rng)
        if crop is not None:
            cells.append(Cell(prepare(crop), fold(run.text), source))
    for run in rng.sample(values, k=min(MAX_PLACES, len(values))):
        crop = _cut(image, _beside(_hull(run), size, rng), size, boxes, "", rng)
        if crop is not None:
            cells.append(Cell(prepare(crop), "", source))
    others = [run for run in runs if not run.tag.slot and run.quads is not None and run.text]
    for run in rng.sample(others, k=min(MAX_OTHERS, len(others))):
        part = _window(run, rng)
        crop = _cut(image, _hull(part), size, boxes, part.text, rng)
        if crop is not None:
            cells.append(Cell(prepare(crop), fold(part.text), source))
    return cells


def _beside(
    box: tuple[float, float, float, float], size: float, rng: Random
) -> tuple[float, float, float, float]:
    """A place near a value: where there is no print, it looks like an empty cell."""
    x0, y0, x1, y1 = box
    right = rng.choice((-1, 1)) * rng.uniform(1.5, 5) * size
    down = rng.choice((-1, 0, 0, 1)) * rng.uniform(0.8, 2) * size
    return x0 + right, y0 + down, x1 + right, y1 + down


def _window(run: Run, rng: Random) -> Run:
    """A few consecutive characters of a longer text."""
    assert run.quads is not None
    start = rng.randrange(len(run.text))
    end = min(len(run.text), start + rng.randrange(1, 7))
    return Run(run.tag, run.text[start:end], run.page, run.quads[start:end])


def _hull(run: Run) -> tuple[float, float, float, float]:
    box = run.box()
    assert box is not None
    return box


def _height(run: Run) -> float:
    assert run.quads is not None
    return float(np.max(run.quads[:, 2, 1] - run.quads[:, 0, 1]))


def _cut(
    image: Image,
    box: tuple[float, float, float, float],
    size: float,
    boxes: NDArray[np.float64],
    text: str,
    rng: Random,
) -> Image | None:
    """Cut around `box` with jitter; None if the label would not be what is seen.

    `size` is the height of a digit. Slivers of neighbours may be seen, as a reader sees them, but
    no whole character of another entry. An entry of several lines has no crop.
    """
    x0, y0, x1, y1 = box
    if text:
        if y1 - y0 > 1.9 * size:
            return None
        half = max(y1 - y0, size) / 2
    else:
        half = size / 2
        middle = (x0 + x1) / 2 + rng.uniform(-1, 1) * size
        reach = rng.uniform(0.4, 2.5) * size
        x0, x1 = middle - reach, middle + reach
    center = (y0 + y1) / 2
    top, bottom = (rng.uniform(0.08, 0.65) * 2 * half for _ in range(2))
    left, right = (rng.triangular(0.08, 2.5, 0.4) * size for _ in range(2))
    edges = [x0 - left, center - half - top, x1 + right, center + half + bottom]
    # Characters of others whose middle is inside: give way to them, or give up.
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = (middles > edges[:2]).all(axis=1) & (middles < edges[2:]).all(axis=1)
    own = (middles > np.array(box[:2]) - 1).all(axis=1) & (middles < np.array(box[2:]) + 1).all(
        axis=1
    )
    strangers = inside & ~own if text else inside
    for bx0, by0, bx1, by1 in boxes[strangers]:
        if not text:
            return None
        if bx0 >= x1 - 1:
            edges[2] = min(edges[2], bx0)
        elif bx1 <= x0 + 1:
            edges[0] = max(edges[0], bx1)
        elif by0 >= center:
            edges[3] = min(edges[3], by0)
        elif by1 <= center:
            edges[1] = max(edges[1], by1)
        else:
            return None
    if text and (edges[2] <= x1 - 1 or edges[0] >= x0 + 1 or edges[3] < y1 or edges[1] > y0):
        return None
    height, width = image.shape[:2]
    left_px, top_px = max(0, round(edges[0])), max(0, round(edges[1]))
    right_px, bottom_px = min(width, round(edges[2])), min(height, round(edges[3]))
    if right_px - left_px < 4 or bottom_px - top_px < 4:
        return None
    if (right_px - left_px) > 11 * (bottom_px - top_px):
        return None
    return image[top_px:bottom_px, left_px:right_px]


def _thinned(cells: Sequence[Cell], rng: Random) -> list[Cell]:
    """Not all of the many that are alike."""
    zeros = [cell for cell in cells if cell.text == "0"]
    blanks = [cell for cell in cells if cell.text == ""]
    rest = [cell for cell in cells if cell.text not in ("0", "")]
    zeros = rng.sample(zeros, k=min(MAX_ZEROS, len(zeros)))
    return rest + zeros + rng.sample(blanks, k=min(MAX_BLANKS, len(blanks)))


def save(path: Path, cells: Sequence[Cell]) -> None:
    """Write cells into one file, whole or not at all; `load` gives them back. May be empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.{os.getpid()}.npz")
    np.savez(
        part,
        strips=np.hstack([cell.strip for cell in cells] or [np.zeros((HEIGHT_PX, 0), np.uint8)]),
        widths=np.array([cell.strip.shape[1] for cell in cells], np.int32),
        texts=np.array([cell.text for cell in cells], np.str_),
        sources=np.array([cell.source for cell in cells], CONDITION),
    )
    part.replace(path)


def load(paths: Sequence[Path]) -> Iterator[Cell]:
    """The cells of some files, in order."""
    for path in paths:
        with np.load(path) as data:
            starts = np.concatenate([[0], np.cumsum(data["widths"])])
            strips = data["strips"]
            rows = zip(data["texts"].tolist(), data["sources"].tolist(), strict=True)
            for i, (text, source) in enumerate(rows):
                yield Cell(strips[:, starts[i] : starts[i + 1]], text, source)


def drawn_cells(number: int, split: Split) -> list[Cell]:
    """Block `number` of drawn crops of a split."""
    rng = Random(f"drawn {SEEDS[split]} {split.value} {number}")
    drawn = (draw_crop(rng) for _ in range(BLOCK))
    return [Cell(prepare(image), fold(text), "drawn") for image, text in drawn]


def make_block(number: int, split: Split) -> None:
    path = FOLDER / split.value / f"drawn-{number:04d}.npz"
    if not path.is_file():
        save(path, drawn_cells(number, split))


def make_document_file(plan: Plan) -> None:
    """A document whose labels are not those of its page gives an empty file, and says so."""
    path = FOLDER / plan.split.value / f"{plan.name}.npz"
    if path.is_file():
        return
    try:
        cells = document_cells(plan)
    except LabelError as error:
        sys.stderr.write(f"\n{plan.name} is left out: {error}\n")
        cells = []
    save(path, cells)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the cells of both splits: 0."""
    parser = argparse.ArgumentParser(prog="python -m training digit-cells", description=__doc__)
    parser.add_argument("--train", type=int, default=300, metavar="N", help="documents")
    parser.add_argument("--validation", type=int, default=40, metavar="N", help="documents")
    parser.add_argument("--blocks", type=int, default=40, help=f"of {BLOCK} drawn crops")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    mix = Mix(dict.fromkeys(CONDITIONS, 1.0))
    counts = {Split.VALIDATION: options.validation, Split.TRAIN: options.train}
    with get_context("spawn").Pool(options.workers, cv2.setNumThreads, (1,)) as pool:
        for split, count in counts.items():
            blocks = options.blocks if split is Split.TRAIN else 1
            start = time.perf_counter()
            draw = partial(make_block, split=split)
            for done, _ in enumerate(pool.imap_unordered(draw, range(blocks)), start=1):
                _say(f"{split.value} drawn", done, blocks, start)
            plans = plan_corpus(mix, split, count, SEEDS[split])
            made = pool.imap_unordered(make_document_file, plans)
            for done, _ in enumerate(made, start=1):
                _say(f"{split.value} documents", done, count, start)
    return 0


def _say(what: str, done: int, total: int, start: float) -> None:
    sys.stderr.write(f"\r{what} {done}/{total} {time.perf_counter() - start:.0f} s ")
    sys.stderr.flush()
