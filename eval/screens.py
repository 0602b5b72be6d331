"""Pictures of the pages, as the docs show them.

    python -m eval screens -o docs/screens

A real service reads a scan with damaged digits and a few of the fixtures; each page is opened in a
browser and drawn. Needs chromium and a Chinese face (Debian: fonts-noto-cjk).
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import PIL.Image
from playwright.sync_api import Browser, sync_playwright

from eval.drill.real import FIXTURES, Office, office

SCAN = Path(__file__).parents[1] / "tests" / "browser" / "documents" / "planted.pdf"
COLOURS = 160
BODY, OTHER = "马蹄湾市投资促进局", "枫沟市林业局"


@dataclass(frozen=True)
class Screen:
    """One picture: a page, how wide, and which keys are pressed before."""

    name: str
    path: str
    width: int = 1280
    height: int = 860
    is_dark: bool = False
    is_english: bool = False
    keys: tuple[str, ...] = ()
    is_open: bool = False
    """To everybody: nobody is signed in."""


def screens(scan: str) -> Sequence[Screen]:
    """What is drawn; `scan` is the id of the damaged one."""
    page = f"documents/{scan}"
    return (
        Screen("sign-in", "sign-in", height=520, is_open=True),
        Screen("inbox", ""),
        Screen("review", page),
        Screen("review-dark", page, is_dark=True),
        Screen("review-english", page, is_english=True),
        Screen("review-narrow", page, width=390, height=1500),
        Screen("review-settled", page, keys=("1",)),
        Screen(
            "review-finding", f"{page}?at=findings.disputes.lawsuit_after_reconsideration.row_sum"
        ),
        Screen("findings", "findings"),
        Screen("dataset", "dataset?cell_status=flagged"),
        Screen("overview", "overview", height=1200),
        Screen("organization", f"organizations/{BODY}"),
        Screen("trail", f"{page}/trail"),
        Screen("admin", "admin", height=1200),
        Screen("help", "help", height=1200),
    )


def main(argv: Sequence[str]) -> int:
    """Write one PNG a page."""
    parser = argparse.ArgumentParser(
        prog="python -m eval screens",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/screens"))
    options = parser.parse_args(argv)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        parser.error("there is no chromium here: make dev installs it")
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, office(Path(folder) / "home") as found:
        scan = _upload(found, Path(folder))
        with sync_playwright() as started:
            browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for screen in screens(scan):
                data = _drawn(browser, found, screen)
                path = options.output / f"{screen.name}.png"
                path.write_bytes(data)
                print(f"{path}: {len(data) // 1024} KiB", file=sys.stderr)
            browser.close()
    return 0


def _upload(found: Office, folder: Path) -> str:
    """The documents that the pages show; the id of the scan."""
    first = (FIXTURES / "wrong-sums-2021__html_clean.html").read_text("utf-8")
    second = (FIXTURES / "plain-2021__html_clean.html").read_text("utf-8").replace(OTHER, BODY)
    paths = [SCAN, FIXTURES / "thousands-2021__docx_form.docx"]
    for name, text in (("2021年报.html", first), ("2022年报.html", second)):
        paths.append(folder / name)
        paths[-1].write_text(text, "utf-8")
    paths.append(folder / "损坏.pdf")
    paths[-1].write_bytes(b"%PDF-1.7\n")
    with found.client() as client:
        documents = client.upload(paths).documents
        for one in documents:
            client.wait(one.id)
    return documents[0].id


def _drawn(browser: Browser, found: Office, screen: Screen) -> bytes:
    context = browser.new_context(
        viewport={"width": screen.width, "height": screen.height},
        color_scheme="dark" if screen.is_dark else "light",
        locale="zh-CN",
    )
    language = "en" if screen.is_english else "zh"
    context.add_cookies([{"name": "extractor_language", "value": language, "url": found.address}])
    if not screen.is_open:
        context.request.post(f"{found.address}/api/v1/session", data={"key": found.key})
    page = context.new_page()
    page.goto(f"{found.address}/review/{screen.path}")
    if not screen.is_open:
        page.wait_for_function("window.did_handshake")
    page.wait_for_load_state("networkidle")
    for key in screen.keys:
        page.keyboard.press(key)
        page.get_by_role("status").filter(has_text="已保存").wait_for()
    page.wait_for_timeout(1500)  # plots grow, marks fade
    data = page.screenshot()
    context.close()
    with PIL.Image.open(io.BytesIO(data)) as image:
        buffer = io.BytesIO()
        image.convert("RGB").quantize(COLOURS, dither=PIL.Image.Dither.NONE).save(
            buffer, "PNG", optimize=True
        )
    return buffer.getvalue()
