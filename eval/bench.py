"""How long a page takes and how much memory: our reading beside plain PaddleOCR, in the same run.

    python -m eval bench [--pages N] [--rounds N] [PDF ...]

Every measurement is a process of its own, so that peak memory is that of one reader only. Readers
take turns, round by round, so that a busy machine is busy for all. Models are loaded and one page
is read before the clock starts. Plain PaddleOCR has the same weights, inference engine and threads
and is given the same images, with its own stages for orientation and unwarping switched off.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from extractor.ocr import PaddleEngine, lay_out_models, recognize_page
from extractor.orientation import upright
from extractor.pages import open_pages
from extractor.settings import Settings
from extractor.types import Image, Kind, Page, Source

DEFAULT = Path("tests/documents/long-2021__pdf_ruled.pdf")
SKEW_DEG = 0.8

Reader = Callable[[Image], None]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One process: seconds of each page, seconds to load, and peak memory in MB."""

    seconds: list[float]
    load_s: float
    peak_mb: float


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval bench", description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[DEFAULT], metavar="PDF")
    parser.add_argument("--pages", type=int, default=2, help="pages of each file")
    parser.add_argument("--rounds", type=int, default=3, help="repetitions; the median counts")
    parser.add_argument("--measure", choices=READERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.measure:
        measured = _measure(arguments.measure, arguments.paths, arguments.pages)
        print(json.dumps([measured.seconds, measured.load_s, measured.peak_mb]))
        return 0
    runs: dict[str, list[Measurement]] = {name: [] for name in READERS}
    for _ in range(arguments.rounds):
        for name, collected in runs.items():
            collected.append(_spawn(name, arguments.paths, arguments.pages))
    print(_table(runs))
    return 0


def _spawn(name: str, paths: Sequence[Path], n_pages: int) -> Measurement:
    command = [sys.executable, "-m", "eval", "bench", "--measure", name, "--pages", str(n_pages)]
    result = subprocess.run(
        [*command, *map(str, paths)], check=True, stdout=subprocess.PIPE, text=True
    )
    return Measurement(*json.loads(result.stdout.splitlines()[-1]))


def _table(runs: dict[str, list[Measurement]]) -> str:
    seconds = {
        name: statistics.median([s for run in collected for s in run.seconds])
        for name, collected in runs.items()
    }
    rows = [
        "| reader | s a page | share of plain PaddleOCR | peak memory, MB | load, s |",
        "|---|---|---|---|---|",
    ]
    for name, collected in runs.items():
        peak = max(run.peak_mb for run in collected)
        load = statistics.median([run.load_s for run in collected])
        ratio = seconds[name] / seconds["plain PaddleOCR, straight"]
        rows.append(f"| {name} | {seconds[name]:.3f} | {ratio:.2f} | {peak:.0f} | {load:.1f} |")
    return "\n".join(rows)


def _measure(name: str, paths: Sequence[Path], n_pages: int) -> Measurement:
    settings = Settings()
    sources = [
        Source(path.name, path.read_bytes(), Kind.PDF, "application/pdf", "") for path in paths
    ]
    start = time.perf_counter()
    if name == "text layer":
        return _measure_layers(sources, n_pages, settings, start)
    images = []
    for source in sources:
        with open_pages(source, settings) as pages:
            numbers = range(1, min(n_pages, pages.count) + 1)
            images += [pages.render(number, settings.dpi) for number in numbers]
    if name.endswith("skewed"):
        images = [upright(image, SKEW_DEG) for image in images]
    start = time.perf_counter()
    read = READERS[name](settings)
    load_s = time.perf_counter() - start
    read(images[0])
    return Measurement(_clock(read, images), load_s, _peak_mb())


def _measure_layers(
    sources: Sequence[Source], n_pages: int, settings: Settings, start: float
) -> Measurement:
    seconds = []
    load_s = time.perf_counter() - start
    for source in sources:
        with open_pages(source, settings) as pages:
            pages.read(1)
            for number in range(1, min(n_pages, pages.count) + 1):
                start = time.perf_counter()
                pages.read(number)
                seconds.append(time.perf_counter() - start)
    return Measurement(seconds, load_s, _peak_mb())


def _clock(read: Reader, images: Sequence[Image]) -> list[float]:
    seconds = []
    for image in images:
        start = time.perf_counter()
        read(image)
        seconds.append(time.perf_counter() - start)
    return seconds


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _ours(settings: Settings) -> Reader:
    engine = PaddleEngine(settings)

    def read(image: Image) -> None:
        height, width = image.shape[:2]
        page = Page(1, float(width), float(height), image, None)
        recognize_page(page, engine, settings)

    return read


def _plain(settings: Settings) -> Reader:
    home = Path(tempfile.mkdtemp(prefix="extractor-bench-"))
    os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
    os.environ["PADDLE_PDX_CACHE_HOME"] = str(home)
    detector, recognizer, _ = lay_out_models(home)
    from paddleocr import PaddleOCR

    reader = PaddleOCR(
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

    def read(image: Image) -> None:
        reader.predict(np.ascontiguousarray(image[:, :, ::-1]))

    return read


READERS: dict[str, Callable[[Settings], Reader]] = {
    "plain PaddleOCR, straight": _plain,
    "ours, straight": _ours,
    "ours, skewed": _ours,
    "text layer": _ours,
}
