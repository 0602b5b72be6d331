"""What else the characters of a line could be: per character, and for a whole word.

A reader gives for every character the strings that may stand in its place, each with a probability:
another character, nothing ("") where the print may be a speck, or two characters where one may have
been lost. This is a confusion network (Mangu, Brill and Stolcke, 2000) that is aligned with
the best reading, so that it can be cut wherever the line is cut.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

Choices = tuple[tuple[str, float], ...]
"""What may stand in the place of one character, the chosen one first, then the likeliest first."""

N_SPELLINGS = 8
MIN_RATIO = 1e-4


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to read a word; `score` is the product of its characters' probabilities."""

    text: str
    score: float


def spellings(choices: Sequence[Choices], limit: int = N_SPELLINGS) -> tuple[Spelling, ...]:
    """Return the likeliest other ways to read a word, best first, without the word itself.

    Args:
        choices: one for each character; empty where the reader gives none.
        limit: the most that are returned. Those less likely than `MIN_RATIO` of the word are not.
    """
    if not choices:
        return ()
    start = tuple(0 for _ in choices)
    ordered = [(choice[0], *sorted(choice[1:], key=lambda c: -c[1])) for choice in choices]
    total = _product(ordered, start)
    # Best first over the lattice of choices: a successor takes the next choice in one place.
    heap = [(-total, start)]
    seen = {start}
    word = "".join(choice[0][0] for choice in ordered)
    found: dict[str, float] = {}
    while heap and len(found) < limit:
        negative, picks = heapq.heappop(heap)
        if -negative < MIN_RATIO * total:
            break
        text = "".join(choice[pick][0] for choice, pick in zip(ordered, picks, strict=True))
        if text.strip() and text != word and text not in found:
            found[text] = -negative
        for i, pick in enumerate(picks):
            if pick + 1 < len(ordered[i]):
                following = (*picks[:i], pick + 1, *picks[i + 1 :])
                if following not in seen:
                    seen.add(following)
                    heapq.heappush(heap, (-_product(ordered, following), following))
    return tuple(Spelling(text, score) for text, score in found.items())


def _product(choices: Sequence[Choices], picks: Sequence[int]) -> float:
    product = 1.0
    for choice, pick in zip(choices, picks, strict=True):
        product *= choice[pick][1]
    return product
