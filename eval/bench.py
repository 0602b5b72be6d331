"""How long a page takes and how much memory: our reading beside plain PaddleOCR, in the same run.

    python -m eval bench [--pages N] [--rounds N] [PDF ...]

Every measurement is a process of its own, so that peak memory is that of one reader only. Readers
take turns, round by round, so that a busy machine is busy for all. Models are loaded and one page
is read before the clock starts. Plain PaddleOCR has the same weights and threads, ONNX Runtime, and
is given the same images, with its own stages for orientation and unwarping switched off: they would
add to its time. Shares of time and of processor time are of plain PaddleOCR's; other work on the
machine disturbs the latter less. `side by side` are pages of one document in as many processes as
others have threads, as `extractor extract --workers` and the service read them.

The table of stages is of the whole extraction of these pages as a scanned document.
"""

from __future__ import annotations

import argparse
import atexit
import dataclasses
import io
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from extractor.engines import Engines
from extractor.ingest import identify
from extractor.ocr import OcrEngine, recognize_page
from extractor.orientation import Quads, upright
from extractor.paddle import PaddleEngine
from extractor.pages import open_pages
from extractor.pipeline import extract
from extractor.settings import Settings
from extractor.strips import Strip
from extractor.types import Image, Kind, Page, Source
from extractor.weights import lay_out_models

DEFAULT = Path("eval/fixtures/long-2021__pdf_ruled.pdf")
SKEW_DEG = 0.8
BASELINE = "plain PaddleOCR, straight"
LAYER = "text layer"
TOGETHER = "ours, side by side"
REPEATED = 4
"""Times that each page is read side by side, so that no process is without work for long."""

