"""A second reader, for one printed cell at a time: a small network of our own, with CTC.

It knows digits and the few marks that stand in a form's cells, and nothing else, so that its errors
are not those of the page reader. `training/digits` makes it; docs/digit-reader.md tells how well it
reads. Decoding is the prefix beam search of Hannun et al., "First-Pass Large Vocabulary Continuous
Speech Recognition using Bi-Directional Recurrent DNNs" (2014), without a language model.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.errors import ModelError
from extractor.types import Image

# ONNX Runtime reports its use to its maker over the network unless this is set before its import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

FOLDER = Path(__file__).parent.parent / "models" / "digit-reader"
OTHER = "\N{REPLACEMENT CHARACTER}"
"""Stands for any run of print that is not in the alphabet."""
ALPHABET = "0123456789.,-/+()无一—" + OTHER
"""The classes from 1 on; class 0 is the CTC blank."""

HEIGHT_PX = 32
MIN_WIDTH_PX = 24
MAX_WIDTH_PX = 384
WIDTH_STEP_PX = 16
MIN_RANGE = 48.0
"""Grey levels between paper and ink, at least; below, a crop's noise would become print."""
BATCH = 64
BEAM = 12
MAX_ALTERNATIVES = 5
_LEAST = 1e-6

Gray = NDArray[np.uint8]
Logs = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class DigitReading:
    """What one crop says.

    `text` is over `ALPHABET`, "" for an empty cell; `score` is its probability, and `blank` that of
    the empty text. `alternatives` are the likeliest texts, `text` first, with probabilities that
    add up to 1. None of them is calibrated.
    """

    text: str
    score: float
    blank: float
    alternatives: tuple[tuple[str, float], ...]


class DigitReader:
    """The network, loaded once. Not bound to a thread; `threads` are used inside of one call."""

    def __init__(self, folder: Path = FOLDER, threads: int = 1) -> None:
        """Load and check the model in `folder`.

        Raises:
            ModelError: a file is missing or is not the one that the manifest names.
        """
        self.manifest = load_manifest(folder)
        self._session = _session(folder / str(self.manifest["file"]), threads)

    def read(self, crops: Sequence[Image]) -> list[DigitReading]:
        """Read crops, each RGB (height, width, 3) of one cell, upright, about one line high.

        A crop should be between 1.2 and 2.5 times as high as its digits. A crop without pixels is
        blank; no crops give no readings.
        """
        found: dict[int, DigitReading] = {}
        grays = {i: prepare(crop) for i, crop in enumerate(crops) if min(crop.shape[:2]) > 0}
        # Only crops of the same padded width share a batch: no reading depends on the others.
        buckets: dict[int, list[int]] = defaultdict(list)
        for i, gray in grays.items():
            buckets[padded(gray.shape[1])].append(i)
        for members in buckets.values():
            for start in range(0, len(members), BATCH):
                chosen = members[start : start + BATCH]
                batch, lengths = as_batch([grays[i] for i in chosen])
                logs: Logs = self._session.run(None, {"crops": batch})[0]
                for i, rows, length in zip(chosen, logs, lengths, strict=True):
                    found[i] = _reading(rows[:length])
        return [found.get(i, EMPTY) for i in range(len(crops))]


EMPTY = DigitReading("", 1.0, 1.0, (("", 1.0),))


