"""PP-OCRv6 through PaddleOCR, whose only user this is: images in, places and strips of print out.

The models run on ONNX Runtime or OpenVINO; their weights come inside a pinned package, so that
nothing is downloaded. Of PaddleOCR we use the predictors and their preprocessing, and decode the
network's output ourselves, for three reasons:

* It pads every crop to 320 px, which for the short numbers of a table is most of the work. We pad
  to the width of similar crops (`docs/reader.md` has the timings).
* The position of every character is wanted; it follows from the time steps.
* The score of a line is that of its worst character: a number with one doubtful digit is a doubtful
  number, which a mean over its digits hides.
"""

from __future__ import annotations

import bisect
import importlib.metadata
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from extractor.errors import ModelError, OcrError
from extractor.inference import (
    BatchRunner,
    OpenVinoBatches,
    OpenVinoRunner,
    choose,
    give_heap_back,
    in_turn,
    return_large_blocks,
)
from extractor.orientation import Quads
from extractor.settings import Settings
from extractor.strips import Strip, decode_ctc
from extractor.types import Image
from extractor.weights import CROP_HEIGHT_PX, SHA256, lay_out_models

_EXTRAS = frozenset({"matplotlib", "scikit-learn"})

WIDTHS_PX = (
    *(64, 96, 128, 160, 192, 256, 320, 384, 512, 640, 768, 960),
    *(1152, 1408, 1664, 1920, 2240, 2560, 2880, 3200),
)
MAX_BATCH_WIDTH_PX = 2048
"""Sum of the padded widths in one batch; bounds memory (18,710 classes for every 8 px)."""
BATCH_SIZES = (10, 3, 1)
"""Few: what an inference engine prepares for a shape takes a megabyte or two (`docs/reader.md`)."""
TIME_STEP_PX = 8


