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

_DENIAL = re.compile(r"[未没无零不]")
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Said:
    """A key figure at `start .. end` of a paragraph's canonical text; see `meaning.Mention`.

    `is_cut`: it goes on where this paragraph does not.
    """

    start: int
    end: int
    key: str
    scope: str | None
    is_approximate: bool
    probability: float
    is_cut: bool = False

    def overlaps(self, start: int, end: int) -> bool:
        return self.start < end and start < self.end


def said_of(paragraph: Prose, offsets: Sequence[int]) -> list[Said] | None:
    """The figures of a paragraph in the order of the text; those cut by the end of a line are
    joined. The end of one whose beginning is not here is none.

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
            last = found[-1] if found else None
            if mention.continues:
                # A blank between two words of Latin letters or digits is all that may part them.
                if last and last.is_cut and last.key == mention.key and start - last.end <= 1:
                    found[-1] = replace(last, end=end, is_cut=mention.goes_on)
            elif start < end:
                found.append(
                    Said(
                        start,
                        end,
                        mention.key,
                        mention.scope,
                        mention.is_approximate,
                        mention.probability,
                        mention.goes_on,
                    )
                )
    return found


def quantity_of(
    said: Said, text: str, quantities: Sequence[Quantity], key: FigureKey
) -> Quantity | None:
    """The number that a figure states, with its unit; 0 for words that deny.

    Returns:
        A doubtful one if it is not the only number there, or looks like no quantity (a year, a
        number without a unit); None if there is no number and nothing denies.
    """
    inside = [q for q in quantities if said.overlaps(q.start, q.end)]
    denies = _DENIAL.search(text, said.start, said.end) is not None
    if len(inside) == 1 and denies and inside[0].value == _ONE:
        # 一件申请也没有收到: one is said to say none.
        return replace(inside[0], value=Decimal(0), is_doubtful=True)
    if inside:
        best = max(inside, key=lambda q: min(q.end, said.end) - max(q.start, said.start))
        return best if len(inside) == 1 else replace(best, is_doubtful=True)
    units = longest_first({canonical(unit) for unit in key.units})
    numbers = [n for n in find_numbers(text) if said.start <= n.start < said.end]
    if len(numbers) == 1:
        (number,) = numbers
        unit = next((u for u in units if text.startswith(u, number.end)), None)
        end = number.end + len(unit or "")
        return Quantity(
            number.start, number.end, end, number.value, unit, number.is_approximate, True
        )
    if denies and not numbers:
        zero = Decimal(0)
        return Quantity(said.start, said.end, said.end, zero, key.units[0], False, False)
    return None
