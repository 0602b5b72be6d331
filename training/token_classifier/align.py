"""The labels of a document brought onto the characters that the product reads.

On pages, labelled characters belong to the fragment whose print they are in, by their places;
within a fragment, and over the whole of a text document, reading and truth are aligned by edit
distance (Levenshtein, 1966), so that a misread, split or merged character keeps its true label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from extractor.characters import canonical_with_offsets
from extractor.encoding import TALL, Ints
from extractor.types import Box
from training.synthesis.labels import Run

UNKNOWN = -1
"""No entry of the report: print of the page itself, dirt, what surrounds a text."""
IGNORED = -2
"""Nobody knows: the page and its labels do not fit each other."""
MIN_SHARE = 0.3
"""Of the characters of a page that must be found in its labels; else its labels are not used."""
_BREAK, _EMPTY = "\ue000", "\ue001"
_MARGIN = 0.3
"""Of a line's height: how far beside its box a character may be that belongs to it."""
_REACH = 2.0
"""Characters that print may be away from where its label says, on a bent page."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Truth:
    """N labelled characters: canonical text, number of the run, number of the figure (or UNKNOWN),
    place (N, 4) as fractions of the page (zeros in a document without pages)."""

    text: str
    runs: Ints
    figures: Ints
    places: Floats


@dataclass(frozen=True, slots=True)
class Reading:
    """One fragment as the product reads it: its canonical characters (may be none), and its box as
    fractions of the upright page (None without pages)."""

    text: str
    box: Box | None


@dataclass(frozen=True, slots=True)
class Alignment:
    """For the T characters of all fragments (a blank fragment counts as one): the number of the run
    and of the figure, or UNKNOWN or IGNORED; and the share of characters that are found as they
    are."""

    runs: Ints
    figures: Ints
    share: float


def flatten(runs: Sequence[Run], first_figure: Sequence[int], chosen: Sequence[int]) -> Truth:
    """The characters of the chosen runs; figures are numbered from `first_figure` of their run."""
    text: list[str] = []
    numbers: list[int] = []
    figures: list[int] = []
    places: list[tuple[float, ...]] = []
    for number in chosen:
        run = runs[number]
        form, offsets = canonical_with_offsets(run.text)
        spans = np.full(len(run.text) + 1, UNKNOWN)
        for i, figure in enumerate(run.figures):
            spans[figure.start : figure.end] = first_figure[number] + i
        text.append(form)
        numbers += [number] * len(form)
        figures += [int(spans[offset]) for offset in offsets]
        if run.quads is None:
            places += [(0.0,) * 4] * len(form)
        else:
            low, high = run.quads.min(axis=1), run.quads.max(axis=1)
            places += [(*low[offset], *high[offset]) for offset in offsets]
    return Truth(
        "".join(text),
        np.array(numbers, np.int32),
        np.array(figures, np.int32),
        np.array(places, np.float64).reshape(-1, 4),
    )


def align_page(fragments: Sequence[Reading], truth: Truth) -> Alignment:
    """Bring the labels of one page onto its fragments.

    A fragment in which no labelled print stands, beside labelled print that is in no fragment, may
    be that print, on a page bent out of place: it is if it says the same, else nobody knows.
    """
    owners = _owners(fragments, truth.places)
    centers = (truth.places[:, :2] + truth.places[:, 2:]) / 2
    found: list[Ints] = []
    equal = total = 0
    for number, fragment in enumerate(fragments):
        n = max(1, len(fragment.text))
        members = np.flatnonzero(owners == number)
        box = fragment.box
        if box is not None and len(members):
            axis = 1 if n > 1 and box.height > TALL * box.width else 0
            members = members[np.argsort(centers[members, axis], kind="stable")]
        elif box is not None and fragment.text:
            lost = _near(box, truth, owners)
            if len(lost) and "".join(truth.text[i] for i in lost) == fragment.text:
                members = lost
                owners[lost] = number
            elif len(lost):
                found.append(np.full(n, IGNORED, np.int32))
                total += n
                continue
        there = "".join(truth.text[i] for i in members)
        links, same = _links(fragment.text, there, misread=True)
        equal, total = equal + same, total + len(fragment.text)
        places = np.array([members[i] if i >= 0 else UNKNOWN for i in links], np.int32)
        found.append(_filled(places if len(places) else np.full(n, UNKNOWN, np.int32), truth))
    places = np.concatenate(found) if found else np.zeros(0, np.int32)
    return _alignment(places, truth, equal / max(1, total))


def align_text(
    fragments: Sequence[Reading],
    truth: Truth,
    blanks: Sequence[int],
    cells: Sequence[int] = (),
) -> Alignment:
    """Bring the labels of a document without pages onto its fragments, by order alone.

    A format that knows no merged cells may print one again in every cell that it spans: these
    repetitions have the label of the cell.

    Args:
        fragments: in order.
        truth: the labels in order.
        blanks: the numbers of the runs that are cells in which nothing is printed.
        cells: the numbers of the runs that may be printed again, beside themselves.
    """
    ours, ours_at = _joined([fragment.text for fragment in fragments])
    theirs, theirs_at, numbers = _entries(truth, blanks)
    links, _ = _links(ours, theirs, misread=False)
    runs = np.full(len(ours_at), UNKNOWN, np.int32)
    places = np.full(len(ours_at), UNKNOWN, np.int32)
    for i, at in enumerate(ours_at):
        if (other := links[at]) >= 0:
            runs[i], places[i] = numbers[other], theirs_at[other]
    equal = int((runs >= 0).sum())
    spans = _spans(truth, cells)
    filled: list[Ints] = []
    start = 0
    for fragment in fragments:
        n = max(1, len(fragment.text))
        part = _filled(places[start : start + n], truth)
        again = spans.get(fragment.text)
        if again and (part < 0).all() and (runs[start : start + n] < 0).all():
            # The nearest in order: the last one seen, or else the first.
            seen = [p for p in filled if len(p) == n and p[0] in again]
            part = seen[-1] if seen else np.arange(again[0], again[0] + n, dtype=np.int32)
        filled.append(part)
        start += n
    known = np.concatenate(filled) if filled else np.zeros(0, np.int32)
    found = _alignment(known, truth, equal / max(1, len(ours_at)))
    # An empty cell has no characters, only a run.
    return Alignment(np.where(known >= 0, found.runs, runs), found.figures, found.share)


def _alignment(places: Ints, truth: Truth, share: float) -> Alignment:
    if share < MIN_SHARE and len(places):
        ignored = np.full(len(places), IGNORED, np.int32)
        return Alignment(ignored, ignored, share)
    if not len(truth.runs):
        return Alignment(places, places, share)
    is_known = places >= 0
    other = np.minimum(places, UNKNOWN)  # IGNORED stays
    runs = np.where(is_known, truth.runs[places], other).astype(np.int32)
    figures = np.where(is_known, truth.figures[places], other).astype(np.int32)
    return Alignment(runs, figures, share)


def _owners(fragments: Sequence[Reading], places: Floats) -> Ints:
    """For every labelled character the fragment that it is printed in, or UNKNOWN: that whose box
    holds its middle, the nearest in height of several."""
    best = np.full(len(places), np.inf)
    owners = np.full(len(places), UNKNOWN, np.int32)
    x, y = ((places[:, i] + places[:, i + 2]) / 2 for i in (0, 1))
    for number, fragment in enumerate(fragments):
        box = fragment.box
        if box is None or not fragment.text:
            continue
        dx = np.abs(x - box.center_x) - box.width / 2
        dy = np.abs(y - box.center_y) - box.height / 2
        # Fractions of width and height are told apart by the print itself.
        wide = places[:, 2] - places[:, 0]
        high = places[:, 3] - places[:, 1]
        is_in = (dx < _MARGIN * wide) & (dy < _MARGIN * high)
        distance = np.abs(y - box.center_y) / max(box.height, 1e-6) + np.maximum(dx, 0) * 10
        closer = is_in & (distance < best)
        best[closer], owners[closer] = distance[closer], number
    return owners


def _near(box: Box, truth: Truth, owners: Ints) -> NDArray[np.intp]:
    """The characters without a fragment of the run that stands nearest to a box, within two
    characters; none if none does."""
    places = truth.places
    wide, high = places[:, 2] - places[:, 0], places[:, 3] - places[:, 1]
    dx = np.abs((places[:, 0] + places[:, 2]) / 2 - box.center_x) - box.width / 2
    dy = np.abs((places[:, 1] + places[:, 3]) / 2 - box.center_y) - box.height / 2
    away = np.maximum(dx / np.maximum(wide, 1e-6), dy / np.maximum(high, 1e-6))
    away = np.where(owners == UNKNOWN, away, np.inf)
    if not len(away) or away.min() > _REACH:
        return np.zeros(0, np.intp)
    run = truth.runs[int(away.argmin())]
    return np.flatnonzero((truth.runs == run) & (owners == UNKNOWN))


def _links(ours: str, theirs: str, *, misread: bool) -> tuple[list[int], int]:
    """For each of our characters the one of theirs that it stands for, or -1; and how many are the
    same. `misread`: whether another character in its place is that one, misread."""
    links = [-1] * len(ours)
    same = 0
    for code in Levenshtein.opcodes(ours, theirs):
        if code.tag == "equal" or (misread and code.tag == "replace"):
            for i in range(code.src_end - code.src_start):
                links[code.src_start + i] = code.dest_start + i
        if code.tag == "equal":
            same += code.src_end - code.src_start
    return links, same


def _filled(places: Ints, truth: Truth) -> Ints:
    """The places of one fragment; a character without one is part of what stands beside it, and of
    a figure only between two characters of it."""
    known = np.flatnonzero(places >= 0)
    if not len(known) or len(known) == len(places):
        return places
    filled = places.copy()
    for i in np.flatnonzero(places < 0):
        at = int(np.searchsorted(known, i))
        near = known[max(0, at - 1) : at + 1]
        choice = min(near, key=lambda k: abs(int(k) - int(i)))
        figures = {int(truth.figures[places[k]]) for k in near}
        if len(figures) == 2 and truth.figures[places[choice]] >= 0:
            choice = next(k for k in near if k != choice)
        filled[i] = places[choice]
    return filled


def _spans(truth: Truth, cells: Sequence[int]) -> dict[str, list[int]]:
    """By the text of the runs in `cells`, where those of this text begin."""
    found: dict[str, list[int]] = {}
    wanted = set(cells)
    start = 0
    for number, group in groupby(truth.runs.tolist()):
        stop = start + sum(1 for _ in group)
        if number in wanted:
            found.setdefault(truth.text[start:stop], []).append(start)
        start = stop
    return found


def _joined(texts: Sequence[str]) -> tuple[str, list[int]]:
    """Texts with a break before each, and where the characters are that count: all of a text, and
    the sign for an empty one."""
    pieces: list[str] = []
    at: list[int] = []
    length = 0
    for text in texts:
        shown = text or _EMPTY
        pieces.append(_BREAK + shown)
        at += range(length + 1, length + 1 + len(shown))
        length += 1 + len(shown)
    return "".join(pieces), at


def _entries(truth: Truth, blanks: Sequence[int]) -> tuple[str, list[int], list[int]]:
    """The labelled text with its breaks and empty cells; for each of its characters the place in
    `truth` (UNKNOWN for those that are not there) and the run."""
    text: list[str] = []
    places: list[int] = []
    numbers: list[int] = []
    members: dict[int, list[int]] = {number: [] for number in blanks}
    for i, number in enumerate(truth.runs.tolist()):
        members.setdefault(number, []).append(i)
    for number in sorted(members):
        inside = members[number]
        text += [_BREAK, *(truth.text[i] for i in inside)]
        if not inside:
            text.append(_EMPTY)
        places += [UNKNOWN, *(inside or [UNKNOWN])]
        numbers += [UNKNOWN, *[number] * max(1, len(inside))]
    return "".join(text), places, numbers
