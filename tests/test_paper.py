"""Paper: marks are found where the transform says, nothing is erased, the same seed is the same."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random

import cv2
import numpy as np
import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from extractor.orientation import upright
from training.synthesis.paper import (
    CONDITIONS,
    GROUPS,
    Degraded,
    degrade,
    mix,
    render_pdf,
    to_image,
    to_pdf,
    to_tiff,
    to_tiff_fax,
)
from training.synthesis.paper.geometry import Image as Page
from training.synthesis.paper.geometry import Points, Resize, Transform, Turn, curl, laid, seen

DOT_RADIUS = 9
SIZES = {"landscape": (300, 200), "a3": (594, 420), "tiny": (60, 80), "strip": (9, 200)}


def dotted(width: int = 400, height: int = 520) -> tuple[Page, Points]:
    """A white page with black dots, and their centres."""
    page = np.full((height, width, 3), 255, np.uint8)
    x, y = np.linspace(0.2, 0.8, 3) * width, np.linspace(0.2, 0.8, 4) * height
    centres = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(int)
    for cx, cy in centres:
        cv2.circle(page, (int(cx), int(cy)), DOT_RADIUS, (0, 0, 0), -1, cv2.LINE_AA)
    return page, centres + 0.5


def form(width: int = 340, height: int = 440) -> Page:
    """A ruled table of numbers that goes to the last pixel but one."""
    page = np.full((height, width, 3), 255, np.uint8)
    for y in range(1, height, 48):
        cv2.line(page, (1, y), (width - 2, y), (0, 0, 0), 1)
        for x in range(12, width - 40, 66):
            cv2.putText(page, str(x * y % 97), (x, y + 34), 0, 0.9, (0, 0, 0), 2, cv2.LINE_AA)
    cv2.rectangle(page, (1, 1), (width - 2, height - 2), (0, 0, 0), 1)
    return page


def darkness(image: Page) -> Page:
    """What is black is dark here; red and blue ink are not."""
    return 255 - image.max(axis=2)


def found(image: Page, near: Points, radius: float) -> Points:
    """The centre of the dark blob around a point."""
    reach = math.ceil(1.8 * radius)
    x, y = round(float(near[0])), round(float(near[1]))
    window = darkness(image)[y - reach : y + reach, x - reach : x + reach].astype(float)
    core = window[reach - 2 : reach + 3, reach - 2 : reach + 3]
    is_dot = window > (np.median(core) + np.percentile(window, 10)) / 2
    # A line that a fax lost parts a dot.
    whole = cv2.morphologyEx(is_dot.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 1), np.uint8))
    _, labels = cv2.connectedComponents(whole)
    values, counts = np.unique(
        labels[reach - 2 : reach + 3, reach - 2 : reach + 3], return_counts=True
    )
    rows, columns = np.nonzero(labels == values[counts.argmax()])
    return np.array([columns.mean() + 0.5 + x - reach, rows.mean() + 0.5 + y - reach])


def one(name: str, page: Page, seed: int = 1) -> Degraded:
    return degrade([page], CONDITIONS[name](Random(seed)), Random(seed))[0]


# --- geometry ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", CONDITIONS)
def test_dots_are_where_the_transform_says(name: str, seed: int) -> None:
    # Stamps and notes need room beside the dots.
    page, centres = dotted(700, 900) if name == "stamps_handwriting" else dotted()
    degraded = one(name, page, seed)
    height, width = degraded.image.shape[:2]
    assert degraded.transform.size == (width, height)
    radius = DOT_RADIUS * CONDITIONS[name](Random(seed)).scale
    for moved in degraded.transform.points(centres):
        assert np.abs(found(degraded.image, moved, radius) - moved).max() <= 1, (name, moved)


@pytest.mark.parametrize(
    "name", ["flatbed_150_skew", "flatbed_200_turned", "turned_skewed", "photo"]
)
def test_dots_are_where_the_reader_turns_them_to(name: str) -> None:
    page, centres = dotted()
    degraded = one(name, page)
    turned = upright(degraded.image, degraded.transform.turn_deg)
    height, width = turned.shape[:2]
    assert degraded.transform.upright_size == (width, height)
    for moved in degraded.transform.upright_points(centres):
        assert np.abs(found(turned, moved, DOT_RADIUS) - moved).max() <= 1.2


@given(
    skew=st.floats(-5, 5),
    quarters=st.integers(0, 3),
    width=st.integers(40, 900),
    seed=st.booleans(),
)
def test_the_turn_that_is_to_be_undone(skew: float, quarters: int, width: int, seed: bool) -> None:
    size = (width, 400)
    warp = laid(size, skew_deg=skew, top_px=20 * seed)
    transform = Transform(size, (warp, Turn(warp.size, quarters)))
    # Turned clockwise by so much, it is made upright by turning it back.
    wanted = quarters * 90 + skew
    assert (transform.turn_deg - wanted + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)
    corners = np.array([[0, 0], [width, 0], [width, 400], [0, 400.0]])
    moved = transform.upright_points(corners)
    # Upright again: sides level and as long as they were.
    assert moved[1] - moved[0] == pytest.approx([width, 0], abs=1e-6)
    assert moved[3] - moved[0] == pytest.approx([0, 400], abs=1e-6)
    assert transform.points(corners).min() >= -1
    assert (transform.points(corners).max(axis=0) <= np.array(transform.size) + 1).all()


@given(
    bend=st.floats(0, 0.08),
    tilt=st.floats(-0.7, 0.7),
    is_transposed=st.booleans(),
    angles=st.tuples(st.floats(-15, 15), st.floats(-12, 12), st.floats(-6, 6)),
)
def test_a_curled_sheet_stays_in_the_picture(
    bend: float, tilt: float, is_transposed: bool, angles: tuple[float, float, float]
) -> None:
    size = (300, 400)
    heights = bend * 300 * np.sin(np.linspace(0, 5, 101)) ** 2
    bent = curl(size, heights, camera_px=850, tilt=tilt, is_transposed=is_transposed)
    grid = np.stack(np.meshgrid([0, 80, 299.5], [0.5, 200, 400]), axis=-1).reshape(-1, 2)
    assert bent.inverse(bent.points(grid)) == pytest.approx(grid, abs=1e-6)
    warp = seen(size, angles_deg=angles, distance=1.7, margins=(0.1, 0.1, 0.1, 0.1), bent=bent)
    moved = warp.points(grid)
    assert moved.min() >= 0
    assert (moved.max(axis=0) <= warp.size).all()


def test_points_and_boxes_of_nothing_and_of_a_plain_page() -> None:
    plain = Transform((30, 20), ())
    assert plain.points(np.zeros((0, 2))).shape == (0, 2)
    assert plain.box(1, 2, 3, 4) == (1, 2, 3, 4)
    assert (plain.size, plain.turn_deg, plain.upright_size) == ((30, 20), 0, (30, 20))
    half = Transform((30, 20), (Resize((30, 20), (15, 10)), Turn((15, 10), 1)))
    assert half.size == (10, 15)
    # The upper left corner goes to the upper right.
    assert half.box(0, 0, 2, 4) == (8, 0, 10, 1)


# --- images --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_same_seed_gives_the_same_bytes(name: str) -> None:
    pages = [form(230, 300), dotted(230, 300)[0]]
    targets = [[(40.0, 40.0, 70.0, 60.0)]]

    def images(seed: int) -> list[bytes]:
        condition = CONDITIONS[name](Random(seed))
        return [d.image.tobytes() for d in degrade(pages, condition, Random(seed), targets=targets)]

    assert images(4) == images(4)
    assert images(4) != images(5)


@pytest.mark.parametrize("name", CONDITIONS)
def test_nothing_is_erased(name: str) -> None:
    page = form()
    degraded = one(name, page, 3)
    rows, columns = np.mgrid[: page.shape[0], : page.shape[1]].astype(np.float64) + 0.5
    places = degraded.transform.points(np.stack([columns.ravel(), rows.ravel()], axis=1)) - 0.5
    maps = places.astype(np.float32).reshape(*page.shape[:2], 2)
    gray = cv2.cvtColor(degraded.image, cv2.COLOR_RGB2GRAY)
    back = cv2.remap(gray, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR)
    clean = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
    # Light that changes slowly is no print.
    back, clean = (
        image.astype(np.float64) - cv2.GaussianBlur(image, (0, 0), 15) for image in (back, clean)
    )
    assert np.corrcoef(back.ravel(), clean.ravel())[0, 1] > 0.6


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("name", CONDITIONS)
def test_pages_of_all_sizes(name: str, size: tuple[int, int]) -> None:
    degraded = one(name, form(*size))
    assert degraded.image.dtype == np.uint8
    assert degraded.image.shape == (*degraded.transform.size[::-1], 3)
    # The whole sheet is in the picture, its last pixel too.
    corners = degraded.transform.points(np.array([[1, 1], [size[0] - 1, size[1] - 1.0]]))
    assert corners.min() >= -1
    assert (corners.max(axis=0) <= np.array(degraded.transform.size) + 1).all()


@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("name", CONDITIONS)
def test_pages_of_one_colour(name: str, level: int) -> None:
    degraded = one(name, np.full((120, 90, 3), level, np.uint8))
    middle = degraded.transform.points(np.array([[45, 60.0]]))[0].astype(int)
    around = degraded.image[middle[1] - 8 : middle[1] + 8, middle[0] - 8 : middle[0] + 8]
    assert (np.median(around) > 75) == (level == 255 or name == "faded")


def test_no_pages_give_no_images() -> None:
    assert degrade([], CONDITIONS["fax"](Random(0)), Random(0)) == []


def test_documents_of_a_condition_vary_within_its_range() -> None:
    for name, sample in CONDITIONS.items():
        samples = {sample(Random(seed)) for seed in range(20)}
        assert len(samples) == 20
        for condition in samples:
            assert condition.name == name
            assert condition.rotation_deg in (0, 90, 180, 270)
            if name in GROUPS["standard"]:
                assert condition.output_dpi >= 150
                assert abs(condition.skew_deg) <= 3
    low = [CONDITIONS["jpeg_low"](Random(seed)).quality for seed in range(40)]
    assert 12 <= min(low) < max(low) <= 25
    assert {CONDITIONS["turned_skewed"](Random(seed)).rotation_deg for seed in range(20)} == {
        90,
        180,
        270,
    }


def test_a_fax_is_black_and_white_under_a_line_of_its_machine() -> None:
    fax = one("fax", np.full((300, 400, 3), 255, np.uint8))
    assert set(np.unique(fax.image)) == {0, 255}
    top = int(fax.transform.box(0, 0, 400, 300)[1])
    assert top > 40
    assert 0.01 < (fax.image[:top] == 0).mean() < 0.2


# --- seals and pens ------------------------------------------------------------------------------


def redness(image: Page) -> Page:
    return np.clip(image[..., 0].astype(int) - image[..., 1], 0, 255).astype(np.uint8)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_seal_stands_over_its_target_and_print_stays_darker(seed: int) -> None:
    page = np.full((500, 400, 3), 255, np.uint8)
    cv2.putText(page, "1234", (160, 260), 0, 1, (0, 0, 0), 3)
    target = (155.0, 235.0, 235.0, 265.0)
    condition = replace(CONDITIONS["seal"](Random(seed)), dpi=150)
    degraded = degrade([page], condition, Random(seed), targets=[[target]])[0]
    x0, y0, x1, y1 = (round(v) for v in degraded.transform.box(*target))
    red = redness(degraded.image)
    assert (red[y0:y1, x0:x1] > 60).mean() > 0.02
    assert (red > 60).sum() > 1500
    # Pixels of the print, and pixels of the seal beside it.
    rows, columns = np.nonzero(cv2.erode(255 - page[..., 0], np.ones((3, 3))) == 255)
    places = degraded.transform.points(np.stack([columns + 0.5, rows + 0.5], axis=1)).astype(int)
    print_levels = degraded.image[places[:, 1], places[:, 0]].mean(axis=1)
    seal_levels = degraded.image[red > 100].mean(axis=1)
    assert np.percentile(print_levels, 90) < np.percentile(seal_levels, 10) + 20
    assert print_levels.mean() < seal_levels.mean() - 40


def test_without_targets_the_last_page_is_sealed() -> None:
    pages = [form(), form()]
    first, last = degrade(pages, CONDITIONS["seal"](Random(1)), Random(1))
    assert (redness(first.image) > 60).sum() == 0
    assert (redness(last.image) > 60).sum() > 1500


def test_the_pen_marks_its_targets() -> None:
    page = np.full((600, 500, 3), 255, np.uint8)
    condition = replace(CONDITIONS["stamps_handwriting"](Random(1)), dpi=150, stamps=0, notes=1)
    target = (200.0, 250.0, 240.0, 275.0)
    for seed in range(6):
        degraded = degrade([page], condition, Random(seed), targets=[[target]])[0]
        x0, y0, x1, y1 = degraded.transform.box(185, 235, 290, 295)
        marked = degraded.image[round(y0) : round(y1), round(x0) : round(x1)].min(axis=2)
        assert (marked < 130).sum() > 25, seed


def test_notes_and_stamps_keep_off_the_print() -> None:
    page = np.full((900, 700, 3), 255, np.uint8)
    page[300:] = form(700, 600)
    condition = replace(CONDITIONS["stamps_handwriting"](Random(1)), dpi=150, stamps=1, notes=2)
    for seed in range(2):
        clean = degrade([page], replace(condition, stamps=0, notes=0), Random(seed))[0]
        marked = degrade([page], condition, Random(seed))[0]
        dark = [(d.image[:280].min(axis=2) < 150).sum() for d in (clean, marked)]
        assert dark[0] == 0
        assert dark[1] > 200


# --- files ---------------------------------------------------------------------------------------


def test_a_pdf_has_the_pages_and_is_the_same_each_time() -> None:
    pages = [form(300, 400), dotted(400, 300)[0]]
    document = to_pdf(pages, dpi=144, quality=90)
    assert document == to_pdf(pages, dpi=144, quality=90)
    again = render_pdf(document, 144)
    assert [page.shape for page in again] == [page.shape for page in pages]
    assert all(page.dtype == np.uint8 for page in again)
    for page, other in zip(pages, again, strict=True):
        assert np.abs(page.astype(int) - other).mean() < 4


def test_a_faxed_tiff_has_one_bit_a_pixel() -> None:
    pages = [form(301, 400), one("photo", form(200, 300)).image]
    document = to_tiff_fax(pages, dpi=200)
    assert document == to_tiff_fax(pages, dpi=200)
    with Image.open(io.BytesIO(document)) as tiff:
        assert tiff.n_frames == 2
        assert (tiff.mode, tiff.size) == ("1", (301, 400))
        assert tiff.info["compression"] == "group4"
        assert tiff.info["dpi"] == (200, 200)
        assert (np.array(tiff.convert("RGB")) == np.where(pages[0] < 128, 0, 255)).all()


def test_tiffs_and_images_keep_what_they_hold() -> None:
    colored = form(120, 90)
    colored[:20] = (200, 30, 40)
    gray = np.repeat(np.arange(120, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(50, axis=0)
    with Image.open(io.BytesIO(to_tiff([colored, gray], dpi=150))) as tiff:
        assert (tiff.mode, tiff.n_frames) == ("RGB", 2)
        assert (np.array(tiff) == colored).all()
        tiff.seek(1)
        assert tiff.mode == "L"
        assert (np.array(tiff.convert("RGB")) == gray).all()
    for file_format in ("PNG", "BMP", "JPEG", "WEBP"):
        with Image.open(io.BytesIO(to_image(colored, file_format, quality=90))) as image:
            assert (image.format, image.size) == (file_format, (120, 90))
            off = np.abs(np.array(image.convert("RGB")).astype(int) - colored).mean()
            assert off == 0 if file_format in ("PNG", "BMP") else off < 8


def test_the_scanned_pages_follow_those_with_text() -> None:
    first = to_pdf([form(100, 100)] * 3, dpi=72, quality=80)
    second = to_pdf([form(200, 100)] * 3, dpi=72, quality=80)
    document = pdfium.PdfDocument(mix(first, second, first=1))
    assert [page.get_size() for page in document] == [(100, 100), (200, 100), (200, 100)]
    document.close()
    assert mix(first, second, first=1) == mix(first, second, first=1)


@pytest.mark.parametrize("write", [to_tiff, to_tiff_fax, partial(to_pdf, quality=50)])
def test_a_file_without_pages_is_refused(write: Callable[..., bytes]) -> None:
    with pytest.raises(ValueError, match="at least one page"):
        write([], dpi=100)
