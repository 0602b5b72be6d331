"""The folder of a run: its weights, and `run.json` with its plan, data and measures."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from extractor.schema import load_schema
from extractor.token_labels import Labels, labels_of
from training.token_classifier.base import Base, Size
from training.token_classifier.model import Network, Shape


def names_of(characters: Sequence[str], labels: Labels) -> str:
    """Stands for a table of characters and the classes of all heads, in their order."""
    text = json.dumps([list(characters), asdict(labels)], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def weights_digest(network: Network) -> str:
    """Stands for the weights of a network."""
    found = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        found.update(name.encode() + tensor.cpu().numpy().tobytes())
    return found.hexdigest()[:16]


def read_run(folder: Path, names: str | None = None) -> tuple[Network, dict[str, Any]]:
    """The best network of a run, and what is known of the run.

    Raises:
        FileNotFoundError: there is no finished run.
        ValueError: its characters or labels are others than `names` stands for.
    """
    if not (folder / "best.pt").is_file() or not (folder / "run.json").is_file():
        raise FileNotFoundError(f"{folder} holds no run; train: python -m training token-finetune")
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    if names is not None and run.get("names", names) != names:
        raise ValueError(f"{folder} was trained with other characters or labels")
    shape = dict(run["shape"])
    network = Network(Shape(**shape | {"size": Size(**shape["size"])}))
    network.load_state_dict(torch.load(folder / "best.pt", weights_only=True, map_location="cpu"))
    return network, run


def run_as_base(folder: Path, characters: Sequence[str]) -> Base:
    """The best network of a run, its heads and layout among the tensors, to go on from.

    Args:
        folder: of the run.
        characters: the table that it was trained with.

    Raises:
        FileNotFoundError: there is no finished run.
        ValueError: it was trained with another table.
    """
    network, run = read_run(folder, names_of(characters, labels_of(load_schema())))
    if run["shape"]["characters"] != len(characters):
        raise ValueError(f"{folder} was trained with another table of characters")
    tensors = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    size = Size(**run["shape"]["size"])
    return Base(f"a run that began with {run['base']}", size, tuple(characters), tensors)


def save_state(state: Any, path: Path) -> None:
    """What torch keeps, whole or not at all."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def write_json(path: Path, value: Any) -> None:
    """Readable JSON, whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def commit() -> str:
    """That of the repository, "" where there is none."""
    command = ["git", "rev-parse", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
