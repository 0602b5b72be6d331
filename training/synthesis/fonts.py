"""The faces that documents are set in, and which characters they have.

`make fonts` lays the faces out in `FONT_FOLDER`; with all of them there, no font of the system is
used, so that the same seed gives the same pages on every machine. Without them the Chinese faces of
the system are taken (Debian's fonts-noto-cjk is enough to run the tests).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import typst
from fontTools.ttLib import TTFont

FONT_FOLDER = Path("build/fonts")

# Name in a style → families, best first. The last ones are what a machine without them falls to.
FACES = {
    "fang": ("FandolFang R", "Noto Serif CJK SC", "Noto Sans CJK SC"),
    "song": ("FandolSong", "Noto Serif CJK SC", "Noto Sans CJK SC"),
    "kai": ("FandolKai", "Noto Serif CJK SC", "Noto Sans CJK SC"),
    "hei": ("FandolHei", "Noto Sans CJK SC", "Noto Serif CJK SC"),
    "thin_song": ("AR PL SungtiL GB", "FandolSong", "Noto Serif CJK SC"),
    "thin_kai": ("AR PL KaitiM GB", "FandolKai", "Noto Serif CJK SC"),
    "ming": ("AR PL UMing", "FandolSong", "Noto Serif CJK SC"),
    "screen": ("WenQuanYi Zen Hei", "FandolHei", "Noto Sans CJK SC"),
    "sans": ("Noto Sans CJK SC", "FandolHei", "Noto Serif CJK SC"),
    "serif": ("Noto Serif CJK SC", "FandolSong", "Noto Sans CJK SC"),
}
LATIN = {"serif": "Liberation Serif", "sans": "Liberation Sans"}

FILES = (
    "FandolFang-Regular.otf",
    "FandolHei-Bold.otf",
    "FandolHei-Regular.otf",
    "FandolKai-Regular.otf",
    "FandolSong-Bold.otf",
    "FandolSong-Regular.otf",
    "LiberationSans-Bold.ttf",
    "LiberationSans-Regular.ttf",
    "LiberationSerif-Bold.ttf",
    "LiberationSerif-Regular.ttf",
    "NotoSansCJK-Bold.ttc",
    "NotoSansCJK-Regular.ttc",
    "NotoSerifCJK-Bold.ttc",
    "NotoSerifCJK-Regular.ttc",
    "gbsn00lp.ttf",
    "gkai00mp.ttf",
    "uming.ttc",
    "wqy-zenhei.ttc",
)


class FontError(RuntimeError):
    """No font with simplified Chinese characters was found, or one lacks a character."""


def missing_files() -> list[str]:
    """Font files that `make fonts` would lay out and that are not there."""
    return [name for name in FILES if not (FONT_FOLDER / name).is_file()]


@cache
def load_fonts() -> typst.Fonts:
    """The fonts at hand.

    Raises:
        FontError: none of them has simplified Chinese characters.
    """
    folders = [str(FONT_FOLDER)] if FONT_FOLDER.is_dir() else []
    fonts = typst.Fonts(include_system_fonts=bool(missing_files()), font_paths=folders)
    if not {name for faces in FACES.values() for name in faces} & set(fonts.families()):
        raise FontError(
            "no font with simplified Chinese characters: run `make fonts`, or install Debian's "
            "fonts-noto-cjk"
        )
    return fonts


def seal_font() -> Path | None:
    """A file with the characters of a seal's ring, None where there is none."""
    names = (*families("song"), *families("serif"))
    files = {info.family: info.path for info in load_fonts().fonts() if info.weight == 400}
    path = next((files[name] for name in names if files.get(name) is not None), None)
    return None if path is None else Path(path)


@cache
def families(face: str) -> tuple[str, ...]:
    """The families at hand for a face, at most two, best first."""
    known = set(load_fonts().families())
    return tuple(name for name in FACES[face] if name in known)[:2]


def latin_family(kind: str) -> str | None:
    """The family that sets digits and Latin letters, None if it is not at hand."""
    family = LATIN[kind]
    return family if family in load_fonts().families() else None


def lacking(face: str, text: str) -> set[str]:
    """Characters of a text that no family of the face has; white space is not looked at.

    A character that is not there would be printed as an empty box while the text layer still names
    it: a label without a glyph.
    """
    return {c for c in text if not c.isspace()} - _characters(face)


@cache
def _characters(face: str) -> frozenset[str]:
    names: list[str] = [*families(face)]
    names += [family for kind in LATIN if (family := latin_family(kind)) is not None]
    codes: set[int] = set()
    for info in load_fonts().fonts():
        if info.family in names and info.path is not None:
            codes.update(_codes(info.path, info.index))
    return frozenset(map(chr, codes))


@cache
def _codes(path: str, index: int) -> Iterable[int]:
    number = index if path.endswith(".ttc") else -1
    with TTFont(path, fontNumber=number, lazy=True) as font:
        return tuple(font.getBestCmap())
