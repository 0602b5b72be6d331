"""Running text that states a table, cut into its labels and its values.

"（一）予以公开：自然人12件，商业企业3件" is a label, and columns with their values, in one line; so
are "规章0" and lists such as "12/3/0". Cut, they are what the lines of a flattened table are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from extractor.characters import canonical_with_offsets
from extractor.types import Fragment, Role, Sheet, SheetKind
from extractor.values import looks_like_value

_UNITS = "件次|件|条|份|项|个|宗|起|部|次|亿元|万元|千元|元"
_VALUE = re.compile(
    rf"(?:(?<=[:,减])(?:减少?|增加?))?(?:(?<!-)[+-])?(?<![\d.])(?:\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+)(?:\.\d+)?"
    rf"(?:{_UNITS})?(?![\d%年月日号])(?!\.\d)"
)
_NUMBERING = re.compile(r"[.、)](?=[^\W\d])")
_SENTENCE = re.compile(r"[:;。\n]")
_ENDS = " -,、/|:;。.\"'"
_LEAD = re.compile(r"^(?:其中|包括|分别为|共计|共)+")
_LIST = re.compile(r"(?:(?<!增)/(?!减)|[、,\s])+")
_PATH = re.compile(r"(?<!增)/(?!减)")
_FEWEST, _LONGEST, _LONGEST_OF_PATH = 3, 10, 40


def opened(sheets: Sequence[Sheet]) -> Sheet:
    """All text of a document that has no pages as one flow, its sentences cut; pages are left out.

    Values become values, what stands between them labels; text without a value stays as it is.
    """
    pieces = [
        piece
        for s, sheet in enumerate(sheets)
        if sheet.kind is not SheetKind.PAGE
        for f in sheet.fragments
        for piece in _opened(f if f.row is None else replace(f, row=100_000 * s + f.row))
    ]
    return Sheet(SheetKind.FLOW, tuple(replace(piece, box=None) for piece in pieces))


def _opened(f: Fragment) -> Iterator[Fragment]:
    if f.role not in (Role.LABEL, Role.PROSE) or looks_like_value(f.text):
        yield f
        return
    text, offsets = canonical_with_offsets(f.text)
    pieces: list[tuple[str, Role]] = []
    end = 0
    for value in _VALUE.finditer(text):
        if _is_numbering(value):
            continue
        pieces += [(words, Role.LABEL) for words in _words(text[end : value.start()])]
        printed = f.text[offsets[value.start()] : offsets[value.end() - 1] + 1]
        pieces.append((printed, Role.VALUE))
        end = value.end()
    pieces += [(words, Role.LABEL) for words in _words(text[end:])]
    if all(role is Role.LABEL for _, role in pieces) and len(pieces) < _FEWEST:
        yield f
        return
    for words, role in pieces:
        yield replace(f, text=words, role=role, meaning=None)


def _is_numbering(value: re.Match[str]) -> bool:
    """Whether it numbers the label behind it; after a word, "、" parts the members of a list."""
    after = _NUMBERING.match(value.string, value.end())
    before = value.string[: value.start()][-1:]
    return after is not None and (after[0] == "." or not before.isalpha())


def _words(text: str) -> Iterator[str]:
    """The labels between two values; the names of a list, or of a path, one by one."""
    for part in _SENTENCE.split(text):
        words = _LEAD.sub("", _unbracketed(part.strip(_ENDS)))
        names = _LIST.split(words)
        path = [name.strip() for name in _PATH.split(words)]
        if len(path) >= _FEWEST and all(0 < len(name) <= _LONGEST_OF_PATH for name in path):
            yield from path
        elif len(names) >= _FEWEST and all(0 < len(name) <= _LONGEST for name in names):
            yield from names
        elif any(character.isalnum() for character in words):
            yield words


def _unbracketed(text: str) -> str:
    """Without a bracket at its ends that is not opened or not closed within."""
    if text.count("(") != text.count(")"):
        text = text.strip("()").strip(_ENDS)
    return text
