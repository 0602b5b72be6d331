"""What the token classifier says of key figures in running text, as places in a paragraph, and what
number stands there."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from extractor.characters import canonical
from extractor.figure_keys import FigureKey
from extractor.numerals import find_numbers
from extractor.prose import Prose
from extractor.quantities import Quantity, longest_first

_ZERO = re.compile(r"[未没无零]|不曾|尚未|0")


@dataclass(frozen=True, slots=True)
class Said:
    """A key figure at `start .. end` of a paragraph's canonical text; see `meaning.Mention`."""

    start: int
    end: int
    key: str
    scope: str | None
    is_approximate: bool
    probability: float


def said_of(paragraph: Prose, offsets: Sequence[int]) -> list[Said] | None:
    """The figures of a paragraph in the order of the text; those cut by the end of a line are
    joined.

    Args:
        offsets: of the canonical characters in the paragraph's text, ascending.

    Returns:
        None if the classifier was not asked.
    """
    if all(fragment.meaning is None for fragment in paragraph.fragments):
        return None
    found: list[Said] = []
    for begin, fragment in zip(paragraph.starts, paragraph.fragments, strict=True):
        for mention in fragment.meaning.mentions if fragment.meaning else ():
            start = bisect_left(offsets, begin + mention.start)
            end = bisect_left(offsets, begin + mention.end)
            said = Said(
                start,
                end,
                mention.key,
                mention.scope,
                mention.is_approximate,
                mention.probability,
            )
            last = found[-1] if found else None
            if mention.continues and last and last.key == said.key and said.start - last.end <= 1:
                found[-1] = replace(last, end=said.end)
            elif said.start < said.end:
                found.append(said)
    return found


def quantity_of(
    said: Said, text: str, quantities: Sequence[Quantity], key: FigureKey
) -> Quantity | None:
    """The number that a figure states, with its unit; 0 for words that deny.

    Returns:
        None if there is no number, or more than one, that is not within another one's place.
    """
    inside = [q for q in quantities if q.start < said.end and said.start < q.end]
    if len(inside) == 1:
        return inside[0]
    if inside:
        return None
    words = text[said.start : said.end]
    units = longest_first({canonical(unit) for unit in key.units})
    for number in find_numbers(text):
        if said.start <= number.start < said.end:
            unit = next((u for u in units if text.startswith(u, number.end)), None)
            end = number.end + len(unit or "")
            return Quantity(
                number.start, number.end, end, number.value, unit, number.is_approximate, False
            )
    if _ZERO.search(words):
        return Quantity(said.start, said.end, said.end, Decimal(0), key.units[0], False, False)
    return None
