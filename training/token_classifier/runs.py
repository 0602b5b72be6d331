"""The folder of a run: its weights, and `run.json` with its plan, data and measures."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from training.token_classifier.base import Base, Size
from training.token_classifier.model import Network, Shape


def read_run(folder: Path) -> tuple[Network, dict[str, Any]]:
    """The best network of a run, and what is known of the run.

    Raises:
        FileNotFoundError: there is no finished run.
    """
    if not (folder / "best.pt").is_file() or not (folder / "run.json").is_file():
        raise FileNotFoundError(f"{folder} holds no run; train: python -m training token-finetune")
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
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
    network, run = read_run(folder)
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
