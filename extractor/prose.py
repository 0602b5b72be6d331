"""Fragments to paragraphs: lines of running text joined, with a way back to where they stand."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor.characters import canonical
from extractor.types import Box, Evidence, Fragment, Role

_ENUMERATOR = re.compile(r"\(?[一二三四五六七八九十]{1,3}[)、.]|[0-9]{1,2}[、.](?![0-9])")


@dataclass(frozen=True, slots=True)
class Prose:
    """One paragraph, its lines joined. `starts[i]` is where the text of `fragments[i]` begins.

    `heading` is the section heading above it, "" if there is none.
    """

    text: str
    fragments: tuple[Fragment, ...]
    starts: tuple[int, ...]
    heading: str = ""

    def evidence(self, start: int, end: int) -> Evidence:
        """Where the characters `start .. end` stand; the part on one line, if they cross two.

        On a page the line's box is narrowed to the characters by their usual widths.
        """
        i = max(0, bisect_right(self.starts, start) - 1)
        fragment = self.fragments[i]
        evidence, box = fragment.evidence, fragment.evidence.box
        if box is None or box.width <= box.height:
            return evidence
        widths = [_width(character) for character in fragment.text]
        total = sum(widths)
        first = max(0, start - self.starts[i])
        last = min(len(widths), end - self.starts[i])
        if not total or first >= last:
            return evidence
        # Half a character of margin, because the widths are only usual ones.
        x0 = max(0.0, sum(widths[:first]) - 0.5) / total
        x1 = min(float(total), sum(widths[:last]) + 0.5) / total
        narrow = Box(box.x0 + x0 * box.width, box.y0, box.x0 + x1 * box.width, box.y1)
        return replace(evidence, box=narrow)

    def score(self, start: int, end: int) -> float:
        """What the reader says of the lines that the characters `start .. end` stand on."""
        first = max(0, bisect_right(self.starts, start) - 1)
        last = max(first + 1, bisect_left(self.starts, end))
        return min(fragment.score for fragment in self.fragments[first:last])


def join_prose(fragments: Sequence[Fragment]) -> tuple[Prose, ...]:
    """Join the lines of running text to paragraphs.

    Fragments are in reading order. Those with another role than PROSE end a paragraph and are left
    out, except for furniture (a page number does not end a sentence). A new paragraph starts at
    an enumerator such as （二） too.
    """
    paragraphs: list[Prose] = []
    current: list[Fragment] = []
    heading = ""
    for fragment in fragments:
        if fragment.role is Role.FURNITURE:
            continue
        is_prose = fragment.role in (None, Role.PROSE) and bool(fragment.text.strip())
        if current and (not is_prose or _ENUMERATOR.match(canonical(fragment.text))):
            paragraphs.append(_joined(current, heading))
            current = []
        if is_prose:
            current.append(fragment)
        elif fragment.role is Role.HEADING:
            heading = fragment.text
    if current:
        paragraphs.append(_joined(current, heading))
    return tuple(paragraphs)


def _joined(fragments: Sequence[Fragment], heading: str) -> Prose:
    text = ""
    starts: list[int] = []
    for fragment in fragments:
        if text and _is_word(text[-1]) and _is_word(fragment.text[0]):
            text += " "
        starts.append(len(text))
        text += fragment.text
    return Prose(text, tuple(fragments), tuple(starts), heading)


def _is_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _width(character: str) -> float:
    return 1.0 if unicodedata.east_asian_width(character) in "WF" else 0.5
