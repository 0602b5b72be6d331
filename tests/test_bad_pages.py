"""Odd and bad page files: read to the last number, or refused with page and remedy."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

import numpy as np
import pikepdf
import pytest
from PIL import Image

from extractor import ingest
from extractor.engines import Engines
from extractor.errors import CorruptInput, ExtractorError, InputTooLarge, NotAReport
from extractor.pages import open_pages
from extractor.pipeline import extract
from extractor.settings import Settings
from extractor.types import Page, Source, Status
from tests.conftest import Labelled, labelled_documents

FIXTURES = {labelled.path.stem: labelled for labelled in labelled_documents()}
PICTURE = FIXTURES["album-2019__image_jpeg"]
LAYER = FIXTURES["long-2021__pdf_ruled"]
SCAN = FIXTURES["straight-2021__paper_flatbed_150"]


def saved(image: Image.Image, format_: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=format_, **options)
    return buffer.getvalue()


def grey() -> Image.Image:
    return Image.open(PICTURE.path).convert("L")


def values() -> np.ndarray[tuple[int, int], np.dtype[np.uint16]]:
    return np.asarray(grey()).astype(np.uint16)


def edited(labelled: Labelled, **entries: object) -> bytes:
    """The PDF with entries of every page replaced."""
    buffer = io.BytesIO()
    with pikepdf.open(labelled.path) as document:
        for page in document.pages:
            for key, value in entries.items():
                page[f"/{key}"] = value
        document.save(buffer)
    return buffer.getvalue()


def box(*sides: float) -> pikepdf.Array:
    return pikepdf.Array(sides)


def shifted(labelled: Labelled, dx: float, dy: float) -> bytes:
    """The PDF with the origin of every page moved, and its content with it."""
    buffer = io.BytesIO()
    with pikepdf.open(labelled.path) as document:
        for page in document.pages:
            x0, y0, x1, y1 = (float(side) for side in page.mediabox)
            page["/MediaBox"] = box(x0 + dx, y0 + dy, x1 + dx, y1 + dy)
            page.contents_add(f"q 1 0 0 1 {dx} {dy} cm".encode(), prepend=True)
            page.contents_add(b"Q")
        document.save(buffer)
    return buffer.getvalue()


def source(data: bytes, settings: Settings, name: str = "a.file") -> Source:
    return ingest.identify(name, data, settings)


def first_page(data: bytes, settings: Settings) -> Page:
    with open_pages(source(data, settings), settings) as pages:
        return pages.read(1)


# --- read to the last number -------------------------------------------------------------------


def cmyk_jpeg() -> bytes:
    return saved(grey().convert("RGB").convert("CMYK"), "JPEG", quality=95)


def png_of_16_bits() -> bytes:
    return saved(Image.fromarray(values() * 257), "PNG")


def tiff_of_12_in_16_bits() -> bytes:
    return saved(Image.fromarray(values() * 16), "TIFF")


def palette_with_transparency() -> bytes:
    return saved(grey().convert("P"), "PNG", transparency=255)


def ink_over_nothing() -> bytes:
    """Black everywhere, and visible only where there is print."""
    picture = Image.new("RGBA", grey().size, (0, 0, 0, 0))
    picture.putalpha(Image.fromarray(255 - np.asarray(grey())))
    return saved(picture, "PNG")


def exif_on_its_side() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    on_its_side = grey().transpose(Image.Transpose.ROTATE_90)
    return saved(on_its_side, "JPEG", quality=95, exif=exif)


def bilevel_tiff_with_wrong_tags() -> bytes:
    bilevel = grey().convert("1", dither=Image.Dither.NONE)
    return saved(bilevel, "TIFF", compression="group4", dpi=(1, 7200))


def gif_of_two_frames() -> bytes:
    return saved(grey(), "GIF", save_all=True, append_images=[Image.new("L", (20, 20), 0)])


def jpeg_as_it_is() -> bytes:
    """Its name says PDF."""
    return PICTURE.path.read_bytes()


@pytest.mark.parametrize(
    "build",
    [
        cmyk_jpeg,
        png_of_16_bits,
        tiff_of_12_in_16_bits,
        palette_with_transparency,
        ink_over_nothing,
        exif_on_its_side,
        bilevel_tiff_with_wrong_tags,
        gif_of_two_frames,
        jpeg_as_it_is,
    ],
)
def test_picture_is_read(build: Callable[[], bytes], engines: Engines, settings: Settings) -> None:
    assert wrong_cells(build(), PICTURE, engines, settings) == []


@pytest.mark.parametrize(
    "entries",
    [
        {"Rotate": 90},
        {"Rotate": 270},
        {"UserUnit": 3},
        {"MediaBox": box(0, 0, 0, 0)},
        {"MediaBox": box(595, 842, 0, 0)},
        {"CropBox": box(5, 5, 590, 838)},
    ],
    ids=str,
)
@pytest.mark.parametrize("labelled", [LAYER, SCAN], ids=["layer", "scan"])
def test_pdf_is_read(
    labelled: Labelled, entries: dict[str, object], engines: Engines, settings: Settings
) -> None:
    assert wrong_cells(edited(labelled, **entries), labelled, engines, settings) == []


@pytest.mark.parametrize("labelled", [LAYER, SCAN], ids=["layer", "scan"])
def test_pdf_with_negative_origin_is_read(
    labelled: Labelled, engines: Engines, settings: Settings
) -> None:
    data = shifted(labelled, -700.0, -1000.0)
    assert wrong_cells(data, labelled, engines, settings) == []


def test_text_layer_on_a_huge_sheet_is_read(engines: Engines, settings: Settings) -> None:
    data = edited(LAYER, MediaBox=box(0, 0, 14_400, 14_400))
    assert wrong_cells(data, LAYER, engines, settings) == []


def wrong_cells(data: bytes, labelled: Labelled, engines: Engines, settings: Settings) -> list[str]:
    result = extract(source(data, settings, "a.pdf"), engines, settings)
    assert not result.failures
    cells = {cell.slot: cell for table in result.tables for cell in table.cells}
    return [slot for slot, value in labelled.slots.items() if cells[slot].reading.value != value]


# --- refused -----------------------------------------------------------------------------------


def truncated_jpeg() -> bytes:
    return PICTURE.path.read_bytes()[:-2000]


def bilevel_strip() -> bytes:
    return saved(Image.new("1", (20_000, 200), 1), "TIFF", compression="group4")


def scan_on_a_huge_sheet() -> bytes:
    return edited(SCAN, MediaBox=box(0, 0, 14_400, 14_400))


def scan_on_a_strip() -> bytes:
    return edited(SCAN, MediaBox=box(0, 0, 14_400, 100))


def enormous_picture_in_a_pdf(side: int = 30_000) -> bytes:
    """900 million pixels, packed to less than a megabyte and shown on a sheet of A4."""
    packer = zlib.compressobj(9)
    row = bytes(side)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    with pikepdf.new() as document:
        page = document.add_blank_page(page_size=(595, 842))
        picture = pikepdf.Stream(document, packed)
        picture.Type, picture.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
        picture.Width = picture.Height = side
        picture.ColorSpace, picture.BitsPerComponent = pikepdf.Name.DeviceGray, 8
        picture.Filter = pikepdf.Name.FlateDecode
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=picture))
        page.obj.Contents = document.make_stream(b"q 595 0 0 842 0 0 cm /I Do Q")
        buffer = io.BytesIO()
        document.save(buffer)
        return buffer.getvalue()


@pytest.mark.parametrize(
    ("build", "error", "remedy"),
    [
        (truncated_jpeg, CorruptInput, "obtain it again"),
        (bilevel_strip, InputTooLarge, "cut it into pages"),
        (scan_on_a_huge_sheet, InputTooLarge, "in its real size"),
        (scan_on_a_strip, InputTooLarge, "cut it into pages"),
        (enormous_picture_in_a_pdf, InputTooLarge, "EXTRACTOR_MAX_IMAGE_PIXELS"),
    ],
)
def test_page_is_refused(
    build: Callable[[], bytes], error: type[ExtractorError], remedy: str, settings: Settings
) -> None:
    with pytest.raises(error, match=rf"page 1 of a\.file .*{remedy}") as caught:
        first_page(build(), settings)
    assert type(caught.value) is error


def test_refused_page_is_a_failure_of_the_result(engines: Engines, settings: Settings) -> None:
    result = extract(source(truncated_jpeg(), settings), engines, settings)
    assert result.status is Status.FAILED
    assert [failure.page for failure in result.failures if failure.stage == "ocr"] == [1]


def test_second_page_that_is_too_large(settings: Settings) -> None:
    frames = [Image.new("1", (40, 30), 1), Image.new("1", (400, 300), 1)]
    data = saved(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    limited = settings.model_copy(update={"max_image_pixels": 10_000})
    with open_pages(source(data, settings), limited) as pages:
        assert pages.read(1).width == 40
        with pytest.raises(InputTooLarge, match=r"page 2 of a\.file has 400 x 300"):
            pages.read(2)


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("L", (1, 1), 0),
        Image.new("L", (1, 2000), 0),
        Image.new("L", (30, 30), 255),
        Image.new("L", (1200, 1700), 0),
        Image.new("L", (1200, 1700), 255),
        Image.new("RGB", (1200, 1700), (200, 30, 30)),
        Image.new("I;16", (300, 400), 0),
    ],
    ids=["1 pixel", "a line", "30 pixels", "black", "white", "red", "black of 16 bits"],
)
def test_page_without_print_is_no_report(
    picture: Image.Image, engines: Engines, settings: Settings
) -> None:
    data = saved(picture, "PNG")
    with pytest.raises(NotAReport, match=r"a\.file .* check that this is the right file"):
        extract(source(data, settings), engines, settings)


# --- what is made of the pixels ----------------------------------------------------------------


def test_big_picture_keeps_the_mean_of_its_areas(settings: Settings) -> None:
    """Whole columns and rows of black in fine white: no band is lost, doubled or moved."""
    big = np.full((5400, 9000), 255, dtype=np.uint8)
    big[:, 900:1800] = 0
    big[2700:3240] = 0
    page = first_page(saved(Image.fromarray(big), "PNG"), settings)
    assert page.image is not None
    assert page.image.shape == (2400, 4000, 3)
    assert page.image[:, 400:800].max() == 0
    assert page.image[1200:1440].max() == 0
    assert page.image[1450:, 810:].min() == page.image[:1190, :390].min() == 255


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_orientations(orientation: int, settings: Settings) -> None:
    """EXIF says where row 0 and column 0 of the pixels belong; Pillow's own turn agrees."""
    pixels = np.full((40, 60), 255, dtype=np.uint8)
    pixels[:10, :20] = 0
    exif = Image.Exif()
    exif[0x0112] = orientation
    page = first_page(saved(Image.fromarray(pixels), "PNG", exif=exif), settings)
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    expected = Image.fromarray(pixels)
    if orientation in turns:
        expected = expected.transpose(turns[orientation])
    assert page.image is not None
    assert np.array_equal(page.image[:, :, 0], np.asarray(expected))


def test_text_layer_page_is_not_rendered(settings: Settings) -> None:
    with open_pages(source(LAYER.path.read_bytes(), settings), settings) as pages:
        assert all(pages.read(number).image is None for number in range(1, pages.count + 1))
