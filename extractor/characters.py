"""One spelling for text that is compared: any printed text in, its canonical form out.

The same word arrives as full-width, traditional, spaced out or with other dashes and quotes,
depending on the file format. Everything that matches words matches canonical forms on both sides.
A canonical form is never shown to a user: `printed` and sentences keep the characters as read.

Here, too, is what no file of results may have in it (`storable`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_QUOTES = dict.fromkeys("“”„‟〝〞「」『』", '"') | dict.fromkeys("‘’‚‛′`´", "'")
_BRACKETS = dict.fromkeys("〔［【〖", "[") | dict.fromkeys("〕］】〗", "]")
_DASHES = dict.fromkeys("‐‑‒–—―−﹣－─━﹘⸺⸻", "-")
# Radicals that broken text layers hold in place of the character, and NFKC leaves alone.
_RADICALS = dict(
    zip(
        "⺠⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻨⻩⻬⻮⻰⻳",
        "民虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙龟",
        strict=True,
    )
)
_TABLE = _QUOTES | _BRACKETS | _DASHES | _RADICALS
# NFKC would turn these into plain digits, which would merge with a number beside them.
_KEPT = frozenset("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳⓪⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉")


_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def storable(text: str) -> str:
    """Text with a replacement character for whatever is no character of XML, which neither a
    workbook nor every database can hold: control characters, halves of pairs, U+FFFE and U+FFFF."""
    return _NO_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text)


def unstorable_in(text: str) -> str | None:
    """The first of these characters in a text, as U+0000; None if there is none."""
    found = _NO_CHARACTER.search(text)
    return None if found is None else f"U+{ord(found[0]):04X}"


def canonical(text: str) -> str:
    """The form of `text` that is used for matching, never for display.

    Full-width, traditional and compatibility characters, quotes, dashes and brackets are unified;
    white space is dropped unless it stands between two ASCII letters or digits, where one blank
    is kept. Idempotent. "" stays "".
    """
    return canonical_with_offsets(text)[0]


def canonical_with_offsets(text: str) -> tuple[str, tuple[int, ...]]:
    """The canonical form, and for each of its characters the index in `text` that it comes from."""
    characters: list[str] = []
    offsets: list[int] = []
    pending = -1
    for i, character in enumerate(text):
        unified = _unify(character)
        if unified.isspace():
            if pending < 0:
                pending = i
            continue
        for part in unified:
            if part.isspace():
                continue
            if pending >= 0:
                if characters and _is_word(characters[-1]) and _is_word(part):
                    characters.append(" ")
                    offsets.append(pending)
                pending = -1
            characters.append(part)
            offsets.append(i)
    return "".join(characters), tuple(offsets)


def is_han(character: str) -> bool:
    """Whether a single character is a Chinese one."""
    return "\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf"


def _is_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


@cache
def _unify(character: str) -> str:
    """Canonical characters for one character; "" for one that prints nothing."""
    if character in _KEPT:
        return character
    if character in _TABLE:
        return _TABLE[character]
    if character.isspace():
        return " "
    if unicodedata.category(character) in ("Cf", "Cc"):
        return ""
    return "".join(
        _TABLE.get(part) or _simplify(part) for part in unicodedata.normalize("NFKC", character)
    )


def _simplify(character: str) -> str:
    """The simplified form. What GB 2312 contains is simplified already, so that plain documents
    never load the conversion tables."""
    if not is_han(character):
        return character
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        converted = _converter()(character)
        return converted if len(converted) == 1 else character
    return character


@cache
def _converter() -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert
