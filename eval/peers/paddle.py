"""Plain PaddleOCR: a page image in, texts with boxes on the upright page out.

PaddleOCR's default pipeline has a network of its own that turns pages upright, whose weights come
by download only. Trying the other three quarter turns stands in for it, and the slant of the lines
is taken out, so that what PaddleOCR reads is not lost for want of a download.
"""

from __future__ import annotations

import atexit
import math
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from eval.peers.grids import Text
from extractor import ingest
from extractor.pages import open_pages
from extractor.settings import Settings
from extractor.types import Image
from extractor.weights import lay_out_models

POOR = 0.85
"""A page read with a lower mean score is tried at the other quarter turns."""
MIN_SKEW_DEG = 0.3

_WIDE = 3.0
_LONG = 3


@dataclass(frozen=True, slots=True)
class PageTexts:
    """An upright page, RGB (height, width, 3), and what was read on it."""

    image: Image
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """What PaddleOCR says of one image; `quads` is (n, 4, 2), from the top left clockwise."""

    texts: tuple[str, ...]
    scores: tuple[float, ...]
    quads: NDArray[np.float64]

    @property
    def merit(self) -> float:
        """Sure characters on lines that lie."""
        pairs = zip(self.texts, self.scores, self.quads, strict=True)
        return sum(len(text) * score for text, score, quad in pairs if _ratio(quad) < 1)

    @property
    def is_sideways(self) -> bool:
        """Whether most characters stand on lines that are upright; single digits always are."""
        long = [(len(t), _ratio(q)) for t, q in zip(self.texts, self.quads, strict=True)]
        long = [(n, ratio) for n, ratio in long if n >= _LONG]
        return sum(n for n, ratio in long if ratio > 1) > sum(n for n, ratio in long if ratio < 1)

    @property
    def score(self) -> float:
        n = sum(map(len, self.texts))
        return sum(len(t) * s for t, s in zip(self.texts, self.scores, strict=True)) / max(n, 1)


def load_paddle(settings: Settings) -> Any:
    """The reader with the product's own weights, inference engine and number of threads."""
    home = Path(tempfile.mkdtemp(prefix="extractor-peers-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
    os.environ["PADDLE_PDX_CACHE_HOME"] = str(home)
    detector, recognizer, _ = lay_out_models(home)
    from paddleocr import PaddleOCR

    return PaddleOCR(
        text_detection_model_name="PP-OCRv6_small_det",
        text_detection_model_dir=detector,
        text_recognition_model_name="PP-OCRv6_small_rec",
        text_recognition_model_dir=recognizer,
        use_doc_orientation_classify=False,
        use_doc_unwarping=False,
        use_textline_orientation=False,
        engine="onnxruntime",
        engine_config={"intra_op_num_threads": settings.threads},
    )


def load_page_reader() -> Callable[[Path], list[PageTexts]]:
    """PaddleOCR on all pages of a document, rendered as the product renders them."""
    settings = Settings()
    reader = load_paddle(settings)

    def read(path: Path) -> list[PageTexts]:
        source = ingest.identify(path.name, path.read_bytes(), settings)
        with open_pages(source, settings) as pages:
            images = [pages.render(n + 1, settings.dpi) for n in range(pages.count)]
        return [read_page(reader, image) for image in images]

    return read


def read_page(reader: Any, image: Image) -> PageTexts:
    """Read one page, turned upright as far as the print itself tells how."""
    best, turned = _predict(reader, image), image
    if best.is_sideways or (best.texts and best.score < POOR):
        for quarter in (1, 2, 3):
            candidate = np.ascontiguousarray(np.rot90(image, quarter))
            found = _predict(reader, candidate)
            if found.merit > best.merit:
                best, turned = found, candidate
    angle = _skew_deg(best.quads)
    quads = best.quads
    if abs(angle) > MIN_SKEW_DEG:
        height, width = turned.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        turned = np.asarray(
            cv2.warpAffine(turned, matrix, (width, height), borderValue=(255, 255, 255)), np.uint8
        )
        quads = quads @ matrix[:, :2].T + matrix[:, 2]
    low, high = quads.min(axis=1), quads.max(axis=1)  # (n, 2) each
    texts = tuple(
        Text(text, float(a[0]), float(a[1]), float(b[0]), float(b[1]))
        for text, a, b in zip(best.texts, low, high, strict=True)
    )
    return PageTexts(turned, texts)


def _predict(reader: Any, image: Image) -> _Read:
    (result,) = reader.predict(np.ascontiguousarray(image[:, :, ::-1]))
    quads = np.array(result["rec_polys"], np.float64).reshape(-1, 4, 2)
    return _Read(tuple(result["rec_texts"]), tuple(map(float, result["rec_scores"])), quads)


def _ratio(quad: NDArray[np.float64]) -> float:
    """Height by width."""
    width, height = math.dist(quad[0], quad[1]), math.dist(quad[0], quad[3])
    return height / max(width, 1e-6)


def _skew_deg(quads: NDArray[np.float64]) -> float:
    """The angle by which lines fall to the right; 0 where no line is long enough to tell."""
    tops = [quad[1] - quad[0] for quad in quads if _ratio(quad) * _WIDE < 1]
    return median(math.degrees(math.atan2(y, x)) for x, y in tops) if tops else 0.0
