"""Set pages onto paper and back into a file: pixels in the formats that scanners and phones write,
with the labels of the pages moved along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from training.synthesis.fonts import seal_font
from training.synthesis.labels import Run
from training.synthesis.paper import (
    CONDITIONS,
    Transform,
    degrade,
    render_pdf,
    to_image,
    to_pdf,
    to_tiff,
    to_tiff_fax,
)

_TIFF_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Scan:
    """A file of page images, the end of its name, and the labels where its pages have them."""

    data: bytes
    suffix: str
    runs: tuple[Run, ...]


def scan(
    pdf: bytes,
    runs: Sequence[Run],
    condition: str,
    rng: Random,
    *,
    best_quality: int = 100,
    never_tiff: bool = False,
) -> Scan:
    """Put the pages of a PDF through a paper condition.

    Args:
        pdf: pages as they were set.
        runs: their labels, in fractions of the page.
        condition: a key of `paper.CONDITIONS`.
        rng: chooses the degree of everything, and now and then a TIFF instead of a PDF.
        best_quality: that of JPEG, at most; below 100 never a TIFF. Makes small files.
        never_tiff: a PDF where `rng` would choose a TIFF.

    Returns:
        The file, and labels in fractions of the upright page: turns and skew undone, perspective
        and curl left in, as a reader shows the page.
    """
    sampled = CONDITIONS[condition](rng)
    pages = render_pdf(pdf, sampled.dpi)
    most = 1 if sampled.seal_mm else rng.randrange(2, 9)
    targets = []
    for number, page in enumerate(pages, start=1):
        boxes = _value_boxes(runs, number, page.shape[1], page.shape[0])
        targets.append(rng.sample(boxes, k=min(most, len(boxes))))
    degraded = degrade(pages, sampled, rng, targets=targets, font=seal_font())
    moved = tuple(_moved(run, degraded[run.page - 1].transform) for run in runs)
    images = [page.image for page in degraded]
    dpi = sampled.output_dpi
    if sampled.is_bilevel:
        return Scan(to_tiff_fax(images, dpi=dpi), ".tif", moved)
    if rng.random() < _TIFF_SHARE and best_quality == 100 and not never_tiff:
        return Scan(to_tiff(images, dpi=dpi), ".tif", moved)
    return Scan(to_pdf(images, dpi=dpi, quality=min(sampled.quality, best_quality)), ".pdf", moved)


def picture(pdf: bytes, *, dpi: int, file_format: str) -> bytes:
    """The first page as one image file, such as a long screenshot.

    Args:
        pdf: a document of one page.
        dpi: pixels per inch of the page.
        file_format: PNG, JPEG, WEBP or BMP.

    Raises:
        ValueError: the document has several pages.
    """
    (image,) = render_pdf(pdf, dpi)
    if file_format == "BMP":
        # Nothing compresses a BMP; those that are kept have one bit a pixel.
        image = np.where(image[..., :1] < 150, 0, 255).astype(np.uint8).repeat(3, axis=2)
    return to_image(image, file_format, quality=80)


def _moved(run: Run, transform: Transform) -> Run:
    before, after = np.array(transform.before), np.array(transform.upright_size)

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        moved: NDArray[np.float64] = transform.upright_points(points * before) / after
        return moved

    return run.moved(move)


def _value_boxes(
    runs: Sequence[Run], number: int, width: int, height: int
) -> list[tuple[float, float, float, float]]:
    """Where the values of a page stand, in pixels: what seals and marks are put upon."""
    boxes = (run.box() for run in runs if run.page == number and run.tag.slot and run.text)
    return [
        (x0 * width, y0 * height, x1 * width, y1 * height)
        for x0, y0, x1, y1 in (box for box in boxes if box is not None)
    ]
