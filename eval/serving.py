"""What asking the token classifier costs: seconds for a page of 1,500 characters.

    python -m eval serving [PDF …] [--rounds N]

The text layers of documents are read, and the classifier is asked about each of them as the product
asks it, the best of several rounds. What counts is the processor: with instructions for 8 bits
(VNNI) it takes about half as long as without.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from extractor import ingest
from extractor.pages import open_pages
from extractor.settings import Settings
from extractor.token_classifier import TokenClassifier
from extractor.tokens import tokenize_page
from extractor.types import Sheet

DEFAULT = tuple(sorted((Path(__file__).parent / "fixtures").glob("*__pdf_*.pdf")))
PAGE = 1500
BAR_SECONDS = 0.15


def main(argv: Sequence[str]) -> int:
    """Print a table: 0; 1 if a page takes longer than it may on two threads."""
    parser = argparse.ArgumentParser(prog="python -m eval serving", description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=DEFAULT, metavar="PDF")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(argv)
    settings = Settings()
    documents = [_sheets(path, settings) for path in options.paths]
    documents = [sheets for sheets in documents if sheets]
    sizes = [sum(len(f.text) for s in sheets for f in s.fragments) for sheets in documents]
    if not sum(sizes):
        parser.error("no document has a text layer")
    flags = _processor()
    print(f"{len(documents)} documents, {sum(sizes)} characters; processor: {flags}")
    print(f"threads  seconds for {PAGE} characters")
    took = 0.0
    for threads in (1, 2):
        classifier = TokenClassifier(threads=threads)
        took = min(_seconds(classifier, documents) for _ in range(options.rounds))
        took *= PAGE / sum(sizes)
        print(f"{threads:7}  {took:.3f}")
    return int(took > BAR_SECONDS)


def _sheets(path: Path, settings: Settings) -> list[Sheet]:
    source = ingest.identify(path.name, path.read_bytes(), settings)
    found: list[Sheet] = []
    with open_pages(source, settings) as pages:
        for number in range(1, pages.count + 1):
            page = pages.read(number)
            if page.lines:
                found += tokenize_page(page, page.lines)
    return found


def _seconds(classifier: TokenClassifier, documents: Sequence[Sequence[Sheet]]) -> float:
    start = time.perf_counter()
    for sheets in documents:
        classifier.read(sheets)
    return time.perf_counter() - start


def _processor() -> str:
    """Which of the instructions that matter it has, where the system tells."""
    path = Path("/proc/cpuinfo")
    text = path.read_text(encoding="ascii", errors="replace") if path.is_file() else ""
    known = ("avx2", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8")
    return ", ".join(name for name in known if name in text) or "unknown"
