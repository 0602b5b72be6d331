"""Pages of PDF and image files: limits, upright pixels, and when a text layer is believed."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image

from extractor.errors import CorruptInput, EncryptedInput, ExtractorError, InputTooLarge
from extractor.pages import inspect, open_pages, render
from extractor.settings import Settings
from extractor.textlayer import Glyph, Layer, is_sound, layout
from extractor.types import Kind, Page, Source
from tests import bad_documents

DOCUMENTS = Path(__file__).parent.parent / "eval" / "fixtures"
RULED = DOCUMENTS / "long-2021__pdf_ruled.pdf"


def source(data: bytes, kind: Kind = Kind.PDF) -> Source:
    return Source("a.file", data, kind, "", "")


def saved(image: Image.Image, format_: str, **options: object) -> Source:
    buffer = io.BytesIO()
    image.save(buffer, format=format_, **options)
    return source(buffer.getvalue(), Kind.IMAGE)


def first_page(document: Source, settings: Settings) -> Page:
    with open_pages(document, settings) as pages:
        return pages.read(1)


def edited(path: Path, **entries: object) -> Source:
    """The PDF with entries of its first page replaced."""
    buffer = io.BytesIO()
    with pikepdf.open(path) as document:
        for key, value in entries.items():
            document.pages[0][f"/{key}"] = value
        document.save(buffer)
    return source(buffer.getvalue())


# --- documents that must be refused ------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (source(bad_documents.encrypted_pdf()), EncryptedInput),
        (source(b""), CorruptInput),
        (source(b"%PDF-1.7\n" + bad_documents.random_bytes()), CorruptInput),
        (source(bad_documents.many_pages_pdf()), InputTooLarge),
        (source(bad_documents.huge_image(), Kind.IMAGE), InputTooLarge),
        (source(bad_documents.random_bytes(), Kind.IMAGE), CorruptInput),
    ],
    ids=["encrypted", "empty", "random", "5000 pages", "200 megapixels", "no image"],
)
def test_is_refused(document: Source, error: type[ExtractorError], settings: Settings) -> None:
    with pytest.raises(error, match=r"a\.file") as caught:
        inspect(document, settings)
    assert type(caught.value) is error


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_truncated_pdf(share: float, settings: Settings) -> None:
    cut = source(bad_documents.truncated(RULED.read_bytes(), share=share))
    with pytest.raises(CorruptInput):
        inspect(cut, settings)


def test_truncated_image_is_found_when_decoded(settings: Settings) -> None:
    whole = saved(Image.effect_noise((400, 300), 50), "PNG")
    cut = replace(whole, data=whole.data[: len(whole.data) // 2])
    assert inspect(cut, settings) == 1
    with pytest.raises(CorruptInput):
        first_page(cut, settings)


def test_enormous_header_is_refused_by_our_own_error(settings: Settings) -> None:
    with pytest.raises(InputTooLarge):
        inspect(source(bad_documents.huge_image(30_000, 20_000), Kind.IMAGE), settings)


def test_too_many_frames(settings: Settings) -> None:
    frames = [Image.new("1", (20, 20), 1)] * 6
    document = saved(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    with pytest.raises(InputTooLarge):
        inspect(document, settings.model_copy(update={"max_pages": 5}))


def test_page_number_out_of_range(settings: Settings) -> None:
    with open_pages(source(RULED.read_bytes()), settings) as pages:
        for number in (0, pages.count + 1):
            with pytest.raises(ValueError, match="page"):
                pages.read(number)


# --- PDF geometry ------------------------------------------------------------------------------


def placed(page: Page) -> set[tuple[str, int, int]]:
    assert page.lines is not None
    return {(line.text, round(line.box.x0), round(line.box.y0)) for line in page.lines}


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_rotate_entry_moves_lines_and_pixels_alike(turn: int, settings: Settings) -> None:
    plain = first_page(source(RULED.read_bytes()), settings)
    document = edited(RULED, Rotate=turn)
    page = first_page(document, settings)
    # The content now lies on its side on the displayed page; the layer says so itself.
    assert (page.width, page.height) == (plain.width, plain.height)
    assert page.rotation_deg == turn
    assert placed(page) == placed(plain)
    image = render(document, 1, 36, settings)
    straight = render(source(RULED.read_bytes()), 1, 36, settings)
    assert np.mean(np.abs(np.rot90(image, turn // 90) - straight.astype(int))) < 12


def test_origin_of_the_media_box_and_crop_box(settings: Settings) -> None:
    plain = first_page(source(RULED.read_bytes()), settings)
    box = pikepdf.Array([20, 10, 560, 800])
    page = first_page(edited(RULED, CropBox=box), settings)
    assert (page.width, page.height) == (540, 790)
    moved = {(text, x - 20, round(y - (plain.height - 800))) for text, x, y in placed(plain)}
    common = {(text, x, y) for text, x, y in placed(page)} & {
        (text, x + dx, y + dy) for text, x, y in moved for dx in (-1, 0, 1) for dy in (-1, 0, 1)
    }
    assert len(common) >= 0.9 * len(placed(plain))


def test_huge_page_is_bounded(settings: Settings) -> None:
    document = source(bad_documents.huge_page_pdf())
    image = render(document, 1, 300, settings)
    assert max(image.shape) <= settings.max_page_side_px


def test_blank_pdf_page_has_no_lines_and_needs_no_reader(settings: Settings) -> None:
    page = first_page(source(bad_documents.blank_pages_pdf()), settings)
    assert page.lines == ()


# --- text layers -------------------------------------------------------------------------------


def test_sound_layer_has_columns_apart_and_edges(settings: Settings) -> None:
    with open_pages(source(RULED.read_bytes()), settings) as pages:
        lines = [line for n in range(1, pages.count + 1) for line in pages.read(n).lines or ()]
    assert all(len(line.edges) == len(line.text) + 1 for line in lines)
    assert all(list(line.edges) == sorted(line.edges) for line in lines)
    numbers = [line for line in lines if line.text.isdigit()]
    assert len(numbers) >= 190  # every cell of three tables is a line of its own


@pytest.mark.parametrize(
    "name", ["garbled-2021__pdf_bad_text_layer.pdf", "straight-2021__paper_flatbed_150.pdf"]
)
def test_unsound_layer_gives_pixels(name: str, settings: Settings) -> None:
    page = first_page(source((DOCUMENTS / name).read_bytes()), settings)
    assert page.lines is None
    assert page.image is not None
    assert page.image.dtype == np.uint8
    assert (page.height, page.width) == page.image.shape[:2]


def glyphs(text: str, x: float = 50, y: float = 100, em: float = 10) -> tuple[Glyph, ...]:
    """Characters set one after the other; a space is a gap of half an em."""
    found = []
    for char in text:
        width = em if not char.isascii() else em / 2
        if not char.isspace():
            found.append(Glyph(char, x, y, x + width, y + em, (x, y + 0.8 * em)))
        x += width
    return tuple(found)


PROSE = "本机关主动公开政府信息情况如下收到政府信息公开申请数量与上年结转数量之和等于办理结果"


def layer(found: tuple[Glyph, ...], **changes: object) -> Layer:
    whole = Layer(glyphs=found, rules=(), width=600, height=800)
    return replace(whole, **changes)  # type: ignore[arg-type]


def test_plain_prose_is_sound() -> None:
    assert is_sound(layer(glyphs(PROSE)))


@pytest.mark.parametrize(
    "broken",
    [
        layer(glyphs("—12—")),
        layer(glyphs(PROSE), image_share=0.9),
        layer(tuple(replace(g, is_visible=False) for g in glyphs(PROSE))),
        layer(tuple(replace(g, is_mapped=False) for g in glyphs(PROSE))),
        layer(tuple(replace(g, char=chr(ord(g.char) + 3)) for g in glyphs(PROSE))),
        layer(tuple(replace(g, char=chr(0xE000 + i)) for i, g in enumerate(glyphs(PROSE)))),
        layer(glyphs(PROSE + "\ufffd")),
    ],
    ids=["few", "picture", "hidden", "unmapped", "shifted", "private", "replacement"],
)
def test_is_not_sound(broken: Layer) -> None:
    assert not is_sound(broken)


def texts(found: tuple[Glyph, ...], **changes: object) -> list[str]:
    return [line.text for line in layout(layer(found, **changes))[0]]


def test_gaps_and_rules_part_cells() -> None:
    assert texts(glyphs("0 0 0 0")) == ["0", "0", "0", "0"]
    assert texts(glyphs("结果") + glyphs("结果", x=77)) == ["结果", "结果"]
    narrow = glyphs("结果") + glyphs("结果", x=73)
    assert texts(narrow) == ["结果 结果"]
    assert texts(narrow, rules=((71.5, 90.0, 130.0),)) == ["结果", "结果"]
    assert texts(glyphs("2025 年度")) == ["2025 年度"]


def test_a_number_with_a_space_is_one_where_fonts_tell_the_height_of_digits_alone() -> None:
    """Digits half as wide as the type is high, which the file makes two thirds of it."""
    spaced = tuple(
        replace(g, y0=g.y1 - 6.9, x0=g.x0 + 2.5 * (i > 0), x1=g.x1 + 2.5 * (i > 0))
        for i, g in enumerate(glyphs("1187"))
    )
    assert texts(spaced) == ["1 187"]


def test_runs_of_one_row_need_not_stand_on_the_very_same_line() -> None:
    """Baselines on both sides of a whole point, the second run higher than the first."""
    first = glyphs("结果", y=92.6)
    second = glyphs("总计", x=71, y=92.4)
    assert texts((*second, *first)) == ["结果总计"]


def test_order_in_the_file_does_not_matter() -> None:
    assert texts(tuple(reversed(glyphs("政府信息")))) == ["政府信息"]


def test_imitated_bold_is_read_once() -> None:
    twice = tuple(
        g for glyph in glyphs("总计12") for g in (glyph, replace(glyph, x0=glyph.x0 + 0.3))
    )
    assert texts(twice) == ["总计12"]


# --- image files -------------------------------------------------------------------------------


def gradient() -> Image.Image:
    values = np.linspace(0, 255, 60, dtype=np.uint8)[np.newaxis].repeat(40, axis=0)
    return Image.fromarray(values)


@pytest.mark.parametrize(
    ("mode", "format_"),
    [
        ("RGB", "PNG"),
        ("L", "PNG"),
        ("1", "TIFF"),
        ("P", "PNG"),
        ("LA", "PNG"),
        ("RGBA", "PNG"),
        ("CMYK", "JPEG"),
        ("CMYK", "TIFF"),
        ("RGB", "WEBP"),
        ("RGB", "BMP"),
    ],
)
def test_every_mode_becomes_rgb(mode: str, format_: str, settings: Settings) -> None:
    page = first_page(saved(gradient().convert("RGB").convert(mode), format_), settings)
    assert page.image is not None
    assert page.image.shape == (40, 60, 3)
    assert page.image.dtype == np.uint8
    assert page.image[:, :10].mean() < 60
    assert page.image[:, -10:].mean() > 195


def test_sixteen_bits(settings: Settings) -> None:
    values = (np.asarray(gradient(), dtype=np.uint16) * 257).astype(np.uint16)
    page = first_page(saved(Image.fromarray(values), "PNG"), settings)
    assert page.image is not None
    assert page.image[0, :, 0].tolist() == np.asarray(gradient())[0].tolist()


def test_transparency_lies_over_white(settings: Settings) -> None:
    page = first_page(saved(Image.new("RGBA", (30, 20), (0, 0, 0, 0)), "PNG"), settings)
    assert page.image is not None
    assert page.image.min() == 255


def test_exif_orientation(settings: Settings) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the picture is on the right of its pixels
    page = first_page(saved(gradient().convert("RGB"), "JPEG", exif=exif), settings)
    assert page.image is not None
    assert page.image.shape == (60, 40, 3)
    assert page.image[:10].mean() < 60


def test_every_page_of_a_tiff(settings: Settings) -> None:
    frames = [Image.new("L", (30 + 10 * i, 20), 40 * i) for i in range(4)]
    document = saved(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    with open_pages(document, settings) as pages:
        assert pages.count == 4
        for number in (3, 1, 4, 2):
            image = pages.read(number).image
            assert image is not None
            assert image.shape[1] == 20 + 10 * number
            assert abs(float(image.mean()) - 40 * (number - 1)) < 1


def test_big_image_is_reduced(settings: Settings) -> None:
    page = first_page(saved(Image.new("L", (5000, 2500), 255), "JPEG"), settings)
    assert page.width == settings.max_page_side_px
    assert page.height == settings.max_page_side_px / 2


def test_image_behind_a_header_that_claims_more(settings: Settings) -> None:
    limit = settings.model_copy(update={"max_image_pixels": 1000})
    with pytest.raises(InputTooLarge, match="60 x 40"):
        inspect(saved(gradient(), "PNG"), limit)
