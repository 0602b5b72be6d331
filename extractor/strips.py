"""Crops and what the network says of them in; lines with a place for every character out.

Pure functions, without the network itself (`ocr` runs it).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.orientation import bounds
from extractor.spellings import Choices
from extractor.types import Box, Image, Line

HAN_HEIGHT_EM = 0.92
DIGIT_HEIGHT_EM = 0.68
"""Height of the ink of a line relative to the size of its type."""
HAN_GAP_EM = 0.8
DIGIT_GAP_EM = 0.5
PUNCTUATION_GAP_EM = 1.4
"""Blank between the ink of two characters beyond which they belong to different cells. Wider than
the gaps of `textlayer`, which are measured between the cells of the font and not between inks."""
WIDE_PITCH_EM, EVEN_PITCH = (0.8, 1.5), 0.75
"""Distance from one digit to the next in a number that is set as wide as Han characters, and how
much closer a third digit may stand; the digits of two ordinary numbers do not stand evenly."""
RULE_SHARE, RULE_WIDTH_EM, RULE_MARGIN_EM = 0.95, 0.25, 0.12
"""A ruled line runs from top to bottom, is thin, and has blank on both sides, unlike a stroke."""
MIN_CONTRAST = 30.0
CERTAIN, CERTAIN_BLANK = 0.999, 0.98
"""A character (a blank) of this probability has no alternatives worth keeping."""
MIN_CHOICE, MAX_CHOICES = 0.003, 5
SQUARE = 1.15
"""Pieces of a character are joined up to this ratio of height to width."""


@dataclass(frozen=True, slots=True)
class Strip:
    """What is read in one crop.

    `centers` has one position for each character, as a fraction of the crop's width. `score` is the
    smallest probability of its characters and `mean_score` their mean; both 0 where text is "".
    `choices` says for each character what else it could be. `centers` and `choices` are empty where
    they are not known.
    """

    text: str
    score: float
    mean_score: float
    centers: tuple[float, ...]
    choices: tuple[Choices, ...] = ()


def decode_ctc(scores: NDArray[np.float32], alphabet: Sequence[str], step: float) -> Strip:
    """Turn the best class of every time step into text: repeats are one character, class 0 none.

    Args:
        scores: shape (steps, classes), probabilities.
        alphabet: the character of every class.
        step: width of a time step as a fraction of the crop's width.
    """
    best = scores.argmax(axis=1)
    probability = scores[np.arange(len(best)), best]
    chars: list[str] = []
    peaks: list[float] = []
    centers: list[float] = []
    others: list[dict[str, float]] = []
    lost: list[tuple[int, int, float]] = []
    changes = [0, *(np.flatnonzero(np.diff(best)) + 1).tolist(), len(best)]
    for start, stop in itertools.pairwise(changes):
        label = int(best[start])
        if label == 0:
            lost += _lost_characters(scores[start:stop], probability[start:stop], len(chars))
            continue
        peak = start + int(probability[start:stop].argmax())
        chars.append(alphabet[label])
        peaks.append(float(probability[peak]))
        centers.append(min(1.0, (start + stop) / 2 * step))
        others.append(_others(scores, peak, start, stop, label, alphabet))
    kept = [i for i, char in enumerate(chars) if not char.isspace()]
    if not kept:
        return Strip("", 0.0, 0.0, ())
    for place, label, score in lost:
        _insert(chars, peaks, others, place, alphabet[label], score)
    first, last = kept[0], kept[-1] + 1
    chars, peaks, centers = chars[first:last], peaks[first:last], centers[first:last]
    has_places = all(len(char) == 1 for char in chars)
    choices = tuple(
        ((char, peak), *sorted(other.items(), key=lambda item: -item[1])[:MAX_CHOICES])
        for char, peak, other in zip(chars, peaks, others[first:last], strict=True)
    )
    return Strip(
        "".join(chars),
        min(peaks),
        sum(peaks) / len(peaks),
        tuple(centers) if has_places else (),
        choices if has_places else (),
    )


def _others(
    scores: NDArray[np.float32],
    peak: int,
    start: int,
    stop: int,
    label: int,
    alphabet: Sequence[str],
) -> dict[str, float]:
    """What else a character could be; "" is nothing at all."""
    if scores[peak, label] > CERTAIN:
        return {}
    found = {
        alphabet[i]: float(scores[peak, i])
        for i in np.flatnonzero(scores[peak] > MIN_CHOICE).tolist()
        if i not in (0, label) and not alphabet[i].isspace()
    }
    nothing = float(scores[start:stop, 0].min())
    if nothing > MIN_CHOICE:
        found[""] = nothing
    return found


def _lost_characters(
    scores: NDArray[np.float32], probability: NDArray[np.float32], place: int
) -> list[tuple[int, int, float]]:
    """Characters that may stand in a run of blanks: their place, class and probability."""
    lost = []
    for i in np.flatnonzero(probability < CERTAIN_BLANK).tolist():
        label = int(scores[i, 1:].argmax()) + 1
        lost.append((place, label, float(scores[i, label])))
    return lost


def _insert(
    chars: Sequence[str],
    peaks: Sequence[float],
    others: Sequence[dict[str, float]],
    place: int,
    char: str,
    score: float,
) -> None:
    """Offer a lost character together with the one before it, or with the first one."""
    if char.isspace() or score < MIN_CHOICE:
        return
    at = max(0, place - 1)
    pair = char + chars[0] if place == 0 else chars[at] + char
    others[at][pair] = max(others[at].get(pair, 0.0), score * peaks[at])


def to_lines(strip: Strip, quad: NDArray[np.float32], image: Image) -> list[Line]:
    """Place a strip on the page, cut where a wide blank or a ruled line parts its characters.

    Args:
        strip: what was read.
        quad: shape (4, 2), where its crop lies on the page.
        image: the crop.
    """
    if not strip.text:
        return []
    box = bounds(quad)
    left = float(quad[0, 0] + quad[3, 0]) / 2
    right = float(quad[1, 0] + quad[2, 0]) / 2
    if not strip.centers:
        return [Line(strip.text, box, strip.score)]

    def place(fraction: float) -> float:
        return min(max(left + fraction * (right - left), box.x0), box.x1)

    lines: list[Line] = []
    strip = without_blanks_between_digits(strip, image)
    for first, last, start, stop in _cuts(strip, image):
        centers = [place(center) for center in strip.centers[first:last]]
        x0, x1 = place(start), place(stop)
        edges = (x0, *((a + b) / 2 for a, b in itertools.pairwise(centers)), x1)
        part = Box(x0, box.y0, x1, box.y1)
        choices = strip.choices[first:last]
        score = min((choice[0][1] for choice in choices), default=strip.score)
        lines.append(Line(strip.text[first:last], part, score, edges, choices))
    return lines


def _cuts(strip: Strip, image: Image) -> list[tuple[int, int, float, float]]:
    """Return for every part: first and last + 1 character, and its extent as fractions."""
    width = image.shape[1]
    printed = [i for i, char in enumerate(strip.text) if not char.isspace()]
    parts: list[tuple[int, int, float, float]] = []
    if len(printed) > 1:
        dark = darkness(image)
        em = _type_size(strip.text, dark)
    first, start = 0, 0.0
    for i, j in itertools.pairwise(printed):
        if not dark.any():
            break
        limit = _gap_limit(strip.text[i], strip.text[j]) * em
        a, b = round(strip.centers[i] * width), round(strip.centers[j] * width)
        if b - a <= limit:
            continue
        gap_start, gap_stop = _longest_blank(dark[:, a:b])
        is_near = gap_stop - gap_start <= limit or _is_set_wide(strip, i, width / em)
        if is_near and not _has_rule(dark[:, a:b], em):
            continue
        parts.append((first, i + 1, start, (a + gap_start) / width))
        first, start = j, (a + gap_stop) / width
    parts.append((first, len(strip.text), start, 1.0))
    return parts


def without_blanks_between_digits(strip: Strip, image: Image) -> Strip:
    """Leave out the blanks that were read between digits that are set wide.

    Args:
        strip: what was read, with any text.
        image: the crop in which it was read.
    """
    blanks = [i for i, char in enumerate(strip.text) if char.isspace()]
    if not blanks or not strip.centers:
        return strip
    scale = image.shape[1] / _type_size(strip.text, darkness(image))
    dropped = {i for i in blanks if i and _is_set_wide(strip, i - 1, scale)}
    kept = [i for i in range(len(strip.text)) if i not in dropped]
    certain = [strip.choices[i][0][1] for i in kept] if strip.choices else []
    return replace(
        strip,
        score=min(certain, default=strip.score),
        text="".join(strip.text[i] for i in kept),
        centers=tuple(strip.centers[i] for i in kept),
        choices=tuple(strip.choices[i] for i in kept) if strip.choices else (),
    )


def _is_set_wide(strip: Strip, i: int, scale: float) -> bool:
    """Whether a digit and the next printed character are digits of one number that is set wide.

    `scale` turns fractions of the crop's width into the size of the type.
    """
    places = {k: n for n, k in enumerate(k for k, c in enumerate(strip.text) if not c.isspace())}
    if i not in places:
        return False
    printed, n = list(places), places[i]
    if n + 1 >= len(printed) or not all(strip.text[k].isdigit() for k in printed[n : n + 2]):
        return False
    pitch = scale * (strip.centers[printed[n + 1]] - strip.centers[i])
    least, most = WIDE_PITCH_EM
    around = [
        scale * (strip.centers[b] - strip.centers[a])
        for a, b in itertools.pairwise(printed[max(0, n - 1) : n + 3])
        if strip.text[a].isdigit() and strip.text[b].isdigit()
    ]
    return least <= pitch <= most and min(around) >= EVEN_PITCH * pitch


def _type_size(text: str, dark: NDArray[np.bool_]) -> float:
    is_rule = dark.mean(axis=0) >= RULE_SHARE
    rows = np.flatnonzero(dark[:, ~is_rule].any(axis=1))
    height = float(rows[-1] - rows[0] + 1) if len(rows) else float(dark.shape[0])
    return height / (DIGIT_HEIGHT_EM if text.isascii() else HAN_HEIGHT_EM)


def _gap_limit(before: str, after: str) -> float:
    if before.isdigit() and after.isdigit():
        return DIGIT_GAP_EM
    return HAN_GAP_EM if before.isalnum() and after.isalnum() else PUNCTUATION_GAP_EM


def _longest_blank(dark: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the half-open range of the longest run of columns without ink."""
    marks = [-1, *np.flatnonzero(_has_ink(dark)).tolist(), dark.shape[1]]
    start, stop = max(itertools.pairwise(marks), key=lambda pair: pair[1] - pair[0])
    return start + 1, stop


