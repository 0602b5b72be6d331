"""Printed words against the labels of the form: similarity, and alignment of whole sequences.

Reports print labels broken over lines, with other numbering, with misprints and with explanations
in brackets, and they leave labels out. One label alone is therefore weak evidence; the order of
all labels of a table is strong evidence. `align` finds the best monotone assignment of pieces of
text to labels, in which a label may be made of several consecutive pieces, pieces may be foreign
and labels may be missing: a local alignment in the sense of Smith and Waterman (1981), with merges.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from extractor.characters import canonical
from extractor.schema import Label

_NUMBERING = re.compile(r"^[(（]?[一二三四五六七八九十\d]{1,2}[)）]?[、.．,，:：]?(?=\D)")
_BRACKETS = re.compile(r"[(（【\[][^)）】\]]*[)）】\]]?")
_LEAD = re.compile(r"^(?:其中|含)[:：]?(?=\w{2})")
_NOT_WORD = re.compile(r"[\W_]+")
_LATIN = re.compile(r"[A-Za-z]{3,}(?:[\W\d]*[A-Za-z]+)*")
_HAN = re.compile(r"[\u4e00-\u9fff]{2}")

MIN_SIMILARITY = 0.6
"""Below this a piece of text is not taken for a label at all: half of a short label is another."""

_GAP = 0.03
_MEANT = 0.95
_MEANT_PIECE = 0.5
_CLEAR, _ALIKE = 0.9, 0.05
_FAR = 0.8
_CUT = 0.8
_MIN_CUT_CHARS = 4


@lru_cache(maxsize=65536)
def keys(text: str) -> tuple[str, str]:
    """The comparable forms of a label: with its numbering, and without numbering and brackets.

    Words in Latin letters that stand beside Chinese ones are its translation, and left out.
    """
    plain = canonical(text)
    if _HAN.search(plain):
        plain = _LATIN.sub("", plain)
    full = _NOT_WORD.sub("", plain)
    core = _NUMBERING.sub("", _BRACKETS.sub("", plain).strip())
    core = _NOT_WORD.sub("", _LEAD.sub("", core))
    return full, core or full


@lru_cache(maxsize=65536)
def similarity(text: str, label: Label) -> float:
    """How much `text` looks like `label`, in [0, 1]; 0 for text without words."""
    return float(similarities([text], [label])[0, 0])


def similarities(texts: Sequence[str], labels: Sequence[Label]) -> NDArray[np.float64]:
    """Similarity of every text to every label.

    The numbering counts little: "3.其他" is nearer to "3.其他" than "其他" is, but a label with a
    wrong or no number is still that label.

    Returns:
        float64 (len(texts), len(labels)), each in [0, 1].
    """
    result = np.zeros((len(texts), len(labels)))
    if not len(texts) or not len(labels):
        return result
    text_keys = [keys(text) for text in texts]
    owner = np.array([i for i, label in enumerate(labels) for _ in label.variants])
    variant_keys = [keys(variant) for label in labels for variant in label.variants]
    full, core = (
        process.cdist(
            [key[form] for key in text_keys],
            [key[form] for key in variant_keys],
            scorer=fuzz.ratio,
            dtype=np.float64,
        )
        / 100
        for form in (0, 1)
    )
    best = np.maximum(full, 0.95 * core)
    best[[not key[0] for key in text_keys], :] = 0.0
    for i in range(len(labels)):
        result[:, i] = best[:, owner == i].max(axis=1)
    return result


def best_label(text: str, labels: Sequence[Label]) -> tuple[int, float] | None:
    """Index and similarity of the most similar label, None if none is similar at all."""
    if not labels:
        return None
    row = similarities([text], labels)[0]
    i = int(row.argmax())
    return (i, float(row[i])) if row[i] >= MIN_SIMILARITY else None


@dataclass(frozen=True, slots=True)
class Match:
    """Texts `start .. stop` (half-open), joined, are label number `label`."""

    label: int
    start: int
    stop: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """The best assignment of a sequence of texts to a sequence of labels; `score` >= 0."""

    matches: tuple[Match, ...]
    score: float


def align(
    texts: Sequence[str],
    labels: Sequence[Label],
    *,
    max_merge: int = 4,
    breaks: Sequence[int] | None = None,
    may_be_cut: bool = False,
    meant: NDArray[np.float64] | None = None,
) -> Alignment:
    """Assign consecutive pieces of text to labels, both in order.

    Args:
        texts: pieces of print in reading order. May be empty.
        labels: in the order in which the form prints them.
        max_merge: most pieces that may make up one label.
        breaks: for each text the number of the printed cell it lies in, where that is known; only
            texts of one cell are merged. None where nothing is known.
        may_be_cut: whether labels may have lost their end, as in "要求行政机关确", or beginning.
        meant: float64 (len(texts), len(labels)), how likely each text is a part of each label by
            what the token classifier says. None where it was not asked.

    Returns:
        Matches in order; each label and each text at most once. Empty where nothing fits.
    """
    if not texts or not labels:
        return Alignment((), 0.0)
    possible, gains = _possible_matches(texts, labels, max_merge, breaks, may_be_cut, meant)
    if not possible:
        return Alignment((), 0.0)
    starts = np.array([match.start for match in possible])
    stops = np.array([match.stop for match in possible])
    numbers = np.array([match.label for match in possible])
    best = gains.copy()
    previous = np.full(len(possible), -1)
    for i in np.argsort(stops, kind="stable"):
        before = np.flatnonzero((stops <= starts[i]) & (numbers < numbers[i]))
        if not before.size:
            continue
        chained = best[before] - np.minimum(_GAP * (starts[i] - stops[before]), _FAR)
        j = int(chained.argmax())
        if chained[j] > 0:
            best[i] = gains[i] + chained[j]
            previous[i] = before[j]
    i = int(best.argmax())
    score = float(best[i])
    chain = []
    while i >= 0:
        chain.append(possible[i])
        i = int(previous[i])
    return Alignment(tuple(reversed(chain)), score)


def _possible_matches(
    texts: Sequence[str],
    labels: Sequence[Label],
    max_merge: int,
    breaks: Sequence[int] | None,
    may_be_cut: bool,
    meant: NDArray[np.float64] | None,
) -> tuple[list[Match], NDArray[np.float64]]:
    """All pairs of a run of texts and a label that look alike, and what each is worth.

    A match of a long label says more than one of a short one; a match made of many pieces must be
    better than its parts. Words in which no label is recognised may be known by their meaning: as
    their likeness does not tell whether they are the whole label, more pieces are then better.
    """
    weights = np.array([sqrt(len(keys(label.text)[1])) for label in labels])
    longest = max(len(keys(v)[0]) for label in labels for v in label.variants)
    matches: list[Match] = []
    gains: list[float] = []
    for length in range(1, max_merge + 1):
        runs = [
            i
            for i in range(len(texts) - length + 1)
            if all(texts[i : i + length])
            and sum(len(text) for text in texts[i : i + length]) <= 4 * longest
            and (breaks is None or len(set(breaks[i : i + length])) == 1)
        ]
        found = similarities(["".join(texts[i : i + length]) for i in runs], labels)
        if may_be_cut and length == 1:
            found = np.maximum(found, _parts([texts[i] for i in runs], labels))
        merged = np.full(found.shape, 0.02 * (length - 1))
        if meant is not None:
            known = _MEANT * _meant_of_runs(meant, texts, runs, length)
            # What reads as a label is that label, whatever stands in its place usually.
            best = found.max(axis=1, keepdims=True, initial=0.0)
            known[(best >= _CLEAR) & (found < best - _ALIKE)] = 0.0
            merged[known > found] *= -1
            found = np.maximum(found, known)
        for row, column in zip(*np.nonzero(found >= MIN_SIMILARITY), strict=True):
            value = float(found[row, column])
            matches.append(Match(int(column), runs[row], runs[row] + length, value))
            gains.append((value - 0.5) * 2 * float(weights[column]) - merged[row, column])
    return matches, np.array(gains)


def _meant_of_runs(
    meant: NDArray[np.float64], texts: Sequence[str], runs: Sequence[int], length: int
) -> NDArray[np.float64]:
    """float64 (len(runs), labels): the mean over the characters of a run; 0 where one of its pieces
    is rather no part of the label."""
    result = np.zeros((len(runs), meant.shape[1]))
    for i, run in enumerate(runs):
        pieces = meant[run : run + length]
        sizes = np.array([len(text) for text in texts[run : run + length]], np.float64)
        result[i] = sizes @ pieces / sizes.sum()
        result[i, (pieces < _MEANT_PIECE).any(axis=0)] = 0.0
    return result


def _parts(texts: Sequence[str], labels: Sequence[Label]) -> NDArray[np.float64]:
    """`_CUT` where a text is a part of that label and of no other, else 0.

    Returns:
        float64 (len(texts), len(labels)).
    """
    whole = [[keys(variant)[1] for variant in label.variants] for label in labels]
    result = np.zeros((len(texts), len(labels)))
    for i, text in enumerate(texts):
        core = keys(text)[1]
        around = [j for j, cores in enumerate(whole) if any(core in c for c in cores)]
        if len(core) >= _MIN_CUT_CHARS and len(around) == 1:
            result[i, around[0]] = _CUT
    return result
