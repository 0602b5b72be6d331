"""Labelled documents as arrays, one file each (`labelling.py` makes them).

Labels are kept by name, so that a file outlives a change of the schema or of the base's characters.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from extractor.encoding import Ints
from training.synthesis.splits import Split

_WITHOUT_PIXELS = frozenset({"text_layer", "docx", "html", "markdown", "text"})
IGNORED = -100
"""A label that nothing is learned from, as torch marks it."""
HEADS = ("role", "row", "column", "figure", "scope", "exactness")


@dataclass(frozen=True, slots=True)
class Document:
    """T characters as `encoding.Encoded` has them, and their labels.

    `labels` has for every head (T,) places in `names` of that head, or IGNORED: the scope and the
    exactness of what is no figure, and everything where nobody knows. `share` of the characters are
    read as they are printed.
    """

    name: str
    condition: str
    layout: str
    share: float
    codes: Ints
    boxes: Ints
    starts: Ints
    fragments: Ints
    labels: Mapping[str, Ints]
    names: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def has_pixels(self) -> bool:
        """Whether an OCR read it."""
        return self.condition not in _WITHOUT_PIXELS

    def numbered(self, head: str, classes: Sequence[str]) -> Ints:
        """The labels of a head (T,) by their place among `classes`.

        Raises:
            ValueError: a label is none of them: another schema than that of the documents.
        """
        place = {name: i for i, name in enumerate(classes)}
        unknown = [name for name in self.names[head] if name not in place]
        if unknown:
            raise ValueError(f"{self.name} has the {head} {unknown[0]!r}, which the schema has not")
        numbers = np.array([*(place[name] for name in self.names[head]), IGNORED], np.int32)
        labels = self.labels[head]
        found: Ints = numbers[np.where(labels == IGNORED, len(numbers) - 1, labels)]
        return found


def save(path: Path, document: Document) -> None:
    """Write a document into a file, whole or not at all; `load` gives it back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.{os.getpid()}.npz")
    arrays: dict[str, Any] = {
        "codes": document.codes.astype(np.uint16),
        "boxes": document.boxes.astype(np.int16),
        "starts": document.starts.astype(np.int8),
        "fragments": document.fragments.astype(np.int32),
        "about": np.array(
            [document.name, document.condition, document.layout, f"{document.share:.5f}"]
        ),
    }
    for head in HEADS:
        arrays[f"label_{head}"] = document.labels[head].astype(np.int16)
        arrays[f"names_{head}"] = np.array(document.names[head], np.str_)
    np.savez_compressed(part, **arrays)
    part.replace(path)


def load(path: Path) -> Document:
    """The document in a file."""
    with np.load(path) as data:
        name, condition, layout, share = data["about"].tolist()
        return Document(
            name,
            condition,
            layout,
            float(share),
            data["codes"].astype(np.int32),
            data["boxes"].astype(np.int32),
            data["starts"].astype(np.int32),
            data["fragments"].astype(np.int32),
            {head: data[f"label_{head}"].astype(np.int32) for head in HEADS},
            {head: tuple(data[f"names_{head}"].tolist()) for head in HEADS},
        )


def files(split: Split, folder: Path) -> list[Path]:
    """The documents of a split, in the order of their plan."""
    return sorted((folder / split.value).glob("[!.]*.npz"))


def digest(paths: Sequence[Path]) -> str:
    """The sha256 of documents, by their names and contents."""
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
