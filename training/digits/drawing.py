"""Single crops drawn with the fonts: numbers, marks, other print, nothing, and what disturbs."""

from __future__ import annotations

import math
from functools import cache
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from extractor.types import Image
from training.synthesis.fonts import FONT_FOLDER, missing_files

_CHINESE = (
    "FandolFang-Regular.otf",
    "FandolHei-Regular.otf",
    "FandolKai-Regular.otf",
    "FandolSong-Regular.otf",
    "NotoSansCJK-Regular.ttc",
    "NotoSerifCJK-Regular.ttc",
    "gbsn00lp.ttf",
    "gkai00mp.ttf",
    "uming.ttc",
    "wqy-zenhei.ttc",
)
_LATIN = (
    "LiberationSans-Bold.ttf",
    "LiberationSans-Regular.ttf",
    "LiberationSerif-Bold.ttf",
    "LiberationSerif-Regular.ttf",
)
_LATIN_ONLY = "0123456789.,-/+()—–"
_MARKS = ("-", "/", "—", "－", "–", "——", "--", "无", "一")
_WORDS = (
    *("不适用", "不涉及", "总计", "件", "万元", "自然人", "其他"),
    *("三", "二", "减", "增", "无此项"),
)
_WIDE = str.maketrans("0123456789.,-/+()", "０１２３４５６７８９．，－／＋（）")

_Plane = NDArray[np.float32]


def draw_crop(rng: Random) -> tuple[Image, str]:
    """A crop, RGB (height, width, 3), and what is printed in it; "" in every seventh or so.

    Raises:
        FileNotFoundError: the fonts are not laid out.
    """
    text = _text(rng)
    size = rng.choice((11, 14, 18, 22, 28, 36))
    ink, line = _written(text, size, rng)
    dark = np.zeros((ink.shape[0] + 4 * size, ink.shape[1] + 8 * size), np.float32)
    dark[2 * size : 2 * size + ink.shape[0], 4 * size : 4 * size + ink.shape[1]] = ink
    box = [4 * size, 2 * size + line[0], 4 * size + ink.shape[1], 2 * size + line[1]]
    box[0] -= round(rng.triangular(0.05, 2, 0.3) * size)
    box[2] += round(rng.triangular(0.05, 2, 0.3) * size)
    box[1] -= round(rng.uniform(0.05, 0.6) * size)
    box[3] += round(rng.uniform(0.05, 0.6) * size)
    _disturb(dark, box, size, rng)
    dark = _turned(dark, rng.gauss(0, 0.7), size, rng)
    crop = dark[box[1] : box[3], box[0] : box[2]]
    return _sensed(crop, rng), text


def _text(rng: Random) -> str:
    kind = rng.random()
    if kind < 0.13:
        return ""
    if kind < 0.20:
        return rng.choice(_MARKS)
    if kind < 0.25:
        return rng.choice(_WORDS)
    digits = rng.choices(range(1, 9), (30, 22, 16, 12, 8, 5, 4, 3))[0]
    number = "".join(rng.choice("0123456789") for _ in range(digits))
    if rng.random() < 0.2:  # a digit that repeats is what CTC confuses most
        number = number[0] * len(number)
    if digits > 1 and number[0] == "0" and rng.random() < 0.8:
        number = rng.choice("123456789") + number[1:]
    form = rng.random()
    if form < 0.14:
        number += "." + "".join(rng.choice("0123456789") for _ in range(rng.randrange(1, 7)))
    elif form < 0.18 and digits > 3:
        number = f"{int(number):,}"
    elif form < 0.23:
        number = rng.choice("+-－—") + number
    elif form < 0.25:
        number = f"({number})"
    elif form < 0.28:
        number += rng.choice(("件", "万元", "元", "项"))
    elif form < 0.30:
        number = rng.choice("增减") + number
    return number.translate(_WIDE) if rng.random() < 0.05 else number


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    if missing_files():
        raise FileNotFoundError(f"fonts are missing in {FONT_FOLDER}: run `make fonts`")
    return ImageFont.truetype(str(FONT_FOLDER / name), size)


