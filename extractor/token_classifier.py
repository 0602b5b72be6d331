"""The token classifier: sheets in, what each of their fragments means out.

A small encoder of our own (`training/token_classifier`, docs/token-classifier.md), served as ONNX
in 8 bits; neither torch nor transformers is needed. It sees characters with their boxes, in windows
that overlap; every character is answered by one window, and a fragment has the mean of its
characters.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from extractor.encoding import FIRST, INSIDE, LAST, NO_BOX, Encoded, encode, numbering, windows
from extractor.errors import ModelError
from extractor.figure_tags import best_tags, in_no_figure, within_number
from extractor.meaning import LEAST, Meaning, Mention
from extractor.schema import Schema
from extractor.token_labels import NONE, Labels, labels_of, spans
from extractor.types import Exactness, Sheet

# ONNX Runtime reports its use to its maker over the network unless this is set before its import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

FOLDER = Path(__file__).parent.parent / "models" / "token-classifier"
FORMAT = 1
_INPUTS = {"ids", "boxes", "starts", "mask"}
_POOLED = ("role", "row", "column")
_AGAIN = (
    "take models/token-classifier from the repository again, or train it: docs/token-classifier.md"
)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Answers:
    """What is said of the T characters of F fragments: `pooled` has for role, row and column the
    means (F, classes); the others are a character's: best tag (T,), probability of its key (T,),
    and probabilities of scopes and of being approximate (T, classes)."""

    pooled: Mapping[str, Floats]
    tags: NDArray[np.int64]
    sure: Floats
    scopes: Floats
    exactness: Floats


class TokenClassifier:
    """The network, loaded once a process. Not bound to a thread."""

    def __init__(self, folder: Path = FOLDER, threads: int = 1) -> None:
        """Load and check the artefact in `folder`.

        Raises:
            ModelError: a file is missing, damaged, or none that the manifest names.
        """
        self.manifest = load_manifest(folder)
        try:
            self.labels = Labels.from_json(_json(folder / "labels.json"))
            self._numbers = numbering(_json(folder / "characters.json"))
        except (ValueError, TypeError, AttributeError, IndexError) as error:
            raise ModelError(f"{folder} is no token classifier ({error}); {_AGAIN}") from error
        self._session = _session(folder / str(self.manifest["file"]), threads)
        self._give_back = _shrinking()
        self._inputs = [given.name for given in self._session.get_inputs()]
        self._heads = [output.name for output in self._session.get_outputs()]
        if set(self._heads) != set(self.labels.sizes) or not set(self._inputs) <= _INPUTS:
            raise ModelError(
                f"{folder}: the network has other inputs or heads than expected; {_AGAIN}"
            )

    def check(self, schema: Schema) -> None:
        """Refuse a schema that the network was not trained for.

        Raises:
            ModelError: its rows, columns, figures or scopes are not those of `labels.json`.
        """
        asked = labels_of(schema)
        for head in self.labels.sizes:
            if getattr(asked, head) != getattr(self.labels, head):
                unlike = set(getattr(asked, head)) ^ set(getattr(self.labels, head))
                named = f" ({', '.join(sorted(unlike)[:3])})" if unlike else ""
                raise ModelError(
                    f"the token classifier was trained for another form than the schema "
                    f"{schema.id!r}: its labels of {head}s differ{named}; train it for this schema "
                    "(docs/token-classifier.md) or set EXTRACTOR_TOKEN_CLASSIFIER=false"
                )

    def read(self, sheets: Sequence[Sheet]) -> list[tuple[Meaning, ...]]:
        """For every sheet the meanings of its fragments, in their order.

        A document without fragments gives no meanings; a sheet without any an empty tuple.
        """
        encoded = encode(sheets)
        if not len(encoded):
            return [() for _ in sheets]
        answers = self._answer(encoded)
        mentions = self._mentions(encoded, answers)
        roles, rows, columns = (
            _likely(answers.pooled[head], getattr(self.labels, head)) for head in _POOLED
        )
        meanings = [
            Meaning(roles[i], rows[i], columns[i], tuple(mentions.get(i, ())))
            for i in range(len(roles))
        ]
        found = []
        first = 0
        for sheet in sheets:
            found.append(tuple(meanings[first : first + len(sheet.fragments)]))
            first += len(sheet.fragments)
        return found

    def _answer(self, encoded: Encoded) -> Answers:
        t, f = len(encoded), int(encoded.fragments[-1]) + 1
        sizes = self.labels.sizes
        pooled = {head: np.zeros((f, sizes[head]), np.float32) for head in _POOLED}
        tags, sure = np.zeros(t, np.int64), np.zeros(t, np.float32)
        scopes = np.zeros((t, sizes["scope"]), np.float32)
        exactness = np.zeros((t, sizes["exactness"]), np.float32)
        continues = within_number(encoded.codes, encoded.starts)
        waiting = np.empty((0, sizes["figure"]), np.float32)  # for the end of a figure
        every = windows(t)
        for window in every:
            part = slice(window.start, window.stop)
            scores = self._scores(encoded, part, is_last=window is every[-1])
            mine = slice(window.first, window.last)
            inside = slice(window.first - window.start + 1, window.last - window.start + 1)
            for head in _POOLED:
                np.add.at(pooled[head], encoded.fragments[mine], _softmax(scores[head][inside]))
            waiting = np.concatenate([waiting, _softmax(scores["figure"][inside])])
            open_part = slice(window.last - len(waiting), window.last)
            goes_on = window.last < t and bool(continues[window.last])
            safe = in_no_figure(waiting, continues[open_part], goes_on=goes_on)
            settled = np.flatnonzero(safe)
            n = len(waiting) if window is every[-1] else int(settled.max(initial=-1)) + 1
            part = slice(open_part.start, open_part.start + n)
            tags[part] = best_tags(waiting[:n], continues[part])
            # B and I of a key lie beside each other, after NONE.
            by_key = np.concatenate(
                [waiting[:n, :1], waiting[:n, 1::2] + waiting[:n, 2::2]], axis=1
            )
            sure[part] = np.take_along_axis(by_key, (tags[part, None] + 1) // 2, axis=1)[:, 0]
            waiting = waiting[n:]
            scopes[mine] = _softmax(scores["scope"][inside])
            exactness[mine] = _softmax(scores["exactness"][inside])
        counts = np.bincount(encoded.fragments, minlength=f).astype(np.float32)
        means = {head: sums / counts[:, None] for head, sums in pooled.items()}
        return Answers(means, tags, sure, scopes, exactness)

    def _scores(self, encoded: Encoded, part: slice, *, is_last: bool) -> dict[str, Floats]:
        """The scores (characters + 2, classes) of every head for one window; after the last of a
        document, memory is given back (90 MiB).

        Windows are never put into one batch: in 8 bits, what one says would depend on the others.
        """
        n = part.stop - part.start + 2
        ids = np.empty(n, np.int64)
        ids[0], ids[-1], ids[1:-1] = FIRST, LAST, self._numbers[encoded.codes[part]]
        boxes = np.full((n, 4), NO_BOX, np.int64)
        boxes[1:-1] = encoded.boxes[part]
        starts = np.full(n, INSIDE, np.int64)
        starts[1:-1] = encoded.starts[part]
        given = {"ids": ids, "boxes": boxes, "starts": starts, "mask": np.ones(n, np.bool_)}
        try:
            feed = {name: given[name][None] for name in self._inputs}
            outputs = self._session.run(None, feed, self._give_back if is_last else None)
        except Exception as error:  # the runtime has no base class of its own
            raise ModelError(f"the token classifier failed ({error}); {_AGAIN}") from error
        return {head: scores[0] for head, scores in zip(self._heads, outputs, strict=True)}

    def _mentions(self, encoded: Encoded, answers: Answers) -> dict[int, list[Mention]]:
        """The figures of every fragment; one that crosses fragments is cut at their ends."""
        found: dict[int, list[Mention]] = {}
        for start, end, key in spans(self.labels.figure[tag] for tag in answers.tags):
            scope = self.labels.scope[int(answers.scopes[start:end].mean(0).argmax())]
            exactness = self.labels.exactness[int(answers.exactness[start:end].mean(0).argmax())]
            mention = partial(
                Mention,
                key=key,
                scope=None if scope == NONE else scope,
                is_approximate=exactness == Exactness.APPROXIMATE,
                probability=float(answers.sure[start:end].mean()),
            )
            members = encoded.fragments[start:end]
            for fragment in np.unique(members).tolist():
                offsets = encoded.offsets[start:end][members == fragment]
                found.setdefault(fragment, []).append(
                    mention(
                        int(offsets[0]),
                        int(offsets[-1]) + 1,
                        continues=fragment != members[0],
                        goes_on=fragment != members[-1],
                    )
                )
        return found


def load_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an artefact whose files are those that it names.

    Raises:
        ModelError: see `TokenClassifier`.
    """
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        expected = dict(manifest["sha256"])
        if manifest["format"] != FORMAT or str(manifest["file"]) not in expected:
            raise ModelError(f"{path} is of another version than this program; {_AGAIN}")
    except OSError as error:
        raise ModelError(f"The token classifier is missing: {path}; {_AGAIN}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} is damaged ({error!r}); {_AGAIN}") from error
    for name, wanted in expected.items():
        try:
            found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        except OSError as error:
            raise ModelError(f"A model file is missing: {folder / name}; {_AGAIN}") from error
        if found != wanted:
            raise ModelError(f"{folder / name} is not the file of its manifest; {_AGAIN}")
    return dict(manifest)


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _session(path: Path, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions have no common base
        raise ModelError(f"{path} cannot be loaded ({error}); {_AGAIN}") from error


def _shrinking() -> Any:
    """Options of a run after which the memory that its arena keeps is freed."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def _likely(shares: Floats, names: Sequence[str]) -> list[dict[str, float]]:
    """Of every fragment, from shares (F, classes), the classes that are not unlikely."""
    found: list[dict[str, float]] = [{} for _ in shares]
    for i, k in np.argwhere(shares >= LEAST).tolist():
        if names[k] != NONE:
            found[i][names[k]] = float(shares[i, k])
    return found