def _has_rule(dark: NDArray[np.bool_], em: float) -> bool:
    is_full = np.flatnonzero(dark.mean(axis=0) >= RULE_SHARE)
    if len(is_full) == 0 or is_full[-1] - is_full[0] > RULE_WIDTH_EM * em:
        return False
    margin = max(2, round(RULE_MARGIN_EM * em))
    has_ink = _has_ink(dark)
    start, stop = int(is_full[0]) - 1, int(is_full[-1]) + 2  # its edges may be grey
    sides = (has_ink[max(0, start - margin) : max(0, start)], has_ink[stop : stop + margin])
    return all(len(side) == margin and not side.any() for side in sides)


def _has_ink(dark: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """For every column; above and below, a ruled line may touch the crop and does not count."""
    margin = dark.shape[0] // 8
    return np.asarray(dark[margin : dark.shape[0] - margin].any(axis=0), dtype=np.bool_)


def darkness(image: Image) -> NDArray[np.bool_]:
    """Return where there is ink, shape (H, W): darker than half way between paper and print."""
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    paper = float(np.percentile(gray, 80))
    print_ = float(gray.min())
    if paper - print_ < MIN_CONTRAST:
        return np.zeros(gray.shape, dtype=np.bool_)
    return np.asarray(gray < (paper + print_) / 2, dtype=np.bool_)


def stacked_characters(image: Image) -> list[tuple[int, int]]:
    """Cut a tall crop into its characters: half-open ranges of rows, from top to bottom.

    Print of one character a line is a label that runs down the side of a table, or a column of
    numbers that the detector took for one line. Pieces of one character, such as the strokes of
    三, are joined while they stay within a square.
    """
    dark = darkness(image)
    width = dark.shape[1]
    margin = width // 8
    has_ink = dark[:, margin : width - margin].any(axis=1)
    steps = np.flatnonzero(np.diff(np.concatenate(([0], has_ink.astype(np.int8), [0]))))
    rows = list(zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True))
    columns = np.flatnonzero(dark.any(axis=0))
    size = float(columns[-1] - columns[0] + 1) if len(columns) else 0.0
    joined: list[tuple[int, int]] = []
    for start, stop in rows:
        if joined and stop - joined[-1][0] <= SQUARE * size:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    whole = [stop - start for start, stop in joined if stop - start >= 0.7 * size]
    pitch = max(size, min(whole, default=0))
    characters: list[tuple[int, int]] = []
    for start, stop in joined:
        count = max(1, round((stop - start) / max(pitch, 1.0)))  # more than one where they touch
        cuts = np.linspace(start, stop, count + 1).round().astype(int).tolist()
        characters += [(a, b) for a, b in itertools.pairwise(cuts) if b - a > 1]
    return characters


def montage(image: Image, rows: Sequence[tuple[int, int]]) -> Image:
    """Set the characters of a stack side by side, so that they read as an ordinary line."""
    if not rows:
        return image
    height = max(stop - start for start, stop in rows)
    pad, gap = max(2, height // 8), max(2, height // 6)
    paper = np.percentile(image, 80, axis=(0, 1)).astype(np.uint8)
    cells = []
    for start, stop in rows:
        columns = np.flatnonzero(darkness(image[start:stop]).any(axis=0))
        x0, x1 = (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (0, 1)
        cell = np.empty((height + 2 * pad, x1 - x0 + 2 * gap, 3), dtype=np.uint8)
        cell[:] = paper
        top = (height - (stop - start)) // 2 + pad
        cell[top : top + stop - start, gap : gap + x1 - x0] = image[start:stop, x0:x1]
        cells.append(cell)
    return np.concatenate(cells, axis=1)