def _written(text: str, size: int, rng: Random) -> tuple[_Plane, tuple[int, int]]:
    """Ink of a text from 0 to 1, and the rows between which its digits stand."""
    is_latin = all(c in _LATIN_ONLY for c in text) and rng.random() < 0.6
    # Digits are two thirds of the em.
    font = _font(rng.choice(_LATIN if is_latin else _CHINESE), round(1.45 * size))
    _, top, _, bottom = font.getbbox("0")
    if not text:
        return np.zeros((2 * size, size), np.float32), (size // 2, size // 2 + size)
    spacing = rng.choice((0, 0, 0, 0.1, 0.25)) * size
    width = sum(font.getlength(c) + spacing for c in text)
    plane = PillowImage.new("L", (math.ceil(width) + 2, 3 * size))
    pen = ImageDraw.Draw(plane)
    x = 1.0
    for character in text:
        pen.text((x, size // 2), character, fill=255, font=font)
        x += font.getlength(character) + spacing
    ink = np.asarray(plane, np.float32) / np.float32(255)
    return ink, (round(size // 2 + top), round(size // 2 + bottom))


def _disturb(dark: _Plane, box: list[int], size: int, rng: Random) -> None:
    """Rules near the border, slivers of neighbours, specks, ticks, circles and ghosts."""
    x0, y0, x1, y1 = box
    thick = max(1, round(rng.uniform(0.03, 0.12) * size))
    level = (rng.uniform(0.4, 1),)
    for x in (x0, x1):
        if rng.random() < 0.2:
            x += rng.randrange(-2, max(2, size // 5)) * (1 if x == x0 else -1)
            cv2.line(dark, (x, 0), (x, dark.shape[0]), level, thick)
    for y, is_top in ((y0, True), (y1, False)):
        if rng.random() < 0.25:
            rule = y + rng.randrange(-2, max(2, size // 6)) * (1 if is_top else -1)
            cv2.line(dark, (0, rule), (dark.shape[1], rule), level, thick)
        if rng.random() < 0.06:  # the line above or below, cut
            sliver, line = _written(rng.choice("0123568本年件"), size, rng)
            seen = round(rng.uniform(0, 0.22) * size)
            top = y + seen - line[1] if is_top else y - seen - line[0]
            _overlay(dark, sliver, rng.randrange(x0, x1), top)
    if rng.random() < 0.12:
        for _ in range(rng.randrange(1, 12)):
            spot = (rng.randrange(x0, x1), rng.randrange(y0, y1))
            radius = rng.randrange(0, max(1, size // 14) + 1)
            cv2.circle(dark, spot, radius, (rng.uniform(0.3, 1),), -1)
    center = ((x0 + x1) // 2, (y0 + y1) // 2)
    pen = max(1, round(rng.uniform(0.04, 0.1) * size))
    shade = (rng.uniform(0.3, 0.8),)
    mark = rng.random()
    if mark < 0.04:
        axes = ((x1 - x0) // 2, round(rng.uniform(0.6, 1) * (y1 - y0) / 2 + 1))
        cv2.ellipse(dark, center, axes, rng.uniform(-12, 12), 10, 365, shade, pen, cv2.LINE_AA)
    elif mark < 0.08:
        x, y = x1 - round(rng.uniform(0, 0.7) * size), center[1]
        points = np.array([[0, 0], [0.3, 0.4], [1.2, -0.8]]) * size * rng.uniform(0.5, 1) + [x, y]
        cv2.polylines(dark, [points.astype(np.int32)], False, shade, pen, cv2.LINE_AA)
    elif mark < 0.16:
        ghost, line = _written(rng.choice(("0", "12", "386", "年报", "公开")), size, rng)
        faint = cv2.GaussianBlur(ghost[:, ::-1] * rng.uniform(0.05, 0.25), (0, 0), 0.08 * size)
        y = rng.randrange(y0 - size, y1)
        _overlay(dark, np.asarray(faint, np.float32), rng.randrange(x0 - size, x1), y - line[0])


def _overlay(dark: _Plane, ink: _Plane, x: int, y: int) -> None:
    """Put ink upon ink; what lies outside is cut off."""
    ink = ink[max(0, -y) :, max(0, -x) :]
    x, y = max(x, 0), max(y, 0)
    place = dark[y : y + ink.shape[0], x : x + ink.shape[1]]
    np.maximum(place, ink[: place.shape[0], : place.shape[1]], out=place)


def _turned(dark: _Plane, degrees: float, size: int, rng: Random) -> _Plane:
    height, width = dark.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    matrix[0, 1] += rng.gauss(0, 0.03)
    turned = cv2.warpAffine(dark, matrix, (width, height))
    return np.asarray(turned, np.float32)


def _sensed(dark: _Plane, rng: Random) -> Image:
    """Toner, optics, sensor, file: from ink to grey levels."""
    noise = np.random.default_rng(rng.getrandbits(32))
    height, width = dark.shape
    if rng.random() < 0.15:  # toner that did not hold
        coarse = noise.random((height // 3 + 2, width // 3 + 2), np.float32)
        holes = cv2.resize(coarse, (width, height))
        dark = dark * np.clip(1.6 - rng.uniform(0.6, 1.4) * holes, 0, 1)
    soft = cv2.GaussianBlur(dark, (0, 0), max(0.2, rng.uniform(0.01, 0.075) * height / 1.6))
    if rng.random() < 0.15:  # a copier or a fax
        soft = 1 / (1 + np.exp(-rng.uniform(8, 40) * (soft - rng.uniform(0.25, 0.6))))
    scale = rng.choice((1.0, 1.0, 0.75, 0.5)) if height > 24 else 1.0
    soft = cv2.resize(soft, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    contrast = rng.uniform(0.25, 0.5) if rng.random() < 0.15 else rng.uniform(0.55, 0.95)
    gray = rng.uniform(200, 255) * (1 - contrast * soft)
    gray += rng.uniform(-12, 12) * np.linspace(-1, 1, gray.shape[1], dtype=np.float32)
    gray += noise.normal(0, rng.uniform(0.5, 7), gray.shape)
    levels = np.clip(gray, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, rng.randrange(12, 90)]
        data = cv2.imencode(".jpg", levels, quality)[1]
        levels = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    return np.repeat(levels[..., np.newaxis], 3, axis=2)
