"""Reading pixels: which way is up, the place of every character, and a second look at a region."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from extractor import paddle, weights
from extractor.closeup import is_cut, read_crop
from extractor.colour import colourfulness, without_marks, without_seals
from extractor.engines import Engines
from extractor.errors import ModelError
from extractor.ocr import OcrEngine, recognize_page
from extractor.orientation import Quads, skew, turned_quads, upright
from extractor.paddle import WIDTHS_PX, PaddleEngine, batches
from extractor.pages import open_pages
from extractor.region_print import ink
from extractor.settings import Settings
from extractor.spellings import spellings
from extractor.strays import has_stray_print, whole_print
from extractor.strips import Strip, decode_ctc, montage, stacked_characters, to_lines
from extractor.types import Box, Image, Kind, Line, Page, Source

RULED = Path(__file__).parent.parent / "eval" / "fixtures" / "breaks-2021__pdf_pagebreaks.pdf"
NUMBER = 2  # a page with 57 numbers in narrow columns and a label that runs down the side
DPI = 120


@pytest.fixture(scope="module")
def engine(engines: Engines) -> OcrEngine:
    return engines.ocr


@pytest.fixture(scope="module")
def printed(settings: Settings) -> tuple[Image, list[Line]]:
    """One page of tables as pixels, and what its text layer says, in the same pixels."""
    source = Source(RULED.name, RULED.read_bytes(), Kind.PDF, "application/pdf", "")
    with open_pages(source, settings) as pages:
        image = pages.render(NUMBER, DPI)
        lines = pages.read(NUMBER).lines
    assert lines is not None
    scale = DPI / 72
    return image, [
        Line(
            line.text,
            Box(*(scale * v for v in (line.box.x0, line.box.y0, line.box.x1, line.box.y1))),
            1.0,
        )
        for line in lines
    ]


def as_page(image: Image) -> Page:
    height, width = image.shape[:2]
    return Page(1, float(width), float(height), image, None)


def missing(page: Page, lines: Sequence[Line], image: Image, truth: Sequence[Line]) -> list[str]:
    """Numbers that were not read in their place. The canvas grows about its centre."""
    dx, dy = (page.width - image.shape[1]) / 2, (page.height - image.shape[0]) / 2
    return [
        want.text
        for want in truth
        if want.text.isdigit()
        and not any(
            line.text == want.text
            and abs(line.box.center_x - want.box.center_x - dx) < 8
            and abs(line.box.center_y - want.box.center_y - dy) < 8
            for line in lines
        )
    ]


@pytest.mark.parametrize("turn", [0, 90, 180, 270, -0.8, 8])
def test_every_number_is_read_in_its_place_however_the_page_lies(
    turn: float,
    printed: tuple[Image, list[Line]],
    engine: OcrEngine,
    settings: Settings,
) -> None:
    image, truth = printed
    turned = upright(image, turn)
    page, lines = recognize_page(as_page(turned), engine, settings)
    assert abs((page.rotation_deg + turn + 180) % 360 - 180) < 0.3
    assert missing(page, lines, image, truth) == []
    assert page.image is not None
    assert (page.height, page.width) == page.image.shape[:2]
    again = upright(turned, page.rotation_deg)
    assert abs(again.shape[0] - page.height) <= 2
    assert abs(again.shape[1] - page.width) <= 2
    for line in lines:
        assert not line.edges or len(line.edges) == len(line.text) + 1
        assert list(line.edges) == sorted(line.edges)


def test_characters_stand_where_the_text_layer_has_them(
    printed: tuple[Image, list[Line]], engine: OcrEngine, settings: Settings
) -> None:
    image, truth = printed
    _, lines = recognize_page(as_page(image), engine, settings)
    read_once = {line.text: line for line in lines if line.edges}
    longest = max((w for w in truth if w.text in read_once), key=lambda line: len(line.text))
    read = read_once[longest.text]
    em = longest.box.width / len(longest.text)
    for i in range(len(read.text)):
        middle = (read.edges[i] + read.edges[i + 1]) / 2
        assert abs(middle - (longest.box.x0 + (i + 0.5) * em)) < em


def test_a_blank_page_stays_as_it_is(engine: OcrEngine, settings: Settings) -> None:
    page = as_page(np.full((1000, 700, 3), 255, dtype=np.uint8))
    assert recognize_page(page, engine, settings) == (page, ())


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (400, 3), (40, 40)])
def test_odd_images(shape: tuple[int, int], engine: OcrEngine, settings: Settings) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    recognize_page(as_page(noise), engine, settings)


def test_a_page_without_image_is_wrong_use(engine: OcrEngine, settings: Settings) -> None:
    with pytest.raises(ValueError, match="no image"):
        recognize_page(Page(1, 10.0, 10.0, None, ()), engine, settings)


def test_a_sideways_table_on_an_upright_page(
    printed: tuple[Image, list[Line]], engine: OcrEngine, settings: Settings
) -> None:
    """The direction of most print counts: upright lines above the table do not turn it."""
    image, truth = printed
    with open_pages(
        Source(RULED.name, RULED.read_bytes(), Kind.PDF, "application/pdf", ""), settings
    ) as pages:
        prose = pages.render(1, DPI)[150:400]
    height, width = image.shape[:2]
    sheet = np.full((width + 300, height + 40, 3), 255, dtype=np.uint8)
    sheet[: prose.shape[0], 20 : 20 + prose.shape[1]] = prose
    sheet[280 : 280 + width, 20 : 20 + height] = np.rot90(image, 1)
    page, lines = recognize_page(as_page(sheet), engine, settings)
    assert page.rotation_deg == 270
    numbers = [want.text for want in truth if want.text.isdigit()]
    read = [line.text for line in lines]
    assert not Counter(numbers) - Counter(read)


@pytest.mark.parametrize("inference", ["openvino", "onnxruntime"])
def test_strips_do_not_depend_on_how_many_batches_run_at_once(
    inference: str, printed: tuple[Image, list[Line]], settings: Settings
) -> None:
    image, truth = printed
    crops = [
        image[round(b.y0) - 2 : round(b.y1) + 2, max(0, round(b.x0) - 2) : round(b.x1) + 2]
        for b in (line.box for line in truth[:60])
    ]
    read = [
        PaddleEngine(
            settings.model_copy(update={"threads": threads, "inference": inference})
        ).recognize(crops)
        for threads in (1, 3)
    ]
    assert [strip.text for strip in read[0]] == [strip.text for strip in read[1]]
    right = sum(strip.text == line.text for strip, line in zip(read[0], truth, strict=False))
    assert right > 50


# --- a fake reader -----------------------------------------------------------------------------


class Fake:
    """Finds the given boxes and reads every crop as the same characters."""

    def __init__(self, quads: Sequence[Sequence[float]], score: float = 0.99) -> None:
        self._quads = [[[x0, y0], [x1, y0], [x1, y1], [x0, y1]] for x0, y0, x1, y1 in quads]
        self._score = score
        self.n_detected = 0
        self.n_read = 0

    @property
    def models(self) -> Mapping[str, str]:
        return {}

    def detect(self, image: Image, ratio: float) -> Quads:
        self.n_detected += 1
        return np.array(self._quads, dtype=np.float32).reshape(-1, 4, 2)

    def recognize(self, crops: Sequence[Image]) -> list[Strip]:
        self.n_read += len(crops)
        return [Strip("12", self._score, self._score, (0.3, 0.7)) for _ in crops]


def test_a_straight_page_pays_nothing_extra(settings: Settings) -> None:
    fake = Fake([(50, 40 * i, 350, 40 * i + 20) for i in range(1, 10)])
    page, lines = recognize_page(
        as_page(np.full((500, 400, 3), 255, dtype=np.uint8)), fake, settings
    )
    assert (fake.n_detected, fake.n_read, len(lines)) == (1, 9, 9)
    assert page.rotation_deg == 0


def test_doubtful_print_without_a_better_direction_stays(settings: Settings) -> None:
    fake = Fake([(50, 40 * i, 350, 40 * i + 20) for i in range(1, 10)], score=0.4)
    page, _ = recognize_page(as_page(np.full((500, 400, 3), 255, np.uint8)), fake, settings)
    assert page.rotation_deg == 0


# --- pure parts --------------------------------------------------------------------------------


def posteriors(rows: Sequence[Mapping[int, float]], classes: int) -> NDArray[np.float32]:
    scores = np.zeros((len(rows), classes), dtype=np.float32)
    for step, row in enumerate(rows):
        for label, probability in row.items():
            scores[step, label] = probability
    return scores


def test_decode_ctc() -> None:
    #        _  a  a  _  a  b  b  space _
    best = [0, 1, 1, 0, 1, 2, 2, 3, 0]
    probability = [0.9, 0.8, 0.7, 0.9, 0.6, 0.5, 0.95, 0.9, 0.9]
    rows = [{label: p} for label, p in zip(best, probability, strict=True)]
    strip = decode_ctc(posteriors(rows, 4), ["", "a", "b", " "], 1 / 9)
    assert strip.text == "aab"
    assert strip.score == pytest.approx(0.6)
    assert strip.mean_score == pytest.approx((0.8 + 0.6 + 0.95) / 3)
    assert [round(9 * center, 3) for center in strip.centers] == [2, 4.5, 6]


def test_decode_ctc_of_nothing() -> None:
    nothing = posteriors([{0: 1.0}] * 5, 1)
    assert decode_ctc(nothing, [""], 0.2) == Strip("", 0, 0, ())


def test_alternatives_are_other_characters_nothing_and_lost_ones() -> None:
    rows = [
        {0: 1.0},
        {1: 0.7, 2: 0.2, 0: 0.1},  # 3, perhaps 8, perhaps a speck
        {0: 0.9, 2: 0.1},  # a faint 8, lost
        {2: 1.0},
        {0: 1.0},
    ]
    strip = decode_ctc(posteriors(rows, 3), ["", "3", "8"], 0.2)
    assert strip.text == "38"
    assert {text for text, _ in strip.choices[0]} == {"3", "8", "", "38"}
    assert [text for text, _ in strip.choices[1]] == ["8"]
    others = spellings(strip.choices)
    assert [spelling.text for spelling in others[:2]] == ["88", "8"]
    assert others[0].score == pytest.approx(0.2)


def test_batches_hold_every_crop_once_in_few_shapes() -> None:
    widths = [64] * 60 + [70, 900, 880, 3200, 5000, 400, 64]
    found = list(batches(widths))
    assert sorted(i for _, batch in found for i in batch) == list(range(len(widths)))
    for wide, batch in found:
        assert wide % paddle.TIME_STEP_PX == 0
        assert all(widths[i] <= wide for i in batch)
        assert len(batch) in paddle.BATCH_SIZES
        assert len(batch) == 1 or len(batch) * wide <= paddle.MAX_BATCH_WIDTH_PX
    assert not list(batches([]))
    assert list(WIDTHS_PX) == sorted(WIDTHS_PX)


def paper(height: int, width: int) -> Image:
    return np.full((height, width, 3), 250, dtype=np.uint8)


def write(image: Image, text: str, x: int, y: int, scale: float = 1.0) -> None:
    cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, (20, 20, 20), 2)


QUAD = np.array([[100, 50], [300, 50], [300, 90], [100, 90]], dtype=np.float32)


def test_cells_in_one_strip_are_parted_by_a_blank_and_by_a_rule() -> None:
    wide = paper(40, 200)
    write(wide, "1", 20, 31)
    write(wide, "2", 150, 31)
    strip = Strip("12", 0.9, 0.9, (0.15, 0.8))
    first, second = to_lines(strip, QUAD, wide)
    assert (first.text, second.text) == ("1", "2")
    assert first.box.x1 < 160 < 230 < second.box.x0
    ruled = paper(40, 60)
    write(ruled, "1", 5, 31)
    write(ruled, "2", 29, 31)
    strip = Strip("12", 0.9, 0.9, (0.22, 0.66))
    assert [line.text for line in to_lines(strip, QUAD, ruled)] == ["12"]
    cv2.line(ruled, (24, 0), (24, 39), (20, 20, 20), 2)
    assert [line.text for line in to_lines(strip, QUAD, ruled)] == ["1", "2"]


def test_stacked_characters_are_cut_and_set_side_by_side() -> None:
    stack = paper(200, 40)
    for y in (10, 60, 110):
        cv2.rectangle(stack, (5, y), (35, y + 4), (0, 0, 0), -1)  # two strokes of one character
        cv2.rectangle(stack, (5, y + 20), (35, y + 28), (0, 0, 0), -1)
    rows = stacked_characters(stack)
    assert [start for start, _ in rows] == [10, 60, 110]
    side_by_side = montage(stack, rows)
    assert side_by_side.shape[1] > 2 * side_by_side.shape[0]
    assert stacked_characters(paper(100, 20)) == []


def test_ink_ignores_rules_and_specks() -> None:
    cell = paper(60, 120)
    whole = Box(0, 0, 120, 60)
    assert ink(cell, whole) == 0
    cv2.rectangle(cell, (0, 0), (119, 59), (30, 30, 30), 2)
    cell[30, 30] = 0
    assert ink(cell, whole) == 0
    write(cell, "7", 50, 42)
    assert ink(cell, whole) > 0.01
    dash = paper(60, 120)
    cv2.line(dash, (55, 30), (66, 30), (30, 30, 30), 2)
    assert ink(dash, whole) > 0.002
    assert ink(cell, Box(500, 500, 600, 600)) == 0


def test_read_crop(engine: OcrEngine) -> None:
    cell = paper(60, 160)
    cv2.rectangle(cell, (0, 0), (159, 59), (30, 30, 30), 2)
    assert read_crop(cell, Box(0, 0, 160, 60), engine) is None
    write(cell, "305", 60, 38, scale=0.6)
    line = read_crop(cell, Box(0, 0, 160, 60), engine)
    assert line is not None
    assert line.text == "305"
    assert 40 < line.box.x0 < 62
    assert len(line.edges) == 4


@pytest.mark.parametrize("turn", [-9.0, -1.0, 0.5, 6.0])
def test_quads_move_with_the_pixels_and_show_the_skew(turn: float) -> None:
    flat = np.array(
        [
            [[x, y], [x + 300, y], [x + 300, y + 20], [x, y + 20]]
            for x in (20, 80)
            for y in (50, 90)
        ],
        dtype=np.float32,
    )
    image = paper(300, 400)
    assert skew(turned_quads(flat, 400, 300, turn), image) == pytest.approx(-turn, abs=0.01)
    image[50:54, 20:24] = 0
    turned = upright(image, turn)
    x, y = turned_quads(flat[:1] + 2, 400, 300, turn)[0, 0]
    assert turned[round(float(y)), round(float(x)), 0] < 128


def test_ruled_lines_show_the_skew_where_print_does_not() -> None:
    image = paper(600, 800)
    for y in range(100, 500, 60):
        cv2.line(image, (50, y), (750, y), (0, 0, 0), 2)
    turned = upright(image, 3.0)
    assert skew(np.zeros((0, 4, 2), np.float32), turned) == pytest.approx(-3.0, abs=0.3)
    assert skew(np.zeros((0, 4, 2), np.float32), paper(300, 300)) == 0


# --- weights and imports -----------------------------------------------------------------------


def test_changed_weights_are_refused(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setitem(weights.SHA256, weights.DETECTOR, "0" * 64)
    with pytest.raises(ModelError, match=r"ppocrv6_det\.onnx"):
        paddle.PaddleEngine(settings)


def test_importing_loads_no_reader() -> None:
    code = (
        "import sys, extractor.paddle; "
        "sys.exit(any(m in sys.modules for m in ('paddleocr', 'paddlex', 'onnxruntime')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_loading_writes_nothing_into_the_home_folder(tmp_path: Path) -> None:
    """PaddleX keeps a cache there, ONNX Runtime and OpenVINO the reports that they send to their
    makers, and matplotlib, which PaddleX imports where it is installed, its list of fonts."""
    code = (
        "from extractor.paddle import PaddleEngine; from extractor.settings import Settings; "
        "PaddleEngine(Settings())"
    )
    unset = (
        *("ORT_DISABLE_TELEMETRY", "PADDLE_PDX_CACHE_HOME"),
        *("MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"),
    )
    environment = {k: v for k, v in os.environ.items() if k not in unset}
    subprocess.run(
        [sys.executable, "-c", code], check=True, env=environment | {"HOME": str(tmp_path)}
    )
    assert list(tmp_path.rglob("*")) == []


# --- colour ------------------------------------------------------------------------------------


def sealed(size_px: int) -> Image:
    """A page of 210 mm by 297 mm at 4 px a millimetre with black print and a red ring over it."""
    image = paper(1188, 840)
    cv2.putText(image, "205", (400, 600), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 20, 20), 3)
    cv2.circle(image, (430, 590), size_px // 2, (200, 40, 50), 6)
    image[580:586, 380:480] = np.minimum(image[580:586, 380:480], (200, 40, 50))
    return image


def test_a_seal_is_taken_off_and_the_print_beneath_it_stays() -> None:
    image = sealed(160)
    clean = without_seals(image)
    assert clean is not None
    assert (clean.max(axis=2) < 100).sum() >= (image.max(axis=2) < 100).sum()
    assert colourfulness(clean).max() == 0


def test_a_coloured_heading_is_no_seal() -> None:
    image = paper(1188, 840)
    cv2.putText(image, "REPORT 2024", (100, 100), cv2.FONT_HERSHEY_SIMPLEX, 2, (200, 30, 30), 5)
    assert without_seals(image) is None
    assert without_seals(paper(300, 200)) is None


def test_coloured_marks_are_taken_off_black_print_only() -> None:
    black = paper(40, 120)
    cv2.putText(black, "99", (5, 32), cv2.FONT_HERSHEY_SIMPLEX, 1, (20, 20, 20), 2)
    ticked = black.copy()
    cv2.line(ticked, (70, 20), (90, 35), (40, 50, 180), 3)
    assert (without_marks(ticked)[:, 65:] > 150).all()
    red = paper(40, 120)
    cv2.putText(red, "99", (5, 32), cv2.FONT_HERSHEY_SIMPLEX, 1, (200, 30, 30), 2)
    assert without_marks(red) is red


def test_a_dash_is_seen_and_a_ring_is_left_out(engine: OcrEngine) -> None:
    dash = paper(60, 120)
    dash[28:31, 45:75] = 20
    line = read_crop(dash, Box(42, 24, 78, 35), engine)
    assert line is not None
    assert line.text == "—"
    ringed = paper(120, 200)
    cv2.putText(ringed, "42", (75, 72), cv2.FONT_HERSHEY_SIMPLEX, 1, (20, 20, 20), 2)
    cv2.ellipse(ringed, (96, 62), (50, 35), 10, 0, 360, (50, 50, 60), 3)
    line = read_crop(ringed, Box(20, 10, 180, 115), engine)
    assert line is not None
    assert line.text == "42"


def test_digits_that_are_set_wide_stay_one_number() -> None:
    image = paper(40, 160)
    for x, digit in ((5, "1"), (50, "2"), (95, "6")):
        write(image, digit, x, 31)
    strip = Strip("1 2 6", 0.4, 0.8, (0.09, 0.2, 0.37, 0.5, 0.65))
    (line,) = to_lines(strip, QUAD, image)
    assert line.text == "126"
    assert len(line.edges) == 4
    # A pair of ordinary digits beside another one is two numbers.
    image = paper(40, 160)
    write(image, "12", 5, 31)
    write(image, "6", 90, 31)
    strip = Strip("126", 0.9, 0.9, (0.09, 0.21, 0.61))
    assert [line.text for line in to_lines(strip, QUAD, image)] == ["12", "6"]


def test_print_beside_a_reading_belongs_to_its_cell() -> None:
    page = paper(200, 400)
    write(page, "1", 100, 80)
    write(page, "7", 145, 80)
    write(page, "5", 300, 80)
    one, seven, five = (Box(x, 50, x + 26, 90) for x in (98, 143, 298))
    grown = whole_print(page, one, [five], None)
    assert grown is not None
    assert grown.x0 <= 100 < 165 < grown.x1 < 200
    assert whole_print(page, one, [seven, five], None) is None
    assert whole_print(page, five, [one, seven], None) is None
    # Specks are no print, and neither are the remains of a line at the border of a ruled cell.
    cell = Box(280, 20, 350, 120)
    cv2.circle(page, (335, 100), 2, (20, 20, 20), -1)
    cv2.line(page, (283, 30), (283, 110), (20, 20, 20), 2)
    assert whole_print(page, five, [], cell) is None
    write(page, "3", 300, 115)
    grown = whole_print(page, five, [], Box(280, 20, 350, 140))
    assert grown is not None
    assert grown.y1 > 110


def test_a_region_that_cuts_a_number_is_told() -> None:
    page = paper(200, 400)
    write(page, "5", 100, 80)
    write(page, "9", 128, 80)
    cv2.line(page, (90, 0), (90, 199), (20, 20, 20), 2)  # a ruled line is no print
    assert is_cut(page, Box(112, 45, 300, 90))
    assert is_cut(page, Box(60, 45, 140, 90))
    assert not is_cut(page, Box(90, 45, 300, 90))
    assert not is_cut(page, Box(200, 45, 300, 90))
    assert not is_cut(page, Box(900, 45, 950, 90))


def test_faint_digits_in_pieces_do_not_hide_those_beside_them() -> None:
    page = paper(120, 400)
    write(page, "12", 100, 80)
    for y in (62, 70, 78):  # the rest of the number: strokes a third as high as its digits
        cv2.line(page, (150, y), (190, y), (120, 120, 120), 2)
    grown = whole_print(page, Box(145, 50, 195, 90), [], Box(60, 20, 340, 110))
    assert grown is not None
    assert grown.x0 <= 102


def test_words_that_are_cut_into_lines_go_on_in_the_nearer_line() -> None:
    page = paper(200, 200)
    for y in (60, 95, 150):
        cv2.rectangle(page, (90, y - 28), (110, y), (20, 20, 20), 3)
    grown = whole_print(page, Box(85, 63, 115, 99), [], None, has_lines=True)
    assert grown is not None
    assert grown.y0 < 35
    assert grown.y1 < 110


def test_lines_of_a_cell_are_read_from_top_to_bottom(engine: OcrEngine) -> None:
    cell = paper(120, 160)
    write(cell, "62", 50, 45)
    write(cell, "0", 60, 95)
    line = read_crop(cell, Box(0, 0, 160, 120), engine)
    assert line is not None
    assert line.text == "620"


def test_print_just_below_an_empty_cell_is_seen_unless_it_was_read() -> None:
    page = paper(200, 400)
    write(page, "5", 100, 130)
    empty, read = Box(60, 60, 160, 98), Box(98, 100, 126, 140)
    far = Box(300, 10, 330, 50)
    assert has_stray_print(page, empty, [far], None)
    assert not has_stray_print(page, empty, [far, read], None)
    assert not has_stray_print(page, Box(60, 5, 160, 40), [far], None)