Reader = Callable[[Image], None]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One process: seconds and processor seconds of each page, seconds to load, peak memory."""

    seconds: list[float]
    processor_s: list[float]
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
        print(json.dumps(dataclasses.astuple(measured)))
        return 0
    runs: dict[str, list[Measurement]] = {name: [] for name in READERS}
    for _ in range(arguments.rounds):
        for name, collected in runs.items():
            collected.append(_spawn(name, arguments.paths, arguments.pages))
    print(_table(runs))
    print(_stages(arguments.paths, arguments.pages))
    return 0


def _spawn(name: str, paths: Sequence[Path], n_pages: int) -> Measurement:
    command = [sys.executable, "-m", "eval", "bench", "--measure", name, "--pages", str(n_pages)]
    result = subprocess.run(
        [*command, *map(str, paths)], check=True, stdout=subprocess.PIPE, text=True
    )
    return Measurement(*json.loads(result.stdout.splitlines()[-1]))


def _table(runs: dict[str, list[Measurement]]) -> str:
    def median(name: str, field: str) -> float:
        values: list[float] = [s for run in runs[name] for s in getattr(run, field)]
        return statistics.median(values)

    rows = [
        "| reader | s a page | share | processor s | share | peak memory, MB | load, s |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, collected in runs.items():
        peak = max(run.peak_mb for run in collected)
        load = statistics.median([run.load_s for run in collected])
        cells = [name]
        for field in ("seconds", "processor_s"):
            spent = median(name, field)
            cells += [f"{spent:.3f}", f"{spent / median(BASELINE, field):.2f}"]
        rows.append(f"| {' | '.join(cells)} | {peak:.0f} | {load:.1f} |")
    return "\n".join(rows)


def _stages(paths: Sequence[Path], n_pages: int) -> str:
    """Extract the rendered pages of every file as a scan, twice, and tell where the second time
    goes; the parts of a stage are indented below it."""
    settings = Settings()
    engines = Engines(settings)
    clocked = _Clocked(engines.ocr)
    engines.__dict__["ocr"] = clocked
    seconds: dict[str, float] = defaultdict(float)
    pages = 0
    for is_counted in (False, True):
        clocked.seconds.clear()
        for path in paths:
            source = identify(f"{path.stem}.tif", _scan(path, n_pages, settings), settings)
            extraction = extract(source, engines, settings)
            if is_counted:
                for stage, spent in extraction.seconds.items():
                    seconds[stage] += spent
                pages += extraction.pages
    total = sum(seconds.values())
    rows = [
        f"\n{pages / total:.2f} scanned pages a second, everything included\n",
        "| stage | s a page | share |",
        "|---|---|---|",
    ]
    for stage, spent in seconds.items():
        rows.append(f"| {stage} | {spent / pages:.3f} | {spent / total:.0%} |")
        if stage == "ocr":
            rows += [
                f"| - {part} | {own / pages:.3f} | {own / total:.0%} |"
                for part, own in clocked.seconds.items()
            ]
    return "\n".join(rows)


class _Clocked:
    """An engine that knows how long it was asked to find and to read print."""

    def __init__(self, engine: OcrEngine) -> None:
        self._engine = engine
        self.seconds: dict[str, float] = defaultdict(float)

    @property
    def models(self) -> Mapping[str, str]:
        return self._engine.models

    def detect(self, image: Image, ratio: float) -> Quads:
        with self._clock("print is looked for"):
            return self._engine.detect(image, ratio)

    def recognize(self, crops: Sequence[Image]) -> list[Strip]:
        with self._clock("print is read, second look included"):
            return self._engine.recognize(crops)

    @contextmanager
    def _clock(self, part: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[part] += time.perf_counter() - start


def _scan(path: Path, n_pages: int, settings: Settings) -> bytes:
    """The first pages of a PDF as one TIFF without a text layer."""
    source = Source(path.name, path.read_bytes(), Kind.PDF, "application/pdf", "")
    with open_pages(source, settings) as pages:
        numbers = range(1, min(n_pages, pages.count) + 1)
        first, *rest = (PIL.Image.fromarray(pages.render(n, settings.dpi)) for n in numbers)
    buffer = io.BytesIO()
    dpi = (settings.dpi, settings.dpi)
    first.save(buffer, "TIFF", save_all=True, append_images=rest, dpi=dpi, compression="tiff_lzw")
    return buffer.getvalue()


def _measure(name: str, paths: Sequence[Path], n_pages: int) -> Measurement:
    settings = Settings()
    sources = [
        Source(path.name, path.read_bytes(), Kind.PDF, "application/pdf", "") for path in paths
    ]
    if name == LAYER:
        return _measure_layers(sources, n_pages, settings)
    if name == TOGETHER:
        return _measure_together(sources, n_pages, settings)
    images = _images(sources, n_pages, settings)
    if name.endswith("skewed"):
        images = [upright(image, SKEW_DEG) for image in images]
    start = time.perf_counter()
    read = READERS[name](settings)
    load_s = time.perf_counter() - start
    read(images[0])
    jobs = [partial(read, image) for image in images]
    return Measurement(*_clock(jobs), load_s, _peak_mb())


def _images(sources: Sequence[Source], n_pages: int, settings: Settings) -> list[Image]:
    images = []
    for source in sources:
        with open_pages(source, settings) as pages:
            numbers = range(1, min(n_pages, pages.count) + 1)
            images += [pages.render(number, settings.dpi) for number in numbers]
    return images


def _measure_together(sources: Sequence[Source], n_pages: int, settings: Settings) -> Measurement:
    """One process for every thread that the others have; peak memory is that of the largest."""
    count = settings.threads
    single = settings.model_copy(update={"threads": 1})
    start = time.perf_counter()
    with get_context("spawn").Pool(count, _begin, (sources, n_pages, single)) as pool:
        ready = pool.map(_read_one, [0] * count, chunksize=1)  # a page each: all are ready
        load_s = time.perf_counter() - start - max(ready)
        jobs = [*range(len(sources) * n_pages)] * REPEATED
        start = time.perf_counter()
        processor_s = pool.map(_processor_s, jobs, chunksize=1)
        took = time.perf_counter() - start
        pool.close()
        pool.join()
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return Measurement([took / len(jobs)], [sum(processor_s) / len(jobs)], load_s, peak_mb)


_SIDE_BY_SIDE: dict[str, Any] = {}
"""Of a process of the pool: its reader, and the images of all pages."""


def _begin(sources: Sequence[Source], n_pages: int, settings: Settings) -> None:
    _SIDE_BY_SIDE["images"] = _images(sources, n_pages, settings)
    _SIDE_BY_SIDE["read"] = _ours(settings)


def _read_one(i: int) -> float:
    images = _SIDE_BY_SIDE["images"]
    start = time.perf_counter()
    _SIDE_BY_SIDE["read"](images[i % len(images)])
    return time.perf_counter() - start


def _processor_s(i: int) -> float:
    start = time.process_time()
    _read_one(i)
    return time.process_time() - start


def _measure_layers(sources: Sequence[Source], n_pages: int, settings: Settings) -> Measurement:
    seconds: list[float] = []
    processor_s: list[float] = []
    for source in sources:
        with open_pages(source, settings) as pages:
            pages.read(1)
            numbers = range(1, min(n_pages, pages.count) + 1)
            times = _clock([partial(pages.read, number) for number in numbers])
            seconds += times[0]
            processor_s += times[1]
    return Measurement(seconds, processor_s, 0.0, _peak_mb())


def _clock(jobs: Sequence[Callable[[], object]]) -> tuple[list[float], list[float]]:
    seconds = []
    processor_s = []
    for job in jobs:
        start, processor_start = time.perf_counter(), time.process_time()
        job()
        seconds.append(time.perf_counter() - start)
        processor_s.append(time.process_time() - processor_start)
    return seconds, processor_s


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
    atexit.register(shutil.rmtree, home, ignore_errors=True)
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
    BASELINE: _plain,
    "ours, straight": _ours,
    TOGETHER: _ours,
    "ours, skewed": _ours,
    LAYER: _ours,
}