def load_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a model whose file is the one that it names.

    Raises:
        ModelError: see `DigitReader`.
    """
    path = folder / "manifest.json"
    again = "take models/digit-reader from the repository again, or train it: docs/digit-reader.md"
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        name, expected = str(manifest["file"]), str(manifest["sha256"])
        alphabet = manifest["alphabet"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} cannot be read ({error!r}); {again}") from error
    try:
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"{folder / name} cannot be read ({error}); {again}") from error
    if found != expected:
        raise ModelError(
            f"{folder / name} is not the one in its manifest (sha256 {found[:8]}, expected "
            f"{expected[:8]}); {again}"
        )
    if alphabet != ALPHABET:
        raise ModelError(f"{path} has another alphabet than this version reads; {again}")
    return manifest


def prepare(crop: Image) -> Gray:
    """Return a crop as the network's grey strip, uint8 (`HEIGHT_PX`, width).

    The brightest channel is taken: red seals turn pale, black print stays black.
    """
    gray = np.ascontiguousarray(crop.max(axis=2))
    height, width = gray.shape
    wanted = round(width * HEIGHT_PX / height)
    size = (min(max(wanted, MIN_WIDTH_PX), MAX_WIDTH_PX), HEIGHT_PX)
    way = cv2.INTER_AREA if height > HEIGHT_PX else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(gray, size, interpolation=way), np.uint8)


def padded(width: int) -> int:
    """The width that a strip is padded to with paper, so that many strips have the same."""
    return -(-width // WIDTH_STEP_PX) * WIDTH_STEP_PX


def as_batch(strips: Sequence[Gray]) -> tuple[NDArray[np.float32], list[int]]:
    """Return strips as float32 (N, 1, `HEIGHT_PX`, padded width), paper 0 and ink near 1.

    Also the number of the network's steps that each of them covers; the rest is padding of paper.
    There is at least one strip.
    """
    width = padded(max(strip.shape[1] for strip in strips))
    batch = np.zeros((len(strips), 1, HEIGHT_PX, width), np.float32)
    for row, strip in zip(batch, strips, strict=True):
        paper = float(np.percentile(strip, 85))
        span = max(MIN_RANGE, paper - float(np.percentile(strip, 1)))
        row[0, :, : strip.shape[1]] = np.clip((paper - strip) / span, -0.3, 1.3)
    return batch, [(strip.shape[1] + 1) // 2 for strip in strips]


def _session(path: Path, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime has no base class of its own
        raise ModelError(f"{path} cannot be loaded: {error}") from error


def _reading(logs: Logs) -> DigitReading:
    beams = beam_search(np.exp(logs.astype(np.float64)))
    blank = float(np.exp(logs[:, 0].astype(np.float64).sum()))
    text, score = beams[0]
    kept = beams[:MAX_ALTERNATIVES]
    total = sum(p for _, p in kept)
    return DigitReading(
        text, min(1.0, score), min(1.0, blank), tuple((t, p / total) for t, p in kept)
    )


def beam_search(steps: NDArray[np.float64], width: int = BEAM) -> list[tuple[str, float]]:
    """Return the likeliest texts under CTC with their probabilities, best first.

    Args:
        steps: probabilities, shape (time, 1 + len(ALPHABET)). No step gives the empty text.
        width: prefixes that are kept at each step.
    """
    # For every prefix: the probability of the paths that end in the CTC blank, and of the others.
    beams: dict[str, tuple[float, float]] = {"": (1.0, 0.0)}
    for row in steps:
        if row[0] > 1 - _LEAST:  # nothing but a gap: all prefixes stay as they are
            beams = {prefix: (b + c, 0.0) for prefix, (b, c) in beams.items()}
            continue
        likely = [int(k) for k in np.flatnonzero(row > _LEAST) if k]
        grown: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for prefix, (b, c) in beams.items():
            stay = grown[prefix]
            stay[0] += (b + c) * row[0]
            for k in likely:
                character = ALPHABET[k - 1]
                if prefix.endswith(character):
                    stay[1] += c * row[k]
                    grown[prefix + character][1] += b * row[k]
                else:
                    grown[prefix + character][1] += (b + c) * row[k]
        best = sorted(grown.items(), key=lambda item: -sum(item[1]))[:width]
        beams = {prefix: (float(b), float(c)) for prefix, (b, c) in best}
    return sorted(((t, b + c) for t, (b, c) in beams.items()), key=lambda item: (-item[1], item[0]))
