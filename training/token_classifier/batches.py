"""Windows of labelled documents as batches of the network, varied as print and readers vary.

A window is drawn from the seed of its step, so that a run that was cut off goes on the same. What
is varied: where a window begins, misprinted and lost characters of labels and headers (in some
windows one in eight), hidden characters of the prose, lost labels, boxes shifted and stretched as a
whole, and windows without any.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from extractor.encoding import (
    FIRST,
    FRAGMENT,
    LAST,
    NO_BOX,
    PAD,
    SCALE,
    SPECIALS,
    UNKNOWN,
    WINDOW,
    Ints,
    numbering,
    windows,
)
from extractor.figure_tags import within_number
from extractor.token_labels import Labels
from training.synthesis.roles import Role
from training.token_classifier.documents import HEADS, IGNORED, Document

STEP = 64
"""Batches are padded to multiples of this, so that lengths are few."""
_NAMED = {Role.HEADING, Role.CAPTION, Role.HEADER, Role.GROUP, Role.LABEL, Role.NOTE}
"""Roles of what the form prints: what a document may misprint."""
_SHORTEST = 24
Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Variation:
    """Shares of windows, and of the characters in them, that are varied."""

    no_layout: float = 0.15
    misprinted: float = 0.3
    misprint: float = 1 / 8
    reread: float = 0.2
    """Windows in which any character may be lost or another one."""
    reread_rate: float = 0.02
    hidden: float = 0.3
    """Windows of which some characters of the prose, one in `hidden_rate`, are others: what is said
    must follow from more than one word, as sentences in use are worded otherwise."""
    hidden_rate: float = 0.1
    without_labels: float = 0.1
    label_lost: float = 0.3
    short: float = 0.1
    """Windows of which only a few fragments are left, as of a document that has no more."""
    shift: int = 40
    stretch: float = 0.06


@dataclass(frozen=True, slots=True)
class Sample:
    """A document by the numbers of a network: `ids` (T,), labels (T,) of every head; `continues`
    (T,) tells the characters that are within a number (`figure_tags.within_number`)."""

    name: str
    ids: Ints
    boxes: Ints
    starts: Ints
    fragments: Ints
    continues: NDArray[np.bool_]
    labels: Mapping[str, Ints]

    def __len__(self) -> int:
        return len(self.ids)

    def part(self, chosen: slice | NDArray[np.intp]) -> Sample:
        """Some of its characters."""
        return Sample(
            self.name,
            self.ids[chosen],
            self.boxes[chosen],
            self.starts[chosen],
            self.fragments[chosen],
            self.continues[chosen],
            {head: labels[chosen] for head, labels in self.labels.items()},
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """Inputs of `model.Network`, and labels (B, T) of every head, IGNORED where padded."""

    ids: Longs
    boxes: Longs
    starts: Longs
    mask: NDArray[np.bool_]
    labels: Mapping[str, Longs]


def samples(documents: Sequence[Document], table: Sequence[str], labels: Labels) -> list[Sample]:
    """Documents by the numbers of a table of characters and of labels; empty ones are left out."""
    ids = numbering(table)
    return [
        Sample(
            document.name,
            ids[document.codes],
            document.boxes,
            document.starts,
            document.fragments,
            within_number(document.codes, document.starts),
            {head: document.numbered(head, getattr(labels, head)) for head in HEADS},
        )
        for document in documents
        if len(document)
    ]


class Drawer:
    """Draws the batches of training: windows of about the same length, from any place."""

    def __init__(
        self, chosen: Sequence[Sample], labels: Labels, characters: int, variation: Variation
    ) -> None:
        self._samples = chosen
        self._variation = variation
        self._characters = characters
        self._text = labels.role.index(Role.TEXT.value)
        self._roles = [labels.role.index(role.value) for role in sorted(_NAMED)]
        self._by_length: dict[int, list[int]] = defaultdict(list)
        for i, sample in enumerate(chosen):
            self._by_length[-(-min(len(sample), WINDOW) // STEP)].append(i)

    def draw(self, n: int, seed: str) -> Batch:
        """A batch of n windows; longer documents are drawn more often."""
        rng = Random(seed)
        lengths = sorted(self._by_length)
        weights = [
            sum(len(self._samples[i]) for i in self._by_length[length]) for length in lengths
        ]
        (length,) = rng.choices(lengths, weights)
        members = self._by_length[length]
        chosen = rng.choices(members, [len(self._samples[i]) for i in members], k=n)
        return collate([self._window(self._samples[i], rng) for i in chosen])

    def _window(self, sample: Sample, rng: Random) -> Sample:
        room = len(sample) - WINDOW
        # As often at either end as anywhere: windows in use begin and end there.
        start = (
            min(max(0, rng.randrange(-WINDOW // 4, room + WINDOW // 4)), room) if room > 0 else 0
        )
        window = sample.part(slice(start, start + WINDOW))
        dice = np.random.default_rng(rng.getrandbits(32))
        varied = self._variation
        if dice.random() < varied.short:
            window = self._shortened(window, dice)
        if dice.random() < varied.without_labels:
            window = self._without_labels(window, dice)
        if dice.random() < varied.misprinted:
            window = self._misprinted(window, varied.misprint, dice, self._named(window))
        if dice.random() < varied.reread:
            every = np.ones(len(window), np.bool_)
            window = self._misprinted(window, varied.reread_rate, dice, every)
        if dice.random() < varied.hidden:
            window = self._hidden(window, dice)
        boxes = moved(window.boxes, varied, dice)
        return replace(window, boxes=boxes)

    def _named(self, window: Sample) -> NDArray[np.bool_]:
        return np.isin(window.labels["role"], self._roles)

    def _shortened(self, window: Sample, dice: np.random.Generator) -> Sample:
        """From the beginning of a fragment on, at most half of a window."""
        starts = np.flatnonzero(window.starts)
        if not len(starts):
            return window
        start = int(dice.choice(starts))
        return window.part(slice(start, start + int(dice.integers(_SHORTEST, WINDOW // 2))))

    def _without_labels(self, window: Sample, dice: np.random.Generator) -> Sample:
        """Some fragments that name something are not there."""
        names = np.unique(window.fragments[self._named(window)])
        lost = names[dice.random(len(names)) < self._variation.label_lost]
        kept = np.flatnonzero(~np.isin(window.fragments, lost))
        return window.part(kept) if len(kept) else window

    def _hidden(self, window: Sample, dice: np.random.Generator) -> Sample:
        """Some characters of the prose, save those of figures, are unknown, or any other one."""
        hit = dice.random(len(window)) < self._variation.hidden_rate
        hit &= (window.labels["role"] == self._text) & (window.labels["figure"] == 0)
        ids = window.ids.copy()
        ids[hit] = np.where(
            dice.random(int(hit.sum())) < 0.5,
            UNKNOWN,
            dice.integers(len(SPECIALS), self._characters, int(hit.sum())),
        )
        return replace(window, ids=ids)

    def _misprinted(
        self, window: Sample, rate: float, dice: np.random.Generator, where: NDArray[np.bool_]
    ) -> Sample:
        """Characters are others, or lost; the first of a fragment is never lost."""
        hit = where & (dice.random(len(window)) < rate)
        ids = window.ids.copy()
        ids[hit] = dice.integers(len(SPECIALS), self._characters, int(hit.sum()))
        lost = hit & (dice.random(len(window)) < 0.25) & (window.starts < FRAGMENT)
        return replace(window, ids=ids).part(np.flatnonzero(~lost))


def moved(boxes: Ints, variation: Variation, dice: np.random.Generator) -> Ints:
    """Boxes (T, 4) shifted and stretched as a whole, as margins and paper differ; or left out."""
    if dice.random() < variation.no_layout:
        return np.full_like(boxes, NO_BOX)
    scale = np.tile(1 + dice.uniform(-variation.stretch, variation.stretch, 2), 2)
    shift = np.tile(dice.integers(-variation.shift, variation.shift + 1, 2), 2)
    placed = np.clip(np.rint(boxes * scale + shift), 0, SCALE).astype(np.int32)
    return np.where(boxes == NO_BOX, boxes, placed)


def collate(parts: Sequence[Sample]) -> Batch:
    """Windows side by side, each between FIRST and LAST, padded to one length."""
    longest = max(len(part) for part in parts) + 2
    length = min(-(-longest // STEP) * STEP, WINDOW + 2)
    n = len(parts)
    ids = np.full((n, length), PAD, np.int64)
    boxes = np.full((n, length, 4), NO_BOX, np.int64)
    starts = np.zeros((n, length), np.int64)
    mask = np.zeros((n, length), np.bool_)
    labels = {head: np.full((n, length), IGNORED, np.int64) for head in HEADS}
    for i, part in enumerate(parts):
        end = len(part) + 1
        ids[i, 0], ids[i, end] = FIRST, LAST
        ids[i, 1:end], boxes[i, 1:end], starts[i, 1:end] = part.ids, part.boxes, part.starts
        mask[i, : end + 1] = True
        for head in HEADS:
            labels[head][i, 1:end] = part.labels[head]
    return Batch(ids, boxes, starts, mask, labels)


@dataclass(frozen=True, slots=True)
class _Steps(Dataset[Batch]):
    """The batches of all steps; that of a step follows from its number."""

    drawer: Drawer
    n: int
    seed: int

    def __getitem__(self, step: int) -> Batch:
        return self.drawer.draw(self.n, f"{self.seed} {step}")


def drawn(drawer: Drawer, n: int, seed: int, steps: range, processes: int) -> Iterable[Batch]:
    """The batches of n windows of some steps, in order; `processes` draw them ahead, 0 for none."""
    batches = _Steps(drawer, n, seed)
    if not processes:
        return map(batches.__getitem__, steps)
    return DataLoader(
        batches, sampler=steps, batch_size=None, num_workers=processes, collate_fn=_as_it_is
    )


def _as_it_is(batch: Any) -> Any:
    return batch


@dataclass(frozen=True, slots=True)
class Piece:
    """Where the answers of a row of a batch go: `first .. last` of a sample, from `skip` on."""

    sample: int
    first: int
    last: int
    skip: int


def in_windows(chosen: Sequence[Sample], size: int) -> Iterator[tuple[Batch, list[Piece]]]:
    """All windows of some documents as they are in use, in batches of those of about one length."""
    every = [(i, window) for i, sample in enumerate(chosen) for window in windows(len(sample))]
    every.sort(key=lambda one: one[1].stop - one[1].start)
    for start in range(0, len(every), size):
        group = every[start : start + size]
        batch = collate([chosen[i].part(slice(w.start, w.stop)) for i, w in group])
        yield batch, [Piece(i, w.first, w.last, w.first - w.start + 1) for i, w in group]
