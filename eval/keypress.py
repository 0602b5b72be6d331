"""How long a reviewer waits: from a key that answers to the next cell, shown.

    python -m eval keypress [--presses 60]

A scan of six pages is extracted by a real service that sends a share of the accepted cells to
review, too, so that there is enough to answer. In a browser, Enter is pressed again and again;
measured is the time, in the page itself, from the key to the frame in which the next question, its
place in the table and on the page are drawn. Every answer is stored and decided with on the way.
"""

from __future__ import annotations

import argparse
import io
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import PIL.Image
import pypdfium2 as pdfium
from playwright.sync_api import sync_playwright

from eval.drill.real import SCAN, Office, office

PAGES = 6
DPI = 150
PROSE = 0.3
"""The share of the first page above its tables, of which the other pages are made."""
AUDIT_RATE = 0.4
BAR_MS = 150.0

# The last frame that a key leads to is the one in which question, table and page agree.
_WATCH = """
() => {
  window.waited = [];
  let pressed = 0;
  window.addEventListener("keydown", () => { pressed = performance.now(); }, true);
  const title = () => document.querySelector(".question h2");
  let before = title().dataset.subject;
  const look = () => {
    const now = title()?.dataset.subject;
    if (now === before) return;
    before = now;
    const from = pressed;
    requestAnimationFrame(() => setTimeout(() => {
      window.waited.push([performance.now() - from, now ?? ""]);
    }));
  };
  new MutationObserver(look).observe(document.querySelector(".question"),
    { subtree: true, childList: true, attributes: true });
}
"""


def main(argv: Sequence[str]) -> int:
    """Print median and 95th percentile: 0; 1 if the median is over the bar."""
    parser = argparse.ArgumentParser(
        prog="python -m eval keypress",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--presses", type=int, default=60)
    options = parser.parse_args(argv)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        parser.error("there is no chromium here: make dev installs it")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with office(home, audit_rate=AUDIT_RATE) as found:
            waited = _waited(found, chromium, options.presses)
    if len(waited) < 2:
        print("there was nothing to answer", file=sys.stderr)
        return 1
    waited.sort()
    median = statistics.median(waited)
    print(f"keys that answered: {len(waited)}, of a scan of {PAGES} pages")
    print(f"from the key to the next cell, shown: median {median:.0f} ms (bar {BAR_MS:.0f}),")
    print(f"95 % within {waited[int(len(waited) * 0.95)]:.0f} ms, the longest {waited[-1]:.0f} ms")
    return int(median > BAR_MS)


def _waited(found: Office, chromium: str, presses: int) -> list[float]:
    """Milliseconds of every key that led to another cell."""
    path = found.home.parent / "six-pages.pdf"
    path.write_bytes(six_pages())
    with found.client() as client:
        (document,) = client.upload([path]).documents
        client.wait(document.id)
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.request.post(f"{found.address}/api/v1/session", data={"key": found.key})
        page = context.new_page()
        page.goto(f"{found.address}/review/documents/{document.id}")
        page.locator(".question h2[data-subject]").wait_for()
        page.wait_for_load_state("networkidle")
        page.evaluate(_WATCH)
        for n in range(1, presses + 1):
            page.locator(".question[data-ready=true]").wait_for()  # nobody looks in no time
            page.keyboard.press("Enter")
            page.wait_for_function("n => window.waited.length >= n", arg=n)
            if page.evaluate("window.waited.at(-1)[1]") == "":
                break  # all is settled
        times: list[list[Any]] = page.evaluate("window.waited")
        browser.close()
    return [float(time) for time, subject in times if subject]


def six_pages() -> bytes:
    """A scan as PDF: the pages of a report, and more that hold running text only."""
    with pdfium.PdfDocument(SCAN) as source:
        pages = [page.render(scale=DPI / 72).to_pil().convert("L") for page in source]
    first = pages[0]
    prose = first.crop((0, 0, first.width, int(first.height * PROSE)))
    filler = PIL.Image.new("L", first.size, 238)
    for i in range(3):
        filler.paste(prose, (0, i * prose.height))
    pages += [filler] * (PAGES - len(pages))
    buffer = io.BytesIO()
    pages[0].save(buffer, "PDF", save_all=True, append_images=pages[1:], resolution=DPI)
    return buffer.getvalue()