class PaddleEngine:
    """PP-OCRv6 small, through PaddleOCR's predictors on ONNX Runtime."""

    def __init__(self, settings: Settings) -> None:
        """Load the models: about 2 s, and 400 MB of memory.

        Raises:
            ModelError: the package with the weights is missing, or they are not the pinned ones.
        """
        return_large_blocks()
        # Only while loading: a worker process that is ended would leave the folder behind.
        with tempfile.TemporaryDirectory(prefix="extractor-ocr-") as folder:
            self._load(Path(folder), settings)

    def _load(self, home: Path, settings: Settings) -> None:
        os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
        os.environ.setdefault("PADDLE_PDX_CACHE_HOME", str(home))  # never the user's home
        logging.getLogger("paddlex").setLevel(logging.ERROR)
        try:
            with warnings.catch_warnings(), _without_extras():
                warnings.simplefilter("ignore")  # deprecations inside of the library
                from paddleocr import TextDetection, TextRecognition
        except ImportError as error:
            raise ModelError(
                f"paddleocr cannot be loaded ({error}); install the package's dependencies, and on "
                "a bare server the system library that is named (often libgl1)"
            ) from error
        logging.getLogger("paddlex").setLevel(logging.ERROR)
        detector, recognizer, characters = lay_out_models(home)
        common = {
            "engine": "onnxruntime",
            "device": "cpu",  # without it, PaddleX asks torch what there is
            "engine_config": {
                "intra_op_num_threads": settings.threads,
                "log_severity_level": 3,
                # Pages and batches differ in size; an arena keeps the largest of each: 350 MB.
                "enable_cpu_mem_arena": False,
            },
        }
        self._detector = TextDetection(
            model_name="PP-OCRv6_small_det", model_dir=detector, **common
        ).paddlex_predictor
        self._recognizer = TextRecognition(
            model_name="PP-OCRv6_small_rec", model_dir=recognizer, **common
        ).paddlex_predictor
        self._read: BatchRunner = in_turn(self._recognizer.runner)
        self._before_page: Callable[[], None] = lambda: None
        if choose(settings.inference) == "openvino":
            threads, precision = settings.threads, settings.inference_precision
            self._detector.runner = OpenVinoRunner(
                Path(detector, "inference.onnx").resolve(), threads, precision
            )
            crops_reader = OpenVinoBatches(
                Path(recognizer, "inference.onnx").resolve(), threads, precision
            )
            self._read, self._before_page = crops_reader, crops_reader.give_memory_back
            self._recognizer.runner = None
        self._alphabet = ["", *characters, " "]

    @property
    def models(self) -> Mapping[str, str]:
        return {name.removesuffix(".onnx"): sha256 for name, sha256 in SHA256.items()}

    def detect(self, image: Image, ratio: float) -> Quads:
        """Find lines of print in an image that is scaled by a ratio.

        Raises:
            OcrError: the network failed, for instance for want of memory.
        """
        self._before_page()  # a page takes most memory while print is looked for
        give_heap_back()
        predictor = self._detector
        try:
            batch, shapes = self._shown(image, max(32, round(max(image.shape[:2]) * ratio)))
            found = predictor.runner(x=batch)
            (polygons,), _ = predictor.post_op(
                found,
                shapes,
                thresh=predictor.thresh,
                box_thresh=predictor.box_thresh,
                unclip_ratio=predictor.unclip_ratio,
            )
        except (RuntimeError, ValueError, MemoryError) as error:
            raise OcrError(f"text detection failed on a page of {image.shape}: {error}") from error
        if len(polygons) == 0:
            return np.zeros((0, 4, 2), dtype=np.float32)
        return np.asarray(polygons, dtype=np.float32)

    def _shown(
        self, image: Image, side_px: int
    ) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float64]]]:
        """An image as the detector sees it, with what its predictor needs to know about its size.

        Its `predict` does the same and keeps every step of it until the network has answered: 100
        MB and more of a large page.
        """
        transforms = self._detector.pre_tfs
        images, shapes = transforms["Resize"](
            imgs=[image], limit_side_len=side_px, limit_type="resize_long"
        )
        images = [np.ascontiguousarray(images[0][:, :, ::-1])]  # it expects BGR
        for name in ("Normalize", "ToCHW", "ToBatch"):
            images = transforms[name](imgs=images)
        return images, shapes

    def recognize(self, crops: Sequence[Image]) -> list[Strip]:
        """Read crops of one line each, grouped so that those of one batch are about as wide.

        Raises:
            OcrError: the network failed.
        """
        resize = self._recognizer.pre_tfs["ReisizeNorm"]
        inputs = [resize.resize(np.ascontiguousarray(crop[:, :, ::-1])) for crop in crops]
        widths = [array.shape[2] for array in inputs]
        groups = list(batches(widths))
        strips: list[Strip | None] = [None] * len(crops)

        def stack(wide: int, group: Sequence[int]) -> NDArray[np.float32]:
            stacked = np.zeros((len(group), 3, CROP_HEIGHT_PX, wide), dtype=np.float32)
            for row, i in enumerate(group):
                stacked[row, :, :, : widths[i]] = inputs[i]
            return stacked

        def decode(place: int, scores: NDArray[np.float32]) -> None:  # (n, steps, classes)
            wide, group = groups[place]
            for row, i in enumerate(group):
                # The resized crop may be narrower than its padded input.
                height, width = crops[i].shape[:2]
                used = min(wide, width * CROP_HEIGHT_PX / height)
                strips[i] = decode_ctc(scores[row], self._alphabet, wide / used / scores.shape[1])

        try:
            self._read((stack(wide, group) for wide, group in groups), decode)
        except (RuntimeError, ValueError, MemoryError) as error:
            raise OcrError(f"text recognition failed: {error}") from error
        return [strip for strip in strips if strip is not None]


@contextmanager
def _without_extras() -> Iterator[None]:
    """While PaddleX is imported, what its other tasks use is not there (290 MB in all).

    An empty module stands for the one that it would download models with: we download none, and it
    imports torch where that is installed. The others it asks for by the names of their packages.
    """
    hub, version = "modelscope", importlib.metadata.version

    def version_of_needed(name: str) -> str:
        if name in _EXTRAS:
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    is_stub = hub not in sys.modules
    if is_stub:
        sys.modules[hub] = ModuleType(hub)
    importlib.metadata.version = version_of_needed  # type: ignore[assignment]
    try:
        yield
    finally:
        importlib.metadata.version = version
        if is_stub:
            del sys.modules[hub]


def batches(widths: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Put crops that are about as wide into batches of one padded width each.

    Widths and sizes of batches are few, because an inference engine prepares itself for every
    shape anew: `WIDTHS_PX`, `BATCH_SIZES`.

    Yields:
        The padded width, a multiple of `TIME_STEP_PX`, and the indices of its crops.
    """
    groups: dict[int, list[int]] = {}
    for i, width in enumerate(widths):
        place = bisect.bisect_left(WIDTHS_PX, width)
        wide = WIDTHS_PX[place] if place < len(WIDTHS_PX) else -(-width // 320) * 320
        groups.setdefault(wide, []).append(i)
    for wide, group in sorted(groups.items()):
        largest = max(1, MAX_BATCH_WIDTH_PX // wide)
        start = 0
        while start < len(group):
            size = next(n for n in BATCH_SIZES if n <= min(len(group) - start, largest))
            yield wide, group[start : start + size]
            start += size
