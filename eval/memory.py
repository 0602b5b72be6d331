"""Memory of one process that extracts document after document: how much, and whether it grows.

    python -m eval memory FOLDER [--documents N] [--every N] [--apart]

The documents of a folder are extracted over and over, in the order of their names, with models that
are loaded once, as a worker of the service does it. Resident memory is that of the whole process,
its peak the largest that it ever had. With `--apart` every page of a PDF is a document of its own:
many documents, and many of them no report, in the time that fewer take.
"""

from __future__ import annotations

import argparse
import gc
import io
import itertools
import resource
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium

from extractor.engines import Engines
from extractor.errors import InputError
from extractor.ingest import Found, expand, identify
from extractor.pipeline import extract
from extractor.settings import Settings

_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Sample:
    """The process after so many documents, in MiB (2**20 bytes)."""

    documents: int
    resident_mib: float
    peak_mib: float


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval memory", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, default=1000, help="how many are extracted in all")
    parser.add_argument("--every", type=int, default=100, help="documents between two samples")
    parser.add_argument("--apart", action="store_true", help="every page of a PDF by itself")
    arguments = parser.parse_args(argv)
    if not arguments.folder.is_dir():
        parser.error(f"{arguments.folder} is no folder")
    if arguments.documents < 1 or arguments.every < 1:
        parser.error("--documents and --every are at least 1")
    print("documents  resident MiB  peak MiB", flush=True)
    samples = []
    measured = measure(
        arguments.folder, arguments.documents, arguments.every, Settings(), apart=arguments.apart
    )
    for sample in measured:
        samples.append(sample)
        columns = f"{sample.documents:9}  {sample.resident_mib:12.0f}  {sample.peak_mib:8.0f}"
        print(columns, flush=True)
    if not samples:
        print(f"{arguments.folder} holds no documents", file=sys.stderr)
        return 3
    half = samples[len(samples) // 2 :]
    print(f"growth over the second half: {slope(half):+.1f} MiB per 1,000 documents")
    return 0


def measure(
    folder: Path, documents: int, every: int, settings: Settings, *, apart: bool = False
) -> Iterator[Sample]:
    """Extract so many documents of a folder in this process; again from the first after the last.

    A document that is refused counts too: what it leaves behind is memory as well.

    Yields:
        A sample after the first document, after each `every`, and after the last. Nothing if the
        folder holds no documents.
    """
    engines = Engines(settings)
    found = [entry for entry in expand([folder], settings) if isinstance(entry, Found)]
    endless = _documents(found, apart) if found else iter(())
    for count, (name, data) in enumerate(itertools.islice(endless, documents), start=1):
        _extract(name, data, engines, settings)
        if count == 1 or count % every == 0 or count == documents:
            yield _sample(count)


def slope(samples: Sequence[Sample]) -> float:
    """Least-squares growth of resident memory, in MiB per 1,000 documents; 0 for one sample."""
    if len(samples) < 2:
        return 0.0
    documents = np.array([sample.documents for sample in samples], dtype=np.float64)
    resident = np.array([sample.resident_mib for sample in samples], dtype=np.float64)
    documents -= documents.mean()
    return float(1000 * (documents @ resident) / (documents @ documents))


def _documents(found: Sequence[Found], apart: bool) -> Iterator[tuple[str, bytes]]:
    for entry in itertools.cycle(found):
        data = entry.load()
        if apart and data.startswith(b"%PDF"):
            yield from ((entry.name, page) for page in _pages(data))
        else:
            yield entry.name, data


def _pages(data: bytes) -> Iterator[bytes]:
    """Every page of a PDF as a PDF of its own."""
    with closing(pdfium.PdfDocument(data)) as whole:
        for number in range(len(whole)):
            with closing(pdfium.PdfDocument.new()) as one:
                one.import_pages(whole, [number])
                target = io.BytesIO()
                one.save(target)
            yield target.getvalue()


def _extract(name: str, data: bytes, engines: Engines, settings: Settings) -> None:
    try:
        extract(identify(name, data, settings), engines, settings)
    except InputError as error:
        print(f"refused: {error}", file=sys.stderr)


def _sample(count: int) -> Sample:
    """Garbage is collected first, so that it is not taken for growth."""
    gc.collect()
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MAXRSS_PER_MIB
    return Sample(count, _resident_mib() or peak_mib, peak_mib)


def _resident_mib() -> float | None:
    """None where the system does not tell; the peak stands for it then."""
    if not _STATUS.is_file():
        return None
    lines = _STATUS.read_text(encoding="ascii").splitlines()
    kib = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    return kib / 1024


_MAXRSS_PER_MIB = 2**20 if sys.platform == "darwin" else 2**10
"""getrusage tells bytes on macOS and KiB elsewhere."""
